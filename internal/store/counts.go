package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"khyber/internal/news"
)

// Counts is what a Store has done since it was opened, for metrics.
type Counts struct {
	Matches map[string]Verdicts // of new items, by topic ID
	Copies  map[string]int      // new items that carry the text of another one, by rule
	Refused map[string]int      // commits that kept nothing, by cause: see causes
	Expired map[string]int      // items, stubs and keys that Expire deleted
}

// Verdicts counts the items that a topic took, and that one of its exclude rules
// dropped.
type Verdicts struct{ In, Excluded int }

// causes says why a commit kept nothing. A file that was reloaded meanwhile is
// no cause: the poll commits again.
var causes = []struct {
	err  error
	name string
}{{ErrFull, "full"}, {ErrReadOnly, "sync"}, {ErrFenced, "fenced"}}

// counts keeps Counts.
type counts struct {
	mu  sync.Mutex
	all Counts
}

func newCounts() counts {
	c := Counts{
		Matches: make(map[string]Verdicts), Copies: make(map[string]int), Expired: map[string]int{"items": 0, "stubs": 0, "keys": 0},
		Refused: map[string]int{"other": 0},
	}
	for _, cause := range causes {
		c.Refused[cause.name] = 0
	}
	return counts{all: c}
}

// kept counts what a commit has written.
func (c *counts) kept(done *commit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range done.fresh {
		for _, m := range done.fresh[i].Item.Matches {
			v := c.all.Matches[m.Topic]
			switch m.Verdict {
			case news.In:
				v.In++
			case news.Excluded:
				v.Excluded++
			case news.Out:
			}
			c.all.Matches[m.Topic] = v
		}
	}
	for rule, n := range done.copies {
		c.all.Copies[rule] += n
	}
}

// refused counts a commit that kept nothing.
func (c *counts) refused(err error) {
	if err == nil || errors.Is(err, ErrStaleConfig) || errors.Is(err, ErrNotFound) || errors.Is(err, context.Canceled) {
		return
	}
	name := "other"
	for _, cause := range slices.Backward(causes) {
		if errors.Is(err, cause.err) {
			name = cause.name
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all.Refused[name]++
}

func (c *counts) expired(x Expired) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all.Expired["items"] += x.Items
	c.all.Expired["stubs"] += x.Stubs
	c.all.Expired["keys"] += x.Keys
}

func (c *counts) copy() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Counts{maps.Clone(c.all.Matches), maps.Clone(c.all.Copies), maps.Clone(c.all.Refused), maps.Clone(c.all.Expired)}
}

// Histogram counts values by upper bounds, as Prometheus has it.
type Histogram struct {
	Count uint64
	Sum   float64
	Under map[float64]uint64 // values at most as large, by bound
}

// NewHistogram returns an empty Histogram with the bounds.
func NewHistogram(bounds ...float64) Histogram {
	h := Histogram{Under: make(map[float64]uint64, len(bounds))}
	for _, b := range bounds {
		h.Under[b] = 0
	}
	return h
}

// Observe counts a value.
func (h *Histogram) Observe(v float64) {
	h.Count++
	h.Sum += v
	for b := range h.Under {
		if v <= b {
			h.Under[b]++
		}
	}
}

// Copy returns a Histogram that does not change with h.
func (h *Histogram) Copy() Histogram {
	return Histogram{h.Count, h.Sum, maps.Clone(h.Under)}
}

// What was last done when, in TableFacts.
const (
	factBackup   = "backup"   // a copy was made
	factVerified = "verified" // a look for damage found none
)

// did notes that a thing was done now.
func (s *Store) did(ctx context.Context, fact string) error {
	return s.engine.Write(ctx, func(tx Tx) error {
		at := binary.BigEndian.AppendUint64(nil, uint64(s.opt.Now().Unix()))
		return tx.PutRows(TableFacts, []Row{{fact, at}})
	})
}

// whenDid returns when a thing was last done; zero: never.
func whenDid(tx ReadTx, fact string) (time.Time, error) {
	rows, err := tx.Rows(TableFacts, []string{fact})
	if err != nil || rows[0] == nil {
		return time.Time{}, err
	}
	if len(rows[0]) != 8 {
		return time.Time{}, fmt.Errorf("read the time of the last %s: %d bytes", fact, len(rows[0]))
	}
	return time.Unix(int64(binary.BigEndian.Uint64(rows[0])), 0).UTC(), nil
}
