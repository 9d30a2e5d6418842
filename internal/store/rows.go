package store

import (
	"context"
	"fmt"
)

// HubRows returns the rows of the hub's subscribers by their keys.
func (s *Store) HubRows(ctx context.Context) (map[string][]byte, error) {
	rows := make(map[string][]byte)
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		keys, err := tx.Keys(TableHub, "")
		if err != nil {
			return err
		}
		values, err := tx.Rows(TableHub, keys)
		for i, v := range values {
			rows[keys[i]] = v
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the hub's rows: %w", err)
	}
	return rows, nil
}

// PutHubRow keeps a row of the hub, or deletes it when it is nil.
func (s *Store) PutHubRow(ctx context.Context, key string, row []byte) error {
	err := s.engine.Write(ctx, func(tx Tx) error { return tx.PutRows(TableHub, []Row{{key, row}}) })
	if err != nil {
		return fmt.Errorf("keep a row of the hub: %w", err)
	}
	return nil
}
