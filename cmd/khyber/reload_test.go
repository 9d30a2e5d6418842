package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"

	"khyber/internal/config"
	"khyber/internal/server"
	"khyber/internal/store"
)

const smallFile = `# Two invented outlets.
sources:
  - {id: hill-post, name: Hill Post, url: "https://hillpost.example/rss", lang: en}
  - id: river-radio
    name: River Radio
    url: https://riverradio.example/rss
    timezone: Asia/Karachi
    every: 30m
topics:
  - id: border-trade
    title: Border trade
    include:
      - name: a crossing and trade
        all: [[Torkham, Chaman], [trade*, truck*]]
    exclude:
      - {name: sport, any: [cricket*], in: title}
    examples:
      match: ["Torkham traders wait"]
      ignore: ["Chaman hosts a cricket final"]
`

// TestFollowerWaitsUntilNobodyWrites follows texts on a fake clock: the text
// counts when it is the same twice, and only then.
func TestFollowerWaitsUntilNobodyWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		// The text by the moment from which it holds.
		texts := []struct {
			from time.Duration
			hash uint64
		}{{0, 1}, {3 * time.Second, 2}, {10200 * time.Millisecond, 3}, {21 * time.Second, 4}, {22 * time.Second, 3}, {45 * time.Second, 5}}
		var read []string
		fail := error(store.ErrFull)
		hup, events := make(chan os.Signal), make(chan fsnotify.Event)
		f := follower{
			hash: func() uint64 {
				now := uint64(0)
				for _, x := range texts {
					if time.Since(start) >= x.from {
						now = x.hash
					}
				}
				return now
			},
			seen: 1, hup: hup, events: events, look: func() {}, log: func(string, ...any) {},
			reload: func(context.Context) reloaded {
				read = append(read, time.Since(start).String())
				err := fail
				fail = nil
				return reloaded{err: err}
			},
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- f.run(ctx) }()
		time.Sleep(35 * time.Second)
		hup <- syscall.SIGHUP // at 35 s, nothing has changed
		time.Sleep(11 * time.Second)
		events <- fsnotify.Event{} // at 46 s, the text is that of 45 s
		time.Sleep(8 * time.Second)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		// 10 s: written until 10.2 s, so read at 11 s; the disk is full. 20 s: tried
		// again at 20.5 s. 30 s: the text is the old one.
		want := "[11s 20.5s 35s 46.5s]"
		if got := fmt.Sprint(read); got != want {
			t.Errorf("reloads at %s, want %s", got, want)
		}
	})
}

func TestFollowerEndsWhenOnlyARestartCanJudge(t *testing.T) {
	hup := make(chan os.Signal, 1)
	hup <- syscall.SIGHUP
	f := follower{hash: func() uint64 { return 1 }, hup: hup, look: func() {}, reload: func(context.Context) reloaded { return reloaded{err: store.ErrReadOnly} }}
	if err := f.run(t.Context()); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("run returns %v, want %v", err, store.ErrReadOnly)
	}
}

// signalled passes each line of a log on.
type signalled chan string

// Write is called with a whole line by slog.
func (s signalled) Write(b []byte) (int, error) {
	s <- string(b)
	return len(b), nil
}

// await returns the first line of the log that holds the text.
func (s signalled) await(t *testing.T, text string) string {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case line := <-s:
			if strings.Contains(line, text) {
				return line
			}
		case <-deadline:
			t.Fatalf("the log never says %q", text)
		}
	}
}

// newDaemon is serve without a listener and without polls, on a folder with the
// file.
func newDaemon(t *testing.T, file, text string, log io.Writer) *daemon {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &app{
		config: file, data: filepath.Join(t.TempDir(), "khyber.db"), stdout: io.Discard, stderr: log, now: time.Now,
		random: func() float64 { return 0.5 }, getenv: func(string) (string, bool) { return "", false },
	}
	d := &daemon{files: config.NewWatch(file, a.configOptions()), reloads: make(chan chan reloaded)}
	d.seen = d.files.Hash()
	cfg, problems := a.load()
	if cfg == nil {
		t.Fatal(problems)
	}
	st, err := a.openStore(t.Context(), slog.New(slog.DiscardHandler), 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	d.parts = a.build(a.logger(cfg.Secrets, slog.LevelInfo), st, cfg, "http://127.0.0.1", server.Options{Health: d.health, Ready: d.ready})
	if err := d.apply(t.Context(), cfg, problems, false); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *daemon) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1"+path, nil)
	d.server.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestEveryWayToChangeAFileIsSeen edits as editors, mounts and people do.
func TestEveryWayToChangeAFileIsSeen(t *testing.T) {
	t.Parallel()
	log := make(signalled, 100)
	dir := t.TempDir()
	// As a mounted ConfigMap has it: feeds.yaml → ..data/feeds.yaml, ..data → ..1.
	file := filepath.Join(dir, "feeds.yaml")
	for i, version := range []string{"..1", "..2"} {
		must(t, os.Mkdir(filepath.Join(dir, version), 0o700))
		write(t, filepath.Join(dir, version, "feeds.yaml"), smallFile+strings.Repeat("# later\n", i))
	}
	must(t, os.Symlink("..1", filepath.Join(dir, "..data")))
	must(t, os.Symlink(filepath.Join("..data", "feeds.yaml"), file))
	d := newDaemon(t, file, smallFile, log)

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- d.followFiles(ctx, nil) }()

	must(t, os.Symlink("..2", filepath.Join(dir, "..tmp")))
	must(t, os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")))
	log.await(t, `"changes":"sources and topics are as they were"`)

	must(t, os.Remove(file))
	write(t, file, smallFile+"include: [more/*.yaml]\n")
	log.await(t, `"reloaded"`)

	must(t, os.Mkdir(filepath.Join(dir, "more"), 0o700))
	write(t, filepath.Join(dir, "more", "one.yaml"), "sources:\n  - {id: lake-news, name: Lake News, url: \"https://lakenews.example/rss\"}\n")
	log.await(t, `"changes":"+1 source: lake-news"`)

	aside := filepath.Join(dir, "4913") // as vim does
	write(t, aside, strings.Replace(smallFile, "Border trade", "Trade", 1))
	must(t, os.Rename(aside, file))
	log.await(t, `"changes":"-1 source: lake-news; 1 topic changed: border-trade"`)

	write(t, file, strings.Replace(smallFile, "[Torkham, Chaman]", "[$torkhamm]", 1))
	log.await(t, `feeds.yaml:14:16: topic \"border-trade\": $torkhamm is not in the lexicon`)
	if _, body := d.get(t, "/status"); !strings.Contains(body, "$torkhamm is not in the lexicon") {
		t.Error("/status does not show why the file is refused")
	}
	if status, body := d.get(t, "/topics/border-trade.json"); status != http.StatusOK || !strings.Contains(body, `"title": "Trade"`) {
		t.Errorf("with a refused file the last good one is not served: %d\n%s", status, body)
	}

	write(t, file, strings.Replace(smallFile, "every: 30m", "every: 15m", 1))
	log.await(t, `"changes":"1 source changed: river-radio; 1 topic changed: border-trade"`)
	if _, body := d.get(t, "/status.json"); !strings.Contains(body, `"1 source changed: river-radio",`) {
		t.Errorf("/status.json does not say what was changed:\n%s", body)
	}
	cancel()
	must(t, <-ended)
}

// TestSecretOfALaterFileStaysOutOfTheLog adds a secret by a reload.
func TestSecretOfALaterFileStaysOutOfTheLog(t *testing.T) {
	var log bytes.Buffer
	dir := t.TempDir()
	d := newDaemon(t, filepath.Join(dir, "feeds.yaml"), smallFile, &log)
	d.app.getenv = func(name string) (string, bool) { return "invented-token", name == "TOKEN" }
	write(t, d.app.config, strings.Replace(smallFile, "/rss\", lang", "/rss?key=${TOKEN}\", lang", 1))
	must(t, d.reload(t.Context()).err)
	d.log.Info("polled", "err", "GET https://hillpost.example/rss?key=invented-token")
	if got := log.String(); strings.Contains(got, "invented-token") || !strings.Contains(got, "(hidden)") {
		t.Errorf("the log shows a secret:\n%s", got)
	}
}

var placed = regexp.MustCompile(`feeds\.yaml:[0-9]+:[0-9]+: .`)

// TestMutatedFilesCauseNoOutage reloads files that are damaged at random: each
// is in force, or it is refused with the place of every Problem, and the topic
// of the last good file is served.
func TestMutatedFilesCauseNoOutage(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	d := newDaemon(t, filepath.Join(t.TempDir(), "feeds.yaml"), smallFile, &log)
	random := rand.New(rand.NewPCG(7, 40))
	refused := 0
	for n := range mutations {
		write(t, d.app.config, mutated(random, smallFile))
		log.Reset()
		must(t, d.reload(t.Context()).err)
		if strings.Contains(log.String(), "config refused") {
			refused++
			for line := range strings.Lines(log.String()) {
				if !placed.MatchString(line) {
					t.Errorf("file %d: a Problem has no place: %s", n, line)
				}
			}
		}
		for _, topic := range d.config.Load().Set.Topics() {
			if status, body := d.get(t, "/topics/"+topic.ID+".atom"); status != http.StatusOK {
				t.Fatalf("file %d: topic %s: status %d\n%s", n, topic.ID, status, body)
			}
		}
		if status, body := d.get(t, "/status"); status != http.StatusOK {
			t.Fatalf("file %d: /status: status %d\n%s", n, status, body)
		}
	}
	if refused < mutations/4 || refused == mutations {
		t.Errorf("%d of %d files were refused: the mutations do not test both ways", refused, mutations)
	}
	write(t, d.app.config, smallFile)
	must(t, d.reload(t.Context()).err)
	if got, want := len(d.config.Load().Sources), 2; got != want {
		t.Errorf("after all of them a good file has %d sources, want %d", got, want)
	}
}

// mutated damages a text in one to three places.
func mutated(random *rand.Rand, text string) string {
	for range 1 + random.IntN(3) {
		lines := strings.SplitAfter(text, "\n")
		i := random.IntN(len(lines))
		switch random.IntN(6) {
		case 0: // a line is lost
			lines = append(lines[:i:i], lines[i+1:]...)
		case 1: // a line is there twice
			lines = append(lines[:i+1:i+1], lines[i:]...)
		case 2: // a line is indented otherwise
			lines[i] = strings.Repeat(" ", random.IntN(6)) + strings.TrimLeft(lines[i], " ")
		case 3: // two lines are one
			lines[i] = strings.TrimRight(lines[i], "\n")
		case 4: // the file is cut
			lines[i] = lines[i][:random.IntN(len(lines[i])+1)]
			lines = lines[:i+1]
		default: // a byte is another one
			b := []byte(lines[i])
			if len(b) > 0 {
				b[random.IntN(len(b))] = "\x00\t\":[]{}#&*!|>%@`,\xff~$"[random.IntN(21)]
			}
			lines[i] = string(b)
		}
		text = strings.Join(lines, "")
	}
	return text
}

// TestLastGoodFileOutlivesARestart breaks the file while nobody looks.
func TestLastGoodFileOutlivesARestart(t *testing.T) {
	ctx := patient(t)
	dir := t.TempDir()
	file, data := filepath.Join(dir, "feeds.yaml"), filepath.Join(dir, "khyber.db")
	quiet := strings.NewReplacer("lang: en}", "lang: en, disabled: true}", "every: 30m", "disabled: true").Replace(smallFile)
	write(t, file, quiet)
	startServe(ctx, t, file, data).stop(t)

	write(t, file, strings.Replace(quiet, "url:", "ulr:", 1))
	daemon := startServe(ctx, t, file, data)
	if got := string(get(ctx, t, daemon.url+"topics/border-trade.json")); !strings.Contains(got, `"title": "Border trade"`) {
		t.Errorf("the last good file is not served:\n%s", got)
	}
	if got := string(get(ctx, t, daemon.url+"status.json")); !strings.Contains(got, `unknown key \"ulr\" in source \"hill-post\"`) {
		t.Errorf("/status.json does not say what is wrong:\n%s", got)
	}
	daemon.stop(t)
	if got := daemon.stderr.String(); !strings.Contains(got, "has mistakes, so the last good one of") {
		t.Errorf("nothing is said of the bad file:\n%s", got)
	}
}

// TestContactOfALaterFileIsNamedToPublishers reloads another site.
func TestContactOfALaterFileIsNamedToPublishers(t *testing.T) {
	agents := make(chan string, 1)
	outlet := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		agents <- r.UserAgent()
		w.WriteHeader(http.StatusNoContent)
	}))
	defer outlet.Close()
	text := `sources: [{id: own, url: "` + outlet.URL + `", allow_private_network: true}]` + "\n"
	d := newDaemon(t, filepath.Join(t.TempDir(), "feeds.yaml"), text, io.Discard)
	for _, contact := range []string{"", "ops@hillpost.example"} {
		write(t, d.app.config, text+`site: {contact: "`+contact+`"}`+"\n")
		if contact == "" {
			write(t, d.app.config, text)
		}
		must(t, d.reload(t.Context()).err)
		if _, err := d.poller.PollSource(t.Context(), d.config.Load().Sources[0]); err != nil {
			t.Fatal(err)
		}
		want := "Khyber/devel"
		if contact != "" {
			want += " (" + contact + ")"
		}
		if got := <-agents; got != want {
			t.Errorf("asked as %q, want %q", got, want)
		}
	}
}

// TestServeNeedsOneGoodFile starts with a bad file and nothing to fall back on:
// all that is wrong is said, and no database is made.
func TestServeNeedsOneGoodFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, data := filepath.Join(dir, "feeds.yaml"), filepath.Join(dir, "khyber.db")
	write(t, file, strings.NewReplacer("lang: en", "lang: english", "every: 30m", "every: 30").Replace(smallFile))
	got := say(t, khyberCommand(patient(t), file, data, "serve", "--listen", "127.0.0.1:0"))
	want := said{"", file + `:3:81: lang: "english" is not a language of ISO 639-1; write one like en` + "\n" +
		file + ":8:12: every: 30 has no unit; write 30m\nkhyber: " + file + " cannot be used: mend what is named above\n", exitFailure}
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if exists(data) {
		t.Error("a database is made for a file that is refused")
	}
}

// TestARefusedFileIsToldOnce reads a bad file twice, another bad one, and a good
// one.
func TestARefusedFileIsToldOnce(t *testing.T) {
	d := newDaemon(t, filepath.Join(t.TempDir(), "feeds.yaml"), smallFile, io.Discard)
	gauge := func() string {
		w := httptest.NewRecorder()
		d.server.Metrics().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
		return regexp.MustCompile(`(?m)^khyber_config_last_reload_successful (.*)$`).FindStringSubmatch(w.Body.String())[1]
	}
	for _, step := range []struct{ old, new, gauge string }{
		{"", "", "1"},
		{"url:", "ulr:", "0"},
		{"url:", "ulr:", "0"},
		{"every:", "evry:", "0"},
		{"River Radio", "River Wave", "1"},
		{"", "", "1"},
	} {
		write(t, d.app.config, strings.Replace(smallFile, step.old, step.new, 1))
		done := d.reload(t.Context())
		must(t, done.err)
		if got := gauge(); got != step.gauge || done.refused != (step.gauge == "0") {
			t.Errorf("%q: the gauge shows %s, want %s", step.new, got, step.gauge)
		}
	}
	events, err := d.store.Events(t.Context(), 0, 99)
	must(t, err)
	var told strings.Builder
	for _, e := range events {
		told.WriteString(fmt.Sprint(e.Of, " ", len(e.Wrong), "; "))
	}
	if want := "file 2; file 1; file 0; "; told.String() != want {
		t.Errorf("told %q, want %q", told.String(), want)
	}
}
