package storetest

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"khyber/internal/news"
	"khyber/internal/story"
)

// pollMost is how many items of a document the property takes: with more, a
// document of known texts under new names is one whose site was rebuilt, which
// is a rule of identity and not of copies.
const pollMost = 4

// grouped is which items are copies of each other, and why.
type grouped struct {
	Groups [][]news.ItemID
	Edges  []story.Edge
}

// groupsOf commits items in polls of random sizes, one source each, and returns
// what came of it.
func groupsOf(t TB, items []news.Item, random *rand.Rand) grouped {
	w := NewWorld(t, Memory(), Hooks{})
	w.third()
	for i := 0; i < len(items); {
		n := 1
		for most := 1 + random.IntN(pollMost); n < most && i+n < len(items) && items[i+n].Source == items[i].Source; {
			n++
		}
		w.Commit(items[i].Source, items[i:i+n]...)
		w.Now = w.Now.Add(time.Minute)
		i += n
	}
	related := w.relations()
	byRepresentative := make(map[news.ItemID][]news.ItemID)
	for _, k := range related.Kin {
		if k.Group != 0 {
			byRepresentative[k.Group] = append(byRepresentative[k.Group], k.Item)
		}
	}
	out := grouped{Edges: related.Edges}
	for _, ids := range byRepresentative {
		out.Groups = append(out.Groups, ids)
	}
	slices.SortFunc(out.Groups, slices.Compare)
	return out
}

func TestPropAnyOrderAndAnySplitIntoPollsGivesTheSameGroups(t *testing.T) {
	titles := []string{
		bridge, bridge + " - Courier", "Arvand bridge near Belqis is whole again", "Plum farmers of Belqis get their road back",
		"Belqis orchards lose 40 plum trees to hail", "Belqis orchards lose 41 plum trees to hail", "Morning update from the Gulzar harbour office of pilots",
	}
	summaries := []string{"", girder, girder[:100] + "…", girder + toll, crane, board, fmt.Sprintf(sunny, "Belqis", 21)}
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		var items []news.Item
		for n := range rapid.IntRange(2, 16).Draw(t, "items") {
			source := rapid.SampledFrom([]string{"alpha", "beta", "gamma"}).Draw(t, "source")
			i := report(fmt.Sprint(n), rapid.SampledFrom(titles).Draw(t, "title"), rapid.SampledFrom(summaries).Draw(t, "summary"))
			i.Source, i.Link = source, fmt.Sprintf("https://%s.example/%d", source, n)
			i.Published = Noon.Add(-time.Duration(rapid.IntRange(0, 150).Draw(t, "hours ago")) * time.Hour)
			items = append(items, i)
		}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		want := groupsOf(t, items, random)
		for range 2 {
			random.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
			slices.SortStableFunc(items[:len(items)/2], func(a, b news.Item) int { return len(a.Source) - len(b.Source) }) // fuller polls
			if got := groupsOf(t, items, random); !reflect.DeepEqual(got, want) {
				t.Fatalf("got %v\nwant %v", got, want)
			}
		}
		compared += len(want.Groups)
	})
	if compared == 0 {
		t.Error("no group was there to compare")
	}
}
