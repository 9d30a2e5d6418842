// Package lexicon owns the entities, their spellings in many languages, and the
// search for them in a text.
//
// It must not know items, rules or YAML of others: additions come as
// [news.Node], texts as tokens. The embedded lexicon.yaml and the additions of
// feeds.yaml are read by the same code into one trie over words; a scan gives
// the mentions that count, after the longest name has won over the names inside
// it and after guard phrases, locators, lists of countries and bare surnames
// have been silenced (X1 to X12 in comments). It starts no goroutine.
package lexicon

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/text"
)

// ID numbers the entities and groups of a Lexicon from 0.
type ID int32

// Kind says what an entity is.
type Kind string

// Words is the kind of vocabulary: it neither swallows names nor is swallowed
// by them. Country is the kind that counts for nothing in a list of three.
const (
	Words   Kind = "words"
	Country Kind = "country"
)

// kinds lists every Kind in the order of the documentation.
var kinds = []string{
	string(Country), "capital", "city", "province", "district", "place", "crossing", "border", "group", "institution",
	"organisation", "office", "person", string(Words),
}

// Entity is a named thing. A group of entities has no Kind.
type Entity struct {
	ID    string
	Kind  Kind
	Name  string // its first English spelling, else ID
	Holds string // the office of a person
	From  time.Time
	Until time.Time // zero: still
	Note  string
	Check bool // a speaker or an editor must confirm it (X12)
}

// Office returns what a person was at a time: "foreign minister", "former
// foreign minister" outside of the dates, "" for all others (X7).
func (e *Entity) Office(at time.Time) string {
	if e.Holds != "" && (at.Before(e.From) || !e.Until.IsZero() && at.After(e.Until)) {
		return "former " + e.Holds
	}
	return e.Holds
}

// role is what a spelling does in its entity.
type role uint8

const (
	roleName role = iota
	roleGuard
	roleLocator
	roleShort
	roles
)

// phrase is what the trie reports.
type phrase struct {
	entity ID
	role   role
	words  bool // its entity is of the kind words
}

// Lexicon is the embedded lexicon with the additions of feeds.yaml. It never
// changes and is safe for concurrent use.
type Lexicon struct {
	entities []Entity // groups last
	byName   map[string]ID
	counts   [][]ID            // of each entity: itself, its ancestors, their groups (X2)
	langs    []map[string]bool // of each entity: the languages of its names
	phrases  []phrase
	trie     *Trie
	hash     uint64
}

// Load reads the embedded lexicon and applies the value of the key `lexicon:`
// of feeds.yaml to it; a Node of kind NodeNone changes nothing. With Problems
// that are no warnings the Lexicon lacks what they are about; it serves to find
// the Problems of topics in the same run.
func Load(additions news.Node) (*Lexicon, []news.Problem) {
	r := &reader{entries: make(map[string]*entry)}
	own, err := embeddedNode()
	if err != nil {
		r.problem(news.Position{File: embeddedFile}, "", "%v", err)
	}
	r.embedded(own)
	r.added = true
	r.entities(additions)
	l := r.build()
	r.lint()
	news.SortProblems(r.problems)
	return l, r.problems
}

// build makes the Lexicon of the entries.
func (r *reader) build() *Lexicon {
	l := &Lexicon{byName: make(map[string]ID), trie: NewTrie()}
	names := slices.SortedFunc(maps.Keys(r.entries), func(a, b string) int {
		if g, h := r.entries[a].isGroup(), r.entries[b].isGroup(); g != h {
			if h {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		l.byName[name] = ID(i)
	}
	sum := fnv.New64a()
	for i, name := range names {
		e := r.entries[name]
		l.langs = append(l.langs, make(map[string]bool))
		r.addPhrases(l, ID(i), e, sum)
		e.Name = e.displayName()
		l.entities = append(l.entities, e.Entity)
	}
	l.trie.Seal()
	r.lift(l)
	for _, up := range l.counts {
		for _, id := range up {
			writeHash(sum, "", uint64(id))
		}
		writeHash(sum, "|", 0)
	}
	l.hash = sum.Sum64()
	return l
}

func (e *entry) isGroup() bool { return len(e.members) > 0 }

// displayName returns the first English spelling without its alternatives.
func (e *entry) displayName() string {
	for _, s := range e.lists[roleName] {
		if s.lang != "en" {
			continue
		}
		if spellings, err := expand(s.text); err == nil {
			return strings.Join(strings.Fields(strings.ReplaceAll(spellings[0], "*", "")), " ")
		}
	}
	return e.ID
}

// addPhrases puts the spellings of an entity into the trie.
func (r *reader) addPhrases(l *Lexicon, id ID, e *entry, sum io.Writer) {
	for role, list := range e.lists {
		if len(list) == 0 {
			continue
		}
		value := int32(len(l.phrases))
		l.phrases = append(l.phrases, phrase{id, roleOf(role), e.Kind == Words})
		for _, s := range list {
			spellings, err := ParsePhrase(s.text)
			if err != nil {
				m := err.(*Mistake)
				r.problem(s.at, m.Fix, "%s", m.Text)
				continue
			}
			if roleOf(role) == roleName {
				l.langs[id][s.lang] = true
			}
			for _, words := range spellings {
				l.trie.Add(words, value)
				for _, w := range words {
					writeHash(sum, w.Fold, flags(w))
				}
				writeHash(sum, e.ID, uint64(role)<<1|1)
			}
		}
	}
	writeHash(sum, string(e.Kind), 0)
}

func roleOf(i int) role { return role(i) }

func flags(w Word) uint64 {
	var f uint64
	if w.Caps {
		f |= 2
	}
	if w.Stem {
		f |= 4
	}
	return f
}

// writeHash adds a word and a number; a hash never fails.
func writeHash(w io.Writer, s string, n uint64) {
	_, _ = io.WriteString(w, s)
	_, _ = w.Write(binary.BigEndian.AppendUint64([]byte{0}, n))
}

// lift finds for each entity what its mentions count for (X2).
func (r *reader) lift(l *Lexicon) {
	groups := make(map[ID][]ID) // of an entity: the groups that list it
	for _, e := range l.entities {
		for _, m := range r.entries[e.ID].members {
			id, ok := l.byName[m.name]
			if !ok {
				r.problem(m.at, "", "group %q: $%s is not in the lexicon; %s", e.ID, m.name, l.Suggest(m.name))
				continue
			}
			groups[id] = append(groups[id], l.byName[e.ID])
		}
	}
	for i := range l.entities {
		l.counts = append(l.counts, r.ancestors(l, groups, []ID{ID(i)}))
	}
}

// ancestors completes a list that begins with an entity.
func (r *reader) ancestors(l *Lexicon, groups map[ID][]ID, list []ID) []ID {
	add := func(id ID) {
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	for i := 0; i < len(list); i++ {
		for _, p := range r.entries[l.entities[list[i]].ID].parents {
			id, ok := l.byName[p.name]
			switch {
			case !ok && i == 0:
				r.problem(p.at, "", "in: %s is not in the lexicon; %s", p.name, l.Suggest(p.name))
			case ok && id == list[0]:
				r.cycle(l.entities[list[0]].ID, p.at)
			case ok:
				add(id)
			}
		}
		for _, g := range groups[list[i]] {
			if g == list[0] {
				r.cycle(l.entities[g].ID, r.entries[l.entities[g].ID].at)
				continue
			}
			add(g)
		}
	}
	return list
}

// cycle reports a cycle at the step that feeds.yaml adds; the embedded steps
// make none by themselves.
func (r *reader) cycle(id string, at news.Position) {
	if at.File == embeddedFile {
		return
	}
	r.problem(at, "remove one of the steps", "in: leads from %q back to itself", id)
}

// Find returns the entity or group of a name, without its $.
func (l *Lexicon) Find(name string) (ID, bool) {
	id, ok := l.byName[name]
	return id, ok
}

// Len returns the number of entities and groups: every ID is below it.
func (l *Lexicon) Len() int { return len(l.entities) }

// Entity returns an entity or a group.
func (l *Lexicon) Entity(id ID) *Entity { return &l.entities[id] }

// Doubtful returns the entities that a speaker or an editor must confirm (X12).
func (l *Lexicon) Doubtful() []Entity {
	var all []Entity
	for _, e := range l.entities {
		if e.Check {
			all = append(all, e)
		}
	}
	return all
}

// Counts returns what a mention of an entity counts for: itself, all that it is
// in, and every group that holds one of them. The caller must not change it.
func (l *Lexicon) Counts(id ID) []ID { return l.counts[id] }

// Languages returns the languages in which an entity, or one that counts for it,
// has names.
func (l *Lexicon) Languages(id ID) []string {
	all := make(map[string]bool)
	for i, up := range l.counts {
		if slices.Contains(up, id) {
			maps.Copy(all, l.langs[i])
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Hash is the same for two lexicons that find the same.
func (l *Lexicon) Hash() uint64 { return l.hash }

// Suggest says which entity may be meant by a name that is unknown.
func (l *Lexicon) Suggest(name string) string {
	if near := text.Nearest(name, slices.Sorted(maps.Keys(l.byName))); near != "" {
		return "did you mean $" + near + "?"
	}
	for _, spelling := range []string{name, strings.ToUpper(name)} {
		if id, ok := l.named(strings.ReplaceAll(spelling, "-", " ")); ok {
			return fmt.Sprintf("did you mean $%s? %q is one of its spellings", l.entities[id].ID, name)
		}
	}
	return "add it under lexicon:"
}

// named returns the entity that a whole text is a spelling of, a name before
// vocabulary.
func (l *Lexicon) named(s string) (ID, bool) {
	tokens := text.Tokens(s, "en")
	best, ok := ID(0), false
	for _, h := range l.trie.Scan(tokens, &Scratch{}, nil) {
		p := &l.phrases[h.Value]
		if h.Start == 0 && int(h.End) == len(tokens) && p.role == roleName && (!ok || l.entities[best].Kind == Words) {
			best, ok = p.entity, true
		}
	}
	return best, ok
}
