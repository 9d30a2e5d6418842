package main

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"khyber/internal/news"
)

const widerRule = `      - name: a crossing and a queue
        all: [[Torkham, Chaman], [queue*]]
`

// TestAChangedTopicIsAppliedAtReload adds a rule that takes 500 items of the
// archive, 24 of them younger than 48 hours.
func TestAChangedTopicIsAppliedAtReload(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var log strings.Builder
	d := newDaemon(t, filepath.Join(t.TempDir(), "feeds.yaml"), smallFile, &log)
	now := d.app.now()
	items := []news.Item{{Title: "Torkham traders wait", Link: "https://hillpost.example/first", Published: now.Add(-time.Hour)}}
	for n := range 500 {
		items = append(items, news.Item{
			Title: fmt.Sprintf("Queue number %d at Chaman", n), Link: fmt.Sprintf("https://hillpost.example/%d", n),
			Published: now.Add(-time.Duration(2*n+1) * time.Hour),
		})
	}
	for i := range items {
		items[i].Source, items[i].GUID = "hill-post", items[i].Link
		items[i].Matches = d.config.Load().Set.Match(&items[i])
	}
	p := news.Poll{ID: 1, Source: "hill-post", At: now, Kind: news.KindOK, Complete: true, Fetched: len(items), Generation: 1}
	if _, err := d.store.Commit(ctx, p, items); err != nil {
		t.Fatal(err)
	}
	must(t, d.rematch.All(ctx))
	before := liveTitles(t, d)
	if want := []string{"Torkham traders wait"}; strings.Join(before, "|") != strings.Join(want, "|") {
		t.Fatalf("live document %q, want %q", before, want)
	}

	write(t, d.app.config, strings.Replace(smallFile, "    exclude:\n", widerRule+"    exclude:\n", 1))
	must(t, d.reload(ctx).err)
	if got := liveTitles(t, d); len(got) != 1 {
		t.Errorf("verdicts of the old rules hold until the new ones stand: %q", got)
	}
	must(t, d.rematch.All(ctx))
	// Queue number n was 2n+1 hours ago.
	if got, want := len(liveTitles(t, d)), 1+24; got != want {
		t.Errorf("the live document holds %d entries, want %d", got, want)
	}
	topics, err := d.store.Topics(ctx)
	must(t, err)
	if topics[0].Rules != d.config.Load().Set.Hash("border-trade") {
		t.Error("the archive does not stand at the rules of the file")
	}
	if _, body := d.get(t, "/status.json"); !strings.Contains(body, `"rematch_items_left": 0`) || !strings.Contains(body, `"joined": 500,`) {
		t.Errorf("/status.json does not say that all is matched, or what has joined:\n%s", body)
	}
	const said = "+500 −0 items, +500 −0 in 7 days"
	if !strings.Contains(log.String(), `"topic":"border-trade","known":501,"changes":"`+said+`"`) {
		t.Errorf("the log does not say %s:\n%s", said, &log)
	}
	if _, body := d.get(t, "/status"); !strings.Contains(html.UnescapeString(body), "border-trade: "+said) {
		t.Errorf("/status does not say %s:\n%s", said, body)
	}

	write(t, d.app.config, smallFile)
	must(t, d.reload(ctx).err)
	must(t, d.rematch.All(ctx))
	if got := liveTitles(t, d); strings.Join(got, "|") != strings.Join(before, "|") {
		t.Errorf("with the old rules again the live document holds %q, want %q", got, before)
	}
}

// liveTitles reads the topic feed as a reader does.
func liveTitles(t *testing.T, d *daemon) []string {
	t.Helper()
	_, body := d.get(t, "/topics/border-trade.json?view=all")
	var doc struct{ Items []struct{ Title string } }
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	var titles []string
	for _, item := range doc.Items {
		titles = append(titles, item.Title)
	}
	return titles
}

// TestSIGHUPAppliesAChangedTopicBesidePolling runs the daemon as a process: what
// the archive gains is old, so no reader of the topic feed sees anything of it.
func TestSIGHUPAppliesAChangedTopicBesidePolling(t *testing.T) {
	if testing.Short() {
		t.Skip("short: runs the daemon as a process")
	}
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	w := newWorld(t)
	dir := t.TempDir()
	file, data := filepath.Join(dir, "feeds.yaml"), filepath.Join(dir, "khyber.db")
	write(t, file, w.config())
	w.advance(12)
	daemon := startServe(ctx, t, file, data)
	w.await(ctx, t, w.settled)
	before := published(ctx, t, daemon.url, "both")

	changed := strings.Replace(w.config(), "          - [Pakistan*, پاکستان]\n", "          - [Pakistan*, پاکستان, orchard*]\n", 1)
	write(t, file, changed)
	if err := daemon.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	w.await(ctx, t, func() bool {
		page, status := string(get(ctx, t, daemon.url+"topics/both")), string(get(ctx, t, daemon.url+"status.json"))
		return strings.Contains(page, "Orchard owners") && strings.Contains(status, `"rematch_items_left": 0`)
	})
	if got := published(ctx, t, daemon.url, "both"); len(got) != len(before) {
		t.Errorf("the live document holds %d entries after the change, %d before", len(got), len(before))
	}
	daemon.stop(t)

	var report struct {
		Gained, Lost int
		Archive      struct{ Before, Now int }
	}
	out, err := khyberCommand(ctx, file, data, "backtest", "both", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if report.Gained+report.Lost > 0 || report.Archive.Now <= len(before) {
		t.Errorf("the archive does not stand at the new rules: %+v, %d entries before", report, len(before))
	}
}
