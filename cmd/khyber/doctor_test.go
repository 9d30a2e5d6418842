package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"khyber/internal/config"
	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/store/bolt"
)

const sickFile = `# Invented outlets, each with a trouble of its own.
defaults: {lang: en}
sources:
  - {id: fine, url: "https://fine.example/rss"}          # nothing is wrong
  - {id: gone, url: "https://gone.example/rss"}
  - id: long-dead
    url: https://longdead.example/rss
    name: Long Dead   # they said so
  - id: moved
    url: https://moved.example/rss
  - {id: challenge, url: "https://challenge.example/rss"}
  - {id: too-long, url: "https://toolong.example/rss", every: 6h}
  - {id: too-short, url: "https://tooshort.example/rss", every: 5m}
  - {id: local-time, url: "https://localtime.example/rss"}
  - {id: undated, url: "https://undated.example/rss"}

  - {id: double-a, url: "https://double.example/rss"}
  - {id: double-b, url: "https://double.example/rss?all"}
  - {id: off, url: "https://off.example/rss", disabled: true}
  - {id: expiring, url: "https://expiring.example/rss"}
topics:
  - {id: quiet, title: Quiet, include: [{name: a, any: [Torkham]}], sources: {only: [fine]}, examples: {match: [Torkham]}}
  - {id: dead, title: Dead, include: [{name: a, any: [Chaman]}], sources: {only: [gone, long-dead]}, examples: {match: [Chaman]}}
  - {id: busy, title: Busy, include: [{name: a, always: true}]}
`

// sick is an examination in which each source has the trouble that its id says.
func sick(t *testing.T) *examination {
	t.Helper()
	cfg, problems := config.LoadFiles([]news.File{{Path: "feeds.yaml", Text: []byte(sickFile)}}, config.Options{})
	if cfg == nil {
		t.Fatal(problems)
	}
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	ago := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	failing := func(kind news.Kind, text string, days int) news.SourceState {
		return news.SourceState{State: news.StateFailing, LastKind: kind, LastText: text, Failures: 9, FirstFailed: ago(days)}
	}
	x := &examination{
		now: now, cfg: cfg, oldest: ago(100), joined: map[string]time.Time{"quiet": ago(20), "dead": ago(1), "busy": ago(1)},
		states: map[string]news.SourceState{
			"fine":      {State: news.StateOK, LastKind: news.KindOK},
			"gone":      {State: news.StateGone, LastKind: news.KindGone},
			"long-dead": failing(news.KindDNS, "no such host", 40),
			"moved":     {State: news.StateOK, LastKind: news.KindOK, Redirect: news.Redirect{URL: "https://new.example/rss", Learned: true}},
			"challenge": failing(news.KindNotAFeed, "HTML page", 3),
			"undated":   {State: news.StateUndated, LastKind: news.KindOK},
			"double-a":  {State: news.StateOK, LastKind: news.KindOK, Items: 12},
			"double-b":  {State: news.StateOK, LastKind: news.KindOK, Items: 30},
		},
		polls: map[string][]news.Poll{}, items: map[string][]news.Item{},
		ends: map[string]time.Time{"expiring": now.AddDate(0, 0, 5), "fine": now.AddDate(0, 0, 15), "gone": now.AddDate(0, 0, -1)},
	}
	for range 20 {
		x.polls["too-long"] = append(x.polls["too-long"], news.Poll{Kind: news.KindOK, New: 9, Known: 1, Fetched: 10})
		x.polls["too-short"] = append(x.polls["too-short"], news.Poll{Kind: news.KindUnchanged})
		x.polls["fine"] = append(x.polls["fine"], news.Poll{Kind: news.KindUnchanged})
	}
	for i := range 12 {
		link := fmt.Sprintf("https://double.example/%d", i)
		x.items["double-a"] = append(x.items["double-a"], news.Item{Link: link})
		x.items["double-b"] = append(x.items["double-b"], news.Item{Link: strings.Replace(link, "/11", "/other", 1)})
		seen := ago(i)
		x.items["local-time"] = append(x.items["local-time"], news.Item{
			Published: seen.Add(4*time.Hour + 30*time.Minute - time.Duration(i)*5*time.Minute), FirstSeen: seen, DateRaw: "2026-11-20 16:30:00",
		})
		x.items["fine"] = append(x.items["fine"], news.Item{Published: seen.Add(-time.Hour), FirstSeen: seen, Link: fmt.Sprint(i)})
		x.items["undated"] = append(x.items["undated"], news.Item{FirstSeen: seen, DateRaw: "at noon"})
	}
	return x
}

const wantPrescription = `* gone: its server says that it is gone for good: disable it, and look for its new address with khyber add
* long-dead: it fails since 2026-10-11 (dns: no such host): disable it, or look for its new address
* moved: it has moved for good: change url to https://new.example/rss
* challenge: it sends a page in place of a feed since 2026-11-17 (not-a-feed: HTML page): its publisher refuses programs, which Khyber does not go around, or it has moved: khyber add finds the feed of a site
* too-long: every 6h is too long: 180 of the 200 items of its last documents were new, so some may have been missed: shorten it to 3h, or leave it out
* too-short: every 5m is too short: 20 of its last 20 polls brought nothing: lengthen it to 10m, or leave it out
* local-time: its dates are about 4h30m ahead and name no zone: set timezone to Asia/Kabul, or to that of its place
* undated: its dates cannot be read, such as "at noon": its items have the time when they were first seen; tell its publisher, or us
* expiring: the certificate of its server ends on 2026-11-25: if nobody renews it, its polls fail then; tell its publisher
* double-a: 11 of its 12 links are those of double-b: remove it
* topic quiet: no item has joined it since 2026-10-31: khyber near-misses quiet shows what nearly did
* topic dead: all of its 2 sources fail or are disabled: mend them as said for each

This change mends it; khyber doctor | patch feeds.yaml makes it:
--- feeds.yaml
+++ feeds.yaml
@@ -2,19 +2,18 @@
 defaults: {lang: en}
 sources:
   - {id: fine, url: "https://fine.example/rss"}          # nothing is wrong
-  - {id: gone, url: "https://gone.example/rss"}
+  - {id: gone, url: "https://gone.example/rss", disabled: true}
   - id: long-dead
     url: https://longdead.example/rss
     name: Long Dead   # they said so
+    disabled: true
   - id: moved
-    url: https://moved.example/rss
+    url: https://new.example/rss
   - {id: challenge, url: "https://challenge.example/rss"}
-  - {id: too-long, url: "https://toolong.example/rss", every: 6h}
-  - {id: too-short, url: "https://tooshort.example/rss", every: 5m}
-  - {id: local-time, url: "https://localtime.example/rss"}
+  - {id: too-long, url: "https://toolong.example/rss", every: 3h}
+  - {id: too-short, url: "https://tooshort.example/rss", every: 10m}
+  - {id: local-time, url: "https://localtime.example/rss", timezone: Asia/Kabul}
   - {id: undated, url: "https://undated.example/rss"}
-
-  - {id: double-a, url: "https://double.example/rss"}
   - {id: double-b, url: "https://double.example/rss?all"}
   - {id: off, url: "https://off.example/rss", disabled: true}
   - {id: expiring, url: "https://expiring.example/rss"}
`

func TestDoctorSaysWhatIsWrongAndWhatWouldMendIt(t *testing.T) {
	x := sick(t)
	found := append(x.sources(), x.topics()...)
	got := prescription(x.cfg.Revision.Files, found, config.Options{})
	if got != wantPrescription {
		t.Errorf("got\n%s\nwant\n%s", got, wantPrescription)
	}
}

// TestPatchAppliesWhatDoctorPrints runs patch on the whole output.
func TestPatchAppliesWhatDoctorPrints(t *testing.T) {
	needs(t, "patch")
	file := filepath.Join(t.TempDir(), "feeds.yaml")
	write(t, file, sickFile)
	output(t.Context(), t, []byte(wantPrescription), "patch", "--posix", file)
	a := &app{config: file, getenv: func(string) (string, bool) { return "", false }}
	cfg, problems := a.load()
	if cfg == nil {
		t.Fatal(problems)
	}
	if got, want := len(cfg.Sources), 12; got != want {
		t.Errorf("after the patch there are %d sources, want %d", got, want)
	}
}

// TestDoctorLeavesOutWhatWouldBreakTheFile removes a source that a topic names.
func TestDoctorLeavesOutWhatWouldBreakTheFile(t *testing.T) {
	x := sick(t)
	found := []finding{{costly, "fine: remove it", func(e *config.Editor) error { return e.Remove("fine") }}}
	want := "* fine: remove it\n  (that has to be changed by hand)\n"
	if got := prescription(x.cfg.Revision.Files, found, config.Options{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func texts(found []finding) string {
	out := []string{}
	for _, f := range found {
		out = append(out, f.text)
	}
	return strings.Join(out, "\n")
}

func TestWhatMayBeLostIsTold(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	ago := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	for _, c := range []struct {
		oldest time.Time
		status store.Status
		want   string
	}{
		{time.Time{}, store.Status{}, ""},
		{ago(6), store.Status{}, ""},
		{ago(60), store.Status{Backup: ago(6)}, ""},
		{ago(60), store.Status{}, "k.db: there was never a backup: khyber backup F makes one, also while the daemon runs"},
		{ago(60), store.Status{Backup: ago(8)}, "k.db: the last backup is of 2026-11-12: khyber backup F makes one, also while the daemon runs"},
		{ago(100), store.Status{Backup: ago(6)}, ""},
		{ago(100), store.Status{Backup: ago(6), Verified: ago(99)}, ""},
		{ago(100), store.Status{Backup: ago(95), Verified: ago(89)}, "k.db: the last backup is of 2026-08-17: khyber backup F makes one, also while the daemon runs"},
		{ago(100), store.Status{Backup: ago(95), Verified: ago(91)}, "k.db: the last backup is of 2026-08-17: khyber backup F makes one, also while the daemon runs\n" +
			"k.db: the last look for damage is of 2026-08-21: khyber verify looks again, also while the daemon runs"},
		{ago(100), store.Status{}, "k.db: there was never a backup: khyber backup F makes one, also while the daemon runs\n" +
			"k.db: nobody ever looked for damage: khyber verify does, also while the daemon runs"},
	} {
		x := &examination{now: now, oldest: c.oldest}
		got := x.keeping("k.db", &c.status)
		if bolt.Place("k.db") != "" { // these tests themselves may run in a container's layer
			got = slices.DeleteFunc(got, func(f finding) bool { return strings.Contains(f.text, bolt.Place("k.db")) })
		}
		if texts(got) != c.want {
			t.Errorf("%+v: got %q, want %q", c.status, texts(got), c.want)
		}
	}
}

func TestClockMetricsAndMemoryAreJudged(t *testing.T) {
	for _, c := range []struct {
		offset  time.Duration
		metrics string
		memory  int64
		want    string
	}{
		{9 * time.Minute, "127.0.0.1:9100", 512 << 20, ""},
		{-9 * time.Minute, "[::1]:9100", 0, ""},
		{0, "localhost:9100", 0, ""},
		{3*time.Hour + time.Second, "", 0, "the clock of this machine is 3h behind most servers: set it, and let it be kept"},
		{-11 * time.Minute, "", 0, "the clock of this machine is 11m ahead of most servers: set it, and let it be kept"},
		{0, ":9100", 0, "/metrics is open to all who reach :9100: it names every source and how it answers; let it listen on loopback, or close the port"},
		{0, "192.0.2.1:9100", 64 << 20, "/metrics is open to all who reach 192.0.2.1:9100: it names every source and how it answers; let it listen on loopback, or close the port\n" +
			"only 64 MiB of memory are granted: a large list takes more; raise MemoryMax= or the container's limit"},
	} {
		if got := texts(judgeDaemon(c.offset, c.metrics, c.memory)); got != c.want {
			t.Errorf("%s, %q, %d: got %q, want %q", c.offset, c.metrics, c.memory, got, c.want)
		}
	}
}

func TestUnusedTermsAreOneFinding(t *testing.T) {
	one := news.Problem{Text: `topic "border-trade": "Chaman" stands in no item in 90 days`}
	want := `2 terms and rules of topics were of no use in 90 days: khyber check names each, such as topic "border-trade": "Chaman" stands in no item in 90 days`
	if got := texts(unusedTerms([]news.Problem{one, one})); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := unusedTerms(nil); got != nil {
		t.Errorf("got %v of none", got)
	}
}

func TestFreePagesAndAFullDatabaseAreTold(t *testing.T) {
	for _, c := range []struct {
		sizes store.Sizes
		want  string
	}{
		{store.Sizes{Bytes: 600 << 20, Free: 400 << 20}, "[k.db: 400 of its 600 MiB hold nothing: khyber compact frees them while the daemon is stopped]"},
		{store.Sizes{Bytes: 100 << 20, Free: 90 << 20, Limit: 8 << 30}, "[]"},
		{store.Sizes{Crashed: true}, "[k.db: it was not closed, as after a kill or a loss of power: khyber verify looks for damage]"},
		{store.Sizes{Crashed: true, Fault: fmt.Errorf("page 7: %w", store.ErrDamaged)}, "[k.db: it is damaged and takes no writes: put a backup in its place with khyber restore]"},
		{store.Sizes{Bytes: 95 << 20, Free: 1 << 20, Limit: 100 << 20}, "[k.db: it has reached nine tenths of its limit: raise --max-db, or keep less with --keep]"},
	} {
		texts := []string{}
		for _, f := range examineSizes("k.db", c.sizes) {
			texts = append(texts, f.text)
		}
		if got := fmt.Sprint(texts); got != c.want {
			t.Errorf("%+v: got %s, want %s", c.sizes, got, c.want)
		}
	}
}

// TestDoctorReadsADay examines what an invented day left, all of it well.
func TestDoctorReadsADay(t *testing.T) {
	ctx, w := t.Context(), newWorld(t)
	w.advance(5)
	dir := t.TempDir()
	file, data := filepath.Join(dir, "feeds.yaml"), filepath.Join(dir, "khyber.db")
	if err := os.WriteFile(file, []byte(w.config()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := khyberCommand(ctx, file, data, "poll", "--strict").CombinedOutput(); err != nil {
		t.Fatalf("khyber poll: %v\n%s", err, out)
	}
	a := &app{config: file, data: data, getenv: func(string) (string, bool) { return "", false }, now: time.Now, stderr: os.Stderr}
	cfg, err := a.mustLoad()
	if err != nil {
		t.Fatal(err)
	}
	x := &examination{now: time.Now(), cfg: cfg}
	must(t, a.withFile(ctx, data, reads, func(st *store.Store) error {
		_, err := x.read(context.WithoutCancel(ctx), st)
		return err
	}))
	items := 0
	for _, list := range x.items {
		items += len(list)
	}
	if got, want := fmt.Sprint(len(x.states), len(x.polls["atom-wire"]), items, len(x.joined), x.oldest.IsZero()), fmt.Sprint(9, 1, len(w.expected(false)), 2, false); got != want {
		t.Errorf("states, polls, items, topics: got %s, want %s", got, want)
	}
	if found := append(x.sources(), x.topics()...); len(found) > 0 {
		t.Errorf("found %v in a day that is well", found)
	}
}
