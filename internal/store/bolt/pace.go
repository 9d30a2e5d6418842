package bolt

import (
	"time"

	"go.etcd.io/bbolt"
)

// pace is the time between two commits while a long read is open: each of them
// leaves pages behind that the read still needs, and a free list that names them
// all, so that the file would grow with the square of their number.
const pace = time.Second

// long notes a read that goes through the whole file; what it returns ends it.
func (e *Engine) long(b *bbolt.Tx) func() {
	end := e.begun(b)
	e.mu.Lock()
	if e.longs++; e.longs == 1 {
		e.calm = make(chan struct{})
	}
	e.mu.Unlock()
	return func() {
		end()
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.longs--; e.longs == 0 {
			close(e.calm)
			e.calm = nil
		}
	}
}

// wait lets commits of a second gather to one while a long read is open.
func (e *Engine) wait() {
	e.mu.Lock()
	calm := e.calm
	e.mu.Unlock()
	if calm == nil {
		return
	}
	timer := time.NewTimer(pace)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-calm:
	}
}
