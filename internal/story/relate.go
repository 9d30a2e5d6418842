package story

import (
	"cmp"
	"slices"
	"time"

	"khyber/internal/news"
)

// Window is how far apart in time two items can be copies or candidates.
const Window = 72 * time.Hour

// Times between two copies of one text, and of a print. Within one publisher a
// text that returns later is a series: the weather, the price of gold.
const (
	textApart      = 24 * time.Hour // of two publishers
	textApartSame  = 6 * time.Hour  // of one
	titleApartSame = 24 * time.Hour // of one, when titles speak for it too
)

// Thresholds, in thousandths. They belong to the tables: other counts need
// others.
const (
	nearTitle      = 850 // IDF-Jaccard of titles that say the same
	akinTitle      = 350 // of titles over one text
	alikeTitle     = 500 // of titles so close that their differences count
	equalTitle     = 900 // of titles of the same words
	contained      = 800 // of a summary in order
	wellContained  = 900 // of a summary under another title
	minOrder       = 300 // Jaccard of word pairs of near titles
	minOrderEqual  = 450 // of titles of the same words
	substitute     = 3000
	minMass        = 16000 // sum of IDF of a title that can decide
	minInformative = 4     // words of such a title
	copyTitleWords = 5     // of a title that is a copy by itself
	copyWireWords  = 6     // of near titles
)

// Verdict is what Relate says of two items.
type Verdict struct {
	Relation   news.Relation // empty: none
	Rule       string        // "copy-text"; of none the guard that refused, "g-number"
	Similarity int           // of what the rule compares, in thousandths
	Shared     []string      // up to three of the rarest words of both titles
	Differ     []string      // what the guard saw
	Apart      time.Duration
	// Titles says that the titles alone would make a copy, were it not that both
	// summaries say something of their own. It counts when one of the summaries
	// turns out to be boilerplate.
	Titles bool
}

// Relate says how two items belong together. It is symmetric. What they share
// makes candidates; what differs decides.
func Relate(a, b *Signature) Verdict {
	if cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.titleHash, b.titleHash), cmp.Compare(a.textHash, b.textHash)) > 0 {
		a, b = b, a
	}
	p := newPair(a, b)
	if a.script != b.script || p.apart > Window {
		return p.verdict("", "", 0)
	}
	if v := p.byKey(); v.Relation == news.RelationCopy {
		return v
	}
	v := p.byText()
	if p.samePage && v.Relation == "" {
		v = p.verdict(news.RelationStory, "story-url", p.titles)
	}
	return v
}

// pair is two items while they are compared.
type pair struct {
	a, b          *Signature
	apart         time.Duration
	samePublisher bool
	samePage      bool
	titles        int // IDF-Jaccard, thousandths
	equal         bool
	onlyA, onlyB  []term // of the titles' sets
	refused       string // the first guard that rejects
	differ        []string
}

func newPair(a, b *Signature) *pair {
	p := &pair{a: a, b: b, apart: a.at.Sub(b.at).Abs()}
	p.samePublisher = a.publisher == b.publisher && a.publisher != "" || a.source == b.source
	p.samePage = a.page != 0 && a.page == b.page && a.source != b.source
	p.titles, p.onlyA, p.onlyB = compareSets(a.set, b.set)
	p.equal = a.titleHash != 0 && (a.titleHash == b.titleHash || p.titles == 1000 && sameWords(a.title, b.title))
	p.refused, p.differ = p.guards()
	return p
}

// sameWords says whether two titles are one but for articles, which headlines
// leave out as they like.
func sameWords(a, b []term) bool {
	for {
		for len(a) > 0 && isDeterminer(a[0].word) {
			a = a[1:]
		}
		for len(b) > 0 && isDeterminer(b[0].word) {
			b = b[1:]
		}
		if len(a) == 0 || len(b) == 0 || a[0].whole != b[0].whole {
			return len(a) == 0 && len(b) == 0
		}
		a, b = a[1:], b[1:]
	}
}

// verdict fills in what verdicts have.
func (p *pair) verdict(relation news.Relation, rule string, similarity int) Verdict {
	v := Verdict{Relation: relation, Rule: rule, Similarity: similarity, Apart: p.apart}
	shared := rarest(p.a.set, sharedMost, func(t *term) bool { return t.class&function == 0 && contains(p.b.set, t.hash) })
	for _, t := range shared {
		v.Shared = append(v.Shared, t.stem)
	}
	return v
}

// byKey decides what is behind one address or one fingerprint.
func (p *pair) byKey() Verdict {
	if p.samePage && p.owned() && (p.equal || p.keyGuards() == "") {
		return p.verdict(news.RelationCopy, "copy-url", p.titles)
	}
	limit := Window
	if p.samePublisher {
		limit = p.sameLimit()
	}
	if p.a.print != 0 && p.a.print == p.b.print && p.apart <= limit && p.sameText() {
		return p.verdict(news.RelationCopy, "copy-print", 1000)
	}
	return Verdict{}
}

// sameText says whether what follows one beginning is one text too.
func (p *pair) sameText() bool {
	x, y := p.a.text, p.b.text
	if len(x) > len(y) {
		x, y = y, x
	}
	_, ok := oneText(x, y, 0)
	if ok && len(x) == len(y) {
		_, ok = oneText(y, x, 0)
	}
	return ok
}

// owned says whether one of the two may speak for the page that both link to:
// nobody claims another's address with another text.
func (p *pair) owned() bool {
	owner := p.a.owner
	for _, s := range []*Signature{p.a, p.b} {
		if owner != "" && (s.domain == owner || s.publisher == owner) {
			return true
		}
	}
	return p.samePublisher && p.a.publisher != ""
}

// sameLimit is how far apart one publisher's copies may be at most.
func (p *pair) sameLimit() time.Duration {
	if count(p.a.title, template)+count(p.b.title, template) > 0 {
		return textApartSame
	}
	return titleApartSame
}

// keyGuards are the guards that hold even at one address: another number, a
// negation or exchanged roles are another text.
func (p *pair) keyGuards() string {
	switch {
	case !sameNumbers(p.a.title, p.b.title):
		return "g-number"
	case !samePolarity(p.a, p.b):
		return "g-polarity"
	case swapped(p.a, p.b):
		return "g-swap"
	}
	return ""
}

// byText decides by summaries and titles.
func (p *pair) byText() Verdict {
	bothUsable := p.a.usable && p.b.usable
	titleCopy := p.titleCopy()
	if bothUsable {
		if similarity, ok := p.copyText(); ok {
			v := p.verdict(news.RelationCopy, "copy-text", similarity)
			v.Titles = titleCopy
			return v
		}
	} else if titleCopy {
		return p.verdict(news.RelationCopy, "copy-title", 1000)
	}
	if p.wire() {
		return p.verdict(news.RelationCopy, "copy-wire", p.titles)
	}
	if p.storyTitle() {
		v := p.verdict(news.RelationStory, "story-title", p.titles)
		v.Titles = titleCopy
		return v
	}
	v := p.verdict("", p.refused, p.titles)
	v.Differ = p.differ
	return v
}

// titleCopy says whether the titles alone make a copy: equal, telling, and of
// two publishers.
func (p *pair) titleCopy() bool {
	return p.equal && !p.samePublisher && p.counted() && p.refused == "" && informativeTerms(p.a.set) >= copyTitleWords
}

// counted says whether the tables know the language of both.
func (p *pair) counted() bool { return p.a.counted && p.b.counted }

// near says whether the titles say the same and one of them nothing more.
func (p *pair) near() bool {
	return p.titles >= nearTitle && p.refused == "" && !p.samePublisher && p.counted() &&
		min(informativeTerms(p.a.set), informativeTerms(p.b.set)) >= copyWireWords &&
		(len(hard(p.onlyA)) == 0 || len(hard(p.onlyB)) == 0)
}

// wire says whether near titles carry the mark of one agency. Two texts of their
// own must agree, which copyText says.
func (p *pair) wire() bool {
	return p.near() && p.a.agencies&p.b.agencies != 0 && !(p.a.usable && p.b.usable)
}

// storyTitle says whether the titles alone make it one event.
func (p *pair) storyTitle() bool {
	return p.near() || p.equal && !p.samePublisher && p.refused == ""
}

// compareSets returns the IDF-Jaccard similarity of two sets in thousandths, and
// what each has alone.
func compareSets(a, b []term) (similarity int, onlyA, onlyB []term) {
	var both, all int64
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].hash < b[0].hash:
			all += int64(a[0].idf)
			onlyA, a = append(onlyA, a[0]), a[1:]
		case len(a) == 0 || b[0].hash < a[0].hash:
			all += int64(b[0].idf)
			onlyB, b = append(onlyB, b[0]), b[1:]
		default:
			w := int64(max(a[0].idf, b[0].idf))
			both += w
			all += w
			a, b = a[1:], b[1:]
		}
	}
	return int(1000 * both / max(1, all)), onlyA, onlyB
}

// informativeTerms counts the telling words of a set.
func informativeTerms(set []term) int {
	n := 0
	for i := range set {
		if set[i].informative() {
			n++
		}
	}
	return n
}

// hard returns the words that may not differ freely.
func hard(terms []term) []term {
	return slices.DeleteFunc(slices.Clone(terms), func(t term) bool { return t.class&soft != 0 && !acts(&t) })
}

// sameNumbers says whether two texts have the same figures equally often.
func sameNumbers(a, b []term) bool {
	return subset(a, b) && count(a, figure) == count(b, figure)
}

// subset says whether the figures of the shorter list are among those of the
// other, each as often.
func subset(a, b []term) bool {
	x, y := stems(a, figure), stems(b, figure)
	if len(x) > len(y) {
		x, y = y, x
	}
	return len(without(x, y)) == 0
}
