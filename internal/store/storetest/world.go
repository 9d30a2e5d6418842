package storetest

import (
	"context"
	"fmt"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// Noon is when the clock of a World starts.
var Noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// TB is what a World needs of a test: of testing or of rapid.
type TB interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// World is a store with a clock, sources and topics that a test turns.
type World struct {
	t      TB
	Store  *store.Store
	Now    time.Time
	Config news.Config
	polls  uint64
	engine store.Engine
	hooks  Hooks
}

// Hooks are what a test of an engine needs of it.
type Hooks struct {
	// Restart closes an engine and opens its storage again.
	Restart func(t TB, e store.Engine) store.Engine
}

// NewWorld returns a world of the engine with sources "alpha" and "beta" and
// topics "border" and "talks", and applies them.
func NewWorld(t TB, e store.Engine, h Hooks) *World {
	w := &World{t: t, Now: Noon, hooks: h}
	w.Config = news.Config{
		Hash:    1,
		Files:   []news.File{{Path: "feeds.yaml", Text: []byte("sources: []\n")}},
		Sources: []news.Source{Source("alpha"), Source("beta")},
		Topics:  []news.Topic{{ID: "border", Title: "Border"}, {ID: "talks", Title: "Talks", ShowWhy: true}},
	}
	w.open(e)
	return w
}

// Source returns an invented source.
func Source(id string) news.Source {
	return news.Source{
		ID: id, Name: id, URL: "https://" + id + ".example/rss", Domain: id + ".example", Publisher: id, Type: news.Newspaper,
		Timing: news.Timing{Every: 10 * time.Minute},
	}
}

func (w *World) open(e store.Engine) {
	w.t.Helper()
	w.engine = e
	var err error
	w.Store, err = store.New(e, store.Options{Now: func() time.Time { return w.Now }, Next: Next})
	if err != nil {
		w.t.Fatal(err)
	}
	w.Apply()
}

// Restart closes the store and opens it again.
func (w *World) Restart() {
	w.t.Helper()
	w.open(w.hooks.Restart(w.t, w.engine))
}

// Apply applies Config and notes its generation.
func (w *World) Apply() {
	w.t.Helper()
	generation, err := w.Store.ApplyConfig(w.t.Context(), w.Config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Config.Generation = generation
}

// Next is a plain stand-in for the scheduler: every poll is due 10 minutes
// later.
func Next(s news.SourceState, p news.Poll) news.SourceState {
	if s.URL != "" && s.URL != p.URL { // what failed was another address
		s.Failures = 0
	}
	s.LastPoll, s.LastKind, s.LastText = p.At, p.Kind, p.Text
	s.Next, s.Why = p.At.Add(10*time.Minute), "every 10m"
	if !p.Kind.Good() {
		s.Failures++
		if s.Failures == 3 {
			s.State, s.Since = news.StateFailing, p.At
		}
		return s
	}
	s.Failures, s.LastOK = 0, p.At
	s.GoodPolls++
	if s.State != news.StateOK {
		s.State, s.Since = news.StateOK, p.At
	}
	return s
}

// Poll returns a complete poll of a source now, that found n items.
func (w *World) Poll(source string, n int) news.Poll {
	w.polls++
	return news.Poll{
		ID: w.polls, Source: source, At: w.Now, Kind: news.KindOK, Status: 200, Complete: true, Fetched: n,
		Validators: news.Validators{ETag: fmt.Sprintf(`"%d"`, w.polls)}, BodyHash: w.polls, Generation: w.Config.Generation,
	}
}

// Commit commits a complete document and fails the test when it cannot.
func (w *World) Commit(source string, items ...news.Item) news.Poll {
	w.t.Helper()
	p, err := w.Store.Commit(w.t.Context(), w.Poll(source, len(items)), items)
	if err != nil {
		w.t.Fatal(err)
	}
	if !p.Accounted() {
		w.t.Fatalf("poll %d of %s: fetched %d, new %d, known %d, rejected %v", p.ID, source, p.Fetched, p.New, p.Known, p.Rejected)
	}
	return p
}

// Item returns an invented item of a source that the topics take.
func (*World) Item(source string, n int, topics ...string) news.Item {
	return Item(source, n, topics...)
}

// Item returns an invented item of a source that the topics take.
func Item(source string, n int, topics ...string) news.Item {
	d := seed(source, n)
	item := news.Item{
		Source: source, GUID: fmt.Sprintf("https://%s.example/news/%d", source, n),
		Link:      fmt.Sprintf("https://%s.example/news/%d", source, n),
		Title:     fmt.Sprintf("Gate of %s and %s, with %s and %s", d.name(), d.name(), d.name(), d.name()),
		Summary:   fmt.Sprintf("%s and %s were there, and so were %s and %s, with all that they have.", d.name(), d.name(), d.name(), d.name()),
		Published: Noon.Add(-time.Duration(n) * time.Minute),
	}
	for _, id := range topics {
		item.Matches = append(item.Matches, news.Match{
			Topic: id, Verdict: news.In, Rule: "gate", Rules: 7,
			Mentions: []news.Mention{{Entity: "gate", For: "border", Text: "Gate", In: news.InTitle, End: 4}},
		})
	}
	return item
}

// Topic returns a page of a topic.
func (w *World) Topic(id string, p store.Page) store.TopicPage {
	w.t.Helper()
	page, err := w.Store.Topic(w.t.Context(), id, p)
	if err != nil {
		w.t.Fatal(err)
	}
	return page
}

// Titles returns the titles of a topic's window, newest mark first.
func (w *World) Titles(id string) []string {
	w.t.Helper()
	titles := []string{}
	for _, e := range w.Topic(id, store.Page{}).Entries {
		titles = append(titles, e.Item.Title)
	}
	return titles
}
