package story

import (
	"slices"
	"time"

	"khyber/internal/news"
)

// Symptoms of guids that cannot be relied on (guide §2.2).
const (
	distrustFor  = 30 * 24 * time.Hour // after the last symptom
	symptomOf    = 5                   // entries from which a document can show one
	reusedWithin = 24 * time.Hour      // a guid that returns sooner with another text is a revision
)

// Found is which item an entry is.
type Found struct {
	Item     news.ItemID // 0: a new one
	Rule     KeyRule     // the step that found it
	Name     Key         // names a new item: Name.ItemID(source)
	Missing  []Key       // keys of the entry that nobody has yet; they become the item's
	Repeated bool        // another entry of the document is this item already
	linkNew  bool
}

// Tally counts what the keys of one document showed.
type Tally struct {
	Entries   int // less repeated ones
	Conflicts int // entries whose keys name two items; the higher step won
	VoidGUID  int // entries whose guid another one of the document has too
	Reused    int // guids that came back on another report; counted by the caller
	NewGUID   int // entries with an unknown guid and a known link
	OnlyPrint int // entries of which nothing but the text is known
}

// Rekeyed says that the document came with new guids and links for old reports:
// a site that was rebuilt, or tokens in its links.
func (t Tally) Rekeyed() bool { return t.Entries >= symptomOf && 2*t.OnlyPrint >= t.Entries }

// Judge returns what to think of a source's keys after one more document.
func Judge(d news.Distrust, t Tally, now time.Time) news.Distrust {
	for _, s := range []struct {
		last  *time.Time
		shown bool
	}{
		{&d.Reused, t.VoidGUID > 0 || t.Reused > 0},
		{&d.Rotating, t.Entries >= symptomOf && 2*t.NewGUID >= t.Entries},
		{&d.Rekeyed, t.Rekeyed()},
	} {
		if s.shown {
			*s.last = now
		} else if now.Sub(*s.last) > distrustFor {
			*s.last = time.Time{}
		}
	}
	return d
}

// Find walks the ladder for all entries of a document. Look returns the item
// that a key belongs to, 0 for none. An item is found by one entry of a document
// only: the one with the highest step, then the first one.
func Find(ids []Identity, d news.Distrust, look func(Key) (news.ItemID, error)) ([]Found, Tally, error) {
	f := finder{look: look, owners: make(map[Key]news.ItemID), taken: make(map[news.ItemID]bool), found: make([]Found, len(ids))}
	var t Tally
	for i := range ids {
		f.found[i].Repeated = ids[i].Repeated
		if !ids[i].Repeated {
			t.Entries++
			if err := f.load(&ids[i]); err != nil {
				return nil, t, err
			}
		}
	}
	for rule := KeyGUID; rule <= KeyPrint; rule++ {
		for i := range ids {
			f.step(i, ids[i].Keys, rule)
		}
	}
	f.tally(ids, d, &t)
	for i := range ids {
		id, linkNew := &ids[i], f.found[i].linkNew
		if id.Adopts && (t.Rekeyed() || linkNew && d != (news.Distrust{Rekeyed: d.Rekeyed})) {
			f.step(i, []Key{id.Print}, KeyPrint)
		}
		f.step(i, id.Apart, KeyGUID)
		f.settle(i, id)
	}
	return f.found, t, nil
}

// finder is the state of one Find.
type finder struct {
	look   func(Key) (news.ItemID, error)
	owners map[Key]news.ItemID
	taken  map[news.ItemID]bool
	found  []Found
}

// load looks up every key of an entry once.
func (f *finder) load(id *Identity) error {
	for _, keys := range [][]Key{id.Keys, id.Apart, {id.Print}} {
		for _, k := range keys {
			if _, ok := f.owners[k]; ok || k == (Key{}) {
				continue
			}
			owner, err := f.look(k)
			if err != nil {
				return err
			}
			f.owners[k] = owner
		}
	}
	return nil
}

// step gives an entry the item that one of its keys of the rule names, unless
// it has one or the item is taken.
func (f *finder) step(i int, keys []Key, rule KeyRule) {
	e := &f.found[i]
	for _, k := range keys {
		owner := f.owners[k]
		if e.Repeated || e.Item != 0 || k.Rule != rule || owner == 0 || f.taken[owner] {
			continue
		}
		e.Item, e.Rule = owner, rule
		f.taken[owner] = true
	}
}

// tally counts the symptoms, which must be known before texts may find items.
func (f *finder) tally(ids []Identity, d news.Distrust, t *Tally) {
	for i := range ids {
		e := &f.found[i]
		if e.Repeated {
			continue
		}
		conflict, hasGUID := false, false
		e.linkNew = true
		for _, k := range ids[i].Keys {
			owner := f.owners[k]
			conflict = conflict || owner != 0 && owner != e.Item
			hasGUID = hasGUID || k.Rule == KeyGUID
			if isLink(k.Rule) && owner != 0 {
				e.linkNew = false
			}
		}
		text := f.owners[ids[i].Print]
		t.Conflicts += one(conflict)
		t.VoidGUID += one(ids[i].voidGUID)
		t.NewGUID += one(d.Reused.IsZero() && hasGUID && isLink(e.Rule))
		t.OnlyPrint += one(e.Item == 0 && text != 0 && !f.taken[text])
	}
}

func isLink(r KeyRule) bool { return r == KeyURL || r == KeyPublisher }

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// settle names what is new and lists the keys that are to be stored.
func (f *finder) settle(i int, id *Identity) {
	e := &f.found[i]
	if e.Repeated {
		return
	}
	all := append(append([]Key(nil), id.Keys...), id.Print)
	if e.Item == 0 {
		for _, keys := range [][]Key{id.Keys, id.Apart, {id.Print}} {
			for _, k := range keys {
				if e.Name == (Key{}) && f.owners[k] == 0 {
					e.Name = k
				}
			}
		}
		all = append(all, id.Apart...)
		e.Repeated = e.Name == (Key{})
	}
	seen := make(map[Key]bool)
	for _, k := range all {
		if k != (Key{}) && f.owners[k] == 0 && !seen[k] {
			seen[k] = true
			e.Missing = append(e.Missing, k)
		}
	}
}

// MayBeReused says that an entry was found by its guid alone, so that Reused
// must judge by the text whether the guid came back on another report.
func (e *Found) MayBeReused() bool {
	return e.Item != 0 && e.Rule == KeyGUID && e.linkNew
}

// Anew returns the entry as a new item after all: its guid was Reused.
func (e *Found) Anew(id Identity) Found {
	return Found{Name: id.Apart[0], Missing: append(append([]Key(nil), id.Apart...), e.Missing...)}
}

// unrelated is the IDF-Jaccard similarity, in thousandths, below which two texts
// of one guid are two reports.
const unrelated = 200

// Reused says whether a guid came back on another report: more than a day apart
// by the source's own dates and with hardly a word in common. Anything less is a
// Revision.
func Reused(src *news.Source, known, entry *news.Item) bool {
	if known.Published.IsZero() || entry.Published.IsZero() || entry.Published.Sub(known.Published).Abs() <= reusedWithin {
		return false
	}
	a, b := Sign(src, known), Sign(src, entry)
	similarity, _, _ := compareSets(unique(slices.Concat(a.title, a.text)), unique(slices.Concat(b.title, b.text)))
	return similarity < unrelated
}
