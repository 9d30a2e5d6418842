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
	// nearMost is how many items of a day are kept under one key: a flood of one
	// title costs linear time (stories §4).
	nearMost = 512
	// candidateMost is how many of them an item is compared with: those that
	// share most. Real reports have one or two.
	candidateMost = 64
	// linkStories is how many stories an item is compared with: those that share
	// most with it.
	linkStories = 16
	// storyShared is how many keys it must share with a story at least.
	storyShared = 2
	// heardMembers is how many of a story's last members are looked at when it may
	// take an item, for the StoryMembers that count; shownMembers how many when it
	// has, for the topics that show it. A flood costs no more.
	heardMembers, shownMembers = 4 * story.StoryMembers, 1024
	// componentMost is how many items a touched component is gathered to.
	componentMost = 4 * story.MaxComponent
)

// relation is step 4: what a commit's new and revised items are to others.
type relation struct {
	*commit
	items   map[news.ItemID]*Stored // read so far; nil: its text has expired
	named   map[news.ItemID]uint64  // TextHash of items looked up so far; 0: it has no text
	signs   signer
	keys    map[news.ItemID][]story.CandidateKey
	uses    map[Text][]story.Use
	touched map[news.ItemID]bool          // their component may have changed
	kin     map[news.ItemID]Kin           // read so far, as it will be
	titles  map[news.ItemID]*story.Vector // made so far
	changed map[news.ItemID]bool          // whose kin is another one
	pending []news.ItemID                 // whose kin was not written yet
	joined  map[news.ItemID][]news.ItemID // what group found in its component
	counts  tallies
	heard   []Member // of the stories that are looked at; used again
}

func newRelation(c *commit) *relation {
	if c.copies == nil {
		c.copies = make(map[string]int)
	}
	return &relation{
		commit: c, items: make(map[news.ItemID]*Stored), named: make(map[news.ItemID]uint64), signs: newSigner(c.view), keys: make(map[news.ItemID][]story.CandidateKey),
		uses: make(map[Text][]story.Use), touched: make(map[news.ItemID]bool), kin: make(map[news.ItemID]Kin),
		titles: make(map[news.ItemID]*story.Vector), changed: make(map[news.ItemID]bool),
		joined: make(map[news.ItemID][]news.ItemID),
	}
}

// relate finds copies and stories of what is new or revised.
func (c *commit) relate() error {
	r := newRelation(c)
	maps.Copy(r.signs.made, c.signed)
	var ids []news.ItemID
	for _, stored := range [][]Stored{c.fresh, c.revised} {
		for i := range stored {
			c.view.memory.keepFace(&stored[i])
			if item := &stored[i].Item; c.poll.At.Sub(item.At) < nearDays {
				r.items[item.ID] = &stored[i]
				ids = append(ids, item.ID)
				if made := c.signed[item.ID]; made != nil {
					c.view.memory.keepSign(&stored[i], made)
				}
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

// sign returns the signature of an item that was read, or recalled.
func (r *relation) sign(id news.ItemID) *story.Signature {
	if made := r.signs.made[id]; made != nil {
		return made
	}
	stored := r.items[id]
	if packed := r.view.memory.signs.get(textName{id, stored.Text}); packed != nil {
		made := packed.Unpack()
		r.signs.made[id] = made
		return made
	}
	made := r.signs.sign(&stored.Item)
	r.view.memory.keepSign(stored, made)
	return made
}

// recall finds the signatures of items and returns those of ids that have their
// text. It reads only items that are not in memory since they were last compared.
func (r *relation) recall(ids []news.ItemID) ([]news.ItemID, error) {
	if err := r.name(ids); err != nil {
		return nil, err
	}
	var unknown []news.ItemID
	for _, id := range ids {
		if r.items[id] != nil || r.signs.made[id] != nil {
			continue
		}
		if packed := r.view.memory.signs.get(textName{id, r.named[id]}); packed != nil {
			r.signs.made[id] = packed.Unpack()
		} else {
			unknown = append(unknown, id)
		}
	}
	if _, err := r.read(unknown); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id news.ItemID) bool {
		return r.items[id] == nil && r.signs.made[id] == nil
	}), nil
}

// name looks up the TextHash of items.
func (r *relation) name(ids []news.ItemID) error {
	var missing []news.ItemID
	for _, id := range ids {
		if _, ok := r.named[id]; ok {
			continue
		}
		if stored := r.items[id]; stored != nil {
			r.named[id] = stored.Text
		} else {
			missing = append(missing, id)
		}
	}
	texts, err := r.tx.Texts(missing)
	for i, id := range missing[:len(texts)] {
		r.named[id] = texts[i]
	}
	return err
}

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
	s := r.sign(id)
	t, u := story.TextKeys(s)
	return Text{s.Source(), t}, Text{s.Source(), u}
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

// index makes items findable: by what copies share, and by what they name.
func (r *relation) index(ids []news.ItemID) error {
	var near, named []Near
	for _, id := range ids {
		at := r.items[id].Item.At
		r.keys[id] = story.CandidateKeys(r.sign(id))
		for _, k := range r.keys[id] {
			near = append(near, Near{Key: uint64(k), At: at, ID: id})
		}
		for _, k := range story.NameKeys(r.sign(id)) {
			named = append(named, Near{Key: k, At: at, ID: id})
		}
	}
	for index, entries := range map[Index][]Near{NearCopies: near, NearNames: named} { // in any order
		slices.SortFunc(entries, func(a, b Near) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.ID, b.ID)) })
		if err := r.tx.PutNear(index, entries, nearMost); err != nil {
			return err
		}
	}
	return nil
}

// connect indexes the items, compares each with its candidates and keeps the
// edges.
func (r *relation) connect(ids []news.ItemID) error {
	if err := r.index(ids); err != nil {
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
				if !had || !old.Joins() {
					r.copies[e.Rule]++
				}
				r.touched[id], r.touched[other] = true, true
			}
		}
	}
	return r.tx.PutEdges(put)
}

// candidates returns the items that share enough with one.
func (r *relation) candidates(id news.ItemID) ([]news.ItemID, error) {
	keys := r.keys[id]
	plain := make([]uint64, len(keys))
	for i, k := range keys {
		plain[i] = uint64(k)
	}
	at := r.items[id].Item.At
	if err := r.tx.Near(NearCopies, plain, at.Add(-story.Window), at.Add(story.Window), r.counts.hit); err != nil {
		return nil, err
	}
	found := r.counts.heaviest(func(key int) (votes, weight int) { return keys[key].Weight(), keys[key].Weight() }, story.Enough)
	ids := make([]news.ItemID, 0, len(found))
	for _, t := range found {
		if t.item != id {
			ids = append(ids, t.item)
		}
	}
	if len(ids) > candidateMost {
		r.capped++
		ids = ids[:candidateMost]
	}
	r.compared += len(ids)
	return r.recall(ids)
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
		r.pending = append(r.pending, k.Item)
	}
}

// write writes what become changed: what follows reads it.
func (r *relation) write() error {
	kin := make([]Kin, 0, len(r.pending))
	for _, id := range sortedSet(r.pending, cmp.Compare[news.ItemID]) {
		kin = append(kin, r.kin[id])
	}
	r.pending = r.pending[:0]
	return r.tx.PutKin(kin)
}

// show writes what has changed and notes the topics that show it: those of every
// member of a story that has changed.
func (r *relation) show([]news.ItemID) error {
	if err := r.write(); err != nil {
		return err
	}
	done := make(map[news.ItemID]bool)
	for _, id := range slices.Sorted(maps.Keys(r.changed)) {
		if done[of(r.kin[id])] {
			continue
		}
		stories, err := r.showStory(of(r.kin[id]))
		if err != nil {
			return err
		}
		for _, id := range stories {
			done[id] = true
		}
	}
	return nil
}

// showStory notes the topics that show a story, and returns it with all that is
// read as one with it.
func (r *relation) showStory(id news.ItemID) ([]news.ItemID, error) {
	stories, err := together(r.tx, id)
	if err != nil {
		return nil, err
	}
	var members []Member
	alone := slices.Clone(stories)
	err = r.tx.Members(stories, shownMembers, func(i int, m Member) {
		members = append(members, m)
		r.named[m.Item] = m.Text
		alone[i] = 0
	})
	if err != nil {
		return nil, err
	}
	for _, id := range alone {
		if id != 0 { // a story of one
			members = append(members, Member{Item: id})
		}
	}
	slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(a.Item, b.Item) })
	ids := make([]news.ItemID, len(members))
	for i := range members {
		ids[i] = members[i].Item
	}
	faces, err := r.facesOf(ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if f := faces[id]; f != nil {
			for _, t := range f.topics {
				r.shown[r.view.topics[t].id] = true
			}
		}
	}
	return stories, r.reach(stories, members, faces)
}

// facesOf returns what a story shows of items; none of those whose text has
// expired. It reads only items that are not in memory.
func (r *relation) facesOf(ids []news.ItemID) (map[news.ItemID]*face, error) {
	if err := r.name(ids); err != nil {
		return nil, err
	}
	faces := make(map[news.ItemID]*face, len(ids))
	unknown := slices.DeleteFunc(slices.Clone(ids), func(id news.ItemID) bool {
		faces[id] = r.view.memory.faces.get(textName{id, r.named[id]})
		return faces[id] != nil
	})
	unknown, err := r.read(unknown)
	for _, id := range unknown {
		faces[id] = r.view.memory.keepFace(r.items[id])
	}
	return faces, err
}
