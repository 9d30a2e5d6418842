package store

import (
	"cmp"
	"slices"

	"khyber/internal/news"
)

// tallies weighs what was found under several keys. Its memory is used again:
// for each item that is compared, hundreds are found.
type tallies struct {
	found  []hit
	slots  []tally // by the last bits of the item, which is a hash, or behind; a power of two
	chosen []int   // slots that have the votes
	heavy  []tally // what stands there
}

// tally is what an item, or a story, weighs.
type tally struct {
	item   news.ItemID // 0: the slot is free
	weight int32
	votes  int16
	key    int16 // the last one under which it stood, of eight or so
}

// hit is an item that stands under a key.
type hit struct {
	key  int32
	item news.ItemID
}

// hit notes what stands under a key, one key after the other.
func (t *tallies) hit(key int, item news.ItemID) { t.found = append(t.found, hit{int32(key), item}) }

// heaviest returns those of the hits since the last call whose keys have so many
// votes together, the heaviest first, then by ID; they are overwritten by the next
// call. Who stands under a key on several days counts once.
func (t *tallies) heaviest(count func(key int) (votes, weight int), votes int) []tally {
	t.clear()
	mask := len(t.slots) - 1
	for _, h := range t.found {
		at := int(h.item) & mask
		for t.slots[at].item != 0 && t.slots[at].item != h.item {
			at = (at + 1) & mask
		}
		s := &t.slots[at]
		if s.item != 0 && s.key == int16(h.key) {
			continue
		}
		v, w := count(int(h.key))
		before := s.votes
		*s = tally{h.item, s.weight + int32(w), before + int16(v), int16(h.key)}
		if before < int16(votes) && s.votes >= int16(votes) {
			t.chosen = append(t.chosen, at)
		}
	}
	t.found = t.found[:0]
	t.heavy = t.heavy[:0]
	for _, at := range t.chosen {
		t.heavy = append(t.heavy, t.slots[at])
	}
	slices.SortFunc(t.heavy, func(a, b tally) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.item, b.item))
	})
	return t.heavy
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
	t.chosen = t.chosen[:0]
}
