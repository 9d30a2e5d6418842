package storetest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/story"
)

func (t *transaction) Uses(texts []store.Text) ([][]story.Use, error) {
	out := make([][]story.Use, len(texts))
	for i, text := range texts {
		out[i] = slices.Clone(t.uses[text])
	}
	return out, nil
}

func (t *transaction) PutUses(texts []store.Text, uses [][]story.Use) error {
	for i, text := range texts {
		all := slices.Clone(t.uses[text])
		for _, u := range uses[i] {
			if !slices.ContainsFunc(all, func(o story.Use) bool { return o.Item == u.Item }) {
				all = append(all, u)
			}
		}
		set(t, t.uses, text, all)
	}
	return nil
}

func (t *transaction) Near(index store.Index, keys []uint64, from, to time.Time, f func(key int, id news.ItemID)) error {
	for i, key := range keys {
		for d := from.Truncate(day); !d.After(to); d = d.Add(day) {
			for _, id := range t.near[nearKey{index, d, key}] {
				f(i, id)
			}
		}
	}
	return nil
}

func (t *transaction) PutNear(index store.Index, entries []store.Near, most int) error {
	for _, e := range entries {
		k := nearKey{index, e.At.Truncate(day), e.Key}
		if all := t.near[k]; len(all) < most && !slices.Contains(all, e.ID) {
			set(t, t.near, k, append(all, e.ID))
		}
	}
	return nil
}

// add returns a sorted set with one more.
func add(ids []news.ItemID, id news.ItemID) []news.ItemID {
	at, found := slices.BinarySearch(ids, id)
	if found {
		return ids
	}
	return slices.Insert(slices.Clone(ids), at, id)
}

func (t *transaction) DropNear(day, use time.Time) error {
	for k := range maps.Clone(t.near) {
		if k.day.Before(day.Truncate(24 * time.Hour)) {
			unset(t, t.near, k)
		}
	}
	for text, uses := range maps.Clone(t.uses) {
		kept := slices.DeleteFunc(slices.Clone(uses), func(u story.Use) bool { return u.At.Before(use) })
		if len(kept) == 0 {
			unset(t, t.uses, text)
		} else {
			set(t, t.uses, text, kept)
		}
	}
	return nil
}

func (t *transaction) Edges(ids []news.ItemID) ([][]story.Edge, error) {
	out := make([][]story.Edge, len(ids))
	for i, id := range ids {
		out[i] = slices.Clone(t.edges[id])
	}
	return out, nil
}

func (t *transaction) PutEdges(edges []story.Edge) error {
	for _, e := range edges {
		for _, end := range []news.ItemID{e.Low, e.High} {
			all := slices.DeleteFunc(slices.Clone(t.edges[end]), func(o story.Edge) bool { return o.Low == e.Low && o.High == e.High })
			all = append(all, e)
			slices.SortFunc(all, func(a, b story.Edge) int { return cmp.Compare(a.Low+a.High, b.Low+b.High) })
			set(t, t.edges, end, all)
		}
	}
	return nil
}

func (t *transaction) Overrides(ids []news.ItemID) ([][]story.Override, error) {
	out := make([][]story.Override, len(ids))
	for i, id := range ids {
		out[i] = slices.Clone(t.overrides[id])
	}
	return out, nil
}

func (t *transaction) PutOverride(o story.Override) error {
	for _, end := range []news.ItemID{o.Low, o.High} {
		all := slices.DeleteFunc(slices.Clone(t.overrides[end]), func(e story.Override) bool { return e.Low == o.Low && e.High == o.High })
		set(t, t.overrides, end, append(all, o))
	}
	return nil
}

func (t *transaction) Kin(ids []news.ItemID) ([]store.Kin, error) {
	out := make([]store.Kin, len(ids))
	for i, id := range ids {
		out[i] = t.kin[id]
		out[i].Item = id
	}
	return out, nil
}

func (t *transaction) PutKin(kin []store.Kin) error {
	for _, k := range kin {
		if old := t.kin[k.Item].Story; old != 0 && old != k.Story {
			t.leave(old, k.Item)
		}
		if k.Story != 0 {
			set(t, t.members, k.Story, add(t.members[k.Story], k.Item))
		}
		set(t, t.kin, k.Item, k)
	}
	return nil
}

// leave takes an item out of the members of a story.
func (t *transaction) leave(story, item news.ItemID) {
	set(t, t.members, story, slices.DeleteFunc(slices.Clone(t.members[story]), func(id news.ItemID) bool { return id == item }))
}

func (t *transaction) Members(stories []news.ItemID, most int, f func(story int, m store.Member)) error {
	for i, id := range stories {
		last := slices.SortedFunc(slices.Values(t.members[id]), func(a, b news.ItemID) int { return cmp.Compare(t.arrival[b], t.arrival[a]) })
		if most > 0 {
			last = last[:min(len(last), most)]
		}
		for _, m := range last {
			f(i, store.Member{Item: m, Group: t.kin[m].Group, Text: t.items[m].Text})
		}
	}
	return nil
}

func (t *transaction) Marks(topic string, ids []news.ItemID) ([]news.Mark, error) {
	out := make([]news.Mark, len(ids))
	for i, id := range ids {
		for _, j := range t.entries[topic] {
			if j.Item == id {
				out[i] = j.Mark
			}
		}
	}
	return out, nil
}
