package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"khyber/internal/feedtest"
	"khyber/internal/publish"
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

// needsModule is needs for a module of Debian's Python.
func needsModule(t *testing.T, module string) {
	t.Helper()
	if err := exec.CommandContext(t.Context(), "/usr/bin/python3", "-c", "import "+module).Run(); err != nil {
		t.Skipf("the module %s of /usr/bin/python3 is not installed: go run ./internal/tools/test installs it on Debian", module)
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

// TestNewsboatShowsASharedEntryOnce: without ?ids=topic an entry has one id, so
// that newsboat shows it in one of the topics only, as the page of a topic says.
func TestNewsboatShowsASharedEntryOnce(t *testing.T) {
	needs(t, "newsboat")
	ctx := patient(t)
	daemon, w := startDay(ctx, t)
	dir := t.TempDir()
	at := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	urls := at("urls", daemon.url+"topics/both.atom\n"+daemon.url+"topics/everything.rss\n")
	for range 2 {
		got := output(ctx, t, nil, "newsboat", "-C", at("config", ""), "-u", urls, "-c", filepath.Join(dir, "cache.db"), "-x", "reload", "print-unread")
		if want := fmt.Sprintf("%d unread articles", len(w.expected(false))); strings.TrimSpace(got) != want {
			t.Errorf("newsboat says %q, want %q", strings.TrimSpace(got), want)
		}
	}
}

// TestListsGoThroughReadersAndBack has our lists imported by readers, and takes
// back what one of them exports.
func TestListsGoThroughReadersAndBack(t *testing.T) {
	needs(t, "newsboat")
	needs(t, "sfeed_opml_import")
	ctx := patient(t)
	daemon, _ := startDay(ctx, t)
	for _, name := range []string{"topics.opml", "sources.opml"} {
		list, dir := get(ctx, t, daemon.url+name), t.TempDir()
		for file, text := range map[string][]byte{name: list, "config": nil, "urls": nil} {
			if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		newsboat := func(args ...string) string {
			return output(ctx, t, nil, "newsboat", append([]string{"-C", filepath.Join(dir, "config"), "-u", filepath.Join(dir, "urls"), "-c", filepath.Join(dir, "cache.db")}, args...)...)
		}
		newsboat("-i", filepath.Join(dir, name))
		want, back := addresses(t, list), addresses(t, []byte(newsboat("-e")))
		if len(want) == 0 || !slices.Equal(back, want) {
			t.Errorf("%s through newsboat: got %q, want %q", name, back, want)
		}
		imported := output(ctx, t, list, "sfeed_opml_import")
		for _, address := range want {
			if !strings.Contains(imported, "'"+address+"'") {
				t.Errorf("%s: sfeed has no %s in %s", name, address, imported)
			}
		}
	}
}

// addresses are those of the subscriptions in a list, sorted.
func addresses(t *testing.T, list []byte) []string {
	t.Helper()
	subs, _, err := publish.ParseOPML(bytes.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range subs {
		out = append(out, s.URL)
	}
	slices.Sort(out)
	return out
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

// TestDocumentsOfTheDayAreValid holds what serve sends against the rules of the
// feed validator, each document found at the address that it gives as its own.
func TestDocumentsOfTheDayAreValid(t *testing.T) {
	ctx := patient(t)
	daemon, _ := startDay(ctx, t)
	types := map[string]string{
		"atom": "application/atom+xml; charset=utf-8", "rss": "application/rss+xml; charset=utf-8", "json": "application/feed+json; charset=utf-8",
		"opml": "text/x-opml; charset=utf-8",
	}
	paths := []string{"topics.opml", "sources.opml", "status.atom"}
	for _, form := range []string{"atom", "rss", "json"} {
		for _, topic := range []string{"both", "everything"} {
			base := "topics/" + topic + "." + form
			paths = append(paths, base, base+"?limit=500&view=all", base+"?lang=fa,ps", base+"?view=stories", base+"?min_publishers=2", base+"?before=5&limit=2")
		}
		paths = append(paths, "search."+form+"?q=kabul", "search."+form+"?q=%DA%A9%D8%A7%D8%A8%D9%84")
	}
	for _, path := range paths {
		suffix, _, _ := strings.Cut(path[strings.Index(path, ".")+1:], "?")
		for _, c := range feedtest.Validate(get(ctx, t, daemon.url+path), types[suffix], daemon.url+path, time.Now().Add(time.Minute)) {
			t.Errorf("%s: %s", path, c)
		}
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

// twoTopics are two topics of the invented day that share entries, with what
// each must hold.
func twoTopics(daemon *serving, w *world, form string) map[string]map[string]string {
	return map[string]map[string]string{
		daemon.url + "topics/both." + form + "?limit=500":       w.expected(true),
		daemon.url + "topics/everything." + form + "?limit=500": w.expected(false),
	}
}

// TestFeedparserFindsNothingToMend reads both XML forms of both topics with
// Python's parser, which says when it had to guess.
func TestFeedparserFindsNothingToMend(t *testing.T) {
	needsModule(t, "feedparser")
	ctx := patient(t)
	daemon, w := startDay(ctx, t)
	const script = `
import feedparser, json, sys
d = feedparser.parse(sys.stdin.buffer.read())
print(json.dumps({"bozo": bool(d.bozo), "version": d.version, "titles": [e.title for e in d.entries],
	"unlike": [e.title for e in d.entries if not e.get("id") or not e.get("link") or not e.get("published_parsed") or not e.get("source")]}))`
	for form, version := range map[string]string{"atom": "atom10", "rss": "rss20"} {
		for url, want := range twoTopics(daemon, w, form) {
			var got struct {
				Bozo           bool
				Version        string
				Titles, Unlike []string
			}
			out := output(ctx, t, get(ctx, t, url), "/usr/bin/python3", "-c", script)
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if got.Bozo || got.Version != version || len(got.Unlike) > 0 {
				t.Errorf("%s: feedparser says bozo %v, %s; without id, link, date or source: %q", url, got.Bozo, got.Version, got.Unlike)
			}
			compareTitles(t, "feedparser, "+url, got.Titles, want)
		}
	}
}

// TestRss2emailSendsEveryEntryOnce subscribes both topics; the second run must
// send nothing.
func TestRss2emailSendsEveryEntryOnce(t *testing.T) {
	needs(t, "r2e")
	ctx := patient(t)
	daemon, w := startDay(ctx, t)
	dir := t.TempDir()
	for _, folder := range []string{"new", "cur", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, "inbox", folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	config, data := filepath.Join(dir, "r2e.cfg"), filepath.Join(dir, "r2e.json")
	text := "[DEFAULT]\nfrom = khyber@day.example\nto = reader@day.example\nemail-protocol = maildir\nmaildir-path = " + dir + "\nmaildir-mailbox = inbox\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for url, reports := range twoTopics(daemon, w, "atom") {
		name := "t" + strconv.Itoa(len(reports))
		output(ctx, t, nil, "r2e", "-c", config, "-d", data, "add", name, url)
		for link, title := range reports {
			all[name+link] = title
		}
	}
	for range 2 {
		output(ctx, t, nil, "r2e", "-c", config, "-d", data, "run")
		list := output(ctx, t, nil, "/usr/bin/python3", "-c", `
import email.header, mailbox, sys
box = mailbox.Maildir(sys.argv[1])
for m in box: print(" ".join(str(email.header.make_header(email.header.decode_header(m["Subject"]))).split()))`, filepath.Join(dir, "inbox"))
		compareTitles(t, "rss2email", strings.Split(strings.TrimSpace(list), "\n"), all)
	}
}

// TestFeed2execRunsOnceForEveryEntry subscribes both topics; the second fetch
// must run nothing.
func TestFeed2execRunsOnceForEveryEntry(t *testing.T) {
	needs(t, "feed2exec")
	ctx := patient(t)
	daemon, w := startDay(ctx, t)
	dir := t.TempDir()
	config, data := filepath.Join(dir, "feed2exec.ini"), filepath.Join(dir, "feed2exec.db")
	run := func(args ...string) string {
		return output(ctx, t, nil, "feed2exec", append([]string{"--config", config, "--database", data}, args...)...)
	}
	all := make(map[string]string)
	for url, reports := range twoTopics(daemon, w, "rss") {
		name := "t" + strconv.Itoa(len(reports))
		run("add", name, url, "--output", "exec", "--args", "echo "+name+" {item.title}")
		for link, title := range reports {
			all[name+link] = name + " " + title
		}
	}
	compareTitles(t, "feed2exec", strings.Split(strings.TrimSpace(run("fetch")), "\n"), all)
	if again := run("fetch"); again != "" {
		t.Errorf("a second fetch brings\n%s", again)
	}
}
