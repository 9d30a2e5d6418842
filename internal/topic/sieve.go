package topic

import (
	"cmp"
	"slices"

	"khyber/internal/lexicon"
	"khyber/internal/news"
	"khyber/internal/text"
)

// sieveOf returns what refuses most items for which a condition cannot hold,
// without looking for mentions. It never refuses one for which it holds.
func sieveOf(t *terms, c *cond) *text.Sieve {
	s := new(text.Sieve)
	for _, words := range t.wanted(c) {
		if !s.Set() {
			break
		}
		for _, w := range words {
			s.Add(w.Fold, w.Stem)
		}
	}
	return s
}

// wanted returns sets of words, of each of which an item must have one for the
// condition to hold; nil: it may hold without any.
func (t *terms) wanted(c *cond) [][]lexicon.Word {
	switch c.op {
	case opTerm:
		return t.words(c.term)
	case opMap, opAll, opNear: // all parts must hold
		var sets [][]lexicon.Word
		for _, p := range c.parts {
			sets = append(sets, t.wanted(p)...)
		}
		return sets
	case opAny, opScore: // one part at least
		if len(c.parts) == 1 && c.op == opAny {
			return t.wanted(c.parts[0])
		}
		var union []lexicon.Word
		for i, p := range c.parts {
			if c.op == opScore && c.points[i] < 0 {
				continue
			}
			sets := t.wanted(p)
			if len(sets) == 0 {
				return nil
			}
			union = append(union, slices.MinFunc(sets, rarer)...)
		}
		return [][]lexicon.Word{union}
	}
	return nil
}

// words returns what wanted does, of a term.
func (t *terms) words(term int32) [][]lexicon.Word {
	if int(term) < t.lex.Len() {
		return [][]lexicon.Word{t.lex.Words(lexicon.ID(term))}
	}
	spellings, _ := lexicon.ParsePhrase(t.phrases[int(term)-t.lex.Len()]) // it was parsed before
	if len(spellings) != 1 {
		var union []lexicon.Word
		for _, words := range spellings {
			union = append(union, slices.MaxFunc(words, longer))
		}
		return [][]lexicon.Word{union}
	}
	var sets [][]lexicon.Word
	for _, w := range spellings[0] {
		sets = append(sets, []lexicon.Word{w})
	}
	return sets
}

func longer(a, b lexicon.Word) int { return cmp.Compare(len(a.Fold), len(b.Fold)) }

// rarer orders sets by how few items have a word of them, as far as their sizes
// tell.
func rarer(a, b []lexicon.Word) int {
	if len(a) != len(b) || len(a) == 0 {
		return cmp.Compare(len(a), len(b))
	}
	return longer(slices.MinFunc(b, longer), slices.MinFunc(a, longer))
}

// textsOf returns the texts of an item that conditions look at.
func (t *terms) textsOf(item *news.Item) [partCount]string {
	texts := [partCount]string{item.Title, item.Summary, tagText(item.Tags), ""}
	if t.useURL {
		texts[partURL] = pathText(item.Link)
	}
	return texts
}
