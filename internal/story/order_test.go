package story

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"khyber/internal/news"
)

// archive is the least that a store is for copies: Commit's steps 6 to 9 over
// maps.
type archive struct {
	sigs    map[news.ItemID]Signature
	members map[news.ItemID]Member
	near    map[CandidateKey][]news.ItemID
	titles  map[string][]Use
	texts   map[string][]Use
	edges   map[[2]news.ItemID]Edge
}

func newArchive() *archive {
	return &archive{
		sigs: map[news.ItemID]Signature{}, members: map[news.ItemID]Member{}, near: map[CandidateKey][]news.ItemID{},
		titles: map[string][]Use{}, texts: map[string][]Use{}, edges: map[[2]news.ItemID]Edge{},
	}
}

// add takes an item in and relates it to its candidates.
func (r *archive) add(src *news.Source, item *news.Item) {
	s := Sign(src, item)
	r.sigs[item.ID] = s
	r.members[item.ID] = Member{ID: item.ID, At: item.At, FirstSeen: item.FirstSeen, Publisher: item.Publisher}
	title, text := TextKeys(&s)
	r.titles[fmt.Sprint(item.Source, title)] = append(r.titles[fmt.Sprint(item.Source, title)], Use{item.ID, item.At, text})
	if text != 0 {
		r.texts[fmt.Sprint(item.Source, text)] = append(r.texts[fmt.Sprint(item.Source, text)], Use{item.ID, item.At, title})
	}
	weight := map[news.ItemID]int{}
	for _, k := range CandidateKeys(&s) {
		for _, id := range r.near[k] {
			weight[id] += k.Weight()
		}
		r.near[k] = append(r.near[k], item.ID)
	}
	for id, w := range weight {
		other := r.sigs[id]
		if w < Enough || other.at.Sub(s.at).Abs() > Window {
			continue
		}
		if v := Relate(&s, &other); v.Relation != "" {
			r.edges[[2]news.ItemID{min(id, item.ID), max(id, item.ID)}] = NewEdge(id, item.ID, v)
		}
	}
}

// groups judges series and boilerplate by all that came, and groups.
func (r *archive) groups() [][]news.ItemID {
	for id, m := range r.members {
		s := r.sigs[id]
		title, text := TextKeys(&s)
		m.Series = IsSeries(m.At, r.titles[fmt.Sprint(s.source, title)])
		m.Boilerplate = IsBoilerplate(m.At, r.texts[fmt.Sprint(s.source, text)])
		r.members[id] = m
	}
	return Groups(slices.Collect(maps.Values(r.members)), slices.Collect(maps.Values(r.edges)), nil)
}

func TestPropGroupsDoNotDependOnTheOrderOfArrival(t *testing.T) {
	titles := []string{
		"Engineers close last gap of Arvand bridge near Belqis", "Engineers close last gap of Arvand bridge near Belqis - Courier",
		"Arvand bridge near Belqis is whole again", "Belqis orchards lose 40 plum trees to hail", "Belqis orchards lose 41 plum trees to hail",
		"Morning update from the Gulzar harbour office of pilots",
	}
	summaries := []string{
		"", wire, wire[:100] + "…", wire + " A toll on salt paid for it.",
		"Hail the size of walnuts fell on the orchards for an hour before noon, and growers counted broken branches until dusk.",
		"All news of the day from our reporters in Belqis, Gulzar and the islands, on paper and on the air.",
	}
	outlets := []string{"herald", "courier", "gazette", "tribune"}
	rapid.Check(t, func(t *rapid.T) {
		type arrival struct {
			src  news.Source
			item news.Item
		}
		var all []arrival
		for range rapid.IntRange(2, 14).Draw(t, "items") {
			src, item := report{
				outlet: rapid.SampledFrom(outlets).Draw(t, "outlet"), title: rapid.SampledFrom(titles).Draw(t, "title"),
				summary: rapid.SampledFrom(summaries).Draw(t, "summary"), after: time.Duration(rapid.IntRange(0, 100).Draw(t, "hour")) * time.Hour,
			}.item()
			if !slices.ContainsFunc(all, func(a arrival) bool { return a.item.ID == item.ID }) {
				all = append(all, arrival{src, item})
			}
		}
		grouped := func() [][]news.ItemID {
			r := newArchive()
			for i := range all {
				r.add(&all[i].src, &all[i].item)
			}
			return r.groups()
		}
		want := grouped()
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if got := grouped(); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestBoilerplateSummariesLeaveTheDecisionToTheTitles(t *testing.T) {
	const board = "All news of the day from our reporters in Belqis, Gulzar and the islands, on paper and on the air."
	r := newArchive()
	var ids []news.ItemID
	for i, x := range []report{
		{outlet: "herald", title: "Engineers close last gap of Arvand bridge near Belqis", summary: board},
		{outlet: "courier", title: "Engineers close last gap of Arvand bridge near Belqis", summary: wire},
		{outlet: "herald", title: "Hail breaks plum branches in Belqis orchards", summary: board},
		{outlet: "herald", title: "Pilots of Gulzar harbour strike for better boats", summary: board},
	} {
		x.after = time.Duration(i) * time.Minute
		src, item := x.item()
		r.add(&src, &item)
		ids = append(ids, item.ID)
	}
	want := [][]news.ItemID{{min(ids[0], ids[1]), max(ids[0], ids[1])}}
	if got := r.groups(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
