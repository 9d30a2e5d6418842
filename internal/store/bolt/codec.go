package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// errDamaged is what a value that does not decode says. It is wrapped.
var errDamaged = errors.New("damaged value")

// coder writes values to b, or reads them from it, field by field: one
// description of a value serves both ways, so they cannot drift apart. A value
// begins with its version; a field that a later version adds is coded at its
// place under `if c.version >= n`.
type coder struct {
	b       []byte
	whole   string // what b ends, where strings that are read may share it
	reading bool
	version byte
	err     error
}

// The versions that are written.
const (
	itemVersion   = 1
	sourceVersion = 1
	pollVersion   = 1
	topicVersion  = 1
	otherVersion  = 1 // configuration, revisions, stubs, entries
)

// writer begins a value.
func writer(version byte, b []byte) *coder {
	return &coder{b: append(b, version), version: version}
}

// reader begins to read a value of a version that is known.
func reader(newest byte, b []byte) *coder {
	c := &coder{b: b, reading: true}
	switch {
	case len(b) == 0:
		c.fail("empty")
	case b[0] == 0 || b[0] > newest:
		c.fail(fmt.Sprintf("version %d", b[0]))
	default:
		c.version, c.b = b[0], b[1:]
	}
	return c
}

// fail notes the first thing that was wrong and lets the rest read as zero.
func (c *coder) fail(what string) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: %s", errDamaged, what)
	}
	c.b = nil
}

// end returns what was wrong. Bytes that are left over are.
func (c *coder) end() error {
	if c.reading && len(c.b) > 0 {
		c.fail("bytes left over")
	}
	return c.err
}

func (c *coder) uint(v *uint64) {
	if !c.reading {
		c.b = binary.AppendUvarint(c.b, *v)
		return
	}
	n, size := binary.Uvarint(c.b)
	if size <= 0 {
		c.fail("number cut short")
		return
	}
	*v, c.b = n, c.b[size:]
}

func (c *coder) sint(v *int64) {
	u := uint64(*v<<1) ^ uint64(*v>>63)
	c.uint(&u)
	if c.reading {
		*v = int64(u>>1) ^ -int64(u&1)
	}
}

func (c *coder) int(v *int) {
	n := int64(*v)
	c.sint(&n)
	*v = int(n)
}

// fixed codes 8 bytes that are a hash, so that a varint would be longer.
func (c *coder) fixed(v *uint64) {
	if !c.reading {
		c.b = binary.BigEndian.AppendUint64(c.b, *v)
		return
	}
	if len(c.b) < 8 {
		c.fail("hash cut short")
		return
	}
	*v, c.b = binary.BigEndian.Uint64(c.b), c.b[8:]
}

func (c *coder) id(v *news.ItemID) { c.fixed((*uint64)(v)) }

func (c *coder) str(v *string) {
	n := c.len(len(*v), 1)
	if !c.reading {
		c.b = append(c.b, *v...)
		return
	}
	if from := len(c.whole) - len(c.b); from >= 0 {
		*v = c.whole[from : from+n]
	} else {
		*v = string(c.b[:n])
	}
	c.b = c.b[n:]
}

func (c *coder) bytes(v *[]byte) {
	s := string(*v)
	c.str(&s)
	if c.reading {
		*v = []byte(s)
	}
}

// text codes a string of a named type.
func text[T ~string](c *coder, v *T) {
	s := string(*v)
	c.str(&s)
	*v = T(s)
}

// len codes a length whose elements take at least size bytes each, so that a
// damaged length asks for no memory.
func (c *coder) len(n, size int) int {
	u := uint64(n)
	c.uint(&u)
	if c.reading && u > uint64(len(c.b)/size) {
		c.fail("length beyond the value")
		return 0
	}
	return int(u)
}

// list codes a slice; nil and empty are one.
func list[T any](c *coder, v *[]T, one func(*T)) {
	n := c.len(len(*v), 1)
	if c.reading {
		*v = nil
		if n > 0 {
			*v = make([]T, n)
		}
	}
	for i := range *v {
		one(&(*v)[i])
	}
}

func (c *coder) bool(v *bool) {
	var u uint64
	if *v {
		u = 1
	}
	c.uint(&u)
	*v = u != 0
}

func (c *coder) dur(v *time.Duration) { c.sint((*int64)(v)) }

// time codes seconds and nanoseconds; the zero time is one byte. The zone is
// UTC.
func (c *coder) time(v *time.Time) { c.timeSince(v, time.Time{}) }

// timeSince codes a time that is near another one.
func (c *coder) timeSince(v *time.Time, base time.Time) {
	set := !v.IsZero()
	var origin, sec int64
	if !base.IsZero() {
		origin = base.Unix()
	}
	nano := uint64(v.Nanosecond())
	if set {
		sec = v.Unix() - origin
	}
	// 0: none; 1: whole seconds; else nanoseconds + 1
	kind := uint64(0)
	if set {
		kind = nano + 1
	}
	c.uint(&kind)
	if kind == 0 {
		if c.reading {
			*v = time.Time{}
		}
		return
	}
	c.sint(&sec)
	if c.reading {
		if kind > uint64(time.Second) {
			c.fail("time out of range")
			return
		}
		*v = time.Unix(origin+sec, int64(kind-1)).UTC()
	}
}

// text of an item: what is compressed. The dates stand against FirstSeen.
func (c *coder) itemText(s *store.Stored) {
	i := &s.Item
	for _, v := range []*string{&i.Link, &i.GUID, &i.EntryID, &i.Title, &i.Summary, &i.Excerpt, &i.Image, &i.Rights, &i.Lang, &i.Publisher, &i.Outlet.Name, &i.Outlet.URL} {
		c.str(v)
	}
	for _, v := range []*time.Time{&i.Published, &i.Updated, &i.At, &i.Revised} {
		c.timeSince(v, i.FirstSeen)
	}
	c.dateRaw(&i.DateRaw, i.Published)
	list(c, &i.Authors, func(p *news.Person) { c.str(&p.Name); c.str(&p.Email); c.str(&p.URL) })
	list(c, &i.Tags, c.str)
	list(c, &i.Files, func(f *news.Enclosure) { c.str(&f.URL); c.str(&f.Type); c.sint(&f.Length); c.str(&f.Title) })
	list(c, &i.Matches, c.match)
}

// rawDates are the forms in which nearly all dates are written.
var rawDates = []string{time.RFC1123Z, "Mon, 02 Jan 2006 15:04:05 GMT", time.RFC3339, "2006-01-02T15:04:05-07:00"}

// dateRaw codes a date as it was written: mostly in one of a few forms, so that
// form and zone are enough. 0: as text; else the form, counted from 1.
func (c *coder) dateRaw(v *string, at time.Time) {
	form, minutes := uint64(0), int64(0)
	if !c.reading {
		form, minutes = rawDate(*v, at)
	}
	c.uint(&form)
	if form == 0 {
		c.str(v)
		return
	}
	c.sint(&minutes)
	if !c.reading {
		return
	}
	if form > uint64(len(rawDates)) || minutes < -dayMinutes || minutes > dayMinutes {
		c.fail("form of a date")
		return
	}
	*v = at.In(time.FixedZone("", int(minutes)*60)).Format(rawDates[form-1])
}

const dayMinutes = 24 * 60

// rawDate returns the form and the zone that write the time as the text has it.
func rawDate(s string, at time.Time) (form uint64, minutes int64) {
	if at.IsZero() || s == "" {
		return 0, 0
	}
	for i, layout := range rawDates {
		t, err := time.Parse(layout, s)
		if err != nil || !t.Equal(at) {
			continue
		}
		_, zone := t.Zone()
		if zone%60 == 0 && at.In(time.FixedZone("", zone)).Format(layout) == s {
			return uint64(i) + 1, int64(zone / 60)
		}
	}
	return 0, 0
}

func (c *coder) match(m *news.Match) {
	c.str(&m.Topic)
	verdict := uint64(m.Verdict)
	c.uint(&verdict)
	m.Verdict = news.Verdict(verdict)
	c.str(&m.Rule)
	c.str(&m.Excluded)
	c.fixed(&m.Rules)
	list(c, &m.Mentions, func(n *news.Mention) {
		c.str(&n.Entity)
		c.str(&n.For)
		c.str(&n.Text)
		text(c, &n.In)
		c.int(&n.Start)
		c.int(&n.End)
	})
}

func (c *coder) revision(r *news.Revision) {
	c.str(&r.Title)
	c.str(&r.Summary)
	c.time(&r.Until)
	c.str(&r.Figures)
}

func (c *coder) source(s *store.Source) {
	c.state(&s.State)
	c.fixed(&s.Poll)
	c.str(&s.Origin)
	c.bool(&s.Active)
	c.fixed(&s.Timing)
}

func (c *coder) state(s *news.SourceState) {
	c.str(&s.Source)
	c.str(&s.URL)
	c.validators(&s.Validators)
	c.fixed(&s.BodyHash)
	c.time(&s.Next)
	c.str(&s.Why)
	c.time(&s.Hold)
	c.hints(&s.Hints)
	c.dur(&s.Interval)
	c.int(&s.Failures)
	c.int(&s.Gone)
	c.uint(&s.GoodPolls)
	c.bool(&s.Baseline)
	c.time(&s.LastPoll)
	text(c, &s.LastKind)
	c.int(&s.LastStatus)
	c.str(&s.LastText)
	c.time(&s.LastOK)
	c.time(&s.LastNew)
	c.time(&s.FirstFailed)
	text(c, &s.State)
	c.time(&s.Since)
	list(c, &s.Gaps, c.dur)
	c.uint(&s.Items)
	c.int(&s.Empty)
	c.int(&s.Dated[0])
	c.int(&s.Dated[1])
	c.str(&s.Redirect.URL)
	c.int(&s.Redirect.Polls)
	c.time(&s.Redirect.First)
	c.time(&s.Redirect.Last)
	c.bool(&s.Redirect.Learned)
	c.time(&s.Distrust.Reused)
	c.time(&s.Distrust.Rotating)
	c.time(&s.Distrust.Rekeyed)
	c.uint(&s.Fence)
}

func (c *coder) validators(v *news.Validators) {
	c.str(&v.ETag)
	c.str(&v.LastModified)
	c.str(&v.Host)
}

func (c *coder) hints(h *news.Hints) {
	c.dur(&h.Fresh)
	c.str(&h.Why)
	hours, days := uint64(h.SkipHours), uint64(h.SkipDays)
	c.uint(&hours)
	c.uint(&days)
	h.SkipHours, h.SkipDays = uint32(hours), uint8(days)
	c.str(&h.Hub)
	c.str(&h.Self)
}

// poll codes what is shown of a poll. Validators, hints and timing stand in the
// source's state or in the file.
func (c *coder) poll(p *news.Poll) {
	c.fixed(&p.ID)
	c.time(&p.At)
	text(c, &p.Kind)
	c.str(&p.Text)
	c.int(&p.Status)
	list(c, &p.Hops, func(h *news.Hop) { c.int(&h.Status); c.str(&h.URL) })
	c.sint(&p.Bytes)
	c.dur(&p.Duration)
	c.bool(&p.Complete)
	c.bool(&p.Salvaged)
	c.bool(&p.Baseline)
	c.bool(&p.OwnOutage)
	c.time(&p.RetryAfter)
	for _, v := range []*int{&p.Fetched, &p.New, &p.Known, &p.Revised} {
		c.int(v)
	}
	c.rejected(&p.Rejected)
	c.timeSince(&p.Next, p.At)
	c.str(&p.Why)
	c.uint(&p.Generation)
}

// rejected codes the counts in the order of the closed list.
func (c *coder) rejected(counts *map[news.Reason]int) {
	for _, reason := range news.Reasons() {
		n := (*counts)[reason]
		c.int(&n)
		if c.reading && n != 0 {
			if *counts == nil {
				*counts = make(map[news.Reason]int)
			}
			(*counts)[reason] = n
		}
	}
}

func (c *coder) topic(t *store.Topic) {
	c.str(&t.Topic.ID)
	c.str(&t.Topic.Title)
	c.str(&t.Topic.Description)
	c.bool(&t.Topic.ShowWhy)
	list(c, &t.Topic.Formerly, c.str)
	c.str(&t.Origin)
	c.uint(&t.Revision)
	c.time(&t.Changed)
	c.time(&t.Since)
	c.bool(&t.Removed)
	c.fixed(&t.Rules)
	c.fixed(&t.Matching)
	c.str(&t.Cursor)
	c.int(&t.Looked)
}

func (c *coder) config(v *news.Config) {
	c.fixed(&v.Hash)
	c.uint(&v.Generation)
	c.time(&v.Applied)
	list(c, &v.Files, func(f *news.File) { c.str(&f.Path); c.bytes(&f.Text) })
	list(c, &v.Topics, func(t *news.Topic) {
		c.str(&t.ID)
		c.str(&t.Title)
		c.str(&t.Description)
		c.bool(&t.ShowWhy)
		list(c, &t.Formerly, c.str)
	})
}

func (c *coder) stub(s *store.Stub) {
	c.id(&s.ID)
	c.str(&s.Source)
	c.fixed(&s.Text)
	c.time(&s.Since)
	c.uint(&s.Polls)
}
