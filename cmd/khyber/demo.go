package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"khyber/internal/config"
	"khyber/internal/news"
	"khyber/internal/server"
)

// What the demo shows: a day of invented outlets, and the feeds.yaml that reads
// them, in which OUTLETS stands for their address.
var (
	//go:embed demo/day.json
	demoDay []byte
	//go:embed demo/feeds.yaml
	demoFile string
)

const (
	demoTurn  = 500 * time.Millisecond // between two looks at who is due: 72 s of a day of ten minutes
	demoBegin = 6 * time.Hour          // the day begins at six in the morning
	demoMaxDB = 256 << 20              // bytes
)

type demoCmd struct {
	Listen string `default:"127.0.0.1:8080" placeholder:"ADDR" help:"Where to serve (KHYBER_LISTEN)."`
	Day    span   `default:"10m" placeholder:"SPAN" help:"How long a day takes."`
}

// Run shows the whole program on an invented day: sources, database and file are
// its own, in a folder that goes with it.
func (c demoCmd) Run(ctx context.Context, a *app) (err error) {
	folder, err := os.MkdirTemp("", "khyber-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	pages, err := listen(ctx, "--listen", c.Listen)
	if err != nil {
		return err
	}
	outlets, err := listen(ctx, "--listen", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, pages.Close())
	}
	clock := &fastClock{real: a.now, rate: float64(24*time.Hour) / float64(c.Day)}
	d, err := newDemo(ctx, a, clock, folder, pages, outlets)
	if err != nil {
		return errors.Join(err, pages.Close(), outlets.Close())
	}
	defer func() { err = errors.Join(err, d.store.Close()) }()
	g, ctx := errgroup.WithContext(ctx)
	d.serve(ctx, g, outlets, d.outlets)
	g.Go(func() error {
		if err := d.past(ctx); err != nil {
			return errors.Join(err, pages.Close())
		}
		clock.run()
		fmt.Fprintf(a.stdout, "A day of invented news passes in %s: open %s%s\nIts feeds.yaml and database are in %s, which goes when the demo ends: Ctrl-C.\n",
			time.Duration(c.Day), d.base, tourPath, folder)
		return d.run(ctx, pages, serveCmd{Keep: span(400 * 24 * time.Hour)})
	})
	return g.Wait()
}

// fastClock shows the time of the demo. Until it runs it stands.
type fastClock struct {
	real func() time.Time
	rate float64

	mu    sync.Mutex
	shown time.Time
	since time.Time // by the real clock; zero: it stands
}

func (c *fastClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		return c.shown
	}
	return c.shown.Add(time.Duration(c.rate * float64(c.real().Sub(c.since))))
}

func (c *fastClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shown = t
}

func (c *fastClock) run() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since = c.real()
}

// demo is a daemon whose sources are invented and whose clock is fast.
type demo struct {
	*daemon
	clock   *fastClock
	day     *dayScript
	outlets *outlets
}

// newDemo writes the file and opens the database. The clock stands at the first
// day of the outlets' past.
func newDemo(ctx context.Context, a *app, clock *fastClock, folder string, pages, listener net.Listener) (d *demo, err error) {
	var script dayScript
	if err := json.Unmarshal(demoDay, &script); err != nil {
		return nil, fmt.Errorf("read the day of the demo: %w", err)
	}
	midnight := a.now().UTC().Truncate(24 * time.Hour)
	if err := script.plan(midnight); err != nil {
		return nil, fmt.Errorf("plan the day of the demo: %w", err)
	}
	clock.set(script.past[0])
	own := &app{
		config: filepath.Join(folder, "feeds.yaml"), data: filepath.Join(folder, "khyber.db"), getenv: a.getenv,
		stdin: a.stdin, stdout: a.stdout, stderr: a.stderr, now: clock.now, random: a.random, egress: a.egress,
	}
	base := "http://" + listener.Addr().String()
	const private fs.FileMode = 0o600
	if err := os.WriteFile(own.config, []byte(strings.ReplaceAll(demoFile, "OUTLETS", base)), private); err != nil {
		return nil, err
	}
	files := config.NewWatch(own.config, own.configOptions())
	seen := files.Hash()
	cfg, problems := own.load()
	if cfg == nil {
		return nil, own.refused(problems)
	}
	st, err := own.openStore(ctx, slog.New(slog.DiscardHandler), demoMaxDB)
	if err != nil {
		return nil, err
	}
	d = &demo{
		daemon: &daemon{files: files, seen: seen, began: clock.now(), reloads: make(chan chan reloaded)},
		clock:  clock, day: &script, outlets: &outlets{day: &script, base: base, now: clock.now},
	}
	log := own.logger(nil, slog.LevelError) // that a source fails is part of the show
	d.parts = own.build(log, st, cfg, "http://"+pages.Addr().String(), server.Options{Health: d.health, Ready: d.ready})
	d.pages, d.polls = d.tour(), d.turns
	if err := d.apply(ctx, cfg, problems, false); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return d, nil
}

// past polls what the outlets had before the day begins: a topic is compared with
// what is usual, so there must be something usual.
func (d *demo) past(ctx context.Context) error {
	for _, at := range d.day.past {
		d.clock.set(at)
		if err := d.turn(ctx); err != nil {
			return err
		}
	}
	d.clock.set(d.day.midnight.Add(demoBegin))
	return nil
}

// turns polls who is due until ctx ends. The poller's own clock is that of the
// machine, which is slower.
func (d *demo) turns(ctx context.Context) error {
	tick := time.NewTicker(demoTurn)
	defer tick.Stop()
	for {
		if err := d.turn(ctx); err != nil && ctx.Err() == nil {
			d.log.Error("commit failed", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// turn polls the sources that are due.
func (d *demo) turn(ctx context.Context) error {
	states, err := d.store.Sources(ctx)
	if err != nil {
		return err
	}
	next := make(map[string]time.Time)
	for _, s := range states {
		next[s.Source] = s.Next
	}
	var due []string
	for _, src := range d.config.Load().Sources {
		if !src.Disabled && !next[src.ID].After(d.clock.now()) {
			due = append(due, src.ID)
		}
	}
	if len(due) == 0 {
		return nil
	}
	return d.poller.PollAll(ctx, due, func(news.Poll) {})
}

// lineOf returns the number of the line of the demo's file that holds a text, as
// it is now; 0: none does.
func (d *demo) lineOf(text string) int {
	file, err := os.ReadFile(d.app.config)
	at := bytes.Index(file, []byte(text))
	if err != nil || at < 0 {
		return 0
	}
	return 1 + bytes.Count(file[:at], []byte("\n"))
}
