package storetest

import (
	"errors"
	"slices"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// rematch runs Rematch in batches of 7 with rules of a hash until it is done.
func (w *World) rematch(hash uint64, match func(*news.Item) []news.Match) store.Rematched {
	w.t.Helper()
	var all store.Rematched
	for range 200 {
		done, err := w.Store.Rematch(w.t.Context(), w.Config.Generation, map[string]uint64{"border": hash}, match, 7)
		if err != nil {
			w.t.Fatal(err)
		}
		all.Looked, all.Joined, all.Left = all.Looked+done.Looked, all.Joined+done.Joined, all.Left+done.Left
		if !done.More {
			return all
		}
		w.Restart() // it goes on where it stood
	}
	w.t.Fatal("a rematch does not end")
	return all
}

func p6rematch(w *World) {
	var items []news.Item
	for n := range 20 {
		item := w.Item("alpha", n)
		if n < 5 {
			item = w.Item("alpha", n, "border")
		}
		if n >= 10 {
			item.Published = w.Now.Add(-72 * time.Hour)
		}
		items = append(items, item)
	}
	w.Commit("alpha", items...)
	same(w, "nothing to do", w.rematch(0, nil), store.Rematched{})
	before := w.Topic("border", store.Page{})
	w.Now = w.Now.Add(time.Hour)
	odd := func(item *news.Item) []news.Match { // every second item of all
		if n := slices.IndexFunc(items, func(i news.Item) bool { return i.GUID == item.GUID }); n%2 == 1 {
			return []news.Match{{Topic: "border", Verdict: news.In, Rule: "odd", Rules: 8}}
		}
		return []news.Match{{Topic: "border", Verdict: news.Excluded, Excluded: "even", Rules: 8}}
	}
	same(w, "rematch", w.rematch(8, odd), store.Rematched{Looked: 20, Joined: 8, Left: 3})
	page := w.Topic("border", store.Page{})
	same(w, "entries in the window: none late", len(page.Entries), 5)
	same(w, "entries of pages", len(w.Topic("border", store.Page{Late: true}).Entries), 10)
	for _, e := range page.Entries {
		if e.News || e.Match.Rule != "odd" {
			w.t.Errorf("entry %d: news %t, rule %q", e.Mark, e.News, e.Match.Rule)
		}
	}
	if page.Revision <= before.Revision || page.Revision != w.Store.Revision("border") {
		w.t.Errorf("revision %d after %d, in memory %d", page.Revision, before.Revision, w.Store.Revision("border"))
	}
	same(w, "again", w.rematch(8, odd), store.Rematched{})
	back := func(item *news.Item) []news.Match { return w.Item("alpha", 0, "border").Matches }
	w.rematch(9, back)
	marks := make(map[news.ItemID]news.Mark)
	for _, e := range w.Topic("border", store.Page{Late: true}).Entries {
		marks[e.Item.ID] = e.Mark
	}
	for _, e := range before.Entries {
		same(w, "what comes back has its old mark", marks[e.Item.ID], e.Mark)
	}
	w.Config.Hash++
	old := w.Config.Generation
	w.Apply()
	if _, err := w.Store.Rematch(w.t.Context(), old, map[string]uint64{"border": 10}, back, 7); !errors.Is(err, store.ErrStaleConfig) {
		w.t.Errorf("rematch with rules of before: %v", err)
	}
}
