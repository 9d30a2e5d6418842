package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// wire is an invented agency report as a source prints it.
func wire(source string, n int, topics ...string) news.Item {
	item := Item(source, n, topics...)
	item.Title = "Traders urge envoys to reopen Torkham crossing after fortnight of losses"
	item.Summary = "Fruit traders in Jalalabad urged envoys of both sides on Sunday to reopen the Torkham crossing, " +
		"where some four hundred lorries with grapes and pomegranates have waited since the gate was shut a fortnight ago."
	return item
}

// own is the same event in a newsroom's own words.
func own(source string, n int, topics ...string) news.Item {
	item := Item(source, n, topics...)
	item.Title = "Torkham crossing still shut: traders count losses as envoys meet"
	item.Summary = "Growers say their harvest rots at the closed border while delegations talk in the district town, with no date given for an end."
	return item
}

// entry is what the tests of stories look at.
type entry struct {
	Item                    string
	Publishers, Independent int
	Members                 string
}

// shown returns the entries of a topic with who else carried them.
func (w *World) shown(view string) []entry {
	w.t.Helper()
	out := []entry{}
	for _, e := range w.Topic("border", store.Page{View: view}).Entries {
		var members []string
		page, err := w.Store.Item(w.t.Context(), e.Item.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		same(w, "members on the page of the item", len(page.Story.Members), len(e.Story.Members))
		for _, m := range page.Story.Members {
			members = append(members, fmt.Sprintf("%s %s %s", m.Source, m.Relation, m.Rule))
			if !strings.HasSuffix(m.Evidence, ".") {
				w.t.Errorf("evidence of %s: %q", m.Source, m.Evidence)
			}
		}
		out = append(out, entry{e.Item.Source, e.Story.Publishers, e.Story.Independent, strings.Join(members, ", ")})
	}
	return out
}

func (w *World) third() {
	w.Config.Hash++
	w.Config.Sources = append(w.Config.Sources, Source("gamma"))
	w.Apply()
}

func p4copies(w *World) {
	w.third()
	w.Commit("alpha", wire("alpha", 1, "border"))
	before := w.Topic("border", store.Page{})
	w.Now = w.Now.Add(time.Hour)
	w.Commit("beta", wire("beta", 2, "border"))
	w.Now = w.Now.Add(time.Hour)
	w.Commit("gamma", own("gamma", 3, "border"))
	same(w, "copies", w.shown(""), []entry{
		{"gamma", 3, 2, "alpha story story-link, beta story copy-print"},
		{"alpha", 3, 2, "beta copy copy-print, gamma story story-link"},
	})
	same(w, "all", w.shown(store.ViewAll), []entry{
		{"gamma", 3, 2, "alpha story story-link, beta story copy-print"},
		{"beta", 3, 2, "alpha copy copy-print, gamma story story-link"},
		{"alpha", 3, 2, "beta copy copy-print, gamma story story-link"},
	})
	same(w, "stories", w.shown(store.ViewStories), []entry{{"alpha", 3, 2, "beta copy copy-print, gamma story story-link"}})
	same(w, "two publishers at least", len(w.Topic("border", store.Page{MinPublishers: 2}).Entries), 2)
	same(w, "three", len(w.Topic("border", store.Page{MinPublishers: 3}).Entries), 0)
	first := w.Topic("border", store.Page{}).Entries[1]
	first.Story = news.Story{}
	same(w, "the first entry, its story aside", first, before.Entries[0])
	views := w.shown(store.ViewAll)
	w.Restart()
	same(w, "after a restart", w.shown(store.ViewAll), views)
}

// A copy outside of the topic still moves its revision, for it is shown there.
func copiesMove(w *World) {
	w.Commit("alpha", wire("alpha", 1, "border"))
	w.Commit("beta")
	revision := w.Store.Revision("border")
	w.Commit("beta", wire("beta", 2))
	same(w, "revision", w.Store.Revision("border"), revision+1)
	same(w, "entries", w.shown(""), []entry{{"alpha", 2, 1, "beta copy copy-print"}})
}

// Groups are a function of the set: any order of arrival, any partition.
func copiesInAnyOrder(w *World) {
	w.third()
	items := []news.Item{wire("alpha", 1, "border"), wire("beta", 2, "border"), wire("gamma", 3, "border"), own("alpha", 4, "border")}
	groups := func(w *World) [][]string {
		var out [][]string
		for _, e := range w.Topic("border", store.Page{View: store.ViewAll}).Entries {
			group := []string{e.Item.ID.String()}
			for _, m := range e.Story.Members {
				if m.Relation == news.RelationCopy {
					group = append(group, m.Item.String())
				}
			}
			slices.Sort(group)
			out = append(out, group)
		}
		slices.SortFunc(out, slices.Compare)
		return out
	}
	var want [][]string
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}, {1, 3, 0, 2}} {
		other := NewWorld(w.t, Memory(), Hooks{})
		other.third()
		for _, i := range order {
			other.Commit(items[i].Source, items[i])
		}
		if want == nil {
			want = groups(other)
		}
		same(w, fmt.Sprint("groups in order ", order), groups(other), want)
	}
	w.Commit("alpha", items[0], items[3])
	w.Commit("gamma", items[2])
	w.Commit("beta", items[1])
	same(w, "groups of other polls", groups(w), want)
}

// A revised text is related again.
func copyByRevision(w *World) {
	w.Commit("alpha", wire("alpha", 1, "border"))
	late := Item("beta", 2, "border")
	w.Commit("beta", late)
	same(w, "before", len(w.shown("")), 2)
	text := wire("beta", 2, "border")
	late.Title, late.Summary = text.Title, text.Summary
	w.Now = w.Now.Add(time.Hour)
	same(w, "poll", counts(w.Commit("beta", late)), [4]int{0, 1, 1, 0})
	same(w, "after: the later entry leaves the view", w.shown(""), []entry{{"alpha", 2, 1, "beta copy copy-print"}})
	same(w, "it stays in all", len(w.shown(store.ViewAll)), 2)
}

// One title for everything costs linear time and is counted.
func flood(w *World) {
	var items []news.Item
	for n := range 150 {
		item := own("alpha", n)
		item.Summary = Item("alpha", n).Summary
		items = append(items, item)
	}
	same(w, "poll", counts(w.Commit("alpha", items...)), [4]int{150, 0, 0, 0})
	st, err := w.Store.Status(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if st.Capped == 0 {
		w.t.Errorf("no item was counted that has more candidates than are compared")
	}
}

// T10: split after merge, and merge after split, give the state before.
func t10(w *World) {
	a, b, other := wire("alpha", 1, "border"), wire("beta", 2, "border"), w.Item("beta", 3, "border")
	w.Commit("alpha", a)
	w.Now = w.Now.Add(time.Minute)
	w.Commit("beta", b, other)
	id := func(item news.Item) news.ItemID { return w.itemOf(item.Link).Item.ID }
	step := func(what string, f func() (news.Relation, error), relation news.Relation, want ...entry) {
		w.t.Helper()
		revision := w.Store.Revision("border")
		got, err := f()
		if err != nil {
			w.t.Fatal(err)
		}
		same(w, what, got, relation)
		same(w, what+": shown", w.shown(""), want)
		same(w, what+": the topic moved", w.Store.Revision("border"), revision+1)
	}
	split := func(x, y news.Item) func() (news.Relation, error) {
		return func() (news.Relation, error) { return w.Store.Split(w.t.Context(), id(x), id(y), "two reports") }
	}
	merge := func(x, y news.Item) func() (news.Relation, error) {
		return func() (news.Relation, error) { return w.Store.Merge(w.t.Context(), id(x), id(y), "one event") }
	}
	alone := entry{"beta", 0, 0, ""}
	copied := []entry{alone, {"alpha", 2, 1, "beta copy copy-print"}}
	told := []entry{{"beta", 2, 2, "alpha story copy-print"}, alone, {"alpha", 2, 2, "beta story copy-print"}}
	apart := []entry{alone, alone, {"alpha", 0, 0, ""}}
	titles := w.Titles("border")
	same(w, "at first", w.shown(""), copied)
	step("split of copies", split(a, b), news.RelationStory, told...)
	step("split of a story", split(b, a), "", apart...)
	w.Now = w.Now.Add(time.Hour)
	same(w, "a poll brings nothing back", w.Commit("alpha", a, w.Item("alpha", 9)).Known, 1)
	same(w, "still apart", w.shown(""), apart)
	step("merge to a story", merge(a, b), news.RelationStory, told...)
	step("merge to copies", merge(b, a), news.RelationCopy, copied...)
	same(w, "titles", w.Titles("border"), titles)
	if _, err := merge(a, b)(); !errors.Is(err, store.ErrNothingToDo) {
		w.t.Errorf("merge of copies: %v", err)
	}
	if _, err := split(a, other)(); !errors.Is(err, store.ErrNothingToDo) {
		w.t.Errorf("split of what is not related: %v", err)
	}
	if _, err := w.Store.Split(w.t.Context(), 1, 2, ""); !errors.Is(err, store.ErrNotFound) {
		w.t.Errorf("split of unknown items: %v", err)
	}
	step("merge of strangers", merge(a, other), news.RelationStory,
		entry{"beta", 2, 2, "alpha story by-hand, beta story copy-print"},
		entry{"alpha", 2, 2, "beta copy copy-print, beta story by-hand"})
	w.Restart()
	step("and their split after a restart", split(a, other), "", copied...)
}

// The link that is kept is as its source wrote it; readers get it without what
// only says where they came from, of an entry and of who else carried it.
func tracking(w *World) {
	a, b := wire("alpha", 1, "border"), wire("beta", 2, "border")
	want := []string{a.Link + "?id=7", b.Link}
	a.Link += "?utm_source=rss&id=7&fbclid=x"
	b.Link += "?utm_medium=rss"
	w.Commit("alpha", a)
	w.Commit("beta", b)
	e := w.Topic("border", store.Page{}).Entries[0]
	same(w, "entry and member", []string{e.Item.Link, e.Story.Members[0].URL}, want)
	same(w, "page", w.itemOf(a.Link).Item.Link, want[0])
	items, _, err := w.Store.Scan(w.t.Context(), store.Filter{}, "", 10)
	if err != nil {
		w.t.Fatal(err)
	}
	same(w, "scan", []string{items[0].Link, items[1].Link}, want)
	var kept []string
	err = w.engine.Read(w.t.Context(), func(tx store.ReadTx) error {
		stored, _, err := tx.Scan("", 10, false)
		for i := range stored {
			kept = append(kept, stored[i].Item.Link)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	same(w, "kept", kept, []string{a.Link, b.Link})
}
