package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"khyber/internal/text"
	"khyber/internal/topic"
)

// judge asks a person for labels of what the topic would gain, lose or nearly
// take, and appends them to the file of labels, one row an answer.
func (c backtestCmd) judge(ctx context.Context, a *app) error {
	switch {
	case c.Labels == "":
		return usageError{errors.New("name the file that the labels go to: --labels FILE")}
	case c.JSON:
		return usageError{errors.New("--judge asks a person: leave out --json")}
	case !a.person():
		return usageError{errors.New("--judge asks a person: standard input is no terminal")}
	}
	known, err := labelledTitles(a.path(c.Labels))
	if err != nil {
		return err
	}
	items, err := c.samples(ctx, a)
	if err != nil {
		return err
	}
	items = slices.DeleteFunc(items, func(l itemLine) bool { return known[text.Fold(l.Title)] })
	return a.askLabels(a.path(c.Labels), items[:min(len(items), c.Judge)])
}

// labelledTitles returns the folded titles of the rows of a file; none where it
// is not there yet.
func labelledTitles(file string) (map[string]bool, error) {
	known := make(map[string]bool)
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the labels: %w", err)
	}
	rows, problems := topic.ParseLabels(file, data)
	if len(problems) > 0 {
		return nil, errors.New(problems[0].String())
	}
	for _, row := range rows {
		known[text.Fold(row.Item.Title)] = true
	}
	return known, nil
}

// samples runs the backtest without labels and returns what it drew: of what
// would come, of what would go and of the near-misses in turn.
func (c backtestCmd) samples(ctx context.Context, a *app) ([]itemLine, error) {
	var out bytes.Buffer
	plain := backtestCmd{Topic: c.Topic, Since: c.Since, JSON: true, Yes: true}
	if err := plain.Run(ctx, a.writing(&out)); err != nil {
		return nil, err
	}
	var report backtestJSON
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		return nil, fmt.Errorf("read the backtest: %w", err)
	}
	var items []itemLine
	drawn := [][]itemLine{report.Archive.GainedSample, report.Archive.LostSample, report.Archive.NearMisses}
	for i := range samples {
		for _, some := range drawn {
			if i < len(some) {
				items = append(items, some[i])
			}
		}
	}
	return items, nil
}

// labelRow is a row of a file of labels.
type labelRow struct {
	Item    string      `json:"item"`
	Lang    string      `json:"lang,omitempty"`
	Title   string      `json:"title"`
	Summary string      `json:"summary,omitempty"`
	Label   topic.Label `json:"label"`
}

// askLabels shows each item and keeps the answer at once.
func (a *app) askLabels(file string, items []itemLine) (err error) {
	if len(items) == 0 {
		return a.print("There is nothing new to judge.\n\n")
	}
	f, err := appendRows(file)
	if err != nil {
		return fmt.Errorf("open the labels: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	answers := bufio.NewScanner(a.stdin)
	kept := 0
	for i, item := range items {
		if err := a.print(fmt.Sprintf("%d of %d  %s  %s\n  %s\n", i+1, len(items), dateColumn(item.At), item.Source, item.Title)); err != nil {
			return err
		}
		if item.Summary != "" {
			if err := a.print("  " + item.Summary + "\n"); err != nil {
				return err
			}
		}
		label, more, err := a.askLabel(answers)
		if err != nil {
			return err
		}
		if label != "" {
			row, err := json.Marshal(labelRow{item.Item, item.Lang, item.Title, item.Summary, label})
			if err != nil {
				return fmt.Errorf("write a label: %w", err)
			}
			if _, err := f.Write(append(row, '\n')); err != nil {
				return fmt.Errorf("write a label: %w", err)
			}
			kept++
		}
		if !more {
			break
		}
	}
	return a.print(fmt.Sprintf("%s: %s added\n\n", file, count(kept, "label")))
}

// appendRows opens a file to append rows to, and ends a last row that has no end.
func appendRows(file string) (*os.File, error) {
	before, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil || len(before) == 0 || before[len(before)-1] == '\n' {
		return f, err
	}
	if _, err := f.WriteString("\n"); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// askLabel asks until the answer is one; an empty label skips the item, and more
// is false when the person has had enough.
func (a *app) askLabel(answers *bufio.Scanner) (label topic.Label, more bool, err error) {
	for {
		if err := a.print("  does it belong in the topic? [y]es [n]o [b]orderline [s]kip [q]uit: "); err != nil {
			return "", false, err
		}
		if !answers.Scan() {
			return "", false, answers.Err()
		}
		switch answer := strings.ToLower(strings.TrimSpace(answers.Text())); answer {
		case "y", "yes":
			return topic.Yes, true, nil
		case "n", "no":
			return topic.No, true, nil
		case "b", "borderline":
			return topic.Borderline, true, nil
		case "s", "skip":
			return "", true, nil
		case "q", "quit":
			return "", false, nil
		}
	}
}
