package lexicon

import (
	_ "embed"
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"khyber/internal/news"
)

// embeddedFile is the name under which the embedded lexicon appears in Problems.
const embeddedFile = "lexicon.yaml"

//go:embed lexicon.yaml
var embedded []byte

// embeddedNode reads the embedded lexicon. It is ours: block and flow maps,
// lists and scalars, no anchors; anything else is a mistake of this build.
func embeddedNode() (news.Node, error) { return parseYAML(embeddedFile, embedded) }

func parseYAML(name string, src []byte) (news.Node, error) {
	file, err := parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return news.Node{}, fmt.Errorf("read %s: %w", name, err)
	}
	return nodeOf(name, file.Docs[0].Body)
}

func nodeOf(file string, n ast.Node) (news.Node, error) {
	node := news.Node{Position: placeOf(file, n)}
	switch n := n.(type) {
	case *ast.MappingNode:
		node.Kind = news.NodeMap
		for _, v := range n.Values {
			value, err := nodeOf(file, v.Value)
			if err != nil {
				return node, err
			}
			node.Pairs = append(node.Pairs, news.Pair{Position: placeOf(file, v.Key), Key: v.Key.GetToken().Value, Value: value})
		}
	case *ast.SequenceNode:
		node.Kind = news.NodeList
		for _, v := range n.Values {
			value, err := nodeOf(file, v)
			if err != nil {
				return node, err
			}
			node.List = append(node.List, value)
		}
	case ast.ScalarNode:
		node.Kind, node.Value = news.NodeScalar, n.GetToken().Value
	default:
		return node, fmt.Errorf("%s: a %s is not expected in the lexicon", node.Position, n.Type())
	}
	return node, nil
}

// placeOf returns where a node begins; goccy gives a block map the place of its
// first colon.
func placeOf(file string, n ast.Node) news.Position {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	at := n.GetToken().Position
	return news.Position{File: file, Line: at.Line, Column: at.Column}
}
