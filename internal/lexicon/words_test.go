package lexicon

import (
	"slices"
	"strings"
	"testing"

	"khyber/internal/news"
)

func TestEverySpellingHasAWordOfWhatItCountsFor(t *testing.T) {
	l, problems := Load(news.Node{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	r := &reader{entries: make(map[string]*entry)}
	own, err := embeddedNode()
	if err != nil {
		t.Fatal(err)
	}
	r.embedded(own)
	words := make(map[ID][]Word)
	has := func(id ID, spelling []Word) bool {
		if words[id] == nil {
			words[id] = l.Words(id)
		}
		return slices.ContainsFunc(words[id], func(w Word) bool {
			return slices.ContainsFunc(spelling, func(s Word) bool { return s.Fold == w.Fold && s.Stem == w.Stem })
		})
	}
	n := 0
	for name, e := range r.entries {
		id, _ := l.Find(name)
		for role, list := range e.lists {
			if roleOf(role) == roleGuard {
				continue
			}
			for _, s := range list {
				spellings, err := ParsePhrase(s.text)
				if err != nil {
					t.Fatal(err)
				}
				for _, spelling := range spellings {
					for _, up := range l.Counts(id) {
						if n++; !has(up, spelling) {
							t.Errorf("%q of %s: no word of it is among those of %s", s.text, name, l.Entity(up).ID)
						}
					}
				}
			}
		}
	}
	if n < 1000 {
		t.Errorf("only %d spellings were looked at", n)
	}
}

func TestWordsOfAnEntityAreTheLongestOfEachSpelling(t *testing.T) {
	l, _ := Load(news.Node{})
	id, ok := l.Find("torkham")
	if !ok {
		t.Fatal("no such entity")
	}
	var got []string
	for _, w := range l.Words(id) {
		if w.Fold[0] < 0x80 {
			got = append(got, w.Fold+strings.Repeat("*", map[bool]int{true: 1}[w.Stem]))
		}
	}
	slices.Sort(got)
	if want := []string{"kham", "torcham", "torkham", "torkham*", "turham", "turkham"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
