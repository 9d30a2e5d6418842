package poll

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"khyber/internal/fetch"
	"khyber/internal/news"
	"khyber/internal/parse"
)

// Store is where polls are kept. Any error but the sentinels of package store
// ends Run: only a restart tells what is on the disk.
type Store interface {
	// Claim returns at most n sources that are due before now + ahead, those
	// that wait longest first, and no source twice within ttl unless it was
	// committed meanwhile.
	Claim(ctx context.Context, worker string, ahead time.Duration, n int, ttl time.Duration) ([]news.Claim, error)
	// Source returns the state of a source, the zero one but for its ID when it
	// was never polled.
	Source(ctx context.Context, id string) (news.SourceState, error)
	// Sources returns the states of all sources.
	Sources(ctx context.Context) ([]news.SourceState, error)
	// Commit records a poll and its items, all or nothing. It fails with
	// ErrFenced, ErrStaleConfig, ErrNotFound, ErrFull or ErrReadOnly.
	Commit(ctx context.Context, p news.Poll, items []news.Item) (news.Poll, error)
	// Flush makes durable what Commit keeps back. It fails as Commit does.
	Flush(ctx context.Context) error
}

// Fetcher asks for documents.
type Fetcher interface {
	// Get asks once, on condition of the validators. The Response is valid with
	// an error too.
	Get(ctx context.Context, src *news.Source, v news.Validators) (fetch.Response, error)
}

// Matcher says which topics an item belongs to; *topic.Set is one.
type Matcher interface {
	Match(item *news.Item) []news.Match
}

// Options are what a Poller needs of the world.
type Options struct {
	Store  Store
	Fetch  Fetcher
	Now    func() time.Time
	Random func() float64 // [0,1); safe for concurrent use
	Log    *slog.Logger

	// Observe is told of every poll that was committed, Measure how long its
	// phases took: late, fetch, parse, match, commit. Both are called by many
	// goroutines at once and may be nil.
	Observe func(news.Poll)
	Measure func(phase string, d time.Duration)
	// Beat is called after every tick, four a minute, unless the store failed to
	// answer: the sign of life for a watchdog. May be nil.
	Beat func()
	// Hide takes secrets out of what a source said of its failure: an error page may
	// repeat the request. nil: there are none.
	Hide func(text string) string
	// Crash is told where a poll stands, for tests that kill the process; nil
	// outside of them.
	Crash func(point string)

	Worker string // in claims; of no use while one process polls

	// Elapsed is a clock that nobody can set; nil: the monotonic part of Now.
	Elapsed func() time.Duration
	// Parse reads documents; nil: parse.Parse.
	Parse func(src *news.Source, body []byte, header http.Header, now time.Time) (parse.Document, error)
}

// State is what feeds.yaml says about polling.
type State struct {
	Sources    []news.Source
	Set        Matcher
	Generation uint64 // of the configuration, as the store counts it
}

// Poller polls sources. New makes it; Apply must follow before anything else.
type Poller struct {
	opt     Options
	config  atomic.Pointer[config]
	applied chan struct{} // has a value after Apply
	seat    seat

	line    line
	clock   offset
	gauges  gauges
	parsing chan struct{} // as many parses as processors
	large   chan struct{} // one document above largeBody

	documents *semaphore.Weighted // of maxParsed
}

// Limits of what is under way at a time.
const (
	maxInFlight = fetch.MaxInFlight // 64 would fill up with 500 servers that drip
	maxBodies   = 4 << 20           // bytes of bodies fetched and not yet kept: above it no fetch starts
	maxParsed   = 1 << 20           // bytes of bodies parsed and not yet kept, which have become 16 times as much; a larger one is alone
	leastParsed = 64 << 10          // bytes that a body counts at least: 16 wait at most, to share an fsync
	largeBody   = 1 << 20           // bytes: such documents are parsed one at a time
)

// New returns a Poller. It does nothing before Run or PollAll.
func New(o Options) *Poller {
	if o.Elapsed == nil {
		start := o.Now()
		o.Elapsed = func() time.Duration { return o.Now().Sub(start) }
	}
	if o.Parse == nil {
		o.Parse = parse.Parse
	}
	if o.Observe == nil {
		o.Observe = func(news.Poll) {}
	}
	if o.Measure == nil {
		o.Measure = func(string, time.Duration) {}
	}
	if o.Beat == nil {
		o.Beat = func() {}
	}
	if o.Hide == nil {
		o.Hide = func(text string) string { return text }
	}
	if o.Crash == nil {
		o.Crash = func(string) {}
	}
	p := &Poller{
		opt:     o,
		applied: make(chan struct{}, 1),
		parsing: make(chan struct{}, runtime.GOMAXPROCS(0)),
		large:   make(chan struct{}, 1),

		documents: semaphore.NewWeighted(maxParsed),
	}
	p.config.Store(newConfig(State{}))
	return p
}

// config is a State with what is reckoned of it once. It never changes.
type config struct {
	State
	sources map[string]*source
	domains map[string]*rules
	owners  map[string]string // address → ID of its source
	next    chan struct{}     // closed when another config takes its place
}

// source is a Source with the rules of its domain.
type source struct {
	news.Source
	rules *rules
}

// rules are what a domain may be asked for at a time.
type rules struct {
	name    string
	private bool          // a host of one's own: no hold for all of it
	slots   int           // requests in flight
	gap     time.Duration // between the starts of two requests
}

// How hosts are spared.
const (
	defaultGap   = 5 * time.Second // host_gap where feeds.yaml does not say
	privateSlots = 4
)

func newConfig(st State) *config {
	c := &config{
		State:   st,
		sources: make(map[string]*source, len(st.Sources)),
		domains: make(map[string]*rules),
		owners:  make(map[string]string, len(st.Sources)),
		next:    make(chan struct{}),
	}
	for i := range st.Sources {
		src := &st.Sources[i]
		c.owners[src.URL] = src.ID
		if !src.Disabled {
			c.sources[src.ID] = &source{Source: *src, rules: c.rules(src)}
		}
	}
	return c
}

// rules returns those of a source's domain, with the largest host_gap of its
// sources.
func (c *config) rules(src *news.Source) *rules {
	name := src.Domain
	if name == "" {
		name = src.ID // no host to spare: it will fail by itself
	}
	r := c.domains[name]
	if r == nil {
		r = &rules{name: name, slots: 1, gap: defaultGap}
		if src.AllowPrivateNetwork || isAddress(src.URL) {
			r.private, r.slots, r.gap = true, privateSlots, 0
		}
		c.domains[name] = r
	}
	r.gap = max(r.gap, src.HostGap)
	return r
}

// isAddress says whether the host of a URL is an IP address.
func isAddress(rawURL string) bool {
	u, err := url.Parse(rawURL)
	if err != nil {
		return false
	}
	_, err = netip.ParseAddr(strings.Trim(u.Hostname(), "[]"))
	return err == nil
}

// Apply puts another State in place of the present one. Polls under way are
// matched with it before they are committed. Sources whose timing keys changed
// move to max(now, last poll + new interval), those with another URL are due at
// once, all others stay where they are.
func (p *Poller) Apply(st State) {
	old := p.config.Swap(newConfig(st))
	close(old.next)
	select {
	case p.applied <- struct{}{}:
	default:
	}
}

// current returns a source as feeds.yaml describes it now.
func (p *Poller) current(id string) (*source, bool) {
	src, ok := p.config.Load().sources[id]
	return src, ok
}

// pollID draws the name of a poll.
func (p *Poller) pollID() uint64 {
	const half = 1 << 32
	return uint64(p.opt.Random()*half)<<32 | uint64(p.opt.Random()*half)
}
