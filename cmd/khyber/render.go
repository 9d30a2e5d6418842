package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"khyber/internal/publish"
	"khyber/internal/server"
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
	return a.withServer(ctx, c, cfg, func(s *server.Server, fresh []string) error {
		if slices.Contains(fresh, c.Topic) {
			return a.unknownYet(c.Topic)
		}
		err := s.Render(ctx, a.stdout, c.Topic, publish.Format(c.Format), store.Page{View: c.View, Limit: c.Limit})
		if errors.Is(err, store.ErrNotFound) {
			if a.errand != nil {
				cfg = a.errand.daemon.config.Load()
			}
			return a.noTopic(cfg, c.Topic)
		}
		return err
	})
}

// unknownYet says that a topic is in the file, and was never applied.
func (a *app) unknownYet(id string) error {
	return fmt.Errorf("topic %s is new, and %s knows nothing of it yet: khyber poll matches it with what is kept", id, a.data)
}
