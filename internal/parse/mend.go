package parse

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"slices"
	"strings"

	"khyber/internal/news"
)

// edit replaces the bytes [start, end) of the document by text.
type edit struct {
	start, end int
	text       string
}

// apply writes the document with its edits, which are in order.
func apply(b []byte, edits []edit) []byte {
	size := len(b)
	for _, e := range edits {
		size += len(e.text) - (e.end - e.start)
	}
	out, at := make([]byte, 0, max(size, 0)), 0
	for _, e := range edits {
		if e.start < at {
			continue // inside of one that was made before
		}
		out = append(append(out, b[at:e.start]...), e.text...)
		at = e.end
	}
	return append(out, b[at:]...)
}

func (s *shape) edit(start, end int, text string) {
	s.edits = append(s.edits, edit{start, end, text})
}

// end handles an end tag. Damage below a field of an item is mended; damage of
// the item itself is cut out with it, so that no item is kept under an id or a
// text that it does not have.
func (s *shape) end(t *token) int {
	n := len(s.open) - 1
	if n >= 0 && bytes.Equal(s.open[n].name, t.name) && !s.open[n].virtual {
		s.close(t.start, t.end)
		return t.end
	}
	k := s.matching(t.name)
	switch {
	case k < 0:
		return s.strayEnd(t)
	case k < s.item:
		if s.item < n {
			s.cutItem(t.start, news.RejectedDamaged)
			return t.start
		}
		s.closeMissing(t.start)
		s.salvaged = true
		s.repair("an item without its end was closed")
		return t.start
	case k == s.item && !s.onlyEndMissing():
		s.cutItem(t.end, news.RejectedDamaged)
		return t.end
	case k == s.item:
		s.salvaged = true
	}
	for ; n > k; n-- {
		s.closeMissing(t.start)
		s.repair("an element without its end was closed")
	}
	if !bytes.Equal(s.open[k].name, t.name) {
		s.repair("the case of a tag was mended")
	}
	s.close(t.start, t.end)
	return t.end
}

// onlyEndMissing says whether the last field of the item lacks its end and
// nothing else: it has swallowed no other, and does not say what the item is.
func (s *shape) onlyEndMissing() bool {
	n := len(s.open) - 1
	return n == s.item+1 && !s.open[n].kids && !s.hurtsIdentity()
}

// strayEnd handles an end tag of no open element.
func (s *shape) strayEnd(t *token) int {
	n := len(s.open) - 1
	switch {
	case n >= 0 && !s.open[n].virtual && misspelt(s.open[n].name, t.name):
		s.close(t.start, t.end)
		s.salvaged = true
		s.repair("a misspelt end tag was mended")
	case n >= 0 && s.item == n && !s.endsItem(t.end) && known(t.name):
		return s.cutDamaged(t.start) // what lost its start tag may be the id
	case n >= 0 && s.item == n && s.endsItem(t.end):
		s.edit(t.start, t.end, "</"+string(s.open[n].name)+">")
		s.close(t.end, t.end)
		s.salvaged = true
		s.repair("an item without its end was closed")
	default:
		s.parts++
		s.edit(t.start, t.end, "")
		s.repair("a stray end tag was removed")
	}
	return t.end
}

// known says whether a name means something to the prescan.
func known(name []byte) bool {
	_, local := cutPrefix(name)
	return words.local(local) != ""
}

// endsItem says whether a wrong end tag directly in an item is meant to be that
// of the item: what follows is the next one, or the end of what holds it.
func (s *shape) endsItem(at int) bool {
	rest := s.b[skipSpace(s.b, at):]
	return bytes.HasPrefix(rest, []byte("</")) || boundary(rest[:min(len(rest), 64)], "<"+string(s.open[s.item].name)) == 0
}

// misspelt says whether two names differ in one character only.
func misspelt(a, b []byte) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < 3 || len(b)-len(a) > 1 {
		return false
	}
	head, tail := 0, 0
	for head < len(a) && a[head] == b[head] {
		head++
	}
	for tail < len(a)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return head+tail >= len(b)-1
}

// hurtsIdentity says whether a stray < stands where an item says what it is, or
// where such an element may have been. No item is kept under an id or an address
// that it does not have.
func (s *shape) hurtsIdentity() bool {
	if s.item < 0 || s.item+1 == len(s.open) {
		return s.item >= 0
	}
	switch s.open[s.item+1].local {
	case "guid", "id", "link":
		return true
	}
	return false
}

// matching finds the innermost open element of the name; -1: there is none.
func (s *shape) matching(name []byte) int {
	for k := len(s.open) - 1; k >= 0; k-- {
		if !s.open[k].virtual && bytes.EqualFold(s.open[k].name, name) {
			return k
		}
	}
	return -1
}

// closeMissing takes the innermost element off and writes the end tag that the
// document lacks.
func (s *shape) closeMissing(at int) {
	e := s.open[len(s.open)-1]
	if s.close(at, at) && !e.dropped {
		name := string(e.name)
		if e.rename != "" {
			name = e.rename
		}
		s.edit(at, at, "</"+name+">")
	}
}

// close takes the innermost element off. Its content ends at inner, its end tag
// at end; both are the same where there is none. It says whether the element
// stays in the document.
func (s *shape) close(inner, end int) bool {
	n := len(s.open) - 1
	e := &s.open[n]
	switch e.role {
	case roleField:
		e.omitted = s.closeField(e, inner) || e.omitted
	case roleHead:
		e.omitted = s.closeHead(e, inner) || e.omitted
	case roleItem:
		s.items[len(s.items)-1].end = end
		s.item = -1
		e.oversize = e.oversize || e.text > maxFieldBytes
	case roleNone:
		if e.base > 0 && !e.kids {
			s.absoluteText(e, s.b[e.inner:inner], inner)
		}
	case roleRoot, roleChannel:
	}
	if end > inner {
		s.rewriteEnd(e, inner, end)
	}
	s.bindings = s.bindings[:e.bindings]
	s.open = s.open[:n]
	switch {
	case e.role == roleItem && e.oversize:
		s.drop(*e, end, news.RejectedOversize)
		return false
	case e.omitted:
		s.omit(e, end)
		return false
	}
	return true
}

func (s *shape) rewriteEnd(e *element, inner, end int) {
	switch {
	case e.dropped:
		s.edit(inner, end, "")
	case e.rename != "":
		s.edit(inner, end, "</"+e.rename+">")
	case !bytes.HasPrefix(s.b[inner+2:], e.name) || nameByte(s.b[inner+2+len(e.name)]):
		s.edit(inner, end, "</"+string(e.name)+">")
	}
}

// omit leaves an element out of the skeleton.
func (s *shape) omit(e *element, end int) {
	s.edits, s.asides = s.edits[:e.edits], s.asides[:e.asides]
	s.edit(e.start, end, "")
}

// drop cuts an item out up to end and counts why.
func (s *shape) drop(e element, end int, reason news.Reason) {
	s.omit(&e, end)
	s.items = s.items[:len(s.items)-1]
	s.rejected[reason]++
}

// cutItem cuts the open item out up to end.
func (s *shape) cutItem(end int, reason news.Reason) {
	e := s.open[s.item]
	s.bindings = s.bindings[:e.bindings]
	s.open, s.item = s.open[:s.item], -1
	s.drop(e, end, reason)
	s.cuts++
	s.salvaged = true
	s.repair("a damaged item was cut out")
}

// cutDamaged cuts the open item out and returns where to go on: behind its end
// tag, or where the next one begins. The 65th time it gives up on the rest of the
// document.
func (s *shape) cutDamaged(at int) int {
	next := len(s.b)
	if s.cuts < maxCuts {
		name := string(s.open[s.item].name)
		if i := boundary(s.b[at:], "<"+name); i >= 0 {
			next = at + i
		}
		if i := bytes.Index(s.b[at:next], []byte("</"+name+">")); i >= 0 {
			next = at + i + len(name) + 3
		}
	}
	s.cutItem(next, news.RejectedDamaged)
	return next
}

// boundary finds the next start tag; -1: there is none.
func boundary(b []byte, tag string) int {
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte(tag))
		if i < 0 {
			return -1
		}
		at += i
		if end := at + len(tag); end < len(b) && (isSpace(b[end]) || b[end] == '>' || b[end] == '/') {
			return at
		}
		at += len(tag)
	}
}

// characters handles text between two pieces of markup.
func (s *shape) characters(from, to int) {
	text := s.b[from:to]
	if len(s.open) == 0 {
		if bytes.Contains(text, []byte(cdataEnd)) { // an error there too, and nobody reads it
			s.edit(from, to, "")
		}
		return
	}
	if from == to {
		return
	}
	e := &s.open[len(s.open)-1]
	if structural(e.local) && e.role != roleField && len(bytes.TrimSpace(text)) == 0 {
		s.edit(from, to, "") // gofeed would copy each of them
		return
	}
	s.pieces(e, to-from)
	for at := 0; s.parts <= maxParts; { // ]]> is an error in text
		i := bytes.Index(text[at:], []byte(cdataEnd))
		if i < 0 {
			break
		}
		s.parts++
		s.edit(from+at+i, from+at+i+len(cdataEnd), "]]&gt;")
		at += i + len(cdataEnd)
	}
	if len(s.entities) > 0 && bytes.IndexByte(text, '&') >= 0 {
		if mended := s.expand(string(text)); mended != string(text) {
			s.edit(from, to, mended)
		}
	}
}

// pieces counts text and what gofeed copies when it joins it to the text that
// the element has so far.
func (s *shape) pieces(e *element, n int) {
	if !s.joined {
		s.copying += e.text
	}
	e.text += n
}

// cdata handles a CDATA section. One that has run over the end of its item,
// because its own end was lost, damages the item.
func (s *shape) cdata(t *token) int {
	if len(s.open) == 0 {
		s.edit(t.start, t.end, "")
		return t.end
	}
	if s.item >= 0 {
		inner := s.b[t.start+len(cdataStart) : t.end]
		if bytes.Contains(inner, []byte(cdataStart)) && bytes.Contains(inner, []byte("</"+string(s.open[s.item].name))) {
			return s.cutDamaged(t.start + len(cdataStart))
		}
	}
	s.pieces(&s.open[len(s.open)-1], t.end-t.start)
	return t.end
}

var entityDecl = regexp.MustCompile(`<!ENTITY\s+([A-Za-z_][\w.-]*)\s+(?:"([^"%<]*)"|'([^'%<]*)')\s*>`)

// doctype reads the entities of an internal subset: short plain texts only, so
// that none can grow.
func (s *shape) doctype(b []byte) {
	for _, m := range entityDecl.FindAllSubmatch(b, maxEntities) {
		text := unescape(string(m[2]) + string(m[3]))
		if len(text) > maxEntityText || strings.Contains(text, "&") {
			continue
		}
		if s.entities == nil {
			s.entities = map[string]string{}
		}
		s.entities[string(m[1])] = text
	}
}

var entityRef = regexp.MustCompile(`&[A-Za-z_][\w.-]*;`)

// expand writes the document's own entities out, escaped again. All of them
// together may grow to the size of one field.
func (s *shape) expand(text string) string {
	return entityRef.ReplaceAllStringFunc(text, func(ref string) string {
		value, ok := s.entities[ref[1:len(ref)-1]]
		if !ok || s.expanded+len(value) > maxFieldBytes {
			return ref
		}
		s.expanded += len(value)
		return escapeXML(value)
	})
}

func escapeXML(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder never fails
	return b.String()
}

// sortEdits brings the edits of one start tag into the order of the document.
func (s *shape) sortEdits(from int) {
	slices.SortStableFunc(s.edits[from:], func(a, b edit) int { return a.start - b.start })
}
