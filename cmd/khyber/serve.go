package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"

	"khyber/internal/config"
	"khyber/internal/news"
	"khyber/internal/server"
	"khyber/internal/store"
)

// Limits of the HTTP server: a reader on a slow line is served, a connection
// that says nothing is not kept.
const (
	headerTimeout  = 5 * time.Second
	readTimeout    = 10 * time.Second
	writeTimeout   = 60 * time.Second
	idleTimeout    = 60 * time.Second
	maxHeaderBytes = 16 << 10
	maxConnections = 1024            // open at a time on an address: the others wait
	stopTimeout    = 5 * time.Second // for requests in flight when the daemon stops
)

// heartbeat is how old the poller's last turn may be: four ticks.
const heartbeat = 60 * time.Second

type serveCmd struct {
	Listen  string `default:"127.0.0.1:8080" placeholder:"ADDR" help:"Where to serve (KHYBER_LISTEN)."`
	Metrics string `placeholder:"ADDR" help:"Serve /metrics there, and only there (KHYBER_METRICS)."`
	Keep    span   `default:"400d" help:"How long items are kept (KHYBER_KEEP)."`
	MaxDB   size   `name:"max-db" default:"8GiB" help:"The database never grows above it (KHYBER_MAX_DB)."`
}

// Run serves until ctx ends. What is stored is served before the first poll.
func (c serveCmd) Run(ctx context.Context, a *app) (err error) {
	files := config.NewWatch(a.config, a.configOptions())
	seen := files.Hash() // before they are read: what changes meanwhile is read again
	cfg, problems, st, err := a.start(ctx, int64(c.MaxDB))
	if err != nil {
		return err
	}
	d := &daemon{files: files, seen: seen, began: a.now(), metricsAt: c.Metrics, reloads: make(chan chan reloaded)}
	defer func() {
		if !d.examining.Load() { // see examine
			err = errors.Join(err, st.Close())
		}
	}()
	listener, err := listen(ctx, "--listen", c.Listen)
	if err != nil {
		return err
	}
	log := a.logger(cfg.Secrets, slog.LevelInfo)
	d.parts = a.build(log, st, cfg, "http://"+listener.Addr().String(), server.Options{
		Health: d.health, Ready: d.ready, MetricsElsewhere: c.Metrics != "",
	})
	if cfg, err = d.begin(ctx, cfg, problems); err != nil {
		return errors.Join(err, listener.Close())
	}
	d.noteFile(ctx, problems)
	fmt.Fprintf(a.stdout, "khyber reads %s for %s: open %s/\n", count(active(cfg.Sources), "source"), count(len(cfg.Set.Topics()), "topic"), d.base)
	d.pages, d.polls = d.server, d.poller.Run
	return d.run(ctx, listener, c)
}

// start reads the file and opens the store. Where the file has mistakes, the
// last good one of the store serves in its place (P8).
func (a *app) start(ctx context.Context, maxSize int64) (*config.Config, []news.Problem, *store.Store, error) {
	cfg, problems := a.load()
	if cfg == nil && !exists(a.data) {
		return nil, nil, nil, a.refused(problems)
	}
	var secrets []string
	if cfg != nil {
		secrets = cfg.Secrets
	}
	st, err := a.openStore(ctx, a.logger(secrets, slog.LevelInfo), maxSize)
	if err != nil || cfg != nil {
		return cfg, problems, st, err
	}
	cfg, applied := a.lastGood(ctx, st)
	if cfg == nil {
		return nil, nil, nil, errors.Join(a.refused(problems), st.Close())
	}
	for _, p := range problems {
		fmt.Fprintln(a.stderr, p)
	}
	fmt.Fprintf(a.stderr, "khyber: %s has mistakes, so the last good one of %s is used: it is read again when it has changed\n", a.config, applied.Format(time.DateTime))
	return cfg, problems, st, nil
}

// lastGood returns what the store has of the last good file, and when it was
// applied; nil where there is none that can still be read.
func (a *app) lastGood(ctx context.Context, st *store.Store) (*config.Config, time.Time) {
	last, err := st.LastConfig(ctx)
	if err != nil {
		return nil, time.Time{}
	}
	cfg, _ := config.LoadFiles(last.Files, a.configOptions())
	return cfg, last.Applied
}

// begin puts the file in force, and returns what is. One that has changed cannot
// be kept where there is no room for it: then the last good one serves, and the
// file is looked at again (P8).
func (d *daemon) begin(ctx context.Context, cfg *config.Config, problems []news.Problem) (*config.Config, error) {
	err := d.apply(ctx, cfg, problems, invalid(problems))
	if !errors.Is(err, store.ErrFull) {
		return cfg, err
	}
	last, _ := d.app.lastGood(ctx, d.store)
	if last == nil {
		return nil, err
	}
	d.log.Error("cannot write", "file", d.app.config, "err", err)
	d.seen = 0
	return last, d.apply(ctx, last, problems, true)
}

// invalid says whether one of the problems is no warning.
func invalid(problems []news.Problem) bool {
	return slices.ContainsFunc(problems, func(p news.Problem) bool { return !p.Warning })
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// listen opens the address that a flag says.
func listen(ctx context.Context, flag, addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w: %s names another address", addr, err, flag)
	}
	return netutil.LimitListener(l, maxConnections), nil
}

// daemon is serve while it runs.
type daemon struct {
	*parts
	pages     http.Handler
	polls     func(context.Context) error // until its context ends
	began     time.Time
	metricsAt string // where /metrics is served alone; empty: nowhere
	stopping  atomic.Bool
	broken    atomic.Bool // the database takes no more writes
	examining atomic.Bool // it is read from end to end
	files     *config.Watch
	seen      uint64             // hash of the files when they were last read
	reloads   chan chan reloaded // who wants the files read now, and waits for what comes of it
}

// run polls and serves until ctx ends, and waits for all that it started.
func (d *daemon) run(ctx context.Context, listener net.Listener, c serveCmd) error {
	d.limitMemory(os.ReadFile)
	var metrics net.Listener // before anybody is told that we run: its address may be in use
	if c.Metrics != "" {
		var err error
		if metrics, err = listen(ctx, "--metrics", c.Metrics); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	d.log.Info("started", "version", d.app.version(), "file", d.app.config, "engine", d.app.data)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		<-ctx.Done()
		d.log.Info("stopping")
		d.stopping.Store(true)
		d.tell(sd.SdNotifyStopping)
		return nil
	})
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP) // before anybody knows that we run: it would end us
	defer signal.Stop(hup)
	d.serve(ctx, g, listener, d.pages)
	d.control(ctx, g)
	if metrics != nil {
		d.serve(ctx, g, metrics, d.server.Metrics())
	}
	d.tellReady()
	d.log.Info("ready", "dur", d.app.now().Sub(d.began))
	d.beat = d.alive(ctx)
	g.Go(func() error { return d.watch(ctx) })
	g.Go(func() error { return d.examine(ctx, d.store.Verify) })
	g.Go(func() error { return d.unlessBroken(ctx, d.polls(ctx)) })
	g.Go(func() error { return d.rematch.Run(ctx) })
	g.Go(func() error { return d.unlessBroken(ctx, d.followFiles(ctx, hup)) })
	for range server.HubWorkers {
		g.Go(func() error { return d.server.Hub().Run(ctx) })
	}
	g.Go(func() error { return d.server.Notifier().Run(ctx) })
	g.Go(func() error {
		return d.server.Upstream().Run(ctx, func(source string) {
			g.Go(func() error { d.pollNow(ctx, source); return nil })
		})
	})
	g.Go(func() error { d.expire(ctx, time.Duration(c.Keep)); return nil })
	g.Go(func() error { d.reconcile(ctx); return nil })
	err := g.Wait()
	d.log.Info("stopped", "dur", d.app.now().Sub(d.began).Round(time.Second))
	return err
}

// pollNow has a source polled that a hub has told of.
func (d *daemon) pollNow(ctx context.Context, source string) {
	if err := d.poller.PollAll(ctx, []string{source}, func(news.Poll) {}); err != nil && ctx.Err() == nil {
		d.log.Debug("push not heeded", "source", source, "err", err)
	}
}

// serve runs an HTTP server on the listener until ctx ends.
func (d *daemon) serve(ctx context.Context, g *errgroup.Group, l net.Listener, h http.Handler) {
	d.serveOn(ctx, g, l, &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes, ConnState: d.server.ObserveConnection, ErrorLog: slog.NewLogLogger(d.log.Handler(), slog.LevelDebug),
	})
}

func (d *daemon) serveOn(ctx context.Context, g *errgroup.Group, l net.Listener, srv *http.Server) {
	g.Go(func() error {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve on %s: %w", l.Addr(), err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if srv.Shutdown(ctx) != nil { // somebody reads slowly: not for ever
			return srv.Close()
		}
		return nil
	})
}

// ready says why no requests should come.
func (d *daemon) ready() error {
	if d.stopping.Load() {
		return errors.New("it is stopping")
	}
	return nil
}
