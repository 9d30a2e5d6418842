package store

import (
	"context"
	"fmt"
)

// HubRows returns the rows of the hub's subscribers by their keys.
func (s *Store) HubRows(ctx context.Context) (map[string][]byte, error) {
	rows, err := s.rows(ctx, TableHub)
	if err != nil {
		return nil, fmt.Errorf("read the hub's rows: %w", err)
	}
	return rows, nil
}

// PutHubRow keeps a row of the hub, or deletes it when it is nil.
func (s *Store) PutHubRow(ctx context.Context, key string, row []byte) error {
	if err := s.putRow(ctx, TableHub, key, row); err != nil {
		return fmt.Errorf("keep a row of the hub: %w", err)
	}
	return nil
}

// Subscriptions returns our subscriptions to the hubs of sources, by source.
func (s *Store) Subscriptions(ctx context.Context) (map[string][]byte, error) {
	rows, err := s.rows(ctx, TableSubscriptions)
	if err != nil {
		return nil, fmt.Errorf("read the subscriptions: %w", err)
	}
	return rows, nil
}

// PutSubscription keeps the subscription of a source, or deletes it when it is
// nil.
func (s *Store) PutSubscription(ctx context.Context, source string, row []byte) error {
	if err := s.putRow(ctx, TableSubscriptions, source, row); err != nil {
		return fmt.Errorf("keep the subscription of %s: %w", source, err)
	}
	return nil
}

func (s *Store) rows(ctx context.Context, table Table) (map[string][]byte, error) {
	rows := make(map[string][]byte)
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		keys, err := tx.Keys(table, "")
		if err != nil {
			return err
		}
		values, err := tx.Rows(table, keys)
		for i, v := range values {
			rows[keys[i]] = v
		}
		return err
	})
	return rows, err
}

func (s *Store) putRow(ctx context.Context, table Table, key string, row []byte) error {
	return s.engine.Write(ctx, func(tx Tx) error { return tx.PutRows(table, []Row{{key, row}}) })
}
