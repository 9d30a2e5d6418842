package bolt_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"khyber/internal/store"
	"khyber/internal/store/bolt"
)

// TestALongReadDoesNotLetTheFileGrow commits 1,000 times, 20 at once, while a
// backup reads. One commit a call would leave a file of 2 GiB; a second's calls
// share one. Without the read nobody waits.
func TestALongReadDoesNotLetTheFileGrow(t *testing.T) {
	const (
		writers = 20
		calls   = 50
		most    = 128 << 20 // bytes
	)
	for _, reading := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "khyber.db")
			e, err := bolt.Open(path, bolt.Options{MaxSize: 1 << 30, NoSync: true})
			if err != nil {
				t.Fatal(err)
			}
			defer end(t, e)
			stop := func() {}
			if reading {
				if stop, err = e.LongRead(); err != nil {
					t.Fatal(err)
				}
			}
			began := now()
			var wg sync.WaitGroup
			for w := range writers {
				wg.Go(func() {
					for n := range calls {
						err := e.Write(context.WithoutCancel(t.Context()), func(tx store.Tx) error {
							for i := range 20 {
								row := store.Row{Key: fmt.Sprintf("%d.%d.%d", n, w, i), Value: make([]byte, 700)}
								if err := tx.PutRows(store.TableHub, []store.Row{row}); err != nil {
									return err
								}
							}
							return nil
						})
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			took := now().Sub(began).Seconds()
			stop()
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("reading %t: %d commits in %.0f s leave %d MiB", reading, writers*calls, took, info.Size()>>20)
			if info.Size() > most {
				t.Errorf("reading %t: the file has grown to %d MiB", reading, info.Size()>>20)
			}
			if !reading && took > 0 {
				t.Errorf("nobody reads, and %.0f s were waited", took)
			}
			if reading && (took < calls || took > 2*calls) {
				t.Errorf("%d groups took %.0f s, want one a second", calls, took)
			}
		})
	}
}

func TestTheEndOfALongReadLetsWritersGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, err := bolt.Open(filepath.Join(t.TempDir(), "khyber.db"), bolt.Options{MaxSize: 1 << 30, NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		defer end(t, e)
		stop, err := e.LongRead()
		if err != nil {
			t.Fatal(err)
		}
		began := now()
		done := make(chan error)
		go func() { done <- e.Write(context.Background(), func(tx store.Tx) error { return put(tx, "one") }) }()
		synctest.Wait()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if took := now().Sub(began); took != 0 {
			t.Errorf("the writer waited %s", took)
		}
	})
}
