package config

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// testOptions is a world with two variables whose files are in testdata/bad.
func testOptions() Options {
	return Options{
		Getenv: func(name string) (string, bool) {
			v, ok := map[string]string{
				"TOKEN": "s3cret token", "HOST": "news.example.org", "GONE_FILE": "no-such-file", "LONG_FILE": "long",
				"KEY_FILE": "key", "EMPTY": "", "LINES": "one\ntwo", "LONG": strings.Repeat("x", 5000),
			}[name]
			return v, ok
		},
		ReadFile: func(path string) ([]byte, error) {
			switch path {
			case "key":
				return []byte("from a file\n"), nil
			case "long":
				return make([]byte, maxSecret+1), nil
			}
			if strings.HasPrefix(path, "..") || filepath.IsAbs(path) {
				return nil, errors.New("outside of the test's folder")
			}
			return os.ReadFile(filepath.Join("testdata", "bad", path))
		},
		Glob: func(pattern string) ([]string, error) {
			found, err := filepath.Glob(filepath.Join("testdata", "bad", pattern))
			for i := range found {
				found[i], _ = filepath.Rel(filepath.Join("testdata", "bad"), found[i])
			}
			return found, err
		},
		CheckSchedule: func(spec string, _ *time.Location) error {
			if n := len(strings.Fields(spec)); n != 5 {
				return fmt.Errorf("%q has %d fields; write five", spec, n)
			}
			return nil
		},
	}
}

// generated are bad files that are too large to be kept.
var generated = map[string]string{
	"large":   "# " + strings.Repeat("x", maxFile),
	"deep":    "include: " + strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1),
	"aliases": "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + manyAliases(),
}

func manyAliases() string {
	var b strings.Builder
	for i := range 8 {
		fmt.Fprintf(&b, "a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), i)
	}
	return b.String()
}

func TestBadFilesAreExplained(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"absent"}
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".yaml"))
	}
	for name := range generated {
		names = append(names, name)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			opts := testOptions()
			if text, ok := generated[name]; ok {
				opts.ReadFile = func(string) ([]byte, error) { return []byte(text), nil }
			}
			c, problems := Load(name+".yaml", opts)
			var b strings.Builder
			for _, p := range problems {
				fmt.Fprintln(&b, p)
			}
			if got := c == nil; got != invalid(problems) {
				t.Errorf("there is no Config: %t, with these problems:\n%s", got, b.String())
			}
			compare(t, filepath.Join("testdata", "bad", name+".txt"), b.String())
		})
	}
}

// compare compares with a golden file; UPDATE=1 writes it.
func compare(t *testing.T, path, got string) {
	t.Helper()
	if os.Getenv("UPDATE") == "1" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestEveryMessageHasABadFile(t *testing.T) {
	var shown []string
	texts, _ := filepath.Glob("testdata/bad/*.txt")
	for _, f := range texts {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		shown = append(shown, strings.Split(string(b), "\n")...)
	}
	formats := messages(t)
	if len(formats) < 60 {
		t.Fatalf("found %d messages in the code: the test does not see them", len(formats))
	}
	for format, where := range formats {
		re := regexp.MustCompile(verb.ReplaceAllString(regexp.QuoteMeta(format), ".+") + "(;|$)")
		if !slices.ContainsFunc(shown, re.MatchString) {
			t.Errorf("%s: no file of testdata/bad shows %q", where, format)
		}
	}
}

var verb = regexp.MustCompile(`%[0-9]*[a-zA-Z]`)

// messages finds the format of every Problem in the code.
func messages(t *testing.T) map[string]string {
	sources, _ := filepath.Glob("*.go")
	fset, formats := token.NewFileSet(), map[string]string{}
	place := map[string]int{"errorf": 2, "warnf": 2, "bad": 1}
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || place[sel.Sel.Name] == 0 {
				return true
			}
			if lit, ok := call.Args[place[sel.Sel.Name]].(*ast.BasicLit); ok {
				format, _ := strconv.Unquote(lit.Value)
				formats[format] = fset.Position(lit.Pos()).String()
			} else if call.Ellipsis == 0 {
				t.Errorf("%s: the message is no literal", fset.Position(call.Pos()))
			}
			return true
		})
	}
	return formats
}

// TestTenMistakesAreTenProblems holds the promise of one run: every mistake,
// each with its place.
func TestTenMistakesAreTenProblems(t *testing.T) {
	_, problems := Load("ten.yaml", testOptions())
	if len(problems) != 10 {
		t.Errorf("got %d problems, want 10", len(problems))
	}
	for i, p := range problems {
		if p.Line == 0 || p.Column == 0 {
			t.Errorf("%s has no place", p)
		}
		if i > 0 && (p.Line < problems[i-1].Line) {
			t.Errorf("%s is out of order", p)
		}
	}
}
