package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"khyber/internal/news"
)

const (
	// partMarks is how many marks a part has. The live document shows as many
	// entries at least, so that it leaves no gap to the newest closed part.
	partMarks = windowEntries
	// maxPart bounds a part that is unpacked, in bytes: far above what intake
	// lets into 100 entries.
	maxPart = 64 << 20
	// partsDropped is how many parts of a topic one call of Expire deletes.
	partsDropped = 10
)

// Part is a part of a topic's archive (RFC 5005 §4): 100 marks of a month, by
// the time of joining. A closed one is as it was when it was closed: later
// revisions, copies, names and rules cannot be reckoned back, so the transaction
// that closes a part keeps all that its documents show.
type Part struct {
	Name       string // "2026-11", "2026-11-2"
	Prev, Next string // closed parts but for the last Next; empty: none
	Closed     time.Time
	Changed    time.Time // when it was closed; of an open part when its topic changed
	Topic      news.Topic
	Sources    []news.Source // of its entries, as far as documents show them
	Entries    []news.Entry  // newest mark first; copies are collapsed
}

// chain says where a topic's archive stands.
type chain struct {
	Open   string    // the part that takes what joins now
	From   news.Mark // its first mark
	Newest string    // closed part; empty: none
	Oldest string    // closed part that is still kept
	Since  time.Time // when Oldest was closed
}

func partKey(origin, name string) string { return origin + "\n" + name }

// partName names the n-th part of a month.
func partName(month string, n int) string {
	if n == 1 {
		return month
	}
	return month + "-" + strconv.Itoa(n)
}

const monthForm = "2006-01"

// splitPart reads the name of a part.
func splitPart(name string) (month string, n int, ok bool) {
	if len(name) < len(monthForm) {
		return "", 0, false
	}
	month, rest := name[:len(monthForm)], name[len(monthForm):]
	if _, err := time.Parse(monthForm, month); err != nil {
		return "", 0, false
	}
	if rest == "" {
		return month, 1, true
	}
	n, err := strconv.Atoi(strings.TrimPrefix(rest, "-"))
	return month, n, err == nil && n > 1 && partName(month, n) == name
}

// follows says whether part a stands behind part b in the chain.
func follows(a, b string) bool {
	monthA, nA, _ := splitPart(a)
	monthB, nB, _ := splitPart(b)
	return monthA > monthB || monthA == monthB && nA > nB
}

// archivist closes the parts of topics in a transaction.
type archivist struct {
	tx   Tx
	view *view
	at   time.Time
}

func readChain(tx ReadTx, origin string) (chain, error) {
	var ch chain
	rows, err := tx.Rows(TableChain, []string{origin})
	if err != nil || rows[0] == nil {
		return ch, err
	}
	if err := json.Unmarshal(rows[0], &ch); err != nil {
		return ch, fmt.Errorf("archive of %s: %w", origin, err)
	}
	return ch, nil
}

func putChain(tx Tx, origin string, ch chain) error {
	row, err := json.Marshal(ch)
	if err != nil {
		return fmt.Errorf("archive of %s: %w", origin, err)
	}
	return tx.PutRows(TableChain, []Row{{origin, row}})
}

// append gives marks and closes the parts of the archive that are over.
func (a *archivist) append(origin string, joins []Joined) error {
	if err := a.begin(origin); err != nil {
		return err
	}
	added, err := a.tx.Append(origin, joins)
	if err != nil || added == 0 {
		return err
	}
	return a.fill(origin)
}

// begin opens a topic's first part, and the part of another month when the open
// one is over. Months go by the time of joining; a poll that was begun before
// midnight and ends after another one stays behind that one.
func (a *archivist) begin(origin string) error {
	ch, err := readChain(a.tx, origin)
	if err != nil {
		return err
	}
	month := a.at.UTC().Format(monthForm)
	if ch.Open == "" {
		return putChain(a.tx, origin, chain{Open: month, From: 1})
	}
	if open, _, _ := splitPart(ch.Open); month <= open {
		return nil
	}
	top, err := topMark(a.tx, origin)
	if err != nil {
		return err
	}
	return a.close(origin, &ch, top+1)
}

func topMark(tx ReadTx, origin string) (news.Mark, error) {
	last, err := tx.Entries(origin, 0, 1)
	if err != nil || len(last) == 0 {
		return 0, err
	}
	return last[0].Mark, nil
}

// fill closes the parts that are full now. Late entries have parts of their own,
// closed at once: who walks the archive gets them, who reads the live document
// is not flooded (P6).
func (a *archivist) fill(origin string) error {
	ch, err := readChain(a.tx, origin)
	if err != nil {
		return err
	}
	top, err := topMark(a.tx, origin)
	if err != nil {
		return err
	}
	for ch.From <= top {
		joined, err := ch.joined(a.tx, origin)
		if err != nil {
			return err
		}
		below := min(ch.From+partMarks, top+1)
		full := below == ch.From+partMarks
		for i, j := range joined { // earliest first
			if j.Late != joined[0].Late {
				below, full = joined[i].Mark, true
				break
			}
		}
		if !full && (len(joined) == 0 || !joined[0].Late) {
			return nil
		}
		if err := a.close(origin, &ch, below); err != nil {
			return err
		}
	}
	return nil
}

// joined returns what the open part has, earliest first.
func (c *chain) joined(tx ReadTx, origin string) ([]Joined, error) {
	joined, err := tx.Entries(origin, c.From+partMarks, partMarks)
	if err != nil {
		return nil, err
	}
	slices.Reverse(joined)
	i := slices.IndexFunc(joined, func(j Joined) bool { return j.Mark >= c.From })
	if i < 0 {
		return nil, nil
	}
	return joined[i:], nil
}

// close keeps the open part with what stands below a mark, and opens its
// successor.
func (a *archivist) close(origin string, ch *chain, below news.Mark) error {
	month, n, _ := splitPart(ch.Open)
	next := partName(month, n+1)
	if now := a.at.UTC().Format(monthForm); now > month {
		next = now
	}
	p, err := readPart(a.tx, a.view, origin, *ch, below)
	if err != nil {
		return err
	}
	p.Next, p.Closed, p.Changed = next, seconds(a.at), seconds(a.at)
	row, err := packPart(p)
	if err != nil {
		return err
	}
	if err := a.tx.PutRows(TablePart, []Row{{partKey(origin, p.Name), row}}); err != nil {
		return err
	}
	if ch.Oldest == "" {
		ch.Oldest, ch.Since = p.Name, p.Closed
	}
	ch.Newest, ch.Open, ch.From = p.Name, next, below
	return putChain(a.tx, origin, *ch)
}

// readPart returns the open part as it is now, with what stands below a mark.
func readPart(tx ReadTx, v *view, origin string, ch chain, below news.Mark) (Part, error) {
	topics, err := tx.Topics()
	if err != nil {
		return Part{}, err
	}
	i := slices.IndexFunc(topics, func(t Topic) bool { return t.Origin == origin })
	if i < 0 {
		return Part{}, fmt.Errorf("archive of the topic %s: %w", origin, ErrNotFound)
	}
	p := Part{Name: ch.Open, Prev: ch.Newest, Topic: topics[i].Topic, Changed: topics[i].Changed}
	joined, err := ch.joined(tx, origin)
	if err != nil {
		return p, err
	}
	joined = slices.DeleteFunc(joined, func(j Joined) bool { return j.Mark >= below })
	slices.Reverse(joined)
	r := reader{tx: tx, view: v, topic: &topics[i], page: Page{Late: true}}
	if p.Entries, err = r.fill(joined); err != nil {
		return p, err
	}
	used := make(map[string]bool)
	for i := range p.Entries {
		e := &p.Entries[i]
		e.Item.Published, e.Item.Updated = writable(e.Item.Published), writable(e.Item.Updated)
		used[e.Item.Source] = true
		for j := range e.Story.Members {
			e.Story.Members[j].Published = writable(e.Story.Members[j].Published)
			used[e.Story.Members[j].Source] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(used)) {
		if s := v.sources[id]; s != nil {
			p.Sources = append(p.Sources, news.Source{ID: s.ID, Name: s.Name, URL: s.PublicURL(), Publisher: s.Publisher, Country: s.Country, Type: s.Type, Lang: s.Lang})
		}
	}
	return p, nil
}

// writable drops a date that JSON does not take: a source may write any year,
// and a part must close.
func writable(t time.Time) time.Time {
	if y := t.Year(); y < 0 || y > 9999 {
		return time.Time{}
	}
	return t
}

// partWindow is how far back the compression of a part looks, in bytes. A part
// has 200 KB or so; the default would take 1 MiB of memory each time.
const partWindow = 128 << 10

func packPart(p Part) ([]byte, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("keep part %s of %s: %w", p.Name, p.Topic.ID, err)
	}
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(partWindow), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("prepare compression: %w", err)
	}
	return zip.EncodeAll(text, nil), nil
}

func unpackPart(row []byte) (Part, error) {
	var p Part
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPart))
	if err != nil {
		return p, fmt.Errorf("prepare decompression: %w", err)
	}
	defer unzip.Close()
	text, err := unzip.DecodeAll(row, nil)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		return p, fmt.Errorf("read a part of the archive: %w", err)
	}
	return p, nil
}

// expire deletes the parts of a topic that were closed before a time.
func (a *archivist) expire(origin string, cutoff time.Time) error {
	ch, err := readChain(a.tx, origin)
	if err != nil {
		return err
	}
	n := 0
	for ; n < partsDropped && ch.Oldest != "" && ch.Since.Before(cutoff); n++ {
		if err := a.drop(origin, &ch); err != nil {
			return err
		}
	}
	if n == 0 {
		return nil
	}
	return putChain(a.tx, origin, ch)
}

// drop deletes the oldest part.
func (a *archivist) drop(origin string, ch *chain) error {
	rows, err := a.tx.Rows(TablePart, []string{partKey(origin, ch.Oldest)})
	if err != nil {
		return err
	}
	gone, err := unpackPart(rows[0])
	if err != nil {
		return err
	}
	if err := a.tx.PutRows(TablePart, []Row{{Key: partKey(origin, gone.Name)}}); err != nil {
		return err
	}
	if gone.Name == ch.Newest {
		ch.Newest, ch.Oldest = "", ""
		return nil
	}
	if rows, err = a.tx.Rows(TablePart, []string{partKey(origin, gone.Next)}); err != nil {
		return err
	}
	next, err := unpackPart(rows[0])
	ch.Oldest, ch.Since = next.Name, next.Closed
	return err
}

// Part returns a part of a topic's archive by its name; ErrNotFound, or
// ErrExpired when it is no longer kept. Closed is zero as long as the part is
// open: then it changes.
func (s *Store) Part(ctx context.Context, topic, name string) (Part, error) {
	var p Part
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		v, err := s.known(tx)
		if err != nil {
			return err
		}
		at, known := v.topics[topic]
		if _, _, ok := splitPart(name); !ok || !known {
			return ErrNotFound
		}
		ch, err := readChain(tx, at.origin)
		if err != nil {
			return err
		}
		if name == ch.Open {
			p, err = readPart(tx, v, at.origin, ch, ch.From+partMarks)
			return err
		}
		rows, err := tx.Rows(TablePart, []string{partKey(at.origin, name)})
		switch {
		case err != nil:
			return err
		case rows[0] != nil:
			p, err = unpackPart(rows[0])
			if name == ch.Oldest {
				p.Prev = "" // expired: a walk ends here
			}
			return err
		case ch.Open == "" || follows(name, ch.Open):
			return ErrNotFound
		}
		return ErrExpired
	})
	if err != nil {
		return p, fmt.Errorf("read part %s of topic %s: %w", name, topic, err)
	}
	return p, nil
}

// Parts returns the names of a topic's closed parts that are kept, oldest first.
func (s *Store) Parts(ctx context.Context, topic string) ([]string, error) {
	var names []string
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		v, err := s.known(tx)
		if err != nil {
			return err
		}
		prefix := partKey(v.topics[topic].origin, "")
		names, err = tx.Keys(TablePart, prefix)
		for i := range names {
			names[i] = names[i][len(prefix):]
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the archive of topic %s: %w", topic, err)
	}
	slices.SortFunc(names, func(a, b string) int {
		switch {
		case follows(a, b):
			return 1
		case a == b:
			return 0
		}
		return -1
	})
	return names, nil
}
