package parse

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"khyber/internal/news"
)

// TestWhatIsNoDocumentSaysWhatItIs holds the sentences that people see.
func TestWhatIsNoDocumentSaysWhatItIs(t *testing.T) {
	for body, want := range map[string]string{
		"":         "not-a-feed: the answer is empty",
		" \n\t":    "not-a-feed: the answer is empty",
		"\uFEFF":   "not-a-feed: the answer is empty",
		"no such":  `not-a-feed: text without markup: "no such"`,
		"<":        "not-a-feed: no root element",
		"<!-- -->": "not-a-feed: no root element",
		"<!DOCTYPE html><html><head><title>The &amp; Herald</title></head><body></body></html>": `not-a-feed: HTML page "The & Herald"`,
		"<!-- x --><HTML><body>x": "not-a-feed: HTML page without a title",
		`<html><head><title>Home</title><link rel="alternate" type="application/rss+xml" href="/rss"></head>`:             `not-a-feed: HTML page that links to a feed "Home"`,
		`<!doctype html><html><head><title>Just a moment...</title></head><body><div class="cf-chl"></div></body></html>`: `not-a-feed: challenge page that wants a browser "Just a moment..."`,
		`<html><body>Please solve this CAPTCHA</body></html>`:                                                             "not-a-feed: challenge page that wants a browser without a title",
		`<?xml version="1.0"?><opml version="2.0"><body/></opml>`:                                                         "not-a-feed: XML of another kind: its root is <opml>",
		`<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url/></urlset>`:                                     "not-a-feed: XML of another kind: its root is <urlset>",
		`<rss version="2.0"><channel><title>x</title>`:                                                                    "not-a-feed: cut off before the first item",
		`<rss version="2.0"><channel><item><title>x`:                                                                      "not-a-feed: cut off before the first item",
		`[1, 2]`:                             `not-a-feed: JSON of another kind: it has no items`,
		`{"error": "rate limited"}`:          "not-a-feed: JSON of another kind: it has no items",
		"<rss>" + strings.Repeat("<a>", 200): "too-large: depth: 129, the limit is 128",
	} {
		doc, err := Parse(testSource(), []byte(body), http.Header{}, testNow)
		if got := errText(err); got != want {
			t.Errorf("%.60q\ngot  %s\nwant %s", body, got, want)
		}
		if len(doc.Items) != 0 || doc.Fetched != 0 && err != nil {
			t.Errorf("%.60q: %d items of %d", body, len(doc.Items), doc.Fetched)
		}
	}
}

func TestAnEmptyDocumentOfAFormatIsNoError(t *testing.T) {
	for _, body := range []string{
		`<rss version="2.0"><channel><title>x</title></channel></rss>`, `<rss version="2.0"/>`, `<feed xmlns="http://www.w3.org/2005/Atom"/>`,
		`{"version":"https://jsonfeed.org/version/1.1","title":"x","items":[]}`, `{"version":"https://jsonfeed.org/version/1.1"}`,
	} {
		if doc := mustParse(t, body); len(doc.Items) != 0 || doc.Fetched != 0 || doc.Salvaged {
			t.Errorf("%s: %+v", body, doc)
		}
	}
}

func TestAPanicBelowIsOneFailedPoll(t *testing.T) {
	_, err := Parse(nil, []byte("<rss/>"), http.Header{}, testNow)
	if got := errText(err); got != "not-a-feed: parser panic" {
		t.Errorf("got %q", got)
	}
}

func TestParseIsFullWithoutTheFullTexts(t *testing.T) {
	body := rssWith("<description>&lt;p&gt;a&lt;/p&gt;</description>")
	lean, err := Parse(testSource(), []byte(body), http.Header{}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	full := mustParse(t, body)
	if full.Items[0].SummaryHTML != "<p>a</p>" || lean.Items[0].SummaryHTML != "" {
		t.Errorf("full %q, lean %q", full.Items[0].SummaryHTML, lean.Items[0].SummaryHTML)
	}
	full.Items[0].SummaryHTML, full.Items[0].ContentHTML = "", ""
	if !reflect.DeepEqual(full, lean) {
		t.Errorf("got %+v, want %+v", lean, full)
	}
}

func TestBaseOfADocument(t *testing.T) {
	body := `<rss version="2.0"><channel><link>home</link><item><link>a</link><guid isPermaLink="true">/g</guid><enclosure url="e" type="x/y"/><description>&lt;a href="b"&gt;</description></item></channel></rss>`
	for location, want := range map[string]string{
		"":                            "https://herald.example/rss/",
		"/other/all.xml":              "https://herald.example/other/",
		"sub/":                        "https://herald.example/rss/sub/",
		"https://cdn.example/x/y.xml": "https://cdn.example/x/",
		"http://%zz":                  "https://herald.example/rss/",
	} {
		header := http.Header{}
		if location != "" {
			header.Set("Content-Location", location)
		}
		doc, err := Full(testSource(), []byte(strings.Replace(body, "b\"&gt;", "b\"&gt;b&lt;/a&gt;", 1)), header, testNow)
		if err != nil {
			t.Fatal(err)
		}
		it := doc.Items[0]
		got := []string{doc.Home, it.Link, it.Files[0].URL, it.GUID, it.SummaryHTML}
		if wants := []string{want + "home", want + "a", want + "e", "/g", `<a href="` + want + `b" rel="nofollow noopener">b</a>`}; !reflect.DeepEqual(got, wants) {
			t.Errorf("%s: got %q, want %q", location, got, wants)
		}
	}
}

func TestHints(t *testing.T) {
	sy := func(period, frequency string) string {
		return `<sy:updatePeriod xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">` + period + `</sy:updatePeriod><sy:updateFrequency xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">` + frequency + `</sy:updateFrequency>`
	}
	var hours, days strings.Builder
	for h := range 24 {
		fmt.Fprintf(&hours, "<hour>%d</hour>", h)
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		days.WriteString("<day>" + d.String() + "</day>")
	}
	for xml, want := range map[string]news.Hints{
		"":                                   {},
		"<ttl>60</ttl>":                      {Fresh: time.Hour, Why: "ttl"},
		"<ttl> 1.5 </ttl>":                   {Fresh: 90 * time.Second, Why: "ttl"},
		"<ttl>0</ttl>":                       {},
		"<ttl>-5</ttl>":                      {},
		"<ttl>NaN</ttl>":                     {},
		"<ttl>Inf</ttl>":                     {Fresh: maxFresh, Why: "ttl"},
		"<ttl>1e300</ttl>":                   {Fresh: maxFresh, Why: "ttl"},
		"<ttl>99999999</ttl>":                {Fresh: maxFresh, Why: "ttl"},
		sy("hourly", ""):                     {Fresh: time.Hour, Why: "sy:updatePeriod"},
		sy("Daily", "4"):                     {Fresh: 6 * time.Hour, Why: "sy:updatePeriod"},
		sy("weekly", "1"):                    {Fresh: maxFresh, Why: "sy:updatePeriod"},
		sy("never", "1"):                     {},
		sy("hourly", "0"):                    {Fresh: time.Hour, Why: "sy:updatePeriod"},
		"<ttl>120</ttl>" + sy("hourly", "1"): {Fresh: 2 * time.Hour, Why: "ttl"},
		"<skipHours><hour>0</hour><hour> 24 </hour><hour>23</hour><hour>25</hour><hour>x</hour></skipHours>":                                                {SkipHours: 1 | 1<<23},
		"<skipHours>" + hours.String() + "</skipHours>":                                                                                                     {},
		"<skipDays><day>Sunday</day><day> saturday</day><day>x</day></skipDays>":                                                                            {SkipDays: 1 | 1<<6},
		"<skipDays>" + days.String() + "</skipDays>":                                                                                                        {},
		`<link xmlns="http://www.w3.org/2005/Atom" rel="hub" href="https://hub.example/"/><link xmlns="http://www.w3.org/2005/Atom" rel="self" href="/s"/>`: {Hub: "https://hub.example/", Self: "https://herald.example/s"},
		`<link xmlns="http://www.w3.org/2005/Atom" rel="hub" href="javascript:x"/>`:                                                                         {},
	} {
		doc := mustParse(t, `<rss version="2.0"><channel>`+xml+`<item><title>a</title></item></channel></rss>`)
		if doc.Hints != want {
			t.Errorf("%s\ngot  %+v\nwant %+v", xml, doc.Hints, want)
		}
	}
}

func TestLanguageOfAnItem(t *testing.T) {
	for _, c := range []struct{ source, document, item, header, want string }{
		{"ps", "fa", "en", "", "ps"},
		{"", "fa-AF", "en-GB", "", "en"},
		{"", "fa-AF", "", "", "fa"},
		{"", "", "", "ur", "ur"},
		{"", "prs", "", "", "fa"},
		{"", "Deutsch", "", "", ""},
		{"", "und", "", "", ""},
		{"", "en_US", "", "", "en"},
	} {
		src := testSource()
		src.Lang = c.source
		body := `<rss version="2.0"><channel><language>` + c.document + `</language><item xml:lang="` + c.item + `"><guid>1</guid></item></channel></rss>`
		doc, err := Parse(src, []byte(body), http.Header{"Content-Language": {c.header}}, testNow)
		if err != nil || doc.Items[0].Lang != c.want {
			t.Errorf("%+v: got %q, %v", c, doc.Items[0].Lang, err)
		}
	}
}

func TestPublisherOfAnAggregatorIsTheOutlet(t *testing.T) {
	for _, c := range []struct {
		kind      news.SourceType
		item      string
		publisher string
		outlet    news.Outlet
	}{
		{news.Newspaper, `<source url="https://www.wire.example/rss">Wire</source>`, "herald", news.Outlet{Name: "Wire", URL: "https://www.wire.example/rss"}},
		{news.Aggregator, `<source url="https://news.wire.co.uk/rss">Wire</source>`, "wire.co.uk", news.Outlet{Name: "Wire", URL: "https://news.wire.co.uk/rss"}},
		{news.Aggregator, `<source>The Wire</source>`, "the wire", news.Outlet{Name: "The Wire"}},
		{news.Aggregator, `<source url="">The Wire</source>`, "the wire", news.Outlet{Name: "The Wire"}},
		{news.Aggregator, ``, "daily wire", news.Outlet{Name: "Daily Wire"}},
	} {
		src := testSource()
		src.Type = c.kind
		doc, err := Parse(src, []byte(rssOpen+"<item><title>Pass opens - Daily Wire</title>"+c.item+"</item>"+rssClose), http.Header{}, testNow)
		if err != nil {
			t.Fatal(err)
		}
		if it := doc.Items[0]; it.Publisher != c.publisher || it.Outlet != c.outlet {
			t.Errorf("%s %s: got %q %+v", c.kind, c.item, it.Publisher, it.Outlet)
		}
	}
}

func TestListsAreBounded(t *testing.T) {
	doc := mustParse(t, rssWith(numbered("<category>c%d</category>", 100)+numbered(`<enclosure url="/%d" type="a/b"/>`, 100)+
		numbered(`<author>a%d</author>`, 1)+strings.ReplaceAll(numbered(`<dc:creator>a%d</dc:creator>`, 100), "%!(EXTRA", "")))
	it := doc.Items[0]
	if len(it.Tags) != maxTags || len(it.Files) != maxFiles || len(it.Authors) != maxAuthors {
		t.Errorf("%d tags, %d files, %d authors", len(it.Tags), len(it.Files), len(it.Authors))
	}
}

func TestBatchProtocol(t *testing.T) {
	for line, want := range map[string]Request{
		`{"file":"/a.xml"}`: {File: "/a.xml"},
		` {"file":"/a.xml","url":"https://h.example/","content_type":"text/xml","headers":{"content-location":"/b"}} `: {
			File: "/a.xml", URL: "https://h.example/", ContentType: "text/xml", Headers: map[string]string{"content-location": "/b"},
		},
	} {
		got, ok, err := ReadRequest([]byte(line))
		if err != nil || !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, %v", line, got, ok, err)
		}
	}
	if _, ok, err := ReadRequest([]byte(" \n")); ok || err != nil {
		t.Errorf("a blank line: %v, %v", ok, err)
	}
	for _, line := range []string{`{}`, `[]`, `{"file":5}`, `x`} {
		if _, ok, err := ReadRequest([]byte(line)); !ok || err == nil {
			t.Errorf("%s: %v, %v", line, ok, err)
		}
	}
	src, header := Request{URL: "https://h.example/", ContentType: "text/xml", Headers: map[string]string{"content-location": "/b"}}.Source()
	if src.URL != "https://h.example/" || header.Get("Content-Type") != "text/xml" || header.Get("Content-Location") != "/b" {
		t.Errorf("got %+v, %v", src, header)
	}
}

func TestAnswersAreOneLineOfJSON(t *testing.T) {
	for _, body := range []string{rssWith("<description>a\nb</description>"), "<html>\n<title>a\n\"b\"</title>", ""} {
		doc, err := Full(testSource(), []byte(body), http.Header{}, testNow)
		line := Answer(doc, err)
		var v map[string]any
		if json.Unmarshal(line, &v) != nil || strings.ContainsAny(string(line), "\n\r") {
			t.Errorf("got %s", line)
		}
		_, hasVersion := v["version"]
		_, hasError := v["error"]
		if hasVersion == hasError || hasError != (err != nil) {
			t.Errorf("version %v, error %v: %s", hasVersion, hasError, line)
		}
	}
}

// TestWorkOfAPoll holds how much memory a usual document costs, which is steady
// where time is not.
func TestWorkOfAPoll(t *testing.T) {
	body := []byte(usualDocument())
	src, header := testSource(), http.Header{}
	n := testing.AllocsPerRun(5, func() {
		if _, err := Parse(src, body, header, testNow); err != nil {
			t.Fatal(err)
		}
	})
	if n > 6_500 { // of 30 items; gofeed alone, on the whole document: 8,750
		t.Errorf("%.0f allocations", n)
	}
}

// usualDocument is RSS of 30 items and 58 KB with the elements of a newspaper's.
func usualDocument() string {
	text := strings.Repeat("The pass was opened on Monday after five days, and trucks began to move again. ", 6)
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" ` + modules + `><channel><title>The Invented Herald</title><link>https://herald.example/</link><description>News</description><language>en</language>`)
	for i := range 30 {
		fmt.Fprintf(&b, `<item><title>Report %d: pass opens &amp; trucks move</title><link>https://herald.example/news/%d?utm_source=rss</link><guid isPermaLink="false">https://herald.example/?p=%d</guid>`+
			`<pubDate>Mon, 23 Nov 2026 %02d:00:00 +0500</pubDate><dc:creator>Writer %d</dc:creator><category>Border</category><category>Trade</category>`+
			`<description><![CDATA[<p>%s</p>]]></description><content:encoded><![CDATA[<p>%s</p><p><a href="/more/%d">%s</a></p>]]></content:encoded></item>`+"\n",
			i, i, i, i%24, i, text[:400], text, i, text[:300])
	}
	b.WriteString("</channel></rss>")
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	body := []byte(usualDocument())
	src, header := testSource(), http.Header{}
	b.Run("poll", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if _, err := Parse(src, body, header, testNow); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("full", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Full(src, body, header, testNow); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			decodeBody(body, "", src)
		}
	})
	b.Run("prescan", func(b *testing.B) {
		base := documentBase(src.URL, header)
		for b.Loop() {
			if _, err := prescan(body, base); err != nil {
				b.Fatal(err)
			}
		}
	})
}
