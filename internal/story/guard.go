package story

import (
	"slices"
	"strings"
)

// guards returns the rule ID of the first guard of titles that rejects, with the
// words that made it, and "" when none does.
func (p *pair) guards() (string, []string) {
	a, b := p.a, p.b
	switch {
	case !sameNumbers(a.title, b.title):
		x, y := stems(a.title, figure), stems(b.title, figure)
		return "g-number", apart(without(x, y), without(y, x))
	case !telling(a) || !telling(b):
		return "g-info", nil
	}
	if x, y := critics(a.title), critics(b.title); len(without(x, y))+len(without(y, x)) > 0 {
		return "g-critical", apart(without(x, y), without(y, x))
	}
	if !samePolarity(a, b) {
		return "g-polarity", apart(without(verbs(a), verbs(b)), without(verbs(b), verbs(a)))
	}
	if x, y, oneSlot := p.differing(); substituted(x, y, oneSlot) {
		return "g-subst", apart(plainWords(x), plainWords(y))
	}
	if swapped(a, b) {
		return "g-swap", exchange(a.title, b.title)
	}
	if !p.equal && pairs(a.title, b.title) < minOrder {
		return "g-order", nil
	}
	return "", nil
}

// apart lists the words of two sides in an order that does not depend on which
// is which.
func apart(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return out
}

func plainWords(terms []term) []string {
	out := make([]string, len(terms))
	for i := range terms {
		out[i] = terms[i].stem
	}
	return out
}

// telling says whether a title has enough words to tell one report from others.
func telling(s *Signature) bool {
	n, mass := 0, int32(0)
	for i := range s.set {
		if s.set[i].informative() {
			n++
			mass += s.set[i].idf
		}
	}
	return n >= minInformative && mass >= minMass
}

// critics returns the words of a title on which another report may turn.
func critics(title []term) []string {
	var out []string
	for i := range title {
		if title[i].class&(critical|soft|figure) == critical {
			out = append(out, title[i].stem)
		}
	}
	return out
}

// samePolarity says whether two titles deny equally often and both, or neither,
// speak of what is to come.
func samePolarity(a, b *Signature) bool {
	return count(a.title, negation) == count(b.title, negation) && future(a.title) == future(b.title)
}

// future says whether a title speaks of what has not happened.
func future(title []term) bool {
	for i := range title {
		if title[i].class&modal != 0 || i < firstWords && title[i].word == "to" {
			return true
		}
	}
	return false
}

// verbs returns the words that decide samePolarity.
func verbs(s *Signature) []string {
	var out []string
	for i := range s.title {
		if t := &s.title[i]; t.class&(negation|modal) != 0 || i < firstWords && t.word == "to" {
			out = append(out, t.word)
		}
	}
	return out
}

// differing returns the words that two titles have in place of each other's, and
// whether that is in one place only of one sentence; else those that each has
// alone. A word may stand in that place and elsewhere too: South against North,
// in a title of North Waziristan.
func (p *pair) differing() (x, y []term, oneSlot bool) {
	x, y = p.a.title, p.b.title
	n := sameBeginning(x, y)
	x, y = x[n:], y[n:]
	for len(x) > 0 && len(y) > 0 && x[len(x)-1].hash == y[len(y)-1].hash {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	if len(x) == 0 || len(y) == 0 || slices.ContainsFunc(x, func(t term) bool { return hasTerm(y, t.hash) }) {
		return p.onlyA, p.onlyB, false
	}
	return telltales(x), telltales(y), true
}

func hasTerm(terms []term, hash uint64) bool {
	return slices.ContainsFunc(terms, func(t term) bool { return t.hash == hash })
}

// telltales returns terms less stop words, labels and the names of agencies.
func telltales(terms []term) []term {
	return slices.DeleteFunc(slices.Clone(terms), func(t term) bool { return t.class&(stopWord|label) != 0 || t.agency != 0 })
}

// substituted says whether of the words that two titles have in place of each
// other's one stands for another. In one place a soft word stands against a
// telling one: police are not soldiers. Two spellings of one name are one word.
func substituted(x, y []term, oneSlot bool) bool {
	hardX, hardY := hard(x), hard(y)
	both := len(hardX) > 0 && len(hardY) > 0 || oneSlot && len(hardX)+len(hardY) > 0 && len(x) > 0 && len(y) > 0
	return both && !isVariant(hardX, hardY)
}

// acts says whether a soft word is the name of somebody: no label, no agency and
// not written small.
func acts(t *term) bool { return t.class&(soft|name|label) == soft|name && t.agency == 0 }

// minVariant is in letters: shorter names differ by what varies in longer ones.
const minVariant = 4

// isVariant says whether two lists are one name in two spellings.
func isVariant(x, y []term) bool { return len(x) == 1 && len(y) == 1 && variants(&x[0], &y[0]) }

// variants says whether two words are spellings of one name: the same consonants
// in the same order, and one of them so rare that no table has it. Iran and Iraq
// or Niger and Nigeria are none.
func variants(a, b *term) bool {
	if a.known && b.known || (a.class|b.class)&^name != 0 || len(a.stem) < minVariant || len(b.stem) < minVariant {
		return false
	}
	return a.stem[0] == b.stem[0] && consonants(a.stem) == consonants(b.stem) && !a.flat()
}

// consonants returns the skeleton of a Latin word, doubles once.
func consonants(w string) string {
	var b strings.Builder
	last := byte(0)
	for i := range len(w) {
		c := w[i]
		switch c {
		case 'a', 'e', 'i', 'o', 'u', 'y':
			last = 0
			continue
		case 'q':
			c = 'k'
		case 'w':
			c = 'v'
		}
		if c != last {
			b.WriteByte(c)
		}
		last = c
	}
	return b.String()
}

// pairs returns the Jaccard similarity of the pairs of neighbouring words, in
// thousandths.
func pairs(a, b []term) int {
	x, y := pairSet(a), pairSet(b)
	both := 0
	for _, h := range x {
		if _, ok := slices.BinarySearch(y, h); ok {
			both++
		}
	}
	return 1000 * both / max(1, len(x)+len(y)-both)
}

func pairSet(terms []term) []uint64 {
	out := make([]uint64, 0, len(terms))
	for i := 1; i < len(terms); i++ {
		out = append(out, mix(terms[i-1].hash*31+terms[i].hash))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// swapped says whether the words that two titles share stand in another order
// that may exchange roles.
func swapped(a, b *Signature) bool {
	x, y := common(a.title, b.title)
	if a.counted && b.counted {
		return exchanged(x, y)
	}
	// Where the object may stand beside the subject, as in Persian, Urdu or
	// Arabic, neighbours that change places change roles.
	return !slices.Equal(x, y)
}

// exchange returns the first words that stand in place of each other among those
// that two titles share, in an order that does not depend on which is which.
func exchange(a, b []term) []string {
	x, y := common(a, b)
	i := 0
	for i < min(len(x), len(y)) && x[i] == y[i] {
		i++
	}
	if i == min(len(x), len(y)) {
		return nil
	}
	var words []string
	for k := range a {
		if a[k].hash == x[i] || a[k].hash == y[i] {
			words = append(words, a[k].stem)
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// common returns the words that two titles share, each as often as both have it
// and in the order of either, less articles and what joins a list.
func common(a, b []term) (x, y []uint64) {
	return among(a, b), among(b, a)
}

func among(a, b []term) []uint64 {
	left := make(map[uint64]int, len(b))
	for i := range b {
		left[b[i].hash]++
	}
	var out []uint64
	for i := range a {
		if h := a[i].hash; left[h] > 0 && !joins(a[i].word) {
			left[h]--
			out = append(out, h)
		}
	}
	return out
}

func joins(word string) bool { return word == "and" || isDeterminer(word) }

func isDeterminer(word string) bool { return word == "the" || word == "a" || word == "an" }

// exchanged says whether one order of words is more than the other with two
// neighbouring parts exchanged: "A, B sign" and "B, A sign" are one list, "A
// strikes B" and "B strikes A" are not.
func exchanged(x, y []uint64) bool {
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	if len(x) == 0 {
		return false
	}
	for i := 1; i < len(x); i++ {
		if slices.Equal(slices.Concat(x[i:], x[:i]), y) {
			return false
		}
	}
	return true
}
