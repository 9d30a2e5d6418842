// Package topic owns the language of topics: rules over mentions of entities,
// verdicts with their reasons, examples, the one-line search language and the
// arithmetic of a backtest.
//
// It must not know YAML, stores or time. [Compile] turns the values of
// feeds.yaml into a [Set], or into Problems with their places; nothing in a rule
// is ever ignored in silence. A Set never changes, so all goroutines share it
// and a reload swaps a pointer. One call of [Set.Match] tokenises an item once,
// finds mentions once, and then asks each topic: its include rules, any of which
// takes the item, then its exclude rules, any of which drops it. The rules R1 to
// R14, errors E1 to E6 and warnings W1 to W11 are numbered in comments.
package topic

import (
	"cmp"
	"encoding/binary"
	"hash"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"sync"

	"khyber/internal/lexicon"
	"khyber/internal/news"
)

// engineVersion is raised when folding, tokens or the meaning of rules change:
// then every stored verdict is judged anew.
const engineVersion = 3

// Set is the compiled form of all topics. It never changes and is safe for
// concurrent use.
type Set struct {
	terms   *terms
	topics  []*topic
	sources map[string]*news.Source
	pre     *presearcher // nil: so few topics that asking each is quicker
	docs    *sync.Pool   // of *doc
}

// topic is a topic with its compiled rules.
type topic struct {
	news.Topic
	at       news.Position
	scope    scope
	include  []*rule
	exclude  []*rule
	examples []example
	hash     uint64
	broken   bool // it has a Problem; its examples would only repeat it
}

// rule is an include or exclude rule.
type rule struct {
	name   string
	at     news.Position
	scope  scope
	cond   *cond
	unless *cond
}

// Compile makes a Set of the topics' maps as they stand in feeds.yaml, and runs
// their examples. The Set is nil when a Problem is no warning.
func Compile(defs []news.Node, lex *lexicon.Lexicon, sources []news.Source) (*Set, []news.Problem) {
	c := newCompiler(lex, sources)
	s := &Set{terms: c.terms, sources: c.sources}
	for _, d := range defs {
		if t := c.topic(d); t != nil {
			s.topics = append(s.topics, t)
		}
	}
	s.seal()
	for i, t := range s.topics {
		t.hash = s.rulesHash(t, defs[i])
		if !t.broken {
			c.runExamples(s, t)
		}
	}
	c.finish()
	if slices.ContainsFunc(c.problems, func(p news.Problem) bool { return !p.Warning }) {
		return nil, c.problems
	}
	return s, c.problems
}

// seal ends the building of a Set: no term is added afterwards.
func (s *Set) seal() {
	s.terms.trie.Seal()
	s.docs = &sync.Pool{New: func() any { return newDoc(s.terms) }}
	s.pre = newPresearcher(s)
}

// Topics returns the topics in the order of feeds.yaml.
func (s *Set) Topics() []news.Topic {
	topics := make([]news.Topic, len(s.topics))
	for i, t := range s.topics {
		topics[i] = t.Topic
	}
	return topics
}

// Examples returns how many examples the topics have. All of them pass: else there
// would be no Set.
func (s *Set) Examples() (n int) {
	for _, t := range s.topics {
		n += len(t.examples)
	}
	return n
}

// Hash returns the rules hash of a topic: the same number means that the topic
// judges every item the same. It is 0 for a topic that is unknown.
func (s *Set) Hash(topicID string) uint64 {
	if t := s.find(topicID); t != nil {
		return t.hash
	}
	return 0
}

// Scope returns the ids of the sources that a topic looks at, in their order.
func (s *Set) Scope(topicID string) []string {
	t := s.find(topicID)
	if t == nil {
		return nil
	}
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(s.sources)) {
		if t.scope.hasSource(s.sources[id]) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (s *Set) find(id string) *topic {
	for _, t := range s.topics {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// unjudged are the keys of a topic that change no verdict.
var unjudged = map[string]bool{"title": true, "description": true, "show_why": true, "formerly": true, "examples": true}

// rulesHash sums up what a verdict depends on: this engine, the lexicon, the
// rules, and the sources where the rules name some.
func (s *Set) rulesHash(t *topic, def news.Node) uint64 {
	h := fnv.New64a()
	writeNumber(h, engineVersion)
	writeNumber(h, s.terms.lex.Hash())
	for _, p := range def.Pairs {
		if !unjudged[p.Key] {
			writeNode(h, p.Key, p.Value)
		}
	}
	scoped := t.scope.namesSources()
	for _, r := range slices.Concat(t.include, t.exclude) {
		scoped = scoped || r.scope.namesSources()
	}
	if scoped {
		for _, id := range slices.Sorted(maps.Keys(s.sources)) {
			src := s.sources[id]
			writeText(h, id, src.Publisher, src.Country, src.Lang, string(src.Type))
		}
	}
	return h.Sum64()
}

func writeNumber(h hash.Hash, n uint64) { _, _ = h.Write(binary.BigEndian.AppendUint64(nil, n)) }

// writeText adds texts with their lengths; a hash never fails.
func writeText(h hash.Hash, texts ...string) {
	for _, s := range texts {
		writeNumber(h, uint64(len(s)))
		_, _ = io.WriteString(h, s)
	}
}

// writeNode adds a value without its places.
func writeNode(h hash.Hash, key string, n news.Node) {
	writeText(h, key, n.Value)
	writeNumber(h, uint64(n.Kind))
	writeNumber(h, uint64(len(n.List)))
	for _, v := range n.List {
		writeNode(h, "", v)
	}
	writeNumber(h, uint64(len(n.Pairs)))
	for _, p := range n.Pairs {
		writeNode(h, p.Key, p.Value)
	}
}

// finish drops repeated Problems (a define is compiled where it is used) and
// puts them in the order of the file.
func (c *compiler) finish() {
	news.SortProblems(c.problems)
	c.problems = slices.CompactFunc(c.problems, func(a, b news.Problem) bool { return a == b })
	slices.SortStableFunc(c.problems, func(a, b news.Problem) int { return cmp.Compare(a.File, b.File) })
}

// Uses says whether a mention of an entity counts for a term of some topic.
func (s *Set) Uses(entity string) bool {
	id, ok := s.terms.lex.Find(entity)
	if !ok {
		return false
	}
	counts := s.terms.lex.Counts(id)
	used := false
	look := func(c *cond) {
		used = used || c.op == opTerm && slices.Contains(counts, lexicon.ID(c.term))
	}
	for _, t := range s.topics {
		for _, r := range slices.Concat(t.include, t.exclude) {
			r.cond.walk(look)
			if r.unless != nil {
				r.unless.walk(look)
			}
		}
	}
	return used
}
