package main

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"khyber/internal/server"
)

// TestManualIsServedWhole asks for each page of the manual as a browser would,
// and follows every link in it that stays on the site.
func TestManualIsServedWhole(t *testing.T) {
	type noStore struct{ server.Store } // a page of the manual needs none
	s := server.New(server.Options{Now: time.Now, Store: noStore{}, Help: helpPages()})
	ask := func(path string) string {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK {
			t.Errorf("%s: status %d", path, w.Code)
		}
		return w.Body.String()
	}
	pages := map[string]string{"/help": ask("/help")}
	for _, p := range manualPages() {
		path := "/help/" + p.Name
		pages[path] = ask(path)
		body, _, _ := strings.Cut(pages[path], "<footer")
		if strings.Contains(body, "`") {
			t.Errorf("%s shows its markup", path)
		}
		for _, heading := range regexp.MustCompile(`(?m)^#+ `).FindAllString(p.Text, -1) {
			if tag := "<h" + string(rune('0'+len(heading)-1)); !strings.Contains(body, tag) {
				t.Errorf("%s has no %s", path, tag)
			}
		}
	}
	links := regexp.MustCompile(`href="(/help[^"#]*)(?:#([^"]*))?"`)
	for path, body := range pages {
		for _, m := range links.FindAllStringSubmatch(body, -1) {
			target, known := pages[m[1]]
			if !known || m[2] != "" && !strings.Contains(target, `id="`+m[2]+`"`) {
				t.Errorf("%s: %s leads nowhere", path, m[0])
			}
		}
	}
}
