package storetest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// idOf returns the ID of an item that was committed.
func (w *World) idOf(item news.Item) news.ItemID { w.t.Helper(); return w.itemOf(item.Link).Item.ID }

// story returns the page of a story as lines "source rule".
func (w *World) story(id news.ItemID) (store.StoryPage, string) {
	w.t.Helper()
	p, err := w.Store.Story(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	var lines []string
	for _, m := range p.Members {
		if m.Evidence == "" || !strings.HasSuffix(m.Evidence, ".") || strings.Contains(m.Evidence, "none") {
			w.t.Errorf("evidence of %s: %q", m.Item.Source, m.Evidence)
		}
		lines = append(lines, strings.TrimSpace(m.Item.Source+" "+m.Rule))
	}
	return p, strings.Join(lines, ", ")
}

// calmTitles lists the entries of a topic that two publishers have told.
func (w *World) calmTitles() []string {
	w.t.Helper()
	out := []string{}
	for _, e := range w.Topic("border", store.Page{MinPublishers: 2, View: store.ViewAll}).Entries {
		out = append(out, e.Item.Source+" "+e.Item.Link[len(e.Item.Link)-2:])
	}
	return out
}

// The calm view has its own order: that in which stories were told by so many.
// What a reader has seen there stays, whatever becomes of the count.
func calmView(w *World) {
	w.third()
	first, other := own("alpha", 11, "border"), Report("everywhere", 3, w.Now)
	other.Matches = first.Matches
	w.Commit("alpha", first)
	w.Now = w.Now.Add(time.Hour)
	twice := other
	twice.GUID, twice.Link = "urn:x:12", "https://beta.example/12"
	w.Commit("beta", twice)
	w.Now = w.Now.Add(time.Hour)
	later := Report("gamma", 3, w.Now)
	later.Title = other.Title + " says mayor"
	later.Summary, later.Matches = Item("gamma", 13).Summary, first.Matches
	later.GUID, later.Link = "urn:x:13", "https://gamma.example/13"
	w.Commit("gamma", later)
	before := w.Topic("border", store.Page{}).Entries
	same(w, "the later story has two publishers first", w.calmTitles(), []string{"gamma 13", "beta 12"})
	w.Now = w.Now.Add(time.Hour)
	told := wire("beta", 14, "border")
	w.Commit("beta", told)
	want := []string{"beta 14", "alpha 11", "gamma 13", "beta 12"}
	same(w, "the earlier story stands above it", w.calmTitles(), want)
	for _, e := range w.Topic("border", store.Page{}).Entries[1:] {
		for _, old := range before {
			if old.Item.ID == e.Item.ID && (e.Mark != old.Mark || e.Item.EntryID != old.Item.EntryID || !e.Item.Changed().Equal(old.Item.Changed())) {
				w.t.Errorf("the entry of %s moved: %+v, was %+v", e.Item.Source, e, old)
			}
		}
	}
	if _, err := w.Store.Split(w.t.Context(), w.idOf(first), w.idOf(told), "two reports"); err != nil {
		w.t.Fatal(err)
	}
	same(w, "the count fell, the entries stay", w.calmTitles(), want)
	w.Now = w.Now.Add(time.Hour)
	third := own("gamma", 15, "border")
	third.Summary = "Delegates left the customs house of the district town at dusk, and no word came from either of the two."
	w.Commit("gamma", third)
	same(w, "it rises again: what is new comes, nothing comes twice", w.calmTitles(), append([]string{"gamma 15"}, want...))
	page := w.Topic("border", store.Page{MinPublishers: 2, View: store.ViewAll, Limit: 2})
	rest := w.Topic("border", store.Page{MinPublishers: 2, View: store.ViewAll, Before: page.Entries[1].Mark})
	same(w, "the page below begins where the first one ended", []int{len(rest.Entries), len(page.Entries)}, []int{3, 2})
	w.Restart()
	same(w, "after a restart", len(w.calmTitles()), 5)
}

// A copy that arrives later has a place in the entry and moves nothing.
func copiesMoveNothing(w *World) {
	for n := range 7 {
		w.Config.Sources = append(w.Config.Sources, Source(fmt.Sprint("outlet", n)))
	}
	w.Config.Hash++
	w.Apply()
	w.Commit("alpha", wire("alpha", 1, "border"))
	before := w.Topic("border", store.Page{}).Entries[0]
	for n := range 7 {
		w.Now = w.Now.Add(time.Hour)
		source := fmt.Sprint("outlet", n)
		w.Commit(source, wire(source, 1, "border"))
	}
	entries := w.Topic("border", store.Page{}).Entries
	same(w, "entries", len(entries), 1)
	same(w, "who carried it", []int{entries[0].Story.Publishers, entries[0].Story.Independent, len(entries[0].Story.Members)}, []int{8, 1, 7})
	entries[0].Story = news.Story{}
	same(w, "the entry, its story aside", entries[0], before)
	p, members := w.story(before.Item.ID)
	same(w, "page of the story", []int{p.Publishers, p.Independent, len(p.Members)}, []int{8, 1, 8})
	same(w, "links", strings.Count(members, "copy-print"), 7)
}

// A merge by hand is an alias: members keep their story, both addresses show
// all, and a split undoes it.
func handMerge(w *World) {
	w.third()
	a, b := wire("alpha", 1, "border"), own("beta", 2, "border")
	w.Commit("alpha", a)
	w.Now = w.Now.Add(time.Hour)
	w.Commit("beta", b)
	w.Now = w.Now.Add(time.Hour)
	other, strange := Report("gamma", 5, w.Now), Item("alpha", 9, "border")
	w.Commit("gamma", other)
	w.Now = w.Now.Add(time.Hour)
	w.Commit("alpha", strange)
	ids := []news.ItemID{w.idOf(a), w.idOf(b), w.idOf(other), w.idOf(strange)}
	before := w.relations()
	marks := w.Topic("border", store.Page{}).Entries
	merge := func(x, y news.Item) {
		if got, err := w.Store.Merge(w.t.Context(), w.idOf(x), w.idOf(y), "one quarrel"); err != nil || got != news.RelationStory {
			w.t.Fatal(got, err)
		}
	}
	w.Now = w.Now.Add(time.Hour)
	merge(b, other)
	merge(strange, other)
	same(w, "members keep their story", w.relations(), before)
	for _, id := range ids {
		p, members := w.story(id)
		same(w, "story of "+id.String(), p.ID, ids[0])
		same(w, "members", members, "alpha, beta story-link, gamma by-hand, alpha by-hand")
		same(w, "publishers", []int{p.Publishers, p.Independent}, []int{3, 3})
	}
	for i, e := range w.Topic("border", store.Page{}).Entries {
		same(w, "members of the entry", len(e.Story.Members), 3)
		same(w, "its id, mark and time", []any{e.Item.EntryID, e.Mark, e.Item.Changed()}, []any{marks[i].Item.EntryID, marks[i].Mark, marks[i].Item.Changed()})
	}
	w.Restart()
	w.Now = w.Now.Add(time.Hour)
	follower := Report("beta", 5, w.Now) // of the story that was merged
	follower.Title, follower.Summary = other.Title+" again", Item("beta", 5).Summary
	w.Commit("beta", follower)
	p, _ := w.story(ids[0])
	same(w, "what joins one is read in both", len(p.Members), 5)
	if got, err := w.Store.Split(w.t.Context(), ids[1], ids[3], "another quarrel"); got != "" || err != nil {
		w.t.Fatal(got, err)
	}
	_, members := w.story(ids[3])
	same(w, "alone again, though they were one through a third story only", members, "alpha")
	if _, err := w.Store.Split(w.t.Context(), ids[1], ids[2], "two"); err != nil {
		w.t.Fatal(err)
	}
	_, members = w.story(ids[0])
	same(w, "and after that of the other", members, "alpha, beta story-link")
}

// What a person decided outlives the text of the items that it was said of, and
// the address of a story the report that it began with.
func handsOutliveExpiry(w *World) {
	w.third()
	a, b := wire("alpha", 1, "border"), wire("beta", 2, "border")
	w.Commit("alpha", a)
	w.Now = w.Now.Add(time.Hour)
	w.Commit("beta", b)
	w.Now = w.Now.Add(time.Hour)
	strange := Report("gamma", 5, w.Now)
	w.Commit("gamma", strange)
	if _, err := w.Store.Split(w.t.Context(), w.idOf(a), w.idOf(b), "two reports"); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.Store.Merge(w.t.Context(), w.idOf(a), w.idOf(strange), "one event"); err != nil {
		w.t.Fatal(err)
	}
	first := w.idOf(a)
	w.Now = w.Now.Add(50 * day)
	w.Commit("beta", b) // still in their documents
	w.Commit("gamma", strange)
	w.Commit("alpha", Item("alpha", 7))
	same(w, "expired", w.expire(40*day).Items, 1)
	if _, err := w.Store.Item(w.t.Context(), first); !errors.Is(err, store.ErrExpired) {
		w.t.Fatal(err)
	}
	p, members := w.story(first)
	same(w, "the story whose first report is gone", members, "beta by-hand, gamma by-hand")
	same(w, "its id", p.ID, first)
	again := wire("gamma", 8)
	again.Published = Noon.Add(2 * time.Hour)
	w.Commit("gamma", strange, again) // a new copy does not bring them together
	e, err := w.Store.Item(w.t.Context(), w.idOf(b))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range e.Story.Members {
		if m.Item == first {
			w.t.Errorf("what has expired is shown: %+v", m)
		}
	}
	if _, err := w.Store.Story(w.t.Context(), 77); !errors.Is(err, store.ErrNotFound) {
		w.t.Errorf("a story that never was: %v", err)
	}
}

// Reports in two scripts that name the same are told as possible, and count for
// nothing.
func acrossScripts(w *World) {
	a, b := own("alpha", 1, "border"), Item("beta", 2, "border")
	a.Published = Noon
	a.Title = "Walnut traders wait at Torkham as Pakistan counts lorries"
	b.Title, b.Lang = "طورخم پر پاکستان جانے والے اخروٹ کے ٹرک رک گئے", "ur"
	w.Commit("alpha", a)
	b.Published = Noon.Add(-time.Hour)
	w.Commit("beta", b)
	page := w.itemOf(a.Link)
	same(w, "members", len(page.Story.Members), 0)
	if len(page.Possibly) != 1 || page.Possibly[0].Item.ID != w.idOf(b) {
		w.t.Fatalf("%+v", page.Possibly)
	}
	same(w, "evidence", page.Possibly[0].Evidence, "Possibly the same event, in another script: both name Pakistan, Torkham, 1 h apart [story-names]; not counted.")
	p, _ := w.story(w.idOf(b))
	same(w, "page of the story", []int{p.Publishers, len(p.Members), len(p.Possibly)}, []int{1, 1, 1})
	same(w, "nothing of it in the topic", w.shown("")[0].Publishers, 0)
}

// eventsApart: a story tells its events apart; what others say of one is another.
func eventsApart(w *World) {
	var ids []news.ItemID
	for i, told := range []struct{ source, title string }{
		{"alpha", "Airstrike on Gulzar hospital kills 40 patients"},
		{"beta", "Zorluland condemns attack on Gulzar hospital patients, recalls its envoy"},
		{"alpha", "Air strike hits Gulzar hospital, 40 patients dead"},
	} {
		item := Item(told.source, i+1, "border")
		item.Title, item.Published = told.title, Noon.Add(time.Duration(i-3)*time.Hour)
		w.Commit(told.source, item)
		w.Now = w.Now.Add(time.Minute)
		ids = append(ids, w.idOf(item))
	}
	p, _ := w.story(ids[0])
	var got []news.ItemID
	for i := range p.Members {
		got = append(got, p.Members[i].Event)
	}
	same(w, "events of the members", got, []news.ItemID{ids[0], ids[1], ids[0]})
	page := w.itemOf("https://alpha.example/news/3")
	same(w, "event of the item", page.Story.Event, ids[0])
}

// twin is two reports, of alpha and beta, that a rule brings together.
type twin struct {
	rule string
	copy bool
	a, b news.Item
}

// twins has one for each rule that relates two items.
func twins() []twin {
	const bridge = "Engineers close last gap of Arvand bridge near Belqis orchards"
	text := wire("x", 0).Summary
	item := func(source, title, summary, link string) news.Item {
		return news.Item{Title: title, Summary: summary, GUID: "urn:x:" + source + title, Link: "https://" + source + ".example/" + link, Lang: "en", Published: Noon}
	}
	claimed := func(title, summary string) news.Item {
		i := item("alpha", title, summary, "1")
		i.GUID = "urn:x:beta"
		return i
	}
	return []twin{
		{"copy-url", true, item("alpha", bridge, "", "1"), claimed("Detours are over for plum farmers", "")},
		{"copy-print", true, item("alpha", bridge, text, "1"), item("beta", bridge, text, "2")},
		{"copy-text", true, item("alpha", bridge, text, "1"), item("beta", "Plum farmers of Belqis get their road back", text, "2")},
		{"copy-title", true, item("alpha", bridge, text, "1"), item("beta", bridge, "", "2")},
		{"copy-wire", true, item("alpha", bridge, "Arvand (Reuters)", "1"), item("beta", bridge+", ministry announces", "(Reuters) - Arvand", "2")},
		{"story-title", false, item("alpha", bridge, text, "1"), item("beta", bridge, "A crane of the provincial road office finished the work before noon while schoolchildren sang.", "2")},
		{"story-url", false, item("alpha", "Mill fire leaves 3 hurt", "", "1"), claimed("Mill fire leaves 4 hurt", "")},
		{"story-link", false, item("alpha", "Afghan traders protest closed Torkham crossing", "", "1"), item("beta", "Torkham crossing closure angers traders in Afghanistan", "", "2")},
	}
}

// Every rule says in one sentence why, and one command undoes it.
func everyRule(w *World) {
	for _, tw := range twins() {
		world := NewWorld(w.t, Memory(), w.hooks)
		world.Commit("alpha", tw.a)
		world.Now = world.Now.Add(time.Hour)
		world.Commit("beta", tw.b)
		var ids []news.ItemID
		items, _, err := world.Store.Scan(w.t.Context(), store.Filter{}, "", 2)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, i := range items {
			ids = append(ids, i.ID)
		}
		page, members := world.story(ids[0])
		same(w, tw.rule, members, "alpha, beta "+tw.rule)
		last := page.Members[len(page.Members)-1]
		if !strings.Contains(last.Evidence, "["+tw.rule) || last.Copied() != tw.copy {
			w.t.Errorf("%s: copied %t, %q", tw.rule, last.Copied(), last.Evidence)
		}
		for range 2 {
			left, err := world.Store.Split(w.t.Context(), ids[0], ids[1], "two reports")
			if err != nil {
				w.t.Fatalf("%s: %v", tw.rule, err)
			}
			if left == "" {
				break
			}
			_, members = world.story(ids[0])
			same(w, tw.rule+" after one split", members, "alpha, beta by-hand")
		}
		_, members = world.story(ids[0])
		same(w, tw.rule+" undone", members, "alpha")
		world.Now = world.Now.Add(time.Hour)
		world.Commit("beta", tw.b)
		_, members = world.story(ids[1])
		same(w, tw.rule+" stays undone", members, "beta")
	}
}
