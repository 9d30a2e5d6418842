package store

import (
	"fmt"
	"slices"
	"time"

	"khyber/internal/news"
	"khyber/internal/story"
)

const (
	// firstRevisions and lastRevisions are the texts kept of an item beside the
	// present one (stories §3).
	firstRevisions, lastRevisions = 1, 7
	// mirrorAge is how long a text that comes again is none: mirrors of one
	// source that are out of step take turns.
	mirrorAge = 24 * time.Hour
	// oldestYear of a date that is one; before it, a clock was not set.
	oldestYear = 1995
)

// change is an item that its source names again with another text, or with a
// guid that may be another item's.
type change struct {
	at    int // of the entries
	found story.Found
}

// prepared is what can be said of a document before its transaction, which
// others wait for. It holds while the source's fence stands.
type prepared struct {
	fence    uint64
	origin   news.Source // the source under its first ID
	distrust news.Distrust
	document []Present // the last complete one
	raws     []uint64
	same     []news.ItemID // by place: the item that stood there word for word; 0: read on
	rest     []int         // places of the others
	entries  []news.Item   // the others
	ids      []story.Identity
}

// prepare finds the items that stand in the last document word for word, so
// that a document costs what its news costs.
func (c *commit) prepare(tx ReadTx, rec *Source) error {
	c.prepared = prepared{fence: rec.State.Fence, origin: *c.src, distrust: rec.State.Distrust, raws: make([]uint64, len(c.items))}
	c.origin.ID = rec.Origin
	var err error
	if c.document, err = tx.Document(rec.Origin); err != nil {
		return err
	}
	stood := make(map[uint64]news.ItemID, len(c.document))
	for _, p := range c.document {
		stood[p.Raw] = p.Item
	}
	c.same = make([]news.ItemID, len(c.items))
	for i := range c.items {
		c.raws[i] = rawHash(&c.items[i])
		c.same[i] = stood[c.raws[i]]
	}
	return nil
}

// readRest reads the texts of what is not the same, and names its keys.
func (c *commit) readRest() {
	c.rest, c.entries = nil, nil
	for i := range c.items {
		if c.same[i] == 0 {
			c.rest = append(c.rest, i)
			c.entries = append(c.entries, c.items[i])
		}
	}
	c.ids = story.Identify(&c.origin, c.distrust, c.entries)
}

// rawHash is the hash of all that decides which item an entry is, and of its
// text, as they were written (FNV-1a).
func rawHash(i *news.Item) uint64 {
	h := uint64(14695981039346656037)
	for _, s := range [...]string{i.GUID, i.Link, i.Title, i.Summary} {
		for j := range len(s) {
			h = (h ^ uint64(s[j])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211 // no byte of a text
	}
	return h
}

// identify is step 3: it finds for each item of the document the item that is
// known, or makes a new one.
func (c *commit) identify() error {
	if len(c.items) == 0 {
		c.baseline()
		return nil
	}
	if c.rec.State.Fence != c.fence { // another worker was here
		if err := c.prepare(c.tx, &c.rec); err != nil {
			return err
		}
		c.readRest()
	}
	found, tally, err := c.find()
	if err != nil {
		return err
	}
	if !c.plain(found, tally) {
		c.same = make([]news.ItemID, len(c.items)) // a new one: this may run twice
		c.readRest()
		if found, tally, err = c.find(); err != nil {
			return err
		}
	}
	c.stand()
	var changed []change
	for i := range found {
		f := &found[i]
		switch owner := c.known[f.Item]; {
		case f.Repeated:
			c.poll.Reject(news.RejectedRepeated, 1)
		case f.Item == 0:
			c.add(i, *f)
		case owner.Stub:
			c.returned = append(c.returned, Stub{ID: owner.ID, Source: owner.Source, Text: owner.Text})
			c.meet(i, f)
		case owner.Text != c.ids[i].Text:
			changed = append(changed, change{i, *f})
		default:
			c.meet(i, f)
		}
	}
	reused, err := c.revise(changed)
	if err != nil {
		return err
	}
	tally.Reused = reused
	tally.Entries += len(c.items) - len(c.rest)
	c.judged = story.Judge(c.distrust, tally, c.poll.At)
	c.conflicting = tally.Conflicts
	c.baseline()
	// Documents begin with the newest: marks rise with time, like those of a
	// source that was read more often.
	slices.Reverse(c.fresh)
	slices.SortStableFunc(c.fresh, func(a, b Stored) int { return a.Item.At.Compare(b.Item.At) })
	return nil
}

// find walks the identity ladder for the entries that were read.
func (c *commit) find() ([]story.Found, story.Tally, error) {
	if err := c.look(c.ids); err != nil {
		return nil, story.Tally{}, err
	}
	return story.Find(c.ids, c.distrust, func(k story.Key) (news.ItemID, error) { return c.own(k).ID, nil })
}

// plain says whether the entries that are not the same can be judged without the
// others: nothing is odd about their keys, and none of them is an item that
// stands elsewhere in the document.
func (c *commit) plain(found []story.Found, t story.Tally) bool {
	if len(c.rest) == len(c.items) {
		return true
	}
	if t.Conflicts > 0 || t.VoidGUID > 0 || t.NewGUID > 0 || t.OnlyPrint > 0 || c.distrust != (news.Distrust{}) {
		return false
	}
	return !slices.ContainsFunc(found, func(f story.Found) bool {
		return f.Repeated || f.Item != 0 && (f.MayBeReused() || slices.Contains(c.same, f.Item))
	})
}

// stand counts the items that stand in the document word for word as they did.
func (c *commit) stand() {
	seen := make(map[news.ItemID]bool)
	for i, id := range c.same {
		switch {
		case id == 0:
		case seen[id]:
			c.poll.Reject(news.RejectedRepeated, 1)
		default:
			seen[id] = true
			c.poll.Known++
			c.present = append(c.present, Present{Item: id, Raw: c.raws[i]})
		}
	}
}

// look finds who carries the keys of all items, in one look-up.
func (c *commit) look(ids []story.Identity) error {
	var keys []story.Key
	for i := range ids {
		if ids[i].Repeated {
			continue
		}
		for _, k := range slices.Concat(ids[i].Keys, ids[i].Apart, []story.Key{ids[i].Print}) {
			if _, ok := c.owners[k]; !ok && k != (story.Key{}) {
				c.owners[k] = nil
				keys = append(keys, k)
			}
		}
	}
	owners, err := c.tx.Owners(keys)
	if err != nil {
		return err
	}
	for i, k := range keys {
		c.owners[k] = owners[i]
		if o := c.own(k); o.ID != 0 {
			c.known[o.ID] = o
		}
	}
	return nil
}

// own returns the item of this source that carries the key; the zero value:
// there is none.
func (c *commit) own(k story.Key) Owner {
	for _, o := range c.owners[k] {
		if o.Source == c.rec.Origin {
			return o
		}
	}
	return Owner{}
}

// baseline says whether this is the first document of its source, or the first
// from another address with nothing known in it.
func (c *commit) baseline() {
	state := &c.rec.State
	c.poll.Baseline = c.poll.Kind == news.KindOK &&
		(!state.Baseline || state.URL != c.poll.URL && c.poll.Known == 0)
}

// meet counts a known item and gives it the keys that are new on it.
func (c *commit) meet(at int, f *story.Found) {
	c.poll.Known++
	c.carry(at, f.Item, f.Missing)
}

// carry notes that an item is in the document, with keys that nobody has yet.
func (c *commit) carry(at int, id news.ItemID, missing []story.Key) {
	c.present = append(c.present, Present{Item: id, Raw: c.raws[c.rest[at]]})
	for _, k := range missing {
		c.keys = append(c.keys, KeyOf{Key: k, Item: id})
	}
}

// add makes a new item of what the source published. Its place in time never
// lies in the future (P7).
func (c *commit) add(i int, f story.Found) {
	raw := &c.entries[i]
	item := *raw
	item.ID, item.Source = f.Name.ItemID(c.origin.ID), c.origin.ID
	item.FirstSeen = seconds(c.poll.At)
	item.Published, item.Updated = seconds(item.Published), seconds(item.Updated)
	item.At = item.FirstSeen
	if item.Published.Year() >= oldestYear && item.Published.Before(item.At) {
		item.At = item.Published
	}
	if item.Publisher == "" && c.src.Type != news.Aggregator {
		item.Publisher = c.src.Publisher
	}
	keep, mint := story.EntryID(&c.origin, raw, f.Name)
	item.EntryID = keep
	if keep == "" || len(c.owners[f.Name]) > 0 { // another source's item has that guid
		item.EntryID = mint
	}
	c.fresh = append(c.fresh, Stored{Item: kept(item), Text: c.ids[i].Text})
	c.signed[item.ID] = c.ids[i].Sign(&item)
	c.carry(i, item.ID, f.Missing)
}

// kept clears the fields that are not kept.
func kept(item news.Item) news.Item {
	item.SummaryHTML, item.ContentHTML, item.Repairs = "", "", nil
	item.Contributors, item.Created = nil, time.Time{}
	return item
}

// revise gives changed items their new text and keeps the old one as a
// Revision (P3), but for those whose guid came back on another report: they are
// new, and counted.
func (c *commit) revise(changed []change) (reused int, err error) {
	if len(changed) == 0 {
		return 0, nil
	}
	named := make([]news.ItemID, len(changed))
	for i := range changed {
		named[i] = changed[i].found.Item
	}
	stored, err := c.tx.Items(named)
	if err != nil {
		return 0, err
	}
	revisions, err := c.tx.Revisions(named)
	if err != nil {
		return 0, err
	}
	for i, ch := range changed {
		old, raw := stored[i].Item, &c.entries[ch.at]
		if ch.found.MayBeReused() && story.Reused(&c.origin, &old, raw) {
			reused++
			again := ch.found.Anew(c.ids[ch.at])
			if c.own(again.Name).ID == 0 {
				c.add(ch.at, again)
				continue
			}
		}
		c.meet(ch.at, &ch.found)
		if c.alternates(revisions[i], c.ids[ch.at].Text) {
			c.present[len(c.present)-1].Raw = 0 // to be looked at again
			continue
		}
		if err := c.keepRevision(revisions[i], &old, raw); err != nil {
			return 0, err
		}
		item := c.revision(&old, raw)
		c.revised = append(c.revised, Stored{Item: item, Text: c.ids[ch.at].Text})
		c.signed[item.ID] = c.ids[ch.at].Sign(&item)
	}
	return reused, nil
}

// alternates says whether the item had this text within mirrorAge.
func (c *commit) alternates(revisions []news.Revision, text uint64) bool {
	return slices.ContainsFunc(revisions, func(r news.Revision) bool {
		return c.poll.At.Sub(r.Until) < mirrorAge && story.TextHash(r.Title, r.Summary) == text
	})
}

// keepRevision adds the old text to those that are kept: the first and the last
// ones.
func (c *commit) keepRevision(revisions []news.Revision, old, raw *news.Item) error {
	c.poll.Revised++
	revisions = append(revisions, news.Revision{
		Title: old.Title, Summary: old.Summary, Until: seconds(c.poll.At), Figures: story.Figures(old.Title, raw.Title),
	})
	if over := len(revisions) - firstRevisions - lastRevisions; over > 0 {
		revisions = slices.Delete(revisions, firstRevisions, firstRevisions+over)
	}
	if err := c.tx.PutRevisions(old.ID, revisions); err != nil {
		return fmt.Errorf("keep a revision of %s: %w", old.ID, err)
	}
	return nil
}

// revision is the old item with the new text. What readers key on stays: ids,
// guid, dates; and what it was in by its old text it stays in, with that reason.
func (c *commit) revision(old, raw *news.Item) news.Item {
	item := kept(*raw)
	item.ID, item.Source, item.GUID = old.ID, old.Source, old.GUID
	item.EntryID, item.Publisher = old.EntryID, old.Publisher
	item.Published, item.FirstSeen, item.At = old.Published, old.FirstSeen, old.At
	item.Updated, item.Revised = seconds(item.Updated), seconds(c.poll.At)
	if item.Link == "" {
		item.Link = old.Link
	}
	item.Matches = slices.Clone(item.Matches)
	for _, m := range old.Matches {
		m.Topic = c.view.topics[m.Topic].id
		judged := slices.ContainsFunc(item.Matches, func(n news.Match) bool { return n.Topic == m.Topic })
		if m.Verdict == news.Excluded || m.Verdict == news.Out && judged {
			continue
		}
		if _, in := matchIn(&item, m.Topic); !in {
			item.Matches = slices.DeleteFunc(item.Matches, func(n news.Match) bool { return n.Topic == m.Topic })
			item.Matches = append(item.Matches, m)
		}
	}
	return item
}
