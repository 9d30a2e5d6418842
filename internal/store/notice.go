package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"khyber/internal/news"
)

// keptNotices is how long an episode is told of after its end: a reader that
// was away for a season has missed more than that.
const keptNotices = 90 * 24 * time.Hour

// Notice is an episode: a source in a state that is not what it should be, or a
// topic with many more stories than usual, from its beginning to its end.
type Notice struct {
	Source string // ID when it began; empty: it is of a topic
	State  news.State
	Kind   news.Kind // of the poll with which it began
	Since  time.Time
	Until  time.Time // zero: it goes on

	Topic   string  `json:",omitempty"` // ID, of StateSurge
	Stories int     `json:",omitempty"` // in 3 hours, when it began
	Usual   float64 `json:",omitempty"`
}

// troubled says whether a state is an episode to tell of.
func troubled(s news.State) bool {
	switch s {
	case news.StateFailing, news.StateGone, news.StateSilent, news.StateEmpty, news.StateUndated:
		return true
	case news.StateOK, news.StateNew, news.StateDisabled, news.StateLate:
	}
	return false
}

// noticeKey orders the notices of a source by their beginning.
func noticeKey(source string, since time.Time) string {
	return fmt.Sprintf("%s\n%016x", source, since.Unix())
}

// notice notes that a source came into another state: an episode ends, another
// one begins.
func notice(tx Tx, before, after news.SourceState, at time.Time) error {
	var rows []Row
	var events []Event
	put := func(n Notice) error {
		row, err := json.Marshal(n)
		if err != nil {
			return fmt.Errorf("note the state of %s: %w", n.Source, err)
		}
		rows = append(rows, Row{noticeKey(n.Source, n.Since), row})
		events = append(events, Event{At: seconds(at), Notice: &n})
		return nil
	}
	if troubled(before.State) {
		n := Notice{Source: before.Source, State: before.State, Kind: before.LastKind, Since: seconds(before.Since)}
		known, err := tx.Rows(TableNotices, []string{noticeKey(n.Source, n.Since)})
		if err != nil {
			return err
		}
		if known[0] != nil {
			if err := json.Unmarshal(known[0], &n); err != nil {
				return fmt.Errorf("read what was noted of %s: %w", n.Source, err)
			}
		}
		n.Until = seconds(at)
		if err := put(n); err != nil {
			return err
		}
	}
	if troubled(after.State) {
		if err := put(Notice{Source: after.Source, State: after.State, Kind: after.LastKind, Since: seconds(after.Since)}); err != nil {
			return err
		}
	}
	if err := noteEvents(tx, events...); err != nil {
		return err
	}
	return tx.PutRows(TableNotices, rows)
}

// Notices returns the episodes of trouble that go on or have ended in the last
// 90 days, by source and time.
func (s *Store) Notices(ctx context.Context) ([]Notice, error) {
	var notices []Notice
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		v, err := s.known(tx)
		if err != nil {
			return err
		}
		_, notices, err = readNotices(tx)
		for i := range notices {
			if n := &notices[i]; n.Topic != "" {
				n.Topic = v.topics[n.Topic].id
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the notices: %w", err)
	}
	return notices, nil
}

func readNotices(tx ReadTx) ([]string, []Notice, error) {
	keys, err := tx.Keys(TableNotices, "")
	if err != nil {
		return nil, nil, err
	}
	rows, err := tx.Rows(TableNotices, keys)
	if err != nil {
		return nil, nil, err
	}
	notices := make([]Notice, len(rows))
	for i, row := range rows {
		if err := json.Unmarshal(row, &notices[i]); err != nil {
			return nil, nil, fmt.Errorf("notice %q: %w", keys[i], err)
		}
	}
	return keys, notices, nil
}

// dropNotices deletes those that ended long ago.
func dropNotices(tx Tx, now time.Time) error {
	keys, notices, err := readNotices(tx)
	if err != nil {
		return err
	}
	var rows []Row
	for i, n := range notices {
		if !n.Until.IsZero() && now.Sub(n.Until) > keptNotices {
			rows = append(rows, Row{Key: keys[i]})
		}
	}
	if rows == nil {
		return nil
	}
	return tx.PutRows(TableNotices, rows)
}
