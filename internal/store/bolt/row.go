package bolt

import (
	"bytes"

	"khyber/internal/store"
)

func rowKey(table store.Table, key string) []byte { return append([]byte{byte(table)}, key...) }

func (t *tx) Keys(table store.Table, prefix string) ([]string, error) {
	var keys []string
	start := rowKey(table, prefix)
	cur := t.Bucket(bRow).Cursor()
	for k, _ := cur.Seek(start); bytes.HasPrefix(k, start); k, _ = cur.Next() {
		keys = append(keys, string(k[1:]))
	}
	return keys, nil
}

func (t *tx) Rows(table store.Table, keys []string) ([][]byte, error) {
	out := make([][]byte, len(keys))
	for i, k := range keys {
		out[i] = bytes.Clone(t.Bucket(bRow).Get(rowKey(table, k)))
	}
	return out, nil
}

func (t *tx) PutRows(table store.Table, rows []store.Row) error {
	for _, r := range rows {
		var err error
		if r.Value == nil {
			err = t.unset(bRow, rowKey(table, r.Key))
		} else {
			err = t.set(bRow, rowKey(table, r.Key), r.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
