package store

import (
	"cmp"
	"maps"
	"slices"

	"khyber/internal/news"
	"khyber/internal/story"
)

// link gives each new item its story, in the order of arrival.
func (r *relation) link([]news.ItemID) error {
	for i := range r.fresh {
		id := r.fresh[i].Item.ID
		if r.items[id] == nil {
			continue
		}
		if err := r.family([]news.ItemID{id}); err != nil {
			return err
		}
		title, _ := r.texts(id)
		series := story.IsSeries(r.items[id].Item.At, r.uses[title])
		k := r.kin[id]
		var err error
		switch {
		case k.Group != 0:
			k.Story, err = r.storyOfGroup(id, k.Group)
		case series:
		default:
			if k.Story, err = r.storyOfEdge(id); err == nil && k.Story == 0 {
				var near story.Linked
				near, err = r.storyNear(id)
				k.Story, k.Similarity, k.Event = near.Story, near.Similarity, near.Event
			}
		}
		if err != nil {
			return err
		}
		if err := r.enter(k); err != nil {
			return err
		}
		if !series {
			if err := r.announce(id, cmp.Or(k.Story, id)); err != nil {
				return err
			}
		}
	}
	return r.reunite()
}

// reunite brings items that turned out to be copies into the story of the first
// of them, where they stood alone: of a revised text, or of a pass over the
// archive.
func (r *relation) reunite() error {
	changed := slices.SortedFunc(maps.Keys(r.changed), func(a, b news.ItemID) int {
		return cmp.Or(rank(r.kin[a].Group == a)-rank(r.kin[b].Group == b), cmp.Compare(a, b))
	})
	for _, id := range changed {
		k := r.kin[id]
		if k.Group == 0 || k.Story != 0 {
			continue
		}
		var err error
		if k.Story, err = r.storyOfGroup(id, k.Group); err != nil {
			return err
		}
		if err := r.enter(k); err != nil {
			return err
		}
	}
	return nil
}

// enter makes an item a member of a story. A story has members from the second
// one on.
func (r *relation) enter(k Kin) error {
	if k.Story == 0 || k.Story == k.Item {
		return nil
	}
	if err := r.family([]news.ItemID{k.Story}); err != nil {
		return err
	}
	founder := r.kin[k.Story]
	for _, changed := range []news.ItemID{k.Story, founder.Story, r.kin[k.Item].Story} {
		delete(r.opened, changed)
	}
	founder.Story = k.Story
	r.become(founder)
	r.become(k)
	// What follows in this commit must find it.
	return r.tx.PutKin([]Kin{r.kin[k.Story], k})
}

// announce indexes an item for those that come later.
func (r *relation) announce(id, of news.ItemID) error {
	v := r.vector(id)
	var near []Near
	for _, key := range story.StoryKeys(v) {
		near = append(near, Near{Key: key, At: r.items[id].Item.At, ID: of})
	}
	return r.tx.PutNear(NearStories, near, nearMost)
}

// vector returns the vector of an item that was read, or recalled.
func (r *relation) vector(id news.ItemID) *story.Vector {
	if v := r.titles[id]; v != nil {
		return v
	}
	var v story.Vector
	if stored := r.items[id]; stored != nil {
		v = r.signs.vector(&stored.Item)
		r.named[id] = stored.Text
	} else {
		v = story.NewVector(r.sign(id))
	}
	r.titles[id] = &v
	r.view.memory.vectors.put(textName{id, r.named[id]}, &v, 1)
	return &v
}

// storyOfGroup returns the story of an item's copies: of the first one that has
// one, else that which the first of all begins; 0: which is the item.
func (r *relation) storyOfGroup(id, representative news.ItemID) (news.ItemID, error) {
	ids, _, _, err := component(r.tx, id)
	if err != nil {
		return 0, err
	}
	if err := r.family(ids); err != nil {
		return 0, err
	}
	ids = slices.DeleteFunc(ids, func(other news.ItemID) bool {
		k := r.kin[other]
		return other == id || k.Group != representative || k.Story == 0
	})
	faces, err := r.facesOf(ids)
	if err != nil {
		return 0, err
	}
	first := news.ItemID(0)
	for _, other := range ids { // by ID
		if f := faces[other]; f != nil && (first == 0 || f.firstSeen.Before(faces[first].firstSeen)) {
			first = other
		}
	}
	switch {
	case first != 0:
		return r.kin[first].Story, nil
	case representative != id:
		return representative, nil
	}
	return 0, nil
}

// storyOfEdge returns the story at the other end of the strongest story edge,
// unless a person took the two apart.
func (r *relation) storyOfEdge(id news.ItemID) (news.ItemID, error) {
	edges, err := r.tx.Edges([]news.ItemID{id})
	if err != nil {
		return 0, err
	}
	overrides, err := r.tx.Overrides([]news.ItemID{id})
	if err != nil {
		return 0, err
	}
	var best *story.Edge
	for i := range edges[0] {
		e := &edges[0][i]
		split := slices.ContainsFunc(overrides[0], func(o story.Override) bool {
			return o.Low == e.Low && o.High == e.High && o.Relation == ""
		})
		if e.Relation == news.RelationStory && !split && (best == nil || e.Stronger(best)) {
			best = e
		}
	}
	if best == nil {
		return 0, nil
	}
	other := best.Low + best.High - id
	if err := r.family([]news.ItemID{other}); err != nil {
		return 0, err
	}
	return cmp.Or(r.kin[other].Story, other), nil
}

// storyNear returns the story whose titles are nearest.
func (r *relation) storyNear(id news.ItemID) (story.Linked, error) {
	v := r.vector(id)
	at := r.items[id].Item.At
	found, err := r.tx.Near(NearStories, story.StoryKeys(v), at.Add(-story.StoryOpen), at.Add(story.StoryOpen))
	if err != nil {
		return story.Linked{}, err
	}
	ids := r.counts.heaviest(found, func(int) int { return 1 }, storyShared)
	ids = slices.DeleteFunc(ids, func(s news.ItemID) bool { return s == id })
	ids = ids[:min(len(ids), linkStories)]
	members, err := r.members(ids, heardMembers)
	if err != nil {
		return story.Linked{}, err
	}
	var open []story.Open
	for i, s := range ids {
		o, err := r.open(s, members[i])
		if err != nil {
			return story.Linked{}, err
		}
		open = append(open, o)
	}
	return story.Link(v, open), nil
}

// open returns the newest members of a story, one of a copy group.
func (r *relation) open(id news.ItemID, members []news.ItemID) (story.Open, error) {
	if o, ok := r.opened[id]; ok {
		return o, nil
	}
	if len(members) == 0 {
		members = []news.ItemID{id}
	}
	if err := r.hear(members); err != nil {
		return story.Open{}, err
	}
	members = slices.DeleteFunc(slices.Clone(members), func(id news.ItemID) bool { return r.titles[id] == nil })
	if len(members) == 1 {
		o := story.Open{ID: id, Members: []*story.Vector{r.titles[members[0]]}}
		r.opened[id] = o
		return o, nil
	}
	groups, err := r.groupsOf(members)
	if err != nil {
		return story.Open{}, err
	}
	voices := make([]voice, len(members))
	for i, m := range members {
		voices[i] = voice{m, cmp.Or(groups[i], m), r.titles[m]}
	}
	slices.SortFunc(voices, func(a, b voice) int {
		return cmp.Or(b.title.At().Compare(a.title.At()), cmp.Compare(a.item, b.item))
	})
	o := story.Open{ID: id}
	heard := make(map[news.ItemID]bool)
	for _, v := range voices {
		if !heard[v.group] && len(o.Members) < story.StoryMembers {
			heard[v.group] = true
			o.Members = append(o.Members, v.title)
		}
	}
	r.opened[id] = o
	return o, nil
}

// voice is a member of a story on its way into it.
type voice struct {
	item, group news.ItemID
	title       *story.Vector
}

// hear finds the vectors of items. It reads only those whose vector is not kept
// since they were last compared.
func (r *relation) hear(ids []news.ItemID) error {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id news.ItemID) bool { _, ok := r.titles[id]; return ok })
	if err := r.name(ids); err != nil {
		return err
	}
	var unknown []news.ItemID
	for _, id := range ids {
		r.titles[id] = nil
		if r.items[id] == nil { // what this commit brought may be another text of that name
			r.titles[id] = r.view.memory.vectors.get(textName{id, r.named[id]})
		}
		if r.titles[id] == nil {
			unknown = append(unknown, id)
		}
	}
	unknown, err := r.recall(unknown)
	for _, id := range unknown {
		r.vector(id)
	}
	return err
}
