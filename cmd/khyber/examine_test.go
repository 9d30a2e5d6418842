package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"khyber/internal/store"
	"khyber/internal/store/storetest"
)

// left is an engine whose file was not closed.
type left struct{ store.Engine }

// Sizes say so.
func (left) Sizes(context.Context) (store.Sizes, error) { return store.Sizes{Crashed: true}, nil }

// TestALookForDamageHoldsNobodyUp: what it finds is said, and a daemon that is
// stopped meanwhile waits for it three seconds at the most.
func TestALookForDamageHoldsNobodyUp(t *testing.T) {
	for name, c := range map[string]struct {
		takes     time.Duration
		finds     error
		stop      time.Duration // when the daemon is stopped; 0: afterwards
		waits     time.Duration
		said      string
		examining bool // it goes on: the file is not closed
	}{
		"nothing is wrong":           {takes: time.Minute, waits: time.Minute, said: `level=INFO msg="no damage"`},
		"something is wrong":         {takes: time.Minute, finds: fmt.Errorf("page 7: %w", store.ErrDamaged), waits: time.Minute, said: "level=ERROR msg=damaged"},
		"stopped in a short look":    {takes: time.Minute, stop: 58 * time.Second, waits: time.Minute},
		"stopped in an endless look": {takes: time.Hour, stop: 10 * time.Second, waits: 10*time.Second + lastLook, examining: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				st, err := store.New(left{storetest.Memory()}, store.Options{Now: time.Now, Next: storetest.Next})
				must(t, err)
				d := &daemon{parts: &parts{app: &app{data: "khyber.db", now: time.Now}, store: st, log: slog.New(slog.NewTextHandler(&log, nil))}}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.stop > 0 {
					time.AfterFunc(c.stop, cancel)
				}
				began := time.Now()
				err = d.examine(ctx, func(context.Context) error { time.Sleep(c.takes); return c.finds })
				if waited := time.Since(began); err != nil || waited != c.waits {
					t.Errorf("it ended after %s with %v, want %s", waited, err, c.waits)
				}
				if got := d.examining.Load(); got != c.examining {
					t.Errorf("examining: %t, want %t", got, c.examining)
				}
				if !strings.Contains(log.String(), `msg="opened after a crash"`) || !strings.Contains(log.String(), c.said) {
					t.Errorf("the log does not say %s:\n%s", c.said, &log)
				}
				time.Sleep(2 * time.Hour) // the bubble ends when the look does
			})
		})
	}
}
