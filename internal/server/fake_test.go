package server

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"khyber/internal/lexicon"
	"khyber/internal/news"
	"khyber/internal/publish"
	"khyber/internal/store"
	"khyber/internal/topic"
)

// Every outlet and report here is invented.

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// fakeStore keeps topics in memory and counts what is asked of it.
type fakeStore struct {
	calls  atomic.Int64
	mu     sync.Mutex
	topics map[string]store.TopicPage // all entries of a topic, newest first
	states []news.SourceState
	err    error
	fault  error         // why it takes no writes
	block  chan struct{} // when set, Topic waits for it
	rev    atomic.Uint64

	part    store.Part
	partErr error
	parts   []string
	notices []store.Notice
	polls   []news.Poll // when set, of every source
	crashed bool
}

func (f *fakeStore) Topic(_ context.Context, id string, p store.Page) (store.TopicPage, error) {
	f.calls.Add(1)
	if f.block != nil {
		<-f.block
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return store.TopicPage{}, f.err
	}
	page, ok := f.topics[id]
	if !ok {
		return page, fmt.Errorf("topic %s: %w", id, store.ErrNotFound)
	}
	if p.States {
		page.States = f.states
	}
	page.Entries = slices.Clone(page.Entries)
	page.Entries = slices.DeleteFunc(page.Entries, func(e news.Entry) bool {
		return p.Before > 0 && e.Mark >= p.Before || p.Langs != nil && !slices.Contains(p.Langs, e.Item.Lang) ||
			e.Story.Independent < p.MinPublishers && p.MinPublishers > 0
	})
	limit := p.Limit
	if limit == 0 {
		limit = 100
	}
	if len(page.Entries) > limit {
		page.Entries, page.More = page.Entries[:limit], true
	}
	return page, nil
}

func (f *fakeStore) Part(context.Context, string, string) (store.Part, error) {
	f.calls.Add(1)
	return f.part, cmp.Or(f.err, f.partErr)
}

func (f *fakeStore) Notices(context.Context) ([]store.Notice, error) {
	f.calls.Add(1)
	return f.notices, f.err
}

func (f *fakeStore) Parts(context.Context, string) ([]string, error) {
	f.calls.Add(1)
	return f.parts, f.err
}

func (f *fakeStore) Revision(string) uint64 { return f.rev.Load() }

func (f *fakeStore) Sources(context.Context) ([]news.SourceState, error) {
	f.calls.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.states, f.err
}

func (f *fakeStore) Item(_ context.Context, id news.ItemID) (store.ItemPage, error) {
	f.calls.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.topics {
		for _, e := range t.Entries {
			if e.Item.ID == id {
				e.Item.Matches = []news.Match{e.Match}
				return store.ItemPage{Item: e.Item, Revisions: e.Revisions, Story: e.Story}, nil
			}
		}
	}
	return store.ItemPage{}, fmt.Errorf("item %s: %w", id, store.ErrNotFound)
}

func (f *fakeStore) Story(ctx context.Context, id news.ItemID) (store.StoryPage, error) {
	p, err := f.Item(ctx, id)
	if err != nil {
		return store.StoryPage{}, err
	}
	page := store.StoryPage{ID: id, Publishers: 1, Independent: 1, Members: []store.StoryMember{{Item: p.Item, Evidence: "The story begins with this report."}}}
	if len(p.Story.Members) > 0 {
		page.Publishers, page.Independent = p.Story.Publishers, p.Story.Independent
	}
	for _, m := range p.Story.Members {
		member := store.StoryMember{
			Item: news.Item{ID: m.Item, Source: m.Source, Publisher: m.Publisher, Title: m.Title, Link: m.URL, At: noon}, Rule: m.Rule, Evidence: m.Evidence,
		}
		if m.Relation == news.RelationCopy {
			member.Group = id
		}
		page.Members = append(page.Members, member)
	}
	return page, nil
}

func (f *fakeStore) Scan(_ context.Context, filter store.Filter, _ string, _ int) ([]news.Item, string, error) {
	f.calls.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	var items []news.Item
	for _, t := range f.topics {
		for _, e := range t.Entries {
			items = append(items, e.Item)
		}
	}
	slices.SortFunc(items, func(a, b news.Item) int { return b.FirstSeen.Compare(a.FirstSeen) })
	if filter.May != nil {
		items = slices.DeleteFunc(items, func(i news.Item) bool { return !filter.May(&i) })
	}
	return items, "", f.err
}

func (f *fakeStore) Status(context.Context) (store.Status, error) {
	f.calls.Add(1)
	commits := store.NewHistogram(.01, 1)
	commits.Observe(.004)
	return store.Status{
		Sizes: store.Sizes{
			Items: 1234, Bytes: 5 << 20, Free: 1 << 20, Limit: 8 << 30, DiskFree: 9 << 30, Schema: 1, Fault: f.fault, Crashed: f.crashed,
			Commits: store.CommitSizes{Seconds: commits, Writes: commits},
		},
		Sources: 4, Topics: 3, Generation: 7, Backup: noon.AddDate(0, 0, -1),
		Counts: store.Counts{
			Matches: map[string]store.Verdicts{"border-trade": {In: 120, Excluded: 7}, "removed-topic": {In: 1}},
			Copies:  map[string]int{"copy-print": 3}, Refused: map[string]int{"fenced": 2}, Expired: map[string]int{"items": 5},
		},
	}, f.err
}

func sampleSources() []news.Source {
	return []news.Source{
		{ID: "gazette", Name: "The Ford Gazette", URL: "https://www.gazette.example/rss", Publisher: "gazette", Lang: "en", Country: "PK", Type: news.Newspaper},
		{ID: "sahar", Name: "سحر خبر", URL: "https://sahar.example/feed", Publisher: "sahar", Lang: "ps", Country: "AF", Type: news.Broadcaster},
		{ID: "wire", Name: "Valley Wire", URL: "https://user:secret@wire.example/atom", Publisher: "wire", Country: "PK", Type: news.Agency, Private: true},
		{ID: "mirror", Name: "Ford Mirror", URL: "https://mirror.example/feed", Publisher: "mirror", Lang: "en", Country: "PK", Type: news.Newspaper},
	}
}

func sampleState() State {
	return State{
		Site: publish.Site{Title: "Khyber", BaseURL: "https://news.example.org", Contact: "ops@example.org", Hub: true}, Sources: sampleSources(),
		Topics: []news.Topic{
			{ID: "border-trade", Title: "Border & trade", Description: "Crossings, customs and convoys.", ShowWhy: true, Formerly: []string{"old-trade"}},
			{ID: "floods", Title: "سیلابونه", Description: "Rivers, rain and those who live beside them.", ShowWhy: true},
			{ID: "quiet", Title: "A quiet topic", Description: "Nothing has matched it yet.", ShowWhy: true},
		},
		Generation: 7, Hash: 0xab, Applied: noon.AddDate(0, 0, -2),
	}
}

func sampleStore() *fakeStore {
	f := &fakeStore{topics: map[string]store.TopicPage{
		"border-trade": {Topic: news.Topic{ID: "border-trade"}, Changed: noon.Add(-time.Minute), Entries: sampleEntries(120)},
		"floods":       {Topic: news.Topic{ID: "floods"}, Changed: noon.Add(-time.Hour), Entries: floodEntries()},
		"quiet":        {Topic: news.Topic{ID: "quiet"}, Changed: noon.AddDate(0, 0, -30)},
		"gone-topic":   {Topic: news.Topic{ID: "gone-topic"}, Removed: true},
	}}
	f.rev.Store(1)
	f.states = []news.SourceState{
		{Source: "gazette", State: news.StateOK, GoodPolls: 900, Validators: news.Validators{ETag: `W/"5e1f-61d2"`, LastModified: "Mon, 23 Nov 2026 11:47:10 GMT"}, BodyHash: 0x61d2c3b4, LastPoll: noon.Add(-4 * time.Minute), LastKind: news.KindOK, LastNew: noon.Add(-14 * time.Minute), Next: noon.Add(6 * time.Minute)},
		{Source: "sahar", State: news.StateSilent, Since: noon.AddDate(0, 0, -3), GoodPolls: 40, LastPoll: noon.Add(-9 * time.Minute), LastKind: news.KindUnchanged, LastNew: noon.AddDate(0, 0, -4), Next: noon.Add(50 * time.Minute)},
		{Source: "wire", State: news.StateFailing, Since: noon.AddDate(0, 0, -1), GoodPolls: 12, Failures: 9, LastPoll: noon.Add(-30 * time.Minute), LastKind: news.KindStatus, LastText: "503 Service Unavailable", LastNew: noon.AddDate(0, 0, -1), Next: noon.Add(3 * time.Hour)},
		{Source: "mirror", State: news.StateOK, GoodPolls: 400, LastPoll: noon.Add(-2 * time.Minute), LastKind: news.KindOK, LastNew: noon.Add(-90 * time.Minute), Next: noon.Add(8 * time.Minute)},
	}
	return f
}

func sampleEntries(n int) []news.Entry {
	headlines := []string{
		"Customs office at the upper ford reopens after 23 days",
		"Lorries wait for a second night as scanners fail",
		"Traders ask both ministries for longer opening hours",
		"Fruit convoy turns back: the permits were for another gate",
	}
	var out []news.Entry
	for i := range n {
		at := noon.Add(-time.Duration(i*97+15) * time.Minute)
		item := news.Item{
			ID: news.ItemID(0x1000 + i), EntryID: fmt.Sprintf("https://www.gazette.example/r/%d", i), Source: "gazette", Publisher: "gazette",
			Link: fmt.Sprintf("https://www.gazette.example/r/%d", i), Title: headlines[i%len(headlines)], Lang: "en",
			Summary: "The gate opened at dawn, said an officer at the crossing. Lorries queued for two kilometres on either side of the river, and most of them carried fruit.",
			At:      at, FirstSeen: at.Add(3 * time.Minute), Published: at,
		}
		item.Excerpt = "<p>" + item.Summary + "</p>"
		e := news.Entry{Mark: news.Mark(n - i), Joined: item.FirstSeen, Item: item, Match: news.Match{
			Topic: "border-trade", Verdict: news.In, Rule: "customs and crossings",
			Mentions: []news.Mention{{Entity: "ford", Text: "upper ford", In: news.InTitle}, {Text: "officer at the crossing", In: news.InSummary}},
		}}
		switch i % 4 {
		case 0:
			e.Story = news.Story{ID: item.ID, Publishers: 3, Independent: 2, Members: []news.Member{
				{Item: 1, Source: "mirror", Publisher: "mirror", Title: item.Title, URL: "https://mirror.example/1", Published: noon.Add(-3 * time.Minute), Relation: news.RelationCopy, Rule: "copy-print", Evidence: "Copy of the report by gazette: same title and beginning, 1 h apart [copy-print, tables 00000003]."},
				{Item: 2, Source: "sahar", Publisher: "sahar", Title: "د ګمرک دفتر بېرته پرانیستل شو", URL: "https://sahar.example/2", Relation: news.RelationStory, Rule: "story-link", Evidence: "Same story as 2 items: shares customs, ford; similarity 0.43, the same event [story-link]."},
			}}
			e.Revisions = []news.Revision{{Title: "Customs office at the upper ford reopens after 22 days", Until: at.Add(10 * time.Minute), Figures: "22 → 23"}}
			e.Item.Revised = at.Add(10 * time.Minute)
		case 2:
			e.Item.Source, e.Item.Publisher, e.Item.Lang = "sahar", "sahar", "ps"
			e.Item.Title, e.Item.Summary = "سوداګر د پولې د دروازې د اوږدو ساعتونو غوښتنه کوي", "سوداګر وايي چې لارۍ دوې شپې د سیند په غاړه ولاړې وې او مېوه خرابه شوه."
			e.Item.Excerpt = "<p>" + e.Item.Summary + "</p>"
			e.Match.Mentions = []news.Mention{{Text: "د پولې", In: news.InTitle}}
		}
		out = append(out, e)
	}
	return out
}

func floodEntries() []news.Entry {
	e := sampleEntries(3)
	for i := range e {
		e[i].Item.Source, e[i].Item.Publisher, e[i].Item.Lang = "sahar", "sahar", "ps"
		e[i].Item.Title = "د سیند اوبه لوړې شوې او دوه کلي تش شول"
		e[i].Item.Summary = "چارواکي وايي چې د شپې باران وشو او لاره بنده ده."
		e[i].Item.EntryID = fmt.Sprintf("tag:sahar.example,2026:%d", i)
		e[i].Item.ID += 0x9000
	}
	return e
}

// newServer returns a Server at noon over a fake store.
func newServer(st *fakeStore) *Server {
	s := New(Options{
		Store: st, Now: func() time.Time { return noon }, Version: "test", Help: sampleHelp(),
		HubStore: &memoryRows{rows: map[string][]byte{}}, Egress: http.DefaultTransport,
	})
	s.Apply(sampleState())
	return s
}

// withRules adds compiled topics and the search to a State.
func withRules(t testing.TB, st State) State {
	t.Helper()
	lex, problems := lexicon.Load(news.Node{})
	if problems != nil {
		t.Fatal(problems)
	}
	defs := []news.Node{mapping(
		"id", scalar("border-trade"), "title", scalar("Border & trade"),
		"include", sequence(mapping("name", scalar("customs and crossings"), "any", sequence(scalar("customs"), scalar("convoy")))),
		"exclude", sequence(mapping("name", scalar("sport"), "any", sequence(scalar("cricket")))),
		"examples", mapping("match", sequence(scalar("Customs office opens")), "ignore", sequence(scalar("Rain expected"))),
	)}
	if st.Set, problems = topic.Compile(defs, lex, st.Sources); st.Set == nil {
		t.Fatal(problems)
	}
	st.ParseQuery = func(q string) (*topic.Query, []news.Problem) { return topic.ParseQuery(q, lex) }
	return st
}

func scalar(s string) news.Node             { return news.Node{Kind: news.NodeScalar, Value: s} }
func sequence(items ...news.Node) news.Node { return news.Node{Kind: news.NodeList, List: items} }

// mapping makes a map of keys and values in turn.
func mapping(pairs ...any) news.Node {
	n := news.Node{Kind: news.NodeMap}
	for i := 0; i < len(pairs); i += 2 {
		n.Pairs = append(n.Pairs, news.Pair{Key: pairs[i].(string), Value: pairs[i+1].(news.Node)})
	}
	return n
}

// newCancelled returns a context that has ended.
func newCancelled(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx, cancel
}

func withLocalAddr(r *http.Request, addr net.Addr) context.Context {
	return context.WithValue(r.Context(), http.LocalAddrContextKey, addr)
}

func (f *fakeStore) Polls(_ context.Context, id string) ([]news.Poll, error) {
	f.calls.Add(1)
	if f.polls != nil {
		return f.polls, f.err
	}
	var out []news.Poll
	for i := range 50 {
		p := news.Poll{Source: id, Kind: news.KindUnchanged, At: noon.Add(-time.Duration(i) * 10 * time.Minute)}
		if id == "wire" && i < 9 || i == 31 {
			p.Kind = news.KindStatus
		}
		out = append(out, p)
	}
	if id == "gazette" { // what brought its newest item
		out = append(out, news.Poll{Source: id, Kind: news.KindOK, Status: 200, Bytes: 42_496, Complete: true, At: noon.Add(-12*time.Minute + time.Millisecond), Fetched: 39, New: 3, Known: 36})
	}
	return out, f.err
}

func (f *fakeStore) FindLink(_ context.Context, link string) (news.ItemID, error) {
	f.calls.Add(1)
	for _, t := range f.topics {
		for _, e := range t.Entries {
			if e.Item.Link == link {
				return e.Item.ID, nil
			}
		}
	}
	return 0, fmt.Errorf("item %s: %w", link, store.ErrNotFound)
}
