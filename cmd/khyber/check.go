package main

import (
	"fmt"

	"khyber/internal/config"
)

type checkCmd struct {
	Schema bool `xor:"what" help:"Print the JSON Schema of feeds.yaml instead, for editors."`
	Sample bool `xor:"what" help:"Print an annotated sample instead."`
}

// Run prints every Problem of the file, or what it holds.
func (c checkCmd) Run(a *app) error {
	switch {
	case c.Schema:
		return a.print(string(config.Schema()))
	case c.Sample:
		return a.print(string(config.Sample()))
	}
	cfg, problems := a.load()
	wrong := 0
	for _, p := range problems {
		if !p.Warning {
			wrong++
		}
		fmt.Fprintln(a.stdout, p)
	}
	if cfg == nil {
		return fmt.Errorf("%s: %s: mend what is named above", a.config, count(wrong, "problem"))
	}
	off := len(cfg.Sources) - active(cfg.Sources)
	return a.print(fmt.Sprintf("%s: %s (%d disabled), %s: every example comes out right\n",
		a.config, count(len(cfg.Sources), "source"), off, count(len(cfg.Set.Topics()), "topic")))
}
