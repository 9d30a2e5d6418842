package bolt_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/store/bolt"
	"khyber/internal/store/disktest"
	"khyber/internal/store/storetest"
)

// TestAFullDiskEndsNoServiceAndLosesNothing fills a disk of 32 MiB when it has
// room for n MiB more, for each n: commits are refused and nothing of them is
// kept, readers see what there is, and when there is room again commits go on by
// themselves, in the same open file.
func TestAFullDiskEndsNoServiceAndLosesNothing(t *testing.T) {
	const disk = 32 // MiB
	folder := disktest.Small(t, disk<<20)
	if folder == "" {
		return
	}
	w := newFull(t, folder)
	for room := range 6 {
		fill(t, folder, w.filler, int64(room)<<20)
		if err := w.until(1000); !errors.Is(err, store.ErrFull) || len(w.broken) > 0 {
			t.Fatalf("with room for %d MiB: %v, %v", room, err, w.broken)
		}
		if status, err := w.store.Status(t.Context()); err != nil || !errors.Is(status.Fault, store.ErrFull) {
			t.Errorf("the fault of a full disk is %v, %v", status.Fault, err)
		}
		checkTopic(t, w.store, w.acked)
		if err := os.Remove(w.filler); err != nil {
			t.Fatal(err)
		}
		if err := w.until(1); err != nil {
			t.Fatalf("with room again: %v", err)
		}
		if status, err := w.store.Status(t.Context()); err != nil || status.Fault != nil {
			t.Errorf("with room again the fault is %v, %v", status.Fault, err)
		}
		w.shrink()
	}
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	checkKilled(t, w.path, w.options, w.acked)
	t.Logf("%v documents and %d rows kept", w.acked, w.rows)
}

// full is a store on a disk that fills up.
type full struct {
	*testing.T
	path, filler string
	options      bolt.Options
	engine       *bolt.Engine
	store        *store.Store
	generation   uint64
	acked        map[string]int
	rows, from   int
	broken       []error
}

func newFull(t *testing.T, folder string) *full {
	t.Helper()
	w := &full{T: t, path: filepath.Join(folder, "khyber.db"), filler: filepath.Join(folder, "filler"), acked: make(map[string]int)}
	w.options = bolt.Options{MaxSize: 1 << 30, Reserve: -1, Broken: func(err error) { w.broken = append(w.broken, err) }}
	var err error
	if w.engine, err = bolt.Open(w.path, w.options); err != nil {
		t.Fatal(err)
	}
	var c news.Config
	if w.store, c, err = killStoreOver(w.engine, storetest.Noon, nil); err != nil {
		t.Fatal(err)
	}
	w.generation = c.Generation
	return w
}

// until commits n rounds of a document of each source and a large row, or up to
// the first refusal.
func (w *full) until(n int) error {
	w.Helper()
	for range n {
		for i := range killSources {
			if err := w.document(killSource(i)); err != nil {
				return err
			}
		}
		err := w.engine.Write(w.Context(), func(tx store.Tx) error {
			return tx.PutRows(store.TableHub, []store.Row{{Key: fmt.Sprint("row ", w.rows), Value: make([]byte, 500<<10)}})
		})
		if err != nil {
			return err
		}
		w.rows++
	}
	return nil
}

// document commits the next document of a source: the one behind what was
// acknowledged.
func (w *full) document(source string) error {
	w.Helper()
	k, err := documentOf(w.Context(), w.store, source)
	if err != nil {
		w.Fatal(err)
	}
	if last, ok := w.acked[source]; ok && k != last || !ok && k != -1 {
		w.Fatalf("%s stands at %d, acknowledged is %d", source, k, last)
	}
	if _, err = w.store.Commit(w.Context(), killPoll(source, k+1, w.generation), killDocument(source, k+1)); err == nil {
		w.acked[source] = k + 1
	}
	return err
}

// shrink deletes the large rows, so that the next round finds free pages.
func (w *full) shrink() {
	w.Helper()
	err := w.engine.Write(w.Context(), func(tx store.Tx) error {
		var gone []store.Row
		for ; w.from < w.rows; w.from++ {
			gone = append(gone, store.Row{Key: fmt.Sprint("row ", w.from)})
		}
		return tx.PutRows(store.TableHub, gone)
	})
	if err != nil {
		w.Fatal(err)
	}
}

// fill takes the disk but for so many bytes.
func fill(t *testing.T, folder, filler string, room int64) {
	t.Helper()
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	piece := make([]byte, 64<<10)
	for err == nil {
		_, err = f.Write(piece)
	}
	info, statErr := f.Stat()
	if err := errors.Join(statErr, f.Truncate(max(0, info.Size()-room)), f.Close()); err != nil {
		t.Fatal(fmt.Errorf("fill %s: %w", folder, err))
	}
}
