package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"khyber/internal/news"
	"khyber/internal/story"
)

// evidenceMost is how many members of a story are told why they are in it.
const evidenceMost = 100

// Rules that no edge has.
const (
	ruleLink = "story-link" // what Link decided
	ruleHand = "by-hand"
)

// account tells why items are in one story, each by its own link into it.
type account struct {
	signs   signer
	stories []news.ItemID
	members []relative // in the order in which they were first seen
	place   map[news.ItemID]int
	vectors []*story.Vector // by member
	first   []int           // by member, who reported its event first
	edges   [][]story.Edge
	hands   [][]story.Override
	gone    map[news.ItemID]bool // other ends of hands whose text has expired
}

// newAccount reads the evidence for an item and what belongs to it.
func newAccount(tx ReadTx, v *view, item *news.Item, k Kin, f *family) (*account, error) {
	a := &account{signs: newSigner(v), stories: f.stories, place: make(map[news.ItemID]int), gone: make(map[news.ItemID]bool)}
	a.members = append([]relative{{item: *item, kin: k}}, f.others[:min(len(f.others), evidenceMost)]...)
	slices.SortFunc(a.members, func(x, y relative) int {
		return seenFirst(&x.item, &y.item)
	})
	ids := make([]news.ItemID, len(a.members))
	for i := range a.members {
		ids[i] = a.members[i].item.ID
		a.place[ids[i]] = i
	}
	var err error
	if a.edges, err = tx.Edges(ids); err != nil {
		return nil, err
	}
	if a.hands, err = tx.Overrides(ids); err != nil {
		return nil, err
	}
	a.tellEvents()
	return a, a.readGone(tx)
}

// tellEvents tells the events of the story apart. Of copies the first one speaks.
func (a *account) tellEvents() {
	speaker := make(map[news.ItemID]int) // by group
	speakers := make([]*story.Vector, len(a.members))
	speaks := make([]int, len(a.members)) // by member, who speaks for it
	for i := range a.members {
		m := &a.members[i]
		v := a.signs.vector(&m.item)
		a.vectors = append(a.vectors, &v)
		group := cmp.Or(m.kin.Group, m.item.ID)
		if _, spoken := speaker[group]; !spoken {
			speaker[group], speakers[i] = i, &v
		}
		speaks[i] = speaker[group]
	}
	first := story.Events(speakers)
	for _, i := range speaks {
		a.first = append(a.first, first[i])
	}
}

// event returns the member that reported the event of one first; 0: it is
// beyond those that are told of.
func (a *account) event(id news.ItemID) news.ItemID {
	i, known := a.place[id]
	if !known {
		return 0
	}
	return a.members[a.first[i]].item.ID
}

// readGone notes which items a person spoke of whose text has expired.
func (a *account) readGone(tx ReadTx) error {
	var ids []news.ItemID
	for i := range a.hands {
		for _, o := range a.hands[i] {
			ids = append(ids, o.Low+o.High-a.members[i].item.ID)
		}
	}
	texts, err := tx.Texts(ids)
	for i, text := range texts {
		if text == 0 {
			a.gone[ids[i]] = true
		}
	}
	return err
}

// between returns the rule that brought two items together, and the sentence of
// the second one.
func (a *account) between(x, y news.ItemID) (rule, sentence string) {
	i, known := a.place[y]
	if !known {
		return "", ""
	}
	other := &a.members[i]
	low, high := min(x, y), max(x, y)
	edge := edgeOf(a.edges[i], low, high)
	for _, o := range a.hands[i] {
		if o.Low == low && o.High == high {
			return cmp.Or(edge.Rule, ruleHand), story.Explain(edge, other.item.Publisher, &o)
		}
	}
	if edge.Rule != "" {
		return edge.Rule, a.explain(edge, &a.members[a.place[x]], other)
	}
	if rule, sentence = a.link(y); rule == "" { // the story began with that one
		rule, sentence = a.link(x)
	}
	return rule, sentence
}

// explain tells of an edge whose other end is another member.
func (a *account) explain(e story.Edge, one, other *relative) string {
	if e.Relation == news.RelationCopy && (one.kin.Group == 0 || one.kin.Group != other.kin.Group) {
		return story.ExplainApart(e, other.item.Publisher)
	}
	return story.Explain(e, other.item.Publisher, nil)
}

// link returns the rule that brought a member into the story, and the sentence.
// The rule of the one that the story began with is empty.
func (a *account) link(id news.ItemID) (rule, sentence string) {
	i := a.place[id]
	m := &a.members[i]
	if m.kin.Group != 0 && m.kin.Group != id {
		if e := a.strongest(i, func(o *relative) bool { return o.kin.Group == m.kin.Group }); e != nil {
			return e.Rule, a.explain(*e, m, a.other(e, id))
		}
	}
	if m.kin.Similarity > 0 {
		return ruleLink, story.ExplainStory(len(a.members)-1, m.kin.Similarity, a.first[i] != i, a.shared(i))
	}
	if id == a.stories[0] {
		return "", "The story begins with this report."
	}
	if o := a.hand(i); o != nil {
		return ruleHand, story.Explain(edgeOf(a.edges[i], o.Low, o.High), "", o)
	}
	if m.kin.Story != 0 && m.kin.Story != id {
		if e := a.strongest(i, func(*relative) bool { return true }); e != nil {
			return e.Rule, a.explain(*e, m, a.other(e, id))
		}
	}
	return "", "The report that brought it here is no longer kept."
}

// strongest returns the best edge to a member that is wanted.
func (a *account) strongest(i int, wanted func(*relative) bool) *story.Edge {
	var best *story.Edge
	for j := range a.edges[i] {
		e := &a.edges[i][j]
		other := a.other(e, a.members[i].item.ID)
		if other != nil && wanted(other) && (best == nil || e.Stronger(best)) {
			best = e
		}
	}
	return best
}

// other returns the member at the other end of an edge; nil: it is none.
func (a *account) other(e *story.Edge, id news.ItemID) *relative {
	i, known := a.place[e.Low+e.High-id]
	if !known {
		return nil
	}
	return &a.members[i]
}

// hand returns what a person decided that brought a member here: of a member
// rather than of a report whose text has expired.
func (a *account) hand(i int) *story.Override {
	var gone *story.Override
	for j := range a.hands[i] {
		o := &a.hands[i][j]
		end := o.Low + o.High - a.members[i].item.ID
		_, known := a.place[end]
		switch {
		case o.Relation == "":
		case known:
			return o
		case a.gone[end]:
			gone = o
		}
	}
	return gone
}

// edgeOf returns the edge of two items; the zero value: there is none.
func edgeOf(edges []story.Edge, low, high news.ItemID) story.Edge {
	for _, e := range edges {
		if e.Low == low && e.High == high {
			return e
		}
	}
	return story.Edge{}
}

// shared returns the words that a member shares with the one that is most like
// it, of those that were there before.
func (a *account) shared(i int) []string {
	m := &a.members[i]
	var among []*relative
	var vectors []*story.Vector
	for j := range a.members {
		o := &a.members[j]
		if j == i || len(vectors) == story.StoryMembers || o.kin.Group != 0 && o.kin.Group == m.kin.Group {
			continue
		}
		among, vectors = append(among, o), append(vectors, a.vectors[j])
	}
	at := story.Nearest(a.vectors[i], vectors)
	if at < 0 {
		return nil
	}
	return story.Shared(a.signs.sign(&m.item), a.signs.sign(&among[at].item))
}

// Pair is what two items are to each other, and why.
type Pair struct {
	A, B     news.Item
	Relation news.Relation // empty: none
	Rule     string        // by which they are related, or the guard that refused; empty: nothing is alike
	Evidence string        // one sentence
}

// Between says what two items are to each other, and which rule says so, also
// when that is nothing; ErrNotFound, or ErrExpired when the text of one is gone.
func (s *Store) Between(ctx context.Context, a, b news.ItemID) (Pair, error) {
	var p Pair
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		v, err := s.known(tx)
		if err != nil {
			return err
		}
		ids := []news.ItemID{a, b}
		items, err := tx.Items(ids)
		if err != nil {
			return err
		}
		for i := range items {
			switch item := &items[i].Item; {
			case item.ID == 0:
				return ErrNotFound
			case item.FirstSeen.IsZero():
				return ErrExpired
			}
		}
		kin, err := tx.Kin(ids)
		if err != nil {
			return err
		}
		x, y := &items[0].Item, &items[1].Item
		p = Pair{A: v.item(*x), B: v.item(*y)}
		return p.read(tx, v, [2]*news.Item{x, y}, kin[0])
	})
	if err != nil {
		return p, fmt.Errorf("compare %s and %s: %w", a, b, err)
	}
	return p, nil
}

func (p *Pair) read(tx ReadTx, v *view, of [2]*news.Item, k Kin) error {
	f, err := readFamily(tx, k)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(f.others, func(o relative) bool { return o.item.ID == of[1].ID })
	if i >= 0 {
		p.Relation = news.RelationStory
		if f.others[i].copied {
			p.Relation = news.RelationCopy
		}
		f.others[0], f.others[i] = f.others[i], f.others[0] // it is told of in any case
	}
	a, err := newAccount(tx, v, of[0], k, &f)
	if err != nil {
		return err
	}
	if i >= 0 {
		p.Rule, p.Evidence = a.between(of[0].ID, of[1].ID)
		return nil
	}
	e := story.NewEdge(of[0].ID, of[1].ID, story.Relate(a.signs.sign(of[0]), a.signs.sign(of[1])))
	p.Rule = e.Rule
	for _, o := range a.hands[a.place[of[0].ID]] {
		if o.Low == e.Low && o.High == e.High {
			p.Rule, p.Evidence = ruleHand, story.Explain(e, of[1].Publisher, &o)
			return nil
		}
	}
	if e.Relation == "" {
		p.Evidence = story.Explain(e, of[1].Publisher, nil)
	} else {
		p.Evidence = story.ExplainApart(e, of[1].Publisher)
	}
	return nil
}

// tell adds the reasons to the members of a story.
func tell(tx ReadTx, v *view, item *news.Item, k Kin, f *family, s *news.Story) error {
	if len(s.Members) == 0 {
		return nil
	}
	a, err := newAccount(tx, v, item, k, f)
	if err != nil {
		return err
	}
	s.Event = a.event(item.ID)
	for i := range s.Members[:min(len(s.Members), evidenceMost)] {
		m := &s.Members[i]
		m.Event = a.event(m.Item)
		m.Rule, m.Evidence = a.between(item.ID, m.Item)
	}
	return nil
}
