package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// verifies breaks one promise each behind the store's back, and wants Verify to
// name it.
func verifies(t *testing.T, open func(testing.TB) store.Engine, h Hooks) {
	changed := func(change func(*store.Stored)) func(store.Tx, news.ItemID) error {
		return func(tx store.Tx, id news.ItemID) error {
			stored, err := tx.Items([]news.ItemID{id})
			if err != nil {
				return err
			}
			change(&stored[0])
			return tx.PutItems(stored)
		}
	}
	chain := func(c map[string]any) func(store.Tx, news.ItemID) error {
		return func(tx store.Tx, _ news.ItemID) error {
			row, err := json.Marshal(c)
			if err != nil {
				return err
			}
			return tx.PutRows(store.TableChain, []store.Row{{Key: "border", Value: row}})
		}
	}
	for name, c := range map[string]struct {
		change func(tx store.Tx, id news.ItemID) error
		want   string
	}{
		"an item that its topic does not show": {
			changed(func(s *store.Stored) {
				s.Item.Matches = append(s.Item.Matches, news.Match{Topic: "talks", Verdict: news.In})
			}), "topic talks takes item ",
		},
		"an item pinned by its date": {
			changed(func(s *store.Stored) { s.Item.At = s.Item.FirstSeen.Add(time.Hour) }), ", after it was first seen",
		},
		"a revision without the earlier text": {
			changed(func(s *store.Stored) { s.Item.Revised = Noon }), " was revised, but its earlier text is missing",
		},
		"a copy without a reason": {
			func(tx store.Tx, id news.ItemID) error { return tx.PutKin([]store.Kin{{Item: id, Group: id}}) },
			", and nothing says why",
		},
		"a document of nothing": {
			func(tx store.Tx, _ news.ItemID) error {
				return tx.PutDocument("beta", []store.Present{{Item: 7, Raw: 7}})
			}, "the document of beta holds item 0000000000000007, which is not kept as its own",
		},
		"a document of another source's item": {
			func(tx store.Tx, id news.ItemID) error { return tx.PutDocument("beta", []store.Present{{Item: id}}) },
			", which is not kept as its own",
		},
		"an archive that begins above its end": {
			chain(map[string]any{"Open": "2026-11", "From": 9}), "topic border: its open part begins at mark 9, above its last one, 1",
		},
		"an archive without its part": {
			chain(map[string]any{"Open": "2026-11-2", "From": 1, "Newest": "2026-11", "Oldest": "2026-11"}),
			"topic border: the part 2026-11 of its archive is missing",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := NewWorld(t, open(t), h)
			item := w.Item("alpha", 1, "border")
			w.Commit("alpha", item)
			id, err := w.Store.FindLink(t.Context(), item.Link)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Store.Verify(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := w.engine.Write(t.Context(), func(tx store.Tx) error { return c.change(tx, id) }); err != nil {
				t.Fatal(err)
			}
			if err := w.Store.Verify(t.Context()); !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

// lowDisk is an engine whose disk has so many bytes left.
type lowDisk struct {
	store.Engine
	free int64
}

// Sizes are those of the engine, but for the disk.
func (e lowDisk) Sizes(ctx context.Context) (store.Sizes, error) {
	s, err := e.Engine.Sizes(ctx)
	s.DiskFree, s.Free = e.free, 0
	return s, err
}

// shrinks: where there is soon no room to delete anything, what is older than 30
// days goes, and nothing that is younger.
func shrinks(t *testing.T, open func(testing.TB) store.Engine, h Hooks) {
	for _, c := range []struct {
		name string
		free int64 // bytes
		want store.Expired
	}{
		{"a roomy disk", 1 << 30, store.Expired{}},
		{"an unknown disk", 0, store.Expired{}},
		{"a disk that is nearly full", 100 << 20, store.Expired{Items: 1, Shrunk: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := NewWorld(t, open(t), h)
			w.Commit("alpha", w.Item("alpha", 1, "border"))
			w.Now = w.Now.Add(20 * day)
			w.Commit("alpha", w.Item("alpha", 2, "border"))
			w.Now = w.Now.Add(20 * day)
			w.Commit("alpha")
			w.open(lowDisk{w.engine, c.free})
			same(w, "expired", w.expire(400*day), c.want)
		})
	}
}
