package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// topicBorder returns a verdict of the topic border.
func topicBorder(verdict news.Verdict, hash uint64) news.Match {
	m := news.Match{Topic: "border", Verdict: verdict, Rule: fmt.Sprintf("rule %d", hash), Rules: hash}
	if verdict == news.Excluded {
		m.Excluded = "sport"
	}
	for n := range 4 {
		m.Mentions = append(m.Mentions, news.Mention{
			Entity: "gate", For: "border", Text: "gate", In: news.InTitle, Start: 11 + n, End: 15 + n,
		})
	}
	return m
}

// verdicts are kept as they were found: in and excluded are records, out is the
// absence of one. An item that is revised is matched by its new text.
func verdicts(w *World) {
	w.Commit("alpha") // the first document is never news
	items := []news.Item{w.Item("alpha", 1), w.Item("alpha", 2), w.Item("alpha", 3)}
	items[0].Matches = []news.Match{topicBorder(news.In, 7)}
	items[1].Matches = []news.Match{topicBorder(news.Excluded, 7)}
	w.Commit("alpha", items...)
	w.Restart()
	for i := range items {
		same(w, "verdict", w.itemOf(items[i].Link).Item.Matches, items[i].Matches)
	}
	same(w, "in the topic", w.Titles("border"), []string{items[0].Title})

	w.Now = w.Now.Add(time.Hour)
	changed := []news.Item{items[0], items[1], items[2]}
	for i := range changed {
		changed[i].Title += ", say officials"
	}
	changed[0].Matches = []news.Match{topicBorder(news.Excluded, 7)} // what was read stays, with its reason
	changed[1].Matches = []news.Match{topicBorder(news.In, 7)}
	changed[2].Matches = []news.Match{topicBorder(news.Excluded, 7)}
	w.Commit("alpha", changed...)
	same(w, "in → excluded", w.itemOf(items[0].Link).Item.Matches, items[0].Matches)
	same(w, "excluded → in", w.itemOf(items[1].Link).Item.Matches, changed[1].Matches)
	same(w, "out → excluded", w.itemOf(items[2].Link).Item.Matches, changed[2].Matches)
	page := w.Topic("border", store.Page{})
	same(w, "entries", w.Titles("border"), []string{changed[1].Title, changed[0].Title})
	same(w, "what joins by a revision is news while it is young", page.Entries[0].News, true)
}

// archive fills a world with 510 items of 10 days.
func archive(w *World) (items []news.Item) {
	for n := range 510 {
		item := w.Item("alpha", n)
		item.Published = w.Now.Add(-time.Duration(n) * 30 * time.Minute)
		if n < 10 {
			item.Matches = []news.Match{topicBorder(news.In, 7)}
		}
		items = append(items, item)
	}
	w.Commit("alpha", items...)
	w.Now = w.Now.Add(time.Minute)
	return items
}

// wider are rules that take all but the first ten items of archive.
func wider(item *news.Item) []news.Match {
	if n := item.GUID[strings.LastIndex(item.GUID, "/")+1:]; len(n) == 1 {
		return nil
	}
	return []news.Match{topicBorder(news.In, 8)}
}

// step runs one batch.
func (w *World) step(hash uint64, match func(*news.Item) []news.Match, n int) store.Rematched {
	w.t.Helper()
	done, err := w.Store.Rematch(w.t.Context(), w.Config.Generation, map[string]uint64{"border": hash}, match, n)
	if err != nil {
		w.t.Fatal(err)
	}
	return done
}

// contents are the titles of the live document and of all entries, with what
// push and windows go by.
func (w *World) contents() []string {
	w.t.Helper()
	live := len(w.Titles("border"))
	all := []string{fmt.Sprint(live, " in the live document")}
	for _, e := range w.Topic("border", store.Page{Late: true, Limit: 2000}).Entries {
		all = append(all, fmt.Sprintf("%d %s %t %t %s %s", e.Mark, e.Item.Title, e.Late, e.News, e.Match.Rule, e.Item.At))
	}
	return all
}

func p6interrupted(w *World) {
	archive(w)
	plain := NewWorld(w.t, Memory(), Hooks{})
	archive(plain)
	batches := func(w *World, between func(left int)) {
		for more := true; more; {
			done := w.step(8, wider, 40)
			more = done.More
			st, err := w.Store.Status(w.t.Context())
			if err != nil {
				w.t.Fatal(err)
			}
			between(st.Rematch)
		}
	}
	batches(plain, func(int) {})
	left := []int{}
	batches(w, func(n int) { left = append(left, n); w.Restart() })
	// 96 items are younger than 48 hours, more than a batch: what arrived as late as they is walked over first.
	same(w, "items left after each batch", left, slices.Concat(slices.Repeat([]int{510}, 13), []int{470, 430, 390, 350, 310, 270, 230, 190, 150, 110, 70, 30, 0}))
	same(w, "entries", w.contents(), plain.contents())
	young, late, isNews := 0, 0, 0
	for _, e := range w.Topic("border", store.Page{Late: true, Limit: 2000}).Entries {
		if e.Late {
			late++
		} else {
			young++
		}
		if e.News {
			isNews++
		}
	}
	// Items 10 to 95 are younger than 48 hours, 96 to 509 are not.
	same(w, "young, late, news", []int{young, late, isNews}, []int{86, 414, 0})
	same(w, "live document", len(w.Titles("border")), 86)
	inOrder(w)

	// Halfway to other rules and back is a change too.
	w.step(9, func(*news.Item) []news.Match { return nil }, 100)
	w.rematch(8, wider)
	same(w, "the way back", w.contents(), plain.contents())
}

// inOrder fails unless the live document of the topic is in the order of the
// items' arrival: the newest have the highest marks.
func inOrder(w *World) {
	w.t.Helper()
	entries := w.Topic("border", store.Page{}).Entries
	for i := 1; i < len(entries); i++ {
		if entries[i].Item.FirstSeen.After(entries[i-1].Item.FirstSeen) {
			w.t.Fatalf("entry %d, mark %d, arrived at %s, after the one above it", i, entries[i].Mark, entries[i].Item.FirstSeen)
		}
	}
}

// p6many lets 620 items of the last hours join in batches: the live document
// holds the newest 500, in the order of their arrival.
func p6many(w *World) {
	for n := range 62 {
		var items []news.Item
		for k := range 10 {
			items = append(items, w.Item("alpha", 10*n+k))
		}
		w.Commit("alpha", items...)
		w.Now = w.Now.Add(10 * time.Minute)
	}
	for more := true; more; {
		more = w.step(8, func(*news.Item) []news.Match { return []news.Match{topicBorder(news.In, 8)} }, 250).More
		w.Restart()
	}
	entries := w.Topic("border", store.Page{}).Entries
	same(w, "entries of the live document", len(entries), 500)
	inOrder(w)
	same(w, "the newest is on top", entries[0].Item.FirstSeen, w.Now.Add(-10*time.Minute))
	same(w, "entries of the topic", len(w.Topic("border", store.Page{Late: true, Limit: 2000}).Entries), 620)
}

func p6edited(w *World) {
	item := w.Item("alpha", 1)
	item.Matches = []news.Match{topicBorder(news.In, 7)}
	w.Commit("alpha", item)
	earlier := item.Title
	w.Now = w.Now.Add(time.Hour)
	item.Title, item.Matches = "Traders wait no longer", nil
	w.Commit("alpha", item)
	byGate := func(item *news.Item) []news.Match {
		if strings.Contains(item.Title, earlier) {
			return []news.Match{topicBorder(news.In, 8)}
		}
		return nil
	}
	w.rematch(8, byGate)
	same(w, "the rules take the earlier text", w.Titles("border"), []string{item.Title})
	same(w, "its reason", w.itemOf(item.Link).Item.Matches, []news.Match{topicBorder(news.In, 8)})
	w.rematch(9, func(*news.Item) []news.Match { return nil })
	same(w, "they take no text of it", w.Titles("border"), []string{})
	left := []news.Match{topicBorder(news.Out, 8)}
	same(w, "the reason of what has left is kept", w.itemOf(item.Link).Item.Matches, left)
	w.rematch(10, func(*news.Item) []news.Match { return nil })
	same(w, "and stays", w.itemOf(item.Link).Item.Matches, left)
	item.Title = "Traders have gone home"
	w.Now = w.Now.Add(time.Hour)
	w.Commit("alpha", item)
	same(w, "also when the source edits", w.itemOf(item.Link).Item.Matches, left)
	w.rematch(11, func(*news.Item) []news.Match { return []news.Match{topicBorder(news.Excluded, 11)} })
	same(w, "a verdict replaces it", w.itemOf(item.Link).Item.Matches, []news.Match{topicBorder(news.Excluded, 11)})
}

func p6returned(w *World) {
	item := w.Item("alpha", 1)
	item.Matches = []news.Match{topicBorder(news.In, 7)}
	w.Commit("alpha", item)
	all := func(*news.Item) []news.Match { return []news.Match{topicBorder(news.In, 7)} }
	w.rematch(7, all)
	topics := w.Config.Topics
	w.Config.Hash, w.Config.Topics = 2, topics[1:]
	w.Apply()
	w.Commit("alpha", item, w.Item("alpha", 2)) // matched by no topic of that name
	w.Config.Hash, w.Config.Topics = 3, topics
	w.Apply()
	same(w, "before", len(w.Titles("border")), 1)
	w.rematch(7, all)
	same(w, "after", len(w.Titles("border")), 2)
}
