package lexicon

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// referenceParts are the headings of the reference and the kinds below each.
var referenceParts = []struct {
	title string
	kinds []Kind
}{
	{"Countries", []Kind{Country, "capital"}},
	{"Groups of entities", []Kind{""}},
	{"Armed groups, governments, institutions", []Kind{"group", "institution", "organisation"}},
	{"Crossings and borders", []Kind{"crossing", "border"}},
	{"Provinces, districts, places", []Kind{"city", "province", "district", "place"}},
	{"Offices and persons", []Kind{"office", "person"}},
	{"Words", []Kind{Words}},
}

// referenceWords is how many spellings of vocabulary are shown.
const referenceWords = 8

// Reference returns what a $name may stand for, as a page of the manual in
// Markdown.
func Reference() string {
	r := &reader{entries: make(map[string]*entry)}
	own, err := embeddedNode()
	if err != nil {
		return "# The names of the lexicon\n\n" + err.Error() + "\n"
	}
	r.embedded(own)
	var b strings.Builder
	b.WriteString("# The names of the lexicon\n\n" +
		"What `$name` may stand for in a rule of a topic. Each has spellings in many languages, which all count; what a name is\n" +
		"in is written behind it, and a mention counts for that too. `lexicon:` in feeds.yaml adds to this list.\n")
	for _, part := range referenceParts {
		fmt.Fprintf(&b, "\n## %s\n\n", part.title)
		for _, id := range slices.Sorted(maps.Keys(r.entries)) {
			if e := r.entries[id]; slices.Contains(part.kinds, e.Kind) {
				b.WriteString(wrapped("- `$" + id + "`: " + e.summary()))
			}
		}
	}
	return b.String()
}

// referenceWidth is how long a line may be, in bytes.
const referenceWidth = 120

// wrapped breaks a line between words.
func wrapped(line string) string {
	var b strings.Builder
	width := 0
	for i, word := range strings.Fields(line) {
		switch {
		case i == 0:
		case width+1+len(word) > referenceWidth:
			b.WriteString("\n  ")
			width = 2
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(word)
		width += len(word)
	}
	return b.String() + "\n"
}

// summary says in a line what an entry is.
func (e *entry) summary() string {
	var names []string
	switch {
	case e.isGroup():
		for _, m := range e.members {
			names = append(names, "`$"+m.name+"`")
		}
		return strings.Join(names, ", ")
	case e.Kind == Words:
		for _, s := range e.lists[roleName] {
			if s.lang == "en" && !strings.Contains(s.text, "(") && len(names) < referenceWords {
				names = append(names, s.text)
			}
		}
		return strings.Join(names, ", ") + " …"
	}
	line := e.displayName()
	if e.Holds != "" {
		line += ", " + e.Holds
	}
	for _, p := range e.parents {
		names = append(names, "`$"+p.name+"`")
	}
	if len(names) > 0 {
		line += ", in " + strings.Join(names, ", ")
	}
	return line
}
