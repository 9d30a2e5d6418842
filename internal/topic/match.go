package topic

import (
	"cmp"
	"slices"

	"khyber/internal/news"
)

// Match returns the verdict of every topic that takes or excludes the item, in
// the order of the topics.
func (s *Set) Match(item *news.Item) []news.Match {
	d := s.docs.Get().(*doc)
	defer s.docs.Put(d)
	d.read(item, s.sources[item.Source], false)
	var matches []news.Match
	for _, t := range s.pre.candidates(s, d) {
		if include, exclude := d.judge(t); include != nil {
			matches = append(matches, d.verdict(t, include, exclude))
		}
	}
	return matches
}

// verdict makes the Match of a topic with its evidence: that of the exclude
// rule, where one dropped the item.
func (d *doc) verdict(t *topic, include, exclude *rule) news.Match {
	m := news.Match{Topic: t.ID, Verdict: news.In, Rule: include.name, Rules: t.hash}
	if exclude == nil {
		m.Mentions = d.evidence(include.cond)
		return m
	}
	m.Verdict, m.Excluded = news.Excluded, exclude.name
	m.Mentions = d.evidence(exclude.cond)
	return m
}

// maxEvidence is how many mentions a verdict keeps.
const maxEvidence = 4

// evidence returns mentions that show why a condition holds, by field and place.
// The same item always gives the same evidence.
func (d *doc) evidence(c *cond) []news.Mention {
	var shown []proof
	d.prove(c, inAny, &shown)
	slices.SortStableFunc(shown, func(a, b proof) int {
		return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(a.start, b.start))
	})
	mentions := make([]news.Mention, len(shown))
	for i, p := range shown {
		mentions[i] = p.Mention
	}
	return mentions
}

// proof is a mention on its way into the evidence.
type proof struct {
	news.Mention
	part       part
	start, end int
}

// prove adds what shows that a condition holds.
func (d *doc) prove(c *cond, in field, shown *[]proof) {
	in = c.in.or(in)
	switch c.op {
	case opTerm:
		if m := d.pick(c.term, in, *shown); m >= 0 {
			d.show(m, c.term, shown)
		}
	case opMap, opAll:
		for _, p := range c.parts {
			d.prove(p, in, shown)
		}
	case opAny:
		d.proveAny(c, in, shown)
	case opNear:
		if x, y, ok := d.near(c, in); ok {
			d.show(x, d.counted(c.parts[0], x), shown)
			d.show(y, d.counted(c.parts[1], y), shown)
		}
	case opScore:
		for i, p := range c.parts {
			if c.points[i] > 0 && d.holds(p, in) {
				d.prove(p, in, shown)
			}
		}
	case opMatches:
		if p, start, end, ok := d.match(c, in); ok {
			add(shown, proof{news.Mention{Text: d.texts[p][start:end], In: partFields[p], Start: start, End: end}, p, start, end})
		}
	}
}

// proveAny shows those members of an any that hold and stand first in the item,
// as many as it needs.
func (d *doc) proveAny(c *cond, in field, shown *[]proof) {
	best := make([]*cond, 0, len(c.parts))
	for _, p := range c.parts {
		if d.holds(p, in) {
			best = append(best, p)
		}
	}
	place := func(c *cond) int32 {
		mark := len(d.stack)
		defer d.release(mark)
		first := int32(len(d.mentions))
		for _, m := range d.set(c, in) {
			if first == int32(len(d.mentions)) || d.before(m, first) {
				first = m
			}
		}
		return first
	}
	slices.SortStableFunc(best, func(a, b *cond) int {
		x, y := place(a), place(b)
		switch last := int32(len(d.mentions)); {
		case x == y:
			return 0
		case x == last || y != last && d.before(y, x):
			return 1
		}
		return -1
	})
	for _, p := range best[:min(len(best), c.need)] {
		d.prove(p, in, shown)
	}
}

// before orders mentions by field and place.
func (d *doc) before(a, b int32) bool {
	m, n := &d.mentions[a], &d.mentions[b]
	return m.part < n.part || m.part == n.part && m.start < n.start
}

// pick returns the first mention of a term that does not overlap what is shown
// already, else the first one.
func (d *doc) pick(term int32, in field, shown []proof) int32 {
	for l := d.heads[term]; l != 0; l = d.links[l-1].next {
		m := d.links[l-1].mention
		if !in.holds(&d.mentions[m]) {
			continue
		}
		_, start, end := d.surface(&d.mentions[m])
		if !slices.ContainsFunc(shown, func(p proof) bool {
			return p.part == d.mentions[m].part && p.start < end && start < p.end
		}) {
			return m
		}
	}
	return d.first(term, in)
}

// counted returns the term of a condition that a mention counts for.
func (d *doc) counted(c *cond, m int32) int32 {
	term := d.mentions[m].written
	c.walk(func(p *cond) {
		if p.op != opTerm || p.term == term {
			return
		}
		for l := d.heads[p.term]; l != 0; l = d.links[l-1].next {
			if d.links[l-1].mention == m {
				term = p.term
			}
		}
	})
	return term
}

// show adds a mention that counts for a term.
func (d *doc) show(m, term int32, shown *[]proof) {
	n := &d.mentions[m]
	s, start, end := d.surface(n)
	add(shown, proof{
		news.Mention{
			Entity: d.terms.entity(n.written), For: d.terms.entity(term), Text: s, In: partFields[n.part], Start: start, End: end,
		},
		n.part, start, end,
	})
}

// add keeps a proof unless it is there or there are enough.
func add(shown *[]proof, p proof) {
	if len(*shown) < maxEvidence && !slices.Contains(*shown, p) {
		*shown = append(*shown, p)
	}
}
