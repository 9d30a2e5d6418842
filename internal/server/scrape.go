package server

import (
	"context"
	"errors"
	"math"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"khyber/internal/news"
	"khyber/internal/store"
)

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

func (m *snapshot) counter(d *prometheus.Desc, v float64, labels ...string) {
	*m = append(*m, prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...))
}

func (m *snapshot) histogram(d *prometheus.Desc, h store.Histogram) {
	*m = append(*m, prometheus.MustNewConstHistogram(d, h.Count, h.Sum, h.Under))
}

// stamp gives a time; a zero one is left out, so that no alert takes it for 1970.
func (m *snapshot) stamp(d *prometheus.Desc, t time.Time, labels ...string) {
	if !t.IsZero() {
		m.gauge(d, float64(t.UnixMilli())/1000, labels...)
	}
}

func (s *Server) snapshot(ctx context.Context) snapshot {
	var m snapshot
	st := s.state.Load()
	m.gauge(desc("build_info"), 1, s.Version, runtime.Version())
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 { // a negative one only asks
		m.gauge(desc("memory_limit_bytes"), float64(limit))
	}
	m.gauge(desc("config_last_reload_successful"), bit(!st.Refused))
	m.gauge(desc("config_generation"), float64(st.Generation))
	m.gauge(desc("config_problems"), float64(len(st.Problems)))
	m.stamp(desc("config_last_reload_success_timestamp_seconds"), st.Applied)
	if status, err := s.Store.Status(ctx); err != nil {
		s.Log.Error("cannot read metrics", "err", err)
	} else {
		m.kept(&status)
		m.counts(st, &status.Counts)
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

// kept is what there is to say of the database.
func (m *snapshot) kept(status *store.Status) {
	m.gauge(desc("store_writable"), bit(status.Fault == nil))
	m.gauge(desc("store_bytes"), float64(status.Bytes))
	m.gauge(desc("store_free_bytes"), float64(status.Free))
	m.gauge(desc("store_items"), float64(status.Items))
	m.gauge(desc("store_schema"), float64(status.Schema))
	m.gauge(desc("rematch_items_left"), float64(status.Rematch))
	m.gauge(desc("store_oldest_read_seconds"), status.OldestRead.Seconds())
	m.stamp(desc("store_backup_timestamp_seconds"), status.Backup)
	if status.Limit > 0 {
		m.gauge(desc("store_limit_bytes"), float64(status.Limit))
	}
	if status.DiskFree > 0 {
		m.gauge(desc("store_disk_free_bytes"), float64(status.DiskFree))
	}
	if damaged := errors.Is(status.Fault, store.ErrDamaged); damaged || !status.Crashed {
		m.gauge(desc("store_verified"), bit(!damaged))
	}
	m.counter(desc("store_commits_total"), float64(status.Commits.Seconds.Count))
	m.histogram(desc("store_commit_seconds"), status.Commits.Seconds)
	m.histogram(desc("store_commit_polls"), status.Commits.Writes)
}

// counts is what the store has done since the start.
func (m *snapshot) counts(st *State, c *store.Counts) {
	matches := desc("topic_matches_total")
	for _, t := range st.Topics {
		m.counter(matches, float64(c.Matches[t.ID].In), t.ID, news.In.String())
		m.counter(matches, float64(c.Matches[t.ID].Excluded), t.ID, news.Excluded.String())
	}
	for name, byLabel := range map[string]map[string]int{"copies_total": c.Copies, "store_errors_total": c.Refused, "store_expired_total": c.Expired} {
		d := desc(name)
		for label, n := range byLabel {
			m.counter(d, float64(n), label)
		}
	}
}

func (m *snapshot) polling(p Polling) {
	m.stamp(desc("scheduler_heartbeat_timestamp_seconds"), p.Beat)
	m.gauge(desc("polls_in_flight"), float64(p.InFlight))
	m.gauge(desc("parse_bytes_in_flight"), float64(p.Bodies))
	m.gauge(desc("clock_offset_seconds"), p.Offset.Seconds())
}

func (s *Server) topicMetrics(ctx context.Context, m *snapshot, st *State, id string, states []news.SourceState) {
	j, err := s.joined(ctx, id)
	if err != nil {
		s.Log.Error("cannot read metrics", "topic", id, "err", err)
		return
	}
	m.stamp(desc("topic_last_joined_timestamp_seconds"), j.last(), id)
	m.gauge(desc("topic_window_seconds"), j.window.Seconds(), id)
	c := st.coverage(id, states, j.givers)
	sources := desc("topic_sources")
	for state, n := range map[string]int{
		"ok": c.OK, "silent": len(c.Silent), "failing": len(c.Failing), "new": c.Sources - c.OK - len(c.Silent) - len(c.Failing),
	} {
		m.gauge(sources, float64(n), id, state)
	}
}

func (m *snapshot) sources(st *State, states []news.SourceState, now time.Time) {
	count := make(map[news.State]int)
	var (
		state, failures = desc("source_state"), desc("source_failures")
		lastOK, lastNew = desc("source_last_ok_timestamp_seconds"), desc("source_last_new_timestamp_seconds")
		next, sources   = desc("source_next_poll_timestamp_seconds"), desc("sources")
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
		m.stamp(lastOK, x.LastOK, src.ID)
		m.stamp(lastNew, x.LastNew, src.ID)
		m.stamp(next, x.Next, src.ID)
	}
	for name, n := range count {
		m.gauge(sources, float64(n), string(name))
	}
}

func bit(b bool) float64 { return float64(one(b)) }
