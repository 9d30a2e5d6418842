package store

import (
	"sync"

	"khyber/internal/news"
	"khyber/internal/story"
)

// vectorsMost is how many vectors are kept in memory: a week of a busy list at
// about 300 bytes each.
const vectorsMost = 1 << 15

// vectors keeps the vectors of texts that were compared of late, in two halves:
// when the young half is full it becomes the old one. A vector is a function of
// the text, so it may be lost at any time.
type vectors struct {
	mu         sync.Mutex
	young, old map[vectorName]*story.Vector
}

// vectorName is an item with the hash of its text.
type vectorName struct {
	item news.ItemID
	text uint64
}

// get returns nil for a vector that is not kept.
func (v *vectors) get(name vectorName) *story.Vector {
	v.mu.Lock()
	defer v.mu.Unlock()
	if found := v.young[name]; found != nil {
		return found
	}
	found := v.old[name]
	if found != nil {
		v.add(name, found)
	}
	return found
}

func (v *vectors) put(name vectorName, vector *story.Vector) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.add(name, vector)
}

// add needs the lock.
func (v *vectors) add(name vectorName, vector *story.Vector) {
	if len(v.young) >= vectorsMost/2 || v.young == nil {
		v.old, v.young = v.young, make(map[vectorName]*story.Vector)
	}
	v.young[name] = vector
}
