package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"khyber/internal/news"
	"khyber/internal/story"
)

// ErrNothingToDo is the error of a Split of items that are not related, and of a
// Merge of copies. It comes wrapped.
var ErrNothingToDo = errors.New("nothing to do")

// Split undoes by hand the strongest relation of two items, copy, then story,
// and returns the one that is left. It beats every rule until a Merge of the two
// takes it back (P4). ErrNotFound, ErrNothingToDo.
func (s *Store) Split(ctx context.Context, a, b news.ItemID, reason string) (news.Relation, error) {
	left, err := s.overrule(ctx, a, b, reason, (*relation).split)
	if err != nil {
		return "", fmt.Errorf("split %s and %s: %w", a, b, err)
	}
	return left, nil
}

// Merge makes the relation of two items stronger by hand, to story, then to
// copy, and returns the one that it is now. It beats every rule until a Split of
// the two takes it back (P4). ErrNotFound, ErrNothingToDo.
func (s *Store) Merge(ctx context.Context, a, b news.ItemID, reason string) (news.Relation, error) {
	now, err := s.overrule(ctx, a, b, reason, (*relation).merge)
	if err != nil {
		return "", fmt.Errorf("merge %s and %s: %w", a, b, err)
	}
	return now, nil
}

// overrule keeps what a person decided and reckons its consequences.
func (s *Store) overrule(ctx context.Context, a, b news.ItemID, reason string, decide func(*relation, *story.Override) error) (news.Relation, error) {
	if a == b {
		return "", fmt.Errorf("an item and itself: %w", ErrNothingToDo)
	}
	var done news.Relation
	var touched []Topic
	err := s.engine.Write(ctx, func(tx Tx) error {
		v, err := s.known(tx)
		if err != nil {
			return err
		}
		now := seconds(s.opt.Now())
		c := commit{Store: s, tx: tx, view: v, poll: news.Poll{At: now}, shown: make(map[string]bool)}
		r := newRelation(&c)
		ends := []news.ItemID{min(a, b), max(a, b)}
		found, err := r.read(ends)
		if err != nil {
			return err
		}
		if len(found) < 2 {
			return ErrNotFound
		}
		if err := r.family(ends); err != nil {
			return err
		}
		o := story.Override{Low: ends[0], High: ends[1], At: now, Reason: reason}
		if err := decide(r, &o); err != nil {
			return err
		}
		if err := r.show(nil); err != nil {
			return err
		}
		done = o.Relation
		touched, err = touch(tx, c.shown, now)
		return err
	})
	if err != nil {
		return "", err
	}
	s.moved(touched)
	return done, nil
}

// between returns what two items are to each other now.
func (r *relation) between(a, b news.ItemID) (news.Relation, error) {
	x, y := r.kin[a], r.kin[b]
	if x.Group != 0 && x.Group == y.Group {
		return news.RelationCopy, nil
	}
	stories, err := together(r.tx, of(x))
	if err != nil || !slices.Contains(stories, of(y)) {
		return "", err
	}
	return news.RelationStory, nil
}

// of returns the story of an item; of one that stands alone it is its own.
func of(k Kin) news.ItemID { return cmp.Or(k.Story, k.Item) }

func (r *relation) split(o *story.Override) error {
	now, err := r.between(o.Low, o.High)
	switch {
	case err != nil:
		return err
	case now == news.RelationCopy:
		o.Relation = news.RelationStory
		return r.decide(o)
	case now == news.RelationStory:
		if err := r.decide(o); err != nil {
			return err
		}
		return r.leave(o)
	}
	return fmt.Errorf("they are not related: %w", ErrNothingToDo)
}

func (r *relation) merge(o *story.Override) error {
	now, err := r.between(o.Low, o.High)
	switch {
	case err != nil:
		return err
	case now == news.RelationCopy:
		return fmt.Errorf("they are copies already: %w", ErrNothingToDo)
	case now == news.RelationStory:
		o.Relation = news.RelationCopy
		return r.decide(o)
	}
	o.Relation = news.RelationStory
	if err := r.decide(o); err != nil {
		return err
	}
	first, later := r.inOrder(o)
	if err := combine(r.tx, of(r.kin[first]), of(r.kin[later]), o.Low, o.High); err != nil {
		return err
	}
	_, err = r.showStory(of(r.kin[first]))
	return err
}

// decide keeps the override and reckons the groups of both ends.
func (r *relation) decide(o *story.Override) error {
	if err := r.tx.PutOverride(*o); err != nil {
		return err
	}
	r.touched[o.Low], r.touched[o.High] = true, true
	return r.group(nil)
}

// inOrder returns the two items as they were first seen.
func (r *relation) inOrder(o *story.Override) (first, later news.ItemID) {
	x, y := &r.items[o.Low].Item, &r.items[o.High].Item
	if y.FirstSeen.Before(x.FirstSeen) {
		return o.High, o.Low
	}
	return o.Low, o.High
}

// leave takes the later of two items out of their story, with its copies. The
// one that gave the story its ID stays. Two stories that a person made one are
// two again.
func (r *relation) leave(o *story.Override) error {
	first, later := r.inOrder(o)
	x, y := of(r.kin[first]), of(r.kin[later])
	if x != y {
		if _, err := r.showStory(x); err != nil { // while they are one
			return err
		}
		return divide(r.tx, x, y)
	}
	if err := r.family([]news.ItemID{y}); err != nil {
		return err
	}
	if group := r.kin[later].Group; later == y || group != 0 && group == r.kin[y].Group {
		later = first
	}
	return r.depart(later)
}

// depart gives an item and its copies a story of their own.
func (r *relation) depart(id news.ItemID) error {
	ids, to := []news.ItemID{id}, news.ItemID(0)
	if group := r.kin[id].Group; group != 0 {
		connected, _, _, err := component(r.tx, id)
		if err != nil {
			return err
		}
		if err := r.family(connected); err != nil {
			return err
		}
		ids = slices.DeleteFunc(connected, func(c news.ItemID) bool { return r.kin[c].Group != group })
		to = group
	}
	if _, err := r.showStory(of(r.kin[id])); err != nil {
		return err
	}
	for _, id := range ids {
		k := r.kin[id]
		k.Story, k.Similarity = to, 0
		r.become(k)
	}
	return nil
}
