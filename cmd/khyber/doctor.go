package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"khyber/internal/config"
	"khyber/internal/news"
	"khyber/internal/store"
)

type doctorCmd struct{}

// Limits of what is looked at.
const (
	quietTopic   = 14 * 24 * time.Hour // a topic without an entry for so long is told
	itemsLooked  = 20000               // the newest ones of the archive
	itemsASource = 200                 // enough to compare documents and dates
)

// Run looks at the sources, the topics and the machine, and prints what is
// wrong, worst first, then the change of feeds.yaml that would mend what it
// can. It changes nothing.
func (doctorCmd) Run(ctx context.Context, a *app) error {
	cfg, err := a.mustLoad()
	if err != nil {
		return err
	}
	if !exists(a.data) && a.errand == nil {
		return a.examine(cfg, &examination{now: a.now(), cfg: cfg}, nil)
	}
	opened := false
	err = a.withStore(ctx, doctorCmd{}, cfg, reads, func(st *store.Store) error {
		opened = true
		x := &examination{now: a.now(), cfg: cfg}
		status, err := x.read(ctx, st)
		if err != nil {
			return err
		}
		unused, _, err := a.unused(ctx, cfg, st)
		if err != nil {
			return err
		}
		x.ends = a.certificates(ctx, cfg)
		found := slices.Concat(examineSizes(a.data, status.Sizes), x.keeping(a.data, &status), a.examineDaemon(), unusedTerms(unused))
		return a.examine(cfg, x, found)
	})
	var shown shownError
	if err == nil || opened || ctx.Err() != nil || errors.As(err, &shown) { // the last is of the daemon, which has said all
		return err
	}
	// A database of a later version, or a damaged one, is a thing to be told.
	return a.examine(cfg, &examination{now: a.now(), cfg: cfg}, []finding{{losing, err.Error(), nil}})
}

// examine prints what is found, beside what was found already.
func (a *app) examine(cfg *config.Config, x *examination, found []finding) error {
	found = slices.Concat(a.examineMachine(cfg), found, x.sources(), x.topics())
	if len(found) == 0 {
		return a.print(fmt.Sprintf("%s and %s: nothing is wrong\n", count(len(cfg.Sources), "source"), count(len(cfg.Set.Topics()), "topic")))
	}
	slices.SortStableFunc(found, func(x, y finding) int { return cmp.Compare(x.rank, y.rank) })
	if err := a.print(prescription(cfg.Revision.Files, found, a.configOptions())); err != nil {
		return err
	}
	return shownError(exitFailure)
}

// rank says how bad a finding is; the lowest is told first.
type rank uint8

const (
	losing rank = iota // news or data are lost, or secrets are open
	broken             // a source or topic brings nothing
	costly             // it works, and could work better
)

// finding is one thing that is wrong and what to do about it.
type finding struct {
	rank rank
	text string
	mend func(*config.Editor) error // nil: no change of feeds.yaml would
}

// prescription is the list of findings and the change that mends what it can. A
// change after which the file would not be valid is left out.
func prescription(files []news.File, found []finding, opts config.Options) string {
	var b strings.Builder
	now := files
	for _, f := range found {
		fmt.Fprintf(&b, "* %s\n", f.text)
		if f.mend == nil {
			continue
		}
		e := config.NewEditor(now)
		err := f.mend(e)
		if _, problems := config.LoadFiles(e.Files(), opts); err == nil && !invalid(problems) {
			now = e.Files()
			continue
		}
		b.WriteString("  (that has to be changed by hand)\n")
	}
	var diff strings.Builder
	to := "-p0"
	for i := range files {
		change := config.Diff(files[i].Path, files[i].Text, now[i].Text)
		if diff.Len() == 0 && change != "" {
			to = files[i].Path
		} else if change != "" {
			to = "-p0"
		}
		diff.WriteString(change)
	}
	if diff.Len() > 0 {
		fmt.Fprintf(&b, "\nThis change mends it; khyber doctor | patch %s makes it:\n%s", to, diff.String())
	}
	return b.String()
}

// examination is what is looked at.
type examination struct {
	now    time.Time
	cfg    *config.Config
	states map[string]news.SourceState
	polls  map[string][]news.Poll // newest first
	items  map[string][]news.Item // newest first
	oldest time.Time              // when the first item was kept; zero: there is none
	joined map[string]time.Time   // when a topic got its last entry
	ends   map[string]time.Time   // of the certificates of sources
}

// read fills in what the store knows.
func (x *examination) read(ctx context.Context, st *store.Store) (status store.Status, err error) {
	if status, err = st.Status(ctx); err != nil {
		return status, err
	}
	list, err := st.Sources(ctx)
	if err != nil {
		return status, err
	}
	x.states, x.polls = make(map[string]news.SourceState), make(map[string][]news.Poll)
	for _, s := range list {
		x.states[s.Source] = s
		if x.polls[s.Source], err = st.Polls(ctx, s.Source); err != nil {
			return status, err
		}
	}
	x.joined = make(map[string]time.Time)
	for _, t := range x.cfg.Set.Topics() {
		page, err := st.Topic(ctx, t.ID, store.Page{Limit: 1, Late: true})
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return status, err
		}
		if len(page.Entries) > 0 {
			x.joined[t.ID] = page.Entries[0].Joined
		}
	}
	return status, x.readItems(ctx, st)
}

func (x *examination) readItems(ctx context.Context, st *store.Store) error {
	first, _, err := st.Scan(ctx, store.Filter{}, "", 1)
	if err != nil {
		return err
	}
	if len(first) > 0 {
		x.oldest = first[0].FirstSeen
	}
	x.items = make(map[string][]news.Item)
	for looked, cursor, more := 0, "", true; more && looked < itemsLooked; {
		items, next, err := st.Scan(ctx, store.Filter{Newest: true}, cursor, itemsLooked)
		if err != nil {
			return err
		}
		for _, item := range items {
			if len(x.items[item.Source]) < itemsASource {
				x.items[item.Source] = append(x.items[item.Source], item)
			}
		}
		looked, cursor, more = looked+len(items), next, next != ""
	}
	return nil
}

// topics finds those that bring nothing.
func (x *examination) topics() []finding {
	var out []finding
	for _, t := range x.cfg.Set.Topics() {
		scope := x.cfg.Set.Scope(t.ID)
		dead := 0
		for _, id := range scope {
			if s := x.states[id].State; s == news.StateFailing || s == news.StateGone || x.disabled(id) {
				dead++
			}
		}
		last, known := x.joined[t.ID]
		switch {
		case len(scope) > 0 && dead == len(scope):
			out = append(out, finding{broken, fmt.Sprintf("topic %s: all of its %s fail or are disabled: mend them as said for each", t.ID, count(dead, "source")), nil})
		case x.oldest.IsZero() || x.now.Sub(x.oldest) < quietTopic || known && x.now.Sub(last) < quietTopic:
		default:
			out = append(out, finding{broken, fmt.Sprintf("topic %s: no item has joined it %s: khyber near-misses %s shows what nearly did", t.ID, sinceText(last), t.ID), nil})
		}
	}
	return out
}

func sinceText(last time.Time) string {
	if last.IsZero() {
		return "yet"
	}
	return "since " + last.UTC().Format(time.DateOnly)
}

func (x *examination) disabled(id string) bool {
	i := slices.IndexFunc(x.cfg.Sources, func(s news.Source) bool { return s.ID == id })
	return i >= 0 && x.cfg.Sources[i].Disabled
}
