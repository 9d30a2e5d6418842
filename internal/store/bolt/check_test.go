package bolt_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"go.etcd.io/bbolt"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/store/bolt"
	"khyber/internal/store/storetest"
	"khyber/internal/story"
)

// TestCheckFindsReferencesThatLeadNowhere breaks one reference each, in a file
// whose pages are whole.
func TestCheckFindsReferencesThatLeadNowhere(t *testing.T) {
	first := func(b *bbolt.Bucket) (k, v []byte) { k, v = b.Cursor().First(); return bytes.Clone(k), bytes.Clone(v) }
	number := func(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
	drop := func(names ...string) func(*bbolt.Tx) error {
		return func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte(names[0]))
			for _, name := range names[1:] {
				b = b.Bucket([]byte(name))
			}
			k, _ := first(b)
			return b.Delete(k)
		}
	}
	for name, c := range map[string]struct {
		damage func(*bbolt.Tx) error
		want   string
	}{
		"an item without its text": {drop("item"), "which is that of item 0000000000000000"},
		"a text without its item":  {drop("seq"), "items are numbered, but"},
		"a count that is off": {func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("meta")).Put([]byte("items"), number(7))
		}, "7 items were counted, but there are 3"},
		"a key of nobody": {func(tx *bbolt.Tx) error {
			k, row := first(tx.Bucket([]byte("key")))
			row = bytes.Clone(row)
			row[len(row)-1] = 99
			return tx.Bucket([]byte("key")).Put(k, row)
		}, "belongs to number 99, which was never given"},
		"keys out of order": {func(tx *bbolt.Tx) error {
			k, row := first(tx.Bucket([]byte("key")))
			return tx.Bucket([]byte("key")).Put(k, append(bytes.Clone(row), row...))
		}, "is out of order"},
		"revisions of nobody": {func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("revision")).Put(number(99), []byte{1})
		}, "there are revisions of number 99, which is no item's"},
		"an entry without its mark": {drop("mark", "border"), "whose mark is another one"},
		"a mark without its entry":  {drop("entry", "border"), "topic border: 2 entries, but 3 marks"},
		"a mark that was not given": {func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("entry")).Bucket([]byte("border")).SetSequence(1)
		}, "topic border: mark 3 is above the last one, 1"},
		"half an edge":        {drop("edge"), "stands under one of the two items only"},
		"half an override":    {drop("override"), "stands under one of the two items only"},
		"kin without a story": {drop("member"), "is not listed in its story"},
		"a story without kin": {drop("kin"), "items are listed in stories, but"},
	} {
		t.Run(name, func(t *testing.T) {
			w, e := written(t)
			relate(t, w, e)
			if err := w.Store.Verify(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := e.Update(c.damage); err != nil {
				t.Fatal(err)
			}
			err := w.Store.Verify(t.Context())
			if !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			// Writes would make it worse; reading goes on.
			err = e.Write(t.Context(), func(tx store.Tx) error { return put(tx, "later") })
			if !errors.Is(err, store.ErrReadOnly) || !errors.Is(err, store.ErrDamaged) {
				t.Errorf("a write afterwards: %v", err)
			}
			if _, err := w.Store.Topic(t.Context(), "talks", store.Page{}); err != nil {
				t.Errorf("a read afterwards: %v", err)
			}
			if err := e.Close(); err != nil { // before open's own check
				t.Fatal(err)
			}
		})
	}
}

// relate makes a story of the first two items, by hand and by an edge.
func relate(t *testing.T, w *storetest.World, e *bolt.Engine) {
	t.Helper()
	a, err := w.Store.FindLink(t.Context(), storetest.Item("alpha", 1).Link)
	if err != nil {
		t.Fatal(err)
	}
	b, err := w.Store.FindLink(t.Context(), storetest.Item("alpha", 2).Link)
	if err != nil {
		t.Fatal(err)
	}
	err = e.Write(t.Context(), func(tx store.Tx) error {
		edge := story.NewEdge(a, b, story.Verdict{Relation: news.RelationStory, Rule: "by-hand"})
		return errors.Join(
			tx.PutEdges([]story.Edge{edge}),
			tx.PutOverride(story.Override{Low: edge.Low, High: edge.High, Relation: news.RelationStory, At: storetest.Noon}),
			tx.PutKin([]store.Kin{{Item: a, Story: a}, {Item: b, Story: a}}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestALookForDamageBesideCommitsFindsNone looks again and again while others
// write: the free pages of one commit are not those of the next.
func TestALookForDamageBesideCommitsFindsNone(t *testing.T) {
	e := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				rows := []store.Row{{Key: fmt.Sprintf("%d-%d", w, n%50), Value: bytes.Repeat([]byte{byte(n)}, 3000)}}
				if err := e.Write(t.Context(), func(tx store.Tx) error { return tx.PutRows(store.TableHub, rows) }); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 200 {
		if err := e.Check(t.Context()); err != nil {
			t.Error(err)
			break
		}
	}
	cancel()
	writers.Wait()
}
