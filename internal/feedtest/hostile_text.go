package feedtest

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"

	"khyber/internal/news"
)

// entities is what a document type can define. Text of an entity stays inert:
// nothing is read from anywhere, nothing grows.
func entities() []Hostile {
	f := &family{name: "entities"}
	for _, n := range []int{3, 10, 30} {
		f.add(Hostile{Name: fmt.Sprint("laughs ", n), Never: rep("ha", 1000)}, func() string {
			var b strings.Builder
			b.WriteString(`<!DOCTYPE rss [<!ENTITY l0 "ha">`)
			for i := 1; i < n; i++ {
				fmt.Fprintf(&b, `<!ENTITY l%d "%s">`, i, rep(fmt.Sprintf("&l%d;", i-1), 10))
			}
			return b.String() + "]>" + inItem(fmt.Sprintf("<description>&l%d;</description>", n-1))
		})
	}
	for _, n := range []int{100, 10_000, 200_000} {
		f.add(Hostile{Name: fmt.Sprint("quadratic ", n)}, func() string {
			return `<!DOCTYPE rss [<!ENTITY a "` + rep("a", 1000) + `">]>` + inItem("<description>"+rep("&a;", n)+"</description>")
		})
	}
	for _, c := range []struct{ name, dtd string }{
		{"file", `<!ENTITY a SYSTEM "file:///etc/passwd">`},
		{"address", `<!ENTITY a SYSTEM "http://127.0.0.1/">`},
		{"parameter", `<!ENTITY % p SYSTEM "file:///etc/passwd">%p;<!ENTITY a "b">`},
		{"itself", `<!ENTITY a "&a;">`},
		{"markup", `<!ENTITY a "&#60;/item>&#60;item>">`},
	} {
		f.add(Hostile{Name: c.name, Never: "root:"}, func() string {
			return "<!DOCTYPE rss [" + c.dtd + "]>" + inItem("<description>&a;</description>")
		})
	}
	f.add(Hostile{Name: "one that is plain", Kind: news.KindOK, Least: goodness + 1, Most: goodness + 1}, func() string {
		return `<!DOCTYPE rss [<!ENTITY office "Office of the envoy">]>` + inItem("<description>&office;</description>")
	})
	for _, n := range []int{5 << 10, 1 << 20} {
		f.add(Hostile{Name: fmt.Sprint("long DTD ", n), Kind: news.KindOK, Least: goodness + 1, Most: goodness + 1}, func() string {
			return "<!DOCTYPE rss [<!-- " + rep("x", n) + " -->]>" + inItem("")
		})
	}
	return f.list
}

// hiding is a bomb behind something that makes a scan give up or see nothing.
func hiding() []Hostile {
	f := &family{name: "hiding"}
	for _, n := range []int{1000, 100_000, 500_000} {
		bomb := func(before string) string {
			return rssHead + before + good(goodness) + rep("<z>", n) + rep("</z>", n) + rssTail
		}
		for _, c := range []struct {
			name string
			make func() string
		}{
			{"control byte", func() string { return "\x01" + bomb("\x01\x02") }},
			{"forbidden reference", func() string { return bomb("<x:a>&#0;&#xFFFE;</x:a>") }},
			{"bad byte", func() string { return bomb("<x:a>\xff\xfe\xc0</x:a>") }},
			{"before the root", func() string { return "HTTP/1.1 200 OK\r\n\r\n \n" + bomb("") }},
			{"UTF-16LE", func() string { return UTF16(binary.LittleEndian, true, bomb("")) }},
			{"UTF-16BE", func() string { return UTF16(binary.BigEndian, true, bomb("")) }},
			{"UTF-16 without mark", func() string { return UTF16(binary.LittleEndian, false, bomb("")) }},
			{"EBCDIC", func() string {
				return EBCDIC(strings.Replace(bomb(""), `version="1.0"`, `version="1.0" encoding="IBM037"`, 1))
			}},
			{"label of UTF-16", func() string { return strings.Replace(bomb(""), `"1.0"`, `"1.0" encoding="UTF-16"`, 1) }},
			{"label of UTF-7", func() string { return strings.Replace(bomb(""), `"1.0"`, `"1.0" encoding="UTF-7"`, 1) }},
		} {
			f.add(Hostile{Name: fmt.Sprintf("%s %d", c.name, n), Kind: news.KindTooLarge}, c.make)
		}
		f.add(Hostile{Name: fmt.Sprint("syntax error ", n)}, func() string { return bomb("<x:a b=><<</y>") })
		f.add(Hostile{Name: fmt.Sprint("name of HTML ", n), Type: "text/html", Kind: news.KindTooLarge}, func() string { return bomb("") })
		f.add(Hostile{Name: fmt.Sprint("name of JSON ", n), Type: "application/json", Kind: news.KindTooLarge}, func() string { return bomb("") })
	}
	return f.list
}

// UTF16 writes text in that order of bytes, with the byte order mark or without.
func UTF16(order binary.ByteOrder, mark bool, text string) string {
	units := utf16.Encode([]rune(text))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	b := make([]byte, 2*len(units))
	for i, u := range units {
		order.PutUint16(b[2*i:], u)
	}
	return string(b)
}

// ebcdic is code page 037 of the ASCII characters.
const ebcdic = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x25\x00\x00\x0d\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x40\x5a\x7f\x7b\x5b\x6c\x50\x7d\x4d\x5d\x5c\x4e\x6b\x60\x4b\x61\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\x7a\x5e\x4c\x7e\x6e\x6f" +
	"\x7c\xc1\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xba\xe0\xbb\xb0\x6d" +
	"\x79\x81\x82\x83\x84\x85\x86\x87\x88\x89\x91\x92\x93\x94\x95\x96\x97\x98\x99\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xc0\x4f\xd0\xa1\x00"

// EBCDIC writes ASCII text in code page 037.
func EBCDIC(text string) string {
	b := []byte(text)
	for i, c := range b {
		b[i] = ebcdic[c&0x7f]
	}
	return string(b)
}

// charsets is labels that lie, bytes that are wrong and marks without a label.
func charsets() []Hostile {
	f := &family{name: "charset"}
	body := func(lang, label string) string {
		doc := string(Feed{Host: "herald.example", Items: 10, Lang: lang}.Bytes())
		return strings.Replace(doc, "UTF-8", label, 1)
	}
	ten := Hostile{Kind: news.KindOK, Least: 10, Most: 10}
	named := func(format string, args ...any) Hostile {
		h := ten
		h.Name = fmt.Sprintf(format, args...)
		return h
	}
	for _, label := range []string{
		"UTF-8", "utf8", "ISO-8859-1", "ISO-8859-6", "windows-1251", "windows-1252", "windows-1256", "KOI8-R", "GB18030", "Big5",
		"Shift_JIS", "EUC-KR", "US-ASCII", "UTF-16", "UTF-32", "UTF-7", "IBM037", "x-user-defined", "none", "",
	} {
		for _, lang := range []string{"ur", "ru"} {
			f.add(named("UTF-8 labelled %q %s", label, lang), func() string { return body(lang, label) })
		}
		h := named("UTF-8 with Content-Type charset %q", label)
		h.Type = "application/rss+xml; charset=" + label
		f.add(h, func() string { return body("ps", "UTF-8") })
	}
	for _, lang := range []string{"en", "fa", "ru", "hi"} {
		for _, mark := range []bool{true, false} {
			if !mark && lang != "en" {
				continue // nothing says what it is
			}
			f.add(named("UTF-16LE %s, mark %v", lang, mark), func() string { return UTF16(binary.LittleEndian, mark, body(lang, "UTF-16")) })
			f.add(named("UTF-16BE %s, mark %v", lang, mark), func() string { return UTF16(binary.BigEndian, mark, body(lang, "UTF-16")) })
		}
		f.add(named("UTF-8 mark %s", lang), func() string { return "\xef\xbb\xbf" + body(lang, "ISO-8859-1") })
	}
	f.add(named("EBCDIC"), func() string { return EBCDIC(body("en", "IBM037")) })
	for _, bad := range []string{"\xff", "\x80", "\xc0", "\xed\xa0\x80", "\x01", "\x00", "\x1b"} {
		for _, lang := range []string{"en", "ur"} {
			f.add(named("%q in each title %s", bad, lang), func() string { return strings.ReplaceAll(body(lang, "UTF-8"), "</title>", bad+"</title>") })
		}
	}
	return f.list
}

// damage is one document of 30 items, cut at every tag and wounded in every
// item.
func damage() []Hostile {
	f := &family{name: "damage"}
	for _, format := range []Format{RSS, Atom} {
		doc := string(Feed{Host: "herald.example", Items: 30, Format: format}.Bytes())
		open, shut := "<item>", "</item>"
		if format == Atom {
			open, shut = "<entry>", "</entry>"
		}
		f.cuts(string(format), doc, shut)
		for k := 3; k < 30; k += 3 {
			at := nth(doc, open, k)
			for _, wound := range []string{"<", "</wrong>", "&", "<b", "]]>", "\x00<"} {
				f.add(Hostile{Name: fmt.Sprintf("%s, %q in item %d", format, wound, k), Kind: news.KindOK, Least: 29, Most: 30}, func() string {
					in := at + strings.Index(doc[at:], "<title>") + len("<title>")
					return doc[:in] + wound + doc[in:]
				})
			}
		}
	}
	page := "<html><body><p>More</p></body></html>"
	f.add(Hostile{Name: "HTML after the end", Kind: news.KindOK, Least: goodness + 1, Most: goodness + 1}, func() string { return inItem("") + page })
	f.add(Hostile{Name: "two roots", Kind: news.KindOK, Least: goodness, Most: 2*goodness + 2}, func() string { return inItem("") + inItem("") })
	f.add(Hostile{Name: "bare entry"}, func() string { return "<entry><id>a</id><title>A</title></entry>" })
	f.add(Hostile{Name: "HTML", Kind: news.KindNotAFeed}, func() string { return "<!doctype html>" + page })
	f.add(Hostile{Name: "nothing", Kind: news.KindNotAFeed}, func() string { return "" })
	f.add(Hostile{Name: "white space", Kind: news.KindNotAFeed}, func() string { return rep(" \n", 1<<20) })
	f.add(Hostile{Name: "zero bytes", Kind: news.KindNotAFeed}, func() string { return rep("\x00", 1<<20) })
	f.add(Hostile{Name: "another JSON", Kind: news.KindNotAFeed, Type: "application/json"}, func() string { return `[1,2,{"items":3}]` })
	return f.list
}

// cuts ends the document at each of its tags.
func (f *family) cuts(name, doc, shut string) {
	for at := range len(doc) {
		if doc[at] != '<' || doc[at+1] == '?' {
			continue
		}
		whole := strings.Count(doc[:at], shut)
		h := Hostile{Name: fmt.Sprintf("%s, cut at %d", name, at), Kind: news.KindOK, Least: whole, Most: whole + 1}
		if whole == 0 {
			h.Kind, h.Least, h.Most = AnyKind, 0, 1
		}
		f.add(h, func() string { return doc[:at] })
	}
}

// nth is where the nth sub begins in s, counted from 0.
func nth(s, sub string, n int) int {
	at := strings.Index(s, sub)
	for range n {
		at += len(sub) + strings.Index(s[at+len(sub):], sub)
	}
	return at
}

// identities is dates and ids that are wrong, equal, or almost equal.
func identities() []Hostile {
	f := &family{name: "identity"}
	items := func(n int, format string) func() string {
		return func() string { return rssHead + numbered(format, n) + rssTail }
	}
	all := func(name string, n int, format string) {
		f.add(Hostile{Name: fmt.Sprintf("%s %d", name, n), Kind: news.KindOK, Least: n, Most: n}, items(n, format))
	}
	for _, n := range []int{20, 1000, 9000} {
		all("garbage dates", n, "<item><guid>g-%d</guid><pubDate>Mon %d/99:7:+x</pubDate></item>")
		all("year 3247", n, "<item><guid>g-%d</guid><pubDate>Mon, 05 Jan 3247 10:00:00 GMT</pubDate></item>")
		all("the epoch", n, "<item><guid>g-%d</guid><pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate></item>")
		all("one guid on all", n, "<item><title>Report %d</title><guid>same</guid><link>https://herald.example/%d</link></item>")
		all("one link on all", n, "<item><title>Report %d</title><guid>g-%d</guid><link>https://herald.example/</link></item>")
		all("no guid", n, "<item><title>Report %d</title><link>https://herald.example/%d</link></item>")
		all("no guid, no link", n, "<item><title>Report %d</title><description>Of place %d.</description></item>")
		all("guid of another source", n, `<item><title>Report %d</title><guid isPermaLink="true">https://tribune.example/%d</guid></item>`)
	}
	f.add(Hostile{Name: "case and escaping", Kind: news.KindOK, Least: 4, Most: 4}, func() string {
		return atomHead + "<entry><id>HTTP://Herald.example/a b</id><title>A</title></entry><entry><id>http://herald.example/a b</id><title>B</title></entry>" +
			"<entry><id>http://herald.example/a%20b</id><title>C</title></entry><entry><id>http://herald.example/ک</id><title>D</title></entry>" + atomTail
	})
	for _, n := range []int{1 << 10, 100 << 10, 500 << 10, 1 << 20} {
		f.size("long date", n, 1<<30, func() string { return inItem("<pubDate>" + rep("1", n) + "</pubDate>") })
		f.size("long guid", n, 1<<30, func() string { return inItem("<guid>" + rep("g", n) + "</guid>") })
		f.size("long link", n, 1<<30, func() string { return inItem("<link>https://herald.example/" + rep("l", n) + "</link>") })
	}
	return f.list
}

// markup is HTML that does something, in every place where text can stand, and
// HTML that costs.
func markup() []Hostile {
	f := &family{name: "markup"}
	places := map[string]string{
		"title": "<title>%s</title>", "description": "<description>%s</description>", "author": "<author>%s</author>",
		"creator":  `<dc:creator xmlns:dc="http://purl.org/dc/elements/1.1/">%s</dc:creator>`,
		"category": "<category>%s</category>", "link": "<link>%s</link>", "enclosure": `<enclosure url="%s" type="a/b" length="1"/>`,
		"image": `<m:thumbnail xmlns:m="http://search.yahoo.com/mrss/" url="%s"/>`, "source": `<source url="https://herald.example/">%s</source>`,
		"content": `<c:encoded xmlns:c="http://purl.org/rss/1.0/modules/content/">%s</c:encoded>`,
	}
	attacks := []string{
		`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `<a href="javascript:alert(1)">x</a>`, `<a href="&#106;avascript:alert(1)">x</a>`,
		"<a href=\" java\tscript:alert(1)\">x</a>", `<svg><style><img src=x onerror=alert(1)></style></svg>`,
		`<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>`, `<iframe src="https://herald.example/"></iframe>`, `javascript:alert(1)`,
		`data:text/html,<script>alert(1)</script>`, `<object data="x"></object><embed src=x>`, `<p style="background:url(javascript:alert(1))" onclick=alert(1)>x</p>`,
		`&lt;script&gt;alert(1)&lt;/script&gt;`, `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
	}
	for _, place := range sortedKeys(places) {
		for i, attack := range attacks {
			f.add(Hostile{Name: fmt.Sprintf("attack %d in %s", i, place), Kind: news.KindOK, Least: goodness, Most: goodness + 1}, func() string {
				return inItem(strings.Replace(places[place], "%s", esc(attack), 1))
			})
		}
	}
	for _, part := range []string{"<div>", "<a href=/b>c", "<b><p>", "<table>", "<table><tr><td>", "<", `<a b="`, "<ul><li>", "<font><form>", "&amp;"} {
		for _, n := range []int{100, 10_000, 80_000} {
			if n*len(part) < fieldLimit {
				f.size(fmt.Sprintf("%q", part), n, 1<<30, func() string { return inItem("<description><![CDATA[" + rep(part, n) + "x]]></description>") })
			}
		}
	}
	return f.list
}
