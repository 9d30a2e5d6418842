package story

import "strings"

// numberWords are the words that count as figures.
var numberWords = map[string]string{
	"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
	"ten": "10", "eleven": "11", "twelve": "12", "dozen": "12",
}

// numbers returns the figures of a folded text in order.
func numbers(folded string) []string {
	var out []string
	for w := range strings.FieldsSeq(folded) {
		if n, ok := numberWords[w]; ok {
			out = append(out, n)
		} else if isNumber(w) {
			out = append(out, w)
		}
	}
	return out
}

// isNumber says whether a word has a digit.
func isNumber(w string) bool { return strings.ContainsAny(w, "0123456789") }

// informative counts the words of a folded text that tell it from others.
func informative(folded string) int {
	n, seen := 0, make(map[string]bool)
	for w := range strings.FieldsSeq(folded) {
		t := words()
		if !seen[w] && !t.stop.has(w) && !t.critical.has(w) && !isNumber(w) && numberWords[w] == "" {
			n++
		}
		seen[w] = true
	}
	return n
}
