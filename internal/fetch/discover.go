package fetch

import (
	"bytes"
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Candidate is an address at which a site may publish what can be a source.
type Candidate struct {
	URL   string // absolute, http or https
	Title string // as the page calls it; empty: it does not
	From  Origin
}

// Origin says how a Candidate was found, the surest first.
type Origin uint8

// The ways to find a Candidate.
const (
	FromLink   Origin = iota // the page declares it: <link rel=alternate>
	FromAnchor               // the page links to something that looks like it
	FromGuess                // many sites have something there
)

const maxCandidates = 64 // of one page, guesses included: each costs a request

// guesses are the places to try, in the order in which sites have them.
var guesses = []string{"/feed/", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml"}

// Discover returns where the site of an HTML page may have its sources: what
// the page declares, then links that look like it, then at most six guesses.
// Among each, the site's own domain comes first; streams of comments come after
// everything that was found. base is the page's address. Nothing is fetched.
func Discover(base string, body []byte) []Candidate {
	page, err := url.Parse(base)
	if err != nil || !isHTTP(page) {
		return nil
	}
	d := discovery{base: page, seen: make(map[string]bool)}
	d.read(html.NewTokenizer(bytes.NewReader(body)))
	home := Domain(base)
	slices.SortStableFunc(d.found, func(a, b Candidate) int {
		return cmp.Or(
			compareBool(a.Comments(), b.Comments()), cmp.Compare(a.From, b.From),
			compareBool(Domain(a.URL) != home, Domain(b.URL) != home),
		)
	})
	d.found = d.found[:min(len(d.found), maxCandidates-len(guesses))]
	d.base = page
	for _, path := range guesses {
		d.add(path, "", FromGuess)
	}
	return d.found
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

type discovery struct {
	base  *url.URL
	based bool // the page named its base
	found []Candidate
	seen  map[string]bool
}

// maxLooked bounds what is collected before it is put in order.
const maxLooked = 1000

func (d *discovery) read(z *html.Tokenizer) {
	for len(d.found) < maxLooked {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			if tag := atom.Lookup(name); more && (tag == atom.Base || tag == atom.Link || tag == atom.A) {
				d.tag(tag, attributes(z))
			}
		}
	}
}

func (d *discovery) tag(tag atom.Atom, attrs map[string]string) {
	href := strings.TrimSpace(attrs["href"])
	switch {
	case href == "":
	case tag == atom.Base:
		if u, err := d.base.Parse(href); err == nil && isHTTP(u) && !d.based {
			d.base = u
		}
		d.based = true // HTML: the first one holds
	case tag == atom.Link && declares(attrs):
		d.add(href, attrs["title"], FromLink)
	case tag == atom.A && (isSourceType(attrs["type"]) || looksLikeSource(href)):
		d.add(href, attrs["title"], FromAnchor)
	}
}

func attributes(z *html.Tokenizer) map[string]string {
	attrs := make(map[string]string)
	for more := true; more; {
		var key, value []byte
		key, value, more = z.TagAttr()
		if _, repeated := attrs[string(key)]; !repeated { // HTML: the first one holds
			attrs[string(key)] = strings.ToValidUTF8(string(value), "")
		}
	}
	return attrs
}

func declares(attrs map[string]string) bool {
	for word := range strings.FieldsSeq(strings.ToLower(attrs["rel"])) {
		if word == "feed" || word == "alternate" && isSourceType(attrs["type"]) {
			return true
		}
	}
	return false
}

// isSourceType knows the media types that pages declare. application/json is
// left out: with it sites declare their programming interface.
func isSourceType(mediaType string) bool {
	name, _, _ := strings.Cut(strings.ToLower(mediaType), ";")
	switch strings.TrimSpace(name) {
	case "application/rss+xml", "application/atom+xml", "application/feed+json",
		"application/rdf+xml", "application/xml", "text/xml":
		return true
	}
	return false
}

var (
	sourcePath  = regexp.MustCompile(`(?i)(^|[/._-])(rss2?|atom|feeds?|rdf|index\.xml)([/._-]|$)`)
	sourceQuery = regexp.MustCompile(`(?i)(^|&)(feed|format|type|output|alt)=(rss2?|atom|rdf|feed)(&|$)`)
	sourceHost  = regexp.MustCompile(`(?i)^(feeds?|rss)\d*\.`)
)

func looksLikeSource(href string) bool {
	u, err := url.Parse(trimScheme(href))
	if err != nil {
		return false
	}
	return sourcePath.MatchString(u.Path) || sourceQuery.MatchString(u.RawQuery) ||
		sourceHost.MatchString(u.Host) && strings.Trim(u.Path, "/") != ""
}

// trimScheme turns the feed: addresses of old pages into what they stand for:
// feed://host/x and feed:https://host/x.
func trimScheme(href string) string {
	rest, found := strings.CutPrefix(href, "feed:")
	if !found {
		return href
	}
	if strings.HasPrefix(rest, "//") {
		return "http:" + rest
	}
	return rest
}

// Comments says that it looks like what readers write, not the outlet.
func (c *Candidate) Comments() bool {
	u, err := url.Parse(c.URL)
	return err == nil && strings.Contains(strings.ToLower(u.Path+"?"+u.RawQuery), "comment") ||
		strings.Contains(strings.ToLower(c.Title), "comment")
}

func (d *discovery) add(href, title string, from Origin) {
	u, err := d.base.Parse(trimScheme(href))
	if err != nil || !isHTTP(u) {
		return
	}
	address := clean(u).String()
	if d.seen[address] {
		return
	}
	d.seen[address] = true
	d.found = append(d.found, Candidate{URL: address, Title: strings.Join(strings.Fields(title), " "), From: from})
}
