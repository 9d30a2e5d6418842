package news

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a file. Line and Column count from 1, Column in
// characters. The zero value is no place.
type Position struct {
	File   string
	Line   int
	Column int
}

// String returns file:line:column, or the file alone where there is no line.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Problem is one mistake in feeds.yaml.
type Problem struct {
	Position
	Text    string // what is wrong
	Fix     string // what to write instead; empty: it says itself
	Warning bool   // the file is valid all the same
}

// String returns `file:line:column: what is wrong; what to write instead`.
func (p Problem) String() string {
	var b strings.Builder
	if at := p.Position.String(); at != "" {
		b.WriteString(at + ": ")
	}
	if p.Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(p.Text)
	if p.Fix != "" {
		b.WriteString("; " + p.Fix)
	}
	return b.String()
}

// SortProblems orders problems by file, line and column, and keeps the order of
// those at one place.
func SortProblems(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// Node is a value of a YAML file with its place, for the packages that give
// such values a meaning but must not know YAML. A scalar is the text as it is
// written (`NO`, `0x10`), less its quotes.
type Node struct {
	Position
	Kind  NodeKind
	Value string
	List  []Node
	Pairs []Pair // in the order of the file; keys may repeat
}

// NodeKind says which fields of a Node count.
type NodeKind uint8

// The kinds of a Node. NodeNone is the zero value: there is no value.
const (
	NodeNone NodeKind = iota
	NodeScalar
	NodeList
	NodeMap
)

// Pair is one key of a map with its place and value.
type Pair struct {
	Position
	Key   string
	Value Node
}

// Get returns the value of the first pair with the key; a Node of kind NodeNone
// where there is none.
func (n *Node) Get(key string) Node {
	for _, p := range n.Pairs {
		if p.Key == key {
			return p.Value
		}
	}
	return Node{}
}
