package config

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"khyber/internal/news"
)

// places knows where in the bytes of a file its sources stand.
type places struct {
	text      []byte
	root      news.Node
	lines     []int // where each line begins
	lineBreak string
	tree      *tree

	key   *ast.MappingValueNode // sources: itself; nil: the file has none
	list  *ast.SequenceNode     // nil: sources: has no value
	items []item
	end   int // number of the first line after the list, from 0
}

// item is one source of a list.
type item struct {
	id    string
	start int // byte of the dash, or of the value in a flow list
	end   int // byte after its last line, less the break, or after the value
	node  *ast.MappingNode
}

// readPlaces finds the sources of a file.
func readPlaces(f news.File) (*places, error) {
	var r report
	root, ok := parseYAML(f.Path, f.Text, &r)
	if !ok || len(r.problems) > 0 {
		return nil, fmt.Errorf("edit %s: mend this first: %v", f.Path, r.problems[0])
	}
	p := &places{text: f.Text, root: root, lineBreak: "\n", tree: &tree{lines: splitLines(string(f.Text))}}
	if i := bytes.IndexByte(f.Text, '\n'); i > 0 && f.Text[i-1] == '\r' {
		p.lineBreak = "\r\n"
	}
	p.lines = lineStarts(f.Text)
	p.end = len(p.lines)
	parsed, err := parser.Parse(lexer.Tokenize(strings.Join(p.tree.lines, "\n")), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, fmt.Errorf("edit %s: %w", f.Path, err)
	}
	if err := p.find(parsed); err != nil {
		return nil, fmt.Errorf("edit %s: %w", f.Path, err)
	}
	return p, nil
}

// lineStarts returns the byte at which each line begins.
func lineStarts(text []byte) []int {
	starts := []int{len(text) - len(bytes.TrimPrefix(text, []byte(byteOrderMark)))}
	for i := starts[0]; i < len(text); i++ {
		if text[i] == '\n' || text[i] == '\r' && !bytes.HasPrefix(text[i:], []byte("\r\n")) {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// offset returns the byte at which a token begins. Its own Offset is no help:
// it counts characters, and wrongly after comments and blocks of text.
func (p *places) offset(tk *token.Token) int {
	at := p.tree.place(tk)
	line := p.tree.lines[at.Line-1]
	n := 0
	for range at.Column - 1 {
		_, size := utf8.DecodeRuneInString(line[n:])
		n += size
	}
	return p.lines[at.Line-1] + n
}

// lineEnd returns the byte after the text of a line, less its break.
func (p *places) lineEnd(line int) int { return p.lines[line] + len(p.tree.lines[line]) }

// find looks for the list of sources in the document and for its entries.
func (p *places) find(parsed *ast.File) error {
	var root *ast.MappingNode
	for _, d := range parsed.Docs {
		switch body := d.Body.(type) {
		case nil, *ast.CommentGroupNode, *ast.DirectiveNode:
		case *ast.MappingNode:
			root = body
		default:
			return errByHand
		}
	}
	if root == nil {
		return nil
	}
	for i, v := range root.Values {
		if v.Key.GetToken().Value != "sources" {
			continue
		}
		p.key = v
		if i+1 < len(root.Values) {
			p.end = root.Values[i+1].Key.GetToken().Position.Line - 1
		}
		switch value := v.Value.(type) {
		case *ast.SequenceNode:
			p.list = value
			return p.findItems()
		case *ast.NullNode:
			return nil
		}
		return errByHand
	}
	return nil
}

// findItems fills in the items of the list.
func (p *places) findItems() error {
	for i, v := range p.list.Values {
		it := item{}
		if anchor, ok := v.(*ast.AnchorNode); ok && !p.list.IsFlowStyle {
			v = anchor.Value
		}
		m, ok := v.(*ast.MappingNode)
		if !ok {
			return errByHand
		}
		it.node = m
		if id := p.root.Get("sources"); i < len(id.List) {
			it.id = id.List[i].Get("id").Value
		}
		if p.list.IsFlowStyle {
			if !m.IsFlowStyle || m.End == nil {
				return errByHand
			}
			it.start, it.end = p.offset(m.Start), p.offset(m.End)+1
		} else {
			dash := p.list.Entries[i].Start
			next := p.end
			if i+1 < len(p.list.Entries) {
				next = p.list.Entries[i+1].Start.Position.Line - 1
			}
			it.start = p.offset(dash)
			it.end = p.lineEnd(p.lastLine(dash.Position.Line-1, next, dash.Position.Column))
			if strings.TrimLeft(p.tree.lines[dash.Position.Line-1][:it.start-p.lines[dash.Position.Line-1]], " ") != "" {
				return errByHand
			}
		}
		p.items = append(p.items, it)
	}
	return nil
}

// lastLine returns the last line of what begins in the line first, indented by
// column-1, before the line next. A comment that is indented more belongs to
// it, for instance a key that was put out of use; blank lines and other
// comments do not.
func (p *places) lastLine(first, next, column int) int {
	for last := next - 1; last > first; last-- {
		line := p.tree.lines[last]
		text := strings.TrimLeft(line, " \t")
		indent := len(line) - len(text)
		outside := indent < column && (text[:min(1, len(text))] == "#" || text == "..." || text == "---")
		if text != "" && !outside {
			return last
		}
	}
	return first
}

// lineOf returns the number of the line, from 0, that holds the byte.
func (p *places) lineOf(offset int) int {
	i, found := slices.BinarySearch(p.lines, offset)
	if found {
		return i
	}
	return i - 1
}

// spliced returns the text with the bytes from start to end replaced.
func (p *places) spliced(start, end int, with string) []byte {
	return slices.Concat(p.text[:start], []byte(with), p.text[end:])
}

// add adds sources after the last one.
func (p *places) add(sources []NewSource) ([]byte, error) {
	if len(sources) == 0 {
		return p.text, nil
	}
	switch {
	case p.key == nil:
		return p.addKey(sources), nil
	case p.list == nil:
		line := p.lineOf(p.offset(p.key.Start))
		return p.spliced(p.lineEnd(line), p.lineEnd(line), p.lineBreak+p.blocks(sources, "  ", p.lineBreak)), nil
	case p.list.IsFlowStyle:
		return p.addFlow(sources), nil
	}
	last := p.items[len(p.items)-1]
	line := p.lineOf(last.start)
	between := p.lineBreak
	if len(p.items) > 1 && strings.TrimSpace(p.tree.lines[line-1]) == "" {
		between += p.lineBreak
	}
	indent := strings.Repeat(" ", last.start-p.lines[line])
	return p.spliced(last.end, last.end, between+p.blocks(sources, indent, between)), nil
}

func (p *places) blocks(sources []NewSource, indent, between string) string {
	var out []string
	for _, s := range sources {
		out = append(out, blockItem(s, indent, p.lineBreak))
	}
	return strings.Join(out, between)
}

// addKey adds the list to a file that has none. Its dashes are not indented: by
// that remove knows that the key may go with its last entry.
func (p *places) addKey(sources []NewSource) []byte {
	block := "sources:" + p.lineBreak + p.blocks(sources, "", p.lineBreak)
	if last := p.lines[len(p.lines)-1]; last < len(p.text) { // the last line has no break
		return p.spliced(len(p.text), len(p.text), p.lineBreak+block)
	}
	return p.spliced(len(p.text), len(p.text), block+p.lineBreak)
}

// addFlow adds to [ ], between the entries what stands between the last two.
func (p *places) addFlow(sources []NewSource) []byte {
	var out []string
	for _, s := range sources {
		out = append(out, flowItem(s))
	}
	n := len(p.items)
	if n == 0 {
		at := p.offset(p.list.Start) + 1
		return p.spliced(at, at, strings.Join(out, ", "))
	}
	between := ", "
	if n > 1 {
		if s := string(p.text[p.items[n-2].end:p.items[n-1].start]); strings.Trim(s, " \r\n") == "," {
			between = s
		}
	}
	end := p.items[n-1].end
	return p.spliced(end, end, between+strings.Join(out, between))
}

// remove removes an entry.
func (p *places) remove(i int) ([]byte, error) {
	it := p.items[i]
	switch {
	case !p.list.IsFlowStyle:
		return p.removeBlock(i), nil
	case len(p.items) == 1:
		return p.spliced(it.start, it.end, ""), nil
	case i > 0:
		return p.spliced(p.items[i-1].end, it.end, ""), nil
	}
	return p.spliced(it.start, p.items[1].start, ""), nil
}

// removeBlock removes the lines of an entry, with the blank lines above it; if
// the one above is a heading, with those below it.
func (p *places) removeBlock(i int) []byte {
	it := p.items[i]
	first, last := p.lineOf(it.start), p.lineOf(it.end)
	if len(p.items) == 1 {
		key := p.lineOf(p.offset(p.key.Start))
		if it.start == p.lines[first] && key == first-1 && strings.TrimSpace(p.tree.lines[key]) == "sources:" {
			first = key
		}
		return p.withoutLines(first, last)
	}
	blank := func(line int) bool {
		return line < len(p.lines) && line > 0 && strings.TrimSpace(p.tree.lines[line]) == ""
	}
	switch {
	case blank(first - 1):
		for blank(first - 1) {
			first--
		}
	case i == 0 || p.lineOf(p.items[i-1].end) != first-1:
		for last+2 < len(p.lines) && blank(last+1) {
			last++
		}
	}
	return p.withoutLines(first, last)
}

// withoutLines returns the text without the lines first to last. The last line
// of a file that ends without a break takes the one before it away.
func (p *places) withoutLines(first, last int) []byte {
	switch {
	case last+1 < len(p.lines):
		return p.spliced(p.lines[first], p.lines[last+1], "")
	case first > 0:
		return p.spliced(p.lineEnd(first-1), len(p.text), "")
	}
	return p.spliced(p.lines[first], len(p.text), "")
}

var errNoScalar = errors.New("the key has a value of more than one line, or is an alias; change it by hand")

// set gives a key of an entry the value, written as YAML.
func (p *places) set(i int, key, value string) ([]byte, error) {
	it := p.items[i]
	for _, v := range it.node.Values {
		if v.Key.GetToken().Value != key {
			continue
		}
		if null, ok := v.Value.(*ast.NullNode); ok && null.Token.Type == token.ImplicitNullType {
			at := p.offset(v.Start) + 1
			return p.spliced(at, at, " "+value), nil
		}
		start, end, ok := p.scalar(v.Value)
		if !ok {
			return nil, errNoScalar
		}
		return p.spliced(start, end, value), nil
	}
	if it.node.IsFlowStyle {
		closing := p.offset(it.node.End)
		inside := strings.TrimRight(string(p.text[:closing]), " \r\n")
		add := ", " + key + ": " + value
		if strings.HasSuffix(inside, ",") {
			add = add[1:]
		}
		return p.spliced(len(inside), len(inside), add), nil
	}
	column := it.node.Values[0].Key.GetToken().Position.Column
	line := p.lineBreak + strings.Repeat(" ", column-1) + key + ": " + value
	return p.spliced(it.end, it.end, line), nil
}

// scalar returns where the bytes of a value of one line begin and end.
func (p *places) scalar(n ast.Node) (start, end int, ok bool) {
	if _, ok := n.(ast.ScalarNode); !ok {
		return 0, 0, false
	}
	tk := n.GetToken()
	start = p.offset(tk)
	rest := string(p.text[start:p.lineEnd(p.lineOf(start))])
	switch tk.Type {
	case token.DoubleQuoteType:
		for i := 1; i < len(rest); i++ {
			switch rest[i] {
			case '\\':
				i++
			case '"':
				return start, start + i + 1, true
			}
		}
	case token.SingleQuoteType:
		for i := 1; i < len(rest); i++ {
			switch {
			case strings.HasPrefix(rest[i:], "''"):
				i++
			case rest[i] == '\'':
				return start, start + i + 1, true
			}
		}
	default:
		if strings.HasPrefix(rest, tk.Value) {
			return start, start + len(tk.Value), true
		}
	}
	return 0, 0, false
}

// unset removes a key of an entry.
func (p *places) unset(i int, key string) ([]byte, error) {
	it := p.items[i]
	for j, v := range it.node.Values {
		if v.Key.GetToken().Value != key {
			continue
		}
		if it.node.IsFlowStyle {
			return p.unsetFlow(it.node.Values, j)
		}
		first := v.Key.GetToken().Position.Line - 1
		if first == p.lineOf(it.start) {
			return nil, errNoScalar
		}
		next := p.lineOf(it.end) + 1
		if j+1 < len(it.node.Values) {
			next = it.node.Values[j+1].Key.GetToken().Position.Line - 1
		}
		return p.withoutLines(first, p.lastLine(first, next, v.Key.GetToken().Position.Column+1)), nil
	}
	return p.text, nil
}

func (p *places) unsetFlow(values []*ast.MappingValueNode, j int) ([]byte, error) {
	start := p.offset(values[j].Key.GetToken())
	if j+1 < len(values) {
		return p.spliced(start, p.offset(values[j+1].Key.GetToken()), ""), nil
	}
	if _, end, ok := p.scalar(values[j].Value); ok && j > 0 {
		inside := strings.TrimRight(string(p.text[:start]), " \r\n,")
		return p.spliced(len(inside), end, ""), nil
	}
	return nil, errNoScalar
}
