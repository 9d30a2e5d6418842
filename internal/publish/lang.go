package publish

import (
	"strings"
	"unicode"
)

// tags maps codes that only ISO 639-3 has to what validators and readers know
// (BCP 47 on ISO 639-1 or 639-2).
var tags = map[string]string{"prs": "fa-AF", "haz": "fa-AF", "ckb": "ku"}

// rightToLeft lists the languages that are written from right to left; the
// languages of our region first.
var rightToLeft = map[string]bool{
	"ps": true, "fa": true, "ur": true, "ar": true, "prs": true, "haz": true, "ckb": true, "sd": true, "ug": true,
	"he": true, "yi": true, "dv": true, "bal": true,
}

// LanguageTag returns the BCP 47 tag for a language code, and "" when the code
// is unknown: a wrong tag is an error for validators, none is not.
func LanguageTag(code string) string {
	code = strings.ReplaceAll(code, "_", "-")
	base, region, _ := strings.Cut(code, "-")
	base = strings.ToLower(base)
	if t := tags[base]; t != "" {
		return t
	}
	if base != "bal" && len(base) != 2 || !letters(base) {
		return ""
	}
	if region = strings.ToUpper(region); len(region) == 2 && letters(region) {
		return base + "-" + region
	}
	return base
}

func letters(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
}

// RightToLeft says whether a text is written from right to left: by its
// language, and by its first letter where the language is unknown.
func RightToLeft(lang, text string) bool {
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	if base != "" {
		return rightToLeft[base]
	}
	for _, r := range text {
		if unicode.IsLetter(r) {
			return unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko)
		}
	}
	return false
}
