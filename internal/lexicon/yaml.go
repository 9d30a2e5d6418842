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
func embeddedNode() (news.Node, error) {
	file, err := parser.ParseBytes(embedded, 0)
	if err != nil {
		return news.Node{}, fmt.Errorf("read the embedded lexicon: %w", err)
	}
	return nodeOf(file.Docs[0].Body)
}

func nodeOf(n ast.Node) (news.Node, error) {
	at := n.GetToken().Position
	node := news.Node{Position: news.Position{File: embeddedFile, Line: at.Line, Column: at.Column}}
	switch n := n.(type) {
	case *ast.MappingNode:
		node.Kind = news.NodeMap
		for _, v := range n.Values {
			value, err := nodeOf(v.Value)
			if err != nil {
				return node, err
			}
			key := v.Key.GetToken()
			node.Pairs = append(node.Pairs, news.Pair{
				Position: news.Position{File: embeddedFile, Line: key.Position.Line, Column: key.Position.Column},
				Key:      key.Value, Value: value,
			})
		}
	case *ast.SequenceNode:
		node.Kind = news.NodeList
		for _, v := range n.Values {
			value, err := nodeOf(v)
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
