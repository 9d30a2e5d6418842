package parse

import (
	"html"
	"strings"
	"unicode/utf8"
)

// maxReference is longer than any reference of HTML, so that an ampersand far
// from the next semicolon costs nothing.
const maxReference = 40

// unescape decodes the references of XML and HTML once. Without its semicolon a
// reference stays: "?page=1&copy=2" is an address.
func unescape(s string) string {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i >= 0 {
		b.WriteString(s[:i])
		s = s[i:]
		n := reference(s)
		if n == 0 {
			b.WriteByte('&')
			n = 1
		} else {
			b.WriteString(referenced(s[:n]))
		}
		s = s[n:]
		i = strings.IndexByte(s, '&')
	}
	b.WriteString(s)
	return b.String()
}

// reference returns the length of the reference that s begins with; 0: it is a
// plain ampersand.
func reference(s string) int {
	for i := 1; i < len(s) && i < maxReference; i++ {
		switch c := s[i]; {
		case c == ';' && i > 1:
			return i + 1
		case c == '#' && i == 1, c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		default:
			return 0
		}
	}
	return 0
}

// referenced returns what a reference stands for, or the reference itself when
// it is unknown or stands for what must not be in a text.
func referenced(ref string) string {
	switch ref {
	case "&amp;":
		return "&"
	case "&lt;":
		return "<"
	case "&gt;":
		return ">"
	case "&quot;":
		return `"`
	case "&apos;", "&#39;":
		return "'"
	}
	text := html.UnescapeString(ref)
	if strings.HasSuffix(text, ";") && text == html.UnescapeString(ref[:len(ref)-1])+";" {
		return ref // the semicolon was not part of it: "&copy=2;"
	}
	for _, r := range text {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return ""
		}
	}
	return text
}

// cutBytes shortens s to at most n bytes without breaking a character.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// cutWords shortens s to at most n bytes at a space, with "…" for what is gone.
func cutWords(s string, n int) string {
	if len(s) <= n {
		return s
	}
	s = cutBytes(s, n-len("…"))
	if i := strings.LastIndexByte(s, ' '); i > len(s)/2 {
		s = s[:i]
	}
	return s + "…"
}
