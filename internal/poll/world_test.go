package poll

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"khyber/internal/feedtest"
	"khyber/internal/fetch"
	"khyber/internal/news"
	"khyber/internal/parse"
	"khyber/internal/store"
)

// world is an internet of invented sources, a store in memory and a Poller, all
// inside a bubble whose time runs as fast as there is nothing to do.
type world struct {
	*testing.T
	web     *feedtest.Network
	store   *memory
	sources []news.Source
	start   time.Time
	set     atomic.Int64 // by how much the wall clock was set, ns
	log     *lines
	seed    uint64
	polled  func(news.Poll)

	mu         sync.Mutex
	busy, most map[string]int // requests at a time by domain
	settled    time.Duration  // since when politeness can be expected: redirects are not known before
}

// inWorld runs the test in a world of its own.
func inWorld(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, web: feedtest.NewNetwork(), start: time.Now(), log: &lines{}, seed: 1, busy: map[string]int{}, most: map[string]int{}}
		w.store = newMemory(w.now)
		test(w)
		w.polite()
	})
}

// now is the wall clock, which can be set; nothing monotonic is in it.
func (w *world) now() time.Time { return time.Now().Round(0).Add(time.Duration(w.set.Load())) }

// source adds a source that the handler serves.
func (w *world) source(host string, h http.Handler, change ...func(*news.Source)) news.Source {
	w.web.Handle(host, h)
	src := news.Source{ID: host, URL: "https://" + host + "/feed", Domain: fetch.Domain("https://" + host + "/feed")}
	for _, c := range change {
		c(&src)
	}
	w.sources = append(w.sources, src)
	w.store.configure(w.sources)
	return src
}

func every(d time.Duration) func(*news.Source) {
	return func(s *news.Source) { s.Timing.Every = d }
}

// meter is the way to the web. It counts the requests to a domain that are under
// way at a time: from the question to the end of the answer's body.
type meter struct{ *world }

func (m meter) RoundTrip(r *http.Request) (*http.Response, error) {
	domain := fetch.Domain(r.URL.String())
	count := func(n int) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.busy[domain] += n
		m.most[domain] = max(m.most[domain], m.busy[domain])
	}
	count(1)
	answer, err := m.web.RoundTrip(r)
	if err != nil {
		count(-1)
		return nil, err
	}
	answer.Body = &counted{answer.Body, sync.OnceFunc(func() { count(-1) })}
	return answer, nil
}

// counted is a body whose end is noticed.
type counted struct {
	io.ReadCloser
	ended func()
}

func (c *counted) Close() error {
	c.ended()
	return c.ReadCloser.Close()
}

// polite holds the request log of the whole test against the rules that every
// world must keep: one request at a time to a domain and a gap between two (F19).
func (w *world) polite() {
	w.Helper()
	last := map[string]time.Time{}
	for _, r := range w.web.Requests() {
		domain := fetch.Domain(r.URL)
		if before, ok := last[domain]; ok && r.At.Sub(before) < defaultGap && !isAddress(r.URL) && r.At.Sub(w.start) > w.settled {
			w.Errorf("%s: %v between two requests", domain, r.At.Sub(before))
		}
		last[domain] = r.At
	}
	for domain, n := range w.most {
		if limit := map[bool]int{false: 1, true: privateSlots}[isAddress("https://"+domain)]; n > limit {
			w.Errorf("%s: %d requests at a time", domain, n)
		}
	}
}

// poller returns a new Poller for what the world knows now, as after a restart.
func (w *world) poller() *Poller {
	w.seed++
	random := rand.New(rand.NewPCG(w.seed, 1))
	var mu sync.Mutex
	p := New(Options{
		Store: w.store,
		Fetch: fetch.New(fetch.Options{UserAgent: "Khyber/test", Now: w.now, Base: meter{w}}),
		Now:   w.now,
		Random: func() float64 {
			mu.Lock()
			defer mu.Unlock()
			return random.Float64()
		},
		Log:     slog.New(slog.NewTextHandler(w.log, nil)),
		Elapsed: func() time.Duration { return time.Since(w.start) },
		Parse:   read,
		Observe: func(p news.Poll) {
			if w.polled != nil {
				w.polled(p)
			}
		},
	})
	p.Apply(State{Sources: w.sources, Generation: w.store.generation})
	return p
}

// run polls for a time and stops.
func (w *world) run(d time.Duration) {
	w.Helper()
	w.with(func(*Poller) { time.Sleep(d) })
}

// with polls while the function lasts.
func (w *world) with(during func(p *Poller)) {
	w.Helper()
	ctx, cancel := context.WithCancel(w.Context())
	p := w.poller()
	ended := make(chan error)
	go func() { ended <- p.Run(ctx) }()
	during(p)
	cancel()
	if err := <-ended; err != nil {
		w.Errorf("Run: %v", err)
	}
	if s := p.Status(); s.InFlight != 0 || s.Queued != 0 || s.Bodies != 0 {
		w.Errorf("after Run: %+v", s)
	}
}

// times returns when requests for the host began, from the start of the world.
func (w *world) times(host string) []time.Duration {
	var all []time.Duration
	for _, r := range feedtest.To(w.web.Requests(), "https://"+host+"/") {
		all = append(all, r.At.Sub(w.start))
	}
	return all
}

// gaps returns the times between the requests for the host.
func (w *world) gaps(host string) []time.Duration {
	at := w.times(host)
	var all []time.Duration
	for i := 1; i < len(at); i++ {
		all = append(all, at[i]-at[i-1])
	}
	return all
}

var guids = regexp.MustCompile(`<guid[^>]*>([^<]*)</guid>`)

// read stands for parse: it takes the guids of a document and nothing else.
func read(src *news.Source, body []byte, _ http.Header, _ time.Time) (parse.Document, error) {
	if bytes.HasPrefix(body, []byte("panic")) {
		panic("the parser met its match")
	}
	if !bytes.Contains(body, []byte("<rss")) {
		return parse.Document{}, &parse.Error{Kind: news.KindNotAFeed, Text: "no root of a feed"}
	}
	var d parse.Document
	for _, m := range guids.FindAllSubmatch(body, -1) {
		d.Items = append(d.Items, news.Item{Source: src.ID, GUID: string(m[1])})
	}
	d.Fetched = len(d.Items)
	if m := ttl.FindSubmatch(body); m != nil {
		minutes := 0
		_, _ = fmt.Sscan(string(m[1]), &minutes)
		d.Hints.Fresh, d.Hints.Why = time.Duration(minutes)*time.Minute, "ttl"
	}
	for _, m := range hour.FindAllSubmatch(body, -1) {
		h := 0
		_, _ = fmt.Sscan(string(m[1]), &h)
		d.Hints.SkipHours |= 1 << (h % 24)
	}
	return d, nil
}

var (
	ttl  = regexp.MustCompile(`<ttl>(\d+)</ttl>`)
	hour = regexp.MustCompile(`<hour>(\d+)</hour>`)
)

// lines keeps what was logged.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// with returns the lines that match the expression.
func (l *lines) with(expression string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return regexp.MustCompile(`(?m)^.*`+expression+`.*$`).FindAllString(l.text.String(), -1)
}

// memory is a Store that counts known guids and keeps states.
type memory struct {
	now func() time.Time

	mu         sync.Mutex
	generation uint64
	urls       map[string]string
	states     map[string]news.SourceState
	claims     map[string]time.Time
	known      map[string]bool
	polls      map[string][]news.Poll
	topics     map[string]bool // that items were matched with
	refusal    error           // of every Commit
	unwritten  error           // of every Flush
}

func newMemory(now func() time.Time) *memory {
	return &memory{
		now: now, urls: map[string]string{}, states: map[string]news.SourceState{},
		claims: map[string]time.Time{}, known: map[string]bool{}, polls: map[string][]news.Poll{}, topics: map[string]bool{},
	}
}

// configure makes the sources those that are polled.
func (m *memory) configure(sources []news.Source) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	clear(m.urls)
	for _, s := range sources {
		if !s.Disabled {
			m.urls[s.ID] = s.URL
		}
	}
}

// restart forgets what a new process does not know.
func (m *memory) restart() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.claims)
}

// refuse has every Commit fail, or none when err is nil.
func (m *memory) refuse(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refusal = err
}

func (m *memory) Claim(_ context.Context, _ string, ahead time.Duration, n int, ttl time.Duration) ([]news.Claim, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	var all []news.Claim
	for id := range m.urls {
		if s := m.states[id]; s.Next.Before(now.Add(ahead)) && !m.claims[id].After(now) {
			all = append(all, news.Claim{Source: id, Due: s.Next, Fence: s.Fence, Until: now.Add(ttl)})
		}
	}
	slices.SortFunc(all, func(a, b news.Claim) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Source, b.Source)) })
	all = all[:min(n, len(all))]
	for _, c := range all {
		m.claims[c.Source] = c.Until
	}
	return all, nil
}

func (m *memory) Source(_ context.Context, id string) (news.SourceState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state(id), nil
}

func (m *memory) state(id string) news.SourceState {
	s := m.states[id]
	s.Source = id
	if s.URL != m.urls[id] {
		s.Validators, s.BodyHash, s.Redirect = news.Validators{}, 0, news.Redirect{}
	}
	return s
}

func (m *memory) Sources(context.Context) ([]news.SourceState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []news.SourceState
	for id := range m.urls {
		all = append(all, m.state(id))
	}
	slices.SortFunc(all, func(a, b news.SourceState) int { return cmp.Compare(a.Source, b.Source) })
	return all, nil
}

func (m *memory) Commit(_ context.Context, p news.Poll, items []news.Item) (news.Poll, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refusal != nil {
		return p, m.refusal
	}
	s := m.state(p.Source)
	switch {
	case p.Generation != m.generation:
		return p, store.ErrStaleConfig
	case m.urls[p.Source] == "":
		return p, store.ErrNotFound
	case p.Fence != 0 && p.Fence != s.Fence:
		return p, store.ErrFenced
	}
	for _, it := range items {
		for _, match := range it.Matches {
			m.topics[match.Topic] = true
		}
		key := p.Source + " " + it.GUID
		if m.known[key] {
			p.Known++
		} else {
			p.New++
			m.known[key] = true
		}
	}
	p.Baseline = p.Kind == news.KindOK && !s.Baseline
	next := Next(s, p)
	next.Fence = s.Fence + 1
	if p.Complete {
		next.Validators, next.BodyHash = p.Validators, cmp.Or(p.BodyHash, s.BodyHash)
	}
	p.Next, p.Why = next.Next, next.Why
	m.states[p.Source] = next
	delete(m.claims, p.Source)
	m.polls[p.Source] = append(m.polls[p.Source], p)
	return p, nil
}

func (m *memory) Flush(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.unwritten
}

// dated is a handler whose answers say when they were made, by the true clock.
type dated struct{ http.Handler }

func (d dated) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	d.Handler.ServeHTTP(w, r)
}

// recorder keeps what a handler answers.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

func (r *recorder) response(to *http.Request) *http.Response {
	return &http.Response{
		StatusCode: r.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: r.header,
		ContentLength: int64(r.body.Len()), Body: io.NopCloser(&r.body), Request: to,
	}
}
