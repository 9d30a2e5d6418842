package main

import (
	"context"
	"time"

	"khyber/internal/store"
)

const (
	expireEvery = time.Hour
	expireBatch = 500            // items a transaction: polls come in between
	clockSlack  = 24 * time.Hour // a clock that is off by more would empty the archive
)

// expire deletes what is older than keep, every hour until ctx ends. A failure
// is logged and tried again: serving and polling do not depend on it.
func (d *daemon) expire(ctx context.Context, keep time.Duration) {
	tick := time.NewTicker(expireEvery)
	defer tick.Stop()
	shrunk := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if off := d.poller.Status().Offset; off.Abs() > clockSlack {
			d.log.Warn("clock is off", "dur", off)
			continue
		}
		for more := true; more && ctx.Err() == nil; {
			done, err := d.store.Expire(ctx, keep, expireBatch)
			if err != nil {
				d.log.Error("cannot write", "err", err)
				break
			}
			more = done.More
			if done.Shrunk && !shrunk {
				d.log.Warn("the disk or the database is nearly full: items older than 30 days go", "known", done.Items)
				d.note(ctx, store.OfRoom, []string{store.OfRoom})
			}
			if shrunk && !done.Shrunk {
				d.note(ctx, store.OfRoom, nil)
			}
			shrunk = done.Shrunk
		}
	}
}
