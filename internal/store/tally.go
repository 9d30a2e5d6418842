package store

import (
	"cmp"
	"slices"

	"khyber/internal/news"
)

// tallies weighs what was found under several keys. Its memory is used again:
// for each item that is compared, hundreds are found.
type tallies struct {
	slots   []tally // by the last bits of the item, which is a hash, or behind; a power of two
	heavier []int   // slots that weigh enough
}

// tally is what an item, or a story, weighs.
type tally struct {
	item   news.ItemID // 0: the slot is free
	key    int32       // the last one under which it stood
	weight int32
}

// heaviest returns what stands under keys that weigh least together, the
// heaviest first, then by ID. Who stands under a key on several days counts once.
func (t *tallies) heaviest(found [][]news.ItemID, weight func(key int) int, least int) []news.ItemID {
	t.clear(found)
	mask := len(t.slots) - 1
	for key, items := range found {
		w := int32(weight(key))
		for _, item := range items {
			at := int(item) & mask
			for t.slots[at].item != 0 && t.slots[at].item != item {
				at = (at + 1) & mask
			}
			s := &t.slots[at]
			if s.item != 0 && s.key == int32(key) {
				continue
			}
			before := s.weight
			*s = tally{item, int32(key), before + w}
			if before < int32(least) && s.weight >= int32(least) {
				t.heavier = append(t.heavier, at)
			}
		}
	}
	slices.SortFunc(t.heavier, func(a, b int) int {
		return cmp.Or(cmp.Compare(t.slots[b].weight, t.slots[a].weight), cmp.Compare(t.slots[a].item, t.slots[b].item))
	})
	out := make([]news.ItemID, len(t.heavier))
	for i, at := range t.heavier {
		out[i] = t.slots[at].item
	}
	return out
}

// clear makes room for all that was found, twice as much as is needed.
func (t *tallies) clear(found [][]news.ItemID) {
	n := 1
	for _, items := range found {
		n += 2 * len(items)
	}
	size := 1
	for size < n {
		size *= 2
	}
	if cap(t.slots) < size {
		t.slots = make([]tally, size)
	} else {
		t.slots = t.slots[:size]
		clear(t.slots)
	}
	t.heavier = t.heavier[:0]
}
