package server

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/store/bolt"
	"khyber/internal/store/storetest"
)

// BenchmarkSearch searches an archive of 100,000 reports, as long as those that
// most sources publish, in several scripts.
func BenchmarkSearch(b *testing.B) {
	items := 100_000
	if testing.Short() {
		items = 2000
	}
	s := searchable(b, items)
	for _, c := range []struct{ name, query string }{
		{"no-hits", "zwieback"},
		{"phrase", `"customs officials of zwieback"`},
		{"entity", `$taliban and zwieback`},
		{"urdu", "بسکٹوں"},
		{"near", `(border or gate) near/5 (zwieback or rusk*) and not cricket in title`},
		{"entities", "$taliban and $torkham"},
		{"common", "border"},
	} {
		b.Run(c.name, func(b *testing.B) {
			st := s.state.Load()
			query, problems := st.parseQuery(c.query)
			if query == nil {
				b.Fatal(problems)
			}
			head := s.searchHead(st, c.query)
			before := cpu(b)
			b.ReportAllocs()
			hits := 0
			for b.Loop() {
				f, err := s.find(b.Context(), st, head, query)
				if err != nil {
					b.Fatal(err)
				}
				hits = len(f.Entries)
			}
			b.ReportMetric(float64((cpu(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(hits), "hits")
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

// searchable returns a Server over an archive of so many reports.
func searchable(b *testing.B, items int) *Server {
	b.Helper()
	e, err := bolt.Open(filepath.Join(b.TempDir(), "khyber.db"), bolt.Options{MaxSize: 8 << 30, NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	})
	w := storetest.NewWorld(b, e, storetest.Hooks{})
	const batch = 2000
	for n := 0; n < items; n += batch {
		var stored []store.Stored
		for i := n; i < n+batch; i++ {
			stored = append(stored, store.Stored{Item: wireReport(i, noon.Add(time.Duration(i-items)*time.Minute)), Text: uint64(i)})
		}
		if err := e.Write(b.Context(), func(tx store.Tx) error { return tx.PutItems(stored) }); err != nil {
			b.Fatal(err)
		}
	}
	s := New(Options{Store: w.Store, Now: func() time.Time { return noon }})
	s.Apply(withRules(b, sampleState()))
	return s
}

// wireReport returns the nth report of a wire: a headline and a summary of 60
// words. Six in ten are in English; one in ten names two entities of the lexicon.
func wireReport(n int, at time.Time) news.Item {
	item := storetest.Report(fmt.Sprintf("wire-%02d", n%40), n, at)
	item.ID, item.EntryID, item.FirstSeen, item.At = news.ItemID(n+1), item.GUID, at, item.Published
	words := strings.Fields(item.Summary)
	item.Summary = strings.Join(words[:min(60, len(words))], " ")
	if n%10 == 0 {
		item.Summary = "Officials of Pakistan’s finance ministry met the Taliban and " + item.Summary
	}
	if script := scripts[n%10]; script != "" {
		item.Title, item.Summary = written(item.Title, script), written(item.Summary, script)
	}
	item.Excerpt = "<p>" + item.Summary + "</p>"
	return item
}

// scripts are alphabets in which every fourth or so report is written: letters
// in the order of a to z.
var scripts = [10]string{
	6: "ابچدےفگہیجکلمنوپقرستعغخژٹز", 7: "ابچدےفگہیجکلمنوپقرستعغخژٹز",
	8: "абцдефгхийклмнопярстувшыжз", 9: "अबचदएफगहइजकलमनओपकरसतउवशखयझ",
}

// written writes a text in another script.
func written(text, alphabet string) string {
	letters := []rune(alphabet)
	return strings.Map(func(r rune) rune {
		if l := r | 0x20; 'a' <= l && l <= 'z' {
			return letters[l-'a']
		}
		return r
	}, text)
}
