package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"khyber/internal/news"
)

// ErrDamaged is what Verify found. It comes wrapped, with one line for each
// thing that is wrong.
var ErrDamaged = errors.New("the database is damaged: restore a backup")

// maxFindings is how much damage is told.
const maxFindings = 20

// Verify looks for damage: in the engine's structures, then for promises that do
// not hold. Every entry has its item and marks rise (P1); an item that a topic
// takes has its mark there (P1); what a document holds is known (P3); a date in
// the future pins nothing (P7); copies are of one group, and an edge says why
// (P4); the archive of a topic is one chain. It reads in short snapshots and may
// run beside commits. When it last found nothing is in Status. ErrDamaged.
func (s *Store) Verify(ctx context.Context) error {
	v := verifier{store: s}
	if err := s.engine.Check(ctx); err != nil {
		v.found = append(v.found, err)
	}
	for _, step := range []func(context.Context) error{v.topics, v.items, v.documents} {
		if err := step(ctx); err != nil && ctx.Err() == nil {
			v.found = append(v.found, err)
		}
	}
	if len(v.found) > 0 && ctx.Err() == nil {
		return fmt.Errorf("verify: %w: %w", ErrDamaged, errors.Join(v.found...))
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := s.did(ctx, factVerified); err != nil && !errors.Is(err, ErrReadOnly) && !errors.Is(err, ErrFull) {
		return fmt.Errorf("note that the database was verified: %w", err)
	}
	return nil
}

// verifier collects what is wrong.
type verifier struct {
	store *Store
	tx    ReadTx // of the slice that is read
	view  *view
	found []error
}

func (v *verifier) wrong(format string, args ...any) {
	if len(v.found) < maxFindings {
		v.found = append(v.found, fmt.Errorf(format, args...))
	}
}

// read runs f on a snapshot of its own.
func (v *verifier) read(ctx context.Context, f func() error) error {
	return v.store.engine.Read(ctx, func(tx ReadTx) error {
		var err error
		if v.view, err = v.store.known(tx); err != nil {
			return err
		}
		v.tx = tx
		return f()
	})
}

// topics reads the entries and the archive of each topic.
func (v *verifier) topics(ctx context.Context) error {
	var topics []Topic
	err := v.read(ctx, func() error {
		var err error
		topics, err = v.tx.Topics()
		return err
	})
	if err != nil {
		return err
	}
	for _, t := range topics {
		for below, more := news.Mark(0), true; more && len(v.found) < maxFindings; {
			err := v.read(ctx, func() error {
				var err error
				below, err = v.entries(&t, below)
				more = below > 1
				return err
			})
			if err != nil {
				return err
			}
		}
		if err := v.read(ctx, func() error { return v.archive(t.Origin) }); err != nil {
			return err
		}
	}
	return nil
}

// entries checks a slice of a topic and returns the mark to go on below.
func (v *verifier) entries(t *Topic, below news.Mark) (news.Mark, error) {
	joined, err := v.tx.Entries(t.Origin, below, maxScan)
	if err != nil || len(joined) == 0 {
		return 0, err
	}
	ids := make([]news.ItemID, len(joined))
	for i := range joined {
		ids[i] = joined[i].Item
	}
	items, err := v.tx.Items(ids)
	if err != nil {
		return 0, err
	}
	for i, j := range joined {
		if items[i].Item.ID == 0 {
			v.wrong("topic %s: mark %d names item %s, which is missing", t.Topic.ID, j.Mark, j.Item)
		}
		if i > 0 && j.Mark >= joined[i-1].Mark {
			v.wrong("topic %s: mark %d stands below mark %d", t.Topic.ID, j.Mark, joined[i-1].Mark)
		}
	}
	return joined[len(joined)-1].Mark, nil
}

// archive walks the closed parts of a topic from the oldest to the open one.
func (v *verifier) archive(origin string) error {
	ch, err := readChain(v.tx, origin)
	if err != nil {
		return err
	}
	top, err := topMark(v.tx, origin)
	if err != nil {
		return err
	}
	if ch.From > top+1 {
		v.wrong("topic %s: its open part begins at mark %d, above its last one, %d", origin, ch.From, top)
	}
	for name, before := ch.Oldest, ""; name != ""; {
		rows, err := v.tx.Rows(TablePart, []string{partKey(origin, name)})
		if err != nil {
			return err
		}
		if rows[0] == nil {
			v.wrong("topic %s: the part %s of its archive is missing", origin, name)
			return nil
		}
		p, err := unpackPart(rows[0])
		switch {
		case err != nil:
			return err
		case before != "" && p.Prev != before, name == ch.Newest && p.Next != ch.Open, p.Next == "" || !follows(p.Next, name):
			v.wrong("topic %s: the part %s of its archive stands between %q and %q", origin, name, p.Prev, p.Next)
			return nil
		case name == ch.Newest:
			return nil
		}
		name, before = p.Next, name
	}
	return nil
}

// items reads all that have their text.
func (v *verifier) items(ctx context.Context) error {
	for cursor, more := "", true; more && len(v.found) < maxFindings; {
		err := v.read(ctx, func() error {
			stored, next, err := v.tx.Scan(cursor, maxScan, false)
			if err != nil {
				return err
			}
			cursor, more = next, next != ""
			return v.slice(stored)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// slice checks some items.
func (v *verifier) slice(stored []Stored) error {
	taken := make(map[string][]news.ItemID) // by the origin of the topic
	ids := make([]news.ItemID, len(stored))
	for i := range stored {
		item := &stored[i].Item
		ids[i] = item.ID
		if item.At.After(item.FirstSeen) {
			v.wrong("item %s stands at %s, after it was first seen", item.ID, item.At)
		}
		for _, m := range item.Matches {
			if at, known := v.view.topics[m.Topic]; known && m.Verdict == news.In {
				taken[at.origin] = append(taken[at.origin], item.ID)
			}
		}
	}
	for origin, ids := range taken {
		marks, err := v.tx.Marks(origin, ids)
		if err != nil {
			return err
		}
		for i, mark := range marks {
			if mark == 0 {
				v.wrong("topic %s takes item %s, which has no mark there", origin, ids[i])
			}
		}
	}
	revisions, err := v.tx.Revisions(ids)
	if err != nil {
		return err
	}
	for i := range stored {
		if !stored[i].Item.Revised.IsZero() && len(revisions[i]) == 0 {
			v.wrong("item %s was revised, but its earlier text is missing", ids[i])
		}
	}
	return v.groups(ids)
}

// groups: the item that stands for a group is in it, and something connects
// each of its members to another one.
func (v *verifier) groups(ids []news.ItemID) error {
	kin, err := v.tx.Kin(ids)
	if err != nil {
		return err
	}
	kin = slices.DeleteFunc(kin, func(k Kin) bool { return k.Group == 0 })
	heads := make([]news.ItemID, len(kin))
	for i := range kin {
		heads[i] = kin[i].Group
	}
	of, err := v.tx.Kin(heads)
	if err != nil {
		return err
	}
	for i, k := range kin {
		connected, _, _, err := component(v.tx, k.Item)
		switch {
		case err != nil:
			return err
		case len(connected) > componentMost: // too large to be reckoned at once
		case len(connected) < 2:
			v.wrong("item %s is in the group of copies of %s, and nothing says why", k.Item, k.Group)
		case of[i].Group != k.Group:
			v.wrong("item %s is in the group of copies of %s, which is not in it itself", k.Item, k.Group)
		}
	}
	return nil
}

// documents: what the last document of a source holds is known, as its own.
func (v *verifier) documents(ctx context.Context) error {
	var sources []Source
	err := v.read(ctx, func() error {
		var err error
		sources, err = v.tx.Sources(nil)
		return err
	})
	if err != nil {
		return err
	}
	for i := range sources {
		if err := v.read(ctx, func() error { return v.document(sources[i].Origin) }); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) document(origin string) error {
	present, err := v.tx.Document(origin)
	if err != nil {
		return err
	}
	ids := make([]news.ItemID, len(present))
	for i := range present {
		ids[i] = present[i].Item
	}
	items, err := v.tx.Items(ids)
	if err != nil {
		return err
	}
	for i := range items {
		if items[i].Item.ID == 0 || items[i].Item.Source != origin {
			v.wrong("the document of %s holds item %s, which is not kept as its own", origin, ids[i])
		}
	}
	return nil
}
