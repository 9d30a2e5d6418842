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
			{odd, r == '&' || r == '.' || isApostrophe(r) || isInvisible(r) || isWord && decomposes(string(r))},
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

// quick reads the word at start when each of its characters folds alone and what
// follows ends it for certain. Where it says no, nothing has changed, and word
// decides.
func (s *scanner) quick(start int) (next int, ok bool) {
	letters, capitals, last := 0, 0, rune(0)
	same := true // it folds to itself
	i := start
	for i < len(s.src) {
		r, n := rune(s.src[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s.src[i:])
		}
		if int(r) >= len(signs) {
			if i == start || !ends(r, last) {
				return 0, false
			}
			break
		}
		g := signs[r]
		if g.class&(inWord|odd) != inWord {
			if i == start || g.class&odd != 0 && (r != '.' || letters == 1 && capitals == 1) {
				return 0, false
			}
			break
		}
		if g.class&mark == 0 {
			last = r
		} else if i == start {
			return 0, false
		}
		if g.class&letter != 0 {
			letters++
		}
		if g.class&upper != 0 {
			capitals++
		}
		if same && rune(g.fold) != r {
			same = false
			s.fold = append(s.fold[:0], s.src[start:i]...)
		}
		if !same && g.fold >= 0 {
			s.fold = utf8.AppendRune(s.fold, rune(g.fold))
		}
		i += n
	}
	t := Token{Fold: s.src[start:i], Start: start, End: i, Caps: letters > 0 && capitals == letters}
	if !same {
		if len(s.fold) == 0 {
			return i, true
		}
		t.Fold = s.keep(s.fold)
	}
	s.take(t, last)
	return i, true
}

// ends says whether r ends a word for certain.
func ends(r, last rune) bool {
	if r == zwnj {
		return isArabic(last)
	}
	return 0x2010 <= r && r <= 0x2027 && !isApostrophe(r)
}
