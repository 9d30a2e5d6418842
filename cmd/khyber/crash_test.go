package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// A khyber that kills itself where a run stands for the nth time. It is another
// program of the tests, see TestMain.
const (
	crashPoint = "KHYBER_TEST_POINT"
	crashTimes = "KHYBER_TEST_TIMES"
)

// crashing is main with a run that kills itself.
func crashing() {
	a := newApp(os.LookupEnv, os.Stdin, os.Stdout, os.Stderr)
	times := 1
	_, _ = fmt.Sscan(os.Getenv(crashTimes), &times)
	var mu sync.Mutex
	a.crash = func(point string) {
		mu.Lock()
		defer mu.Unlock()
		if point != os.Getenv(crashPoint) {
			return
		}
		if times--; times == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until it is dead
		}
	}
	os.Exit(a.run(context.Background(), os.Args[1:]))
}

// TestACrashAtAnyPointLosesAndDoublesNothing kills a run at each named point,
// looks for damage, polls the same documents again and compares what is
// published with what the outlets offered (P1, P2).
func TestACrashAtAnyPointLosesAndDoublesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("kills a process at each point: left out by -short")
	}
	for _, c := range []struct {
		point  string
		times  int // of a document's points the second: one is kept by then
		fresh  bool
		rules  bool // another rule of the topic
		args   []string
		absent string // file of the folder that must not be there afterwards
	}{
		{point: "create.renamed", fresh: true, args: []string{"poll"}},
		{point: "config.stored", fresh: true, args: []string{"poll"}},
		{point: "config.swapped", fresh: true, args: []string{"poll"}},
		{point: "poll.fetched", times: 2, args: []string{"poll"}},
		{point: "poll.parsed", times: 2, args: []string{"poll"}},
		{point: "poll.matched", times: 2, args: []string{"poll"}},
		{point: "commit.begin", times: 2, args: []string{"poll"}},
		{point: "commit.keys", times: 2, args: []string{"poll"}},
		{point: "commit.items", times: 2, args: []string{"poll"}},
		{point: "commit.topics", times: 2, args: []string{"poll"}},
		{point: "commit.state", times: 2, args: []string{"poll"}},
		{point: "commit.done", times: 2, args: []string{"poll"}},
		{point: "config.stored", rules: true, args: []string{"poll"}},
		{point: "rematch.batch", rules: true, args: []string{"poll"}},
		{point: "publish.rendered", times: 5, args: []string{"publish", "site"}},
		{point: "backup.written", args: []string{"backup", "copy.db"}, absent: "copy.db"},
		{point: "compact.written", args: []string{"compact"}},
		{point: "compact.renamed", args: []string{"compact"}},
		{point: "restore.renamed", args: []string{"restore", "earlier.db"}},
	} {
		t.Run(fmt.Sprint(c.point, c.rules), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			d := desk{t: t, dir: t.TempDir()}
			d.write(w.config())
			w.advance(6)
			if !c.fresh {
				d.must("poll", "--strict")
				d.must("backup", "earlier.db")
			}
			w.advance(9)
			if c.rules {
				d.write(strings.ReplaceAll(w.config(), "every item, always", "each item, always"))
			}
			d.killed(c.point, max(1, c.times), c.args...)
			if c.absent != "" {
				if _, err := os.Stat(filepath.Join(d.dir, c.absent)); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("%s is there: %v", c.absent, err)
				}
			}
			d.must("verify")
			d.must(c.args...) // what was begun can be done again
			d.must("poll", "--strict")
			d.must("verify")
			for topic, bothOnly := range map[string]bool{"everything": false, "both": true} {
				if got, want := d.topic(topic), w.expected(bothOnly); !maps.Equal(got, want) {
					t.Errorf("topic %s holds %d items, the outlets offered %d: %s", topic, len(got), len(want), difference(got, want))
				}
			}
			d.alone()
		})
	}
}

// desk runs khyber on the files of a folder.
type desk struct {
	t   *testing.T
	dir string
}

func (d *desk) path(name string) string { return filepath.Join(d.dir, name) }

func (d *desk) write(config string) {
	d.t.Helper()
	write(d.t, d.path("feeds.yaml"), config)
}

// fileCommands are those whose arguments are names of files.
var fileCommands = []string{"backup", "publish", "restore", "verify"}

// args completes a command line: names of files are those of the folder.
func (d *desk) args(args []string) []string {
	out := []string{"--config", d.path("feeds.yaml"), "--data", d.path("khyber.db")}
	for i, a := range args {
		if i > 0 && slices.Contains(fileCommands, args[0]) && !strings.HasPrefix(a, "-") {
			a = d.path(a)
		}
		out = append(out, a)
	}
	return out
}

// must runs a command in this process and returns what it prints.
func (d *desk) must(args ...string) []byte {
	d.t.Helper()
	out, errs, code := d.try(args...)
	if code != exitOK {
		d.t.Fatalf("khyber %s: exit %d\n%s%s", strings.Join(args, " "), code, errs, out)
	}
	return []byte(out)
}

// try runs a command that may fail.
func (d *desk) try(args ...string) (out, errs string, code int) {
	var stdout, stderr bytes.Buffer
	code = newApp(os.LookupEnv, strings.NewReader(""), &stdout, &stderr).run(d.t.Context(), d.args(args))
	return stdout.String(), stderr.String(), code
}

// killed runs a command that kills itself at the point.
func (d *desk) killed(point string, times int, args ...string) {
	d.t.Helper()
	cmd := exec.Command("khyber-crashing", d.args(args)...)
	cmd.Env = append(os.Environ(), crashPoint+"="+point, fmt.Sprintf("%s=%d", crashTimes, times))
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		d.t.Fatalf("khyber %s came by %s less than %d times: %v\n%s", strings.Join(args, " "), point, times, err, out)
	}
}

// topic returns what a topic feed carries: link → title. An item that is there
// twice is an error.
func (d *desk) topic(id string) map[string]string {
	d.t.Helper()
	var doc struct {
		Items []struct{ URL, Title string }
	}
	if err := json.Unmarshal(d.must("render", id, "--format", "json", "--view", "all", "--limit", "500"), &doc); err != nil {
		d.t.Fatal(err)
	}
	got := make(map[string]string)
	for _, item := range doc.Items {
		link := strings.Replace(item.URL, "http://", "https://", 1) // two-schemes takes turns
		if _, twice := got[link]; twice {
			d.t.Errorf("%s is in topic %s twice", item.URL, id)
		}
		got[link] = item.Title
	}
	return got
}

// alone wants nothing half done beside the files.
func (d *desk) alone() {
	d.t.Helper()
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".khyber.db.") {
			d.t.Errorf("%s was left behind", e.Name())
		}
	}
}
