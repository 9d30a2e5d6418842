package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"khyber/internal/topic"
)

// minLabels is how many labels a rate needs to be worth printing.
const minLabels = 50

// backtestJSON is the JSON form; its keys are stable. Those of the first block
// are always there, over all labelled rows.
type backtestJSON struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	TP        int     `json:"tp"`
	FP        int     `json:"fp"`
	FN        int     `json:"fn"`
	Gained    int     `json:"gained"`
	Lost      int     `json:"lost"`

	Topic      string       `json:"topic"`
	Rules      string       `json:"rules"`
	Objections []string     `json:"objections"`
	Labels     *labelsJSON  `json:"labels,omitempty"`
	Archive    *archiveJSON `json:"archive,omitempty"`
}

type labelsJSON struct {
	All     countsJSON   `json:"all"`
	Dev     countsJSON   `json:"dev"`
	Holdout countsJSON   `json:"holdout"`
	Live    *countsJSON  `json:"holdout_live,omitempty"`
	Errors  []labelError `json:"dev_errors"`
}

type countsJSON struct {
	TP            int        `json:"tp"`
	FP            int        `json:"fp"`
	FN            int        `json:"fn"`
	TN            int        `json:"tn"`
	BorderlineIn  int        `json:"borderline_in"`
	BorderlineOut int        `json:"borderline_out"`
	Precision     float64    `json:"precision"`
	PrecisionAt95 [2]float64 `json:"precision_95"`
	Recall        float64    `json:"recall"`
	RecallAt95    [2]float64 `json:"recall_95"`
}

type archiveJSON struct {
	Since        time.Time         `json:"since"`
	Items        int               `json:"items"`
	Before       int               `json:"before"`
	Now          int               `json:"now"`
	BeforePerDay float64           `json:"before_per_day"`
	NowPerDay    float64           `json:"now_per_day"`
	Rules        map[string]*tally `json:"by_rule"`
	Sources      map[string]*tally `json:"by_source"`
	Languages    map[string]*tally `json:"by_language"`
	Gained       []itemLine        `json:"gained_items"`
	Lost         []itemLine        `json:"lost_items"`
	GainedSample []itemLine        `json:"gained_sample"`
	LostSample   []itemLine        `json:"lost_sample"`
	NearMisses   []itemLine        `json:"near_misses"`
}

func countsOf(c *topic.Counts) countsJSON {
	p, r := c.Precision(), c.Recall()
	return countsJSON{
		TP: c.TP, FP: c.FP, FN: c.FN, TN: c.TN, BorderlineIn: c.BorderIn, BorderlineOut: c.BorderOut,
		Precision: p.Value, PrecisionAt95: [2]float64{p.Low, p.High}, Recall: r.Value, RecallAt95: [2]float64{r.Low, r.High},
	}
}

func (b *backtest) json() backtestJSON {
	v := backtestJSON{
		Topic: b.topic.ID, Rules: fmt.Sprintf("%016x", b.set.Hash(b.topic.ID)),
		Gained: b.all.Gained, Lost: b.all.Lost, Objections: append([]string{}, b.objections(false)...),
	}
	if l := b.labels; l != nil {
		v.TP, v.FP, v.FN = l.all.TP, l.all.FP, l.all.FN
		v.Precision, v.Recall = l.all.Precision().Value, l.all.Recall().Value
		v.Labels = &labelsJSON{countsOf(&l.all), countsOf(&l.dev), countsOf(&l.holdout), nil, append([]labelError{}, l.errors...)}
		if b.hasLive() {
			live := countsOf(&l.live)
			v.Labels.Live = &live
		}
	}
	if b.archive {
		before, now := b.perDay()
		v.Archive = &archiveJSON{
			b.from.UTC().Truncate(time.Second), b.items, b.all.Before, b.all.Now, before, now, b.rules, b.source, b.lang,
			append([]itemLine{}, b.gained...), append([]itemLine{}, b.lost...), linesOf(b.someGained), linesOf(b.someLost), linesOf(b.nears),
		}
	}
	return v
}

// hasLive says whether the rules in force have judged labels of the holdout.
func (b *backtest) hasLive() bool { return b.labels.live != topic.Counts{} }

// text is the report for people.
func (b *backtest) text() string {
	var w strings.Builder
	if b.archive {
		b.writeArchive(&w)
	}
	if b.labels == nil {
		w.WriteString("\nThis shows a change, not whether it is right: for precision and recall give judged items with --labels.\n")
	} else {
		b.writeLabels(&w)
	}
	return w.String()
}

func (b *backtest) writeArchive(w *strings.Builder) {
	before, now := b.perDay()
	fmt.Fprintf(w, "%s on %s since %s: +%d −%d, %d → %d in it, %.1f → %.1f a day\n",
		b.topic.ID, count(b.items, "item"), dateColumn(b.from), b.all.Gained, b.all.Lost, b.all.Before, b.all.Now, before, now)
	if b.all.Gained+b.all.Lost == 0 {
		w.WriteString("The archive gives the same topic.\n")
	}
	writeTallies(w, "rule", b.rules)
	writeTallies(w, "source", b.source)
	writeTallies(w, "language", b.lang)
	writeSome(w, "+ gained", b.all.Gained, b.someGained)
	writeSome(w, "− lost", b.all.Lost, b.someLost)
	writeSome(w, "near-misses", -1, b.nears)
}

func writeTallies(w *strings.Builder, what string, m map[string]*tally) {
	if len(m) == 0 {
		return
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "before\tnow\t+\t−\t  by "+what)
	for _, name := range names(m) {
		t := m[name]
		fmt.Fprintf(table, "%d\t%d\t%d\t%d\t  %s\n", t.Before, t.Now, t.Gained, t.Lost, name)
	}
	_ = table.Flush() // a Builder takes everything
}

// writeSome lists items that were drawn. Of total -1 it is not known how many
// there are.
func writeSome(w *strings.Builder, what string, total int, some []drawn) {
	if len(some) == 0 {
		return
	}
	switch {
	case total < 0:
		fmt.Fprintf(w, "\n%s, %d at random:\n", what, len(some))
	case total > len(some):
		fmt.Fprintf(w, "\n%s, %d of %d at random:\n", what, len(some), total)
	default:
		fmt.Fprintf(w, "\n%s:\n", what)
	}
	for _, l := range linesOf(some) {
		writeLine(w, l)
	}
}

func writeLine(w *strings.Builder, l itemLine) {
	fmt.Fprintf(w, "  %s  %s  %s  %s\n      %s\n", dateColumn(l.At), l.Item, l.Source, l.Title, l.Why)
}

func (b *backtest) writeLabels(w *strings.Builder) {
	l := b.labels
	if b.archive {
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%s: %s\n", l.file, count(len(l.rows), "label"))
	writeCounts(w, "dev", &l.dev)
	writeCounts(w, "holdout", &l.holdout)
	if b.hasLive() {
		writeCounts(w, "  live", &l.live)
	}
	writeCounts(w, "all", &l.all)
	if n := l.all.BorderIn + l.all.BorderOut; n > 0 {
		fmt.Fprintf(w, "  borderline, not counted: %d in, %d out\n", l.all.BorderIn, l.all.BorderOut)
	}
	if len(l.errors) > 0 {
		w.WriteString("\nwrong in dev (the holdout is never listed):\n")
	}
	for _, e := range l.errors {
		fmt.Fprintf(w, "  line %d, %s: %s\n      %s\n", e.Line, e.Label, e.Title, e.Why)
	}
}

func writeCounts(w *strings.Builder, part string, c *topic.Counts) {
	fmt.Fprintf(w, "  %-8s tp %d, fp %d, fn %d, tn %d", part, c.TP, c.FP, c.FN, c.TN)
	if c.Labels() >= minLabels {
		fmt.Fprintf(w, "; precision %s, recall %s", c.Precision(), c.Recall())
	} else {
		fmt.Fprintf(w, "; no rates from fewer than %d labels", minLabels)
	}
	fmt.Fprintln(w)
}
