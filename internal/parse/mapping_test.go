package parse

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// at reads a value of the JSON form by its path: "items.0.title"; "" where there
// is none.
func at(t *testing.T, doc Document, path string) string {
	t.Helper()
	line, err := JSON(doc)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(line, &v); err != nil {
		t.Fatal(err)
	}
	for key := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			if i, err := strconv.Atoi(key); err == nil && i < len(x) {
				v = x[i]
			} else {
				v = nil
			}
		}
	}
	switch x := v.(type) {
	case string:
		return x
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(x)
	}
	return ""
}

const modules = `xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:content="http://purl.org/rss/1.0/modules/content/" ` +
	`xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:xhtml="http://www.w3.org/1999/xhtml"`

// TestElementsAreMapped gives one element each: of a channel, an item, an Atom
// feed or an Atom entry.
func TestElementsAreMapped(t *testing.T) {
	wrap := map[string][2]string{
		"channel": {`<rss version="2.0" ` + modules + `><channel>`, `<item><title>t</title></item></channel></rss>`},
		"item":    {`<rss version="2.0" ` + modules + `><channel><title>c</title><item>`, `</item></channel></rss>`},
		"head":    {`<feed xmlns="http://www.w3.org/2005/Atom" ` + modules + `>`, `<entry><id>x</id></entry></feed>`},
		"entry":   {`<feed xmlns="http://www.w3.org/2005/Atom" ` + modules + `><entry>`, `</entry></feed>`},
		"old":     {`<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry>`, `</entry></feed>`},
	}
	for _, c := range []struct{ place, xml, path, want string }{
		// Texts.
		{"item", `<title>a &amp; b</title>`, "items.0.title", "a & b"},
		{"item", `<title>a &amp;amp; b</title>`, "items.0.title", "a & b"},
		{"item", `<title>1 &lt; 2</title>`, "items.0.title", "1 < 2"},
		{"item", `<title>caf&eacute; &#8211; x</title>`, "items.0.title", "café – x"},
		{"item", "<title>two\n\t lines</title>", "items.0.title", "two lines"},
		{"item", `<dc:title>d</dc:title>`, "items.0.title", "d"},
		{"item", `<media:title>m</media:title>`, "items.0.title", "m"},
		{"item", `<title>t</title><media:title>m</media:title>`, "items.0.title", "t"},
		{"item", `<media:group><media:title>g</media:title></media:group>`, "items.0.title", "g"},
		{"item", `<description>d</description>`, "items.0.summary", "d"},
		{"item", `<dc:description>d</dc:description>`, "items.0.summary", "d"},
		{"item", `<itunes:subtitle>s</itunes:subtitle>`, "items.0.summary", "s"},
		{"item", `<itunes:summary>s</itunes:summary>`, "items.0.summary", "s"},
		{"item", `<media:description>s</media:description>`, "items.0.summary", "s"},
		{"item", `<atom:summary type="html">&lt;b&gt;s</atom:summary>`, "items.0.summary", "s"},
		{"item", `<description>a &lt;b&gt;c&lt;/b&gt;</description>`, "items.0._src.summary_html", "a <b>c</b>"},
		{"item", `<description>a <b>c</b> &amp; d</description>`, "items.0._src.summary_html", "a <b>c</b> &amp; d"},
		{"item", `<description>AT&amp;T</description>`, "items.0._src.summary_html", "AT&amp;T"},
		{"item", `<content:encoded>&lt;p&gt;x&lt;/p&gt;</content:encoded>`, "items.0.content_html", "<p>x</p>"},
		{"item", `<xhtml:body><xhtml:p>x</xhtml:p></xhtml:body>`, "items.0.content_html", "<p>x</p>"},
		{"item", `<body xmlns="http://www.w3.org/1999/xhtml"><p>x<br/>y</p></body>`, "items.0.content_html", "<p>x<br/>y</p>"},
		{"item", `<xhtml:div>x</xhtml:div>`, "items.0.content_html", "x"},
		{"item", `<guid>g</guid><title/>`, "items.0.content_html", ""},
		{"entry", `<title>a &amp;lt; b</title>`, "items.0.title", "a &lt; b"},
		{"entry", `<title type="html">a &amp;lt; b</title>`, "items.0.title", "a < b"},
		{"entry", `<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">a <b>b</b></div></title>`, "items.0.title", "a b"},
		{"entry", `<title type="xhtml">a &amp;lt; b &lt;i></title>`, "items.0.title", "a &lt; b <i>"},
		{"entry", `<summary type="xhtml"><![CDATA[<i>&amp;</i>]]></summary>`, "items.0._src.summary_html", "&lt;i&gt;&amp;amp;&lt;/i&gt;"},
		{"old", `<title type="application/xhtml+xml" mode="escaped">a &amp;lt; b</title>`, "items.0.title", "a < b"},
		{"entry", `<title type="text"><![CDATA[a & <b>]]></title>`, "items.0.title", "a & <b>"},
		{"entry", `<content type="text/html">&lt;i&gt;x&lt;/i&gt;</content>`, "items.0.content_html", "<i>x</i>"},
		{"entry", `<content type="text/plain">&lt;i&gt;</content>`, "items.0.content_html", "&lt;i&gt;"},
		{"entry", `<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>1</p><p>2</p></div></content>`, "items.0.content_html", "<p>1</p><p>2</p>"},
		{"entry", `<content type="xhtml"><xhtml:div><xhtml:p>1</xhtml:p></xhtml:div></content>`, "items.0.content_html", "<p>1</p>"},
		{"entry", `<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">1</div><div xmlns="http://www.w3.org/1999/xhtml">2</div></content>`, "items.0.content_html", "<div>1</div><div>2</div>"},
		{"entry", `<content type="application/octet-stream">PGk+eDwvaT4=</content>`, "items.0.content_html", "<i>x</i>"},
		{"entry", `<id>x</id><content type="image/png">iVBORw0KGgo=</content>`, "items.0.content_html", ""},
		{"old", `<content type="text/html" mode="base64">PGk+eDwvaT4=</content>`, "items.0.content_html", "<i>x</i>"},
		{"old", `<content type="text/html" mode="escaped">&lt;i&gt;x&lt;/i&gt;</content>`, "items.0.content_html", "<i>x</i>"},
		{"old", `<content type="application/xhtml+xml" mode="xml"><div xmlns="http://www.w3.org/1999/xhtml"><i>x</i></div></content>`, "items.0.content_html", "<div><i>x</i></div>"},
		{"entry", `<media:group><media:description>m</media:description></media:group>`, "items.0.summary", "m"},
		{"old", `<content type="application/xhtml+xml"><div xmlns="http://www.w3.org/1999/xhtml"><i>x</i></div></content>`, "items.0.content_html", "<div><i>x</i></div>"},
		{"item", `<fullitem>&lt;b&gt;f&lt;/b&gt;</fullitem>`, "items.0.content_html", "<b>f</b>"},
		// The first of several counts.
		{"item", `<title>one</title><title>two</title>`, "items.0.title", "one"},
		{"item", `<title/><title>two</title>`, "items.0.title", "two"},
		{"item", `<description>one</description><description>two</description>`, "items.0.summary", "one"},
		{"entry", `<title>one</title><title>two</title>`, "items.0.title", "one"},
		{"entry", `<content>one</content><content>two</content>`, "items.0.content_html", "one"},
		{"entry", `<x:y xmlns:x="http://x.example/"><title>no</title><id>no</id></x:y><title>yes</title>`, "items.0.title", "yes"},
		{"channel", `<title>one</title><title>two</title>`, "title", "one"},
		{"channel", `<image><title>no</title><url>/i.png</url></image><title>yes</title>`, "title", "yes"},
		// Identity and links.
		{"item", `<guid> a b &amp; c </guid>`, "items.0._src.guid", "a b & c"},
		{"item", `<guid><![CDATA[http://X.example/ک?a b]]></guid>`, "items.0._src.guid", "http://X.example/ک?a b"},
		{"entry", `<id>HTTP://www.Herald.example/A b</id>`, "items.0._src.guid", "HTTP://www.Herald.example/A b"},
		{"item", `<atom:id>i</atom:id>`, "items.0._src.guid", "i"},
		{"item", `<link>https://h.example/a?x=1&amp;copy=2</link>`, "items.0.url", "https://h.example/a?x=1&copy=2"},
		{"item", `<link>  https://H.Example/Ü </link>`, "items.0.url", "https://H.Example/Ü"},
		{"item", `<link/><atom:link href="/a"/>`, "items.0.url", "https://herald.example/a"},
		{"item", `<guid>https://h.example/g</guid>`, "items.0.url", "https://h.example/g"},
		{"item", `<guid isPermaLink="false">https://h.example/g</guid>`, "items.0.url", ""},
		{"item", `<guid>123</guid>`, "items.0.url", ""},
		{"item", `<link>javascript:alert(1)</link><guid>https://h.example/g</guid>`, "items.0.url", "https://h.example/g"},
		{"item", `<title>t</title><link>https://u:p@h.example/</link>`, "items.0.url", ""},
		{"entry", `<link rel="self" href="/s"/><link rel="related" href="/r"/><link href="/a"/>`, "items.0.url", "https://herald.example/a"},
		{"entry", `<link rel="alternate" type="application/pdf" href="/p"/><link rel="alternate" type="text/html" href="/h"/>`, "items.0.url", "https://herald.example/h"},
		{"entry", `<link href="/first"/><link href="/second"/>`, "items.0.url", "https://herald.example/first"},
		{"entry", `<content src="/c" type="text/html"/>`, "items.0.url", "https://herald.example/c"},
		// Dates.
		{"item", `<title>t</title><pubDate>Mon, 05 Oct 2026 10:00:00 GMT</pubDate>`, "items.0.date_published", "2026-10-05T10:00:00Z"},
		{"item", `<title>t</title><dc:date>2026-10-05</dc:date>`, "items.0.date_published", "2026-10-05T00:00:00Z"},
		{"item", `<title>t</title><dcterms:issued>2026-10-05</dcterms:issued><dcterms:modified>2026-10-06</dcterms:modified>`, "items.0.date_published", "2026-10-05T00:00:00Z"},
		{"item", `<title>t</title><dcterms:issued>2026-10-05</dcterms:issued><dcterms:modified>2026-10-06</dcterms:modified>`, "items.0.date_modified", "2026-10-06T00:00:00Z"},
		{"item", `<title>t</title><atom:updated>2026-10-05T00:00:00Z</atom:updated>`, "items.0.date_modified", "2026-10-05T00:00:00Z"},
		{"item", `<title>t</title><pubDate>soon</pubDate>`, "items.0._src.date_raw", "soon"},
		{"item", `<title>t</title><pubDate>soon</pubDate>`, "items.0._src.repairs.0", "the date is none that can be used"},
		{"item", `<title>t</title><pubDate>2027-10-05T00:00:00Z</pubDate>`, "items.0._src.repairs.0", "the date lies in the future"},
		{"entry", `<id>x</id><updated>2026-10-05T00:00:00Z</updated>`, "items.0.date_published", "2026-10-05T00:00:00Z"},
		{"old", `<id>x</id><issued>2004-10-05T00:00:00Z</issued><modified>2004-10-06T00:00:00Z</modified>`, "items.0.date_modified", "2004-10-06T00:00:00Z"},
		{"channel", `<lastBuildDate>Mon, 05 Oct 2026 10:00:00 GMT</lastBuildDate>`, "_src.updated", "2026-10-05T10:00:00Z"},
		{"channel", `<pubDate>Mon, 05 Oct 2026 10:00:00 GMT</pubDate>`, "_src.published", "2026-10-05T10:00:00Z"},
		// People.
		{"item", `<title>t</title><author>a@b.example (A B)</author>`, "items.0.authors.0.name", "A B"},
		{"item", `<title>t</title><author>a@b.example (A B)</author>`, "items.0.authors.0.url", "mailto:a@b.example"},
		{"item", `<title>t</title><author>A B (a@b.example)</author>`, "items.0.authors.0.name", "A B"},
		{"item", `<title>t</title><author>A B &lt;a@b.example&gt;</author>`, "items.0.authors.0.name", "A B"},
		{"item", `<title>t</title><author>A B &lt;a@b.example&gt;</author>`, "items.0.authors.0.url", "mailto:a@b.example"},
		{"item", `<title>t</title><author>a@b.example</author>`, "items.0.authors.0.url", "mailto:a@b.example"},
		{"item", `<title>t</title><dc:creator>A</dc:creator><dc:creator>B</dc:creator>`, "items.0.authors.1.name", "B"},
		{"item", `<title>t</title><dc:creator>A</dc:creator><dc:creator>A</dc:creator>`, "items.0.authors.1.name", ""},
		{"item", `<title>t</title><itunes:author>A</itunes:author>`, "items.0.authors.0.name", "A"},
		{"item", `<title>t</title><atom:author><atom:name>A</atom:name><atom:uri>/a</atom:uri></atom:author>`, "items.0.authors.0.url", "https://herald.example/a"},
		{"entry", `<id>x</id><author><name>A</name><uri>/a</uri><email>a@b.example</email></author>`, "items.0.authors.0.url", "https://herald.example/a"},
		{"entry", `<id>x</id><author><name>A</name><uri>/a</uri><email>a@b.example</email></author>`, "items.0.authors.1.url", "mailto:a@b.example"},
		{"entry", `<id>x</id><author><name>A</name></author><author><name>B</name></author>`, "items.0.authors.1.name", "B"},
		{"channel", `<author>a@b.example (A)</author>`, "authors.0.name", "A"},
		{"channel", `<managingEditor>A (a@b.example)</managingEditor>`, "authors.0.url", "mailto:a@b.example"},
		{"channel", `<dc:creator>A</dc:creator>`, "authors.0.name", "A"},
		{"head", `<author><name>A</name></author>`, "authors.0.name", "A"},
		{"item", `<author><name>A</name><email>a@b.example</email></author>`, "items.0.authors.0.name", "A"},
		{"item", `<managingEditor>a@b.example (A)</managingEditor>`, "items.0.authors.0.name", "A"},
		{"item", `<dc:contributor>A</dc:contributor>`, "items.0._src.contributors.0.name", "A"},
		{"item", `<dcterms:created>2026-10-05</dcterms:created>`, "items.0._src.created", "2026-10-05T00:00:00Z"},
		{"entry", `<id>x</id><author>A</author>`, "items.0.authors.0.name", "A"},
		{"entry", `<id>x</id><contributor><name>A</name><uri>/a</uri></contributor>`, "items.0._src.contributors.0.url", "https://herald.example/a"},
		{"entry", `<id>x</id><created>2026-10-05T00:00:00Z</created>`, "items.0._src.created", "2026-10-05T00:00:00Z"},
		{"entry", `<id>x</id><created>2026-10-05T00:00:00Z</created>`, "items.0.date_published", "2026-10-05T00:00:00Z"},
		{"entry", `<id>x</id><created>2026-10-05T00:00:00Z</created><updated>2026-10-06T00:00:00Z</updated>`, "items.0.date_published", "2026-10-06T00:00:00Z"},
		{"channel", `<author><name>A</name></author>`, "authors.0.name", "A"},
		{"channel", `<dc:author>A</dc:author>`, "authors.0.name", "A"},
		// What a head says that gofeed leaves out, or changes.
		{"channel", `<rights>R</rights>`, "_src.rights", "R"},
		{"channel", `<atom:rights>R</atom:rights>`, "_src.rights", "R"},
		{"channel", `<atom:title>T</atom:title>`, "title", "T"},
		{"channel", `<subtitle>S</subtitle>`, "description", "S"},
		{"channel", `<tagline>S</tagline>`, "description", "S"},
		{"channel", `<id>tag:x,1</id>`, "_src.id", "tag:x,1"},
		{"channel", `<atom:published>2026-10-05T00:00:00Z</atom:published>`, "_src.published", "2026-10-05T00:00:00Z"},
		{"channel", `<keywords>a, b</keywords><media:category>c</media:category><itunes:keywords>d</itunes:keywords>`, "_src.tags.3", "c"},
		{"head", `<id>HTTP://X.example/a b</id>`, "_src.id", "HTTP://X.example/a b"},
		{"head", `<published>2026-10-05T00:00:00Z</published>`, "_src.published", "2026-10-05T00:00:00Z"},
		{"head", `<issued>2026-10-05T00:00:00Z</issued>`, "_src.published", "2026-10-05T00:00:00Z"},
		{"head", `<dcterms:modified>2026-10-05T00:00:00Z</dcterms:modified>`, "_src.updated", "2026-10-05T00:00:00Z"},
		{"head", `<dc:subject>s</dc:subject>`, "_src.tags.0", "s"},
		{"head", `<itunes:image href="/i.png"/>`, "_src.image", "https://herald.example/i.png"},
		// Categories, files, pictures.
		{"item", `<title>t</title><category>A</category><dc:subject>B</dc:subject><media:category>C</media:category><itunes:keywords>D, E</itunes:keywords>`, "items.0.tags.4", "C"},
		{"item", `<title>t</title><media:category label="L">v</media:category>`, "items.0.tags.0", "L"},
		{"item", `<title>t</title><itunes:category text="A"><itunes:category text="B"/></itunes:category>`, "items.0.tags.1", "B"},
		{"entry", `<id>x</id><category term="t" label="L"/>`, "items.0.tags.0", "L"},
		{"entry", `<id>x</id><category term="t"/>`, "items.0.tags.0", "t"},
		{"channel", `<category>A</category><itunes:category text="B"/>`, "_src.tags.1", "B"},
		{"item", `<title>t</title><enclosure url="/a.mp3" length="5" type="audio/mpeg"/><enclosure url="/b.mp3" length="x" type=""/>`, "items.0.attachments.1.url", "https://herald.example/b.mp3"},
		{"item", `<title>t</title><enclosure url="/a.mp3" length="5" type="audio/mpeg"/>`, "items.0.attachments.0.size_in_bytes", "5"},
		{"item", `<title>t</title><media:content url="/v.mp4" type="video/mp4" fileSize="7"/>`, "items.0.attachments.0.size_in_bytes", "7"},
		{"item", `<title>t</title><media:group><media:content url="/v.mp4" type="video/mp4"/></media:group>`, "items.0.attachments.0.url", "https://herald.example/v.mp4"},
		{"entry", `<id>x</id><link rel="enclosure" href="/e" type="audio/ogg" length="9" title="E"/>`, "items.0.attachments.0.title", "E"},
		{"item", `<title>t</title><media:thumbnail url="/t.jpg"/>`, "items.0.image", "https://herald.example/t.jpg"},
		{"item", `<title>t</title><media:content url="/i.jpg" medium="image"/>`, "items.0._src.image", "https://herald.example/i.jpg"},
		{"item", `<title>t</title><enclosure url="/i.jpg" type="image/jpeg"/>`, "items.0.image", "https://herald.example/i.jpg"},
		{"item", `<title>t</title><itunes:image href="/i.jpg"/>`, "items.0.image", "https://herald.example/i.jpg"},
		{"channel", `<image><url>/l.png</url></image>`, "_src.image", "https://herald.example/l.png"},
		{"channel", `<itunes:image href="/l.png"/>`, "_src.image", "https://herald.example/l.png"},
		{"head", `<icon>/i.ico</icon><logo>/l.png</logo>`, "_src.image", "https://herald.example/l.png"},
		// The rest.
		{"item", `<title>t</title><dc:rights>r</dc:rights>`, "items.0._src.rights", "r"},
		{"entry", `<id>x</id><rights type="html">&lt;b&gt;r&lt;/b&gt;</rights>`, "items.0._src.rights", "r"},
		{"item", `<title>t</title><source url="https://w.example/">W</source>`, "items.0._src.outlet", "W"},
		{"item", `<title>t</title><source url="https://w.example/">W</source>`, "items.0._src.outlet_url", "https://w.example/"},
		{"item", `<title>t</title><dc:language>fr-CH</dc:language>`, "items.0.language", "fr"},
		{"channel", `<language>en_US</language>`, "language", "en-US"},
		{"channel", `<language>en_US</language>`, "items.0.language", "en"},
		{"channel", `<copyright>&lt;b&gt;c&lt;/b&gt;</copyright>`, "_src.rights", "c"},
		{"channel", `<generator>G &lt;i&gt;1&lt;/i&gt;</generator>`, "_src.generator", "G 1"},
		{"channel", `<description>d</description>`, "description", "d"},
		{"channel", `<link>https://h.example/</link>`, "home_page_url", "https://h.example/"},
		{"channel", `<atom:link rel="self" href="/s"/><atom:link href="/home"/>`, "home_page_url", "https://herald.example/home"},
		{"channel", `<atom:link rel="self" href="/s"/>`, "feed_url", "https://herald.example/s"},
		{"head", `<id>i</id>`, "_src.id", "i"},
		{"head", `<tagline>t</tagline>`, "description", "t"},
		{"head", `<link rel="alternate" href="/h"/><link rel="hub" href="https://hub.example/"/>`, "hubs.0.url", "https://hub.example/"},
		{"head", `<rights>r</rights>`, "_src.rights", "r"},
	} {
		w := wrap[c.place]
		doc := mustParse(t, w[0]+c.xml+w[1])
		if got := at(t, doc, c.path); got != c.want {
			t.Errorf("%s %s\n%s is %q, want %q", c.place, c.xml, c.path, got, c.want)
		}
	}
}

// TestDocumentsOfAnyShapeGiveTheirItems has what is unusual around the items.
func TestDocumentsOfAnyShapeGiveTheirItems(t *testing.T) {
	for _, c := range []struct {
		name, xml, version string
		titles             string
	}{
		{"no version", `<rss><channel><item><title>a</title></item></channel></rss>`, "rss", "a"},
		{"RSS 0.90", `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/simple/0.9/"><channel/><item><title>a</title></item></rdf:RDF>`, "rss090", "a"},
		{"RSS 0.92", `<rss version="0.92"><channel><item><description>a</description></item></channel></rss>`, "rss092", ""},
		{"items beside the channel", `<rss version="2.0"><item><title>b</title></item><channel><item><title>a</title></item></channel></rss>`, "rss20", "a,b"},
		{"two channels", `<rss version="2.0"><channel><item><title>a</title></item></channel><channel><title>x</title><item><title>b</title></item></channel></rss>`, "rss20", "a,b"},
		{"RSS 1.1", `<Channel xmlns="http://purl.org/net/rss1.1#" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><title>x</title><items rdf:parseType="Collection"><item rdf:about="/1"><title>a</title></item><item><title>b</title></item></items></Channel>`, "rss", "a,b"},
		{"RSS 1.0 with its list", `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel><items><rdf:Seq><rdf:li resource="/1"/></rdf:Seq></items></channel><item rdf:about="/1"><title>a</title></item></rdf:RDF>`, "rss10", "a"},
		{"CDF within CDF", `<CHANNEL HREF="/"><ITEM HREF="/1"><TITLE>a</TITLE></ITEM><CHANNEL><TITLE>x</TITLE><ITEM HREF="/2"><TITLE>b</TITLE></ITEM></CHANNEL><ITEM HREF="/3"><TITLE>c</TITLE></ITEM></CHANNEL>`, "cdf", "a,b,c"},
		{"bare channel", `<channel><title>x</title><item><title>a</title></item></channel>`, "rss", "a"},
		{"bare items", `<item><title>a</title></item><item><title>b</title></item>`, "rss", "a,b"},
		{"bare entry", `<entry xmlns="http://www.w3.org/2005/Atom"><title>a</title></entry>`, "atom10", "a"},
		{"capitals", `<RSS VERSION="2.0"><CHANNEL><ITEM><TITLE>a</TITLE></ITEM></CHANNEL></RSS>`, "rss20", "a"},
		{"unknown default namespace", `<rss version="2.0" xmlns="urn:mine"><channel><item><title>a</title></item></channel></rss>`, "rss20", "a"},
		{"unknown namespace on the item", `<rss version="2.0"><channel><item xmlns="urn:mine"><title>a</title></item></channel></rss>`, "rss20", "a"},
		{"Atom namespace on RSS", `<rss version="2.0" xmlns="http://www.w3.org/2005/Atom"><channel><item><title>a</title></item></channel></rss>`, "rss20", "a"},
		{"Atom namespace on a link of RSS", `<rss version="2.0"><channel><link xmlns="http://www.w3.org/2005/Atom" rel="self" href="/s"/><item><title>a</title></item></channel></rss>`, "rss20", "a"},
		{"draft namespace of Atom", `<feed xmlns="http://purl.org/atom/ns#draft-ietf-atompub-format-05"><entry><title>a</title></entry></feed>`, "atom03", "a"},
		{"Atom without namespace", `<feed><entry><title>a</title></entry></feed>`, "atom10", "a"},
		{"Atom with a prefix", `<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:title>a</a:title></a:entry></a:feed>`, "atom10", "a"},
		{"Atom with an undeclared prefix", `<atom:feed><atom:entry><atom:title>a</atom:title></atom:entry></atom:feed>`, "atom10", "a"},
		{"Atom with an undeclared prefix in a sloppy tag", `<atom:feed!><atom:entry><atom:title>a</atom:title></atom:entry></atom:feed>`, "atom10", "a"},
		{"RSS 1.0 with a prefix", `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:r="http://purl.org/rss/1.0/"><r:channel/><r:item><r:title>a</r:title></r:item></rdf:RDF>`, "rss10", "a"},
		{"namespace in capitals", `<rss version="2.0" xmlns:x="HTTP://PURL.ORG/DC/ELEMENTS/1.1/"><channel><item><x:title>a</x:title></item></channel></rss>`, "rss20", "a"},
		{"XML 1.1", `<?xml version="1.1"?><rss version="2.0"><channel><item><title>a</title></item></channel></rss>`, "rss20", "a"},
		{"text before", "\n\n junk <?xml version=\"1.0\"?><rss version=\"2.0\"><channel><item><title>a</title></item></channel></rss>", "rss20", "a"},
		{"text behind", `<rss version="2.0"><channel><item><title>a</title></item></channel></rss><html><body>`, "rss20", "a"},
		{"HTML in a description", `<rss version="2.0"><channel><item><title>a</title><description>x<br>y<img src=z></description></item></channel></rss>`, "rss20", "a"},
		{"unquoted attributes", `<rss version=2.0><channel><item><title type=x y>a</title></item></channel></rss>`, "rss20", "a"},
		{"item of another format", `<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>a</title></entry><entry xmlns="http://purl.org/rss/1.0/"><title>b</title></entry></feed>`, "atom10", "a"},
		{"comments and instructions", `<!-- a --><?x y?><rss version="2.0"><!-- -- --><channel><item><!-- c --><title>a<!-- d --></title></item></channel></rss>`, "rss20", "a"},
		{"]]> in text", `<rss version="2.0"><channel><item><title>a</title><description>x ]]> y</description></item></channel></rss>`, "rss20", "a"},
		{"]]> before the document", `<]]> x<rss version="2.0"><channel><item><title>a</title></item></channel></rss>`, "rss20", "a"},
		{"forbidden references", `<rss version="2.0"><channel><item><title>a&#0;&#x1F;</title></item></channel></rss>`, "rss20", "a"},
	} {
		doc, err := Full(testSource(), []byte(c.xml), http.Header{}, testNow)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		checkAccount(t, doc)
		var titles []string
		for _, it := range doc.Items {
			if it.Title != "" {
				titles = append(titles, it.Title)
			}
		}
		if got := strings.Join(titles, ","); got != c.titles || doc.Version != c.version {
			t.Errorf("%s: %s %q, want %s %q", c.name, doc.Version, got, c.version, c.titles)
		}
	}
}

func TestBaseOfACDFChannel(t *testing.T) {
	doc := mustParse(t, `<CHANNEL HREF="home" xml:base="https://cdf.example/x/"><LOGO HREF="l.gif"/><ITEM HREF="1" xml:base="in/"><TITLE>a</TITLE><ABSTRACT>&lt;a href="q">b&lt;/a></ABSTRACT></ITEM></CHANNEL>`)
	got := []string{doc.Home, doc.Image, doc.Items[0].Link, doc.Items[0].SummaryHTML}
	want := []string{"https://cdf.example/x/home", "https://cdf.example/x/l.gif", "https://cdf.example/x/in/1", `<a href="https://cdf.example/x/in/q" rel="nofollow noopener">b</a>`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBaseWithinMarkup(t *testing.T) {
	for in, want := range map[string]string{
		`<div xmlns="http://www.w3.org/1999/xhtml"><a href="x">a</a></div>`:                                                       `<a href="https://herald.example/rss/x" rel="nofollow noopener">a</a>`,
		`<div xmlns="http://www.w3.org/1999/xhtml" xml:base="/b/"><a href="x">a</a></div>`:                                        `<a href="https://herald.example/b/x" rel="nofollow noopener">a</a>`,
		`<div xmlns="http://www.w3.org/1999/xhtml"><p xml:base="/b/"><a href="x">a</a></p><a href="y">c</a></div>`:                `<p><a href="https://herald.example/b/x" rel="nofollow noopener">a</a></p><a href="https://herald.example/rss/y" rel="nofollow noopener">c</a>`,
		`<div xmlns="http://www.w3.org/1999/xhtml"><p xml:base="https://o.example/d/"><img src="i.png" xml:base="e/"/></p></div>`: `<p><img src="https://o.example/d/e/i.png"/></p>`,
		`<div xmlns="http://www.w3.org/1999/xhtml" xml:base="http://%zz/"><a href="x">a</a><br/></div>`:                           `<a href="https://herald.example/rss/x" rel="nofollow noopener">a</a><br/>`,
	} {
		doc := mustParse(t, `<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><content type="xhtml">`+in+`</content></entry></feed>`)
		if got := doc.Items[0].ContentHTML; got != want {
			t.Errorf("%s\ngot  %s\nwant %s", in, got, want)
		}
	}
}

// TestSloppyStartTagsAreWrittenAnew has tags that an XML parser would refuse,
// together with what the prescan changes in them.
func TestSloppyStartTagsAreWrittenAnew(t *testing.T) {
	doc := mustParse(t, `<rss version=2.0 xmlns=urn:mine xmlns:D='HTTP://purl.org/dc/elements/1.1'><channel xml:base=https://b.example/d/ hidden>`+
		`<item x="<1>" y=a"b><D:creator>A</D:creator><link href=one></link><enclosure type=audio/ogg url="e.ogg?a=1&b='2'" length=5 /><title">T</title>`+
		`<guid isPermaLink=false>g</guid><body xmlns="http://www.w3.org/1999/xhtml"/></item></channel></rss>`)
	if len(doc.Items) != 1 {
		t.Fatalf("%d items, %v, %q", len(doc.Items), doc.Rejected, doc.Repairs)
	}
	it := doc.Items[0]
	got := []string{it.GUID, it.Link, it.Files[0].URL, it.Files[0].Type, it.Authors[0].Name}
	want := []string{"g", "https://b.example/d/one", "https://b.example/d/e.ogg?a=1&b='2'", "audio/ogg", "A"}
	if strings.Join(got, " ") != strings.Join(want, " ") || !doc.Bozo {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestVersions(t *testing.T) {
	for version, want := range map[string]string{
		"0.9": "rss090", "0.90": "rss090", "0.91": "rss091", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094", "1.0": "rss10",
		"2.0": "rss20", "2.0.1": "rss20", "2": "rss20", "": "rss", "x": "rss",
	} {
		if doc := mustParse(t, `<rss version="`+version+`"><channel/></rss>`); doc.Version != want {
			t.Errorf("%q: got %s, want %s", version, doc.Version, want)
		}
	}
}

func TestUndeclaredPrefixesMeanWhatTheyUsuallyDo(t *testing.T) {
	doc := mustParse(t, `<rss version="2.0"><channel><rss:item><rss:title>a</rss:title><content:encoded>&lt;b&gt;c&lt;/b&gt;</content:encoded>`+
		`<dc:creator>A</dc:creator><atom:link href="/l"/><media:thumbnail url="/t.jpg"/></rss:item><rss:item><rss:title>e</rss:title><xhtml:div>d</xhtml:div></rss:item></channel></rss>`)
	it := doc.Items[0]
	got := []string{it.Title, it.ContentHTML, doc.Items[1].ContentHTML, it.Authors[0].Name, it.Link, it.Image}
	want := []string{"a", "<b>c</b>", "d", "A", "https://herald.example/l", "https://herald.example/t.jpg"}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got %q, want %q", got, want)
	}
}
