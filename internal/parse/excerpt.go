package parse

import (
	"bytes"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxExcerptInput is how much of a text an excerpt and a plain summary are made
// of: far more than they show, far less than a hostile text.
const maxExcerptInput = 32 << 10

// maxTreeDepth bounds the walk over a tree of HTML; the parser's own stack ends
// at 512.
const maxTreeDepth = 200

// excerpt returns the beginning of a text twice: as plain text of at most
// maxSummaryBytes, and as safe HTML of at most maxExcerptChars characters of
// text, cut at a block's end. The HTML is written anew from a tree with a short
// list of elements, so it is safe and well-formed by construction.
func (r rich) excerpt(x *excerpter) (plain, safe string) {
	text := cutBytes(r.text, maxExcerptInput)
	if !(rich{text, r.kind, r.base}).isHTML() {
		text = fold(text)
		if dangerous(text) {
			text = rich{text, kindHTML, r.base}.line(maxSummaryBytes)
		}
		if text == "" {
			return "", ""
		}
		return cutWords(text, maxSummaryBytes), "<p>" + html.EscapeString(cutChars(text, maxExcerptChars)) + "</p>"
	}
	*x = excerpter{base: r.base, plain: x.plain[:0], out: x.out[:0], para: x.para[:0], containers: x.containers[:0]}
	if strings.IndexByte(text, '<') < 0 {
		x.text(unescape(text))
	} else {
		x.parse(text)
	}
	x.flush()
	return rich{string(x.plain), kindPlain, r.base}.line(maxSummaryBytes), string(x.out)
}

// excerpter walks a tree and writes the excerpt. Text is collected in a
// paragraph, which is written when a block ends, or not at all when it is
// beyond the limit.
type excerpter struct {
	base  *url.URL
	plain []byte
	out   []byte
	chars int  // of text written so far
	full  bool // the limit is reached

	containers []container // open blockquotes, lists and items of lists
	para       []byte
	paraAttrs  string
	paraChars  int
	paraSpace  bool // a space is due before the next text
	spaced     bool // a space has just been written
	inline     int  // open inline elements
}

type container struct {
	name, attrs string
	written     bool
	paras       int
}

func (x *excerpter) parse(text string) {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(text), body)
	if err != nil {
		x.text(strip(text))
		return
	}
	for _, n := range nodes {
		x.node(n, 0)
	}
}

func (x *excerpter) node(n *html.Node, depth int) {
	if depth > maxTreeDepth || x.full && len(x.plain) > maxSummaryBytes {
		return
	}
	switch {
	case n.Type == html.TextNode:
		x.text(n.Data)
	case n.Type != html.ElementNode || n.Namespace != "" || isHidden(n.DataAtom):
	case n.DataAtom == atom.Br:
		x.lineBreak()
	case isContainer(n.DataAtom):
		x.container(n, depth)
	case isBlock(n.DataAtom):
		x.flush()
		if x.inline == 0 {
			x.paraAttrs = directionAttrs(n)
		}
		x.children(n, depth)
		x.flush()
		x.paraAttrs = ""
	case isInline(n.DataAtom):
		x.element(n, depth)
	default:
		x.children(n, depth)
	}
}

func (x *excerpter) children(n *html.Node, depth int) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		x.node(c, depth+1)
	}
}

// text adds text to the paragraph and to the plain text.
func (x *excerpter) text(s string) {
	if len(x.plain) <= 2*maxSummaryBytes {
		x.plain = append(x.plain, s...)
	}
	if x.full {
		return
	}
	folded := fold(s)
	lead := s != "" && strings.IndexByte(" \n\t\r", s[0]) >= 0
	if folded == "" {
		x.paraSpace = x.paraSpace || s != ""
		return
	}
	if lead || x.paraSpace {
		x.space()
	}
	x.spaced = false
	x.paraSpace = strings.IndexByte(" \n\t\r", s[len(s)-1]) >= 0
	left := maxExcerptChars - x.chars - x.paraChars
	n := utf8.RuneCountInString(folded)
	if n > left {
		x.full = true
		if x.chars > 0 {
			return // the whole paragraph is left out
		}
		folded = cutChars(folded, max(left, 1))
	}
	x.para = append(x.para, html.EscapeString(folded)...)
	x.paraChars += n
}

// space writes a space between two texts, not at the beginning of a paragraph
// and not twice.
func (x *excerpter) space() {
	if x.paraChars > 0 && !x.spaced {
		x.para = append(x.para, ' ')
		x.paraChars++
		x.spaced = true
	}
}

func (x *excerpter) lineBreak() {
	x.plain = append(x.plain, ' ')
	if x.paraChars > 0 && !x.full && !bytes.HasSuffix(x.para, []byte("<br>")) {
		x.para = append(x.para, "<br>"...)
		x.paraSpace = false
	}
}

// element writes an inline element around its children.
func (x *excerpter) element(n *html.Node, depth int) {
	attrs := directionAttrs(n)
	if n.DataAtom == atom.A {
		href := ""
		for _, a := range n.Attr {
			if a.Key == "href" && a.Namespace == "" {
				href = anchorAddress(x.base, a.Val)
			}
		}
		if href == "" {
			x.children(n, depth)
			return
		}
		attrs = ` href="` + html.EscapeString(href) + `"` + attrs
	}
	if x.paraSpace {
		x.space()
		x.paraSpace = false
	}
	before, chars := len(x.para), x.paraChars
	x.inline++
	x.para = append(x.para, "<"+n.Data+attrs+">"...)
	x.children(n, depth)
	x.inline--
	if x.paraChars == chars { // nothing in it
		x.para = x.para[:before]
		return
	}
	x.para = append(x.para, "</"+n.Data+">"...)
}

// container handles blockquotes, lists and their items.
func (x *excerpter) container(n *html.Node, depth int) {
	inList := len(x.containers) > 0 && (x.containers[len(x.containers)-1].name == "ul" || x.containers[len(x.containers)-1].name == "ol")
	x.flush()
	if x.inline > 0 || (n.DataAtom == atom.Li) != inList {
		x.children(n, depth)
		x.flush()
		return
	}
	x.containers = append(x.containers, container{name: n.Data, attrs: directionAttrs(n)})
	x.children(n, depth)
	x.flush()
	c := x.containers[len(x.containers)-1]
	x.containers = x.containers[:len(x.containers)-1]
	if c.written {
		x.out = append(x.out, ("</" + c.name + ">")...)
	}
}

// flush writes the paragraph. Within an inline element there is no end of a
// block: a space stands for it.
func (x *excerpter) flush() {
	x.plain = append(x.plain, ' ')
	if x.inline > 0 {
		x.paraSpace = true
		return
	}
	text := bytes.TrimSuffix(x.para, []byte("<br>"))
	chars, cut := x.paraChars, x.full && x.chars > 0
	x.para = x.para[:0]
	x.paraChars, x.paraSpace, x.spaced = 0, false, false
	if chars == 0 || cut {
		return
	}
	x.openContainers()
	x.chars += chars
	if len(x.containers) > 0 {
		c := &x.containers[len(x.containers)-1]
		switch c.name {
		case "ul", "ol":
			x.write("<li>", text, "</li>")
			return
		case "li", "pre":
			if c.paras++; c.paras > 1 {
				x.out = append(x.out, "<br>"...)
			}
			x.write("", text, "")
			return
		}
	}
	x.write("<p"+x.paraAttrs+">", text, "</p>")
}

func (x *excerpter) write(start string, text []byte, end string) {
	x.out = append(append(append(x.out, start...), text...), end...)
}

// openContainers writes the tags of the containers around a paragraph.
func (x *excerpter) openContainers() {
	for i := range x.containers {
		if c := &x.containers[i]; !c.written {
			x.out = append(x.out, ("<" + c.name + c.attrs + ">")...)
			c.written = true
		}
	}
}

func isContainer(a atom.Atom) bool {
	switch a {
	case atom.Blockquote, atom.Ul, atom.Ol, atom.Li, atom.Pre:
		return true
	}
	return false
}

func isInline(a atom.Atom) bool {
	switch a {
	case atom.A, atom.Em, atom.Strong, atom.B, atom.I, atom.Q, atom.Cite, atom.Code, atom.Sup, atom.Sub, atom.Bdi:
		return true
	}
	return false
}

// directionAttrs returns lang and dir of an element, which right-to-left text
// needs.
func directionAttrs(n *html.Node) string {
	var out strings.Builder
	for _, a := range n.Attr {
		switch {
		case a.Key == "dir" && (a.Val == "rtl" || a.Val == "ltr" || a.Val == "auto"):
			out.WriteString(` dir="` + a.Val + `"`)
		case a.Key == "lang" && isLanguageTag(a.Val):
			out.WriteString(` lang="` + a.Val + `"`)
		}
	}
	return out.String()
}

// isLanguageTag says whether s has the form of a language tag (RFC 5646 §2.1).
func isLanguageTag(s string) bool {
	if s == "" || len(s) > 35 {
		return false
	}
	for _, c := range []byte(s) {
		if c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// cutChars shortens s to at most n characters at the end of a word.
func cutChars(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	at, count := 0, 0
	for i := range s {
		if count == n-1 {
			at = i
			break
		}
		count++
	}
	s = s[:at]
	if i := strings.LastIndexByte(s, ' '); i > len(s)/2 {
		s = s[:i]
	}
	return s + "…"
}
