package story

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"khyber/internal/news"
)

var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// ledger is the least that a store is for identity.
type ledger struct {
	src   news.Source
	state news.Distrust
	keys  map[Key]news.ItemID
	texts map[news.ItemID]*news.Item
	now   time.Time
}

func newLedger() *ledger {
	return &ledger{
		src:  news.Source{ID: "herald", Domain: "herald.example", Publisher: "herald.example"},
		keys: map[Key]news.ItemID{}, texts: map[news.ItemID]*news.Item{}, now: monday,
	}
}

// commit returns the item of each entry, 0 for a repeated one, and how many are new.
func (l *ledger) commit(t *testing.T, items ...news.Item) (got []news.ItemID, fresh int, tally Tally) {
	t.Helper()
	ids := Identify(&l.src, l.state, items)
	found, tally, err := Find(ids, l.state, func(k Key) (news.ItemID, error) { return l.keys[k], nil })
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range found {
		if !f.Repeated && f.MayBeReused() && Reused(&l.src, l.texts[f.Item], &items[i]) {
			f = f.Anew(ids[i])
			tally.Reused++
		}
		if !f.Repeated && f.Item == 0 {
			fresh++
			f.Item = f.Name.ItemID(l.src.ID)
			if l.texts[f.Item] != nil {
				t.Fatalf("new item %v is there already", f.Item)
			}
		}
		for _, k := range f.Missing {
			if l.keys[k] == 0 {
				l.keys[k] = f.Item
			}
		}
		if !f.Repeated {
			l.texts[f.Item] = &items[i]
		}
		got = append(got, f.Item)
	}
	l.state = Judge(l.state, tally, l.now)
	l.now = l.now.Add(time.Hour)
	return got, fresh, tally
}

func entryOf(n int) news.Item {
	towns := []string{"Arvand", "Belqis", "Chorlu", "Dastan", "Espara", "Farwan", "Gulzar", "Herang"}
	return news.Item{
		GUID:    fmt.Sprintf("https://www.herald.example/?p=%d", n),
		Link:    fmt.Sprintf("https://www.herald.example/world/report-%d", n),
		Title:   towns[n%len(towns)] + " council reopens covered market after flood repairs",
		Summary: "Traders in " + towns[n%len(towns)] + " returned to their stalls on Monday after nine weeks of work on the drains.",
	}
}

func TestAnItemIsKnownWhenOneOfItsKeysChanges(t *testing.T) {
	for name, change := range map[string]func(*news.Item){
		"nothing":        func(*news.Item) {},
		"guid":           func(i *news.Item) { i.GUID = "urn:x:77" },
		"no guid":        func(i *news.Item) { i.GUID = "" },
		"https guid":     func(i *news.Item) { i.GUID = "http://herald.example/?p=1#3"; i.Link = "https://herald.example/other" },
		"slug":           func(i *news.Item) { i.Link = "https://www.herald.example/world/another-slug" },
		"tracking":       func(i *news.Item) { i.GUID, i.Link = "", i.Link+"?utm_source=feed" },
		"title":          func(i *news.Item) { i.Title = "Arvand market opens its doors" },
		"title, no guid": func(i *news.Item) { i.GUID, i.Title = "", "Arvand market opens its doors" },
		"date":           func(i *news.Item) { i.Published = monday },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger()
			first, _, _ := l.commit(t, entryOf(0), entryOf(1), entryOf(2))
			changed := entryOf(1)
			change(&changed)
			for range 2 {
				again, fresh, _ := l.commit(t, entryOf(2), changed, entryOf(0))
				if want := []news.ItemID{first[2], first[1], first[0]}; !slices.Equal(again, want) || fresh != 0 {
					t.Fatalf("found %v, %d new; want %v, none new", again, fresh, want)
				}
			}
		})
	}
}

func TestVoidKeysJoinNothing(t *testing.T) {
	for name, spoil := range map[string]func(*news.Item){
		"one guid":            func(i *news.Item) { i.GUID = "feed" },
		"one link":            func(i *news.Item) { i.Link = "https://herald.example/news" },
		"home page":           func(i *news.Item) { i.Link = "https://herald.example/" },
		"alias cuts too much": func(i *news.Item) { i.GUID = "https://herald.example/live#" + i.GUID },
		"nothing but text":    func(i *news.Item) { i.GUID, i.Link = "", "" },
		"one guid, no link":   func(i *news.Item) { i.GUID, i.Link = "feed", "" },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger()
			items := []news.Item{entryOf(0), entryOf(1), entryOf(2)}
			for i := range items {
				spoil(&items[i])
			}
			if got, fresh, _ := l.commit(t, items...); fresh != 3 {
				t.Fatalf("%d new: %v; want 3", fresh, got)
			}
			for range 3 {
				slices.Reverse(items)
				if got, fresh, _ := l.commit(t, items...); fresh != 0 {
					t.Fatalf("%d of %v new when seen again", fresh, got)
				}
			}
		})
	}
}

func TestAnEntryTwiceInOneDocumentIsOneItem(t *testing.T) {
	twice := entryOf(1)
	twice.GUID += "#1"
	noKeys := news.Item{Title: entryOf(0).Title, Summary: entryOf(0).Summary}
	l := newLedger()
	got, fresh, _ := l.commit(t, entryOf(0), entryOf(1), twice, entryOf(0), noKeys)
	if fresh != 2 || got[2] != 0 || got[3] != 0 || got[4] != 0 {
		t.Fatalf("%d new: %v; want 2 and three repeated", fresh, got)
	}
	only, fresh, _ := l.commit(t, twice)
	if fresh != 0 || only[0] != got[1] {
		t.Errorf("the repeated entry's guid finds %v, want %v", only[0], got[1])
	}
}

func TestEqualTextUnderOtherKeysIsAnotherItem(t *testing.T) {
	l := newLedger()
	a, b := entryOf(0), entryOf(1)
	b.Title, b.Summary = a.Title, a.Summary
	if got, fresh, _ := l.commit(t, a, b); fresh != 2 {
		t.Fatalf("%v: %d new in one document, want 2", got, fresh)
	}
	c := entryOf(2)
	c.Title, c.Summary = a.Title, a.Summary
	if got, fresh, _ := l.commit(t, c); fresh != 1 {
		t.Fatalf("%v: %d new in the next, want 1", got, fresh)
	}
}

func TestRotatingGUIDsAreLeftOut(t *testing.T) {
	l := newLedger()
	for poll := range 4 {
		var items []news.Item
		for n := range 6 {
			i := entryOf(n)
			i.GUID = fmt.Sprintf("token-%d-%d", poll, n)
			items = append(items, i)
		}
		before := len(l.keys)
		_, fresh, _ := l.commit(t, items...)
		if want := map[bool]int{true: 6}[poll == 0]; fresh != want {
			t.Fatalf("poll %d: %d new, want %d", poll, fresh, want)
		}
		if poll > 1 && len(l.keys) != before {
			t.Errorf("poll %d stored %d keys of rotating guids", poll, len(l.keys)-before)
		}
	}
	if l.state.Rotating.IsZero() {
		t.Error("rotating guids were not noticed")
	}
}

func TestARebuiltSiteIsAdoptedByItsTexts(t *testing.T) {
	l := newLedger()
	var items []news.Item
	for n := range 6 {
		items = append(items, entryOf(n))
	}
	first, _, _ := l.commit(t, items...)
	for n := range items {
		items[n].GUID, items[n].Link = fmt.Sprintf("new-%d", n), fmt.Sprintf("https://new.herald.example/%d", n)
	}
	again, fresh, tally := l.commit(t, items...)
	if fresh != 0 || !slices.Equal(again, first) || !tally.Rekeyed() {
		t.Fatalf("%d new, %v; want the items %v", fresh, again, first)
	}
	if l.state.Rekeyed.IsZero() {
		t.Error("the re-keyed document was not noted")
	}
	if one, fresh, _ := l.commit(t, items[3]); fresh != 0 || one[0] != first[3] {
		t.Errorf("the new keys were not stored")
	}
}

func TestAGUIDThatComesBackOnAnotherReportIsNew(t *testing.T) {
	l := newLedger()
	old := entryOf(0)
	old.GUID, old.Published = "slot-1", monday
	first, _, _ := l.commit(t, old)
	other := news.Item{
		GUID: "slot-1", Link: "https://herald.example/sport/final", Published: monday.Add(48 * time.Hour),
		Title: "Rowers collect bronze in lake regatta", Summary: "A late sprint carried the young crew past two rivals on calm water.",
	}
	got, fresh, _ := l.commit(t, other)
	if fresh != 1 || got[0] == first[0] || l.state.Reused.IsZero() {
		t.Fatalf("%v, %d new, distrusted %v", got, fresh, !l.state.Reused.IsZero())
	}
	if again, fresh, _ := l.commit(t, other, old); fresh != 0 || again[0] != got[0] || again[1] != first[0] {
		t.Errorf("next poll: %v, %d new; want %v and %v", again, fresh, got[0], first[0])
	}
	for name, change := range map[string]func(*news.Item){
		"same day":     func(i *news.Item) { i.Published = monday.Add(time.Hour) },
		"known link":   func(i *news.Item) { i.Link = old.Link },
		"related text": func(i *news.Item) { i.Title, i.Summary = old.Title, old.Summary },
	} {
		l, revised := newLedger(), other
		l.commit(t, old)
		change(&revised)
		if _, fresh, _ := l.commit(t, revised); fresh != 0 {
			t.Errorf("%s: the guid was taken for reused", name)
		}
	}
}

func TestATollThatRisesIsARevisionWithItsFigures(t *testing.T) {
	l := newLedger()
	before, after := entryOf(1), entryOf(1)
	before.Title, after.Title = "Ferry disaster off Gulzar leaves 22 dead", "Ferry disaster off Gulzar leaves 23 dead"
	after.Link = "https://www.herald.example/world/report-1-toll-rises"
	first, _, _ := l.commit(t, before)
	second, fresh, _ := l.commit(t, after)
	if fresh != 0 || second[0] != first[0] {
		t.Fatalf("%v, %d new; want %v", second, fresh, first)
	}
	if TextHash(before.Title, before.Summary) == TextHash(after.Title, after.Summary) {
		t.Error("no Revision")
	}
	if got := Figures(before.Title, after.Title); got != "22 → 23" {
		t.Errorf("figures %q", got)
	}
}

func TestEntriesWithoutWordsAreKnownByTheirKeys(t *testing.T) {
	l := newLedger()
	items := []news.Item{
		{GUID: "1", Title: "", Link: "https://herald.example/1"},
		{GUID: "2", Title: "🎈🎈", Link: "https://herald.example/2"},
		{GUID: "", Title: "<b></b>", Link: "https://herald.example/3"},
	}
	if got, fresh, _ := l.commit(t, items...); fresh != 3 {
		t.Fatalf("%v: %d new, want 3", got, fresh)
	}
	if got, fresh, _ := l.commit(t, items...); fresh != 0 {
		t.Fatalf("%v: %d new again", got, fresh)
	}
}

func TestWeakTextIsAnItemOfItsDay(t *testing.T) {
	l := newLedger()
	weather := func(day int) news.Item {
		return news.Item{Title: "Weather", Published: monday.AddDate(0, 0, day)}
	}
	for _, want := range []struct{ day, fresh int }{{0, 1}, {0, 0}, {1, 1}, {1, 0}} {
		if _, fresh, _ := l.commit(t, weather(want.day)); fresh != want.fresh {
			t.Errorf("day %d: %d new, want %d", want.day, fresh, want.fresh)
		}
	}
}

func TestDistrustEndsThirtyDaysAfterTheLastSymptom(t *testing.T) {
	d := Judge(news.Distrust{}, Tally{Entries: 2, VoidGUID: 2}, monday)
	if d.Reused != monday {
		t.Fatalf("void guids: %+v", d)
	}
	if d = Judge(d, Tally{Entries: 9}, monday.Add(distrustFor)); d.Reused.IsZero() {
		t.Error("ended too early")
	}
	if d = Judge(d, Tally{Entries: 9}, monday.Add(distrustFor+1)); d != (news.Distrust{}) {
		t.Errorf("did not end: %+v", d)
	}
}

func TestTheHigherStepWinsAConflict(t *testing.T) {
	l := newLedger()
	first, _, _ := l.commit(t, entryOf(0), entryOf(1))
	mixed := entryOf(0)
	mixed.Link = entryOf(1).Link
	got, fresh, tally := l.commit(t, mixed)
	if got[0] != first[0] || fresh != 0 || tally.Conflicts != 1 {
		t.Fatalf("found %v, %d new, %d conflicts; want %v by its guid", got[0], fresh, tally.Conflicts, first[0])
	}
	if again, _, _ := l.commit(t, entryOf(0), entryOf(1)); !slices.Equal(again, first) {
		t.Errorf("a key moved: %v, want %v", again, first)
	}
}

func TestKeysOfTwoSourcesNeverMeet(t *testing.T) {
	items := []news.Item{entryOf(0)}
	a := Identify(&news.Source{ID: "a"}, news.Distrust{}, items)[0]
	b := Identify(&news.Source{ID: "b"}, news.Distrust{}, items)[0]
	for _, k := range append(a.Keys, a.Print) {
		if slices.Contains(append(b.Keys, b.Print), k) {
			t.Errorf("%v of source a is a key of source b", k)
		}
	}
	link := LinkKeys("a", items[0].Link)
	if !slices.Contains(a.Keys, link[0]) {
		t.Errorf("LinkKeys %v are not among the keys", link)
	}
}
