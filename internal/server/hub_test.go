package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"khyber/internal/news"
)

// memoryRows is a HubStore; what a restart finds is what was put.
type memoryRows struct {
	mu   sync.Mutex
	rows map[string][]byte
}

func (m *memoryRows) HubRows(context.Context) (map[string][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.rows), nil
}

func (m *memoryRows) PutHubRow(_ context.Context, key string, row []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if row == nil {
		delete(m.rows, key)
	} else {
		m.rows[key] = row
	}
	return nil
}

// callback is a subscriber: it agrees to what it is asked and keeps what it gets.
type callback struct {
	*httptest.Server
	answer func(challenge string) (int, string)
	status int // of a delivery
	asked  []url.Values
	got    []*http.Request
	bodies []string
}

func newCallback(t *testing.T) *callback {
	c := &callback{status: 204, answer: func(challenge string) (int, string) { return 200, challenge }}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			c.asked = append(c.asked, r.URL.Query())
			code, text := c.answer(r.URL.Query().Get("hub.challenge"))
			w.WriteHeader(code)
			_, _ = io.WriteString(w, text)
			return
		}
		body, _ := io.ReadAll(r.Body)
		c.got, c.bodies = append(c.got, r), append(c.bodies, string(body))
		w.WriteHeader(c.status)
	}))
	t.Cleanup(c.Close)
	return c
}

// hubRig is a server with a hub and a clock that the test turns.
type hubRig struct {
	*testing.T
	store *fakeStore
	rows  *memoryRows
	now   time.Time
	s     *Server
}

func newHubRig(t *testing.T) *hubRig {
	rig := &hubRig{T: t, store: sampleStore(), rows: &memoryRows{rows: map[string][]byte{}}, now: noon}
	rig.restart()
	return rig
}

func (rig *hubRig) restart() {
	rig.s = New(Options{Store: rig.store, Now: func() time.Time { return rig.now }, HubStore: rig.rows, Egress: http.DefaultTransport})
	rig.s.Apply(sampleState())
	if err := rig.s.Hub().load(rig.Context()); err != nil {
		rig.Fatal(err)
	}
}

// work does all that is due.
func (rig *hubRig) work() {
	for range 100 {
		if !rig.s.Hub().step(rig.Context()) {
			return
		}
	}
	rig.Fatal("the hub does not come to rest")
}

const borderAtom = "https://news.example.org/topics/border-trade.atom"

func (rig *hubRig) ask(mode, topic, callback string, more ...string) *httptest.ResponseRecorder {
	form := url.Values{"hub.mode": {mode}, "hub.topic": {topic}, "hub.callback": {callback}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	r := httptest.NewRequest("POST", "/hub", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	rig.s.ServeHTTP(w, r)
	return w
}

// report adds a piece of news to the topic.
func (rig *hubRig) report() {
	rig.store.mu.Lock()
	defer rig.store.mu.Unlock()
	page := rig.store.topics["border-trade"]
	e := page.Entries[0]
	e.Mark++
	e.News = true
	e.Item.ID++
	e.Item.EntryID += "x"
	e.Item.Title = fmt.Sprintf("Report %d", e.Mark)
	page.Entries = append([]news.Entry{e}, page.Entries...)
	page.Changed = page.Changed.Add(time.Second)
	rig.store.topics["border-trade"] = page
	rig.store.rev.Add(1)
}

func TestHubDeliversNewsToWhoAgreed(t *testing.T) {
	rig := newHubRig(t)
	c := newCallback(t)
	if w := rig.ask("subscribe", borderAtom, c.URL+"/cb?mine=1", "hub.lease_seconds", "7200", "hub.secret", "s3cret", "hub.unknown", "x"); w.Code != 202 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	rig.work()
	if len(c.asked) != 1 || c.asked[0].Get("mine") != "1" || c.asked[0].Get("hub.mode") != "subscribe" ||
		c.asked[0].Get("hub.topic") != borderAtom || c.asked[0].Get("hub.lease_seconds") != "7200" || len(c.got) != 0 {
		t.Fatalf("asked %v, %d deliveries", c.asked, len(c.got))
	}
	rig.report()
	rig.work()
	if len(c.got) != 1 || !strings.Contains(c.bodies[0], "Report 121") {
		t.Fatalf("%d deliveries", len(c.got))
	}
	mac := hmac.New(sha256.New, []byte("s3cret"))
	mac.Write([]byte(c.bodies[0]))
	h := c.got[0].Header
	if h.Get("X-Hub-Signature") != "sha256="+hex.EncodeToString(mac.Sum(nil)) || h.Get("Content-Type") != "application/atom+xml; charset=utf-8" ||
		h.Get("Link") != `<https://news.example.org/hub>; rel="hub", <`+borderAtom+`>; rel="self"` || c.got[0].URL.RawQuery != "mine=1" {
		t.Errorf("headers %v of %s", h, c.got[0].URL)
	}
	if served := get(rig.s, "/topics/border-trade.atom").Body.String(); served != c.bodies[0] {
		t.Error("what is pushed is not what is served")
	}
}

// What a poll brings is pushed at once, not when a worker next looks.
func TestAPollWakesTheHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, delivered := sampleStore(), 0
		s := New(Options{Store: store, Now: time.Now, HubStore: &memoryRows{rows: map[string][]byte{}}, Egress: roundTrip(func(r *http.Request) *http.Response {
			if r.Method == http.MethodPost {
				delivered++
			}
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(r.URL.Query().Get("hub.challenge")))}
		})})
		s.Apply(sampleState())
		rig := &hubRig{T: t, store: store, s: s}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Hub().Run(ctx) }()
		rig.ask("subscribe", borderAtom, "https://reader.example/cb")
		time.Sleep(hubTurn + hubTurn/2) // by the clock of the bubble: it is verified, and looks again in half a turn
		rig.report()
		began := time.Now()
		s.ObservePoll(news.Poll{Source: "wire", Kind: news.KindOK, New: 1, Fetched: 1})
		synctest.Wait()
		if delivered != 1 || !time.Now().Equal(began) {
			t.Errorf("%d deliveries after %s", delivered, time.Since(began))
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// roundTrip is an egress that a test makes up.
type roundTrip func(*http.Request) *http.Response

// RoundTrip answers.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

func TestHubMergesBurstsAndPushesNewsOnly(t *testing.T) {
	rig := newHubRig(t)
	c := newCallback(t)
	rig.ask("subscribe", borderAtom, c.URL)
	rig.work()
	rig.store.rev.Add(1) // coverage, a story, a rule change: no news
	rig.work()
	if len(c.got) != 0 {
		t.Fatalf("%d deliveries without news", len(c.got))
	}
	rig.report()
	rig.work()
	rig.report()
	rig.report()
	rig.work()
	if len(c.got) != 1 {
		t.Fatalf("%d deliveries within a minute", len(c.got))
	}
	rig.now = rig.now.Add(time.Minute)
	rig.work()
	if len(c.got) != 2 || !strings.Contains(c.bodies[1], "Report 123") || !strings.Contains(c.bodies[1], "Report 122") {
		t.Errorf("%d deliveries", len(c.got))
	}
	if c.got[1].Header.Get("X-Hub-Signature") != "" {
		t.Error("signed without a secret")
	}
}

func TestHubLosesNothingInARestart(t *testing.T) {
	rig := newHubRig(t)
	c := newCallback(t)
	rig.ask("subscribe", borderAtom, c.URL)
	rig.work()
	rig.report()
	rig.restart()
	rig.work()
	if len(c.got) != 1 {
		t.Errorf("%d deliveries", len(c.got))
	}
	rig.restart()
	rig.now = rig.now.Add(time.Hour)
	rig.work()
	if len(c.got) != 1 {
		t.Errorf("delivered again: %d", len(c.got))
	}
}

func TestHubAsksBeforeItBelieves(t *testing.T) {
	for name, answer := range map[string]func(string) (int, string){
		"another challenge": func(string) (int, string) { return 200, "guess" },
		"an error":          func(c string) (int, string) { return 404, c },
		"a redirect":        func(c string) (int, string) { return 302, c },
	} {
		rig := newHubRig(t)
		c := newCallback(t)
		c.answer = answer
		rig.ask("subscribe", borderAtom, c.URL)
		rig.work()
		if len(rig.rows.rows) != 0 || len(c.asked) != 1 {
			t.Errorf("%s: %d rows, asked %d times", name, len(rig.rows.rows), len(c.asked))
		}
	}
}

func TestHubUnsubscribesAfterVerification(t *testing.T) {
	rig := newHubRig(t)
	c := newCallback(t)
	rig.ask("subscribe", borderAtom, c.URL)
	rig.work()
	c.answer = func(string) (int, string) { return 404, "" }
	rig.ask("unsubscribe", borderAtom, c.URL)
	rig.work()
	if len(rig.rows.rows) != 1 {
		t.Fatal("a stranger has unsubscribed it")
	}
	c.answer = func(challenge string) (int, string) { return 200, challenge }
	rig.ask("unsubscribe", borderAtom, c.URL)
	rig.work()
	if len(rig.rows.rows) != 0 || c.asked[2].Has("hub.lease_seconds") {
		t.Errorf("%d rows, asked %v", len(rig.rows.rows), c.asked)
	}
}

func TestRenewalChangesSecretAndKeepsItsPlace(t *testing.T) {
	rig := newHubRig(t)
	c := newCallback(t)
	rig.ask("subscribe", borderAtom, c.URL, "hub.secret", "old")
	rig.work()
	rig.report()
	rig.ask("subscribe", borderAtom, c.URL, "hub.secret", "new")
	rig.work()
	mac := hmac.New(sha256.New, []byte("new"))
	if len(c.got) != 1 || len(rig.rows.rows) != 1 {
		t.Fatalf("%d deliveries, %d rows", len(c.got), len(rig.rows.rows))
	}
	mac.Write([]byte(c.bodies[0]))
	if got := c.got[0].Header.Get("X-Hub-Signature"); got != "sha256="+hex.EncodeToString(mac.Sum(nil)) {
		t.Errorf("signature %s", got)
	}
}

func TestLeaseEndsInSilence(t *testing.T) {
	rig := newHubRig(t)
	c := newCallback(t)
	rig.ask("subscribe", borderAtom, c.URL, "hub.lease_seconds", "10") // the least is an hour
	rig.work()
	rig.now = rig.now.Add(59 * time.Minute)
	rig.work()
	if len(rig.rows.rows) != 1 {
		t.Fatal("it ended early")
	}
	rig.now = rig.now.Add(time.Minute)
	rig.report()
	rig.work()
	if len(rig.rows.rows) != 0 || len(c.got) != 0 {
		t.Errorf("%d rows, %d deliveries", len(rig.rows.rows), len(c.got))
	}
}

func TestFailedDeliveryIsTriedAgainAndGivenUp(t *testing.T) {
	rig := newHubRig(t)
	c := newCallback(t)
	c.status = 500
	rig.ask("subscribe", borderAtom, c.URL)
	rig.work()
	rig.report()
	rig.work()
	rig.now = rig.now.Add(40 * time.Second)
	rig.work()
	if len(c.got) != 1 {
		t.Fatalf("%d attempts within 40 s", len(c.got))
	}
	rig.now = rig.now.Add(40 * time.Second)
	rig.work()
	if len(c.got) != 2 {
		t.Fatalf("%d attempts within 80 s", len(c.got))
	}
	for range 200 {
		rig.now = rig.now.Add(time.Hour)
		rig.work()
	}
	if len(c.got) != maxFailures || len(rig.rows.rows) != 0 {
		t.Errorf("%d attempts, %d rows", len(c.got), len(rig.rows.rows))
	}
	w := httptest.NewRecorder()
	rig.s.Metrics().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if !strings.Contains(w.Body.String(), `khyber_hub_deliveries_total{outcome="given-up"} 1`) {
		t.Error("who is given up is not counted")
	}
}

func TestGoneSubscriberIsForgotten(t *testing.T) {
	rig := newHubRig(t)
	c := newCallback(t)
	c.status = http.StatusGone
	rig.ask("subscribe", borderAtom, c.URL)
	rig.work()
	rig.report()
	rig.work()
	if len(rig.rows.rows) != 0 || len(c.got) != 1 {
		t.Errorf("%d rows, %d deliveries", len(rig.rows.rows), len(c.got))
	}
}

func TestHubRefusesWhatItDoesNotServe(t *testing.T) {
	for _, c := range []struct {
		mode, topic, callback string
		more                  []string
		want                  string
	}{
		{"publish", borderAtom, "https://a.example/", nil, "serves its own topics only"},
		{"", borderAtom, "https://a.example/", nil, "subscribe or unsubscribe"},
		{"subscribe", "https://other.example/topics/border-trade.atom", "https://a.example/", nil, "none of our topic feeds"},
		{"subscribe", borderAtom + "?before=3", "https://a.example/", nil, "none of our topic feeds"},
		{"subscribe", borderAtom + "?view=all&ids=topic", "https://a.example/", nil, "none of our topic feeds"}, // not canonical
		{"subscribe", "https://news.example.org/topics/border-trade", "https://a.example/", nil, "none of our topic feeds"},
		{"subscribe", "https://news.example.org/search.atom?q=x", "https://a.example/", nil, "none of our topic feeds"},
		{"subscribe", borderAtom, "ftp://a.example/", nil, "http or https address"},
		{"subscribe", borderAtom, "https://u:p@a.example/", nil, "http or https address"},
		{"subscribe", borderAtom, "https://a.example/#x", nil, "http or https address"},
		{"subscribe", borderAtom, "https://a.example/" + strings.Repeat("x", maxCallback), nil, "http or https address"},
		{"subscribe", borderAtom, "https://a.example/", []string{"hub.secret", strings.Repeat("x", 200)}, "less than 200 bytes"},
		{"subscribe", borderAtom, "https://a.example/", []string{"hub.lease_seconds", "soon"}, "number of seconds"},
		{"subscribe", borderAtom, strings.Repeat("x", 9<<10), nil, "at most 8 KiB"},
	} {
		rig := newHubRig(t)
		w := rig.ask(c.mode, c.topic, c.callback, c.more...)
		if w.Code != 400 || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %.60s: %d %s", c.mode, c.topic, w.Code, w.Body)
		}
	}
	rig := newHubRig(t)
	if w := rig.ask("subscribe", borderAtom[:len(borderAtom)-4]+"json?ids=topic&view=all", "https://a.example/"); w.Code != 202 {
		t.Errorf("a canonical variant: %d %s", w.Code, w.Body)
	}
}

func TestHubHasLimits(t *testing.T) {
	rig := newHubRig(t)
	codes := map[int]int{}
	for range maxAsked + 3 {
		codes[rig.ask("subscribe", borderAtom, "https://a.example/").Code]++
	}
	if codes[202] != maxAsked || codes[429] != 3 {
		t.Errorf("codes %v", codes)
	}
	rig.now = rig.now.Add(time.Minute)
	if w := rig.ask("subscribe", borderAtom, "https://a.example/"); w.Code != 202 {
		t.Errorf("a minute later: %d", w.Code)
	}
	h := rig.s.Hub()
	for i := range maxPerDomain {
		h.subs[fmt.Sprint(i)] = &subscriber{Callback: fmt.Sprintf("https://h%d.b.example:%d/", i, 8000+i)}
	}
	rig.s.Domain = func(address string) string { return hostname(address)[strings.Index(hostname(address), "b.example"):] }
	if w := rig.ask("subscribe", borderAtom, "https://new.b.example/"); w.Code != 429 || w.Header().Get("Retry-After") != "60" {
		t.Errorf("one domain more than its share: %d", w.Code)
	}
}

func TestAddressesShareTheirNetwork(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1:99":              "192.0.2.1",
		"[::ffff:192.0.2.1]:99":     "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:99": "2001:db8:1:2::/64",
		"@":                         "@",
	} {
		if got := networkOf(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestPagesOfOtherSitesCannotSubscribeAnybody(t *testing.T) {
	rig := newHubRig(t)
	r := httptest.NewRequest("POST", "/hub", strings.NewReader("hub.mode=subscribe"))
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	rig.s.ServeHTTP(w, r)
	if w.Code != 403 {
		t.Errorf("code %d", w.Code)
	}
}

func TestWithoutHubNothingNamesOne(t *testing.T) {
	s := New(Options{Store: sampleStore(), Now: func() time.Time { return noon }})
	s.Apply(sampleState())
	w := get(s, "/topics/border-trade.atom")
	r := httptest.NewRequest("POST", "/hub", nil)
	post := httptest.NewRecorder()
	s.ServeHTTP(post, r)
	if w.Header().Get("Link") != "" || strings.Contains(w.Body.String(), `rel="hub"`) || post.Code != 405 || s.Hub() != nil {
		t.Errorf("Link %q, POST %d", w.Header().Get("Link"), post.Code)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	rig := newHubRig(t)
	ctx, cancel := newCancelled(t)
	defer cancel()
	if err := rig.s.Hub().Run(ctx); err != nil {
		t.Error(err)
	}
}
