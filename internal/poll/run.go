package poll

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/robfig/cron/v3"

	"khyber/internal/news"
)

// The clock of polling.
const (
	tick       = 15 * time.Second // measured: 30 days of ticks cost 0.5 s at 15 s, 1.4 s at 5 s
	tickSpec   = "@every 15s"
	claimed    = 10000                 // sources a Claim; there are as many Claims as it takes
	claimTTL   = 180 * time.Second     // longer than the longest timeout of a source, 120 s
	overdueGap = 20 * time.Millisecond // between two sources that are overdue together
	backwards  = 5 * time.Second       // a clock that goes back by more was set; less is slewing
	probeEvery = time.Minute           // one poll, while the store cannot write
	lastFlush  = 5 * time.Second       // for what waits in the store when polling stops
)

// gauges are numbers that others look at while polls run.
type gauges struct {
	bodies   atomic.Int64 // bytes fetched and not yet kept
	inFlight atomic.Int64
	queued   atomic.Int64
	beat     atomic.Int64 // Unix nanoseconds of the last tick
}

// Status is what there is to see of a Poller from outside.
type Status struct {
	Beat      time.Time // last tick, four a minute; zero: none yet
	InFlight  int       // polls under way
	Queued    int       // sources that wait for their time or their domain
	Bodies    int64     // bytes of documents fetched and not yet kept
	OwnOutage bool      // most sources fail as if our own line were dead
	// Offset is how far the clocks of the servers are ahead of ours, half of
	// them more and half of them less; 0 while fewer than 5 domains have answered.
	Offset time.Duration
}

// Status returns what there is to see now.
func (p *Poller) Status() Status {
	s := Status{
		InFlight: int(p.gauges.inFlight.Load()), Queued: int(p.gauges.queued.Load()), Bodies: p.gauges.bodies.Load(),
		OwnOutage: p.line.isDown(), Offset: p.clock.median(),
	}
	if at := p.gauges.beat.Load(); at != 0 {
		s.Beat = time.Unix(0, at)
	}
	return s
}

// Run polls until ctx ends, and returns nil then, after all polls have ended and
// what waits in the store is written. It returns an error when the store fails
// in a way that only a restart can judge.
func (p *Poller) Run(ctx context.Context) error {
	s, mine := p.seat.take()
	for ; !mine; s, mine = p.seat.take() {
		select {
		case <-s.over:
		case <-ctx.Done():
			return nil
		}
	}
	defer p.seat.leave()
	ticks := make(chan struct{}, 1)
	clock := cron.New(cron.WithLocation(time.UTC), cron.WithLogger(cron.DiscardLogger))
	if _, err := clock.AddFunc(tickSpec, func() {
		select {
		case ticks <- struct{}{}:
		default: // the last tick is not taken yet
		}
	}); err != nil {
		return fmt.Errorf("start the clock of polling: %w", err)
	}
	clock.Start()
	defer func() { <-clock.Stop().Done() }()
	ticks <- struct{}{}

	d := p.newDriver()
	if err := d.load(ctx); err != nil {
		if ctx.Err() != nil { // stopped before it began
			return nil
		}
		return err
	}
	return d.drive(ctx, ticks, s.asks, func() bool { return false })
}

// PollAll polls the sources of the ids now, all of them when there are none,
// and returns when all have ended. report is called for each as it ends, never
// by two at a time. The rules of domains and a Retry-After hold all the same: a
// source that must not be asked is reported with an empty Kind, Next and Why; so
// is one whose poll could not be kept.
//
// While Run runs it does the polling for PollAll.
func (p *Poller) PollAll(ctx context.Context, ids []string, report func(news.Poll)) error {
	ids, err := p.named(ids)
	if err != nil || len(ids) == 0 {
		return err
	}
	s, mine := p.seat.take()
	if !mine {
		return handOver(ctx, s, ids, report)
	}
	defer p.seat.leave()
	left := len(ids)
	d := p.newDriver()
	d.once = true
	if err := d.load(ctx); err != nil {
		return err
	}
	for _, id := range ids {
		d.ask(ctx, ask{id, func(poll news.Poll) { left--; report(poll) }})
	}
	if err := d.drive(ctx, nil, nil, func() bool { return left == 0 }); err != nil {
		return err
	}
	return ctx.Err()
}

// handOver has the driver of s poll the sources.
func handOver(ctx context.Context, s *session, ids []string, report func(news.Poll)) error {
	answers := make(chan news.Poll, len(ids)) // the driver never waits for a slow reader
	todo := ids
	for n := 0; n < len(ids); {
		asks, next := s.asks, ask{}
		if len(todo) > 0 {
			next = ask{todo[0], func(poll news.Poll) { answers <- poll }}
		} else {
			asks = nil
		}
		select {
		case asks <- next:
			todo = todo[1:]
		case poll := <-answers:
			n++
			report(poll)
		case <-s.over:
			return errors.New("polling has stopped: start it again")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// seat lets one driver at a time own the queue. The zero value is empty.
type seat struct {
	mu  sync.Mutex
	now *session
}

// session is the time in which one driver owns the queue.
type session struct {
	asks chan ask
	over chan struct{} // closed at its end
}

// take returns the session of now, and whether it has just begun for the
// caller.
func (s *seat) take() (*session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != nil {
		return s.now, false
	}
	s.now = &session{asks: make(chan ask), over: make(chan struct{})}
	return s.now, true
}

func (s *seat) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.now.over)
	s.now = nil
}

// named checks the names of sources; without names it returns those of all.
func (p *Poller) named(ids []string) ([]string, error) {
	c := p.config.Load()
	if len(ids) == 0 {
		for i := range c.Sources {
			if !c.Sources[i].Disabled {
				ids = append(ids, c.Sources[i].ID)
			}
		}
		return ids, nil
	}
	var errs []error
	for _, id := range ids {
		if c.sources[id] == nil {
			errs = append(errs, fmt.Errorf("no source %q is polled: feeds.yaml does not have it, or has it disabled", id))
		}
	}
	return ids, errors.Join(errs...)
}
