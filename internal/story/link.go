package story

import (
	"cmp"
	"math"
	"slices"
	"time"
	"unicode"

	"khyber/internal/news"
)

// Stories (guide §8). Similarities are in thousandths and belong to the tables.
const (
	// SameStory is the similarity from which an item joins a story.
	SameStory = 280
	// StoryOpen is how long after its last member a story takes new ones.
	StoryOpen = 7 * 24 * time.Hour
	// StoryReach is how far from an item stories are looked for: 95 hours apart,
	// even equal titles are less similar than SameStory.
	StoryReach = 96 * time.Hour
	// StoryMembers is how many of a story's newest members count.
	StoryMembers = 64

	sameEvent   = 400 // from which two of a story report one event
	storyKeys   = 8   // rarest tokens by which a story is found
	minWeight   = 200 // of a token, thousandths
	foldedExtra = 500 // a folded word weighs at most its target and this
	otherKind   = 660 // what is left of the similarity of events of two kinds of report
	decayTime   = 72 * time.Hour
	// likeness is what the similarity of two titles is taken times, thousandths.
	// It moves both thresholds from the edge to the middle of the range in which
	// they do best.
	likeness    = 1050
	bestMembers = 2
)

// Vector is what a title says, for stories: its words folded once more, so that
// Afghan is Afghanistan and an airstrike a strike.
type Vector struct {
	weights []weight // by hash
	counted bool     // in a language that the tables know
	square  int64    // of its length
	at      time.Time
	kind    class // whether it explains, reacts or recalls
}

// weight is a word of a title. Tens of thousands of titles are kept in memory:
// it has 16 bytes.
type weight struct {
	hash  uint64
	value uint16 // thousandths; the rarest word has 13,000 or so
	place uint16 // among the words that have a weight
	parts class  // figure or country: other ones are another report
	tells bool   // what few titles have
}

// TitleVector is the vector of an item's signature, made without reading what
// counts for copies only.
func TitleVector(src *news.Source, item *news.Item) Vector {
	r := readers.Get().(*reader)
	defer readers.Put(r)
	s := readTitle(r, src, item)
	s.at = item.At
	return NewVector(&s)
}

// NewVector makes the vector of a signature.
func NewVector(s *Signature) Vector {
	v := Vector{at: s.at, counted: s.counted}
	for _, w := range weigh(s, &v.kind) {
		v.weights = append(v.weights, w.weight)
		v.square += int64(w.value) * int64(w.value)
	}
	return v
}

// weighed is a weight with the word that has it.
type weighed struct {
	weight
	word string
}

// weigh returns the weights of a title, by hash, and notes what kind of report
// it is.
func weigh(s *Signature, kind *class) []weighed {
	title := s.title
	if !s.counted && s.script != unicode.Latin { // there the lexicon is English
		title = nameEntities(s)
	}
	out := make([]weighed, 0, len(title))
	for i := 0; i < len(title); i++ {
		t := &title[i]
		*kind |= t.class & (explains | reacts | recalls)
		if t.class&(stopWord|function) != 0 {
			continue
		}
		main := ""
		if s.counted {
			main = words().same[t.stem]
			if i+1 < len(title) {
				if pair := words().same[t.stem+"+"+title[i+1].stem]; pair != "" {
					main, i = pair, i+1
				}
			}
		}
		w := weighed{weight{t.hash, uint16(max(t.region, minWeight)), uint16(len(out)), t.class & (figure | country), t.informative()}, t.stem}
		if main != "" {
			target := words().look(main)
			w.hash, w.value, w.word = target.hash, min(w.value, uint16(max(target.region, minWeight)+foldedExtra)), main
		}
		if n := len(out); t.entity && n > 0 && out[n-1].hash == w.hash {
			continue // one name
		}
		out = append(out, w)
	}
	slices.SortFunc(out, func(a, b weighed) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(b.value, a.value)) })
	return slices.CompactFunc(out, func(a, b weighed) bool { return a.hash == b.hash })
}

// sharedMost is how many words are told of a link.
const sharedMost = 3

// Shared returns the words that two titles share as stories see them, the
// rarest first, three at most.
func Shared(a, b *Signature) []string {
	var kind class
	other := weigh(b, &kind)
	shared := slices.DeleteFunc(weigh(a, &kind), func(w weighed) bool {
		return !slices.ContainsFunc(other, func(o weighed) bool { return o.hash == w.hash })
	})
	slices.SortFunc(shared, func(a, b weighed) int { return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(a.hash, b.hash)) })
	var out []string
	for _, w := range shared[:min(len(shared), sharedMost)] {
		out = append(out, w.word)
	}
	return out
}

// Nearest returns the place of the vector that is most like v, the first of
// several; -1 where none is like it at all.
func Nearest(v *Vector, among []*Vector) int {
	best, at := int64(0), -1
	for i, o := range among {
		if s := similarity(v, o); s > best {
			best, at = s, i
		}
	}
	return at
}

// At returns the time of the item.
func (v *Vector) At() time.Time { return v.at }

// StoryKey is one under which the stories of a title are found.
type StoryKey struct {
	Key    uint64 // of 48 bits
	Weight int    // the square of its word's weight, of which eight stay below 2³¹
}

// StoryKeys returns the keys of the rarest words of a vector, by key. A story is
// a candidate when two are shared.
func StoryKeys(v *Vector) []StoryKey {
	// What tells nothing would find every story of the day.
	rare := slices.DeleteFunc(slices.Clone(v.weights), func(w weight) bool { return !w.tells })
	slices.SortFunc(rare, func(a, b weight) int { return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(a.hash, b.hash)) })
	out := make([]StoryKey, 0, storyKeys)
	for _, w := range rare[:min(len(rare), storyKeys)] {
		out = append(out, StoryKey{w.hash & (1<<keyBits - 1), int(w.value) * int(w.value)})
	}
	slices.SortFunc(out, func(a, b StoryKey) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

// Reach returns how similar a title can be at most to members of a story, in
// thousandths, when it lacks StoryKeys of so much Weight: they share no word of
// what is missing, unless a member has eight that are rarer.
func (v *Vector) Reach(missing int) int {
	if v.square == 0 {
		return 0
	}
	return int(math.Ceil(likeness * math.Sqrt(1-float64(missing)/float64(v.square))))
}

// same is the similarity of a title to itself, millionths.
const same = 1_000_000

// similarity is the cosine of two vectors, less with time and where one is of a
// language without counts, in millionths.
func similarity(a, b *Vector) int64 {
	var dot int64
	flat := !a.counted || !b.counted
	if flat && told(a, b) < flatShared {
		return 0
	}
	for i, j := 0, 0; i < len(a.weights) && j < len(b.weights); {
		switch x, y := a.weights[i].hash, b.weights[j].hash; {
		case x < y:
			i++
		case x > y:
			j++
		default:
			dot += int64(a.weights[i].value) * int64(b.weights[j].value)
			i, j = i+1, j+1
		}
	}
	if dot == 0 {
		return 0
	}
	// One rounded operation after the other: nothing to fuse, the same everywhere.
	cosine := float64(dot) / math.Sqrt(float64(a.square)*float64(b.square))
	decay := math.Round(same * math.Exp(-float64(a.at.Sub(b.at).Abs())/float64(decayTime)))
	s := int64(cosine * decay)
	if flat {
		return s * flatWorth / 1000
	}
	return min(s*likeness/1000, same)
}

// Open is a story that may take a new member, with the vectors of its newest
// members; of a copy group one counts.
type Open struct {
	ID      news.ItemID
	Members []*Vector
}

// Linked is what Link found. Similarities are in thousandths.
type Linked struct {
	Story      news.ItemID // 0: the item begins a story of its own
	Similarity int         // to the story
}

// Link returns how an item belongs to a story, with which it shares two
// StoryKeys.
func Link(v *Vector, s *Open) Linked {
	l := Linked{s.ID, int(meanOfBest(v, s.Members) / 1000)}
	if l.Similarity < SameStory {
		l.Story = 0
	}
	return l
}

// Nearer returns the one of two stories to which an item belongs; of equal ones
// that with the lower ID.
func (l Linked) Nearer(o Linked) Linked {
	if o.Story != 0 && (l.Story == 0 || cmp.Or(cmp.Compare(l.Similarity, o.Similarity), cmp.Compare(o.Story, l.Story)) < 0) {
		return o
	}
	return l
}

// meanOfBest returns the mean similarity to the two nearest members, in
// millionths. A story of one member has one.
func meanOfBest(v *Vector, members []*Vector) int64 {
	var near nearest
	for _, m := range members {
		if v.at.Sub(m.at).Abs() > StoryOpen {
			continue
		}
		near.add(similarity(v, m))
	}
	return near.mean()
}

// nearest keeps the largest similarities, the best first.
type nearest struct {
	top [bestMembers]int64
	n   int
}

func (n *nearest) add(s int64) {
	n.n = min(n.n+1, bestMembers)
	for i := range n.top {
		if s > n.top[i] {
			s, n.top[i] = n.top[i], s
		}
	}
}

func (n *nearest) mean() int64 {
	sum := int64(0)
	for _, s := range n.top {
		sum += s
	}
	return sum / int64(max(1, n.n))
}
