package lexicon

import "slices"

// Words returns words of which every text holds one that mentions the entity or
// what counts for it: of each spelling the longest.
func (l *Lexicon) Words(id ID) []Word {
	return l.trie.longest(func(value int32) bool {
		p := &l.phrases[value]
		return p.role != roleGuard && slices.Contains(l.counts[p.entity], id)
	})
}

// longest returns, of each spelling with a value that is wanted, the longest
// word, none twice.
func (t *Trie) longest(wanted func(value int32) bool) []Word {
	words := make([]Word, t.ids+1)
	for _, w := range t.words {
		for class, id := range w.ids {
			words[id] = Word{Fold: w.fold, Stem: class >= stem}
		}
	}
	behind := make([][]edgeSlot, len(t.nodes))
	for _, e := range t.table {
		if e.to != 0 {
			behind[e.node] = append(behind[e.node], e)
		}
	}
	found := make(map[Word]bool)
	var list []Word
	var visit func(at int32, best Word)
	visit = func(at int32, best Word) {
		for i := t.nodes[at].first; i != 0; i = t.outs[i-1].next {
			if !found[best] && wanted(t.outs[i-1].value) {
				found[best] = true
				list = append(list, best)
			}
		}
		for _, e := range behind[at] {
			w := words[e.id]
			if len(w.Fold) < len(best.Fold) {
				w = best
			}
			visit(e.to, w)
		}
	}
	visit(0, Word{})
	return list
}
