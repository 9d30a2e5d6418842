package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"khyber/internal/config"
	"khyber/internal/news"
	"khyber/internal/publish"
	"khyber/internal/server"
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

// Run prints the sources in the order of the file. Their health comes from the
// store; where a daemon has it, the list comes without.
func (c sourcesCmd) Run(ctx context.Context, a *app) error {
	cfg, err := a.mustLoad()
	if err != nil {
		return err
	}
	states, err := a.health(ctx, cfg)
	if err != nil {
		fmt.Fprintf(a.stderr, "khyber: no health is shown: %v\n", err)
	}
	list := make([]sourceHealth, len(cfg.Sources))
	for i := range cfg.Sources {
		src := &cfg.Sources[i]
		list[i] = sourceHealth{ID: src.ID, Name: cmp.Or(src.Name, src.ID)}
		if err == nil {
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

// health reads the states of the sources; nil of a database that is not there.
func (a *app) health(ctx context.Context, cfg *config.Config) (map[string]news.SourceState, error) {
	if !exists(a.data) {
		return nil, nil
	}
	st, err := a.openStore(a.logger(cfg.Secrets, slog.LevelWarn), 0)
	if err != nil {
		return nil, err
	}
	list, err := st.Sources(ctx)
	states := make(map[string]news.SourceState, len(list))
	for _, s := range list {
		states[s.Source] = s
	}
	return states, errors.Join(err, st.Close())
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
