package server

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"khyber/internal/feedtest"
	"khyber/internal/news"
)

// memorySubscriptions is a SubscriptionStore; what a restart finds is what was
// put.
type memorySubscriptions struct{ memoryRows }

func (m *memorySubscriptions) Subscriptions(ctx context.Context) (map[string][]byte, error) {
	return m.HubRows(ctx)
}

func (m *memorySubscriptions) PutSubscription(ctx context.Context, source string, row []byte) error {
	return m.PutHubRow(ctx, source, row)
}

// upstreamRig is a world with a hub in it: sources name it, and it verifies as
// the test says. It runs in a bubble.
type upstreamRig struct {
	*testing.T
	web   *feedtest.Network
	store *fakeStore
	rows  *memorySubscriptions
	state State

	mu     sync.Mutex
	s      *Server
	lease  string // hub.lease_seconds of verifications
	silent bool   // the hub takes requests and never verifies
	asked  []url.Values
	polled []string // with the time since the begin
	begin  time.Time
}

const hubAddress = "https://hub.example/subscribe"

// inUpstreamBubble runs f with the rig's Upstream running.
func inUpstreamBubble(t *testing.T, f func(r *upstreamRig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &upstreamRig{
			T: t, web: feedtest.NewNetwork(), rows: &memorySubscriptions{memoryRows{rows: map[string][]byte{}}},
			store: &fakeStore{}, state: sampleState(), lease: "3600", begin: time.Now(),
		}
		r.store.states = []news.SourceState{
			{Source: "gazette", Hints: news.Hints{Hub: hubAddress, Self: "https://www.gazette.example/rss?self"}},
			{Source: "sahar", Hints: news.Hints{Hub: hubAddress}},
			{Source: "wire", Hints: news.Hints{Hub: hubAddress, Self: "https://wire.example/atom"}}, // private
			{Source: "mirror"}, // names no hub
			{Source: "inside", Hints: news.Hints{Hub: hubAddress}},
			{Source: "behind", Hints: news.Hints{Hub: hubAddress}},
			{Source: "off", Hints: news.Hints{Hub: hubAddress}},
			{Source: "left", Hints: news.Hints{Hub: hubAddress}}, // not in the file any more
		}
		r.state.Sources = append(r.state.Sources,
			news.Source{ID: "inside", URL: "http://10.0.0.7/rss", AllowPrivateNetwork: true},
			news.Source{ID: "behind", URL: "https://behind.example/rss", Proxy: "socks5://127.0.0.1:1080"},
			news.Source{ID: "off", URL: "https://off.example/rss", Disabled: true})
		r.web.Handle("hub.example", http.HandlerFunc(r.hub))
		f(r)
	})
}

// hub verifies what it is asked for before it answers, as some do.
func (r *upstreamRig) hub(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	form, _ := url.ParseQuery(string(body))
	r.mu.Lock()
	r.asked = append(r.asked, form)
	silent := r.silent
	r.mu.Unlock()
	if !silent {
		r.verify(form.Get("hub.callback"), "subscribe", form.Get("hub.topic"), "challenge")
	}
	w.WriteHeader(http.StatusAccepted)
}

func (r *upstreamRig) verify(callback, mode, topic, challenge string) (int, string) {
	lease := ""
	r.set(func() { lease = r.lease })
	q := url.Values{"hub.mode": {mode}, "hub.topic": {topic}, "hub.challenge": {challenge}, "hub.lease_seconds": {lease}}
	return r.request(httptest.NewRequest(http.MethodGet, strings.TrimPrefix(callback, "https://news.example.org")+"?"+q.Encode(), http.NoBody))
}

func (r *upstreamRig) request(req *http.Request) (int, string) {
	w := httptest.NewRecorder()
	r.s.ServeHTTP(w, req)
	return w.Code, w.Body.String()
}

// push posts a body as a hub does, with a signature where there is a method.
func (r *upstreamRig) push(callback, method, secret, body string) int {
	req := httptest.NewRequest(http.MethodPost, strings.TrimPrefix(callback, "https://news.example.org"), strings.NewReader(body))
	if made := map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New, "md5": sha256.New}[method]; made != nil {
		mac := hmac.New(made, []byte(secret))
		_, _ = mac.Write([]byte(body))
		req.Header.Set("X-Hub-Signature", method+"="+hex.EncodeToString(mac.Sum(nil)))
	}
	code, _ := r.request(req)
	return code
}

// start runs a new Upstream on what is stored; the function that it returns ends
// it.
func (r *upstreamRig) start() (stop func()) {
	r.Helper()
	r.s = New(Options{Store: r.store, Now: time.Now, Egress: r.web, Subscriptions: r.rows})
	r.s.Apply(r.state)
	ctx, cancel := context.WithCancel(r.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- r.s.Upstream().Run(ctx, func(source string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.polled = append(r.polled, fmt.Sprintf("%s %s", time.Since(r.begin), source))
		})
	}()
	r.after(6 * time.Second) // both hubs are asked, 5 s apart
	return func() {
		cancel()
		if err := <-ended; err != nil {
			r.Errorf("Run: %v", err)
		}
	}
}

// after lets time pass.
func (r *upstreamRig) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// set changes the world while the Upstream runs.
func (r *upstreamRig) set(change func()) {
	r.mu.Lock()
	r.store.mu.Lock()
	defer r.mu.Unlock()
	defer r.store.mu.Unlock()
	change()
}

func (r *upstreamRig) forget() { r.set(func() { r.asked, r.polled = nil, nil }) }

func (r *upstreamRig) requests() (asked []url.Values) {
	r.set(func() { asked = slices.Clone(r.asked) })
	return asked
}

func (r *upstreamRig) polls() (polled []string) {
	r.set(func() { polled = slices.Clone(r.polled) })
	return polled
}

func (r *upstreamRig) topics() []string {
	var out []string
	for _, form := range r.requests() {
		out = append(out, form.Get("hub.topic"))
	}
	return out
}

func TestUpstreamSubscribesToTheHubsOfSources(t *testing.T) {
	inUpstreamBubble(t, func(r *upstreamRig) {
		defer r.start()()
		if apart := r.web.Requests()[1].At.Sub(r.begin); apart < 5*time.Second {
			t.Errorf("two requests to a hub within %s", apart)
		}
		want := []string{"https://www.gazette.example/rss?self", "https://sahar.example/feed"}
		if got := r.topics(); !slices.Equal(got, want) {
			t.Fatalf("asked for %q, want %q", got, want)
		}
		a, b := r.requests()[0], r.requests()[1]
		for _, form := range []url.Values{a, b} {
			token, ours := strings.CutPrefix(form.Get("hub.callback"), "https://news.example.org/websub/")
			if !ours || len(token) < 26 || len(form.Get("hub.secret")) < 26 { // 26 of 32 letters: 130 bits
				t.Errorf("a callback or secret that can be guessed: %v", form)
			}
			if form.Get("hub.mode") != "subscribe" || form.Get("hub.lease_seconds") != "864000" {
				t.Errorf("got %v", form)
			}
		}
		if a.Get("hub.callback") == b.Get("hub.callback") || a.Get("hub.secret") == b.Get("hub.secret") {
			t.Error("two sources share a callback or a secret")
		}
		if got := r.web.Requests()[0].Header.Get("Content-Type"); got != "application/x-www-form-urlencoded" {
			t.Errorf("Content-Type %q", got)
		}
	})
}

func TestUpstreamNeedsAnAddressThatHubsCanReach(t *testing.T) {
	for address, want := range map[string]bool{
		"https://news.example.org": true, "https://203.0.113.7:8443": true, "http://[2600::1]/khyber": true,
		"http://localhost:8080": false, "http://127.0.0.1:8080": false, "http://10.1.2.3": false, "http://[::]:8080": false,
		"http://[::1]": false, "http://169.254.1.1": false, "http://khyber": false, "http://khyber.local": false, "http://a.home.arpa": false, "": false,
	} {
		if got := reachable(address); got != want {
			t.Errorf("reachable(%q) = %v, want %v", address, got, want)
		}
	}
	inUpstreamBubble(t, func(r *upstreamRig) {
		r.state.Site.BaseURL = "http://127.0.0.1:8080"
		defer r.start()()
		r.after(time.Hour)
		if n := len(r.web.Requests()); n != 0 {
			t.Errorf("%d requests to hubs", n)
		}
	})
}

func TestUpstreamAgreesToNothingElse(t *testing.T) {
	inUpstreamBubble(t, func(r *upstreamRig) {
		defer r.start()()
		callback, topic := r.requests()[0].Get("hub.callback"), r.requests()[0].Get("hub.topic")
		other := r.requests()[1].Get("hub.topic")
		for _, c := range []struct {
			name, callback, mode, topic, challenge string
			want                                   int
		}{
			{"ours", callback, "subscribe", topic, "abc<b>", 200},
			{"the topic of another source", callback, "subscribe", other, "abc", 404},
			{"no topic", callback, "subscribe", "", "abc", 404},
			{"no challenge", callback, "subscribe", topic, "", 404},
			{"a long challenge", callback, "subscribe", topic, strings.Repeat("x", 4096), 404},
			{"another token", callback + "x", "subscribe", topic, "abc", 404},
			{"no token", "https://news.example.org/websub/", "subscribe", topic, "abc", 404},
			{"to unsubscribe", callback, "unsubscribe", topic, "abc", 404},
			{"an unknown mode", callback, "publish", topic, "abc", 404},
		} {
			code, body := r.verify(c.callback, c.mode, c.topic, c.challenge)
			if code != c.want || (body == c.challenge) != (c.want == 200) {
				t.Errorf("%s: got %d %.20q, want %d", c.name, code, body, c.want)
			}
		}
	})
}

func TestAPushPollsOnlyWhenItsSignatureIsRight(t *testing.T) {
	inUpstreamBubble(t, func(r *upstreamRig) {
		defer r.start()()
		callback, secret := r.requests()[0].Get("hub.callback"), r.requests()[0].Get("hub.secret")
		big := strings.Repeat("x", maxPushed+1)
		for _, c := range []struct {
			name, callback, method, secret, body string
			polls                                bool
		}{
			{"sha1", callback, "sha1", secret, "<rss/>", true},
			{"sha256", callback, "sha256", secret, "<rss/>", true},
			{"sha384", callback, "sha384", secret, "", true},
			{"sha512", callback, "sha512", secret, "what it says does not matter", true},
			{"none", callback, "", secret, "<rss/>", false},
			{"an unknown method", callback, "md5", secret, "<rss/>", false},
			{"another secret", callback, "sha256", "guess", "<rss/>", false},
			{"the secret of another source", callback, "sha256", r.requests()[1].Get("hub.secret"), "<rss/>", false},
			{"another token", callback + "x", "sha256", secret, "<rss/>", false},
			{"more than a document", callback, "sha256", secret, big, false},
		} {
			r.after(time.Minute)
			r.set(func() { r.polled = nil })
			if code := r.push(c.callback, c.method, c.secret, c.body); code != http.StatusAccepted {
				t.Errorf("%s: answered %d", c.name, code)
			}
			r.after(2 * time.Second)
			if polls := len(r.polls()) == 1 && strings.HasSuffix(r.polls()[0], " gazette"); polls != c.polls || len(r.polls()) > 1 {
				t.Errorf("%s: polled %q", c.name, r.polls())
			}
		}
	})
}

func TestPushesWithoutEndPollAtTheGap(t *testing.T) {
	inUpstreamBubble(t, func(r *upstreamRig) {
		r.state.Sources[1].HostGap = time.Minute
		defer r.start()()
		for range 60 { // of each, over a minute
			for _, form := range r.requests() {
				r.push(form.Get("hub.callback"), "sha256", form.Get("hub.secret"), "<rss/>")
			}
			r.after(time.Second)
		}
		r.after(2 * time.Minute)
		polls := map[string]int{}
		for _, p := range r.polls() {
			polls[p[strings.LastIndexByte(p, ' ')+1:]]++
		}
		// The last push is heeded too, after the gap.
		if polls["gazette"] < 12 || polls["gazette"] > 13 || polls["sahar"] != 2 {
			t.Errorf("polled %v: one in 5 s and one a minute are allowed", polls)
		}
	})
}

func TestUpstreamRenewsBeforeTheLeaseEnds(t *testing.T) {
	inUpstreamBubble(t, func(r *upstreamRig) {
		defer r.start()()
		callback := r.requests()[0].Get("hub.callback")
		r.after(44 * time.Minute)
		if n := len(r.requests()); n != 2 {
			t.Fatalf("%d requests before a quarter of the lease is left, want 2", n)
		}
		r.after(3 * time.Minute)
		if n := len(r.requests()); n != 4 || r.requests()[2].Get("hub.callback") != callback {
			t.Fatalf("%d requests, want 4, with the same callbacks", n)
		}
		r.set(func() { r.lease = "10" }) // a hub's mistake
		r.after(24 * time.Hour)
		if n := len(r.requests()); n > 4+2*24*6 {
			t.Errorf("%d requests in a day for leases of 10 s", n)
		}
	})
}

func TestAHubThatDoesNotVerifyIsAskedEverLess(t *testing.T) {
	inUpstreamBubble(t, func(r *upstreamRig) {
		r.silent = true
		defer r.start()()
		r.after(48 * time.Hour)
		// At 0, 1 m, 6 m, 36 m, 2 h 36, 8 h 36, 20 h 36, 32 h 36, 44 h 36.
		if n := len(r.requests()); n != 2*9 {
			t.Errorf("%d requests for two sources in two days, want 18", n)
		}
	})
	inUpstreamBubble(t, func(r *upstreamRig) {
		r.silent = true
		defer r.start()()
		r.verify(r.requests()[0].Get("hub.callback"), "denied", r.requests()[0].Get("hub.topic"), "")
		r.forget()
		r.after(23 * time.Hour)
		if slices.Contains(r.topics(), "https://www.gazette.example/rss?self") {
			t.Error("asked again within a day of a denial")
		}
	})
}

func TestSubscriptionsOutliveARestart(t *testing.T) {
	inUpstreamBubble(t, func(r *upstreamRig) {
		r.start()()
		defer r.start()()
		r.after(30 * time.Minute)
		if n := len(r.requests()); n != 2 {
			t.Errorf("%d requests, want those of before the restart", n)
		}
		r.push(r.requests()[0].Get("hub.callback"), "sha256", r.requests()[0].Get("hub.secret"), "<rss/>")
		r.after(2 * time.Second)
		if len(r.polls()) != 1 {
			t.Errorf("polled %q", r.polls())
		}
		for _, row := range r.rows.rows {
			if bytes.Contains(row, []byte("challenge")) {
				t.Errorf("a row keeps a challenge: %s", row)
			}
		}
	})
}

func TestASourceThatIsGoneOrMovesHubIsForgotten(t *testing.T) {
	inUpstreamBubble(t, func(r *upstreamRig) {
		defer r.start()()
		first := r.requests()[0]
		r.set(func() {
			r.store.states = slices.Clone(r.store.states)
			r.store.states[0].Hints.Hub = "https://hub.example/second"
			r.store.states[1].Hints = news.Hints{}
		})
		r.after(2 * time.Minute)
		if n := len(r.requests()); n != 3 || r.requests()[2].Get("hub.callback") == first.Get("hub.callback") {
			t.Errorf("%d requests, want one more, to the other hub with another callback", n)
		}
		if code, _ := r.verify(first.Get("hub.callback"), "subscribe", first.Get("hub.topic"), "abc"); code != http.StatusNotFound {
			t.Errorf("the first hub's callback answers %d", code)
		}
		if n := len(r.rows.rows); n != 1 {
			t.Errorf("%d rows are kept, want 1", n)
		}
		r.push(r.requests()[1].Get("hub.callback"), "sha256", r.requests()[1].Get("hub.secret"), "<rss/>")
		r.after(2 * time.Second)
		if len(r.polls()) != 0 {
			t.Errorf("polled %q for a subscription that is forgotten", r.polls())
		}
	})
}
