package config

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"khyber/internal/news"
)

const (
	maxFile  = 4 << 20 // bytes of one file; 10,000 sources with six keys each are 1.2 MB
	maxDepth = 64      // lists and maps inside each other; the parser's time grows with its square
	maxAlias = 1 << 16 // values that aliases add to a file: a few lines can stand for billions
)

const byteOrderMark = "\ufeff"

// tree reads one file as YAML.
type tree struct {
	file    string
	lines   []string
	report  *report
	anchors map[string]ast.Node
	open    map[string]bool // anchors whose value is being read
	aliased int             // values that aliases added
}

// parseYAML returns the value of a file and false where the report says why it
// has none. An empty file has a Node of kind NodeNone.
func parseYAML(file string, text []byte, r *report) (news.Node, bool) {
	t := &tree{file: file, report: r, anchors: map[string]ast.Node{}, open: map[string]bool{}}
	if len(text) > maxFile {
		r.errorf(news.Position{File: file}, "split it and use include:", "the file has %d bytes, more than %d", len(text), maxFile)
		return news.Node{}, false
	}
	t.lines = splitLines(string(text))
	if !t.readable() {
		return news.Node{}, false
	}
	// The lexer counts a comment's line twice where it ends with CR LF.
	tokens := lexer.Tokenize(strings.Join(t.lines, "\n"))
	if !t.shallow(tokens) {
		return news.Node{}, false
	}
	parsed, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		t.syntaxError(err)
		return news.Node{}, false
	}
	return t.document(parsed)
}

// splitLines cuts a text at the line breaks that YAML knows (YAML 1.2 §5.4). A
// byte order mark is no part of the first line.
func splitLines(s string) []string {
	s = strings.TrimPrefix(s, byteOrderMark)
	return strings.Split(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"), "\n")
}

// readable reports bytes that no YAML file may hold (YAML 1.2 §5.1).
func (t *tree) readable() bool {
	for i, line := range t.lines {
		column := 0
		for at, c := range line {
			column++
			here := news.Position{File: t.file, Line: i + 1, Column: column}
			if _, size := utf8.DecodeRuneInString(line[at:]); c == utf8.RuneError && size == 1 {
				t.report.errorf(here, "save the file as UTF-8", "the byte 0x%02x is not UTF-8", line[at])
				return false
			}
			if unicode.IsControl(c) && c != '\t' && c != '\u0085' {
				t.report.errorf(here, "remove it", "the control character U+%04X cannot stand in a file of text", c)
				return false
			}
		}
	}
	return true
}

// shallow reports lists and maps that are nested too deeply to be meant. Nested
// blocks need a wider indentation each, so only what can open on one line and
// flow collections are counted.
func (t *tree) shallow(tokens token.Tokens) bool {
	flow, opened, line := 0, 0, 0
	for _, tk := range tokens {
		if tk.Position.Line != line {
			opened, line = 0, tk.Position.Line
		}
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			opened++
		}
		if flow > maxDepth || opened > maxDepth {
			t.report.errorf(t.place(tk), "", "lists and maps are nested more than %d deep", maxDepth)
			return false
		}
	}
	return true
}

// syntaxError reports the parser's first complaint; it finds no second one. Where
// it is one of the slips that people make, that is named in its place.
func (t *tree) syntaxError(err error) {
	at, text := news.Position{File: t.file, Line: 1, Column: 1}, "it cannot be read"
	if e, ok := errors.AsType[*yaml.SyntaxError](err); ok {
		at, text = t.place(e.Token), e.Message
	}
	if s, ok := slipOf(t.lines, at.Line); ok {
		t.report.errorf(news.Position{File: t.file, Line: s.line, Column: s.column}, s.fix, "%s", s.text)
		return
	}
	t.report.errorf(at, "look at this line and the one above it", "this is not YAML: %s", text)
}

// document returns the value of the only document that a file may hold.
func (t *tree) document(parsed *ast.File) (news.Node, bool) {
	var root ast.Node
	for _, d := range parsed.Docs {
		switch d.Body.(type) {
		case nil, *ast.CommentGroupNode, *ast.DirectiveNode:
			continue
		}
		if root != nil {
			t.report.errorf(t.place(d.Body.GetToken()), "keep everything in one document, or move it to a file of its own and use include:",
				"a second document begins here")
			return news.Node{}, false
		}
		root = d.Body
	}
	if root == nil {
		return news.Node{}, true
	}
	n := t.node(root)
	return n, t.aliased <= maxAlias
}

// place returns where a token stands. The parser puts an empty value or a block
// of text at places that no editor can show; those are moved into the file.
func (t *tree) place(tk *token.Token) news.Position {
	if tk == nil || tk.Position == nil {
		return news.Position{File: t.file, Line: 1, Column: 1}
	}
	line := min(max(tk.Position.Line, 1), len(t.lines))
	column := min(max(tk.Position.Column, 1), utf8.RuneCountInString(t.lines[line-1])+1)
	return news.Position{File: t.file, Line: line, Column: column}
}

// node turns a value of the parser's tree into a Node.
func (t *tree) node(n ast.Node) news.Node {
	if n == nil {
		return news.Node{}
	}
	out := news.Node{Position: t.place(n.GetToken())}
	if len(t.open) > 0 {
		if t.aliased++; t.aliased > maxAlias {
			t.report.errorf(news.Position{File: t.file, Line: 1, Column: 1}, "", "anchors and aliases make more than %d values", maxAlias)
			return out
		}
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		out = t.mapping(out, n.Values, n.IsFlowStyle)
	case *ast.MappingValueNode:
		out = t.mapping(out, []*ast.MappingValueNode{n}, n.IsFlowStyle)
	case *ast.SequenceNode:
		out.Kind = news.NodeList
		for _, v := range n.Values {
			out.List = append(out.List, t.node(v))
		}
	case *ast.AnchorNode:
		out = t.anchored(n)
	case *ast.AliasNode:
		out = t.alias(n)
	case *ast.TagNode:
		t.report.errorf(out.Position, "leave it out; a value that must be text can be quoted", "the tag %s has no meaning here", n.Start.Value)
		out = t.node(n.Value)
	case *ast.LiteralNode:
		out.Kind, out.Value = news.NodeScalar, strings.TrimRight(n.Value.Value, "\n")
	case *ast.NullNode:
		if n.Token.Type != token.ImplicitNullType {
			out.Kind, out.Value = news.NodeScalar, n.Token.Value
		}
	case ast.ScalarNode:
		// The token's text, not the node's value: NO, 0x10 and 2024-01-01 are words.
		out.Kind, out.Value = news.NodeScalar, n.GetToken().Value
	}
	return out
}

// mapping adds the pairs of a map to its Node. A block map stands where its
// first key stands; the parser says where its first colon is.
func (t *tree) mapping(out news.Node, values []*ast.MappingValueNode, flow bool) news.Node {
	out.Kind = news.NodeMap
	var merged []*ast.MappingValueNode
	for _, v := range values {
		if _, ok := v.Key.(*ast.MergeKeyNode); ok {
			merged = append(merged, v)
			continue
		}
		if key, ok := t.key(v.Key); ok {
			out.Pairs = append(out.Pairs, news.Pair{Position: key.Position, Key: key.Value, Value: t.node(v.Value)})
		}
	}
	if !flow && len(out.Pairs) > 0 {
		out.Position = out.Pairs[0].Position
	}
	for _, v := range merged {
		t.merge(&out, v)
	}
	return out
}

// key returns a key as a scalar.
func (t *tree) key(k ast.MapKeyNode) (news.Node, bool) {
	var n ast.Node = k
	if explicit, ok := n.(*ast.MappingKeyNode); ok { // ? key
		n = explicit.Value
	}
	key := t.node(n)
	if key.Kind != news.NodeScalar {
		t.report.errorf(t.place(n.GetToken()), "", "a key must be a word")
		return key, false
	}
	return key, true
}

// merge adds the pairs of `<<: *name` that the map does not have itself.
func (t *tree) merge(out *news.Node, v *ast.MappingValueNode) {
	from := t.node(v.Value)
	maps := []news.Node{from}
	if from.Kind == news.NodeList {
		maps = from.List
	}
	for _, m := range maps {
		if m.Kind != news.NodeMap {
			t.report.errorf(t.place(v.Key.GetToken()), "write <<: *name, where &name is in front of a map", "<< takes a map")
			return
		}
		for _, p := range m.Pairs {
			if own := out.Get(p.Key); own.Position == (news.Position{}) {
				out.Pairs = append(out.Pairs, p)
			}
		}
	}
}

// anchored returns the value of `&name value` and remembers its name.
func (t *tree) anchored(n *ast.AnchorNode) news.Node {
	name := n.Name.GetToken().Value
	t.anchors[name] = n.Value
	t.open[name] = true
	defer delete(t.open, name)
	return t.node(n.Value)
}

// alias returns the value that `*name` stands for, with the places of the
// anchored value: a mistake in it is mended there.
func (t *tree) alias(n *ast.AliasNode) news.Node {
	name, at := n.Value.GetToken().Value, t.place(n.Start)
	value, ok := t.anchors[name]
	switch {
	case t.open[name]:
		t.report.errorf(at, "", "*%s stands inside its own value", name)
	case !ok:
		t.report.errorf(at, "quote it if the star is meant", "*%s stands for nothing: there is no &%s before it", name, name)
	default:
		t.open[name] = true
		defer delete(t.open, name)
		return t.node(value)
	}
	return news.Node{Position: at, Kind: news.NodeScalar, Value: "*" + name}
}
