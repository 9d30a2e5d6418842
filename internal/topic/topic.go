// Package topic owns the language of topics: rules, verdicts with their
// reasons, examples and the arithmetic of a backtest.
package topic

import (
	"khyber/internal/lexicon"
	"khyber/internal/news"
)

// Set is the compiled form of all topics. It never changes and is safe for
// concurrent use.
type Set struct{}

// Compile makes a Set of the topics' maps as they stand in feeds.yaml, and runs
// their examples. The Set is nil when a Problem is no warning.
func Compile(_ []news.Node, _ *lexicon.Lexicon, _ []news.Source) (*Set, []news.Problem) {
	return &Set{}, nil
}

// Match returns the verdict of every topic that takes or excludes the item, in
// the order of the topics.
func (s *Set) Match(_ *news.Item) []news.Match { return nil }

// Topics returns the topics in the order of feeds.yaml.
func (s *Set) Topics() []news.Topic { return nil }
