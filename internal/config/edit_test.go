package config

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"khyber/internal/news"
)

func editorOf(text string) *Editor {
	return NewEditor([]news.File{{Path: "feeds.yaml", Text: []byte(text)}})
}

func textOf(e *Editor) string { return string(e.Files()[0].Text) }

var larch = NewSource{
	Source: news.Source{ID: "larch", Name: "Larch: a “Daily”", URL: "https://larch.example.org/rss.xml", Lang: "ps", Country: "AF", Type: news.Agency},
	Note:   "category: /Trees",
}

const larchBlock = `- id: larch
  name: "Larch: a “Daily”"
  url: https://larch.example.org/rss.xml
  lang: ps
  country: AF
  kind: agency
  # category: /Trees
`

func indented(block, by string) string {
	var b strings.Builder
	for line := range strings.Lines(block) {
		b.WriteString(by + line)
	}
	return b.String()
}

func TestAddKeepsTheStyleOfTheFile(t *testing.T) {
	block := indented(larchBlock, "  ")
	for name, c := range map[string]struct{ before, after string }{
		"block":   {"sources:\n  - id: a # – خبر\n    url: x\n# end\n", "sources:\n  - id: a # – خبر\n    url: x\n" + block + "# end\n"},
		"spaced":  {"sources:\n  - id: a\n\n  - id: b\n\ntopics:\n", "sources:\n  - id: a\n\n  - id: b\n\n" + block + "\ntopics:\n"},
		"flat":    {"sources:\n- id: a\nsite: {}\n", "sources:\n- id: a\n" + larchBlock + "site: {}\n"},
		"unended": {"sources:\n  - id: a", "sources:\n  - id: a\n" + strings.TrimSuffix(block, "\n")},
		"CRLF": {
			"sources:\r\n  - id: a # خبر\r\n",
			"sources:\r\n  - id: a # خبر\r\n" + strings.ReplaceAll(block, "\n", "\r\n"),
		},
		"flow": {
			"sources: [{id: a}, {id: b}]\n",
			"sources: [{id: a}, {id: b}, {id: larch, name: \"Larch: a “Daily”\", url: https://larch.example.org/rss.xml, lang: ps, country: AF, kind: agency}]\n",
		},
		"anchors":  {"sources:\n- &a\n  id: a\n- <<: *a\n  id: b\n", "sources:\n- &a\n  id: a\n- <<: *a\n  id: b\n" + larchBlock},
		"old key":  {"sources:\n  - id: a\n    # every: 5m\n", "sources:\n  - id: a\n    # every: 5m\n" + block},
		"no value": {"sources: # none yet\ntopics: []\n", "sources: # none yet\n" + block + "topics: []\n"},
		"no key":   {"site: {}\n", "site: {}\nsources:\n" + larchBlock},
		"empty":    {"", "sources:\n" + larchBlock},
	} {
		t.Run(name, func(t *testing.T) {
			e := editorOf(c.before)
			if err := e.Add(larch); err != nil {
				t.Fatal(err)
			}
			if got := textOf(e); got != c.after {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.after)
			}
			if err := e.Remove("larch"); err != nil {
				t.Fatal(err)
			}
			if got := textOf(e); got != c.before {
				t.Errorf("removed again:\n%q\nwant:\n%q", got, c.before)
			}
		})
	}
}

func TestNoteCannotLeaveItsComment(t *testing.T) {
	e := editorOf("")
	if err := e.Add(NewSource{Source: news.Source{ID: "a"}, Note: "one\r- id: b\n  two\x00"}); err != nil {
		t.Fatal(err)
	}
	if got, want := textOf(e), "sources:\n- id: a\n  # one - id: b\n  # two\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRemoveTakesOnlyTheSource(t *testing.T) {
	spaced := "sources:\n\n  # – Heading خبر\n\n  - id: a\n    url: x\n\n  - id: b\n    url: y\n    # every: 5m\n\n  # Heading\n  - id: c\n"
	for name, c := range map[string]struct{ before, id, after string }{
		"first":       {spaced, "a", "sources:\n\n  # – Heading خبر\n\n  - id: b\n    url: y\n    # every: 5m\n\n  # Heading\n  - id: c\n"},
		"middle":      {spaced, "b", "sources:\n\n  # – Heading خبر\n\n  - id: a\n    url: x\n\n  # Heading\n  - id: c\n"},
		"last":        {spaced, "c", "sources:\n\n  # – Heading خبر\n\n  - id: a\n    url: x\n\n  - id: b\n    url: y\n    # every: 5m\n\n  # Heading\n"},
		"only":        {"sources:\n  - id: a\n\nsite: {}\n", "a", "sources:\n\nsite: {}\n"},
		"flow first":  {"sources: [{id: a}, {id: b}]\n", "a", "sources: [{id: b}]\n"},
		"flow last":   {"sources: [{id: a},\n {id: b}]\n", "b", "sources: [{id: a}]\n"},
		"flow only":   {"sources: [ {id: a} ]\n", "a", "sources: [  ]\n"},
		"block text":  {"sources:\n- id: a\n  name: |\n    x\n    # y\n\n- id: b\n", "a", "sources:\n- id: b\n"},
		"flow in one": {"sources:\n- {id: a,\n   url: x}\n- {id: b}\n", "a", "sources:\n- {id: b}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			e := editorOf(c.before)
			if err := e.Remove(c.id); err != nil {
				t.Fatal(err)
			}
			if got := textOf(e); got != c.after {
				t.Errorf("got:\n%q\nwant:\n%q", got, c.after)
			}
		})
	}
}

func TestSetChangesOneValue(t *testing.T) {
	for name, c := range map[string]struct{ before, key, value, after string }{
		"plain":    {"sources:\n- id: a\n  url: خبر–x # خبر\n", "url", "https://y", "sources:\n- id: a\n  url: https://y # خبر\n"},
		"quoted":   {"sources:\n- id: a\n  url: \"x\\\"#\"  # c\n", "url", "y", "sources:\n- id: a\n  url: y  # c\n"},
		"single":   {"sources:\n- id: a\n  url: 'it''s' # c\n", "url", "y #", "sources:\n- id: a\n  url: \"y #\" # c\n"},
		"number":   {"sources:\n- id: a\n  every: 15\n", "every", "15m", "sources:\n- id: a\n  every: 15m\n"},
		"bool":     {"sources:\n- {id: a, disabled: false}\n", "disabled", "true", "sources:\n- {id: a, disabled: true}\n"},
		"empty":    {"sources:\n- id: a\n  every: # soon\n", "every", "5m", "sources:\n- id: a\n  every: 5m # soon\n"},
		"new":      {"sources:\n  - id: a\n    url: x # –\n\n  - id: b\n", "disabled", "true", "sources:\n  - id: a\n    url: x # –\n    disabled: true\n\n  - id: b\n"},
		"new flow": {"sources: [{id: a, url: x }]\n", "disabled", "true", "sources: [{id: a, url: x, disabled: true }]\n"},
		"wide":     {"sources:\n-   id: a\n    url: x\n", "lang", "fa", "sources:\n-   id: a\n    url: x\n    lang: fa\n"},
		"CRLF":     {"# c\r\nsources:\r\n- id: a\r\n  url: x\r\n", "lang", "fa", "# c\r\nsources:\r\n- id: a\r\n  url: x\r\n  lang: fa\r\n"},
		"BOM":      {byteOrderMark + "sources: [{id: a, url: x}]", "url", "y", byteOrderMark + "sources: [{id: a, url: y}]"},
		"merged":   {"x: &x {lang: fa}\nsources:\n- <<: *x\n  id: a\n", "url", "y", "x: &x {lang: fa}\nsources:\n- <<: *x\n  id: a\n  url: y\n"},
		"merged 2": {"x: &x {lang: fa}\nsources:\n- id: a\n  <<: *x\n", "lang", "ps", "x: &x {lang: fa}\nsources:\n- id: a\n  <<: *x\n  lang: ps\n"},
		"variable": {"sources: [{id: a, url: x}]", "url", "https://y/${KEY}", "sources: [{id: a, url: \"https://y/${KEY}\"}]"},
	} {
		t.Run(name, func(t *testing.T) {
			e := editorOf(c.before)
			if err := e.Set("a", c.key, c.value); err != nil {
				t.Fatal(err)
			}
			if got := textOf(e); got != c.after {
				t.Errorf("got:\n%q\nwant:\n%q", got, c.after)
			}
		})
	}
}

func TestUnsetRemovesOneKey(t *testing.T) {
	for name, c := range map[string]struct{ before, key, after string }{
		"block":     {"sources:\n- id: a\n  every: 5m # –\n  # why\n  url: x\n", "every", "sources:\n- id: a\n  # why\n  url: x\n"},
		"last":      {"sources:\n- id: a\n  every: 5m", "every", "sources:\n- id: a"},
		"map":       {"sources:\n- id: a\n  headers:\n    X: y\n  url: x\n", "headers", "sources:\n- id: a\n  url: x\n"},
		"flow":      {"sources: [{id: a, every: 5m, url: x}]", "every", "sources: [{id: a, url: x}]"},
		"flow last": {"sources: [{id: a, every: 5m}]", "every", "sources: [{id: a}]"},
		"not there": {"sources: [{id: a}]", "every", "sources: [{id: a}]"},
	} {
		t.Run(name, func(t *testing.T) {
			e := editorOf(c.before)
			if err := e.Unset("a", c.key); err != nil {
				t.Fatal(err)
			}
			if got := textOf(e); got != c.after {
				t.Errorf("got:\n%q\nwant:\n%q", got, c.after)
			}
		})
	}
}

// TestEditsThatCannotBeSafeAreRefused holds that an edit does what was meant or
// nothing.
func TestEditsThatCannotBeSafeAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		edit func(*Editor) error
	}{
		"anchor in use":     {"sources:\n- &a\n  id: a\n- <<: *a\n  id: b\n", func(e *Editor) error { return e.Remove("a") }},
		"value by alias":    {"site: {title: &t x}\nsources:\n- id: a\n  name: *t\n", func(e *Editor) error { return e.Set("a", "name", "y") }},
		"list by alias":     {"x: &l [{id: a}]\nsources: *l\n", func(e *Editor) error { return e.Add(larch) }},
		"text of two lines": {"sources:\n- id: a\n  name: x\n    y\n", func(e *Editor) error { return e.Set("a", "name", "z") }},
		"no map":            {"sources: [a]\n", func(e *Editor) error { return e.Add(larch) }},
		"document's end":    {"site: {}\n...\n", func(e *Editor) error { return e.Add(larch) }},
		"syntax":            {"site: {\n", func(e *Editor) error { return e.Add(larch) }},
		"key of the dash":   {"sources:\n- every: 5m\n  id: a\n", func(e *Editor) error { return e.Unset("a", "every") }},
		"unknown":           {"sources:\n- id: larhc\n", func(e *Editor) error { return e.Remove("larch") }},
	} {
		t.Run(name, func(t *testing.T) {
			e := editorOf(c.text)
			if err := c.edit(e); err == nil {
				t.Errorf("the edit made\n%s", textOf(e))
			} else {
				t.Log(err)
			}
			if textOf(e) != c.text {
				t.Errorf("the file is changed:\n%s", textOf(e))
			}
		})
	}
}

// TestPropRemoveUndoesAdd is T12, on every file of the test data and on the
// shipped one.
func TestPropRemoveUndoesAdd(t *testing.T) {
	files := seeds(t)
	shipped, err := os.ReadFile("../../feeds.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files["feeds.yaml"] = shipped
	edited := 0
	for name, text := range files {
		for _, text := range []string{string(text), strings.ReplaceAll(string(text), "\n", "\r\n"), strings.TrimRight(string(text), "\n")} {
			e := editorOf(text)
			if err := e.Add(larch); err != nil {
				continue
			}
			edited++
			if diff := e.Diff(); strings.Contains(diff, "\n-") && strings.HasSuffix(text, "\n") && !strings.Contains(diff, "\n-sources: [") {
				t.Errorf("%s: add removes a line:\n%s", name, diff)
			}
			if err := e.Remove("larch"); err != nil {
				t.Errorf("%s: %v", name, err)
			} else if got := textOf(e); got != text {
				t.Errorf("%s: got:\n%q\nwant:\n%q", name, got, text)
			}
		}
	}
	if edited < 30 {
		t.Errorf("only %d files could be edited", edited)
	}
}

func TestPropRemoveUndoesAddInAnyStyle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawFile(t)
		e := editorOf(text)
		if err := e.Add(larch); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		added := textOf(e)
		if err := e.Remove("larch"); err != nil {
			t.Fatalf("%v in\n%s", err, added)
		}
		if got := textOf(e); got != text {
			t.Fatalf("got:\n%q\nwant:\n%q\nby\n%q", got, text, added)
		}
	})
}

// drawFile draws a file in one of the many ways in which people write it.
func drawFile(t *rapid.T) string {
	draw := func(words ...string) string { return rapid.SampledFrom(words).Draw(t, "part") }
	indent := draw("", "  ", "    ")
	var b strings.Builder
	b.WriteString(draw("", "# – خبر\n", "site:\n  title: خبر\n", "\n\n", "site: {}\n\n# sources\n"))
	n := rapid.IntRange(0, 3).Draw(t, "n")
	if n > 0 {
		b.WriteString("sources:" + draw("", " # خبر –", "\n", "\n"+indent+"# heading") + "\n")
	}
	for i := range n {
		id := string(rune('a' + i))
		b.WriteString(indent + draw(
			"- id: "+id+" # –\n", "- {id: "+id+", url: \"خبر\"}\n", "-   id: "+id+"\n", "- # خبر\n"+indent+"  id: "+id+"\n",
			"- id: "+id+"\n"+indent+"  name: |\n"+indent+"    خبر\n\n"+indent+"    # y\n",
		) + draw("", "\n", indent+"# next\n", indent+"  # old: key\n", "\n\n", "# –\n\n"))
	}
	if n > 0 {
		b.WriteString(draw("", "topics: []\n", "\n# topics\ntopics:\n- id: sources\n", "# end"))
	}
	text := b.String()
	if rapid.Bool().Draw(t, "crlf") {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return draw("", byteOrderMark) + text
}

func TestAddedSourceSaysWhatWasMeant(t *testing.T) {
	c := loadGood(t)
	var sources []news.Source
	for _, s := range c.Written {
		if len(s.Headers) > 0 {
			s.Headers = map[string]string{"X-Key": "${TOKEN}", "Accept-Language": "ps, \"fa\""}
		}
		sources = append(sources, s)
	}
	again, problems := loadText(Export(sources))
	if again == nil {
		t.Fatal(problems, string(Export(sources)))
	}
	for i, got := range again.Written {
		// What a source takes from defaults is a key of its own now, and a schedule that is not used is gone.
		if g, w := pairs(got), pairs(sources[i]); !slices.Equal(g, w) {
			t.Errorf("got  %v\nwant %v", g, w)
		}
	}
}

// TestPropQuotedTextIsReadAsItWas holds for any text, in a block and in { }.
func TestPropQuotedTextIsReadAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z:#,'"{}\[\]&*!|>% .~-]{1,12}`), rapid.StringMatching(`[–خبر 0-9a-z:-]{1,9}`)).Draw(t, "s")
		if !utf8.ValidString(s) {
			t.Skip()
		}
		for _, text := range []string{"a: " + quote(s) + "\nb: c\n", "{a: " + quote(s) + ", b: c}\n"} {
			var r report
			n, ok := parseYAML("f", []byte(text), &r)
			if !ok || n.Get("a").Value != s || n.Get("b").Value != "c" {
				t.Fatalf("%q is read as %+v, %v", text, n, r.problems)
			}
		}
	})
}

// TestPropDiffMakesTheNewTextOfTheOld applies diffs as patch does, without its
// leniency. The program itself was asked once, on the texts listed.
func TestPropDiffMakesTheNewTextOfTheOld(t *testing.T) {
	listed := []string{
		"", "a\n", "a", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n", "a\nb\nX\nd\ne\nf\ng\nh\ni\n", "b\nc\nd\ne\nf\ng\nh\nh\ni\nj\nk",
		"x\ny\n", "a\r\nb\r\n", "a\nb\r\nc\n",
	}
	text := rapid.OneOf(rapid.SampledFrom(listed), rapid.StringMatching(`([abc]\n){0,30}[ab]?`))
	rapid.Check(t, func(t *rapid.T) {
		before, after := text.Draw(t, "before"), text.Draw(t, "after")
		diff := Diff("f", []byte(before), []byte(after))
		if (diff == "") != (before == after) {
			t.Fatalf("%q to %q has the diff %q", before, after, diff)
		}
		if got := apply(t, before, diff); got != after {
			t.Fatalf("got %q, want %q, by\n%s", got, after, diff)
		}
	})
}

// apply applies a unified diff at exactly the lines that it names.
func apply(t *rapid.T, before, diff string) string {
	old := linesWithBreaks(before)
	var out []string
	at := 0
	take := func(line string) {
		if at >= len(old) || old[at] != line {
			t.Fatalf("line %d is not %q in %q by\n%s", at+1, line, before, diff)
		}
		at++
	}
	const unended = "\x00\n"
	for line := range strings.Lines(strings.ReplaceAll(diff, "\n\\ No newline at end of file\n", unended)) {
		line = strings.TrimSuffix(line, unended)
		var from, length, to, newLength int
		switch {
		case strings.HasPrefix(line, "--- "), strings.HasPrefix(line, "+++ "):
		case strings.HasPrefix(line, "@@ "):
			if _, err := fmt.Sscanf(line, "@@ -%d,%d +%d,%d @@", &from, &length, &to, &newLength); err != nil {
				t.Fatalf("%v in %s", err, line)
			}
			if length > 0 {
				from--
			}
			out = append(out, old[at:from]...)
			at = from
		case line[0] == ' ':
			take(line[1:])
			out = append(out, line[1:])
		case line[0] == '-':
			take(line[1:])
		case line[0] == '+':
			out = append(out, line[1:])
		}
	}
	return strings.Join(append(out, old[at:]...), "")
}

func TestDiffShowsTheChangeAndThreeLinesAround(t *testing.T) {
	e := editorOf("sources:\n- id: a\n  url: x\n  lang: fa\n\n# –\n\n\n\n- id: b\n  url: y\n")
	for _, err := range []error{e.Set("a", "url", "z"), e.Set("b", "disabled", "true")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := `--- feeds.yaml
+++ feeds.yaml
@@ -1,6 +1,6 @@
 sources:
 - id: a
-  url: x
+  url: z
   lang: fa
 
 # –
@@ -9,3 +9,4 @@
 
 - id: b
   url: y
+  disabled: true
`
	if got := e.Diff(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
