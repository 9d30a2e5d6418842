package text

import (
	"unicode"
	"unicode/utf8"
)

// class says what a sign is.
type class uint8

const (
	inWord class = 1 << iota // isWord
	mark                     // a combining mark
	letter
	upper // a capital
	odd   // its neighbours decide what it means, or it does not fold alone
)

// sign is what is known beforehand of a character below U+0A00.
type sign struct {
	fold  int16 // foldRune
	class class
}

// signs are those of the scripts that most texts are written in: Latin, Greek,
// Cyrillic, Arabic, Devanagari, Bengali.
var signs = signTable()

func signTable() [0x0a00]sign {
	var t [0x0a00]sign
	for r := range rune(len(t)) {
		s := sign{fold: int16(foldRune(r))}
		isLetter, isMark := unicode.IsLetter(r), unicode.Is(unicode.M, r)
		isWord := (isLetter || isMark || unicode.IsDigit(r)) && !isApostrophe(r) && !between(r)
		for _, is := range []struct {
			class class
			so    bool
		}{
			{inWord, isWord},
			{mark, isMark},
			{letter, isLetter},
			{upper, unicode.IsUpper(r)},
			{odd, r == '&' || r == '.' || isApostrophe(r) || isInvisible(r) || isWord && (decomposes(string(r)) || !isMark && s.fold < 0)},
		} {
			if is.so {
				s.class |= is.class
			}
		}
		t[r] = s
	}
	return t
}

// between says whether r is one of the letters that count for none: ª, º and the
// modifiers beside Latin.
func between(r rune) bool { return 0x80 <= r && r < 0x00c0 || 0x02af < r && r < 0x0300 }

// known returns what is known of r, and whether it is of a word and folds alone.
func known(r rune) (sign, bool) {
	if int(r) >= len(signs) {
		return sign{}, false
	}
	g := signs[r]
	return g, g.class&(inWord|odd) == inWord
}

// tally counts what decides how a word ends and whether it is all in capitals.
type tally struct {
	letters, capitals int
	last              rune // but for marks
}

func (t *tally) count(r rune, c class) {
	if c&mark == 0 {
		t.last = r
	}
	if c&letter != 0 {
		t.letters++
	}
	if c&upper != 0 {
		t.capitals++
	}
}

// ends says whether r ends the word for certain. A dot behind one capital may be
// within an acronym.
func (t *tally) ends(r rune) bool {
	switch {
	case r == '.':
		return t.letters != 1 || t.capitals != 1
	case int(r) < len(signs):
		return signs[r].class&odd == 0
	case r == zwnj:
		return isArabic(t.last)
	}
	return 0x2010 <= r && r <= 0x2027 && !isApostrophe(r)
}

// quick reads the word at start when each of its characters folds alone and what
// follows ends it for certain. Where it says no, nothing has changed, and word
// decides.
func (s *scanner) quick(start int) (next int, ok bool) {
	var w tally
	next, same := s.glance(start, &w)
	if next == start {
		return start, false
	}
	s.found(start, next, same, &w)
	return next, true
}

// glance does the reading of quick: it returns the end of the word, start where
// it says no, and whether the word folds to itself; else what it folds to is in
// s.fold.
func (s *scanner) glance(start int, w *tally) (end int, same bool) {
	same = true
	i := start
	for i < len(s.src) {
		r, n := s.rune(i)
		g, ok := known(r)
		if i == start && (!ok || g.class&mark != 0) || !ok && !w.ends(r) {
			return start, false
		}
		if !ok {
			break
		}
		w.count(r, g.class)
		if same && rune(g.fold) != r {
			same = false
			s.fold = append(s.fold[:0], s.src[start:i]...)
		}
		if !same && g.fold >= 0 {
			s.fold = utf8.AppendRune(s.fold, rune(g.fold))
		}
		i += n
	}
	return i, same
}

// rune is utf8.DecodeRuneInString at a place, but quicker for what has two bytes:
// Arabic, Cyrillic, Latin with marks.
func (s *scanner) rune(i int) (rune, int) {
	c := s.src[i]
	switch {
	case c < utf8.RuneSelf:
		return rune(c), 1
	case 0xc2 <= c && c < 0xe0 && i+1 < len(s.src) && s.src[i+1]&0xc0 == 0x80:
		return rune(c&0x1f)<<6 | rune(s.src[i+1]&0x3f), 2
	}
	return utf8.DecodeRuneInString(s.src[i:])
}

// found adds the word of a quick reading; one of which nothing stays is none.
func (s *scanner) found(start, end int, same bool, w *tally) {
	t := Token{Fold: s.src[start:end], Start: start, End: end, Caps: w.letters > 0 && w.capitals == w.letters}
	switch {
	case same:
	case len(s.fold) == 0:
		return
	default:
		t.Fold = s.keep(s.fold)
	}
	s.take(t, w.last)
}
