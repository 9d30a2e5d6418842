package main

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"khyber/internal/news"
	"khyber/internal/text"
	"khyber/internal/topic"
)

const (
	// samples is how many items of a kind are shown to a person.
	samples = 20
	// maxListed bounds the lists of the JSON form; the counts have no bound.
	maxListed = 1000
	// nearCandidates is how many items that are out are looked at for near-misses:
	// to say how each of them fails takes five times as long as to match it.
	nearCandidates = 1000
)

// tally compares how many items a topic took with how many it takes now.
type tally struct {
	Before int `json:"before"`
	Now    int `json:"now"`
	Gained int `json:"gained"`
	Lost   int `json:"lost"`
}

func (t *tally) add(was, is bool) {
	if was {
		t.Before++
	}
	if is {
		t.Now++
	}
	if is && !was {
		t.Gained++
	}
	if was && !is {
		t.Lost++
	}
}

// comparison is a topic as it is written now against the verdicts that are
// stored.
type comparison struct {
	topic  news.Topic
	set    *topic.Set
	hidden map[string]bool // ids and titles of the holdout, which no list shows

	items  int
	oldest time.Time // arrival
	all    tally
	rules  map[string]*tally
	source map[string]*tally
	lang   map[string]*tally

	gained, lost         []itemLine // the newest
	someGained, someLost []drawn
	out, nears           []drawn
}

// drawn is an item with its place in a random order that the rules and its id
// alone decide.
type drawn struct {
	order uint64
	item  *news.Item
	why   string
}

func newComparison(t news.Topic, set *topic.Set, hidden map[string]bool) *comparison {
	return &comparison{
		topic: t, set: set, hidden: hidden,
		rules: make(map[string]*tally), source: make(map[string]*tally), lang: make(map[string]*tally),
	}
}

// add judges an item of the archive.
func (c *comparison) add(item *news.Item) {
	was, is := verdictIn(item.Matches, &c.topic), verdictIn(c.set.Match(item), &c.topic)
	wasIn, isIn := was.Verdict == news.In, is.Verdict == news.In
	c.items++
	c.oldest = item.FirstSeen
	c.all.add(wasIn, isIn)
	if wasIn || isIn {
		at(c.source, item.Source).add(wasIn, isIn)
		at(c.lang, cmp.Or(item.Lang, "unknown")).add(wasIn, isIn)
		if was.Rule == is.Rule {
			at(c.rules, is.Rule).add(wasIn, isIn)
		} else {
			c.addRules(was, is)
		}
	}
	if c.hidden[item.ID.String()] || c.hidden[text.Fold(item.Title)] {
		return
	}
	switch {
	case isIn && !wasIn:
		c.gained = c.list(c.gained, item)
		c.someGained = c.draw(c.someGained, samples, item)
	case wasIn && !isIn:
		c.lost = c.list(c.lost, item)
		c.someLost = c.draw(c.someLost, samples, item)
	case is.Verdict == news.Out:
		c.out = c.draw(c.out, nearCandidates, item)
	}
}

// addRules counts an item that another rule takes now.
func (c *comparison) addRules(was, is news.Match) {
	if was.Verdict == news.In {
		at(c.rules, was.Rule).add(true, false)
	}
	if is.Verdict == news.In {
		at(c.rules, is.Rule).add(false, true)
	}
}

func at(m map[string]*tally, key string) *tally {
	if m[key] == nil {
		m[key] = &tally{}
	}
	return m[key]
}

func (c *comparison) list(lines []itemLine, item *news.Item) []itemLine {
	if len(lines) == maxListed {
		return lines
	}
	return append(lines, lineOf(item, why(c.set, c.topic.ID, item)))
}

// draw keeps the first most items of the order. What it keeps is a copy.
func (c *comparison) draw(kept []drawn, most int, item *news.Item) []drawn {
	h := fnv.New64a()
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, c.set.Hash(c.topic.ID)))
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(item.ID)))
	d := drawn{order: h.Sum64()}
	if len(kept) == most && d.order >= kept[most-1].order {
		return kept
	}
	own := *item
	d.item = &own
	i, _ := slices.BinarySearchFunc(kept, d, func(a, b drawn) int { return cmp.Compare(a.order, b.order) })
	if len(kept) == most {
		kept = kept[:most-1]
	}
	return slices.Insert(kept, i, d)
}

// finish explains what is shown.
func (c *comparison) finish() {
	for _, some := range [][]drawn{c.someGained, c.someLost} {
		for i := range some {
			some[i].why = why(c.set, c.topic.ID, some[i].item)
		}
	}
	for _, d := range c.out {
		if len(c.nears) == samples {
			break
		}
		reason, _ := c.set.Why(c.topic.ID, d.item)
		if rule, ok := nearMiss(&reason); ok {
			d.why = nearText(rule)
			c.nears = append(c.nears, d)
		}
	}
	c.out = nil
}

// nearMiss returns the first include rule that failed in one part only.
func nearMiss(r *topic.Reason) (topic.RuleReason, bool) {
	if r.Match.Verdict != news.Out {
		return topic.RuleReason{}, false
	}
	for _, rule := range r.Rules {
		if !rule.Exclude && rule.Near() {
			return rule, true
		}
	}
	return topic.RuleReason{}, false
}

func nearText(rule topic.RuleReason) string { return "«" + rule.Name + "», " + rule.Misses[0] }

func linesOf(some []drawn) []itemLine {
	lines := make([]itemLine, len(some))
	for i := range some {
		lines[i] = lineOf(some[i].item, some[i].why)
		lines[i].Summary = some[i].item.Summary
	}
	return lines
}

// days is the time that the items arrived in.
func (c *comparison) days(from, now time.Time) float64 {
	begin := from
	if c.oldest.After(begin) {
		begin = c.oldest
	}
	return max(1, now.Sub(begin).Hours()/24) // of less than a day nothing can be said
}

// names are the keys of a count, the most changed ones first.
func names(m map[string]*tally) []string {
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		x, y := m[a], m[b]
		return cmp.Or(cmp.Compare(y.Gained+y.Lost, x.Gained+x.Lost), cmp.Compare(y.Now, x.Now), cmp.Compare(a, b))
	})
}
