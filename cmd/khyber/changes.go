package main

import (
	"fmt"
	"reflect"
	"strings"

	"khyber/internal/config"
	"khyber/internal/news"
)

// changes says for people what another configuration changes.
func changes(before, after *config.Config) []string {
	var out []string
	sources := compare(before.Sources, after.Sources, func(s *news.Source) string { return s.ID }, sameSource)
	out = append(out, sources.lines("source")...)
	same := func(x, y *news.Topic) bool {
		return before.Set.Hash(x.ID) == after.Set.Hash(y.ID) && reflect.DeepEqual(x, y)
	}
	topics := compare(before.Set.Topics(), after.Set.Topics(), func(t *news.Topic) string { return t.ID }, same)
	out = append(out, topics.lines("topic")...)
	if !reflect.DeepEqual(before.Site, after.Site) {
		out = append(out, "site changed")
	}
	if !reflect.DeepEqual(before.Notify, after.Notify) {
		out = append(out, "notify changed")
	}
	if out == nil {
		out = []string{"sources and topics are as they were"}
	}
	return out
}

// sameSource compares sources. A time zone is what its name says, however it
// was loaded.
func sameSource(x, y *news.Source) bool {
	a, b := *x, *y
	zones := fmt.Sprint(a.Timezone, a.Timing.Location) == fmt.Sprint(b.Timezone, b.Timing.Location)
	a.Timezone, a.Timing.Location, b.Timezone, b.Timing.Location = nil, nil, nil, nil
	return zones && reflect.DeepEqual(a, b)
}

// compared are the ids of what came, went and changed.
type compared struct{ added, removed, changed []string }

func compare[T any](before, after []T, id func(*T) string, same func(x, y *T) bool) compared {
	var c compared
	was := make(map[string]*T, len(before))
	for i := range before {
		was[id(&before[i])] = &before[i]
	}
	for i := range after {
		name := id(&after[i])
		old, known := was[name]
		switch {
		case !known:
			c.added = append(c.added, name)
		case !same(old, &after[i]):
			c.changed = append(c.changed, name)
		}
		delete(was, name)
	}
	for i := range before {
		if name := id(&before[i]); was[name] != nil {
			c.removed = append(c.removed, name)
		}
	}
	return c
}

const maxNamed = 5 // ids in a line of a log

// lines are such as "+2 sources: a, b".
func (c compared) lines(noun string) []string {
	var out []string
	for _, part := range []struct {
		form string
		ids  []string
	}{{"+%s", c.added}, {"-%s", c.removed}, {"%s changed", c.changed}} {
		if len(part.ids) == 0 {
			continue
		}
		names := strings.Join(part.ids[:min(maxNamed, len(part.ids))], ", ")
		if len(part.ids) > maxNamed {
			names += ", …"
		}
		out = append(out, fmt.Sprintf(part.form, count(len(part.ids), noun))+": "+names)
	}
	return out
}
