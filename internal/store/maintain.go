package store

import (
	"context"
	"fmt"
	"io"
)

// Backup writes a snapshot that the engine can open to w. Commits go on
// meanwhile. When it was made is in Status.
func (s *Store) Backup(ctx context.Context, w io.Writer) error {
	if err := s.engine.Backup(ctx, w); err != nil {
		return fmt.Errorf("back up the database: %w", err)
	}
	if err := s.did(ctx, factBackup); err != nil { // it is made all the same
		s.opt.Log.Warn("cannot note that a backup was made", "err", err)
	}
	return nil
}
