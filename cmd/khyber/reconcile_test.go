package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khyber/internal/news"
)

// A database without a pass, or with one of other rules, gets one at the start;
// the next start finds nothing to do.
func TestWhatIsOpenIsRelatedOnceMoreByOtherRules(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	d := newDaemon(t, filepath.Join(t.TempDir(), "feeds.yaml"), smallFile, &log)
	now := d.app.now()
	items := []news.Item{{Source: "hill-post", GUID: "1", Title: "Torkham traders wait", Link: "https://hillpost.example/1", Published: now.Add(-time.Hour)}}
	p := news.Poll{ID: 1, Source: "hill-post", At: now, Kind: news.KindOK, Complete: true, Fetched: 1, Generation: 1}
	if _, err := d.store.Commit(t.Context(), p, items); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		d.reconcile(t.Context())
	}
	if got := strings.Count(log.String(), "related once more"); got != 1 {
		t.Errorf("%d passes, want 1: %s", got, log.String())
	}
}
