package topic

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"khyber/internal/lexicon"
	"khyber/internal/news"
)

// yamlNode turns YAML into the nodes that config hands over.
func yamlNode(t testing.TB, file, src string) news.Node {
	t.Helper()
	f, err := parser.ParseBytes([]byte(src), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return toNode(t, file, f.Docs[0].Body)
}

func toNode(t testing.TB, file string, n ast.Node) news.Node {
	t.Helper()
	at := n.GetToken().Position
	node := news.Node{Position: news.Position{File: file, Line: at.Line, Column: at.Column}}
	switch n := n.(type) {
	case *ast.MappingNode:
		node.Kind = news.NodeMap
		if !n.IsFlowStyle { // goccy gives a block map the place of its first colon
			first := n.Values[0].Key.GetToken().Position
			node.Line, node.Column = first.Line, first.Column
		}
		for _, v := range n.Values {
			key := v.Key.GetToken()
			node.Pairs = append(node.Pairs, news.Pair{
				Position: news.Position{File: file, Line: key.Position.Line, Column: key.Position.Column},
				Key:      key.Value, Value: toNode(t, file, v.Value),
			})
		}
	case *ast.SequenceNode:
		node.Kind = news.NodeList
		for _, v := range n.Values {
			node.List = append(node.List, toNode(t, file, v))
		}
	case ast.ScalarNode:
		node.Kind, node.Value = news.NodeScalar, n.GetToken().Value
	default:
		t.Fatalf("%s: unexpected %T", node.Position, n)
	}
	return node
}

// topicNodes returns the list items of `topics:`.
func topicNodes(t testing.TB, src string) []news.Node {
	t.Helper()
	n := yamlNode(t, "feeds.yaml", src)
	topics := n.Get("topics")
	return topics.List
}

// plainLexicon is the embedded one; it never changes, so the tests share it.
var plainLexicon = sync.OnceValue(func() *lexicon.Lexicon {
	lex, _ := lexicon.Load(news.Node{})
	return lex
})

func lexiconOf(t testing.TB, additions string) *lexicon.Lexicon {
	t.Helper()
	if additions == "" {
		return plainLexicon()
	}
	lex, problems := lexicon.Load(yamlNode(t, "feeds.yaml", additions))
	if len(problems) > 0 {
		t.Fatal(problemText(problems))
	}
	return lex
}

// shipped returns the topics that Khyber comes with.
func shipped(t testing.TB) []news.Node {
	t.Helper()
	src, err := os.ReadFile("../../feeds.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return topicNodes(t, string(src))
}

// compile makes a Set or fails.
func compile(t testing.TB, src string) *Set {
	t.Helper()
	s, problems := Compile(topicNodes(t, src), lexiconOf(t, ""), nil)
	if s == nil {
		t.Fatalf("%s", problemText(problems))
	}
	return s
}

func problemText(problems []news.Problem) string {
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}
