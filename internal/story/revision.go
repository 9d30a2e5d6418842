package story

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"khyber/internal/text"
)

// TextHash returns the hash of an item's normalised text. A Revision is made
// when it changes: markup, space, case, punctuation and "Read more" do not
// count.
func TextHash(title, summary string) uint64 {
	return textHash(text.Fold(title), text.Fold(cutTail(summary)))
}

// textHash is TextHash of texts that are folded.
func textHash(title, summary string) uint64 { return hash64(title + "\n" + summary) }

// Figures returns what a reader must know of a changed title: the numbers that
// went and came, "22 → 23", and a negation that did. Empty: none changed.
func Figures(oldTitle, newTitle string) string {
	r := reader{v: words(), counted: true}
	before, denied := r.told(oldTitle)
	after, denies := r.told(newTitle)
	var said []string
	gone, came := without(before, after), without(after, before)
	if len(gone)+len(came) > 0 {
		said = append(said, list(gone)+" → "+list(came))
	}
	if len(denies) > len(denied) {
		said = append(said, "“"+strings.Join(without(denies, denied), ", ")+"” added")
	}
	if len(denied) > len(denies) {
		said = append(said, "“"+strings.Join(without(denied, denies), ", ")+"” dropped")
	}
	return strings.Join(said, "; ")
}

// told returns the numbers of a title, and its negations as they are written.
func (r *reader) told(title string) (numbers, negations []string) {
	terms := r.terms(title)
	for i := range terms {
		if t := &terms[i]; t.class&negation != 0 {
			token := r.tokens[t.at]
			negations = append(negations, strings.ToLower(title[token.Start:token.End]))
		}
	}
	return stems(terms, figure), negations
}

func list(numbers []string) string {
	if len(numbers) == 0 {
		return "none"
	}
	return strings.Join(numbers, ", ")
}

// without returns what a has more often than b, in the order of a.
func without(a, b []string) []string {
	var out []string
	left := slices.Clone(b)
	for _, w := range a {
		if i := slices.Index(left, w); i >= 0 {
			left = slices.Delete(left, i, i+1)
		} else {
			out = append(out, w)
		}
	}
	return out
}

// Tails that sites append to a summary to be clicked on.
const (
	tailBytes = 500 // from the end, in which one can begin
	tailRest  = 80  // behind its first words
)

// tailWords begin such a tail; ASCII in lower case.
var tailWords = []string{
	"read more", "read full", "read the full", "continue reading", "click here",
	"مزید پڑھیں", "مزید پڑھیے", "نور ولولئ", "ادامه مطلب", "بیشتر بخوانید", "اقرأ المزيد", "और पढ़ें", "आगे पढ़ें", "और प\u095dें",
	"Читать далее", "читать далее", "Читать дальше", "Читать полностью", "আরও পড়ুন", "বিস্তারিত পড়ুন", "আরও প\u09dcুন",
}

// cutTail cuts such a tail off: "Read more…", "[…]", "The post … appeared first
// on …".
func cutTail(summary string) string {
	at := max(0, len(summary)-tailBytes)
	end := lowerASCII(summary[at:])
	if strings.Contains(end, " appeared ") {
		if i := strings.LastIndex(end, "the post "); i >= 0 && strings.Contains(end[i:], " appeared ") {
			return cutAt(summary, at+i)
		}
	}
	ascii := isASCII(end)
	for _, words := range tailWords {
		if ascii && words[0] >= utf8.RuneSelf {
			continue
		}
		from := max(0, len(end)-len(words)-tailRest) // further ahead it is no tail
		i := strings.LastIndex(end[from:], words)
		if i < 0 || strings.Contains(end[from+i:], ". ") {
			continue
		}
		i += from
		before := strings.TrimRight(summary[:at+i], " \u00a0")
		last, _ := utf8.DecodeLastRuneInString(before)
		if before == "" || !unicode.IsLetter(last) && last != ',' || summary[at+i] < 'a' { // a sentence of its own
			return cutAt(summary, at+i)
		}
	}
	return strings.TrimSuffix(strings.TrimSuffix(summary, "[…]"), "[...]")
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// cutAt cuts a text and what led to the tail.
func cutAt(summary string, at int) string { return strings.TrimRight(summary[:at], " \u00a0[(.…") }

// lowerASCII is ToLower without a change of length.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
