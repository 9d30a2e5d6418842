package parse

import (
	"net/url"
	"strings"
)

// root judges the first element: it decides the format, or that this is no
// document with items. A bare channel, item or entry gets its root around it.
func (s *shape) root(t *token) error {
	prefix, localName := cutPrefix(t.name)
	local := words.local(localName)
	switch local {
	case "rss":
		s.format, s.version = formatRSS, rssVersion(t.getFold("version"))
	case "rdf":
		s.format, s.version = formatRDF, rdfVersion(t)
	case "feed":
		s.format, s.version = formatAtom, atomVersion(t, prefix)
	case "channel":
		s.version = "rss"
		if s.cdf = isCDF(t); s.cdf {
			s.version = "cdf"
		}
		s.wrap(t.start, "rss", roleRoot)
	case "item":
		s.version = "rss"
		s.wrap(t.start, "rss", roleRoot)
		s.wrap(t.start, "channel", roleChannel)
		s.channels++
	case "entry":
		s.format, s.version = formatAtom, atomVersion(t, prefix)
		s.wrap(t.start, "feed", roleRoot)
	case "html":
		return noDocument("%s", describeHTML(s.b))
	default:
		return noDocument("XML of another kind: its root is <%.40s>", t.name)
	}
	return nil
}

// wrap opens an element that the document does not have.
func (s *shape) wrap(at int, name string, r role) {
	tag := "<" + name + ">"
	if name == "feed" {
		tag = `<feed xmlns="` + atomURI + `">`
		s.bindings = append(s.bindings, binding{space: spaceAtom})
	}
	s.edit(at, at, tag)
	s.open = append(s.open, element{name: []byte(name), local: name, role: r, virtual: true, bindings: len(s.bindings)})
}

// isCDF tells a channel of the Channel Definition Format from one of RSS.
func isCDF(t *token) bool {
	return string(t.name) == "CHANNEL" || t.getFold("href") != "" || t.getFold("lastmod") != "" || t.getFold("self") != ""
}

func rssVersion(v string) string {
	switch v = strings.TrimSpace(v); {
	case v == "0.9" || v == "0.90":
		return "rss090"
	case strings.HasPrefix(v, "0.91"):
		return "rss091"
	case strings.HasPrefix(v, "0.92"):
		return "rss092"
	case strings.HasPrefix(v, "0.93"):
		return "rss093"
	case strings.HasPrefix(v, "0.94"):
		return "rss094"
	case strings.HasPrefix(v, "1.0"):
		return "rss10"
	case strings.HasPrefix(v, "2"):
		return "rss20"
	}
	return "rss"
}

func rdfVersion(t *token) string {
	for _, a := range t.attrs {
		v := string(a.value)
		if strings.Contains(v, "netscape.com/rdf/simple/0.9") {
			return "rss090"
		}
		if strings.TrimRight(strings.TrimSpace(v), "/") == "http://purl.org/rss/1.0" {
			return "rss10"
		}
	}
	return "rss10"
}

func atomVersion(t *token, prefix []byte) string {
	name := "xmlns"
	if prefix != nil {
		name += ":" + string(prefix)
	}
	address := t.get(name)
	switch version := t.get("version"); {
	case strings.HasPrefix(strings.ToLower(address), "http://purl.org/atom/ns"):
		return "atom03"
	case address == "" && strings.HasPrefix(version, "0."):
		return "atom03"
	}
	return "atom10"
}

// rewriteStart writes into the start tag what gofeed would not understand.
func (s *shape) rewriteStart(t *token, e *element) {
	if e.role == roleRoot && s.format == formatAtom {
		if prefix, _ := cutPrefix(e.name); prefix != nil && t.get("xmlns:"+string(prefix)) == "" {
			name, at := "xmlns:"+string(prefix), t.start+1+len(t.name)
			s.edit(at, at, " "+name+`="`+atomURI+`"`)
			t.attrs = append(t.attrs, attr{name: []byte(name), value: []byte(atomURI), start: -1}) // for a tag that is written anew
			s.bindings = append(s.bindings, binding{prefix: prefix, space: spaceAtom})
			e.space = spaceAtom
		}
	}
	if e.base > 0 {
		s.absoluteAttrs(t, s.bases[e.base])
	}
	s.sortEdits(e.edits)
	switch {
	case e.dropped:
		s.replaceTag(e, t, "")
	case s.cdf:
		s.rewriteCDF(t, e)
	case e.role == roleField && e.space == spaceXHTML && (e.local == "body" || e.local == "div"):
		// The text of an RSS item as markup: gofeed would take it apart.
		e.rename, e.typ, e.space, e.local = "kh:encoded", "xhtml", spaceContent, "encoded"
		s.replaceTag(e, t, `<kh:encoded xmlns:kh="`+contentURI+`">`)
	case t.sloppy:
		s.repair("a start tag was mended")
		s.replaceTag(e, t, string(appendTag(nil, s.edited(t, e))))
	}
}

// replaceTag replaces the whole start tag, and an empty one by a pair.
func (s *shape) replaceTag(e *element, t *token, text string) {
	s.edits = s.edits[:e.edits]
	if t.kind == tokenEmpty && e.rename != "" {
		text += "</" + e.rename + ">"
	}
	s.edit(t.start, t.end, text)
}

// edited returns the tag with what was decided for its attributes so far.
func (s *shape) edited(t *token, e *element) *token {
	out := *t
	out.attrs = nil
	for _, a := range t.attrs {
		keep := true
		for _, x := range s.edits[e.edits:] {
			if x.start == a.start {
				_, value, _ := strings.Cut(x.text, `"`)
				a.value = []byte(strings.TrimSuffix(value, `"`))
				keep = x.text != ""
			}
		}
		if keep {
			out.attrs = append(out.attrs, a)
		}
	}
	return &out
}

// rewriteCDF turns the elements of the Channel Definition Format into those of
// RSS, whose meaning they share.
func (s *shape) rewriteCDF(t *token, e *element) {
	name := string(t.name)
	if e.local == "abstract" {
		e.rename, e.local, name = "description", "description", "description"
	}
	text, href := "<"+name+">", t.getFold("href")
	if e.base > 0 && href != "" {
		href = resolve(s.bases[e.base], href)
	}
	switch {
	case e.role == roleItem:
		text += cdfChild("link", href) + cdfChild("modified", t.getFold("lastmod"))
	case e.role == roleChannel:
		text += cdfChild("link", href) + cdfChild("lastBuildDate", t.getFold("lastmod"))
	case e.local == "a":
		text = cdfChild("link", href) + text
	case e.local == "logo" && e.role == roleHead:
		text = "<image>" + cdfChild("url", href) + "</image>" + text
	case e.local == "logo" && e.role == roleField:
		text = cdfChild("image", href) + text
	}
	if t.kind == tokenEmpty {
		text += "</" + name + ">"
		s.edits = s.edits[:e.edits]
		s.edit(t.start, t.end, text)
		return
	}
	s.replaceTag(e, t, text)
}

func cdfChild(name, value string) string {
	if value == "" {
		return ""
	}
	return "<" + name + ">" + escapeXML(value) + "</" + name + ">"
}

// newBase puts an xml:base in scope, resolved against the outer one.
func (s *shape) newBase(e *element, raw string) {
	s.baseSize += len(raw)
	outer := s.bases[e.base]
	if u, err := outer.Parse(strings.TrimSpace(raw)); err == nil && raw != "" && u.Host != "" {
		s.bases = append(s.bases, u)
		e.base = len(s.bases) - 1
	}
}

// absoluteAttrs resolves the addresses in the attributes of an element that
// stands under an xml:base.
func (s *shape) absoluteAttrs(t *token, base *url.URL) {
	for _, a := range t.attrs {
		_, local := cutPrefix(a.name)
		switch string(local) {
		case "href", "src", "url", "uri", "HREF", "resource":
			s.edit(a.start, a.end, string(a.name)+`="`+escapeXML(resolve(base, unescape(string(a.value))))+`"`)
		}
	}
}
