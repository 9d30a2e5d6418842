package bolt_test

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/store/bolt"
	"khyber/internal/store/storetest"
	"khyber/internal/story"
)

// A list of 200 sources that bring 20,000 reports a day.
const (
	scaleSources = 200
	scaleDaily   = 20_000
	scaleDoc     = 30 // reports in a document
)

// scale is a store that grows.
type scale struct {
	b       *testing.B
	engine  *bolt.Engine
	store   *store.Store
	config  news.Config
	room    *storetest.Newsroom
	now     time.Time
	polls   uint64
	relates time.Duration // CPU between the items and the topics of a Commit
	from    time.Duration
	texts   func(n int, source string) news.Item
}

func newScale(b *testing.B) *scale {
	b.Helper()
	e, err := bolt.Open(filepath.Join(b.TempDir(), "khyber.db"), bolt.Options{MaxSize: 16 << 30})
	if err != nil {
		b.Fatal(err)
	}
	s := &scale{b: b, engine: e, room: storetest.NewNewsroom(1), now: storetest.Noon}
	b.Cleanup(func() {
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	})
	s.texts = func(_ int, source string) news.Item { return s.room.Report(source, s.now) }
	s.config = news.Config{Hash: 1, Files: []news.File{{Path: "feeds.yaml", Text: []byte("sources: []\n")}}}
	for i := range scaleSources {
		s.config.Sources = append(s.config.Sources, storetest.Source(fmt.Sprintf("source-%04d", i)))
	}
	s.store, err = store.New(e, store.Options{Now: func() time.Time { return s.now }, Next: storetest.Next, Crash: s.reached})
	if err != nil {
		b.Fatal(err)
	}
	if s.config.Generation, err = s.store.ApplyConfig(b.Context(), s.config); err != nil {
		b.Fatal(err)
	}
	return s
}

// reached measures the step of a Commit that finds copies and stories.
func (s *scale) reached(point string) {
	switch point {
	case "commit.items":
		s.from = cpu(s.b)
	case "commit.topics":
		s.relates += cpu(s.b) - s.from
	}
}

// fill keeps n reports of the past as if they had been committed, none of them
// related to another: that they were is not what new ones cost.
func (s *scale) fill(n int) {
	s.b.Helper()
	const batch = 2000
	end := s.now
	for done := 0; done < n; done += batch {
		s.now = end.Add(-time.Duration(n-done) * 24 * time.Hour / scaleDaily)
		items := make([]store.Stored, min(batch, n-done))
		keys := make([]store.KeyOf, len(items))
		near := make(map[store.Index][]store.Near)
		for i := range items {
			src := &s.config.Sources[(done+i)%scaleSources]
			item := s.room.Report(src.ID, s.now)
			key := story.LinkKeys(src.ID, item.Link)[0]
			item.ID, item.Publisher, item.FirstSeen, item.At = key.ItemID(src.ID), src.Publisher, s.now, s.now
			items[i] = store.Stored{Item: item, Text: story.TextHash(item.Title, item.Summary)}
			keys[i] = store.KeyOf{Key: key, Item: item.ID}
			if end.Sub(s.now) < 8*24*time.Hour { // older days are dropped
				index(near, src, &item)
			}
		}
		err := s.engine.Write(s.b.Context(), func(tx store.Tx) error {
			if err := tx.PutItems(items); err != nil {
				return err
			}
			for of, entries := range near {
				slices.SortFunc(entries, func(a, b store.Near) int { return cmp.Compare(a.Key, b.Key) })
				if err := tx.PutNear(of, entries, 512); err != nil {
					return err
				}
			}
			return tx.SetKeys(keys)
		})
		if err != nil {
			s.b.Fatal(err)
		}
	}
	s.now = end
}

// index adds the entries of an item to the near indexes.
func index(near map[store.Index][]store.Near, src *news.Source, item *news.Item) {
	signed := story.Sign(src, item)
	title := story.NewVector(&signed)
	for _, k := range story.CandidateKeys(&signed) {
		near[store.NearCopies] = append(near[store.NearCopies], store.Near{Key: uint64(k), At: item.At, ID: item.ID})
	}
	for _, k := range story.StoryKeys(&title) {
		near[store.NearStories] = append(near[store.NearStories], store.Near{Key: k.Key, At: item.At, ID: item.ID})
	}
	for _, k := range story.NameKeys(&signed) {
		near[store.NearNames] = append(near[store.NearNames], store.Near{Key: k, At: item.At, ID: item.ID})
	}
}

// commit commits documents of new reports until n were.
func (s *scale) commit(n int) {
	s.b.Helper()
	for done := 0; done < n; done += scaleDoc {
		s.polls++
		s.now = s.now.Add(scaleDoc * 24 * time.Hour / scaleDaily)
		src := s.config.Sources[s.polls%scaleSources].ID
		items := make([]news.Item, scaleDoc)
		for i := range items {
			items[i] = s.texts(int(s.polls)*scaleDoc+i, src)
		}
		p := news.Poll{
			ID: s.polls, Source: src, At: s.now, Kind: news.KindOK, Status: 200, Complete: true, Fetched: len(items), Generation: s.config.Generation,
		}
		if p, err := s.store.Commit(s.b.Context(), p, items); err != nil || p.New != len(items) {
			s.b.Fatal(p.New, err)
		}
	}
}

// measure commits n reports and says what one of them costs.
func (s *scale) measure(n int) {
	s.b.Helper()
	before := s.status()
	spent, relates := cpu(s.b), s.relates
	s.commit(n)
	spent, relates = cpu(s.b)-spent, s.relates-relates
	after := s.status()
	items := float64(after.Items - before.Items)
	s.b.ReportMetric(float64(spent.Microseconds())/items, "cpu-µs/item")
	s.b.ReportMetric(float64(relates.Microseconds())/items, "relate-µs/item")
	s.b.ReportMetric(items/relates.Seconds(), "related/cpu-s")
	s.b.ReportMetric(float64(after.Compared-before.Compared)/items, "candidates/item")
	s.b.ReportMetric(float64(after.Capped-before.Capped)/items, "capped/item")
}

func (s *scale) status() store.Status {
	s.b.Helper()
	st, err := s.store.Status(s.b.Context())
	if err != nil {
		s.b.Fatal(err)
	}
	return st
}

// BenchmarkScale commits a twentieth of a day of news to archives of several
// sizes: what an item costs must not grow with what is kept. The last day of the
// archive was committed in the same way, so that its stories have members.
func BenchmarkScale(b *testing.B) {
	for _, kept := range []int{10_000, 100_000, 1_000_000} {
		if testing.Short() {
			kept /= 100
		}
		b.Run(fmt.Sprintf("kept=%d", kept), func(b *testing.B) {
			s := newScale(b)
			committed := min(kept/2, scaleDaily)
			s.fill(kept - committed)
			s.commit(committed)
			near, err := s.engine.NearBytes()
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			for range b.N {
				s.measure(min(kept/2, scaleDaily/20))
			}
			b.ReportMetric(float64(near)/float64(min(kept, 8*scaleDaily)), "near-B/item")
		})
	}
}

// BenchmarkFlood commits reports of one text but for a word: what is near is much,
// and what is looked at is bounded.
func BenchmarkFlood(b *testing.B) {
	for _, flood := range []int{1000, 10_000, 100_000} {
		if testing.Short() {
			flood /= 10
		}
		b.Run(fmt.Sprintf("of=%d", flood), func(b *testing.B) {
			s := newScale(b)
			s.texts = func(n int, source string) news.Item {
				item := storetest.Report("flood", 0, s.now)
				item.Source, item.Matches, item.GUID = source, nil, fmt.Sprintf("%s-%d", source, n)
				item.Link, item.Title = fmt.Sprintf("https://%s.example/%d", source, n), fmt.Sprintf("%s word%c", item.Title, 'a'+n%26)
				return item
			}
			s.commit(flood)
			b.ResetTimer()
			for range b.N {
				s.measure(300)
			}
		})
	}
}
