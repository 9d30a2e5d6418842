package publish

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// lint holds the rules of the feed validator that our documents once broke or
// could break, and those of JSON Feed 1.1, so that they hold where the
// validator cannot be had. It returns what is wrong; now is the newest date
// that a document may carry.

var (
	badRunes  = regexp.MustCompile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffd\u202a-\u202e\u2066-\u2069]")
	inText    = regexp.MustCompile(`&[a-zA-Z]+;|</[a-zA-Z]`)
	inName    = regexp.MustCompile(`\S+@\S+`)
	langRule  = regexp.MustCompile(`^([a-z]{2}|bal)(-[A-Z]{2})?$`)
	relative  = regexp.MustCompile(`(?i)<[^>]*\b(?:href|src)\s*=\s*["']?(?:[^"'hm]|h[^t]|m[^a])`)
	unsafe    = regexp.MustCompile(`(?i)<(?:script|iframe|object|embed|img|style|form|svg|math|link|meta|base)\b|<[^>]*\s(?:on\w+|style)\s*=|<[^>]*(?:javascript|data|vbscript)\s*:`)
	rfc822Re  = regexp.MustCompile(`^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d [+-]\d{4}$`)
	uriChars  = regexp.MustCompile(`^[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+$`)
	canonical = regexp.MustCompile(`^(https?://[a-z0-9.-]+(:\d+)?/|tag:|urn:)`)
)

type lint struct {
	faults []string
	now    time.Time
}

func (l *lint) add(format string, args ...any) {
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

// node is an element of a parsed document.
type node struct {
	name  string
	attr  map[string]string
	text  string
	nodes []*node
}

func (n *node) all(name string) []*node {
	var out []*node
	for _, c := range n.nodes {
		if c.name == name {
			out = append(out, c)
		}
	}
	return out
}

func (n *node) one(name string) *node {
	if list := n.all(name); len(list) > 0 {
		return list[0]
	}
	return &node{}
}

// tree reads a document strictly; names keep their prefix.
func tree(doc []byte) (*node, error) {
	dec := xml.NewDecoder(bytes.NewReader(doc))
	stack := []*node{{}}
	for {
		tok, err := dec.RawToken()
		if err == io.EOF {
			return stack[0].nodes[len(stack[0].nodes)-1], nil
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch t := tok.(type) {
		case xml.StartElement:
			n := &node{name: rawName(t.Name), attr: map[string]string{}}
			for _, a := range t.Attr {
				n.attr[rawName(a.Name)] = a.Value
			}
			top.nodes = append(top.nodes, n)
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(t)
		case xml.Directive:
			return nil, fmt.Errorf("a DOCTYPE")
		}
	}
}

func rawName(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

func (l *lint) xml(doc []byte, self string) *node {
	if badRunes.Match(doc) {
		l.add("forbidden character %q", badRunes.Find(doc))
	}
	root, err := tree(doc)
	if err != nil {
		l.add("not well-formed: %v", err)
		return &node{}
	}
	head := root
	if root.name == "rss" {
		head = root.one("channel")
	}
	found := false
	for _, n := range append(head.all("link"), head.all("atom:link")...) {
		found = found || n.attr["rel"] == "self" && n.attr["href"] == self
	}
	if !found {
		l.add("no link to itself, %s", self)
	}
	entry := false
	for _, n := range head.nodes {
		isEntry := n.name == "entry" || n.name == "item"
		if entry && !isEntry {
			l.add("%s after an entry", n.name)
		}
		entry = entry || isEntry
	}
	if len(head.all("fh:archive")) > 0 && !bytes.Contains(doc, []byte(`rel="prev-archive"`)) && !bytes.Contains(doc, []byte(`rel="next-archive"`)) {
		l.add("an archive without a neighbour")
	}
	if len(head.all("fh:archive")) > 0 && !bytes.Contains(doc, []byte(`rel="current"`)) {
		l.add("an archive without current")
	}
	l.walk(root)
	return root
}

func (l *lint) walk(n *node) {
	for name, value := range n.attr {
		switch name {
		case "href", "uri", "url", "scheme", "domain":
			l.uri(value)
		case "xml:lang", "hreflang":
			l.lang(value)
		}
	}
	text := strings.TrimSpace(n.text)
	if n.attr["type"] == "text" && inText.MatchString(text) {
		l.add("type=text that readers take for markup in %s: %q", n.name, text)
	}
	switch n.name {
	case "name", "dc:creator", "author":
		if inName.MatchString(text) {
			l.add("an e-mail address in %s: %q", n.name, text)
		}
	case "updated", "published", "atom:updated":
		l.date(text, time.RFC3339Nano)
	case "pubDate", "lastBuildDate":
		if !rfc822Re.MatchString(text) {
			l.add("%s is %q", n.name, text)
		}
		l.date(text, time.RFC1123Z)
	case "dc:language", "language":
		l.lang(text)
	case "content", "content:encoded":
		l.html(text)
	}
	for _, c := range n.nodes {
		l.walk(c)
	}
}

func (l *lint) uri(s string) {
	u, err := url.Parse(s)
	if err != nil || !u.IsAbs() || !uriChars.MatchString(s) || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		l.add("address %q", s)
	}
}

func (l *lint) lang(s string) {
	if !langRule.MatchString(s) {
		l.add("language %q", s)
	}
}

func (l *lint) date(s, layout string) {
	if t, err := time.Parse(layout, s); err != nil || t.After(l.now) || t.Year() < 1990 {
		l.add("date %q (%v)", s, err)
	}
}

func (l *lint) html(s string) {
	if relative.MatchString(s) || unsafe.MatchString(s) {
		l.add("unsafe or relative: %q", s)
	}
}

func (l *lint) atom(doc []byte, self string) {
	root := l.xml(doc, self)
	updated, ids := map[string]bool{}, map[string]bool{}
	if len(root.all("author")) == 0 || root.attr["xml:lang"] == "" || strings.TrimSpace(root.one("title").text) == "" {
		l.add("the head lacks author, language or title")
	}
	for _, e := range root.all("entry") {
		id, up := e.one("id").text, e.one("updated").text
		if updated[up] || up > root.one("updated").text && !strings.HasPrefix(up, strings.TrimSuffix(root.one("updated").text, "Z")) {
			l.add("updated %s is repeated or after the document's", up)
		}
		if ids[id] || !canonical.MatchString(id) {
			l.add("id %q is repeated or not canonical", id)
		}
		updated[up], ids[id] = true, true
		if up < e.one("published").text[:19] {
			l.add("updated %s before published", up)
		}
		alternate := 0
		for _, link := range e.all("link") {
			if link.attr["rel"] == "alternate" {
				alternate++
			}
		}
		if alternate != 1 || len(e.all("author")) == 0 || strings.TrimSpace(e.one("title").text) == "" {
			l.add("entry %s lacks alternate, author or title", id)
		}
		for _, s := range e.all("source") {
			if s.one("id").text == "" || s.one("title").text == "" || s.one("updated").text == "" {
				l.add("source of %s lacks id, title or updated", id)
			}
		}
		for _, r := range append(e.all("rights"), e.all("summary")...) {
			if strings.TrimSpace(r.text) == "" {
				l.add("empty %s", r.name)
			}
		}
	}
}

func (l *lint) rss(doc []byte, self string) {
	c := l.xml(doc, self).one("channel")
	seen := map[string]bool{}
	for _, n := range c.nodes {
		if seen[n.name] && n.name != "item" && n.name != "atom:link" {
			l.add("%s twice", n.name)
		}
		seen[n.name] = true
	}
	for _, name := range []string{"title", "link", "description", "language", "generator", "docs", "ttl"} {
		if strings.TrimSpace(c.one(name).text) == "" {
			l.add("no %s", name)
		}
	}
	ids := map[string]bool{}
	for _, item := range c.all("item") {
		l.uri(item.one("link").text)
		guid := item.one("guid")
		if ids[guid.text] || guid.text == "" || guid.attr["isPermaLink"] != "false" {
			l.add("guid %q", guid.text)
		}
		ids[guid.text] = true
		if n := len(item.all("enclosure")); n > 1 {
			l.add("%d enclosures", n)
		}
		for _, e := range item.all("enclosure") {
			if e.attr["type"] == "" || e.attr["length"] == "" {
				l.add("enclosure %v", e.attr)
			}
		}
		if strings.TrimSpace(item.one("title").text) == "" || len(item.all("pubDate")) != 1 {
			l.add("item without title or pubDate")
		}
		if d := html.UnescapeString(item.one("description").text); unsafe.MatchString(item.one("description").text) {
			l.add("description %q", d)
		}
	}
}

var (
	rootKeys = []string{"version", "title", "home_page_url", "feed_url", "description", "language", "authors", "hubs", "next_url", "items"}
	itemKeys = []string{"id", "url", "title", "summary", "content_html", "date_published", "date_modified", "authors", "tags", "language", "attachments"}
)

func (l *lint) json(doc []byte, self string) {
	var d map[string]any
	if err := json.Unmarshal(doc, &d); err != nil {
		l.add("JSON: %v", err)
		return
	}
	if badRunes.Match(doc) {
		l.add("forbidden character")
	}
	l.keys(d, rootKeys)
	if d["feed_url"] != self || d["version"] != "https://jsonfeed.org/version/1.1" {
		l.add("feed_url %v, version %v", d["feed_url"], d["version"])
	}
	items, ok := d["items"].([]any)
	if !ok {
		l.add("items is %v", d["items"])
	}
	ids := map[string]bool{}
	for _, x := range items {
		item := x.(map[string]any)
		l.keys(item, itemKeys)
		id, _ := item["id"].(string)
		content, _ := item["content_html"].(string)
		if id == "" || ids[id] || content == "" {
			l.add("item %q has no id, an old one, or no content", id)
		}
		ids[id] = true
		l.uri(item["url"].(string))
		l.html(content)
		l.date(item["date_published"].(string), time.RFC3339)
		l.date(item["date_modified"].(string), time.RFC3339Nano)
		if tag, ok := item["language"].(string); ok {
			l.lang(tag)
		}
		files, _ := item["attachments"].([]any)
		for _, f := range files {
			l.uri(f.(map[string]any)["url"].(string))
			if f.(map[string]any)["mime_type"] == nil {
				l.add("an attachment without type")
			}
		}
	}
	l.empty("", d)
}

func (l *lint) keys(m map[string]any, known []string) {
	for k := range m {
		if !strings.HasPrefix(k, "_") && !slices.Contains(known, k) {
			l.add("key %q is not of JSON Feed 1.1", k)
		}
	}
}

// empty finds keys without a value.
func (l *lint) empty(path string, v any) {
	switch x := v.(type) {
	case nil:
		l.add("%s is null", path)
	case string:
		if x == "" || strings.HasPrefix(x, "0001-") {
			l.add("%s is %q", path, x)
		}
	case map[string]any:
		for k, v := range x {
			l.empty(path+"."+k, v)
		}
	case []any:
		for _, v := range x {
			l.empty(path, v)
		}
	}
}

// faults lints f in the format.
func faults(t testing.TB, format Format, f TopicFeed) []string {
	l := &lint{now: noon.Add(time.Hour)}
	doc := render(t, format, f)
	switch format {
	case Atom:
		l.atom(doc, f.Self(Atom))
	case RSS:
		l.rss(doc, f.Self(RSS))
	case JSON:
		l.json(doc, f.Self(JSON))
	}
	return l.faults
}

func TestDocumentsBreakNoRuleOfTheValidator(t *testing.T) {
	for name, f := range documents() {
		for _, format := range Formats() {
			for _, fault := range faults(t, format, f) {
				t.Errorf("%s.%s: %s", name, format, fault)
			}
		}
	}
}

func TestLintFindsFaults(t *testing.T) {
	for _, c := range []struct{ doc, want string }{
		{`<feed><link rel="self" href="http://x/"/><entry/><id>1</id></feed>`, "id after an entry"},
		{`<feed><link rel="self" href="http://x/"/><a href="/b"/></feed>`, `address "/b"`},
		{`<feed><link rel="self" href="http://x/"/><a xml:lang="prs"/></feed>`, `language "prs"`},
		{`<feed><link rel="self" href="http://x/"/><content>&lt;a href="x"&gt;</content></feed>`, "unsafe or relative"},
		{`<feed><link rel="self" href="http://x/"/><content>&lt;b onclick=x&gt;</content></feed>`, "unsafe or relative"},
		{`<feed><link rel="self" href="http://x/"/><updated>2027-01-01T00:00:00Z</updated></feed>`, "date"},
		{`<feed><link rel="self" href="http://x/"/><name>a@b.example</name></feed>`, "e-mail"},
		{`<feed/>`, "no link to itself"},
	} {
		l := &lint{now: noon}
		l.xml([]byte(c.doc), "http://x/")
		if !strings.Contains(strings.Join(l.faults, "; "), c.want) {
			t.Errorf("%s: got %q, want %q", c.doc, l.faults, c.want)
		}
	}
}
