package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"khyber/internal/store/disktest"
)

// TestADiskThatFailsEndsTheDaemonInWords has system calls of a daemon fail as
// those of a dying disk do: it says so on /healthz while it still serves, ends by
// itself with exit code 1, and the next start looks for damage and loses nothing.
func TestADiskThatFailsEndsTheDaemonInWords(t *testing.T) {
	if testing.Short() {
		t.Skip("traces a process: left out by -short")
	}
	traceable(t)
	for _, c := range []struct{ name, call, fault string }{
		{"a sync that fails", "fdatasync", "error=EIO:when=2+"},
		{"a sync that finds no room", "fdatasync", "error=ENOSPC:when=2+"},
		{"a page that cannot be written", "pwrite64", "error=EIO:when=8+"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx := patient(t)
			w := newWorld(t)
			r := desk{t: t, dir: t.TempDir()}
			r.write(w.config())
			w.advance(6)
			r.must("poll", "--strict")
			w.advance(9)
			traced := []string{"-f", "-qq", "-o", "/dev/null", "-e", "trace=" + c.call, "-e", "inject=" + c.call + ":" + c.fault}
			daemon := startUnder(ctx, t, traced, r.path("feeds.yaml"), r.path("khyber.db"))

			sick := daemon.until(ctx, t, "healthz", says(http.StatusServiceUnavailable))
			if want := "The database cannot be written: restart it.\n"; sick != want {
				t.Errorf("/healthz says %q, want %q", sick, want)
			}
			if got := published(ctx, t, daemon.url, "everything"); len(got) == 0 {
				t.Error("the topic feed is gone while the daemon ends")
			}
			err := daemon.Wait()
			if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != exitFailure {
				t.Errorf("the daemon ends with %v", err)
			}
			for _, want := range []string{`"commit failed"`, "khyber: the database cannot be written: ", ": start again, it is checked then"} {
				if !strings.Contains(daemon.stderr.String(), want) {
					t.Errorf("the log does not say %s:\n%s", want, daemon.stderr)
				}
			}

			daemon = startServe(ctx, t, r.path("feeds.yaml"), r.path("khyber.db"))
			defer daemon.explain(t)
			w.await(ctx, t, w.settled)
			daemon.stop(t)
			for _, want := range []string{`"opened after a crash"`, `"no damage"`} {
				if !strings.Contains(daemon.stderr.String(), want) {
					t.Errorf("the next start does not say %s:\n%s", want, daemon.stderr)
				}
			}
			for topic, bothOnly := range map[string]bool{"everything": false, "both": true} {
				if got, want := r.topic(topic), w.expected(bothOnly); !maps.Equal(got, want) {
					t.Errorf("topic %s holds %d items, the outlets offered %d: %s", topic, len(got), len(want), difference(got, want))
				}
			}
		})
	}
}

// explain shows the log of a daemon of a test that failed.
func (s *serving) explain(t *testing.T) {
	t.Helper()
	if t.Failed() {
		_, _ = s.Process.Kill(), s.Wait() // so that the log is whole
		t.Logf("the daemon says\n%s", s.stderr)
	}
}

// traceable skips the test where no process can be traced.
func traceable(t *testing.T) {
	t.Helper()
	needs(t, "strace")
	if out, err := exec.Command("strace", "-o", "/dev/null", "true").CombinedOutput(); err != nil {
		t.Skipf("A DISK THAT FAILS IS NOT TRIED: strace may not trace here (ptrace is forbidden?): %v: %s", err, out)
	}
}

// startUnder is startServe under strace, which must not outlive the test.
func startUnder(ctx context.Context, t *testing.T, traced []string, file, data string) *serving {
	t.Helper()
	khyber, err := exec.LookPath("khyber")
	must(t, err)
	cmd := khyberCommand(ctx, file, data, "serve", "--listen", "127.0.0.1:0")
	under := exec.CommandContext(ctx, "strace", append(append(traced, "--", khyber), cmd.Args[1:]...)...)
	under.WaitDelay = patience
	under.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s := startDaemon(ctx, t, under)
	t.Cleanup(func() { _ = syscall.Kill(-under.Process.Pid, syscall.SIGKILL) }) // a daemon that did not end
	return s
}

// until asks for a path until the answer will do, and returns it.
func (s *serving) until(ctx context.Context, t *testing.T, path string, does func(code int, body string) bool) string {
	t.Helper()
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
		must(t, err)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatalf("/%s: %v\n%s", path, err, s.stderr)
		}
		body, err := io.ReadAll(resp.Body)
		must(t, errors.Join(err, resp.Body.Close()))
		if does(resp.StatusCode, string(body)) {
			return string(body)
		}
		<-pause.C
	}
}

func says(code int) func(int, string) bool {
	return func(got int, _ string) bool { return got == code }
}

// TestADaemonStartsAndServesOnADiskThatIsFull: what is kept is published, the
// page says why nothing new is, and neither /healthz nor the exit code blames the
// daemon, which a restart would not help.
func TestADaemonStartsAndServesOnADiskThatIsFull(t *testing.T) {
	folder := disktest.Small(t, 96<<20)
	if folder == "" {
		return
	}
	ctx := patient(t)
	w := newWorld(t)
	r := desk{t: t, dir: folder}
	r.write(w.config())
	w.advance(6)
	r.must("poll", "--strict")
	kept := r.topic("everything")
	w.advance(9)
	write(t, r.path("filler"), strings.Repeat("x", 60<<20)) // 64 MiB are left to others
	for _, changed := range []bool{false, true} {
		if changed { // what is new in the file cannot be kept: the last good one serves
			must(t, os.Truncate(r.path("filler"), 0))
			r.write(strings.Replace(w.config(), "title: Everything", "title: All there is", 1))
			write(t, r.path("filler"), strings.Repeat("x", 60<<20))
		}
		daemon := startServe(ctx, t, r.path("feeds.yaml"), r.path("khyber.db"))
		if said := string(get(ctx, t, daemon.url+"status.json")); !strings.Contains(said, "the disk or the database is full") {
			t.Errorf("changed %t: the status does not say that the disk is full:\n%s", changed, said)
		}
		daemon.until(ctx, t, "healthz", says(http.StatusOK))
		if got := published(ctx, t, daemon.url, "everything"); !maps.Equal(got, kept) {
			t.Errorf("changed %t: the topic shows %d items, %d are kept", changed, len(got), len(kept))
		}
		daemon.stop(t)
	}
	must(t, os.Remove(r.path("filler")))
	r.must("verify")
	r.must("poll", "--strict")
	if got, want := r.topic("everything"), w.expected(false); !maps.Equal(got, want) {
		t.Errorf("with room again: %s", difference(got, want))
	}

	disktest.ReadOnly(t, folder)
	for _, args := range [][]string{{"poll"}, {"serve"}, {"backup", "copy.db"}} {
		out, err := khyberCommand(ctx, r.path("feeds.yaml"), r.path("khyber.db"), args...).CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != exitFailure || !strings.Contains(string(out), "read-only file system") {
			t.Errorf("%s in a folder that cannot be written: %v\n%s", args[0], err, out)
		}
	}
}

// TestDamageIsServedAsItIs overwrites a page of a database that was not closed.
func TestDamageIsServedAsItIs(t *testing.T) {
	ctx := patient(t)
	w := newWorld(t)
	r := desk{t: t, dir: t.TempDir()}
	r.write(w.config())
	w.advance(6)
	r.must("poll", "--strict")
	w.advance(7)
	r.killed("commit.done", 1, "poll")
	damage(t, r.path("khyber.db"))
	daemon := startServe(ctx, t, r.path("feeds.yaml"), r.path("khyber.db"))
	daemon.until(ctx, t, "status.json", func(_ int, body string) bool {
		return strings.Contains(body, "the database is damaged: restore a backup")
	})
	daemon.until(ctx, t, "healthz", says(http.StatusOK))
	if got := published(ctx, t, daemon.url, "both"); len(got) == 0 {
		t.Error("what can be read is not served")
	}
	daemon.stop(t)
	if !strings.Contains(daemon.stderr.String(), `"damaged"`) {
		t.Errorf("the log does not say that it is damaged:\n%s", daemon.stderr)
	}
}

// damage changes the count of items in the file: its pages are whole, and what
// they say is wrong.
func damage(t *testing.T, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("items"), []byte{0, 0, 0, 0, 0, 0, 0, 1})
	})
	must(t, errors.Join(err, db.Close()))
}
