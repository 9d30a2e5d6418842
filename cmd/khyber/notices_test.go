package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"khyber/internal/news"
	"khyber/internal/poll"
	"khyber/internal/server"
	"khyber/internal/store"
	"khyber/internal/store/storetest"
)

// pager is a target of notices, in the place of the network.
type pager struct {
	mu     sync.Mutex
	got    []string // when, and what: the notices' ids and titles, then the news
	ids    []string // of the messages
	refuse bool
	lose   bool // it comes, and the answer does not
	bad    []string
}

func (p *pager) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, []byte("sesame"))
	mac.Write(body)
	if got, want := r.Header.Get("X-Khyber-Signature"), "sha256="+hex.EncodeToString(mac.Sum(nil)); got != want || r.Header.Get("Content-Type") != "application/json" {
		p.bad = append(p.bad, got)
	}
	status := http.StatusNoContent
	if p.refuse {
		status = http.StatusServiceUnavailable
	} else {
		var m struct {
			ID      string
			Notices []struct{ ID, What, Title string }
			News    []struct{ Topic, Title string }
		}
		if err := json.Unmarshal(body, &m); err != nil {
			return nil, err
		}
		var parts []string
		for _, n := range m.Notices {
			parts = append(parts, n.ID+" "+n.What+" "+n.Title)
		}
		for _, n := range m.News {
			parts = append(parts, n.Topic+": "+n.Title)
		}
		p.ids = append(p.ids, m.ID)
		p.got = append(p.got, strings.Join(parts, "; "))
	}
	if p.lose {
		return nil, errors.New("the line went dead")
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Body: http.NoBody, Request: r}, nil
}

// fails says what becomes of messages from now on.
func (p *pager) fails(refuse, lose bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse, p.lose = refuse, lose
}

// take returns what came since the last time.
func (p *pager) take() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := strings.Join(p.got, "\n")
	p.got = nil
	return out
}

// bureau is a program with ten sources whose notices go to a pager, in a bubble
// with a clock of its own.
type bureau struct {
	*parts
	t     *testing.T
	pager *pager
	polls uint64
	log   strings.Builder
}

func newBureau(t *testing.T) *bureau {
	t.Helper()
	b := &bureau{t: t, pager: &pager{}}
	file := filepath.Join(t.TempDir(), "feeds.yaml")
	var text strings.Builder
	text.WriteString("site: {base_url: \"https://desk.example\"}\nnotify: [{url: \"https://pager.example/hush\", secret: sesame, topics: [all]}]\nsources:\n")
	for n := range 10 {
		fmt.Fprintf(&text, "  - {id: wire-%d, name: Wire %d, url: \"https://wire%d.example/rss\"}\n", n, n, n)
	}
	text.WriteString("topics: [{id: all, title: All, include: [{name: every item, always: true}]}]\n")
	write(t, file, text.String())
	a := &app{config: file, getenv: os.LookupEnv, now: time.Now, random: func() float64 { return 0 }, egress: b.pager}
	cfg, err := a.mustLoad()
	must(t, err)
	st, err := store.New(storetest.Memory(), store.Options{Now: a.now, Next: poll.Next})
	must(t, err)
	b.parts = a.build(slog.New(slog.NewTextHandler(&b.log, nil)), st, cfg, "", server.Options{})
	must(t, b.apply(t.Context(), cfg, nil, false))
	return b
}

// poll commits a poll of a source: bad, or one with items of these numbers.
func (b *bureau) poll(source int, kind news.Kind, items ...int) {
	b.t.Helper()
	b.polls++
	p := news.Poll{ID: b.polls, Source: fmt.Sprint("wire-", source), At: time.Now(), Kind: kind, Complete: kind == news.KindOK, Fetched: len(items), Generation: 1}
	var list []news.Item
	for _, n := range items {
		list = append(list, news.Item{
			Source: p.Source, Link: fmt.Sprintf("https://wire%d.example/%d", source, n), Title: invented(10*n + source), Published: time.Now().Add(-time.Minute),
			Matches: []news.Match{{Topic: "all", Verdict: news.In, Rule: "every item"}},
		})
	}
	if _, err := b.store.Commit(b.t.Context(), p, list); err != nil {
		b.t.Fatal(err)
	}
}

// shows wants words on a page.
func (b *bureau) shows(path string, words ...string) {
	b.t.Helper()
	h := http.Handler(b.server)
	if path == "/metrics" {
		h = b.server.Metrics()
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	for _, want := range words {
		if !strings.Contains(w.Body.String(), want) {
			b.t.Errorf("%s does not say %s:\n%s", path, want, w.Body)
		}
	}
}

// fail lets sources fail three times within an hour.
func (b *bureau) fail(sources ...int) {
	b.t.Helper()
	for n := range 3 {
		if n > 0 {
			time.Sleep(30 * time.Minute)
		}
		for _, s := range sources {
			b.poll(s, news.KindTimeout)
		}
	}
}

// size: one life of a target, whose notices are numbered through
func TestNoticesComeOnceInOrderAndSigned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBureau(t)
		for n := range 10 {
			b.poll(n, news.KindOK, 1)
		}
		b.fail(0) // before the pager is known: it hears nothing of it
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- b.server.Notifier().Run(ctx) }()
		after := func(wait time.Duration, what, want string) {
			t.Helper()
			time.Sleep(wait)
			synctest.Wait()
			if got := b.pager.take(); got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", what, got, want)
			}
		}
		after(5*time.Minute+10*time.Second, "the past", "") // from here on always between two turns

		b.poll(0, news.KindOK, 2)
		b.poll(1, news.KindOK, 2, 3)
		after(time.Minute, "well again, with news", "2 source Resolved: Wire 0 was failing; all: "+invented(20)+"; all: "+invented(31)+"; all: "+invented(21))
		after(time.Hour, "nothing new", "")

		b.pager.fails(true, false)
		b.fail(2, 3)
		after(5*time.Minute, "it refuses", "") // four times
		b.poll(2, news.KindOK, 4)
		b.pager.fails(false, false)
		after(time.Minute, "before the next try", "")
		after(time.Minute, "the same", "")
		after(time.Minute, "what was refused comes as it was", "3 source Wire 2 is failing; 4 source Wire 3 is failing")
		after(time.Minute, "then what came later", "5 source Resolved: Wire 2 was failing; all: "+invented(42))

		b.pager.fails(false, true)
		must(t, b.store.Note(ctx, store.OfFile, []string{"feeds.yaml:3:1: no"}))
		after(time.Minute, "the answer gets lost", "6 file feeds.yaml is not in force: it has mistakes")
		b.pager.fails(false, false)
		after(2*time.Minute, "so it comes again", "6 file feeds.yaml is not in force: it has mistakes")
		if n := len(b.pager.ids); b.pager.ids[n-1] != b.pager.ids[n-2] {
			t.Errorf("the second time its id is %s, not %s", b.pager.ids[n-1], b.pager.ids[n-2])
		}

		b.fail(4, 5, 6, 7, 8, 9)
		after(time.Minute, "six of them", "7-12 incident 6 of 10 sources fail at once")
		for n := 4; n < 10; n++ {
			b.poll(n, news.KindOK)
		}
		after(time.Minute, "six are well", "13-18 incident 6 of 10 sources answer again")

		must(t, b.store.Note(ctx, store.OfLine, []string{"own outage"}))
		must(t, b.store.Note(ctx, store.OfLine, []string{"own outage"}))
		after(time.Minute, "the line", "19 line Most sources cannot be reached")
		must(t, b.store.Note(ctx, store.OfLine, nil))
		after(time.Minute, "the line again", "20 line The sources can be reached again")

		must(t, b.store.Note(ctx, store.OfClock, []string{store.OfClock}))
		must(t, b.store.Note(ctx, store.OfRoom, []string{store.OfRoom}))
		after(time.Minute, "clock and disk", "21 clock The clock of this machine is off; 22 room There is little room: items older than 30 days go")

		cancel()
		must(t, <-ended)
		if len(b.pager.bad) > 0 {
			t.Errorf("not signed: %q", b.pager.bad)
		}
		said := b.log.String()
		if strings.Count(said, "notice not delivered") != 2 || !strings.Contains(said, "pager.example: it answers Service Unavailable") || strings.Contains(said, "hush") || strings.Contains(said, "sesame") {
			t.Errorf("the log:\n%s", said)
		}
	})
}

// TestNoticesGoOnAfterARestart refuses one, and takes it from another process.
func TestNoticesGoOnAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBureau(t)
		run := func(d time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			must(t, server.New(server.Options{Store: b.store, NoticeStore: b.store, Now: time.Now}).Notifier().Run(ctx)) // no target: all is forgotten
		}
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		must(t, b.server.Notifier().Run(ctx))
		cancel()
		b.poll(0, news.KindOK, 1)
		b.fail(0)
		b.pager.fails(true, false)
		ctx, cancel = context.WithTimeout(t.Context(), 90*time.Second)
		must(t, b.server.Notifier().Run(ctx))
		cancel()
		b.pager.fails(false, false)
		ctx, cancel = context.WithTimeout(t.Context(), 5*time.Minute)
		must(t, b.server.Notifier().Run(ctx))
		cancel()
		if got, want := b.pager.take(), "1 source Wire 0 is failing"; got != want {
			t.Errorf("after the restart: %q, want %q", got, want)
		}
		run(time.Second)
		rows, err := b.store.Targets(t.Context())
		if err != nil || len(rows) != 0 {
			t.Errorf("a target that is gone leaves %v, %v", rows, err)
		}
	})
}

// TestNoticesReachAPrivateAddressByNameOnly posts to a server of this machine.
func TestNoticesReachAPrivateAddressByNameOnly(t *testing.T) {
	for allowed, want := range map[string]int{"true": 1, "false": 0} {
		var came sync.WaitGroup
		n := 0
		came.Add(want)
		srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { n++; came.Done() }))
		text := fmt.Sprintf("notify: [{url: %q, allow_private_network: %s}]\n%s", srv.URL, allowed, smallFile)
		var log strings.Builder
		d := newDaemon(t, filepath.Join(t.TempDir(), "feeds.yaml"), text, &log)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, strings.NewReader("{}"))
		must(t, err)
		resp, err := d.targets(d.config.Load().Notify)[0].Egress.RoundTrip(r)
		if err == nil {
			must(t, resp.Body.Close())
		} else if want == 1 || !strings.Contains(err.Error(), "private") {
			t.Error(err)
		}
		came.Wait()
		srv.Close()
		if n != want {
			t.Errorf("allow_private_network %s: %d requests, want %d", allowed, n, want)
		}
	}
}

// TestPollsThatComeLateAreTold: they are our fault, which no source can tell. After
// a start what was due before is no more late than the start is long ago.
func TestPollsThatComeLateAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBureau(t)
		for n := range 10 {
			b.poll(n, news.KindOK, 1)
		}
		time.Sleep(48 * time.Hour)
		d := &daemon{parts: b.parts, began: time.Now()}
		look := d.alive(t.Context())
		told := func(want ...string) {
			t.Helper()
			look()
			events, err := b.store.Events(t.Context(), 0, 99)
			must(t, err)
			var got []string
			for _, e := range events {
				if e.Of == store.OfLate {
					got = append(got, strings.Join(e.Wrong, " "))
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("told of %q, want %q", got, want)
			}
		}
		told() // all of them are overdue, but the start is over only now
		for n := range 8 {
			b.poll(n, news.KindOK, 1)
		}
		time.Sleep(3 * time.Hour)
		for n := range 8 {
			b.poll(n, news.KindOK, 1)
		}
		told("wire-8 wire-9")
		time.Sleep(time.Minute)
		b.poll(9, news.KindOK, 1)
		told("wire-8 wire-9") // one of them still is
		time.Sleep(time.Minute)
		b.poll(8, news.KindOK, 1)
		told("wire-8 wire-9", "")
		b.shows("/status.atom", "<title type=\"text\">Resolved: Sources were polled late</title>")
	})
}

// TestATargetThatTakesNothingIsTold, where people and programs look.
func TestATargetThatTakesNothingIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBureau(t)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- b.server.Notifier().Run(ctx) }()
		time.Sleep(10 * time.Second) // from here on always between two turns
		b.pager.fails(true, false)
		b.poll(0, news.KindOK, 1)
		b.fail(0)
		time.Sleep(5 * time.Minute) // it is asked three times
		b.shows("/status.json", `"notify": {
  "targets": 1,
  "failing": 1
 }`)
		b.shows("/status", "1 of 1 target did not take the last one: the log says why")
		b.shows("/status.atom", "<title type=\"text\">Notices are not taken</title>")
		b.shows("/metrics", "\nkhyber_notify_targets_failing 1\n", "\nkhyber_notify_deliveries_total{outcome=\"failed\"} 3\n")
		b.pager.fails(false, false)
		time.Sleep(5 * time.Minute)
		b.shows("/status.json", `"failing": 0`)
		b.shows("/status", "taken by 1 target")
		b.shows("/status.atom", "<title type=\"text\">Resolved: Notices were not taken</title>")
		b.shows("/metrics", "\nkhyber_notify_targets_failing 0\n")
		cancel()
		must(t, <-ended)
	})
}
