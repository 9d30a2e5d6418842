package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/story"
)

// What a store keeps in memory of texts decides nothing: one that is opened
// again before every poll relates the same. Texts change, come back with another
// link or other capitals, and stand under names that were known.
func memoryDecidesNothing(w *World) {
	forgetful := NewWorld(w.t, Memory(), Hooks{})
	for _, world := range []*World{w, forgetful} {
		world.third()
		for round := range 8 {
			for i, source := range []string{"alpha", "beta", "gamma"} {
				if world == forgetful {
					world.open(world.engine)
				}
				world.Commit(source, turning(source, i, round, world.Now)...)
			}
			world.Now = world.Now.Add(13 * time.Hour)
		}
	}
	got, want := w.relations(), forgetful.relations()
	if len(want.Edges) == 0 || len(want.Kin) < 5 {
		w.t.Fatalf("%d edges and %d items with kin: too few to compare", len(want.Edges), len(want.Kin))
	}
	same(w, "relations", got, want)
}

// turning is a document of a source in a round: its reports take turns with
// other texts, each source in its own time.
func turning(source string, i, round int, now time.Time) []news.Item {
	texts := []func(string, int, ...string) news.Item{wire, own, Item, wire}
	var doc []news.Item
	for n := range 6 {
		item := texts[(n+round/(i+2))%len(texts)](source, n, "border")
		item.Published = Noon
		if round%2 == 1 {
			item.Title = strings.ToUpper(item.Title[:9]) + item.Title[9:]
		}
		if round > 4 {
			item.Link = fmt.Sprintf("https://%s.example/again/%d", source, n%3)
		}
		doc = append(doc, item)
	}
	return append(doc, Report(source, round, now), Report("everywhere", round, now))
}

// related is all that the items of a store are to each other.
type related struct {
	Kin   []store.Kin
	Edges []story.Edge
}

func (w *World) relations() related {
	w.t.Helper()
	var out related
	err := w.engine.Read(w.t.Context(), func(tx store.ReadTx) error {
		items, _, err := tx.Scan("", 1000, false)
		if err != nil {
			return err
		}
		var ids []news.ItemID
		for i := range items {
			ids = append(ids, items[i].Item.ID)
		}
		slices.Sort(ids)
		kin, err := tx.Kin(ids)
		if err != nil {
			return err
		}
		for _, k := range kin {
			if k != (store.Kin{Item: k.Item}) {
				out.Kin = append(out.Kin, k)
			}
		}
		edges, err := tx.Edges(ids)
		for i, id := range ids {
			for _, e := range edges[i] {
				if e.Low == id {
					out.Edges = append(out.Edges, e)
				}
			}
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.SortFunc(out.Edges, func(a, b story.Edge) int {
		return slices.Compare([]news.ItemID{a.Low, a.High}, []news.ItemID{b.Low, b.High})
	})
	return out
}
