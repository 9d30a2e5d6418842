package topic

import (
	"slices"
	"strings"
	"unicode"

	"khyber/internal/lexicon"
)

// lint warns of a topic that is valid but may not do what its editor thinks:
// W1, W7 and W9. W8 and W11 are found where their values are read; W2 to W4
// need an archive.
func (c *compiler) lint(t *topic) {
	match, ignore := 0, 0
	for _, e := range t.examples {
		if e.wanted {
			match++
		} else {
			ignore++
		}
	}
	if match == 0 || ignore == 0 {
		c.warn(t.at, "examples are tests: add {match: […], ignore: […]}", "has no example that it must match, or none that it must ignore") // W1
	}
	included := vocabulary(t.include)
	for _, r := range t.exclude {
		if r.unless != nil && shares(included, vocabularyOf(r.unless)) {
			c.warn(r.unless.at, "name the few words that shall be an exception", "exclude: the unless of «%s» holds for most of what the topic takes", r.name) // W9
		}
	}
	c.lintLanguages(t, included)
}

// lintLanguages warns of a language whose names take items, but in which no word
// excludes one: there the topic is not precise (W7).
func (c *compiler) lintLanguages(t *topic, included []int32) {
	if len(t.exclude) == 0 {
		return
	}
	excluded := make(map[string]bool)
	for _, term := range vocabulary(t.exclude) {
		for _, lang := range c.terms.languages(term) {
			excluded[lang] = true
		}
	}
	var missing []string
	for _, term := range included {
		if int(term) >= c.terms.lex.Len() {
			continue
		}
		for _, lang := range c.terms.languages(term) {
			if !excluded[lang] && !slices.Contains(missing, lang) && (len(t.scope.languages) == 0 || slices.Contains(t.scope.languages, lang)) {
				missing = append(missing, lang)
			}
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		c.warn(t.at, "add such words, or set languages:", "takes items in %s, but no exclude rule has a word in it", strings.Join(missing, ", "))
	}
}

// languages returns the languages of a term; of a phrase all that its script may
// be.
func (t *terms) languages(term int32) []string {
	if int(term) < t.lex.Len() {
		return t.lex.Languages(lexicon.ID(term))
	}
	for _, r := range t.phrases[int(term)-t.lex.Len()] {
		for _, s := range scriptLanguages {
			if unicode.Is(s.script, r) {
				return s.languages
			}
		}
	}
	return nil
}

// scriptLanguages are the supported languages by script.
var scriptLanguages = []struct {
	script    *unicode.RangeTable
	languages []string
}{
	{unicode.Latin, []string{"en"}},
	{unicode.Arabic, []string{"ur", "ps", "fa", "ar"}},
	{unicode.Cyrillic, []string{"ru"}},
	{unicode.Devanagari, []string{"hi"}},
	{unicode.Bengali, []string{"bn"}},
}

// vocabulary returns the terms that make rules hold, each once.
func vocabulary(rules []*rule) []int32 {
	var all []int32
	for _, r := range rules {
		for _, t := range vocabularyOf(r.cond) {
			if !slices.Contains(all, t) {
				all = append(all, t)
			}
		}
	}
	return all
}

func vocabularyOf(c *cond) []int32 {
	var all []int32
	if c.op == opTerm {
		return append(all, c.term)
	}
	if c.op == opNone {
		return nil
	}
	for _, p := range c.parts {
		for _, t := range vocabularyOf(p) {
			if !slices.Contains(all, t) {
				all = append(all, t)
			}
		}
	}
	return all
}

// shares says whether more than half of the included terms are in an unless.
func shares(included, unless []int32) bool {
	n := 0
	for _, t := range unless {
		if slices.Contains(included, t) {
			n++
		}
	}
	return 2*n > len(included)
}
