package topic

import (
	"fmt"
	"strconv"
	"strings"
)

// Words returns the rules of a topic as sentences for readers: what it takes,
// what it drops, and its scope. It is nil for an unknown topic.
func (s *Set) Words(topicID string) []string {
	t := s.find(topicID)
	if t == nil {
		return nil
	}
	var lines []string
	add := func(verb string, rules []*rule) {
		for _, r := range rules {
			line := verb + " “" + r.name + "”: " + r.cond.words(false)
			if r.unless != nil {
				line += ", unless " + r.unless.words(false)
			}
			lines = append(lines, line+r.scope.words()+".")
		}
	}
	add("Takes", t.include)
	add("Drops", t.exclude)
	if scope := t.scope.words(); scope != "" {
		lines = append(lines, "Looks at items"+scope+".")
	}
	return lines
}

// mostWords is how many members of a condition are written out.
const mostWords = 8

// words says what a condition asks for. A condition with several members is in
// brackets inside another one.
func (c *cond) words(inner bool) string {
	s, joint := c.phrase()
	if joint && inner {
		s = "(" + s + ")"
	}
	if c.in == inherit || c.in == inAny {
		return s
	}
	if joint && !inner {
		s = "(" + s + ")"
	}
	return s + map[field]string{
		inTitle: " in the title", inLead: " in the title or the first two sentences", inText: " in the title or the summary",
		inTags: " in the tags", inURL: " in the link",
	}[c.in]
}

// phrase returns the words of a condition without its field, and whether they
// are several that "and" or "or" joins.
func (c *cond) phrase() (s string, joint bool) {
	if c.op == opAlways {
		return "every item", false
	}
	if c.label != "" {
		return quoted(c.label), false
	}
	switch c.op {
	case opMap, opAll:
		return c.list(" and ")
	case opAny:
		if c.need > 1 {
			s, _ := c.list(", ")
			return "at least " + strconv.Itoa(c.need) + " of " + s, false
		}
		return c.list(" or ")
	case opNone:
		s, _ := c.list(" or ")
		return "no " + s, len(c.parts) > 1
	case opNear:
		return c.near(), false
	case opScore:
		parts := make([]string, 0, len(c.parts))
		for i, p := range c.parts {
			parts = append(parts, p.words(true)+" "+strconv.Itoa(c.points[i]))
		}
		return fmt.Sprintf("a score of %d from %s", c.reach, shortened(parts, ", ")), false
	case opTerm, opMatches, opAlways: // said above
	}
	return "something", false
}

func (c *cond) list(joint string) (string, bool) {
	if len(c.parts) == 1 && c.parts[0].in == inherit {
		return c.parts[0].phrase()
	}
	parts := make([]string, 0, len(c.parts))
	for _, p := range c.parts {
		parts = append(parts, p.words(len(c.parts) > 1))
	}
	return shortened(parts, joint), len(parts) > 1
}

func shortened(parts []string, joint string) string {
	if more := len(parts) - mostWords; more > 0 {
		parts = append(parts[:mostWords:mostWords], strconv.Itoa(more)+" more")
	}
	return strings.Join(parts, joint)
}

func (c *cond) near() string {
	a, b := c.parts[0].words(true), c.parts[1].words(true)
	order := "near"
	if c.ordered {
		order = "before"
	}
	if c.within == sentence {
		return a + " " + order + " " + b + " in one sentence"
	}
	return fmt.Sprintf("%s %s %s, at most %d words apart", a, order, b, c.within)
}

// words says what a scope admits, as the end of a sentence; empty: everything.
func (s *scope) words() string {
	out := ""
	if len(s.languages) > 0 {
		out += " in " + strings.Join(s.languages, ", ")
	}
	tests := func(list []sourceTest) string {
		var names []string
		for _, t := range list {
			names = append(names, strings.TrimSpace(t.attribute+" "+t.value))
		}
		return shortened(names, ", ")
	}
	if len(s.only) > 0 {
		out += " from " + tests(s.only)
	}
	if len(s.not) > 0 {
		out += " not from " + tests(s.not)
	}
	return out
}
