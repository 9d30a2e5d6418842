package storetest

import (
	"errors"
	"slices"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// members of a story are read newest first with what is kept of them, whatever
// has changed since they joined it.
func members(w *World) {
	const n = 5
	kin := make([]store.Kin, n)
	for i := range kin {
		w.Commit("alpha", w.Item("alpha", i))
	}
	stored := w.scan()
	for i := range kin {
		kin[i] = store.Kin{Item: stored[i].Item.ID, Story: stored[0].Item.ID}
	}
	id := func(i int) news.ItemID { return stored[i].Item.ID }
	w.write(func(tx store.Tx) error {
		kin[3].Group, kin[4].Group = id(3), id(3)
		if err := tx.PutKin(kin); err != nil {
			return err
		}
		stored[2].Text = 7 // a revision
		kin[1].Story = 0
		if err := tx.PutItems(stored[2:3]); err != nil {
			return err
		}
		if err := tx.PutKin(kin[1:2]); err != nil {
			return err
		}
		return tx.Strip([]store.Stub{{ID: id(3), Source: "alpha", Since: Noon}})
	})
	w.write(func(tx store.Tx) error {
		for most, want := range map[int][]store.Member{
			0: {{Item: id(4), Group: id(3), Text: stored[4].Text}, {Item: id(3), Group: id(3)}, {Item: id(2), Text: 7}, {Item: id(0), Text: stored[0].Text}},
			2: {{Item: id(4), Group: id(3), Text: stored[4].Text}, {Item: id(3), Group: id(3)}},
		} {
			got := make([][]store.Member, 2)
			err := tx.Members([]news.ItemID{id(1), id(0)}, most, func(i int, m store.Member) { got[i] = append(got[i], m) })
			if err != nil {
				return err
			}
			same(w, "members of two stories, the first of which has none", got, [][]store.Member{nil, want})
		}
		return tx.Forget([]news.ItemID{id(3)})
	})
	w.write(func(tx store.Tx) error {
		left := 0
		err := tx.Members([]news.ItemID{id(0)}, 0, func(int, store.Member) { left++ })
		same(w, "members without the forgotten one", left, 3)
		for i := range kin { // nothing says why they were together
			kin[i].Group, kin[i].Story = 0, 0
		}
		return errors.Join(err, tx.PutKin(kin[:3]), tx.PutKin(kin[4:]))
	})
}

// scan returns all items in the order of their arrival.
func (w *World) scan() (all []store.Stored) {
	w.t.Helper()
	w.write(func(tx store.Tx) error {
		var err error
		all, _, err = tx.Scan("", 100, false)
		return err
	})
	return all
}

// write runs f in a transaction of the engine.
func (w *World) write(f func(tx store.Tx) error) {
	w.t.Helper()
	if err := w.engine.Write(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

// near finds what an index holds under a key from one day to another; old days go
// when they are dropped.
func near(w *World) {
	const days = 20
	day := func(n int) time.Time { return Noon.Add(time.Duration(n-days) * 24 * time.Hour) }
	find := func(from, to int, keys ...uint64) (found [][]news.ItemID) {
		w.write(func(tx store.Tx) error {
			found = make([][]news.ItemID, len(keys))
			err := tx.Near(store.NearStories, keys, day(from), day(to), func(key int, id news.ItemID) { found[key] = append(found[key], id) })
			for _, ids := range found {
				slices.Sort(ids)
			}
			return err
		})
		return found
	}
	const key, beside = 0x7123456789ab, 0x7123456789ac // which may share a row
	w.write(func(tx store.Tx) error {
		for n := range news.ItemID(days) {
			at := day(int(n))
			entries := []store.Near{{Key: key, At: at, ID: 2*n + 2}, {Key: key, At: at, ID: 2*n + 1}, {Key: key, At: at, ID: 2*n + 2}, {Key: beside, At: at, ID: 99}}
			if err := tx.PutNear(store.NearStories, entries, 2); err != nil {
				return err
			}
			if err := tx.PutNear(store.NearStories, []store.Near{{Key: key, At: at, ID: 100}}, 2); err != nil {
				return err
			}
		}
		return tx.PutNear(store.NearCopies, []store.Near{{Key: key, At: day(days), ID: 98}}, 2)
	})
	same(w, "three days", find(3, 5, key, beside+1, beside), [][]news.ItemID{{7, 8, 9, 10, 11, 12}, nil, {99, 99, 99}})
	w.write(func(tx store.Tx) error { return tx.DropNear(day(18), day(0)) })
	same(w, "all days that are left", find(0, days, key), [][]news.ItemID{{37, 38, 39, 40}})
}
