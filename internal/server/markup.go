package server

import (
	"strconv"
	"strings"
	"unicode"
)

// The manual is written in the plainest Markdown, which reads well in a terminal
// as it is: headings, paragraphs, lists of one level, blocks between ``` lines
// and `code`. Here it becomes values that a template lays out, so nothing in it
// can be markup of a page by accident.

// block is a heading, a paragraph, a list or a listing.
type block struct {
	Kind  string // "h1", "h2", "h3", "text", "list", "code"
	ID    string // of a heading: unlike that of any other
	Spans []span // of a heading or a paragraph
	Items [][]span
	Code  string
}

// span is a piece of a line.
type span struct {
	Text string
	Code bool
	URL  string // where it leads; empty: nowhere
}

const fence = "```"

// parseMarkup reads a page of the manual. link gives the address that a piece of
// code stands for, "" for none.
func parseMarkup(text string, link func(code string) string) []block {
	p := markup{link: link, ids: map[string]int{}}
	for line := range strings.Lines(text) {
		p.line(strings.TrimRight(line, "\n"))
	}
	p.end()
	return p.blocks
}

// markup is a page that is being read.
type markup struct {
	link   func(string) string
	blocks []block
	ids    map[string]int
	kind   string   // of the block that is open: "text", "list" or "code"; empty: none
	open   []string // its paragraph, items or lines
}

func (p *markup) line(s string) {
	heading := strings.TrimLeft(s, "#")
	level := len(s) - len(heading)
	switch {
	case s == fence && p.kind == "code":
		p.end()
	case p.kind == "code":
		p.open = append(p.open, s)
	case strings.HasPrefix(s, fence):
		p.end()
		p.kind = "code"
	case s == "":
		p.end()
	case level > 0 && level < 4 && strings.HasPrefix(heading, " "):
		p.end()
		p.heading(level, strings.TrimSpace(heading))
	case strings.HasPrefix(s, "- "):
		if p.kind != "list" {
			p.end()
		}
		p.kind, p.open = "list", append(p.open, s[2:])
	case p.kind != "": // the line before goes on
		p.open[len(p.open)-1] += " " + strings.TrimSpace(s)
	default:
		p.kind, p.open = "text", []string{s}
	}
}

func (p *markup) heading(level int, text string) {
	id := anchor(text)
	if p.ids[id]++; p.ids[id] > 1 {
		id += "-" + strconv.Itoa(p.ids[id])
	}
	p.blocks = append(p.blocks, block{Kind: "h" + strconv.Itoa(level), ID: id, Spans: p.spans(text)})
}

// end closes the block that is open.
func (p *markup) end() {
	b := block{Kind: p.kind}
	switch p.kind {
	case "":
		return
	case "text":
		b.Spans = p.spans(p.open[0])
	case "list":
		for _, item := range p.open {
			b.Items = append(b.Items, p.spans(item))
		}
	case "code":
		b.Code = strings.Join(p.open, "\n")
	}
	p.blocks, p.kind, p.open = append(p.blocks, b), "", nil
}

// spans parts a line at its back quotes.
func (p *markup) spans(s string) []span {
	var out []span
	for i, part := range strings.Split(s, "`") {
		if part == "" {
			continue
		}
		x := span{Text: part, Code: i%2 == 1}
		if x.Code {
			x.URL = p.link(part)
		}
		out = append(out, x)
	}
	return out
}

// anchor makes the id of a heading: "sources.id (needed)" is "sources.id".
func anchor(text string) string {
	text, _, _ = strings.Cut(text, " (")
	return strings.Trim(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' || r == '_' {
			return unicode.ToLower(r)
		}
		return '-'
	}, text), "-.")
}
