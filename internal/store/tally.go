package store

import (
	"cmp"
	"slices"

	"khyber/internal/news"
)

// tallies weighs what was found under several keys. Its memory is used again:
// for each item that is compared, hundreds are found.
type tallies struct {
	found   []hit
	slots   []tally // by the last bits of the item, which is a hash, or behind; a power of two
	heavier []int   // slots that weigh enough
}

// tally is what an item, or a story, weighs.
type tally struct {
	item   news.ItemID // 0: the slot is free
	key    int32       // the last one under which it stood
	weight int32
}

// hit is an item that stands under a key.
type hit struct {
	key  int32
	item news.ItemID
}

// hit notes what stands under a key, one key after the other.
func (t *tallies) hit(key int, item news.ItemID) { t.found = append(t.found, hit{int32(key), item}) }

// heaviest returns those of the hits since the last call whose keys weigh least
// together, the heaviest first, then by ID. Who stands under a key on several
// days counts once.
func (t *tallies) heaviest(weight func(key int) int, least int) []news.ItemID {
	t.clear()
	mask := len(t.slots) - 1
	for _, h := range t.found {
		at := int(h.item) & mask
		for t.slots[at].item != 0 && t.slots[at].item != h.item {
			at = (at + 1) & mask
		}
		s := &t.slots[at]
		if s.item != 0 && s.key == h.key {
			continue
		}
		before := s.weight
		*s = tally{h.item, h.key, before + int32(weight(int(h.key)))}
		if before < int32(least) && s.weight >= int32(least) {
			t.heavier = append(t.heavier, at)
		}
	}
	t.found = t.found[:0]
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
func (t *tallies) clear() {
	size := 1
	for size < 1+2*len(t.found) {
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
