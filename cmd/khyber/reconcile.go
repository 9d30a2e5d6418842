package main

import (
	"context"
	"time"
)

const (
	reconcileBatch = 100              // items a transaction: polls come in between
	reconcileAgain = 10 * time.Minute // after a failure, a full disk mostly
)

// reconcile relates the reports of the last days once more when this program
// has other rules for copies and stories than the one before. A failure is
// logged and tried again: serving and polling do not depend on it.
func (d *daemon) reconcile(ctx context.Context) {
	looked := 0
	for more := true; more && ctx.Err() == nil; {
		done, err := d.store.Reconcile(ctx, reconcileBatch)
		if err != nil && ctx.Err() == nil {
			d.log.Error("cannot write", "err", err)
			pause(ctx, reconcileAgain)
			continue
		}
		looked, more = looked+done.Looked, done.More
	}
	if looked > 0 && ctx.Err() == nil {
		d.log.Info("related once more", "known", looked)
	}
}

// pause returns after d, or when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
