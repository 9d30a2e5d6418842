package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"khyber/internal/news"
	"khyber/internal/topic"
)

// loadText loads a text as the only file there is.
func loadText(text []byte) (*Config, []news.Problem) { return Load("feeds.yaml", textOptions(text)) }

func textOptions(text []byte) Options {
	opts := goodOptions()
	opts.ReadFile = func(path string) ([]byte, error) {
		switch path {
		case "feeds.yaml":
			return text, nil
		case "key":
			return []byte("k€y"), nil
		}
		return nil, errors.New("no such file")
	}
	opts.Glob = func(string) ([]string, error) { return nil, nil }
	return opts
}

// checkProblems is the oracle of T11: a Config or Problems, each at a place
// that the file has.
func checkProblems(t interface{ Errorf(string, ...any) }, text []byte) {
	l := newLoader(textOptions(text))
	l.file("feeds.yaml", news.Position{File: "feeds.yaml"}, nil)
	problems := l.report.sorted()
	var c *Config
	if len(l.defs) > 0 || l.lexNode.Kind != news.NodeNone { // reading the lexicon takes 20 times as long as all else
		c, problems = loadText(text)
	} else if !invalid(problems) {
		l.set = &topic.Set{}
		c = l.config()
	}
	if (c == nil) != invalid(problems) {
		t.Errorf("there is no Config: %t, with %v", c == nil, problems)
	}
	lines := linesOf(string(text))
	for _, p := range problems {
		switch {
		case p.Line == 0 && p.File == "feeds.yaml" && len(text) > maxFile:
		case p.File != "feeds.yaml" || p.Line < 1 || p.Line > len(lines):
			t.Errorf("%s: there are %d lines", p, len(lines))
		case p.Column < 1 || p.Column > utf8.RuneCountInString(lines[p.Line-1])+1:
			t.Errorf("%s: the line is %q", p, lines[p.Line-1])
		}
	}
}

// linesOf counts lines in another way than the package does.
func linesOf(s string) []string {
	s = strings.TrimPrefix(s, byteOrderMark)
	var lines []string
	for {
		i := strings.IndexAny(s, "\r\n")
		if i < 0 {
			return append(lines, s)
		}
		lines = append(lines, s[:i])
		if strings.HasPrefix(s[i:], "\r\n") {
			i++
		}
		s = s[i+1:]
	}
}

func seeds(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	out := make(map[string][]byte)
	for _, f := range files {
		if out[f], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func FuzzProblems(f *testing.F) {
	for _, text := range seeds(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		checkProblems(t, text)
		checkEdit(t, text)
	})
}

// checkEdit is T12 for any bytes: an edit is refused or can be undone.
func checkEdit(t interface{ Errorf(string, ...any) }, text []byte) {
	e := editorOf(string(text))
	if e.Add(larch) != nil {
		return
	}
	added := textOf(e)
	if err := e.Remove("larch"); err != nil {
		t.Errorf("%v in %q", err, added)
	} else if got := textOf(e); got != string(text) {
		t.Errorf("got %q, want %q, by %q", got, text, added)
	}
}

// TestPropChangedByteIsExplained is T11: any change of any byte of a good file.
func TestPropChangedByteIsExplained(t *testing.T) {
	good := seeds(t)["testdata/good/full.yaml"]
	rapid.Check(t, func(t *rapid.T) {
		text := append([]byte{}, good...)
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		switch with := rapid.OneOf(rapid.SampledFrom([]byte(" \t\n\r#:-[]{}&*!|>'\"%@`,?~<$")), rapid.Byte()).Draw(t, "with"); rapid.IntRange(0, 2).Draw(t, "how") {
		case 0:
			text[at] = with
		case 1:
			text = append(text[:at], append([]byte{with}, text[at:]...)...)
		case 2:
			text = append(text[:at], text[min(len(text), at+int(with)%7):]...)
		}
		checkProblems(t, text)
		checkEdit(t, text)
	})
}

// TestPlacesAreThoseOfTheText looks every key and every plain value up in the
// text, at the place that its Node names.
func TestPlacesAreThoseOfTheText(t *testing.T) {
	files := seeds(t)
	for _, name := range []string{"../../feeds.yaml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = text
	}
	for name, text := range files {
		for variant, text := range map[string]string{
			"": string(text), " with CRLF": strings.ReplaceAll(string(text), "\n", "\r\n"), " with BOM": byteOrderMark + string(text),
		} {
			r := &report{}
			root, ok := parseYAML(name, []byte(text), r)
			if !ok || len(r.problems) > 0 {
				continue
			}
			lines := linesOf(text)
			checkPlaces(t, name+variant, lines, root)
		}
	}
}

func checkPlaces(t *testing.T, name string, lines []string, n news.Node) {
	t.Helper()
	at := func(p news.Position) string {
		return string([]rune(lines[p.Line-1])[min(p.Column-1, utf8.RuneCountInString(lines[p.Line-1])):])
	}
	for _, p := range n.Pairs {
		if got := strings.TrimLeft(at(p.Position), `"'`); !strings.HasPrefix(got, p.Key) {
			t.Errorf("%s: at %s stands %q, want the key %q", name, p.Position, got, p.Key)
		}
		checkPlaces(t, name, lines, p.Value)
	}
	for _, v := range n.List {
		checkPlaces(t, name, lines, v)
	}
	if n.Kind == news.NodeScalar {
		word, _, _ := strings.Cut(n.Value, " ")
		word, _, _ = strings.Cut(word, "\n")
		got := strings.TrimLeft(at(n.Position), `"'`)
		if !strings.HasPrefix(got, word) && !strings.HasPrefix(got, "|") && !strings.HasPrefix(got, ">") {
			t.Errorf("%s: at %s stands %q, want the value %q", name, n.Position, got, n.Value)
		}
	}
}
