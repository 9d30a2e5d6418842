// Package text owns what a word is: folding, tokens with their places, ends of
// sentences, the language and the direction of a text.
//
// It must not know items, names or rules. The same functions see the lexicon,
// the rules and the items, so that spellings of one word meet: Latin accents,
// Arabic, Persian, Urdu and Pashto forms of one letter, apostrophes, invisible
// signs. Unicode's own normal forms unify none of those pairs. The rules are
// numbered N0 to N16 in comments.
//
// Everything is a pure function over tables. Lengths of words are counted by
// [Letters], which leaves out combining marks; that is the only unit.
package text

import (
	"strings"
)

// Token is a word of a text.
type Token struct {
	Fold     string   // the folded word, never empty
	Alt      []string // the word without Arabic clitics (N14), without l’ or d’: further candidates
	Start    int      // bytes in the text, as it is shown to people
	End      int
	Caps     bool // all of its letters are capitals; one letter is enough
	Sentence int  // counts from 0
	Break    bool // punctuation that no phrase crosses stands before it
}

// Fold returns the folded words of s joined by one space. Fold(Fold(s)) = Fold(s).
func Fold(s string) string {
	sc := scanner{src: s, joins: true}
	sc.joined.Grow(len(s))
	sc.run()
	return sc.joined.String()
}

// Tokens returns the words of s. Tags are skipped and character references
// decoded. Only Arabic clitics depend on lang: they are looked for when it is
// "ar" or empty.
func Tokens(s, lang string) []Token { return AppendTokens(nil, s, lang) }

// AppendTokens appends the words of s to dst: Tokens for callers that keep the
// memory. The tokens share memory with s.
func AppendTokens(dst []Token, s, lang string) []Token {
	sc := scanner{src: s, tokens: dst, clitics: lang == "" || lang == "ar"}
	sc.run()
	return sc.tokens
}

// Letters returns the number of letters and digits of a folded word; combining
// marks such as vowel signs are part of their letter.
func Letters(word string) int {
	n := 0
	for _, r := range word {
		if !isMark(r) {
			n++
		}
	}
	return n
}

// Primary returns the language of a tag by its two letters of ISO 639-1:
// "ur" of "ur-PK". Dari is Persian here: "prs" and "fa-AF" are "fa".
func Primary(tag string) string {
	tag = strings.ToLower(strings.TrimSpace(tag))
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	if two, ok := threeLetters[tag]; ok {
		return two
	}
	return tag
}

// threeLetters are the codes of ISO 639-2 and 639-3 that outlets write in place
// of two letters.
var threeLetters = map[string]string{
	"prs": "fa", "fas": "fa", "per": "fa", "pes": "fa", "eng": "en", "urd": "ur", "pus": "ps", "pst": "ps",
	"pbt": "ps", "ara": "ar", "arb": "ar", "hin": "hi", "rus": "ru", "ben": "bn", "tgk": "tg", "uzb": "uz",
}
