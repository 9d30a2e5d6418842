package bolt

import (
	"encoding/binary"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

// TestPropPackedIsAMap: whatever is put, replaced, removed and swept, a packed
// bucket holds what a map would, in the order of the keys.
func TestPropPackedIsAMap(t *testing.T) {
	e, err := Open(filepath.Join(t.TempDir(), "khyber.db"), Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	rapid.Check(t, func(rt *rapid.T) {
		want := make(map[string]uint64)
		bits := rapid.SampledFrom([]int{4, 8, 12}).Draw(rt, "bits") // few keys: many meet; many keys: rows are cut
		key := rapid.Map(rapid.Uint64Range(0, 1<<bits-1), func(n uint64) []byte {
			return binary.BigEndian.AppendUint64(nil, n*0x9e3779b97f4a7c15) // the last bytes differ too
		})
		undo := errors.New("undo")
		err := e.db.Update(func(b *bbolt.Tx) error {
			p := (&tx{Tx: b, engine: e}).seqs()
			for range rapid.IntRange(1, 300).Draw(rt, "steps") {
				k := key.Draw(rt, "key")
				if rapid.IntRange(0, 3).Draw(rt, "step") == 0 {
					delete(want, string(k))
					if err := p.remove(k); err != nil {
						rt.Fatal(err)
					}
				} else {
					n := uint64(rapid.Uint32Min(1).Draw(rt, "number"))
					want[string(k)] = n
					if err := p.put(k, n); err != nil {
						rt.Fatal(err)
					}
				}
			}
			samePacked(rt, p, want)
			removed := 0
			for cursor, more := "", true; more; more = cursor != "" {
				var n int
				var err error
				if cursor, n, err = p.sweep(cursor, 40, func(v []byte) (bool, error) { return number(v)%2 == 0, nil }); err != nil {
					rt.Fatal(err)
				}
				removed += n
			}
			before := len(want)
			maps.DeleteFunc(want, func(_ string, n uint64) bool { return n%2 == 0 })
			if removed != before-len(want) {
				rt.Errorf("swept %d, want %d", removed, before-len(want))
			}
			samePacked(rt, p, want)
			return undo
		})
		if !errors.Is(err, undo) {
			rt.Fatal(err)
		}
	})
}

// samePacked compares what a packed bucket holds with a map.
func samePacked(t *rapid.T, p packed, want map[string]uint64) {
	keys := slices.Sorted(maps.Keys(want))
	var all, got []uint64
	for _, k := range keys {
		all = append(all, want[k])
		if n, err := p.get([]byte(k)); err != nil || n != want[k] {
			t.Fatalf("%x is %d (%v), want %d", k, n, err, want[k])
		}
	}
	if err := p.each(nil, func(_, v []byte) error { got = append(got, number(v)); return nil }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, all) {
		t.Fatalf("in order\n got %v\nwant %v", got, all)
	}
	for first := range 256 {
		var got, under []uint64
		for _, k := range keys {
			if k[0] == byte(first) {
				under = append(under, want[k])
			}
		}
		if err := p.each([]byte{byte(first)}, func(_, v []byte) error { got = append(got, number(v)); return nil }); err != nil || !slices.Equal(got, under) {
			t.Fatalf("below %02x (%v)\n got %v\nwant %v", first, err, got, under)
		}
	}
}
