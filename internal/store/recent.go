package store

import (
	"sync"
	"time"

	"khyber/internal/news"
	"khyber/internal/story"
)

// Limits of what is kept in memory of texts that were compared of late.
const (
	// vectorsMost is in vectors, at about 300 bytes each: a week of a busy list.
	vectorsMost = 3 << 14
	// facesMost is in items, at about 100 bytes each.
	facesMost = 1 << 15
	// signsMost is in bytes, of which a report has 800 or so: the candidates of
	// three days of a busy list.
	signsMost = 12 << 20
	// openedMost is in members of stories, whose vectors it shares.
	openedMost = 1 << 15
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
	faces   recent[face] // dropped when rules give other topics
	signs   recent[story.Packed]
	vectors recent[story.Vector]
	opened  recent[story.Open] // under a hash of the members
}

func newMemory() *memory {
	m := new(memory)
	m.faces.most, m.signs.most, m.vectors.most, m.opened.most = facesMost, signsMost, vectorsMost, openedMost
	return m
}

// face is what a story shows of a member.
type face struct {
	topics        []string // that it is in
	publisher     string
	at, firstSeen time.Time
}

// keepFace keeps and returns what a story shows of an item.
func (m *memory) keepFace(s *Stored) *face {
	f := &face{publisher: s.Item.Publisher, at: s.Item.At, firstSeen: s.Item.FirstSeen}
	for i := range s.Item.Matches {
		if s.Item.Matches[i].Verdict == news.In {
			f.topics = append(f.topics, s.Item.Matches[i].Topic)
		}
	}
	m.faces.put(textName{s.Item.ID, s.Text}, f, 1)
	return f
}

// keepSign keeps the signature of an item.
func (m *memory) keepSign(s *Stored, made *story.Signature) {
	packed := made.Pack()
	m.signs.put(textName{s.Item.ID, s.Text}, packed, packed.Bytes())
}
