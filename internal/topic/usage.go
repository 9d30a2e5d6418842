package topic

import (
	"fmt"
	"slices"

	"khyber/internal/news"
)

// Usage counts what the terms and rules of a Set were good for on items of an
// archive, to warn of those that were good for nothing: W2 to W4.
type Usage struct {
	set     *Set
	found   []bool        // of each term: it stands in some item
	decided map[*rule]int // items that an include rule took, or an exclude rule dropped
}

// NewUsage begins to count.
func (s *Set) NewUsage() *Usage {
	return &Usage{set: s, found: make([]bool, s.terms.size()), decided: make(map[*rule]int)}
}

// Add counts an item.
func (u *Usage) Add(item *news.Item) {
	s := u.set
	d := s.docs.Get().(*doc)
	defer s.docs.Put(d)
	d.read(item, s.sources[item.Source], false)
	for _, t := range d.touched {
		u.found[t] = true
	}
	for _, t := range s.pre.candidates(s, d) {
		if include, exclude := d.judge(t); include != nil {
			u.decided[include]++
			if exclude != nil {
				u.decided[exclude]++
			}
		}
	}
}

// Warnings names the terms that no item had (W2), the include rules that took
// none before another one did (W3), and the exclude rules that dropped none
// (W4). Span says on how much of the archive: "in 90 days".
func (u *Usage) Warnings(span string) []news.Problem {
	var all []news.Problem
	warn := func(t *topic, at news.Position, fix, format string, args ...any) {
		all = append(all, news.Problem{
			Position: at, Text: fmt.Sprintf("topic %q: ", t.ID) + fmt.Sprintf(format, args...) + " " + span, Fix: fix, Warning: true,
		})
	}
	for _, t := range u.set.topics {
		for _, r := range t.include {
			if u.decided[r] == 0 {
				warn(t, r.at, "drop it, or ask khyber why what it lacks", "include: «%s» was never the rule that took an item", r.name) // W3
			}
		}
		for _, r := range t.exclude {
			if u.decided[r] == 0 {
				warn(t, r.at, "drop it, unless it waits for a season", "exclude: «%s» dropped no item", r.name) // W4
			}
		}
		unfound := u.unfound(t)
		for _, c := range unfound[:min(len(unfound), maxUnfound)] {
			warn(t, c.at, "see how sources write it", "%s stands in no item", quoted(c.label)) // W2
		}
		if more := len(unfound) - maxUnfound; more > 0 {
			warn(t, t.at, "", "%d more of its terms stand in no item", more)
		}
	}
	news.SortProblems(all)
	return all
}

// maxUnfound is how many terms of a topic are named: a list of names in many
// languages always has some that nobody uses.
const maxUnfound = 10

// unfound returns the terms of a topic that no item had, each place once: a
// define is compiled wherever it is used.
func (u *Usage) unfound(t *topic) []*cond {
	var all []*cond
	said := make(map[news.Position]bool)
	look := func(c *cond) {
		if c.op == opTerm && !u.found[c.term] && !said[c.at] {
			said[c.at] = true
			all = append(all, c)
		}
	}
	for _, r := range slices.Concat(t.include, t.exclude) {
		r.cond.walk(look)
		if r.unless != nil {
			r.unless.walk(look)
		}
	}
	return all
}
