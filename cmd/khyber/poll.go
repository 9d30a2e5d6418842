package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/schollz/progressbar/v3"

	"khyber/internal/news"
)

type pollCmd struct {
	Sources []string `arg:"" optional:"" name:"source" help:"Ids of sources; all where none is named."`
	Strict  bool     `help:"Exit 1 if a source failed."`
}

// Run asks the sources now, whatever their interval, and prints a line each.
func (c pollCmd) Run(ctx context.Context, a *app) error {
	cfg, err := a.mustLoad()
	if err != nil {
		return err
	}
	return a.withParts(ctx, c, cfg, func(p *parts) error { return c.poll(ctx, a, p) })
}

func (c pollCmd) poll(ctx context.Context, a *app, p *parts) error {
	// Where no daemon runs, nobody else applies a changed topic. What the polls
	// bring is matched with the new rules anyway, so this comes first.
	if a.errand == nil {
		if err := p.rematch.All(ctx); err != nil {
			return err
		}
	}
	total := cmp.Or(len(c.Sources), active(p.config.Load().Sources))
	bar := a.progress("polling", total)
	failed := 0
	var unsaid error
	err := p.poller.PollAll(ctx, c.Sources, func(done news.Poll) {
		if !done.Kind.Good() {
			failed++
		}
		unsaid = errors.Join(unsaid, bar.Clear(), a.print(pollLine(done)), bar.Add(1))
	})
	if err = errors.Join(err, unsaid); err != nil {
		return err
	}
	if failed > 0 && c.Strict {
		return fmt.Errorf("%d of %s failed: each line above says why", failed, count(total, "source"))
	}
	return nil
}

// pollLine says what came of a poll. A poll that was not made has no Kind.
func pollLine(p news.Poll) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-24s ", p.Source)
	switch {
	case p.Kind == "":
		fmt.Fprintf(&b, "not asked: %s", p.Why)
	case p.Kind == news.KindOK:
		fmt.Fprintf(&b, "ok: %d new, %d known", p.New, p.Known)
		for _, reason := range news.Reasons() {
			if n := p.Rejected[reason]; n > 0 {
				fmt.Fprintf(&b, ", %d %s", n, reason)
			}
		}
		if p.Salvaged {
			b.WriteString(", salvaged from a damaged document")
		}
	default:
		b.WriteString(p.Outcome())
	}
	if !p.Next.IsZero() {
		fmt.Fprintf(&b, "; next %s (%s)", p.Next.UTC().Format("15:04:05 UTC"), p.Why)
	}
	return b.String() + "\n"
}

// progress is a bar on a terminal, and nothing elsewhere.
func (a *app) progress(what string, total int) *progressbar.ProgressBar {
	return progressbar.NewOptions(total, progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetVisibility(a.terminal(a.stderr)),
		progressbar.OptionSetDescription(what), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
}
