package parse

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

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
)

func rssWith(item string) string {
	return rssOpen + "<item><title>a</title>" + item + "</item>" + rssClose
}

func rep(s string, n int) string { return strings.Repeat(s, n) }

// hostiles are documents that the families of feedtest do not have.
func hostiles() []hostile {
	large := func(sizes ...int) map[int]news.Kind {
		m := map[int]news.Kind{}
		for _, n := range sizes {
			m[n] = tooLarge
		}
		return m
	}
	return []hostile{
		{"text pieces, long", []int{1000, 30000}, func(n int) string { return rssWith("<x:a>" + rep(rep("t", 250)+"<b/>", n) + "</x:a>") }, large(30000)},
		{"xml:base wide", []int{30, 8000}, func(n int) string {
			return rssOpen + rep(`<item xml:base="http://e.example/`+rep("a", 1000)+`/"><link>b</link></item>`, n) + rssClose
		}, large(8000)},
		{"a namespace on each item", []int{1100, 9000}, func(n int) string {
			return rssOpen + numbered(`<item xmlns:dawn="urn:dawn"><title>%d %d</title></item>`, n) + rssClose
		}, nil},
		{"XHTML in each entry", []int{400, 5000}, func(n int) string {
			return atomOpen + numbered(`<entry><id>%d%d</id><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>a <b>b</b> c</p></div></content></entry>`, n) + atomClose
		}, nil},
		{"fields of 512 KiB", []int{15}, func(n int) string { return rssWith(rep("<x:y>"+rep("word ", 100<<10)+"</x:y>", n)) }, nil},
		{"many tags without end", []int{100, 2000}, func(n int) string { return rssWith(rep("<a "+rep("b ", 2000), n)) }, nil},
		{"quadratic entity in guids", []int{1000, 9000}, func(n int) string {
			return `<!DOCTYPE rss [<!ENTITY a "` + rep("a", 1000) + `">]>` + rssOpen + rep("<item><guid>&a;</guid></item>", n) + rssClose
		}, nil},
		{"names with mails", []int{1000, 100000}, func(n int) string { return rssWith("<author>" + rep("a@b.", n) + "</author>") }, nil},
		{"non-ASCII names", []int{1000, 70000}, func(n int) string { return rssWith(rep("<é/>", n)) }, nil},
		{"names of zones", []int{9000}, func(n int) string {
			return rssOpen + numbered("<item><guid>%d</guid><pubDate>5 Oct 2026 10:00 Asia/X%d</pubDate></item>", n) + rssClose
		}, nil},
	}
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i, i)
	}
	return b.String()
}

func TestHostileDocumentsEndAsTheyShould(t *testing.T) {
	for _, h := range hostiles() {
		for _, n := range h.sizes {
			t.Run(fmt.Sprintf("%s/%d", h.name, n), func(t *testing.T) {
				doc, err := Parse(testSource(), []byte(h.body(n)), http.Header{}, testNow)
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
