package parse

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// line returns a text for people on one line: tags stripped, references decoded
// once, white space collapsed, characters removed that could pretend something.
// It holds nothing that a careless page would run.
func (r rich) line(maxBytes int) string {
	text := r.text
	if len(text) > 16*maxBytes {
		text = cutBytes(text, 16*maxBytes)
	}
	if r.isHTML() {
		text = strip(text)
	}
	text = fold(text) // first: what it drops may hide a tag
	for range 4 {
		if !dangerous(text) {
			return cutWords(text, maxBytes)
		}
		text = fold(strip(text))
	}
	return cutWords(fold(strings.NewReplacer("<", " ", ">", " ").Replace(text)), maxBytes)
}

// isHTML says whether the text is markup. For RSS, which does not say, it must
// hold a tag or a reference that HTML knows.
func (r rich) isHTML() bool {
	switch r.kind {
	case kindHTML, kindMarkup:
		return true
	case kindMaybe:
		return looksLikeHTML(r.text)
	case kindPlain, kindBase64:
	}
	return false
}

// html returns the text as HTML.
func (r rich) html() string {
	if r.isHTML() {
		return r.text
	}
	return html.EscapeString(r.text)
}

func (r rich) empty() bool { return strings.TrimSpace(r.text) == "" }

func looksLikeHTML(s string) bool {
	for i := strings.IndexAny(s, "<&"); i >= 0; {
		if s[i] == '&' {
			if n := reference(s[i:]); n > 0 && referenced(s[i:i+n]) != s[i:i+n] {
				return true
			}
		} else if knownTag(s[i+1:]) {
			return true
		}
		j := strings.IndexAny(s[i+1:], "<&")
		if j < 0 {
			break
		}
		i += 1 + j
	}
	return false
}

// knownTag says whether s goes on, after a <, as a tag or comment of HTML.
func knownTag(s string) bool {
	if strings.HasPrefix(s, "!--") {
		return true
	}
	s = strings.TrimPrefix(s, "/")
	n := 0
	for n < len(s) && n < 16 && (s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z' || s[n] >= '0' && s[n] <= '9') {
		n++
	}
	if n == 0 || n == len(s) || !strings.ContainsRune(" \t\r\n/>", rune(s[n])) {
		return false
	}
	a := atom.Lookup([]byte(strings.ToLower(s[:n])))
	return a != 0
}

// dangerous finds markup that does something. Plain text may hold a <, but not
// this.
func dangerous(s string) bool { return strings.IndexByte(s, '<') >= 0 && danger.MatchString(s) }

var danger = regexp.MustCompile(`(?i)<[\s/]*(?:script|iframe|frame|object|embed|applet|style|link|meta|base|form|svg|math|import|xml|xss|[a-z][^>]*?(?:[\s/"']on[a-z]+\s*=|(?:java|vb)script\s*:|style\s*=|\bdata\s*:))`)

// strip returns the text of HTML without its tags. Blocks are set apart by a
// space.
func strip(s string) string {
	if strings.IndexByte(s, '<') < 0 {
		return unescape(s)
	}
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	for skip := atom.Atom(0); ; {
		t := z.Next()
		switch t {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			if skip == 0 {
				b.Write(z.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			switch {
			case skip == 0 && isBlock(a):
				b.WriteByte(' ')
			case skip == 0 && t == html.StartTagToken && isHidden(a):
				skip = a
			case t == html.EndTagToken && a == skip:
				skip = 0
			}
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

// fold collapses white space and drops what must not be in a text: controls,
// and the marks that turn or hide the direction of what follows. ZWNJ and ZWJ
// stay, Persian needs them. It copies whole runs: every text passes it, in every
// script.
func fold(s string) string {
	var b strings.Builder
	start, space := 0, true // a space is not written where one has been, or at the beginning
	for i := 0; i < len(s); {
		if !suspect[s[i]] {
			i++
			space = false
			continue
		}
		if s[i] == ' ' && !space {
			i++
			space = true
			continue
		}
		n, white := blemish(s[i:])
		if n == 0 {
			i++
			space = false
			continue
		}
		if b.Len() == 0 {
			b.Grow(len(s))
		}
		b.WriteString(s[start:i])
		if white && !space {
			b.WriteByte(' ')
			space = true
		}
		i += n
		start = i
	}
	if start == 0 {
		return strings.TrimSuffix(s, " ")
	}
	b.WriteString(s[start:])
	return strings.TrimSuffix(b.String(), " ")
}

// suspect marks the bytes that a character begins with at which fold has to
// look; most of a text has none of them but spaces.
var suspect = suspects()

func suspects() (t [256]bool) {
	for c := range ' ' + 1 {
		t[c] = true
	}
	t[0x7F], t[0xC2], t[0xE2], t[0xEF] = true, true, true, true
	return t
}

// blemish returns the length of the character that s begins with when fold does
// not keep it, and whether it is white space; else 0.
func blemish(s string) (n int, white bool) {
	switch c := s[0]; {
	case c == ' ', c == '\n', c == '\t', c == '\r', c == '\f':
		return 1, true
	case c < utf8.RuneSelf:
		return 1, false
	}
	r, n := utf8.DecodeRuneInString(s)
	if r == 0xA0 || r == 0x2028 || r == 0x2029 {
		return n, true
	}
	if forbidden(r) {
		return n, false
	}
	return 0, false
}

// forbidden says whether a character never belongs into a text.
func forbidden(r rune) bool {
	return r < ' ' || r >= 0x7F && r <= 0x9F || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 ||
		r == 0xFEFF || r == 0xFFFD || r == 0xFFFE || r == 0xFFFF
}

// isBlock says whether an element begins a line of its own.
func isBlock(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.Br, atom.Hr, atom.Li, atom.Ul, atom.Ol, atom.Dl, atom.Dt, atom.Dd,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table, atom.Tr, atom.Td, atom.Th,
		atom.Caption, atom.Tbody, atom.Thead, atom.Tfoot, atom.Blockquote, atom.Pre, atom.Figure,
		atom.Figcaption, atom.Section, atom.Article, atom.Aside, atom.Header, atom.Footer, atom.Main,
		atom.Nav, atom.Address, atom.Details, atom.Summary, atom.Fieldset, atom.Center, atom.Body:
		return true
	}
	return false
}

// isHidden says whether the content of an element is no text for people.
func isHidden(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Iframe, atom.Object, atom.Embed, atom.Applet, atom.Noscript,
		atom.Noframes, atom.Noembed, atom.Template, atom.Svg, atom.Math, atom.Head, atom.Title, atom.Textarea,
		atom.Select, atom.Audio, atom.Video, atom.Canvas, atom.Frameset, atom.Xmp, atom.Plaintext:
		return true
	}
	return false
}
