package store

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"khyber/internal/news"
	"khyber/internal/story"
)

const (
	// nearDays is how long a day of the near indexes is kept; an item that
	// arrives with an older date is not related.
	nearDays = 8 * 24 * time.Hour
	// nearMost is how many items of a day are looked at under one key: a flood of
	// one title costs linear time (stories §4).
	nearMost = 512
	// candidateMost is how many of them an item is compared with: those that
	// share most. Real reports have one or two.
	candidateMost = 64
	// linkStories is how many stories an item is compared with: those that share
	// most with it.
	linkStories = 16
	// componentMost is how many items a touched component is gathered to.
	componentMost = 4 * story.MaxComponent
)

// relation is step 4: what a commit's new and revised items are to others.
type relation struct {
	*commit
	items   map[news.ItemID]*Stored // read so far; nil: its text has expired
	signs   signer
	uses    map[Text][]story.Use
	touched map[news.ItemID]bool          // their component may have changed
	kin     map[news.ItemID]Kin           // read so far, as it will be
	titles  map[news.ItemID]*story.Vector // of members of stories, looked up so far; nil: the text has expired
	changed map[news.ItemID]bool          // whose kin is another one
}

func newRelation(c *commit) *relation {
	return &relation{
		commit: c, items: make(map[news.ItemID]*Stored), signs: newSigner(c.view),
		uses: make(map[Text][]story.Use), touched: make(map[news.ItemID]bool), kin: make(map[news.ItemID]Kin),
		titles: make(map[news.ItemID]*story.Vector), changed: make(map[news.ItemID]bool),
	}
}

// relate finds copies and stories of what is new or revised.
func (c *commit) relate() error {
	r := newRelation(c)
	var ids []news.ItemID
	for _, stored := range [][]Stored{c.fresh, c.revised} {
		for i := range stored {
			if item := &stored[i].Item; c.poll.At.Sub(item.At) < nearDays {
				r.items[item.ID] = &stored[i]
				ids = append(ids, item.ID)
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	for _, step := range []func([]news.ItemID) error{r.use, r.connect, r.group, r.link, r.show} {
		if err := step(ids); err != nil {
			return err
		}
	}
	return nil
}

// sign returns the signature of an item that was read.
func (r *relation) sign(id news.ItemID) *story.Signature { return r.signs.sign(&r.items[id].Item) }

// read reads items that were not yet, and returns those of ids that have their
// text.
func (r *relation) read(ids []news.ItemID) ([]news.ItemID, error) {
	var missing []news.ItemID
	for _, id := range ids {
		if _, ok := r.items[id]; !ok {
			missing = append(missing, id)
		}
	}
	stored, err := r.tx.Items(missing)
	if err != nil {
		return nil, err
	}
	for i, id := range missing {
		r.items[id] = nil
		if !stored[i].Item.FirstSeen.IsZero() {
			r.items[id] = &stored[i]
		}
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id news.ItemID) bool { return r.items[id] == nil }), nil
}

// texts returns where the uses of an item's title and summary are kept.
func (r *relation) texts(id news.ItemID) (title, summary Text) {
	t, s := story.TextKeys(r.sign(id))
	return Text{r.items[id].Item.Source, t}, Text{r.items[id].Item.Source, s}
}

// load reads the uses of texts that were not read yet.
func (r *relation) load(texts []Text) error {
	texts = slices.DeleteFunc(texts, func(t Text) bool { _, ok := r.uses[t]; return ok || t.Hash == 0 })
	found, err := r.tx.Uses(texts)
	if err != nil {
		return err
	}
	for i, t := range texts {
		r.uses[t] = found[i]
	}
	return nil
}

// use adds titles and summaries to the uses of their source. A use can make a
// series, or boilerplate, of what stood before.
func (r *relation) use(ids []news.ItemID) error {
	var texts []Text
	for _, id := range ids {
		title, summary := r.texts(id)
		texts = append(texts, title, summary)
	}
	if err := r.load(slices.Clone(texts)); err != nil {
		return err
	}
	var put []Text
	for i, id := range ids {
		title, summary := texts[2*i], texts[2*i+1]
		for _, use := range []struct {
			text  Text
			other uint64
			is    func(time.Time, []story.Use) bool
		}{{title, summary.Hash, story.IsSeries}, {summary, title.Hash, story.IsBoilerplate}} {
			before := r.uses[use.text]
			if use.text.Hash == 0 || len(before) >= story.MaxUses || slices.ContainsFunc(before, func(u story.Use) bool { return u.Item == id }) {
				continue
			}
			after := append(before[:len(before):len(before)], story.Use{Item: id, At: r.items[id].Item.At, Other: use.other})
			for _, u := range before {
				if use.is(u.At, before) != use.is(u.At, after) {
					r.touched[u.Item] = true
				}
			}
			r.uses[use.text] = after
			put = append(put, use.text)
		}
	}
	put = sortedSet(put, func(a, b Text) int { return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Hash, b.Hash)) })
	uses := make([][]story.Use, len(put))
	for i, t := range put {
		uses[i] = r.uses[t]
	}
	return r.tx.PutUses(put, uses)
}

func sortedSet[T comparable](s []T, order func(a, b T) int) []T {
	slices.SortFunc(s, order)
	return slices.Compact(s)
}

// connect indexes the items, compares each with its candidates and keeps the
// edges.
func (r *relation) connect(ids []news.ItemID) error {
	var near []Near
	for _, id := range ids {
		for _, k := range story.CandidateKeys(r.sign(id)) {
			near = append(near, Near{Key: uint64(k), At: r.items[id].Item.At, ID: id})
		}
	}
	slices.SortFunc(near, func(a, b Near) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.ID, b.ID)) })
	if err := r.tx.PutNear(NearCopies, near); err != nil {
		return err
	}
	known, err := r.tx.Edges(ids)
	if err != nil {
		return err
	}
	edges := make(map[[2]news.ItemID]story.Edge)
	for _, e := range slices.Concat(known...) {
		edges[[2]news.ItemID{e.Low, e.High}] = e
	}
	var put []story.Edge
	for _, id := range ids {
		candidates, err := r.candidates(id)
		if err != nil {
			return err
		}
		for _, other := range candidates {
			v := story.Relate(r.sign(id), r.sign(other))
			e := story.NewEdge(id, other, v)
			pair := [2]news.ItemID{e.Low, e.High}
			old, had := edges[pair]
			if v.Relation == "" || had && !e.Stronger(&old) {
				continue
			}
			edges[pair] = e
			put = append(put, e)
			if e.Joins() {
				r.touched[id], r.touched[other] = true, true
			}
		}
	}
	return r.tx.PutEdges(put)
}

// candidates returns the items that share enough with one.
func (r *relation) candidates(id news.ItemID) ([]news.ItemID, error) {
	keys := story.CandidateKeys(r.sign(id))
	plain := make([]uint64, len(keys))
	for i, k := range keys {
		plain[i] = uint64(k)
	}
	at := r.items[id].Item.At
	found, err := r.tx.Near(NearCopies, plain, at.Add(-story.Window), at.Add(story.Window), nearMost)
	if err != nil {
		return nil, err
	}
	weights := make(map[news.ItemID]int)
	for i, others := range found {
		for _, other := range others {
			weights[other] += keys[i].Weight()
		}
	}
	delete(weights, id)
	maps.DeleteFunc(weights, func(_ news.ItemID, w int) bool { return w < story.Enough })
	ids := slices.SortedFunc(maps.Keys(weights), func(a, b news.ItemID) int {
		return cmp.Or(cmp.Compare(weights[b], weights[a]), cmp.Compare(a, b))
	})
	if len(ids) > candidateMost {
		r.capped++
		ids = ids[:candidateMost]
	}
	return r.read(ids)
}

// family reads the kin of items that were not read yet.
func (r *relation) family(ids []news.ItemID) error {
	missing := slices.DeleteFunc(slices.Clone(ids), func(id news.ItemID) bool { _, ok := r.kin[id]; return ok })
	found, err := r.tx.Kin(missing)
	if err != nil {
		return err
	}
	for i, id := range missing {
		found[i].Item = id
		r.kin[id] = found[i]
	}
	return nil
}

// become changes the kin of an item.
func (r *relation) become(k Kin) {
	if r.kin[k.Item] != k {
		r.kin[k.Item] = k
		r.changed[k.Item] = true
	}
}

// group reckons the copy groups of every component that was touched.
func (r *relation) group([]news.ItemID) error {
	done := make(map[news.ItemID]bool)
	for _, id := range slices.Sorted(maps.Keys(r.touched)) {
		if done[id] {
			continue
		}
		ids, edges, overrides, err := component(r.tx, id)
		if err != nil {
			return err
		}
		for _, id := range ids {
			done[id] = true
		}
		if err := r.regroup(ids, edges, overrides); err != nil {
			return err
		}
	}
	return nil
}

// component gathers what edges that join and merges by hand connect to an item.
func component(tx ReadTx, id news.ItemID) (ids []news.ItemID, edges []story.Edge, overrides []story.Override, err error) {
	seen := map[news.ItemID]bool{id: true}
	for next := []news.ItemID{id}; len(next) > 0 && len(seen) <= componentMost; {
		found, err := tx.Edges(next)
		if err != nil {
			return nil, nil, nil, err
		}
		hands, err := tx.Overrides(next)
		if err != nil {
			return nil, nil, nil, err
		}
		next = nil
		reach := func(ends ...news.ItemID) {
			for _, end := range ends {
				if !seen[end] {
					seen[end] = true
					next = append(next, end)
				}
			}
		}
		for _, e := range slices.Concat(found...) {
			edges = append(edges, e)
			if e.Joins() {
				reach(e.Low, e.High)
			}
		}
		for _, o := range slices.Concat(hands...) {
			overrides = append(overrides, o)
			if o.Relation == news.RelationCopy {
				reach(o.Low, o.High)
			}
		}
		slices.Sort(next)
	}
	edges = sortedEdges(edges)
	slices.SortFunc(overrides, func(a, b story.Override) int { return cmp.Or(cmp.Compare(a.Low, b.Low), cmp.Compare(a.High, b.High)) })
	overrides = slices.CompactFunc(overrides, func(a, b story.Override) bool { return a.Low == b.Low && a.High == b.High })
	return slices.Sorted(maps.Keys(seen)), edges, overrides, nil
}

// sortedEdges sorts edges by their ends and leaves each once.
func sortedEdges(edges []story.Edge) []story.Edge {
	slices.SortFunc(edges, func(a, b story.Edge) int { return cmp.Or(cmp.Compare(a.Low, b.Low), cmp.Compare(a.High, b.High)) })
	return slices.CompactFunc(edges, func(a, b story.Edge) bool { return a.Low == b.Low && a.High == b.High })
}

// regroup gives the items of a component the groups that follow from all of it.
func (r *relation) regroup(ids []news.ItemID, edges []story.Edge, overrides []story.Override) error {
	ids, err := r.read(ids)
	if err != nil {
		return err
	}
	if err := r.family(ids); err != nil {
		return err
	}
	members, err := r.members(ids)
	if err != nil {
		return err
	}
	group := make(map[news.ItemID]news.ItemID)
	for _, g := range story.Groups(members, edges, overrides) {
		of := slices.DeleteFunc(slices.Clone(members), func(m story.Member) bool { return !slices.Contains(g, m.ID) })
		for _, id := range g {
			group[id] = story.Representative(of)
		}
	}
	for _, id := range ids {
		k := r.kin[id]
		k.Group = group[id]
		r.become(k)
	}
	return nil
}

// members describes items for Groups.
func (r *relation) members(ids []news.ItemID) ([]story.Member, error) {
	var texts []Text
	for _, id := range ids {
		title, summary := r.texts(id)
		texts = append(texts, title, summary)
	}
	if err := r.load(slices.Clone(texts)); err != nil {
		return nil, err
	}
	members := make([]story.Member, len(ids))
	for i, id := range ids {
		item := &r.items[id].Item
		members[i] = story.Member{
			ID: id, At: item.At, FirstSeen: item.FirstSeen, Publisher: item.Publisher,
			Series: story.IsSeries(item.At, r.uses[texts[2*i]]), Boilerplate: story.IsBoilerplate(item.At, r.uses[texts[2*i+1]]),
		}
	}
	return members, nil
}

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
	return r.tx.PutNear(NearStories, near)
}

// vector returns the vector of an item that was read.
func (r *relation) vector(id news.ItemID) *story.Vector {
	name := vectorName{id, r.items[id].Text}
	if v := r.vectors.get(name); v != nil {
		return v
	}
	v := story.NewVector(r.sign(id))
	r.vectors.put(name, &v)
	return &v
}

// storyOfGroup returns the story of an item's copies, of the one that was first
// seen.
func (r *relation) storyOfGroup(id, representative news.ItemID) (news.ItemID, error) {
	ids, _, _, err := component(r.tx, id)
	if err != nil {
		return 0, err
	}
	if ids, err = r.read(ids); err != nil {
		return 0, err
	}
	if err := r.family(ids); err != nil {
		return 0, err
	}
	var first *news.Item
	for _, other := range ids {
		item := &r.items[other].Item
		if other == id || r.kin[other].Group != representative {
			continue
		}
		if first == nil || item.FirstSeen.Before(first.FirstSeen) || item.FirstSeen.Equal(first.FirstSeen) && other < first.ID {
			first = item
		}
	}
	if first == nil {
		return 0, nil
	}
	return cmp.Or(r.kin[first.ID].Story, first.ID), nil
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
	found, err := r.tx.Near(NearStories, story.StoryKeys(v), at.Add(-story.StoryOpen), at.Add(story.StoryOpen), nearMost)
	if err != nil {
		return story.Linked{}, err
	}
	shared := make(map[news.ItemID]int)
	for _, stories := range found {
		for _, s := range sortedSet(stories, cmp.Compare[news.ItemID]) {
			shared[s]++
		}
	}
	delete(shared, id)
	maps.DeleteFunc(shared, func(_ news.ItemID, n int) bool { return n < 2 })
	ids := slices.SortedFunc(maps.Keys(shared), func(a, b news.ItemID) int {
		return cmp.Or(cmp.Compare(shared[b], shared[a]), cmp.Compare(a, b))
	})
	ids = ids[:min(len(ids), linkStories)]
	members, err := r.tx.Members(ids)
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
	if len(members) == 0 {
		members = []news.ItemID{id}
	}
	if err := r.hear(members); err != nil {
		return story.Open{}, err
	}
	members = slices.DeleteFunc(slices.Clone(members), func(id news.ItemID) bool { return r.titles[id] == nil })
	if err := r.family(members); err != nil {
		return story.Open{}, err
	}
	slices.SortFunc(members, func(a, b news.ItemID) int {
		return cmp.Or(r.titles[b].At().Compare(r.titles[a].At()), cmp.Compare(a, b))
	})
	o := story.Open{ID: id}
	heard := make(map[news.ItemID]bool)
	for _, m := range members {
		group := cmp.Or(r.kin[m].Group, m)
		if !heard[group] && len(o.Members) < story.StoryMembers {
			heard[group] = true
			o.Members = append(o.Members, *r.titles[m])
		}
	}
	return o, nil
}

// hear finds the vectors of items. It reads only those whose vector is not kept
// since they were last compared.
func (r *relation) hear(ids []news.ItemID) error {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id news.ItemID) bool { _, ok := r.titles[id]; return ok })
	texts, err := r.tx.Texts(ids)
	if err != nil {
		return err
	}
	var unknown []news.ItemID
	for i, id := range ids {
		r.titles[id] = r.vectors.get(vectorName{id, texts[i]})
		if r.titles[id] == nil {
			unknown = append(unknown, id)
		}
	}
	unknown, err = r.read(unknown)
	for _, id := range unknown {
		r.titles[id] = r.vector(id)
	}
	return err
}

// show writes what has changed and notes the topics that show it: those of every
// member of a story that has changed.
func (r *relation) show([]news.ItemID) error {
	changed := slices.Sorted(maps.Keys(r.changed))
	if len(changed) == 0 {
		return nil
	}
	kin := make([]Kin, len(changed))
	var stories []news.ItemID
	for i, id := range changed {
		kin[i] = r.kin[id]
		if kin[i].Story != 0 {
			stories = append(stories, kin[i].Story)
		}
	}
	if err := r.tx.PutKin(kin); err != nil {
		return err
	}
	members, err := r.tx.Members(sortedSet(stories, cmp.Compare[news.ItemID]))
	if err != nil {
		return err
	}
	ids, err := r.read(sortedSet(append(slices.Concat(members...), changed...), cmp.Compare[news.ItemID]))
	if err != nil {
		return err
	}
	r.shownBy(ids)
	return nil
}

// shownBy notes the topics that items are in.
func (r *relation) shownBy(ids []news.ItemID) {
	for _, id := range ids {
		for _, m := range r.items[id].Item.Matches {
			if m.Verdict == news.In {
				r.shown[r.view.topics[m.Topic].id] = true
			}
		}
	}
}
