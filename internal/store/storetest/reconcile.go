package storetest

import (
	"slices"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// pass makes the next pass begin, as with other rules, and runs it in batches of
// n with restarts between; it returns how many items were looked at.
func (w *World) pass(n int) int {
	w.t.Helper()
	err := w.engine.Write(w.t.Context(), func(tx store.Tx) error {
		return tx.PutRows(store.TablePass, []store.Row{{Key: "relations", Value: []byte(`{"Rules":"00000000","Done":true}`)}})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	looked := 0
	for range 100 {
		done, err := w.Store.Reconcile(w.t.Context(), n)
		if err != nil {
			w.t.Fatal(err)
		}
		looked += done.Looked
		if !done.More {
			return looked
		}
		w.Restart()
	}
	w.t.Fatal("a pass does not end")
	return 0
}

// reconcile commits reports of one text that do not see each other: they are so
// old that they are in no index, and are given another time afterwards.
func reconcile(w *World) {
	w.third()
	w.Commit("gamma", Item("gamma", 3))
	a, b := wire("alpha", 1, "border"), wire("beta", 2, "border")
	a.Published, b.Published = Noon.Add(-12*day), Noon.Add(-12*day) // too old to be indexed
	w.Commit("alpha", a)
	w.Now = w.Now.Add(time.Hour)
	w.Commit("beta", b)
	same(w, "two entries", len(w.shown("")), 2)
	ids := []news.ItemID{w.idOf(a), w.idOf(b)}
	slices.Sort(ids)
	err := w.engine.Write(w.t.Context(), func(tx store.Tx) error {
		stored, err := tx.Items(ids)
		for i := range stored {
			stored[i].Item.At = stored[i].Item.FirstSeen
		}
		if err != nil {
			return err
		}
		return tx.PutItems(stored)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	revision := w.Store.Revision("border")
	same(w, "looked at", w.pass(1), 3)
	same(w, "one entry", w.shown(""), []entry{{"alpha", 2, 1, "beta copy copy-print"}})
	if got := w.Store.Revision("border"); got <= revision {
		w.t.Errorf("revision %d after %d", got, revision)
	}
	page, members := w.story(w.idOf(b))
	same(w, "they are one story", members, "alpha, beta copy-print")
	same(w, "which the first one began", page.ID, w.idOf(a))
	done, err := w.Store.Reconcile(w.t.Context(), 10)
	if err != nil {
		w.t.Fatal(err)
	}
	same(w, "nothing is left to do", done, store.Reconciled{})
}

// reconcileHolds runs a pass over what is related already, by rule and by hand.
func reconcileHolds(w *World) {
	w.third()
	a, b, c, d := wire("alpha", 1, "border"), wire("beta", 2, "border"), own("gamma", 3, "border"), Item("alpha", 4, "border")
	w.Commit("alpha", a)
	w.Now = w.Now.Add(time.Hour)
	w.Commit("beta", b)
	w.Now = w.Now.Add(time.Hour)
	w.Commit("gamma", c)
	w.Commit("alpha", a, d)
	if _, err := w.Store.Split(w.t.Context(), w.idOf(a), w.idOf(b), "two reports"); err != nil {
		w.t.Fatal(err)
	}
	for range 2 { // to a story, to copies
		if _, err := w.Store.Merge(w.t.Context(), w.idOf(c), w.idOf(d), "one report"); err != nil {
			w.t.Fatal(err)
		}
	}
	relations, shown, calm, revision := w.relations(), w.shown(store.ViewAll), w.calmTitles(), w.Store.Revision("border")
	same(w, "looked at", w.pass(2), 4)
	same(w, "relations", w.relations(), relations)
	same(w, "entries", w.shown(store.ViewAll), shown)
	same(w, "the calm view", w.calmTitles(), calm)
	same(w, "the topic did not move", w.Store.Revision("border"), revision)
	w.Now = w.Now.Add(20 * day)
	same(w, "what is closed is not looked at", w.pass(2), 0)
}
