package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// dateToken is a number, a word or a single other character.
type dateToken struct {
	text  string // digits as ASCII, words in lower case
	raw   string
	value int // of a number
	kind  dateTokenKind
	space bool // white space stands before it
}

type dateTokenKind uint8

const (
	dateSign dateTokenKind = iota
	dateNumber
	dateWord
)

// tokenizeDate cuts a date into numbers, words and signs. Digits of other
// scripts become ASCII.
func tokenizeDate(out []dateToken, s string) []dateToken {
	space := false
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
			s, space = s[n:], true
			continue
		}
		t := dateToken{kind: dateSign, space: space, text: string(r)}
		space = false
		switch {
		case digitOf(r) >= 0:
			t.kind = dateNumber
			t.text, n = takeDigits(s)
			t.value = digits(t.text[:min(len(t.text), 18)])
		case wordRune(r):
			t.kind = dateWord
			n = len(s) - len(strings.TrimLeftFunc(s, wordRune))
			t.text = strings.ToLower(s[:n])
		case r == '−' || r == '–' || r == '‐':
			t.text = "-"
		}
		t.raw = s[:n]
		out = append(out, t)
		s = s[n:]
	}
	return out
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) || r == '_' }

func takeDigits(s string) (string, int) {
	var b strings.Builder
	for i, r := range s {
		d := digitOf(r)
		if d < 0 {
			return b.String(), i
		}
		b.WriteByte(byte('0' + d))
	}
	return b.String(), len(s)
}

// digitOf returns the value of an ASCII, Arabic, Persian or Devanagari digit;
// -1: it is none.
func digitOf(r rune) int {
	for _, zero := range [...]rune{'0', '٠', '۰', '०'} {
		if r >= zero && r <= zero+9 {
			return int(r - zero)
		}
	}
	return -1
}
