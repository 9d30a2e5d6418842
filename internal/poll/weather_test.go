package poll

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"khyber/internal/feedtest"
	"khyber/internal/news"
)

// twenty adds sources on domains of their own.
func twenty(w *world, interval time.Duration) {
	for i := range 20 {
		host := fmt.Sprintf("source%02d.example", i)
		w.source(host, page(host), every(interval))
	}
}

func TestOurOwnOutageIsNobodysFault(t *testing.T) {
	inWorld(t, func(w *world) {
		twenty(w, 5*time.Minute)
		w.with(func(p *Poller) {
			time.Sleep(2 * time.Hour)
			w.web.SetDown(true)
			time.Sleep(time.Hour)
			if !p.Status().OwnOutage {
				t.Error("Status does not show the outage")
			}
			w.web.SetDown(false)
			before := len(w.web.Requests())
			time.Sleep(11 * time.Minute) // two intervals at most until the first answer
			if n := len(w.web.Requests()) - before; n < 20 || n > 60 {
				t.Errorf("%d requests after the outage, of 20 sources", n)
			}
			if p.Status().OwnOutage {
				t.Error("Status shows the outage when it is over")
			}
			time.Sleep(time.Hour)
		})
		for id, s := range w.store.states {
			if s.Failures != 0 || s.State != news.StateOK {
				t.Errorf("%s: %d failures, state %s", id, s.Failures, s.State)
			}
		}
		counted := 0
		for id := range w.store.states {
			for _, p := range w.store.polls[id] {
				if p.Kind == news.KindDNS && !p.OwnOutage {
					counted++
				}
			}
		}
		if counted > 2*20 {
			t.Errorf("%d failures were held against sources before the outage was seen", counted)
		}
		if down, over, failing := w.log.with(`level=WARN msg="own outage"`), w.log.with(`msg="own outage is over"`), w.log.with("source failing"); len(down) != 1 || len(over) != 1 || len(failing) != 0 {
			t.Errorf("said %q, %q, %q; want one, one, none", down, over, failing)
		}
	})
}

func TestAnOutageOfTheirsIsNotOurs(t *testing.T) {
	inWorld(t, func(w *world) {
		twenty(w, 10*time.Minute)
		for i := range 20 {
			if i%5 != 1 { // 80% of the domains
				w.web.Handle(fmt.Sprintf("source%02d.example", i), feedtest.Refused())
			}
		}
		w.run(3 * time.Hour)
		if got := w.log.with("own outage"); len(got) != 0 {
			t.Errorf("said %q", got)
		}
		if s := w.store.states["source00.example"]; s.Failures < 3 {
			t.Errorf("%d failures counted", s.Failures)
		}
	})
}

// Whatever the clock is set to, polling goes on at its pace: measured by a clock
// that nobody can set, no source is asked too early or left for long.
func TestAClockThatIsSetNeitherFreezesNorHurries(t *testing.T) {
	const year = 365 * day
	for _, c := range []struct {
		name  string
		set   time.Duration
		early int // requests before their time that must be borne: the machine may have slept
	}{
		{"an hour back", -time.Hour, 0},
		{"ten years back", -10 * year, 0},
		{"a minute back", -time.Minute, 0},
		{"an hour ahead", time.Hour, 1},
		{"ten years ahead", 10 * year, 1},
	} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restart %v", c.name, restart), func(t *testing.T) {
				inWorld(t, func(w *world) {
					twenty(w, 2*time.Hour)
					w.with(func(*Poller) {
						time.Sleep(9 * time.Hour)
						if !restart {
							w.set.Add(int64(c.set))
							time.Sleep(9 * time.Hour)
						}
					})
					if restart {
						w.set.Add(int64(c.set))
						w.store.restart()
						w.run(9 * time.Hour)
					}
					for _, src := range w.sources {
						gaps := w.gaps(src.ID)
						early := 0
						for _, gap := range gaps[1:] {
							if gap < 2*time.Hour-time.Minute {
								early++
							}
						}
						allowed, longest := c.early, 2*time.Hour*11/10+time.Minute
						if restart { // nobody knows by how much it was set
							allowed = 1
							longest += min(max(-c.set, 0), time.Hour)
						}
						if early > allowed {
							t.Errorf("%s was asked early %d times: %v", src.ID, early, gaps)
						}
						if high := slices.Max(gaps); high > longest {
							t.Errorf("%s waited %v", src.ID, high)
						}
						if s := w.store.states[src.ID]; s.State != news.StateOK && c.set < year {
							t.Errorf("%s in state %s", src.ID, s.State)
						}
					}
				})
			})
		}
	}
}

func TestASleepingMachineCatchesUpOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		twenty(w, 30*time.Minute)
		before := 0
		w.with(func(*Poller) {
			time.Sleep(3*time.Hour + time.Second)
			before = len(w.web.Requests())
			w.set.Add(int64(8 * time.Hour)) // while no other clock ran
			time.Sleep(time.Minute)
		})
		if n := len(w.web.Requests()) - before; n < 20 || n > 22 {
			t.Errorf("%d requests in the minute after 8 hours of sleep, want one a source", n)
		}
		if got := w.log.with("clock is off"); len(got) != 0 {
			t.Errorf("said %q", got)
		}
	})
}

func TestAClockThatIsOffIsSaidOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		w.set.Store(int64(-20 * time.Minute))
		for i := range 6 {
			host := fmt.Sprintf("source%d.example", i)
			w.source(host, dated{page(host)}, every(time.Hour))
		}
		w.with(func(p *Poller) {
			time.Sleep(5 * time.Hour)
			between(t, "offset, by dates of whole seconds", p.Status().Offset, 20*time.Minute-time.Second, 20*time.Minute)
			w.set.Store(0)
			time.Sleep(12 * time.Hour)
		})
		got := w.log.with("clock is off")
		if len(got) != 1 || !strings.Contains(got[0], "most servers are 20m ahead of this machine: set its clock") {
			t.Errorf("said %q", got)
		}
	})
}
