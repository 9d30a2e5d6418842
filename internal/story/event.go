package story

// Events tells the events of a story apart. It returns for each of its members,
// which are in the order of arrival, the place of the one that reported its
// event first. As with stories, the mean similarity to the two nearest members
// decides. A nil vector, of a text that another member has, is compared with
// none.
func Events(members []*Vector) []int {
	first := make([]int, len(members))
	near := make([]nearest, len(members)) // by the first of an event
	for i, v := range members {
		first[i] = i
		if v == nil {
			continue
		}
		clear(near)
		for j, m := range members[:i] {
			if m != nil {
				near[first[j]].add(eventSimilarity(v, m))
			}
		}
		best := int64(sameEvent*1000 - 1)
		for j := range near[:i] {
			if s := near[j].mean(); s > best {
				best, first[i] = s, j
			}
		}
	}
	return first
}

// eventSimilarity is what is left of the similarity of two titles where they are
// of different kinds of report.
func eventSimilarity(a, b *Vector) int64 {
	s := similarity(a, b)
	if a.kind != b.kind {
		s = s * otherKind / 1000
	}
	return s
}
