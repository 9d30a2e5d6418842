package parse

import (
	"bytes"
	"encoding/xml"
	"strings"
)

// tokenKind says what a piece of markup is.
type tokenKind uint8

const (
	tokenStray tokenKind = iota // a < that begins no markup, or a CDATA section without end
	tokenStart
	tokenEmpty // <a/>
	tokenEnd
	tokenCDATA
	tokenComment
	tokenInstruction
	tokenDoctype
)

// token is one piece of markup with its place in the document. Its slices point
// into the document.
type token struct {
	kind       tokenKind
	start, end int
	name       []byte
	attrs      []attr
	sloppy     bool // an XML parser would not read it: write it anew
	damaged    bool // a < stands in a value
}

// attr is an attribute as it is written, its value still escaped.
type attr struct {
	name, value []byte
	start, end  int
}

// get returns the unescaped value of the attribute with the qualified name.
func (t *token) get(name string) string {
	for _, a := range t.attrs {
		if string(a.name) == name {
			return unescape(string(a.value))
		}
	}
	return ""
}

// getFold is get for formats whose attributes come in any case.
func (t *token) getFold(name string) string {
	for _, a := range t.attrs {
		if strings.EqualFold(string(a.name), name) {
			return unescape(string(a.value))
		}
	}
	return ""
}

// lexer reads the markup of a document piece by piece. It never looks further
// than the end of a piece, so a damaged one harms nothing behind it, and never
// twice for an end that is not there.
type lexer struct {
	b     []byte
	attrs []attr // reused
	lost  [tokenDoctype + 1]bool
	root  bool // the root element has begun: no document type any more
}

// token reads the markup at b[at], which is a '<'. Its attributes are valid
// until the next call.
func (l *lexer) token(at int) token {
	if at+1 >= len(l.b) {
		return stray(at)
	}
	switch c := l.b[at+1]; {
	case c == '/':
		return readEnd(l.b, at)
	case c == '!':
		return l.declaration(at)
	case c == '?':
		return l.until(at, at+2, "?>", tokenInstruction)
	case nameStart(c):
		t := readStart(l.b, at, l.attrs)
		l.attrs = t.attrs
		return t
	}
	return stray(at)
}

// isSign says whether a stray token is the sign itself and belongs to the text.
func (t *token) isSign() bool { return t.kind == tokenStray && t.end == t.start+1 }

func stray(at int) token { return token{kind: tokenStray, start: at, end: at + 1} }

// until reads to the mark that ends the piece; without one the < is stray.
func (l *lexer) until(at, from int, mark string, kind tokenKind) token {
	if from > len(l.b) || l.lost[kind] {
		return stray(at)
	}
	i := bytes.Index(l.b[from:], []byte(mark))
	if i < 0 {
		l.lost[kind] = true
		return stray(at)
	}
	return token{kind: kind, start: at, end: from + i + len(mark)}
}

func (l *lexer) declaration(at int) token {
	rest := l.b[at:]
	switch {
	case bytes.HasPrefix(rest, []byte(cdataStart)):
		t := l.until(at, at+len(cdataStart), cdataEnd, tokenCDATA)
		if t.kind == tokenStray {
			t.end = at + len(cdataStart) // what follows is text or markup
		}
		return t
	case bytes.HasPrefix(rest, []byte("<!--")):
		return l.until(at, at+4, "-->", tokenComment)
	case l.root || l.lost[tokenDoctype]:
		return stray(at)
	}
	// A document type: quotes and one level of brackets hide what ends it.
	quote, brackets := byte(0), 0
	for i := at + 2; i < len(l.b); i++ {
		switch c := l.b[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[':
			brackets++
		case c == ']':
			brackets--
		case c == '>' && brackets <= 0:
			return token{kind: tokenDoctype, start: at, end: i + 1}
		}
	}
	l.lost[tokenDoctype] = true
	return stray(at)
}

func readEnd(b []byte, at int) token {
	i := at + 2
	for i < len(b) && nameByte(b[i]) {
		i++
	}
	t := token{kind: tokenEnd, start: at, name: b[at+2 : i]}
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	if i >= len(b) || b[i] != '>' || !goodName(t.name) {
		return stray(at)
	}
	t.end = i + 1
	return t
}

func readStart(b []byte, at int, attrs []attr) token {
	i := at + 1
	for i < len(b) && nameByte(b[i]) {
		i++
	}
	t := token{kind: tokenStart, start: at, name: b[at+1 : i], attrs: attrs[:0]}
	if !goodName(t.name) {
		i = len(b) // no tag
	}
	for i < len(b) && i-at <= maxTagBytes {
		switch c := b[i]; {
		case isSpace(c):
			i++
		case c == '>':
			t.end = i + 1
			return t
		case c == '/' && i+1 < len(b) && b[i+1] == '>':
			t.kind, t.end = tokenEmpty, i+2
			return t
		default:
			a, next, ok := readAttr(b, i, &t)
			if !ok || c == '<' {
				return token{kind: tokenStray, start: at, end: at + 1, attrs: t.attrs}
			}
			if len(a.name) > 0 {
				t.attrs = append(t.attrs, a)
			}
			i = next
		}
	}
	return token{kind: tokenStray, start: at, end: at + 1, attrs: t.attrs}
}

// readAttr reads one attribute the way HTML would: without value, without
// quotes, or as it should be.
func readAttr(b []byte, at int, t *token) (attr, int, bool) {
	i := at
	for i < len(b) && nameByte(b[i]) {
		i++
	}
	a := attr{name: b[at:i], start: at, end: i}
	if !goodName(a.name) {
		// A stray quote or sign between attributes: skipped when rewritten.
		t.sloppy, a.name = true, nil
		if i == at {
			return a, at + 1, true
		}
	}
	j := skipSpace(b, i)
	if j >= len(b) || b[j] != '=' {
		t.sloppy = true
		return a, i, true
	}
	j = skipSpace(b, j+1)
	if j >= len(b) {
		return a, j, false
	}
	if b[j] == '"' || b[j] == '\'' {
		return quoted(b, j, a, t)
	}
	t.sloppy = true
	k := j
	for k < len(b) && !isSpace(b[k]) && b[k] != '>' && b[k] != '<' {
		k++
	}
	a.value, a.end = b[j:k], k
	return a, k, true
}

// quoted reads the value of an attribute from its first quote on.
func quoted(b []byte, at int, a attr, t *token) (attr, int, bool) {
	n := bytes.IndexByte(b[at+1:min(len(b), at+1+maxTagBytes)], b[at])
	if n < 0 || swallowed(b[at+1:at+1+n]) {
		return a, at, false
	}
	a.value, a.end = b[at+1:at+1+n], at+n+2
	if bytes.IndexByte(a.value, '<') >= 0 {
		t.sloppy, t.damaged = true, true // XML §3.1 wants it escaped
	}
	return a, a.end, true
}

// swallowed says whether a quoted value has run over the markup that follows,
// because its own closing quote was lost.
func swallowed(v []byte) bool {
	return bytes.IndexByte(v, '<') >= 0 && (bytes.Contains(v, []byte("</")) || bytes.Contains(v, []byte("=")))
}

// appendTag writes a start tag anew, quoted and without what XML forbids.
func appendTag(dst []byte, t *token) []byte {
	dst = append(append(dst, '<'), t.name...)
	for _, a := range t.attrs {
		dst = append(append(dst, ' '), a.name...)
		dst = append(dst, '=', '"')
		for _, c := range a.value {
			switch c {
			case '"':
				dst = append(dst, "&#34;"...)
			case '<':
				dst = append(dst, "&lt;"...)
			default:
				dst = append(dst, c)
			}
		}
		dst = append(dst, '"')
	}
	if t.kind == tokenEmpty {
		dst = append(dst, '/')
	}
	return append(dst, '>')
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func nameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func nameByte(c byte) bool {
	return nameStart(c) || c >= '0' && c <= '9' || c == '-' || c == '.' || c == ':'
}

// goodName says whether encoding/xml takes the name. For the rare ones beyond
// ASCII it is asked itself, so that both always agree.
func goodName(name []byte) bool {
	if len(name) == 0 || !nameStart(name[0]) || bytes.Count(name, []byte{':'}) > 1 {
		return false
	}
	for _, c := range name {
		if c >= 0x80 {
			_, err := xml.NewDecoder(strings.NewReader("<" + string(name) + "/>")).RawToken()
			return err == nil
		}
	}
	return true
}
