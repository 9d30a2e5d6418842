package store

import (
	"cmp"
	"maps"
	"math/bits"
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
				k.Story, k.Similarity = near.Story, near.Similarity
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
	founder.Story = k.Story
	r.become(founder)
	r.become(k)
	return r.write()
}

// announce indexes an item for those that come later.
func (r *relation) announce(id, of news.ItemID) error {
	v := r.vector(id)
	var near []Near
	for _, k := range story.StoryKeys(v) {
		near = append(near, Near{Key: k.Key, At: r.items[id].Item.At, ID: of})
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
	ids := r.joined[id]
	if ids == nil {
		var err error
		if ids, _, _, err = component(r.tx, id); err != nil {
			return 0, err
		}
	}
	if err := r.family(ids); err != nil {
		return 0, err
	}
	ids = slices.DeleteFunc(slices.Clone(ids), func(other news.ItemID) bool {
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
	keys := story.StoryKeys(v)
	plain := make([]uint64, len(keys))
	all := 0
	for i, k := range keys {
		plain[i] = k.Key
		all += k.Weight
	}
	if err := r.tx.Near(NearStories, plain, at.Add(-story.StoryReach), at.Add(story.StoryReach), r.counts.hit); err != nil {
		return story.Linked{}, err
	}
	var best story.Linked
	for n, s := range r.counts.heaviest(func(key int) (votes, weight int) { return 1, keys[key].Weight }, storyShared) {
		if n == linkStories || v.Reach(all-int(s.weight)) < max(best.Similarity, story.SameStory) {
			break
		}
		if s.item == id {
			continue
		}
		open, err := r.open(s.item)
		if err != nil {
			return story.Linked{}, err
		}
		best = best.Nearer(story.Link(v, open))
	}
	return best, nil
}

// open returns the newest members of a story, one of a copy group.
func (r *relation) open(id news.ItemID) (*story.Open, error) {
	members := r.heard[:0]
	err := r.tx.Members([]news.ItemID{id}, heardMembers, func(_ int, m Member) { members = append(members, m) })
	if err != nil {
		return nil, err
	}
	if len(members) == 0 { // a story of one
		if err := r.name([]news.ItemID{id}); err != nil {
			return nil, err
		}
		members = append(members, Member{Item: id, Text: r.named[id]})
	}
	r.heard = members
	name := textName{id, hashMembers(members)}
	if o := r.view.memory.opened.get(name); o != nil {
		return o, nil
	}
	titles, err := r.hear(members)
	if err != nil {
		return nil, err
	}
	voices := make([]voice, 0, len(members))
	for i, m := range members {
		if titles[i] != nil {
			voices = append(voices, voice{m.Item, cmp.Or(m.Group, m.Item), titles[i]})
		}
	}
	slices.SortFunc(voices, func(a, b voice) int {
		return cmp.Or(b.title.At().Compare(a.title.At()), cmp.Compare(a.item, b.item))
	})
	o := story.Open{ID: id}
	heard := make(map[news.ItemID]bool, len(voices))
	for _, v := range voices {
		if !heard[v.group] && len(o.Members) < story.StoryMembers {
			heard[v.group] = true
			o.Members = append(o.Members, v.title)
		}
	}
	r.view.memory.opened.put(name, &o, len(o.Members))
	return &o, nil
}

// voice is a member of a story on its way into it.
type voice struct {
	item, group news.ItemID
	title       *story.Vector
}

// hashMembers tells the members of a story from others that it had or will have.
func hashMembers(members []Member) uint64 {
	h := uint64(len(members))
	for _, m := range members {
		for _, v := range [...]uint64{uint64(m.Item), uint64(m.Group), m.Text} {
			h = bits.RotateLeft64((h^v)*0x9e3779b97f4a7c15, 29)
		}
	}
	return h
}

// hear returns the vectors of members; nil for one whose text has expired. It
// reads only those whose vector is not kept since they were last compared.
func (r *relation) hear(members []Member) ([]*story.Vector, error) {
	titles := make([]*story.Vector, len(members))
	var unknown []news.ItemID
	for i, m := range members {
		if m.Text == 0 {
			continue
		}
		titles[i] = r.titles[m.Item]
		if titles[i] == nil && r.items[m.Item] == nil { // what this commit brought may be another text of that name
			titles[i] = r.view.memory.vectors.get(textName{m.Item, m.Text})
		}
		if titles[i] == nil {
			r.named[m.Item] = m.Text
			unknown = append(unknown, m.Item)
		}
	}
	if len(unknown) == 0 {
		return titles, nil
	}
	unknown, err := r.recall(unknown)
	if err != nil {
		return nil, err
	}
	for _, id := range unknown {
		r.vector(id)
	}
	for i, m := range members {
		if titles[i] == nil && m.Text != 0 {
			titles[i] = r.titles[m.Item]
		}
	}
	return titles, nil
}
