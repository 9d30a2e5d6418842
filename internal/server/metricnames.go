package server

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// metric is a name of /metrics, without khyber_, with its labels and what it
// says. This table is the only place where they stand: the counters, /metrics
// and the manual are made from it.
type metric struct{ name, labels, help string }

// metricGroup is a part of the manual's page.
type metricGroup struct {
	title   string
	metrics []metric
}

var metricGroups = []metricGroup{
	{"Sources", []metric{
		{"source_polls_total", "source kind", "Polls by outcome."},
		{"source_items_total", "source outcome", "Items of the polled documents: new, known or rejected."},
		{"source_revised_total", "source", "Known items whose text changed."},
		{"source_rejected_total", "source reason", "Items that were not kept, by reason."},
		{"source_bytes_total", "source", "Bytes received on the wire."},
		{"source_last_ok_timestamp_seconds", "source", "When the source last answered as it should."},
		{"source_last_new_timestamp_seconds", "source", "When a poll last found something new."},
		{"source_next_poll_timestamp_seconds", "source", "When the source is polled next."},
		{"source_failures", "source", "Failed polls in a row."},
		{"source_gaps_total", "source", "Polls that found almost nothing known: news may have been missed."},
		{"source_state", "source state", "1 for the state that the source is in."},
		{"sources", "state", "Sources by state."},
	}},
	{"Polling", []metric{
		{"scheduler_heartbeat_timestamp_seconds", "", "When the scheduler last turned."},
		{"poll_lateness_seconds", "", "How long after its time a poll began."},
		{"poll_seconds", "phase", "Time that a poll took to fetch, parse, match and commit."},
		{"polls_in_flight", "", "Polls under way."},
		{"parse_bytes_in_flight", "", "Bytes of documents fetched and not yet kept."},
		{"items_unaccounted_total", "", "Items of documents that became neither new, known nor rejected."},
		{"clock_offset_seconds", "", "How far the clocks of the servers are ahead of ours, the median."},
	}},
	{"Topics and stories", []metric{
		{"topic_matches_total", "topic verdict", "New items that the topic took, or that a rule excluded from it."},
		{"topic_last_joined_timestamp_seconds", "topic", "When an entry last joined the topic."},
		{"topic_window_seconds", "topic", "Time that the topic feed spans: a reader that asks more often misses nothing."},
		{"topic_sources", "topic state", "Sources that feed the topic: ok, silent, failing or waiting for their first answer."},
		{"rematch_items_left", "", "Items that are still to be matched with a changed topic."},
		{"copies_total", "rule", "Reports found to carry the text of another one."},
	}},
	{"The database", []metric{
		{"store_writable", "", "1 while the database takes writes."},
		{"store_commits_total", "", "Commits, each of which many polls may share."},
		{"store_commit_seconds", "", "Time that a commit took."},
		{"store_commit_polls", "", "Writes that shared a commit, mostly of polls."},
		{"store_errors_total", "cause", "Polls whose commit kept nothing: full, sync, fenced or other."},
		{"store_bytes", "", "Size of the database."},
		{"store_free_bytes", "", "Bytes of the database that will be used again."},
		{"store_limit_bytes", "", "The database grows no further."},
		{"store_disk_free_bytes", "", "Bytes that the disk of the database has left."},
		{"store_items", "", "Items kept."},
		{"store_expired_total", "what", "What was deleted because of its age: texts of items, what was left of them, keys."},
		{"store_oldest_read_seconds", "", "Age of the oldest snapshot in use."},
		{"store_schema", "", "Layout of the database."},
		{"store_backup_timestamp_seconds", "", "When the last backup was made."},
		{"store_verified", "", "0 when the database is damaged; not there after a crash, until it was checked."},
	}},
	{"feeds.yaml", []metric{
		{"config_last_reload_successful", "", "1 when the last file that was read is in force."},
		{"config_last_reload_success_timestamp_seconds", "", "When the configuration in force was applied."},
		{"config_generation", "", "Counts the accepted configurations."},
		{"config_problems", "", "Problems of the last file that was read."},
	}},
	{"HTTP, the hub and notices", []metric{
		{"http_requests_total", "route status", "Requests answered."},
		{"http_request_seconds", "route", "Time to answer a request."},
		{"http_response_bytes_total", "route", "Bytes of bodies sent."},
		{"http_connections", "", "Open connections."},
		{"renders_total", "format", "Topic feeds rendered."},
		{"render_cache_bytes", "", "Bytes of rendered documents kept, all codings together."},
		{"hub_subscribers", "", "Subscribers of the hub."},
		{"hub_deliveries_total", "outcome", "Deliveries to subscribers by outcome."},
		{"notify_deliveries_total", "outcome", "Messages to the targets of notify: delivered or failed."},
		{"notify_targets_failing", "", "Targets of notify that did not take the last message."},
	}},
	{"The process", []metric{
		{"build_info", "version go", "The running program."},
		{"memory_limit_bytes", "", "What Go keeps its memory below; not there without a limit."},
	}},
}

// named returns the row of the table; its help is empty where there is none.
func named(name string) metric {
	for _, g := range metricGroups {
		if i := slices.IndexFunc(g.metrics, func(m metric) bool { return m.name == name }); i >= 0 {
			return g.metrics[i]
		}
	}
	return metric{name: name}
}

func (m metric) labelNames() []string { return strings.Fields(m.labels) }

// desc describes a metric for one that is made at a scrape.
func desc(name string) *prometheus.Desc {
	m := named(name)
	return prometheus.NewDesc("khyber_"+name, m.help, m.labelNames(), nil)
}

//go:embed alerts.yaml
var alertRules string

// MetricsReference returns every metric with its labels and what it says, and
// rules that alert on them, as a part of the manual.
func MetricsReference() string {
	var b strings.Builder
	for _, g := range metricGroups {
		fmt.Fprintf(&b, "\n## %s\n\n", g.title)
		for _, m := range g.metrics {
			labels := ""
			if m.labels != "" {
				labels = "{" + strings.Join(m.labelNames(), ",") + "}"
			}
			fmt.Fprintf(&b, "- `khyber_%s%s`: %s\n", m.name, labels, m.help)
		}
	}
	b.WriteString("\n## Alert rules\n\nA file for `rule_files` of Prometheus: severity page is for the night, ticket for the morning.\n\n" +
		fence + "\n" + alertRules + fence + "\n")
	return b.String()
}
