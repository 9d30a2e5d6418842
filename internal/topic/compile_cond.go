package topic

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"khyber/internal/lexicon"
	"khyber/internal/news"
	"khyber/internal/text"
)

var condKeys = []string{
	"any", "all", "none", "at_least", "near", "within", "ordered", "in", "score", "reach", "matches", "always",
}

// cond reads a condition: a term, a list of which any must hold, or a map.
func (c *compiler) cond(n news.Node) *cond {
	switch n.Kind {
	case news.NodeScalar:
		return c.term(n)
	case news.NodeList:
		if len(n.List) == 0 {
			c.problem(n.Position, "", "a list of conditions is empty")
		}
		return &cond{op: opAny, at: n.Position, parts: c.conds(n), need: 1}
	case news.NodeMap:
		m := c.mapCond(n.Position, c.keys(n, condKeys))
		if len(m.parts) == 0 {
			c.problem(n.Position, "add any:, all:, near: or another condition", "a condition is empty")
		}
		return m
	}
	c.problem(n.Position, "write a term, a list or a map", "a condition is empty")
	return &cond{op: opAny, at: n.Position, need: 1}
}

// conds reads the members of any, all, none and near.
func (c *compiler) conds(n news.Node) []*cond {
	var parts []*cond
	for _, v := range c.list("condition", n) {
		parts = append(parts, c.cond(v))
	}
	return parts
}

// term reads $entity, ~define or a phrase.
func (c *compiler) term(n news.Node) *cond {
	t := &cond{op: opTerm, at: n.Position, label: n.Value}
	switch {
	case strings.HasPrefix(n.Value, "$") && strings.ContainsAny(n.Value, " ,"):
		names := strings.FieldsFunc(n.Value, func(r rune) bool { return r == ' ' || r == ',' })
		names = slices.DeleteFunc(names, func(s string) bool { return operators[strings.ToUpper(s)] })
		c.problem(n.Position, fmt.Sprintf("write all: [%[1]s], or any: [%[1]s]", strings.Join(names, ", ")), "%q is not one name", n.Value)
	case operator(n.Value) != "":
		c.problem(n.Position, "write any: [this, that] for or, all: [this, that] for and, none: [that] for not",
			"%q looks for the word %s, in capitals", n.Value, operator(n.Value))
	case strings.HasPrefix(n.Value, "$"):
		id, ok := c.terms.lex.Find(n.Value[1:])
		if !ok {
			c.problem(n.Position, c.terms.lex.Suggest(n.Value[1:]), "%s is not in the lexicon", n.Value)
		}
		t.term = int32(id)
	case strings.HasPrefix(n.Value, "~"):
		return c.substitute(n.Value[1:], n.Position)
	default:
		id, err := c.terms.phrase(n.Value)
		if m, ok := errors.AsType[*lexicon.Mistake](err); ok {
			c.problem(n.Position, m.Fix, "%s", m.Text)
		}
		t.term = id
	}
	return t
}

// operators are what other search languages have in the place of any, all and
// none.
var operators = map[string]bool{"AND": true, "OR": true, "NOT": true}

// operator returns the operator that a phrase holds, written as one.
func operator(phrase string) string {
	words := strings.Fields(phrase)
	for _, w := range words {
		if operators[w] && len(words) > 1 {
			return w
		}
	}
	return ""
}

// substitute compiles what ~name stands for (R11).
func (c *compiler) substitute(name string, at news.Position) *cond {
	p, ok := c.defines[name]
	none := &cond{op: opAny, at: at, need: 1, label: "~" + name}
	switch {
	case !ok:
		fix := "add it under define:"
		if near := text.Nearest(name, slices.Sorted(maps.Keys(c.defines))); near != "" {
			fix = "did you mean ~" + near + "?"
		}
		c.problem(at, fix, "~%s is not defined", name)
		return none
	case slices.Contains(c.open, name):
		c.cycle(name)
		return none
	}
	c.open = append(c.open, name)
	body := c.cond(p.Value)
	c.open = c.open[:len(c.open)-1]
	return &cond{op: opAny, at: at, need: 1, label: "~" + name, parts: []*cond{body}}
}

// cycle reports the defines that lead back to name, once.
func (c *compiler) cycle(name string) {
	steps := c.open[slices.Index(c.open, name):]
	if c.cyclic[name] {
		return
	}
	for _, s := range steps {
		c.cyclic[s] = true
	}
	c.problem(c.defines[name].Position, "remove one of the steps",
		"define: ~%s leads back to itself: ~%s → ~%s", name, strings.Join(steps, " → ~"), name)
}

// mapCond reads a condition whose keys are already told apart. Its parts are
// the keys, in a fixed order.
func (c *compiler) mapCond(at news.Position, keys map[string]news.Node) *cond {
	m := &cond{op: opMap, at: at}
	if v, ok := keys["in"]; ok {
		m.in = c.field(v)
	}
	if v, ok := keys["all"]; ok {
		m.parts = append(m.parts, &cond{op: opAll, at: v.Position, parts: c.members("all", v)})
	}
	c.anyPart(m, keys)
	c.nearPart(m, keys)
	c.scorePart(m, keys)
	if v, ok := keys["none"]; ok {
		// R3: none obeys only the `in` of its own map.
		m.parts = append(m.parts, &cond{op: opNone, at: v.Position, in: m.in.or(inAny), parts: c.members("none", v)})
	}
	if v, ok := keys["matches"]; ok {
		m.parts = append(m.parts, c.matches(v))
	}
	if v, ok := keys["always"]; ok {
		if !c.boolean("always", v) {
			c.problem(v.Position, "leave it out", "always: can only be true")
		}
		m.parts = append(m.parts, &cond{op: opAlways, at: v.Position, label: "always"})
	}
	return m
}

// members reads the members of a key that needs some.
func (c *compiler) members(key string, n news.Node) []*cond {
	if n.Kind == news.NodeNone || n.Kind == news.NodeList && len(n.List) == 0 {
		c.problem(n.Position, "", "%s: is empty", key)
	}
	return c.conds(n)
}

func (c *compiler) field(n news.Node) field {
	f, ok := fieldNames[n.Value]
	if !ok || n.Kind != news.NodeScalar {
		fix := meant(n.Value, []string{"title", "lead", "text", "tags", "url", "any"})
		if other := otherFields[n.Value]; other != "" {
			fix = fmt.Sprintf("did you mean %q?", other)
		}
		c.problem(n.Position, fix, "in: %q is no field", n.Value)
	}
	if f == inURL {
		c.terms.useURL = true
	}
	return f
}

// otherKeys are words that others use for a key.
var otherKeys = map[string]string{
	"and": "all", "or": "any", "not": "none", "must": "all", "must_not": "none", "should": "any", "keywords": "any",
	"field": "in", "where": "in", "distance": "within", "regex": "matches", "regexp": "matches", "threshold": "reach", "except": "unless",
}

// otherFields are words that others use for a field.
var otherFields = map[string]string{
	"headline": "title", "header": "title", "heading": "title", "body": "text", "content": "text", "summary": "text", "description": "text",
	"intro": "lead", "category": "tags", "categories": "tags", "link": "url",
}

func (c *compiler) number(key string, n news.Node) (int, bool) {
	v, err := strconv.Atoi(n.Value)
	if err != nil || n.Kind != news.NodeScalar {
		c.problem(n.Position, "write a whole number", "%s: %q is no number", key, n.Value)
		return 0, false
	}
	return v, true
}

// anyPart reads any with at_least.
func (c *compiler) anyPart(m *cond, keys map[string]news.Node) {
	v, ok := keys["any"]
	least, counted := keys["at_least"]
	if !ok {
		if counted {
			c.problem(least.Position, "add any: with the members", "at_least stands without any")
		}
		return
	}
	p := &cond{op: opAny, at: v.Position, parts: c.members("any", v), need: 1}
	if counted {
		if p.need, ok = c.number("at_least", least); ok && (p.need < 1 || p.need > len(p.parts)) {
			c.problem(least.Position, fmt.Sprintf("write 1 to %d", len(p.parts)), "at_least: %d of %d members can never hold", p.need, len(p.parts))
		}
	}
	m.parts = append(m.parts, p)
}

// maxWithin is the distance above which near says little (W11).
const maxWithin = 30

// nearPart reads near with within and ordered (R4).
func (c *compiler) nearPart(m *cond, keys map[string]news.Node) {
	v, ok := keys["near"]
	within, bounded := keys["within"]
	ordered, hasOrder := keys["ordered"]
	if !ok {
		for key, n := range map[string]news.Node{"within": within, "ordered": ordered} {
			if n.Kind != news.NodeNone {
				c.problem(n.Position, "add near: [this, that]", "%s stands without near", key)
			}
		}
		return
	}
	p := &cond{op: opNear, at: v.Position}
	if v.Kind != news.NodeList || len(v.List) != 2 {
		c.problem(v.Position, "write near: [this, that]; each may be a list", "near needs two operands")
	} else {
		p.parts = c.conds(v)
		for _, operand := range p.parts {
			c.checkOperand(operand)
		}
	}
	if bounded {
		p.within = c.distance(within)
	} else {
		c.problem(v.Position, "add within: 12 words, or within: sentence", "near stands without within")
	}
	if hasOrder {
		p.ordered = c.boolean("ordered", ordered)
	}
	m.parts = append(m.parts, p)
}

// checkOperand refuses what has no mentions of its own in an operand of near.
func (c *compiler) checkOperand(operand *cond) {
	operand.walk(func(p *cond) {
		word := map[op]string{opNear: "near", opScore: "score", opMatches: "matches", opAlways: "always"}[p.op]
		if word != "" {
			c.problem(p.at, "write it beside the near", "an operand of near cannot hold %s", word)
		}
	})
}

// distance reads "12 words" or "sentence".
func (c *compiler) distance(n news.Node) int {
	if n.Value == "sentence" {
		return sentence
	}
	number, ok := strings.CutSuffix(n.Value, "words")
	if !ok {
		number, ok = strings.CutSuffix(n.Value, "word")
	}
	words, err := strconv.Atoi(strings.TrimSpace(number))
	if !ok || err != nil || words < 0 {
		fix := "write 12 words, or sentence"
		if n, err := strconv.Atoi(n.Value); err == nil && n > 0 {
			fix = fmt.Sprintf("write %d words, or sentence", n)
		}
		c.problem(n.Position, fix, "within: %q is no distance", n.Value)
		return 0
	}
	if words > maxWithin {
		c.warn(n.Position, "within: sentence says more", "within: %d words is so far that it says little", words) // W11
	}
	return words
}

// scorePart reads score and reach (R6).
func (c *compiler) scorePart(m *cond, keys map[string]news.Node) {
	v, ok := keys["score"]
	reach, bounded := keys["reach"]
	if !ok {
		if bounded {
			c.problem(reach.Position, "add score: with rows of {points: …, for: …}", "reach stands without score")
		}
		return
	}
	p := &cond{op: opScore, at: v.Position}
	best, valid := 0, true
	for _, row := range c.list("score", v) {
		n, what, ok := c.scoreRow(row)
		valid = valid && ok
		best += max(0, 2*n)
		p.points = append(p.points, n)
		p.parts = append(p.parts, what)
	}
	m.parts = append(m.parts, p)
	if !bounded {
		c.problem(v.Position, "add reach: the sum that is enough", "score stands without reach")
		return
	}
	if p.reach, ok = c.number("reach", reach); !ok || !valid {
		return
	}
	if p.reach > best {
		c.problem(reach.Position, "", "reach: %d is more than all rows give, %d", p.reach, best)
	}
	if p.reach < 1 {
		c.problem(reach.Position, "write 1 or more", "reach: %d holds for every item", p.reach)
	}
}

// scoreRow reads {points, for}.
func (c *compiler) scoreRow(row news.Node) (points int, what *cond, ok bool) {
	what = &cond{op: opAny, at: row.Position, need: 1}
	keys := c.keys(row, []string{"points", "for"})
	n, hasPoints := keys["points"]
	f, hasFor := keys["for"]
	if !hasPoints || !hasFor {
		c.problem(row.Position, "write {points: 2, for: […]}", "a row of score lacks points or for")
		return 0, what, false
	}
	if points, ok = c.number("points", n); ok && points == 0 {
		c.problem(n.Position, "", "points: 0 counts for nothing")
	}
	return points, c.cond(f), ok
}

// maxPattern is the longest regular expression, in bytes: more is a program.
const maxPattern = 1000

// matches reads a regular expression (R14).
func (c *compiler) matches(n news.Node) *cond {
	p := &cond{op: opMatches, at: n.Position}
	pattern := n
	if n.Kind == news.NodeMap {
		keys := c.keys(n, []string{"re", "in"})
		if v, ok := keys["in"]; ok {
			p.in = c.field(v)
		}
		pattern = keys["re"]
	}
	if pattern.Kind != news.NodeScalar || pattern.Value == "" {
		c.problem(n.Position, "write matches: {re: '…', in: title}", "matches has no regular expression")
		return p
	}
	p.label = "/" + pattern.Value + "/"
	if len(pattern.Value) > maxPattern {
		c.problem(pattern.Position, "split it", "matches: %d bytes are more than %d", len(pattern.Value), maxPattern)
		return p
	}
	re, err := regexp.Compile(pattern.Value)
	if err != nil {
		c.badPattern(pattern, err)
		return p
	}
	p.re = re
	if strings.Contains(pattern.Value, `\b`) && strings.ContainsFunc(pattern.Value, func(r rune) bool {
		return r > unicode.MaxASCII && unicode.IsLetter(r)
	}) {
		c.warn(pattern.Position, `a phrase finds whole words of any script`, `matches: \b knows ASCII letters only`) // W8
	}
	if slip := flagSlip.FindString(pattern.Value); slip != "" {
		c.warn(pattern.Position, "write (?"+slip[1:2]+") for the flag", "matches: %s is a letter that may be missing", slip)
	}
	return p
}

// flagSlip finds a flag with its signs exchanged: (i?) for (?i).
var flagSlip = regexp.MustCompile(`\([imsU]\?\)`)

// badPattern tells where in the expression RE2 found its mistake.
func (c *compiler) badPattern(n news.Node, err error) {
	why := err.Error()
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		why = e.Code.String() + ": `" + e.Expr + "`"
		if i := strings.Index(n.Value, e.Expr); i >= 0 {
			why += fmt.Sprintf(" at character %d", utf8.RuneCountInString(n.Value[:i])+1)
		}
	}
	c.problem(n.Position, "the syntax is that of Go's regexp, RE2", "matches: %s", why)
}
