package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/topic"
)

type nearMissesCmd struct {
	Topic string `arg:"" help:"Id of the topic."`
	Since span   `default:"7d" placeholder:"SPAN" help:"How much of the archive is looked at: 7d, 36h."`
	JSON  bool   `name:"json" help:"Print JSON."`
}

// nearMisses is the JSON form; its keys are stable.
type nearMisses struct {
	Topic    string       `json:"topic"`
	Since    time.Time    `json:"since"`
	Items    int          `json:"items"`    // looked at
	Excluded []*nearGroup `json:"excluded"` // by exclude rule
	Near     []*nearGroup `json:"near"`     // by include rule that failed in one part
}

// nearGroup are the items of one rule, the newest first.
type nearGroup struct {
	Rule  string     `json:"rule"`
	Items []itemLine `json:"items"`
}

// Run lists what the topic nearly took: the list that an editor reads weekly.
func (c nearMissesCmd) Run(ctx context.Context, a *app) error {
	cfg, err := a.mustLoad()
	if err != nil {
		return err
	}
	t, err := a.findTopic(cfg, c.Topic)
	if err != nil {
		return err
	}
	n := &nearMisses{Topic: t.ID, Excluded: []*nearGroup{}, Near: []*nearGroup{}}
	return a.withStore(ctx, c, cfg, reads, func(st *store.Store) error {
		n.Since, err = a.walk(ctx, st, c.Since, func(item *news.Item) { n.add(cfg.Set, item) })
		if err != nil {
			return err
		}
		n.sort()
		if c.JSON {
			return a.printJSON(n)
		}
		return a.print(n.text())
	})
}

// add judges an item. One that lacks one part of several rules is listed under
// the first.
func (n *nearMisses) add(set *topic.Set, item *news.Item) {
	n.Items++
	reason, _ := set.Why(n.Topic, item)
	if reason.Match.Verdict == news.Excluded {
		n.Excluded = under(n.Excluded, reason.Match.Excluded, lineOf(item, reason.Lines()[0]))
	} else if rule, ok := nearMiss(&reason); ok {
		n.Near = under(n.Near, rule.Name, lineOf(item, rule.Misses[0]))
	}
}

// under adds a line to the group of a rule.
func under(groups []*nearGroup, rule string, l itemLine) []*nearGroup {
	i := slices.IndexFunc(groups, func(g *nearGroup) bool { return g.Rule == rule })
	if i < 0 {
		groups, i = append(groups, &nearGroup{Rule: rule}), len(groups)
	}
	groups[i].Items = append(groups[i].Items, l)
	return groups
}

// sort puts the rules with the most items first, and the newest items first.
func (n *nearMisses) sort() {
	n.Since = n.Since.UTC().Truncate(time.Second)
	for _, groups := range [][]*nearGroup{n.Excluded, n.Near} {
		slices.SortFunc(groups, func(a, b *nearGroup) int {
			return cmp.Or(cmp.Compare(len(b.Items), len(a.Items)), cmp.Compare(a.Rule, b.Rule))
		})
		for _, g := range groups {
			slices.SortStableFunc(g.Items, func(a, b itemLine) int { return b.At.Compare(a.At) })
		}
	}
}

func (n *nearMisses) text() string {
	var w strings.Builder
	fmt.Fprintf(&w, "%s: %s looked at since %s\n", n.Topic, count(n.Items, "item"), dateColumn(n.Since))
	if len(n.Excluded)+len(n.Near) == 0 {
		w.WriteString("Nothing was excluded, and nothing was near.\n")
	}
	for _, g := range n.Excluded {
		fmt.Fprintf(&w, "\nexcluded by «%s»: %d\n", g.Rule, len(g.Items))
		for _, l := range g.Items {
			writeLine(&w, l)
		}
	}
	for _, g := range n.Near {
		fmt.Fprintf(&w, "\nlack one part of «%s»: %d\n", g.Rule, len(g.Items))
		for _, l := range g.Items {
			writeLine(&w, l)
		}
	}
	return w.String()
}
