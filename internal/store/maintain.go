package store

import (
	"context"
	"fmt"
	"io"
)

// Backup writes a snapshot that the engine can open to w. Commits go on
// meanwhile.
func (s *Store) Backup(ctx context.Context, w io.Writer) error {
	if err := s.engine.Backup(ctx, w); err != nil {
		return fmt.Errorf("back up the database: %w", err)
	}
	return nil
}
