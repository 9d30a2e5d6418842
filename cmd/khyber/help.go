package main

import (
	"fmt"
	"strings"

	"khyber/internal/manual"
	"khyber/internal/server"
)

type helpCmd struct {
	Topic string `arg:"" optional:"" help:"A page: topics, names, file, operations, http or metrics."`
}

func manualPages() []manual.Page { return manual.Pages(server.MetricsReference()) }

// helpPages is the manual as the server shows it.
func helpPages() []server.HelpPage {
	var pages []server.HelpPage
	for _, p := range manualPages() {
		pages = append(pages, server.HelpPage(p))
	}
	return pages
}

// Run prints a page of the manual, or what there is.
func (c helpCmd) Run(a *app) error {
	var names []string
	for _, p := range manualPages() {
		if p.Name == c.Topic {
			return a.print(p.Text)
		}
		names = append(names, p.Name)
	}
	if c.Topic != "" {
		return usageError{fmt.Errorf("there is no page %q: there are %s", c.Topic, strings.Join(names, ", "))}
	}
	var b strings.Builder
	b.WriteString("The manual has these pages; khyber --help lists the commands.\n\n")
	for _, p := range manualPages() {
		fmt.Fprintf(&b, "khyber help %-12s%s\n", p.Name, p.Title)
	}
	return a.print(b.String())
}
