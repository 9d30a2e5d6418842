package publish

import (
	"encoding/hex"
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Lengths in characters; readers show about as much in their lists.
const (
	maxTitle      = 300
	maxSummary    = 400
	minSentence   = 200 // a summary is cut at a sentence only past this
	maxAuthor     = 100
	maxEmptyTitle = 80
)

// clean makes s fit for one line of plain text: valid UTF-8, without characters
// that XML forbids, that validators object to or that spoof (bidirectional
// overrides and isolates), white space folded. ZWNJ and ZWJ stay: Persian and
// Pashto need them.
func clean(s string) string {
	if tidy(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for i, r := range s {
		switch {
		case unicode.IsSpace(r) && r != '\u0085':
			space = b.Len() > 0
		case dropped(r) || r == utf8.RuneError && badAt(s, i):
		default:
			if space {
				b.WriteByte(' ')
				space = false
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// tidy says that clean has nothing to do; most titles are so.
func tidy(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c >= 0x7f || c == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' ') {
			return false
		}
	}
	return true
}

// cleanHTML drops the same characters from HTML and keeps its white space,
// which counts inside pre.
func cleanHTML(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if dropped(r) || r == '\r' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "")))
}

func badAt(s string, i int) bool {
	_, n := utf8.DecodeRuneInString(s[i:])
	return n == 1
}

func dropped(r rune) bool {
	switch {
	case r < ' ':
		return r != '\t' && r != '\n'
	case r >= 0x7f && r <= 0x9f:
	case r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe: // noncharacters of every plane
	case r == utf8.RuneError || r == '\ufeff':
	case r >= 0x202a && r <= 0x202e:
	case r >= 0x2066 && r <= 0x2069:
	default:
		return false
	}
	return true
}

// cut shortens s to n characters at a word, with "…".
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	head := prefix(s, n-1)
	if i := strings.LastIndexByte(head, ' '); i > len(head)/2 {
		head = head[:i]
	}
	return strings.TrimRight(head, " ,;:–—-") + "…"
}

// prefix returns the first n characters of s.
func prefix(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// summaryText returns a cleaned summary of at most 400 characters that ends
// with a sentence where one ends past 200, else at a word.
func summaryText(s string) string {
	s = clean(s)
	if utf8.RuneCountInString(s) <= maxSummary {
		return s
	}
	head := prefix(s, maxSummary)
	for i := len(head) - 1; i > 0; i-- {
		if head[i] != ' ' {
			continue
		}
		r, _ := utf8.DecodeLastRuneInString(head[:i])
		if strings.ContainsRune(".!?۔؟।。", r) && utf8.RuneCountInString(head[:i]) >= minSentence {
			return head[:i]
		}
	}
	return cut(s, maxSummary)
}

var (
	endTag    = regexp.MustCompile(`</[A-Za-z]`)
	ampersand = regexp.MustCompile(`&(#?[\pL\pN_]+)`)
)

// looksLikeHTML finds plain text that readers would take for markup: the end of
// an element, or what could be a character reference, which is a name of HTML
// with or without its semicolon, or no word.
func looksLikeHTML(s string) bool {
	if endTag.MatchString(s) {
		return true
	}
	for _, m := range ampersand.FindAllStringSubmatch(s, -1) {
		if odd(m[1]) {
			return true
		}
	}
	return false
}

// odd says that what follows an ampersand could be a character reference.
func odd(name string) bool {
	whole := "&" + name + ";"
	return html.UnescapeString(whole) != whole || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) })
}

// atomText returns a plain text with the type that makes every reader show it
// as it is. Not always html: some readers show such titles with their entities.
func atomText(s string) (kind, body string) {
	if looksLikeHTML(s) {
		return "html", html.EscapeString(s)
	}
	return "text", s
}

// rssText escapes a plain text once, in the way that RSS readers neither take
// for HTML nor show escaped (RSS Advisory Board profile).
func rssText(s string) string { return rssEscape.Replace(s) }

var rssEscape = strings.NewReplacer("&", "&#x26;", "<", "&#x3C;", ">", "&#x3E;")

// address returns a URL that may stand in a document, and "" where there is
// none. Validators know no address of IPv6 there.
func address(raw string) string {
	u := webAddress(raw)
	if strings.Contains(u, "[") {
		return ""
	}
	return u
}

// webAddress returns a URL as every program takes it, and "" where there is
// none: http or https, no userinfo, host in punycode, ASCII only.
func webAddress(raw string) string {
	u, err := url.Parse(escapePercent(clean(raw)))
	if err != nil || u.User != nil || u.Host == "" {
		return ""
	}
	scheme := strings.ToLower(u.Scheme)
	if scheme != "http" && scheme != "https" {
		return ""
	}
	host := u.Host
	if name := u.Hostname(); !ascii(name) {
		if host, err = idna.Lookup.ToASCII(name); err != nil {
			return ""
		}
		if u.Port() != "" {
			host += ":" + u.Port()
		}
	}
	if strings.ContainsAny(host, "<>\"'` \\{}|^%") {
		return ""
	}
	out := scheme + "://" + host + percent(u.EscapedPath())
	if u.RawQuery != "" || u.ForceQuery {
		out += "?" + percent(u.RawQuery)
	}
	if u.Fragment != "" {
		out += "#" + percent(u.EscapedFragment())
	}
	return out
}

// percent encodes what RFC 3986 does not allow in a path, query or fragment and
// leaves existing escapes alone.
func percent(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c > ' ' && c < 0x7f && !strings.ContainsRune("\"<>\\^`{|}[]#", rune(c)):
			b.WriteByte(c)
		default:
			b.WriteString(string([]byte{'%', hex[c>>4], hex[c&15]}))
		}
	}
	return b.String()
}

// escapePercent escapes a percent sign that begins no escape: real links have them.
func escapePercent(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		if s[i] == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])) {
			b.WriteString("25")
		}
	}
	return b.String()
}

var escapes = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// canonical returns an address in the one form that ids have (RFC 3986 §6.2.2,
// §6.2.3): what differs in a letter is another id to readers.
func canonical(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.Host = strings.ToLower(u.Host)
	u.Host = strings.TrimSuffix(strings.TrimSuffix(u.Host, map[string]string{"http": ":80", "https": ":443"}[u.Scheme]), ":")
	if u.Path == "" {
		u.Path = "/"
	}
	return escapes.ReplaceAllStringFunc(u.ResolveReference(u).String(), func(e string) string {
		b, _ := hex.DecodeString(e[1:]) // the expression lets nothing else through
		if c := rune(b[0]); strings.ContainsRune("-._~", c) || letters(string(c)) || c >= '0' && c <= '9' {
			return string(c)
		}
		return strings.ToUpper(e)
	})
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

var (
	email   = regexp.MustCompile(`[^\s<>()\[\],;:"]+@[^\s<>()\[\],;:"]+`)
	hollows = strings.NewReplacer("()", "", "<>", "", "[]", "", "mailto:", "")
)

// personName returns a name without e-mail addresses: validators warn of them,
// and people did not ask to be republished with theirs.
func personName(s string) string {
	s = unmarked(s)
	if strings.Contains(s, "@") {
		s = hollows.Replace(email.ReplaceAllString(s, ""))
		s = strings.Trim(s, " ,;:")
		if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") { // desk@… (Staff)
			s = s[1 : len(s)-1]
		}
		s = clean(strings.ReplaceAll(s, "@", ""))
	}
	return cut(s, maxAuthor)
}

// mailAddress is what validators take for one.
var mailAddress = regexp.MustCompile(`^[A-Za-z0-9_+.'-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)

// unmarked returns a plain text that cannot be taken for HTML, for places where
// a text has no type that would say so: names, labels.
func unmarked(s string) string {
	for range 3 { // escaped so often, it is meant as it is
		s = html.UnescapeString(s)
	}
	s = strings.ReplaceAll(clean(s), "</", "< /")
	return ampersand.ReplaceAllStringFunc(s, func(m string) string {
		if odd(m[1:]) {
			return "& " + m[1:]
		}
		return m
	})
}

var mediaType = regexp.MustCompile(`^[a-zA-Z0-9][\w.+-]*/[a-zA-Z0-9][\w.+-]*$`)

// fileAddress wants a host with a domain and a path, as validators do where RSS
// names a file.
var fileAddress = regexp.MustCompile(`^https?://([A-Za-z0-9-]+\.)+[A-Za-z0-9][A-Za-z0-9-]*(:[0-9]+)?/`)

// unknownMedia stands where a form wants a media type and the source gave none.
const unknownMedia = "application/octet-stream"

func fileType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	if s = strings.ToLower(strings.TrimSpace(s)); mediaType.MatchString(s) && len(s) < 100 {
		return s
	}
	return ""
}
