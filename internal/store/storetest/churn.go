package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// churns are what outlets do to entries that they have published.
var churns = map[string]func(random *rand.Rand, i *news.Item){
	"guid": func(random *rand.Rand, i *news.Item) {
		i.GUID = fmt.Sprintf("https://www.alpha.example/?p=%d", random.Uint32())
	},
	"fragment": func(random *rand.Rand, i *news.Item) {
		i.GUID, _, _ = strings.Cut(i.GUID, "#")
		i.GUID += fmt.Sprint("#", random.IntN(9))
	},
	"scheme": func(_ *rand.Rand, i *news.Item) {
		if rest, ok := strings.CutPrefix(i.GUID, "https:"); ok {
			i.GUID = "http:" + rest
		} else {
			i.GUID = "https:" + strings.TrimPrefix(i.GUID, "http:")
		}
	},
	"slug": func(random *rand.Rand, i *news.Item) {
		i.Link = fmt.Sprintf("https://alpha.example/world/slug-%d", random.Uint32())
	},
	"tracking": func(random *rand.Rand, i *news.Item) {
		i.Link, _, _ = strings.Cut(i.Link, "?")
		i.Link += fmt.Sprintf("?utm_source=rss&at_campaign=%d", random.IntN(99))
	},
	"date": func(random *rand.Rand, i *news.Item) {
		i.Published = i.Published.Add(time.Duration(random.IntN(600)) * time.Minute)
	},
	"title": func(random *rand.Rand, i *news.Item) {
		i.Title = fmt.Sprintf("%s, %d lorries counted", i.Title[:20], random.IntN(999))
	},
	"text": func(random *rand.Rand, i *news.Item) { i.Summary += fmt.Sprint(" Count ", random.IntN(999), ".") },
}

// kinds of churn that may meet in one poll: an entry whose guid and link are both
// new is known by its text only, and that is another rule.
var meetings = [][]string{
	{"guid"},
	{"fragment"},
	{"scheme"},
	{"slug"},
	{"tracking"},
	{"date"},
	{"title"},
	{"text"},
	{"guid", "title", "date"},
	{"guid", "tracking", "text"},
	{"slug", "title", "date", "text"},
	{"scheme", "slug", "title"},
	{"fragment", "tracking", "title", "text", "date"},
}

// churned is a document of ten entries.
func churned(w *World) []news.Item {
	var items []news.Item
	for n := range 10 {
		item := w.Item("alpha", n, "border")
		item.GUID = fmt.Sprintf("https://www.alpha.example/?p=%d", n)
		items = append(items, item)
	}
	return items
}

// p3churn changes one or two entries of a document at each poll, in every way
// and in several at once: nothing is announced twice.
func p3churn(w *World) {
	random := rand.New(rand.NewPCG(5, 8))
	items := churned(w)
	w.Commit("alpha", items...)
	before := w.Topic("border", store.Page{}).Entries
	for round := range 120 {
		w.Now = w.Now.Add(10 * time.Minute)
		for range 1 + random.IntN(2) {
			i := &items[random.IntN(len(items))]
			for _, kind := range meetings[round%len(meetings)] {
				churns[kind](random, i)
			}
		}
		random.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
		if p := w.Commit("alpha", items...); p.New != 0 {
			w.t.Fatalf("poll %d announces %d known items: %v", round, p.New, meetings[round%len(meetings)])
		}
		if round%40 == 0 {
			w.Restart()
		}
	}
	after := w.Topic("border", store.Page{}).Entries
	same(w, "entries", len(after), len(before))
	for i := range after {
		same(w, "id, mark and date", []any{after[i].Item.ID, after[i].Item.EntryID, after[i].Mark, after[i].Item.At},
			[]any{before[i].Item.ID, before[i].Item.EntryID, before[i].Mark, before[i].Item.At})
	}
}

// p3rebuilt gives every entry another guid and link at once: a site that was
// rebuilt is known by its texts. An entry that also has another headline is a
// new one: nothing is left to know it by.
func p3rebuilt(w *World) {
	random := rand.New(rand.NewPCG(5, 8))
	items := churned(w)
	w.Commit("alpha", items...)
	for round := range 3 {
		w.Now = w.Now.Add(time.Hour)
		for i := range items {
			churns["guid"](random, &items[i])
			churns["slug"](random, &items[i])
		}
		same(w, fmt.Sprint("rebuild ", round), counts(w.Commit("alpha", items...)), [4]int{0, 10, 0, 0})
	}
	w.Now = w.Now.Add(time.Hour)
	for _, kind := range []string{"guid", "slug", "title"} {
		churns[kind](random, &items[3])
	}
	same(w, "guid, link and title of one", counts(w.Commit("alpha", items...)), [4]int{1, 9, 0, 0})
	same(w, "entries", len(w.Topic("border", store.Page{View: store.ViewAll}).Entries), 11)
}

// p3updated: the time that readers go by moves with the words of an item, and
// with nothing else.
func p3updated(w *World) {
	random := rand.New(rand.NewPCG(5, 8))
	item := churned(w)[1]
	item.Title = "Flood in Belqis leaves 22 dead, mayor says"
	w.Commit("alpha", item)
	entry := func() news.Entry { w.t.Helper(); return w.Topic("border", store.Page{}).Entries[0] }
	first := entry()
	same(w, "at first", first.Item.Changed(), first.Item.At)
	still := func(what string, change func(*news.Item)) {
		w.t.Helper()
		w.Now = w.Now.Add(time.Hour)
		before := entry()
		change(&item)
		p := w.Commit("alpha", item)
		same(w, what+": revised", p.Revised, 0)
		after := entry()
		same(w, what+": updated and revisions", []any{after.Item.Changed(), len(after.Revisions)}, []any{before.Item.Changed(), len(before.Revisions)})
	}
	for _, kind := range []string{"guid", "slug", "tracking", "date", "scheme"} {
		still(kind, func(i *news.Item) { churns[kind](random, i) })
	}
	still("case and punctuation", func(i *news.Item) { i.Title = "FLOOD in Belqis leaves 22 dead – mayor says!" })
	still("space and a tail", func(i *news.Item) { i.Summary = strings.ReplaceAll(i.Summary, " ", "  ") + " Read more…" })
	w.Commit("beta", wire("beta", 1))
	w.Now = w.Now.Add(time.Hour)
	text := first.Item.Title // what is kept: its capitals are no new text
	for _, tc := range []struct{ title, figures string }{
		{"Flood in Belqis leaves 23 dead, mayor says", "22 → 23"},
		{"Flood in Belqis leaves twenty-six dead, mayor says", "23 → 26"},
		{"Flood in Belqis leaves no dead, mayor says", "26 → none; “no” added"},
		{"Flood in Belqis: what the mayor says", "“no” dropped"},
	} {
		w.Now = w.Now.Add(time.Hour)
		item.Title = tc.title
		same(w, tc.title, counts(w.Commit("alpha", item)), [4]int{0, 1, 1, 0})
		e := entry()
		last := e.Revisions[len(e.Revisions)-1]
		same(w, "revision", []any{last.Title, last.Figures, last.Until, e.Item.Changed(), e.Item.ID, e.Mark}, []any{text, tc.figures, w.Now, w.Now, first.Item.ID, first.Mark})
		text = tc.title
	}
}
