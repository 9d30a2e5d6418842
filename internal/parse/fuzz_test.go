package parse

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mmcdole/gofeed/atom"
	"github.com/mmcdole/gofeed/rss"
	"golang.org/x/net/html"
	atoms "golang.org/x/net/html/atom"

	"khyber/internal/feedtest"
	"khyber/internal/news"
)

// maxSeed keeps the seeds of fuzzing small, in bytes.
const maxSeed = 4 << 10

// seedDocuments are the golden documents and small hostile ones.
func seedDocuments(f *testing.F) [][]byte {
	f.Helper()
	var out [][]byte
	paths, err := filepath.Glob("testdata/golden/*.*")
	if err != nil || len(paths) == 0 {
		f.Fatal("no golden documents", err)
	}
	for _, p := range paths {
		if body, err := os.ReadFile(p); err == nil && !strings.HasSuffix(p, ".golden") {
			out = append(out, body)
		}
	}
	for _, h := range hostiles() {
		out = append(out, []byte(h.body(3)))
	}
	for _, h := range feedtest.HostileDocuments() {
		if sizeOf(h) <= 1000 {
			if body := h.Body(); len(body) < maxSeed {
				out = append(out, body)
			}
		}
	}
	return out
}

func FuzzItems(f *testing.F) {
	for _, body := range seedDocuments(f) {
		f.Add(body, "text/xml")
	}
	f.Add([]byte("<rss><channel><item>\xff</item>"), "text/xml; charset=windows-1256")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		header := http.Header{"Content-Type": {contentType}}
		doc, err := Full(testSource(), bytes.Clone(body), header, testNow)
		again, err2 := Full(testSource(), bytes.Clone(body), header, testNow)
		if !reflect.DeepEqual(doc, again) || !reflect.DeepEqual(err, err2) {
			t.Error("the same bytes gave something else")
		}
		checkAccount(t, doc)
		if err != nil {
			if e := err.(*Error); e.Text == "parser panic" {
				t.Error(err)
			}
			return
		}
		if doc.Rejected[news.RejectedParser] > 0 && doc.Version[:4] != "json" {
			// Items of a foreign format are the only ones that gofeed may lose.
			if bytes.Count(body, []byte("item")) == 0 || !bytes.Contains(body, []byte(":")) && !bytes.Contains(body, []byte("xmlns")) {
				t.Errorf("gofeed lost items: %v", doc.Rejected)
			}
		}
		if _, err := JSON(doc); err != nil {
			t.Error(err)
		}
		checkSafe(t, doc)
	})
}

// checkSafe walks all strings of a document.
func checkSafe(t *testing.T, doc Document) {
	t.Helper()
	plain := append([]string{doc.Title, doc.Description, doc.Rights, doc.Generator}, doc.Tags...)
	addresses := []string{doc.Home, doc.Image, doc.Hints.Hub, doc.Hints.Self}
	persons := doc.Authors
	for _, it := range doc.Items {
		plain = append(append(plain, it.Title, it.Summary, it.Rights, it.Outlet.Name, it.Lang), it.Tags...)
		addresses = append(addresses, it.Link, it.Image, it.Outlet.URL)
		persons = append(persons, it.Authors...)
		for _, f := range it.Files {
			plain = append(plain, f.Title, f.Type)
			addresses = append(addresses, f.URL)
		}
		checkHTML(t, it.Excerpt)
		checkHTML(t, it.SummaryHTML)
		checkHTML(t, it.ContentHTML)
		if len(it.Title) > maxTitleBytes || len(it.Summary) > maxSummaryBytes || len(it.ContentHTML) > maxHTMLBytes || len(it.GUID) > maxIDBytes {
			t.Error("a text is longer than its limit")
		}
	}
	for _, p := range persons {
		plain = append(plain, p.Name, p.Email)
		addresses = append(addresses, p.URL)
	}
	for _, s := range plain {
		if dangerous(s) || !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\n\u202e\u2066") {
			t.Errorf("unsafe text %q", s)
		}
	}
	for _, a := range addresses {
		u, err := url.Parse(a)
		if a != "" && (err != nil || !strings.EqualFold(u.Scheme, "http") && !strings.EqualFold(u.Scheme, "https") || u.Host == "" || u.User != nil) {
			t.Errorf("unsafe address %q", a)
		}
	}
}

// checkHTML parses HTML as a browser would and looks at each element.
func checkHTML(t *testing.T, s string) {
	t.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(s), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atoms.Div})
	if err != nil {
		t.Errorf("HTML %q: %v", s, err)
	}
	for _, n := range nodes {
		checkNode(t, s, n)
	}
}

func checkNode(t *testing.T, s string, n *html.Node) {
	t.Helper()
	if n.Type == html.ElementNode {
		if n.Namespace != "" || isHidden(n.DataAtom) || n.DataAtom == 0 {
			t.Errorf("element %s in %q", n.Data, s)
		}
		for _, a := range n.Attr {
			switch a.Key {
			case "dir", "lang", "title", "alt", "width", "height", "rel", "colspan", "rowspan":
			case "href", "src":
				if u, err := url.Parse(a.Val); err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" || u.User != nil {
					t.Errorf("address %q in %q", a.Val, s)
				}
			default:
				t.Errorf("attribute %s in %q", a.Key, s)
			}
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		checkNode(t, s, c)
	}
}

// FuzzPrescan holds what the package lives by: gofeed reads whatever the prescan
// passes, and delivers the items that it counted.
func FuzzPrescan(f *testing.F) {
	for _, body := range seedDocuments(f) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		d := decodeBody(body, "", testSource())
		if len(d.body) == 0 || d.body[0] != '<' {
			return
		}
		s, err := prescan(d.body, &url.URL{Scheme: "https", Host: "herald.example"})
		if err != nil {
			return
		}
		skeleton := apply(s.b, s.edits)
		n := 0
		if s.format == formatAtom {
			doc, err := (&atom.Parser{}).Parse(bytes.NewReader(skeleton))
			if err != nil {
				t.Fatalf("%v\n%q", err, skeleton)
			}
			n = len(doc.Entries)
		} else {
			doc, err := (&rss.Parser{}).Parse(bytes.NewReader(skeleton))
			if err != nil {
				t.Fatalf("%v\n%q", err, skeleton)
			}
			n = len(doc.Items)
		}
		if n != len(s.items) {
			t.Errorf("counted %d items, gofeed delivers %d\n%q", len(s.items), n, skeleton)
		}
	})
}

// FuzzSalvage wounds a document: the items before the wound stay as they were,
// and there are never more than the document had.
func FuzzSalvage(f *testing.F) {
	f.Add(200, 10, "<")
	f.Add(400, 0, "</item>")
	f.Add(700, 5000, "")
	f.Add(500, 1, "<![CDATA[")
	whole := rssOpen + numbered(`<item><guid isPermaLink="false">g%d</guid><title>Report %d</title><description><![CDATA[<p>text</p>]]></description></item>`+"\n", 12) + rssClose
	doc, err := Parse(testSource(), []byte(whole), http.Header{}, testNow)
	if err != nil || len(doc.Items) != 12 {
		f.Fatal(err, len(doc.Items))
	}
	f.Fuzz(func(t *testing.T, at, gone int, put string) {
		if at < 0 || at > len(whole) || gone < 0 || gone > len(whole) || strings.Contains(string(cleaned([]byte(put))), "<item") {
			return
		}
		body := whole[:at] + put + whole[min(len(whole), at+gone):]
		got, err := Parse(testSource(), []byte(body), http.Header{}, testNow)
		checkAccount(t, got)
		before := strings.Count(whole[:at], "</item>")
		if strings.ContainsRune(put, 0) || !utf8.ValidString(put) || strings.Contains(put, "<!") || strings.Contains(put, "]]>") {
			return // another charset, or the rest of the document is a comment
		}
		if err != nil {
			if before > 0 {
				t.Errorf("%d items before the wound, but %v", before, err)
			}
			return
		}
		if len(got.Items) > 12 {
			t.Errorf("%d items of 12", len(got.Items))
		}
		for i := range min(before, len(got.Items)) {
			if !reflect.DeepEqual(got.Items[i], doc.Items[i]) {
				t.Errorf("item %d changed: %+v", i, got.Items[i])
			}
		}
		if len(got.Items) < before {
			t.Errorf("%d of %d items before the wound", len(got.Items), before)
		}
	})
}

func FuzzCharset(f *testing.F) {
	for _, label := range []string{"", "utf-8", "windows-1256", "utf-16", "koi8-t", "iso-2022-jp", "utf-7", "utf-32le", "cp037", "mac-latin2"} {
		f.Add([]byte(`<?xml version="1.0" encoding="`+label+`"?><rss>caf`+"\xe9\x01"+`</rss>`), label)
	}
	f.Add([]byte("\xff\xfe<\x00r\x00"), "")
	f.Add([]byte("\x4c\x6f\xa7\x94\x93"), "")
	f.Fuzz(func(t *testing.T, body []byte, label string) {
		d := decodeBody(bytes.Clone(body), "text/xml; charset="+label, &news.Source{Lang: "fa"})
		if !utf8.Valid(d.body) {
			t.Errorf("no UTF-8: %q", d.body)
		}
		if dirty(d.body) && dirty(cleaned(d.body)) {
			t.Errorf("forbidden characters stay: %q", d.body)
		}
		if d.encoding == "" {
			t.Error("no encoding")
		}
	})
}

func FuzzSanitise(f *testing.F) {
	for _, s := range attacks() {
		f.Add(s)
	}
	base := &url.URL{Scheme: "https", Host: "herald.example", Path: "/dir/"}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		r := rich{s, kindHTML, base}
		once := r.sanitised()
		checkHTML(t, once)
		if twice := (rich{once, kindHTML, base}).sanitised(); twice != once {
			t.Errorf("sanitised %q\nagain     %q", once, twice)
		}
		plain, safe := r.excerpt(&excerpter{})
		checkHTML(t, safe)
		for _, k := range []kind{kindHTML, kindPlain, kindMaybe} {
			if line := (rich{s, k, base}).line(maxTitleBytes); dangerous(line) {
				t.Errorf("kind %d: unsafe line %q", k, line)
			}
		}
		if dangerous(plain) {
			t.Errorf("unsafe summary %q", plain)
		}
	})
}
