package store

import (
	"cmp"
	"slices"

	"khyber/internal/news"
	"khyber/internal/story"
)

// evidenceMost is how many members of a story are told why they are in it: more
// are shown nowhere.
const evidenceMost = 20

// relative is another item of an item's story.
type relative struct {
	item   news.Item
	kin    Kin
	copied bool // of the same copy group
}

// relatives returns the other items of the story and the copy group of an item,
// copies first, then in the order in which they were first seen.
func relatives(tx ReadTx, k Kin) ([]relative, error) {
	ids, err := relatedTo(tx, k)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	kin, err := tx.Kin(ids)
	if err != nil {
		return nil, err
	}
	stored, err := tx.Items(ids)
	if err != nil {
		return nil, err
	}
	var out []relative
	for i, id := range ids {
		copied := k.Group != 0 && kin[i].Group == k.Group
		in := copied || k.Story != 0 && kin[i].Story == k.Story
		if id != k.Item && in && !stored[i].Item.FirstSeen.IsZero() {
			out = append(out, relative{item: stored[i].Item, kin: kin[i], copied: copied})
		}
	}
	slices.SortFunc(out, func(a, b relative) int {
		return cmp.Or(rank(a.copied)-rank(b.copied), a.item.FirstSeen.Compare(b.item.FirstSeen), cmp.Compare(a.item.ID, b.item.ID))
	})
	return out, nil
}

// rank puts copies first.
func rank(copied bool) int {
	if copied {
		return 0
	}
	return 1
}

// relatedTo returns the items that may be in the story or the copy group.
func relatedTo(tx ReadTx, k Kin) ([]news.ItemID, error) {
	var ids []news.ItemID
	if k.Story != 0 {
		members, err := tx.Members([]news.ItemID{k.Story})
		if err != nil {
			return nil, err
		}
		ids = members[0]
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

// storyOf describes the story of an item to its readers.
func storyOf(tx ReadTx, v *view, signs signer, item *news.Item, k Kin, others []relative) (news.Story, error) {
	if len(others) == 0 {
		return news.Story{}, nil
	}
	edges, err := tx.Edges([]news.ItemID{item.ID})
	if err != nil {
		return news.Story{}, err
	}
	overrides, err := tx.Overrides([]news.ItemID{item.ID})
	if err != nil {
		return news.Story{}, err
	}
	s := news.Story{ID: cmp.Or(k.Story, k.Group)}
	s.Publishers, s.Independent = corroboration(item, k, others)
	for i := range others {
		o := &others[i]
		other := v.item(o.item)
		m := news.Member{
			Item: other.ID, Source: other.Source, Publisher: other.Publisher, Title: other.Title, URL: other.Link,
			Published: other.At, Relation: news.RelationStory,
		}
		if o.copied {
			m.Relation = news.RelationCopy
		}
		if i < evidenceMost {
			m.Rule, m.Evidence = evidence(signs, item, k, o, edges[0], overrides[0], len(others))
		}
		s.Members = append(s.Members, m)
	}
	return s, nil
}

// ruleLink names what Link decided: no edge of the two says so.
const ruleLink = "story-link"

// evidence returns the rule that brought an item to another one, and the
// sentence.
func evidence(signs signer, item *news.Item, k Kin, o *relative, edges []story.Edge, overrides []story.Override, n int) (rule, sentence string) {
	low, high := min(item.ID, o.item.ID), max(item.ID, o.item.ID)
	var hand *story.Override
	for i := range overrides {
		if overrides[i].Low == low && overrides[i].High == high {
			hand = &overrides[i]
		}
	}
	for _, e := range edges {
		if e.Low == low && e.High == high {
			return e.Rule, story.Explain(e, o.item.Publisher, hand)
		}
	}
	if hand != nil {
		return "by-hand", story.Explain(story.Edge{}, o.item.Publisher, hand)
	}
	shared := story.Relate(signs.sign(item), signs.sign(&o.item)).Shared
	if k.Similarity == 0 { // it is the other one that was linked
		k = o.kin
	}
	return ruleLink, story.ExplainStory(n, story.Linked{Story: k.Story, Similarity: k.Similarity, Event: k.Event}, shared)
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
