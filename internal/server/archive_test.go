package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"khyber/internal/news"
	"khyber/internal/store"
)

func TestAnArchivePartIsServedAsItWasClosed(t *testing.T) {
	fake := sampleStore()
	fake.part = store.Part{
		Name: "2026-11", Prev: "2026-10-3", Next: "2026-11-2", Closed: noon, Changed: noon,
		Topic: news.Topic{ID: "floods", Title: "Floods of that time"}, Entries: fake.topics["floods"].Entries,
		Sources: []news.Source{{ID: "post", Name: "Post of that time"}},
	}
	s := newServer(fake)
	for path, want := range map[string]string{
		"/topics/floods/archive/2026-11.atom": `rel="next-archive" type="application/atom+xml" href="` + s.state.Load().Site.BaseURL + `/topics/floods/archive/2026-11-2.atom"`,
		"/topics/floods/archive/2026-11.rss":  "<title>Floods of that time</title>",
		"/topics/floods/archive/2026-11.json": `"title": "Floods of that time"`,
	} {
		w := get(s, path)
		if w.Code != http.StatusOK || !strings.Contains(strings.ReplaceAll(w.Body.String(), `":"`, `": "`), want) {
			t.Errorf("%s: %d, without %s\n%.2000s", path, w.Code, want, w.Body)
		}
		if got := w.Header().Get("Cache-Control"); got != cacheForever {
			t.Errorf("%s: Cache-Control %s", path, got)
		}
	}
	for _, form := range []string{"atom", "rss", "json"} {
		path := "/topics/floods/archive/2026-11." + form
		before := get(s, path)
		other := sampleState()
		other.Site.Title, other.Site.Contact = "Another title", "other@example.org"
		s.Apply(other)
		if after := get(s, path); after.Body.String() != before.Body.String() || after.Header().Get("Etag") != before.Header().Get("Etag") {
			t.Errorf("%s changes with the title of the site", path)
		}
		s.Apply(sampleState())
	}
	fake.rev.Add(1)
	fake.part.Next, fake.part.Closed = "", noon.AddDate(-2026, 0, 0)
	if got := get(s, "/topics/floods/archive/2026-11.atom").Header().Get("Cache-Control"); got != cacheTopicFeed {
		t.Errorf("an open part: Cache-Control %s", got)
	}
	for path, want := range map[string]int{
		"/topics/floods/archive/2026-11.xml":  http.StatusNotFound,
		"/topics/floods/archive/2026-11":      http.StatusNotFound,
		"/topics/nothing/archive/2026-11.rss": http.StatusNotFound,
	} {
		if w := get(s, path); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
	fake.rev.Add(1)
	for err, want := range map[error]int{store.ErrNotFound: http.StatusNotFound, store.ErrExpired: http.StatusGone} {
		fake.partErr = fmt.Errorf("read part: %w", err)
		if w := get(s, "/topics/floods/archive/2026-01.atom"); w.Code != want {
			t.Errorf("%v: %d, want %d", err, w.Code, want)
		}
	}
}
