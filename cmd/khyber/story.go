package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

type storyCmd struct {
	Item  string `arg:"" help:"Id or URL of an item that is kept."`
	Other string `arg:"" optional:"" help:"Another one: what the two are to each other, and why."`
	JSON  bool   `name:"json" help:"Print JSON."`
}

// Run prints who else carried the item's report and its event, with a sentence
// of evidence each.
func (c storyCmd) Run(ctx context.Context, a *app) error {
	return a.withItems(ctx, c, reads, func(st *store.Store) error {
		id, err := findItem(ctx, st, c.Item)
		if err != nil {
			return err
		}
		if c.Other != "" {
			return c.compare(ctx, a, st, id)
		}
		page, err := st.Item(ctx, id)
		if err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(storyOf(&page))
		}
		return a.print(storyText(&page))
	})
}

// compare prints what two items are to each other.
func (c storyCmd) compare(ctx context.Context, a *app, st *store.Store, id news.ItemID) error {
	other, err := findItem(ctx, st, c.Other)
	if err != nil {
		return err
	}
	p, err := st.Between(ctx, id, other)
	if err != nil {
		return err
	}
	if c.JSON {
		return a.printJSON(pairJSON{id, other, p.Relation, p.Rule, p.Evidence})
	}
	var b strings.Builder
	for _, item := range []*news.Item{&p.A, &p.B} {
		fmt.Fprintf(&b, "%s  %s\n%s: %s\n", item.ID, item.At.UTC().Format("2006-01-02 15:04 UTC"), item.Publisher, item.Title)
	}
	return a.print(b.String() + p.Evidence + "\n")
}

// pairJSON is the JSON form of what two items are to each other.
type pairJSON struct {
	Item     news.ItemID   `json:"item"`
	Other    news.ItemID   `json:"other"`
	Relation news.Relation `json:"relation,omitempty"`
	Rule     string        `json:"rule,omitempty"`
	Evidence string        `json:"evidence"`
}

func storyText(p *store.ItemPage) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n%s: %s\n", p.Item.ID, p.Item.At.UTC().Format("2006-01-02 15:04 UTC"), p.Item.Publisher, p.Item.Title)
	if len(p.Story.Members) == 0 {
		b.WriteString("It stands alone: nobody else carried it.\n")
		return b.String()
	}
	fmt.Fprintf(&b, "Story %s: %s, %d independent\n", p.Story.ID, count(p.Story.Publishers, "publisher"), p.Story.Independent)
	for _, m := range p.Story.Members {
		fmt.Fprintf(&b, "\n%s  %s  %s\n%s: %s\n%s\n", m.Item, m.Published.UTC().Format("2006-01-02 15:04 UTC"), m.Relation, m.Publisher, m.Title, m.Evidence)
	}
	return b.String()
}

// storyJSON is the JSON form; its keys are stable.
type storyJSON struct {
	Item        news.ItemID  `json:"item"`
	Story       string       `json:"story,omitempty"`
	Publishers  int          `json:"publishers"`
	Independent int          `json:"independent"`
	Event       news.ItemID  `json:"event,omitempty"` // the report that told its event first
	Items       []memberJSON `json:"items"`
}

type memberJSON struct {
	Item      news.ItemID   `json:"item"`
	Source    string        `json:"source"`
	Publisher string        `json:"publisher,omitempty"`
	Title     string        `json:"title"`
	URL       string        `json:"url,omitempty"`
	Published time.Time     `json:"published"`
	Relation  news.Relation `json:"relation"`
	Event     news.ItemID   `json:"event,omitempty"` // as of the item
	Rule      string        `json:"rule"`
	Evidence  string        `json:"evidence"`
}

func storyOf(p *store.ItemPage) storyJSON {
	s := storyJSON{Item: p.Item.ID, Publishers: p.Story.Publishers, Independent: p.Story.Independent, Event: p.Story.Event, Items: []memberJSON{}}
	if p.Story.ID != 0 {
		s.Story = p.Story.ID.String()
	}
	for _, m := range p.Story.Members {
		s.Items = append(s.Items, memberJSON(m))
	}
	return s
}

type splitCmd struct {
	A      string `arg:"" help:"Id or URL of an item."`
	B      string `arg:"" help:"Id or URL of the other one."`
	Reason string `help:"Why; it is shown with the two."`
}

// Run undoes the strongest relation of two items. It beats every rule.
func (c splitCmd) Run(ctx context.Context, a *app) error {
	return a.overrule(ctx, c, c.A, c.B, c.Reason, (*store.Store).Split)
}

type mergeCmd struct {
	A      string `arg:"" help:"Id or URL of an item."`
	B      string `arg:"" help:"Id or URL of the other one."`
	Reason string `help:"Why; it is shown with the two."`
}

// Run makes the relation of two items stronger. It beats every rule.
func (c mergeCmd) Run(ctx context.Context, a *app) error {
	return a.overrule(ctx, c, c.A, c.B, c.Reason, (*store.Store).Merge)
}

// overrule decides by hand what two items are to each other, and says what they
// are then.
func (a *app) overrule(ctx context.Context, c runner, one, other, reason string, by func(*store.Store, context.Context, news.ItemID, news.ItemID, string) (news.Relation, error)) error {
	return a.withItems(ctx, c, writes, func(st *store.Store) error {
		x, err := findItem(ctx, st, one)
		if err != nil {
			return err
		}
		y, err := findItem(ctx, st, other)
		if err != nil {
			return err
		}
		now, err := by(st, ctx, x, y, reason)
		switch {
		case errors.Is(err, store.ErrNothingToDo):
			return fmt.Errorf("%s and %s: there is nothing left to change between them: khyber story shows what they are", x, y)
		case err != nil:
			return err
		case now == "":
			return a.print(fmt.Sprintf("%s and %s have nothing to do with each other now\n", x, y))
		}
		return a.print(fmt.Sprintf("%s and %s are related as %s now\n", x, y, now))
	})
}

// withItems is withStore with the sources and topics of the file.
func (a *app) withItems(ctx context.Context, c runner, may access, f func(*store.Store) error) error {
	cfg, err := a.mustLoad()
	if err != nil {
		return err
	}
	return a.withStore(ctx, c, cfg, may, f)
}

// findItem reads an item's id, or finds it by its address.
func findItem(ctx context.Context, st *store.Store, name string) (news.ItemID, error) {
	id, err := news.ParseItemID(name)
	if err != nil {
		id, err = st.FindLink(ctx, name)
	} else {
		_, err = st.Item(ctx, id)
	}
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("no item %s is kept: give its id or the address of its page", name)
	}
	return id, err
}
