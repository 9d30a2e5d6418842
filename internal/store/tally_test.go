package store

import (
	"math/rand"
	"slices"
	"testing"

	"khyber/internal/news"
)

// heaviest returns the heaviest of what stands under each key.
func heaviest(t *tallies, found [][]news.ItemID, weight func(key int) int) []news.ItemID {
	for key, items := range found {
		for _, item := range items {
			t.hit(key, item)
		}
	}
	var ids []news.ItemID
	for _, h := range t.heaviest(func(key int) (votes, w int) { return weight(key), weight(key) }, 2) {
		ids = append(ids, h.item)
	}
	return ids
}

func TestTheHeaviestComeFirst(t *testing.T) {
	var counts tallies
	found := [][]news.ItemID{{7, 9, 7, 8}, {9, 1}, nil, {9, 8, 3}}
	weights := []int{1, 1, 5, 1}
	weight := func(key int) int { return weights[key] }
	if got, want := heaviest(&counts, found, weight), []news.ItemID{9, 8}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	weights[3] = 2
	if got, want := heaviest(&counts, found, weight), []news.ItemID{9, 8, 3}; !slices.Equal(got, want) {
		t.Errorf("with a heavier key: got %v, want %v", got, want)
	}
	if got := heaviest(&counts, nil, weight); len(got) != 0 {
		t.Errorf("of nothing: got %v", got)
	}
}

func TestTalliesCountAsAMapDoes(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	var counts tallies
	for range 200 {
		found := make([][]news.ItemID, 1+random.Intn(8))
		want := make(map[news.ItemID]int)
		for key := range found {
			under := make(map[news.ItemID]bool)
			for range random.Intn(60) {
				item := news.ItemID(1 + random.Intn(40)<<random.Intn(20)) // many share their last bits
				found[key] = append(found[key], item)
				under[item] = true
			}
			for item := range under {
				want[item]++
			}
		}
		for _, item := range heaviest(&counts, found, func(int) int { return 1 }) {
			if want[item] < 2 {
				t.Fatalf("%d stands under %d keys in %v", item, want[item], found)
			}
			delete(want, item)
		}
		for item, n := range want {
			if n >= 2 {
				t.Fatalf("%d is missing, which stands under %d keys in %v", item, n, found)
			}
		}
	}
}
