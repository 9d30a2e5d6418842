package publish

import (
	"fmt"
	"time"

	"khyber/internal/news"
)

// Every outlet and report here is invented.

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// language is of the titles here.
func language(title string) string {
	if ascii(title) {
		return "en"
	}
	return "fa"
}

func site() Site {
	return Site{Title: "Khyber", BaseURL: "https://news.example.org", Contact: "ops@example.org", Hub: true}
}

func sources() map[string]news.Source {
	list := []news.Source{
		{ID: "gazette", Name: "The Ford Gazette", URL: "https://www.gazette.example/rss?all=1&x=2", Publisher: "gazette", Lang: "en", Country: "PK", Type: news.Newspaper},
		{ID: "sahar", Name: "سحر خبر", URL: "https://sahar.example/feed", Publisher: "sahar", Lang: "ps", Country: "AF", Type: news.Broadcaster},
		{ID: "wire", Name: "Q&A <Wire>", URL: "https://user:secret@wire.example/atom", Publisher: "wire", Type: news.Agency, Private: true},
		{ID: "mirror", Name: "Ford Mirror", URL: "https://mirror.example/feed", Publisher: "mirror", Lang: "en", Country: "PK", Type: news.Newspaper},
	}
	m := make(map[string]news.Source)
	for _, s := range list {
		m[s.ID] = s
	}
	return m
}

// sample is a topic feed with everything that an entry can have.
func sample() TopicFeed {
	f := TopicFeed{
		Site: site(), Path: "/topics/border-trade", Sources: sources(), Changed: noon.Add(time.Minute), More: true,
		Topic:    news.Topic{ID: "border-trade", Title: "Border & trade", Description: "Crossings, customs and convoys", ShowWhy: true},
		Entities: map[string]string{"customs": "Customs office"},
		Coverage: Coverage{
			Sources: 14, OK: 12,
			Silent:  []Trouble{{Source: "sahar", Since: noon.AddDate(0, 0, -3)}},
			Failing: []Trouble{{Source: "wire", Since: noon.AddDate(0, 0, -1), Kind: news.KindGone}},
		},
	}
	f.Entries = []news.Entry{
		{Mark: 44, Joined: noon, Item: news.Item{
			ID: 0x1234, EntryID: "https://www.gazette.example/2026/1", Source: "gazette", Publisher: "gazette",
			Link:  "https://www.gazette.example/2026/پل/1?a=1&b=2",
			Title: "Customs office reopens after 23 days", Summary: "The crossing opened at dawn. Lorries queued for two kilometres.",
			Excerpt: `<p>The crossing opened at <em>dawn</em>. <a href="https://www.gazette.example/map">Map</a></p>`,
			Authors: []news.Person{{Name: "desk@gazette.example (Staff)"}, {Name: "A. Writer", URL: "https://www.gazette.example/a"}},
			Tags:    []string{"Economy", "R&D"}, Rights: "© The Ford Gazette & partners", Lang: "en",
			Files: []news.Enclosure{
				{URL: "https://cdn.gazette.example/a.mp3", Type: "audio/mpeg", Length: 5_000_000_000},
				{URL: "https://cdn.gazette.example/b", Length: -1},
				{URL: "javascript:alert(1)", Type: "text/html"},
			},
			At: noon.Add(-2 * time.Hour), FirstSeen: noon, Revised: noon.Add(-time.Hour),
		}, Match: news.Match{Topic: "border-trade", Verdict: news.In, Rule: "customs & crossings", Mentions: []news.Mention{
			{Entity: "customs", For: "customs", Text: "Customs office", In: news.InTitle},
			{Text: "crossing <b>", In: news.InSummary},
		}}, Story: news.Story{ID: 0x1234, Publishers: 3, Independent: 2, Members: []news.Member{
			{Item: 5, Source: "sahar", Publisher: "sahar", Title: "گمرک", URL: "https://sahar.example/5", Published: noon.Add(-time.Hour), Relation: news.RelationStory},
			{Item: 6, Source: "mirror", Publisher: "mirror", Title: "Customs office reopens after 22 days", URL: "https://mirror.example/6", Published: noon, Relation: news.RelationCopy},
		}}, Revisions: []news.Revision{
			{Title: "Customs office reopens after 22 days", Until: noon.Add(-time.Hour), Figures: "22 → 23"},
		}},
		{Mark: 43, Joined: noon.Add(-time.Minute), Item: news.Item{
			ID: 0x1235, EntryID: "tag:sahar.example,2026:7", Source: "sahar", Publisher: "sahar", Link: "https://sahar.example/7",
			Title: "د پولې \u202eښار نوی\u200cپل", Summary: "نوی پل پرانیستل شو.", Excerpt: "<p>نوی پل پرانیستل شو.</p>", Lang: "ps",
			At: noon.Add(-3 * time.Hour), FirstSeen: noon.Add(-time.Minute),
		}, Match: news.Match{Rule: "customs & crossings"}},
		{Mark: 42, Joined: noon.Add(-time.Hour), Item: news.Item{
			ID: 0x1236, EntryID: "urn:uuid:0f1e2d3c-4b5a-5978-8796-a5b4c3d2e1f0", Source: "wire", Publisher: "wire",
			Title: "How the <b> tag became &lt; at AT&T, Q&4", Lang: "prs", At: noon.Add(-3 * time.Hour), FirstSeen: noon.Add(-time.Hour),
		}},
		{Mark: 40, Joined: noon.Add(-time.Hour), Item: news.Item{
			ID: 0x1237, EntryID: "tag:sahar.example,2026:8", Source: "sahar", Publisher: "sahar", Link: "https://sahar.example/8",
			At: noon.Add(-4 * time.Hour), FirstSeen: noon.Add(-time.Hour),
		}},
	}
	return f
}

// many returns a topic feed of n ordinary entries.
func many(n int) TopicFeed {
	f := sample()
	f.Entries, f.More = nil, false
	for i := range n {
		f.Entries = append(f.Entries, news.Entry{Mark: news.Mark(n - i), Item: news.Item{
			ID: news.ItemID(i + 1), EntryID: fmt.Sprintf("https://www.gazette.example/r/%d", i), Source: "gazette", Publisher: "gazette",
			Link: fmt.Sprintf("https://www.gazette.example/r/%d", i), Title: fmt.Sprintf("Convoy %d crosses the ford & turns east", i), Lang: "en",
			Summary: "The convoy left the depot before sunrise. Drivers said that the road was dry and the bridge was open.",
			Excerpt: "<p>The convoy left the depot before sunrise. Drivers said that the road was dry and the bridge was open.</p>",
			At:      noon.Add(-time.Duration(i) * time.Minute), FirstSeen: noon,
		}, Match: news.Match{Rule: "convoys", Mentions: []news.Mention{{Text: "convoy", In: news.InTitle}}}})
	}
	return f
}

// documents are all the golden ones, by name.
func documents() map[string]TopicFeed {
	empty := sample()
	empty.Entries, empty.More, empty.Changed = nil, false, noon
	page := many(3)
	page.Query, page.OwnIDs, page.Before, page.More = "ids=topic&view=all", true, 99, true
	archive := many(2)
	archive.Archive = Archive{Name: "2026-11-2", Prev: "2026-11", Next: "2026-12"}
	bare := TopicFeed{Site: Site{BaseURL: "http://127.0.0.1:8080"}, Path: "/topics/x", Changed: noon}
	static := sample()
	static.Static = true
	open := many(1)
	open.Archive = Archive{Name: "2026-11"}
	wordless := sample()
	for i := range wordless.Entries {
		wordless.Entries[i].Item.Summary, wordless.Entries[i].Item.Excerpt = "", ""
	}
	return map[string]TopicFeed{"open": open, "wordless": wordless, "sample": sample(), "empty": empty, "page": page, "archive": archive, "bare": bare, "static": static}
}
