package server

import (
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// *store.Store is what the server is given.
var _ Store = (*store.Store)(nil)

// scraped returns /metrics of a server that has polled.
func scraped(t *testing.T) string {
	t.Helper()
	s := newServer(sampleStore())
	s.Polling = func() Polling {
		return Polling{Beat: noon, InFlight: 2, Bodies: 4096, Offset: 90 * time.Second}
	}
	s.ObservePoll(news.Poll{Source: "gazette", Kind: news.KindOK, Fetched: 30, New: 30})
	for _, phase := range []string{"late", "fetch", "parse", "match", "commit"} {
		s.ObservePhase(phase, 20*time.Millisecond)
	}
	s.ObserveConnection(nil, http.StateNew)
	s.ObserveConnection(nil, http.StateActive)
	s.ObserveConnection(nil, http.StateNew)
	s.ObserveConnection(nil, http.StateClosed)
	return get(s.Metrics(), "/metrics").Body.String()
}

func TestAlertsAskForMetricsThatAreThere(t *testing.T) {
	rules, err := os.ReadFile("alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := scraped(t)
	for _, name := range regexp.MustCompile(`khyber_\w+`).FindAllString(string(rules), -1) {
		if !strings.Contains(text, "\n"+name+"{") && !strings.Contains(text, "\n"+name+" ") {
			t.Errorf("no metric %s", name)
		}
	}
}

// Every metric is in the table that the manual is made from, with a help text;
// and every row of it is a metric.
func TestEveryMetricIsDescribed(t *testing.T) {
	debug.SetMemoryLimit(1 << 40)
	defer debug.SetMemoryLimit(math.MaxInt64)
	st := sampleStore()
	st.states[0].LastOK = noon
	s := newServer(st)
	s.Polling = func() Polling { return Polling{Beat: noon} }
	p := news.Poll{Source: "gazette", Kind: news.KindOK, Fetched: 2, New: 1}
	p.Reject(news.RejectedEmpty, 1)
	s.ObservePoll(p)
	s.ObservePhase("fetch", time.Second)
	s.metrics.deliveries.WithLabelValues("delivered").Inc()
	s.metrics.told.WithLabelValues("delivered").Inc()
	get(s, "/topics/border-trade.atom")
	text, manual := get(s.Metrics(), "/metrics").Body.String(), MetricsReference()
	described := map[string]bool{}
	for _, g := range metricGroups {
		for _, m := range g.metrics {
			described["khyber_"+m.name] = true
			if m.help == "" || !strings.Contains(manual, "`khyber_"+m.name) {
				t.Errorf("%s is not described", m.name)
			}
			if !strings.Contains(text, "# HELP khyber_"+m.name+" "+m.help+"\n") {
				t.Errorf("no metric %s", m.name)
			}
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^# HELP (khyber_\w+)`).FindAllStringSubmatch(text, -1) {
		if !described[m[1]] {
			t.Errorf("%s is not in the table", m[1])
		}
	}
}

// What is counted grows with the sources, so it is bounded: 15 series for one
// that answers, changes nothing, fails in one way and has rejected items, and
// none when there are more than 5,000.
func TestSeriesOfASourceAreBounded(t *testing.T) {
	st := sampleStore()
	s := newServer(st)
	count := func() int {
		p := news.Poll{Source: "gazette", Kind: news.KindOK, Fetched: 2, New: 1}
		p.Reject(news.RejectedEmpty, 1)
		s.ObservePoll(p)
		s.ObservePoll(news.Poll{Source: "gazette", Kind: news.KindUnchanged})
		s.ObservePoll(news.Poll{Source: "gazette", Kind: news.KindTimeout})
		return strings.Count(get(s.Metrics(), "/metrics").Body.String(), `source="gazette"`)
	}
	st.states[0].LastOK = noon
	if n := count(); n != 15 {
		t.Errorf("%d series of a source, want 15", n)
	}
	many := sampleState()
	for i := range maxSeriesSources {
		many.Sources = append(many.Sources, news.Source{ID: fmt.Sprint("s", i)})
	}
	s = newServer(st)
	s.Apply(many)
	if n := count(); n != 0 {
		t.Errorf("%d series of a source among %d", n, len(many.Sources))
	}
	if !strings.Contains(get(s.Metrics(), "/metrics").Body.String(), `khyber_sources{state="ok"} 2`) {
		t.Error("sources are not counted by state")
	}
}

func TestADamagedDatabaseIsToldAndOneThatIsUncheckedIsNot(t *testing.T) {
	st := sampleStore()
	for fault, want := range map[error]string{nil: "khyber_store_verified 1", store.ErrFull: "khyber_store_verified 1", store.ErrDamaged: "khyber_store_verified 0"} {
		st.fault = fault
		if text := get(newServer(st).Metrics(), "/metrics").Body.String(); !strings.Contains(text, want+"\n") {
			t.Errorf("%v: no line %s", fault, want)
		}
	}
	st.fault, st.crashed = nil, true
	if text := get(newServer(st).Metrics(), "/metrics").Body.String(); strings.Contains(text, "khyber_store_verified") {
		t.Error("a database that was not checked after a crash is said to be well")
	}
}

func TestWhatIsReckonedAtAScrape(t *testing.T) {
	text := scraped(t)
	for _, want := range []string{
		`khyber_scheduler_heartbeat_timestamp_seconds 1.7954352e+09`,
		`khyber_polls_in_flight 2`,
		`khyber_parse_bytes_in_flight 4096`,
		`khyber_clock_offset_seconds 90`,
		`khyber_source_gaps_total{source="gazette"} 1`,
		`khyber_poll_lateness_seconds_count 1`,
		`khyber_poll_seconds_count{phase="commit"} 1`,
		`khyber_http_connections 1`,
		`khyber_topic_matches_total{topic="border-trade",verdict="in"} 120`,
		`khyber_topic_matches_total{topic="border-trade",verdict="excluded"} 7`,
		`khyber_topic_matches_total{topic="quiet",verdict="in"} 0`,
		`khyber_topic_window_seconds{topic="border-trade"} 576180`,
		`khyber_copies_total{rule="copy-print"} 3`,
		`khyber_store_commits_total 1`,
		`khyber_store_commit_seconds_bucket{le="0.01"} 1`,
		`khyber_store_commit_polls_count 1`,
		`khyber_store_errors_total{cause="fenced"} 2`,
		`khyber_store_expired_total{what="items"} 5`,
		`khyber_store_disk_free_bytes 9.663676416e+09`,
		`khyber_store_backup_timestamp_seconds 1.7953488e+09`,
		`khyber_store_schema 1`,
		`khyber_topic_last_joined_timestamp_seconds{topic="border-trade"} 1.79543448e+09`,
		`khyber_topic_sources{state="failing",topic="border-trade"} 1`,
		`khyber_topic_sources{state="ok",topic="border-trade"} 2`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no line %s", want)
		}
	}
}

func TestPrometheusTakesOurRulesAndMetrics(t *testing.T) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed: apt-get install prometheus, as the README's test command does")
	}
	for _, args := range [][]string{{"check", "rules", "alerts.yaml"}, {"test", "rules", "testdata/alerts_test.yaml", "testdata/alerts_slow_test.yaml"}, {"check", "metrics"}} {
		cmd := exec.Command(tool, args...)
		cmd.Stdin = strings.NewReader(scraped(t))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
