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

// page is a well-kept source of 30 items.
func page(host string) http.Handler { return feedtest.Feed{Host: host, Items: 30}.Page() }

func TestThirtyDaysOfTwentySources(t *testing.T) {
	inWorld(t, func(w *world) {
		for i := range 20 {
			host := fmt.Sprintf("source%d.example", i)
			w.source(host, page(host), every(time.Hour))
		}
		days := time.Duration(30)
		if testing.Short() {
			days = 5
		}
		w.run(days * day)
		for _, src := range w.sources {
			gaps := w.gaps(src.ID)
			if len(gaps) < int(days*day/(66*time.Minute)) {
				t.Errorf("%s: %d requests in %d days", src.ID, len(gaps)+1, days)
			}
			// F10: the interval and 0–10% of jitter, only upwards; the first one
			// is shorter, so that sources do not march in step.
			if gaps[0] < 30*time.Minute || gaps[0] > 66*time.Minute {
				t.Errorf("%s: first interval %v", src.ID, gaps[0])
			}
			if low, high := slices.Min(gaps[1:]), slices.Max(gaps[1:]); low < time.Hour || high > 66*time.Minute+time.Second {
				t.Errorf("%s: between %v and %v", src.ID, low, high)
			}
		}
		if n := unconditional(w, ""); n != 20 {
			t.Errorf("%d unconditional requests, want one a source (F1)", n)
		}
	})
}

// unconditional counts the requests without validators whose URL contains the
// text.
func unconditional(w *world, in string) int {
	n := 0
	for _, r := range w.web.Requests() {
		if !r.Conditional() && strings.Contains(r.URL, in) {
			n++
		}
	}
	return n
}

func TestARestartChangesNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		for i := range 5 {
			host := fmt.Sprintf("source%d.example", i)
			w.source(host, page(host), every(3*time.Hour))
		}
		for range 20 { // nights, each followed by a quick restart
			w.run(23*time.Hour + 50*time.Minute)
			w.store.restart()
			w.run(10 * time.Minute)
			w.store.restart()
		}
		for _, src := range w.sources {
			gaps := w.gaps(src.ID)
			if low, high := slices.Min(gaps[1:]), slices.Max(gaps[1:]); low < 3*time.Hour || high > 200*time.Minute || len(gaps) < 140 {
				t.Errorf("%s: %d requests between %v and %v", src.ID, len(gaps)+1, low, high)
			}
		}
		if n := unconditional(w, ""); n != 5 {
			t.Errorf("%d unconditional requests, want one a source (F1)", n)
		}
	})
}

func TestWhatIsOverdueIsSpread(t *testing.T) {
	inWorld(t, func(w *world) {
		for i := range 60 {
			host := fmt.Sprintf("source%02d.example", i)
			w.source(host, page(host), every(time.Hour))
		}
		w.run(time.Minute)
		first := requestTimes(w)
		if len(first) != 60 {
			t.Fatalf("%d of 60 new sources in the first minute", len(first))
		}
		if got, want := first[59]-first[0], 59*overdueGap; got != want {
			t.Errorf("60 new sources within %v, want %v", got, want)
		}
		time.Sleep(8 * time.Hour) // nobody polls
		w.store.restart()
		w.run(time.Minute)
		second := requestTimes(w)[60:]
		if len(second) != 60 || second[59]-second[0] != 59*overdueGap {
			t.Errorf("after 8 hours: %d requests within %v", len(second), second[len(second)-1]-second[0])
		}
	})
}

func requestTimes(w *world) []time.Duration {
	var all []time.Duration
	for _, r := range w.web.Requests() {
		all = append(all, r.At.Sub(w.start))
	}
	return all
}

func TestABurstIsFollowedAndLeftAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		// An item an hour, and on the seventh day one a minute.
		const week = 7 * 24 * time.Hour
		grown := func() int {
			at := time.Since(w.start)
			n := int(at / time.Hour)
			if at > week {
				n += int(min(at-week, 12*time.Hour) / time.Minute)
			}
			return n
		}
		w.source("burst.example", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			feedtest.Feed{Host: "burst.example", Items: 30}.Grown(grown()).Page().ServeHTTP(rw, r)
		}))
		gaps := 0
		w.polled = func(p news.Poll) {
			if p.Gap() {
				gaps++
			}
		}
		w.run(8 * 24 * time.Hour)
		perHour := func(from, to time.Duration) float64 {
			n := 0
			for _, at := range w.times("burst.example") {
				if at >= from && at < to {
					n++
				}
			}
			return float64(n) / (to - from).Hours()
		}
		before, during, later := perHour(day, week), perHour(week+2*time.Hour, week+12*time.Hour), perHour(week+16*time.Hour, 8*24*time.Hour)
		if before > 1.1 || during < 2.5 || later > 1.2 {
			t.Errorf("polls an hour: %.1f before, %.1f during, %.1f after the burst", before, during, later)
		}
		if gaps > 2 {
			t.Errorf("%d possible gaps", gaps)
		}
	})
}

func TestOneSourceThatHangsDelaysNobody(t *testing.T) {
	inWorld(t, func(w *world) {
		w.source("hanging.example", feedtest.Hang(), every(time.Hour))
		for i := range 5 {
			host := fmt.Sprintf("source%d.example", i)
			w.source(host, page(host), every(time.Hour))
		}
		w.run(3 * day)
		if polls := w.store.polls["hanging.example"]; polls[0].Kind != news.KindTimeout || polls[0].Duration != 30*time.Second {
			t.Errorf("kind %s after %v", polls[0].Kind, polls[0].Duration)
		}
		at, wait := w.gaps("hanging.example"), []time.Duration{}
		for i, base := range []time.Duration{time.Hour, 2 * time.Hour, 4 * time.Hour, 4 * time.Hour, 4 * time.Hour} {
			wait = append(wait, at[i])
			if over := at[i] - base - 30*time.Second; over < 0 || over > base/10+tick {
				t.Errorf("F12: waits %v; number %d is not %v and 10%%", wait, i, base)
			}
		}
		for _, src := range w.sources[1:] {
			if high := slices.Max(w.gaps(src.ID)); high > 66*time.Minute+time.Second {
				t.Errorf("%s waited %v", src.ID, high)
			}
		}
		if got := w.log.with(`level=WARN msg="source failing"`); len(got) != 1 || !strings.Contains(got[0], "source=hanging.example kind=timeout err=") {
			t.Errorf("warnings: %q, want one", got)
		}
	})
}

func TestFiveHundredThatDripDelayNobody(t *testing.T) {
	late := func(drips int) time.Duration {
		var all []time.Duration
		inWorld(t, func(w *world) {
			body := feedtest.Feed{Host: "drip.example", Items: 30}.Bytes()
			ticker := time.NewTicker(time.Second)
			defer ticker.Stop()
			for i := range drips {
				host := fmt.Sprintf("drip%d.example", i)
				w.source(host, feedtest.Drip(body, ticker.C), every(10*time.Minute))
			}
			healthy := map[string]bool{}
			for i := range 500 {
				host := fmt.Sprintf("source%d.example", i)
				w.source(host, page(host), every(5*time.Minute))
				healthy[host] = true
			}
			next := map[string]time.Time{}
			w.polled = func(p news.Poll) {
				w.mu.Lock()
				defer w.mu.Unlock()
				if healthy[p.Source] {
					if due, ok := next[p.Source]; ok {
						all = append(all, p.At.Sub(due))
					}
					next[p.Source] = p.Next
				}
			}
			w.run(time.Hour)
		})
		slices.Sort(all)
		if len(all) < 5000 {
			t.Fatalf("%d polls of healthy sources", len(all))
		}
		return all[len(all)*99/100]
	}
	alone, beside := late(0), late(500)
	if beside > alone+alone/10 || beside > time.Second {
		t.Errorf("p99 lateness %v alone, %v beside 500 that drip", alone, beside)
	}
}
