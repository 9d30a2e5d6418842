package feedtest

import (
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	atHome   = "https://news.example/a.atom"
	goodAtom = `<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><id>https://news.example/a</id><title type="text">A</title>` +
		`<updated>2026-11-23T10:00:00Z</updated><author><name>N</name></author><link rel="self" type="application/atom+xml" href="https://news.example/a.atom"></link>` +
		`<link rel="alternate" type="text/html" href="https://news.example/a"></link>HEAD<entry><id>tag:news.example,2026:1</id><title type="text">One</title>` +
		`<published>2026-11-23T09:00:00Z</published><updated>2026-11-23T09:00:00.5Z</updated><author><name>B</name></author>` +
		`<link rel="alternate" href="https://news.example/1"></link><content type="html">&lt;p&gt;x &amp;amp; y&lt;/p&gt;</content></entry></feed>`
	goodRSS = `<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>A &#x26; B</title>` +
		`<link>https://news.example/a</link><description>D</description><atom:link rel="self" type="application/rss+xml" href="https://news.example/a.atom"></atom:link><language>en</language>` +
		`<copyright>C</copyright><lastBuildDate>Mon, 23 Nov 2026 10:00:00 +0000</lastBuildDate><generator>K</generator><docs>https://news.example/d</docs><ttl>15</ttl>HEAD` +
		`<item><title>One</title><link>https://news.example/1</link><description>x</description><guid isPermaLink="false">tag:news.example,2026:1</guid><pubDate>Mon, 23 Nov 2026 09:00:00 +0000</pubDate></item></channel></rss>`
	goodOPML = `<?xml version="1.0" encoding="UTF-8"?><opml version="2.0"><head><title>T</title><dateModified>Mon, 23 Nov 2026 10:00:00 +0000</dateModified></head>` +
		`<body><outline text="G"><outline text="A" title="A" type="rss" xmlUrl="https://news.example/a.atom"></outline></outline></body></opml>`
	goodJSON = `{"version":"https://jsonfeed.org/version/1.1","title":"A","home_page_url":"https://news.example/a","feed_url":"https://news.example/a.atom","items":[` +
		`{"id":"tag:news.example,2026:1","url":"https://news.example/1","title":"One","content_html":"<p>x</p>","date_published":"2026-11-23T09:00:00Z","date_modified":"2026-11-23T09:00:00.5Z"}]}`
)

// classes returns the classes of what is found, each once.
func classes(doc, contentType string) []string {
	var out []string
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, c := range Validate([]byte(strings.ReplaceAll(doc, "HEAD", "")), contentType, atHome, now) {
		out = append(out, c.Class)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Each row plants one fault in a good document, and the class of it must be found.
func TestValidatorFindsPlantedFaults(t *testing.T) {
	kinds := map[string]struct{ doc, contentType string }{
		"atom": {goodAtom, "application/atom+xml; charset=utf-8"},
		"rss":  {goodRSS, "application/rss+xml; charset=utf-8"},
		"opml": {goodOPML, "text/x-opml; charset=utf-8"},
		"json": {goodJSON, "application/feed+json; charset=utf-8"},
	}
	for name, k := range kinds {
		if got := classes(k.doc, k.contentType); got != nil {
			t.Errorf("the good %s: %v", name, got)
		}
		if got := classes(k.doc, "text/plain"); !slices.Contains(got, "UnexpectedContentType") {
			t.Errorf("%s as text/plain: %v", name, got)
		}
	}
	for _, c := range [][4]string{
		{"atom", "<?xml", "\n<?xml", "WPBlankLine"},
		{"atom", "<feed", "<!DOCTYPE x><feed", "ContainsSystemEntity"},
		{"atom", "<feed", "<?xml-stylesheet href='x'?><feed", "KhyberNoStylesheet"},
		{"atom", "</feed>", "", "SAXError"},
		{"atom", ">One<", ">O\u0085ne<", "BadCharacters"},
		{"atom", ">One<", ">O\ufffdne<", "BadCharacters"},
		{"atom", ">One<", ">O\u202ene<", "KhyberSpoofing"},
		{"atom", ">One<", ">O\xffne<", "UnicodeError"},
		{"atom", ">One<", ">a &amp;lt;b<", "ContainsUndeclaredHTML"},
		{"atom", ">One<", ">a &lt;/b<", "ContainsUndeclaredHTML"},
		{"atom", ">One<", "> <", "NotBlank"},
		{"atom", `type="text">One`, `type="xhtml">One`, "InvalidValue"},
		{"atom", "HEAD", "<x:y xmlns:x='https://x.example/'></x:y>", "UnknownNamespace"},
		{"atom", "<feed", "<feed xmlns:dc='http://purl.org/rss/1.0/modules/content/'", "ReservedPrefix"},
		{"atom", "HEAD", "<cloud></cloud>", "UndefinedElement"},
		{"atom", "HEAD", "<dc:date xmlns:dc='http://purl.org/dc/elements/1.1/'>x</dc:date>", "UndocumentedUse"},
		{"atom", "HEAD", "<link rel='edit' href='https://x.example/'></link>", "UnregisteredAtomLinkRel"},
		{"atom", "HEAD", "<link rel='hub'></link>", "MissingHref"},
		{"atom", "HEAD", "<link rel='hub' href='https://x.example/'>x</link>", "AtomLinkNotEmpty"},
		{"atom", "HEAD", "<link rel='hub' href='https://x.example/' length='-1'></link>", "InvalidIntegerAttribute"},
		{"atom", "HEAD", "<link rel='hub' href='https://x.example/' type='html'></link>", "InvalidMIMEType"},
		{"atom", "HEAD", "<link rel='hub' href='https://x.example/' hreflang='prs'></link>", "InvalidLanguage"},
		{"atom", "HEAD", "<link rel='hub' href='https://x.example/é'></link>", "UriNotIri"},
		{"atom", "HEAD", "<link rel='hub' href='/x'></link>", "InvalidFullLink"},
		{"atom", "HEAD", "<link rel='hub' href='https://x.example/a b'></link>", "InvalidFullLink"},
		{"atom", "HEAD", "<link rel='hub' href=''></link>", "AttrNotBlank"},
		{"atom", "HEAD", "<link rel='alternate' href='https://x.example/'></link>", "DuplicateAtomLink"},
		{"atom", "HEAD", "<link rel='next-archive' href='https://x.example/'></link>", "KhyberArchive"},
		{"atom", "HEAD", "<link rel='first' href='https://news.example/a.atom'></link>", "LinkPastEnd"},
		{"atom", "HEAD", "<fh:archive xmlns:fh='http://purl.org/syndication/history/1.0'></fh:archive>", "ArchiveIncomplete"},
		{"atom", "HEAD", "<fh:archive xmlns:fh='http://purl.org/syndication/history/1.0'></fh:archive>", "MissingCurrentInArchive"},
		{"atom", "HEAD", "<title type='text'>B</title>", "DuplicateElement"},
		{"atom", "HEAD", "text", "CharacterData"},
		{"atom", "HEAD", "<category term='a' foo='b'></category>", "UnexpectedAttribute"},
		{"atom", "HEAD", "<category></category>", "MissingAttribute"},
		{"atom", "</entry></feed>", "</entry><rights>R</rights></feed>", "MisplacedMetadata"},
		{"atom", "<id>https://news.example/a</id>", "", "MissingElement"},
		{"atom", "<id>https://news.example/a<", "<id> https://news.example/a<", "UnexpectedWhitespace"},
		{"atom", "<id>https://news.example/a<", "<id>https://news.example<", "NonCanonicalURI"},
		{"atom", "<id>https://news.example/a<", "<id>https://News.example/a<", "NonCanonicalURI"},
		{"atom", "<id>https://news.example/a<", "<id>https://news.example/%7ea<", "NonCanonicalURI"},
		{"atom", "<id>https://news.example/a<", "<id>https://news.example/x/../a<", "NonCanonicalURI"},
		{"atom", "tag:news.example,2026:1", "tag:1", "InvalidTAG"},
		{"atom", "tag:news.example,2026:1", "urn:uuid:1", "InvalidURN"},
		{"atom", "rel=\"self\"", "rel=\"hub\"", "MissingSelf"},
		{"atom", "rel=\"self\" type=\"application/atom+xml\"", "rel=\"self\" type=\"application/rss+xml\"", "SelfNotAtom"},
		{"atom", "/a.atom\"", "/b.atom\"", "SelfDoesntMatchLocation"},
		{"atom", "https://news.example/a.atom\"", "a.atom\"", "RelativeSelf"},
		{"atom", "2026-11-23T09:00:00Z", "2026-11-23 09:00", "InvalidRFC3339Date"},
		{"atom", "2026-11-23T09:00:00Z", "1970-01-01T00:00:00Z", "ImplausibleDate"},
		{"atom", "2026-11-23T09:00:00.5Z", "2027-11-23T09:00:00.5Z", "ImplausibleDate"},
		{"atom", "2026-11-23T09:00:00.5Z", "2026-11-23T11:00:00.5Z", "KhyberW20"},
		{"atom", "<name>B", "<name>b@b.example", "ContainsEmail"},
		{"atom", "<name>B", "<name>&amp;lt;B", "ContainsHTML"},
		{"atom", "<name>B", "<name>Sum &amp;sum B", "ContainsHTML"},
		{"atom", "<name>B", "<name>No &amp;4 B", "ContainsHTML"},
		{"atom", "<name>B", "<name>No &amp;۴ B", "ContainsHTML"},
		{"atom", "HEAD", "<link rel='hub' href='https://x.example/' title='a &amp;lt; b'></link>", "ContainsHTML"},
		{"atom", "HEAD", "<category term='a' label='a &amp;copy b'></category>", "ContainsHTML"},
		{"atom", "HEAD", "<link rel='hub' href='https://[::1]/'></link>", "InvalidFullLink"},
		{"atom", "<content type=\"html\">&lt;p&gt;x &amp;amp; y&lt;/p&gt;</content>", "", "MissingTextualContent"},
		{"atom", "</author><link rel=\"alternate\" href", "</author><link rel=\"next\" href=\"https://news.example/2\"></link><link rel=\"alternate\" href", "FeedHistoryRelInEntry"},
		{"atom", "&lt;p&gt;", "&lt;p&gt;&lt;b&gt;", "NotHtml"},
		{"atom", "&lt;p&gt;", "&lt;p&gt;&lt;p&gt;y&lt;/p&gt;", "NotHtml"},
		{"atom", "x &amp;amp; y", "x &amp; y", "NotHtml"},
		{"atom", "&lt;p&gt;", "&lt;p&gt;&lt;script&gt;", "SecurityRisk"},
		{"atom", "&lt;p&gt;", "&lt;p onclick=\"x\"&gt;", "SecurityRiskAttr"},
		{"atom", "&lt;p&gt;", "&lt;p style=\"x\"&gt;", "DangerousStyleAttr"},
		{"atom", "&lt;p&gt;", "&lt;p&gt;&lt;a href=\"/x\"&gt;y&lt;/a&gt;", "ContainsRelRef"},
		{"atom", "&lt;p&gt;", "&lt;p&gt;&lt;a href=\"javascript://x\"&gt;y&lt;/a&gt;", "KhyberScheme"},
		{"rss", `version="2.0"`, `version="0.91"`, "ObsoleteVersion"},
		{"rss", "rel=\"self\"", "rel=\"hub\"", "MissingAtomSelfLink"},
		{"rss", "A &#x26; B", "A &amp; B", "ContainsHTML"},
		{"rss", "<title>One", "<title><![CDATA[One]]>", "ContainsHTML"},
		{"rss", "<description>D", "<description>&lt;b>D", "ContainsHTML"},
		{"rss", "<language>en", "<language>prs", "InvalidLanguage"},
		{"rss", "<ttl>15", "<ttl>0", "NonPositiveInteger"},
		{"rss", "HEAD", "<webMaster>me</webMaster>", "InvalidContact"},
		{"rss", "Mon, 23 Nov 2026 09", "Tue, 23 Nov 2026 09", "IncorrectDOW"},
		{"rss", "09:00:00 +0000", "09:00:00 UTC", "ProblematicalRFC822Date"},
		{"rss", "Mon, 23 Nov 2026 09:00:00 +0000", "yesterday", "InvalidRFC2822Date"},
		{"rss", "isPermaLink=\"false\"", "", "InvalidPermalink"},
		{"rss", `<guid isPermaLink="false">tag:news.example,2026:1</guid>`, "", "MissingGuid"},
		{"rss", "<description>x</description>", "<description><b>x</b></description>", "MisplacedXHTMLContent"},
		{"rss", "</item>", `<enclosure url="https://x.example/" type="a/b" length="x"></enclosure></item>`, "UseZeroForUnknown"},
		{"rss", "</item>", `<enclosure url="https://x.example/" type="a/b" length="0"></enclosure><enclosure url="https://x.example/" type="a/b" length="0"></enclosure></item>`, "DuplicateEnclosure"},
		{"rss", "</item>", `<enclosure url="https://x.example?a=b" type="a/b" length="0"></enclosure></item>`, "InvalidURLAttribute"},
		{"rss", "</item>", `<enclosure url="https://x/" type="a/b" length="0"></enclosure></item>`, "InvalidURLAttribute"},
		{"rss", "HEAD", "<webMaster>me!you@x.example (M)</webMaster>", "InvalidContact"},
		{"rss", "<description>x</description>", `<content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/">x</content:encoded>`, "NeedDescriptionBeforeContent"},
		{"rss", "HEAD", "<webMaster>me@x.example (M (x)</webMaster>", "InvalidContact"},
		{"rss", "</item>", `<author>a@b.example (A)</author><dc:creator>A</dc:creator></item>`, "DuplicateItemSemantics"},
		{"opml", ` text="A"`, ` text="AT&amp;T"`, "NotHtml"},
		{"opml", ` text="A"`, ` text="a &lt; b"`, "NotHtml"},
		{"opml", `<title>T`, `<title>T &lt;b&gt;`, "NotHtml"},
		{"opml", `version="2.0"`, `version="1.1"`, "ObsoleteVersion"},
		{"opml", `<outline text="G"><outline text="A" title="A" type="rss" xmlUrl="https://news.example/a.atom"></outline></outline>`, "", "MissingElement"},
		{"opml", ` type="rss"`, "", "MissingOutlineType"},
		{"opml", ` type="rss"`, ` type="atom"`, "InvalidOutlineType"},
		{"opml", ` xmlUrl="https://news.example/a.atom"`, "", "MissingXmlURL"},
		{"opml", ` text="A"`, "", "MissingAttribute"},
		{"opml", "</head>", "<docs>https://x.example/</docs></head>", "UndefinedElement"},
		{"json", `"title":"A",`, "", "MissingElement"},
		{"json", `"title":"A",`, `"title":null,`, "NotBlank"},
		{"json", `"title":"A",`, `"title":"A","author":{},`, "UndefinedElement"},
		{"json", `"title":"One",`, `"title":"One","image":"https://x.example/",`, "UndefinedElement"},
		{"json", `"items":[`, `"items":null,"x":[`, "MissingElement"},
		{"json", `"id":"tag:news.example,2026:1"`, `"id":42`, "InvalidLink"},
		{"json", `"feed_url":"https://news.example/a.atom"`, `"feed_url":"https://news.example/b"`, "SelfDoesntMatchLocation"},
		{"json", `<p>x</p>`, `<p>x`, "NotHtml"},
		{"json", "{", "{{", "SyntaxError"},
	} {
		k := kinds[c[0]]
		broken := strings.Replace(k.doc, c[1], c[2], 1)
		if broken == k.doc {
			t.Errorf("%s has no %s", c[0], c[1])
		}
		if got := classes(broken, k.contentType); !slices.Contains(got, c[3]) {
			t.Errorf("%s with %q for %q: got %v, want %s", c[0], c[2], c[1], got, c[3])
		}
	}
	twice := strings.Replace(goodAtom, "</feed>", goodAtom[strings.Index(goodAtom, "<entry>"):], 1)
	if got := classes(twice, kinds["atom"].contentType); !slices.Equal(got, []string{"DuplicateEntries", "DuplicateUpdated"}) {
		t.Errorf("an entry twice: %v", got)
	}
}
