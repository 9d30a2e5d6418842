package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"khyber/internal/news"
)

// Options are what a Store needs besides its Engine.
type Options struct {
	Now func() time.Time
	// Next gives the state that a poll leads to, all but Validators and
	// BodyHash. It is pure; it may run more than once for a poll.
	Next func(news.SourceState, news.Poll) news.SourceState
	Log  *slog.Logger
	// Crash is told where a Commit stands, for tests that kill the process; nil
	// outside of them.
	Crash func(point string)
}

// Store keeps what the sources published. See the package comment.
type Store struct {
	engine Engine
	opt    Options

	applying sync.Mutex // ApplyConfig, one at a time
	expiring sync.Mutex // Expire, and what it knows
	expiry   expiry
	view     atomic.Pointer[view]

	unaccounted, conflicts, compared, capped atomic.Int64 // since the start, for Status
	counts                                   counts

	mu        sync.RWMutex
	revisions map[string]uint64 // by topic ID
}

// view is what is in memory of the configuration. It never changes but for its
// memory; ApplyConfig puts another in its place.
type view struct {
	generation uint64
	sources    map[string]*news.Source
	current    map[string]string // origin of a source that was renamed → its ID
	topics     map[string]topicName
	memory     *memory
}

// topicName is where a topic is found by any ID that it ever had.
type topicName struct{ id, origin string }

// New returns a Store over the engine. Before the first ApplyConfig it reads
// only.
func New(e Engine, o Options) (*Store, error) {
	if o.Now == nil || o.Next == nil {
		return nil, errors.New("a store needs a clock and the function that says when a source is polled next")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Crash == nil {
		o.Crash = func(string) {}
	}
	return &Store{engine: e, opt: o, revisions: make(map[string]uint64), counts: newCounts()}, nil
}

// known returns the view; before the first ApplyConfig one without sources.
func (s *Store) known(tx ReadTx) (*view, error) {
	if v := s.view.Load(); v != nil {
		return v, nil
	}
	return s.load(tx, news.Config{})
}

// load makes the view from the stored topics and sources and from c.
func (s *Store) load(tx ReadTx, c news.Config) (*view, error) {
	topics, err := tx.Topics()
	if err != nil {
		return nil, err
	}
	sources, err := tx.Sources(nil)
	if err != nil {
		return nil, err
	}
	v := &view{
		generation: c.Generation,
		sources:    make(map[string]*news.Source, len(c.Sources)),
		current:    make(map[string]string),
		topics:     make(map[string]topicName),
		memory:     newMemory(),
	}
	for i := range c.Sources {
		v.sources[c.Sources[i].ID] = &c.Sources[i]
	}
	for i := range sources {
		if id := sources[i].State.Source; id != sources[i].Origin {
			v.current[sources[i].Origin] = id
		}
	}
	for _, t := range topics {
		for _, id := range append(t.Topic.Formerly, t.Origin) {
			v.topics[id] = topicName{t.Topic.ID, t.Origin}
		}
	}
	for _, t := range topics { // an ID in use wins over an earlier one
		v.topics[t.Topic.ID] = topicName{t.Topic.ID, t.Origin}
	}
	s.moved(topics)
	return v, nil
}

// Revision returns a number that moves when what a topic shows has changed; 0
// for an unknown topic. It reads no storage.
func (s *Store) Revision(topic string) uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.revisions[topic]
}

// moved raises the revisions of topics in memory. Commits may come here in
// another order than they were written.
func (s *Store) moved(topics []Topic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range topics {
		t := &topics[i]
		s.revisions[t.Topic.ID] = max(s.revisions[t.Topic.ID], t.Revision)
	}
}

// Claim gives a worker at most n sources that are due before now + ahead, those
// that wait longest first. Another worker gets them after ttl; 0: never.
func (s *Store) Claim(ctx context.Context, worker string, ahead time.Duration, n int, ttl time.Duration) ([]news.Claim, error) {
	claims, err := s.engine.Claim(ctx, worker, s.opt.Now(), ahead, n, ttl)
	if err != nil {
		return nil, fmt.Errorf("claim sources: %w", err)
	}
	return claims, nil
}

// Flush makes durable the states of polls that brought nothing.
func (s *Store) Flush(ctx context.Context) error {
	if err := s.engine.Flush(ctx); err != nil {
		return fmt.Errorf("write the states that wait: %w", err)
	}
	return nil
}

// Close ends the Store and its engine. What was not flushed is lost.
func (s *Store) Close() error {
	if err := s.engine.Close(); err != nil {
		return fmt.Errorf("close the database: %w", err)
	}
	return nil
}
