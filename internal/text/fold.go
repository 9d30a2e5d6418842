package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	zwnj   = '\u200c' // a word break in Arabic script (N1), nothing elsewhere
	nukta  = '\u093c'
	bnukta = '\u09bc'
	breve  = '\u0306'
)

// appendFold appends the folded form of one word.
func appendFold(dst []byte, w string) []byte {
	i, start := 0, len(dst)
	for i < len(w) && w[i] < utf8.RuneSelf {
		c := w[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
		i++
	}
	if i == len(w) {
		return dst
	}
	rest := w[i:]
	if decomposes(rest) {
		rest = norm.NFKD.String(w)
		var base rune
		for _, r := range rest[:i] {
			base = r // ASCII letters stay what they are; the last one carries the marks that follow
		}
		return foldMarked(dst, start, rest[i:], base)
	}
	for _, r := range rest {
		if r = foldRune(r); r >= 0 && !stray(dst, start, r) {
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// stray says whether a mark would begin the word, because its letter, such as a
// hamza, folds to nothing: no word begins with one.
func stray(dst []byte, start int, r rune) bool {
	return len(dst) == start && unicode.Is(unicode.M, r)
}

// decomposes says whether NFKD may change the word: everything but the letters
// that the tables below know as they are.
func decomposes(w string) bool {
	for _, r := range w {
		switch {
		case r < utf8.RuneSelf, 0x0600 <= r && r <= 0x06ff, 'А' <= r && r <= 'я', r == 'ё', r == 'Ё',
			0x0901 <= r && r <= 0x0928, 0x092a <= r && r <= 0x0930, 0x0935 <= r && r <= 0x0957, 0x0960 <= r && r <= 0x096f,
			0x0981 <= r && r <= 0x09c4, r == 0x09cd, 0x09e6 <= r && r <= 0x09ef:
		default:
			return true
		}
	}
	return false
}

// foldMarked appends the folded form of a decomposed word. Marks on Latin, Greek and Cyrillic letters
// go (N10, N12), but й keeps its breve.
func foldMarked(dst []byte, start int, s string, base rune) []byte {
	for i, r := range s {
		if unicode.Is(unicode.Mn, r) {
			// ͺ decomposes into a space and a mark, which is no letter's. That of a
			// letter which goes, such as a hamza, must not come to the one before.
			if unicode.In(base, unicode.Latin, unicode.Greek, unicode.Cyrillic) || !isWord(base) || foldRune(base) < 0 {
				continue
			}
		} else {
			base = r
			if (r == 'и' || r == 'И') && marked(s[i+utf8.RuneLen(r):], breve) {
				r = 'й'
			}
		}
		r = foldRune(r)
		if r < 0 || stray(dst, start, r) {
			continue
		}
		if !isWord(r) { // ŀ decomposes into a letter and a dot
			continue
		}
		if e, ok := expansions[r]; ok {
			dst = append(dst, e...)
			continue
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// marked says whether mark is among the combining marks at the start of s.
func marked(s string, mark rune) bool {
	for _, r := range s {
		if r == mark {
			return true
		}
		if !unicode.Is(unicode.Mn, r) {
			return false
		}
	}
	return false
}

// expansions are letters that have no decomposition but are written without
// their stroke or in two letters.
var expansions = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'þ': "th", 'ł': "l", 'ı': "i",
}

// foldRune returns the folded letter, or -1 where nothing of it stays.
func foldRune(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	case 0x0600 <= r && r <= 0x06ff:
		return arabic[r-0x0600]
	case 0x0900 <= r && r <= 0x09ff:
		return foldIndic(r)
	case 0x08d3 <= r && r <= 0x08ff, isApostrophe(r), isInvisible(r):
		return -1
	case r == 'ё', r == 'Ё':
		return 'е'
	case r == 'ς':
		return 'σ'
	case r == 'ݷ':
		return 'ی'
	}
	return unicode.ToLower(r)
}

// foldIndic folds Devanagari (N8, N9) and Bengali.
func foldIndic(r rune) rune {
	switch {
	case r == nukta, r == bnukta:
		return -1
	case r == '\u0901': // chandrabindu and anusvara are written for each other
		return '\u0902'
	case '०' <= r && r <= '९':
		return r - '०' + '0'
	case '০' <= r && r <= '৯':
		return r - '০' + '0'
	}
	return r
}

// arabic is the folded form of U+0600 to U+06FF (N2 to N8).
var arabic = arabicTable()

func arabicTable() [256]rune {
	var t [256]rune
	for i := range t {
		t[i] = 0x0600 + rune(i)
	}
	set := func(to rune, from string) {
		for _, r := range from {
			t[r-0x0600] = to
		}
	}
	drop := func(from, to rune) {
		for r := from; r <= to; r++ {
			t[r-0x0600] = -1
		}
	}
	set('ی', "يیىېۍئےۓێٸۑ")
	set('ک', "كکڪ")
	set('گ', "ګگ")
	set('ه', "هہھةۀۂۃە")
	set('ا', "أإآٱٲٳٵ")
	set('و', "ؤۇۆۋٶٷ")
	set('ٹ', "ټ")
	set('ڈ', "ډ")
	set('ڑ', "ړ")
	set('ن', "ڼں")
	set(-1, "ءٴـ")
	drop(0x064b, 0x065f)
	drop(0x0670, 0x0670)
	drop(0x0610, 0x061a)
	drop(0x061c, 0x061c)
	drop(0x06d6, 0x06ed)
	for i := range rune(10) {
		t['٠'-0x0600+i] = '0' + i
		t['۰'-0x0600+i] = '0' + i
	}
	return t
}

// isWord says whether r belongs to a word: letters, digits and their marks.
func isWord(r rune) bool {
	switch {
	case 0 <= r && int(r) < len(signs):
		return signs[r].class&inWord != 0
	case 0x2000 <= r && r <= 0x206f: // general punctuation
		return false
	}
	return (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r)) && !isApostrophe(r)
}

func isMark(r rune) bool {
	if 0 <= r && int(r) < len(signs) {
		return signs[r].class&mark != 0
	}
	return unicode.Is(unicode.M, r)
}

func isASCIILetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isApostrophe knows the apostrophes and the signs for hamza and ayn (N10).
func isApostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', '`', '´', 'ʼ', 'ʿ', 'ʾ', 'ʻ', 'ʹ', '＇', '′':
		return true
	}
	return false
}

// isInvisible knows the signs that are dropped (N1).
func isInvisible(r rune) bool {
	switch {
	case 0x200b <= r && r <= 0x200f, 0x202a <= r && r <= 0x202e, r == 0x2060, 0x2066 <= r && r <= 0x2069,
		r == 0xfeff, r == 0x00ad, r == 0x061c, 0xfe00 <= r && r <= 0xfe0f:
		return true
	}
	return false
}

// isArabic says whether r is of the Arabic script.
func isArabic(r rune) bool {
	return 0x0600 <= r && r <= 0x06ff || r >= 0x0750 && unicode.Is(unicode.Arabic, r)
}

// unspaced says whether r is of a script that puts no space between words (N16).
func unspaced(r rune) bool {
	return r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// minLeft is how many letters an Arabic word must keep without its clitics.
const minLeft = 3

// appendAlternatives appends the forms of a folded Arabic word without و or ف,
// then without ب, ل or ک, then without ال; لل stands for ل and ال.
func appendAlternatives(dst []string, word string) []string {
	add := func(w string) {
		if Letters(w) >= minLeft {
			dst = append(dst, w)
		}
	}
	strip := func(w string) {
		if rest, ok := strings.CutPrefix(w, "لل"); ok {
			add(rest)
			if Letters(rest) >= minLeft {
				dst = append(dst, "ال"+rest)
			}
			return
		}
		if rest, ok := strings.CutPrefix(w, "ال"); ok {
			add(rest)
			return
		}
		for _, p := range [...]string{"ب", "ل", "ک"} {
			if rest, ok := strings.CutPrefix(w, p); ok {
				add(rest)
				if rest, ok = strings.CutPrefix(rest, "ال"); ok {
					add(rest)
				}
			}
		}
	}
	strip(word)
	for _, p := range [...]string{"و", "ف"} {
		if rest, ok := strings.CutPrefix(word, p); ok && Letters(rest) >= minLeft {
			dst = append(dst, rest)
			strip(rest)
		}
	}
	return dst
}
