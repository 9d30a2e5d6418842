package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/text"
	"khyber/internal/topic"
)

// labels is a file of labels with the items that it names.
type labels struct {
	file   string
	rows   []topic.Labelled
	hidden map[string]bool // ids and titles of the holdout
	held   []bool          // whether a row belongs to the holdout

	all, dev, holdout topic.Counts
	live              topic.Counts // of the holdout, by the rules in force
	errors            []labelError
}

// labelError is a row with the wrong verdict. There are none of the holdout.
type labelError struct {
	Line  int         `json:"line"`
	Label topic.Label `json:"label"`
	Title string      `json:"title"`
	Why   string      `json:"why"`
}

// readLabels reads the text of the file and takes from the archive the items
// that its rows name; st may be nil.
func (a *app) readLabels(ctx context.Context, file string, data []byte, t *news.Topic, st *store.Store) (*labels, error) {
	rows, problems := topic.ParseLabels(file, data)
	l := &labels{file: file, rows: rows, hidden: make(map[string]bool), held: make([]bool, len(rows))}
	for i := range rows {
		row := &rows[i]
		same := []string{row.SplitKey()}
		if row.ID != 0 {
			var problem string
			if same, problem = findLabelled(ctx, st, row); problem != "" {
				problems = append(problems, news.Problem{
					Position: news.Position{File: file, Line: row.Line, Column: 1},
					Text:     problem, Fix: "give the title and summary in the row",
				})
			}
		}
		if len(same) > 0 && topic.Holdout(t.ID, same[0]) {
			l.held[i], l.hidden[text.Fold(row.Item.Title)] = true, true
			for _, key := range same {
				l.hidden[key] = true
			}
		}
	}
	if len(problems) == 0 {
		return l, nil
	}
	news.SortProblems(problems)
	for _, p := range problems {
		fmt.Fprintln(a.stderr, p)
	}
	return nil, fmt.Errorf("%s: %s: mend what is named above", file, count(len(problems), "problem"))
}

// findLabelled fills in the item that a row names, or says why it cannot. It
// returns the ids of the item and its copies, the original first: all of them
// are of one part of the split.
func findLabelled(ctx context.Context, st *store.Store, row *topic.Labelled) (same []string, problem string) {
	if st == nil {
		return nil, fmt.Sprintf("item %s: there is no database that could hold it", row.ID)
	}
	page, err := st.Item(ctx, row.ID)
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrExpired):
		return nil, fmt.Sprintf("item %s is not kept", row.ID)
	case err != nil:
		return nil, err.Error()
	}
	row.Item = page.Item
	copies := []news.Member{{Item: row.ID, Published: page.Item.At}}
	for _, m := range page.Story.Members {
		if m.Relation == news.RelationCopy {
			copies = append(copies, m)
		}
	}
	slices.SortFunc(copies, func(a, b news.Member) int {
		return cmp.Or(a.Published.Compare(b.Published), cmp.Compare(a.Item, b.Item))
	})
	for _, m := range copies {
		same = append(same, m.Item.String())
	}
	return same, ""
}

// judge compares the labels with the verdicts of the topic as it is written, and
// with those of the rules in force: what is stored of an item, else what live
// says; nil: that is not known.
func (l *labels) judge(t *news.Topic, set, live *topic.Set) {
	for i := range l.rows {
		row := &l.rows[i]
		in := verdictIn(set.Match(&row.Item), t).Verdict == news.In
		l.all.Add(in, row.Label)
		if l.held[i] {
			l.holdout.Add(in, row.Label)
			switch {
			case row.ID != 0:
				l.live.Add(verdictIn(row.Item.Matches, t).Verdict == news.In, row.Label)
			case live != nil:
				l.live.Add(verdictIn(live.Match(&row.Item), t).Verdict == news.In, row.Label)
			}
			continue
		}
		l.dev.Add(in, row.Label)
		if wrong := in && row.Label == topic.No || !in && row.Label == topic.Yes; wrong {
			l.errors = append(l.errors, labelError{row.Line, row.Label, shown(&row.Item), why(set, t.ID, &row.Item)})
		}
	}
}
