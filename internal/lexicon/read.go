package lexicon

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/text"
)

// entry is an entity or a group as the files describe it.
type entry struct {
	Entity
	at      news.Position
	parents []ref
	members []ref // of a group
	lists   [roles][]spelling
	added   bool // by feeds.yaml
}

// ref is a name with its place.
type ref struct {
	name string
	at   news.Position
}

// spelling is a phrase of an entity with its language and place.
type spelling struct {
	text, lang string
	at         news.Position
	added      bool
}

// reader turns nodes into entries and collects what is wrong with them.
type reader struct {
	entries  map[string]*entry
	added    bool
	problems []news.Problem
}

func (r *reader) problem(at news.Position, fix, format string, args ...any) {
	r.problems = append(r.problems, news.Problem{Position: at, Text: fmt.Sprintf(format, args...), Fix: fix})
}

// embedded reads the form of lexicon.yaml: entities and groups.
func (r *reader) embedded(n news.Node) {
	entities, groups := n.Get("entities"), n.Get("groups")
	r.entities(entities)
	for _, p := range groups.Pairs {
		r.entry(p, news.Node{Position: p.Position, Kind: news.NodeMap, Pairs: []news.Pair{
			{Position: p.Position, Key: "members", Value: p.Value},
		}})
	}
}

// entities reads a map of entries.
func (r *reader) entities(n news.Node) {
	if n.Kind == news.NodeNone {
		return
	}
	if n.Kind != news.NodeMap {
		r.problem(n.Position, "write a map of entities", "lexicon: is not a map")
		return
	}
	seen := make(map[string]bool)
	for _, p := range n.Pairs {
		if seen[p.Key] {
			r.problem(p.Position, "join the two", "entity %q is given twice", p.Key)
			continue
		}
		seen[p.Key] = true
		r.entry(p, p.Value)
	}
}

// entryName is what a $name may look like.
var entryName = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// entry reads one entity or group, or changes one that is known (X11).
func (r *reader) entry(p news.Pair, n news.Node) {
	if !entryName.MatchString(p.Key) {
		r.problem(p.Position, "use a-z, 0-9 and -", "%q is no name for an entity", p.Key)
		return
	}
	if n.Kind != news.NodeMap {
		r.problem(p.Position, "write {kind: …, names: {…}}", "entity %q is not a map", p.Key)
		return
	}
	e, known := r.entries[p.Key]
	if !known {
		e = &entry{Entity: Entity{ID: p.Key}, at: p.Position, added: r.added}
		r.entries[p.Key] = e
	}
	seen := make(map[string]bool)
	for _, k := range n.Pairs {
		if seen[k.Key] {
			r.problem(k.Position, "join the two", "key %q is given twice in entity %q", k.Key, p.Key)
			continue
		}
		seen[k.Key] = true
		r.key(e, k)
	}
	if known || seen["members"] {
		return
	}
	if !seen["kind"] || !seen["names"] {
		r.problem(p.Position, "a new entity has kind: and names:, a group has members:", "entity %q is not in the lexicon", p.Key)
	}
}

// keys of an entity, in the order of the documentation.
var keys = []string{
	"kind", "in", "names", "not", "locator", "short", "from", "until", "holds", "note", "check", "drop", "members",
}

// key reads one key of an entity.
func (r *reader) key(e *entry, k news.Pair) {
	switch k.Key {
	case "kind":
		e.Kind = Kind(r.scalar(k))
		if !slices.Contains(kinds, string(e.Kind)) {
			r.problem(k.Value.Position, "", "%q is no kind of entity; %s", e.Kind, suggest(string(e.Kind), kinds))
		}
	case "in":
		e.parents = append(e.parents, r.refs(k)...)
	case "members":
		e.members = append(e.members, r.refs(k)...)
	case "names":
		r.spellings(e, roleName, k)
	case "not":
		r.spellings(e, roleGuard, k)
	case "locator":
		r.spellings(e, roleLocator, k)
	case "short":
		r.spellings(e, roleShort, k)
	case "drop":
		r.drop(e, k)
	case "from":
		e.From = r.date(k)
	case "until":
		e.Until = r.date(k)
	case "holds":
		e.Holds = r.scalar(k)
	case "note":
		e.Note = r.scalar(k)
	case "check":
		v := r.scalar(k)
		if v != "true" && v != "false" {
			r.problem(k.Value.Position, "write true or false", "check: %s is neither true nor false", v)
		}
		e.Check = v == "true"
	default:
		r.problem(k.Position, "", "unknown key %q in entity %q; %s", k.Key, e.ID, suggest(k.Key, keys))
	}
}

// suggest says what may be meant by a word that is not among known.
func suggest(word string, known []string) string {
	if near := text.Nearest(word, known); near != "" {
		return "did you mean " + near + "?"
	}
	return "it is one of " + strings.Join(known, ", ")
}

func (r *reader) scalar(k news.Pair) string {
	if k.Value.Kind != news.NodeScalar {
		r.problem(k.Value.Position, "write one value", "%s: is not a single value", k.Key)
	}
	return k.Value.Value
}

func (r *reader) date(k news.Pair) time.Time {
	v := r.scalar(k)
	t, err := time.Parse(time.DateOnly, v)
	if err != nil {
		r.problem(k.Value.Position, "write it as 2024-03-11", "%s: %q is not a date", k.Key, v)
	}
	return t
}

// values returns the scalars of a list, or a scalar alone.
func (r *reader) values(what string, n news.Node) []news.Node {
	switch n.Kind {
	case news.NodeScalar:
		return []news.Node{n}
	case news.NodeList:
		for _, v := range n.List {
			if v.Kind != news.NodeScalar {
				r.problem(v.Position, "quote a term that holds `: ` or ` #`", "%s: holds something that is not a word or a phrase", what)
				return nil
			}
		}
		return n.List
	}
	r.problem(n.Position, "write a list", "%s: is not a list", what)
	return nil
}

func (r *reader) refs(k news.Pair) []ref {
	var refs []ref
	for _, v := range r.values(k.Key, k.Value) {
		refs = append(refs, ref{strings.TrimPrefix(v.Value, "$"), v.Position})
	}
	return refs
}

// languages calls f with every list of spellings in a map of languages.
func (r *reader) languages(k news.Pair, f func(lang string, phrases []news.Node)) {
	if k.Value.Kind != news.NodeMap {
		r.problem(k.Value.Position, "write {en: […], ur: […]}", "%s: is not a map of languages", k.Key)
		return
	}
	for _, l := range k.Value.Pairs {
		if !text.Known(l.Key) {
			r.problem(l.Position, "write two letters of ISO 639-1", "%s: %q is no language", k.Key, l.Key)
			continue
		}
		f(l.Key, r.values(k.Key+": "+l.Key, l.Value))
	}
}

func (r *reader) spellings(e *entry, role role, k news.Pair) {
	r.languages(k, func(lang string, phrases []news.Node) {
		for _, p := range phrases {
			e.lists[role] = append(e.lists[role], spelling{p.Value, lang, p.Position, r.added})
		}
	})
}

// drop removes spellings of a language from an entity.
func (r *reader) drop(e *entry, k news.Pair) {
	r.languages(k, func(lang string, phrases []news.Node) {
		for _, p := range phrases {
			found := false
			for role := range e.lists {
				e.lists[role] = slices.DeleteFunc(e.lists[role], func(s spelling) bool {
					same := s.lang == lang && (s.text == p.Value || text.Fold(s.text) == text.Fold(p.Value))
					found = found || same
					return same
				})
			}
			if !found {
				r.problem(p.Position, "", "drop: entity %q has no spelling %q in %s; %s", e.ID, p.Value, lang, suggest(p.Value, e.written(lang)))
			}
		}
	})
}

// written returns the spellings of an entity in a language.
func (e *entry) written(lang string) []string {
	var all []string
	for _, list := range e.lists {
		for _, s := range list {
			if s.lang == lang {
				all = append(all, s.text)
			}
		}
	}
	return all
}
