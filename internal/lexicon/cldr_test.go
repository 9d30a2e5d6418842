package lexicon

import (
	"slices"
	"testing"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"khyber/internal/text"
)

// regions are the countries of the lexicon by their codes of ISO 3166-1. What it
// calls by a shorter name than CLDR does is left to the scan.
var regions = map[string]string{
	"afghanistan": "AF", "pakistan": "PK", "india": "IN", "iran": "IR", "china": "CN", "tajikistan": "TJ", "uzbekistan": "UZ",
	"turkmenistan": "TM", "kyrgyzstan": "KG", "kazakhstan": "KZ", "russia": "RU", "united-states": "US", "united-kingdom": "GB",
	"iraq": "IQ", "syria": "SY", "israel": "IL", "lebanon": "LB", "yemen": "YE", "sudan": "SD", "somalia": "SO", "libya": "LY",
	"egypt": "EG", "nigeria": "NG", "ukraine": "UA", "bangladesh": "BD", "sri-lanka": "LK", "nepal": "NP", "myanmar": "MM",
}

// TestCountriesAreFoundByTheirNamesInCLDR looks for the names that Unicode's
// locale data have for countries: those of our languages, and the two countries
// in thirty more.
func TestCountriesAreFoundByTheirNamesInCLDR(t *testing.T) {
	l := load(t, "")
	for id := range ID(l.Len()) {
		if e := l.Entity(id); e.Kind == Country && regions[e.ID] == "" && e.ID != "canada" {
			t.Errorf("%s has no code", e.ID)
		}
	}
	check := func(entity, lang string) {
		namer := display.Regions(language.MustParse(lang))
		if namer == nil {
			t.Fatalf("CLDR has no names in %s", lang)
		}
		name := namer.Name(language.MustParseRegion(regions[entity]))
		id, _ := l.Find(entity)
		scanner := Scanner{Lexicon: l}
		found := slices.ContainsFunc(scanner.Scan(Field{Text: name, Tokens: text.Tokens(name, lang)}, nil), func(m Mention) bool {
			return slices.Contains(l.Counts(m.Entity), id)
		})
		if !found {
			t.Errorf("%s in %s: %q is not found", entity, lang, name)
		}
	}
	for entity := range regions {
		for _, lang := range []string{"en", "ur", "fa", "ar", "hi", "ru", "bn"} {
			if entity+lang != "syriaur" { // شام is the evening
				check(entity, lang)
			}
		}
	}
	for _, entity := range []string{"afghanistan", "pakistan"} {
		for _, lang := range []string{
			"ps", "tr", "zh", "de", "fr", "es", "it", "id", "ms", "ja", "ko", "pt", "pl", "uk", "uz", "ta", "te", "gu", "mr", "ml", "kn", "pa",
			"nl", "sv", "cs", "hu", "ro", "el", "he", "th", "az", "kk", "ky", "si", "ne", "bg", "sr", "da", "no", "fi", "vi", "hr",
		} {
			check(entity, lang)
		}
	}
}
