package lexicon

import (
	"unicode/utf8"

	"khyber/internal/text"
)

// Trie finds phrases in the tokens of a text: whole words, so that capitals,
// endings and Arabic clitics cost nothing further. It is built once by Add and
// is then safe for concurrent use.
type Trie struct {
	words   []word
	slots   []slot            // open addressing over words, by hash
	stemLen [maxStem + 1]bool // a stem has so many bytes
	ids     int32             // handed out to (word, class) so far, from 1

	root  []int32 // node behind the root, by id; 0: none
	edges map[edge]int32
	table []edgeSlot // edges, once the trie is scanned
	nodes []node
	outs  []out
}

// word is an entry of the dictionary: what one folded word can stand for.
type word struct {
	fold string
	ids  [classes]int32 // 0: none
}

// The classes of a word in a phrase.
const (
	exact = iota
	exactCaps
	stem
	stemCaps
	classes
)

type slot struct {
	hash  uint32
	entry int32 // index in words plus 1; 0: free
}

type edge struct {
	node, id int32
}

type edgeSlot struct {
	edge
	to int32 // 0: free
}

type node struct {
	first int32 // index in outs plus 1; 0: no phrase ends here
	leaf  bool
}

type out struct {
	value int32
	next  int32
}

// Hit is a phrase found: its value and its tokens.
type Hit struct {
	Value      int32
	Start, End int32
}

// maxStem is the longest word before a star, in bytes: a table has its length.
const maxStem = 127

// NewTrie returns an empty Trie.
func NewTrie() *Trie {
	return &Trie{edges: make(map[edge]int32), nodes: []node{{}}, slots: make([]slot, 64), root: []int32{0}}
}

// Add makes the trie find a spelling and report value for it. The same spelling
// with the same value counts once.
func (t *Trie) Add(spelling []Word, value int32) {
	at := int32(0)
	for _, w := range spelling {
		at = t.child(at, t.intern(w))
	}
	for i := t.nodes[at].first; i != 0; i = t.outs[i-1].next {
		if t.outs[i-1].value == value {
			return
		}
	}
	t.outs = append(t.outs, out{value, t.nodes[at].first})
	t.nodes[at].first = int32(len(t.outs))
	t.table = nil
}

// child returns the node behind an edge and makes it where it is missing.
func (t *Trie) child(at, id int32) int32 {
	e := edge{at, id}
	next, ok := t.edges[e]
	if !ok {
		t.nodes = append(t.nodes, node{leaf: true})
		next = int32(len(t.nodes) - 1)
		t.edges[e] = next
		t.nodes[at].leaf = false
		if at == 0 {
			t.root[id] = next
		}
	}
	return next
}

// intern returns the id of a word of a phrase.
func (t *Trie) intern(w Word) int32 {
	class := exact
	if w.Stem {
		class = stem
		t.stemLen[len(w.Fold)] = true
	}
	if w.Caps {
		class++
	}
	hash := hashOf(w.Fold)
	entry := t.lookup(hash, w.Fold)
	if entry == nil {
		t.words = append(t.words, word{fold: w.Fold})
		entry = &t.words[len(t.words)-1]
		if 2*len(t.words) > len(t.slots) {
			t.grow()
		} else {
			t.place(slot{hash, int32(len(t.words))})
		}
	}
	if entry.ids[class] == 0 {
		t.ids++
		entry.ids[class] = t.ids
		t.root = append(t.root, 0)
	}
	return entry.ids[class]
}

// The parameters of FNV-1a, whose value for a prefix is on the way to that of
// the word.
const (
	fnvStart = 2166136261
	fnvPrime = 16777619
)

func hashOf(s string) uint32 {
	h := uint32(fnvStart)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * fnvPrime
	}
	return h
}

func (t *Trie) lookup(hash uint32, fold string) *word {
	mask := uint32(len(t.slots) - 1)
	for i := hash & mask; t.slots[i].entry != 0; i = (i + 1) & mask {
		if t.slots[i].hash == hash && t.words[t.slots[i].entry-1].fold == fold {
			return &t.words[t.slots[i].entry-1]
		}
	}
	return nil
}

func (t *Trie) place(s slot) {
	mask := uint32(len(t.slots) - 1)
	i := s.hash & mask
	for t.slots[i].entry != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = s
}

func (t *Trie) grow() {
	t.slots = make([]slot, 4*len(t.slots))
	for i := range t.words {
		t.place(slot{hashOf(t.words[i].fold), int32(i + 1)})
	}
}

// Seal makes the table of edges that scanning reads; it is called once, after
// the last Add.
func (t *Trie) Seal() {
	size := 64
	for size < 2*len(t.edges) {
		size *= 2
	}
	t.table = make([]edgeSlot, size)
	for e, to := range t.edges {
		i := e.place(size)
		for t.table[i].to != 0 {
			i = (i + 1) & (size - 1)
		}
		t.table[i] = edgeSlot{e, to}
	}
	t.edges = nil
}

// place returns where the search for an edge begins in a table.
func (e edge) place(size int) int {
	h := uint64(uint32(e.node))<<32 | uint64(uint32(e.id))
	h *= 0x9e3779b97f4a7c15 // Fibonacci hashing
	return int(h>>33) & (size - 1)
}

func (t *Trie) next(at, id int32) int32 {
	e := edge{at, id}
	for i := e.place(len(t.table)); t.table[i].to != 0; i = (i + 1) & (len(t.table) - 1) {
		if t.table[i].edge == e {
			return t.table[i].to
		}
	}
	return 0
}

// Scratch is memory that Scan uses again. The zero value is ready.
type Scratch struct {
	ids  []int32 // candidates of all tokens
	ends []int32 // where those of each token end
}

// Scan appends every phrase in the tokens to dst, in the order of their starts.
func (t *Trie) Scan(tokens []text.Token, s *Scratch, dst []Hit) []Hit {
	s.ids, s.ends = s.ids[:0], s.ends[:0]
	for i := range tokens {
		tok := &tokens[i]
		s.ids = t.candidates(s.ids, tok.Fold, tok.Caps)
		for _, a := range tok.Alt {
			s.ids = t.candidates(s.ids, a, false)
		}
		s.ends = append(s.ends, int32(len(s.ids)))
	}
	w := walk{t, tokens, s, dst, 0}
	from := int32(0)
	for i := range tokens {
		w.start = int32(i)
		for _, id := range s.ids[from:s.ends[i]] {
			if n := t.root[id]; n != 0 {
				w.from(n, int32(i)+1)
			}
		}
		from = s.ends[i]
	}
	return w.found
}

// candidates appends the ids of all that a folded word can stand for. There is
// no limit: a cut would be a lost match.
func (t *Trie) candidates(dst []int32, fold string, caps bool) []int32 {
	h := uint32(fnvStart)
	for i := 0; i < len(fold); i++ {
		if i <= maxStem && t.stemLen[i] && utf8.RuneStart(fold[i]) {
			if w := t.lookup(h, fold[:i]); w != nil {
				dst = appendIDs(dst, w, stem, caps)
			}
		}
		h = (h ^ uint32(fold[i])) * fnvPrime
	}
	if w := t.lookup(h, fold); w != nil {
		dst = appendIDs(dst, w, exact, caps)
		dst = appendIDs(dst, w, stem, caps)
	}
	return dst
}

func appendIDs(dst []int32, w *word, class int, caps bool) []int32 {
	if id := w.ids[class]; id != 0 {
		dst = append(dst, id)
	}
	if id := w.ids[class+1]; id != 0 && caps {
		dst = append(dst, id)
	}
	return dst
}

// walk is one scan on its way through the trie.
type walk struct {
	*Trie
	tokens []text.Token
	s      *Scratch
	found  []Hit
	start  int32
}

// from reports the phrases that end at a node and goes on with token k.
func (w *walk) from(at, k int32) {
	for i := w.nodes[at].first; i != 0; i = w.outs[i-1].next {
		w.found = append(w.found, Hit{w.outs[i-1].value, w.start, k})
	}
	if w.nodes[at].leaf || int(k) >= len(w.tokens) || w.tokens[k].Break {
		return
	}
	for _, id := range w.s.ids[w.s.ends[k-1]:w.s.ends[k]] {
		if n := w.next(at, id); n != 0 {
			w.from(n, k+1)
		}
	}
}
