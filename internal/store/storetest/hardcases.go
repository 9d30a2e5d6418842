package storetest

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/story"
)

// hard is one of the cases that cost others their readers' trust: documents as
// they come in, and what must become of them.
type hard struct {
	n    int
	name string
	docs []document
	want string // as outcome writes it
}

// document is what a source brings some time after the first one.
type document struct {
	source string
	after  time.Duration
	items  []news.Item
}

func doc(source string, after time.Duration, items ...news.Item) document {
	return document{source, after, items}
}

// report is an invented report; id is its guid and the name of its page.
func report(id, title, summary string) news.Item {
	return news.Item{GUID: "urn:x:" + id, Link: "/" + id, Title: title, Summary: summary, Lang: "en", Published: Noon}
}

func spoken(lang string, i news.Item) news.Item { i.Lang = lang; return i }

func keyed(guid, link string, i news.Item) news.Item { i.GUID, i.Link = guid, link; return i }

func dated(at time.Time, i news.Item) news.Item { i.Published = at; return i }

// Texts of the cases.
const (
	bridge   = "Engineers close last gap of Arvand bridge near Belqis"
	girder   = "Engineers lowered the last girder of the Arvand bridge into place on Sunday, ending nine years of detours for farmers who sell plums in Belqis."
	crane    = "A crane of the provincial road office finished the work shortly before noon while schoolchildren sang and the mayor handed out tea to all."
	toll     = " The provincial road office paid for it with a toll on salt, which ends at new year."
	board    = "All news of the day from our reporters in Belqis, Gulzar and the islands, on paper and on the air."
	sunny    = "Sunny at first in %s, clouds from the west later, highs of %d degrees and light winds from the lake."
	ferry    = "Ferry disaster near Gulzar harbour leaves %d fishermen dead"
	sluice   = "Both men put their names under a text of nine pages about sluices, tolls and the pay of lock keepers."
	trawlers = "Gulzar coastguard %s search for missing trawler crew off Zorlu reef"
)

// hardCases are the 26 of them, some in several forms.
func hardCases() []hard {
	h := time.Hour
	return append([]hard{
		{1, "a toll rises at one address", []document{doc("alpha", 0, report("1", fmt.Sprintf(ferry, 22), "")), doc("alpha", h, report("1", fmt.Sprintf(ferry, 23), ""))}, "a revised 22 → 23"},
		{1, "a toll of another publisher", []document{doc("alpha", 0, report("1", fmt.Sprintf(ferry, 22), "")), doc("beta", h, report("1", fmt.Sprintf(ferry, 23), ""))}, "a b; ab story story-link, g-number"},
		{2, "an agency's ladder under one guid", []document{
			doc("alpha", 0, report("1", "URGENT: Explosion near Belqis salt market", "")), doc("alpha", h, report("1", "FLASH: Explosion heard near Belqis salt market", "")),
			doc("alpha", 2*h, report("1", "Explosion near Belqis salt market kills four traders, mayor says", "")),
		}, "a revised revised none → 4"},
		{2, "under three", []document{
			doc("alpha", 0, report("1", "URGENT: Explosion near Belqis salt market", "")), doc("alpha", h, report("2", "FLASH: Explosion heard near Belqis salt market", "")),
			doc("alpha", 2*h, report("3", "Explosion near Belqis salt market kills four traders, mayor says", "")),
		}, "a b c; ab story story-link; ac story story-link, g-number; bc story story-link, g-number"},
		{3, "labels and names", []document{
			doc("alpha", 0, report("1", "EXCLUSIVE: "+bridge, "")), doc("beta", h, report("1", bridge+" - beta", "")), doc("gamma", 2*h, report("1", "UPDATE 2-"+bridge+" - Reuters", "")),
		}, "a b c; ab copy copy-title; ac copy copy-title; bc copy copy-title"},
		{3, "over two texts", []document{doc("alpha", 0, report("1", "Exclusive: "+bridge, girder)), doc("beta", h, report("1", bridge, crane))}, "a b; ab story story-title"},
		{4, "to reopen, reopens", []document{doc("alpha", 0, report("1", "Torvan crossing to reopen for lorries and traders of walnuts", "")), doc("beta", h, report("1", "Torvan crossing reopens for lorries and traders of walnuts", ""))}, "a b; ab story story-link, g-polarity"},
		{4, "expected to reject, rejects", []document{doc("alpha", 0, report("1", "Belqis council expected to reject toll on Arvand salt barges", "")), doc("beta", h, report("1", "Belqis council rejects toll on Arvand salt barges", ""))}, "a b; ab story story-link, g-polarity"},
		{5, "a second soldier", []document{doc("alpha", 0, report("1", "Belqis army recovers soldier's remains from Sarwan glacier", "")), doc("beta", 67*h, dated(Noon.Add(67*h), report("1", "Belqis army recovers second soldier's remains from Sarwan glacier", "")))}, "a b; ab story story-link, g-number"},
		{6, "sirens sound, sirens off, a live page", []document{
			doc("alpha", 0, report("1", "Sirens sound in harbour towns of Zorluland after rocket alarm", "")), doc("alpha", 4*h, report("2", "Sirens off in harbour towns of Zorluland after rocket alarm", "")),
			doc("beta", 4*h, report("1", "Live: sirens sound in harbour towns of Zorluland after rocket alarm", "")),
		}, "a b c; ab story story-link, g-critical; ac story story-link, g-critical; bc story story-link, g-critical"},
		{7, "the same headline every day", []document{
			doc("alpha", 0, report("1", "Latest developments around Arvand bridge negotiations in Belqis", "")), doc("beta", h, report("1", "Latest developments around Arvand bridge negotiations in Belqis", "")),
			doc("alpha", 24*h, dated(Noon.Add(24*h), report("2", "Latest developments around Arvand bridge negotiations in Belqis", ""))),
			doc("alpha", 48*h, dated(Noon.Add(48*h), report("3", "Latest developments around Arvand bridge negotiations in Belqis", ""))),
		}, "a b c d; ab story copy-title; ac story copy-title; bc story copy-title; ad none; bd none copy-title; cd none"},
		{8, "a title that is a date", []document{doc("alpha", 0, report("1", "Monday, November 23, 2026", "")), doc("beta", h, report("1", "Monday, November 23, 2026", ""))}, "a b; ab none g-info"},
		{9, "titles without words", []document{
			doc("alpha", 0, report("1", "", girder[:40]), report("2", "😀😀", ""), report("3", "<b></b>", "")), doc("alpha", h, report("1", "", girder[:40]), report("2", "😀😀", ""), report("3", "<b></b>", "")),
			doc("beta", h, report("1", "😀😀", "")),
		}, "a b c d"},
		{10, "a list in another order", []document{
			doc("alpha", 0, report("1", "Mustafa Zorlu, Karim Belyal sign Arvand canal pact in Gulzar palace", sluice)), doc("beta", h, report("1", "Karim Belyal, Mustafa Zorlu sign Arvand canal pact in Gulzar palace", sluice)),
		}, "a b; ab copy copy-text"},
		{10, "roles exchanged", []document{doc("alpha", 0, report("1", "Zorluland shells Belyalia harbour villages after fishing quarrel", "")), doc("beta", h, report("1", "Belyalia shells Zorluland harbour villages after fishing quarrel", ""))}, "a b; ab story story-link, g-swap"},
		{11, "photos of the week and the day", []document{doc("alpha", 0, report("1", "Photos of the week: harvest dancers, Belqis lanterns and flooded orchards", "")), doc("beta", h, report("1", "Photos of the day: harvest dancers, Belqis lanterns and flooded orchards", ""))}, "a b; ab story story-link, g-critical"},
		{11, "morning and evening", []document{doc("alpha", 0, report("1", "Morning bulletin: Arvand bridge, Belqis salt and Gulzar herring", "")), doc("beta", h, report("1", "Evening bulletin: Arvand bridge, Belqis salt and Gulzar herring", ""))}, "a b; ab story story-link, g-critical"},
		{12, "12th and 13th", []document{doc("alpha", 0, report("1", "Ministers adopt 12th package of tariffs against Zorluland shipowners", "")), doc("beta", h, report("1", "Ministers adopt 13th package of tariffs against Zorluland shipowners", ""))}, "a b; ab story story-link, g-number"},
		{12, "first and second", []document{doc("alpha", 0, report("1", "Gulzar rowers take first heat of lake regatta near Belqis", "")), doc("beta", h, report("1", "Gulzar rowers take second heat of lake regatta near Belqis", ""))}, "a b; ab story story-link, g-number"},
		{13, "numbers in other spellings", []document{
			doc("alpha", 0, report("1", "Belqis orchards lose 1,00,000 plum trees, five mills and 25 percent of honey", "")), doc("beta", h, report("1", "Belqis orchards lose 100,000 plum trees, 5 mills and 25% of honey", "")),
		}, "a b; ab copy copy-title"},
		{14, "US and U.S.", []document{doc("alpha", 0, report("1", "U.S. envoy Karim Belyal inspects Arvand canal sluices", "")), doc("beta", h, report("1", "US envoy Karim Belyal inspects Arvand canal sluices", ""))}, "a b; ab copy copy-title"},
		{14, "two spellings of a town", []document{doc("alpha", 0, report("1", bridge, girder)), doc("beta", h, report("1", strings.ReplaceAll(bridge, "Belqis", "Belkis"), girder))}, "a b; ab copy copy-text"},
		{14, "the strait of a name", []document{doc("alpha", 0, report("1", "Herring boats wait at Strait of Zorlu for new pilots", girder)), doc("beta", h, report("1", "Herring boats wait at Zorlu Strait for new pilots", girder))}, "a b; ab copy copy-text"},
	}, moreHardCases()...)
}

// moreHardCases are those from the fifteenth on.
func moreHardCases() []hard {
	h := time.Hour
	return []hard{
		{15, "a guid with another fragment, scheme, host", []document{
			doc("alpha", 0, keyed("https://www.alpha.example/n/1#0", "https://alpha.example/a", report("", bridge, ""))), doc("alpha", h, keyed("https://www.alpha.example/n/1#3", "https://alpha.example/b", report("", bridge, ""))),
			doc("alpha", 2*h, keyed("http://alpha.example/n/1", "https://alpha.example/c", report("", bridge, ""))),
		}, "a"},
		{15, "one guid for all", []document{doc("alpha", 0, keyed("feed", "/1", report("", bridge, "")), keyed("feed", "/2", report("", "Mill fire leaves 3 hurt", ""))), doc("alpha", h, keyed("feed", "/2", report("", "Mill fire leaves 3 hurt", "")), keyed("feed", "/1", report("", bridge, "")))}, "a b"},
		{15, "no guid and a token in the link", []document{
			doc("alpha", 0, keyed("", "/1?token=a1", report("", bridge, girder)), keyed("", "/2?token=a1", report("", "Mill fire in Gulzar leaves three bakers hurt", crane)), keyed("", "/3?token=a1", report("", "Herring boats wait at Strait of Zorlu", sluice)), keyed("", "/4?token=a1", report("", "Hail breaks plum branches in Belqis orchards", fmt.Sprintf(sunny, "Belqis", 21))), keyed("", "/5?token=a1", report("", "Pilots of Gulzar harbour want better boats", board))),
			doc("alpha", h, keyed("", "/1?token=b2", report("", bridge, girder)), keyed("", "/2?token=b2", report("", "Mill fire in Gulzar leaves three bakers hurt", crane)), keyed("", "/3?token=b2", report("", "Herring boats wait at Strait of Zorlu", sluice)), keyed("", "/4?token=b2", report("", "Hail breaks plum branches in Belqis orchards", fmt.Sprintf(sunny, "Belqis", 21))), keyed("", "/5?token=b2", report("", "Pilots of Gulzar harbour want better boats", board))),
		}, "a b c d e"},
		{15, "a guid that is used again after a year", []document{doc("alpha", 0, keyed("slot-1", "/1", report("", bridge, girder))), doc("alpha", 365*24*h, dated(Noon.Add(365*24*h), keyed("slot-1", "/2", report("", "Rowers collect bronze in lake regatta", "A late sprint carried the young crew past two rivals on calm water."))))}, "a b"},
		{16, "campaign parameters, AMP, archives", []document{
			doc("alpha", 0, keyed("1", "https://alpha.example/en/bridge/a-71", report("", bridge, ""))), doc("alpha", h, keyed("2", "https://www.alpha.example/en/bridge/a-71/amp?utm_source=x", report("", bridge, ""))),
			doc("alpha", 2*h, keyed("3", "https://web.archive.org/web/20261123/http://alpha.example/en/bridge/a-71", report("", bridge, ""))),
		}, "a"},
		{16, "the parameters of two domains", []document{
			doc("alpha", 0, keyed("1", "https://www.dw.com/en/bridge/a-71000000?maca=en-rss", report("", bridge, "")), keyed("2", "https://www.ft.com/content/bridge?syn-25a6b1a6=1", report("", "Mill fire leaves 3 hurt", ""))),
			doc("alpha", h, keyed("3", "https://www.dw.com/en/girder/a-71000000?maca=en-other", report("", bridge, "")), keyed("4", "https://www.ft.com/content/bridge", report("", "Mill fire leaves 3 hurt", ""))),
		}, "a b"},
		{16, "one address, other headlines", []document{doc("alpha", 0, keyed("1", "https://www.alpha.example/n/1", report("", "Last girder closes Arvand gap", ""))), doc("beta", h, keyed("1", "http://alpha.example/n/1?utm_source=beta", report("", "Detours are over for plum farmers", "")))}, "a b; ab copy copy-url"},
		{16, "opaque links of an aggregator", []document{doc("alpha", 0, keyed("1", "https://news.google.com/rss/articles/CBM1", report("", "Last girder closes Arvand gap", ""))), doc("beta", h, keyed("1", "https://news.google.com/rss/articles/CBM1", report("", "Detours are over for plum farmers", "")))}, "a b"},
		{17, "one title, two bodies", []document{doc("alpha", 0, report("1", bridge, girder)), doc("beta", h, report("1", bridge, crane))}, "a b; ab story story-title"},
		{17, "one press release, three titles", []document{
			doc("alpha", 0, report("1", "Arvand bridge is whole again", girder)), doc("beta", h, report("1", "Plum farmers of Belqis get their road back", girder)), doc("gamma", 2*h, report("1", "Nine years of detours end", girder)),
		}, "a b c; ab copy copy-text; ac copy copy-text; bc copy copy-text"},
		{18, "a video posted again and again", []document{
			doc("alpha", 0, report("1", bridge, girder)), doc("alpha", 5*h, dated(Noon.Add(5*h), report("2", bridge, girder))), doc("alpha", 7*24*h, dated(Noon.Add(7*24*h), report("3", bridge, girder))),
		}, "a b c; ab copy copy-print"},
		{20, "Persian and Arabic letters, digits, joiners", []document{
			doc("alpha", 0, spoken("ur", report("1", "بیلقیس پل ۲۲ مزدوروں نے مکمل کیا", "دریائے ارونڈ پر نو سال بعد پل کا آخری حصہ اتوار کو رکھ دیا گیا جس سے کسانوں کا راستہ کھل گیا"))),
			doc("beta", h, spoken("ur", report("1", "بيلقيس پل 22 مزدوروں نے مكمل كيا", "دريائے ارونڈ پر نو سال بعد پل كا آخری حصہ اتوار كو ركھ ديا گيا جس سے كسانوں كا راستہ كھل گيا"))),
		}, "a b; ab copy copy-print"},
		{20, "two scripts", []document{doc("alpha", 0, spoken("ru", report("1", "Мост через Арванд закрыт", ""))), doc("beta", h, report("1", "Arvand bridge is closed", "")), doc("gamma", h, spoken("zh", report("1", "阿尔万德大桥关闭 Arvand", "")))}, "a b c"},
		{21, "the weather of two towns and two days", []document{
			doc("alpha", 0, report("1", "Weather in Belqis on Monday", fmt.Sprintf(sunny, "Belqis", 21)), report("2", "Weather in Gulzar on Monday", fmt.Sprintf(sunny, "Gulzar", 21))), doc("alpha", 24*h, dated(Noon.Add(24*h), report("3", "Weather in Belqis on Monday", fmt.Sprintf(sunny, "Belqis", 24)))),
		}, "a b c; bc story story-link, g-info"},
		{22, "resumes search, halts search", []document{doc("alpha", 0, report("1", fmt.Sprintf(trawlers, "resumes"), "")), doc("beta", h, report("1", fmt.Sprintf(trawlers, "halts"), ""))}, "a b; ab story story-link, g-critical"},
		{23, "a cut summary", []document{doc("alpha", 0, report("1", bridge, girder+toll)), doc("beta", h, report("1", "Arvand bridge near Belqis is whole again", girder[:100]+"… Read more"))}, "a b; ab copy copy-text"},
		{23, "one summary under every title", []document{
			doc("alpha", 0, report("1", bridge, board), report("2", "Hail breaks plum branches in Belqis orchards", board), report("3", "Pilots of Gulzar harbour strike for better boats", board)), doc("beta", h, report("1", bridge, girder)),
		}, "a b c d; cd copy story-title"},
		{23, "a caption", []document{doc("alpha", 0, report("1", bridge, "A crane swings over the river while farmers watch from their carts, Nov. 22. (Karim Belyal/AP Photo)")), doc("beta", h, report("1", bridge, girder))}, "a b; ab copy copy-title"},
		{24, "a chain within three days", []document{
			doc("alpha", 0, report("1", bridge, girder)), doc("beta", 20*h, dated(Noon.Add(20*h), report("1", "Arvand bridge near Belqis is whole again", girder))), doc("gamma", 40*h, dated(Noon.Add(40*h), report("1", "Plum farmers of Belqis get their road back", girder))),
		}, "a b c; ab copy copy-text; ac copy copy-text, g-critical; bc copy copy-text"},
		{24, "a chain of more", []document{
			doc("alpha", 0, report("1", bridge, girder)), doc("beta", 60*h, dated(Noon.Add(60*h), report("1", bridge, girder))), doc("gamma", 120*h, dated(Noon.Add(120*h), report("1", bridge, ""))),
		}, "a b c; ab copy copy-print; ac story story-link; bc story copy-title"},
	}
}

// outcome writes what became of the documents: items by letters in the order in
// which they were seen, with their revisions; then each two that are related,
// and for those that are no copies the guard that says so.
func (w *World) outcome() string {
	w.t.Helper()
	items, _, err := w.Store.Scan(w.t.Context(), store.Filter{}, "", 100)
	if err != nil {
		w.t.Fatal(err)
	}
	var head, pairs []string
	for i := range items {
		page, err := w.Store.Item(w.t.Context(), items[i].ID)
		if err != nil {
			w.t.Fatal(err)
		}
		s := string(rune('a' + i))
		for _, r := range page.Revisions {
			s = strings.TrimSpace(s + " revised " + r.Figures)
		}
		head = append(head, s)
		for j := range i {
			p, err := w.Store.Between(w.t.Context(), items[j].ID, items[i].ID)
			if err != nil {
				w.t.Fatal(err)
			}
			src := Source(items[j].Source)
			a, b := story.Sign(&src, &items[j]), story.Sign(&src, &items[i])
			v := story.Relate(&a, &b)
			if p.Relation == "" && v.Similarity < 350 {
				continue
			}
			s := fmt.Sprintf("%c%c %s", 'a'+j, 'a'+i, strings.TrimSpace(cmp.Or(string(p.Relation), "none")+" "+p.Rule))
			if v.Relation == "" && v.Rule != "" && v.Rule != p.Rule {
				s += ", " + v.Rule
			}
			pairs = append(pairs, s)
		}
	}
	return strings.Join(append([]string{strings.Join(head, " ")}, pairs...), "; ")
}

// play lets the documents of a case come in.
func play(w *World, docs []document) *World {
	world := NewWorld(w.t, Memory(), w.hooks)
	world.third()
	for _, d := range docs {
		world.Now = Noon.Add(d.after)
		for i := range d.items {
			if strings.HasPrefix(d.items[i].Link, "/") {
				d.items[i].Link = "https://" + d.source + ".example" + d.items[i].Link
			}
		}
		world.Commit(d.source, d.items...)
	}
	return world
}

// hardest plays every case.
func hardest(w *World) {
	seen := make(map[int]bool)
	for _, c := range hardCases() {
		seen[c.n] = true
		same(w, fmt.Sprint(c.n, " ", c.name), play(w, c.docs).outcome(), c.want)
	}
	for n, test := range map[int]func(*World){19: hardDates, 25: takeover, 26: flood} {
		seen[n] = true
		test(NewWorld(w.t, Memory(), w.hooks))
	}
	for n := range 26 {
		if !seen[n+1] {
			w.t.Errorf("there is no case %d", n+1)
		}
	}
}

// hardDates is case 19: an item stands at its own date when that can be, else
// where it was first seen; none is lost.
func hardDates(w *World) {
	var items []news.Item
	midnight := Noon.Truncate(24 * time.Hour)
	dates := []time.Time{{}, Noon.Add(48 * time.Hour), time.Unix(0, 0), midnight, Noon.AddDate(-3, 0, 0)}
	for i, at := range dates {
		items = append(items, dated(at, report(fmt.Sprint(i), Item("alpha", i).Title, "")))
		items[i].Link = "https://alpha.example/" + items[i].GUID
	}
	w.Commit("alpha", items...)
	for i, want := range []time.Time{Noon, Noon, Noon, midnight, dates[4]} {
		same(w, fmt.Sprint("19 place in time of the date ", dates[i]), w.itemOf(items[i].Link).Item.At, want)
	}
}

// takeover is case 25: a copy of an earlier date, and a guid like the other's,
// stays behind the report that was there first.
func takeover(w *World) {
	first := wire("alpha", 1, "border")
	w.Commit("alpha", first)
	w.Now = w.Now.Add(time.Hour)
	thief := wire("beta", 2, "border")
	thief.GUID, thief.Published = first.GUID, Noon.Add(-40*time.Hour)
	w.Commit("beta", thief)
	entries := w.Topic("border", store.Page{}).Entries
	same(w, "25 entries", len(entries), 1)
	same(w, "25 who stands for them", entries[0].Item.Source, "alpha")
	page, _ := w.story(entries[0].Item.ID)
	same(w, "25 whose copy it is", []bool{page.Members[0].Copied(), page.Members[1].Copied()}, []bool{false, true})
}
