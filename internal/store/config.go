package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"khyber/internal/news"
)

// ApplyConfig makes c the configuration that polls are committed with, and
// returns its generation. It keeps the files as they are written and the
// topics, never the sources: their addresses may bear secrets. A c with the
// hash of the last one keeps that one's generation, and is applied also where
// nothing can be written: a full disk does not keep a service from starting.
//
// A source under a new ID with the address of one that is gone takes over its
// state and its items (P3). A topic takes over the marks of a topic named in its
// Formerly. What is removed keeps its data.
func (s *Store) ApplyConfig(ctx context.Context, c news.Config) (uint64, error) {
	s.applying.Lock()
	defer s.applying.Unlock()
	if c.Applied.IsZero() {
		c.Applied = s.opt.Now()
	}
	err := s.engine.Write(ctx, func(tx Tx) error {
		last, err := tx.Config()
		if err != nil {
			return err
		}
		c.Generation = last.Generation
		if c.Hash != last.Hash || last.Generation == 0 {
			c.Generation = last.Generation + 1
			kept := c
			kept.Sources = nil
			if err := tx.PutConfig(kept); err != nil {
				return err
			}
		}
		if err := applySources(tx, c); err != nil {
			return err
		}
		return applyTopics(tx, c)
	})
	if err != nil {
		if c.Generation, err = s.unwritten(ctx, c, err); err != nil {
			return 0, fmt.Errorf("store the configuration: %w", err)
		}
	}
	s.opt.Crash("config.stored")
	if err := s.Use(ctx, c); err != nil {
		return 0, err
	}
	return c.Generation, nil
}

// Use reads with a configuration without keeping it: a topic that was never
// applied is not found.
func (s *Store) Use(ctx context.Context, c news.Config) error {
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		v, err := s.load(tx, c)
		if err == nil {
			s.view.Store(v)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("read with the configuration: %w", err)
	}
	return nil
}

// unwritten returns the generation of c when it is the one that is stored, else
// the error that kept it from being written.
func (s *Store) unwritten(ctx context.Context, c news.Config, cause error) (uint64, error) {
	if !errors.Is(cause, ErrFull) && !errors.Is(cause, ErrReadOnly) {
		return 0, cause
	}
	last, err := s.LastConfig(ctx)
	if err != nil || last.Hash != c.Hash {
		return 0, cause
	}
	return last.Generation, nil
}

// LastConfig returns the configuration of the highest generation, without its
// sources; ErrNotFound when there is none.
func (s *Store) LastConfig(ctx context.Context) (news.Config, error) {
	var c news.Config
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		var err error
		c, err = tx.Config()
		return err
	})
	if err != nil {
		return c, fmt.Errorf("read the last configuration: %w", err)
	}
	if c.Generation == 0 {
		return c, fmt.Errorf("last configuration: %w", ErrNotFound)
	}
	return c, nil
}

// applySources writes the records of sources that are new, changed or gone.
func applySources(tx Tx, c news.Config) error {
	records, err := tx.Sources(nil)
	if err != nil {
		return err
	}
	byID := make(map[string]Source, len(records))
	for _, r := range records {
		byID[r.State.Source] = r
	}
	named := make(map[string]bool, len(c.Sources))
	for i := range c.Sources {
		named[c.Sources[i].ID] = true
	}
	var put []Source
	var gone []string
	for i := range c.Sources {
		src := &c.Sources[i]
		rec, known := byID[src.ID]
		if !known {
			rec = newSource(src.ID)
			if j := slices.IndexFunc(records, func(r Source) bool { return !named[r.State.Source] && r.State.URL == address(src) }); j >= 0 {
				rec = records[j]
				gone = append(gone, rec.State.Source)
				rec.State.Source = src.ID
				named[gone[len(gone)-1]] = true // one heir only
			}
		}
		if next := applySource(rec, src, c.Applied); !known || next.differs(&rec) {
			put = append(put, next)
		}
	}
	for _, r := range records {
		if !named[r.State.Source] && r.Active {
			r.Active = false
			put = append(put, r)
		}
	}
	if err := tx.DeleteSources(gone); err != nil {
		return err
	}
	return tx.PutSources(put)
}

func newSource(id string) Source {
	return Source{State: news.SourceState{Source: id, State: news.StateNew}, Origin: id}
}

// differs says whether a reload changed the record.
func (r *Source) differs(old *Source) bool {
	return r.Active != old.Active || r.Timing != old.Timing || !r.State.Next.Equal(old.State.Next) || r.State.State != old.State.State
}

// applySource brings a record up to what the file says. When it is polled next
// moves only with its timing keys or its address.
func applySource(rec Source, src *news.Source, now time.Time) Source {
	st := &rec.State
	timing := timingHash(&src.Timing)
	every := src.Timing.Every
	if every == 0 {
		every = src.Timing.MinEvery
	}
	switch {
	case st.LastPoll.IsZero():
	case st.URL != address(src):
		st.Next, st.Why = latest(now, st.Hold), "new address"
	case rec.Timing != timing:
		st.Next, st.Why = latest(now, st.Hold, st.LastPoll.Add(every)), "new timing"
	}
	rec.Timing = timing
	rec.Active = !src.Disabled
	switch {
	case src.Disabled && st.State != news.StateDisabled:
		st.State, st.Since = news.StateDisabled, now
	case !src.Disabled && st.State == news.StateDisabled && st.LastOK.IsZero():
		st.State, st.Since = news.StateNew, now
	case !src.Disabled && st.State == news.StateDisabled:
		st.State, st.Since = news.StateOK, now
	}
	return rec
}

// address returns what a database may hold of a source's address: a hash of one
// that bears a secret.
func address(src *news.Source) string {
	if u := src.PublicURL(); u != "" {
		return u
	}
	h := sha256.Sum256([]byte(src.URL))
	return "sha256:" + hex.EncodeToString(h[:8])
}

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

func timingHash(t *news.Timing) uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, t.Schedule, "|", t.Location, "|", t.Every, "|", t.MinEvery, "|", t.MaxEvery, "|", t.IgnoreHints)
	return h.Sum64()
}

// applyTopics writes the topics that are new, changed, renamed or gone.
func applyTopics(tx Tx, c news.Config) error {
	topics, err := tx.Topics()
	if err != nil {
		return err
	}
	left := make(map[string]*Topic, len(topics))
	for i := range topics {
		left[topics[i].Topic.ID] = &topics[i]
	}
	var put []Topic
	for _, def := range c.Topics {
		t := heir(left, def, c.Topics)
		if t == nil {
			put = append(put, Topic{Topic: def, Origin: def.ID, Revision: 1, Changed: seconds(c.Applied), Since: seconds(c.Applied)})
			continue
		}
		delete(left, t.Topic.ID)
		if sameTopic(t.Topic, def) && !t.Removed {
			continue
		}
		if t.Removed {
			t.Rules = 0 // no poll was matched with it meanwhile
		}
		t.Topic, t.Removed = def, false
		t.Revision++
		t.Changed = later(t.Changed, c.Applied)
		put = append(put, *t)
	}
	for i := range topics {
		if t := left[topics[i].Topic.ID]; t != nil && !t.Removed {
			t.Removed = true
			t.Revision++
			put = append(put, *t)
		}
	}
	return tx.PutTopics(put)
}

// heir returns the stored topic that def goes on with: the one of its ID, else
// one of its earlier IDs that no other topic uses now.
func heir(left map[string]*Topic, def news.Topic, defs []news.Topic) *Topic {
	if t := left[def.ID]; t != nil {
		return t
	}
	for _, id := range def.Formerly {
		used := slices.ContainsFunc(defs, func(d news.Topic) bool { return d.ID == id })
		if t := left[id]; t != nil && !used {
			return t
		}
	}
	return nil
}

func sameTopic(a, b news.Topic) bool {
	return a.ID == b.ID && a.Title == b.Title && a.Description == b.Description && a.ShowWhy == b.ShowWhy &&
		slices.Equal(a.Formerly, b.Formerly)
}
