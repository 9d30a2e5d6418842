package parse

import (
	"bytes"
	"encoding/base64"
	"hash/maphash"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// kind says how a text is to be read.
type kind uint8

const (
	kindMaybe  kind = iota // plain, unless it looks like HTML: RSS does not say
	kindPlain              // < is a less-than sign
	kindHTML               // escaped HTML
	kindMarkup             // HTML as elements of the document
	kindBase64             // HTML or plain text in base64
)

// Sizes from which a text is put aside instead of being given to gofeed.
const (
	minAsideText  = 64  // bytes of a title, summary or content
	minAsideField = 256 // bytes of any other field without elements
)

// aside is a text that gofeed does not see. In its place stands a mark, which
// gofeed delivers and rich replaces: gofeed decodes a text with reflection, twice
// or through an HTML parser, and forgets what type it was.
type aside struct {
	from, to int
	kind     kind
	html     bool // the type says HTML or XHTML
	base     int
}

// rich is a text with how it is to be read and what its links refer to.
type rich struct {
	text string
	kind kind
	base *url.URL
}

// nonce returns the beginning of all marks: a word that the document does not
// hold. It is drawn anew for each document, so that none can know it; nothing
// that is handed on depends on it.
func nonce(b []byte) string {
	for {
		word := "kh" + strconv.FormatUint(maphash.Bytes(maphash.MakeSeed(), b[:min(len(b), 64)]), 36) + "."
		if !bytes.Contains(b, []byte(word)) {
			return word
		}
	}
}

// closeField decides about a child of an item when it ends, and says whether
// gofeed need not see it.
func (s *shape) closeField(e *element, to int) (omitted bool) {
	if to-e.inner > maxFieldBytes {
		s.open[s.item].oversize = true
		return false
	}
	it := &s.items[len(s.items)-1]
	if s.takeID(e, it, to) || s.takeDate(e, it, to) || s.repeats(e, &it.seen, to) {
		return true
	}
	s.mendAuthor(e, to)
	if s.closeText(e, to) {
		return false
	}
	if !e.kids && to-e.inner > minAsideField {
		s.putAside(e, to, kindMaybe)
	}
	return false
}

// repeats says whether an element is the second title, summary or content of its
// item or head: the first one counts, where gofeed takes the last.
func (s *shape) repeats(e *element, seen *uint8, to int) bool {
	var bit uint8
	switch e.local {
	case "title":
		bit = 1
	case "description":
		bit = 2
	case "summary", "subtitle", "tagline":
		bit = 4
	case "content":
		bit = 8
	case "encoded":
		bit = 16
	default:
		return false
	}
	if !s.native(e) && e.space != spaceContent || len(bytes.TrimSpace(s.b[e.inner:to])) == 0 {
		return false
	}
	second := *seen&bit != 0
	*seen |= bit
	return second
}

// mendAuthor makes an Atom author of one of RSS that is written as if it were,
// and gives one of Atom the name that it is.
func (s *shape) mendAuthor(e *element, to int) {
	if e.local != "author" && e.local != "contributor" || !s.native(e) || e.kids != (s.format != formatAtom) {
		return
	}
	if s.format == formatAtom {
		s.edits = append(s.cutEdits(e), edit{e.inner, to, "<name>" + escapeXML(s.decode(s.b[e.inner:to])) + "</name>"})
		return
	}
	n := len(s.edits) - len(s.cutEdits(e))
	s.edits = slices.Replace(s.edits, e.edits, len(s.edits)-n, edit{e.start, e.inner, "<atom:" + e.local + ">"})
	e.rename = "atom:" + e.local
}

// takeID keeps the id from gofeed, which changes it.
func (s *shape) takeID(e *element, it *itemShape, to int) bool {
	if (e.local != "guid" || s.format == formatAtom) && (e.local != "id" || s.format != formatAtom) || !s.native(e) {
		return false
	}
	if it.id == "" {
		it.id, it.opaque = cutBytes(strings.TrimSpace(s.decode(s.b[e.inner:to])), maxIDBytes), e.opaque
	}
	return true
}

// takeDate keeps a date of the format's own from gofeed, which tries up to a
// hundred layouts on each, to no use for us.
func (s *shape) takeDate(e *element, it *itemShape, to int) bool {
	if s.cdf || !s.native(e) {
		return false
	}
	var date *string
	switch {
	case e.local == "pubdate" && s.format != formatAtom:
		date = &it.published
	case s.format == formatAtom && (e.local == "published" || e.local == "issued"):
		date = &it.published
	case s.format == formatAtom && (e.local == "updated" || e.local == "modified"):
		date = &it.updated
	case s.format == formatAtom && e.local == "created":
		date = &it.created
	default:
		return false
	}
	*date = firstOf(strings.TrimSpace(s.decode(s.b[e.inner:to])), *date)
	return true
}

// closeHead decides about a child of the channel when it ends, and says whether
// gofeed need not see it.
func (s *shape) closeHead(e *element, to int) (omitted bool) {
	if to-e.inner > maxFieldBytes {
		s.edits, s.asides = s.edits[:e.edits], s.asides[:e.asides]
		s.edit(e.start, to, "<"+string(e.name)+">")
		s.repair("a text of the head was too long")
		return false
	}
	if !s.native(e) {
		s.closeText(e, to)
		return false
	}
	if s.repeats(e, &s.seen, to) || s.takeHead(e, to) {
		return true
	}
	s.mendAuthor(e, to)
	if e.local == "author" && s.format != formatAtom && !e.kids && len(s.authors) < maxAuthors {
		s.authors = append(s.authors, s.decode(s.b[e.inner:to]))
	}
	s.closeText(e, to)
	return false
}

// takeHead keeps an element of the head that gofeed leaves out or changes.
func (s *shape) takeHead(e *element, to int) bool {
	switch e.local {
	case "id", "published", "issued":
	case "rights", "subtitle", "tagline", "keywords", "updated", "modified":
		if s.format == formatAtom {
			return false
		}
	default:
		return false
	}
	if s.cdf || e.kids {
		return false
	}
	if s.heads == nil {
		s.heads = map[string]string{}
	}
	if _, ok := s.heads[e.local]; !ok {
		s.heads[e.local] = strings.TrimSpace(s.decode(s.b[e.inner:to]))
	}
	return true
}

// closeText puts the text of an element aside where gofeed would lose
// something of it, and says whether the element is such a text at all.
func (s *shape) closeText(e *element, to int) bool {
	raw := s.b[e.inner:to]
	if !s.isText(e) {
		if e.base > 0 && !e.kids {
			s.absoluteText(e, raw, to)
		}
		return false
	}
	k := s.textKind(e)
	plain := bytes.IndexByte(raw, '&') < 0 && bytes.IndexByte(raw, '<') < 0
	switch {
	case len(raw) == 0:
	case k == kindBase64, e.kids, len(raw) > minAsideText:
		s.putAside(e, to, k)
	case !plain && (s.format == formatAtom || e.base > 0):
		s.putAside(e, to, k)
	}
	return true
}

// isText says whether an element holds text for people, perhaps with markup.
func (s *shape) isText(e *element) bool {
	switch e.local {
	case "title", "summary", "content", "subtitle", "tagline", "rights", "copyright", "info":
		return s.native(e) || e.space == spaceAtom
	case "description":
		return s.native(e)
	case "encoded":
		return e.space == spaceContent || s.native(e)
	}
	return false
}

// textKind reads type and mode: RFC 4287 §3.1.1 and §4.1.3, Atom 0.3 §3.1.
func (s *shape) textKind(e *element) kind {
	if e.kids {
		return kindMarkup
	}
	if e.mode == "base64" {
		return kindBase64
	}
	if e.space != spaceAtom && s.format != formatAtom {
		return kindMaybe
	}
	return e.atomKind()
}

// atomKind reads the type of a text of Atom without elements.
func (e *element) atomKind() kind {
	switch t := e.typ; {
	case t == "" || t == "text" || t == "text/plain":
		return kindPlain
	case strings.Contains(t, "xhtml") && e.mode != "escaped":
		return kindMarkup // of text alone
	case strings.Contains(t, "html"):
		return kindHTML
	case strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "xml"):
		return kindPlain
	case strings.Contains(t, "/") && e.local == "content" && e.mode == "":
		return kindBase64
	}
	return kindMaybe
}

func (s *shape) putAside(e *element, to int, k kind) {
	s.edits, s.asides = s.cutEdits(e), s.asides[:e.asides]
	s.edit(e.inner, to, s.nonce+strconv.Itoa(len(s.asides)))
	s.asides = append(s.asides, aside{e.inner, to, k, strings.Contains(e.typ, "html"), e.base})
}

// cutEdits drops the edits within an element's content and keeps those of its
// start tag.
func (s *shape) cutEdits(e *element) []edit {
	n := e.edits
	for n < len(s.edits) && s.edits[n].start < e.inner {
		n++
	}
	return s.edits[:n]
}

// absoluteText resolves an element whose text is an address, under an xml:base.
func (s *shape) absoluteText(e *element, raw []byte, to int) {
	switch e.local {
	case "link", "uri", "url", "icon", "logo", "homepage":
		if text := strings.TrimSpace(s.decode(raw)); text != "" {
			s.edits = s.cutEdits(e)
			s.edit(e.inner, to, escapeXML(resolve(s.bases[e.base], text)))
		}
	}
}

// rich finds what a mark stands for. Any other text is returned as it is, of
// the kind that its place in the document gives it.
func (s *shape) rich(text string, k kind) rich {
	n, ok := strings.CutPrefix(text, s.nonce)
	if !ok {
		return rich{text, k, s.bases[0]}
	}
	i, err := strconv.Atoi(n)
	if err != nil || i >= len(s.asides) || i < 0 {
		return rich{"", k, s.bases[0]}
	}
	a := s.asides[i]
	raw, r := s.b[a.from:a.to], rich{kind: a.kind, base: s.bases[a.base]}
	switch a.kind {
	case kindMarkup:
		if a.html && s.version != "atom03" { // which has no such rule
			raw, r.base = unwrap(raw, r.base)
		}
		r.text, r.kind = s.markup(raw, r.base), kindHTML
	case kindBase64:
		r.text, r.kind = decodeBase64(s.decode(raw), a.html)
	default:
		r.text = strings.TrimSpace(s.decode(raw))
	}
	return r
}

// text is rich for what is no text for people.
func (s *shape) text(text string) string {
	if strings.HasPrefix(text, s.nonce) {
		return s.rich(text, kindMaybe).text
	}
	return text
}

func decodeBase64(text string, html bool) (string, kind) {
	compact := strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, text)
	b, err := base64.StdEncoding.DecodeString(compact)
	if err != nil {
		return text, kindMaybe
	}
	if !utf8.Valid(b) {
		return "", kindPlain
	}
	if html {
		return string(b), kindHTML
	}
	return string(b), kindMaybe
}

const (
	cdataStart = "<![CDATA["
	cdataEnd   = "]]>"
)

// decode returns the text of an element's content: entities decoded once, CDATA
// as it is, comments and instructions left out, a stray < kept. It is never
// called for content with elements in it but by damaged documents; their tags
// stay as text.
func (s *shape) decode(raw []byte) string {
	if bytes.IndexByte(raw, '<') < 0 {
		return s.references(string(raw))
	}
	var b strings.Builder
	b.Grow(len(raw))
	l := lexer{b: raw, root: true}
	for at := 0; at < len(raw); {
		i := bytes.IndexByte(raw[at:], '<')
		if i < 0 {
			i = len(raw) - at
		}
		b.WriteString(s.references(string(raw[at : at+i])))
		if at += i; at == len(raw) {
			break
		}
		switch t := l.token(at); t.kind {
		case tokenCDATA:
			b.Write(raw[t.start+len(cdataStart) : t.end-len(cdataEnd)])
			at = t.end
		case tokenComment, tokenInstruction:
			at = t.end
		default:
			if t.kind == tokenStray && !t.isSign() {
				at = t.end
				continue
			}
			b.WriteByte('<')
			at++
		}
	}
	return b.String()
}

// references decodes the document's own entities and those of HTML.
func (s *shape) references(text string) string {
	if len(s.entities) > 0 && strings.IndexByte(text, '&') >= 0 {
		text = s.expand(text)
	}
	return unescape(text)
}
