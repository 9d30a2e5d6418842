package server

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"khyber/internal/news"
	"khyber/internal/store"
)

const (
	maxLimit = 500 // entries; the window has as many at most
	maxLangs = 12  // languages in one variant

	viewCopies, viewAll, viewStories = "copies", "all", "stories"
)

// variant is what the parameters of a topic feed ask for. The zero value is the
// default; unknown parameters are ignored and stand in no address of ours.
type variant struct {
	view          string
	minPublishers int
	langs         []string
	ownIDs        bool
	limit         int
	before        news.Mark
}

// parseVariant reads the parameters; an error is a sentence for people.
func parseVariant(q url.Values) (variant, error) {
	v := variant{view: viewCopies}
	var err error
	if s := q.Get("view"); s != "" {
		if !slices.Contains([]string{viewCopies, viewAll, viewStories}, s) {
			return v, fmt.Errorf("view=%s is unknown: it is copies, all or stories", quoted(s))
		}
		v.view = s
	}
	if v.minPublishers, err = number(q, "min_publishers", 2, 9); err != nil {
		return v, err
	}
	if v.limit, err = number(q, "limit", 1, maxLimit); err != nil {
		return v, err
	}
	if s := q.Get("ids"); s != "" {
		if s != "topic" {
			return v, fmt.Errorf("ids=%s is unknown: it is topic", quoted(s))
		}
		v.ownIDs = true
	}
	if s := q.Get("before"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil || n == 0 {
			return v, fmt.Errorf("before=%s is no mark: it is a number, as in the link to the next page", quoted(s))
		}
		v.before = news.Mark(n)
	}
	v.langs, err = languages(q.Get("lang"))
	return v, err
}

var languageCode = regexp.MustCompile(`^[a-z]{2,3}$`)

// languages reads a list of codes, sorted and each once.
func languages(s string) ([]string, error) {
	if s == "" {
		return nil, nil
	}
	codes := strings.Split(strings.ToLower(s), ",")
	for _, code := range codes {
		if !languageCode.MatchString(code) || len(codes) > maxLangs {
			return nil, fmt.Errorf("lang=%s is unknown: it is a list of language codes such as ur,ps", quoted(s))
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes), nil
}

// number reads a whole number between lowest and highest; 0: it is not given.
func number(q url.Values, name string, lowest, highest int) (int, error) {
	s := q.Get(name)
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < lowest || n > highest {
		return 0, fmt.Errorf("%s=%s is out of range: it is a number from %d to %d", name, quoted(s), lowest, highest)
	}
	return n, nil
}

// quoted shortens what a stranger sent before it is sent back.
func quoted(s string) string {
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return strings.ToValidUTF8(s, "")
}

// query returns the canonical query without before: sorted, defaults left out.
func (v variant) query() string {
	var parts []string
	if v.ownIDs {
		parts = append(parts, "ids=topic")
	}
	if v.langs != nil {
		parts = append(parts, "lang="+strings.Join(v.langs, ","))
	}
	if v.limit != 0 {
		parts = append(parts, "limit="+strconv.Itoa(v.limit))
	}
	if v.minPublishers != 0 {
		parts = append(parts, "min_publishers="+strconv.Itoa(v.minPublishers))
	}
	if v.view != viewCopies {
		parts = append(parts, "view="+v.view)
	}
	return strings.Join(parts, "&")
}

// page returns what the store is asked for.
func (v variant) page() store.Page {
	return store.Page{View: v.view, Before: v.before, Limit: v.limit, MinPublishers: v.minPublishers, Langs: v.langs}
}
