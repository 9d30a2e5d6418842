package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"khyber/internal/config"
	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/topic"
)

type backtestCmd struct {
	Topic  string `arg:"" help:"Id of the topic."`
	Since  span   `default:"90d" placeholder:"SPAN" help:"How much of the archive is looked at: 7d, 36h."`
	Labels string `placeholder:"FILE" help:"Judgements, a JSON object a line: title, summary, lang (or item) and label: yes, no or borderline."`
	JSON   bool   `name:"json" help:"Print JSON."`
	Yes    bool   `help:"Accept that three times as many items a day, or as few, are in the topic."`

	Judge int `placeholder:"N" help:"Ask for labels of N items that it would gain, lose or nearly take, and append them to --labels."`

	Judged []byte `kong:"-"` // the text of Labels
}

// Run tells what the topic as it is written would gain and lose on the archive.
// It writes nothing. It fails when the change should not be published.
func (c backtestCmd) Run(ctx context.Context, a *app) error {
	if c.Judge > 0 {
		if err := c.judge(ctx, a); err != nil {
			return err
		}
		c.Judge = 0
	}
	cfg, err := a.mustLoad()
	if err != nil {
		return err
	}
	t, err := a.findTopic(cfg, c.Topic)
	if err != nil {
		return err
	}
	if c.Labels != "" && c.Judged == nil { // before a daemon is asked, which may not see the file
		if c.Judged, err = os.ReadFile(c.Labels); err != nil {
			return fmt.Errorf("read the labels: %w", err)
		}
	}
	if c.Labels != "" && !exists(a.data) { // labels with a text are judged without an archive
		return c.report(ctx, a, cfg, nil, t)
	}
	return a.withStore(ctx, c, cfg, reads, func(st *store.Store) error { return c.report(ctx, a, cfg, st, t) })
}

// report prints what came of the test; st may be nil.
func (c backtestCmd) report(ctx context.Context, a *app, cfg *config.Config, st *store.Store, t news.Topic) error {
	r, err := c.test(ctx, a, cfg, st, t)
	if err != nil {
		return err
	}
	if c.JSON {
		err = a.printJSON(r.json())
	} else {
		err = a.print(r.text())
	}
	if objections := r.objections(c.Yes); err == nil && len(objections) > 0 {
		return fmt.Errorf("topic %s should not be published as it is written: %s", t.ID, strings.Join(objections, "; "))
	}
	return err
}

// backtest is what came of it.
type backtest struct {
	*comparison
	labels  *labels // nil: none were given
	archive bool    // there was one
	from    time.Time
	days    float64
}

// test compares the topic with the archive and the labels, so far as there are
// any.
func (c backtestCmd) test(ctx context.Context, a *app, cfg *config.Config, st *store.Store, t news.Topic) (*backtest, error) {
	b := &backtest{archive: st != nil}
	hidden := map[string]bool{}
	if c.Labels != "" {
		var err error
		if b.labels, err = a.readLabels(ctx, c.Labels, c.Judged, &t, st); err != nil {
			return nil, err
		}
		hidden = b.labels.hidden
		b.labels.judge(&t, cfg.Set, a.liveSet(ctx, st))
	}
	b.comparison = newComparison(t, cfg.Set, hidden)
	if st == nil {
		return b, nil
	}
	var err error
	b.from, err = a.walk(ctx, st, c.Since, b.add)
	b.finish()
	b.days = b.comparison.days(b.from, a.now())
	return b, err
}

// liveSet compiles the rules in force: those of the file that the database was
// last used with. nil: there is none that can be read.
func (a *app) liveSet(ctx context.Context, st *store.Store) *topic.Set {
	if st == nil {
		return nil
	}
	last, err := st.LastConfig(ctx)
	if err != nil {
		return nil
	}
	if cfg, _ := config.LoadFiles(last.Files, a.configOptions()); cfg != nil {
		return cfg.Set
	}
	return nil
}

// objections are what speaks against publishing. More or fewer items a day are
// a matter of taste, which a yes settles; labels are none.
func (b *backtest) objections(yes bool) []string {
	var live, holdout topic.Counts
	before, now := b.perDay()
	if b.labels != nil {
		live, holdout = b.labels.live, b.labels.holdout
	}
	if yes {
		before, now = 0, 0
	}
	return topic.Objections(live, holdout, before, now)
}

// perDay returns how many items a day were in the topic, and are now.
func (b *backtest) perDay() (before, now float64) {
	if b.days == 0 {
		return 0, 0
	}
	return float64(b.all.Before) / b.days, float64(b.all.Now) / b.days
}
