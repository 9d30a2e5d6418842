package storetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// History is a small past in which everything happens that a database can hold:
// what a file of it says must be what every later version reads from it. It must
// not change, since files of released versions hold it.
type History struct{ w *World }

// historyEnd is when it ends.
var historyEnd = Noon.Add(45 * 24 * time.Hour)

// Live lets the History happen in a new world.
func Live(t TB, e store.Engine) History {
	w := NewWorld(t, e, Hooks{})
	h := History{w}
	h.firstDay()
	h.nextMonth()
	w.Now = historyEnd
	w.Config = h.lastConfig()
	w.Apply()
	h.lastDay()
	return h
}

// Resume goes on where a History has ended.
func Resume(t TB, e store.Engine) History {
	h := History{&World{t: t, Now: historyEnd, polls: 1000}}
	h.w.Config = h.lastConfig()
	h.w.open(e)
	return h
}

// lastConfig renames a source and a topic and has both of another kind.
func (History) lastConfig() news.Config {
	renamed := Source("beta")
	renamed.ID, renamed.Name = "beta-daily", "Beta Daily"
	quiet := Source("gamma")
	quiet.Disabled = true
	return news.Config{
		Hash:    2,
		Files:   []news.File{{Path: "feeds.yaml", Text: []byte("sources: []\n")}, {Path: "topics/more.yaml", Text: []byte("topics: []\n")}},
		Sources: []news.Source{Source("alpha"), renamed, Source("delta"), quiet},
		Topics: []news.Topic{
			{ID: "gates", Title: "Gates", Description: "What happens at the gates", Formerly: []string{"border"}},
			{ID: "talks", Title: "Talks", ShowWhy: true},
		},
	}
}

func (h History) must(err error) {
	h.w.t.Helper()
	if err != nil {
		h.w.t.Fatal(err)
	}
}

// firstDay has items, copies, a story, a revision, overrules and failures.
func (h History) firstDay() {
	w := h.w
	ctx := w.t.Context()
	w.third()
	full := w.Item("alpha", 1, "border", "talks")
	full.Authors = []news.Person{{Name: "Desk", Email: "desk@alpha.example", URL: "https://alpha.example/desk"}}
	full.Tags, full.Image, full.Rights, full.Lang = []string{"Trade", "سرحد"}, "https://alpha.example/1.jpg", "© Alpha", "en"
	full.Files = []news.Enclosure{{URL: "https://alpha.example/1.mp3", Type: "audio/mpeg", Length: 4711, Title: "Report"}}
	full.Outlet = news.Outlet{Name: "Alpha Radio", URL: "https://radio.alpha.example"}
	full.Excerpt, full.DateRaw = "<p>"+full.Summary+"</p>", "Mon, 23 Nov 2026 16:29:00 +0430"
	full.Updated = full.Published.Add(time.Minute)
	undated := w.Item("alpha", 2, "border")
	undated.Published, undated.GUID = time.Time{}, "tag:alpha.example,2026:2"
	w.Commit("alpha", full, undated, w.Item("alpha", 3), wire("alpha", 4, "border"))
	w.Now = w.Now.Add(20 * time.Minute)
	w.Commit("beta", wire("beta", 1, "border"), w.Item("beta", 2, "border"), w.Item("beta", 3, "talks"))
	w.Now = w.Now.Add(20 * time.Minute)
	w.Commit("gamma", own("gamma", 1, "border"), w.Item("gamma", 2))
	w.Now = w.Now.Add(20 * time.Minute)
	full.Title += ", 22 hurt"
	w.Commit("alpha", full, undated, w.Item("alpha", 3), wire("alpha", 4, "border"), w.Item("alpha", 5, "talks"))
	for range 3 {
		w.Now = w.Now.Add(10 * time.Minute)
		p := w.Poll("gamma", 0)
		p.Kind, p.Text, p.Status, p.Complete, p.Validators, p.BodyHash = news.KindStatus, "it answered 503", 503, false, news.Validators{}, 0
		p.Hops = []news.Hop{{Status: 302, URL: "https://gamma.example/maintenance"}}
		_, err := w.Store.Commit(ctx, p, nil)
		h.must(err)
	}
	ids := h.ids()
	_, err := w.Store.Split(ctx, ids["alpha 4"], ids["beta 1"], "the dates differ")
	h.must(err)
	_, err = w.Store.Merge(ctx, ids["alpha 3"], ids["gamma 2"], "one event")
	h.must(err)
	h.must(w.Store.PutHubRow(ctx, "row", []byte("of the hub")))
	h.must(w.Store.PutSubscription(ctx, "alpha", []byte("a lease")))
}

// ids names the items that are kept by source and number.
func (h History) ids() map[string]news.ItemID {
	ids := make(map[string]news.ItemID)
	items, _, err := h.w.Store.Scan(h.w.t.Context(), store.Filter{}, "", 2000)
	h.must(err)
	for i := range items {
		for n := range 300 {
			if items[i].Link == Item(items[i].Source, n).Link {
				ids[fmt.Sprint(items[i].Source, " ", n)] = items[i].ID
			}
		}
	}
	return ids
}

// nextMonth closes parts of the archive and lets what is old expire.
func (h History) nextMonth() {
	w := h.w
	w.Now = Noon.Add(40 * 24 * time.Hour)
	for range 3 {
		w.Now = w.Now.Add(time.Hour)
		w.Commit("alpha", h.late("alpha", 100, 124, "border")...)
	}
	changing := h.late("beta", 100, 103, "talks")
	changing[0].Title += ", 3 lorries"
	w.Commit("beta", changing...)
	w.Now = w.Now.Add(2 * 24 * time.Hour)
	w.Commit("beta", h.late("beta", 100, 103, "talks")...)
	for more := true; more; {
		done, err := w.Store.Expire(w.t.Context(), 30*24*time.Hour, 5)
		h.must(err)
		more = done.More
	}
}

// late returns items of the time of now.
func (h History) late(source string, first, last int, topics ...string) []news.Item {
	var items []news.Item
	for n := first; n <= last; n++ {
		item := Item(source, n, topics...)
		item.Published = Noon.Add(40*24*time.Hour - time.Duration(n)*time.Minute)
		items = append(items, item)
	}
	return items
}

// lastDay matches the archive of a renamed topic anew, half of it, and leaves a
// poll that brought nothing.
func (h History) lastDay() {
	w := h.w
	ctx := w.t.Context()
	h.again(true)
	_, err := w.Store.Rematch(ctx, w.Config.Generation, map[string]uint64{"gates": 8, "talks": 9}, func(item *news.Item) []news.Match {
		return Item(item.Source, 0, "talks").Matches
	}, 60)
	h.must(err)
	p := w.Poll("delta", 0)
	p.Kind, p.Status = news.KindUnchanged, 304
	_, err = w.Store.Commit(ctx, p, nil)
	h.must(err)
	h.must(w.Store.Flush(ctx))
}

// again commits what the documents hold at the end.
func (h History) again(first bool) {
	w := h.w
	w.t.Helper()
	for _, doc := range []struct {
		source string
		items  []news.Item
	}{
		{"alpha", h.late("alpha", 104, 124, "gates")},
		{"beta-daily", h.late("beta", 100, 103, "talks")},
		{"delta", h.late("delta", 1, 3, "gates", "talks")},
	} {
		if p := w.Commit(doc.source, doc.items...); !first && (p.New != 0 || p.Known != len(doc.items)) {
			w.t.Errorf("the document of %s once more: %d new, %d known", doc.source, p.New, p.Known)
		}
	}
}

// Again commits the last documents once more, of which nothing may be new, and
// wants topics that show what they did.
func (h History) Again() {
	h.w.t.Helper()
	before := h.topics()
	h.again(false)
	if after := h.topics(); !bytes.Equal(after, before) {
		h.w.t.Errorf("after the documents came again\n got %s\nwant %s", after, before)
	}
}

// topics are the entries of both topics.
func (h History) topics() []byte {
	var pages []store.TopicPage
	for _, id := range []string{"gates", "talks"} {
		page := h.w.Topic(id, store.Page{View: store.ViewAll, Limit: 2000, Late: true})
		page.Revision, page.Changed = 0, time.Time{}
		pages = append(pages, page)
	}
	text, err := json.MarshalIndent(pages, "", " ")
	h.must(err)
	return text
}

// Told returns all that an engine of a History says, as JSON.
func Told(t TB, e store.Engine) []byte {
	t.Helper()
	s, err := store.New(e, store.Options{Now: func() time.Time { return historyEnd }, Next: Next})
	if err != nil {
		t.Fatal(err)
	}
	b := teller{t: t, s: s}
	b.all()
	return b.out.Bytes()
}

// teller writes what a store says.
type teller struct {
	t   TB
	s   *store.Store
	out bytes.Buffer
}

// longLine is how many bytes are told of a value; of a longer one its sum says
// the rest.
const longLine = 600

// say writes a value under a title.
func (b *teller) say(title string, v any, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("%s: %v", title, err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		b.t.Fatalf("%s: %v", title, err)
	}
	if len(text) > longLine {
		text = fmt.Appendf(text[:longLine:longLine], " … sha256 of all %d bytes: %x", len(text), sha256.Sum256(text))
	}
	fmt.Fprintf(&b.out, "%s %s\n", title, text)
}

func (b *teller) all() {
	ctx := b.t.Context()
	topics, err := b.s.Topics(ctx)
	b.say("topics", topics, err)
	for _, t := range topics {
		for _, view := range []string{store.ViewCopies, store.ViewAll, store.ViewStories} {
			page, err := b.s.Topic(ctx, t.Topic.ID, store.Page{View: view, Limit: 2000, Late: true})
			b.say("topic "+t.Topic.ID+" "+view, page, err)
		}
		parts, err := b.s.Parts(ctx, t.Topic.ID)
		b.say("parts "+t.Topic.ID, parts, err)
		for _, name := range parts {
			part, err := b.s.Part(ctx, t.Topic.ID, name)
			b.say("part "+name, part, err)
		}
	}
	items, _, err := b.s.Scan(ctx, store.Filter{}, "", 2000)
	b.say("items", items, err)
	for i := range items {
		page, err := b.s.Item(ctx, items[i].ID)
		b.say("item "+items[i].ID.String(), page, err)
		if page.Story.ID != 0 {
			told, err := b.s.Story(ctx, page.Story.ID)
			b.say("story "+page.Story.ID.String(), told, err)
		}
	}
	sources, err := b.s.Sources(ctx)
	b.say("sources", sources, err)
	for i := range sources {
		polls, err := b.s.Polls(ctx, sources[i].Source)
		b.say("polls "+sources[i].Source, polls, err)
	}
	notices, err := b.s.Notices(ctx)
	b.say("notices", notices, err)
	hub, err := b.s.HubRows(ctx)
	b.say("hub", hub, err)
	subscriptions, err := b.s.Subscriptions(ctx)
	b.say("subscriptions", subscriptions, err)
	config, err := b.s.LastConfig(ctx)
	b.say("configuration", config, err)
	st, err := b.s.Status(ctx)
	b.say("status", map[string]int{"items": st.Items, "sources": st.Sources, "topics": st.Topics, "rematch": st.Rematch}, err)
}
