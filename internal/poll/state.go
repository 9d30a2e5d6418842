package poll

import (
	"net/url"
	"slices"
	"time"

	"khyber/internal/news"
)

// Thresholds of the states of a source.
const (
	failingAfter = 3         // failed polls in a row,
	failingFor   = time.Hour // over at least so long
	emptyAfter   = 3         // documents without an item in a row
	datedItems   = 20        // new items that must have been looked at for StateUndated
	fewItems     = 10        // below it the gaps say nothing
	maxGaps      = 32        // kept: a month of a weekly, a day of a busy source
	minSilence   = day
	maxSilence   = 14 * day
	newSilence   = 7 * day // while few items are known
)

// stateAt returns what the polls of a source say about it: the first that
// holds, from the top. StateDisabled is the editor's and StateLate that of whoever
// shows it.
func stateAt(s news.SourceState, now time.Time) news.State {
	switch {
	case s.LastKind == news.KindGone, s.State == news.StateGone && !s.LastKind.Good():
		return news.StateGone
	case s.Failures >= failingAfter && now.Sub(s.FirstFailed) >= failingFor, s.State == news.StateFailing && s.Failures > 0:
		return news.StateFailing
	case s.LastOK.IsZero():
		return news.StateNew
	case s.Empty >= emptyAfter:
		return news.StateEmpty
	case undated(s):
		return news.StateUndated
	case !s.LastNew.IsZero() && now.Sub(s.LastNew) > silence(s):
		return news.StateSilent
	}
	return news.StateOK
}

// undated says whether hardly any of the last new items had a usable date. It
// is entered above nine tenths and left below a half.
func undated(s news.SourceState) bool {
	all, without := s.Dated[0]+s.Dated[1], s.Dated[1]
	if s.State == news.StateUndated {
		return 2*without >= all
	}
	return all >= datedItems && 10*without > 9*all
}

// silence returns how long nothing new is nothing unusual: twice the 95th
// percentile of the gaps so far.
func silence(s news.SourceState) time.Duration {
	if s.Items < fewItems || len(s.Gaps) == 0 {
		return newSilence
	}
	gaps := slices.Sorted(slices.Values(s.Gaps))
	return min(max(2*gaps[(len(gaps)*95+99)/100-1], minSilence), maxSilence)
}

// What it takes to learn a permanent redirect (RFC 9110 §15.4.2, §15.4.9).
const (
	learnPolls   = 20
	learnOver    = 6 * day // a parked or hijacked domain is mostly mended by then
	learnUpgrade = 3       // polls, for http → https with the same host and path
	learnLost    = 72 * time.Hour
	unlearnAfter = 3 // failures in a row at the new place
)

// learn counts permanent redirects, and says when one is taken for good.
func learn(r news.Redirect, p news.Poll, failures int, now time.Time) news.Redirect {
	switch {
	case r.Learned && failures >= unlearnAfter:
		return news.Redirect{}
	case r.Learned || !p.Kind.Good():
		return r
	}
	if r.Last.After(now) || now.Sub(r.Last) > learnLost {
		r = news.Redirect{}
	}
	target, permanent := destination(p)
	if !permanent {
		return r
	}
	upgrade := isUpgrade(p.URL, target)
	if p.Kind == news.KindOK && p.Known == 0 && !upgrade {
		return news.Redirect{} // what it shows is not what we knew: perhaps a parked domain
	}
	if target != r.URL {
		r = news.Redirect{URL: target, First: now}
	}
	r.Polls++
	r.Last = now
	r.Learned = upgrade && r.Polls >= learnUpgrade || r.Polls >= learnPolls && now.Sub(r.First) >= learnOver
	return r
}

// destination returns where the redirects of a poll led, and whether all were
// permanent.
func destination(p news.Poll) (target string, permanent bool) {
	for _, h := range p.Hops {
		if h.Status != 301 && h.Status != 308 {
			return "", false
		}
		target = h.URL
	}
	return target, target != "" && target != p.URL
}

// isUpgrade says whether two addresses differ in http and https alone.
func isUpgrade(from, to string) bool {
	a, err1 := url.Parse(from)
	b, err2 := url.Parse(to)
	if err1 != nil || err2 != nil || a.Scheme != "http" || b.Scheme != "https" {
		return false
	}
	return a.Hostname() == b.Hostname() && a.EscapedPath() == b.EscapedPath() && a.RawQuery == b.RawQuery
}
