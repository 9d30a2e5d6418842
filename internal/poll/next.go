package poll

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"khyber/internal/news"
)

// Bounds of the time between two polls.
const (
	day = 24 * time.Hour

	firstInterval = 30 * time.Minute // of the adaptive schedule: between its bounds, nearer to the ceiling
	defaultMin    = 5 * time.Minute  // min_every where feeds.yaml does not say
	defaultMax    = time.Hour        // max_every, the same

	maxHint  = day            // a server that asks for more is asked daily: news is our trade
	maxHold  = 7 * day        // of a Retry-After; one of 99999999999999 s must not end a source
	maxAhead = 33 * day       // of anything: 30 d for a source that is gone, and jitter
	upwards  = 0.1            // jitter, as a part of the wait; never downwards
	cronSlip = 30.0           // seconds of jitter after a firing of a schedule
	skipSlip = time.Hour / 10 // jitter after the end of hours to skip: not all at the full hour
)

// Bounds of the back-off after failures.
const (
	minBase      = 5 * time.Minute  // however often a source is polled
	throttleBase = 30 * time.Minute // after a 429 that does not say how long
	soonCap      = 4 * time.Hour    // what recovers soon: network, overload
	lateCap      = day              // what somebody must mend
)

// Next returns the state of a source after a poll: when it is due next and why
// then, how often it failed, what is known of its habits. It sets everything
// that a poll changes but Validators, BodyHash, Dated and Fence, which belong
// to Commit. It depends on its arguments alone, and the time of the poll is the
// only clock it knows, so a stored poll gives the same answer again.
//
// After a poll that ended at t: t < Next ≤ t + 33 days, whatever the poll, the
// server and the clock say.
func Next(s news.SourceState, p news.Poll) news.SourceState {
	now := ended(p)
	s = settle(s, p, now)
	s.LastPoll, s.LastKind, s.LastStatus = p.At, p.Kind, p.Status
	if p.Kind.Good() {
		s = succeeded(s, p, now)
	} else {
		s = failed(s, p, now)
	}
	s.Redirect = learn(s.Redirect, p, s.Failures, now)
	s.Next, s.Why = due(s, p, now)
	if state := stateAt(s, now); state != s.State {
		s.State, s.Since = state, now
	}
	return s
}

// ended returns when the poll was over: intervals and what a server asks for
// run from there.
func ended(p news.Poll) time.Time { return p.At.Add(min(max(p.Duration, 0), time.Hour)) }

// settle makes a state fit to reckon with: what belonged to another address is
// forgotten, and what lies ahead of a clock that was set back is moved to now.
func settle(s news.SourceState, p news.Poll, now time.Time) news.SourceState {
	if s.URL != "" && s.URL != p.URL {
		s.Redirect, s.Hints, s.Hold = news.Redirect{}, news.Hints{}, time.Time{}
		s.Interval, s.Failures, s.Gone, s.Empty = 0, 0, 0, 0
		s.FirstFailed = time.Time{}
	}
	s.Source, s.URL = p.Source, p.URL
	for _, t := range []*time.Time{&s.FirstFailed, &s.LastNew, &s.LastOK} {
		if t.After(now) {
			*t = now
		}
	}
	return s
}

// succeeded reckons with a document, new or unchanged.
func succeeded(s news.SourceState, p news.Poll, now time.Time) news.SourceState {
	s.Failures, s.Gone = 0, 0
	s.FirstFailed, s.Hold = time.Time{}, time.Time{}
	s.LastOK = p.At
	if p.Complete || p.Kind == news.KindUnchanged {
		s.GoodPolls++ // what is absent from a damaged document may be there all the same
	}
	s.Interval = adapt(s.Interval, p)
	s.Hints = heed(s.Hints, p)
	switch {
	case p.Kind == news.KindOK && p.Fetched > 0:
		s.Empty = 0
	case p.Kind == news.KindOK || s.Empty > 0: // the same empty document again is empty again
		s.Empty++
	}
	s.Baseline = s.Baseline || p.Kind == news.KindOK
	s.Items += uint64(max(p.New, 0))
	if p.New > 0 {
		if gap := now.Sub(s.LastNew); !s.LastNew.IsZero() && gap > 0 {
			s.Gaps = append(slices.Clone(s.Gaps), gap)
			s.Gaps = s.Gaps[max(0, len(s.Gaps)-maxGaps):]
		}
		s.LastNew = now
	}
	return s
}

// failed reckons with a poll that brought no document. A failure of our own
// line is none of the source's.
func failed(s news.SourceState, p news.Poll, now time.Time) news.SourceState {
	s.LastText = p.Text
	if !p.OwnOutage {
		s.Failures++
		if s.FirstFailed.IsZero() {
			s.FirstFailed = now
		}
	}
	if p.Kind == news.KindGone {
		s.Gone++
	} else {
		s.Gone = 0
	}
	if hold := asked(p, now); !hold.IsZero() {
		s.Hold = hold
	}
	return s
}

// asked returns until when a failed answer forbids any request by Retry-After;
// zero when it does not.
func asked(p news.Poll, now time.Time) time.Time {
	switch {
	case p.Kind.Good() || !p.RetryAfter.After(now):
		return time.Time{}
	case p.RetryAfter.After(now.Add(maxHold)):
		return now.Add(maxHold)
	}
	return p.RetryAfter
}

// heed returns the hints that hold after a good poll. A document replaces them.
// An unchanged answer brings headers only: they replace those of earlier
// headers, what the document asks for stays (RFC 9111 §4.3.4).
func heed(old news.Hints, p news.Poll) news.Hints {
	if p.Kind == news.KindOK {
		return p.Hints
	}
	if p.Hints.Fresh > old.Fresh || p.Hints.Fresh > 0 && fromHeader(old.Why) {
		old.Fresh, old.Why = p.Hints.Fresh, p.Hints.Why
	}
	if p.Hints.Hub != "" {
		old.Hub, old.Self = p.Hints.Hub, p.Hints.Self
	}
	return old
}

// fromHeader says whether a hint comes from a header, not from the document.
func fromHeader(why string) bool {
	return strings.EqualFold(why, "max-age") || strings.EqualFold(why, "Expires")
}

// adapt returns the adaptive interval after a good poll. It aims at documents
// of which a third to two thirds are known: fewer, and items may fall out
// unseen; more, and most polls are for nothing.
func adapt(interval time.Duration, p news.Poll) time.Duration {
	if p.Timing.Schedule != "" || p.Timing.Every > 0 {
		return interval
	}
	interval = within(interval, p.Timing)
	items := p.New + p.Known
	switch {
	case p.Baseline || p.Salvaged:
	case p.Kind == news.KindUnchanged || p.New == 0:
		interval += interval / 4
	case p.Gap():
		interval = 0
	case items < news.GapItems && p.Known > 0: // too few to reckon in parts
		interval += interval / 4
	case p.Known*3 < items:
		interval /= 2
	case p.Known*3 > items*2:
		interval += interval / 4
	}
	return within(max(interval, 1), p.Timing)
}

// within returns the interval between the bounds of the adaptive schedule.
func within(interval time.Duration, t news.Timing) time.Duration {
	low, high := t.MinEvery, t.MaxEvery
	if low <= 0 {
		low = defaultMin
	}
	if high <= 0 {
		high = defaultMax
	}
	if interval <= 0 {
		interval = firstInterval
	}
	return min(max(low, min(interval, high)), maxAhead)
}

// cadence is how a source is polled when nothing is in the way.
type cadence struct {
	interval time.Duration
	why      string
	schedule *Schedule // nil: interval counts
}

// cadenceOf returns the cadence that the keys of a source ask for; s gives the
// adaptive interval and what the server asks for.
func cadenceOf(s *news.SourceState, t news.Timing, now time.Time) cadence {
	c := cadence{interval: within(s.Interval, t)}
	c.why = "adaptive " + short(c.interval)
	if t.Every > 0 {
		c.interval, c.why = min(t.Every, maxAhead), "every "+short(t.Every)
	}
	if t.Schedule != "" {
		if f, err := parseSchedule(t.Schedule, t.Location); err == nil {
			first := f.Next(now)
			c = cadence{interval: f.Next(first).Sub(first), why: "schedule", schedule: &f}
		}
	}
	return c
}

// due returns when the source is polled next, and why then.
func due(s news.SourceState, p news.Poll, now time.Time) (time.Time, string) {
	c := cadenceOf(&s, p.Timing, now)
	jitter := p.Jitter
	if !(jitter >= 0 && jitter <= 1) { // NaN is neither
		jitter = 0
	}
	wait, why := c.interval, c.why
	hint := time.Duration(0)
	if !p.Timing.IgnoreHints {
		hint = min(s.Hints.Fresh, maxHint)
	}
	switch {
	case !p.Kind.Good():
		wait, why = backOff(s, p, max(c.interval, hint), now)
	case c.schedule != nil:
		wait = 0
	case p.Baseline: // sources that were added together must not march in step
		wait = c.interval/2 + time.Duration(jitter*float64(c.interval/2))
	}
	if p.Kind.Good() && hint > wait {
		wait, why = hint, "server asks "+short(hint)+": "+s.Hints.Why
	}
	t := now.Add(wait + time.Duration(jitter*upwards*float64(wait)))
	if c.schedule != nil {
		from := now
		if wait > 0 {
			from = now.Add(wait - 1) // a firing just then will do
		}
		t = firing(*c.schedule, from, s.Hints, p.Timing).Add(time.Duration(jitter * cronSlip * float64(time.Second)))
	} else if later := skip(t, s.Hints, p.Timing); later.After(t) {
		t, why = later.Add(time.Duration(jitter*float64(skipSlip))), "skipHours"
	}
	if last := now.Add(maxAhead); t.After(last) {
		t = last
	}
	return t, why
}

// moved returns when a source is due whose timing keys have changed: max(now,
// last poll + new interval). It is zero where the keys have no say: before the
// first poll, during a back-off and while Retry-After holds.
func moved(s news.SourceState, t news.Timing, now time.Time) time.Time {
	if s.LastPoll.IsZero() || s.Failures > 0 || s.Hold.After(now) {
		return time.Time{}
	}
	c := cadenceOf(&s, t, now)
	wait := c.interval
	if !t.IgnoreHints {
		wait = max(wait, min(s.Hints.Fresh, maxHint))
	}
	next := s.LastPoll.Add(wait)
	if c.schedule != nil {
		next = firing(*c.schedule, now, s.Hints, t)
	}
	if next.Before(now) {
		return now
	}
	return skip(next, s.Hints, t)
}

// backOff returns how long to leave a source alone that failed. base is what it
// would wait if it had not.
func backOff(s news.SourceState, p news.Poll, base time.Duration, now time.Time) (time.Duration, string) {
	base = max(base, minBase)
	limit := lateCap
	switch {
	case s.Hold.After(now):
		return max(base, s.Hold.Sub(now)), "retry-after"
	case p.Kind == news.KindGone:
		// A mistaken 410 must not end a source, and a true one is asked rarely.
		steps := []time.Duration{day, 7 * day, 30 * day}
		return steps[min(max(s.Gone, 1), len(steps))-1], fmt.Sprintf("gone %d", s.Gone)
	case p.Status == statusThrottled:
		base = max(base, throttleBase)
	case transient(p):
		limit = soonCap
	}
	why := fmt.Sprintf("back-off %d", s.Failures)
	if p.OwnOutage {
		why = "own outage"
	}
	// Doubled only while below the limit: n is as large as a source is dead, and
	// a power of two of it overflows.
	wait := base
	for n := s.Failures; n > 1 && wait < limit; n-- {
		wait *= 2
	}
	return max(base, min(wait, limit)), why
}

// Codes that the rules of back-off name.
const (
	statusTimeout   = 408
	statusTooEarly  = 425
	statusThrottled = 429
)

// transient says whether a failure is of those that pass by themselves.
func transient(p news.Poll) bool {
	switch p.Kind {
	case news.KindTimeout, news.KindDNS, news.KindRefused, news.KindTLS:
		return true
	case news.KindStatus:
		return p.Status == statusTimeout || p.Status == statusTooEarly || p.Status >= 500 && p.Status <= 599
	case news.KindOK, news.KindUnchanged, news.KindTooLarge, news.KindRedirect,
		news.KindPrivateAddress, news.KindNotAFeed, news.KindGone:
	}
	return false
}

// domainHold returns until when an answer forbids requests to the whole
// domain, and zero when it does not: a 429 speaks of whoever asks, a 503 of the
// one address.
func domainHold(p news.Poll) time.Time {
	if p.Status != statusThrottled {
		return time.Time{}
	}
	if hold := asked(p, ended(p)); !hold.IsZero() {
		return hold
	}
	return p.Next
}

// skip returns the first time from t on that skipHours and skipDays leave open
// (RSS 2.0, GMT). A list that leaves nothing open is a mistake and is ignored.
func skip(t time.Time, h news.Hints, timing news.Timing) time.Time {
	const allHours, allDays = 1<<24 - 1, 1<<7 - 1
	hours, days := h.SkipHours&allHours, h.SkipDays&allDays
	if timing.IgnoreHints || hours == allHours || days == allDays {
		return t
	}
	for {
		u := t.UTC()
		if hours>>u.Hour()&1 == 0 && days>>u.Weekday()&1 == 0 {
			return t
		}
		t = t.Truncate(time.Hour).Add(time.Hour)
	}
}

// firing returns the first firing of a schedule after t that skipHours and
// skipDays leave open; the first of all where they leave none.
func firing(f Schedule, t time.Time, h news.Hints, timing news.Timing) time.Time {
	first := f.Next(t)
	next := first
	for range 400 { // more than a year of a daily schedule
		open := skip(next, h, timing)
		if open.Equal(next) {
			return next
		}
		next = f.Next(open.Add(-1))
		if next.Sub(t) > maxAhead {
			break
		}
	}
	return first
}

// short returns a duration as an editor writes it: 10m, 1h30m, 45s.
func short(d time.Duration) string {
	if d >= time.Minute {
		d = d.Round(time.Second)
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
