package poll

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"khyber/internal/fetch"
	"khyber/internal/news"
	"khyber/internal/store"
)

// ask is a wish to poll a source now.
type ask struct {
	source string
	report func(news.Poll)
}

// result is the end of a poll.
type result struct {
	job    *job
	domain *domain
	poll   news.Poll
	err    error
}

// driver is the one goroutine that owns the queue, as long as Run or PollAll
// lasts. Times without a date are those of the clock that nobody can set.
type driver struct {
	*Poller
	q       *queue
	results chan result
	seen    *config         // whose changes the queue knows
	window  time.Duration   // up to which sources are claimed
	victims map[string]bool // polled while our own line was down
	off     bool            // our clock differs from everybody else's
	once    bool            // for PollAll alone: what the store refuses ends it

	elsewhere map[string]string // source → domain that it redirects to

	full   bool          // the store cannot write
	probe  time.Duration // when to try again
	wall   time.Time     // at the last look at the clock,
	mono   time.Duration // and the other clock then
	failed error         // ends the drive
}

func (p *Poller) newDriver() *driver {
	return &driver{
		Poller: p, q: newQueue(), results: make(chan result, maxInFlight),
		elsewhere: make(map[string]string), victims: make(map[string]bool),
		seen: p.config.Load(), wall: p.opt.Now().Round(0), mono: p.opt.Elapsed(),
	}
}

// load reads once what the store knows of all sources: which domains are held,
// what another URL has, and what a clock that was set while nobody polled has
// put out of reach.
func (d *driver) load(ctx context.Context) error {
	states, err := d.opt.Store.Sources(ctx)
	if err != nil {
		return fmt.Errorf("start polling: %w", err)
	}
	now := d.opt.Now()
	var due []string
	for i := range states {
		s := &states[i]
		src, ok := d.seen.sources[s.Source]
		if !ok {
			continue
		}
		until := s.Next // as domainHold
		if s.Hold.After(s.LastPoll) {
			until = s.Hold
		}
		if wait := until.Sub(now); s.LastStatus == statusThrottled && wait > 0 && wait <= maxAhead && !src.rules.private {
			d.q.hold(src.rules, d.mono+wait, nil)
		}
		d.remember(s.Source, s.Redirect.URL)
		if since := now.Sub(s.LastPoll); since >= 0 && since < src.rules.gap {
			dom := d.q.domain(src.rules)
			dom.free = max(dom.free, d.mono+src.rules.gap-since)
		}
		moved := s.URL != "" && s.URL != src.URL
		if moved || s.Next.Sub(now) > maxAhead || s.LastPoll.After(now) {
			due = append(due, s.Source)
		}
	}
	if !d.once { // else they were not asked for
		d.spread(due)
	}
	return nil
}

// heldUntil returns until when Retry-After forbids to ask a source; zero when it
// does not. One that a clock of another time has written is none.
func heldUntil(s *news.SourceState, now time.Time) time.Time {
	if s.Hold.After(now) && !s.Hold.After(now.Add(maxAhead)) {
		return s.Hold
	}
	return time.Time{}
}

// at returns a time of the wall clock on the clock that nobody can set.
func (d *driver) at(t time.Time) time.Duration {
	return d.opt.Elapsed() + t.Sub(d.opt.Now())
}

// drive turns until ctx ends, the store fails or finished says so, and then
// waits for the polls under way.
func (d *driver) drive(ctx context.Context, ticks <-chan struct{}, asks <-chan ask, finished func() bool) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for d.failed == nil && ctx.Err() == nil && !finished() {
		if wait, ok := d.startDue(ctx); ok {
			timer.Reset(wait)
		} else {
			timer.Stop()
		}
		d.gauges.inFlight.Store(int64(d.q.inFlight))
		d.gauges.queued.Store(int64(len(d.q.jobs) - d.q.inFlight))
		select {
		case <-ctx.Done():
		case <-ticks:
			d.onTick(ctx)
		case r := <-d.results:
			d.q.done(r.job, r.domain)
			d.onResult(ctx, r)
		case a := <-asks:
			d.ask(ctx, a)
		case <-d.applied:
			d.onApply(ctx)
		case <-timer.C:
		}
	}
	for ; d.q.inFlight > 0; d.q.inFlight-- {
		d.onResult(ctx, <-d.results)
	}
	d.gauges.inFlight.Store(0)
	d.gauges.queued.Store(0)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
	defer cancel()
	err := d.opt.Store.Flush(ctx)
	if d.full && err != nil { // said already, and it costs a poll of each
		err = nil
	}
	return errors.Join(d.failed, err)
}

// startDue starts what may start now and returns how long there is nothing more
// to start; false: until something happens.
func (d *driver) startDue(ctx context.Context) (time.Duration, bool) {
	for {
		now := d.opt.Elapsed()
		if d.full && now < d.probe {
			return d.probe - now, true
		}
		if d.gauges.bodies.Load() > maxBodies && d.q.inFlight > 0 {
			return 0, false // a result will come
		}
		if until, yes := d.q.crowded(now); yes {
			return until - now, true
		}
		j, dom := d.q.pop(now, d.rulesOf)
		if j == nil {
			break
		}
		if d.full {
			d.probe = now + probeEvery
		}
		d.opt.Measure("late", now-j.due)
		go func() { d.results <- d.run(ctx, j, dom) }()
	}
	at, ok := d.q.next()
	return max(at-d.opt.Elapsed(), 0), ok
}

// rulesOf returns the rules of the domain that a source's requests end at: that
// of its redirect, when the last poll followed one. nil: it is polled no longer.
func (d *driver) rulesOf(source string) *rules {
	src, ok := d.current(source)
	if !ok {
		return nil
	}
	name := d.elsewhere[source]
	if name == "" || name == src.rules.name {
		return src.rules
	}
	if r := d.config.Load().domains[name]; r != nil {
		return r
	}
	return &rules{name: name, slots: 1, gap: max(defaultGap, src.HostGap)}
}

// remember notes at which domain the requests for a source end.
func (d *driver) remember(source, address string) {
	if address == "" {
		delete(d.elsewhere, source)
	} else if domain := fetch.Domain(address); domain != "" {
		d.elsewhere[source] = domain
	}
}

// endOf returns the address at which a good poll ended, "" where that is the
// source's own.
func (d *driver) endOf(ctx context.Context, p news.Poll) string {
	if n := len(p.Hops); n > 0 {
		return p.Hops[n-1].URL
	}
	if d.elsewhere[p.Source] == "" {
		return ""
	}
	s, err := d.opt.Store.Source(ctx, p.Source)
	if err != nil {
		return ""
	}
	return d.learned(&s)
}

// run is one poll. A panic in it ends this poll and no other.
func (d *driver) run(ctx context.Context, j *job, dom *domain) (r result) {
	r = result{job: j, domain: dom, poll: news.Poll{Source: j.source, At: d.opt.Now()}}
	src, ok := d.current(j.source)
	if !ok {
		return r // taken out of feeds.yaml meanwhile
	}
	defer func() {
		if cause := recover(); cause != nil {
			d.opt.Log.Error("poll panicked", "source", j.source, "err", cause, "stack", string(debug.Stack()))
			r.err = errPanicked
		}
	}()
	r.poll, r.err = d.PollSource(ctx, src.Source)
	return r
}

var errPanicked = errors.New("the poll panicked: the log has the place")

// onTick claims what falls due before the next tick.
func (d *driver) onTick(ctx context.Context) {
	now := d.opt.Elapsed()
	d.gauges.beat.Store(d.opt.Now().UnixNano())
	d.lookAtClock(ctx)
	d.window = now + tick
	n := claimed
	if d.full { // what cannot be kept is not asked for, but for one that shows whether it can
		if n = 1; len(d.q.jobs) > 0 {
			d.opt.Beat()
			return
		}
	}
	var late []string
	for {
		claims, err := d.opt.Store.Claim(ctx, d.opt.Worker, tick, n, claimTTL)
		if err != nil {
			d.storeFailed("", err)
			return
		}
		wall := d.opt.Now()
		for _, c := range claims {
			switch {
			case d.q.jobs[c.Source] != nil: // the queue knows better
			case wall.Sub(c.Due) > tick:
				late = append(late, c.Source)
			default:
				d.q.add(c.Source, max(now, d.at(c.Due)))
			}
		}
		if len(claims) < claimed {
			break // fewer than there might be
		}
	}
	d.spread(late)
	if err := d.opt.Store.Flush(ctx); err != nil {
		d.storeFailed("", err)
		return
	}
	d.opt.Beat()
}

// spread puts sources that are due together on the list one after another.
func (d *driver) spread(sources []string) {
	now := d.opt.Elapsed()
	for i, id := range sources {
		src, ok := d.current(id)
		if !ok {
			continue
		}
		gap := min(overdueGap, usual(src.Timing)/time.Duration(len(sources)))
		d.q.add(id, now+time.Duration(i)*gap)
	}
}

// usual returns about how long a source waits between two polls.
func usual(t news.Timing) time.Duration {
	if t.Every > 0 && t.Schedule == "" {
		return t.Every
	}
	return within(0, t)
}

// lookAtClock finds out whether the wall clock was set back since the last look.
// Then what is stored lies too far ahead by as much, and only the queue knows
// better. A clock that was set ahead, or a machine that slept, makes sources
// overdue, which Claim finds out by itself.
func (d *driver) lookAtClock(ctx context.Context) {
	wall, mono := d.opt.Now().Round(0), d.opt.Elapsed()
	back := (mono - d.mono) - wall.Sub(d.wall)
	d.wall, d.mono = wall, mono
	if off := d.clock.median(); (off.Abs() > offsetLimit) != d.off {
		if d.off = !d.off; d.off {
			where := "ahead of"
			if off < 0 {
				where = "behind"
			}
			d.opt.Log.Warn("clock is off", "err", "most servers are "+short(off.Abs().Round(time.Minute))+" "+where+" this machine: set its clock")
		}
	}
	if back < backwards {
		return
	}
	states, err := d.opt.Store.Sources(ctx)
	if err != nil {
		d.storeFailed("", err)
		return
	}
	var due []string
	for i := range states {
		s := &states[i]
		if s.LastPoll.IsZero() || !s.LastPoll.After(wall) && s.LastPoll.After(wall.Add(-2*tick)) {
			continue // never asked, or since the clock was set
		}
		if next := d.at(s.Next) - back; next > mono {
			d.q.add(s.Source, next)
		} else {
			due = append(due, s.Source)
		}
	}
	d.spread(due)
}

// onResult takes the end of a poll.
func (d *driver) onResult(ctx context.Context, r result) {
	if r.err == nil {
		d.probed(ctx)
		d.follow(ctx, r)
	} else {
		d.storeFailed(r.poll.Source, r.err)
	}
	for _, report := range r.job.reports {
		report(told(r))
	}
}

// probed resumes polling when a poll was kept while the store could not write. A
// poll that brought nothing may wait in memory: it shows nothing until it is
// written.
func (d *driver) probed(ctx context.Context) {
	if !d.full {
		return
	}
	if err := d.opt.Store.Flush(context.WithoutCancel(ctx)); err != nil {
		d.storeFailed("", err)
		return
	}
	d.full = false
}

// follow does what a poll that was kept leads to.
func (d *driver) follow(ctx context.Context, r result) {
	if until := domainHold(r.poll); until.After(d.opt.Now()) && !r.domain.private {
		d.q.hold(r.domain.rules, d.at(until), func(source string) news.Poll {
			return d.held(source, until, statusThrottled)
		})
	}
	if r.poll.Kind.Good() {
		d.remember(r.poll.Source, d.endOf(ctx, r.poll))
	}
	switch {
	case r.poll.OwnOutage:
		d.victims[r.poll.Source] = true
	case len(d.victims) > 0 && !d.line.isDown():
		d.spread(slices.Sorted(maps.Keys(d.victims)))
		clear(d.victims)
	}
	if at := d.at(r.poll.Next); at < d.window && at > d.opt.Elapsed() {
		d.q.add(r.poll.Source, at)
	}
}

// storeFailed judges an error of the store or of a poll. Where nothing was kept
// the source is claimed again.
func (d *driver) storeFailed(source string, err error) {
	readOnly, damaged := errors.Is(err, store.ErrReadOnly), errors.Is(err, store.ErrDamaged)
	switch {
	case readOnly && !damaged, d.once && (readOnly || errors.Is(err, store.ErrFull)):
		d.failed = err
	case readOnly, errors.Is(err, store.ErrFull): // a damaged one is served as it is: a restart mends nothing
		if !d.full {
			d.opt.Log.Error("cannot write", "source", source, "err", err)
		}
		d.full, d.probe = true, d.opt.Elapsed()+probeEvery
	case errors.Is(err, store.ErrFenced), errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrStaleConfig):
		d.opt.Log.Debug("poll not kept", "source", source, "err", err)
	case errors.Is(err, context.Canceled), errors.Is(err, errPanicked):
	default:
		d.opt.Log.Error("commit failed", "source", source, "err", err)
	}
}

// told returns what PollAll says of a poll.
func told(r result) news.Poll {
	if r.err != nil {
		r.poll.Kind, r.poll.Why = "", "not kept: "+r.err.Error()
	}
	return r.poll
}

// ask puts a source on the list for now, unless it must not be asked.
func (d *driver) ask(ctx context.Context, a ask) {
	src, ok := d.current(a.source)
	if !ok {
		a.report(news.Poll{Source: a.source, Why: "no longer in feeds.yaml"})
		return
	}
	now, mono := d.opt.Now(), d.opt.Elapsed()
	s, err := d.opt.Store.Source(ctx, a.source)
	if err != nil {
		a.report(told(result{poll: news.Poll{Source: a.source}, err: err}))
		return
	}
	if until := heldUntil(&s, now); !until.IsZero() {
		a.report(d.held(a.source, until, s.LastStatus))
		return
	}
	if dom := d.q.domain(src.rules); dom.hold > mono {
		a.report(d.held(a.source, now.Add(dom.hold-mono), statusThrottled))
		return
	}
	j := d.q.add(a.source, mono)
	j.reports = append(j.reports, a.report)
}

// held is the answer for a source that must not be asked now.
func (d *driver) held(source string, until time.Time, status int) news.Poll {
	now := d.opt.Now()
	layout := "15:04"
	if until.Sub(now) > day/2 {
		layout = "2 January 15:04"
	}
	why := fmt.Sprintf("held until %s by %d", until.In(now.Location()).Format(layout), status)
	return news.Poll{Source: source, At: now, Next: until, Why: why}
}

// onApply compares the configuration of now with the one that the queue knows.
func (d *driver) onApply(ctx context.Context) {
	old := d.seen
	d.seen = d.config.Load()
	now := d.opt.Now()
	var due []string
	for id, src := range d.seen.sources {
		was := old.sources[id]
		if was == nil {
			continue // Claim brings it
		}
		if was.URL != src.URL {
			due = append(due, id)
			continue
		}
		if sameTiming(was.Timing, src.Timing) {
			continue
		}
		s, err := d.opt.Store.Source(ctx, id)
		if err != nil {
			d.storeFailed(id, err)
			continue
		}
		if next := moved(s, src.Timing, now); next.After(now) {
			d.q.move(d.q.add(id, d.at(next)), d.at(next))
		} else if !next.IsZero() {
			due = append(due, id)
		}
	}
	slices.Sort(due)
	d.spread(due)
}

// sameTiming says whether two sources are polled by the same keys.
func sameTiming(a, b news.Timing) bool {
	zone := func(t news.Timing) string {
		if t.Schedule == "" || t.Location == nil {
			return ""
		}
		return t.Location.String()
	}
	same := zone(a) == zone(b)
	a.Location, b.Location = nil, nil
	return same && a == b
}
