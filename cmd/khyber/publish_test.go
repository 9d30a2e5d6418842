package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPublishWritesWhatServeSends makes a static copy of the invented day twice:
// the second time nothing is written.
func TestPublishWritesWhatServeSends(t *testing.T) {
	ctx := patient(t)
	w := newWorld(t)
	w.advance(3)
	dir := t.TempDir()
	file, data, site := filepath.Join(dir, "feeds.yaml"), filepath.Join(dir, "khyber.db"), filepath.Join(dir, "site")
	config := strings.Replace(w.config(), "{title: Invented day}", `{title: Invented day, base_url: "https://day.example"}`, 1)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"poll", "--strict"}, {"publish", site}} {
		if out, err := khyberCommand(ctx, file, data, args...).CombinedOutput(); err != nil {
			t.Fatalf("khyber %s: %v\n%s", args[0], err, out)
		}
	}
	again, err := khyberCommand(ctx, file, data, "publish", site).CombinedOutput()
	if err != nil || !strings.Contains(string(again), ": 0 files written, ") {
		t.Errorf("a second publish: %v\n%s", err, again)
	}
	rendered, err := khyberCommand(ctx, file, data, "render", "both").Output()
	if err != nil {
		t.Fatal(err)
	}
	published, err := os.ReadFile(filepath.Join(site, "topics", "both.atom"))
	if err != nil {
		t.Fatal(err)
	}
	// A copy has no hub: nobody would deliver.
	want := bytes.Replace(rendered, []byte("  <link rel=\"hub\" href=\"https://day.example/hub\"></link>\n"), nil, 1)
	if !bytes.Equal(published, want) {
		t.Errorf("publish writes\n%s\nwant\n%s", published, want)
	}
	for _, name := range []string{"index.html", "topics/both.atom.gz", "topics/both.atom.zst", "topics.opml", "topics/both/index.html"} {
		if _, err := os.Stat(filepath.Join(site, name)); err != nil {
			t.Error(err)
		}
	}
}
