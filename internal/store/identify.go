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
	at    int // of the document
	found story.Found
}

// prepared is what can be said of a document without what is stored of it.
type prepared struct {
	origin   news.Source // the source under its first ID
	distrust news.Distrust
	ids      []story.Identity
}

// prepare reads the texts and names the keys of the items.
func (c *commit) prepare(rec *Source) {
	c.prepared = prepared{origin: *c.src, distrust: rec.State.Distrust}
	c.origin.ID = rec.Origin
	c.ids = story.Identify(&c.origin, c.distrust, c.items)
}

// identify is step 3: it finds for each item of the document the item that is
// known, or makes a new one.
func (c *commit) identify() error {
	if len(c.items) == 0 {
		c.baseline()
		return nil
	}
	if c.rec.State.Distrust != c.distrust || c.rec.Origin != c.origin.ID { // another worker was here
		c.prepare(&c.rec)
	}
	if err := c.look(c.ids); err != nil {
		return err
	}
	found, tally, err := story.Find(c.ids, c.distrust, func(k story.Key) (news.ItemID, error) { return c.own(k).ID, nil })
	if err != nil {
		return err
	}
	var changed []change
	for i := range found {
		f, text := &found[i], c.ids[i].Text
		switch owner := c.known[f.Item]; {
		case f.Repeated:
			c.poll.Reject(news.RejectedRepeated, 1)
		case f.Item == 0:
			c.add(i, *f)
		case owner.Stub:
			c.returned = append(c.returned, Stub{ID: owner.ID, Source: owner.Source, Text: owner.Text})
			c.meet(f)
		case owner.Text != text:
			changed = append(changed, change{i, *f})
		default:
			c.meet(f)
		}
	}
	reused, err := c.revise(changed)
	if err != nil {
		return err
	}
	tally.Reused = reused
	c.judged = story.Judge(c.distrust, tally, c.poll.At)
	c.conflicting = tally.Conflicts
	c.baseline()
	// Documents begin with the newest: marks rise with time, like those of a
	// source that was read more often.
	slices.Reverse(c.fresh)
	slices.SortStableFunc(c.fresh, func(a, b Stored) int { return a.Item.At.Compare(b.Item.At) })
	return nil
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
func (c *commit) meet(f *story.Found) {
	c.poll.Known++
	c.carry(f.Item, f.Missing)
}

// carry notes that an item is in the document, with keys that nobody has yet.
func (c *commit) carry(id news.ItemID, missing []story.Key) {
	c.present = append(c.present, id)
	for _, k := range missing {
		c.keys = append(c.keys, KeyOf{Key: k, Item: id})
	}
}

// add makes a new item of what the source published. Its place in time never
// lies in the future (P7).
func (c *commit) add(i int, f story.Found) {
	raw := &c.items[i]
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
	c.carry(item.ID, f.Missing)
}

// kept clears the fields that are not kept.
func kept(item news.Item) news.Item {
	item.SummaryHTML, item.ContentHTML, item.Repairs = "", "", nil
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
		old, raw := stored[i].Item, &c.items[ch.at]
		if ch.found.MayBeReused() && story.Reused(&c.origin, &old, raw) {
			reused++
			again := ch.found.Anew(c.ids[ch.at])
			if c.own(again.Name).ID == 0 {
				c.add(ch.at, again)
				continue
			}
		}
		c.meet(&ch.found)
		if c.alternates(revisions[i], c.ids[ch.at].Text) {
			continue
		}
		if err := c.keepRevision(revisions[i], &old, raw); err != nil {
			return 0, err
		}
		c.revised = append(c.revised, Stored{Item: c.revision(&old, raw), Text: c.ids[ch.at].Text})
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
		if m.Verdict != news.In {
			continue
		}
		if _, in := matchIn(&item, m.Topic); !in {
			item.Matches = slices.DeleteFunc(item.Matches, func(n news.Match) bool { return n.Topic == m.Topic })
			item.Matches = append(item.Matches, m)
		}
	}
	return item
}
