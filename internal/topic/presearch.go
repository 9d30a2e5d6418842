package topic

// presearchFrom is the number of topics from which looking for the candidates
// is quicker than asking each.
const presearchFrom = 200

// presearcher knows which topics can hold for an item at all, by the terms that
// their include rules need. It never changes a verdict.
type presearcher struct {
	always []bool    // a topic that has a rule without such terms
	byTerm [][]int32 // of each term: the topics that need it
}

// newPresearcher returns nil where there are few topics.
func newPresearcher(s *Set) *presearcher {
	if len(s.topics) < presearchFrom {
		return nil
	}
	return presearch(s)
}

// presearch collects what the topics need.
func presearch(s *Set) *presearcher {
	p := &presearcher{always: make([]bool, len(s.topics)), byTerm: make([][]int32, s.terms.size())}
	for i, t := range s.topics {
		for _, r := range t.include {
			needed, some := needs(r.cond)
			if !some {
				p.always[i] = true
				continue
			}
			for _, term := range needed {
				p.byTerm[term] = append(p.byTerm[term], int32(i))
			}
		}
	}
	return p
}

// candidates returns the topics that may take the item, in their order.
func (p *presearcher) candidates(s *Set, d *doc) []*topic {
	if p == nil {
		return s.topics
	}
	d.asked = append(d.asked[:0], p.always...)
	for _, term := range d.touched {
		for _, t := range p.byTerm[term] {
			d.asked[t] = true
		}
	}
	d.topics = d.topics[:0]
	for i, ask := range d.asked {
		if ask {
			d.topics = append(d.topics, s.topics[i])
		}
	}
	return d.topics
}

// needs returns terms of which one must be mentioned for the condition to hold;
// false where there are none such.
func needs(c *cond) (terms []int32, some bool) {
	switch c.op {
	case opTerm:
		return []int32{c.term}, true
	case opMap, opAll, opNear: // all parts must hold: the smallest set will do
		for _, p := range c.parts {
			if t, ok := needs(p); ok && (!some || len(t) < len(terms)) {
				terms, some = t, true
			}
		}
		return terms, some
	case opAny, opScore:
		for i, p := range c.parts {
			if c.op == opScore && c.points[i] < 0 {
				continue
			}
			t, ok := needs(p)
			if !ok {
				return nil, false
			}
			terms = append(terms, t...)
		}
		return terms, true
	}
	return nil, false
}
