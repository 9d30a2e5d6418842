package poll

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"khyber/internal/feedtest"
	"khyber/internal/news"
	"khyber/internal/store"
)

// reload makes the changed sources those that are polled.
func (w *world) reload(p *Poller, change func(sources []news.Source) []news.Source) {
	w.sources = change(slices.Clone(w.sources))
	w.store.configure(w.sources)
	p.Apply(State{Sources: w.sources, Generation: w.store.generation})
}

func TestAReloadMovesOnlyWhatItChanges(t *testing.T) {
	inWorld(t, func(w *world) {
		ids := []string{"shorter.example", "longer.example", "scheduled.example", "moved.example", "removed.example", "disabled.example", "same.example", "failing.example"}
		for _, id := range ids {
			h := page(id)
			if id == "failing.example" {
				h = feedtest.Steps(page(id), feedtest.Status(500))
			}
			w.source(id, h, every(2*time.Hour))
		}
		var at time.Duration
		w.with(func(p *Poller) {
			time.Sleep(9 * time.Hour)
			at = time.Since(w.start)
			w.reload(p, func(all []news.Source) []news.Source {
				for i := range all {
					switch s := &all[i]; s.ID {
					case "shorter.example", "failing.example":
						s.Timing.Every = 20 * time.Minute
					case "longer.example":
						s.Timing.Every = 12 * time.Hour
					case "scheduled.example":
						s.Timing.Schedule = "0 12,15 * * *"
					case "moved.example":
						s.URL += "2"
					case "disabled.example":
						s.Disabled = true
					default:
						s.Name = "The Herald" // no timing key
					}
				}
				return slices.DeleteFunc(all, func(s news.Source) bool { return s.ID == "removed.example" })
			})
			w.source("added.example", page("added.example"), every(time.Hour))
			p.Apply(State{Sources: w.sources, Generation: w.store.generation})
			time.Sleep(14 * time.Hour)
		})
		next := func(id string) time.Duration { // from the reload to the first request
			for _, t := range w.times(id) {
				if t >= at {
					return t - at
				}
			}
			return -1
		}
		last := func(id string) (since time.Duration) { // from the last request to the reload
			for _, t := range w.times(id) {
				if t < at {
					since = at - t
				}
			}
			return since
		}
		between(t, "shorter", next("shorter.example"), 0, 20*time.Minute)
		between(t, "longer", next("longer.example"), 12*time.Hour-last("longer.example")-time.Second, 12*time.Hour-last("longer.example")+tick)
		between(t, "scheduled at 12", next("scheduled.example"), 3*time.Hour-tick, 3*time.Hour+31*time.Second)
		between(t, "moved", next("moved.example"), 0, tick)
		between(t, "added", next("added.example"), 0, tick+time.Second)
		between(t, "same", next("same.example")+last("same.example"), 2*time.Hour, 132*time.Minute+time.Second)
		between(t, "failing, back-off 3", next("failing.example")+last("failing.example"), 3*time.Hour, 9*time.Hour)
		if got := []time.Duration{next("removed.example"), next("disabled.example")}; got[0] != -1 || got[1] != -1 {
			t.Errorf("removed asked after %v, disabled after %v", got[0], got[1])
		}
		if n := unconditional(w, ""); n != len(ids)+2 { // and one more for moved, one for added
			t.Errorf("%d unconditional requests, want %d (F1)", n, len(ids)+2)
		}
	})
}

// TestNoOtherKeyMakesARequestUnconditional changes every key of a source but its
// address (F1).
func TestNoOtherKeyMakesARequestUnconditional(t *testing.T) {
	changes := map[string]func(*news.Source){
		"name":         func(s *news.Source) { s.Name = "The Herald" },
		"publisher":    func(s *news.Source) { s.Publisher = "other" },
		"lang":         func(s *news.Source) { s.Lang = "ps" },
		"country":      func(s *news.Source) { s.Country = "AF" },
		"kind":         func(s *news.Source) { s.Type = news.Aggregator },
		"timezone":     func(s *news.Source) { s.Timezone = time.FixedZone("x", 3600) },
		"every":        func(s *news.Source) { s.Timing.Every = 3 * time.Hour },
		"ignore-hints": func(s *news.Source) { s.Timing.IgnoreHints = true },
		"user-agent":   func(s *news.Source) { s.UserAgent = "Reader/1" },
		"headers":      func(s *news.Source) { s.Headers = map[string]string{"X-Key": "1"} },
		"private":      func(s *news.Source) { s.AllowPrivateNetwork = true },
		"max-bytes":    func(s *news.Source) { s.MaxBytes = 1 << 20 },
		"timeout":      func(s *news.Source) { s.Timeout = time.Minute },
		"host-gap":     func(s *news.Source) { s.HostGap = time.Minute },
		"disabled":     func(s *news.Source) { s.Disabled = !s.Disabled },
	}
	inWorld(t, func(w *world) {
		for key := range changes {
			w.source(key+".example", page(key+".example"), every(time.Hour))
		}
		change := func(all []news.Source) []news.Source {
			for i := range all {
				changes[strings.TrimSuffix(all[i].ID, ".example")](&all[i])
			}
			return all
		}
		w.with(func(p *Poller) {
			time.Sleep(3 * time.Hour)
			w.reload(p, change)
			time.Sleep(6 * time.Hour)
			w.reload(p, change) // what was disabled is polled again
			time.Sleep(6 * time.Hour)
		})
		for key := range changes {
			if n := len(w.times(key + ".example")); n < 4 {
				t.Errorf("%s: asked %d times only", key, n)
			}
			if n := unconditional(w, key+".example"); n != 1 {
				t.Errorf("%s: %d unconditional requests, want 1", key, n)
			}
		}
	})
}

// topics is a Set that says which one it is.
type topics string

func (s topics) Match(*news.Item) []news.Match {
	return []news.Match{{Topic: string(s), Verdict: news.In}}
}

func TestAReloadDuringAPollMatchesAnewWithoutFetching(t *testing.T) {
	inWorld(t, func(w *world) {
		var p *Poller
		slow := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			w.store.configure(w.sources) // the store knows first, the poller 2 s later
			go func() {
				time.Sleep(2 * time.Second)
				p.Apply(State{Sources: w.sources, Set: topics("new"), Generation: w.store.generation})
			}()
			page("slow.example").ServeHTTP(rw, r)
		})
		src := w.source("slow.example", slow)
		p = w.poller()
		p.Apply(State{Sources: w.sources, Set: topics("old"), Generation: w.store.generation})
		poll, err := p.PollSource(w.Context(), src)
		if err != nil || poll.New != 30 || poll.Generation != w.store.generation || len(w.web.Requests()) != 1 {
			t.Errorf("%d new of generation %d after %d requests: %v", poll.New, poll.Generation, len(w.web.Requests()), err)
		}
		if got := w.store.topics; len(got) != 1 || !got["new"] {
			t.Errorf("matched with %v, want new", got)
		}
	})
}

func TestPollAllAsksNowAndReportsAsEachEnds(t *testing.T) {
	inWorld(t, func(w *world) {
		for i := range 6 {
			host := fmt.Sprintf("desk%d.paper.example", i)
			w.source(host, page(host), every(time.Hour))
		}
		w.source("broken.example", feedtest.Status(500), every(time.Hour))
		w.source("disabled.example", page("disabled.example"), func(s *news.Source) { s.Disabled = true })
		var at []time.Duration
		kinds := map[news.Kind]int{}
		err := w.poller().PollAll(w.Context(), nil, func(p news.Poll) {
			at = append(at, time.Since(w.start))
			kinds[p.Kind]++
		})
		if err != nil || kinds[news.KindOK] != 6 || kinds[news.KindStatus] != 1 || len(kinds) != 2 {
			t.Errorf("got %v, %v", kinds, err)
		}
		if want := 5 * defaultGap; at[len(at)-1] != want || at[0] != 0 {
			t.Errorf("reported at %v, want from 0 to %v", at, want)
		}
		again := 0
		if err := w.poller().PollAll(w.Context(), []string{"desk3.paper.example"}, func(p news.Poll) {
			if again++; p.Kind != news.KindUnchanged {
				t.Errorf("again: %s", p.Outcome())
			}
		}); err != nil || again != 1 {
			t.Errorf("again: %d reports, %v", again, err)
		}
	})
}

func TestPollAllNamesWhatItDoesNotKnow(t *testing.T) {
	inWorld(t, func(w *world) {
		w.source("paper.example", page("paper.example"))
		w.source("disabled.example", page("disabled.example"), func(s *news.Source) { s.Disabled = true })
		err := w.poller().PollAll(w.Context(), []string{"papr.example", "paper.example", "disabled.example"}, func(p news.Poll) {
			t.Errorf("polled %s", p.Source)
		})
		want := "no source \"papr.example\" is polled: feeds.yaml does not have it, or has it disabled\n" +
			"no source \"disabled.example\" is polled: feeds.yaml does not have it, or has it disabled"
		if err == nil || err.Error() != want {
			t.Errorf("got %v", err)
		}
	})
}

func TestPollAllIsHeldByRetryAfter(t *testing.T) {
	inWorld(t, func(w *world) {
		w.source("a.paper.example", feedtest.Status(429, "Retry-After", "7200"))
		w.source("b.paper.example", page("b.paper.example"))
		w.source("c.other.example", feedtest.Status(503, "Retry-After", "86400"))
		w.source("d.other.example", page("d.other.example"))
		poll := func() []string {
			var said []string
			if err := w.poller().PollAll(w.Context(), nil, func(p news.Poll) {
				line := p.Source + " " + string(p.Kind)
				if p.Kind == "" {
					line += p.Why
				}
				said = append(said, line)
			}); err != nil {
				t.Error(err)
			}
			slices.Sort(said)
			return said
		}
		want := []string{"a.paper.example status", "b.paper.example held until 02:00 by 429", "c.other.example status", "d.other.example ok"}
		if got := poll(); !slices.Equal(got, want) {
			t.Errorf("first: got %q, want %q", got, want)
		}
		want = []string{"a.paper.example held until 02:00 by 429", "b.paper.example held until 02:00 by 429", "c.other.example held until 2 January 00:00 by 503", "d.other.example unchanged"}
		if got := poll(); !slices.Equal(got, want) {
			t.Errorf("again: got %q, want %q", got, want)
		}
		time.Sleep(2*time.Hour + time.Minute)
		if got := poll(); got[0] != "a.paper.example status" {
			t.Errorf("after two hours: %q", got)
		}
	})
}

func TestPollAllIsDoneByRunWhileItRuns(t *testing.T) {
	inWorld(t, func(w *world) {
		for i := range 4 {
			host := fmt.Sprintf("desk%d.paper.example", i)
			w.source(host, page(host), every(time.Hour))
		}
		w.with(func(p *Poller) {
			time.Sleep(10*time.Minute + time.Second)
			n := 0
			if err := p.PollAll(w.Context(), nil, func(news.Poll) { n++ }); err != nil || n != 4 {
				t.Errorf("%d reports, %v", n, err)
			}
			if at := requestTimes(w); len(at) != 8 || at[7]-at[4] != 3*defaultGap {
				t.Errorf("requests at %v", at)
			}
			ctx, cancel := context.WithTimeout(w.Context(), 7*time.Second)
			defer cancel()
			if err := p.PollAll(ctx, nil, func(news.Poll) {}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("cut short: %v", err)
			}
		})
	})
}

func TestPollAllEndsWithRun(t *testing.T) {
	inWorld(t, func(w *world) {
		w.source("hanging.example", feedtest.Hang(), every(time.Hour))
		w.source("desk.hanging.example", page("desk.hanging.example"), every(time.Hour))
		said := make(chan error, 1)
		w.with(func(p *Poller) {
			time.Sleep(time.Second)
			go func() { said <- p.PollAll(w.Context(), []string{"desk.hanging.example"}, func(news.Poll) {}) }()
			time.Sleep(time.Second)
		})
		if err := <-said; err == nil || err.Error() != "polling has stopped: start it again" {
			t.Errorf("got %v", err)
		}
	})
}

func TestRunWaitsForAPollAllThatBeganFirst(t *testing.T) {
	inWorld(t, func(w *world) {
		w.source("hanging.example", feedtest.Hang(), every(time.Hour))
		p := w.poller()
		ended := make(chan error, 2)
		go func() { ended <- p.PollAll(w.Context(), nil, func(news.Poll) {}) }()
		time.Sleep(time.Second)
		ctx, cancel := context.WithCancel(w.Context())
		go func() { ended <- p.Run(ctx) }()
		time.Sleep(10 * time.Minute)
		cancel()
		if err := errors.Join(<-ended, <-ended); err != nil {
			t.Error(err)
		}
	})
}

func TestNothingIsRecordedWhenPollingStops(t *testing.T) {
	inWorld(t, func(w *world) {
		for i := range 50 {
			w.source(fmt.Sprintf("hanging%d.example", i), feedtest.Hang(), every(time.Hour))
		}
		began := time.Now()
		w.run(10 * time.Second)
		if took := time.Since(began); took > 10*time.Second+time.Second {
			t.Errorf("stopping took %v with 50 fetches that hang", took-10*time.Second)
		}
		if n := len(w.web.Requests()); n != 50 || len(w.store.polls) != 0 {
			t.Errorf("%d requests, %d sources with polls", n, len(w.store.polls))
		}
		if got := w.log.with("level=(WARN|ERROR)"); len(got) != 0 {
			t.Errorf("said %q", got)
		}
	})
}

func TestAFullStorePausesPolling(t *testing.T) {
	inWorld(t, func(w *world) {
		twenty(w, 10*time.Minute)
		w.with(func(*Poller) {
			time.Sleep(time.Hour)
			w.store.refuse(fmt.Errorf("commit: %w", store.ErrFull))
			time.Sleep(11 * time.Minute) // until the first refusal at the latest
			before := len(w.web.Requests())
			time.Sleep(time.Hour)
			if n := len(w.web.Requests()) - before; n < 55 || n > 65 {
				t.Errorf("%d requests in an hour without room, want a probe a minute", n)
			}
			w.store.refuse(nil)
			before = len(w.web.Requests())
			time.Sleep(12 * time.Minute)
			if n := len(w.web.Requests()) - before; n < 20 || n > 45 {
				t.Errorf("%d requests in 12 minutes with room again", n)
			}
		})
		if got := w.log.with(`level=ERROR msg="cannot write"`); len(got) != 1 {
			t.Errorf("said %q", got)
		}
	})
}

// TestAPollThatWaitsInMemoryShowsNoRoom: sources without news are kept without a
// write, so that they do not say whether there is room.
func TestAPollThatWaitsInMemoryShowsNoRoom(t *testing.T) {
	inWorld(t, func(w *world) {
		twenty(w, 10*time.Minute)
		w.with(func(*Poller) {
			time.Sleep(time.Hour)
			w.store.refuse(fmt.Errorf("commit: %w", store.ErrFull))
			time.Sleep(11 * time.Minute)
			w.store.refuse(nil)
			w.store.unwritten = fmt.Errorf("flush: %w", store.ErrFull)
			before := len(w.web.Requests())
			time.Sleep(time.Hour)
			if n := len(w.web.Requests()) - before; n < 30 || n > 65 {
				t.Errorf("%d requests in an hour without room, want a probe a minute", n)
			}
		})
	})
}

func TestADamagedStoreIsServedAsItIs(t *testing.T) {
	inWorld(t, func(w *world) {
		twenty(w, 10*time.Minute)
		w.with(func(*Poller) { // an end of Run is an error
			w.store.refuse(fmt.Errorf("commit: %w: %w", store.ErrReadOnly, store.ErrDamaged))
			time.Sleep(time.Hour)
		})
		if got := w.log.with(`level=ERROR msg="cannot write"`); len(got) != 1 {
			t.Errorf("said %q", got)
		}
	})
}

func TestAStoreThatTakesNoMoreWritesEndsRun(t *testing.T) {
	inWorld(t, func(w *world) {
		twenty(w, 10*time.Minute)
		w.store.refuse(fmt.Errorf("commit: %w", store.ErrReadOnly))
		err := w.poller().Run(w.Context())
		if !errors.Is(err, store.ErrReadOnly) || time.Since(w.start) > 10*time.Second {
			t.Errorf("after %v: %v", time.Since(w.start), err)
		}
	})
}

func TestWhatTheStoreRefusesIsAskedAgainLater(t *testing.T) {
	inWorld(t, func(w *world) {
		w.source("paper.example", page("paper.example"), every(10*time.Minute))
		w.store.refuse(store.ErrFenced)
		w.run(10 * time.Minute)
		between(t, "gap", slices.Min(w.gaps("paper.example")), claimTTL, claimTTL+2*tick)
		w.store.refuse(errors.New("something else"))
		w.run(10 * time.Minute)
		if got := w.log.with(`level=ERROR msg="commit failed" source=paper.example err="poll paper.example: something else"`); len(got) == 0 {
			t.Error("an unknown error is not said")
		}
		if len(w.gaps("paper.example")) > 8 {
			t.Errorf("asked %d times in 20 minutes", len(w.gaps("paper.example")))
		}
	})
}

func TestAPanicOfAParserIsAKindAndNoEnd(t *testing.T) {
	inWorld(t, func(w *world) {
		w.source("bomb.example", feedtest.Page{Body: []byte("panic"), ETag: `"1"`}, every(time.Hour))
		w.source("paper.example", page("paper.example"), every(time.Hour))
		w.run(3 * time.Hour)
		p := w.store.polls["bomb.example"][0]
		if p.Kind != news.KindNotAFeed || p.Text != "parser panic: the parser met its match" || p.Complete {
			t.Errorf("got %s, complete %v", p.Outcome(), p.Complete)
		}
		if n := unconditional(w, "bomb"); n != len(w.times("bomb.example")) {
			t.Error("validators of a document that was never read were sent (F8)")
		}
		if len(w.times("paper.example")) < 3 {
			t.Error("the other source was left alone")
		}
	})
}

func TestAPanicOfAPollEndsNothingElse(t *testing.T) {
	inWorld(t, func(w *world) {
		w.source("a.example", page("a.example"), every(time.Hour))
		w.source("b.example", page("b.example"), every(time.Hour))
		w.polled = func(p news.Poll) {
			if p.Source == "a.example" {
				panic("an observer that is broken")
			}
		}
		w.run(3 * time.Hour)
		if n := len(w.store.polls["b.example"]); n < 3 {
			t.Errorf("%d polls of the other source", n)
		}
		if got := w.log.with(`level=ERROR msg="poll panicked" source=a.example err="an observer that is broken"`); len(got) == 0 {
			t.Error("the panic is not said")
		}
	})
}
