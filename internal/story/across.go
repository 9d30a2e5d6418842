package story

import (
	"cmp"
	"slices"
	"sync"
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

// namer finds names and keeps its memory for the next title.
type namer struct {
	scanner  lexicon.Scanner
	tokens   []text.Token
	mentions []lexicon.Mention
	found    []named
}

// namers keep the memory of those that are done.
var namers = sync.Pool{New: func() any { return &namer{scanner: lexicon.Scanner{Lexicon: entities()}} }}

// in returns the entities that a title names, by ID, none twice. They stand
// until the next call.
func (n *namer) in(s *Signature) []named {
	n.tokens = text.AppendTokens(n.tokens[:0], s.plain, s.lang)
	n.mentions = n.scanner.Scan(lexicon.Field{Text: s.plain, Tokens: n.tokens}, n.mentions[:0])
	n.found = n.found[:0]
	for _, m := range n.mentions {
		if e := entities().Entity(m.Entity); !m.Words {
			n.found = append(n.found, named{e, telltale(e.Kind)})
		}
	}
	slices.SortFunc(n.found, func(a, b named) int { return cmp.Compare(a.entity.ID, b.entity.ID) })
	n.found = slices.CompactFunc(n.found, func(a, b named) bool { return a.entity.ID == b.entity.ID })
	return n.found[:min(len(n.found), namesMost)]
}

// NameKeys returns the keys of 48 bits under which items in another script are
// found that may report the same: one for each two names of the title, of which
// one tells. Mostly there is none.
func NameKeys(s *Signature) []uint64 {
	n := namers.Get().(*namer)
	defer namers.Put(n)
	all := n.in(s)
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
	one, two := namers.Get().(*namer), namers.Get().(*namer)
	defer namers.Put(one)
	defer namers.Put(two)
	other := two.in(b)
	for _, n := range one.in(a) {
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
