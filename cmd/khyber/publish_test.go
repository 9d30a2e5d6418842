package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd" // in tests only
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
	daemon := startServe(ctx, t, file, data)
	defer daemon.stop(t)
	compared := map[string]int{}
	err = filepath.WalkDir(site, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == ledger {
			return err
		}
		name, suffix := filepath.ToSlash(strings.TrimPrefix(path, site+"/")), ""
		for _, packed := range []string{".gz", ".zst"} {
			if plain, ok := strings.CutSuffix(name, packed); ok {
				name, suffix = plain, packed
			}
		}
		copied, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, ".html") {
			if plain := plainOf(t, suffix, copied); !bytes.HasPrefix(plain, []byte("<!doctype html>")) {
				t.Errorf("%s: %.100q", path, plain)
			}
			compared["pages"]++
			return nil // they say when they were made, and have no links to what needs a server
		}
		served := withoutServer(get(ctx, t, daemon.url+name))
		if plain := plainOf(t, suffix, copied); !bytes.Equal(plain, served) {
			t.Errorf("%s has\n%.2000s\nserved is\n%.2000s", path, plain, served)
		}
		compared[filepath.Ext(name)]++
		return nil
	})
	// two topics, plain and packed twice
	want := map[string]int{".atom": 6, ".rss": 6, ".json": 6, ".opml": 6, ".css": 3}
	if pages := compared["pages"]; err != nil || pages < 20 {
		t.Errorf("%d pages, %v", pages, err)
	}
	delete(compared, "pages")
	if !maps.Equal(compared, want) {
		t.Errorf("compared %v, want %v", compared, want)
	}
}

// plainOf returns what a file holds.
func plainOf(t *testing.T, suffix string, text []byte) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(text)
	var err error
	switch suffix {
	case ".gz":
		r, err = gzip.NewReader(r)
	case ".zst":
		r, err = zstd.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// withoutServer leaves out of a document what only a server answers: the hub
// and further pages.
func withoutServer(doc []byte) []byte {
	doc = regexp.MustCompile(`(?m)^ +<(atom:)?link rel="(hub|next|first)"[^>]*></(atom:)?link>\n`).ReplaceAll(doc, nil)
	doc = regexp.MustCompile(`(?m)^ "next_url": .*\n`).ReplaceAll(doc, nil)
	return regexp.MustCompile(`(?ms)^ "hubs": \[.*?^ \],\n`).ReplaceAll(doc, nil)
}

// TestPublishRemovesWhatItWroteAndNothingElse takes a topic out of the file.
func TestPublishRemovesWhatItWroteAndNothingElse(t *testing.T) {
	ctx := patient(t)
	w := newWorld(t)
	dir := t.TempDir()
	file, data, site := filepath.Join(dir, "feeds.yaml"), filepath.Join(dir, "khyber.db"), filepath.Join(dir, "site")
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	publish := func(want string) {
		t.Helper()
		if out, err := khyberCommand(ctx, file, data, "publish", site).CombinedOutput(); err != nil || !regexp.MustCompile(want).Match(out) {
			t.Fatalf("publish: %v, want %s\n%s", err, want, out)
		}
	}
	config := w.config()
	write(file, config)
	if out, err := khyberCommand(ctx, file, data, "poll", "atom-wire").CombinedOutput(); err != nil {
		t.Fatalf("poll: %v\n%s", err, out)
	}
	publish(`: \d+ files written, 0 unchanged, 0 removed\n$`)
	write(filepath.Join(site, "CNAME"), "day.example\n")
	write(filepath.Join(site, "topics", "both", "mine.txt"), "mine")
	write(filepath.Join(site, ".khyber-new-index.html"), "half of a ")
	both := regexp.MustCompile(`(?ms)^  - id: both\n.*?(^  - |^[a-z]|\z)`)
	write(file, both.ReplaceAllString(config, "$1"))
	publish(` 12 removed\n$`) // three forms and the page, plain and packed twice
	for name, there := range map[string]bool{
		"CNAME": true, "topics/both/mine.txt": true, "topics/everything.atom": true,
		"topics/both.atom": false, "topics/both.json.zst": false, "topics/both/index.html": false, ".khyber-new-index.html": false,
	} {
		if exists(filepath.Join(site, filepath.FromSlash(name))) != there {
			t.Errorf("%s: there %v, want %v", name, !there, there)
		}
	}
	publish(`: 0 files written, \d+ unchanged, 0 removed\n$`)
}
