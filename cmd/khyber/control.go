package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"khyber/internal/config"
	"khyber/internal/news"
)

// The control socket lies beside the database and answers whoever runs the
// daemon, and root: nobody else. It carries HTTP:
//
//	GET  /-/status           which process has the database
//	POST /-/reload           read feeds.yaml now
//	POST /-/poll?source=ID   poll a source now, several or all
//	POST /-/run              run a command of khyber on the open database
//
// None of it is ever on an address of the network.
const (
	socketSuffix = ".sock"
	socketMode   = 0o600
	longestPath  = 107      // bytes of a socket's path: sun_path of unix(7) less its end
	maxErrand    = 16 << 20 // bytes of a request: feeds.yaml with all that it includes, and labels
)

// socketPath is where the daemon of a database listens.
func socketPath(data string) string { return data + socketSuffix }

// listenControl opens the socket. The caller holds the lock of the database, so
// that a socket which is there already belongs to a process that is gone.
func listenControl(ctx context.Context, data string) (net.Listener, error) {
	path := socketPath(data)
	if len(path) > longestPath {
		return nil, fmt.Errorf("its path has more than %d bytes", longestPath)
	}
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if mode := folder.Mode(); mode.Perm()&0o002 != 0 && mode&fs.ModeSticky == 0 {
		return nil, errors.New("everybody may write in its folder")
	}
	switch info, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case info.Mode().Type() != fs.ModeSocket:
		return nil, fmt.Errorf("%s is something else", path)
	default:
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, socketMode); err != nil { // who came before is judged by its uid
		return nil, errors.Join(err, l.Close())
	}
	return ownPeers{l}, nil
}

// ownPeers lets in only who runs the daemon, and root.
type ownPeers struct{ net.Listener }

// Accept returns the next connection of one of them.
func (l ownPeers) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if uid, known := peerUID(c); !known || uid == 0 || uid == os.Getuid() {
			return c, nil
		}
		_ = c.Close() // a stranger hears nothing
	}
}

// control serves the socket until ctx ends. Where there can be none, the daemon
// runs without: its database is then for it alone.
func (d *daemon) control(ctx context.Context, g *errgroup.Group) {
	l, err := listenControl(ctx, d.app.data)
	if err != nil {
		d.log.Warn("no control socket: commands cannot use the database while it runs", "file", socketPath(d.app.data), "err", err)
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /-/status", d.controlStatus)
	mux.HandleFunc("POST /-/reload", d.controlReload)
	mux.HandleFunc("POST /-/poll", d.controlPoll)
	mux.HandleFunc("POST /-/run", d.controlRun)
	d.serveOn(ctx, g, l, &http.Server{
		Handler: mux, ReadHeaderTimeout: headerTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:    slog.NewLogLogger(d.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx }, // what runs ends with the daemon
	})
}

// daemonStatus is what the socket says of the process behind it.
type daemonStatus struct {
	PID     int       `json:"pid"`
	Version string    `json:"version"`
	Started time.Time `json:"started"`
}

func (d *daemon) controlStatus(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(daemonStatus{os.Getpid(), d.app.version(), d.began.UTC()}) // who asked is gone
}

// controlReload reads the file and says in text what came of it: 200 with the
// changes, 422 with every Problem.
func (d *daemon) controlReload(w http.ResponseWriter, r *http.Request) {
	answer := make(chan reloaded, 1)
	select {
	case d.reloads <- answer:
	case <-r.Context().Done():
		return
	}
	var done reloaded
	select {
	case done = <-answer:
	case <-r.Context().Done():
		return
	}
	switch {
	case done.err != nil:
		http.Error(w, "khyber: "+done.err.Error(), http.StatusInternalServerError)
	case done.refused:
		http.Error(w, problemLines(done.problems), http.StatusUnprocessableEntity)
	default:
		_, _ = io.WriteString(w, strings.Join(done.changes, "\n")+"\n"+problemLines(done.problems)) // as above
	}
}

// problemLines writes Problems one a line.
func problemLines(problems []news.Problem) string {
	var b strings.Builder
	for _, p := range problems {
		b.WriteString(p.String() + "\n")
	}
	return b.String()
}

// controlPoll is `khyber poll` for who has a socket and no khyber.
func (d *daemon) controlPoll(w http.ResponseWriter, r *http.Request) {
	body := &flushing{w}
	a := d.visitor(&errand{daemon: d}, body, body)
	fail(body, pollCmd{Sources: r.URL.Query()["source"]}.Run(r.Context(), a))
}

// flushing sends each line at once.
type flushing struct{ http.ResponseWriter }

// Write is that of an [io.Writer].
func (f *flushing) Write(b []byte) (int, error) {
	n, err := f.ResponseWriter.Write(b)
	return n, errors.Join(err, http.NewResponseController(f.ResponseWriter).Flush())
}

// errand is a command on its way to the daemon.
type errand struct {
	Command string
	Flags   json.RawMessage
	Config  string      // name of the file, as it was given
	Folder  string      // where the command was called
	Files   []news.File // feeds.yaml and what it includes, as the caller has them; none: those of the daemon

	daemon *daemon // that runs it
}

// runner is a command that works on the database.
type runner interface {
	Run(ctx context.Context, a *app) error
}

// errands are the commands that a daemon runs for others, by their names.
var errands = map[string]runner{
	"backtest": backtestCmd{}, "backup": backupCmd{}, "check": checkCmd{}, "doctor": doctorCmd{}, "merge": mergeCmd{}, "near-misses": nearMissesCmd{},
	"poll": pollCmd{}, "publish": publishCmd{}, "render": renderCmd{}, "sources": sourcesCmd{}, "split": splitCmd{},
	"story": storyCmd{}, "verify": verifyCmd{}, "why": whyCmd{},
}

// nameOf returns the name under which a command is in errands.
func nameOf(c runner) string {
	for name, like := range errands {
		if reflect.TypeOf(like) == reflect.TypeOf(c) {
			return name
		}
	}
	return ""
}

// command returns the command of an errand with its flags.
func (e *errand) command() (runner, error) {
	like := errands[e.Command]
	if like == nil {
		return nil, fmt.Errorf("the daemon runs no %q", e.Command)
	}
	c := reflect.New(reflect.TypeOf(like))
	if err := json.Unmarshal(e.Flags, c.Interface()); err != nil {
		return nil, fmt.Errorf("read the flags of %s: %w", e.Command, err)
	}
	return c.Elem().Interface().(runner), nil
}

// visitor is the world of a command that runs inside the daemon.
func (d *daemon) visitor(e *errand, stdout, stderr io.Writer) *app {
	own := d.app
	return &app{
		config: e.Config, data: own.data, getenv: own.getenv, stdin: strings.NewReader(""), stdout: stdout, stderr: stderr,
		now: own.now, random: own.random, egress: own.egress, errand: e,
	}
}

// controlRun runs a command on the open database and sends what it prints, as it
// prints it, and its exit code. It ends when the caller has gone.
func (d *daemon) controlRun(w http.ResponseWriter, r *http.Request) {
	e := errand{daemon: d}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxErrand)).Decode(&e); err != nil {
		http.Error(w, "khyber: read the request: "+err.Error(), http.StatusBadRequest)
		return
	}
	c, err := e.command()
	if err != nil {
		http.Error(w, "khyber: "+err.Error(), http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	out := &frames{w: &flushing{w}}
	code := fail(out.stream(frameErr), c.Run(r.Context(), d.visitor(&e, out.stream(frameOut), out.stream(frameErr))))
	_, _ = out.stream(frameExit).Write([]byte{byte(code)}) // who asked is gone
}

// load returns what feeds.yaml says for a command that runs inside the daemon.
func (e *errand) load(opts config.Options) (*config.Config, []news.Problem) {
	if e.Files == nil {
		return e.daemon.config.Load(), nil
	}
	return config.LoadFiles(e.Files, opts)
}
