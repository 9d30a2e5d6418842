package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"
)

// shortDir is a folder whose path leaves room for that of a socket, which has at
// most 107 bytes.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "khyber")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	return dir
}

// said is all that a command leaves behind.
type said struct {
	out, err string
	code     int
}

// moments are what the clock decides of it.
var moments = regexp.MustCompile(`since"?:? ?"?[0-9]{4}-[0-9T: -]+(Z"|UTC)?`)

func (s said) String() string {
	return fmt.Sprintf("exit %d\n--- out\n%s--- err\n%s", s.code, s.out, s.err)
}

func say(t *testing.T, cmd *exec.Cmd) said {
	t.Helper()
	var out, err strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &err
	if failed := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(failed)
	}
	return said{moments.ReplaceAllString(out.String(), "since …"), err.String(), cmd.ProcessState.ExitCode()}
}

// TestCommandsSayTheSameBesideADaemon runs each command that reads the archive
// before the daemon is started, and again while it runs.
func TestCommandsSayTheSameBesideADaemon(t *testing.T) {
	t.Parallel()
	ctx := patient(t)
	w := newWorld(t)
	w.advance(4)
	dir := shortDir(t)
	file, data := filepath.Join(dir, "feeds.yaml"), filepath.Join(dir, "khyber.db")
	text := strings.Replace(w.config(), "{title: Invented day}", `{title: Invented day, base_url: "https://day.example"}`, 1)
	write(t, file, strings.Replace(text, "every: 1s", "every: 12h", 1))
	labels := filepath.Join(dir, "labels.jsonl")
	write(t, labels, `{"title": "Afghan and Pakistani clerks count the trucks", "label": "yes"}`+"\n")
	if s := say(t, khyberCommand(ctx, file, data, "poll", "--strict")); s.code != 0 {
		t.Fatal(s)
	}
	draft := filepath.Join(dir, "draft.yaml") // of an editor who tries something
	write(t, draft, strings.Replace(text, "in: title", "in: lead", 1))
	link := "https://spinghar-post.example/news/1000"
	needless := 0
	if testing.Short() {
		needless = 9 // of the commands: they take the same way
	}
	commands := [][]string{
		{"sources"},
		{"sources", "--json"},
		{"why", "both", link},
		{"why", "both", link, "--json"},
		{"why", "both", "https://nobody.example/"},
		{"why", "nothing", link},
		{"near-misses", "both", "--since", "36h"},
		{"backtest", "both"},
		{"backtest", "both", "--json", "--labels", labels},
		{"--config", draft, "backtest", "both", "--yes"},
		{"story", link},
		{"split", link, link},
		{"render", "both", "--format", "json"},
		{"render", "nothing"},
		{"verify"},
		{"doctor"},
	}[needless:]
	var alone []said
	for _, args := range commands {
		alone = append(alone, say(t, khyberCommand(ctx, file, data, args...)))
	}
	copied := filepath.Join(dir, "copy.db")
	daemon := startServe(ctx, t, file, data)
	t.Cleanup(func() { daemon.stop(t) })
	for i, args := range commands {
		if beside := say(t, khyberCommand(ctx, file, data, args...)); beside != alone[i] {
			t.Errorf("khyber %s, beside the daemon: %s\nalone: %s", strings.Join(args, " "), beside, alone[i])
		}
	}
	w.advance(5)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"backup", copied}, copied + ": "},
		{[]string{"verify", copied}, ", no damage\n"},
		{[]string{"publish", filepath.Join(dir, "site")}, " written, 0 unchanged, 0 removed\n"},
		{[]string{"poll", "atom-wire"}, "atom-wire                ok: 1 new, "},
	} {
		if s := say(t, khyberCommand(ctx, file, data, c.args...)); s.code != 0 || !strings.Contains(s.out, c.want) || s.err != "" {
			t.Errorf("khyber %s: %s", c.args, s)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "site", "topics", "both.atom")); err != nil {
		t.Error(err)
	}
	if s := say(t, khyberCommand(ctx, file, copied, "render", "both", "--format", "json")); s != alone[12-needless] {
		t.Errorf("the copy renders %s\nwant %s", s, alone[12-needless])
	}
	inUse := fmt.Sprintf("khyber: %s is in use by process %d: stop that one, or name another --data\n", data, daemon.Process.Pid)
	for _, args := range [][]string{{"compact"}, {"serve", "--listen", "127.0.0.1:0"}} {
		if s := say(t, khyberCommand(ctx, file, data, args...)); s != (said{"", inUse, exitFailure}) {
			t.Errorf("khyber %s: %s\nwant %s", args[0], s, inUse)
		}
	}
}

// onSocket serves the control socket of a daemon until the test ends.
func onSocket(t *testing.T, d *daemon) *http.Client {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	g, ctx := errgroup.WithContext(ctx)
	d.control(ctx, g)
	// It reads when it is asked, not when it sees a change.
	f := follower{hash: func() uint64 { return 0 }, asked: d.reloads, reload: d.reload, look: func() {}}
	g.Go(func() error { return f.run(ctx) })
	t.Cleanup(func() {
		cancel()
		must(t, g.Wait())
	})
	client, ok := daemonClient(ctx, d.app.data)
	if !ok {
		t.Fatal("the socket does not answer")
	}
	return client
}

func socketDaemon(t *testing.T, text string, log io.Writer) *daemon {
	t.Helper()
	d := newDaemon(t, filepath.Join(t.TempDir(), "feeds.yaml"), text, log)
	d.app.data = filepath.Join(shortDir(t), "khyber.db")
	return d
}

func post(t *testing.T, client *http.Client, path string, body io.Reader) (status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, daemonURL+path, body)
	must(t, err)
	resp, err := client.Do(req)
	must(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp.StatusCode, string(b)
}

func TestReloadOverTheSocketSaysWhatCameOfIt(t *testing.T) {
	d := socketDaemon(t, smallFile, io.Discard)
	client := onSocket(t, d)
	same := "sources and topics are as they were\n"
	for _, c := range []struct {
		old, new string
		status   int
		want     string
	}{
		{"", "", 200, same},
		{"River Radio", "River Wave", 200, "1 source changed: river-radio\n"},
		{"url:", "ulr:", 422, d.app.config + `:3:5: source "hill-post" has no url; add url:`},
		{"River Radio", "River Wave", 200, same},
	} {
		write(t, d.app.config, strings.Replace(smallFile, c.old, c.new, 1))
		if status, text := post(t, client, "reload", nil); status != c.status || !strings.HasPrefix(text, c.want) {
			t.Errorf("%q for %q: %d %s\nwant %d %s", c.new, c.old, status, text, c.status, c.want)
		}
	}
}

func TestPollOverTheSocketSaysWhatCame(t *testing.T) {
	w := newWorld(t)
	d := socketDaemon(t, w.config(), io.Discard)
	client := onSocket(t, d)
	status, text := post(t, client, "poll?source=atom-wire&source=hari-dari", nil)
	if status != http.StatusOK || strings.Count(text, " ok: ") != 2 || strings.Count(text, "\n") != 2 {
		t.Errorf("poll: %d %s", status, text)
	}
	if _, text := post(t, client, "poll?source=nobody", nil); text != "khyber: no source \"nobody\" is polled: feeds.yaml does not have it, or has it disabled\n" {
		t.Errorf("an unknown source: %s", text)
	}
}

// TestAdminRoutesAreOnTheSocketOnly asks for each on the address of the pages.
func TestAdminRoutesAreOnTheSocketOnly(t *testing.T) {
	d := socketDaemon(t, smallFile, io.Discard)
	client := onSocket(t, d)
	routes := []string{"status", "reload", "poll", "run"}
	for _, route := range routes {
		for method, want := range map[string]int{http.MethodGet: http.StatusNotFound, http.MethodPost: http.StatusMethodNotAllowed} {
			w := httptest.NewRecorder()
			d.server.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, "http://127.0.0.1/-/"+route, strings.NewReader("{}")))
			if w.Code != want {
				t.Errorf("%s /-/%s on the network: %d, want %d", method, route, w.Code, want)
			}
		}
	}
	for body, want := range map[string]string{
		"{}":                                    `khyber: the daemon runs no ""` + "\n",
		`{"Command":"restore"}`:                 `khyber: the daemon runs no "restore"` + "\n",
		`{"Command":"why","Flags":{"Topic":7}}`: "khyber: read the flags of why: json: cannot unmarshal number into Go struct field whyCmd.Topic of type string\n",
	} {
		if status, text := post(t, client, "run", strings.NewReader(body)); status != http.StatusNotFound || text != want {
			t.Errorf("run %s: %d %s", body, status, text)
		}
	}
}

// TestSocketIsForItsOwnerAndReplacesAStaleOne looks at what lies beside the
// database.
func TestSocketIsForItsOwnerAndReplacesAStaleOne(t *testing.T) {
	data := filepath.Join(shortDir(t), "khyber.db")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: socketPath(data), Net: "unix"})
	must(t, err)
	stale.SetUnlinkOnClose(false)
	must(t, stale.Close())
	l, err := listenControl(t.Context(), data)
	must(t, err)
	info, err := os.Stat(socketPath(data))
	must(t, err)
	if got, want := info.Mode(), fs.ModeSocket|socketMode; got != want {
		t.Errorf("mode %s, want %s", got, want)
	}
	must(t, l.Close())
	if exists(socketPath(data)) {
		t.Error("the socket stays when it is closed")
	}

	write(t, socketPath(data), "notes of somebody")
	if _, err := listenControl(t.Context(), data); err == nil || err.Error() != socketPath(data)+" is something else" {
		t.Errorf("a file in its place: %v", err)
	}
	if text, err := os.ReadFile(socketPath(data)); err != nil || string(text) != "notes of somebody" {
		t.Errorf("the file is %q now, %v", text, err)
	}

	open := filepath.Join(shortDir(t), "open")
	must(t, os.Mkdir(open, 0o700))
	must(t, os.Chmod(open, 0o777))
	for path, want := range map[string]string{
		filepath.Join(open, "khyber.db"):                             "everybody may write in its folder",
		filepath.Join(shortDir(t), strings.Repeat("k", longestPath)): "its path has more than 107 bytes",
	} {
		if _, err := listenControl(t.Context(), path); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}

// TestDaemonRunsWithoutASocket gives it a path that is too long.
func TestDaemonRunsWithoutASocket(t *testing.T) {
	ctx := patient(t)
	dir := filepath.Join(shortDir(t), strings.Repeat("d", longestPath))
	must(t, os.Mkdir(dir, 0o700))
	file, data := filepath.Join(dir, "feeds.yaml"), filepath.Join(dir, "khyber.db")
	write(t, file, strings.NewReplacer("lang: en}", "lang: en, disabled: true}", "every: 30m", "disabled: true").Replace(smallFile))
	daemon := startServe(ctx, t, file, data)
	inUse := "khyber: " + data + " is in use by another process: stop that one, or name another --data\n"
	if s := say(t, khyberCommand(ctx, file, data, "verify")); s.err != inUse || s.code != exitFailure {
		t.Errorf("verify: %s", s)
	}
	want := said{"hill-post\nriver-radio\n", "khyber: no health is shown: " + strings.TrimPrefix(inUse, "khyber: "), 0}
	if s := say(t, khyberCommand(ctx, file, data, "sources")); s != want {
		t.Errorf("sources: %s\nwant %s", s, want)
	}
	daemon.stop(t)
	if said := daemon.stderr.String(); !strings.Contains(said, "no control socket: commands cannot use the database while it runs") {
		t.Errorf("nothing is said of the socket:\n%s", said)
	}
}

// TestCommandEndsWhenItsCallerGoes polls a source that never answers.
func TestCommandEndsWhenItsCallerGoes(t *testing.T) {
	asked := make(chan struct{})
	outlet := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	defer outlet.Close()
	d := socketDaemon(t, `sources: [{id: own, url: "`+outlet.URL+`", allow_private_network: true}]`+"\n", io.Discard)
	srv := httptest.NewServer(http.HandlerFunc(d.controlRun))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL, strings.NewReader(`{"Command":"poll","Flags":{}}`))
	must(t, err)
	if resp, err := srv.Client().Do(req); err == nil {
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err == nil {
			t.Error("a poll without an answer has ended by itself")
		}
	}
	srv.Close() // waits for the command
}

func TestFramesCarryStreamsAndTheExitCode(t *testing.T) {
	var wire, out, errs bytes.Buffer
	f := &frames{w: &wire}
	long := strings.Repeat("Torkham\n", 20000)
	fmt.Fprint(f.stream(frameOut), long)
	fmt.Fprint(f.stream(frameErr), "khyber: no\n")
	fmt.Fprint(f.stream(frameOut), "end\n")
	fmt.Fprint(f.stream(frameOut), "")
	_, err := f.stream(frameExit).Write([]byte{2})
	must(t, err)
	whole := wire.Bytes()
	code, err := unframe(bytes.NewReader(whole), &out, &errs)
	if err != nil || code != 2 || out.String() != long+"end\n" || errs.String() != "khyber: no\n" {
		t.Errorf("code %d, %v, %d bytes of %d, %q", code, err, out.Len(), len(long), errs.String())
	}
	for _, n := range []int{0, 3, 5, len(whole) - 1} {
		if _, err := unframe(bytes.NewReader(whole[:n]), io.Discard, io.Discard); err == nil {
			t.Errorf("an answer that was cut off after %d bytes counts as whole", n)
		}
	}
	for _, bad := range []string{"o\xff\xff\xff\xff", "o\x00\x00\x00\x00", "q\x00\x00\x00\x01a"} {
		if _, err := unframe(strings.NewReader(bad), io.Discard, io.Discard); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// TestSocketKnowsItsPeer asks who is at the other end: this process.
func TestSocketKnowsItsPeer(t *testing.T) {
	l, err := listenControl(t.Context(), filepath.Join(shortDir(t), "khyber.db"))
	must(t, err)
	defer l.Close()
	c, err := net.Dial("unix", l.Addr().String())
	must(t, err)
	defer c.Close()
	met, err := l.Accept()
	must(t, err)
	defer met.Close()
	if uid, known := peerUID(met); known && uid != os.Getuid() {
		t.Errorf("the peer has uid %d, want %d", uid, os.Getuid())
	}
	a, b := net.Pipe() // nobody can say whose that is
	defer a.Close()
	defer b.Close()
	if uid, known := peerUID(a); known && uid != -1 {
		t.Errorf("a stranger has uid %d", uid)
	}
}
