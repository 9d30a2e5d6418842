package store

import (
	"cmp"
	"maps"
	"slices"

	"khyber/internal/news"
	"khyber/internal/story"
)

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
			r.joined[id] = ids
		}
		if err := r.regroup(ids, edges, overrides); err != nil {
			return err
		}
	}
	return r.write()
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
	ids, err := r.recall(ids)
	if err != nil {
		return err
	}
	if err := r.family(ids); err != nil {
		return err
	}
	members, err := r.describe(ids)
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

// describe describes items for Groups.
func (r *relation) describe(ids []news.ItemID) ([]story.Member, error) {
	var texts []Text
	for _, id := range ids {
		title, summary := r.texts(id)
		texts = append(texts, title, summary)
	}
	if err := r.load(slices.Clone(texts)); err != nil {
		return nil, err
	}
	faces, err := r.facesOf(ids)
	if err != nil {
		return nil, err
	}
	members := make([]story.Member, len(ids))
	for i, id := range ids {
		f := faces[id]
		members[i] = story.Member{
			ID: id, At: f.at, FirstSeen: f.firstSeen, Publisher: f.publisher,
			Series: story.IsSeries(f.at, r.uses[texts[2*i]]), Boilerplate: story.IsBoilerplate(f.at, r.uses[texts[2*i+1]]),
		}
	}
	return members, nil
}
