package store

import (
	"context"
	"errors"
	"fmt"
	"io"

	"khyber/internal/news"
)

// Backup writes a snapshot that the engine can open to w. Commits go on
// meanwhile.
func (s *Store) Backup(ctx context.Context, w io.Writer) error {
	if err := s.engine.Backup(ctx, w); err != nil {
		return fmt.Errorf("back up the database: %w", err)
	}
	return nil
}

// ErrDamaged is what Verify found. It comes wrapped, with one line for each
// thing that is wrong.
var ErrDamaged = errors.New("the database is damaged: restore a backup")

// maxFindings is how much damage is told.
const maxFindings = 20

// Verify looks for damage: in the engine's structures, and for entries without
// their item and marks that do not rise. It reads in short snapshots and may run
// beside commits. ErrDamaged.
func (s *Store) Verify(ctx context.Context) error {
	var found []error
	if err := s.engine.Check(ctx); err != nil {
		found = append(found, err)
	}
	var topics []Topic
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		var err error
		topics, err = tx.Topics()
		return err
	})
	if err != nil {
		return fmt.Errorf("verify: %w: %w", ErrDamaged, err)
	}
	for _, t := range topics {
		for below, more := news.Mark(0), true; more && len(found) < maxFindings; {
			err := s.engine.Read(ctx, func(tx ReadTx) error {
				wrong, next, err := verifyEntries(tx, &t, below)
				found = append(found, wrong...)
				below, more = next, next > 1
				return err
			})
			if err != nil {
				return fmt.Errorf("verify: %w: %w", ErrDamaged, err)
			}
		}
	}
	if len(found) > 0 {
		return fmt.Errorf("verify: %w: %w", ErrDamaged, errors.Join(found...))
	}
	return ctx.Err()
}

// verifyEntries checks a slice of a topic and returns the mark to go on below.
func verifyEntries(tx ReadTx, t *Topic, below news.Mark) ([]error, news.Mark, error) {
	joined, err := tx.Entries(t.Origin, below, maxScan)
	if err != nil || len(joined) == 0 {
		return nil, 0, err
	}
	ids := make([]news.ItemID, len(joined))
	for i := range joined {
		ids[i] = joined[i].Item
	}
	items, err := tx.Items(ids)
	if err != nil {
		return nil, 0, err
	}
	var wrong []error
	for i, j := range joined {
		if items[i].Item.ID == 0 {
			wrong = append(wrong, fmt.Errorf("topic %s: mark %d names item %s, which is missing", t.Topic.ID, j.Mark, j.Item))
		}
		if i > 0 && j.Mark >= joined[i-1].Mark {
			wrong = append(wrong, fmt.Errorf("topic %s: mark %d stands below mark %d", t.Topic.ID, j.Mark, joined[i-1].Mark))
		}
	}
	return wrong, joined[len(joined)-1].Mark, nil
}
