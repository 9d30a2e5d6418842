package store

import (
	"context"
	"encoding/json"
	"fmt"

	"khyber/internal/news"
	"khyber/internal/story"
)

// reconcileMost is how many items one call of Reconcile relates: its transaction
// keeps polls waiting.
const reconcileMost = 250

// Reconciled is what a call of Reconcile did.
type Reconciled struct {
	Looked int  // items
	More   bool // call again
}

// pass is where Reconcile stands.
type pass struct {
	Rules  string // story.Tables() of the pass
	Cursor string
	Done   bool
}

// passKey is the only one of TablePass.
const passKey = "relations"

// Reconcile relates the items of the last days once more, the newest first and
// at most n, 250 at the most, in one call: when the rules or tables of package
// story are not those of the last pass. It finds the edges that were not found
// before and reckons the groups that follow from them. Edges are added and never
// deleted, no item leaves its story, and what a person decided holds. Where it
// stands is kept, so that it goes on after a restart; when there is nothing to
// do it writes nothing.
func (s *Store) Reconcile(ctx context.Context, n int) (Reconciled, error) {
	var at pass
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		var err error
		at, err = readPass(tx)
		return err
	})
	if err != nil || at.Done {
		return Reconciled{}, wrapReconcile(err)
	}
	var done Reconciled
	var touched []Topic
	var capped int
	err = s.engine.Write(ctx, func(tx Tx) error {
		done, touched, capped = Reconciled{}, nil, 0
		v, err := s.known(tx)
		if err != nil {
			return err
		}
		if at, err = readPass(tx); err != nil || at.Done {
			return err
		}
		now := seconds(s.opt.Now())
		c := commit{Store: s, tx: tx, view: v, poll: news.Poll{At: now}, shown: make(map[string]bool), copies: make(map[string]int)}
		if err := c.again(&at, min(n, reconcileMost)); err != nil {
			return err
		}
		done.Looked, done.More, capped = len(c.revised), !at.Done, c.capped
		if err := putPass(tx, at); err != nil {
			return err
		}
		touched, err = touch(tx, c.shown, now)
		return err
	})
	if err != nil {
		return Reconciled{}, wrapReconcile(err)
	}
	s.moved(touched)
	s.capped.Add(int64(capped))
	return done, nil
}

func wrapReconcile(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("relate the last days once more: %w", err)
}

// again relates the next items of a pass, as if their texts had changed, and
// makes them findable for what comes.
func (c *commit) again(at *pass, n int) error {
	stored, next, err := c.tx.Scan(at.Cursor, n, true)
	if err != nil {
		return err
	}
	at.Cursor, at.Done = next, next == ""
	for i := range stored {
		if c.poll.At.Sub(stored[i].Item.FirstSeen) >= nearDays {
			at.Cursor, at.Done = "", true // what follows arrived earlier
			break
		}
		c.revised = append(c.revised, stored[i])
	}
	if err := c.relate(); err != nil {
		return err
	}
	return c.announceAgain()
}

// announceAgain indexes items for stories under the keys that they have now.
func (c *commit) announceAgain() error {
	r := newRelation(c)
	var ids []news.ItemID
	for i := range c.revised {
		if item := &c.revised[i].Item; c.poll.At.Sub(item.At) < nearDays {
			r.items[item.ID] = &c.revised[i]
			ids = append(ids, item.ID)
		}
	}
	if err := r.family(ids); err != nil {
		return err
	}
	if _, err := r.describe(ids); err != nil { // which reads the uses of titles
		return err
	}
	for _, id := range ids {
		title, _ := r.texts(id)
		if story.IsSeries(r.items[id].Item.At, r.uses[title]) {
			continue
		}
		if err := r.announce(id, of(r.kin[id])); err != nil {
			return err
		}
	}
	return nil
}

// readPass returns where the pass with the rules of now stands.
func readPass(tx ReadTx) (pass, error) {
	fresh := pass{Rules: story.Tables()}
	rows, err := tx.Rows(TablePass, []string{passKey})
	if err != nil || rows[0] == nil {
		return fresh, err
	}
	var p pass
	if err := json.Unmarshal(rows[0], &p); err != nil {
		return p, fmt.Errorf("read where the last pass stands: %w", err)
	}
	if p.Rules != fresh.Rules {
		return fresh, nil
	}
	return p, nil
}

func putPass(tx Tx, p pass) error {
	row, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("keep where the pass stands: %w", err)
	}
	return tx.PutRows(TablePass, []Row{{passKey, row}})
}
