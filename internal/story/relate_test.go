package story

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"khyber/internal/news"
)

// report is an item of an invented outlet: the outlet's name is its source, its
// publisher and the name of its domain.
type report struct {
	outlet, title, summary string
	after                  time.Duration // monday
	link, lang             string
}

func (r report) sign() Signature {
	src, item := r.item()
	return Sign(&src, &item)
}

func (r report) item() (news.Source, news.Item) {
	domain := r.outlet + ".example"
	src := news.Source{ID: r.outlet, Name: r.outlet, Domain: domain, Publisher: domain}
	at := monday.Add(r.after)
	link := r.link
	if link == "" {
		link = "https://" + domain + "/" + strings.ReplaceAll(r.title, " ", "-")
	}
	lang := r.lang
	if lang == "" {
		lang = "en"
	}
	item := news.Item{Source: r.outlet, Publisher: domain, Title: r.title, Summary: r.summary, Link: link, At: at, FirstSeen: at, Lang: lang}
	item.ID = key(KeyURL, hash64(r.outlet), r.link+r.title+r.summary+at.String()).ItemID(r.outlet)
	return src, item
}

// wire is what two outlets have from one agency.
const wire = "Engineers lowered the last girder of the Arvand bridge into place on Sunday, ending nine years of detours for farmers who sell plums in Belqis."

func TestRelateDecidesTheHardCases(t *testing.T) {
	const (
		bridge = "Engineers close last gap of Arvand bridge near Belqis"
		none   = news.Relation("")
	)
	for _, tc := range []struct {
		name     string
		a, b     report
		relation news.Relation
		rule     string
	}{
		{
			"1 toll of another publisher",
			report{outlet: "herald", title: "Ferry disaster near Gulzar harbour leaves 22 fishermen dead"},
			report{outlet: "courier", title: "Ferry disaster near Gulzar harbour leaves 23 fishermen dead"},
			none, "g-number",
		},
		{
			"3 labels and names are cut",
			report{outlet: "herald", title: "EXCLUSIVE: " + bridge},
			report{outlet: "courier", title: bridge + " - Courier"},
			news.RelationCopy, "copy-title",
		},
		{
			"3 agency at the end",
			report{outlet: "herald", title: "UPDATE 2-" + bridge + " - Reuters"},
			report{outlet: "courier", title: "Breaking news: " + bridge},
			news.RelationCopy, "copy-title",
		},
		{
			"4 to reopen, reopens",
			report{outlet: "herald", title: "Torvan crossing to reopen for lorries and traders of walnuts"},
			report{outlet: "courier", title: "Torvan crossing reopens for lorries and traders of walnuts"},
			none, "g-polarity",
		},
		{
			"4 expected to reject, rejects",
			report{outlet: "herald", title: "Belqis council expected to reject toll on Arvand salt barges"},
			report{outlet: "courier", title: "Belqis council rejects toll on Arvand salt barges"},
			none, "g-polarity",
		},
		{
			"2 flash and full text of an agency",
			report{outlet: "herald", title: "FLASH: Explosion heard near Belqis salt market"},
			report{outlet: "herald", title: "Explosion near Belqis salt market kills four traders, mayor says", after: time.Hour},
			none, "g-number",
		},
		{
			"5 second soldier's remains",
			report{outlet: "herald", title: "Belqis army recovers second soldier's remains from Sarwan glacier", after: 67 * time.Hour},
			report{outlet: "courier", title: "Belqis army recovers soldier's remains from Sarwan glacier"},
			none, "g-number",
		},
		{
			"6 sirens sound, sirens off",
			report{outlet: "herald", title: "Sirens sound in harbour towns of Zorluland after rocket alarm", after: 4 * time.Hour},
			report{outlet: "herald", title: "Sirens off in harbour towns of Zorluland after rocket alarm"},
			none, "g-critical",
		},
		{
			"6 a live page",
			report{outlet: "herald", title: "Live: sirens sound in harbour towns of Zorluland after rocket alarm"},
			report{outlet: "courier", title: "Sirens sound in harbour towns of Zorluland after rocket alarm"},
			none, "g-critical",
		},
		{
			"7 latest developments of two days",
			report{outlet: "herald", title: "Latest developments around Arvand bridge negotiations in Belqis", summary: "Delegates met in the old customs house for the first time since spring and agreed on tea."},
			report{outlet: "herald", title: "Latest developments around Arvand bridge negotiations in Belqis", summary: "Rain kept the delegates away, and the customs house stayed empty until late at night.", after: 30 * time.Hour},
			none, "",
		},
		{
			"8 title is a date",
			report{outlet: "herald", title: "Monday, November 23, 2026"},
			report{outlet: "courier", title: "Monday, November 23, 2026"},
			none, "g-info",
		},
		{"9 empty", report{outlet: "herald"}, report{outlet: "courier"}, none, "g-info"},
		{"9 only signs", report{outlet: "herald", title: "😀😀"}, report{outlet: "courier", title: "😀😀"}, none, "g-info"},
		{
			"10 a list in another order",
			report{outlet: "herald", title: "Mustafa Zorlu, Karim Belyal sign Arvand canal pact in Gulzar palace", summary: "Both men put their names under a text of nine pages about sluices, tolls and the pay of lock keepers."},
			report{outlet: "courier", title: "Karim Belyal, Mustafa Zorlu sign Arvand canal pact in Gulzar palace", summary: "Both men put their names under a text of nine pages about sluices, tolls and the pay of lock keepers."},
			news.RelationCopy, "copy-text",
		},
		{
			"10 A hits B",
			report{outlet: "herald", title: "Zorluland shells Belyalia harbour villages after fishing quarrel"},
			report{outlet: "courier", title: "Belyalia shells Zorluland harbour villages after fishing quarrel"},
			none, "g-swap",
		},
		{
			"11 photos of the week and of the day",
			report{outlet: "herald", title: "Photos of the week: harvest dancers, Belqis lanterns and flooded orchards"},
			report{outlet: "courier", title: "Photos of the day: harvest dancers, Belqis lanterns and flooded orchards"},
			none, "g-critical",
		},
		{
			"12 12th and 13th package",
			report{outlet: "herald", title: "Ministers adopt 12th package of tariffs against Zorluland shipowners"},
			report{outlet: "courier", title: "Ministers adopt 13th package of tariffs against Zorluland shipowners"},
			none, "g-number",
		},
		{
			"13 one number in three spellings",
			report{outlet: "herald", title: "Belqis orchards lose 1,00,000 plum trees, five mills and 25 percent of honey"},
			report{outlet: "courier", title: "Belqis orchards lose 100,000 plum trees, 5 mills and 25% of honey"},
			news.RelationCopy, "copy-title",
		},
		{
			"14 US and U.S.",
			report{outlet: "herald", title: "U.S. envoy Karim Belyal inspects Arvand canal sluices"},
			report{outlet: "courier", title: "US envoy Karim Belyal inspects Arvand canal sluices"},
			news.RelationCopy, "copy-title",
		},
		{
			"16 one address, other headlines",
			report{outlet: "herald", title: "Last girder closes Arvand gap"},
			report{outlet: "links", title: "Detours are over for plum farmers", link: "http://www.herald.example/Last-girder-closes-Arvand-gap?utm_source=links"},
			news.RelationCopy, "copy-url",
		},
		{
			"16 one address, another number",
			report{outlet: "herald", title: "Mill fire leaves 3 hurt"},
			report{outlet: "links", title: "Mill fire leaves 4 hurt", link: "http://www.herald.example/Mill-fire-leaves-3-hurt"},
			news.RelationStory, "story-url",
		},
		{
			"16 an address of neither",
			report{outlet: "herald", title: "Last girder closes Arvand gap", link: "https://third.example/a"},
			report{outlet: "links", title: "Nine years of detours over", link: "https://third.example/a"},
			news.RelationStory, "story-url",
		},
		{
			"16 opaque links say nothing",
			report{outlet: "herald", title: "Last girder closes Arvand gap", link: "https://news.google.com/rss/articles/CBM1"},
			report{outlet: "links", title: "Long detours over", link: "https://news.google.com/rss/articles/CBM1"},
			none, "g-info",
		},
		{
			"17 one title, two bodies",
			report{outlet: "herald", title: bridge, summary: wire},
			report{outlet: "courier", title: bridge, summary: "A crane of the provincial road office finished the work shortly before noon while schoolchildren sang."},
			news.RelationStory, "story-title",
		},
		{
			"17 one press release, two titles",
			report{outlet: "herald", title: "Arvand bridge is whole again", summary: wire},
			report{outlet: "courier", title: "Plum farmers of Belqis get their road back", summary: wire},
			news.RelationCopy, "copy-text",
		},
		{
			"18 a video posted again next week",
			report{outlet: "herald", title: bridge, summary: wire},
			report{outlet: "herald", title: bridge, summary: wire, link: "https://herald.example/again", after: 7 * 24 * time.Hour},
			none, "",
		},
		{
			"18 posted again within hours",
			report{outlet: "herald", title: bridge, summary: wire},
			report{outlet: "herald", title: bridge, summary: wire, link: "https://herald.example/again", after: 5 * time.Hour},
			news.RelationCopy, "copy-print",
		},
		{
			"20 Arabic and Persian letters",
			report{outlet: "herald", lang: "ur", title: "بیلقیس پل ۲۲ مزدوروں نے مکمل کیا", summary: "دریائے ارونڈ پر نو سال بعد پل کا آخری حصہ اتوار کو رکھ دیا گیا جس سے کسانوں کا راستہ کھل گیا"},
			report{outlet: "courier", lang: "ur", title: "بيلقيس پل 22 مزدوروں نے مكمل كيا", summary: "دريائے ارونڈ پر نو سال بعد پل كا آخری حصہ اتوار كو ركھ ديا گيا جس سے كسانوں كا راستہ كھل گيا"},
			news.RelationCopy, "copy-print",
		},
		{
			"20 two scripts",
			report{outlet: "herald", lang: "ru", title: "Мост через Арванд закрыт"},
			report{outlet: "courier", title: "Arvand bridge is closed"},
			none, "",
		},
		{
			"21 the weather of two towns",
			report{outlet: "herald", title: "Weather in Belqis on Monday", summary: "Sunny at first in Belqis, clouds from the west later, highs of 21 degrees and light winds from the lake."},
			report{outlet: "herald", title: "Weather in Gulzar on Monday", summary: "Sunny at first in Gulzar, clouds from the west later, highs of 21 degrees and light winds from the lake."},
			none, "g-info",
		},
		{
			"21 the weather of two days",
			report{outlet: "herald", title: "Weather in Belqis", summary: "Sunny at first in Belqis, clouds from the west later, highs of 21 degrees and light winds from the lake."},
			report{outlet: "herald", title: "Weather in Belqis", summary: "Sunny at first in Belqis, clouds from the west later, highs of 24 degrees and light winds from the lake.", after: 5 * time.Hour},
			none, "g-info",
		},
		{
			"22 resumes search, halts search",
			report{outlet: "herald", title: "Gulzar coastguard resumes search for missing trawler crew off Zorlu reef"},
			report{outlet: "courier", title: "Gulzar coastguard halts search for missing trawler crew off Zorlu reef"},
			none, "g-critical",
		},
		{
			"23 a cut summary",
			report{outlet: "herald", title: bridge, summary: wire + " The provincial road office paid for it with a toll on salt, which ends at new year."},
			report{outlet: "courier", title: "Arvand bridge near Belqis is whole again", summary: wire[:100] + "… Read more"},
			news.RelationCopy, "copy-text",
		},
		{
			"23 a caption is no summary",
			report{outlet: "herald", title: bridge, summary: "A crane swings over the river while farmers watch from their carts, Nov. 22. (Karim Belyal/AP Photo)"},
			report{outlet: "courier", title: bridge, summary: wire},
			news.RelationCopy, "copy-title",
		},
		{
			"one agency, near titles",
			report{outlet: "herald", title: "Engineers close last gap of Arvand bridge near Belqis orchards, ministry announces", summary: "(Reuters) - Arvand"},
			report{outlet: "courier", title: "Engineers close last gap of Arvand bridge near Belqis orchards", summary: "Arvand (Reuters)"},
			news.RelationCopy, "copy-wire",
		},
	} {
		t.Run(tc.name, func(t *testing.T) { relates(t, tc.a, tc.b, tc.relation, tc.rule) })
	}
}

// relates checks what two reports are to each other, both ways round.
func relates(t *testing.T, x, y report, relation news.Relation, rule string) {
	t.Helper()
	a, b := x.sign(), y.sign()
	got := Relate(&a, &b)
	if got.Relation != relation || rule != "" && got.Rule != rule {
		t.Errorf("got %q by %q %v (%d), want %q by %q", got.Relation, got.Rule, got.Differ, got.Similarity, relation, rule)
	}
	if other := Relate(&b, &a); !reflect.DeepEqual(got, other) {
		t.Errorf("not symmetric: %+v and %+v", got, other)
	}
}

func TestASwapNamesTheWordsThatChangeRoles(t *testing.T) {
	a := report{outlet: "herald", title: "Zorluland shells Belyalia harbour villages after fishing quarrel"}.sign()
	b := report{outlet: "courier", title: "Belyalia shells Zorluland harbour villages after fishing quarrel"}.sign()
	if got, want := Relate(&a, &b).Differ, []string{"belyalia", "zorluland"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOneTextUnderTwoTitles(t *testing.T) {
	const (
		bridge = "Engineers close last gap of Arvand bridge near Belqis"
		none   = news.Relation("")
		long   = wire + " A crane of the provincial road office finished the work shortly before noon while schoolchildren sang and the mayor handed out tea to carters."
	)
	for _, tc := range []struct {
		name, a, b    string // titles
		textA, textB  string
		relation      news.Relation
		rule          string
		samePublisher bool
	}{
		{"a place that the text does not have", bridge, "Engineers close last gap of Arvand bridge near Gulzar", wire, wire, none, "g-subst", false},
		{"a place that stands elsewhere too", "Zorlu miners march in South Gulzar and North Belqis", "Zorlu miners march in North Gulzar and North Belqis", wire, wire, none, "g-critical", false},
		{"soldiers for police", "Zorlu police close last gap of Arvand bridge near Belqis", "Zorlu soldiers close last gap of Arvand bridge near Belqis", wire, wire, none, "g-subst", false},
		{"Police for the US", "Police close last gap of Arvand bridge near Belqis", "US close last gap of Arvand bridge near Belqis", wire, wire, none, "g-subst", false},
		{"what has not come about", bridge, "Engineers fail to close last gap of Arvand bridge near Belqis", wire, wire, none, "g-polarity", false},
		{"what is ruled out", "Zorlu ministers confirm toll on Arvand salt near Belqis", "Zorlu ministers rule out toll on Arvand salt near Belqis", wire, wire, none, "g-polarity", false},
		{"what may be", bridge, "Engineers may close last gap of Arvand bridge near Belqis", wire, wire, none, "g-polarity", false},
		{"another verb over a long text", "Engineers span last gap of Arvand bridge near Belqis", "Engineers mend last gap of Arvand bridge near Belqis", long, long, news.RelationCopy, "copy-text", false},
		{"another verb over a short text", "Engineers span last gap of Arvand bridge near Belqis", "Engineers mend last gap of Arvand bridge near Belqis", wire, wire, none, "g-subst", false},
		{"another verb of one publisher", "Engineers span last gap of Arvand bridge near Belqis", "Engineers mend last gap of Arvand bridge near Belqis", long, long, none, "g-subst", true},
		{"a country and its people", "Kabul hosts Zorlu envoys, Afghan carpet fair", "Kabul hosts Zorlu envoys, Afghanistan carpet fair", wire, wire, news.RelationCopy, "copy-text", false},
		{"an article, and another figure", "Engineers close the last gap of Arvand bridge near Belqis", bridge, strings.Replace(wire, "nine years of detours", "a decade of long detours", 1), wire, news.RelationStory, "story-title", false},
		{"the strait of a name", "Herring boats wait at Strait of Zorlu for new pilots", "Herring boats wait at Zorlu Strait for new pilots", wire, wire, news.RelationCopy, "copy-text", false},
		{"an article, and a word polished", "Engineers close the last gap of Arvand bridge near Belqis", bridge, strings.Replace(wire, "lowered", "hoisted", 1), wire, news.RelationCopy, "copy-text", false},
		{"a country in the text as an adjective", bridge, bridge, strings.Replace(wire, "farmers", "Afghan farmers", 1), strings.Replace(wire, "farmers", "farmers of Afghanistan", 1), news.RelationCopy, "copy-text", false},
		{"an outlet's own lines above the text", bridge, "Arvand bridge near Belqis is whole again", "Plum growers in three valleys get their road back, and the mayor hands out tea. " + wire, wire, news.RelationCopy, "copy-text", false},
		{"what one publisher puts under every title", "Live: the mayor of Gulzar on herring", "Replay: Zorlu evening of songs", "All news of the day from our reporters in Belqis and the islands, on paper and on the air.", "All news of the day from our reporters in Belqis and the islands, on paper and on the air.", none, "", true},
		{"the same below a text of its own", "Live: the mayor of Gulzar on herring", "Replay: Zorlu evening of songs", "The mayor says that herring boats need pilots. All news of the day from our reporters in Belqis and the islands, on paper and on the air.", "All news of the day from our reporters in Belqis and the islands, on paper and on the air.", none, "", true},
		{"another title of one publisher", bridge, "Plum farmers of Belqis get their road back", wire, wire, news.RelationCopy, "copy-text", true},
		{"a phrase in another text", "Your Monday letter", bridge, "Also, farmers who sell plums in Belqis.", wire, none, "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			outlet := "courier"
			if tc.samePublisher {
				outlet = "herald"
			}
			relates(t, report{outlet: "herald", title: tc.a, summary: tc.textA}, report{outlet: outlet, title: tc.b, summary: tc.textB, after: time.Hour}, tc.relation, tc.rule)
		})
	}
}
