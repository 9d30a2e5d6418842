package story

import (
	"cmp"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"khyber/internal/text"
)

// term is a word of a text as it is compared: a stem, a figure or, in scripts
// without spaces, two characters.
type term struct {
	word string // folded
	lexeme
	at     int32 // the token that it begins with
	entity bool  // it stands for a name of the lexicon, in the vector of a language without counts
}

// dozen is a number and a multiplier.
const dozen = "dozen"

// reader turns texts into terms. Counted says that the tables know the language.
type reader struct {
	v       *vocabulary
	counted bool
	tokens  []text.Token
	read    []term // what terms returned last
}

// readers keep the memory of those that are done.
var readers = sync.Pool{New: func() any { return new(reader) }}

// folded returns the words of the text that was read last, as [text.Fold] does.
func (r *reader) folded() string {
	var b strings.Builder
	for i := range r.tokens {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(r.tokens[i].Fold)
	}
	return b.String()
}

// terms returns the terms of a text in order, stop words too. They stand until
// the next call.
func (r *reader) terms(s string) []term {
	r.tokens = text.AppendTokens(r.tokens[:0], s, "en") // en: no Arabic clitics
	out := r.read[:0]
	for i := 0; i < len(r.tokens); {
		t := r.tokens[i]
		switch {
		case isDigits(t.Fold):
			n, next := r.figure(s, i)
			out, i = append(out, r.number(n)), next
		case r.joined(i):
			for ; r.joined(i); i++ {
				out = append(out, r.bigram(t.Fold+r.tokens[i+1].Fold, i))
				t = r.tokens[i+1]
			}
			i++
		default:
			word, next := r.word(s, i)
			out, i = append(out, word), next
		}
	}
	r.read = out
	return out
}

// word reads the word at token i, which may be a number or a part of a name. It
// returns the place behind it.
func (r *reader) word(s string, i int) (term, int) {
	t := &r.tokens[i]
	word, next := r.term(t.Fold), i+1
	if r.counted {
		switch {
		case t.Fold == "one" && i+1 < len(r.tokens) && r.tokens[i+1].Fold == "of": // the greats
			word.class = stopWord
		case word.numeral && r.v.ordinals[t.Fold] != "":
			return r.number(r.v.ordinals[t.Fold]), next
		case word.numeral:
			n, next := r.spelled(s, i)
			return r.number(n), next
		case t.Fold == "united" && r.initials(i) != "":
			word, next = r.term(r.initials(i)), i+2
		case t.Fold == "out" && i > 0 && strings.HasPrefix(r.tokens[i-1].Fold, "rul"): // ruled out
			word.class = negation
		}
	}
	word.at = int32(i)
	if first, _ := utf8.DecodeRuneInString(s[t.Start:]); unicode.IsUpper(first) {
		word.class |= name
	}
	return word, next
}

// initials returns what United Nations or States, at token i, are called too.
func (r *reader) initials(i int) string {
	if i+1 == len(r.tokens) {
		return ""
	}
	switch r.tokens[i+1].Fold {
	case "nations":
		return "un"
	case "states":
		return "us"
	case "kingdom":
		return "uk"
	}
	return ""
}

// term makes the term of a folded word.
func (r *reader) term(word string) term {
	t := term{word: word, lexeme: r.v.look(word)}
	if isNumber(word) {
		t.class |= figure
	}
	if r.counted {
		t.class &^= function | everyday // of other languages
	} else {
		r.v.flatten(&t)
	}
	return t
}

// bigram makes the term of two characters, tokens i and the next.
func (r *reader) bigram(characters string, i int) term {
	t := r.term(characters)
	t.at, t.class = int32(i), t.class|bigram
	if !r.counted && t.class&function == 0 {
		t.class &^= everyday // it has two letters, as words there have
		t.region = flatPair
	}
	return t
}

// number makes the term of a figure.
func (r *reader) number(figures string) term {
	t := r.term(figures)
	t.stem = figures
	t.hash = hashWord(figures)
	t.class |= figure
	return t
}

// joined says whether token i and the next are characters of a script without
// spaces that stand side by side.
func (r *reader) joined(i int) bool {
	return i+1 < len(r.tokens) && r.tokens[i].End == r.tokens[i+1].Start &&
		text.Letters(r.tokens[i].Fold) == 1 && text.Letters(r.tokens[i+1].Fold) == 1
}

// figure reads the number at token i: 1,00,000 and 100.000 and 3.5 and 25 per
// cent. It returns the place behind it.
func (r *reader) figure(s string, i int) (string, int) {
	var n strings.Builder
	n.WriteString(r.tokens[i].Fold)
	last := i
	for j := i + 1; j < len(r.tokens) && isDigits(r.tokens[j].Fold); j++ {
		gap, group := s[r.tokens[last].End:r.tokens[j].Start], r.tokens[j].Fold
		switch {
		case (gap == "," || gap == "٬" || gap == "،") && (len(group) == 2 || len(group) == 3):
			n.WriteString(group)
		case gap == "." || gap == "٫":
			n.WriteString("." + group)
		default:
			return r.quantity(s, n.String(), last)
		}
		last = j
	}
	return r.quantity(s, n.String(), last)
}

// quantity adds what follows a number at token i: a multiplier, a sign or word
// for per cent.
func (r *reader) quantity(s, n string, i int) (string, int) {
	after := s[r.tokens[i].End:]
	i++
	if strings.HasPrefix(after, "%") || strings.HasPrefix(after, "٪") {
		return n + "%", i
	}
	if !r.counted || i >= len(r.tokens) || r.tokens[i].Break {
		return n, i
	}
	next := r.tokens[i].Fold
	switch {
	case next == "percent" || next == "pc":
		return n + "%", i + 1
	case next == "per" && i+1 < len(r.tokens) && r.tokens[i+1].Fold == "cent":
		return n + "%", i + 2
	case next == dozen:
		if v, err := strconv.Atoi(n); err == nil {
			return strconv.Itoa(12 * v), i + 1
		}
	case r.v.times[next] > 0:
		return shift(n, r.v.times[next]), i + 1
	}
	return n, i
}

// shift multiplies a decimal number by a power of ten.
func shift(n string, zeros int) string {
	whole, fraction, _ := strings.Cut(n, ".")
	if len(fraction) > zeros {
		return n
	}
	n = strings.TrimLeft(whole+fraction+strings.Repeat("0", zeros-len(fraction)), "0")
	return cmp.Or(n, "0")
}

// spelled reads the number in words at token i: twenty-five, two dozen.
func (r *reader) spelled(s string, i int) (string, int) {
	if r.tokens[i].Fold == dozen {
		return "12", i + 1
	}
	n := r.v.numbers[r.tokens[i].Fold]
	if n >= 20 && i+1 < len(r.tokens) && !r.tokens[i+1].Break {
		if unit := r.v.numbers[r.tokens[i+1].Fold]; unit > 0 && unit < 10 {
			n, i = n+unit, i+1
		}
	}
	return r.quantity(s, strconv.Itoa(n), i)
}

func isDigits(w string) bool {
	for i := range len(w) {
		if !isDigit(w[i]) {
			return false
		}
	}
	return true
}

// isNumber says whether a word has a digit.
func isNumber(w string) bool {
	for i := range len(w) {
		if isDigit(w[i]) {
			return true
		}
	}
	return false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// stems returns the stems of a class among terms, in order.
func stems(terms []term, c class) []string {
	var out []string
	for i := range terms {
		if terms[i].class&c != 0 {
			out = append(out, terms[i].stem)
		}
	}
	return out
}

// count returns how many terms are of a class.
func count(terms []term, c class) int {
	n := 0
	for i := range terms {
		if terms[i].class&c != 0 {
			n++
		}
	}
	return n
}

// informative says whether a term tells a text from others: no stop word, no
// number and no word that decides.
func (t *term) informative() bool {
	return t.class&(stopWord|figure|critical|function|everyday) == 0
}
