package config

import (
	"fmt"
	"slices"
	"strings"
)

const referenceWidth = 100 // characters of a line

// Reference returns the keys of feeds.yaml as a page of the manual, in plain
// Markdown: made from the tables that read the file.
func Reference() []byte {
	var b strings.Builder
	b.WriteString("# The keys of feeds.yaml\n\n")
	paragraph(&b, "A file has the keys below, in any order; a source needs id and url, a topic id, title and include. "+
		"Unknown keys, ids or addresses that are there twice and examples that come out wrong are refused, each with its line. "+
		"`khyber check --sample` prints a file that shows every key, `khyber check --schema` a JSON Schema for editors.")
	for _, e := range manual() {
		fmt.Fprintf(&b, "\n## %s\n\n", e.name)
		paragraph(&b, e.doc)
		if e.inside == nil {
			writeSample(&b, e)
		}
		for _, in := range e.inside {
			if in.unshown { // it stands under sources
				continue
			}
			need := ""
			if slices.Contains(e.required, in.name) {
				need = " (needed)"
			}
			fmt.Fprintf(&b, "\n### %s.%s%s\n\n", e.name, in.name, need)
			paragraph(&b, in.doc)
			writeSample(&b, in)
		}
	}
	return []byte(b.String())
}

func paragraph(b *strings.Builder, text string) {
	for _, line := range wrap(text, referenceWidth) {
		b.WriteString(line + "\n")
	}
}

// writeSample shows a key with a value as it may stand in the file.
func writeSample(b *strings.Builder, e entry) {
	b.WriteString("\n```\n" + e.name + ":")
	if strings.Contains(e.sample, "\n") {
		for line := range strings.SplitSeq(e.sample, "\n") {
			b.WriteString("\n  " + line)
		}
	} else {
		b.WriteString(" " + e.sample)
	}
	b.WriteString("\n```\n")
}
