package storetest

import (
	"slices"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/story"
)

func (t *transaction) EachKey(f func(store.KeyOf) error) error {
	for key, carriers := range t.keys {
		for _, c := range carriers {
			if t.owner(c.item).ID == 0 {
				continue
			}
			key.Scope = c.scope
			if err := f(store.KeyOf{Key: key, Item: c.item}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *transaction) EachUse(f func(store.Text, []story.Use) error) error {
	for text, uses := range t.uses {
		if err := f(text, slices.Clone(uses)); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) EachNear(f func(store.Index, store.Near) error) error {
	for key, ids := range t.near {
		for _, id := range ids {
			if err := f(key.index, store.Near{Key: key.key, At: key.day, ID: id}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *transaction) Top(topic string) (news.Mark, error) { return t.marked[topic], nil }

func (t *transaction) SetTop(topic string, top news.Mark) error {
	set(t, t.marked, topic, top)
	return nil
}
