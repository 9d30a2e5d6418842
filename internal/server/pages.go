package server

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"khyber/internal/news"
	"khyber/internal/publish"
	"khyber/internal/text"
)

//go:embed web/*.html web/style.css
var web embed.FS

// pageAge is how long a rendered page is shown before it is made anew: pages
// carry health and times, which have no revision of their own.
const pageAge = 10 * time.Second

// asset is a file whose name changes with its bytes, so that it is kept for ever.
type asset struct {
	path string
	doc  *document
}

// sparse and spaced find what a stylesheet has for its reader alone: comments,
// and space around its marks.
var (
	sparse = regexp.MustCompile(`(?s)/\*.*?\*/`)
	spaced = regexp.MustCompile(`\s*([{};,])\s*`)
)

func styleSheet() asset {
	css, err := web.ReadFile("web/style.css")
	if err != nil {
		return asset{path: "/style.css", doc: &document{tag: "missing"}}
	}
	css = spaced.ReplaceAll(sparse.ReplaceAll(css, nil), []byte("$1"))
	sum := sha256.Sum256(css)
	tag := hex.EncodeToString(sum[:8])
	return asset{path: "/style-" + tag + ".css", doc: &document{key: "style", tag: tag, rendered: rendered{plain: css}}}
}

func (s *Server) stylesheet(w http.ResponseWriter, r *http.Request) {
	s.serve(w, r, s.style.doc, answer{contentType: "text/css; charset=utf-8", cache: cacheForever, csp: cspTopicFeed})
}

func parsePages(style string) *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"stamp":      stamp,
		"rfc3339":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"stylesheet": func() string { return style },
	}).ParseFS(web, "web/*.html"))
}

// stamp writes a time in full: a relative one would be wrong a minute later.
func stamp(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") }

// page is what every page shows around its content.
type page struct {
	Title, Site, Root string
	Static            bool // no server stands behind the page
	Search            bool // there is a search
	Help              bool // there is a manual
	Nav               string
	Canonical         string
	Alternates        []alternate
	Now               time.Time // when it was made; zero: that does not matter
}

type alternate struct{ Name, Type, Title, URL string }

// newPage returns the frame of a page. Root is the path of base_url, so that
// pages work at an address of their own and behind a proxy with a prefix.
func (s *Server) newPage(st *State, title, path string) page {
	site := cmp.Or(st.Site.Title, "Khyber")
	p := page{Title: site, Site: site, Static: st.static, Search: st.ParseQuery != nil && !st.static, Help: len(s.Help) > 0, Canonical: st.Site.BaseURL + path, Now: s.Now()}
	if title != "" {
		p.Title = title + " – " + site
	}
	if u, err := url.Parse(st.Site.BaseURL); err == nil {
		p.Root = u.EscapedPath()
	}
	return p
}

// pageVersion moves once in pageAge.
func (s *Server) pageVersion(st *State) version {
	return version{st, uint64(s.Now().UnixNano() / int64(pageAge))}
}

// showPage renders a template at most once in pageAge and serves it.
func (s *Server) showPage(w http.ResponseWriter, r *http.Request, st *State, key, name, vary string, fill func(context.Context) (any, error)) {
	s.show(w, r, s.pageVersion(st), key, name, vary, fill)
}

// show renders a template once for a version and serves it.
func (s *Server) show(w http.ResponseWriter, r *http.Request, v version, key, name, vary string, fill func(context.Context) (any, error)) {
	doc, err := s.cache.get(r.Context(), "page:"+key, v, func(ctx context.Context) (rendered, error) {
		data, err := fill(ctx)
		if err != nil {
			return rendered{}, err
		}
		var b bytes.Buffer
		err = s.pages.ExecuteTemplate(&b, name, data)
		return rendered{plain: b.Bytes()}, err
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.serve(w, r, doc, answer{contentType: "text/html; charset=utf-8", cache: cachePage, csp: cspPage, vary: vary})
}

// refusePage shows one sentence to a browser.
func (s *Server) refusePage(w http.ResponseWriter, r *http.Request, status int, sentence string) {
	p := s.newPage(s.state.Load(), http.StatusText(status), "")
	p.Canonical = ""
	s.writePage(w, r, status, "refusal", struct {
		page
		Heading, Text string
	}{p, http.StatusText(status), sentence})
}

// writePage answers with a page that is not kept: it says what is wrong with a
// request.
func (s *Server) writePage(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var b bytes.Buffer
	err := s.pages.ExecuteTemplate(&b, name, data)
	h := w.Header()
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", cachePage)
	}
	h.Set("Content-Security-Policy", cspPage)
	if err != nil {
		s.Log.Error("cannot answer", "err", err)
		writeText(w, r, status, http.StatusText(status)+"\n")
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes()) // the client is gone: nobody is left to be told
	}
}

// forms returns the links to the three forms of a topic feed.
func forms(f *publish.TopicFeed, title string) []alternate {
	names := map[publish.Format]string{publish.Atom: "Atom", publish.RSS: "RSS", publish.JSON: "JSON"}
	var out []alternate
	for _, format := range publish.Formats() {
		out = append(out, alternate{names[format], format.MediaType(), title + " (" + names[format] + ")", f.Self(format)})
	}
	return out
}

// direction returns the value of a dir attribute.
func direction(lang, s string) string {
	if text.RightToLeft(lang, s) {
		return "rtl"
	}
	return "ltr"
}

// mark shows a state by word, shape and colour.
type mark struct{ Class, Shape, Word string }

// Shapes of a 10 × 10 box: told apart without colour.
const (
	shapeFull  = "M5 .5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9z"
	shapeHalf  = "M5 .5a4.5 4.5 0 0 0 0 9z M5 .5a4.5 4.5 0 0 1 0 9v-1a3.5 3.5 0 0 0 0-7z"
	shapeCross = "M1.6 0 5 3.4 8.4 0 10 1.6 6.6 5 10 8.4 8.4 10 5 6.6 1.6 10 0 8.4 3.4 5 0 1.6z"
	shapeRing  = "M5 .5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9zm0 1a3.5 3.5 0 1 1 0 7a3.5 3.5 0 1 1 0-7z"
)

func stateMark(state news.State) mark {
	word := string(state)
	switch state {
	case news.StateOK:
		return mark{"ok", shapeFull, word}
	case news.StateFailing, news.StateGone:
		return mark{"bad", shapeCross, word}
	case news.StateLate, news.StateSilent, news.StateEmpty, news.StateUndated:
		return mark{"warn", shapeHalf, word}
	case news.StateNew, news.StateDisabled:
	}
	return mark{"off", shapeRing, word}
}

// coverageMark says how many sources answer. It is red only when most do not.
func coverageMark(c publish.Coverage) mark {
	m := mark{"ok", shapeFull, strconv.Itoa(c.OK) + " of " + count(c.Sources, "source") + " answering"}
	switch {
	case c.Sources == 0:
		return mark{"off", shapeRing, "no source in its scope"}
	case c.OK == 0 && len(c.Failing)+len(c.Silent) == 0:
		m.Class, m.Shape = "off", shapeRing
	case 2*(len(c.Failing)+len(c.Silent)) > c.Sources:
		m.Class, m.Shape = "bad", shapeCross
	case c.OK < c.Sources:
		m.Class, m.Shape = "warn", shapeHalf
	}
	return m
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// ShownState returns the state of a source as people see it: disabled by the editor,
// or late when its next poll is overdue by more than an interval.
func ShownState(src *news.Source, x *news.SourceState, now time.Time) news.State {
	switch {
	case src.Disabled:
		return news.StateDisabled
	case x.State == "":
		return news.StateNew
	case x.State == news.StateOK && !x.Next.IsZero() && now.Sub(x.Next) > max(x.Interval, src.Timing.Every, lateAfter):
		return news.StateLate
	}
	return x.State
}

// lateAfter is the least delay that is worth a word; a busy minute is not.
const lateAfter = 5 * time.Minute
