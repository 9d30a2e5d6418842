package bolt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"khyber/internal/store"
)

const (
	// groupCalls is the number of writes that share one commit.
	groupCalls = 64
	// groupBytes ends a group early: dirty pages are memory.
	groupBytes = 8 << 20
	// rowBytes is what a row costs beside its own bytes: most stand at random
	// places, and the page of each lies in memory until the commit.
	rowBytes = 1 << 10
)

// group is the queue of those who want to write. The first one leads: it
// commits for all that have queued, then hands the lead to the next in line.
type group struct {
	mu      sync.Mutex
	queue   []*call
	leading bool
}

// call is one Write that waits.
type call struct {
	ctx  context.Context
	f    func(store.Tx) error
	err  error
	done bool
	wake chan struct{} // answered, or the lead is yours
}

// Write runs f in a transaction that it may share with others. A context that
// ends takes f out only before its turn.
func (e *Engine) Write(ctx context.Context, f func(store.Tx) error) error {
	c := &call{ctx: ctx, f: f, wake: make(chan struct{}, 1)}
	g := &e.group
	g.mu.Lock()
	g.queue = append(g.queue, c)
	lead := !g.leading
	g.leading = true
	g.mu.Unlock()
	if !lead {
		<-c.wake
		if c.done {
			return c.err
		}
	}
	for !c.done { // the lead comes to the first in the queue: once is enough
		e.lead()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.leading = len(g.queue) > 0; g.leading {
		g.queue[0].wake <- struct{}{}
	}
	return c.err
}

// lead commits for the head of the queue and wakes those that it answered.
func (e *Engine) lead() {
	e.wait()
	g := &e.group
	g.mu.Lock()
	calls := g.queue[:min(len(g.queue), groupCalls)]
	g.mu.Unlock()
	n := e.commit(calls)
	g.mu.Lock()
	g.queue = g.queue[n:]
	g.mu.Unlock()
	for i, c := range calls[:n] {
		c.done = true
		if i > 0 { // the first one leads
			c.wake <- struct{}{}
		}
	}
}

// errAgain ends a transaction in which one call failed after it had written.
var errAgain = errors.New("again without the call that failed")

// commit answers the first n calls with one commit, or more when a call fails
// after it wrote: that one is taken out, the others run again.
func (e *Engine) commit(calls []*call) (n int) {
	if err := cmp.Or(e.writable(), e.room()); err != nil {
		e.refused(err)
		for _, c := range calls {
			c.err = err
		}
		return len(calls)
	}
	failed := make(map[*call]bool, len(calls))
	began := e.time()
	for {
		var done *tx
		err := e.db.Update(func(b *bbolt.Tx) error {
			t := &tx{Tx: b, engine: e}
			done = t
			if err := errors.Join(t.mark(), t.settled()); err != nil {
				return err
			}
			return t.run(calls, failed, &n)
		})
		if err != nil {
			e.nearLog = nil // it has what was undone
		}
		if errors.Is(err, errAgain) {
			continue
		}
		if err != nil {
			err = e.broken(err)
		} else {
			e.wrote(done)
			e.measure(n, e.time().Sub(began))
		}
		for _, c := range calls[:n] {
			if !failed[c] {
				c.err = err
			}
		}
		return n
	}
}

// Bounds of the histograms of commits: an fsync takes 0.1 ms on one disk and 50
// ms on another.
var (
	secondsOfCommit = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}
	writesOfCommit  = []float64{1, 2, 4, 8, 16, 32, groupCalls}
)

// time is the time of now; zero where there is no clock.
func (e *Engine) time() time.Time {
	if e.now == nil {
		return time.Time{}
	}
	return e.now()
}

// measure counts a commit that many shared.
func (e *Engine) measure(writes int, took time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.commits.Seconds.Observe(took.Seconds())
	e.commits.Writes.Observe(float64(writes))
}

// run runs the calls that did not fail, until the group is large enough.
func (t *tx) run(calls []*call, failed map[*call]bool, n *int) error {
	*n = 0
	for _, c := range calls {
		if *n > 0 && t.bytes > groupBytes {
			break
		}
		*n++
		if failed[c] {
			continue
		}
		t.wrote = false
		if c.err = c.run(t); c.err != nil {
			failed[c] = true
			if t.wrote {
				return errAgain
			}
		}
	}
	return nil
}

// run calls f and turns a panic into its error.
func (c *call) run(t *tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			t.wrote = true
			err = fmt.Errorf("write: panic: %v", p)
		}
	}()
	if err := c.ctx.Err(); err != nil {
		return err
	}
	return c.f(t)
}

// settled writes the states that wait in the ledger.
func (t *tx) settled() error {
	for _, w := range t.engine.ledger.All() {
		if err := t.PutSources([]store.Source{w.Source}); err != nil {
			return err
		}
		if err := t.addPolls(w.Source.State.Source, w.Polls); err != nil {
			return err
		}
	}
	return nil
}

// writable returns why the engine takes no more writes.
func (e *Engine) writable() error {
	if e.read {
		return fmt.Errorf("%w: it was opened to read", store.ErrReadOnly)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fault != nil {
		return fmt.Errorf("%w: %w", store.ErrReadOnly, e.fault)
	}
	return nil
}

// wrote takes over what a commit made durable.
func (e *Engine) wrote(t *tx) {
	e.ledger.Put(t.put)
	e.ledger.Delete(t.gone)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.marked, e.full = true, nil
}

// refused keeps in mind why there was no room, until a write finds some.
func (e *Engine) refused(err error) {
	if errors.Is(err, store.ErrFull) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.full = err
	}
}

// broken sorts an error of bbolt's. A full disk passes; after any other one the
// kernel may have dropped the pages, so that a retry that succeeds would lie:
// only a restart tells what is on the disk.
func (e *Engine) broken(err error) error {
	if full(err) {
		err = fmt.Errorf("%w: %w", store.ErrFull, err)
		e.refused(err)
		return err
	}
	e.stop(err)
	e.tell(err)
	return fmt.Errorf("%w: %w", store.ErrReadOnly, err)
}

// stop ends the writes.
func (e *Engine) stop(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fault = err
}
