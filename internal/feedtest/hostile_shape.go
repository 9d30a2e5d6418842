package feedtest

import (
	"fmt"
	"strings"

	"khyber/internal/news"
)

// nesting is elements in elements, closed and left open.
func nesting() []Hostile {
	f := &family{name: "nesting"}
	const around = 6 // elements that stand around the nest at most
	for _, n := range []int{100, 1e3, 1e4, 1e5, 1e6, 2e6} {
		for _, m := range []struct{ name, open, shut string }{
			{"unknown", "<z>", "</z>"},
			{"extension", `<y xmlns="urn:y">`, "</y>"},
			{"title", "<title>", "</title>"},
		} {
			if n*len(m.open+m.shut) < bodyLimit {
				f.size(m.name, n, depthLimit-around, func() string { return inItem(rep(m.open, n) + "t" + rep(m.shut, n)) })
			}
			if n*len(m.open) < bodyLimit {
				f.size(m.name+", open", n, depthLimit-around, func() string { return rssHead + good(goodness) + "<item><title>t</title>" + rep(m.open, n) })
			}
		}
		if n > 1e6 {
			continue
		}
		f.size("XHTML", n, depthLimit-around, func() string {
			return atomHead + numbered("<entry><id>whole-%d</id><title>Whole %d</title></entry>", goodness) +
				`<entry><id>h</id><title>h</title><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">` +
				rep("<b>", n) + "t" + rep("</b>", n) + "</div></content></entry>" + atomTail
		})
		f.size("JSON", n, depthLimit-around, func() string {
			items := numbered(`{"id":"%d","title":"Whole %d"},`, goodness)
			return inJSON(`"items":[` + items + `{"id":"h","title":"h","_x":` + rep("[", n) + rep("]", n) + `}]`)
		})
	}
	return f.list
}

// namespaces is declarations of them, in and out of scope.
func namespaces() []Hostile {
	f := &family{name: "namespaces"}
	declared := func(k int) string { return numbered(` xmlns:n%d="urn:n:%d"`, k) }
	for _, k := range []int{10, 100, 120, 200, 1000} {
		f.size("of one element", k, attrsLimit, func() string { return inItem("<x:a" + declared(k) + "/>") })
	}
	f.add(Hostile{Name: "of one element 20000"}, func() string { return inItem("<x:a" + declared(20_000) + "/>") }) // the tag itself is too long
	for _, n := range []int{10, 40, 100, 120} {                                                                     // levels of four declarations each
		f.size("deep", 4*n, scopeLimit-8, func() string {
			return inItem(rep(`<x:a xmlns:a="urn:a" xmlns:b="urn:b" xmlns:c="urn:c" xmlns:d="urn:d">`, n) + rep("</x:a>", n))
		})
	}
	for _, n := range []int{1000, 10_000, 100_000, 140_000} { // 64 bytes copied of each, 256 MiB are allowed
		f.size("100 in scope of elements", n, 256<<20/64/110, func() string {
			return "<rss version=\"2.0\"" + declared(100) + "><channel><title>t</title>" + rep("<z/>", n) + good(goodness) + rssTail
		})
	}
	for _, n := range []int{100, 1001, 2500, 9000} { // out of scope at each item's end: must pass
		f.add(Hostile{Name: fmt.Sprint("on each item ", n), Kind: news.KindOK, Least: n, Most: n}, func() string {
			return rssHead + numbered(`<item xmlns:dc="http://purl.org/dc/elements/1.1/"><title>Item %d</title><guid>%d</guid><dc:creator>A</dc:creator></item>`, n) + rssTail
		})
	}
	for _, n := range []int{30, 400, 3000} {
		f.add(Hostile{Name: fmt.Sprint("XHTML in each entry ", n), Kind: news.KindOK, Least: n, Most: n}, func() string {
			return atomHead + numbered(`<entry><id>e-%d</id><title>Entry %d</title><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One <b>bold</b> word and more.</p></div></content></entry>`, n) + atomTail
		})
	}
	return f.list
}

// bases is xml:base within xml:base.
func bases() []Hostile {
	f := &family{name: "xml:base"}
	for _, bytes := range []int{100, 1000} {
		for _, n := range []int{10, 50, 110, 1000, 20_000} {
			if n*bytes > bodyLimit {
				continue
			}
			kind := news.KindOK
			if n > depthLimit-8 || n*bytes > baseLimit {
				kind = news.KindTooLarge
			}
			f.add(Hostile{Name: fmt.Sprintf("%d bytes, nested %d", bytes, n), Kind: kind, Least: goodness, Most: goodness + 1}, func() string {
				return inItem(rep(`<x:a xml:base="`+rep("a/", bytes/2)+`">`, n) + rep("</x:a>", n))
			})
		}
	}
	return f.list
}

// pieces is text that comes in many parts, and text that is long.
func pieces() []Hostile {
	f := &family{name: "pieces"}
	for _, n := range []int{100, 1000, 5000} {
		f.size("CDATA and comment", n, 1e5, func() string { return inItem("<x:a>" + rep("<![CDATA[word ]]><!-- -->", n) + "</x:a>") })
		f.size("text and element", n, 1e5, func() string { return inItem("<x:a>" + rep("text<b/>", n) + "</x:a>") })
	}
	for _, n := range []int{70_000, 140_000} { // 256 MiB of copying are passed
		f.size("text and element", n, 0, func() string { return inItem("<x:a>" + rep("text<b/>", n) + "</x:a>") })
	}
	f.size("long text and element", 30_000, 0, func() string { return inItem("<x:a>" + rep(rep("t", 250)+"<b/>", 30_000) + "</x:a>") })
	for _, n := range []int{100 << 10, 511 << 10, 600 << 10, 7 << 20} {
		kept := goodness
		if n <= fieldLimit {
			kept++
		}
		f.add(Hostile{Name: fmt.Sprint("one text ", n), Kind: news.KindOK, Least: kept, Most: kept}, func() string {
			return inItem("<description>" + rep("a", n) + "</description>")
		})
	}
	f.add(Hostile{Name: "15 texts of 511 KiB", Kind: news.KindOK, Least: 15, Most: 15}, func() string {
		return rssHead + rep0("<item><guid>%d</guid><title>T %d</title><description>"+rep("word ", 511<<10/5)+"</description></item>", 15) + rssTail
	})
	for _, n := range []int{1000, 100_000, 240_000, 260_000, 500_000} {
		f.size("references", n, referenceLimit, func() string { return inItem("<description>" + rep("&lt;", n) + "</description>") })
	}
	return f.list
}

// rep0 is numbered for a long format: it writes each number once per verb
// without a pass of fmt over the whole.
func rep0(format string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "%d", fmt.Sprint(i)))
	}
	return b.String()
}

// counts is much of everything that is small.
func counts() []Hostile {
	f := &family{name: "counts"}
	const some = partsLimit - 100 // less what stands around
	for _, n := range []int{100, 9000, 11_000, 300_000} {
		f.add(Hostile{Name: fmt.Sprint("empty items ", n), Kind: overLimit(n, itemsLimit), Least: goodness, Most: goodness}, func() string {
			return inChannel(rep("<item/>", n))
		})
		f.add(Hostile{Name: fmt.Sprint("small items ", n), Kind: overLimit(n, itemsLimit), Least: n, Most: n}, func() string {
			return rssHead + numbered("<item><guid>%d</guid><link>https://herald.example/%d</link></item>", min(n, 110_000)) + rssTail
		})
		f.add(Hostile{Name: fmt.Sprint("JSON empty objects ", n), Type: "application/feed+json", Kind: overLimit(n, itemsLimit), Least: 0, Most: 1}, func() string {
			return inJSON(`"items":[{"id":"a","title":"A"}` + rep(",{}", n-1) + `]`)
		})
	}
	for _, n := range []int{20, 120, 129, 5000} {
		f.size("attributes", n, attrsLimit, func() string { return inItem("<x:a" + numbered(` a%d="%d"`, n) + "/>") })
	}
	f.add(Hostile{Name: "attributes 100000"}, func() string { return inItem("<x:a" + numbered(` a%d="%d"`, 100_000) + "/>") }) // as above
	for _, n := range []int{100, 1000, 1600} {
		f.size("elements of 100 attributes", n, some/101, func() string { return inChannel(rep("<x:a"+numbered(` a%d="1"`, 100)+"/>", n)) })
	}
	for _, n := range []int{100, 10_000, 140_000, 160_000, 300_000} {
		f.size("categories", n, some, func() string { return inItem(rep("<category>a</category>", n)) })
		f.size("comments", n, some, func() string { return inItem(rep("<!-- -->", n)) })
		f.size("instructions", n, some, func() string { return inItem(rep("<?a b?>", n)) })
	}
	for _, n := range []int{100, 10_000, 70_000, 80_000, 300_000} {
		f.size("links", n, some/2, func() string { return inItem(rep(`<x:link href="/a"/>`, n)) })
	}
	for _, n := range []int{100, 10_000, 250_000, 350_000, 1_500_000} {
		f.add(Hostile{Name: fmt.Sprint("JSON tags ", n), Type: "application/feed+json", Kind: overLimit(n, tokenLimit), Least: 1, Most: 1}, func() string {
			return inJSON(`"items":[{"id":"a","title":"A","tags":["a"` + rep(`,"a"`, n) + `]}]`)
		})
	}
	return f.list
}

func overLimit(n, limit int) news.Kind {
	if n > limit {
		return news.KindTooLarge
	}
	return news.KindOK
}

// unclosed is what begins again and again and never ends.
func unclosed() []Hostile {
	f := &family{name: "unclosed"}
	for _, part := range []struct{ name, text string }{
		{"tag", "<a b "},
		{"quote", `<a b="`},
		{"CDATA", "<![CDATA["},
		{"comment", "<!--"},
		{"declaration", "<!x["},
		{"instruction", "<?"},
		{"sign", "< "},
		{"reference", "&#"},
		{"end tag", "</b>"},
		{"end of CDATA", "]]>"},
	} {
		for _, n := range []int{1, 1000, 100_000, 1_000_000} {
			if n*len(part.text) > 8e6 {
				continue
			}
			f.add(Hostile{Name: fmt.Sprintf("%s %d", part.name, n)}, func() string { return inItem("<description>" + rep(part.text, n)) })
		}
	}
	return f.list
}
