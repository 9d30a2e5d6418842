package store

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"khyber/internal/news"
)

// Ledger is for engines that serve one process: what is due, who holds it, and
// the polls that brought nothing and wait for the next write. It lives in
// memory; a crash costs the claims and at most one poll of a source.
type Ledger struct {
	mu      sync.Mutex
	sources map[string]*line
	waiting map[string]Settled
}

// line is what the Ledger knows of a source.
type line struct {
	active bool
	next   time.Time
	fence  uint64
	held   bool
	until  time.Time // of the claim; zero: no end
}

// Settled is a poll that waits to be written, with the state that it led to.
// Polls are earliest first.
type Settled struct {
	Source Source
	Polls  []news.Poll
}

// NewLedger returns a Ledger of all sources.
func NewLedger(sources []Source) *Ledger {
	l := &Ledger{sources: make(map[string]*line), waiting: make(map[string]Settled)}
	l.Put(sources)
	return l
}

// Put takes over what was written of sources. It ends their claims. What was
// settled after it was written goes on waiting.
func (l *Ledger) Put(sources []Source) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range sources {
		s := &sources[i].State
		if w, ok := l.waiting[s.Source]; ok && w.Source.State.Fence > s.Fence {
			later := min(len(w.Polls), int(w.Source.State.Fence-s.Fence)) // each settled poll raised it by one
			w.Polls = w.Polls[len(w.Polls)-later:]
			l.waiting[s.Source] = w
			continue
		}
		delete(l.waiting, s.Source)
		l.sources[s.Source] = &line{active: sources[i].Active, next: s.Next, fence: s.Fence}
	}
}

// Delete forgets sources.
func (l *Ledger) Delete(ids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		delete(l.sources, id)
		delete(l.waiting, id)
	}
}

// Claim is the method of [Engine].
func (l *Ledger) Claim(now time.Time, ahead time.Duration, n int, ttl time.Duration) []news.Claim {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := now.Add(ahead)
	var due []news.Claim
	for id, s := range l.sources {
		if !s.active || !s.next.Before(before) || s.held && (s.until.IsZero() || s.until.After(now)) {
			continue
		}
		due = append(due, news.Claim{Source: id, Due: s.next, Fence: s.fence})
	}
	slices.SortFunc(due, func(a, b news.Claim) int {
		return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Source, b.Source))
	})
	due = due[:min(n, len(due))]
	for i := range due {
		s := l.sources[due[i].Source]
		s.held, s.until = true, time.Time{}
		if ttl > 0 {
			s.until = now.Add(ttl)
		}
		due[i].Until = s.until
	}
	return due
}

// Settle is the method of [Engine].
func (l *Ledger) Settle(s Source, p news.Poll) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := s.State.Source
	at := l.sources[id]
	if at == nil || at.fence+1 != s.State.Fence {
		return fmt.Errorf("source %s: %w", id, ErrFenced)
	}
	l.sources[id] = &line{active: s.Active, next: s.State.Next, fence: s.State.Fence}
	l.waiting[id] = Settled{Source: s, Polls: append(l.waiting[id].Polls, p)}
	return nil
}

// Waiting returns what waits of a source.
func (l *Ledger) Waiting(id string) (Settled, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, ok := l.waiting[id]
	return s, ok
}

// All returns everything that waits, by source.
func (l *Ledger) All() []Settled {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]Settled, 0, len(l.waiting))
	for _, s := range l.waiting {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b Settled) int { return cmp.Compare(a.Source.State.Source, b.Source.State.Source) })
	return all
}
