package poll

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"khyber/internal/news"
)

// noon is when the polls of these tests are over.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const address = "https://herald.example/rss"

// after returns the state after a poll that ended at noon, of a source that was
// good before.
func after(s news.SourceState, p news.Poll) news.SourceState {
	if s.LastOK.IsZero() {
		s.LastOK, s.LastKind, s.Baseline, s.URL = noon.Add(-time.Hour), news.KindOK, true, address
	}
	p.Source, p.URL, p.At = "herald", address, noon
	return Next(s, p)
}

// status returns a poll that was answered with a code.
func status(code int) news.Poll { return news.Poll{Kind: news.KindStatus, Status: code} }

// known returns a poll whose document held so many known and new items.
func known(known, fresh int) news.Poll {
	return news.Poll{Kind: news.KindOK, Status: 200, Complete: true, Fetched: known + fresh, Known: known, New: fresh}
}

var tenMinutes = news.Timing{Every: 10 * time.Minute}

func TestNextFollowsTheCadence(t *testing.T) {
	kabul := zone(t, "Asia/Kabul")
	for _, c := range []struct {
		name   string
		timing news.Timing
		poll   news.Poll
		state  news.SourceState
		wait   time.Duration
		why    string
	}{
		{"every", tenMinutes, known(9, 1), news.SourceState{}, 10 * time.Minute, "every 10m"},
		{"every, unchanged", tenMinutes, news.Poll{Kind: news.KindUnchanged}, news.SourceState{}, 10 * time.Minute, "every 10m"},
		{"schedule", news.Timing{Schedule: "*/20 * * * *", Every: time.Minute}, known(9, 1), news.SourceState{}, 20 * time.Minute, "schedule"},
		{"schedule in its zone", news.Timing{Schedule: "0 20 * * *", Location: kabul}, known(9, 1), news.SourceState{}, 3*time.Hour + 30*time.Minute, "schedule"},
		{"adaptive begins at 30m", news.Timing{}, known(5, 5), news.SourceState{}, 30 * time.Minute, "adaptive 30m"},
		{"adaptive, a gap", news.Timing{}, known(0, 30), news.SourceState{}, 5 * time.Minute, "adaptive 5m"},
		{"adaptive, under a tenth", news.Timing{}, known(2, 28), news.SourceState{}, 5 * time.Minute, "adaptive 5m"},
		{"adaptive, a tenth", news.Timing{}, known(3, 27), news.SourceState{}, 15 * time.Minute, "adaptive 15m"},
		{"adaptive, under a third", news.Timing{}, known(9, 21), news.SourceState{}, 15 * time.Minute, "adaptive 15m"},
		{"adaptive, a third", news.Timing{}, known(10, 20), news.SourceState{}, 30 * time.Minute, "adaptive 30m"},
		{"adaptive, two thirds", news.Timing{}, known(20, 10), news.SourceState{}, 30 * time.Minute, "adaptive 30m"},
		{"adaptive, over two thirds", news.Timing{}, known(21, 9), news.SourceState{}, 37*time.Minute + 30*time.Second, "adaptive 37m30s"},
		{"adaptive, unchanged", news.Timing{}, news.Poll{Kind: news.KindUnchanged}, news.SourceState{Interval: 40 * time.Minute}, 50 * time.Minute, "adaptive 50m"},
		{"adaptive, ceiling", news.Timing{}, known(30, 0), news.SourceState{Interval: time.Hour}, time.Hour, "adaptive 1h"},
		{"adaptive, own ceiling", news.Timing{MaxEvery: 2 * time.Hour}, known(30, 0), news.SourceState{Interval: 110 * time.Minute}, 2 * time.Hour, "adaptive 2h"},
		{"adaptive, own floor", news.Timing{MinEvery: 20 * time.Minute}, known(0, 30), news.SourceState{}, 20 * time.Minute, "adaptive 20m"},
		{"adaptive, four items, one known", news.Timing{}, known(1, 3), news.SourceState{}, 37*time.Minute + 30*time.Second, "adaptive 37m30s"},
		{"adaptive, four items, none known", news.Timing{}, known(0, 4), news.SourceState{}, 15 * time.Minute, "adaptive 15m"},
		{"adaptive, empty document", news.Timing{}, known(0, 0), news.SourceState{}, 37*time.Minute + 30*time.Second, "adaptive 37m30s"},
		{"adaptive, salvaged", news.Timing{}, news.Poll{Kind: news.KindOK, Salvaged: true, Fetched: 30, New: 30}, news.SourceState{}, 30 * time.Minute, "adaptive 30m"},
	} {
		c.poll.Timing = c.timing
		s := after(c.state, c.poll)
		if got := s.Next.Sub(noon); got != c.wait || s.Why != c.why {
			t.Errorf("%s: got %v (%s), want %v (%s)", c.name, got, s.Why, c.wait, c.why)
		}
	}
}

func TestFirstIntervalsAreSpread(t *testing.T) {
	for jitter, want := range map[float64]time.Duration{0: 5 * time.Minute, 0.5: 7*time.Minute + 52500*time.Millisecond, 1: 11 * time.Minute} {
		p := known(0, 30)
		p.Baseline, p.Timing, p.Jitter = true, tenMinutes, jitter
		s := Next(news.SourceState{}, withPlace(p))
		if got := s.Next.Sub(noon); got != want {
			t.Errorf("jitter %v: got %v, want %v", jitter, got, want)
		}
		if !s.Baseline || s.Interval != 0 {
			t.Errorf("jitter %v: baseline %v, interval %v", jitter, s.Baseline, s.Interval)
		}
	}
}

func withPlace(p news.Poll) news.Poll {
	p.Source, p.URL, p.At = "herald", address, noon
	return p
}

func TestNextHeedsTheServer(t *testing.T) {
	fresh := func(d time.Duration, why string) news.Hints { return news.Hints{Fresh: d, Why: why} }
	for _, c := range []struct {
		name   string
		timing news.Timing
		kind   news.Kind
		before news.Hints
		hints  news.Hints
		wait   time.Duration
		why    string
	}{
		{"a longer hint beats every", tenMinutes, news.KindOK, news.Hints{}, fresh(time.Hour, "ttl"), time.Hour, "server asks 1h: ttl"},
		{"a shorter one does not", tenMinutes, news.KindOK, news.Hints{}, fresh(time.Minute, "ttl"), 10 * time.Minute, "every 10m"},
		{"more than a day is a day", tenMinutes, news.KindOK, news.Hints{}, fresh(1000*day, "max-age"), day, "server asks 24h: max-age"},
		{"ignore_hints", news.Timing{Every: 10 * time.Minute, IgnoreHints: true}, news.KindOK, news.Hints{}, fresh(time.Hour, "ttl"), 10 * time.Minute, "every 10m"},
		{"a document without one ends it", tenMinutes, news.KindOK, fresh(time.Hour, "ttl"), news.Hints{}, 10 * time.Minute, "every 10m"},
		{"a 304 without one keeps it", tenMinutes, news.KindUnchanged, fresh(time.Hour, "max-age"), news.Hints{}, time.Hour, "server asks 1h: max-age"},
		{"a 304 replaces that of a header", tenMinutes, news.KindUnchanged, fresh(time.Hour, "max-age"), fresh(30*time.Minute, "Expires"), 30 * time.Minute, "server asks 30m: Expires"},
		{"a 304 leaves that of the document", tenMinutes, news.KindUnchanged, fresh(time.Hour, "ttl"), fresh(30*time.Minute, "max-age"), time.Hour, "server asks 1h: ttl"},
		{"unless it asks for more", tenMinutes, news.KindUnchanged, fresh(time.Hour, "ttl"), fresh(2*time.Hour, "max-age"), 2 * time.Hour, "server asks 2h: max-age"},
		{"a schedule fires after it", news.Timing{Schedule: "*/20 * * * *"}, news.KindOK, news.Hints{}, fresh(50*time.Minute, "ttl"), time.Hour, "server asks 50m: ttl"},
	} {
		s := after(news.SourceState{Hints: c.before}, news.Poll{Kind: c.kind, Hints: c.hints, Timing: c.timing})
		if got := s.Next.Sub(noon); got != c.wait || s.Why != c.why {
			t.Errorf("%s: got %v (%s), want %v (%s)", c.name, got, s.Why, c.wait, c.why)
		}
	}
}

func TestNextSkipsHoursAndDays(t *testing.T) {
	hours := func(list ...int) (set uint32) {
		for _, h := range list {
			set |= 1 << h
		}
		return set
	}
	for _, c := range []struct { // noon is a Monday
		name   string
		hints  news.Hints
		timing news.Timing
		jitter float64
		wait   time.Duration
		why    string
	}{
		{"an hour", news.Hints{SkipHours: hours(12)}, tenMinutes, 0, time.Hour, "skipHours"},
		{"hours, jitter after them", news.Hints{SkipHours: hours(12, 13, 14)}, tenMinutes, 0.5, 3*time.Hour + 3*time.Minute, "skipHours"},
		{"another hour", news.Hints{SkipHours: hours(13)}, tenMinutes, 0, 10 * time.Minute, "every 10m"},
		{"a day", news.Hints{SkipDays: 1 << time.Monday}, tenMinutes, 0, 12 * time.Hour, "skipHours"},
		{"a day and the first hour of the next", news.Hints{SkipDays: 1 << time.Monday, SkipHours: hours(0)}, tenMinutes, 0, 13 * time.Hour, "skipHours"},
		{"all hours", news.Hints{SkipHours: 1<<24 - 1}, tenMinutes, 0, 10 * time.Minute, "every 10m"},
		{"all days", news.Hints{SkipDays: 1<<7 - 1}, tenMinutes, 0, 10 * time.Minute, "every 10m"},
		{"ignore_hints", news.Hints{SkipHours: hours(12)}, news.Timing{Every: 10 * time.Minute, IgnoreHints: true}, 0, 10 * time.Minute, "every 10m"},
		{"a schedule fires in open hours", news.Hints{SkipHours: hours(12, 13)}, news.Timing{Schedule: "*/20 * * * *"}, 0, 2 * time.Hour, "schedule"},
		{"a schedule that fires in skipped hours only", news.Hints{SkipHours: hours(6)}, news.Timing{Schedule: "0 6 * * *"}, 0, 18 * time.Hour, "schedule"},
	} {
		s := after(news.SourceState{}, news.Poll{Kind: news.KindOK, Hints: c.hints, Timing: c.timing, Jitter: c.jitter})
		if got := s.Next.Sub(noon); got != c.wait || s.Why != c.why {
			t.Errorf("%s: got %v (%s), want %v (%s)", c.name, got, s.Why, c.wait, c.why)
		}
	}
}

func TestNextBacksOff(t *testing.T) {
	retry := func(code int, d time.Duration) news.Poll {
		p := status(code)
		p.RetryAfter = noon.Add(d)
		return p
	}
	hour := news.Timing{Every: time.Hour}
	for _, c := range []struct {
		name   string
		poll   news.Poll
		before int // failures
		timing news.Timing
		wait   time.Duration
		why    string
	}{
		{"first", news.Poll{Kind: news.KindTimeout}, 0, tenMinutes, 10 * time.Minute, "back-off 1"},
		{"second", news.Poll{Kind: news.KindDNS}, 1, tenMinutes, 20 * time.Minute, "back-off 2"},
		{"fifth", news.Poll{Kind: news.KindRefused}, 4, tenMinutes, 160 * time.Minute, "back-off 5"},
		{"at most 4h", news.Poll{Kind: news.KindTLS}, 5, tenMinutes, 4 * time.Hour, "back-off 6"},
		{"500", status(500), 99, tenMinutes, 4 * time.Hour, "back-off 100"},
		{"599", status(599), 99, tenMinutes, 4 * time.Hour, "back-off 100"},
		{"408", status(408), 99, tenMinutes, 4 * time.Hour, "back-off 100"},
		{"425", status(425), 99, tenMinutes, 4 * time.Hour, "back-off 100"},
		{"404", status(404), 99, tenMinutes, day, "back-off 100"},
		{"403", status(403), 0, tenMinutes, 10 * time.Minute, "back-off 1"},
		{"not a feed", news.Poll{Kind: news.KindNotAFeed, Status: 200}, 99, tenMinutes, day, "back-off 100"},
		{"too large", news.Poll{Kind: news.KindTooLarge, Status: 200}, 99, tenMinutes, day, "back-off 100"},
		{"redirect", news.Poll{Kind: news.KindRedirect, Status: 302}, 99, tenMinutes, day, "back-off 100"},
		{"private address", news.Poll{Kind: news.KindPrivateAddress}, 99, tenMinutes, day, "back-off 100"},
		{"never under 5m", news.Poll{Kind: news.KindTimeout}, 0, news.Timing{Every: time.Second}, 5 * time.Minute, "back-off 1"},
		{"never under the interval", news.Poll{Kind: news.KindTimeout}, 9, news.Timing{Every: 12 * time.Hour}, 12 * time.Hour, "back-off 10"},
		{"429", status(429), 0, tenMinutes, 30 * time.Minute, "back-off 1"},
		{"429 again", status(429), 1, hour, 2 * time.Hour, "back-off 2"},
		{"429 with a time", retry(429, 2*time.Hour), 0, tenMinutes, 2 * time.Hour, "retry-after"},
		{"503 with a time", retry(503, 121*time.Minute), 9, tenMinutes, 121 * time.Minute, "retry-after"},
		{"a short time is no invitation", retry(503, time.Second), 9, hour, time.Hour, "retry-after"},
		{"a time for ever", retry(503, 1<<62), 0, tenMinutes, 7 * day, "retry-after"},
		{"a time in the past is none", retry(503, -time.Hour), 1, tenMinutes, 20 * time.Minute, "back-off 2"},
		{"gone", news.Poll{Kind: news.KindGone, Status: 410}, 0, tenMinutes, day, "gone 1"},
		{"own outage", news.Poll{Kind: news.KindDNS, OwnOutage: true}, 0, tenMinutes, 10 * time.Minute, "own outage"},
		{"own outage, failing before", news.Poll{Kind: news.KindDNS, OwnOutage: true}, 3, tenMinutes, 40 * time.Minute, "own outage"},
		{"schedule: the gap between firings", news.Poll{Kind: news.KindTimeout}, 1, news.Timing{Schedule: "*/20 * * * *"}, 40 * time.Minute, "back-off 2"},
	} {
		c.poll.Timing = c.timing
		s := after(news.SourceState{Failures: c.before, FirstFailed: noon.Add(-day)}, c.poll)
		if got := s.Next.Sub(noon); got != c.wait || s.Why != c.why {
			t.Errorf("%s: got %v (%s), want %v (%s)", c.name, got, s.Why, c.wait, c.why)
		}
	}
}

func TestABackOffCountsFromWhatTheServerAsksFor(t *testing.T) {
	s := after(news.SourceState{Hints: news.Hints{Fresh: day, Why: "ttl"}}, news.Poll{Kind: news.KindTimeout, Timing: tenMinutes})
	if got := s.Next.Sub(noon); got != day {
		t.Errorf("got %v, want the daily poll that the document asks for", got)
	}
}

func TestGoneIsAskedRarelyAndNeverForgotten(t *testing.T) {
	s := news.SourceState{}
	gone := news.Poll{Kind: news.KindGone, Status: 410, Timing: tenMinutes}
	for i, want := range []time.Duration{day, 7 * day, 30 * day, 30 * day} {
		s = after(s, gone)
		if got := s.Next.Sub(noon); got != want || s.State != news.StateGone {
			t.Errorf("410 number %d: got %v in state %s, want %v", i+1, got, s.State, want)
		}
	}
	s = after(s, news.Poll{Kind: news.KindTimeout, Timing: tenMinutes})
	if s.State != news.StateGone || s.Gone != 0 {
		t.Errorf("a timeout after 410: state %s, gone %d; want gone until a good poll, counted from the beginning", s.State, s.Gone)
	}
	if s = after(s, known(30, 0)); s.State != news.StateOK || s.Failures != 0 {
		t.Errorf("a good poll after 410: state %s, %d failures", s.State, s.Failures)
	}
}

func TestOwnOutageCountsAgainstNobody(t *testing.T) {
	s := after(news.SourceState{Failures: 2}, news.Poll{Kind: news.KindDNS, OwnOutage: true, Timing: tenMinutes})
	if s.Failures != 2 || s.State != news.StateOK || s.LastKind != news.KindDNS {
		t.Errorf("failures %d, state %s, last kind %s", s.Failures, s.State, s.LastKind)
	}
}

func TestSuccessBringsTheIntervalFromBefore(t *testing.T) {
	s := after(news.SourceState{Interval: 45 * time.Minute}, news.Poll{Kind: news.KindTimeout})
	for range 5 {
		s = after(s, news.Poll{Kind: news.KindTimeout})
	}
	s = after(s, known(5, 5))
	if s.Failures != 0 || s.Next.Sub(noon) != 45*time.Minute {
		t.Errorf("failures %d, next in %v; want 0 and 45m", s.Failures, s.Next.Sub(noon))
	}
}

func TestAnotherAddressBeginsAnew(t *testing.T) {
	s := news.SourceState{
		URL: "https://old.example/rss", Failures: 9, Gone: 2, Interval: time.Hour, Hold: noon.Add(day),
		Hints: news.Hints{Fresh: day}, Redirect: news.Redirect{URL: "https://x.example/", Learned: true}, Items: 70, Baseline: true,
	}
	p := known(5, 5)
	p.Timing = news.Timing{}
	got := Next(s, withPlace(p))
	if got.URL != address || got.Failures != 0 || got.Hints != (news.Hints{}) || got.Redirect != (news.Redirect{}) || !got.Hold.IsZero() {
		t.Errorf("kept of the other address: %+v", got)
	}
	if got.Next.Sub(noon) != 30*time.Minute || got.Items != 75 || !got.Baseline {
		t.Errorf("next in %v, %d items, baseline %v; want 30m, 75, true", got.Next.Sub(noon), got.Items, got.Baseline)
	}
}

func TestNextDoesNotChangeItsArguments(t *testing.T) {
	gaps := make([]time.Duration, 2, 8)
	gaps[0], gaps[1] = time.Hour, time.Hour
	s := news.SourceState{URL: address, Gaps: gaps, LastNew: noon.Add(-day), LastOK: noon}
	before := s
	before.Gaps = []time.Duration{time.Hour, time.Hour}
	one := Next(s, withPlace(known(5, 5)))
	two := Next(s, withPlace(known(5, 5)))
	if !reflect.DeepEqual(s, before) || !reflect.DeepEqual(one, two) || gaps[:3][2] != 0 {
		t.Errorf("Next changed its argument, or gave two answers:\n%+v\n%+v", one, two)
	}
}

func TestStatesOfASource(t *testing.T) {
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	timeout := news.Poll{Kind: news.KindTimeout}
	unchanged := news.Poll{Kind: news.KindUnchanged}
	for _, c := range []struct {
		name   string
		before news.SourceState
		poll   news.Poll
		want   news.State
	}{
		{"never good", news.SourceState{URL: address, State: news.StateNew, LastOK: time.Time{}}, timeout, news.StateNew},
		{"good", news.SourceState{}, known(29, 1), news.StateOK},
		{"one failure", news.SourceState{}, timeout, news.StateOK},
		{"three failures in an hour", news.SourceState{Failures: 2, FirstFailed: ago(time.Hour)}, timeout, news.StateFailing},
		{"three failures in less", news.SourceState{Failures: 2, FirstFailed: ago(59 * time.Minute)}, timeout, news.StateOK},
		{"failing until it is good", news.SourceState{Failures: 3, State: news.StateFailing, FirstFailed: ago(0)}, timeout, news.StateFailing},
		{"recovered", news.SourceState{Failures: 3, State: news.StateFailing, FirstFailed: ago(day)}, known(29, 1), news.StateOK},
		{"three empty documents", news.SourceState{Empty: 2}, known(0, 0), news.StateEmpty},
		{"an empty document, unchanged since", news.SourceState{Empty: 2}, unchanged, news.StateEmpty},
		{"two empty documents", news.SourceState{Empty: 1}, known(0, 0), news.StateOK},
		{"empty no more", news.SourceState{Empty: 9, State: news.StateEmpty}, known(0, 1), news.StateOK},
		{"without dates", news.SourceState{Dated: [2]int{1, 19}}, known(30, 0), news.StateUndated},
		{"nine tenths without dates", news.SourceState{Dated: [2]int{2, 18}}, known(30, 0), news.StateOK},
		{"few items without dates", news.SourceState{Dated: [2]int{0, 19}}, known(30, 0), news.StateOK},
		{"half without dates still", news.SourceState{State: news.StateUndated, Dated: [2]int{10, 10}}, known(30, 0), news.StateUndated},
		{"dates again", news.SourceState{State: news.StateUndated, Dated: [2]int{11, 9}}, known(30, 0), news.StateOK},
		{"nothing new for a week, few items", news.SourceState{LastNew: ago(7*day + 1), Items: 9}, unchanged, news.StateSilent},
		{"nothing new for six days, few items", news.SourceState{LastNew: ago(6 * day), Items: 9}, unchanged, news.StateOK},
		{"twice the usual gap", news.SourceState{LastNew: ago(49 * time.Hour), Items: 99, Gaps: []time.Duration{day, time.Hour}}, unchanged, news.StateSilent},
		{"less than that", news.SourceState{LastNew: ago(47 * time.Hour), Items: 99, Gaps: []time.Duration{day, time.Hour}}, unchanged, news.StateOK},
		{"a busy source has a day", news.SourceState{LastNew: ago(23 * time.Hour), Items: 99, Gaps: []time.Duration{time.Minute}}, unchanged, news.StateOK},
		{"a rare source has two weeks", news.SourceState{LastNew: ago(15 * day), Items: 99, Gaps: []time.Duration{30 * day}}, unchanged, news.StateSilent},
		{"silent no more", news.SourceState{State: news.StateSilent, LastNew: ago(30 * day), Items: 99}, known(29, 1), news.StateOK},
	} {
		s := c.before
		if c.name == "never good" {
			s = Next(s, withPlace(c.poll))
		} else {
			s = after(s, c.poll)
		}
		if s.State != c.want {
			t.Errorf("%s: got %s, want %s", c.name, s.State, c.want)
		}
		if entered := s.State != c.before.State; entered != s.Since.Equal(noon) {
			t.Errorf("%s: from %q to %q since %v", c.name, c.before.State, s.State, s.Since)
		}
	}
}

func TestHabitsOfASource(t *testing.T) {
	s := news.SourceState{LastNew: noon.Add(-3 * time.Hour), Items: 40, GoodPolls: 7}
	for range maxGaps - 1 {
		s.Gaps = append(s.Gaps, time.Hour)
	}
	s = after(s, known(28, 2))
	if len(s.Gaps) != maxGaps || s.Gaps[maxGaps-1] != 3*time.Hour || s.Items != 42 || s.GoodPolls != 8 || !s.LastNew.Equal(noon) {
		t.Errorf("got %d gaps, %d items, %d good polls, new at %v", len(s.Gaps), s.Items, s.GoodPolls, s.LastNew)
	}
	s = after(s, news.Poll{Kind: news.KindOK, Salvaged: true, Fetched: 3, New: 1, Known: 2})
	if len(s.Gaps) != maxGaps || s.GoodPolls != 8 {
		t.Errorf("a salvaged poll: %d gaps, %d good polls; want %d, 8", len(s.Gaps), s.GoodPolls, maxGaps)
	}
}

func TestAPermanentRedirectIsLearned(t *testing.T) {
	moved := func(p news.Poll, code int, to ...string) news.Poll {
		for _, u := range to {
			p.Hops = append(p.Hops, news.Hop{Status: code, URL: u})
		}
		return p
	}
	const there = "https://new.example/rss"
	// run polls n times, d apart, and returns what was learned.
	run := func(url string, n int, d time.Duration, poll func(i int) news.Poll) news.Redirect {
		s := news.SourceState{}
		for i := range n {
			p := poll(i)
			p.Source, p.URL, p.At = "herald", url, noon.Add(time.Duration(i)*d)
			s = Next(s, p)
		}
		return s.Redirect
	}
	six := 8 * time.Hour // 20 polls in 6 days and more
	for _, c := range []struct {
		name string
		url  string
		n    int
		gap  time.Duration
		poll func(i int) news.Poll
		want bool
	}{
		{"20 polls over 6 days", address, 20, six, func(int) news.Poll { return moved(known(5, 1), 301, there) }, true},
		{"19 polls", address, 19, six, func(int) news.Poll { return moved(known(5, 1), 301, there) }, false},
		{"100 polls in a day", address, 100, 14 * time.Minute, func(int) news.Poll { return moved(known(5, 1), 301, there) }, false},
		{"308, unchanged", address, 20, six, func(int) news.Poll { return moved(news.Poll{Kind: news.KindUnchanged}, 308, there) }, true},
		{"a chain", address, 20, six, func(int) news.Poll { return moved(known(5, 1), 301, "https://a.example/", there) }, true},
		{"a temporary hop", address, 40, six, func(int) news.Poll { return moved(moved(known(5, 1), 301, "https://a.example/"), 302, there) }, false},
		{"307", address, 40, six, func(int) news.Poll { return moved(known(5, 1), 307, there) }, false},
		{"nothing known there", address, 40, six, func(int) news.Poll { return moved(known(0, 6), 301, there) }, false},
		{"nothing known there once", address, 20, six, func(i int) news.Poll {
			if i == 10 {
				return moved(known(0, 6), 301, there)
			}
			return moved(known(5, 1), 301, there)
		}, false},
		{"another place half way", address, 20, six, func(i int) news.Poll {
			if i < 10 {
				return moved(known(5, 1), 301, "https://a.example/")
			}
			return moved(known(5, 1), 301, there)
		}, false},
		{"without it for two days", address, 27, six, func(i int) news.Poll {
			if i >= 10 && i < 17 {
				return known(5, 1)
			}
			return moved(known(5, 1), 301, there)
		}, true},
		{"without it for four days", address, 32, six, func(i int) news.Poll {
			if i >= 10 && i < 22 {
				return known(5, 1)
			}
			return moved(known(5, 1), 301, there)
		}, false},
		{"failures between", address, 40, six, func(i int) news.Poll {
			if i%2 == 0 {
				return news.Poll{Kind: news.KindTimeout}
			}
			return moved(known(5, 1), 301, there)
		}, true},
		{"http to https", "http://herald.example/rss", 3, time.Hour, func(int) news.Poll { return moved(known(5, 1), 301, address) }, true},
		{"http to https twice", "http://herald.example/rss", 2, time.Hour, func(int) news.Poll { return moved(known(5, 1), 301, address) }, false},
		{"http to https and another path", "http://herald.example/rss", 3, time.Hour, func(int) news.Poll { return moved(known(5, 1), 301, address+"2") }, false},
		{"http to https and www", "http://herald.example/rss", 3, time.Hour, func(int) news.Poll {
			return moved(known(5, 1), 301, strings.Replace(address, "//", "//www.", 1))
		}, false},
		{"to itself", address, 40, six, func(int) news.Poll { return moved(known(5, 1), 301, "https://a.example/", address) }, false},
	} {
		if got := run(c.url, c.n, c.gap, c.poll); got.Learned != c.want {
			t.Errorf("%s: got %+v, want learned %v", c.name, got, c.want)
		}
	}

	learned := news.SourceState{Redirect: news.Redirect{URL: there, Learned: true}, Failures: 1}
	s := after(learned, news.Poll{Kind: news.KindTimeout})
	if !s.Redirect.Learned {
		t.Error("forgotten after two failures")
	}
	if s = after(s, news.Poll{Kind: news.KindTimeout}); s.Redirect != (news.Redirect{}) {
		t.Errorf("kept after three failures: %+v", s.Redirect)
	}
}

// T2: 0 < Next − now ≤ 33 days, for any number of failures, any Retry-After,
// any hint and any clock.
func TestPropNextIsAheadAndNotTooFar(t *testing.T) {
	for n := 0; n <= 1_000_000; n += 1 + n/1000 { // all up to 1,000, then every thousandth part further
		p := news.Poll{Kind: news.KindTimeout, Timing: tenMinutes}
		s := after(news.SourceState{Failures: n}, p)
		if wait := s.Next.Sub(noon); wait < 10*time.Minute || wait > soonCap {
			t.Fatalf("%d failures: next in %v", n, wait)
		}
	}
}

// FuzzNext is the same for whatever a poll and a state can hold.
func FuzzNext(f *testing.F) {
	f.Add(uint8(0), 200, int64(0), int64(0), int64(600e9), int64(0), 5, 0.5, uint32(0), uint8(0), uint8(0), int64(0))
	f.Add(uint8(6), 429, int64(math.MaxInt64), int64(math.MaxInt64), int64(1), int64(math.MinInt64), math.MaxInt, 2.0, uint32(1<<24-2), uint8(126), uint8(1), int64(1<<40))
	f.Add(uint8(11), 410, int64(-1), int64(-1), int64(math.MaxInt64), int64(-5e18), -7, math.NaN(), uint32(0xffffff), uint8(0x7f), uint8(2), int64(-1<<40))
	schedules := []string{"", "*/7 * * * *", "0 0 1 * *", "broken"}
	f.Fuzz(func(t *testing.T, kind uint8, code int, retry, fresh, every, duration int64, failures int, jitter float64, hours uint32, days, schedule uint8, skew int64) {
		kinds := news.Kinds()
		p := withPlace(news.Poll{
			Kind: kinds[int(kind)%len(kinds)], Status: code, Duration: time.Duration(duration), Jitter: jitter, Fetched: failures, New: failures,
			Timing: news.Timing{Every: time.Duration(every), Schedule: schedules[int(schedule)%len(schedules)], MinEvery: time.Duration(fresh)},
			Hints:  news.Hints{Fresh: time.Duration(fresh), SkipHours: hours, SkipDays: days},
		})
		if retry != 0 {
			p.RetryAfter = p.At.Add(time.Duration(retry))
		}
		s := news.SourceState{
			URL: address, Failures: failures, Gone: failures, Interval: time.Duration(every), Hints: p.Hints,
			LastPoll: p.At.Add(time.Duration(skew)), LastNew: p.At.Add(time.Duration(skew)), Hold: p.At.Add(time.Duration(skew)), FirstFailed: p.At.Add(time.Duration(skew)),
		}
		now := ended(p)
		got := Next(s, p)
		if wait := got.Next.Sub(now); wait <= 0 || wait > maxAhead {
			t.Errorf("next in %v (%s)", wait, got.Why)
		}
		if got.Why == "" || got.State == "" {
			t.Errorf("no reason or no state: %+v", got)
		}
	})
}
