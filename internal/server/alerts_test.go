package server

import (
	"os"
	"os/exec"
	"regexp"
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

func TestWhatIsReckonedAtAScrape(t *testing.T) {
	text := scraped(t)
	for _, want := range []string{
		`khyber_scheduler_heartbeat_timestamp_seconds 1.7954352e+09`,
		`khyber_polls_in_flight 2`,
		`khyber_parse_bytes_in_flight 4096`,
		`khyber_clock_offset_seconds 90`,
		`khyber_source_gaps_total{source="gazette"} 1`,
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
