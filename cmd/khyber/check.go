package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"khyber/internal/config"
	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/store/bolt"
)

type checkCmd struct {
	Schema bool `xor:"what" help:"Print the JSON Schema of feeds.yaml instead, for editors."`
	Sample bool `xor:"what" help:"Print an annotated sample instead."`
}

// Run prints every Problem of the file, or what it holds.
func (c checkCmd) Run(ctx context.Context, a *app) error {
	switch {
	case c.Schema:
		return a.print(string(config.Schema()))
	case c.Sample:
		return a.print(string(config.Sample()))
	}
	cfg, problems := a.load()
	if cfg == nil {
		wrong := 0
		for _, p := range problems {
			if !p.Warning {
				wrong++
			}
			fmt.Fprintln(a.stdout, p)
		}
		return fmt.Errorf("%s: %s: mend what is named above", a.config, count(wrong, "problem"))
	}
	if !exists(a.data) && a.errand == nil {
		return a.checked(cfg, problems, "there is no database "+a.data+unsaid)
	}
	err := a.withStore(ctx, c, cfg, reads, func(st *store.Store) error {
		unused, note, err := a.unused(ctx, cfg, st)
		if err != nil {
			return err
		}
		return a.checked(cfg, append(problems, unused...), note)
	})
	if errors.Is(err, bolt.ErrInUse) { // by a command, or a daemon that does not answer
		return a.checked(cfg, problems, a.data+" is in use by another process"+unsaid)
	}
	return err
}

// unsaid ends the note that there is no archive to learn from.
const unsaid = ": which terms and rules are of no use is not said"

// checked prints what is to be said of a file that is valid.
func (a *app) checked(cfg *config.Config, warnings []news.Problem, note string) error {
	for _, p := range warnings {
		fmt.Fprintln(a.stdout, p)
	}
	for _, n := range []string{note, doubtful(cfg)} {
		if n != "" {
			fmt.Fprintln(a.stdout, "note:", n)
		}
	}
	off := len(cfg.Sources) - active(cfg.Sources)
	return a.print(fmt.Sprintf("%s: %s (%d disabled), %s: every example comes out right\n",
		a.config, count(len(cfg.Sources), "source"), off, count(len(cfg.Set.Topics()), "topic")))
}

// useSpan is how much of an archive it takes to call a term or a rule unused.
const useSpan = 90 * 24 * time.Hour

// unused warns of terms and rules that were good for nothing in the archive of
// 90 days, or notes why that cannot be said.
func (a *app) unused(ctx context.Context, cfg *config.Config, st *store.Store) (warnings []news.Problem, note string, err error) {
	oldest, _, err := st.Scan(ctx, store.Filter{}, "", 1)
	if err != nil {
		return nil, "", err
	}
	if len(oldest) == 0 || a.now().Sub(oldest[0].FirstSeen) < useSpan {
		return nil, a.data + " holds less than 90 days" + unsaid, nil
	}
	usage := cfg.Set.NewUsage()
	if _, err = a.walk(ctx, st, span(useSpan), usage.Add); err != nil {
		return nil, "", err
	}
	return usage.Warnings("in 90 days"), "", nil
}

// doubtful notes the entries of the lexicon that somebody must confirm, so far
// as a topic looks at them.
func doubtful(cfg *config.Config) string {
	var ids []string
	for _, e := range cfg.Lexicon.Doubtful() {
		if cfg.Set.Uses(e.ID) {
			ids = append(ids, "$"+e.ID)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return "a speaker of the language or an editor must confirm the spellings and dates of " + strings.Join(ids, ", ")
}
