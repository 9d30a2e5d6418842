package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"khyber/internal/news"
	"khyber/internal/story"
)

// StoryPage is a story with all its members.
type StoryPage struct {
	ID          news.ItemID // by which it is shown; a story that a person made one with it has another
	Publishers  int         // all who carried it
	Independent int         // only those with a text of their own
	Members     []StoryMember
	Possibly    []Possible // reports in other scripts
}

// StoryMember is a report of a story and how it came there.
type StoryMember struct {
	Item     news.Item
	Group    news.ItemID // of its copies; 0: it has none
	Event    news.ItemID // the report that told its event first; 0 beyond the first hundred members
	Rule     string      // empty: the story began with it
	Evidence string      // one sentence; empty beyond the first hundred members
}

// Copied says whether the report has the text of one that was there before.
func (m *StoryMember) Copied() bool { return m.Group != 0 && m.Group != m.Item.ID }

// Story returns the story that an item began, or belongs to, its members in the
// order in which they were first seen; ErrNotFound when nothing is kept of it.
func (s *Store) Story(ctx context.Context, id news.ItemID) (StoryPage, error) {
	var page StoryPage
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		v, err := s.known(tx)
		if err != nil {
			return err
		}
		page = StoryPage{}
		return page.read(tx, v, id)
	})
	if err != nil {
		return page, fmt.Errorf("read story %s: %w", id, err)
	}
	return page, nil
}

func (p *StoryPage) read(tx ReadTx, v *view, id news.ItemID) error {
	kin, err := tx.Kin([]news.ItemID{id})
	if err != nil {
		return err
	}
	k := kin[0]
	f, err := readFamily(tx, k)
	if err != nil {
		return err
	}
	own, err := tx.Items([]news.ItemID{id})
	if err != nil {
		return err
	}
	if own[0].Item.FirstSeen.IsZero() { // its text has expired: the next one speaks
		if len(f.others) == 0 {
			return ErrNotFound
		}
		own[0].Item, k, f.others = f.others[0].item, f.others[0].kin, f.others[1:]
	}
	item := &own[0].Item
	a, err := newAccount(tx, v, item, k, &f)
	if err != nil {
		return err
	}
	p.ID = cmp.Or(f.id(k), id)
	p.Publishers, p.Independent = corroboration(item, k, f.others)
	items := []news.Item{*item}
	p.Members = []StoryMember{{Item: v.item(*item), Group: k.Group}}
	for i := range f.others {
		o := &f.others[i]
		items = append(items, o.item)
		p.Members = append(p.Members, StoryMember{Item: v.item(o.item), Group: o.kin.Group})
	}
	for i := range p.Members {
		m := &p.Members[i]
		if _, told := a.place[m.Item.ID]; told {
			m.Rule, m.Evidence = a.link(m.Item.ID)
			m.Event = a.event(m.Item.ID)
		}
	}
	slices.SortFunc(p.Members, func(x, y StoryMember) int { return seenFirst(&x.Item, &y.Item) })
	p.Possibly, err = possibly(tx, v, items, &f)
	return err
}

// Possible is a report in another script that names the same, and perhaps tells
// the same. It counts for nothing: not as a publisher, not as a member.
type Possible struct {
	Item     news.Item
	Evidence string // one sentence
}

const (
	// possibleOf is how many reports of a story are looked at for such names, and
	// possibleMost how many are shown.
	possibleOf, possibleMost = 8, 5
	// possibleRead is how many items are read for them.
	possibleRead = 64
)

// possibly finds the reports in other scripts that may tell what items tell.
func possibly(tx ReadTx, v *view, items []news.Item, f *family) ([]Possible, error) {
	signs := newSigner(v)
	var out []Possible
	seen := make(map[news.ItemID]bool)
	for i := range items {
		seen[items[i].ID] = true
	}
	for i := range f.others {
		seen[f.others[i].item.ID] = true
	}
	for i := range items[:min(len(items), possibleOf)] {
		item := &items[i]
		var ids []news.ItemID
		err := tx.Near(NearNames, story.NameKeys(signs.sign(item)), item.At.Add(-story.AcrossScripts), item.At.Add(story.AcrossScripts), func(_ int, id news.ItemID) {
			if !seen[id] {
				ids = append(ids, id)
			}
		})
		if err != nil {
			return nil, err
		}
		ids = sortedSet(ids, cmp.Compare[news.ItemID])
		stored, err := tx.Items(ids[:min(len(ids), possibleRead)])
		if err != nil {
			return nil, err
		}
		for j := range stored {
			other := &stored[j].Item
			if other.FirstSeen.IsZero() {
				continue
			}
			if names := story.Possibly(signs.sign(item), signs.sign(other)); names != nil {
				seen[other.ID] = true
				out = append(out, Possible{v.item(*other), story.ExplainPossibly(names, item.At.Sub(other.At).Abs())})
			}
		}
	}
	slices.SortFunc(out, func(a, b Possible) int { return seenFirst(&a.Item, &b.Item) })
	return out[:min(len(out), possibleMost)], nil
}
