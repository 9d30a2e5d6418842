package server

import (
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"khyber/internal/news"
)

// maxSeriesSources bounds the sources that have series of their own; above it
// only the numbers by state are given.
const maxSeriesSources = 5000

// metrics are the counters of /metrics, in a registry of their own. The names
// and labels are those of metricGroups; a label is never an item or a URL. What
// others count is read at a scrape, see snapshot.
type metrics struct {
	registry *prometheus.Registry

	polls, items, revised, rejected, sourceBytes *prometheus.CounterVec
	gaps                                         *prometheus.CounterVec
	unaccounted                                  prometheus.Counter
	requests, responseBytes, renders             *prometheus.CounterVec
	seconds, phases                              *prometheus.HistogramVec
	lateness                                     prometheus.Histogram
	cacheBytes, subscribers, connections         prometheus.Gauge
	notTaking                                    prometheus.Gauge
	deliveries, told                             *prometheus.CounterVec
	routes                                       routes
}

// Bounds of histograms, in seconds.
var (
	answerBounds   = []float64{.0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5}
	phaseBounds    = []float64{.0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5, 10, 30, 60}
	latenessBounds = []float64{.1, 1, 5, 15, 30, 60, 300, 900, 3600}
)

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), routes: routes{all: map[string]*routeCounters{}}}
	counter := func(name string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "khyber_" + name, Help: named(name).help}, named(name).labelNames())
		m.registry.MustRegister(c)
		return c
	}
	gauge := func(name string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "khyber_" + name, Help: named(name).help})
		m.registry.MustRegister(g)
		return g
	}
	histogram := func(name string, bounds []float64) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "khyber_" + name, Help: named(name).help, Buckets: bounds}, named(name).labelNames())
		m.registry.MustRegister(h)
		return h
	}
	m.polls, m.items, m.revised = counter("source_polls_total"), counter("source_items_total"), counter("source_revised_total")
	m.rejected, m.sourceBytes, m.gaps = counter("source_rejected_total"), counter("source_bytes_total"), counter("source_gaps_total")
	m.requests, m.responseBytes = counter("http_requests_total"), counter("http_response_bytes_total")
	m.renders, m.deliveries = counter("renders_total"), counter("hub_deliveries_total")
	m.unaccounted = counter("items_unaccounted_total").WithLabelValues()
	m.told, m.notTaking = counter("notify_deliveries_total"), gauge("notify_targets_failing")
	m.subscribers, m.cacheBytes, m.connections = gauge("hub_subscribers"), gauge("render_cache_bytes"), gauge("http_connections")
	m.seconds, m.phases = histogram("http_request_seconds", answerBounds), histogram("poll_seconds", phaseBounds)
	m.lateness = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "khyber_poll_lateness_seconds", Help: named("poll_lateness_seconds").help, Buckets: latenessBounds,
	})
	m.registry.MustRegister(m.lateness, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// ObservePoll counts a poll, and has the hub tell of what it brought. The poller
// calls it after each one.
func (s *Server) ObservePoll(p news.Poll) {
	if s.hub != nil && p.New+p.Revised > 0 {
		s.hub.wake()
	}
	s.healths.note(p.Source, p)
	m := s.metrics
	rejected := 0
	for _, n := range p.Rejected {
		rejected += n
	}
	if !p.Accounted() {
		m.unaccounted.Add(float64(max(1, p.Fetched-p.New-p.Known-rejected)))
	}
	s.refused.add(p.Rejected)
	if len(s.state.Load().Sources) > maxSeriesSources {
		return
	}
	m.polls.WithLabelValues(p.Source, string(p.Kind)).Inc()
	m.sourceBytes.WithLabelValues(p.Source).Add(float64(max(0, p.Bytes)))
	for reason, n := range p.Rejected {
		m.rejected.WithLabelValues(p.Source, string(reason)).Add(float64(n))
	}
	m.items.WithLabelValues(p.Source, "new").Add(float64(p.New))
	m.items.WithLabelValues(p.Source, "known").Add(float64(p.Known))
	m.items.WithLabelValues(p.Source, "rejected").Add(float64(rejected))
	m.revised.WithLabelValues(p.Source).Add(float64(p.Revised))
	m.gaps.WithLabelValues(p.Source).Add(float64(one(p.Gap())))
}

// ObservePhase counts how long a phase of a poll took: fetch, parse, match or
// commit; late is how long after its time it began.
func (s *Server) ObservePhase(phase string, took time.Duration) {
	if phase == "late" {
		s.metrics.lateness.Observe(took.Seconds())
		return
	}
	s.metrics.phases.WithLabelValues(phase).Observe(took.Seconds())
}

// ObserveConnection counts open connections: it is a hook of an http.Server.
func (s *Server) ObserveConnection(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.metrics.connections.Inc()
	case http.StateClosed, http.StateHijacked:
		s.metrics.connections.Dec()
	case http.StateActive, http.StateIdle:
	}
}

// request counts an answer. Unknown paths share one route.
func (m *metrics) request(route string, status int, bytes int64, took time.Duration) {
	if route == "" || route == "/" {
		route = "other"
	}
	c := m.routes.of(route, m)
	switch status {
	case http.StatusOK:
		c.ok().Inc()
	case http.StatusNotModified:
		c.unchanged().Inc()
	default:
		m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	}
	c.bytes.Add(float64(bytes))
	c.seconds.Observe(took.Seconds())
}

// routes keeps the counters of the routes that were asked for, because to look
// one up by its labels costs as much as the rest of an answer.
type routes struct {
	mu  sync.RWMutex
	all map[string]*routeCounters
}

type routeCounters struct {
	ok, unchanged func() prometheus.Counter
	bytes         prometheus.Counter
	seconds       prometheus.Observer
}

func (r *routes) of(route string, m *metrics) *routeCounters {
	r.mu.RLock()
	c := r.all[route]
	r.mu.RUnlock()
	if c != nil {
		return c
	}
	status := func(code string) func() prometheus.Counter {
		return sync.OnceValue(func() prometheus.Counter { return m.requests.WithLabelValues(route, code) })
	}
	c = &routeCounters{status("200"), status("304"), m.responseBytes.WithLabelValues(route), m.seconds.WithLabelValues(route)}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all[route] == nil {
		r.all[route] = c
	}
	return r.all[route]
}

// Metrics returns the handler for an address of its own.
func (s *Server) Metrics() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := prometheus.NewRegistry()
		now.MustRegister(s.snapshot(r.Context()))
		all := prometheus.Gatherers{s.metrics.registry, now}
		promhttp.HandlerFor(all, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}).ServeHTTP(w, r)
	})
}

// localMetrics serves /metrics to this machine only: on a loopback address, and
// not through a proxy, behind which every stranger is loopback.
func (s *Server) localMetrics(w http.ResponseWriter, r *http.Request) {
	if s.MetricsElsewhere || !loopback(r) || proxied(r) {
		s.unknown(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	s.Metrics().ServeHTTP(w, r)
}

func loopback(r *http.Request) bool {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && addr.IP.IsLoopback()
}

func proxied(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return true
		}
	}
	return false
}
