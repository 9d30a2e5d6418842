package config

import (
	"strings"
	"testing"

	"khyber/internal/news"
)

const soundFile = `# A list – فهرست
sources:
  - id: larch   # the first
    name: Larch Post
    url: https://larch.example/rss
    # every: 5m

  - {id: fir, url: "https://fir.example/rss"}
topics:
  - id: border
    title: Border
    description: |
      One: two
       three
    include:
      - {name: a, any: [Torkham, "x y", 'it''s']}
`

// TestSlipsAreNamed makes one slip at a time in a sound file. What is said of
// it is where the slip is, and not where the parser stops.
func TestSlipsAreNamed(t *testing.T) {
	if _, problems := LoadFiles([]news.File{{Path: "f", Text: []byte(soundFile)}}, Options{}); len(problems) > 1 { // the topic has no examples
		t.Fatal(problems)
	}
	for old, c := range map[string]struct{ slip, want string }{
		"    name: Larch":            {"\tname: Larch", "f:4:1: a tab cannot indent a line of YAML; indent with spaces"},
		"name: Larch Post":           {`name: "Larch Post`, `f:4:11: the " that begins here does not end; add "`},
		"Larch Post":                 {"'Larch Post", "f:4:11: the ' that begins here does not end; add '"},
		`, 'it''s']}`:                {", 'it''s'}", "f:16:24: the [ that begins here does not end; add ]"},
		`fir.example/rss"}`:          {`fir.example/rss"`, "f:8:5: the { that begins here does not end; add }"},
		"name: Larch":                {"name Larch", "f:4:5: this line is no key with a value; write a colon and a space after the key"},
		"url: https://larch":         {"url:https://larch", "f:5:8: a space is missing after the colon; write a space between a key and its value"},
		"title: Border":              {"title:Border", "f:11:10: a space is missing after the colon; write a space between a key and its value"},
		"- id: border":               {"-id: border", "f:10:3: a space is missing after the dash; write - and a space before the entry"},
		"    url: https":             {"     url: https", "f:5:6: this line is indented by 5 spaces, which is no column of those above; put it below the key that it stands beside"},
		"    title":                  {" title", "f:11:2: this line is indented by 1 space, which is no column of those above; put it below the key that it stands beside"},
		": Larch Post":               {": Larch: Post", "f:4:11: a colon and a space stand in a value; put the value in double quotes"},
		": Larch":                    {": @Larch", "f:4:11: a value cannot begin with this character; put the value in double quotes"},
		"    name: Larch Post\n":     {"<<<<<<< HEAD\n    name: a\n=======\n    name: b\n>>>>>>> b\n", "f:4:1: a merge has left its marks; keep one of the two versions, without the lines <<<<<<<, ======= and >>>>>>>"},
		"# A list – فهرست\nsources:": {`note: {"–": "ف, x: y` + "\nsources:", `f:1:13: the " that begins here does not end; add "`},
	} {
		text := strings.Replace(soundFile, old, c.slip, 1)
		if text == soundFile {
			t.Fatalf("%q is not in the file", old)
		}
		_, problems := LoadFiles([]news.File{{Path: "f", Text: []byte(text)}}, Options{})
		if len(problems) != 1 || problems[0].String() != c.want {
			t.Errorf("%s\n got %v\nwant %s", c.slip, problems, c.want)
		}
	}
}
