package server

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"khyber/internal/store"
)

// coding is a content coding that documents are kept in.
type coding int

const (
	identity coding = iota
	gzipped
	zstandard
)

// name returns the token of RFC 9110 §8.4.1; "" for identity.
func (c coding) name() string { return [...]string{"", "gzip", "zstd"}[c] }

// suffix tells the ETags of the codings apart: they are different bytes, so a
// strong tag must differ (RFC 9110 §8.8.3.3).
func (c coding) suffix() string { return [...]string{"", "-g", "-z"}[c] }

// Header values that do not depend on anything.
const (
	cacheTopicFeed = "public, max-age=900, stale-if-error=86400"
	cachePage      = "public, max-age=60"
	cacheForever   = "public, max-age=31536000, immutable"

	cspTopicFeed = "default-src 'none'; sandbox"
	cspPage      = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

// answer is what a response says about a document besides its bytes.
type answer struct {
	contentType string
	cache       string
	csp         string
	location    string // Content-Location, where the form was negotiated
	vary        string // besides Accept-Encoding
	link        string
	anyOrigin   bool // scripts of any origin may read it
}

// serve answers with the document, or with 304 when the client has it.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, doc *document, a answer) {
	h := w.Header()
	coding := acceptedCoding(r.Header.Get("Accept-Encoding"))
	etag := `"` + doc.tag + coding.suffix() + `"`
	h.Set("Etag", etag)
	h.Set("Cache-Control", a.cache)
	h.Set("Content-Security-Policy", a.csp)
	h.Set("Vary", "Accept-Encoding"+a.vary)
	if a.location != "" {
		h.Set("Content-Location", a.location)
	}
	if a.link != "" {
		h.Set("Link", a.link)
	}
	if a.anyOrigin {
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "ETag, Link, Last-Modified")
	}
	// A change in the same second would not show in a date, so the date is left
	// out while it is so young (RFC 9110 §8.8.2.2).
	changed := doc.changed.UTC().Truncate(time.Second)
	dated := !doc.changed.IsZero() && s.Now().Sub(changed) >= time.Second
	if dated {
		h.Set("Last-Modified", changed.Format(http.TimeFormat))
	}
	if notModified(r, etag, changed, dated, s.Now()) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body, err := s.cache.body(doc, coding)
	if err != nil {
		h.Del("Etag")
		h.Set("Cache-Control", "no-store")
		s.fail(w, r, err)
		return
	}
	h.Set("Content-Type", a.contentType)
	if name := coding.name(); name != "" {
		h.Set("Content-Encoding", name)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client is gone: nobody is left to be told
	}
}

// notModified evaluates the conditions of a GET (RFC 9110 §13.2.2): a tag wins
// over a date, and a date that is unreadable or in the future does not count.
func notModified(r *http.Request, etag string, changed time.Time, dated bool, now time.Time) bool {
	if tags := r.Header.Values("If-None-Match"); len(tags) > 0 {
		return hasTag(strings.Join(tags, ","), etag)
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	return err == nil && dated && !since.After(now) && !changed.After(since)
}

// hasTag compares weakly, as If-None-Match wants it (RFC 9110 §8.8.3.2).
func hasTag(list, etag string) bool {
	for {
		list = strings.TrimLeft(list, " \t,")
		if list == "" {
			return false
		}
		if list[0] == '*' {
			return true
		}
		list = strings.TrimPrefix(list, "W/")
		if list == "" || list[0] != '"' {
			return false
		}
		end := strings.IndexByte(list[1:], '"')
		if end < 0 {
			return false
		}
		if list[:end+2] == etag {
			return true
		}
		list = list[end+2:]
	}
}

// fail answers for an error of our own. The cause is logged, not told.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errBusy):
		w.Header().Set("Retry-After", "5")
		s.refuse(w, r, http.StatusServiceUnavailable, "Too much is asked for at once: try again in a few seconds.")
	case errors.Is(err, store.ErrNotFound):
		s.refuse(w, r, http.StatusNotFound, "There is nothing here: it may never have been, or is no longer kept.")
	case errors.Is(err, store.ErrExpired):
		s.refuse(w, r, http.StatusGone, "This is no longer kept.")
	default:
		s.Log.Error("cannot answer", "err", err)
		s.refuse(w, r, http.StatusInternalServerError, "Khyber could not answer this; the reason is in its log.")
	}
}

// refuse answers with one sentence: as a page to browsers, else as plain text.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, text string) {
	h := w.Header()
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", cachePage)
	}
	h.Set("Vary", "Accept")
	if strings.Contains(r.Header.Get("Accept"), mediaHTML) {
		s.refusePage(w, r, status, text)
		return
	}
	h.Set("Content-Security-Policy", cspTopicFeed)
	writeText(w, r, status, text+"\n")
}

func writeText(w http.ResponseWriter, r *http.Request, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(text)) // the client is gone: nobody is left to be told
	}
}

// sentence makes an error's text one for people.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:] + "."
}
