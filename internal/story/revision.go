package story

import (
	"regexp"
	"slices"
	"strings"
)

// TextHash returns the hash of an item's normalised text. A Revision is made
// when it changes: markup, space, case, punctuation and "Read more" do not
// count.
func TextHash(title, summary string) uint64 {
	return hash64(fold(title) + "\n" + fold(cutTail(summary)))
}

// Figures returns what a reader must know of a changed title: the numbers that
// went and came, "22 → 23", and a negation that did. Empty: none changed.
func Figures(oldTitle, newTitle string) string {
	var said []string
	before, after := numbers(fold(oldTitle)), numbers(fold(newTitle))
	gone, came := without(before, after), without(after, before)
	if len(gone)+len(came) > 0 {
		said = append(said, list(gone)+" → "+list(came))
	}
	before, after = negations(fold(oldTitle)), negations(fold(newTitle))
	for _, w := range without(after, before) {
		said = append(said, "“"+w+"” added")
	}
	for _, w := range without(before, after) {
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

// negations returns the negations of a folded text in order.
func negations(folded string) []string {
	var out []string
	for w := range strings.FieldsSeq(folded) {
		if words().negation.has(w) {
			out = append(out, w)
		}
	}
	return out
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
