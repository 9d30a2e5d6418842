package story

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"khyber/internal/text"
)

// credit ends a photo's caption, which says nothing of the text of the item: one
// of an agency, or a name, a stroke and another name.
var credit = regexp.MustCompile(`[(\[][^()\[\]]*(?:[A-Z]\pL+/(?:The )?[A-Z]|(?i)\b(?:AP|AFP|Reuters|EPA|dpa|Getty|PTI|ANI|Photos?|Images?|File)\b|فوٹو|عکس:|انځور|صورة|फोटो|фото|ছবি)[^()\[\]]*[)\]]\s*$`)

// isCaption says whether a summary ends with the credit of a photo.
func isCaption(summary string) bool {
	return strings.HasSuffix(summary, ")") && credit.MatchString(summary[max(0, len(summary)-tailBytes):])
}

// numbered is a label with a number: "UPDATE 2-".
var numbered = regexp.MustCompile(`^(?i:update|wrapup|refile)\s+\d+\s*[-–—:]\s*`)

// plainTitle returns a title without the labels before it and the name of its
// source, its outlet or an agency behind it.
func plainTitle(title string, names ...string) string {
	title = strings.TrimSpace(title)
	for {
		short := withoutLabel(numbered.ReplaceAllString(title, ""))
		short = withoutName(short, names)
		if short == title || text.Fold(short) == "" {
			return title
		}
		title = short
	}
}

// withoutLabel cuts "Exclusive: " and the like off.
func withoutLabel(title string) string {
	i := strings.IndexAny(title, ":|–—-")
	if i < 1 {
		return title
	}
	if next, _ := utf8.DecodeRuneInString(title[i+1:]); title[i] == '-' && unicode.IsLower(next) { // Breaking-point
		return title
	}
	before := strings.Fields(text.Fold(title[:i]))
	if len(before) == 2 && before[1] == "news" || len(before) == 2 && before[0] == "just" {
		before = before[:1] // Breaking news, Just in
	}
	if len(before) != 1 || words().classes[before[0]]&label == 0 && before[0] != "just" {
		return title
	}
	return strings.TrimLeft(title[i:], ":|–—- ")
}

// separators stand between a title and the name of its source.
var separators = []string{" - ", " | ", " – ", " — ", " :: ", " · "}

// withoutName cuts " - Name" off when the source, its outlet or an agency has
// that name.
func withoutName(title string, names []string) string {
	at, end := -1, 0
	for _, sep := range separators {
		if i := strings.LastIndex(title, sep); i > at {
			at, end = i, i+len(sep)
		}
	}
	if at < 1 {
		return title
	}
	tail := strings.Fields(text.Fold(title[end:]))
	if len(tail) == 0 || len(tail) > nameWords {
		return title
	}
	if len(tail) == 1 && words().agencies[tail[0]] != 0 {
		return title[:at]
	}
	for _, name := range names {
		full := strings.Fields(text.Fold(name))
		if len(full) >= len(tail) && len(full) <= 2*len(tail) && slices.Equal(full[:len(tail)], tail) || strings.Join(full, "") == strings.Join(tail, "") && len(full) > 0 {
			return title[:at]
		}
	}
	return title
}
