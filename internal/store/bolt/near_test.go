package bolt

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"khyber/internal/news"
	"khyber/internal/store"
)

// nearModel is what a near index holds: under a key the items of each day.
type nearModel map[uint64]map[news.ItemID]time.Time

func (m nearModel) put(e store.Near) {
	if m[e.Key] == nil {
		m[e.Key] = make(map[news.ItemID]time.Time)
	}
	m[e.Key][e.ID] = e.At
}

func (m nearModel) find(key uint64, from, to time.Time) []news.ItemID {
	var ids []news.ItemID
	for id, at := range m[key] {
		if dayOf(from) <= dayOf(at) && dayOf(at) <= dayOf(to) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (m nearModel) clone() nearModel {
	out := make(nearModel)
	for key, items := range m {
		out[key] = maps.Clone(items)
	}
	return out
}

// TestPropNearIsFoundWhereverItLies: in the log or in its row, before and after a
// start, to who writes and to who reads; what is undone is not.
func TestPropNearIsFoundWhereverItLies(t *testing.T) {
	noon := time.Date(2031, 5, 4, 12, 0, 0, 0, time.UTC)
	const days = 6
	rapid.Check(t, func(rt *rapid.T) {
		path := filepath.Join(t.TempDir(), "khyber.db")
		e, err := Open(path, Options{NoSync: true})
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = e.Close() }()
		e.logMost = rapid.SampledFrom([]int{8, 40, 1000}).Draw(rt, "log")
		want := make(map[store.Index]nearModel)
		for _, index := range []store.Index{store.NearCopies, store.NearStories, store.NearNames} {
			want[index] = make(nearModel)
		}
		entry := rapid.Custom(func(rt *rapid.T) store.Near {
			key := rapid.SampledFrom([]uint64{1, 2, 1 << 40, 1<<40 | 1, 0xffffffffffff}).Draw(rt, "key")
			id := rapid.IntRange(1, 60).Draw(rt, "id") // which has one day
			return store.Near{Key: key, At: noon.Add(time.Duration(id%days) * 24 * time.Hour), ID: news.ItemID(id)}
		})
		undo := errors.New("undo")
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			index := rapid.SampledFrom([]store.Index{store.NearCopies, store.NearStories, store.NearNames}).Draw(rt, "index")
			entries := rapid.SliceOfN(entry, 1, 30).Draw(rt, "entries")
			step := rapid.IntRange(0, 5).Draw(rt, "step")
			from := noon.Add(time.Duration(rapid.IntRange(0, days-1).Draw(rt, "from")) * 24 * time.Hour)
			to := from.Add(time.Duration(rapid.IntRange(0, days).Draw(rt, "days")) * 24 * time.Hour)
			next := want[index].clone()
			err := e.Write(t.Context(), func(w store.Tx) error {
				if err := w.PutNear(index, entries, 100); err != nil {
					return err
				}
				for _, e := range entries {
					next.put(e)
				}
				if err := sameNear(w, index, next, from, to); err != nil || step != 0 {
					return err
				}
				return undo
			})
			if step == 0 && !errors.Is(err, undo) || step != 0 && err != nil {
				rt.Fatal(err)
			}
			if step != 0 {
				want[index] = next
			}
			if step == 1 {
				most := e.logMost
				if err := e.Close(); err != nil {
					rt.Fatal(err)
				}
				if e, err = Open(path, Options{NoSync: true}); err != nil {
					rt.Fatal(err)
				}
				e.logMost = most
			}
			err = e.Read(t.Context(), func(r store.ReadTx) error {
				for index, model := range want {
					if err := sameNear(r, index, model, from, to); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				rt.Fatal(err)
			}
		}
	})
}

// sameNear compares what is found under all keys, from one day to another and on
// all of them.
func sameNear(r store.ReadTx, index store.Index, want nearModel, from, to time.Time) error {
	keys := slices.Sorted(maps.Keys(want))
	found := make([][]news.ItemID, len(keys))
	err := r.Near(index, keys, from, to, func(key int, id news.ItemID) { found[key] = append(found[key], id) })
	if err != nil {
		return err
	}
	for i, key := range keys {
		slices.Sort(found[i])
		if got, want := slices.Compact(found[i]), want.find(key, from, to); !slices.Equal(got, want) {
			return fmt.Errorf("index %d, key %x: got %v, want %v", index, key, got, want)
		}
	}
	all := make(nearModel)
	err = r.EachNear(func(of store.Index, e store.Near) error {
		if of == index {
			all.put(e)
		}
		return nil
	})
	for key, items := range want {
		if got, want := slices.Sorted(maps.Keys(all[key])), slices.Sorted(maps.Keys(items)); !slices.Equal(got, want) {
			return fmt.Errorf("each of index %d, key %x: got %v, want %v", index, key, got, want)
		}
	}
	return err
}

// TestAFloodUnderOneKeyIsCut in the log and where it is merged.
func TestAFloodUnderOneKeyIsCut(t *testing.T) {
	e, err := Open(filepath.Join(t.TempDir(), "khyber.db"), Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	e.logMost = 100
	at := time.Date(2031, 5, 4, 12, 0, 0, 0, time.UTC)
	const most = 16
	for n := range 40 {
		err := e.Write(t.Context(), func(w store.Tx) error {
			entries := []store.Near{{Key: uint64(n + 2), At: at, ID: 1}} // so that the log is merged now and then
			for i := range 20 {
				entries = append(entries, store.Near{Key: 1, At: at, ID: news.ItemID(20*n + i + 1)})
			}
			if err := w.PutNear(store.NearCopies, entries, most); err != nil {
				return err
			}
			found := 0
			err := w.Near(store.NearCopies, []uint64{1}, at, at, func(int, news.ItemID) { found++ })
			if err == nil && (found < most || found > 2*most) {
				err = fmt.Errorf("%d found, want %d, or up to twice as many", found, most)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
