package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"khyber/internal/config"
	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/topic"
)

// slice is how many items of the archive are read at once.
const slice = 1000

// walk shows every item that arrived within the span before now, the newest
// first, and returns the time at which the span begins.
func (a *app) walk(ctx context.Context, st *store.Store, since span, visit func(*news.Item)) (from time.Time, err error) {
	status, err := st.Status(ctx)
	if err != nil {
		return from, err
	}
	from = a.now().Add(-time.Duration(since))
	bar := a.progress("matching", status.Items)
	defer func() { err = errors.Join(err, bar.Clear()) }()
	cursor := ""
	for {
		items, next, err := st.Scan(ctx, store.Filter{Newest: true, Since: from}, cursor, slice)
		if err != nil {
			return from, err
		}
		for i := range items {
			visit(&items[i])
		}
		if err := bar.Add(len(items)); err != nil || next == "" {
			return from, err
		}
		cursor = next
	}
}

// findTopic returns the topic of an id, or an error that names those there are.
func (a *app) findTopic(cfg *config.Config, id string) (news.Topic, error) {
	for _, t := range cfg.Set.Topics() {
		if t.ID == id {
			return t, nil
		}
	}
	return news.Topic{}, a.noTopic(cfg, id)
}

// verdictIn returns what a topic says among an item's verdicts; the zero value:
// it is out.
func verdictIn(matches []news.Match, t *news.Topic) news.Match {
	for _, m := range matches {
		if m.Topic == t.ID {
			return m
		}
	}
	for _, m := range matches {
		if slices.Contains(t.Formerly, m.Topic) {
			return m
		}
	}
	return news.Match{}
}

// itemLine is an item in a list of a report.
type itemLine struct {
	Item   string    `json:"item"`
	Source string    `json:"source"`
	Lang   string    `json:"lang,omitempty"`
	At     time.Time `json:"at"`
	Title  string    `json:"title"`
	Why    string    `json:"why"`

	Summary string `json:"summary,omitempty"` // of what is drawn, to judge it by
}

func lineOf(item *news.Item, why string) itemLine {
	return itemLine{Item: item.ID.String(), Source: item.Source, Lang: item.Lang, At: item.At, Title: shown(item), Why: why}
}

// shown is the title of an item, or the beginning of its text where it has none.
func shown(item *news.Item) string {
	if item.Title != "" {
		return item.Title
	}
	const most = 80 // characters
	text := []rune(item.Summary)
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

// why is the first line of a reason: the verdict with its evidence.
func why(set *topic.Set, id string, item *news.Item) string {
	reason, _ := set.Why(id, item)
	return reason.Lines()[0]
}
