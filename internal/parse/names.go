package parse

import (
	"bytes"
	"strings"
)

// space is a namespace, as far as the difference matters here.
type space uint8

const (
	spaceNone    space = iota
	spaceRSS           // RSS 0.9, 1.0 and RDF: gofeed's own in RSS
	spaceAtom          // 1.0 and 0.3
	spaceContent       // content:encoded
	spaceXHTML
	spaceModule // one whose elements are read: gofeed keys them by their usual prefix
	spaceOther  // all others: nobody reads them, so gofeed does not see them
)

const (
	atomURI    = "http://www.w3.org/2005/Atom"
	contentURI = "http://purl.org/rss/1.0/modules/content/"
	xmlPrefix  = "xml"
)

// uri is how gofeed wants a namespace to be written, and the prefix under which
// it reads it without a declaration.
type uri struct {
	exact  string
	space  space
	prefix string
}

// uris maps lower case addresses without trailing / and # to what gofeed
// knows: real documents get case and slash wrong.
func uris() map[string]uri {
	return map[string]uri{
		"http://www.w3.org/2005/atom":                     {atomURI, spaceAtom, "atom"},
		"https://www.w3.org/2005/atom":                    {atomURI, spaceAtom, "atom"},
		"http://purl.org/atom/ns":                         {"http://purl.org/atom/ns#", spaceAtom, "atom03"},
		"http://www.w3.org/1999/02/22-rdf-syntax-ns":      {"http://www.w3.org/1999/02/22-rdf-syntax-ns#", spaceRSS, ""},
		"http://purl.org/rss/1.0":                         {"http://purl.org/rss/1.0/", spaceRSS, ""},
		"http://purl.org/net/rss1.1":                      {"", spaceNone, ""},
		"http://channel.netscape.com/rdf/simple/0.9":      {"http://channel.netscape.com/rdf/simple/0.9/", spaceRSS, ""},
		"http://my.netscape.com/rdf/simple/0.9":           {"http://my.netscape.com/rdf/simple/0.9/", spaceRSS, ""},
		"http://purl.org/rss/1.0/modules/content":         {contentURI, spaceContent, "content"},
		"http://www.w3.org/1999/xhtml":                    {"http://www.w3.org/1999/xhtml", spaceXHTML, "xhtml"},
		"http://purl.org/dc/elements/1.1":                 {"http://purl.org/dc/elements/1.1/", spaceModule, "dc"},
		"http://purl.org/dc/elements/1.0":                 {"http://purl.org/dc/elements/1.1/", spaceModule, "dc"},
		"http://purl.org/dc/terms":                        {"http://purl.org/dc/terms/", spaceModule, "dcterms"},
		"http://search.yahoo.com/mrss":                    {"http://search.yahoo.com/mrss/", spaceModule, "media"},
		"http://www.rssboard.org/media-rss":               {"http://search.yahoo.com/mrss/", spaceModule, "media"},
		"http://tools.search.yahoo.com/mrss":              {"http://search.yahoo.com/mrss/", spaceModule, "media"},
		"http://www.itunes.com/dtds/podcast-1.0.dtd":      {"http://www.itunes.com/DTDs/PodCast-1.0.dtd", spaceModule, "itunes"},
		"http://example.com/dtds/podcast-1.0.dtd":         {"http://www.itunes.com/DTDs/PodCast-1.0.dtd", spaceModule, "itunes"},
		"http://purl.org/rss/1.0/modules/syndication":     {"http://purl.org/rss/1.0/modules/syndication/", spaceModule, "sy"},
		"http://prismstandard.org/namespaces/1.2/basic":   {"http://prismstandard.org/namespaces/1.2/basic/", spaceModule, "prism"},
		"http://backend.userland.com/rss2":                {"", spaceNone, ""},
		"http://backend.userland.com/rss":                 {"", spaceNone, ""},
		"http://blogs.law.harvard.edu/tech/rss":           {"", spaceNone, ""},
		"http://my.netscape.com/publish/formats/rss-0.91": {"", spaceNone, ""},
	}
}

// localNames are the names that mean something to the prescan; others are "".
func localNames() map[string]string {
	m := make(map[string]string)
	for name := range strings.FieldsSeq(`rss rdf feed channel item items entry html opml urlset sitemapindex
		title description encoded summary content subtitle tagline rights copyright info body div guid id
		link uri url icon logo homepage abstract author contributor image source
		a lastmod pubdate enclosure category published issued updated modified created date lastbuilddate
		keywords fullitem logo managingeditor webmaster`) {
		m[name] = name
	}
	return m
}

// vocabulary holds the tables of names. They never change.
type vocabulary struct {
	uris   map[string]uri
	locals map[string]string
}

var words = vocabulary{uris(), localNames()}

// namespace finds the known namespace of an address.
func (v *vocabulary) namespace(address string) (uri, bool) {
	key := strings.TrimRight(strings.ToLower(strings.TrimSpace(address)), "/#")
	u, ok := v.uris[key]
	return u, ok
}

// local returns the lower case local name, or "" for one without meaning.
func (v *vocabulary) local(name []byte) string {
	if len(name) > 16 {
		return ""
	}
	if s, ok := v.locals[string(name)]; ok {
		return s
	}
	var buf [16]byte
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i] = c
	}
	return v.locals[string(buf[:len(name)])]
}

// cutPrefix splits a qualified name.
func cutPrefix(name []byte) (prefix, local []byte) {
	if p, l, ok := bytes.Cut(name, []byte{':'}); ok && len(l) > 0 {
		return p, l
	}
	return nil, name
}

// undeclared is the namespace that a prefix without declaration stands for.
// gofeed goes by the prefix itself then.
func undeclared(prefix []byte) space {
	switch string(prefix) {
	case "":
		return spaceNone
	case "rss", "rdf":
		return spaceRSS
	case "content":
		return spaceContent
	case "xhtml", "xh":
		return spaceXHTML
	case "atom":
		return spaceAtom
	case "atom03", "atom10", "dc", "dcterms", "itunes", "media", "prism", "sy":
		return spaceModule
	}
	return spaceOther
}
