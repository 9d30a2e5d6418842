package server

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"khyber/internal/feedtest"
	"khyber/internal/news"
	"khyber/internal/store"
)

// everyDocument are addresses of all kinds of documents that readers take, each
// in its canonical form.
func everyDocument() []string {
	var paths []string
	for _, form := range []string{"atom", "rss", "json"} {
		for _, topic := range []string{"border-trade", "floods", "quiet"} {
			base := "/topics/" + topic + "." + form
			paths = append(paths, base, base+"?view=all", base+"?view=stories", base+"?ids=topic", base+"?lang=en,ps", base+"?limit=7",
				base+"?min_publishers=2", base+"?before=12", base+"?before=3&limit=2", base+"?before=1", "/topics/"+topic+"/archive/2026-11."+form)
		}
		for _, q := range []string{"customs", "%22upper+ford%22", "%D8%A8%D9%87", "xyzzy", "a%3Cb%26c"} {
			paths = append(paths, "/search."+form+"?q="+q)
		}
	}
	return append(paths, "/status.atom", "/topics.opml", "/sources.opml")
}

// Every document, in every form and variant, passes the rules of the W3C feed
// validator without error or warning: full, in right-to-left scripts, empty and
// of hostile texts.
func TestEveryDocumentIsValid(t *testing.T) {
	for name, change := range map[string]func(*fakeStore, *State){
		"as usual": func(*fakeStore, *State) {},
		"first run": func(f *fakeStore, st *State) {
			f.states, st.Problems = nil, nil
			for id, page := range f.topics {
				page.Entries = nil
				f.topics[id] = page
			}
		},
		"trouble": func(f *fakeStore, st *State) {
			f.notices = []store.Notice{
				{Source: "wire", State: news.StateFailing, Kind: news.KindStatus, Since: noon.AddDate(0, 0, -1)},
				{Source: "wire", State: news.StateFailing, Kind: news.KindDNS, Since: noon.AddDate(0, 0, -9), Until: noon.AddDate(0, 0, -8)},
				{Source: "sahar", State: news.StateSilent, Since: noon.AddDate(0, 0, -3)},
				{Topic: "floods", Since: noon.Add(-time.Hour), Stories: 9, Usual: 1.2},
			}
			st.Refused = true
			st.Problems = []news.Problem{{Position: news.Position{File: "feeds.yaml", Line: 3, Column: 5}, Text: `unknown key "ulr" in <source>`, Fix: `did you mean "url"?`}}
		},
		"no contact": func(_ *fakeStore, st *State) {
			st.Site.Contact, st.Site.Title, st.Site.Hub = "https://news.example.org/about", "", false
		},
		"hostile": hostileDay,
	} {
		t.Run(name, func(t *testing.T) {
			f, st := sampleStore(), sampleState()
			page := f.topics["border-trade"]
			page.Entries = sampleEntries(23)
			f.topics["border-trade"] = page
			change(f, &st)
			f.part = store.Part{
				Name: "2026-11", Prev: "2026-10-3", Next: "2026-11-2", Closed: noon, Changed: noon.Add(-time.Minute),
				Topic: st.Topics[0], Entries: f.topics["border-trade"].Entries, Sources: st.Sources,
			}
			s := newServer(f)
			s.Apply(withRules(t, st))
			for _, path := range everyDocument() {
				w := get(s, path)
				if w.Code != http.StatusOK {
					t.Errorf("%s: status %d: %s", path, w.Code, w.Body)
					continue
				}
				for _, c := range feedtest.Validate(w.Body.Bytes(), w.Header().Get("Content-Type"), st.Site.BaseURL+path, noon.Add(time.Second)) {
					t.Errorf("%s: %s", path, c)
				}
			}
		})
	}
}

// hostileDay makes outlets that mean no good.
func hostileDay(f *fakeStore, st *State) {
	evil := []string{
		`"><script>alert(1)</script>`, `]]>&lt;b&gt; </title> &#x3C;i`, "\u202egnp.exe \u0000\ufffd\x85 x@y.example (Z)", "javascript:alert(1)",
		"https://user:pw@a.example/\"><b>", "HTTP://A.Example:80", "https://a.example/%7e/../\u202f<b>&c=\u0661", strings.Repeat("long ", 3000), "", "AT&T & Q&4; <b",
	}
	pick := func(i int) string { return evil[i%len(evil)] }
	for id, page := range f.topics {
		for i := range page.Entries {
			e := &page.Entries[i]
			e.Item.Title, e.Item.Summary, e.Item.Link, e.Item.Rights, e.Item.GUID = pick(i), pick(i+1), pick(i+2), pick(i+3), pick(i+4)
			e.Item.Authors = []news.Person{{Name: pick(i), Email: pick(i + 1), URL: pick(i + 2)}, {Name: pick(i + 5)}}
			e.Item.Tags = []string{pick(i + 3), pick(i + 4), pick(i + 4)}
			e.Item.Files = []news.Enclosure{{URL: pick(i + 6), Type: pick(i), Length: -1, Title: pick(i + 1)}, {URL: pick(i + 7)}}
			e.Item.Lang, e.Match.Rule = []string{"prs", "xx-yy", "", "ps", "en"}[i%5], pick(i+6)
			e.Match.Mentions = []news.Mention{{Entity: pick(i), Text: pick(i + 1), In: news.InTitle}}
			e.Revisions = []news.Revision{{Title: pick(i + 2), Until: noon.Add(-time.Hour), Figures: pick(i)}}
			e.Story.Members = append(e.Story.Members, news.Member{Source: "wire", Publisher: pick(i), Title: pick(i), URL: pick(i + 6), Relation: news.RelationCopy},
				news.Member{Source: "wire", Publisher: pick(i + 1), URL: pick(i + 6), Relation: news.RelationStory})
		}
		f.topics[id] = page
	}
	for i := range st.Sources {
		src := &st.Sources[i]
		src.Name, src.URL, src.Lang, src.Country, src.Private = pick(i), pick(i+5), pick(i), pick(i+1), false
	}
	st.Entities = map[string]string{"ford": pick(0)}
	for i := range st.Topics {
		st.Topics[i].Title, st.Topics[i].Description = pick(i), pick(i+1)
	}
	st.Site.Title, st.Site.Contact = pick(0), pick(1)
}
