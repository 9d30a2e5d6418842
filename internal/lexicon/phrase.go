package lexicon

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"khyber/internal/text"
)

// Word is a word of a phrase.
type Word struct {
	Fold string
	Caps bool // it was written in Latin capitals and matches only capitals
	Stem bool // any ending may follow
}

// Mistake is what is wrong with a phrase and what to write instead.
type Mistake struct{ Text, Fix string }

// Error returns both.
func (m *Mistake) Error() string {
	if m.Fix == "" {
		return m.Text
	}
	return m.Text + "; " + m.Fix
}

const (
	maxSpellings = 200 // of one phrase: more is a slip, not a name
	minStem      = 3   // letters before a star: shorter ones hold half of a language
)

// ParsePhrase returns the spellings that a phrase stands for: (a|b|) is
// expanded, a word in Latin capitals matches only capitals, a word may end
// in *. Its error is a *Mistake.
func ParsePhrase(phrase string) ([][]Word, error) {
	for _, sign := range []string{`\`, ".*", ".+", "(?"} {
		if strings.Contains(phrase, sign) {
			return nil, &Mistake{
				fmt.Sprintf("%q has %s of a regular expression", phrase, sign), "write the words; they are found whole; a rule takes an expression in `matches`",
			}
		}
	}
	texts, err := expand(phrase)
	if err != nil {
		return nil, err
	}
	spellings := make([][]Word, 0, len(texts))
	for _, s := range texts {
		words, err := parseWords(phrase, s)
		if err != nil {
			return nil, err
		}
		spellings = append(spellings, words)
	}
	return spellings, nil
}

// expand replaces every (a|b|) by each of its alternatives.
func expand(phrase string) ([]string, error) {
	done := []string{""}
	rest := phrase
	for {
		open := strings.IndexAny(rest, "()|")
		if open < 0 {
			break
		}
		if rest[open] != '(' {
			return nil, &Mistake{fmt.Sprintf("%q has a %q outside of brackets", phrase, rest[open]), "write (this|that)"}
		}
		size := strings.IndexAny(rest[open+1:], "()")
		if size < 0 {
			return nil, &Mistake{fmt.Sprintf("%q has a ( that is not closed", phrase), "write (this|that)"}
		}
		if rest[open+1+size] == '(' {
			return nil, &Mistake{fmt.Sprintf("%q has brackets in brackets", phrase), "write the phrase twice"}
		}
		alternatives := strings.Split(rest[open+1:open+1+size], "|")
		if err := checkAlternatives(phrase, alternatives); err != nil {
			return nil, err
		}
		if len(done)*len(alternatives) > maxSpellings {
			return nil, &Mistake{fmt.Sprintf("%q stands for more than %d spellings", phrase, maxSpellings), "write several phrases"}
		}
		next := make([]string, 0, len(done)*len(alternatives))
		for _, d := range done {
			for _, a := range alternatives {
				next = append(next, d+rest[:open]+a)
			}
		}
		done, rest = next, rest[open+size+2:]
	}
	for i := range done {
		done[i] += rest
	}
	return done, nil
}

func checkAlternatives(phrase string, alternatives []string) error {
	empty := 0
	for _, a := range alternatives {
		if strings.TrimSpace(a) == "" {
			empty++
		}
	}
	if empty > 1 || empty == len(alternatives) {
		return &Mistake{fmt.Sprintf("%q has brackets with nothing to choose", phrase), "write (this|that), or (this|) for one that may be missing"}
	}
	return nil
}

// parseWords reads one spelling of the phrase.
func parseWords(phrase, spelling string) ([]Word, error) {
	tokens := text.Tokens(spelling, "en")
	if len(tokens) == 0 {
		return nil, &Mistake{Text: fmt.Sprintf("%q has no letter or digit", spelling)}
	}
	words := make([]Word, len(tokens))
	stars := 0
	for i, t := range tokens {
		if i > 0 && t.Break {
			return nil, &Mistake{
				fmt.Sprintf("%q can never be found: a phrase does not cross punctuation", phrase), "write its parts as terms of `all` or `near`",
			}
		}
		w := Word{Fold: t.Fold, Caps: t.Caps && isLatin(spelling[t.Start:t.End])}
		if t.End < len(spelling) && spelling[t.End] == '*' {
			w.Stem = true
			stars++
			if next, _ := utf8.DecodeRuneInString(spelling[t.End+1:]); unicode.IsLetter(next) || unicode.IsDigit(next) {
				return nil, &Mistake{fmt.Sprintf("%q has a * within a word", phrase), "a star stands at the end of a word"}
			}
			if text.Letters(w.Fold) < minStem {
				return nil, &Mistake{fmt.Sprintf("%q has a * after fewer than %d letters", phrase, minStem), "write more of the word, or list its forms"}
			}
			if len(w.Fold) > maxStem {
				return nil, &Mistake{fmt.Sprintf("%q has a * after a word of more than %d bytes", phrase, maxStem), "shorten it"}
			}
		}
		words[i] = w
	}
	if stars < strings.Count(spelling, "*") {
		return nil, &Mistake{fmt.Sprintf("%q has a * that follows no word", phrase), "a star stands at the end of a word"}
	}
	return words, nil
}

func isLatin(s string) bool {
	for _, r := range s {
		if unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) {
			return false
		}
	}
	return true
}
