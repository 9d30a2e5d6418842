package storetest

import (
	"time"

	"khyber/internal/news"
)

// addressOfNext wants the failures of an address to end with it.
func addressOfNext(w *World) {
	fail := func() int {
		w.t.Helper()
		p := w.Poll("alpha", 0)
		p.Kind, p.Complete, p.Validators, p.BodyHash = news.KindTimeout, false, news.Validators{}, 0
		if _, err := w.Store.Commit(w.t.Context(), p, nil); err != nil {
			w.t.Fatal(err)
		}
		state, err := w.Store.Source(w.t.Context(), "alpha")
		if err != nil {
			w.t.Fatal(err)
		}
		return state.Failures
	}
	fail()
	same(w, "failures in a row", fail(), 2)
	for i := range w.Config.Sources {
		if src := &w.Config.Sources[i]; src.ID == "alpha" {
			src.URL += "/moved"
		}
	}
	w.Config.Hash++
	w.Apply()
	same(w, "failures of the new address", fail(), 1)
}

// datedItems wants new items counted by whether they have a date, and old ones
// to fade.
func datedItems(w *World) {
	commit := func(from, n int, undated bool) [2]int {
		w.t.Helper()
		var items []news.Item
		for i := from; i < from+n; i++ {
			item := Item("alpha", i)
			if undated {
				item.Published = time.Time{}
			}
			items = append(items, item)
		}
		w.Commit("alpha", items...)
		state, err := w.Store.Source(w.t.Context(), "alpha")
		if err != nil {
			w.t.Fatal(err)
		}
		return state.Dated
	}
	same(w, "dated and not, at first", commit(0, 8, false), [2]int{8, 0})
	same(w, "with as many without", commit(8, 8, true), [2]int{8, 8})
	same(w, "known items do not count", commit(8, 8, true), [2]int{8, 8})
	got := commit(100, 100, true)
	if got[0] > 1 || got[1] < 19 {
		w.t.Errorf("after 100 items without a date the state tells of %v", got)
	}
}
