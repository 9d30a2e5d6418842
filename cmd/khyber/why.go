package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	if c.Item == "" {
		return c.judge(a, cfg, &news.Item{Source: c.Source, Title: c.Title, Summary: c.Summary, Lang: c.Lang, Tags: c.Tags})
	}
	return a.withStore(ctx, c, cfg, reads, func(st *store.Store) error {
		id, err := findItem(ctx, st, c.Item)
		if err != nil {
			return err
		}
		page, err := st.Item(ctx, id)
		if err != nil {
			return err
		}
		return c.judge(a, cfg, &page.Item)
	})
}

// judge prints what the topic says of an item.
func (c whyCmd) judge(a *app, cfg *config.Config, item *news.Item) error {
	reason, ok := cfg.Set.Why(c.Topic, item)
	if !ok {
		return a.noTopic(cfg, c.Topic)
	}
	old := storedVerdict(cfg, item, &reason.Match)
	if c.JSON {
		return a.printJSON(verdict{reason.JSON(), old})
	}
	lines := reason.Lines()
	if old != nil {
		lines = append(lines, old.line())
	}
	return a.print(strings.Join(lines, "\n") + "\n")
}

// verdict is the JSON form; its keys are stable.
type verdict struct {
	topic.Verdict
	Stored *stored `json:"stored,omitempty"`
}

// stored is the verdict that is kept with an item, where it is another one: the
// rules have changed and were not applied yet, or an earlier text was judged. Of
// an item that has left by a changed rule it is "out", with the rule by which it
// was in.
type stored struct {
	Verdict string `json:"verdict"`
	Rule    string `json:"rule,omitempty"`
}

// storedVerdict returns what is kept of a topic's verdict; nil: the same as now,
// or the item is not kept at all.
func storedVerdict(cfg *config.Config, item *news.Item, now *news.Match) *stored {
	i := slices.IndexFunc(cfg.Set.Topics(), func(t news.Topic) bool { return t.ID == now.Topic })
	was := verdictIn(item.Matches, &cfg.Set.Topics()[i])
	if item.ID == 0 || was.Verdict == now.Verdict && was.Rule == now.Rule && was.Excluded == now.Excluded {
		return nil
	}
	return &stored{was.Verdict.String(), cmp.Or(was.Excluded, was.Rule)}
}

func (s *stored) line() string {
	if s.Verdict == news.Out.String() && s.Rule != "" {
		return "has left by a changed rule; it was in by «" + s.Rule + "»"
	}
	line := "kept as " + strings.ToUpper(s.Verdict)
	if s.Rule != "" {
		line += " «" + s.Rule + "»"
	}
	return line + ": judged by other rules or another text; khyber backtest shows all that changes"
}

// printJSON prints a value as JSON on one line.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// noTopic is the error for an id that no topic has.
func (a *app) noTopic(cfg *config.Config, id string) error {
	return fmt.Errorf("there is no topic %q: %s has %s", id, a.config, strings.Join(topicIDs(cfg), ", "))
}

func topicIDs(cfg *config.Config) []string {
	var ids []string
	for _, t := range cfg.Set.Topics() {
		ids = append(ids, t.ID)
	}
	return ids
}
