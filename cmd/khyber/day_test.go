package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary stand in for khyber, so that tests can start it
// as a process of its own and kill it.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"khyber": main, "khyber-crashing": crashing, "khyber-living": living})
}

// patience bounds what waits for a child process; nothing is asserted about time.
const patience = 2 * time.Minute

// TestInventedDayIsKeptOnceThroughKills polls an invented day hour by hour,
// first with `khyber poll`, then with `khyber serve`, kills both at random
// moments, and compares what is published with what the outlets offered (P1,
// P2, P3).
func TestInventedDayIsKeptOnceThroughKills(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes for half a minute: left out by -short")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	w := newWorld(t)
	dir := t.TempDir()
	file, data := filepath.Join(dir, "feeds.yaml"), filepath.Join(dir, "khyber.db")
	if err := os.WriteFile(file, []byte(w.config()), 0o600); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(2026, 11))

	for hour := range 18 {
		w.advance(hour)
		if hour%3 == 1 {
			killAfter(ctx, t, w, 1+random.IntN(len(w.outlets)), startKhyber(ctx, t, file, data, "poll"))
		}
		if out, err := khyberCommand(ctx, file, data, "poll", "--strict").CombinedOutput(); err != nil {
			t.Fatalf("hour %d: khyber poll: %v\n%s", hour, err, out)
		}
	}
	daemon := startServe(ctx, t, file, data)
	for hour := 18; hour < 24; hour++ {
		w.advance(hour)
		if hour%2 == 0 {
			killAfter(ctx, t, w, 1+random.IntN(len(w.outlets)), daemon.Cmd)
			daemon = startServe(ctx, t, file, data)
		}
		w.await(ctx, t, w.settled)
	}
	for topic, bothOnly := range map[string]bool{"everything": false, "both": true} {
		got, want := published(ctx, t, daemon.url, topic), w.expected(bothOnly)
		if !maps.Equal(got, want) {
			t.Errorf("topic %s holds %d items, the outlets offered %d: %s", topic, len(got), len(want), difference(got, want))
		}
	}
	daemon.stop(t)
}

// khyberCommand is a khyber process that is not started yet.
func khyberCommand(ctx context.Context, file, data string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "khyber", append([]string{"--config", file, "--data", data}, args...)...)
	cmd.WaitDelay = patience
	return cmd
}

func startKhyber(ctx context.Context, t *testing.T, file, data string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := khyberCommand(ctx, file, data, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// killAfter lets the process make n more requests, then kills it with SIGKILL.
func killAfter(ctx context.Context, t *testing.T, w *world, n int, cmd *exec.Cmd) {
	t.Helper()
	w.await(ctx, t, func() bool { return w.requests() >= n })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Log("the process had ended before it was killed")
	}
}

// await returns when done is true; it is asked after each request to the world.
func (w *world) await(ctx context.Context, t *testing.T, done func() bool) {
	t.Helper()
	for !done() {
		select {
		case <-w.asked:
		case <-ctx.Done():
			t.Fatalf("nothing more is asked of the world: %d requests since the clock moved", w.requests())
		}
	}
}

// serving is a khyber serve process.
type serving struct {
	*exec.Cmd
	url    string
	stderr *strings.Builder
}

var indexAddress = regexp.MustCompile(`http://[0-9.:]+/`)

// startServe starts the daemon.
func startServe(ctx context.Context, t *testing.T, file, data string) *serving {
	t.Helper()
	return startDaemon(ctx, t, khyberCommand(ctx, file, data, "serve", "--listen", "127.0.0.1:0"))
}

// startDaemon starts a command that serves and reads from its first line where
// it listens.
func startDaemon(ctx context.Context, t *testing.T, cmd *exec.Cmd) *serving {
	t.Helper()
	s := &serving{Cmd: cmd, stderr: &strings.Builder{}}
	cmd.Stderr = s.stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(pipe).ReadString('\n')
	if err != nil {
		t.Fatalf("khyber serve said nothing: %v\n%s", err, s.stderr)
	}
	if s.url = indexAddress.FindString(line); s.url == "" {
		t.Fatalf("khyber serve does not say where the index is: %q", line)
	}
	return s
}

// stop ends the daemon as an operator would and wants a clean exit.
func (s *serving) stop(t *testing.T) {
	t.Helper()
	if err := s.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(); err != nil {
		t.Errorf("khyber serve ends with %v after an interrupt\n%s", err, s.stderr)
	}
}

// published reads a topic feed page by page: link → title. An item that is
// there twice is an error.
func published(ctx context.Context, t *testing.T, base, topic string) map[string]string {
	t.Helper()
	got := make(map[string]string)
	for next := base + "topics/" + topic + ".json?view=all&limit=500"; next != ""; {
		var doc struct {
			Next  string `json:"next_url"`
			Items []struct{ ID, URL, Title string }
		}
		if err := json.Unmarshal(get(ctx, t, next), &doc); err != nil {
			t.Fatalf("%s: %v", next, err)
		}
		for _, item := range doc.Items {
			link := strings.Replace(item.URL, "http://", "https://", 1) // two-schemes takes turns
			if _, twice := got[link]; twice {
				t.Errorf("%s is in topic %s twice", item.URL, topic)
			}
			got[link] = item.Title
		}
		next = doc.Next
	}
	return got
}

func get(ctx context.Context, t *testing.T, url string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v\n%s", url, resp.Status, err, body)
	}
	return body
}

// difference names up to five links that only one side has, or with another title.
func difference(got, want map[string]string) string {
	var lines []string
	for link, title := range want {
		if got[link] != title {
			lines = append(lines, "want "+link+" «"+title+"», got «"+got[link]+"»")
		}
	}
	for link := range got {
		if _, ok := want[link]; !ok {
			lines = append(lines, "too much: "+link)
		}
	}
	return strings.Join(lines[:min(5, len(lines))], "\n\t")
}
