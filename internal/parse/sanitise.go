package parse

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// policy is what HTML may hold. bluemonday's own policy for texts of strangers
// would keep ids, trackers and addresses with user names.
var policy = newPolicy()

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "div", "span", "blockquote", "q", "cite", "pre", "code", "ul", "ol", "li", "dl", "dt", "dd",
		"h1", "h2", "h3", "h4", "h5", "h6", "table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th",
		"b", "strong", "i", "em", "u", "s", "small", "sub", "sup", "ins", "del", "mark", "abbr", "time", "figure", "figcaption",
		"hr", "bdi", "bdo", "ruby", "rb", "rt", "rp")
	p.AllowAttrs("dir").Matching(regexp.MustCompile(`^(?:rtl|ltr|auto)$`)).Globally()
	p.AllowAttrs("lang").Matching(regexp.MustCompile(`^[A-Za-z0-9-]{1,35}$`)).Globally()
	p.AllowNoAttrs().OnElements("div", "span", "bdo", "time", "abbr")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("title").Matching(regexp.MustCompile(`^[^<>]*$`)).OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^nofollow noopener$`)).OnElements("a")
	p.AllowAttrs("src").OnElements("img")
	p.AllowAttrs("alt").Matching(regexp.MustCompile(`^[^<>]*$`)).OnElements("img")
	p.AllowAttrs("width", "height").Matching(regexp.MustCompile(`^\d{1,4}$`)).OnElements("img")
	p.AllowAttrs("colspan", "rowspan").Matching(regexp.MustCompile(`^\d{1,3}$`)).OnElements("td", "th")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.AllowURLSchemes("http", "https", "mailto")
	return p
}

// sanitised returns a whole text as safe HTML with absolute links. It is read
// into a tree first, so that what bluemonday sees is well-formed.
func (r rich) sanitised() string {
	if r.empty() {
		return ""
	}
	text := r.html()
	for limit := maxHTMLBytes; ; limit /= 2 {
		out := sanitise(cutBytes(text, limit), r.base)
		if len(out) <= maxHTMLBytes {
			return out
		}
	}
}

func sanitise(text string, base *url.URL) string {
	if base == nil {
		base = &url.URL{}
	}
	if strings.IndexByte(text, '<') < 0 {
		return html.EscapeString(strings.TrimSpace(strings.Map(keepRune, unescape(text))))
	}
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(text), body)
	if err != nil {
		return html.EscapeString(fold(strip(text)))
	}
	var b strings.Builder
	for _, n := range nodes {
		body.AppendChild(n)
	}
	tidy(body, base, 0)
	for n := body.FirstChild; n != nil; n = n.NextSibling {
		if err := html.Render(&b, n); err != nil {
			return html.EscapeString(fold(strip(text)))
		}
	}
	return strings.TrimSpace(policy.Sanitize(b.String()))
}

// tidy makes the addresses of a tree absolute, turns embedded players into links
// and takes out what hides or only counts who reads.
func tidy(n *html.Node, base *url.URL, depth int) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if drop := tidyNode(c, base); drop || depth > maxTreeDepth {
			n.RemoveChild(c)
		} else {
			tidy(c, base, depth+1)
		}
		c = next
	}
}

// tidyNode says whether the node is to be dropped.
func tidyNode(n *html.Node, base *url.URL) bool {
	switch {
	case n.Type == html.TextNode:
		n.Data = strings.Map(keepRune, n.Data)
		return false
	case n.Type != html.ElementNode || n.Namespace != "":
		return true
	}
	switch n.DataAtom {
	case atom.Iframe, atom.Video, atom.Audio, atom.Embed, atom.Object:
		return !playerLink(n, base)
	case atom.Img:
		return !tidyImage(n, base)
	case atom.A:
		tidyAnchor(n, base)
	}
	return isHidden(n.DataAtom)
}

func keepRune(r rune) rune {
	if r != '\n' && r != '\t' && forbidden(r) {
		return -1
	}
	return r
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

func tidyAnchor(n *html.Node, base *url.URL) {
	href := anchorAddress(base, attribute(n, "href"))
	if attribute(n, "href") == "" || href == "" {
		n.Data, n.DataAtom, n.Attr = "span", atom.Span, languageOnly(n.Attr)
		return
	}
	title := attribute(n, "title")
	n.Attr = append(languageOnly(n.Attr), html.Attribute{Key: "href", Val: href}, html.Attribute{Key: "rel", Val: "nofollow noopener"})
	if title != "" {
		n.Attr = append(n.Attr, html.Attribute{Key: "title", Val: title})
	}
}

func languageOnly(attrs []html.Attribute) []html.Attribute {
	var out []html.Attribute
	for _, a := range attrs {
		if a.Key == "dir" || a.Key == "lang" {
			out = append(out, a)
		}
	}
	return out
}

// tidyImage says whether an image is worth keeping: one of a single pixel
// counts readers.
func tidyImage(n *html.Node, base *url.URL) bool {
	src := attribute(n, "src")
	if src == "" || strings.HasPrefix(src, "data:") {
		src = firstOf(attribute(n, "data-src"), firstCandidate(attribute(n, "srcset")))
	}
	src = webAddress(base, src)
	for _, key := range []string{"width", "height"} {
		if v, err := strconv.Atoi(strings.TrimSuffix(attribute(n, key), "px")); err == nil && v <= 1 {
			return false
		}
	}
	for i, a := range n.Attr {
		if a.Key == "src" {
			n.Attr[i].Val = src
		}
	}
	if attribute(n, "src") == "" {
		n.Attr = append(n.Attr, html.Attribute{Key: "src", Val: src})
	}
	return src != ""
}

// firstCandidate returns the first address of a srcset.
func firstCandidate(srcset string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(srcset), " ")
	return strings.TrimSuffix(first, ",")
}

// playerLink makes a plain link of an embedded frame or player; false where it
// has no address.
func playerLink(n *html.Node, base *url.URL) bool {
	address := firstOf(attribute(n, "src"), attribute(n, "data"), attribute(n, "data-src"))
	for c := n.FirstChild; c != nil && address == ""; c = c.NextSibling {
		if c.DataAtom == atom.Source {
			address = attribute(c, "src")
		}
	}
	href := webAddress(base, address)
	if strings.TrimSpace(address) == "" || href == "" {
		return false
	}
	for n.FirstChild != nil {
		n.RemoveChild(n.FirstChild)
	}
	n.Data, n.DataAtom = "a", atom.A
	n.Attr = []html.Attribute{{Key: "href", Val: href}, {Key: "rel", Val: "nofollow noopener"}}
	n.AppendChild(&html.Node{Type: html.TextNode, Data: href})
	return true
}
