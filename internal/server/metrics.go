package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"khyber/internal/news"
	"khyber/internal/store"
)

// maxSeriesSources bounds the sources that have series of their own; above it
// only the numbers by state are given.
const maxSeriesSources = 5000

// metrics are the counters of /metrics, in a registry of their own. The names
// and labels are those of the manual; a label is never an item or a URL.
type metrics struct {
	registry *prometheus.Registry

	polls, items, revised, rejected, sourceBytes *prometheus.CounterVec
	gaps                                         *prometheus.CounterVec
	unaccounted                                  prometheus.Counter
	requests, responseBytes, renders             *prometheus.CounterVec
	seconds                                      *prometheus.HistogramVec
	cacheBytes, subscribers                      prometheus.Gauge
	deliveries                                   *prometheus.CounterVec
	routes                                       routes
}

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), routes: routes{all: map[string]*routeCounters{}}}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "khyber_" + name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	m.polls = counter("source_polls_total", "Polls by outcome.", "source", "kind")
	m.items = counter("source_items_total", "Items of the polled documents: new, known or rejected.", "source", "outcome")
	m.revised = counter("source_revised_total", "Known items whose text changed.", "source")
	m.rejected = counter("source_rejected_total", "Items that were not kept, by reason.", "source", "reason")
	m.sourceBytes = counter("source_bytes_total", "Bytes received on the wire.", "source")
	m.gaps = counter("source_gaps_total", "Polls that found almost nothing known: news may have been missed.", "source")
	m.requests = counter("http_requests_total", "Requests answered.", "route", "status")
	m.responseBytes = counter("http_response_bytes_total", "Bytes of bodies sent.", "route")
	m.renders = counter("renders_total", "Topic feeds rendered.", "format")
	m.deliveries = counter("hub_deliveries_total", "Deliveries to subscribers by outcome.", "outcome")
	m.subscribers = prometheus.NewGauge(prometheus.GaugeOpts{Name: "khyber_hub_subscribers", Help: "Subscribers of the hub."})
	m.unaccounted = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "khyber_items_unaccounted_total", Help: "Items of documents that became neither new, known nor rejected.",
	})
	m.cacheBytes = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "khyber_render_cache_bytes", Help: "Bytes of rendered documents kept, all codings together.",
	})
	m.seconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "khyber_http_request_seconds", Help: "Time to answer a request.",
		Buckets: []float64{.0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5},
	}, []string{"route"})
	m.registry.MustRegister(
		m.unaccounted, m.cacheBytes, m.subscribers, m.seconds,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// ObservePoll counts a poll. The poller calls it after each one.
func (s *Server) ObservePoll(p news.Poll) {
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

// snapshot is what the store and the configuration say at the time of a scrape.
type snapshot []prometheus.Metric

// Describe sends nothing: the series follow the configuration, so the collector
// is unchecked.
func (snapshot) Describe(chan<- *prometheus.Desc) {}

// Collect sends what was read.
func (m snapshot) Collect(out chan<- prometheus.Metric) {
	for _, x := range m {
		out <- x
	}
}

func (m *snapshot) gauge(d *prometheus.Desc, v float64, labels ...string) {
	*m = append(*m, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...))
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("khyber_"+name, help, labels, nil)
}

func (s *Server) snapshot(ctx context.Context) snapshot {
	var m snapshot
	st := s.state.Load()
	m.gauge(desc("build_info", "The running program.", "version", "go"), 1, s.Version, runtime.Version())
	m.gauge(desc("config_last_reload_successful", "1 when the last file that was read is in force."), bit(!st.Refused))
	m.gauge(desc("config_generation", "Counts the accepted configurations."), float64(st.Generation))
	m.gauge(desc("config_problems", "Problems of the last file that was read."), float64(len(st.Problems)))
	if !st.Applied.IsZero() {
		m.gauge(desc("config_last_reload_success_timestamp_seconds", "When the configuration in force was applied."), unix(st.Applied))
	}
	if status, err := s.Store.Status(ctx); err != nil {
		s.Log.Error("cannot read metrics", "err", err)
	} else {
		m.gauge(desc("store_writable", "1 while the database takes writes."), bit(status.Fault == nil))
		m.gauge(desc("store_verified", "0 when damage was found in the database."), bit(!errors.Is(status.Fault, store.ErrDamaged)))
		if status.DiskFree > 0 {
			m.gauge(desc("store_disk_free_bytes", "Bytes that the disk of the database has left."), float64(status.DiskFree))
		}
		m.gauge(desc("store_bytes", "Size of the database."), float64(status.Bytes))
		m.gauge(desc("store_free_bytes", "Bytes of the database that will be used again."), float64(status.Free))
		m.gauge(desc("store_items", "Items kept."), float64(status.Items))
		m.gauge(desc("rematch_items_left", "Items that are still to be matched with a changed topic."), float64(status.Rematch))
		if status.Limit > 0 {
			m.gauge(desc("store_limit_bytes", "The database grows no further."), float64(status.Limit))
		}
		m.gauge(desc("store_oldest_read_seconds", "Age of the oldest snapshot in use."), status.OldestRead.Seconds())
	}
	states, err := s.Store.Sources(ctx)
	if err != nil {
		s.Log.Error("cannot read metrics", "err", err)
		return m
	}
	m.sources(st, states, s.Now())
	for _, t := range st.Topics {
		s.topicMetrics(ctx, &m, st, t.ID, states)
	}
	if s.Polling != nil {
		m.polling(s.Polling())
	}
	return m
}

func (m *snapshot) polling(p Polling) {
	if !p.Beat.IsZero() {
		m.gauge(desc("scheduler_heartbeat_timestamp_seconds", "When the scheduler last turned."), unix(p.Beat))
	}
	m.gauge(desc("polls_in_flight", "Polls under way."), float64(p.InFlight))
	m.gauge(desc("parse_bytes_in_flight", "Bytes of documents fetched and not yet kept."), float64(p.Bodies))
	m.gauge(desc("clock_offset_seconds", "How far the clocks of the servers are ahead of ours, the median."), p.Offset.Seconds())
}

func (s *Server) topicMetrics(ctx context.Context, m *snapshot, st *State, id string, states []news.SourceState) {
	j, err := s.joined(ctx, id)
	if err != nil {
		s.Log.Error("cannot read metrics", "topic", id, "err", err)
		return
	}
	if last := j.last(); !last.IsZero() {
		m.gauge(desc("topic_last_joined_timestamp_seconds", "When an entry last joined the topic.", "topic"), unix(last), id)
	}
	c := st.coverage(id, states, j.givers)
	sources := desc("topic_sources", "Sources that feed the topic: ok, silent, failing or waiting for their first answer.", "topic", "state")
	for state, n := range map[string]int{
		"ok": c.OK, "silent": len(c.Silent), "failing": len(c.Failing), "new": c.Sources - c.OK - len(c.Silent) - len(c.Failing),
	} {
		m.gauge(sources, float64(n), id, state)
	}
}

func (m *snapshot) sources(st *State, states []news.SourceState, now time.Time) {
	count := make(map[news.State]int)
	var (
		state    = desc("source_state", "1 for the state that the source is in.", "source", "state")
		lastOK   = desc("source_last_ok_timestamp_seconds", "When the source last answered as it should.", "source")
		lastNew  = desc("source_last_new_timestamp_seconds", "When a poll last found something new.", "source")
		next     = desc("source_next_poll_timestamp_seconds", "When the source is polled next.", "source")
		failures = desc("source_failures", "Failed polls in a row.", "source")
		sources  = desc("sources", "Sources by state.", "state")
	)
	for i := range states {
		src, ok := st.sources[states[i].Source]
		if !ok {
			continue
		}
		x := &states[i]
		shown := ShownState(&src, x, now)
		count[shown]++
		if len(st.Sources) > maxSeriesSources {
			continue
		}
		m.gauge(state, 1, src.ID, string(shown))
		m.gauge(failures, float64(x.Failures), src.ID)
		for _, stamp := range []struct {
			d *prometheus.Desc
			t time.Time
		}{{lastOK, x.LastOK}, {lastNew, x.LastNew}, {next, x.Next}} {
			if !stamp.t.IsZero() {
				m.gauge(stamp.d, unix(stamp.t), src.ID)
			}
		}
	}
	for name, n := range count {
		m.gauge(sources, float64(n), string(name))
	}
}

func bit(b bool) float64 { return float64(one(b)) }

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
