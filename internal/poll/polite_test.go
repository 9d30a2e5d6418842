package poll

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"khyber/internal/feedtest"
	"khyber/internal/news"
)

// between fails when a value lies outside.
func between(t *testing.T, what string, got, low, high time.Duration) {
	t.Helper()
	if got < low || got > high {
		t.Errorf("%s: %v, want %v to %v", what, got, low, high)
	}
}

func TestFreshnessIsHeededOfA200AndOfA304(t *testing.T) { // F9
	document := func(extra string) feedtest.Page {
		p := feedtest.Feed{Host: "hints.example", Items: 30}.Page()
		p.Body = []byte(strings.Replace(string(p.Body), "<channel>", "<channel>"+extra, 1))
		return p
	}
	maxAge := func(seconds string) http.Header { return http.Header{"Cache-Control": {"max-age=" + seconds}} }
	once := func(h http.Header) http.Header { return h }
	for _, c := range []struct {
		name   string
		page   feedtest.Page
		change func(*feedtest.Page)
		want   time.Duration // between polls, from the second on
	}{
		{"max-age", document(""), func(p *feedtest.Page) { p.Header = maxAge("7200") }, 2 * time.Hour},
		{"max-age of the 304", document(""), func(p *feedtest.Page) { p.Header, p.On304 = maxAge("3600"), once(maxAge("10800")) }, 3 * time.Hour},
		{"a 304 without it", document(""), func(p *feedtest.Page) { p.Header, p.On304 = maxAge("7200"), http.Header{"X-A": {"b"}} }, 2 * time.Hour},
		{"ttl", document("<ttl>240</ttl>"), func(*feedtest.Page) {}, 4 * time.Hour},
		{"ttl, while the 304 says less", document("<ttl>240</ttl>"), func(p *feedtest.Page) { p.On304 = maxAge("3600") }, 4 * time.Hour},
		{"no-cache is no hint", document(""), func(p *feedtest.Page) { p.Header = http.Header{"Cache-Control": {"no-cache"}} }, 10 * time.Minute},
		{"max-age=0 is no hint", document(""), func(p *feedtest.Page) { p.Header = maxAge("0") }, 10 * time.Minute},
		{"a month is a day", document(""), func(p *feedtest.Page) { p.Header = maxAge("2592000") }, day},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				c.change(&c.page)
				w.source("hints.example", c.page, every(10*time.Minute))
				w.run(4 * day)
				for i, gap := range w.gaps("hints.example")[1:] {
					if gap < c.want || gap > c.want*11/10+time.Second {
						t.Fatalf("gap %d is %v, want %v and up to 10%%", i+2, gap, c.want)
					}
				}
				if n := unconditional(w, ""); n != 1 {
					t.Errorf("%d unconditional requests", n)
				}
			})
		})
	}
}

func TestA429HoldsTheDomainAndA503TheSource(t *testing.T) { // F11
	for _, c := range []struct {
		name   string
		code   int
		answer http.Handler
		host   string
		held   bool // the others of the domain
	}{
		{"429, seconds", 429, feedtest.Status(429, "Retry-After", "7200"), "example", true},
		{"429, a date by a clock that is wrong", 429, feedtest.RetryAt(429, 2*time.Hour, -90*time.Minute), "example", true},
		{"503, seconds", 503, feedtest.Status(503, "Retry-After", "7200"), "example", false},
		{"503, a date", 503, feedtest.RetryAt(503, 2*time.Hour, 0), "example", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.source("a.paper.example", feedtest.Steps(page("a.paper.example"), c.answer, page("a.paper.example")), every(30*time.Minute))
				w.source("b.paper.example", page("b.paper.example"), every(30*time.Minute))
				w.source("c.other.example", page("c.other.example"), every(30*time.Minute))
				w.run(3 * time.Hour)
				w.store.restart() // a hold outlives the process
				w.run(3 * time.Hour)
				at := w.times("a.paper.example")
				refused := at[1]
				between(t, "the source itself after Retry-After", at[2]-refused, 2*time.Hour, 132*time.Minute+tick)
				quiet := time.Duration(0)
				for i, b := range w.times("b.paper.example") {
					if before := w.times("b.paper.example")[max(i-1, 0)]; b > refused && quiet == 0 {
						quiet = b - max(before, refused)
					}
				}
				if c.held {
					between(t, "another source of the domain", quiet, 2*time.Hour, 2*time.Hour+time.Minute)
				} else if quiet > 34*time.Minute {
					t.Errorf("another source of the domain waited %v", quiet)
				}
				if high := slices.Max(w.gaps("c.other.example")); high > 34*time.Minute {
					t.Errorf("a source of another domain waited %v", high)
				}
			})
		})
	}
}

func TestA429OfAnAddressHoldsTheSourceAlone(t *testing.T) {
	inWorld(t, func(w *world) {
		own := func(id, path string) func(*news.Source) {
			return func(s *news.Source) { s.ID, s.URL, s.AllowPrivateNetwork = id, "https://10.0.0.7/"+path, true }
		}
		handler := feedtest.Paths(map[string]http.Handler{
			"/a": feedtest.Steps(page("a.example"), feedtest.Status(429, "Retry-After", "36000")), "/b": page("b.example"),
		})
		w.source("10.0.0.7", handler, every(10*time.Minute), own("a", "a"))
		w.source("10.0.0.7", handler, every(10*time.Minute), own("b", "b"))
		w.run(5 * time.Hour)
		a, b := feedtest.To(w.web.Requests(), "https://10.0.0.7/a"), feedtest.To(w.web.Requests(), "https://10.0.0.7/b")
		if len(a) != 2 || len(b) < 25 {
			t.Errorf("%d requests of the held source, %d of the other", len(a), len(b))
		}
	})
}

func TestA429WithoutATimeHoldsTheDomainLongerEachTime(t *testing.T) {
	inWorld(t, func(w *world) {
		w.source("a.paper.example", feedtest.Steps(page("a.paper.example"), feedtest.Status(429)), every(10*time.Minute))
		w.source("b.paper.example", page("b.paper.example"), every(10*time.Minute))
		w.run(50 * time.Minute)
		w.store.restart() // in the second hold
		w.run(5 * time.Hour)
		gaps := w.gaps("a.paper.example")
		between(t, "first", gaps[1], 30*time.Minute, 33*time.Minute+tick)
		between(t, "second", gaps[2], time.Hour, 66*time.Minute+tick)
		between(t, "third", gaps[3], 2*time.Hour, 132*time.Minute+tick)
		if n := len(w.times("b.paper.example")); n > 10 {
			t.Errorf("%d requests of the other source of the domain", n)
		}
	})
}

func TestGoneIsAskedOnceADayThenAWeek(t *testing.T) { // F14; the months are in TestGoneIsAskedRarely…
	inWorld(t, func(w *world) {
		w.source("gone.example", feedtest.Steps(page("gone.example"), feedtest.Status(410)), every(time.Hour))
		w.run(10 * day)
		gaps := w.gaps("gone.example")
		if len(gaps) != 3 {
			t.Fatalf("gaps %v", gaps)
		}
		between(t, "first", gaps[1], day, day*11/10+time.Second)
		between(t, "second", gaps[2], 7*day, 7*day*11/10+time.Second)
		if got := w.log.with(`level=WARN msg="source failing" source=gone.example kind=gone`); len(got) != 1 {
			t.Errorf("warnings: %q", got)
		}
	})
}

func TestFailuresAreLeftAloneLongerAndLonger(t *testing.T) { // F12
	inWorld(t, func(w *world) {
		cases := []struct {
			host    string
			handler http.Handler
			limit   time.Duration
			kind    news.Kind
		}{
			{"a500.example", feedtest.Status(500), soonCap, news.KindStatus},
			{"a404.example", feedtest.Status(404), lateCap, news.KindStatus},
			{"a403.example", feedtest.Status(403), lateCap, news.KindStatus},
			{"page.example", feedtest.HTML(200, "The Herald"), lateCap, news.KindNotAFeed},
			{"refused.example", feedtest.Refused(), soonCap, news.KindRefused},
			{"dns.example", feedtest.NoHost(), soonCap, news.KindDNS},
			{"tls.example", feedtest.BadTLS(), soonCap, news.KindTLS},
			{"loop.example", feedtest.Redirect(302, "/feed"), lateCap, news.KindRedirect},
		}
		for _, c := range cases {
			w.source(c.host, c.handler, every(time.Hour))
		}
		w.run(6 * day)
		for _, c := range cases {
			polls := w.store.polls[c.host]
			if polls[0].Kind != c.kind {
				t.Errorf("%s: kind %s, want %s", c.host, polls[0].Kind, c.kind)
			}
			want := time.Hour
			for i := range len(polls) - 1 {
				between(t, fmt.Sprintf("%s, wait %d", c.host, i), polls[i+1].At.Sub(polls[i].At), want, want*11/10+tick)
				want = min(want*2, c.limit)
			}
			if s := w.store.states[c.host]; s.Failures != len(polls) || s.Why != fmt.Sprintf("back-off %d", len(polls)) {
				t.Errorf("%s: %d failures (%s) of %d polls", c.host, s.Failures, s.Why, len(polls))
			}
		}
	})
}

func TestAnUpgradeToHTTPSIsLearnedAfterThreePolls(t *testing.T) { // F18
	inWorld(t, func(w *world) {
		w.source("paper.example", page("paper.example"), every(time.Hour), func(s *news.Source) { s.URL = "http://paper.example/feed" })
		handler := page("paper.example")
		w.web.Handle("paper.example", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Scheme == "http" {
				feedtest.Redirect(301, "https://paper.example/feed").ServeHTTP(rw, r)
				return
			}
			handler.ServeHTTP(rw, r)
		}))
		w.settled = 4 * time.Hour // the hops of a redirect follow at once
		w.run(12 * time.Hour)
		plain, safe := len(feedtest.To(w.web.Requests(), "http://")), len(feedtest.To(w.web.Requests(), "https://"))
		if plain != 3 || safe < 11 {
			t.Errorf("%d requests over http, %d over https; want 3 and 11 or more", plain, safe)
		}
		if n := unconditional(w, "https://"); n != 1 {
			t.Errorf("%d unconditional requests to the new address", n)
		}
	})
}

func TestALearnedAddressIsDroppedWhenItFails(t *testing.T) { // F13
	inWorld(t, func(w *world) {
		there := page("new.example")
		w.source("old.example", feedtest.Redirect(301, "https://new.example/rss"), every(6*time.Hour), func(s *news.Source) {
			s.Headers = map[string]string{"X-Key": "secret"}
		})
		w.web.Handle("new.example", there)
		w.run(12 * day)
		if s := w.store.states["old.example"]; !s.Redirect.Learned || s.Redirect.URL != "https://new.example/rss" {
			t.Fatalf("not learned: %+v", s.Redirect)
		}
		before := len(w.times("old.example"))
		w.run(2 * day)
		if n := len(w.times("old.example")); n != before {
			t.Errorf("%d requests to the old address after it was learned", n-before)
		}
		w.web.Handle("new.example", nil)
		w.web.Handle("old.example", page("old.example"))
		w.run(5 * day)
		s := w.store.states["old.example"]
		if s.Redirect != (news.Redirect{}) || s.State != news.StateOK {
			t.Errorf("after failures at the new place: %+v in state %s", s.Redirect, s.State)
		}
		for _, r := range w.web.Requests() {
			if strings.HasPrefix(r.URL, "https://new.example") == (r.Header.Get("X-Key") != "") {
				t.Errorf("X-Key %q sent to %s", r.Header.Get("X-Key"), r.URL)
				break
			}
		}
		first := feedtest.To(w.web.Requests(), "https://old.example/")[before]
		if first.Conditional() {
			t.Error("the new place's validators were sent to the old one")
		}
	})
}

func TestAnotherSourcesAddressIsNotAskedTwice(t *testing.T) {
	inWorld(t, func(w *world) {
		w.source("old.example", feedtest.Redirect(301, "https://new.example/feed"), every(6*time.Hour))
		w.source("new.example", page("new.example"), every(6*time.Hour))
		w.settled = time.Minute
		w.run(12 * day)
		s := w.store.states["old.example"]
		if n := len(w.times("old.example")); !s.Redirect.Learned || n != len(w.store.polls["old.example"]) {
			t.Errorf("learned %v, %d requests to the configured address in %d polls", s.Redirect.Learned, n, len(w.store.polls["old.example"]))
		}
	})
}

func TestSkipHoursAreSkipped(t *testing.T) { // F20
	inWorld(t, func(w *world) {
		p := feedtest.Feed{Host: "night.example", Items: 30}.Page()
		p.Body = []byte(strings.Replace(string(p.Body), "<channel>", "<channel><skipHours><hour>24</hour><hour>1</hour><hour>2</hour><hour>13</hour></skipHours>", 1))
		w.source("night.example", p, every(10*time.Minute))
		w.run(3 * day)
		hours := map[int]int{}
		for _, r := range w.web.Requests()[1:] {
			hours[r.At.UTC().Hour()]++
		}
		for _, h := range []int{0, 1, 2, 13} {
			if hours[h] > 0 {
				t.Errorf("%d requests in hour %d", hours[h], h)
			}
		}
		if len(hours) != 20 {
			t.Errorf("requests in %d hours of the day: %v", len(hours), hours)
		}
	})
}

func TestManySourcesOfOneDomainAreAskedOneAfterAnother(t *testing.T) { // F19
	inWorld(t, func(w *world) {
		for i := range 40 {
			host := fmt.Sprintf("desk%d.paper.example", i)
			slow := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				time.Sleep(time.Duration(i) * 300 * time.Millisecond)
				page(host).ServeHTTP(rw, r)
			})
			w.source(host, slow, every(10*time.Minute))
		}
		w.run(2 * time.Hour)
		for _, src := range w.sources {
			if n := len(w.times(src.ID)); n < 9 {
				t.Errorf("%s: %d requests in two hours", src.ID, n)
			}
		}
	})
}

func TestTheLargestHostGapOfADomainCounts(t *testing.T) {
	inWorld(t, func(w *world) {
		for i := range 4 {
			host := fmt.Sprintf("desk%d.paper.example", i)
			w.source(host, page(host), every(30*time.Minute), func(s *news.Source) {
				if i == 2 {
					s.HostGap = time.Minute
				}
			})
		}
		w.run(5 * time.Hour)
		at := requestTimes(w)
		for i := 1; i < len(at); i++ {
			if at[i]-at[i-1] < time.Minute {
				t.Fatalf("%v between two requests", at[i]-at[i-1])
			}
		}
	})
}

func TestAScheduleIsKeptThroughDaylightSaving(t *testing.T) {
	inWorld(t, func(w *world) {
		berlin := zone(t, "Europe/Berlin")
		w.source("paper.example", page("paper.example"), func(s *news.Source) {
			s.Timing.Schedule, s.Timing.Location = "30 2,14 * * *", berlin
		})
		w.set.Store(int64(time.Until(time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC))))
		w.run(14 * day)
		set := time.Duration(w.set.Load())
		var got []string
		for _, r := range w.web.Requests()[1:] {
			at := r.At.Add(set).In(berlin)
			got = append(got, at.Format("02 15:04"))
		}
		want := 27 // twice a day for 14 days, less the night of 29 March that has no 02:30
		for _, s := range got {
			if !strings.HasSuffix(s, " 02:30") && !strings.HasSuffix(s, " 14:30") {
				t.Errorf("asked at %s", s)
			}
		}
		if len(got) != want || slices.Contains(got, "29 02:30") {
			t.Errorf("asked %d times, want %d: %v", len(got), want, got)
		}
	})
}
