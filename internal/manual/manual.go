// Package manual owns the pages that explain Khyber to who runs it and to who
// edits feeds.yaml: `khyber help` prints them, and the server shows them at /help.
//
// A page is Markdown of the plainest kind: headings, paragraphs, lists and
// blocks between ``` lines, so that it reads well in a terminal as it is. The
// reference of feeds.yaml comes from the tables of package config that read the
// file, that of the names from the lexicon and that of the metrics from who counts
// them, so they cannot drift; what the other pages show of the file is loaded by a
// test. The package does no I/O and starts no goroutine.
package manual

import (
	_ "embed"

	"khyber/internal/config"
	"khyber/internal/lexicon"
)

// Page is one page of the manual.
type Page struct {
	Name  string // in the command and in addresses: [a-z]+
	Title string
	Text  string // Markdown, beginning with the title
}

var (
	//go:embed topics.md
	topics string
	//go:embed operations.md
	operations string
	//go:embed http.md
	http string
	//go:embed metrics.md
	metrics string
)

// Pages returns the manual in the order in which one reads it. What it says of
// each metric comes from those who count.
func Pages(reference string) []Page {
	return []Page{
		{"topics", "The language of topics", topics},
		{"names", "The names of the lexicon", lexicon.Reference()},
		{"file", "The keys of feeds.yaml", string(config.Reference())},
		{"operations", "Running Khyber", operations},
		{"http", "What Khyber answers over HTTP", http},
		{"metrics", "Metrics and alerts", metrics + reference},
	}
}
