package parse

import (
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"
)

// Korean charsets that no library here knows. Both hold the characters of KS X
// 1001, which EUC-KR gives in another arrangement.

// iso2022KR decodes ISO-2022-KR (RFC 1557): SO and SI switch between ASCII and
// KS X 1001 in seven bits.
func iso2022KR(b []byte) ([]byte, error) {
	const so, si = 0x0E, 0x0F
	out, high := make([]byte, 0, len(b)), byte(0)
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == so:
			high = 0x80
		case c == si:
			high = 0
		case c == 0x1B && i+3 < len(b) && string(b[i+1:i+4]) == "$)C":
			i += 3 // the designation
		case c > ' ' && c < 0x7F:
			out = append(out, c|high)
		default:
			out = append(out, c)
		}
	}
	return korean.EUCKR.NewDecoder().Bytes(out)
}

// The letters of a syllable in Johab are numbers of five bits; these are their
// places in the order of Unicode, -1 where there is none. The first final is no
// final.
var (
	johabInitials = spread(32, 2, 20)
	johabMedials  = spread(32, 3, 7, 10, 15, 18, 23, 26, 29)
	johabFinals   = spread(32, 1, 17, 19, 29)
)

// spread numbers the places within the ranges, bounds included.
func spread(n int, bounds ...int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = -1
	}
	next := 0
	for i := 0; i < len(bounds); i += 2 {
		for at := bounds[i]; at <= bounds[i+1]; at++ {
			out[at] = next
			next++
		}
	}
	return out
}

// johab decodes KS X 1001 annex 3, which is code page 1361.
func johab(b []byte) ([]byte, error) {
	out := make([]byte, 0, len(b)+len(b)/2)
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c < utf8.RuneSelf:
			out = append(out, c)
		case i+1 == len(b):
			out = utf8.AppendRune(out, utf8.RuneError)
		default:
			r := johabRune(c, b[i+1])
			if r != utf8.RuneError || b[i+1] >= utf8.RuneSelf {
				i++ // else what follows may be markup
			}
			out = utf8.AppendRune(out, r)
		}
	}
	return out, nil
}

func johabRune(lead, trail byte) rune {
	if lead >= 0xD9 {
		return johabSymbol(int(lead), int(trail))
	}
	code := int(lead)<<8 | int(trail)
	initial, medial, final := johabInitials[code>>10&31], johabMedials[code>>5&31], johabFinals[code&31]
	if initial < 0 || medial < 0 || final < 0 {
		return utf8.RuneError
	}
	return rune(0xAC00 + (initial*21+medial)*28 + final)
}

// johabSymbol finds what is no syllable: the same character of EUC-KR, two rows
// of which make one of Johab.
func johabSymbol(lead, trail int) rune {
	row := 2 * (lead - 0xD9)
	if lead >= 0xE0 {
		row = 2*lead - 0x197
	}
	cell := trail - 0x31
	if trail >= 0x91 {
		cell = trail - 0x43
	}
	if cell >= 0x5E {
		row, cell = row+1, cell-0x5E
	}
	if cell < 0 || cell >= 0x5E || row > 0x5D {
		return utf8.RuneError
	}
	b, err := korean.EUCKR.NewDecoder().Bytes([]byte{byte(row + 0xA1), byte(cell + 0xA1)})
	if err != nil {
		return utf8.RuneError
	}
	r, _ := utf8.DecodeRune(b)
	return r
}
