package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Sizes are a signal, not a law: one is an error, the others are printed.
const (
	maxFunctionLines = 80  // more: nobody holds it in mind
	maxComplexity    = 15  // ways through a function
	maxFileLines     = 500 // tables of data are exempt by their name
)

// sizeRule is rule 5, sizes: a function above the limit says why in the line
// above it.
func sizeRule(tr *tree) []string {
	var out []string
	for _, f := range tr.files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := tr.lines(fn) - tr.tables(fn); n > maxFunctionLines && !tr.excused(f, fn) {
				out = append(out, tr.violation(fn.Pos(), "rule 5: %s has %d lines, more than %d: cut it where it changes subject, or write `//size: why` above it", fn.Name.Name, n, maxFunctionLines))
			}
		}
	}
	return out
}

// lines returns how many lines a node has.
func (tr *tree) lines(n ast.Node) int {
	return tr.fset.Position(n.End()).Line - tr.fset.Position(n.Pos()).Line + 1
}

// tables returns how many lines of a function are inside of literals of values:
// tables are read in another way than statements.
func (tr *tree) tables(fn *ast.FuncDecl) int {
	n := 0
	ast.Inspect(fn, func(node ast.Node) bool {
		lit, ok := node.(*ast.CompositeLit)
		if ok {
			n += tr.lines(lit) - 1
		}
		return !ok
	})
	return n
}

// excused says whether the line above a function says `//size: why`.
func (tr *tree) excused(f *file, fn *ast.FuncDecl) bool {
	line := tr.fset.Position(fn.Pos()).Line
	for _, g := range f.Comments {
		for _, c := range g.List {
			why, found := strings.CutPrefix(c.Text, "//size:")
			if found && strings.TrimSpace(why) != "" && tr.fset.Position(c.Pos()).Line == line-1 {
				return true
			}
		}
	}
	return false
}

// signals returns what the gate prints without failing: functions with many
// ways through, long files, tests for each line of code.
func signals(tr *tree) []string {
	var out []string
	code, tests := 0, 0
	for _, f := range tr.files {
		n := strings.Count(f.src, "\n")
		if f.test {
			tests += n
		} else {
			code += n
		}
		if n > maxFileLines && !strings.Contains(f.name, "table") {
			out = append(out, fmt.Sprintf("%s has %d lines, more than %d", f.name, n, maxFileLines))
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && complexity(fn) > maxComplexity {
				out = append(out, tr.violation(fn.Pos(), "%s has a cyclomatic complexity of %d, more than %d", fn.Name.Name, complexity(fn), maxComplexity))
			}
		}
	}
	return append(out, fmt.Sprintf("%d lines of tests for %d of code: %.2f", tests, code, float64(tests)/float64(max(code, 1))))
}

// complexity counts the ways through a function: 1 and one for each branch.
func complexity(fn *ast.FuncDecl) int {
	n := 1
	ast.Inspect(fn, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt:
			n++
		case *ast.CaseClause:
			if node.List != nil {
				n++
			}
		case *ast.CommClause:
			if node.Comm != nil {
				n++
			}
		case *ast.BinaryExpr:
			if node.Op == token.LAND || node.Op == token.LOR {
				n++
			}
		}
		return true
	})
	return n
}

// words are those that no identifier contains, with the word for the thing.
var words = map[string]string{
	"article": "Item", "articles": "Item",
	"cluster": "Story", "clusters": "Story", "clustering": "Story",
	"crawl": "Poll", "crawls": "Poll", "crawler": "Poller", "crawling": "Poll",
	"feed": "Source or TopicFeed", "feeds": "Source or TopicFeed",
}

// vague are the words that no name of a type or a package contains.
var vague = []string{"manager", "util", "utils", "common"}

// spelled are the longer words in which "feed" is not ambiguous; feeds.yaml is
// the name of a file, FeedXml a method that gorilla/feeds wants.
var spelled = regexp.MustCompile(`(?i)topic_?feed|json_?feed|not_?a_?feed|gofeed|feedtest|feeds_?yaml|feedxml`)

// wordRule is rule 5, names: one word for each thing.
func wordRule(tr *tree) []string {
	var out []string
	for _, f := range tr.files {
		if within(f.pkg, "internal/tools", "internal/feedtest") {
			continue // tools plants the words, feedtest makes what others call so
		}
		for _, w := range split(f.Name.Name) {
			if slices.Contains(vague, w) {
				out = append(out, tr.violation(f.Name.Pos(), "rule 5: %q in package %s: name what it holds", w, f.Name.Name))
			}
		}
		seen := map[string]bool{}
		ids := slices.SortedFunc(maps.Keys(f.info.Defs), func(a, b *ast.Ident) int { return int(a.Pos() - b.Pos()) })
		for _, id := range ids {
			if tr.fset.Position(id.Pos()).Filename != f.name || seen[id.Name] {
				continue
			}
			_, isType := f.info.Defs[id].(*types.TypeName)
			for _, w := range split(spelled.ReplaceAllString(id.Name, "X")) {
				instead := words[w]
				if isType && slices.Contains(vague, w) {
					instead = "the noun for what it does"
				}
				if instead != "" {
					seen[id.Name] = true
					out = append(out, tr.violation(id.Pos(), "rule 5: %q in %s: the word is %s", w, id.Name, instead))
				}
			}
		}
	}
	return out
}

// split returns the words of a name in camel case or with underscores, in
// lower case: "JSONFeedURL" → json feed url.
func split(name string) []string {
	var all []string
	rs := []rune(name)
	start := 0
	cut := func(end int) {
		if end > start {
			all = append(all, strings.ToLower(string(rs[start:end])))
		}
		start = end
	}
	for i, r := range rs {
		switch {
		case r == '_':
			cut(i)
			start = i + 1
		case i > start && unicode.IsUpper(r) &&
			(!unicode.IsUpper(rs[i-1]) || i+1 < len(rs) && unicode.IsLower(rs[i+1])):
			cut(i)
		}
	}
	cut(len(rs))
	return all
}
