package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"khyber/internal/news"
	"khyber/internal/store"
)

// order has eight workers commit to two topics while a reader of each follows
// the marks, as the hub does: it must see every entry, once, in rising order.
// Numbers that are given before a commit and seen after a later one's would be
// missed.
func order(t *testing.T, open func(testing.TB) store.Engine, h Hooks) {
	const (
		workers = 8
		polls   = 12
		items   = 6
	)
	w := NewWorld(t, open(t), h)
	w.Config.Sources = nil
	for n := range workers {
		w.Config.Sources = append(w.Config.Sources, Source(fmt.Sprint("worker", n)))
	}
	w.Config.Hash++
	w.Apply()
	var committing, reading sync.WaitGroup
	done := make(chan struct{})
	for n := range workers {
		committing.Go(func() {
			source := fmt.Sprint("worker", n)
			for k := range polls {
				var document []news.Item
				for i := range items {
					document = append(document, Item(source, k*items+i, []string{"border", "talks"}[:1+(n+i)%2]...))
				}
				p := news.Poll{
					ID: uint64(1 + n*polls + k), Source: source, At: w.Now, Kind: news.KindOK, Complete: true, Fetched: items,
					BodyHash: uint64(k + 1), Generation: w.Config.Generation,
				}
				if _, err := w.Store.Commit(t.Context(), p, document); err != nil {
					t.Error(err)
				}
			}
		})
	}
	seen := make([][]store.Joined, 2)
	for i, topic := range []string{"border", "talks"} {
		reading.Go(func() {
			for last := false; !last; {
				select {
				case <-done:
					last = true // one look more
				default:
				}
				if err := follow(w, topic, &seen[i]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	committing.Wait()
	close(done)
	reading.Wait()
	for i, topic := range []string{"border", "talks"} {
		want := workers * polls * items
		if topic == "talks" { // takes those whose worker and number add up to an odd one
			want = workers * polls * items / 2
		}
		ids := make(map[news.ItemID]bool)
		for _, j := range seen[i] {
			ids[j.Item] = true
		}
		rising := slices.IsSortedFunc(seen[i], func(a, b store.Joined) int { return int(a.Mark) - int(b.Mark) })
		if len(ids) != want || len(ids) != len(seen[i]) || !rising {
			t.Errorf("%s: %d entries seen, of %d items, want %d; rising %t", topic, len(seen[i]), len(ids), want, rising)
		}
	}
	if err := w.Store.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// follow reads what stands above the last mark that was seen.
func follow(w *World, topic string, seen *[]store.Joined) error {
	var last news.Mark
	if n := len(*seen); n > 0 {
		last = (*seen)[n-1].Mark
	}
	var more []store.Joined
	err := w.engine.Read(w.t.Context(), func(tx store.ReadTx) error {
		more = nil
		for below := news.Mark(0); ; {
			joined, err := tx.Entries(topic, below, 50)
			if err != nil {
				return err
			}
			for _, j := range joined {
				if j.Mark <= last {
					return nil
				}
				more, below = append(more, j), j.Mark
			}
			if len(joined) < 50 {
				return nil
			}
		}
	})
	slices.Reverse(more)
	*seen = append(*seen, more...)
	return err
}
