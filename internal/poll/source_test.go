package poll

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"khyber/internal/feedtest"
	"khyber/internal/fetch"
	"khyber/internal/news"
	"khyber/internal/parse"
	"khyber/internal/store"
	"khyber/internal/store/bolt"
)

func TestTheSameBodyIsUnchangedAndItsNewValidatorsAreKept(t *testing.T) { // F6
	inWorld(t, func(w *world) {
		one := feedtest.Feed{Host: "touched.example", Items: 30}.Page()
		two := one
		two.ETag, two.LastModified = `"two"`, "Tue, 24 Nov 2026 00:00:00 GMT"
		src := w.source("touched.example", feedtest.Steps(one, two, two))
		p := w.poller()
		parsed := 0
		p.opt.Parse = func(src *news.Source, body []byte, h http.Header, now time.Time) (parse.Document, error) {
			parsed++
			return read(src, body, h, now)
		}
		for i, want := range []struct {
			kind   news.Kind
			status int
			tag    string
		}{{news.KindOK, 200, one.ETag}, {news.KindUnchanged, 200, two.ETag}, {news.KindUnchanged, 304, two.ETag}} {
			poll, err := p.PollSource(w.Context(), src)
			s := w.store.states[src.ID]
			if err != nil || poll.Kind != want.kind || poll.Status != want.status || s.Validators.ETag != want.tag || s.BodyHash == 0 {
				t.Errorf("poll %d: %s %d, kept %+v, %v", i, poll.Kind, poll.Status, s.Validators, err)
			}
		}
		if parsed != 1 {
			t.Errorf("parsed %d times", parsed)
		}
	})
}

func TestValidatorsBelongToAWholeDocument(t *testing.T) { // F8
	whole := feedtest.Feed{Host: "cut.example", Items: 30}.Page()
	next := feedtest.Feed{Host: "cut.example", Items: 30}.Grown(3).Page()
	for name, second := range map[string]http.Handler{
		"cut off":    feedtest.Cut(next.Body, len(next.Body)/2),
		"not a feed": feedtest.Page{Body: []byte("<html>"), ETag: `"other"`},
		"refused":    feedtest.Page{Body: []byte("panic"), ETag: `"other"`},
		"failed":     feedtest.Status(500, "Etag", `"other"`),
	} {
		inWorld(t, func(w *world) {
			src := w.source("cut.example", feedtest.Steps(whole, second))
			p := w.poller()
			for range 2 {
				if _, err := p.PollSource(w.Context(), src); err != nil {
					t.Error(err)
				}
			}
			if s := w.store.states[src.ID]; s.Validators.ETag != whole.ETag {
				t.Errorf("%s: kept %q, want that of the whole document", name, s.Validators.ETag)
			}
		})
	}
}

func TestASourceWhoseAddressIsSecretLeavesNoTrace(t *testing.T) {
	inWorld(t, func(w *world) {
		h := feedtest.Paths(map[string]http.Handler{
			"/feed": feedtest.Redirect(301, "https://keyed.example/k3y/feed"), "/k3y/feed": page("keyed.example"),
		})
		w.settled = day
		src := w.source("keyed.example", h, func(s *news.Source) { s.URL, s.Private = "https://keyed.example/feed?key=k3y", true })
		poll, err := w.poller().PollSource(w.Context(), src)
		if err != nil || poll.Kind != news.KindOK || len(poll.Hops) != 0 {
			t.Errorf("%s with hops %v, %v", poll.Outcome(), poll.Hops, err)
		}
		if got := w.log.with("k3y"); len(got) != 0 {
			t.Errorf("said %q", got)
		}
	})
}

func TestAPollSaysWhereItStands(t *testing.T) {
	inWorld(t, func(w *world) {
		src := w.source("paper.example", page("paper.example"))
		p := w.poller()
		var points []string
		p.opt.Crash = func(point string) { points = append(points, point) }
		if _, err := p.PollSource(w.Context(), src); err != nil {
			t.Error(err)
		}
		if want := []string{"poll.fetched", "poll.parsed", "poll.matched"}; !slices.Equal(points, want) {
			t.Errorf("got %q, want %q", points, want)
		}
	})
}

func TestOneLineAPollAndAWarningForTheTurn(t *testing.T) {
	inWorld(t, func(w *world) {
		good, bad := page("paper.example"), feedtest.Status(502)
		w.source("paper.example", feedtest.Steps(good, bad, bad, bad, bad, good), every(time.Hour))
		w.run(16 * time.Hour)
		var got []string
		changing := regexp.MustCompile(`^time=\S+ | dur=\S+| next=\S+`)
		for _, line := range w.log.with("") {
			if line = changing.ReplaceAllString(line, ""); line != "" && !slices.Contains(got, line) {
				got = append(got, line)
			}
		}
		want := []string{
			`level=INFO msg=polled source=paper.example kind=ok status=200 new=30 known=0 rejected=0`,
			`level=INFO msg=polled source=paper.example kind=status status=502 new=0 known=0 rejected=0`,
			`level=WARN msg="source failing" source=paper.example kind=status err="` + w.store.polls["paper.example"][1].Text + `"`,
			`level=INFO msg=polled source=paper.example kind=unchanged status=304 new=0 known=0 rejected=0`,
			`level=INFO msg="source recovered" source=paper.example kind=unchanged`,
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if n := len(w.log.with("source (failing|recovered)")); n != 2 {
			t.Errorf("%d lines about turns, want 2", n)
		}
	})
}

func TestWhatTheHooksAreTold(t *testing.T) {
	inWorld(t, func(w *world) {
		twenty(w, time.Hour)
		p := w.poller()
		var phases lines
		beats := 0
		p.opt.Measure = func(phase string, _ time.Duration) { _, _ = fmt.Fprintln(&phases, phase) }
		p.opt.Beat = func() { beats++ }
		ctx, cancel := context.WithTimeout(w.Context(), 10*time.Minute-time.Second)
		defer cancel()
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
		for _, phase := range []string{"late", "fetch", "parse", "match", "commit"} {
			if n := len(phases.with("^" + phase + "$")); n != 20 {
				t.Errorf("%s measured %d times of 20", phase, n)
			}
		}
		if beats != 40 || !p.Status().Beat.Equal(w.start.Add(9*time.Minute+45*time.Second)) {
			t.Errorf("%d beats, the last at %v", beats, p.Status().Beat.Sub(w.start))
		}
	})
}

// realPoller polls into the embedded engine, with the real parser.
func realPoller(t testing.TB, web http.RoundTripper, sources []news.Source, log slog.Handler) (*Poller, *store.Store) {
	t.Helper()
	engine, err := bolt.Open(filepath.Join(t.TempDir(), "khyber.db"), bolt.Options{NoSync: true, MaxSize: 1 << 28})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := store.New(engine, store.Options{Now: time.Now, Next: Next, Log: slog.New(log)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
	generation, err := kept.ApplyConfig(t.Context(), news.Config{Hash: 1, Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	p := New(Options{
		Store: kept, Fetch: fetch.New(fetch.Options{UserAgent: "Khyber/test", Now: time.Now, Base: web}),
		Now: time.Now, Random: rand.Float64, Log: slog.New(log),
	})
	p.Apply(State{Sources: sources, Generation: generation})
	return p, kept
}

// The real cron, fetch, parse and bbolt together: every item is kept once, and
// every item of every document is accounted for.
func TestTwoDaysWithTheRealParserAndStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		web := feedtest.NewNetwork()
		start := time.Now()
		var sources []news.Source
		for i, format := range feedtest.Formats() {
			f := feedtest.Feed{Host: fmt.Sprintf("paper%d.example", i), Format: format, Items: 20, Start: start.Add(-10 * time.Hour)}
			web.Handle(f.Host, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				f.Grown(int(time.Since(start)/time.Hour)).Page().ServeHTTP(w, r)
			}))
			sources = append(sources, news.Source{ID: f.Host, URL: f.URL(), Domain: f.Host, Publisher: f.Host})
		}
		log := &lines{}
		p, kept := realPoller(t, web, sources, slog.NewTextHandler(log, nil))
		ctx, cancel := context.WithTimeout(t.Context(), 2*day)
		defer cancel()
		if err := p.Run(ctx); err != nil {
			t.Fatal(err)
		}
		states, err := kept.Sources(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range states {
			if want := uint64(20 + 2*24 - 1); s.Items > want || s.Items < want-2 || s.State != news.StateOK || s.Failures != 0 {
				t.Errorf("%s: %d items, want %d, or the last two not yet; state %s", s.Source, s.Items, want, s.State)
			}
			polls, err := kept.Polls(t.Context(), s.Source)
			if err != nil || len(polls) < 40 {
				t.Errorf("%s: %d polls, %v", s.Source, len(polls), err)
			}
			for _, poll := range polls {
				if !poll.Accounted() || !poll.Kind.Good() || poll.Rejected != nil {
					t.Errorf("%s: %+v", s.Source, poll)
				}
			}
		}
		if got := log.with("level=(WARN|ERROR)"); len(got) != 0 {
			t.Errorf("said %q", got)
		}
	})
}

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		resp fetch.Response
		err  error
		kind news.Kind
		text string
	}{
		{fetch.Response{Kind: news.KindOK}, nil, news.KindOK, ""},
		{fetch.Response{Kind: news.KindGone}, &fetch.Error{Kind: news.KindGone, Text: "gone for good"}, news.KindGone, "gone for good"},
		{fetch.Response{Kind: news.KindOK}, fmt.Errorf("parse: %w", &parse.Error{Kind: news.KindTooLarge, Text: "10,001 items"}), news.KindTooLarge, "10,001 items"},
		{fetch.Response{}, errors.New("no such thing"), news.KindRefused, "no such thing"},
	} {
		if kind, text := outcome(c.resp, c.err); kind != c.kind || text != c.text {
			t.Errorf("%v: got %s %q, want %s %q", c.err, kind, text, c.kind, c.text)
		}
	}
}

func TestOfTwoHintsTheLongerCounts(t *testing.T) {
	document := news.Hints{Fresh: time.Hour, Why: "ttl", SkipDays: 1, Hub: "https://hub.example/d", Self: "https://paper.example/d"}
	for _, c := range []struct{ header, want news.Hints }{
		{news.Hints{}, document},
		{news.Hints{Fresh: time.Minute, Why: "max-age"}, document},
		{news.Hints{Fresh: day, Why: "max-age", Hub: "https://hub.example/h"}, news.Hints{Fresh: day, Why: "max-age", SkipDays: 1, Hub: "https://hub.example/h"}},
	} {
		if got := hints(c.header, document); got != c.want {
			t.Errorf("%+v: got %+v, want %+v", c.header, got, c.want)
		}
	}
}

// benchmarkPolls polls 1,000 sources into the embedded engine.
func benchmarkPolls(b *testing.B, answer func(feedtest.Feed) http.Handler) {
	web := answers{}
	var sources []news.Source
	for i := range 1000 {
		f := feedtest.Feed{Host: fmt.Sprintf("paper%d.example", i), Items: 30}
		web[f.Host] = answer(f)
		sources = append(sources, news.Source{ID: f.Host, URL: f.URL(), Domain: f.Host, Publisher: f.Host, AllowPrivateNetwork: true}) // no gap
	}
	p, _ := realPoller(b, web, sources, slog.DiscardHandler)
	all := func() {
		failed := 0
		if err := p.PollAll(b.Context(), nil, func(poll news.Poll) {
			if !poll.Kind.Good() {
				failed++
			}
		}); err != nil || failed > 0 {
			b.Fatalf("%d failed: %v", failed, err)
		}
	}
	all() // the first is a baseline
	b.ReportAllocs()
	for b.Loop() {
		all()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(sources)), "µs/poll")
}

// BenchmarkPoll is one poll of a source, with the real fetch, parse and store and
// a network that costs next to nothing.
func BenchmarkPoll(b *testing.B) {
	b.Run("304", func(b *testing.B) {
		benchmarkPolls(b, func(f feedtest.Feed) http.Handler { return f.Page() })
	})
	b.Run("same", func(b *testing.B) {
		benchmarkPolls(b, func(f feedtest.Feed) http.Handler { return feedtest.Page{Body: f.Bytes(), Type: f.Type()} })
	})
}

// answers is the network of benchmarks: a handler by host, without goroutines.
type answers map[string]http.Handler

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := recorder{header: http.Header{}, status: http.StatusOK}
	a[r.URL.Host].ServeHTTP(&rec, r)
	return rec.response(r), nil
}

func TestASourceWhoseAddressIsSecretFailsAloudOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		web := feedtest.NewNetwork()
		web.Handle("keyed.example", feedtest.Status(500))
		sources := []news.Source{{ID: "keyed", URL: "https://keyed.example/feed?key=k3y", Domain: "keyed.example", Private: true}}
		log := &lines{}
		p, _ := realPoller(t, web, sources, slog.NewTextHandler(log, nil))
		ctx, cancel := context.WithTimeout(t.Context(), day)
		defer cancel()
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
		if got := log.with("level=WARN"); len(got) != 1 || !strings.Contains(got[0], `msg="source failing" source=keyed kind=status err=`) {
			t.Errorf("said %q, want one warning", got)
		}
	})
}

func TestAReloadThatNeverComesDoesNotHoldUpTheEnd(t *testing.T) {
	inWorld(t, func(w *world) {
		w.source("paper.example", page("paper.example"))
		p := w.poller()
		w.store.configure(w.sources) // and no Apply
		ctx, cancel := context.WithTimeout(w.Context(), time.Second)
		defer cancel()
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(w.start); took != time.Second || len(w.web.Requests()) != 1 || len(w.store.polls) != 0 {
			t.Errorf("ended after %v, %d requests, %d polls kept", took, len(w.web.Requests()), len(w.store.polls))
		}
	})
}
