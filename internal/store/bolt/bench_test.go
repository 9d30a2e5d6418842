package bolt_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/store/bolt"
	"khyber/internal/store/storetest"
	"khyber/internal/story"
)

// documents are polls of many sources for a benchmark.
func documents(sources, items int) (ids []string, docs [][]news.Item) {
	for s := range sources {
		id := fmt.Sprintf("source-%04d", s)
		doc := make([]news.Item, items)
		for n := range doc {
			doc[n] = storetest.Report(id, n, storetest.Noon)
		}
		ids, docs = append(ids, id), append(docs, doc)
	}
	return ids, docs
}

// bench returns a world with sources on a file that is synced.
func bench(b *testing.B, ids []string) (*storetest.World, string) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "khyber.db")
	e, err := bolt.Open(path, bolt.Options{MaxSize: 4 << 30})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	})
	w := storetest.NewWorld(b, e, storetest.Hooks{})
	w.Config.Hash++
	w.Config.Sources = nil
	for _, id := range ids {
		w.Config.Sources = append(w.Config.Sources, storetest.Source(id))
	}
	w.Apply()
	return w, path
}

// commitAll commits polls by so many callers at a time.
func commitAll(b *testing.B, w *storetest.World, callers int, polls []news.Poll, docs [][]news.Item) {
	b.Helper()
	var wg sync.WaitGroup
	work := make(chan int)
	for range callers {
		wg.Go(func() {
			for i := range work {
				if _, err := w.Store.Commit(b.Context(), polls[i], docs[i]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range polls {
		work <- i
	}
	close(work)
	wg.Wait()
}

func polls(w *storetest.World, ids []string, docs [][]news.Item) []news.Poll {
	out := make([]news.Poll, len(ids))
	for i, id := range ids {
		out[i] = w.Poll(id, len(docs[i]))
	}
	return out
}

// BenchmarkCommit is one poll each of 1,000 sources with 30 reports in full:
// the first one, one with nothing new, one with three new reports in a tenth of
// them, and one that all answer with 304.
func BenchmarkCommit(b *testing.B) {
	const items = 30
	sources := 1000
	if testing.Short() {
		sources = 100
	}
	ids, docs := documents(sources, items)
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("new/callers=%d", callers), func(b *testing.B) {
			var size int64
			var spent time.Duration
			for range b.N {
				b.StopTimer()
				w, path := bench(b, ids)
				p := polls(w, ids, docs)
				before := cpu(b)
				b.StartTimer()
				commitAll(b, w, callers, p, docs)
				b.StopTimer()
				spent += cpu(b) - before
				size = fileUsed(b, w, path)
			}
			b.ReportMetric(float64(spent.Microseconds())/float64(b.N*sources*items), "cpu-µs/item")
			b.ReportMetric(float64(size)/float64(sources*items), "B/item")
		})
	}
	w, _ := bench(b, ids)
	commitAll(b, w, 64, polls(w, ids, docs), docs)
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("known/callers=%d", callers), func(b *testing.B) {
			before := cpu(b)
			for range b.N {
				w.Now = w.Now.Add(10 * time.Minute)
				commitAll(b, w, callers, polls(w, ids, docs), docs)
			}
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N*sources), "cpu-µs/poll")
		})
	}
	n := items
	b.Run("tenth", func(b *testing.B) {
		var spent time.Duration
		for range b.N {
			b.StopTimer()
			w.Now = w.Now.Add(10 * time.Minute)
			for s := range sources / 10 {
				fresh := []news.Item{storetest.Report(ids[s], n, w.Now), storetest.Report(ids[s], n+1, w.Now), storetest.Report(ids[s], n+2, w.Now)}
				docs[s] = append(fresh, docs[s][:items-3]...)
			}
			n += 3
			p := polls(w, ids[:sources/10], docs)
			before := cpu(b)
			b.StartTimer()
			commitAll(b, w, 64, p, docs)
			spent += cpu(b) - before
		}
		b.ReportMetric(float64(spent.Microseconds())/float64(b.N*sources/10), "cpu-µs/poll")
	})
	b.Run("304", func(b *testing.B) {
		before := cpu(b)
		for range b.N {
			w.Now = w.Now.Add(10 * time.Minute)
			for _, id := range ids {
				p := w.Poll(id, 0)
				p.Kind, p.Status = news.KindUnchanged, 304
				if _, err := w.Store.Commit(b.Context(), p, nil); err != nil {
					b.Fatal(err)
				}
			}
			if err := w.Store.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N*sources), "cpu-µs/poll")
	})
}

// BenchmarkArchive commits new documents of 30 reports over archives of several
// sizes, which grew by 1,440 or by 20,000 reports a day: what an item costs must
// not grow with what is kept, only with what is near in time.
func BenchmarkArchive(b *testing.B) {
	const items, sources = 30, 200
	for _, c := range []struct{ kept, hourly int }{{12_000, 2}, {120_000, 2}, {10_000, 28}, {100_000, 28}} {
		kept, hourly := c.kept, c.hourly
		if testing.Short() {
			kept /= 10
		}
		b.Run(fmt.Sprintf("daily=%d/kept=%d", 24*hourly*items, kept), func(b *testing.B) {
			ids, _ := documents(sources, 0)
			w, _ := bench(b, ids)
			n := 0
			next := func() ([]news.Poll, [][]news.Item) {
				docs := make([][]news.Item, hourly)
				for i := range docs {
					for range items {
						docs[i] = append(docs[i], storetest.Report(ids[n%sources], n, w.Now))
						n++
					}
				}
				return polls(w, ids[n%(sources-hourly):][:hourly], docs), docs
			}
			fill := func() time.Duration {
				p, docs := next()
				before := cpu(b)
				commitAll(b, w, 8, p, docs)
				w.Now = w.Now.Add(time.Hour)
				return cpu(b) - before
			}
			for n < kept {
				fill()
			}
			b.ResetTimer()
			var spent time.Duration
			for range b.N {
				spent += fill()
			}
			b.ReportMetric(float64(spent.Microseconds())/float64(b.N*hourly*items), "cpu-µs/item")
		})
	}
}

// cpu returns what this process has spent: others share the machine.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// fileUsed returns the bytes of the file that hold something.
func fileUsed(b *testing.B, w *storetest.World, path string) int64 {
	b.Helper()
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	st, err := w.Store.Status(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return info.Size() - st.Free
}

// BenchmarkTopic reads a window of 100 entries.
func BenchmarkTopic(b *testing.B) {
	ids, docs := documents(40, 30)
	w, _ := bench(b, ids)
	commitAll(b, w, 1, polls(w, ids, docs), docs)
	b.ReportAllocs()
	for b.Loop() {
		page := w.Topic("border", store.Page{Limit: 100})
		if len(page.Entries) != 100 {
			b.Fatal(len(page.Entries))
		}
	}
}

// BenchmarkStart opens an archive and reads the first page of a topic, as a
// daemon does before it can answer: no more than that may hang on its size.
func BenchmarkStart(b *testing.B) {
	items := 1_000_000
	if testing.Short() {
		items = 10_000
	}
	path := filepath.Join(b.TempDir(), "khyber.db")
	archive(b, path, items)
	now := storetest.Noon
	for b.Loop() {
		e, err := bolt.Open(path, bolt.Options{MaxSize: 8 << 30})
		if err != nil {
			b.Fatal(err)
		}
		s, err := store.New(e, store.Options{Now: func() time.Time { return now }, Next: storetest.Next})
		if err != nil {
			b.Fatal(err)
		}
		page, err := s.Topic(b.Context(), "border", store.Page{Limit: 100})
		if err != nil || len(page.Entries) != 100 {
			b.Fatal(len(page.Entries), err)
		}
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/float64(items), "B/item")
}

// archive fills a file with items of 200 sources, a tenth of them in a topic,
// past the rules of store, which would take an hour.
func archive(b *testing.B, path string, items int) {
	b.Helper()
	e, err := bolt.Open(path, bolt.Options{MaxSize: 8 << 30, NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	ids, _ := documents(200, 0)
	w := storetest.NewWorld(b, e, storetest.Hooks{})
	w.Config.Hash++
	for _, id := range ids {
		w.Config.Sources = append(w.Config.Sources, storetest.Source(id))
	}
	w.Apply()
	const batch = 2000
	for n := 0; n < items; n += batch {
		var stored []store.Stored
		var keys []store.KeyOf
		var joined []store.Joined
		for i := n; i < n+batch; i++ {
			at := storetest.Noon.Add(time.Duration(i-items) * 35 * time.Second) // 400 days
			item := storetest.Report(ids[i%len(ids)], i, at)
			found := story.Identify(&news.Source{ID: item.Source}, news.Distrust{}, []news.Item{item})[0]
			item.ID, item.EntryID, item.FirstSeen, item.At = found.Keys[0].ItemID(item.Source), item.GUID, at, item.Published
			stored = append(stored, store.Stored{Item: item, Text: found.Text})
			for _, k := range append(found.Keys, found.Print) {
				keys = append(keys, store.KeyOf{Key: k, Item: item.ID})
			}
			if i%10 == 0 {
				joined = append(joined, store.Joined{Item: item.ID, At: at})
			}
		}
		err := e.Write(b.Context(), func(tx store.Tx) error {
			if err := errors.Join(tx.PutItems(stored), tx.SetKeys(keys)); err != nil {
				return err
			}
			_, err := tx.Append("border", joined)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
}
