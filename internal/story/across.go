package story

import (
	"cmp"
	"slices"
	"time"

	"khyber/internal/lexicon"
	"khyber/internal/text"
)

// Titles in two scripts have no word in common. What they can share are names,
// which the lexicon has in every spelling. That is little: such a link is told
// to people as possible and counts for nothing.
const (
	// AcrossScripts is how far apart in time two items can be.
	AcrossScripts = 24 * time.Hour
	// namesMost is how many names of a title count: more make a list, and each
	// two of them are a key.
	namesMost = 5
	// namesShared is how many names two titles must share; one of them tells.
	namesShared = 2
)

// named is an entity of the lexicon that a title names.
type named struct {
	entity *lexicon.Entity
	tells  bool // few reports of a day name it
}

// namedIn returns the entities that a title names, by ID, none twice.
func namedIn(s *Signature) []named {
	var out []named
	scanner := lexicon.Scanner{Lexicon: entities()}
	for _, m := range scanner.Scan(lexicon.Field{Text: s.plain, Tokens: text.Tokens(s.plain, s.lang)}, nil) {
		if e := entities().Entity(m.Entity); !m.Words {
			out = append(out, named{e, telltale(e.Kind)})
		}
	}
	slices.SortFunc(out, func(a, b named) int { return cmp.Compare(a.entity.ID, b.entity.ID) })
	out = slices.CompactFunc(out, func(a, b named) bool { return a.entity.ID == b.entity.ID })
	return out[:min(len(out), namesMost)]
}

// NameKeys returns the keys of 48 bits under which items in another script are
// found that may report the same: one for each two names of the title, of which
// one tells. Mostly there is none.
func NameKeys(s *Signature) []uint64 {
	all := namedIn(s)
	var keys []uint64
	for i := range all {
		for j := range i {
			if all[i].tells || all[j].tells {
				keys = append(keys, hashWord(all[j].entity.ID+"\n"+all[i].entity.ID)&(1<<keyBits-1))
			}
		}
	}
	slices.Sort(keys)
	return keys
}

// Possibly returns the names by which two items in different scripts may report
// the same event; nil: nothing says so.
func Possibly(a, b *Signature) []string {
	if a.script == b.script || a.at.Sub(b.at).Abs() > AcrossScripts {
		return nil
	}
	var shared []string
	tells := false
	other := namedIn(b)
	for _, n := range namedIn(a) {
		if slices.ContainsFunc(other, func(o named) bool { return o.entity.ID == n.entity.ID }) {
			shared = append(shared, n.entity.Name)
			tells = tells || n.tells
		}
	}
	if len(shared) < namesShared || !tells {
		return nil
	}
	return shared
}
