package topic

import (
	"strings"

	"khyber/internal/lexicon"
)

// holds says whether a condition holds, looking where `in` says unless the
// condition says otherwise (R1, R3).
func (d *doc) holds(c *cond, in field) bool {
	in = c.in.or(in)
	switch c.op {
	case opTerm:
		return d.first(c.term, in) >= 0
	case opMap:
		for _, p := range c.parts {
			if !d.holds(p, in) {
				return false
			}
		}
		return true
	case opAny:
		n := 0
		for _, p := range c.parts {
			if d.holds(p, in) {
				if n++; n >= c.need {
					return true
				}
			}
		}
		return false
	case opAll:
		for _, p := range c.parts {
			if !d.holds(p, in) {
				return false
			}
		}
		_, _, ok := d.twoSides(c, in)
		return ok
	case opNone:
		for _, p := range c.parts {
			if d.holds(p, in) {
				return false
			}
		}
		return true
	case opNear:
		_, _, ok := d.near(c, in)
		return ok
	case opScore:
		return d.score(c, in) >= c.reach
	case opMatches:
		_, _, _, ok := d.match(c, in)
		return ok
	}
	return true // always
}

// first returns the first mention of a term in a field, or -1.
func (d *doc) first(term int32, in field) int32 {
	for l := d.heads[term]; l != 0; l = d.links[l-1].next {
		if m := d.links[l-1].mention; in.holds(&d.mentions[m]) {
			return m
		}
	}
	return -1
}

// push appends the mentions that a condition speaks of to the stack: those of
// its terms. A none inside that fails empties the set (R4).
func (d *doc) push(c *cond, in field) {
	in = c.in.or(in)
	switch c.op {
	case opTerm:
		for l := d.heads[c.term]; l != 0; l = d.links[l-1].next {
			if m := d.links[l-1].mention; in.holds(&d.mentions[m]) {
				d.stack = append(d.stack, m)
			}
		}
	case opMap:
		from := len(d.stack)
		for _, p := range c.parts {
			if p.op == opNone && !d.holds(p, in) {
				d.stack = d.stack[:from]
				return
			}
			d.push(p, in)
		}
	case opAny, opAll:
		for _, p := range c.parts {
			d.push(p, in)
		}
	case opNear:
		if x, y, ok := d.near(c, in); ok {
			d.stack = append(d.stack, x, y)
		}
	case opScore:
		for i, p := range c.parts {
			if c.points[i] > 0 {
				d.push(p, in)
			}
		}
	}
}

// set returns the mentions that a condition speaks of. They stay valid until
// release.
func (d *doc) set(c *cond, in field) []int32 {
	from := len(d.stack)
	d.push(c, in)
	return d.stack[from:len(d.stack):len(d.stack)]
}

// release gives the sets back that were made since mark.
func (d *doc) release(mark int) { d.stack = d.stack[:mark] }

// apart says whether two mentions do not overlap.
func apart(a, b *mention) bool {
	return a.part != b.part || a.end <= b.start || b.end <= a.start
}

// twoSides checks that every two members of an all that are satisfied by names
// have a mention each (R5): "Pak-Afghan" is one mention, not two sides. It
// returns two members that have not.
func (d *doc) twoSides(c *cond, in field) (x, y *cond, ok bool) {
	for i := 1; i < len(c.parts); i++ {
		for j := range i {
			if !d.twoMentions(c.parts[j], c.parts[i], in) {
				return c.parts[j], c.parts[i], false
			}
		}
	}
	return nil, nil, true
}

func (d *doc) twoMentions(a, b *cond, in field) bool {
	mark := len(d.stack)
	defer d.release(mark)
	xs, ys := d.set(a, in), d.set(b, in)
	if len(xs) == 0 || len(ys) == 0 {
		return true
	}
	for _, x := range xs {
		for _, y := range ys {
			m, n := &d.mentions[x], &d.mentions[y]
			if m.words || n.words || apart(m, n) {
				return true
			}
		}
	}
	return false
}

// near returns two mentions that satisfy a near (R4).
func (d *doc) near(c *cond, in field) (x, y int32, ok bool) {
	mark := len(d.stack)
	defer d.release(mark)
	xs := d.set(c.parts[0], in)
	if len(xs) == 0 {
		return 0, 0, false
	}
	ys := d.set(c.parts[1], in)
	for _, x := range xs {
		for _, y := range ys {
			if gap, same := d.gap(&d.mentions[x], &d.mentions[y], c.ordered); same {
				if c.within == sentence && d.mentions[x].sentence == d.mentions[y].sentence || gap <= c.within {
					return x, y, true
				}
			}
		}
	}
	return 0, 0, false
}

// gap returns the number of words between two mentions, and false where they
// overlap, stand in different fields or in the wrong order.
func (d *doc) gap(a, b *mention, ordered bool) (int, bool) {
	switch {
	case a.part != b.part:
		return 0, false
	case a.end <= b.start:
		return int(b.start - a.end), true
	case b.end <= a.start && !ordered:
		return int(a.start - b.end), true
	}
	return 0, false
}

// score sums up the rows of which something is found; positive points double in
// the title (R6).
func (d *doc) score(c *cond, in field) int {
	sum := 0
	for i, row := range c.parts {
		sum += d.row(c, i, row, in)
	}
	return sum
}

func (d *doc) row(c *cond, i int, row *cond, in field) int {
	if !d.holds(row, in) {
		return 0
	}
	points := c.points[i]
	if points < 0 {
		return points
	}
	mark := len(d.stack)
	defer d.release(mark)
	for _, m := range d.set(row, in) {
		if d.mentions[m].part == partTitle {
			return 2 * points
		}
	}
	return points
}

// match returns where a regular expression is found, in bytes of a part (R14).
func (d *doc) match(c *cond, in field) (p part, start, end int, ok bool) {
	if c.re == nil {
		return 0, 0, 0, false
	}
	in = c.in.or(in)
	for p := range partCount {
		s := d.texts[p]
		switch {
		case s == "" || !in.holds(&mention{part: p}):
			continue
		case in == inLead && p == partSummary:
			s = d.lead()
		}
		if at := c.re.FindStringIndex(s); at != nil {
			return p, at[0], at[1], true
		}
	}
	return 0, 0, 0, false
}

// lead returns the first sentences of the summary.
func (d *doc) lead() string {
	for _, t := range d.tokens[partSummary] {
		if t.Sentence >= leadSentences {
			return strings.TrimSpace(d.texts[partSummary][:t.Start])
		}
	}
	return d.texts[partSummary]
}

// judge gives the verdict of a topic: the first include rule that holds, then
// the first exclude rule that holds and whose unless does not (R12).
func (d *doc) judge(t *topic) (include, exclude *rule) {
	if !t.scope.holds(d) {
		return nil, nil
	}
	for _, r := range t.include {
		if r.scope.holds(d) && d.holds(r.cond, inAny) {
			include = r
			break
		}
	}
	if include == nil {
		return nil, nil
	}
	for _, r := range t.exclude {
		if d.drops(r) {
			return include, r
		}
	}
	return include, nil
}

// drops says whether an exclude rule holds and its unless does not.
func (d *doc) drops(r *rule) bool {
	return r.scope.holds(d) && d.holds(r.cond, inAny) && !(r.unless != nil && d.holds(r.unless, inAny))
}

// silenced says whether a mention counts for nothing.
func (m *mention) silenced() bool { return m.silence != lexicon.Counts }
