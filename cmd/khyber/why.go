package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"khyber/internal/config"
	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/topic"
)

type whyCmd struct {
	Topic   string   `arg:"" help:"Id of the topic."`
	Item    string   `arg:"" optional:"" help:"Id or URL of an item that is kept."`
	Title   string   `help:"Judge this headline instead."`
	Summary string   `help:"Judge this summary, with --title."`
	Lang    string   `help:"Language of the text; detected where it is not given."`
	Source  string   `help:"Judge the text as one of this source."`
	Tags    []string `help:"Its categories."`
	JSON    bool     `name:"json" help:"Print JSON."`
}

// Run prints the verdict with every rule, or as JSON.
func (c whyCmd) Run(ctx context.Context, a *app) error {
	if (c.Item == "") == (c.Title == "" && c.Summary == "") {
		return usageError{errors.New("name an item, or give a text with --title and --summary")}
	}
	cfg, err := a.mustLoad()
	if err != nil {
		return err
	}
	item, err := c.item(ctx, a, cfg)
	if err != nil {
		return err
	}
	reason, ok := cfg.Set.Why(c.Topic, item)
	if !ok {
		return fmt.Errorf("there is no topic %q: %s has %s", c.Topic, a.config, strings.Join(topicIDs(cfg), ", "))
	}
	if c.JSON {
		return a.printJSON(verdictOf(c.Topic, &reason))
	}
	return a.print(strings.Join(reason.Lines(), "\n") + "\n")
}

// item is what is to be judged: a kept one, or the text of the flags.
func (c whyCmd) item(ctx context.Context, a *app, cfg *config.Config) (*news.Item, error) {
	if c.Item == "" {
		return &news.Item{Source: c.Source, Title: c.Title, Summary: c.Summary, Lang: c.Lang, Tags: c.Tags}, nil
	}
	st, err := a.openStore(a.logger(cfg.Secrets, slog.LevelWarn), 0)
	if err != nil {
		return nil, err
	}
	id, err := news.ParseItemID(c.Item)
	if err != nil {
		id, err = st.FindLink(ctx, c.Item)
	}
	var page store.ItemPage
	if err == nil {
		page, err = st.Item(ctx, id)
	}
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("no item %s is kept: give its id or the address of its page", c.Item)
	}
	return &page.Item, errors.Join(err, st.Close())
}

// verdict is the JSON form; its keys are stable.
type verdict struct {
	Topic    string    `json:"topic"`
	Verdict  string    `json:"verdict"`
	Rule     string    `json:"rule,omitempty"`
	Mentions []mention `json:"mentions"`
	Nearest  string    `json:"nearest,omitempty"`
}

type mention struct {
	Entity string `json:"entity,omitempty"`
	Text   string `json:"text"`
	In     string `json:"in"`
}

func verdictOf(id string, r *topic.Reason) verdict {
	v := matchVerdict(&r.Match)
	v.Topic, v.Nearest = id, r.Nearest()
	return v
}

func matchVerdict(m *news.Match) verdict {
	v := verdict{Topic: m.Topic, Verdict: m.Verdict.String(), Rule: m.Rule, Mentions: []mention{}}
	if m.Verdict == news.Excluded {
		v.Rule = m.Excluded
	}
	for _, said := range m.Mentions {
		v.Mentions = append(v.Mentions, mention{said.Entity, said.Text, string(said.In)})
	}
	return v
}

// printJSON prints a value as JSON on one line.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func topicIDs(cfg *config.Config) []string {
	var ids []string
	for _, t := range cfg.Set.Topics() {
		ids = append(ids, t.ID)
	}
	return ids
}
