package topic

import (
	"regexp"

	"khyber/internal/news"
)

// cond is a compiled condition. One map of feeds.yaml becomes an opMap whose
// parts are its keys.
type cond struct {
	op    op
	at    news.Position
	in    field  // inherited when inherit (R3)
	label string // how it is shown: "$pakistan", "~acts"

	term  int32
	parts []*cond
	need  int // opAny: how many must hold

	within  int // opNear: words between; sentence: within one
	ordered bool

	points []int // opScore: of each part
	reach  int

	re *regexp.Regexp
}

type op uint8

const (
	opTerm op = iota
	opMap     // all parts, the keys of one map (R1)
	opAny
	opAll
	opNone // no part
	opNear
	opScore
	opMatches
	opAlways
)

// sentence is the distance of `within: sentence`.
const sentence = -1

// field says where a condition looks (R2).
type field uint8

const (
	inherit field = iota
	inAny
	inTitle
	inLead
	inText
	inTags
	inURL
)

// fieldNames are the words of feeds.yaml for a field.
var fieldNames = map[string]field{
	"any": inAny, "title": inTitle, "lead": inLead, "text": inText, "tags": inTags, "url": inURL,
}

// String returns the word of feeds.yaml.
func (f field) String() string {
	for name, g := range fieldNames {
		if f == g {
			return name
		}
	}
	return "any"
}

// or returns the field itself, or the outer one where it says nothing.
func (f field) or(outer field) field {
	if f == inherit {
		return outer
	}
	return f
}

// holds says whether a mention stands in the field.
func (f field) holds(m *mention) bool {
	switch f {
	case inTitle:
		return m.part == partTitle
	case inLead:
		return m.part == partTitle || m.part == partSummary && m.sentence < leadSentences
	case inText:
		return m.part <= partSummary
	case inTags:
		return m.part == partTags
	case inURL:
		return m.part == partURL
	}
	return m.part <= partTags
}

// leadSentences is how much of a summary belongs to the lead.
const leadSentences = 2

// walk calls f with the condition and all conditions in it.
func (c *cond) walk(f func(*cond)) {
	f(c)
	for _, p := range c.parts {
		p.walk(f)
	}
}
