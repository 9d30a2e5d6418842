package story

import (
	"regexp"
	"slices"
	"strings"

	"khyber/internal/text"
)

// TextHash returns the hash of an item's normalised text. A Revision is made
// when it changes: markup, space, case, punctuation and "Read more" do not
// count.
func TextHash(title, summary string) uint64 {
	return hash64(text.Fold(title) + "\n" + text.Fold(cutTail(summary)))
}

// Figures returns what a reader must know of a changed title: the numbers that
// went and came, "22 → 23", and a negation that did. Empty: none changed.
func Figures(oldTitle, newTitle string) string {
	r := reader{v: words(), counted: true}
	before, after := r.terms(oldTitle), r.terms(newTitle)
	var said []string
	gone, came := without(stems(before, figure), stems(after, figure)), without(stems(after, figure), stems(before, figure))
	if len(gone)+len(came) > 0 {
		said = append(said, list(gone)+" → "+list(came))
	}
	for _, w := range without(stems(after, negation), stems(before, negation)) {
		said = append(said, "“"+w+"” added")
	}
	for _, w := range without(stems(before, negation), stems(after, negation)) {
		said = append(said, "“"+w+"” dropped")
	}
	return strings.Join(said, "; ")
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

// tail is what sites append to a summary to be clicked on.
var tail = regexp.MustCompile(`(?i)\s*(?:\[?(?:…|\.\.\.)\]?\s*)?(?:\(?(?:read (?:more|full (?:story|article))|continue reading|click here)\b[^.]{0,80}|the post .{1,300} (?:first )?appeared (?:first )?on .{1,100}|\[(?:…|\.\.\.)\])[.…»›→)\s]*$`)

// tailBytes is how far from the end a tail can begin.
const tailBytes = 500

// cutTail cuts such a tail off.
func cutTail(summary string) string {
	at := max(0, len(summary)-tailBytes)
	return summary[:at] + tail.ReplaceAllString(summary[at:], "")
}
