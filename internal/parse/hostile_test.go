package parse

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf16"

	"khyber/internal/news"
)

// hostile is a family of documents made to hurt: its size is what is hostile.
type hostile struct {
	name  string
	sizes []int
	body  func(n int) string
	want  map[int]news.Kind // outcome by size; absent: ok
}

const (
	rssOpen   = `<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:x="urn:x"><channel><title>T</title>`
	rssClose  = `</channel></rss>`
	atomOpen  = `<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>`
	atomClose = `</feed>`
	tooLarge  = news.KindTooLarge
	noItems   = news.KindNotAFeed
)

func rssWith(item string) string {
	return rssOpen + "<item><title>a</title>" + item + "</item>" + rssClose
}

func atomWith(e string) string       { return atomOpen + "<entry><id>a</id>" + e + "</entry>" + atomClose }
func rep(s string, n int) string     { return strings.Repeat(s, n) }
func nest(o, c string, n int) string { return rep(o, n) + rep(c, n) }

// hostiles are the families of documents of the intake guide.
func hostiles() []hostile {
	large := func(sizes ...int) map[int]news.Kind {
		m := map[int]news.Kind{}
		for _, n := range sizes {
			m[n] = tooLarge
		}
		return m
	}
	return []hostile{
		{"nested unknown", []int{100, 1000, 1000000}, func(n int) string { return rssOpen + nest("<a>", "</a>", n) + rssClose }, large(1000, 1000000)},
		{"nested unclosed", []int{1000, 3000000}, func(n int) string { return rssWith(rep("<a>", n)) }, large(1000, 3000000)},
		{"nested extension", []int{1000, 100000}, func(n int) string { return rssWith(nest(`<x:y xmlns:x="urn:x">`, "</x:y>", n)) }, large(1000, 100000)},
		{"nested title", []int{1000, 100000}, func(n int) string { return rssWith(nest("<title>", "</title>", n)) }, large(1000, 100000)},
		{"nested XHTML", []int{1000, 100000}, func(n int) string {
			return atomWith(`<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">` + nest("<b>", "</b>", n) + `</div></content>`)
		}, large(1000, 100000)},
		{"nested JSON", []int{100, 1000, 1000000}, func(n int) string {
			return `{"version":"https://jsonfeed.org/version/1","items":` + nest("[", "]", n) + `}`
		}, large(1000, 1000000)},
		{"namespaces of one element", []int{100, 300, 20000}, func(n int) string { return rssWith("<x:a" + numbered(` xmlns:n%d="urn:%d"`, n) + "/>") }, large(300)},
		{"namespaces deep", []int{100, 127}, func(n int) string {
			return rssWith(rep(`<x:a xmlns:a="urn:a" xmlns:b="urn:b" xmlns:c="urn:c">`, n) + rep("</x:a>", n))
		}, large(100, 127)},
		{"namespaces times elements", []int{100, 130000}, func(n int) string {
			return `<rss` + numbered(` xmlns:n%d="urn:%d"`, 120) + `><channel>` + rep("<x/>", n) + rssClose
		}, large(130000)},
		{"a namespace on each item", []int{1100, 9000}, func(n int) string {
			return rssOpen + numbered(`<item xmlns:dawn="urn:dawn"><title>%d %d</title></item>`, n) + rssClose
		}, nil},
		{"XHTML in each entry", []int{400, 5000}, func(n int) string {
			return atomOpen + numbered(`<entry><id>%d%d</id><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>a <b>b</b> c</p></div></content></entry>`, n) + atomClose
		}, nil},
		{"xml:base nested", []int{100, 127, 20000}, func(n int) string {
			return rssWith(rep(`<x:a xml:base="`+rep("a/", 500)+`">`, n) + rep("</x:a>", n))
		}, large(100, 127, 20000)},
		{"xml:base wide", []int{30, 8000}, func(n int) string {
			return rssOpen + rep(`<item xml:base="http://e.example/`+rep("a", 1000)+`/"><link>b</link></item>`, n) + rssClose
		}, large(8000)},
		{"CDATA pieces", []int{1000, 100000, 140000}, func(n int) string { return rssWith("<x:a>" + rep("<![CDATA[a]]><!-- -->", n) + "</x:a>") }, large(100000, 140000)},
		{"text pieces", []int{1000, 70000}, func(n int) string { return rssWith("<x:a>" + rep("text<b/>", n) + "</x:a>") }, large(70000)},
		{"text pieces, long", []int{1000, 30000}, func(n int) string { return rssWith("<x:a>" + rep(rep("t", 250)+"<b/>", n) + "</x:a>") }, large(30000)},
		{"one text", []int{500 << 10, 600 << 10, 7 << 20}, func(n int) string { return rssWith("<description>" + rep("a", n) + "</description>") }, nil},
		{"texts of 512 KiB", []int{15}, func(n int) string {
			return rssOpen + rep("<item><title>a</title><description>"+rep("word ", 100<<10)+"</description></item>", n) + rssClose
		}, nil},
		{"fields of 512 KiB", []int{15}, func(n int) string { return rssWith(rep("<x:y>"+rep("word ", 100<<10)+"</x:y>", n)) }, nil},
		{"references", []int{100000, 500000}, func(n int) string { return rssWith("<description>" + rep("&lt;", n) + "</description>") }, large(500000)},
		{"empty items", []int{10000, 10001, 300000}, func(n int) string { return rssOpen + rep("<item/>", n) + rssClose }, large(10001, 300000)},
		{"small items", []int{10000, 100000}, func(n int) string {
			return rssOpen + numbered("<item><guid>%d</guid><link>/%d</link></item>", n) + rssClose
		}, large(100000)},
		{"attributes", []int{128, 129, 100000}, func(n int) string { return rssWith("<a" + numbered(` a%d="%d"`, n) + "/>") }, large(129)},
		{"attributes over all", []int{1000, 2000}, func(n int) string { return rssOpen + rep("<a"+numbered(` a%d="%d"`, 100)+"/>", n) + rssClose }, large(2000)},
		{"categories", []int{1000, 140000}, func(n int) string { return rssWith(rep("<category>a</category>", n)) }, nil},
		{"links", []int{1000, 70000, 100000}, func(n int) string { return atomWith(rep(`<link href="/a"/>`, n)) }, large(100000)},
		{"JSON empty objects", []int{1000, 2700000}, func(n int) string {
			return `{"version":"https://jsonfeed.org/version/1","items":[{}` + rep(",{}", n) + `]}`
		}, large(2700000)},
		{"JSON tags", []int{1000, 1000000}, func(n int) string {
			return `{"version":"https://jsonfeed.org/version/1","items":[{"id":"a","tags":["a"` + rep(`,"a"`, n) + `]}]}`
		}, large(1000000)},
		{"JSON text", []int{600 << 10, 7 << 20}, func(n int) string {
			return `{"version":"https://jsonfeed.org/version/1","items":[{"id":"a","content_html":"` + rep("a", n) + `"},{"id":"b"}]}`
		}, nil},
		{"comments", []int{1000, 140000, 200000}, func(n int) string { return rssWith(rep("<!-- -->", n)) }, large(200000)},
		{"instructions", []int{1000, 140000, 200000}, func(n int) string { return rssWith(rep("<?a?>", n)) }, large(200000)},
		{"stray signs", []int{1000, 140000, 8000000}, func(n int) string { return rssWith("<description>" + rep("< ", n) + "</description>") }, large(8000000)},
		{"stray tags", []int{1000, 140000, 4000000}, func(n int) string { return rssWith("<description>" + rep("</b>", n) + "</description>") }, large(4000000)},
		{"ends of CDATA", []int{1000, 2000000}, func(n int) string { return rssWith("<description>" + rep("]]>", n) + "</description>") }, large(2000000)},
		{"tag without end", []int{1000, 3 << 20}, func(n int) string { return rssWith("<a " + rep("b ", n)) }, nil},
		{"many tags without end", []int{100, 2000}, func(n int) string { return rssWith(rep("<a "+rep("b ", 2000), n)) }, nil},
		{"quotes without end", []int{100, 20000}, func(n int) string { return rssWith(rep(`<a b="`, n)) }, nil},
		{"CDATA without end", []int{100, 140000}, func(n int) string { return rssWith(rep("<![CDATA[", n)) }, nil},
		{"comments without end", []int{100, 140000}, func(n int) string { return rssWith(rep("<!--", n)) }, nil},
		{"declarations without end", []int{100, 140000}, func(n int) string { return rssWith(rep("<!x[", n)) }, nil},
		{"billion laughs", []int{10}, func(n int) string { return laughs(n) + rssWith("<description>&l9;</description>") }, nil},
		{"quadratic entity", []int{1000, 200000}, func(n int) string {
			return `<!DOCTYPE rss [<!ENTITY a "` + rep("a", 1000) + `">]>` + rssWith("<description>"+rep("&a;", n)+"</description>")
		}, nil},
		{"quadratic entity in text", []int{1000, 100000}, func(n int) string {
			return `<!DOCTYPE rss [<!ENTITY a "` + rep("a", 1000) + `">]>` + rssOpen + rep("<item><guid>&a;</guid></item>", min(n, 9000)) + rssClose
		}, nil},
		{"file entity", []int{1}, func(int) string {
			return `<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>` + rssWith("<description>&a;</description>")
		}, nil},
		{"long DTD", []int{4 << 10, 1 << 20}, func(n int) string {
			return `<!DOCTYPE rss [<!-- ` + rep("x", n) + ` -->]>` + rssWith("<description>a</description>")
		}, nil},
		{"control byte before a bomb", []int{1000000}, func(n int) string { return "\x01<rss>\x01<channel>" + nest("<a>", "</a>", n) }, large(1000000)},
		{"syntax error before a bomb", []int{1000000}, func(n int) string { return "<rss><channel><a b=><<" + nest("<a>", "</a>", n) }, large(1000000)},
		{"UTF-16 around a bomb", []int{100000}, func(n int) string { return utf16LE(rssOpen + nest("<a>", "</a>", n) + rssClose) }, large(100000)},
		{"HTML divs in a description", []int{1000, 80000}, func(n int) string { return rssWith("<description><![CDATA[" + rep("<div>", n) + "x]]></description>") }, nil},
		{"HTML links in a description", []int{1000, 50000}, func(n int) string {
			return rssWith("<description><![CDATA[" + rep("<a href=/b>c", n) + "]]></description>")
		}, nil},
		{"HTML formatting in a description", []int{1000, 50000}, func(n int) string { return rssWith("<description><![CDATA[" + rep("<b><p>", n) + "x]]></description>") }, nil},
		{"HTML tables in a description", []int{1000, 50000}, func(n int) string {
			return rssWith("<description><![CDATA[" + rep("<table>", n) + "x]]></description>")
		}, nil},
		{"signs in a description", []int{1000, 500000}, func(n int) string { return rssWith("<description><![CDATA[" + rep("<", n) + "]]></description>") }, nil},
		{"quotes in a description", []int{1000, 80000}, func(n int) string { return rssWith("<description><![CDATA[" + rep(`<a b="`, n) + "]]></description>") }, nil},
		{"a long date", []int{1 << 10, 500 << 10}, func(n int) string { return rssWith("<pubDate>" + rep("1", n) + "</pubDate>") }, nil},
		{"garbage dates", []int{10000}, func(n int) string {
			return rssOpen + numbered("<item><guid>%d</guid><pubDate>Mon %d/99:7:+x</pubDate></item>", n) + rssClose
		}, nil},
		{"names with mails", []int{1000, 100000}, func(n int) string { return rssWith("<author>" + rep("a@b.", n) + "</author>") }, nil},
		{"non-ASCII names", []int{1000, 70000}, func(n int) string { return rssWith(rep("<é/>", n)) }, nil},
	}
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i, i)
	}
	return b.String()
}

func laughs(n int) string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE rss [<!ENTITY l0 "ha">`)
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, `<!ENTITY l%d "%s">`, i, rep(fmt.Sprintf("&l%d;", i-1), 10))
	}
	b.WriteString("]>")
	return b.String()
}

func utf16LE(s string) string {
	out := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return string(out)
}

// maxHostileBody is the cap of fetch; a hostile document is never larger.
const maxHostileBody = 8 << 20

func TestHostileDocumentsEndAsTheyShould(t *testing.T) {
	for _, h := range hostiles() {
		for _, n := range h.sizes {
			t.Run(fmt.Sprintf("%s/%d", h.name, n), func(t *testing.T) {
				body := h.body(n)
				if len(body) > maxHostileBody {
					body = body[:maxHostileBody]
				}
				doc, err := Parse(testSource(), []byte(body), http.Header{}, testNow)
				checkAccount(t, doc)
				if got := outcome(err); got != h.want[n] && (h.want[n] != "" || got != news.KindOK) {
					t.Errorf("got %q (%v), want %q", got, err, h.want[n])
				}
			})
		}
	}
}

func outcome(err error) news.Kind {
	if err == nil {
		return news.KindOK
	}
	return err.(*Error).Kind
}
