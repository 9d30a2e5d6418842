package main

import (
	"context"
	"errors"
	"log/slog"

	"khyber/internal/publish"
	"khyber/internal/store"
)

// defaultBase begins the links where feeds.yaml sets no base_url: it is where
// serve listens unless it is told otherwise.
const defaultBase = "http://127.0.0.1:8080"

type renderCmd struct {
	Topic  string `arg:"" help:"Id of the topic."`
	Format string `default:"atom" enum:"atom,rss,json" help:"atom, rss or json."`
	View   string `default:"copies" enum:"copies,all,stories" help:"copies (collapsed), all or stories."`
	Limit  int    `help:"The newest N entries; as many as serve gives where it is not said."`
}

// Run prints the topic feed as serve would send it.
func (c renderCmd) Run(ctx context.Context, a *app) error {
	if c.Limit < 0 {
		return usageError{errors.New("--limit must be 1 or more")}
	}
	cfg, err := a.mustLoad()
	if err != nil {
		return err
	}
	return a.withParts(ctx, c, cfg, slog.LevelWarn, func(p *parts) error {
		err := p.server.Render(ctx, a.stdout, c.Topic, publish.Format(c.Format), store.Page{View: c.View, Limit: c.Limit})
		if errors.Is(err, store.ErrNotFound) {
			return a.noTopic(p.config.Load(), c.Topic)
		}
		return err
	})
}
