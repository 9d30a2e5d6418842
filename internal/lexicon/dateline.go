package lexicon

import (
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// places are the kinds of entities that a report can be dated from.
var places = []Kind{"capital", "city", "province", "district", "place", "crossing"}

// datelineWords is how many words a dateline has at most: "DERA ISMAIL KHAN,
// Pakistan (Hill Wire)".
const datelineWords = 8

// silenceDateline silences the names in the dateline of a summary: "KABUL: …",
// "ISLAMABAD, Pakistan (Hill Wire) — …" say where somebody wrote, and are no
// evidence that a country is a party.
func (s *Scanner) silenceDateline(f Field, mentions []Mention) {
	if len(mentions) == 0 || mentions[0].Start != 0 || !slices.Contains(places, s.Lexicon.entities[mentions[0].Entity].Kind) {
		return
	}
	end, ok := dateline(f, mentions[0].End)
	if !ok {
		return
	}
	for i := range mentions {
		if m := &mentions[i]; m.End <= end && m.Silence == Counts {
			m.Silence, m.By = ByDateline, Hit{int32(m.Entity), 0, end}
		}
	}
}

// dateline returns the number of words before the sign that ends a dateline.
// Behind the place, which has so many words, there may be a comma or brackets;
// more only where the place is in capitals.
func dateline(f Field, place int32) (end int32, ok bool) {
	tokens, capitals, bracket := f.Tokens, inCapitals(f, place), false
	for i := place; int(i) < min(len(tokens), datelineWords); i++ {
		gap := html.UnescapeString(f.Text[tokens[i-1].End:tokens[i].Start])
		if endsDateline(gap) {
			return i, true
		}
		if tokens[i].Sentence > 0 {
			return 0, false
		}
		bracket = bracket && !strings.ContainsAny(gap, ")）") || strings.ContainsAny(gap, "(（")
		if !bracket && !(capitals && tokens[i].Break || capitals && i > place) {
			return 0, false
		}
	}
	return 0, false
}

func endsDateline(gap string) bool {
	return strings.ContainsAny(gap, ":—–") || strings.Contains(gap, "--") || strings.Contains(gap, " - ")
}

// inCapitals says whether the first words of a text are in Latin capitals.
func inCapitals(f Field, words int32) bool {
	for _, t := range f.Tokens[:words] {
		if r, _ := utf8.DecodeRuneInString(f.Text[t.Start:]); !t.Caps || !unicode.IsUpper(r) {
			return false
		}
	}
	return true
}
