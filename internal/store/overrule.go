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

// relation returns what two items are to each other now.
func (r *relation) between(a, b news.ItemID) news.Relation {
	x, y := r.kin[a], r.kin[b]
	switch {
	case x.Group != 0 && x.Group == y.Group:
		return news.RelationCopy
	case x.Story != 0 && x.Story == y.Story:
		return news.RelationStory
	}
	return ""
}

func (r *relation) split(o *story.Override) error {
	switch r.between(o.Low, o.High) {
	case news.RelationCopy:
		o.Relation = news.RelationStory
		return r.decide(o)
	case news.RelationStory:
		if err := r.decide(o); err != nil {
			return err
		}
		return r.leave(o)
	}
	return fmt.Errorf("they are not related: %w", ErrNothingToDo)
}

func (r *relation) merge(o *story.Override) error {
	switch r.between(o.Low, o.High) {
	case news.RelationCopy:
		return fmt.Errorf("they are copies already: %w", ErrNothingToDo)
	case news.RelationStory:
		o.Relation = news.RelationCopy
		return r.decide(o)
	}
	o.Relation = news.RelationStory
	if err := r.decide(o); err != nil {
		return err
	}
	return r.follow(o)
}

// decide keeps the override and reckons the groups of both ends.
func (r *relation) decide(o *story.Override) error {
	if err := r.tx.PutOverride(*o); err != nil {
		return err
	}
	r.touched[o.Low], r.touched[o.High] = true, true
	return r.group(nil)
}

// leave takes the later of two items out of their story, with its copies. The
// one that gave the story its ID stays.
func (r *relation) leave(o *story.Override) error {
	later := o.High
	if r.older(o.High, o.Low) || o.High == r.kin[o.Low].Story {
		later = o.Low
	}
	return r.move(later, 0)
}

// follow brings the later of two items into the story of the other one, with its
// copies.
func (r *relation) follow(o *story.Override) error {
	first, later := o.Low, o.High
	if r.older(o.High, o.Low) {
		first, later = later, first
	}
	to := cmp.Or(r.kin[first].Story, first)
	founder := r.kin[first]
	founder.Story = to
	r.become(founder)
	return r.move(later, to)
}

// older says whether a was seen before b.
func (r *relation) older(a, b news.ItemID) bool {
	x, y := &r.items[a].Item, &r.items[b].Item
	return cmp.Or(x.FirstSeen.Compare(y.FirstSeen), cmp.Compare(a, b)) < 0
}

// move gives an item and its copies another story; 0: one of their own.
func (r *relation) move(id, to news.ItemID) error {
	ids := []news.ItemID{id}
	if group := r.kin[id].Group; group != 0 {
		connected, _, _, err := component(r.tx, id)
		if err != nil {
			return err
		}
		if err := r.family(connected); err != nil {
			return err
		}
		ids = slices.DeleteFunc(connected, func(c news.ItemID) bool { return r.kin[c].Group != group })
	}
	if to == 0 && len(ids) > 1 {
		to = r.kin[id].Group
	}
	old := r.kin[id].Story
	for _, id := range ids {
		k := r.kin[id]
		k.Story, k.Similarity = to, 0
		r.become(k)
	}
	return r.showStory(old)
}

// showStory notes the topics that show a story which a member has left.
func (r *relation) showStory(id news.ItemID) error {
	members, err := r.tx.Members([]news.ItemID{id})
	if err != nil {
		return err
	}
	return r.shownBy(members[0])
}
