package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"khyber/internal/news"
)

// Adding makes sources of what a list or a site says of itself, so that they
// stand beside those of a Config and beside each other.
type Adding struct {
	ids  map[string]bool
	urls map[string]string // one spelling → id
}

// NewAdding returns an Adding beside the sources.
func NewAdding(sources []news.Source) *Adding {
	a := &Adding{ids: make(map[string]bool), urls: make(map[string]string)}
	for i := range sources {
		a.take(&sources[i])
	}
	return a
}

func (a *Adding) take(s *news.Source) {
	a.ids[s.ID] = true
	a.urls[oneSpelling(s.URL)] = s.ID
}

// Source returns the source with an ID of its own, where it has none yet, and
// without what feeds.yaml would refuse. It fails for an address that is polled
// already or cannot be. An address never brings a variable along: whoever wrote
// the list would be sent a secret of ours.
func (a *Adding) Source(s news.Source) (news.Source, error) {
	spelling := oneSpelling(s.URL)
	switch {
	case spelling == "":
		return s, errors.New("its address is none")
	case strings.Contains(s.URL, "${"):
		return s, errors.New("its address holds ${, which stands for a secret: add it by hand if that is meant")
	case a.urls[spelling] != "":
		return s, fmt.Errorf("it is polled already, as %s", a.urls[spelling])
	}
	s.Name = name(s.Name)
	if s.ID == "" {
		s.ID = NewID(s.Name, s.URL, a.ids)
	}
	s.Lang = known(languageCodes, strings.ToLower(s.Lang))
	s.Country = known(countryCodes, strings.ToUpper(s.Country))
	a.take(&s)
	return s, nil
}

// known returns the code that is in the set: itself, what others write for it,
// or its first part, as in en-GB.
func known(set map[string]bool, code string) string {
	first, _, _ := strings.Cut(code, "-")
	for _, c := range []string{code, otherCodes[code], first} {
		if set[c] {
			return c
		}
	}
	return ""
}

// name returns a title as a name can be: one line of text, no variable.
func name(title string) string {
	line := strings.Join(strings.FieldsFunc(strings.ReplaceAll(title, "${", "{"), func(c rune) bool {
		return unicode.IsSpace(c) || unicode.IsControl(c)
	}), " ")
	runes := []rune(line)
	return string(runes[:min(len(runes), maxTitle)])
}
