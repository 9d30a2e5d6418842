package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"khyber/internal/config"
	"khyber/internal/news"
	"khyber/internal/publish"
)

// editing are the flags of every command that changes feeds.yaml.
type editing struct {
	DryRun bool `help:"Show the change and write nothing."`
}

// loadForEdit is mustLoad, and an empty file where there is none or it says
// nothing yet.
func (a *app) loadForEdit() (*config.Config, error) {
	text, err := os.ReadFile(a.config)
	if err == nil && !config.Blank(text) || err != nil && !errors.Is(err, os.ErrNotExist) {
		return a.mustLoad()
	}
	cfg, problems := config.LoadFiles([]news.File{{Path: a.config, Text: text}}, a.configOptions())
	if cfg == nil {
		return nil, a.refused(problems)
	}
	return cfg, nil
}

// edit shows a change of feeds.yaml and the files that it includes, and writes
// it when the result is valid; on a terminal, when the answer is yes.
func (e editing) edit(a *app, cfg *config.Config, change func(*config.Editor) error) error {
	editor := config.NewEditor(cfg.Revision.Files)
	if err := change(editor); err != nil {
		return err
	}
	diff := editor.Diff()
	if err := a.print(diff); err != nil || diff == "" {
		return err
	}
	if _, problems := config.LoadFiles(editor.Files(), a.configOptions()); invalid(problems) {
		for _, p := range problems {
			if !p.Warning {
				fmt.Fprintln(a.stderr, p)
			}
		}
		return fmt.Errorf("nothing is written: with this change %s could not be used, as said above", a.config)
	}
	if e.DryRun {
		return nil
	}
	if a.person() {
		answer, err := a.ask("write it? [Y/n] ")
		if err != nil || strings.HasPrefix(strings.ToLower(answer), "n") {
			return err
		}
	}
	return editor.Save()
}

// person says whether somebody can be asked: standard input is a terminal.
func (a *app) person() bool {
	f, ok := a.stdin.(*os.File)
	return ok && a.terminal(f)
}

// ask returns the answer to a question.
func (a *app) ask(question string) (string, error) {
	if err := a.print(question); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(a.stdin).ReadString('\n')
	if err != nil {
		return "", errors.New("no answer: nothing is written")
	}
	return strings.TrimSpace(line), nil
}

type removeCmd struct {
	ID string `arg:"" help:"Id of the source."`
	editing
}

// Run removes the source from the file that has it.
func (c removeCmd) Run(a *app) error {
	cfg, err := a.mustLoad()
	if err != nil {
		return err
	}
	return c.edit(a, cfg, func(e *config.Editor) error { return e.Remove(c.ID) })
}

type importCmd struct {
	File string `arg:"" help:"The OPML file, as other readers export it."`
	editing
}

// Run adds what is not polled yet and says what it leaves out.
func (c importCmd) Run(a *app) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	subs, skipped, err := publish.ParseOPML(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	cfg, err := a.loadForEdit()
	if err != nil {
		return err
	}
	adding := config.NewAdding(cfg.Sources)
	var sources []config.NewSource
	for _, s := range subs {
		src, err := adding.Source(news.Source{Name: s.Title, URL: s.URL, Lang: s.Lang, Country: s.Country, Type: s.Type})
		if err != nil {
			skipped = append(skipped, publish.Skipped{Text: cmp.Or(s.Title, s.URL), Reason: err.Error()})
			continue
		}
		sources = append(sources, config.NewSource{Source: src, Note: s.Group})
	}
	for _, s := range skipped {
		fmt.Fprintf(a.stderr, "left out: %s: %s\n", s.Text, s.Reason)
	}
	err = c.edit(a, cfg, func(e *config.Editor) error {
		if len(sources) == 0 {
			return nil
		}
		return e.Add(sources...)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "%s: %s new, %d left out\n", c.File, count(len(sources), "source"), len(skipped))
	return nil
}
