package fetch

import (
	"context"
	"errors"
	"sync"
)

// maxSpace is how many bytes the bodies of a Client may hold together, from
// their first byte until they are freed. One body at a time may go beyond it, so
// that bodies which fill it and all want more cannot block each other for ever:
// the bound is maxSpace and the largest max_bytes.
const maxSpace = 32 << 20

// errNoSpace says that a poll ended while its body waited for space.
var errNoSpace = errors.New("no space for the body")

// space is shared by the bodies of a Client. The zero value is empty.
type space struct {
	mu      sync.Mutex
	used    int
	beyond  *lease // that may take more than there is
	waiting []*wish
}

// wish is a lease that waits for n bytes more.
type wish struct {
	lease   *lease
	n       int
	granted chan struct{}
}

// lease is the space of one body.
type lease struct {
	space *space
	held  int
}

// grow makes the lease n bytes large. It waits for its turn until ctx ends.
func (l *lease) grow(ctx context.Context, n int) error {
	if n <= l.held {
		return nil
	}
	s := l.space
	s.mu.Lock()
	w := &wish{lease: l, n: n - l.held, granted: make(chan struct{})}
	s.waiting = append(s.waiting, w)
	s.grant()
	s.mu.Unlock()
	select {
	case <-w.granted:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.waiting {
		if s.waiting[i] == w {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			s.grant() // those behind it may want less
			return errNoSpace
		}
	}
	return nil // granted at the same time
}

// free gives all of it back. Freeing twice is once.
func (l *lease) free() {
	if l == nil {
		return
	}
	s := l.space
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used -= l.held
	l.held = 0
	if s.beyond == l {
		s.beyond = nil
	}
	s.grant()
}

// grant fulfils wishes in their order. It needs the lock.
func (s *space) grant() {
	kept := s.waiting[:0]
	blocked := false // those behind one that waits wait too, or it would wait for ever
	for _, w := range s.waiting {
		if s.used+w.n > maxSpace && s.beyond == nil {
			s.beyond = w.lease
		}
		if s.beyond != w.lease && (blocked || s.used+w.n > maxSpace) {
			blocked = true
			kept = append(kept, w)
			continue
		}
		s.used += w.n
		w.lease.held += w.n
		close(w.granted)
	}
	clear(s.waiting[len(kept):])
	s.waiting = kept
}
