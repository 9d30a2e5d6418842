package server

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/mmcdole/gofeed" // in tests only: what we serve is read by the library that reads our sources

	"khyber/internal/news"
	"khyber/internal/publish"
)

// get asks a handler; headers come in pairs.
func get(h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestRepeated200And304TouchNoStore(t *testing.T) {
	st := sampleStore()
	s := newServer(st)
	first := get(s, "/topics/border-trade.atom")
	asked := st.calls.Load()
	if first.Code != 200 || asked == 0 {
		t.Fatalf("code %d after %d calls", first.Code, asked)
	}
	get(s, "/topics/border-trade.atom", "Accept-Encoding", "gzip")
	get(s, "/topics/border-trade.atom", "Accept-Encoding", "gzip")
	w := get(s, "/topics/border-trade.atom", "If-None-Match", first.Header().Get("Etag"))
	if w.Code != 304 || st.calls.Load() != asked {
		t.Errorf("code %d, %d more calls of the store", w.Code, st.calls.Load()-asked)
	}
}

func TestNewRevisionIsReadOnceAndEqualBytesKeepTheirValidators(t *testing.T) {
	st := sampleStore()
	s := newServer(st)
	first := get(s, "/topics/border-trade.atom")
	st.rev.Add(1)
	second := get(s, "/topics/border-trade.atom")
	for _, name := range []string{"Etag", "Last-Modified"} {
		if a, b := first.Header().Get(name), second.Header().Get(name); a != b {
			t.Errorf("%s: %s became %s", name, a, b)
		}
	}
	page := st.topics["border-trade"]
	page.Entries = page.Entries[1:]
	st.topics["border-trade"] = page
	st.rev.Add(1)
	third := get(s, "/topics/border-trade.atom")
	if third.Header().Get("Etag") == first.Header().Get("Etag") || bytes.Equal(third.Body.Bytes(), first.Body.Bytes()) {
		t.Error("the change is not shown")
	}
}

// One document is one snapshot (W15).
func TestADocumentIsReadAtOnce(t *testing.T) {
	st := sampleStore()
	s := newServer(st)
	for i, path := range []string{"/topics/border-trade.atom", "/topics/border-trade.json?view=stories", "/topics/border-trade/archive/2026-11.rss"} {
		if w := get(s, path); w.Code != 200 || st.calls.Load() != int64(i+1) {
			t.Errorf("%s: code %d after %d calls of the store", path, w.Code, st.calls.Load())
		}
	}
}

func TestHundredFirstRequestsRenderOnce(t *testing.T) {
	st := sampleStore()
	st.block = make(chan struct{})
	s := newServer(st)
	var wg sync.WaitGroup
	bodies := make([]string, 100)
	for i := range bodies {
		wg.Go(func() { bodies[i] = get(s, "/topics/border-trade.atom").Body.String() })
	}
	close(st.block)
	wg.Wait()
	if n := st.calls.Load(); n != 1 { // one page, one list of states
		t.Errorf("%d calls of the store, want 1", n)
	}
	for _, b := range bodies {
		if b != bodies[0] || b == "" {
			t.Fatal("bodies differ")
		}
	}
}

func TestCommitWhileRenderingNeverGivesNewTagsToOldBytes(t *testing.T) {
	st := sampleStore()
	s := newServer(st)
	st.block = make(chan struct{})
	done := make(chan *httptest.ResponseRecorder)
	go func() { done <- get(s, "/topics/border-trade.atom") }()
	for st.calls.Load() == 0 {
	}
	st.rev.Add(1) // the commit: entries change under the rendering
	page := st.topics["border-trade"]
	page.Entries = page.Entries[1:]
	st.mu.Lock()
	st.topics["border-trade"] = page
	st.mu.Unlock()
	close(st.block)
	<-done
	fresh := newServer(st)
	if got, want := get(s, "/topics/border-trade.atom").Body.String(), get(fresh, "/topics/border-trade.atom").Body.String(); got != want {
		t.Error("an old document is served for the new revision")
	}
}

func TestRestartGivesTheSameBytesAndTags(t *testing.T) {
	for _, path := range []string{"/topics/border-trade.atom", "/topics/border-trade.rss", "/topics/floods.json", "/topics.opml"} {
		a, b := get(newServer(sampleStore()), path), get(newServer(sampleStore()), path)
		if a.Code != 200 || a.Header().Get("Etag") != b.Header().Get("Etag") || !bytes.Equal(a.Body.Bytes(), b.Body.Bytes()) {
			t.Errorf("%s: %d, %s and %s", path, a.Code, a.Header().Get("Etag"), b.Header().Get("Etag"))
		}
	}
}

func TestCodingsCarryTheSameDocument(t *testing.T) {
	s := newServer(sampleStore())
	plain := get(s, "/topics/border-trade.json").Body.String()
	gz, err := gzip.NewReader(get(s, "/topics/border-trade.json", "Accept-Encoding", "gzip").Body)
	if err != nil {
		t.Fatal(err)
	}
	zs, err := zstd.NewReader(get(s, "/topics/border-trade.json", "Accept-Encoding", "zstd").Body)
	if err != nil {
		t.Fatal(err)
	}
	defer zs.Close()
	for name, r := range map[string]io.Reader{"gzip": gz, "zstd": zs} {
		b, err := io.ReadAll(r)
		if err != nil || string(b) != plain {
			t.Errorf("%s: %d bytes (%v), want %d", name, len(b), err, len(plain))
		}
	}
}

func TestManyVariantsStayInTheBound(t *testing.T) {
	s := newServer(sampleStore())
	s.cache.max = 200 << 10
	for i := range 60 {
		if w := get(s, fmt.Sprintf("/topics/border-trade.rss?limit=%d", i+1), "Accept-Encoding", "gzip"); w.Code != 200 {
			t.Fatalf("code %d", w.Code)
		}
	}
	total := int64(0)
	for e := s.cache.order.Front(); e != nil; e = e.Next() {
		d := e.Value.(*document)
		total += int64(len(d.plain) + len(d.facets[gzipped].body) + len(d.facets[zstandard].body))
	}
	if total != s.cache.bytes || total > s.cache.max || s.cache.order.Len() != len(s.cache.docs) {
		t.Errorf("%d bytes in %d documents, counted %d", total, s.cache.order.Len(), s.cache.bytes)
	}
}

func TestUnknownTopicsAreNotCached(t *testing.T) {
	s := newServer(sampleStore())
	for i := range 50 {
		get(s, fmt.Sprintf("/topics/none-%d.atom", i))
	}
	if n := len(s.cache.docs); n != 0 {
		t.Errorf("%d documents", n)
	}
}

func TestFailingStoreIsToldInOneSentenceAndNotKept(t *testing.T) {
	st := sampleStore()
	s := newServer(st)
	st.err = errors.New("disk /dev/sda on fire")
	w := get(s, "/topics/border-trade.atom")
	if w.Code != 500 || w.Header().Get("Cache-Control") != "no-store" || strings.Contains(w.Body.String(), "sda") || strings.Count(w.Body.String(), "\n") != 1 {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	st.err = nil
	if w = get(s, "/topics/border-trade.atom"); w.Code != 200 {
		t.Errorf("code %d once the store is well", w.Code)
	}
}

func TestFullHouseIsAskedToComeBack(t *testing.T) {
	c := newCache(maxCache, newMetrics())
	f := &flight{done: make(chan struct{})}
	c.flights[flightKey{key: "k"}] = f
	ctx, cancel := newCancelled(t)
	defer cancel()
	if _, err := c.get(ctx, "k", version{}, nil); !errors.Is(err, errBusy) {
		t.Errorf("error %v", err)
	}
	w := httptest.NewRecorder()
	newServer(sampleStore()).fail(w, httptest.NewRequest("GET", "/", nil), errBusy)
	if w.Code != 503 || w.Header().Get("Retry-After") != "5" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d, %v", w.Code, w.Header())
	}
}

func TestDateIsLeftOutWhileItIsYoung(t *testing.T) {
	st := sampleStore()
	page := st.topics["border-trade"]
	page.Changed = noon
	st.topics["border-trade"] = page
	w := get(newServer(st), "/topics/border-trade.atom")
	if got := w.Header().Get("Last-Modified"); got != "" {
		t.Errorf("Last-Modified %q", got)
	}
}

func TestReloadShowsTheNewTitle(t *testing.T) {
	s := newServer(sampleStore())
	get(s, "/topics/border-trade.atom")
	st := sampleState()
	st.Topics[0].Title = "Another title"
	s.Apply(st)
	if !strings.Contains(get(s, "/topics/border-trade.atom").Body.String(), "Another title") {
		t.Error("the old title is served")
	}
}

// Who asks by a date alone must see what a reload changed (W2, W3).
func TestAReloadThatChangesBytesMovesTheDate(t *testing.T) {
	s := newServer(sampleStore())
	before := get(s, "/topics/border-trade.atom").Header().Get("Last-Modified")
	st := sampleState()
	st.Applied = noon.Add(-10 * time.Second)
	s.Apply(st)
	if w := get(s, "/topics/border-trade.atom", "If-Modified-Since", before); w.Code != 304 || w.Header().Get("Last-Modified") != before {
		t.Errorf("the same bytes: %d, %s", w.Code, w.Header().Get("Last-Modified"))
	}
	st.Sources = slices.Clone(st.Sources)
	st.Sources[0].Name = "Another name"
	s.Apply(st)
	if w := get(s, "/topics/border-trade.atom", "If-Modified-Since", before); w.Code != 200 || w.Header().Get("Last-Modified") != "Mon, 23 Nov 2026 11:59:50 GMT" {
		t.Errorf("other bytes: %d, %s", w.Code, w.Header().Get("Last-Modified"))
	}
}

func TestPolledItemsAreCounted(t *testing.T) {
	s := newServer(sampleStore())
	p := news.Poll{Source: "gazette", Kind: news.KindOK, Bytes: 900, Fetched: 9, New: 3, Known: 4, Revised: 1}
	p.Reject(news.RejectedEmpty, 1)
	s.ObservePoll(p)
	text := get(s.Metrics(), "/metrics").Body.String()
	for _, want := range []string{
		`khyber_source_polls_total{kind="ok",source="gazette"} 1`,
		`khyber_source_items_total{outcome="new",source="gazette"} 3`,
		`khyber_source_items_total{outcome="known",source="gazette"} 4`,
		`khyber_source_items_total{outcome="rejected",source="gazette"} 1`,
		`khyber_source_rejected_total{reason="empty",source="gazette"} 1`,
		`khyber_source_revised_total{source="gazette"} 1`,
		`khyber_source_bytes_total{source="gazette"} 900`,
		`khyber_items_unaccounted_total 1`,
		`khyber_store_items 1234`,
		`khyber_sources{state="ok"} 2`,
		`khyber_config_last_reload_successful 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no line %s", want)
		}
	}
}

func TestMetricsAreForLoopbackOnly(t *testing.T) {
	s := newServer(sampleStore())
	r := httptest.NewRequest("GET", "/metrics", nil)
	for addr, want := range map[string]int{"127.0.0.1": 200, "::1": 200, "203.0.113.5": 404} {
		w := httptest.NewRecorder()
		ctx := withLocalAddr(r, &net.TCPAddr{IP: net.ParseIP(addr), Port: 80})
		s.ServeHTTP(w, r.WithContext(ctx))
		if w.Code != want {
			t.Errorf("%s: code %d, want %d", addr, w.Code, want)
		}
	}
	s.MetricsElsewhere = true
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r.WithContext(withLocalAddr(r, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})))
	if w.Code != 404 {
		t.Errorf("code %d though metrics are elsewhere", w.Code)
	}
}

func TestSickProcessSaysWhy(t *testing.T) {
	s := New(Options{Store: sampleStore(), Now: func() time.Time { return noon }, Health: func() error { return errors.New("the scheduler has not turned since 11:00") }})
	w := get(s, "/healthz")
	if w.Code != 503 || w.Body.String() != "The scheduler has not turned since 11:00.\n" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if w = get(s, "/readyz"); w.Code != 200 {
		t.Errorf("readyz: %d", w.Code)
	}
}

func TestIndexTellsTheFirstFiveMinutes(t *testing.T) {
	st := sampleStore()
	s := newServer(st)
	for _, c := range []struct {
		name, want string
		change     func(*State)
	}{
		{"first run", "0 of 4 sources answered so far", func(*State) { st.states = nil }},
		{"no topic", "There is no topic yet", func(x *State) { x.Topics = nil }},
		{"no source", "There is no source yet", func(x *State) { x.Sources = nil }},
		{"nothing answers", "No source answers. Is this machine connected", func(*State) {
			st.states = nil
			for _, src := range sampleSources() {
				st.states = append(st.states, news.SourceState{Source: src.ID, LastPoll: noon, LastKind: news.KindDNS, Failures: 1})
			}
		}},
		{"refused file", "feeds.yaml:3:5: unknown key", func(x *State) {
			x.Refused = true
			x.Problems = []news.Problem{{Position: news.Position{File: "feeds.yaml", Line: 3, Column: 5}, Text: "unknown key"}}
		}},
	} {
		x := sampleState()
		st.states = sampleStore().states
		c.change(&x)
		s.Apply(x)
		if body := get(s, "/").Body.String(); !strings.Contains(body, c.want) {
			t.Errorf("%s: no %q in\n%s", c.name, c.want, body)
		}
	}
}

func TestEmptyTopicTellsQuietFromUnread(t *testing.T) {
	st := sampleStore()
	for i := range st.states {
		st.states[i].State = news.StateFailing
	}
	if body := get(newServer(st), "/topics/quiet").Body.String(); !strings.Contains(body, "no proof that nothing happened") {
		t.Errorf("body %s", body)
	}
}

func TestAnEmptyVariantSaysWhenTheTopicLastHadAnEntry(t *testing.T) {
	s := newServer(sampleStore())
	for path, want := range map[string]string{
		"/topics/border-trade?lang=zu": "joined it on 23 Nov 2026 11:48 UTC. 2 of 4 sources answer.",
		"/topics/quiet?lang=zu":        "nothing has matched the topic without them. 2 of 4 sources answer.",
	} {
		if body := get(s, path).Body.String(); !strings.Contains(body, want) {
			t.Errorf("%s: no %q", path, want)
		}
	}
}

// A reader that goes through the pages sees every entry once (P1).
func TestPagesLoseAndRepeatNothing(t *testing.T) {
	s := newServer(sampleStore())
	seen := map[string]int{}
	for next := "/topics/border-trade.json?limit=7"; next != ""; {
		w := get(s, next)
		parsed, err := gofeed.NewParser().Parse(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range parsed.Items {
			seen[item.GUID]++
		}
		_, rest, found := strings.Cut(get(s, next).Body.String(), `"next_url": "https://news.example.org`)
		if !found {
			break
		}
		next, _, _ = strings.Cut(rest, `"`)
	}
	if len(seen) != 120 {
		t.Errorf("%d entries", len(seen))
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s is seen %d times", id, n)
		}
	}
}

func TestBasePathIsKeptInPages(t *testing.T) {
	s := newServer(sampleStore())
	st := sampleState()
	st.Site.BaseURL = "https://example.org/khyber"
	s.Apply(st)
	for _, path := range []string{"/", "/topics/border-trade"} {
		body := get(s, path).Body.String()
		for _, part := range strings.Split(body, `href="/`)[1:] {
			if !strings.HasPrefix(part, "khyber/") {
				t.Errorf("%s: a link to /%.40s", path, part)
			}
		}
	}
}

func TestStylesheetIsKeptForEver(t *testing.T) {
	s := newServer(sampleStore())
	w := get(s, s.style.path)
	if w.Code != 200 || w.Header().Get("Cache-Control") != cacheForever || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w.Body.Len() == 0 || w.Body.Len() > 10<<10 {
		t.Errorf("%d bytes, at most 10 KiB", w.Body.Len())
	}
}

func TestHostileTextIsTextOnPages(t *testing.T) {
	st := sampleStore()
	evil := `"><script>alert(1)</script><b onclick=x>`
	page := st.topics["border-trade"]
	e := &page.Entries[0]
	e.Item.Title, e.Item.Summary, e.Item.Link, e.Match.Rule = evil, evil, "javascript:alert(1)", evil
	e.Revisions = []news.Revision{{Title: evil, Until: noon}}
	e.Story.Members = []news.Member{{Source: evil, Publisher: "x", URL: "javascript:alert(1)"}}
	x := sampleState()
	x.Site.Title, x.Topics[0].Title, x.Topics[0].Description, x.Sources[0].Name = evil, evil, evil, evil
	s := newServer(st)
	s.Apply(x)
	for _, path := range []string{"/", "/topics/border-trade", "/nothing"} {
		body := get(s, path, "Accept", "text/html").Body.String()
		if strings.Contains(body, "<script") || strings.Contains(body, "<b onclick") || strings.Contains(body, `href="javascript:`) {
			t.Errorf("%s: %s", path, body)
		}
	}
}

func BenchmarkTopicFeed(b *testing.B) {
	st := sampleStore()
	s := newServer(st)
	warm := get(s, "/topics/border-trade.atom", "Accept-Encoding", "gzip")
	b.Run("cold", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			fresh := newServer(st)
			get(fresh, "/topics/border-trade.atom", "Accept-Encoding", "gzip")
		}
		b.SetBytes(int64(warm.Body.Len()))
	})
	for name, tag := range map[string]string{"200": "", "304": warm.Header().Get("Etag")} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/topics/border-trade.atom", nil)
			r.Header.Set("Accept-Encoding", "gzip")
			if tag != "" {
				r.Header.Set("If-None-Match", tag)
			}
			b.ReportAllocs()
			for b.Loop() {
				s.ServeHTTP(&discard{h: http.Header{}}, r)
			}
		})
	}
}

// discard is a ResponseWriter that keeps nothing.
type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

func TestCoverageCountsWhoAnswers(t *testing.T) {
	st := sampleState()
	st.sources = map[string]news.Source{}
	for _, src := range st.Sources {
		st.sources[src.ID] = src
	}
	got := st.coverage("border-trade", sampleStore().states, nil)
	want := publish.Coverage{
		Sources: 4, OK: 2,
		Silent:  []publish.Trouble{{Source: "sahar", Since: noon.AddDate(0, 0, -3)}},
		Failing: []publish.Trouble{{Source: "wire", Since: noon.AddDate(0, 0, -1), Kind: news.KindStatus}},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
