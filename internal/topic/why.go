package topic

import (
	"fmt"
	"slices"
	"strings"

	"khyber/internal/lexicon"
	"khyber/internal/news"
)

// Reason is the verdict of a topic on an item with everything that led to it.
type Reason struct {
	Match    news.Match // its verdict; Out has no rule
	Scope    string     // why the topic does not look at the item; empty: it does
	Rules    []RuleReason
	Silenced []Silenced
	Cut      bool // a text was too long to be read to its end

	former map[string]string // of persons in the evidence: "former foreign minister"
}

// RuleReason is what one rule says of an item.
type RuleReason struct {
	Name     string
	Exclude  bool
	Holds    bool
	Unless   bool           // an exclude rule that its unless stops
	Mentions []news.Mention // the evidence, of a rule that holds
	Misses   []string       // what failed, of a rule that does not, the best branch
	Met      int            // how many parts hold all the same
}

// Near says whether the rule missed the item by one part, while another part
// holds.
func (r *RuleReason) Near() bool { return !r.Holds && len(r.Misses) == 1 && r.Met > 0 }

// Silenced is a mention that counts for nothing, with the words that silence it.
type Silenced struct {
	news.Mention
	Why string // "guard", "locator", "longer name", "list of countries", "short name", "capitals"
	By  string // the words of the item
}

// Why judges an item and gives every rule's reason; false for a topic that is
// unknown.
func (s *Set) Why(topicID string, item *news.Item) (Reason, bool) {
	t := s.find(topicID)
	if t == nil {
		return Reason{}, false
	}
	return s.why(t, item), true
}

func (s *Set) why(t *topic, item *news.Item) Reason {
	d := s.docs.Get().(*doc)
	defer s.docs.Put(d)
	d.read(item, s.sources[item.Source], true)
	r := Reason{Match: news.Match{Topic: t.ID, Rules: t.hash}, Cut: d.cut, Silenced: d.silencedMentions()}
	if !t.scope.holds(d) {
		r.Scope = t.scope.outside(d)
		return r
	}
	if include, exclude := d.judge(t); include != nil {
		r.Match = d.verdict(t, include, exclude)
	}
	for _, rule := range t.include {
		r.Rules = append(r.Rules, d.ruleReason(rule, false))
	}
	for _, rule := range t.exclude {
		r.Rules = append(r.Rules, d.ruleReason(rule, true))
	}
	r.former = d.formerOffices(r, item)
	return r
}

// formerOffices finds the persons in the evidence who no longer held their
// office when the item was published (X7).
func (d *doc) formerOffices(r Reason, item *news.Item) map[string]string {
	former := make(map[string]string)
	if item.Published.IsZero() {
		return former
	}
	for _, rule := range r.Rules {
		for _, m := range rule.Mentions {
			if id, ok := d.terms.lex.Find(m.Entity); ok {
				if office := d.terms.lex.Entity(id).Office(item.Published); strings.HasPrefix(office, "former ") {
					former[m.Entity] = office
				}
			}
		}
	}
	return former
}

func (d *doc) ruleReason(r *rule, exclude bool) RuleReason {
	rr := RuleReason{Name: r.name, Exclude: exclude}
	switch {
	case !r.scope.holds(d):
		rr.Misses = []string{r.scope.outside(d)}
	case d.holds(r.cond, inAny):
		rr.Holds, rr.Mentions = true, d.evidence(r.cond)
		if r.unless != nil && d.holds(r.unless, inAny) {
			rr.Holds, rr.Unless, rr.Mentions = false, true, nil
			rr.Misses = []string{"its unless holds: " + words(d.evidence(r.unless))}
		}
	default:
		rr.Met, rr.Misses = d.misses(r.cond, inAny)
	}
	return rr
}

// misses takes a condition apart: how many of its parts hold, and how the others
// fail. Of an any whose members have parts themselves it takes the best one.
func (d *doc) misses(c *cond, in field) (met int, missed []string) {
	if d.holds(c, in) {
		return 1, nil
	}
	outer := in
	in = c.in.or(in)
	if c.label != "" && !forbids(c) { // a define fails as a whole
		return 0, []string{d.miss(c, outer)}
	}
	switch c.op {
	case opMap, opAll:
		for _, p := range c.parts {
			m, f := d.misses(p, in)
			met += m
			missed = append(missed, f...)
		}
		if len(missed) == 0 { // every member holds: two of them share a mention (R5)
			missed = []string{d.sharedMention(c, in)}
		}
		return met, missed
	case opAny:
		if best := d.bestBranch(c, in); best != nil {
			return d.misses(best, in)
		}
	case opNear:
		return d.missesNear(c, in)
	}
	return d.partly(c, in), []string{d.miss(c, outer)}
}

// partly is 1 where something speaks for a condition that fails: a score above
// nothing, some of the members that an any needs.
func (d *doc) partly(c *cond, in field) int {
	if c.op == opScore && d.score(c, in) > 0 || c.op == opAny && c.need > 1 && d.count(c, in) > 0 {
		return 1
	}
	return 0
}

// count returns how many members of an any hold.
func (d *doc) count(c *cond, in field) int {
	n := 0
	for _, p := range c.parts {
		if d.holds(p, in) {
			n++
		}
	}
	return n
}

// missesNear takes a near apart: each operand, then their distance.
func (d *doc) missesNear(c *cond, in field) (met int, missed []string) {
	mark := len(d.stack)
	defer d.release(mark)
	for _, p := range c.parts {
		if len(d.set(p, in)) == 0 {
			missed = append(missed, d.miss(p, in))
		} else {
			met++
		}
	}
	if len(missed) == 0 {
		missed = []string{d.missNear(c, in)}
	}
	return met, missed
}

// forbids says whether a condition is made of none alone.
func forbids(c *cond) bool {
	if c.op == opNone {
		return true
	}
	return len(c.parts) > 0 && !slices.ContainsFunc(c.parts, func(p *cond) bool { return !forbids(p) })
}

// bestBranch returns the member of an any that has parts and misses the fewest;
// nil where no member has parts.
func (d *doc) bestBranch(c *cond, in field) *cond {
	var best *cond
	fewest, most := 0, 0
	for _, p := range c.parts {
		if c.need > 1 || !hasParts(p) && !forbids(p) {
			continue
		}
		met, missed := d.misses(p, in)
		if best == nil || len(missed) < fewest || len(missed) == fewest && met > most {
			best, fewest, most = p, len(missed), met
		}
	}
	return best
}

// hasParts says whether a condition fails in parts that are worth telling apart.
func hasParts(c *cond) bool {
	if c.label != "" {
		return false
	}
	switch c.op {
	case opNear, opScore:
		return true
	case opAll:
		return len(c.parts) > 1
	case opMap:
		return len(c.parts) > 1 || len(c.parts) == 1 && hasParts(c.parts[0])
	case opAny:
		return slices.ContainsFunc(c.parts, hasParts)
	}
	return false
}

// sharedMention says which two sides are one mention.
func (d *doc) sharedMention(c *cond, in field) string {
	found := "two sides are one mention"
	c.walk(func(p *cond) {
		if p.op != opAll {
			return
		}
		if x, y, ok := d.twoSides(p, in); !ok {
			found = fmt.Sprintf("%s and %s are one mention: %s", name(x), name(y), d.quote(x, in))
		}
	})
	return found
}

// quote returns the first words that a condition speaks of.
func (d *doc) quote(c *cond, in field) string {
	mark := len(d.stack)
	defer d.release(mark)
	for _, m := range d.set(c, in) {
		s, _, _ := d.surface(&d.mentions[m])
		return fmt.Sprintf("%q", s)
	}
	return ""
}

// miss says how a condition without parts fails: right term elsewhere, distance,
// silenced, score, absent, in this order.
func (d *doc) miss(c *cond, in field) string {
	in = c.in.or(in)
	switch c.op {
	case opNone:
		for _, p := range c.parts {
			if d.holds(p, in) {
				return fmt.Sprintf("has %s (%s), which it must not", name(p), d.place(p, in))
			}
		}
	case opScore:
		return fmt.Sprintf("score %d of %d", d.score(c, in), c.reach)
	case opMatches:
		return c.label + " not found"
	case opAny:
		if c.need > 1 {
			return fmt.Sprintf("%d of %d of %s", d.count(c, in), c.need, name(c))
		}
	}
	inner := innerField(c, in)
	switch s := d.silencedFor(c); {
	case d.place(c, inAny) != "":
		return fmt.Sprintf("%s not in %s (%s)", name(c), inner, d.place(c, inAny))
	case s != nil:
		return fmt.Sprintf("%s only in a %s: %s", name(c), silenceWords[s.silence], d.by(s))
	case inner != inAny:
		return fmt.Sprintf("no %s in %s", name(c), inner)
	}
	return "no " + name(c)
}

// innerField is where the terms of a condition are looked for, if that is one
// field for all.
func innerField(c *cond, in field) field {
	in = c.in.or(in)
	if len(c.parts) == 0 {
		return in
	}
	first := innerField(c.parts[0], in)
	for _, p := range c.parts[1:] {
		if innerField(p, in) != first {
			return in
		}
	}
	return first
}

// missNear says how far two operands that are both there are from each other.
func (d *doc) missNear(c *cond, in field) string {
	mark := len(d.stack)
	defer d.release(mark)
	xs := d.set(c.parts[0], in)
	ys := d.set(c.parts[1], in)
	nearest, found := 0, false
	for _, x := range xs {
		for _, y := range ys {
			if gap, same := d.gap(&d.mentions[x], &d.mentions[y], c.ordered); same && (!found || gap < nearest) {
				nearest, found = gap, true
			}
		}
	}
	switch {
	case !found && c.ordered:
		return fmt.Sprintf("%s not before %s in one field", name(c.parts[0]), name(c.parts[1]))
	case !found:
		return fmt.Sprintf("%s and %s not in one field", name(c.parts[0]), name(c.parts[1]))
	case c.within == sentence:
		return fmt.Sprintf("%s and %s not in one sentence", name(c.parts[0]), name(c.parts[1]))
	}
	return fmt.Sprintf("%d words apart, limit %d", nearest, c.within)
}

// place says where the first mention of a condition's terms stands: `summary,
// sentence 3: "Islamabad"`. Fields that the terms name themselves do not count.
func (d *doc) place(c *cond, in field) string {
	best := int32(-1)
	c.walk(func(p *cond) {
		if p.op != opTerm {
			return
		}
		if m := d.first(p.term, in); m >= 0 && (best < 0 || d.before(m, best)) {
			best = m
		}
	})
	if best < 0 {
		return ""
	}
	m := &d.mentions[best]
	s, _, _ := d.surface(m)
	if m.part == partSummary {
		return fmt.Sprintf("summary, sentence %d: %q", m.sentence+1, s)
	}
	return fmt.Sprintf("%s: %q", partFields[m.part], s)
}

// silencedFor returns a silenced mention that would count for a condition.
func (d *doc) silencedFor(c *cond) *mention {
	var found *mention
	c.walk(func(p *cond) {
		if p.op != opTerm || int(p.term) >= d.terms.lex.Len() {
			return
		}
		for i := range d.mentions {
			m := &d.mentions[i]
			if found == nil && m.silenced() && int(m.written) < d.terms.lex.Len() &&
				slices.Contains(d.terms.lex.Counts(lexicon.ID(m.written)), lexicon.ID(p.term)) {
				found = m
			}
		}
	})
	return found
}

// by returns the words that silence a mention.
func (d *doc) by(m *mention) string {
	tokens := d.tokens[m.part]
	return fmt.Sprintf("%q", d.texts[m.part][tokens[m.by.Start].Start:tokens[m.by.End-1].End])
}

// silenceWords are the reasons of a Silence in words.
var silenceWords = map[lexicon.Silence]string{
	lexicon.ByLonger: "longer name", lexicon.ByGuard: "guard", lexicon.ByLocator: "locator", lexicon.ByList: "list of countries", lexicon.ByDateline: "dateline",
	lexicon.ByShort: "short name without a full one", lexicon.ByCapitals: "title in capitals",
}

// silencedMentions lists what was found but counts for nothing (X10).
func (d *doc) silencedMentions() []Silenced {
	var all []Silenced
	for i := range d.mentions {
		m := &d.mentions[i]
		if !m.silenced() {
			continue
		}
		s, start, end := d.surface(m)
		all = append(all, Silenced{
			Mention: news.Mention{
				Entity: d.terms.entity(m.written), For: d.terms.entity(m.by.Value), Text: s, In: partFields[m.part], Start: start, End: end,
			},
			Why: silenceWords[m.silence], By: strings.Trim(d.by(m), `"`),
		})
	}
	return all
}

// name shows a condition by its terms.
func name(c *cond) string {
	const most = 3 // terms shown
	if c.label != "" {
		return quoted(c.label)
	}
	var terms []string
	var collect func(*cond)
	collect = func(c *cond) {
		if c.label != "" {
			if s := quoted(c.label); !slices.Contains(terms, s) {
				terms = append(terms, s)
			}
			return
		}
		for _, p := range c.parts {
			if p.op != opNone {
				collect(p)
			}
		}
	}
	collect(c)
	if len(terms) > most {
		terms = append(terms[:most], "…")
	}
	joint := " or "
	if c.op == opAll {
		joint = " and "
	}
	return strings.Join(terms, joint)
}

// quoted puts a phrase in quotes; names are known by their sign.
func quoted(label string) string {
	if strings.HasPrefix(label, "$") || strings.HasPrefix(label, "~") || strings.HasPrefix(label, "/") {
		return label
	}
	return fmt.Sprintf("%q", label)
}
