package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// slip is a mistake of those that people make when they write YAML: where it is,
// what is wrong and what to write. It never repeats a value, which may be a secret.
type slip struct {
	line, column int // from 1; the column in bytes, but for who calls slipOf
	text, fix    string
}

// slipOf finds the slip in a file that is not YAML. The parser stops in the line
// at, from 1, which is often one after it; false: it is none of these.
func slipOf(lines []string, at int) (slip, bool) {
	for _, look := range []func([]string, int) (slip, bool){tabs, conflict, unclosed, misspelt, misaligned} {
		if s, ok := look(lines[:min(at+1, len(lines))], at); ok {
			s.column = utf8.RuneCountInString(lines[s.line-1][:s.column-1]) + 1
			return s, true
		}
	}
	return slip{}, false
}

// indentOf returns the number of spaces before a line's text.
func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// tabs: YAML knows none in an indentation.
func tabs(lines []string, _ int) (slip, bool) {
	for i, line := range lines {
		if n := indentOf(line); strings.HasPrefix(line[n:], "\t") {
			return slip{i + 1, n + 1, "a tab cannot indent a line of YAML", "indent with spaces"}, true
		}
	}
	return slip{}, false
}

// conflict: the marks of git.
func conflict(lines []string, _ int) (slip, bool) {
	for i, line := range lines {
		if strings.HasPrefix(line, "<<<<<<< ") || strings.HasPrefix(line, ">>>>>>> ") || line == "=======" {
			return slip{i + 1, 1, "a merge has left its marks", "keep one of the two versions, without the lines <<<<<<<, ======= and >>>>>>>"}, true
		}
	}
	return slip{}, false
}

// aKey is the beginning of a line that is no part of a text or list of several
// lines.
var aKey = regexp.MustCompile(`^ *(- +)*[A-Za-z_]+:( |$)`)

// opening is a quote or bracket that is open.
type opening struct {
	char         byte
	line, column int // from 0
	indent       int // of what its line says
}

func (o opening) slip() (slip, bool) {
	closing := map[byte]string{'[': "]", '{': "}", '"': `"`, '\'': "'"}[o.char]
	return slip{o.line + 1, o.column + 1, fmt.Sprintf("the %c that begins here does not end", o.char), "add " + closing}, true
}

// unclosed: what is open where a key begins in the column of the line that
// opened it, or closes with another bracket.
func unclosed(lines []string, _ int) (slip, bool) {
	var open []opening // the last one may be a quote
	for i, line := range lines {
		if n := len(open); n > 0 && aKey.MatchString(line) && indentOf(line) <= open[n-1].indent {
			return open[n-1].slip()
		}
		var crossed bool
		if open, crossed = openAfter(line, i, open); crossed {
			return open[len(open)-1].slip()
		}
	}
	if len(open) > 0 && aKey.MatchString(lines[len(lines)-1]) {
		return open[len(open)-1].slip()
	}
	return slip{}, false
}

// openAfter returns what is open after a line, of what was open before it; crossed
// when a bracket closes another one than the last.
func openAfter(line string, number int, open []opening) (now []opening, crossed bool) {
	indent := len(line) - len(strings.TrimLeft(line, " -"))
	for at := 0; at < len(line); at++ {
		c, top := line[at], byte(0)
		if len(open) > 0 {
			top = open[len(open)-1].char
		}
		switch quoted := top == '"' || top == '\''; {
		case quoted && c == top:
			open = open[:len(open)-1]
		case quoted:
			if top == '"' && c == '\\' {
				at++
			}
		case c == '#' && strings.HasSuffix(" "+line[:at], " "):
			return open, false
		case strings.IndexByte(`"'[{`, c) >= 0 && beginsValue(line[:at]):
			open = append(open, opening{c, number, at, indent})
		case top != 0 && c == top+2: // in ASCII a bracket closes the one two before it
			open = open[:len(open)-1]
		case top != 0 && (c == ']' || c == '}'):
			return open, true
		}
	}
	return open, false
}

// beginsValue says whether a value can begin after what stands before it.
func beginsValue(before string) bool {
	before = strings.TrimRight(before, " ")
	return before == "" || strings.IndexByte(":-,[{", before[len(before)-1]) >= 0
}

var (
	dashed    = regexp.MustCompile(`^ *(-)[A-Za-z_"'{\[]`)
	stuck     = regexp.MustCompile(`^ *(?:- +)*[A-Za-z_]+(:)[^ /]`)
	twoColons = regexp.MustCompile(`^ *(?:- +)*[A-Za-z_]+: +([^ "'\[{|>&*#][^#]*: )`)
	reserved  = regexp.MustCompile("^ *(?:- +)*[A-Za-z_]+: +([@`%])")
	bare      = regexp.MustCompile(`^ *([^ #\-\["'{}][^:#]*)$`)
)

// misspelt: what is wrong in one line.
func misspelt(lines []string, at int) (slip, bool) {
	for _, kind := range []struct {
		shape *regexp.Regexp
		other string // what a line of that shape does not hold
		text  string
		fix   string
		below bool // the line after the parser's may be meant, too
	}{
		{dashed, "", "a space is missing after the dash", "write - and a space before the entry", true},
		{stuck, ": ", "a space is missing after the colon", "write a space between a key and its value", true},
		{twoColons, "", "a colon and a space stand in a value", "put the value in double quotes", false},
		{reserved, "", "a value cannot begin with this character", "put the value in double quotes", false},
		{bare, ":", "this line is no key with a value", "write a colon and a space after the key", true},
	} {
		for i := max(0, at-2); i < min(at+1, len(lines)); i++ {
			if i >= at && !kind.below || i < at-1 && kind.shape == bare {
				continue
			}
			if m := kind.shape.FindStringSubmatchIndex(lines[i]); m != nil && (kind.other == "" || !strings.Contains(lines[i], kind.other)) {
				return slip{i + 1, m[2] + 1, kind.text, kind.fix}, true
			}
		}
	}
	return slip{}, false
}

// misaligned: a key that is indented by more than the one above, which has its
// value, or by no column that is open.
func misaligned(lines []string, _ int) (slip, bool) {
	var open []int // columns
	text := -1     // indentation of the key of a text of several lines (| or >); -1: none
	for i, line := range lines {
		said, indent := strings.TrimSpace(line), indentOf(line)
		if said == "" || text >= 0 && indent > text {
			continue
		}
		text = -1
		if aText.MatchString(said) {
			text = indent
		}
		if !aKey.MatchString(line) {
			continue
		}
		deepest := len(open)
		for len(open) > 0 && open[len(open)-1] > indent {
			open = open[:len(open)-1]
		}
		if same := len(open) > 0 && open[len(open)-1] == indent; !same {
			if deepest > 0 && (deepest > len(open) || !opens(lines[:i])) {
				return slip{i + 1, indent + 1, fmt.Sprintf("this line is indented by %s, which is no column of those above", spaces(indent)), "put it below the key that it stands beside"}, true
			}
			open = append(open, indent)
		}
		for at := indent; strings.HasPrefix(line[at:], "- "); open = append(open, at) {
			at += 1 + indentOf(line[at+1:])
		}
	}
	return slip{}, false
}

// aText is a key whose value is a text of the lines below it.
var aText = regexp.MustCompile(`: [|>][-+0-9]*$`)

func spaces(n int) string {
	if n == 1 {
		return "1 space"
	}
	return fmt.Sprintf("%d spaces", n)
}

// opens says whether the last of the lines that says something waits for a value.
func opens(lines []string) bool {
	for _, line := range slices.Backward(lines) {
		said, _, _ := strings.Cut(line, " #")
		if said = strings.TrimSpace(said); said != "" && said[0] != '#' {
			return strings.HasSuffix(said, ":") || strings.HasSuffix(said, "-") || strings.Contains(said, ": &")
		}
	}
	return true
}
