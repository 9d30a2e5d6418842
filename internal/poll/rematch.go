package poll

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// rematchBatch is how many items are matched anew at a time: enough to be
// quick, and few enough that polls come in between.
const rematchBatch = 250

// Archive is what a changed topic is applied to.
type Archive interface {
	// Rematch brings at most n items to the rules, whose hashes are given by topic.
	// It fails with ErrStaleConfig, ErrFull or ErrReadOnly.
	Rematch(ctx context.Context, generation uint64, rules map[string]uint64, match func(*news.Item) []news.Match, n int) (store.Rematched, error)
}

// Rules are the topics of one state of feeds.yaml; *topic.Set is one.
type Rules interface {
	Matcher
	// Topics returns all of them.
	Topics() []news.Topic
	// Hash says how a topic judges: the same number means that it judges every
	// item the same.
	Hash(topicID string) uint64
}

// Rematch applies topics to the archive when they have changed (P6). Where it
// stands is kept in the archive, so that it goes on after a restart.
type Rematch struct {
	archive Archive
	log     *slog.Logger
	clock   func() time.Time
	now     atomic.Pointer[rulesOf]
	applied chan struct{} // has a value after Apply

	mu      sync.Mutex
	changed []Reapplied // the newest first
}

// Reapplied is what a changed topic changed in the archive, so far.
type Reapplied struct {
	Topic string
	At    time.Time // when it began
	Done  bool
	store.Change
}

// maxReapplied is how many changes of topics are remembered for a page.
const maxReapplied = 20

// Reapplied returns the last changes of topics since the start, the newest
// first.
func (r *Rematch) Reapplied() []Reapplied {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.changed)
}

// note remembers how far the topics of a run have come.
func (r *Rematch) note(at time.Time, changes map[string]store.Change, done bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changed = slices.DeleteFunc(r.changed, func(c Reapplied) bool {
		_, again := changes[c.Topic]
		return again && c.At.Equal(at)
	})
	var run []Reapplied
	for _, id := range slices.Sorted(maps.Keys(changes)) {
		run = append(run, Reapplied{id, at, done, changes[id]})
	}
	r.changed = slices.Concat(run, r.changed)
	r.changed = r.changed[:min(len(r.changed), maxReapplied)]
}

// rulesOf are the topics of a generation.
type rulesOf struct {
	Rules
	generation uint64
}

// NewRematch returns a Rematch that has nothing to do before Apply.
func NewRematch(a Archive, log *slog.Logger, now func() time.Time) *Rematch {
	return &Rematch{archive: a, log: log, clock: now, applied: make(chan struct{}, 1)}
}

// Apply puts other topics in place of the present ones. The generation is that
// which the store counts.
func (r *Rematch) Apply(rules Rules, generation uint64) {
	r.now.Store(&rulesOf{rules, generation})
	select {
	case r.applied <- struct{}{}:
	default:
	}
}

// Run matches the archive anew after each Apply until ctx ends, and returns nil
// then. It returns an error when the archive fails in a way that only a restart
// can judge.
func (r *Rematch) Run(ctx context.Context) error {
	again := time.NewTimer(probeEvery)
	again.Stop()
	told := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.applied:
		case <-again.C:
		}
		err := r.All(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, store.ErrStaleConfig): // the Apply that follows begins again
		case errors.Is(err, store.ErrFull), errors.Is(err, store.ErrReadOnly):
			if !told {
				r.log.Warn("cannot write", "err", err)
			}
			told = true
			again.Reset(probeEvery)
		case err != nil:
			return err
		default:
			told = false
		}
	}
}

// All matches what is not yet matched with the topics of now, and returns when
// that is done.
func (r *Rematch) All(ctx context.Context) error {
	rules := r.now.Load()
	if rules == nil {
		return nil
	}
	hashes := make(map[string]uint64)
	for _, t := range rules.Topics() {
		hashes[t.ID] = rules.Hash(t.ID)
	}
	begin, looked := r.clock(), 0
	changes := make(map[string]store.Change)
	for more := true; more; {
		done, err := r.archive.Rematch(ctx, rules.generation, hashes, rules.Match, rematchBatch)
		if err != nil {
			return fmt.Errorf("apply changed topics to the archive: %w", err)
		}
		looked, more = looked+done.Looked, done.More
		for _, id := range done.Topics {
			c := changes[id]
			c.Add(done.Changes[id])
			changes[id] = c
		}
		if looked > 0 {
			r.note(begin, changes, !more)
		}
	}
	if looked == 0 {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(changes)) {
		c := changes[id]
		r.log.Info("rematched", "topic", id, "known", looked,
			"changes", fmt.Sprintf("+%d −%d items, +%d −%d in 7 days", c.Joined, c.Left, c.WeekJoined, c.WeekLeft), "dur", r.clock().Sub(begin))
	}
	return nil
}
