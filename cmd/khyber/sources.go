package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"khyber/internal/config"
	"khyber/internal/news"
	"khyber/internal/publish"
	"khyber/internal/server"
	"khyber/internal/store"
	"khyber/internal/store/bolt"
)

type sourcesCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// sourceHealth is a line of the list; its keys are stable.
type sourceHealth struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	State   news.State `json:"state,omitempty"`
	Since   *time.Time `json:"since,omitempty"`
	Kind    news.Kind  `json:"kind,omitempty"` // of the last poll
	Text    string     `json:"text,omitempty"` // what went wrong
	LastOK  *time.Time `json:"last_ok,omitempty"`
	LastNew *time.Time `json:"last_new,omitempty"`
	Next    *time.Time `json:"next,omitempty"`
	Items   uint64     `json:"items"`
}

// Run prints the sources in the order of the file, with their health from the
// store.
func (c sourcesCmd) Run(ctx context.Context, a *app) error {
	cfg, err := a.mustLoad()
	if err != nil {
		return err
	}
	if !exists(a.data) && a.errand == nil {
		return c.list(a, cfg, map[string]news.SourceState{})
	}
	err = a.withStore(ctx, c, cfg, reads, func(st *store.Store) error {
		states, err := st.Sources(ctx)
		if err != nil {
			return err
		}
		byID := make(map[string]news.SourceState, len(states))
		for _, s := range states {
			byID[s.Source] = s
		}
		return c.list(a, cfg, byID)
	})
	if errors.Is(err, bolt.ErrInUse) { // by a process that does not answer
		fmt.Fprintf(a.stderr, "khyber: no health is shown: %v\n", err)
		return c.list(a, cfg, nil)
	}
	return err
}

// list prints the sources; states is nil where nothing is known of their health.
func (c sourcesCmd) list(a *app, cfg *config.Config, states map[string]news.SourceState) error {
	list := make([]sourceHealth, len(cfg.Sources))
	for i := range cfg.Sources {
		src := &cfg.Sources[i]
		list[i] = sourceHealth{ID: src.ID, Name: cmp.Or(src.Name, src.ID)}
		if states != nil {
			list[i].fill(src, states[src.ID], a.now())
		}
	}
	if c.JSON {
		return a.printJSON(list)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, h := range list {
		fmt.Fprintln(w, h.line())
	}
	return w.Flush()
}

func (h *sourceHealth) fill(src *news.Source, x news.SourceState, now time.Time) {
	h.State, h.Since, h.Items = server.ShownState(src, &x, now), optional(x.Since), x.Items
	h.LastOK, h.LastNew, h.Next = optional(x.LastOK), optional(x.LastNew), optional(x.Next)
	h.Kind = x.LastKind
	if !x.LastKind.Good() {
		h.Text = x.LastText
	}
	if src.Disabled {
		h.Next = nil
	}
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

// line is the health in columns.
func (h *sourceHealth) line() string {
	cells := []string{h.ID, string(h.State)}
	if h.Items > 0 {
		cells = append(cells, count(int(h.Items), "item"))
	} else {
		cells = append(cells, "")
	}
	var facts []string
	if h.LastNew != nil {
		facts = append(facts, "last new "+h.LastNew.Format("2006-01-02 15:04"))
	}
	if h.Next != nil {
		facts = append(facts, "next "+h.Next.Format("2006-01-02 15:04 UTC"))
	}
	if h.Kind != "" && !h.Kind.Good() {
		facts = append(facts, (&news.Poll{Kind: h.Kind, Text: h.Text}).Outcome())
	}
	return strings.TrimRight(strings.Join(append(cells, strings.Join(facts, ", ")), "\t"), "\t")
}

type exportCmd struct {
	Format string `arg:"" optional:"" default:"opml" enum:"opml,yaml" help:"opml for readers, or yaml."`
}

// Run prints the sources. OPML names no address that holds a secret; in yaml
// it is written as in the file.
func (c exportCmd) Run(a *app) error {
	cfg, err := a.mustLoad()
	if err != nil {
		return err
	}
	if c.Format == "yaml" {
		return a.print(string(config.Export(cfg.Written)))
	}
	site := publish.Site{Title: cfg.Site.Title, BaseURL: cmp.Or(cfg.Site.BaseURL, defaultBase), Contact: cfg.Site.Contact}
	if err := publish.RenderSourcesOPML(a.stdout, site, cfg.Sources, time.Time{}); err != nil {
		return err
	}
	return a.print("\n")
}
