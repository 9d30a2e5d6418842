package publish

import (
	"bytes"
	"html"
	"strings"
	"testing"

	"github.com/mmcdole/gofeed" // in tests only, see publish_test.go

	"khyber/internal/news"
)

// hostile are strings that broke others, in fields that nobody thought of.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `javascript:alert(1)`, `JaVaScRiPt:alert(1)`,
	`data:text/html,<script>alert(1)</script>`, `]]>`, `<![CDATA[x]]>`, `&#x3C;script`, `&lt;script&gt;`, `&amp;lt;b`,
	"\ufffd", "\xff\xfe", "\xed\xa0\x80", "\u202egnp.exe", "a\u0000b", "\u0085", "\ufffe\uffff", "<!DOCTYPE x>", "<?xml-stylesheet?>",
	`' onclick='alert(1)`, "https://a.example/\"onmouseover=\"x", "https://user:pw@a.example/", "//a.example", "../x", "<b", "&", "&a1", "Q&4;", "a@b.example",
	"میخواهم\u200c", "https://xn--a.example/", "https://[::1", strings.Repeat("x", 5000), strings.Repeat("🕊", 400), "\t\n\r", "http://%41.example/",
	"a &sum b", "no &۴", "Tom &copy", "https://a.example?x=1", "https://host/a.mp3", "https://[::1]/x", "(beta", "R&D", "a < b", "%",
}

// hostileTopicFeed puts s into every field that is not trusted to be HTML.
func hostileTopicFeed(s, t string) TopicFeed {
	f := sample()
	f.Topic.Title, f.Topic.Description, f.Site.Title, f.Site.Contact, f.Lang = s, t, s, t, s
	f.Sources = map[string]news.Source{s: {
		ID: s, Name: s, URL: t, Country: s, Type: news.SourceType(t), Lang: t,
	}}
	f.Entities = map[string]string{s: t}
	f.Coverage.Silent = []Trouble{{Source: s, Since: noon}}
	f.Entries[0] = news.Entry{
		Mark: 1, Item: news.Item{
			ID: 1, EntryID: "urn:uuid:" + UUID(s), Source: s, Publisher: t, Link: s, Title: s, Summary: t,
			Excerpt: "<p>" + html.EscapeString(s) + "</p>", Authors: []news.Person{{Name: s, URL: t}, {Name: t, URL: s}},
			Tags: []string{s, t}, Rights: s, Lang: t, Files: []news.Enclosure{{URL: s, Type: t, Title: s}, {URL: t, Type: s}},
			At: noon, FirstSeen: noon,
		},
		Match:     news.Match{Rule: s, Mentions: []news.Mention{{Entity: s, For: s, Text: t, In: news.InTitle}}},
		Story:     news.Story{ID: 9, Members: []news.Member{{Source: s, Publisher: s, Title: s, URL: t, Relation: news.RelationStory}, {Source: t, Publisher: t, URL: s, Relation: news.RelationCopy}}},
		Revisions: []news.Revision{{Title: t, Until: noon, Figures: s}},
	}
	f.Entries = f.Entries[:1]
	return f
}

func FuzzRender(f *testing.F) {
	for i, s := range hostile {
		f.Add(s, hostile[(i+1)%len(hostile)])
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		topicFeed := hostileTopicFeed(a, b)
		want := topicFeed.entries()[0]
		for _, format := range Formats() {
			for _, fault := range faults(t, format, topicFeed) {
				t.Errorf("%s: %s", format, fault)
			}
			doc := render(t, format, topicFeed)
			if len(doc) > 8*maxEntry+16<<10 {
				t.Errorf("%s: %d bytes", format, len(doc))
			}
			got, err := gofeed.NewParser().Parse(bytes.NewReader(doc))
			if err != nil || len(got.Items) != 1 {
				t.Fatalf("%s: %v\n%s", format, err, doc)
			}
			item := got.Items[0]
			title := item.Title
			if kind, _ := atomText(want.title); format == Atom && kind == "html" {
				title = html.UnescapeString(title)
			}
			if title != want.title || item.GUID != want.id || item.Link != want.url {
				t.Errorf("%s:\ngot  %q %q %q\nwant %q %q %q", format, title, item.GUID, item.Link, want.title, want.id, want.url)
			}
		}
	})
}
