package storetest

import (
	"errors"
	"fmt"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// part returns a part of the archive of "border".
func (w *World) part(name string) store.Part {
	w.t.Helper()
	p, err := w.Store.Part(w.t.Context(), "border", name)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *World) parts() []string {
	w.t.Helper()
	names, err := w.Store.Parts(w.t.Context(), "border")
	if err != nil {
		w.t.Fatal(err)
	}
	return names
}

// marks sums up a part: its first and last mark, and how many entries it has.
func marks(p store.Part) string {
	if len(p.Entries) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d-%d: %d", p.Entries[len(p.Entries)-1].Mark, p.Entries[0].Mark, len(p.Entries))
}

// items returns items of alpha with the numbers from first to last.
func (w *World) items(first, last int) []news.Item {
	var items []news.Item
	for n := first; n <= last; n++ {
		items = append(items, w.Item("alpha", n, "border"))
	}
	return items
}

// archiveFull closes a part at each hundred marks.
func archiveFull(w *World) {
	w.Commit("alpha", w.items(1, 60)...)
	same(w, "closed parts", w.parts(), nil)
	same(w, "open part", marks(w.part("2026-11")), "1-60: 60")
	same(w, "newest closed part", w.Topic("border", store.Page{}).Archive, "")
	w.Now = w.Now.Add(time.Hour)
	w.Commit("alpha", w.items(61, 200)...)
	w.Now = w.Now.Add(time.Hour)
	w.Commit("alpha", w.items(201, 330)...)
	w.Restart()
	same(w, "closed parts", w.parts(), []string{"2026-11", "2026-11-2", "2026-11-3"})
	first, second, open := w.part("2026-11"), w.part("2026-11-2"), w.part("2026-11-4")
	same(w, "first", marks(first), "1-100: 100")
	same(w, "second", marks(second), "101-200: 100")
	same(w, "open", marks(open), "301-330: 30")
	same(w, "neighbours of the first", [2]string{first.Prev, first.Next}, [2]string{"", "2026-11-2"})
	same(w, "neighbours of the second", [2]string{second.Prev, second.Next}, [2]string{"2026-11", "2026-11-3"})
	same(w, "neighbours of the open one", [2]string{open.Prev, open.Next}, [2]string{"2026-11-3", ""})
	same(w, "closing", first.Closed, Noon.Add(time.Hour))
	same(w, "newest closed part", w.Topic("border", store.Page{}).Archive, "2026-11-3")
	states, err := w.Store.Sources(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	same(w, "states with a page", w.Topic("border", store.Page{States: true}).States, states)
	for _, name := range []string{"2026-11-5", "2026-12", "2026-11-1", "2026-11-02", "2026-13", "", "2026-1", "2026-11x"} {
		if _, err := w.Store.Part(w.t.Context(), "border", name); !errors.Is(err, store.ErrNotFound) {
			w.t.Errorf("part %q: %v", name, err)
		}
	}
	if _, err := w.Store.Part(w.t.Context(), "nothing", "2026-11"); !errors.Is(err, store.ErrNotFound) {
		w.t.Errorf("part of an unknown topic: %v", err)
	}
}

// archiveMonths closes a part when its month is over: at the next joining, or
// when Expire runs.
func archiveMonths(w *World) {
	w.Commit("alpha", w.items(1, 3)...)
	w.Now = time.Date(2026, 12, 1, 0, 0, 5, 0, time.UTC)
	w.Commit("alpha", w.items(4, 5)...)
	same(w, "November", marks(w.part("2026-11")), "1-3: 3")
	same(w, "December", marks(w.part("2026-12")), "4-5: 2")
	late := w.Poll("beta", 1) // it was begun before midnight
	late.At = time.Date(2026, 11, 30, 23, 59, 50, 0, time.UTC)
	if _, err := w.Store.Commit(w.t.Context(), late, []news.Item{w.Item("beta", 9, "border")}); err != nil {
		w.t.Fatal(err)
	}
	same(w, "November", marks(w.part("2026-11")), "1-3: 3")
	same(w, "December", marks(w.part("2026-12")), "4-6: 3")
	for _, month := range []time.Month{1, 2} {
		w.Now = time.Date(2027, month, 1, 1, 0, 0, 0, time.UTC)
		revision := w.Store.Revision("border")
		w.expire(400 * day)
		same(w, "the topic moved", w.Store.Revision("border"), revision+1)
		w.expire(400 * day)
	}
	same(w, "closed parts", w.parts(), []string{"2026-11", "2026-12", "2027-01"})
	same(w, "an empty month", marks(w.part("2027-01")), "none")
	same(w, "its neighbours", [2]string{w.part("2027-01").Prev, w.part("2027-01").Next}, [2]string{"2026-12", "2027-02"})
}

// archiveFixed leaves a closed part as it was, whatever changes later.
func archiveFixed(w *World) {
	items := w.items(1, 100)
	w.Commit("alpha", items...)
	want := w.part("2026-11")
	if want.Closed.IsZero() {
		w.t.Fatal("the part is open")
	}
	w.Now = w.Now.Add(time.Hour)
	items[3].Title = "Gate opens again for all who wait"
	w.Commit("alpha", items...)
	w.Config.Hash++
	w.Config.Sources[0].Name = "Alpha Times"
	w.Config.Topics[0].Title = "The border"
	w.Apply()
	w.Restart()
	same(w, "the closed part", w.part("2026-11"), want)
	w.Now = w.Now.Add(300 * day)
	w.Commit("alpha")
	w.expire(200 * day)
	same(w, "items of it are gone", len(w.Titles("border")), 0)
}

// archiveExpires keeps a part for as long as items, from its closing on; a walk
// ends there.
func archiveExpires(w *World) {
	for i := range 3 {
		w.Commit("alpha", w.items(1+100*i, 100+100*i)...)
		w.Now = w.Now.Add(10 * day)
	}
	w.expire(25 * day)
	same(w, "parts", w.parts(), []string{"2026-11-2", "2026-12", "2026-12-2"})
	if _, err := w.Store.Part(w.t.Context(), "border", "2026-11"); !errors.Is(err, store.ErrExpired) {
		w.t.Errorf("an expired part: %v", err)
	}
	same(w, "a walk ends", w.part(w.parts()[0]).Prev, "")
	w.Now = w.Now.Add(100 * day)
	w.expire(25 * day)
	same(w, "months later", w.parts(), []string{"2026-12-3"})
	same(w, "newest closed part", w.Topic("border", store.Page{}).Archive, "2026-12-3")
	w.Now = w.Now.Add(26 * day)
	w.expire(25 * day)
	same(w, "all are gone", w.Topic("border", store.Page{}).Archive, "")
}

// archiveLate gives late entries parts of their own.
func archiveLate(w *World) {
	w.Commit("alpha", w.items(1, 5)...)
	var ids []store.Joined
	for n := 6; n <= 130; n++ {
		ids = append(ids, store.Joined{At: w.Now, Late: true})
	}
	late := w.items(6, 130)
	for i := range late {
		late[i].Matches[0].Verdict = news.Out
	}
	w.Commit("alpha", late...)
	for i := range late {
		id, err := w.Store.FindLink(w.t.Context(), late[i].Link)
		if err != nil {
			w.t.Fatal(err)
		}
		ids[i].Item = id
	}
	// What a changed rule does: the items are in the topic now, late.
	err := w.engine.Write(w.t.Context(), func(tx store.Tx) error {
		if _, err := tx.Append("border", ids); err != nil {
			return err
		}
		for i := range ids {
			stored, err := tx.Items([]news.ItemID{ids[i].Item})
			if err != nil {
				return err
			}
			stored[0].Item.Matches[0].Verdict = news.In
			if err := tx.PutItems(stored); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.Commit("alpha", w.items(131, 132)...)
	same(w, "closed parts", w.parts(), []string{"2026-11", "2026-11-2", "2026-11-3"})
	for name, want := range map[string]string{"2026-11": "1-5: 5", "2026-11-2": "6-105: 100", "2026-11-3": "106-130: 25", "2026-11-4": "131-132: 2"} {
		same(w, "part "+name, marks(w.part(name)), want)
	}
	same(w, "the live document", len(w.Titles("border")), 7)
}
