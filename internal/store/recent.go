package store

import (
	"sync"

	"khyber/internal/news"
	"khyber/internal/story"
)

// Limits of what is kept in memory of texts that were compared of late.
const (
	// vectorsMost is in vectors: a week of a busy list at about 300 bytes each.
	vectorsMost = 1 << 15
	// topicsMost is in items, most of which are in none.
	topicsMost = 1 << 15
	// signsMost is in words of 72 bytes, of which a report has 50 or so: the
	// candidates of busy hours, in 10 megabytes.
	signsMost = 1 << 17
)

// textName is an item with the hash of its text.
type textName struct {
	item news.ItemID
	text uint64
}

// recent keeps what was made of texts of late, in two halves: when the young
// half is full it becomes the old one. All of it can be made again, so it may be
// lost at any time; it belongs to a view, since names of sources count too.
type recent[V any] struct {
	most int // weight of both halves

	mu         sync.Mutex
	young, old map[textName]weighed[V]
	weight     int // of the young half
}

type weighed[V any] struct {
	made   *V
	weight int
}

// get returns nil for what is not kept.
func (r *recent[V]) get(name textName) *V {
	r.mu.Lock()
	defer r.mu.Unlock()
	if found, ok := r.young[name]; ok {
		return found.made
	}
	found, ok := r.old[name]
	if ok {
		r.add(name, found)
	}
	return found.made
}

// put keeps what was made in place of what the same name had before: a text can
// come again with another link.
func (r *recent[V]) put(name textName, made *V, weight int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(name, weighed[V]{made, weight})
}

// add needs the lock.
func (r *recent[V]) add(name textName, w weighed[V]) {
	if r.young == nil || r.weight+w.weight > r.most/2 {
		r.old, r.young, r.weight = r.young, make(map[textName]weighed[V]), 0
	}
	r.young[name] = w
	r.weight += w.weight
}

// drop forgets what was made.
func (r *recent[V]) drop(name textName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.young, name)
	delete(r.old, name)
}

// memory is what a view keeps of texts.
type memory struct {
	topics  recent[[]string] // that items are in; dropped when rules give others
	signs   recent[story.Signature]
	vectors recent[story.Vector]
}

func newMemory() *memory {
	m := new(memory)
	m.topics.most, m.signs.most, m.vectors.most = topicsMost, signsMost, vectorsMost
	return m
}

// keepTopics keeps and returns the topics that an item is in.
func (m *memory) keepTopics(s *Stored) []string {
	var in []string
	for i := range s.Item.Matches {
		if s.Item.Matches[i].Verdict == news.In {
			in = append(in, s.Item.Matches[i].Topic)
		}
	}
	m.topics.put(textName{s.Item.ID, s.Text}, &in, 1)
	return in
}
