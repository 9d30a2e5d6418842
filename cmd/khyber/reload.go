package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"khyber/internal/news"
	"khyber/internal/store"
)

const (
	lookEvery = 10 * time.Second       // where the file system tells nothing: network drives, bind mounts
	settle    = 500 * time.Millisecond // files that are the same so much later are not being written
)

// reloaded is what came of a reload.
type reloaded struct {
	changes  []string
	problems []news.Problem
	refused  bool  // the file is not in force
	err      error // the store did not take it
}

// reload puts in force what the file says now. A file with mistakes changes
// nothing but the page that shows them (P8).
func (d *daemon) reload(ctx context.Context) reloaded {
	defer d.reloading()()
	cfg, problems := d.app.load()
	if cfg == nil {
		d.server.Refuse(problems) // before the log: whoever reads there may look at once
		for _, p := range problems {
			d.log.Error("config refused", "file", p.File, "problems", p.String())
		}
		d.noteFile(ctx, problems)
		return reloaded{problems: problems, refused: true}
	}
	if err := d.apply(ctx, cfg, problems, false); err != nil {
		return reloaded{problems: problems, err: err}
	}
	d.noteFile(ctx, nil)
	d.log.Info("reloaded", "file", d.app.config, "changes", strings.Join(d.changes, "; "))
	return reloaded{problems: problems, changes: d.changes}
}

// noteFile has the targets of notices told why the file is refused, or that it
// is in force again. What cannot be noted stands in the log all the same.
func (d *daemon) noteFile(ctx context.Context, problems []news.Problem) {
	var wrong []string
	for _, p := range problems {
		if !p.Warning {
			wrong = append(wrong, p.String())
		}
	}
	d.note(ctx, store.OfFile, wrong)
}

func (d *daemon) note(ctx context.Context, of string, wrong []string) {
	if err := d.store.Note(ctx, of, wrong); err != nil && ctx.Err() == nil {
		d.log.Error("cannot write", "err", err)
	}
}

// followFiles reloads at each SIGHUP, and when the text of a file is another
// one. What the file system tells of the folders only wakes: editors rename,
// mounts swap a symbolic link, network drives tell nothing. The text decides.
func (d *daemon) followFiles(ctx context.Context, hup <-chan os.Signal) error {
	f := follower{hash: d.files.Hash, seen: d.seen, hup: hup, asked: d.reloads, reload: d.reload, log: d.log.Warn, look: func() {}}
	if w, err := fsnotify.NewWatcher(); err != nil {
		d.log.Warn("files are looked at every 10 s only", "err", err)
	} else {
		defer func() { _ = w.Close() }() // it holds nothing that could be lost
		f.events, f.errors = w.Events, w.Errors
		f.look = func() { d.watchFolders(w) }
	}
	return f.run(ctx)
}

// watchFolders asks for events of the folders of the files in force, also where
// they are links. A folder that is watched already, or is not there, costs
// nothing.
func (d *daemon) watchFolders(w *fsnotify.Watcher) {
	paths := []string{d.app.config}
	for _, f := range d.config.Load().Revision.Files {
		paths = append(paths, f.Path)
	}
	for _, path := range paths {
		_ = w.Add(filepath.Dir(path)) // what is not there is looked for every 10 s
		if real, err := filepath.EvalSymlinks(path); err == nil {
			_ = w.Add(filepath.Dir(real))
		}
	}
}

// follower decides when files are read again.
type follower struct {
	hash   func() uint64 // of the files as they are now
	seen   uint64        // when they were last read
	hup    <-chan os.Signal
	asked  <-chan chan reloaded // gets what came of it
	events <-chan fsnotify.Event
	errors <-chan error // of the watcher, such as events that were lost
	look   func()       // before each look without an event
	reload func(context.Context) reloaded
	log    func(message string, args ...any)
}

// run returns an error when a reload fails in a way that only a restart can
// judge.
func (f *follower) run(ctx context.Context) error {
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	f.look()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-f.hup:
			f.seen = f.hash()
			_, err = f.read(ctx)
		case answer := <-f.asked:
			f.seen = f.hash()
			var done reloaded
			done, err = f.read(ctx)
			answer <- done
		case <-every.C:
			f.look()
			err = f.compare(ctx)
		case <-f.errors:
			err = f.compare(ctx)
		case <-f.events:
			err = f.compare(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// compare reads the files if they have changed, once nobody writes them.
func (f *follower) compare(ctx context.Context) error {
	for now := f.hash(); now != f.seen; {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(settle):
		}
		before := now
		if now = f.hash(); now == before {
			f.seen = now
			_, err := f.read(ctx)
			return err
		}
	}
	return nil
}

// read reloads. Where the disk is full the files count as not read, so that the
// next look tries again.
func (f *follower) read(ctx context.Context) (reloaded, error) {
	done := f.reload(ctx)
	switch {
	case ctx.Err() != nil:
		return done, nil
	case errors.Is(done.err, store.ErrFull):
		f.log("cannot write", "err", done.err)
		f.seen = 0
		return done, nil
	case errors.Is(done.err, store.ErrDamaged): // a restart mends nothing
		f.log("cannot write", "err", done.err)
		return done, nil
	}
	f.look()
	return done, done.err
}
