package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"khyber/internal/news"
	"khyber/internal/poll"
	"khyber/internal/server"
	"khyber/internal/store"
	"khyber/internal/store/storetest"
)

// atomDocument is what a reader that walks an archive looks at.
type atomDocument struct {
	Links []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
	Archive *struct{} `xml:"http://purl.org/syndication/history/1.0 archive"`
	Entries []struct {
		ID string `xml:"id"`
	} `xml:"entry"`
}

func (d *atomDocument) link(rel string) string {
	for _, l := range d.Links {
		if l.Rel == rel {
			return l.Href
		}
	}
	return ""
}

// offline is a program whose store is in memory and whose clock the test moves.
type offline struct {
	*parts
	now        time.Time
	generation uint64
	polls      uint64
}

const archiveBase = "https://archive.example"

func newOffline(t *testing.T) *offline {
	t.Helper()
	o := &offline{now: time.Date(2026, 10, 30, 6, 0, 0, 0, time.UTC)}
	file := filepath.Join(t.TempDir(), "feeds.yaml")
	text := `site: {title: Archive, base_url: "` + archiveBase + `"}
sources: [{id: wire, name: Mirwal Wire, url: "https://mirwal.example/rss"}]
topics: [{id: all, title: All, include: [{name: every item, always: true}]}]
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &app{config: file, getenv: os.LookupEnv, now: func() time.Time { return o.now }, random: func() float64 { return 0 }}
	cfg, err := a.mustLoad()
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.New(storetest.Memory(), store.Options{Now: a.now, Next: poll.Next})
	if err != nil {
		t.Fatal(err)
	}
	o.parts = a.build(slog.New(slog.DiscardHandler), st, cfg, "", server.Options{})
	if err := o.apply(t.Context(), cfg, nil, false); err != nil {
		t.Fatal(err)
	}
	last, err := st.LastConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o.generation = last.Generation
	return o
}

// publish commits n reports that no document had before.
func (o *offline) publish(t *testing.T, first, n int) {
	t.Helper()
	var items []news.Item
	for i := first; i < first+n; i++ {
		items = append(items, news.Item{
			Source: "wire", Link: fmt.Sprintf("https://mirwal.example/%d", i), Title: invented(i), Published: o.now.Add(-time.Minute),
			Matches: []news.Match{{Topic: "all", Verdict: news.In, Rule: "every item"}},
		})
	}
	o.polls++
	p := news.Poll{ID: o.polls, Source: "wire", At: o.now, Kind: news.KindOK, Status: 200, Complete: true, Fetched: n, Generation: o.generation}
	if _, err := o.store.Commit(t.Context(), p, items); err != nil {
		t.Fatal(err)
	}
}

func (o *offline) get(t *testing.T, address string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	o.server.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, address, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", address, w.Code, w.Body)
	}
	return w
}

// walk reads the live document and every closed part: how often each id is in
// the live document or, if it is not there, in the archive.
func (o *offline) walk(t *testing.T) (live, archived map[string]int, addresses []string) {
	t.Helper()
	live, archived = map[string]int{}, map[string]int{}
	count := live
	for next := archiveBase + "/topics/all.atom"; next != ""; count = archived {
		w := o.get(t, next)
		var doc atomDocument
		if err := xml.Unmarshal(w.Body.Bytes(), &doc); err != nil {
			t.Fatalf("%s: %v", next, err)
		}
		if self := doc.link("self"); self != next {
			t.Errorf("%s says that it is %s", next, self)
		}
		if len(addresses) > 0 {
			if cache := w.Header().Get("Cache-Control"); cache != "public, max-age=31536000, immutable" || doc.Archive == nil {
				t.Errorf("%s: Cache-Control %q, archive %v", next, cache, doc.Archive != nil)
			}
			if current := doc.link("current"); current != archiveBase+"/topics/all.atom" {
				t.Errorf("%s: its live document is %s", next, current)
			}
		}
		for _, e := range doc.Entries {
			count[e.ID]++
		}
		addresses = append(addresses, next)
		next = doc.link("prev-archive")
	}
	return live, archived, addresses
}

// TestAWalkThroughTheArchiveSeesEveryEntryOnce is W23: over three months with
// busy and quiet days, at every moment.
func TestAWalkThroughTheArchiveSeesEveryEntryOnce(t *testing.T) {
	o := newOffline(t)
	total := 0
	fixed := map[string][]byte{} // what a closed part was when it was first seen
	for step, n := range []int{3, 40, 0, 57, 1, 130, 12, 250, 0, 0, 30, 5} {
		o.publish(t, total, n)
		total += n
		live, archived, addresses := o.walk(t)
		for id, times := range archived {
			if times != 1 {
				t.Errorf("step %d: %s is in %d parts", step, id, times)
			}
			live[id] = 1
		}
		if len(live) != total || slices.Max(append(slices.Collect(maps.Values(live)), 1)) != 1 {
			t.Errorf("step %d: a walk of %s sees %d entries of %d", step, strings.Join(addresses, " "), len(live), total)
		}
		for _, address := range addresses[1:] {
			for _, form := range []string{".atom", ".rss", ".json"} {
				address := strings.TrimSuffix(address, ".atom") + form
				body := o.get(t, address).Body.Bytes()
				if was, ok := fixed[address]; ok && !bytes.Equal(body, was) {
					t.Errorf("step %d: %s has changed", step, address)
				}
				fixed[address] = body
			}
		}
		o.now = o.now.Add(8 * 24 * time.Hour)
		if _, err := o.store.Expire(t.Context(), 400*24*time.Hour, 500); err != nil {
			t.Fatal(err)
		}
	}
	if len(fixed) < 3*6 {
		t.Errorf("only %d documents of closed parts: the test is too quiet", len(fixed))
	}
	// The static copy has them too, byte for byte.
	copied := map[string][]byte{}
	if err := o.server.Static(t.Context(), func(f server.File) error { copied[f.Name] = f.Plain; return nil }); err != nil {
		t.Fatal(err)
	}
	for address := range fixed {
		if name := strings.TrimPrefix(address, archiveBase+"/"); len(copied[name]) == 0 {
			t.Errorf("the static copy lacks %s", name)
		}
	}
}
