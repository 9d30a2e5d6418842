package poll

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"khyber/internal/news"
)

// When most sources fail at once in the ways in which a dead line fails, the
// line is dead, not the sources.
const (
	lineWindow  = 5 * time.Minute
	linePolls   = 10 // at least, in the window,
	lineDomains = 5  // on at least so many domains,
	linePercent = 90 // of which so many ended as dns, refused or timeout
)

// line judges our own connection to the network by the polls of late. Its zero
// value holds the line for good.
type line struct {
	mu    sync.Mutex
	polls []mark // oldest first
	bad   int
	on    map[string]int // polls in the window by domain
	down  bool
}

type mark struct {
	at     time.Duration
	domain string
	bad    bool
}

// note takes the outcome of a poll and returns whether the line is down, and
// whether that is new. It stays down until something answers.
func (l *line) note(at time.Duration, domain string, bad bool) (down, turned bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.down
	if was && !bad {
		l.polls, l.bad, l.on, l.down = nil, 0, nil, false
	}
	if l.on == nil {
		l.on = make(map[string]int)
	}
	l.polls = append(l.polls, mark{at, domain, bad})
	l.on[domain]++
	if bad {
		l.bad++
	}
	old := 0
	for ; at-l.polls[old].at > lineWindow; old++ {
		m := l.polls[old]
		if m.bad {
			l.bad--
		}
		if l.on[m.domain]--; l.on[m.domain] == 0 {
			delete(l.on, m.domain)
		}
	}
	l.polls = l.polls[old:]
	if len(l.polls) >= linePolls && len(l.on) >= lineDomains && l.bad*100 >= len(l.polls)*linePercent {
		l.down = true
	}
	return l.down, l.down != was
}

// isDown says whether the line is held for dead.
func (l *line) isDown() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.down
}

// judgeLine says whether a failed poll is our own fault, and tells when that
// begins and ends. A source that failed before is no witness.
func (p *Poller) judgeLine(known news.SourceState, poll news.Poll, domain string) bool {
	bad := poll.Kind == news.KindDNS || poll.Kind == news.KindRefused || poll.Kind == news.KindTimeout
	if bad && known.Failures > 0 {
		return p.line.isDown()
	}
	down, turned := p.line.note(p.opt.Elapsed(), domain, bad)
	switch {
	case turned && down:
		p.opt.Log.Warn("own outage", "err", "most sources cannot be reached: look at this machine's network and name server first")
	case turned:
		p.opt.Log.Info("own outage is over")
	}
	return down && bad
}

// Bounds of the judgement about the clock.
const (
	offsetAnswers = 50
	offsetDomains = 5
	offsetLimit   = 10 * time.Minute
)

// offset compares our clock with those of the servers that answer.
type offset struct {
	mu      sync.Mutex
	answers []answer // at most offsetAnswers, a ring
	next    int
}

type answer struct {
	domain string
	ahead  time.Duration // of us
}

// note takes the Date of an answer.
func (o *offset) note(now time.Time, date, domain string) {
	at, err := http.ParseTime(date)
	if err != nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	a := answer{domain, at.Sub(now)}
	if len(o.answers) < offsetAnswers {
		o.answers = append(o.answers, a)
		return
	}
	o.answers[o.next] = a
	o.next = (o.next + 1) % offsetAnswers
}

// median returns how far ahead of us the servers are, half of them more, half
// of them less; 0 while too few have answered.
func (o *offset) median() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	domains := make(map[string]bool)
	all := make([]time.Duration, 0, len(o.answers))
	for _, a := range o.answers {
		domains[a.domain] = true
		all = append(all, a.ahead)
	}
	if len(domains) < offsetDomains {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}
