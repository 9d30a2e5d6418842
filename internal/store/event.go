package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// keptEvents is how many events are kept: a target that was away for so many
// has missed more than anybody would read.
const keptEvents = 1000

// Event is a thing to be told of once: a notice that begins or ends, or what is
// wrong with us. Events are numbered in the order in which they were
// committed, so that a cursor misses none.
type Event struct {
	Number uint64 `json:"-"`
	At     time.Time
	Notice *Notice  `json:",omitempty"` // as it was then; nil: it is of us
	Of     string   `json:",omitempty"` // OfFile …
	Wrong  []string `json:",omitempty"` // none: nothing is wrong any more
}

// What can be wrong with us.
const (
	OfFile  = "file"  // feeds.yaml is not in force
	OfLine  = "line"  // most sources cannot be reached
	OfClock = "clock" // it is off
	OfRoom  = "room"  // there is so little that less is kept than was asked for
	OfLate  = "late"  // sources are polled late
)

func eventKey(n uint64) string { return fmt.Sprintf("%016x", n) }

// lastEvent returns the number of the newest event; 0: there is none.
func lastEvent(tx ReadTx) (n uint64, keys []string, err error) {
	keys, err = tx.Keys(TableEvents, "")
	if err != nil || len(keys) == 0 {
		return 0, nil, err
	}
	n, err = strconv.ParseUint(keys[len(keys)-1], 16, 64)
	return n, keys, err
}

// noteEvents adds events to the log, in the transaction that causes them.
func noteEvents(tx Tx, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	n, keys, err := lastEvent(tx)
	if err != nil {
		return err
	}
	var rows []Row
	for i, e := range events {
		row, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("note an event: %w", err)
		}
		rows = append(rows, Row{eventKey(n + uint64(i) + 1), row})
	}
	for _, key := range keys[:max(0, len(keys)+len(rows)-keptEvents)] {
		rows = append(rows, Row{Key: key})
	}
	return tx.PutRows(TableEvents, rows)
}

// LastEvent returns the number of the newest event; 0: there is none.
func (s *Store) LastEvent(ctx context.Context) (n uint64, err error) {
	err = s.engine.Read(ctx, func(tx ReadTx) error {
		n, _, err = lastEvent(tx)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("read the events: %w", err)
	}
	return n, nil
}

// Events returns the events with a number above after, up to last, in their
// order. The last 1,000 are kept.
func (s *Store) Events(ctx context.Context, after, last uint64) ([]Event, error) {
	var events []Event
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		v, err := s.known(tx)
		if err != nil {
			return err
		}
		_, keys, err := lastEvent(tx)
		if err != nil {
			return err
		}
		events = nil
		for len(keys) > 0 && keys[0] <= eventKey(after) {
			keys = keys[1:]
		}
		for len(keys) > 0 && keys[len(keys)-1] > eventKey(last) {
			keys = keys[:len(keys)-1]
		}
		events, err = readEvents(tx, keys)
		for i := range events {
			if n := events[i].Notice; n != nil && n.Topic != "" {
				n.Topic = v.topics[n.Topic].id
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the events: %w", err)
	}
	return events, nil
}

func readEvents(tx ReadTx, keys []string) ([]Event, error) {
	rows, err := tx.Rows(TableEvents, keys)
	if err != nil {
		return nil, err
	}
	events := make([]Event, len(keys))
	for i, row := range rows {
		if err := json.Unmarshal(row, &events[i]); err != nil {
			return nil, fmt.Errorf("event %s: %w", keys[i], err)
		}
		if events[i].Number, err = strconv.ParseUint(keys[i], 16, 64); err != nil {
			return nil, fmt.Errorf("event %q: %w", keys[i], err)
		}
	}
	return events, nil
}

// Note notes what is wrong with us, or that nothing of it is any more. What was
// noted last is not noted again.
func (s *Store) Note(ctx context.Context, of string, wrong []string) error {
	err := s.engine.Write(ctx, func(tx Tx) error {
		_, keys, err := lastEvent(tx)
		if err != nil {
			return err
		}
		events, err := readEvents(tx, keys)
		if err != nil {
			return err
		}
		var before []string
		for _, e := range events {
			if e.Of == of {
				before = e.Wrong
			}
		}
		if slices.Equal(before, wrong) {
			return nil
		}
		return noteEvents(tx, Event{At: seconds(s.opt.Now()), Of: of, Wrong: wrong})
	})
	if err != nil {
		return fmt.Errorf("note what is wrong: %w", err)
	}
	return nil
}

// Targets returns how far events were told, by target.
func (s *Store) Targets(ctx context.Context) (map[string][]byte, error) {
	rows, err := s.rows(ctx, TableTargets)
	if err != nil {
		return nil, fmt.Errorf("read how far was told: %w", err)
	}
	return rows, nil
}

// PutTarget keeps how far events were told to a target, or deletes it when it is
// nil.
func (s *Store) PutTarget(ctx context.Context, target string, row []byte) error {
	if err := s.putRow(ctx, TableTargets, target, row); err != nil {
		return fmt.Errorf("keep how far was told: %w", err)
	}
	return nil
}
