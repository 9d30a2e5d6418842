package story

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"khyber/internal/lexicon"
	"khyber/internal/news"
	"khyber/internal/text"
)

// In a language without counts nothing says how rare a word is, so what is known
// to be frequent weighs little: words of grammar and of any day's news, by the
// tables, and by the lexicon the names of countries, cities, offices and groups
// and its vocabulary. All other words weigh the same. Thousandths.
const (
	flatIDF     = 6000 // of a word of which nothing is known
	functionIDF = 500  // of a word of grammar; a vector leaves it out
	flatCommon  = 2000 // of a frequent word or name, or of a figure, in a vector
	flatPair    = 3000 // of two characters, where words are not divided, in a vector

	// shortWord is in letters: a word of fewer tells nothing, as the parts of an
	// acronym that is spelled out.
	shortWord = 3
)

// What makes two titles one story when the tables do not know the language of
// one of them. Chance shares two words, and a name of any length; a false link says that one publisher
// confirms another.
const (
	flatShared = 3 * flatIDF // of the telling words that both have
	flatRun    = 2 * flatIDF // that words side by side in both count at most: a name, a set phrase
	flatQuote  = 5 * flatIDF // of words side by side that are more than a name, and count in full
	flatWorth  = 600         // thousandths of the similarity that count
)

// flatten gives a term the weights that it has in a language without counts.
func (v *vocabulary) flatten(t *term) {
	grammar := t.class&(stopWord|function) != 0
	t.class &^= critical | soft | stopWord | modal // of English
	t.known = false
	t.idf, t.region = flatIDF, flatIDF
	switch {
	case grammar:
		t.class |= function
		t.idf, t.region = functionIDF, functionIDF
	case t.class&figure != 0:
		t.region = flatCommon
	case t.class&everyday != 0 || text.Letters(t.word) < shortWord || v.begins(t.word):
		t.class |= everyday
		t.region = flatCommon
	}
}

// begins says whether a word is one of the common ones with an ending.
func (v *vocabulary) begins(word string) bool {
	i, found := slices.BinarySearch(v.beginnings, word)
	return found || i > 0 && strings.HasPrefix(word, v.beginnings[i-1])
}

// flat says whether a term is of a language without counts.
func (t *term) flat() bool { return t.idf == flatIDF || t.class&function != 0 }

// entities returns the embedded lexicon. What feeds.yaml adds to it does not
// count: stories must not depend on the file. Only vectors use it, so that edges
// depend on nothing but Tables.
var entities = sync.OnceValue(func() *lexicon.Lexicon {
	l, _ := lexicon.Load(news.Node{}) // its tests find what is wrong with it
	return l
})

// nameEntities returns the terms of a title with the names of the lexicon marked:
// one of several words is one, and those of countries and the like are common.
func nameEntities(s *Signature) []term {
	title := slices.Clone(s.title)
	scanner := lexicon.Scanner{Lexicon: entities(), Silenced: true}
	for _, m := range scanner.Scan(lexicon.Field{Text: s.plain, Tokens: text.Tokens(s.plain, s.lang)}, nil) {
		switch m.Silence {
		case lexicon.ByLonger, lexicon.ByGuard, lexicon.ByShort:
			continue
		}
		inside := slices.DeleteFunc(termsOf(title, m), func(t *term) bool { return t.entity })
		e := entities().Entity(m.Entity)
		for _, t := range inside {
			t.hash, t.entity = hashWord("$"+e.ID), true
			t.class &^= function | everyday
			t.idf, t.region = flatIDF, flatIDF
			if !telltale(e.Kind) {
				t.class |= everyday
				t.region = flatCommon
			}
			if e.Kind == lexicon.Country {
				t.class |= country
			}
		}
	}
	return title
}

// termsOf returns the terms of a title that a mention covers, two characters also
// where it covers one of them.
func termsOf(title []term, m lexicon.Mention) []*term {
	var out []*term
	for i := range title {
		t := &title[i]
		if t.at >= m.Start && t.at < m.End || t.class&bigram != 0 && t.at == m.Start-1 {
			out = append(out, t)
		}
	}
	return out
}

// telltale says whether few reports of a day name an entity of a kind.
func telltale(kind lexicon.Kind) bool {
	switch kind {
	case "person", "place", "crossing", "district":
		return true
	}
	return false
}

// told returns the weight of the telling words that two titles share, of which
// a few that stand side by side in both count as two at most. It is 0 for what
// may come from one template: when both have figures or countries and none in
// common, or differ in one part only.
func told(a, b *Vector) int64 {
	type both struct{ a, b weight }
	if tellTogether(a, b) < flatShared { // as most do
		return 0
	}
	var shared []both
	parts := class(0)
	for i, j := 0, 0; i < len(a.weights) && j < len(b.weights); {
		switch x, y := a.weights[i].hash, b.weights[j].hash; {
		case x < y:
			i++
		case x > y:
			j++
		default:
			shared = append(shared, both{a.weights[i], b.weights[j]})
			parts |= a.weights[i].parts
			i, j = i+1, j+1
		}
	}
	if a.parts()&b.parts()&^parts != 0 || refilled(a, b, len(shared)) {
		return 0
	}
	slices.SortFunc(shared, func(x, y both) int { return cmp.Compare(x.a.place, y.a.place) })
	sum, run := int64(0), int64(0)
	for i, s := range shared {
		if i > 0 && (s.a.place != shared[i-1].a.place+1 || s.b.place != shared[i-1].b.place+1) {
			sum, run = sum+worth(run), 0
		}
		if s.a.tells && s.b.tells {
			run += min(int64(s.a.value), int64(s.b.value), flatIDF)
		}
	}
	return sum + worth(run)
}

// tellTogether returns the weight of all telling words that two titles share.
func tellTogether(a, b *Vector) int64 {
	sum := int64(0)
	for i, j := 0, 0; i < len(a.weights) && j < len(b.weights); {
		switch x, y := &a.weights[i], &b.weights[j]; {
		case x.hash < y.hash:
			i++
		case x.hash > y.hash:
			j++
		default:
			if x.tells && y.tells {
				sum += min(int64(x.value), int64(y.value), flatIDF)
			}
			i, j = i+1, j+1
		}
	}
	return sum
}

// parts returns of which kinds a title has words that part reports.
func (v *Vector) parts() class {
	all := class(0)
	for i := range v.weights {
		all |= v.weights[i].parts
	}
	return all
}

// refilled says whether two titles, which share so many words, are one but for a
// part that each has in the same place: nothing says whether it is another word
// for the same or another name.
func refilled(a, b *Vector, shared int) bool {
	x, y := a.inOrder(), b.inOrder()
	same := 0
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y, same = x[1:], y[1:], same+1
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y, same = x[:len(x)-1], y[:len(y)-1], same+1
	}
	return same == shared && len(x) > 0 && len(y) > 0
}

// inOrder returns the words of a vector as the title has them.
func (v *Vector) inOrder() []uint64 {
	sorted := slices.SortedFunc(slices.Values(v.weights), func(a, b weight) int { return cmp.Compare(a.place, b.place) })
	out := make([]uint64, len(sorted))
	for i := range sorted {
		out[i] = sorted[i].hash
	}
	return out
}

// worth returns what words side by side count for.
func worth(run int64) int64 {
	if run >= flatQuote {
		return run
	}
	return min(run, flatRun)
}
