package publish

import (
	"strings"
	"unicode"
)

// tags maps codes that only ISO 639-3 has to what validators and readers know
// (BCP 47 on ISO 639-1 or 639-2).
var tags = map[string]string{"prs": "fa-AF", "haz": "fa-AF", "ckb": "ku"}

// iso639 are the codes of ISO 639-1, and Balochi, which has one in ISO 639-2.
var iso639 = set("aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff " +
	"fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb " +
	"lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg " +
	"si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu bal")

func set(words string) map[string]bool {
	m := make(map[string]bool)
	for word := range strings.FieldsSeq(words) {
		m[word] = true
	}
	return m
}

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
	if !iso639[base] {
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
