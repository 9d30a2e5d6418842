package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"khyber/internal/store"
)

// lastLook is how long a daemon that cannot write goes on serving what it has
// rendered, so that whoever watches it can see why it ends.
const lastLook = 3 * time.Second

// watch ends the daemon when its database could not be synced: what the disk has
// kept shows only after a restart, which is the supervisor's work.
func (d *daemon) watch(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-d.app.broken:
		d.broken.Store(true)
		d.log.Error("commit failed", "err", err)
		d.stopping.Store(true) // no new requests, if somebody can help it
		select {
		case <-ctx.Done():
		case <-time.After(lastLook):
		}
		return fmt.Errorf("the database cannot be written: %w: start again, it is checked then", err)
	}
}

// unlessBroken is the end of what cannot go on without writing: of a database
// that broke watch tells, in its own time.
func (d *daemon) unlessBroken(ctx context.Context, err error) error {
	if errors.Is(err, store.ErrReadOnly) {
		<-ctx.Done()
		return nil
	}
	return err
}

// examine looks for damage in a database that was not closed. What is damaged is
// served as it is, and takes no more writes.
func (d *daemon) examine(ctx context.Context, verify func(context.Context) error) error {
	status, err := d.store.Status(ctx)
	if ctx.Err() != nil || err == nil && !status.Crashed {
		return nil
	}
	if err != nil {
		return err
	}
	d.log.Warn("opened after a crash", "file", d.app.data, "known", status.Items)
	began := d.app.now()
	d.examining.Store(true)
	verified := make(chan error, 1)
	go func() { verified <- verify(ctx) }()
	select {
	case err = <-verified:
	case <-ctx.Done():
		// The pages of a large file are looked at in one go, for minutes on a slow
		// disk, and nobody may have to wait for that: serveCmd does not close the
		// file then, and the next start looks again.
		select {
		case <-verified:
			d.examining.Store(false)
		case <-time.After(lastLook):
		}
		return nil
	}
	d.examining.Store(false)
	if err != nil {
		d.log.Error("damaged", "file", d.app.data, "err", err)
		return nil
	}
	d.log.Info("no damage", "file", d.app.data, "known", status.Items, "dur", d.app.now().Sub(began))
	return nil
}

// health says why a restart would help: the database cannot be written, or the
// poller has stopped turning. It does not for a full disk, sources that fail or a
// bad file, which a restart does not mend.
func (d *daemon) health() error {
	if d.broken.Load() {
		return errors.New("the database cannot be written: restart it")
	}
	if beat := d.poller.Status().Beat; !beat.IsZero() && d.app.now().Sub(beat) > heartbeat {
		return fmt.Errorf("no poll was started since %s: restart it", beat.UTC().Format(time.DateTime))
	}
	return nil
}
