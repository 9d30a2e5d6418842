package topic

import (
	"khyber/internal/lexicon"
)

// terms numbers what conditions look for: the entities and groups of the lexicon
// by their ID, then the phrases of rules.
type terms struct {
	lex     *lexicon.Lexicon
	trie    *lexicon.Trie // of the phrases
	phrases []string
	byText  map[string]int32
	useURL  bool // a condition looks at words of the link
}

func newTerms(lex *lexicon.Lexicon) *terms {
	return &terms{lex: lex, trie: lexicon.NewTrie(), byText: make(map[string]int32)}
}

// phrase returns the number of a phrase. Its error is a *lexicon.Mistake.
func (t *terms) phrase(s string) (int32, error) {
	if id, ok := t.byText[s]; ok {
		return id, nil
	}
	spellings, err := lexicon.ParsePhrase(s)
	if err != nil {
		return 0, err
	}
	id := int32(t.lex.Len() + len(t.phrases))
	t.phrases = append(t.phrases, s)
	t.byText[s] = id
	for _, words := range spellings {
		t.trie.Add(words, id)
	}
	return id, nil
}

// size is the number of terms.
func (t *terms) size() int { return t.lex.Len() + len(t.phrases) }

// entity returns the name of a term; empty for a phrase.
func (t *terms) entity(term int32) string {
	if int(term) < t.lex.Len() {
		return t.lex.Entity(lexicon.ID(term)).ID
	}
	return ""
}
