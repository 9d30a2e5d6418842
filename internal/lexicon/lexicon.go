// Package lexicon owns the entities, their spellings in many languages, and the
// search for them in a text.
package lexicon

import "khyber/internal/news"

// Lexicon is the embedded lexicon with the additions of feeds.yaml. It never
// changes and is safe for concurrent use.
type Lexicon struct{}

// Load reads the embedded lexicon and applies the value of the key `lexicon:`
// of feeds.yaml to it; a Node of kind NodeNone changes nothing.
func Load(_ news.Node) (*Lexicon, []news.Problem) { return &Lexicon{}, nil }
