package storetest

import (
	"bytes"
	"slices"
	"strings"

	"khyber/internal/store"
)

// rowKey is the place of a row.
type rowKey struct {
	table store.Table
	key   string
}

func (t *transaction) Keys(table store.Table, prefix string) ([]string, error) {
	var keys []string
	for k := range t.rows {
		if k.table == table && strings.HasPrefix(k.key, prefix) {
			keys = append(keys, k.key)
		}
	}
	slices.Sort(keys)
	return keys, nil
}

func (t *transaction) Rows(table store.Table, keys []string) ([][]byte, error) {
	out := make([][]byte, len(keys))
	for i, k := range keys {
		out[i] = bytes.Clone(t.rows[rowKey{table, k}])
	}
	return out, nil
}

func (t *transaction) PutRows(table store.Table, rows []store.Row) error {
	for _, r := range rows {
		if r.Value == nil {
			unset(t, t.rows, rowKey{table, r.Key})
			continue
		}
		set(t, t.rows, rowKey{table, r.Key}, bytes.Clone(r.Value))
	}
	return nil
}

// hubRows keeps subscribers over a restart, and forgets those that are gone.
func hubRows(w *World) {
	ctx := w.t.Context()
	put := func(key string, row []byte) {
		w.t.Helper()
		if err := w.Store.PutHubRow(ctx, key, row); err != nil {
			w.t.Fatal(err)
		}
	}
	put("b", []byte("second"))
	put("a\nwith a line", []byte("first"))
	put("c", []byte("third"))
	put("c", nil)
	put("b", []byte("second, changed"))
	put("never there", nil)
	w.Restart()
	got, err := w.Store.HubRows(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	same(w, "rows", got, map[string][]byte{"a\nwith a line": []byte("first"), "b": []byte("second, changed")})
}

// subscriptions are kept apart from the rows of the hub, over a restart.
func subscriptions(w *World) {
	ctx := w.t.Context()
	for _, row := range []store.Row{{Key: "herald", Value: []byte("first")}, {Key: "gone", Value: []byte("second")}, {Key: "gone"}} {
		if err := w.Store.PutSubscription(ctx, row.Key, row.Value); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := w.Store.PutHubRow(ctx, "herald", []byte("another table's")); err != nil {
		w.t.Fatal(err)
	}
	w.Restart()
	got, err := w.Store.Subscriptions(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	same(w, "subscriptions", got, map[string][]byte{"herald": []byte("first")})
}
