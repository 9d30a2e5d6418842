package topic

import (
	"slices"

	"khyber/internal/news"
)

// scope is what `languages` and `sources` admit (R13). The zero value admits
// everything.
type scope struct {
	languages []string
	only, not []sourceTest
}

// sourceTest admits sources by one attribute.
type sourceTest struct {
	attribute, value string // attribute "" is the id
}

func (t sourceTest) holds(s *news.Source) bool {
	switch t.attribute {
	case "publisher":
		return s.Publisher == t.value
	case "country":
		return s.Country == t.value
	case "kind":
		return string(s.Type) == t.value
	case "lang":
		return s.Lang == t.value
	}
	return s.ID == t.value
}

// hasLanguage says whether the language is admitted; an unknown one is.
func (s *scope) hasLanguage(lang string) bool {
	return lang == "" || len(s.languages) == 0 || slices.Contains(s.languages, lang)
}

// hasSource says whether the source is admitted; an unknown one is.
func (s *scope) hasSource(src *news.Source) bool {
	if src == nil {
		return true
	}
	admits := func(t sourceTest) bool { return t.holds(src) }
	return (len(s.only) == 0 || slices.ContainsFunc(s.only, admits)) && !slices.ContainsFunc(s.not, admits)
}

func (s *scope) holds(d *doc) bool {
	return s.hasLanguage(d.lang) && s.hasSource(d.source)
}

// namesSources says whether verdicts depend on attributes of sources.
func (s *scope) namesSources() bool { return len(s.only)+len(s.not) > 0 }

// outside says in words why the item is out of scope.
func (s *scope) outside(d *doc) string {
	if !s.hasLanguage(d.lang) {
		return "language " + d.lang + " is out of scope"
	}
	return "source " + d.source.ID + " is out of scope"
}
