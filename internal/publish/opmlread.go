package publish

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html/charset"

	"khyber/internal/news"
)

// Subscription is one line of an OPML file that can become a source.
type Subscription struct {
	Title   string
	URL     string
	Home    string
	Lang    string
	Country string          // ISO 3166-1 alpha-2, where a group or category names one
	Type    news.SourceType // where a group or category names one
	Group   string          // what else its groups and categories say, joined by " / "
}

// Skipped is a line of an OPML file that cannot become a source.
type Skipped struct {
	Text   string // what the line calls itself
	Reason string // for people
}

const (
	// maxOPML bounds a file in bytes; lists of thousands of sources have about one MiB.
	maxOPML = 10 << 20
	// maxOutlineDepth bounds nesting; a real list has three levels.
	maxOutlineDepth = 64
	// maxProlog is where a charset is named, in bytes.
	maxProlog = 200
)

// ErrNotOPML says that a file has no opml element or outline.
var ErrNotOPML = errors.New("not an OPML file: it has no opml element; export the list of your reader as OPML")

// ParseOPML reads what other readers write, as far as it can be understood:
// attributes in any case, missing titles, nested groups, a file that is cut
// off. Subscriptions are in the order of the file, each address once. An error
// means that nothing could be read.
func ParseOPML(r io.Reader) ([]Subscription, []Skipped, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxOPML+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read OPML: %w", err)
	}
	if len(data) > maxOPML {
		return nil, nil, fmt.Errorf("read OPML: the file is larger than %d MiB", maxOPML>>20)
	}
	p := opmlReader{seen: make(map[string]bool)}
	found, err := p.read(data)
	if !found {
		return nil, nil, ErrNotOPML
	}
	if err != nil {
		p.skipped = append(p.skipped, Skipped{"the rest of the file", "it is damaged: " + err.Error()})
	}
	return p.subs, p.skipped, nil
}

type opmlReader struct {
	subs    []Subscription
	skipped []Skipped
	seen    map[string]bool
	groups  []string // of the outlines that are open; "" for one that is no group
}

// read walks the tokens. found says that there was an opml element or an outline.
func (p *opmlReader) read(data []byte) (found bool, err error) {
	text, err := decoded(data)
	if err != nil {
		return bytes.Contains(bytes.ToLower(data), []byte("opml")), err
	}
	dec := xml.NewDecoder(bytes.NewReader(text))
	dec.Strict = false
	dec.Entity = xml.HTMLEntity
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is UTF-8 by now
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return found, nil
		}
		if err != nil {
			// A missing </opml> loses nothing.
			if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok && strings.Contains(syntax.Msg, "unexpected EOF") {
				return found, nil
			}
			return found, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if strings.EqualFold(t.Name.Local, "opml") {
				found = true
			}
			if strings.EqualFold(t.Name.Local, "outline") {
				found = true
				if len(p.groups) == maxOutlineDepth {
					return found, fmt.Errorf("groups are nested more than %d deep", maxOutlineDepth)
				}
				p.groups = append(p.groups, p.outline(t.Attr))
			}
		case xml.EndElement:
			if strings.EqualFold(t.Name.Local, "outline") && len(p.groups) > 0 {
				p.groups = p.groups[:len(p.groups)-1]
			}
		}
	}
}

// declared finds the charset that a file names.
var declared = regexp.MustCompile(`^\s*<\?xml[^>]*encoding\s*=\s*["']([^"'>]+)["']`)

// decoded returns a file as UTF-8 that XML may hold: readers export in the
// charset of their system, and copy what they were given into titles.
func decoded(data []byte) ([]byte, error) {
	label := ""
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("<\x00")): // XML 1.0, appendix F
		label = "utf-16le"
	case bytes.HasPrefix(data, []byte("\xfe\xff")), bytes.HasPrefix(data, []byte("\x00<")):
		label = "utf-16be"
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
	default:
		if m := declared.FindSubmatch(data[:min(len(data), maxProlog)]); m != nil {
			label = string(m[1])
		}
		if strings.HasPrefix(strings.ToLower(label), "utf-16") {
			label = "" // it could not be read so far if it were
		}
	}
	if label != "" {
		r, err := charset.NewReaderLabel(label, bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("charset %q: save the file as UTF-8", clean(label))
		}
		if data, err = io.ReadAll(r); err != nil {
			return nil, fmt.Errorf("charset %q: %w", clean(label), err)
		}
	}
	data = bytes.TrimPrefix(bytes.ToValidUTF8(data, []byte("\ufffd")), []byte("\ufeff"))
	return bytes.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return -1 // XML 1.0 §2.2 has no such characters
		}
		return r
	}, data), nil
}

// outline takes one outline and returns the name of the group that it opens.
func (p *opmlReader) outline(attrs []xml.Attr) string {
	get := func(names ...string) string {
		for _, name := range names {
			for _, a := range attrs {
				if strings.EqualFold(a.Name.Local, name) && strings.TrimSpace(a.Value) != "" {
					return clean(a.Value)
				}
			}
		}
		return ""
	}
	text, kind := clean(html.UnescapeString(get("text", "title"))), strings.ToLower(get("type")) // it may be HTML
	raw := get("xmlUrl")
	if raw == "" {
		if kind == "rss" || kind == "atom" || kind == "feed" {
			raw = get("url")
		}
	}
	if raw == "" {
		if link := get("url", "htmlUrl"); link != "" || kind == "include" || kind == "link" {
			p.skip(text, link, "it is a link, not a subscription: it has no xmlUrl")
			return ""
		}
		return text
	}
	u := webAddress(plainScheme(strings.ReplaceAll(raw, " ", "")))
	switch {
	case u == "":
		p.skip(text, raw, "its address is not http or https, or carries a password")
	case p.seen[u]:
		p.skip(text, raw, "it stands in the file more than once")
	default:
		p.seen[u] = true
		s := Subscription{Title: text, URL: u, Home: webAddress(get("htmlUrl")), Lang: get("language")}
		p.place(&s, get("category"))
		p.subs = append(p.subs, s)
	}
	return ""
}

// plainScheme takes off the scheme with which readers are called from a browser:
// feed://host/path is http, feed:https://host/path what it says.
func plainScheme(raw string) string {
	const scheme = "feed:"
	if len(raw) < len(scheme) || !strings.EqualFold(raw[:len(scheme)], scheme) {
		return raw
	}
	if rest := raw[len(scheme):]; !strings.HasPrefix(rest, "//") {
		return rest
	}
	return "http:" + raw[len(scheme):]
}

func (p *opmlReader) skip(text, fallback, reason string) {
	if text == "" {
		text = fallback
	}
	p.skipped = append(p.skipped, Skipped{text, reason})
}

// place finds country and kind in the category paths and in the open groups;
// whatever else they say is kept as Group.
func (p *opmlReader) place(s *Subscription, categories string) {
	var words []string
	for path := range strings.SplitSeq(categories, ",") {
		words = append(words, strings.Split(path, "/")...)
	}
	var rest []string
	for _, w := range append(words, p.groups...) {
		w = strings.TrimSpace(w)
		kind := news.SourceType(strings.ToLower(w))
		switch {
		case w == "" || w == noCountry || w == noKind:
		case len(w) == 2 && letters(w) && strings.ToUpper(w) == w:
			s.Country = w
		case slices.Contains(news.SourceTypes(), kind):
			s.Type = kind
		case !slices.Contains(rest, w):
			rest = append(rest, w)
		}
	}
	s.Group = strings.Join(rest, " / ")
}
