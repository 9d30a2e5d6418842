package story

import (
	"slices"
	"strings"
)

// copyText says whether two usable summaries are one text, with their
// similarity in thousandths.
func (p *pair) copyText() (int, bool) {
	x, y := p.a.text, p.b.text
	if len(x) > len(y) {
		x, y = y, x
	}
	rewording := class(0)
	if p.titleCopy() {
		rewording = name
	}
	if !p.samePublisher {
		y = y[standfirst(x, y):]
	}
	similarity, ok := oneText(x, y, rewording)
	if ok && len(x) == len(y) { // symmetric
		var other int
		other, ok = oneText(y, x, rewording)
		similarity = min(similarity, other)
	}
	if !ok || p.titles < akinTitle && (similarity < wellContained || len(x) < foundWords || p.boilerplate(x)) || !p.titlesAgree(similarity) {
		return similarity, false
	}
	return similarity, p.textInTime()
}

// textInTime says whether one text came soon enough after the other: later, the
// titles must speak for it too.
func (p *pair) textInTime() bool {
	limit, more := textApart, Window
	if p.samePublisher {
		limit, more = textApartSame, p.sameLimit()
	}
	return p.apart <= limit || p.apart <= more && p.titles >= nearTitle && p.refused == ""
}

// boilerplate says whether a text that two items of one publisher share may be
// what it puts under every title: it has no two telling words of either. From the
// third title on IsBoilerplate knows.
func (p *pair) boilerplate(text []term) bool {
	return p.samePublisher && !tellsOf(text, p.a.set) && !tellsOf(text, p.b.set)
}

// tellsOf says whether a text has two telling words of a title.
func tellsOf(text, title []term) bool {
	n := 0
	for i := range title {
		n += one(title[i].informative() && hasTerm(text, title[i].hash))
	}
	return n > 1
}

// Words of the shorter of two texts, stop words not counted.
const (
	foundWords = 8  // of a text that is one under any titles: a sentence, not a phrase
	leadWords  = 24 // of what an outlet prints above it
	longText   = 24 // of one that says who did what to whom, whatever the title
)

// oneText says whether the shorter text x is the beginning of y, word for word
// but for what may be cut or polished, with no number, name or negation changed.
// The similarity is one of texts that are.
// Under equal titles only words of the class only, names, may not be replaced.
func oneText(x, y []term, only class) (int, bool) {
	part := y[:min(len(y), len(x)*13/10+6)]
	if n := sameBeginning(x, part); n > 0 && n == len(part) && n == len(x) {
		return 1000, true
	}
	if !mayContain(part, x) {
		return 0, false
	}
	matched, onlyX, onlyY, rest := align(x, part)
	similarity := 1000 * matched / max(1, len(x))
	switch {
	case similarity < contained,
		len(without(stems(x, figure), stems(y, figure))) > 0,
		count(onlyX, negation|modal)+count(onlyY, negation|modal) > 0,
		replaced(onlyX, slices.Concat(onlyY, rest), part, only) && replaced(onlyY, onlyX, x, only),
		turned(x, part):
		return similarity, false
	}
	return similarity, true
}

// standfirst returns how many words stand in y before the beginning of x: some
// outlets print a summary of their own above an agency's text.
func standfirst(x, y []term) int {
	if len(x) < shingle {
		return 0
	}
	for at := 0; at <= min(leadWords, len(y)-shingle); at++ {
		if sameBeginning(x[:shingle], y[at:]) == shingle {
			return at
		}
	}
	return 0
}

// mayContain says whether so many words of x are among those of y that align
// could find them in order: nearly all pairs end here.
func mayContain(y, x []term) bool {
	lost := 0
	for i := range x {
		if !slices.ContainsFunc(y, func(t term) bool { return t.hash == x[i].hash }) {
			if lost++; 1000*(len(x)-lost) < contained*len(x) {
				return false
			}
		}
	}
	return true
}

// replaced says whether among the words without a partner is a telling one that
// the other text has nowhere, in no other form. A name must be missing among the
// words without a partner there: North Waziristan is no North Korea.
func replaced(left, across, other []term, only class) bool {
	for i := range left {
		t := &left[i]
		if t.class&soft != 0 && !acts(t) || t.idf <= substitute && t.class&(critical|function|name) == 0 || t.class&only != only {
			continue
		}
		if t.class&(name|critical) != 0 || t.flat() {
			other = across
		}
		if !slices.ContainsFunc(other, func(o term) bool { return o.hash == t.hash }) &&
			!slices.ContainsFunc(across, func(o term) bool { return inflected(t.stem, o.stem) || sameWord(t, &o) }) {
			return true
		}
	}
	return false
}

// minRoot is in letters: shorter beginnings are shared by chance.
const minRoot = 3

// inflected says whether two words are forms of one English verb: warning,
// warned. Names are no verbs: Paktia and Paktika do not end like that.
func inflected(a, b string) bool {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n >= minRoot && isEnding(a[n:]) && isEnding(b[n:])
}

func isEnding(s string) bool {
	switch s {
	case "", "e", "s", "es", "d", "ed", "ing":
		return true
	}
	return false
}

// align finds the longest common subsequence of two texts. It returns its
// length, what is left of x and of that part of y which x covers, and the rest of
// y. Where x ends in words of its own, they stand against the rest.
func align(x, y []term) (matched int, onlyX, onlyY, rest []term) {
	first := sameBeginning(x, y)
	x, y = x[first:], y[first:]
	w := len(y) + 1
	best := make([]uint16, (len(x)+1)*w) // from place i, j to the ends
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i].hash == y[j].hash {
				best[i*w+j] = best[(i+1)*w+j+1] + 1
			} else {
				best[i*w+j] = max(best[(i+1)*w+j], best[i*w+j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(x) && best[i*w+j] > 0 {
		switch {
		case x[i].hash == y[j].hash:
			i, j = i+1, j+1
		case best[(i+1)*w+j] >= best[i*w+j+1]:
			onlyX = append(onlyX, x[i])
			i++
		default:
			onlyY = append(onlyY, y[j])
			j++
		}
	}
	cutOff := i == len(x)-1 && j < len(y) && strings.HasPrefix(y[j].word, x[i].word) // in the middle of a word
	if i < len(x) && !cutOff {
		onlyX, onlyY = append(onlyX, x[i:]...), append(onlyY, y[j:]...)
	}
	return first + int(best[0]), onlyX, onlyY, y[j:]
}

// sameBeginning returns how many words two texts begin with in common.
func sameBeginning(x, y []term) int {
	n := 0
	for n < min(len(x), len(y)) && x[n].hash == y[n].hash {
		n++
	}
	return n
}

// turned says whether the words that two texts share differ in order by an
// exchange of words that are no neighbours: roles, places, figures. In a language
// without counts neighbours count too, as in swapped.
func turned(x, y []term) bool {
	u, v := common(x, y)
	var at []int
	for i := range u {
		if u[i] != v[i] {
			at = append(at, i)
		}
	}
	if len(at) < 2 {
		return false
	}
	if u[at[0]] == v[at[1]] && u[at[1]] == v[at[0]] && (flatWord(x, u[at[0]]) || flatWord(x, u[at[1]])) {
		return true
	}
	return consistent(u, v, at) || aroundMiddle(u[at[0]:at[len(at)-1]+1], v[at[0]:at[len(at)-1]+1])
}

// flatWord says whether a word of a text is telling in a language without counts.
func flatWord(terms []term, hash uint64) bool {
	i := slices.IndexFunc(terms, func(t term) bool { return t.hash == hash })
	return i >= 0 && terms[i].flat() && terms[i].class&function == 0
}

// consistent says whether all differences are one word for another and back.
func consistent(u, v []uint64, at []int) bool {
	x, y := u[at[0]], v[at[0]]
	for _, i := range at {
		if !(u[i] == x && v[i] == y || u[i] == y && v[i] == x) {
			return false
		}
	}
	return len(at) > 2 || at[1] > at[0]+1
}

// aroundMiddle says whether u is X M Y and v is Y M X with a middle between.
func aroundMiddle(u, v []uint64) bool {
	for i := 1; i < len(u); i++ { // X is u[:i] and the end of v
		if !slices.Equal(u[:i], v[len(v)-i:]) {
			continue
		}
		for k := 1; i+k < len(u); k++ { // Y is the end of u and v[:k]
			if slices.Equal(u[len(u)-k:], v[:k]) && slices.Equal(u[i:len(u)-k], v[k:len(v)-i]) {
				return true
			}
		}
	}
	return false
}

// titlesAgree says whether the titles over one text allow it to be one report.
func (p *pair) titlesAgree(similarity int) bool {
	a, b := p.a, p.b
	if !subset(a.title, b.title) {
		return false
	}
	alike := p.titles > alikeTitle
	if alike && (swapped(a, b) || !samePolarity(a, b)) {
		return false
	}
	if x, y, oneSlot := p.differing(); alike || p.titles > akinTitle && oneSlot {
		x, y := unsaid(x, y, b.text), unsaid(y, x, a.text)
		if substituted(x, y, oneSlot) && !(similarity == 1000 && p.polished(x, y)) {
			return false
		}
	}
	return p.titles <= equalTitle || p.equal || len(p.onlyA)+len(p.onlyB) > 1 || pairs(a.title, b.title) >= minOrderEqual || neighbours(a.title, b.title)
}

// neighbours says whether two titles are one but for two neighbours that change
// places: the Strait of Zorlu is Zorlu Strait.
func neighbours(a, b []term) bool {
	x, y := telltales(a), telltales(b)
	n := sameBeginning(x, y)
	return len(x) == len(y) && n+1 < len(x) && x[n].hash == y[n+1].hash && x[n+1].hash == y[n].hash &&
		sameBeginning(x[n+2:], y[n+2:]) == len(x)-n-2
}

// polished says whether the titles over one long text have but one plain word
// each that the other lacks, and names with their capital letters besides: an
// editor chose another verb.
func (p *pair) polished(x, y []term) bool {
	const apart = name | critical | negation | modal | figure
	return p.counted() && !p.samePublisher && len(x) == 1 && len(y) == 1 && (x[0].class|y[0].class)&apart == 0 &&
		count(p.a.set, name) > 0 && count(p.b.set, name) > 0 && min(len(p.a.text), len(p.b.text)) >= longText
}

// unsaid returns the words of a title that the other item does not have in some
// form: neither in its title, which has the words across alone, nor in its
// summary. A name must be in its title: under a title of Paktika, a text of
// Paktia is no witness.
func unsaid(only, across, text []term) []term {
	return slices.DeleteFunc(slices.Clone(only), func(t term) bool {
		return slices.ContainsFunc(across, func(o term) bool { return sameWord(&t, &o) }) ||
			t.class&name == 0 && !t.flat() &&
				slices.ContainsFunc(text, func(o term) bool { return o.hash == t.hash && o.class&name == 0 })
	})
}

// sameWord says whether two words are one for stories: Russian and Russia.
func sameWord(a, b *term) bool {
	same := words().same
	x, y := same[a.stem], same[b.stem]
	return x != "" && (x == y || x == b.stem) || y != "" && y == a.stem
}
