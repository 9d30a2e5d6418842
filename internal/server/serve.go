package server

import (
	"errors"
	"net/http"
	"slices"
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

// header is a line of a response that is made once and sent often. Nobody
// changes its value.
type header struct {
	name  string // canonical
	value []string
}

// facet is a document in one coding with what is said of it.
type facet struct {
	etag string
	both []header // of a 200 and of a 304 (RFC 9110 §15.4.5)
	full []header // of a 200 alone; nil: the body is not made yet
	body []byte
}

func newFacet(doc *document, coding coding, a answer) facet {
	f := facet{etag: `"` + doc.tag + coding.suffix() + `"`}
	add := func(name, value string) { f.both = append(f.both, header{name, []string{value}}) }
	add("Etag", f.etag)
	add("Cache-Control", a.cache)
	add("Vary", "Accept-Encoding"+a.vary)
	if a.location != "" {
		add("Content-Location", a.location)
	}
	if a.link != "" {
		add("Link", a.link)
	}
	if a.anyOrigin {
		add("Access-Control-Allow-Origin", "*")
		add("Access-Control-Expose-Headers", "ETag, Link, Last-Modified")
	}
	return f
}

// fill adds the body and what is said of it.
func (f *facet) fill(coding coding, a answer, body []byte) {
	f.body = body
	f.full = append(slices.Clone(everyAnswer), header{"Content-Security-Policy", []string{a.csp}},
		header{"Content-Type", []string{a.contentType}}, header{"Content-Length", []string{strconv.Itoa(len(body))}})
	if name := coding.name(); name != "" {
		f.full = append(f.full, header{"Content-Encoding", []string{name}})
	}
}

func set(h http.Header, lines []header) {
	for _, l := range lines {
		h[l.name] = l.value
	}
}

// serve answers with the document, or with 304 when the client has it.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, doc *document, a answer) {
	if _, _, err := s.send(w, r, doc, a); err != nil {
		w.Header().Del("Etag")
		s.fail(w, r, err)
	}
}

// send is serve; it says what was answered. With an error nothing was.
func (s *Server) send(w http.ResponseWriter, r *http.Request, doc *document, a answer) (status, bytes int, err error) {
	coding := acceptedCoding(r.Header.Get("Accept-Encoding"))
	f := s.cache.facet(doc, coding, a)
	h, now := w.Header(), s.Now()
	set(h, f.both)
	// A change in the same second would not show in a date, so the date is left
	// out while it is so young (RFC 9110 §8.8.2.2).
	dated := doc.modified != nil && now.Sub(doc.changed.Truncate(time.Second)) >= time.Second
	if dated {
		h["Last-Modified"] = doc.modified
	}
	if notModified(r, f.etag, doc.changed.Truncate(time.Second), dated, now) {
		for _, l := range everyAnswer { // what the client keeps has them (RFC 9110 §15.4.5)
			delete(h, l.name)
		}
		w.WriteHeader(http.StatusNotModified)
		return http.StatusNotModified, 0, nil
	}
	if f.full == nil {
		if f, err = s.cache.filled(doc, coding, a); err != nil {
			return 0, 0, err
		}
	}
	set(h, f.full)
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		bytes, _ = w.Write(f.body) // the client is gone: nobody is left to be told
	}
	return http.StatusOK, bytes, nil
}

// Header lines of every answer but a 304. They never change.
var everyAnswer = []header{
	{"X-Content-Type-Options", []string{"nosniff"}},
	{"Referrer-Policy", []string{"no-referrer"}},
	{"X-Robots-Tag", []string{"noindex"}},
}

// date is the Date of a second, written once.
type date struct {
	second int64
	value  []string
}

func (s *Server) dated(now time.Time) []string {
	d := s.date.Load()
	if d == nil || d.second != now.Unix() {
		d = &date{now.Unix(), []string{now.UTC().Format(http.TimeFormat)}}
		s.date.Store(d)
	}
	return d.value
}

// direct says how a document is found and answered by the address that it gives
// as its own, without looking at the parts of the request.
type direct struct {
	topic  string // its revision is that of the document
	route  string // for the metrics
	answer answer
}

// quick answers for a document that was rendered before, is asked for by its own
// address and has not changed; false: the long way is needed. Most polls of
// readers end here, so nothing is allocated but by net/http.
func (s *Server) quick(w http.ResponseWriter, r *http.Request, began time.Time) bool {
	doc := s.cache.fresh(r.RequestURI, s.state.Load(), s.Store.Revision)
	if doc == nil {
		return false
	}
	status, bytes, err := s.send(w, r, doc, doc.direct.answer)
	if err != nil {
		return false // said again, with its reason, on the long way
	}
	s.metrics.request(doc.direct.route, status, int64(bytes), s.Now().Sub(began))
	return true
}

// notModified evaluates the conditions of a GET (RFC 9110 §13.2.2): a tag wins
// over a date, and a date that is unreadable or in the future does not count.
func notModified(r *http.Request, etag string, changed time.Time, dated bool, now time.Time) bool {
	if tags := r.Header["If-None-Match"]; len(tags) > 0 {
		return hasTag(strings.Join(tags, ","), etag)
	}
	date := r.Header.Get("If-Modified-Since")
	if date == "" {
		return false
	}
	since, err := http.ParseTime(date)
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
	switch {
	case status >= http.StatusInternalServerError: // it may be over in a second
		h.Set("Cache-Control", "no-store")
	case h.Get("Cache-Control") == "":
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

// sentence makes an error's text one for people. The name of a parameter at its
// beginning stays as it is to be written.
func sentence(s string) string {
	if word, _, _ := strings.Cut(s, " "); !strings.ContainsAny(word, "=.") {
		r, n := utf8.DecodeRuneInString(s)
		s = string(unicode.ToUpper(r)) + s[n:]
	}
	if strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}
