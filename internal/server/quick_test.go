package server

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
)

// An answer of the short way is that of the long way, for every form, coding and
// condition.
func TestShortWayAnswersAsTheLongOne(t *testing.T) {
	warm := newServer(sampleStore())
	for _, path := range []string{
		"/topics/border-trade.atom", "/topics/border-trade.rss?view=all", "/topics/floods.json", "/topics/border-trade.atom?before=71&limit=7",
		"/topics/border-trade.atom?limit=7&before=71", "/topics/border-trade.atom?utm=1", "/topics/quiet.atom?limit=501",
	} {
		first := get(warm, path)
		for _, method := range []string{"GET", "HEAD"} {
			for _, headers := range [][2]string{
				{},
				{"Accept-Encoding", "gzip"},
				{"Accept-Encoding", "zstd;q=0.5"},
				{"If-None-Match", first.Header().Get("Etag")},
				{"If-Modified-Since", first.Header().Get("Last-Modified")},
				{"If-Modified-Since", "yesterday"},
				{"Accept", "text/html"},
			} {
				ask := func(s *Server) *httptest.ResponseRecorder {
					r := httptest.NewRequest(method, path, nil)
					if headers[0] != "" {
						r.Header.Set(headers[0], headers[1])
					}
					w := httptest.NewRecorder()
					s.ServeHTTP(w, r)
					return w
				}
				long, short := ask(newServer(sampleStore())), ask(warm)
				if long.Code != short.Code || !reflect.DeepEqual(long.Header(), short.Header()) || long.Body.String() != short.Body.String() {
					t.Errorf("%s %s %v:\nlong  %d %v\nshort %d %v", method, path, headers, long.Code, long.Header(), short.Code, short.Header())
				}
			}
		}
	}
}

// A negotiated answer says more of the same document, and must not leave it behind.
func TestNegotiatedAnswerLeavesTheDirectOneAlone(t *testing.T) {
	s := newServer(sampleStore())
	for range 2 {
		if got := get(s, "/topics/floods", "Accept", "application/atom+xml").Header(); got.Get("Content-Location") == "" || got.Get("Vary") != "Accept-Encoding, Accept" {
			t.Errorf("negotiated: %v", got)
		}
		if got := get(s, "/topics/floods.atom").Header(); got.Get("Content-Location") != "" || got.Get("Vary") != "Accept-Encoding" {
			t.Errorf("direct: %v", got)
		}
	}
}

func TestUsualCodingsAreTheChosenOnes(t *testing.T) {
	for header, usual := range usualCodings {
		if chosen := chosenCoding(header); header != "" && chosen != usual {
			t.Errorf("%q: %v, want %v", header, usual, chosen)
		}
	}
}

// What Khyber adds to net/http for a document that has not changed allocates
// nothing; the header map is net/http's.
func TestUnchangedDocumentAllocatesNothing(t *testing.T) {
	s := newServer(sampleStore())
	warm := get(s, "/topics/border-trade.atom", "Accept-Encoding", "gzip")
	for name, tag := range map[string]string{"200": `"other"`, "304": warm.Header().Get("Etag")} {
		r := httptest.NewRequest("GET", "/topics/border-trade.atom", nil)
		r.Header.Set("Accept-Encoding", "gzip")
		r.Header.Set("If-None-Match", tag)
		w := &discard{h: http.Header{}}
		if n := testing.AllocsPerRun(100, func() {
			clear(w.h)
			s.ServeHTTP(w, r)
		}); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
