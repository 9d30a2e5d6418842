// Package server owns what Khyber says over HTTP: topic feeds, pages for
// people, lists, health and metrics (RFC 9110, RFC 9111, RFC 5005).
//
// It only reads, but for the two sides of WebSub: a [Hub] for the topic feeds,
// and an [Upstream] that lets the hubs of sources tell of news. What is kept
// belongs to store, how a document looks to
// publish, what feeds.yaml means arrives as a [State] that Apply swaps at once.
// It must not know config, poll or any database, and starts no goroutine: a
// rendering runs in the goroutine of the first request that wants it, and the
// others wait for it.
//
// A request takes this way: ServeHTTP → route → the handler finds the canonical
// key of what is asked → cache.get renders it once per revision → serve answers
// 200 or 304 in the coding that was asked for. So an unchanged document costs
// neither the store nor a rendering; asked for by its own address it is found
// before any routing (quick).
package server

import (
	"context"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"khyber/internal/news"
	"khyber/internal/publish"
	"khyber/internal/store"
	"khyber/internal/topic"
)

// Store is what the server reads. *store.Store is one.
type Store interface {
	// Topic returns a page of a topic; store.ErrNotFound.
	Topic(ctx context.Context, id string, p store.Page) (store.TopicPage, error)
	// Part returns a part of a topic's archive; store.ErrNotFound, store.ErrExpired.
	Part(ctx context.Context, topic, name string) (store.Part, error)
	// Parts returns the names of a topic's closed parts, oldest first.
	Parts(ctx context.Context, topic string) ([]string, error)
	// Notices returns the episodes of trouble of sources.
	Notices(ctx context.Context) ([]store.Notice, error)
	// Revision moves with whatever the bytes of the topic's documents show. It is
	// answered from memory and never waits.
	Revision(topic string) uint64
	// Sources returns the states of all sources.
	Sources(ctx context.Context) ([]news.SourceState, error)
	// Polls returns the last polls of a source, newest first.
	Polls(ctx context.Context, id string) ([]news.Poll, error)
	// FindLink returns the item with the address; store.ErrNotFound.
	FindLink(ctx context.Context, link string) (news.ItemID, error)
	// Item returns an item; store.ErrNotFound, store.ErrExpired.
	Item(ctx context.Context, id news.ItemID) (store.ItemPage, error)
	// Story returns a story by the ID of any of its members; store.ErrNotFound.
	Story(ctx context.Context, id news.ItemID) (store.StoryPage, error)
	// Scan returns items in the order of their arrival and the cursor to go on from.
	Scan(ctx context.Context, f store.Filter, cursor string, n int) ([]news.Item, string, error)
	// Status measures the store.
	Status(ctx context.Context) (store.Status, error)
}

// Options are what a Server needs. Store and Now must be set.
type Options struct {
	Store   Store
	Now     func() time.Time
	Log     *slog.Logger // nil: nothing is logged
	Version string       // of the program, for /metrics and /status.json

	// Health says why the process should be restarted, Ready why it should get
	// no requests; nil, or a nil error: it is well.
	Health func() error
	Ready  func() error

	// Polling tells what the poller does now, for /metrics; nil: nothing is told.
	Polling func() Polling

	// HubStore and Egress make a WebSub hub of the server: where its subscribers
	// are kept, and the guarded transport that calls them. Without them
	// Site.Hub of a State does not count.
	HubStore HubStore
	Egress   http.RoundTripper

	// Subscriptions and Egress make a WebSub subscriber of the server: where it
	// keeps what the hubs of sources were asked for.
	Subscriptions SubscriptionStore

	// Help is the manual, shown at /help; none: there is no such page.
	Help []HelpPage

	// NoticeStore makes a Notifier of the server, and tells what was wrong with us
	// before the start.
	NoticeStore NoticeStore

	// Domain returns the registrable domain of an address, for the limits of the
	// hub; nil: its host is taken for it.
	Domain func(address string) string

	// MetricsElsewhere says that Metrics is served on an address of its own, so
	// that /metrics is not here.
	MetricsElsewhere bool
}

// Polling is what there is to see of the poller from outside.
type Polling struct {
	Beat     time.Time // when its scheduler last turned; zero: not yet
	InFlight int       // polls under way
	Bodies   int64     // bytes of documents fetched and not yet kept
	Offset   time.Duration
	Outage   bool // most sources fail as if our own line were dead

	Reapplied []Reapplied // changed topics since the start, the newest first
}

// Reapplied is what a changed topic changed in the archive, so far.
type Reapplied struct {
	Topic string
	At    time.Time // when it began
	Done  bool
	store.Change
}

// State is what feeds.yaml says, as far as the server shows it. It is never
// changed after Apply has taken it.
type State struct {
	Site       publish.Site
	Sources    []news.Source
	Topics     []news.Topic
	Set        *topic.Set        // nil: every source is in the scope of every topic
	Entities   map[string]string // id → name, of the entities that mentions count for
	Generation uint64
	Hash       uint64    // of the files
	Applied    time.Time // when this configuration was first in force

	// HubHosts are the hosts whose callbacks may subscribe; none: any.
	HubHosts []string

	// Notify are the targets of notices.
	Notify []Target

	// Problems are those of the last file that was read. Refused says that it is
	// not in force, so that the rest of the State is of the file before.
	Problems []news.Problem
	Refused  bool
	Changes  []string // what the last reload changed, for people

	// ParseQuery compiles a search; nil: there is none.
	ParseQuery func(q string) (*topic.Query, []news.Problem)

	sources map[string]news.Source
	static  bool // what is made is a copy that no server answers for
}

// Server answers HTTP requests. It is safe for concurrent use.
type Server struct {
	Options
	state   atomic.Pointer[State]
	cache   *cache
	metrics *metrics
	mux     *http.ServeMux
	pages   *template.Template
	style   asset
	date    atomic.Pointer[date]
	scans   chan struct{} // taken while searching
	volumes volumes
	weeks   weeks
	refused refused
	ills    ills
	healths healths
	hub     *Hub         // nil: there is none
	posts   http.Handler // the hub, closed to pages of other sites

	upstream *Upstream // nil: there is none
	notifier *Notifier // nil: there is none
}

// New returns a Server that knows no topic until Apply.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{Options: o, mux: http.NewServeMux(), scans: make(chan struct{}, searches), volumes: volumes{byTopic: map[string]joinings{}}, refused: refused{reasons: map[news.Reason]int{}}, healths: healths{bySource: map[string]hours{}}}
	s.metrics = newMetrics()
	s.cache = newCache(maxCache, s.metrics)
	s.style = styleSheet()
	s.pages = parsePages(s.style.path)
	s.state.Store(&State{})
	if o.Domain == nil {
		s.Domain = hostname
	}
	if o.HubStore != nil && o.Egress != nil {
		s.hub = newHub(s, o.HubStore, o.Egress)
		s.posts = http.NewCrossOriginProtection().Handler(s.hub)
	}
	if o.Subscriptions != nil && o.Egress != nil {
		s.upstream = newUpstream(s, o.Subscriptions, o.Egress)
	}
	if o.NoticeStore != nil {
		s.notifier = &Notifier{server: s, store: o.NoticeStore}
	}
	s.routes()
	return s
}

// Upstream returns the WebSub subscriber, which the caller runs; nil when the
// Options have none.
func (s *Server) Upstream() *Upstream { return s.upstream }

// Hub returns the WebSub hub, whose workers the caller runs; nil when the
// Options have none.
func (s *Server) Hub() *Hub { return s.hub }

// Apply puts a State in force for every request that begins afterwards.
func (s *Server) Apply(st State) {
	st.Site.Hub = st.Site.Hub && s.hub != nil
	st.sources = make(map[string]news.Source, len(st.Sources))
	for _, src := range st.Sources {
		st.sources[src.ID] = src
	}
	s.state.Store(&st)
}

func (st *State) topic(id string) (news.Topic, bool) {
	for _, t := range st.Topics {
		if t.ID == id {
			return t, true
		}
	}
	return news.Topic{}, false
}

// formerly returns the topic that had the id before it was renamed.
func (st *State) formerly(id string) (news.Topic, bool) {
	for _, t := range st.Topics {
		if slices.Contains(t.Formerly, id) {
			return t, true
		}
	}
	return news.Topic{}, false
}

// scope returns the sources that a topic is fed by and that are polled.
func (st *State) scope(topicID string) []string {
	var ids []string
	if st.Set != nil {
		ids = st.Set.Scope(topicID)
	} else {
		for _, src := range st.Sources {
			ids = append(ids, src.ID)
		}
	}
	var on []string
	for _, id := range ids {
		if src, ok := st.sources[id]; ok && !src.Disabled {
			on = append(on, id)
		}
	}
	return on
}

// routes are all paths. The pattern is the label of the metrics.
func (s *Server) routes() {
	for pattern, handler := range map[string]http.HandlerFunc{
		"/{$}":                        s.index,
		"/topics/{name}":              s.topic,
		"/topics/{id}/archive/{name}": s.archive,
		"/items/{id}":                 s.item,
		"/stories/{id}":               s.story,
		"/sources":                    s.sources,
		"/status":                     s.statusPage,
		"/status.json":                s.statusJSON,
		"/status.atom":                s.troublesAtom,
		"/why":                        s.why,
		"/help":                       s.help,
		"/help/{name}":                s.help,
		"/search":                     s.search,
		"/search.atom":                s.search,
		"/search.rss":                 s.search,
		"/search.json":                s.search,
		"/topics.opml":                s.topicsOPML,
		"/sources.opml":               s.sourcesOPML,
		"/healthz":                    s.health(s.Health),
		"/readyz":                     s.health(s.Ready),
		"/metrics":                    s.localMetrics,
		s.style.path:                  s.stylesheet,
		hubPath:                       s.hubAsked,
		upstreamPath + "{token}":      s.upstreamVerify,
		"/":                           s.unknown,
	} {
		s.mux.HandleFunc(pattern, handler)
	}
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := s.Now()
	h := w.Header()
	h["Date"] = s.dated(began)
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if reads && s.quick(w, r, began) {
		return
	}
	set(h, everyAnswer)
	rec := &recorder{ResponseWriter: w, status: http.StatusOK}
	switch {
	case reads:
		s.mux.ServeHTTP(rec, r)
	case r.Method == http.MethodOptions:
		preflight(rec)
	case r.Method == http.MethodPost:
		s.post(rec, r)
	default:
		s.readOnly(rec, r)
	}
	s.metrics.request(r.Pattern, rec.status, rec.bytes, s.Now().Sub(began))
}

// post takes what the hub is sent and what hubs push; nothing else can be
// written here.
func (s *Server) post(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, upstreamPath) {
		s.upstreamPush(w, r)
		return
	}
	if r.URL.Path != hubPath || !s.state.Load().Site.Hub {
		s.readOnly(w, r)
		return
	}
	r.Pattern = hubPath
	s.posts.ServeHTTP(w, r)
}

// hubAsked answers who looks at the hub's address in a browser.
func (s *Server) hubAsked(w http.ResponseWriter, r *http.Request) {
	if !s.state.Load().Site.Hub {
		s.unknown(w, r)
		return
	}
	w.Header().Set("Allow", "POST")
	s.refuse(w, r, http.StatusMethodNotAllowed, "This is the WebSub hub of our topic feeds: it takes POST requests of subscribers.")
}

func (s *Server) readOnly(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", "GET, HEAD, OPTIONS")
	s.refuse(w, r, http.StatusMethodNotAllowed, "This service only reads: use GET or HEAD.")
}

// preflight lets scripts of any origin send the validators of a topic feed.
func preflight(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Allow", "GET, HEAD, OPTIONS")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, HEAD")
	h.Set("Access-Control-Allow-Headers", "If-None-Match, If-Modified-Since")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

// recorder remembers what was answered, for the metrics.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (r *recorder) Write(b []byte) (int, error) {
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the writer below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// health answers one line, for supervisors and balancers.
func (s *Server) health(check func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if check != nil {
			if err := check(); err != nil {
				s.refuse(w, r, http.StatusServiceUnavailable, sentence(err.Error()))
				return
			}
		}
		writeText(w, r, http.StatusOK, "ok\n")
	}
}

func (s *Server) unknown(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, http.StatusNotFound, "There is no such page: the list of topics is at "+s.state.Load().Site.BaseURL+"/.")
}
