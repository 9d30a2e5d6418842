package main

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khyber/internal/news"
)

// TestCheckWarnsOfWhatIsOfNoUse looks at an archive of 91 days, and at one that
// is too young or in use to say anything.
func TestCheckWarnsOfWhatIsOfNoUse(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 8, 1, 6, 0, 0, 0, time.UTC)
	now := began
	var out strings.Builder
	a := &app{
		config: filepath.Join(t.TempDir(), "feeds.yaml"), data: filepath.Join(t.TempDir(), "khyber.db"), stdout: &out, stderr: &out,
		now: func() time.Time { return now }, getenv: func(string) (string, bool) { return "", false },
	}
	write(t, a.config, smallFile)
	st, err := a.openStore(t.Context(), slog.New(slog.DiscardHandler), 64<<20)
	must(t, err)
	cfg, err := a.mustLoad()
	must(t, err)
	generation, err := st.ApplyConfig(t.Context(), cfg.Revision)
	must(t, err)
	commit := func(id uint64, title string) {
		t.Helper()
		p := news.Poll{ID: id, Source: "hill-post", At: now, Kind: news.KindOK, Complete: true, Fetched: 1, Generation: generation}
		_, err := st.Commit(t.Context(), p, []news.Item{{Source: "hill-post", GUID: title, Title: title, Published: now}})
		must(t, err)
	}
	check := func() string {
		t.Helper()
		out.Reset()
		must(t, checkCmd{}.Run(t.Context(), a))
		return strings.ReplaceAll(strings.ReplaceAll(out.String(), a.config, "feeds.yaml"), a.data, "khyber.db")
	}
	commit(1, "Rain in the hills")
	const fine = "feeds.yaml: 2 sources (0 disabled), 1 topic: every example comes out right\n"
	if got, want := check(), "note: khyber.db is in use by another process: which terms and rules are of no use is not said\n"+fine; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	now = began.Add(89 * 24 * time.Hour)
	commit(2, "Torkham traders wait")
	must(t, st.Close())
	if got, want := check(), "note: khyber.db holds less than 90 days: which terms and rules are of no use is not said\n"+fine; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	now = began.Add(91 * 24 * time.Hour)
	want := `feeds.yaml:14:25: warning: topic "border-trade": "Chaman" stands in no item in 90 days; see how sources write it
feeds.yaml:14:43: warning: topic "border-trade": "truck*" stands in no item in 90 days; see how sources write it
feeds.yaml:16:16: warning: topic "border-trade": exclude: «sport» dropped no item in 90 days; drop it, unless it waits for a season
feeds.yaml:16:29: warning: topic "border-trade": "cricket*" stands in no item in 90 days; see how sources write it
` + fine
	if got := check(); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
