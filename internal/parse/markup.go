package parse

import (
	"bytes"
	"net/url"
	"strings"
)

// unwrap takes the div off that XHTML content must have around it and that is
// no part of the content (RFC 4287 §3.1.1.3). Its xml:base stays in force.
func unwrap(raw []byte, base *url.URL) ([]byte, *url.URL) {
	trimmed := bytes.TrimSpace(raw)
	l := lexer{b: trimmed, root: true}
	if len(trimmed) == 0 || trimmed[0] != '<' {
		return raw, base
	}
	open := l.token(0)
	if _, local := cutPrefix(open.name); open.kind != tokenStart || !bytes.EqualFold(local, []byte("div")) {
		return raw, base
	}
	inner, within := open.end, elementBase(base, &open)
	for at, depth := inner, 1; depth > 0; {
		i := bytes.IndexByte(trimmed[at:], '<')
		if i < 0 {
			return raw, base
		}
		t := l.token(at + i)
		at = t.end
		switch t.kind {
		case tokenStart:
			depth++
		case tokenEnd:
			if depth--; depth == 0 && at == len(trimmed) {
				return trimmed[inner:t.start], within
			}
		case tokenStray, tokenEmpty, tokenCDATA, tokenComment, tokenInstruction, tokenDoctype:
		}
	}
	return raw, base
}

// elementBase returns the base within an element.
func elementBase(outer *url.URL, t *token) *url.URL {
	raw := strings.TrimSpace(t.get("xml:base"))
	if raw == "" {
		return outer
	}
	u, err := outer.Parse(raw)
	if err != nil {
		return outer
	}
	return u
}

// innerBases resolves addresses in markup that has an xml:base of its own.
type innerBases struct {
	on    bool
	stack []*url.URL
}

func (i *innerBases) take(t *token) {
	if !i.on {
		return
	}
	base := i.stack[len(i.stack)-1]
	switch t.kind {
	case tokenEnd:
		if len(i.stack) > 1 {
			i.stack = i.stack[:len(i.stack)-1]
		}
	case tokenStart, tokenEmpty:
		base = elementBase(base, t)
		if t.kind == tokenStart {
			i.stack = append(i.stack, base)
		}
		for k, a := range t.attrs {
			switch string(a.name) {
			case "href", "src", "cite", "poster", "data":
				t.attrs[k].value = []byte(escapeXML(resolve(base, unescape(string(a.value)))))
			}
		}
	case tokenStray, tokenCDATA, tokenComment, tokenInstruction, tokenDoctype:
	}
}

// markup returns elements of the document as HTML: without the prefix of their
// namespace, empty ones with an end tag, CDATA escaped.
func (s *shape) markup(raw []byte, base *url.URL) string {
	b := make([]byte, 0, len(raw)+len(raw)/8)
	l := lexer{b: raw, root: true}
	inner := innerBases{on: bytes.Contains(raw, []byte("xml:base")), stack: []*url.URL{base}}
	for at := 0; at < len(raw); {
		i := bytes.IndexByte(raw[at:], '<')
		if i < 0 {
			i = len(raw) - at
		}
		text := string(raw[at : at+i])
		if len(s.entities) > 0 {
			text = s.expand(text)
		}
		b = append(b, text...)
		if at += i; at == len(raw) {
			break
		}
		t := l.token(at)
		inner.take(&t)
		b = appendHTML(b, raw, &t)
		at = t.end
	}
	return string(b)
}

func appendHTML(b, raw []byte, t *token) []byte {
	switch t.kind {
	case tokenStart, tokenEmpty:
		_, local := cutPrefix(t.name)
		open := *t
		open.name, open.kind = local, tokenStart
		b = appendTag(b, &open)
		if t.kind == tokenEmpty && !void[strings.ToLower(string(local))] {
			b = append(append(append(b, "</"...), local...), '>')
		}
	case tokenEnd:
		_, local := cutPrefix(t.name)
		b = append(append(append(b, "</"...), local...), '>')
	case tokenCDATA:
		b = append(b, escapeXML(string(raw[t.start+len(cdataStart):t.end-len(cdataEnd)]))...)
	case tokenStray:
		if t.isSign() {
			b = append(b, "&lt;"...)
		}
	case tokenComment, tokenInstruction, tokenDoctype:
	}
	return b
}

// void are the elements of HTML that have no end tag.
var void = map[string]bool{
	"area": true, "br": true, "col": true, "embed": true, "hr": true, "img": true,
	"input": true, "link": true, "meta": true, "param": true, "source": true, "track": true, "wbr": true,
}
