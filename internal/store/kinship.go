package store

import (
	"cmp"
	"slices"

	"khyber/internal/news"
	"khyber/internal/story"
)

// relative is an item of a story.
type relative struct {
	item   news.Item
	kin    Kin
	copied bool // of the same copy group as the one that is asked for
}

// family is what an item belongs to.
type family struct {
	stories []news.ItemID // that are read as one, the first of which gives its ID
	others  []relative    // copies first, then in the order in which they were first seen
}

// readFamily returns the other items of the story and the copy group of an item.
func readFamily(tx ReadTx, k Kin) (family, error) {
	var f family
	var err error
	if f.stories, err = together(tx, cmp.Or(k.Story, k.Item)); err != nil {
		return f, err
	}
	ids, err := f.ids(tx, k)
	if err != nil || len(ids) == 0 {
		return f, err
	}
	kin, err := tx.Kin(ids)
	if err != nil {
		return f, err
	}
	stored, err := tx.Items(ids)
	if err != nil {
		return f, err
	}
	for i, id := range ids {
		copied := k.Group != 0 && kin[i].Group == k.Group
		in := copied || slices.Contains(f.stories, cmp.Or(kin[i].Story, id))
		if id != k.Item && in && !stored[i].Item.FirstSeen.IsZero() {
			f.others = append(f.others, relative{item: stored[i].Item, kin: kin[i], copied: copied})
		}
	}
	slices.SortFunc(f.others, func(a, b relative) int {
		return cmp.Or(rank(a.copied)-rank(b.copied), seenFirst(&a.item, &b.item))
	})
	return f, nil
}

// seenFirst is the order in which items were first seen.
func seenFirst(a, b *news.Item) int {
	return cmp.Or(a.FirstSeen.Compare(b.FirstSeen), cmp.Compare(a.ID, b.ID))
}

// rank puts copies first.
func rank(copied bool) int {
	if copied {
		return 0
	}
	return 1
}

// ids returns the items that may be in the family of an item.
func (f *family) ids(tx ReadTx, k Kin) ([]news.ItemID, error) {
	var ids []news.ItemID
	if k.Story != 0 || len(f.stories) > 1 {
		ids = append(ids, f.stories...) // one that stands alone has no members
		if err := tx.Members(f.stories, 0, func(_ int, m Member) { ids = append(ids, m.Item) }); err != nil {
			return nil, err
		}
	}
	if k.Group != 0 {
		connected, _, _, err := component(tx, k.Item)
		if err != nil {
			return nil, err
		}
		ids = append(ids, connected...)
	}
	return sortedSet(ids, cmp.Compare[news.ItemID]), nil
}

// id returns the ID of the story; of copies alone that of their group.
func (f *family) id(k Kin) news.ItemID {
	if k.Story == 0 && len(f.stories) == 1 {
		return k.Group
	}
	return f.stories[0]
}

// story describes what an item belongs to, but for the reasons.
func (f *family) story(v *view, item *news.Item, k Kin) news.Story {
	if len(f.others) == 0 {
		return news.Story{}
	}
	s := news.Story{ID: f.id(k)}
	s.Publishers, s.Independent = corroboration(item, k, f.others)
	for i := range f.others {
		o := &f.others[i]
		other := v.item(o.item)
		m := news.Member{
			Item: other.ID, Source: other.Source, Publisher: other.Publisher, Title: other.Title, URL: other.Link,
			Published: other.At, Relation: news.RelationStory,
		}
		if o.copied {
			m.Relation = news.RelationCopy
		}
		s.Members = append(s.Members, m)
	}
	return s
}

// corroboration counts the publishers of a story.
func corroboration(item *news.Item, k Kin, others []relative) (publishers, independent int) {
	members := []story.Member{{ID: item.ID, FirstSeen: item.FirstSeen, Publisher: item.Publisher}}
	groups := make(map[news.ItemID][]news.ItemID)
	groups[k.Group] = append(groups[k.Group], item.ID)
	for i := range others {
		o := &others[i]
		members = append(members, story.Member{ID: o.item.ID, FirstSeen: o.item.FirstSeen, Publisher: o.item.Publisher})
		groups[o.kin.Group] = append(groups[o.kin.Group], o.item.ID)
	}
	delete(groups, 0) // those that have no copy
	var all [][]news.ItemID
	for _, g := range groups { // their order does not count
		all = append(all, g)
	}
	return story.Corroboration(members, all)
}

// signer makes signatures, each once.
type signer struct {
	view *view
	made map[news.ItemID]*story.Signature
}

func newSigner(v *view) signer { return signer{v, make(map[news.ItemID]*story.Signature)} }

// sign returns the signature of an item, with its source as the file has it.
func (s signer) sign(item *news.Item) *story.Signature {
	if made := s.made[item.ID]; made != nil {
		return made
	}
	made := story.Sign(s.source(item), item)
	s.made[item.ID] = &made
	return &made
}

// vector returns the vector of an item's title. It reads the summary only if
// somebody did before.
func (s signer) vector(item *news.Item) story.Vector {
	if made := s.made[item.ID]; made != nil {
		return story.NewVector(made)
	}
	return story.TitleVector(s.source(item), item)
}

// source returns the source of an item as the file has it.
func (s signer) source(item *news.Item) *news.Source {
	id := item.Source
	if current, ok := s.view.current[id]; ok {
		id = current
	}
	if src := s.view.sources[id]; src != nil {
		return src
	}
	return &news.Source{ID: item.Source}
}
