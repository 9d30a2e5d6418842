package topic

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"khyber/internal/lexicon"
	"khyber/internal/news"
	"khyber/internal/text"
)

// Query is a condition written on one line, for the search of the archive.
type Query struct {
	set   *Set
	sieve *text.Sieve
}

const (
	maxQuery = 1000 // bytes: anybody may ask
	maxDepth = 20   // brackets in brackets
)

// queryFile stands for the file in the places of a query's Problems.
const queryFile = "query"

// ParseQuery reads the one-line form of a condition: `or`, `and` (words side by
// side must all occur), `not`, `( … ) in title`, `A near/12 B`, `A near/s B`,
// $entities, words and "phrases". The Query is nil when there is a Problem.
func ParseQuery(q string, lex *lexicon.Lexicon) (*Query, []news.Problem) {
	p := &queryParser{src: q, c: newCompiler(lex, nil)}
	if len(q) > maxQuery {
		p.problem(0, "make it shorter", "the search has %d bytes, the limit is %d", len(q), maxQuery)
		return nil, p.c.problems
	}
	p.split()
	if len(p.c.problems) > 0 {
		return nil, p.c.problems
	}
	if len(p.words) == 0 {
		p.problem(0, "write a word, a \"phrase\" or an $entity", "the search is empty")
		return nil, p.c.problems
	}
	n := p.or(0)
	if len(p.c.problems) == 0 && p.at < len(p.words) {
		p.problem(p.words[p.at].start, "remove it", "%q is not expected here", p.words[p.at].text)
	}
	if len(p.c.problems) > 0 {
		return nil, p.c.problems
	}
	r := &rule{name: q, cond: p.c.cond(n)}
	p.c.finish()
	if slices.ContainsFunc(p.c.problems, func(p news.Problem) bool { return !p.Warning }) {
		return nil, p.c.problems
	}
	s := &Set{terms: p.c.terms, topics: []*topic{{include: []*rule{r}}}}
	s.seal()
	return &Query{s, sieveOf(s.terms, r.cond)}, nil
}

// May says quickly that the query does not hold for an item: most of those for
// which it says true have it hold, and all for which it holds are among them.
func (q *Query) May(item *news.Item) bool {
	texts := q.set.terms.textsOf(item)
	return q.sieve.Pass(text.Primary(item.Lang), texts[:]...)
}

// Match says whether the query holds for an item, with the evidence.
func (q *Query) Match(item *news.Item) (news.Match, bool) {
	m := q.set.Match(item)
	if len(m) == 0 {
		return news.Match{}, false
	}
	return m[0], true
}

// Near returns the one part that an item lacks which has another part of the
// query; false: it has none, all, or lacks more.
func (q *Query) Near(item *news.Item) (string, bool) {
	for _, r := range q.set.why(q.set.topics[0], item).Rules {
		if r.Near() {
			return r.Misses[0], true
		}
	}
	return "", false
}

// queryParser is a recursive descent over the words of a query. It makes nodes,
// as if they had been written in feeds.yaml.
type queryParser struct {
	src   string
	words []queryWord
	at    int
	c     *compiler
}

// queryWord is a word, a phrase or a bracket.
type queryWord struct {
	text   string
	start  int
	phrase bool // in quotes, or with (a|b): never a keyword
}

func (p *queryParser) problem(start int, fix, format string, args ...any) {
	p.c.problem(p.position(start), fix, format, args...)
}

func (p *queryParser) position(start int) news.Position {
	return news.Position{File: queryFile, Line: 1, Column: utf8.RuneCountInString(p.src[:start]) + 1}
}

// split cuts the query into words.
func (p *queryParser) split() {
	for i := 0; i < len(p.src); {
		r, n := utf8.DecodeRuneInString(p.src[i:])
		switch {
		case unicode.IsSpace(r):
			i += n
		case r == '"' || r == '“' || r == '”':
			size := strings.IndexAny(p.src[i+n:], "\"“”")
			if size < 0 {
				p.problem(i, "close it", "a quote is not closed")
				return
			}
			p.words = append(p.words, queryWord{p.src[i+n : i+n+size], i, true})
			_, last := utf8.DecodeRuneInString(p.src[i+n+size:])
			i += n + size + last
		case (r == '(' || r == ')') && alternatives(p.src[i:]) == 0:
			p.words = append(p.words, queryWord{string(r), i, false})
			i += n
		default:
			size := p.wordSize(i)
			text := p.src[i : i+size]
			p.words = append(p.words, queryWord{text, i, strings.Contains(text, "|")})
			i += size
		}
	}
}

// wordSize is the length of the word at i: up to a space, a quote or a bracket
// that is none of (a|b).
func (p *queryParser) wordSize(i int) int {
	for j := i; j < len(p.src); {
		r, n := utf8.DecodeRuneInString(p.src[j:])
		switch {
		case unicode.IsSpace(r), r == '"', r == ')':
			return j - i
		case r == '(':
			size := alternatives(p.src[j:])
			if size == 0 {
				return j - i
			}
			j += size
		default:
			j += n
		}
	}
	return len(p.src) - i
}

// alternatives is the length of the (a|b) at the start of s, 0 where there is
// none.
func alternatives(s string) int {
	end := strings.IndexByte(s, ')')
	if s[0] != '(' || end < 0 || !strings.Contains(s[:end], "|") || strings.ContainsAny(s[1:end], "(\"") {
		return 0
	}
	return end + 1
}

// keyword says whether the word at hand is one of those that join conditions.
// They are written in small letters or in capitals.
func (p *queryParser) keyword(word string) bool {
	if p.at >= len(p.words) || p.words[p.at].phrase {
		return false
	}
	t := p.words[p.at].text
	return t == word || t == strings.ToUpper(word)
}

func (p *queryParser) take(word string) bool {
	if p.keyword(word) {
		p.at++
		return true
	}
	return false
}

func (p *queryParser) missing() {
	p.c.problem(p.here(), "write a word, a \"phrase\" or an $entity", "a condition is missing")
}

func (p *queryParser) here() news.Position {
	if p.at < len(p.words) {
		return p.position(p.words[p.at].start)
	}
	return p.position(len(p.src))
}

func node(kind news.NodeKind, at news.Position) news.Node { return news.Node{Position: at, Kind: kind} }

func pair(key string, value news.Node) news.Pair {
	return news.Pair{Position: value.Position, Key: key, Value: value}
}

// or reads conditions of which any must hold.
func (p *queryParser) or(depth int) news.Node {
	list := node(news.NodeList, p.here())
	list.List = append(list.List, p.and(depth))
	for p.take("or") {
		list.List = append(list.List, p.and(depth))
	}
	if len(list.List) == 1 {
		return list.List[0]
	}
	return list
}

// and reads conditions that must all hold, and those after not that must not.
func (p *queryParser) and(depth int) news.Node {
	at := p.here()
	all, none := node(news.NodeList, at), node(news.NodeList, at)
	for first := true; ; first = false {
		joined := p.take("and")
		if p.at >= len(p.words) || p.keyword("or") || p.keyword(")") {
			if joined || first {
				p.missing()
			}
			break
		}
		negative := false
		for p.take("not") {
			negative = !negative
		}
		n := p.near(depth)
		if len(p.c.problems) > 0 {
			break
		}
		if negative {
			none.List = append(none.List, n)
		} else {
			all.List = append(all.List, n)
		}
	}
	switch {
	case len(p.c.problems) > 0:
	case len(all.List) == 0:
		p.c.problem(at, "add what must occur", "a search cannot be made of not alone")
	case len(all.List) == 1 && len(none.List) == 0:
		return all.List[0]
	}
	m := node(news.NodeMap, at)
	m.Pairs = append(m.Pairs, pair("all", all))
	if len(none.List) > 0 {
		m.Pairs = append(m.Pairs, pair("none", none))
	}
	return m
}

// near reads a condition, or two that stand near each other.
func (p *queryParser) near(depth int) news.Node {
	left := p.within(depth)
	if p.at >= len(p.words) || p.words[p.at].phrase || len(p.c.problems) > 0 {
		return left
	}
	w := p.words[p.at]
	distance, ok := strings.CutPrefix(strings.ToLower(w.text), "near/")
	if !ok {
		return left
	}
	p.at++
	within := node(news.NodeScalar, p.position(w.start))
	within.Value = distance + " words"
	if distance == "s" {
		within.Value = "sentence"
	}
	both := node(news.NodeList, left.Position)
	both.List = []news.Node{left, p.within(depth)}
	m := node(news.NodeMap, left.Position)
	m.Pairs = []news.Pair{pair("near", both), pair("within", within)}
	return m
}

// within reads a condition and the field that it is bound to.
func (p *queryParser) within(depth int) news.Node {
	n := p.primary(depth)
	for p.at+1 < len(p.words) && p.keyword("in") && !p.words[p.at+1].phrase {
		f := p.words[p.at+1]
		if _, ok := fieldNames[f.text]; !ok {
			break // the word "in"
		}
		p.at += 2
		in := node(news.NodeScalar, p.position(f.start))
		in.Value = f.text
		if n.Kind != news.NodeMap || n.Get("in").Kind != news.NodeNone {
			m := node(news.NodeMap, n.Position)
			list := node(news.NodeList, n.Position)
			list.List = []news.Node{n}
			m.Pairs = []news.Pair{pair("any", list)}
			n = m
		}
		n.Pairs = append(n.Pairs, pair("in", in))
	}
	return n
}

// primary reads a term or a condition in brackets.
func (p *queryParser) primary(depth int) news.Node {
	if p.at >= len(p.words) || p.keyword(")") {
		p.missing()
		return news.Node{}
	}
	w := p.words[p.at]
	if p.take("(") {
		if depth == maxDepth {
			p.problem(w.start, "make it simpler", "more than %d brackets in brackets", maxDepth)
			return news.Node{}
		}
		n := p.or(depth + 1)
		if len(p.c.problems) == 0 && !p.take(")") {
			p.problem(w.start, "close it", "a ( is not closed")
		}
		return n
	}
	p.at++
	n := node(news.NodeScalar, p.position(w.start))
	n.Value = w.text
	if strings.HasPrefix(w.text, "~") {
		p.problem(w.start, "write an $entity or the words", "%s: only a topic has defines", w.text)
	}
	if w.phrase && strings.HasPrefix(w.text, "$") {
		n.Value = strings.TrimLeft(w.text, "$") // in quotes it is a phrase
	}
	return n
}
