package story

import (
	"slices"
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
// one of them. Chance shares two words; a false link says that one publisher
// confirms another.
const (
	flatShared = 3 * flatIDF // of the telling words that both have
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
	for i := range word {
		if v.beginnings[word[:i]] {
			return true
		}
	}
	return v.beginnings[word]
}

// flat says whether a term is of a language without counts.
func (t *term) flat() bool { return t.idf == flatIDF || t.class&function != 0 }

// entities returns the embedded lexicon. What feeds.yaml adds to it does not
// count: stories must not depend on the file.
var entities = sync.OnceValue(func() *lexicon.Lexicon {
	l, _ := lexicon.Load(news.Node{}) // its tests find what is wrong with it
	return l
})

// nameEntities marks the names of the lexicon in a title: one of several words is
// one, and those of countries and the like are common.
func nameEntities(title []term, s, lang string) {
	scanner := lexicon.Scanner{Lexicon: entities(), Silenced: true}
	for _, m := range scanner.Scan(lexicon.Field{Text: s, Tokens: text.Tokens(s, lang)}, nil) {
		switch m.Silence {
		case lexicon.ByLonger, lexicon.ByGuard, lexicon.ByShort:
			continue
		}
		inside := slices.DeleteFunc(termsOf(title, m), func(t *term) bool { return t.entity != 0 })
		e := entities().Entity(m.Entity)
		for _, t := range inside {
			t.entity = hashWord("$" + e.ID)
			t.class &^= function | everyday
			t.idf, t.region = flatIDF, flatIDF
			if !telltale(e.Kind) {
				t.class |= everyday
				t.region = flatCommon
			}
		}
	}
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
