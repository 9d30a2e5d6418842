package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"khyber/internal/config"
	"khyber/internal/fetch"
	"khyber/internal/news"
)

type addCmd struct {
	URL                 string `arg:"" name:"url" help:"The address of a feed, or of a site that has one."`
	ID                  string `name:"id" help:"Its id; made of its name where it is not given."`
	Name                string `help:"Its name; what it calls itself where it is not given."`
	Lang                string `help:"Its language, such as en; what it says itself where it is not given."`
	Country             string `help:"Its country, such as PK."`
	Kind                string `help:"What it is: newspaper, agency, broadcaster, state, exile, think-tank, official, ngo or aggregator."`
	AllowPrivateNetwork bool   `help:"The host of the address may be in a private network."`
	editing
}

// Run asks the address as a poll would, looks for the feeds of a page, shows
// what would come of the one that is found, and adds it to feeds.yaml.
func (c addCmd) Run(ctx context.Context, a *app) error {
	cfg, err := a.loadForEdit()
	if err != nil {
		return err
	}
	t := &trial{app: a, config: cfg, client: fetch.New(fetch.Options{UserAgent: a.userAgent(cfg.Site), Now: a.now})}
	src, err := tryCmd{URL: c.URL, AllowPrivateNetwork: c.AllowPrivateNetwork}.source(cfg)
	if err != nil {
		return err
	}
	chosen, err := t.choose(ctx, src)
	if err != nil {
		return err
	}
	added, err := config.NewAdding(cfg.Sources).Source(c.describe(chosen))
	if err != nil {
		return fmt.Errorf("%s: %w", chosen.src.URL, err)
	}
	if err := a.print(addReport(chosen)); err != nil {
		return err
	}
	return c.edit(a, cfg, func(e *config.Editor) error { return e.Add(config.NewSource{Source: added}) })
}

// describe is the source as it is written: what was said on the command line,
// else what it says itself.
func (c addCmd) describe(r *trying) news.Source {
	return news.Source{
		ID: c.ID, Name: cmp.Or(c.Name, r.doc.Title), URL: lastingAddress(r), Lang: cmp.Or(c.Lang, r.doc.Lang), Country: c.Country,
		Type: news.SourceType(c.Kind), AllowPrivateNetwork: c.AllowPrivateNetwork && r.src.AllowPrivateNetwork,
	}
}

// lastingAddress is where the source is for good: what it was asked at, or what
// permanent redirects alone lead to from there.
func lastingAddress(r *trying) string {
	address := r.src.URL
	for _, hop := range r.poll.Hops {
		if hop.Status != http.StatusMovedPermanently && hop.Status != http.StatusPermanentRedirect {
			break
		}
		address = hop.URL
	}
	return address
}

// choose polls src. Where it is a page it takes the feed of its site, or the one
// that a person picks of several.
func (t *trial) choose(ctx context.Context, src news.Source) (*trying, error) {
	result, err := t.poll(ctx, src)
	switch {
	case err != nil:
		return nil, err
	case result.poll.Kind.Good():
		return &result, nil
	case result.poll.Kind != news.KindNotAFeed || len(result.resp.Body) == 0:
		return nil, fmt.Errorf("%s: %s", src.URL, result.poll.Outcome())
	}
	if err := t.say("%s is no feed but this: %s\nLooking for the feed of its site:\n", src.URL, result.poll.Text); err != nil {
		return nil, err
	}
	found, err := t.discover(ctx, &result)
	if err != nil {
		return nil, err
	}
	good := distinct(found)
	switch {
	case len(good) == 0:
		return nil, fmt.Errorf("%s: no feed was found: give the address of one", src.URL)
	case len(good) == 1:
		return &good[0].trying, nil
	}
	return t.pick(src.URL, good)
}

// distinct returns the good candidates, less streams of comments and those
// whose items an earlier one has: a site often declares one stream in two
// formats.
func distinct(found []candidate) []*candidate {
	var good []*candidate
	seen := make(map[string]bool)
	for i := range found {
		c := &found[i]
		fresh := false
		for _, item := range c.items {
			key := cmp.Or(item.Link, item.GUID, item.Title)
			fresh = fresh || !seen[key]
			seen[key] = true
		}
		if c.good() && fresh && !c.Comments() {
			good = append(good, c)
		}
	}
	return good
}

// pick asks which one is meant; where nobody is there it fails and names them.
func (t *trial) pick(site string, good []*candidate) (*trying, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s has several feeds:\n", site)
	for i, c := range good {
		fmt.Fprintf(&b, "%3d  %s  %s\n", i+1, c.src.URL, cmp.Or(c.Title, c.doc.Title))
	}
	if err := t.print(b.String()); err != nil {
		return nil, err
	}
	if !t.person() {
		return nil, fmt.Errorf("%s has several feeds: give the address of one of those above", site)
	}
	answer, err := t.ask("which one? ")
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(answer)
	if err != nil || n < 1 || n > len(good) {
		return nil, fmt.Errorf("%q is none of the numbers above: nothing is written", answer)
	}
	return &good[n-1].trying, nil
}

const latestShown = 3 // items in a preview: enough to see what it writes about

// addReport says what a source would bring.
func addReport(r *trying) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%-10s %s\n%-10s %s\n", r.src.URL, "document", documentText(r), "items", itemsText(r))
	for i := range r.items[:min(latestShown, len(r.items))] {
		fmt.Fprintf(&b, "%-10s %s  %s\n", "", dateColumn(r.items[i].Published), r.items[i].Title)
	}
	joined := make(map[string]int)
	var topics []string
	for i := range r.items {
		for _, m := range r.items[i].Matches {
			if m.Verdict != news.In {
				continue
			}
			if joined[m.Topic]++; joined[m.Topic] == 1 {
				topics = append(topics, m.Topic)
			}
		}
	}
	for _, id := range topics {
		fmt.Fprintf(&b, "%-10s %s: %s\n", "joins", id, count(joined[id], "item"))
	}
	if topics == nil {
		fmt.Fprintf(&b, "%-10s no topic takes an item of it now\n", "joins")
	}
	return b.String()
}
