package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// startDay serves what the first hours of the invented day left in a database.
func startDay(ctx context.Context, t *testing.T) (*serving, *world) {
	t.Helper()
	w := newWorld(t)
	w.advance(5)
	dir := t.TempDir()
	file, data := filepath.Join(dir, "feeds.yaml"), filepath.Join(dir, "khyber.db")
	if err := os.WriteFile(file, []byte(w.config()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := khyberCommand(ctx, file, data, "poll", "--strict").CombinedOutput(); err != nil {
		t.Fatalf("khyber poll: %v\n%s", err, out)
	}
	daemon := startServe(ctx, t, file, data)
	t.Cleanup(func() { daemon.stop(t) })
	return daemon, w
}

// patient is a context that outlives the test's body, so that what is started
// can be stopped in good order.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// needs skips the test where a program is not installed; the project's test
// command installs it.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not installed: go run ./internal/tools/test installs it on Debian", program)
	}
}

func output(ctx context.Context, t *testing.T, stdin []byte, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out.String(), stderr.String())
	}
	return out.String()
}

// TestNewsboatListsEveryEntryOnce subscribes a real reader to two topics that
// share entries. newsboat keys entries by id over all subscriptions, which is
// what ?ids=topic is for.
func TestNewsboatListsEveryEntryOnce(t *testing.T) {
	needs(t, "newsboat")
	needs(t, "sqlite3")
	ctx := patient(t)
	daemon, w := startDay(ctx, t)
	both, all := w.expected(true), w.expected(false)
	want := fmt.Sprintf("%d unread articles", len(both)+len(all))

	dir := t.TempDir()
	list := daemon.url + "topics/both.atom?ids=topic\n" + daemon.url + "topics/everything.rss?ids=topic\n"
	for name, text := range map[string]string{"urls": list, "config": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cache := filepath.Join(dir, "cache.db")
	for range 2 { // the second reload must bring nothing new
		got := output(ctx, t, nil, "newsboat", "-C", filepath.Join(dir, "config"), "-u", filepath.Join(dir, "urls"), "-c", cache, "-x", "reload", "print-unread")
		if strings.TrimSpace(got) != want {
			t.Errorf("newsboat says %q, want %q", strings.TrimSpace(got), want)
		}
	}
	titles := output(ctx, t, nil, "sqlite3", cache, "select title from rss_item where feedurl like '%both%'")
	compareTitles(t, "newsboat", strings.Split(strings.TrimSpace(titles), "\n"), both)
}

// TestSfeedReadsTitlesOfEveryScript pipes both XML forms through sfeed.
func TestSfeedReadsTitlesOfEveryScript(t *testing.T) {
	needs(t, "sfeed")
	ctx := patient(t)
	daemon, w := startDay(ctx, t)
	for _, form := range []string{"atom", "rss"} {
		var titles []string
		for line := range strings.Lines(output(ctx, t, get(ctx, t, daemon.url+"topics/both."+form), "sfeed")) {
			titles = append(titles, strings.Split(line, "\t")[1])
		}
		compareTitles(t, "sfeed, "+form, titles, w.expected(true))
	}
}

// TestXmllintAcceptsEveryDocument checks what serve sends, empty topics and
// lists too.
func TestXmllintAcceptsEveryDocument(t *testing.T) {
	needs(t, "xmllint")
	ctx := patient(t)
	daemon, _ := startDay(ctx, t)
	for _, path := range []string{
		"topics/both.atom", "topics/both.rss", "topics/both.atom?lang=ps", "topics/both.rss?lang=ps",
		"topics/everything.atom?limit=500", "topics.opml", "sources.opml",
	} {
		output(ctx, t, get(ctx, t, daemon.url+path), "xmllint", "--noout", "-")
	}
}

// compareTitles wants the titles of expected reports, each once, in any order.
func compareTitles(t *testing.T, who string, got []string, reports map[string]string) {
	t.Helper()
	want := slices.Sorted(maps.Values(reports))
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s lists\n\t%s\nwant\n\t%s", who, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}
