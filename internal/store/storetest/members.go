package storetest

import (
	"errors"

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
			got, err := tx.Members([]news.ItemID{id(1), id(0)}, most)
			if err != nil {
				return err
			}
			same(w, "members of two stories, the first of which has none", got, [][]store.Member{nil, want})
		}
		return tx.Forget([]news.ItemID{id(3)})
	})
	w.write(func(tx store.Tx) error {
		got, err := tx.Members([]news.ItemID{id(0)}, 0)
		same(w, "members without the forgotten one", len(got[0]), 3)
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
