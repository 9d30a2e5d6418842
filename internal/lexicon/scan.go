package lexicon

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"khyber/internal/text"
)

// Silence says why a mention counts for nothing.
type Silence uint8

// The reasons of a Silence. Counts is the zero value: it is not silenced.
const (
	Counts     Silence = iota
	ByLonger           // a longer name holds it (X1)
	ByGuard            // a `not:` phrase holds it (X3)
	ByLocator          // a `locator:` phrase holds it (X4)
	ByList             // it stands in a list of three countries or more (X5)
	ByDateline         // it only says where a report was written
	ByShort            // a bare surname without a full name beside it (X6)
	ByCapitals         // a short acronym in a title that is all in capitals
)

// Mention is an entity found in a text: its tokens, and whether it counts.
type Mention struct {
	Entity     ID
	Start, End int32 // tokens
	Words      bool  // of the kind words
	Silence    Silence
	By         Hit // the phrase that silenced it; Value is an ID
}

// Field is a text to scan.
type Field struct {
	Text    string
	Tokens  []text.Token
	Summary bool // lists of countries and a dateline count for nothing in it
}

// Scanner finds mentions and keeps its memory for the next text. It is not safe
// for concurrent use; the zero value with a Lexicon is ready.
type Scanner struct {
	Lexicon *Lexicon
	// Silenced makes Scan report the mentions that count for nothing too.
	Silenced bool

	scratch   Scratch
	hits      []Hit
	names     []Hit
	wordGuard []Hit
	taken     []int32 // of each token: index in names plus 1 of the name that holds it
}

// Scan appends the mentions in a field to dst: names in the order of their
// places, then words in that order.
func (s *Scanner) Scan(f Field, dst []Mention) []Mention {
	s.hits = s.Lexicon.trie.Scan(f.Tokens, &s.scratch, s.hits[:0])
	s.names, s.wordGuard = s.names[:0], s.wordGuard[:0]
	full := false
	for _, h := range s.hits {
		p := &s.Lexicon.phrases[h.Value]
		switch {
		case !p.words:
			s.names = append(s.names, h)
			full = full || p.role == roleName
		case p.role == roleGuard:
			s.wordGuard = append(s.wordGuard, h)
		}
	}
	from := len(dst)
	dst = s.scanNames(f, full, dst)
	if f.Summary {
		s.silenceLists(f, dst[from:])
		s.silenceDateline(f, dst[from:])
		if !s.Silenced {
			kept := slices.DeleteFunc(dst[from:], func(m Mention) bool { return m.Silence == ByList || m.Silence == ByDateline })
			dst = dst[:from+len(kept)]
		}
	}
	return s.scanWords(dst)
}

// scanNames lets the longest name win (X1). Overlapping names form a run; most
// runs have one name.
func (s *Scanner) scanNames(f Field, full bool, dst []Mention) []Mention {
	names := s.names[:0]
	for _, h := range s.names {
		p := &s.Lexicon.phrases[h.Value]
		if p.role == roleShort && !(full && capital(f, h)) {
			// Kept in any case: a full name in another field may make it count.
			dst = addMention(dst, Mention{
				Entity: p.entity, Start: h.Start, End: h.End, Silence: ByShort, By: Hit{int32(p.entity), h.Start, h.End},
			})
			continue
		}
		names = append(names, h)
	}
	s.names = names
	if n := len(f.Tokens); len(s.taken) < n {
		s.taken = make([]int32, n)
	}
	for i := 0; i < len(names); {
		j, end := i+1, names[i].End
		for j < len(names) && names[j].Start < end {
			end = max(end, names[j].End)
			j++
		}
		if j == i+1 {
			dst = s.name(dst, names[i])
		} else {
			dst = s.run(dst, names[i:j])
		}
		i = j
	}
	return dst
}

// capital says whether a bare surname is written as a name: dar is a word of
// many languages in Latin script.
func capital(f Field, h Hit) bool {
	r, _ := utf8.DecodeRuneInString(f.Text[f.Tokens[h.Start].Start:])
	return !unicode.IsLower(r)
}

// run settles names that overlap: the longest first, the leftmost of equals,
// all with one span together.
func (s *Scanner) run(dst []Mention, names []Hit) []Mention {
	slices.SortStableFunc(names, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.End-b.Start, a.End-a.Start), cmp.Compare(a.Start, b.Start), s.rank(a)-s.rank(b))
	})
	low, high := names[0].Start, names[0].End
	for _, h := range names {
		low, high = min(low, h.Start), max(high, h.End)
	}
	clear(s.taken[low:high])
	from := len(dst)
	for i, h := range names {
		winner := int32(0)
		for _, t := range s.taken[h.Start:h.End] {
			if t != 0 && (names[t-1].Start != h.Start || names[t-1].End != h.End || s.rank(names[t-1]) == 0 && s.rank(h) > 0) {
				winner = t
				break
			}
		}
		if winner != 0 {
			dst = s.swallowed(dst, h, names[winner-1])
			continue
		}
		if s.taken[h.Start] == 0 {
			for k := h.Start; k < h.End; k++ {
				s.taken[k] = int32(i + 1)
			}
		}
		dst = s.name(dst, h)
	}
	slices.SortStableFunc(dst[from:], func(a, b Mention) int { return cmp.Compare(a.Start, b.Start) })
	return dst
}

// rank is 0 for guards and locators: they silence the names of their own span.
func (s *Scanner) rank(h Hit) int {
	if r := s.Lexicon.phrases[h.Value].role; r == roleGuard || r == roleLocator {
		return 0
	}
	return 1
}

// name adds a name that won; a guard or locator is none.
func (s *Scanner) name(dst []Mention, h Hit) []Mention {
	p := &s.Lexicon.phrases[h.Value]
	if p.role == roleLocator {
		return s.silenced(dst, h, ByLocator, Hit{int32(p.entity), h.Start, h.End})
	}
	if p.role == roleGuard {
		return dst
	}
	return addMention(dst, Mention{Entity: p.entity, Start: h.Start, End: h.End})
}

// addMention leaves out a mention that is there already: the same entity at the
// same place, from another language or another form of the word.
func addMention(dst []Mention, m Mention) []Mention {
	for i := len(dst) - 1; i >= 0 && dst[i].Start == m.Start && dst[i].Words == m.Words; i-- {
		if dst[i].Entity == m.Entity && dst[i].End == m.End && dst[i].Silence == m.Silence {
			return dst
		}
	}
	return append(dst, m)
}

// swallowed notes a name that stands within a longer name, guard or locator.
func (s *Scanner) swallowed(dst []Mention, h, by Hit) []Mention {
	reasons := [roles]Silence{roleName: ByLonger, roleShort: ByLonger, roleGuard: ByGuard, roleLocator: ByLocator}
	p := &s.Lexicon.phrases[by.Value]
	return s.silenced(dst, h, reasons[p.role], Hit{int32(p.entity), by.Start, by.End})
}

// silenced adds a mention that counts for nothing, if it is asked for (X10).
func (s *Scanner) silenced(dst []Mention, h Hit, why Silence, by Hit) []Mention {
	p := &s.Lexicon.phrases[h.Value]
	if !s.Silenced || p.role == roleGuard {
		return dst
	}
	return addMention(dst, Mention{Entity: p.entity, Start: h.Start, End: h.End, Words: p.words, Silence: why, By: by})
}

// scanWords adds vocabulary; only guards of its own entity silence it (X3, X8).
func (s *Scanner) scanWords(dst []Mention) []Mention {
	for _, h := range s.hits {
		p := &s.Lexicon.phrases[h.Value]
		if !p.words || p.role == roleGuard {
			continue
		}
		if g, ok := s.guardOf(p.entity, h); ok {
			dst = s.silenced(dst, h, ByGuard, Hit{int32(p.entity), g.Start, g.End})
			continue
		}
		dst = addMention(dst, Mention{Entity: p.entity, Start: h.Start, End: h.End, Words: true})
	}
	return dst
}

func (s *Scanner) guardOf(entity ID, h Hit) (Hit, bool) {
	for _, g := range s.wordGuard {
		if g.Start > h.Start {
			break
		}
		if h.End <= g.End && s.Lexicon.phrases[g.Value].entity == entity {
			return g, true
		}
	}
	return Hit{}, false
}

// listLength is how many different countries in a row are a list and no longer
// parties (X5).
const listLength = 3

// silenceLists silences countries that stand in a list: "from Iran, Pakistan
// and Afghanistan".
func (s *Scanner) silenceLists(f Field, mentions []Mention) {
	last := -1 // the country before
	first, different := 0, 0
	flush := func() {
		if different >= listLength {
			for i := first; i <= last; i++ {
				m := &mentions[i]
				if m.Silence == Counts && s.Lexicon.entities[m.Entity].Kind == Country {
					m.Silence, m.By = ByList, Hit{int32(m.Entity), mentions[first].Start, mentions[last].End}
				}
			}
		}
	}
	for i := range mentions {
		m := &mentions[i]
		if m.Silence != Counts || s.Lexicon.entities[m.Entity].Kind != Country {
			continue
		}
		if last >= 0 && joined(f, mentions[last].End, m.Start) {
			if !countryIn(mentions[first:last+1], m.Entity) {
				different++
			}
		} else {
			flush()
			first, different = i, 1
		}
		last = i
	}
	flush()
}

func countryIn(mentions []Mention, id ID) bool {
	return slices.ContainsFunc(mentions, func(m Mention) bool { return m.Entity == id })
}

// listWords join the members of a list.
var listWords = map[string]bool{
	"and": true, "or": true, text.Fold("اور"): true, text.Fold("او"): true, "و": true, "и": true, "और": true, "এবং": true, "ও": true,
	"আর": true, "ve": true, "et": true, "und": true, "y": true, "e": true, "dan": true, "oraz": true, "та": true, "і": true, "和": true, "及": true, "与": true,
}

// joined says whether only a comma, a word for "and" or both stand between two
// tokens. In Arabic the و is written with the word.
func joined(f Field, end, start int32) bool {
	switch start - end {
	case 0:
		between := f.Text[f.Tokens[end-1].End:f.Tokens[start].Start]
		return strings.ContainsAny(between, ",،、，") || strings.HasPrefix(f.Tokens[start].Fold, "و") && f.Tokens[start].Alt != nil
	case 1:
		return listWords[f.Tokens[end].Fold]
	}
	return false
}
