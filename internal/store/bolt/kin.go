package bolt

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/story"
)

// one is the value of a row whose key says all: a value is never empty.
var one = []byte{1}

// pair is the key of two items.
func pair(a, b news.ItemID) []byte {
	return binary.BigEndian.AppendUint64(be8(uint64(a)), uint64(b))
}

// A use of a text is an entry of its own, since nearly all texts have one: under
// the source, the text and the item its time, in seconds, and the other text.
const (
	useText  = 4 + 8
	useKey   = useText + 8
	useValue = 5 + 8
)

// textKey is what the keys of a text's uses begin with.
func textKey(t store.Text) []byte {
	sum := sha256.Sum256([]byte(t.Source))
	return binary.BigEndian.AppendUint64(append(make([]byte, 0, useKey), sum[:4]...), t.Hash)
}

// packUse keeps the second of a use: items have no finer time.
func packUse(u story.Use) []byte {
	at := be8(uint64(max(0, u.At.Unix())))
	return binary.BigEndian.AppendUint64(at[3:], u.Other)
}

func useOf(key, value []byte) story.Use {
	return story.Use{Item: news.ItemID(be(key[useText:])), At: useTime(value), Other: be(value[5:])}
}

func useTime(value []byte) time.Time {
	return time.Unix(int64(be(append(make([]byte, 3, 8), value[:5]...))), 0).UTC()
}

func (c *coder) edge(e *story.Edge) {
	text(c, &e.Relation)
	c.str(&e.Rule)
	c.int(&e.Similarity)
	list(c, &e.Shared, c.str)
	list(c, &e.Differ, c.str)
	c.dur(&e.Apart)
	c.bool(&e.Titles)
	c.str(&e.Tables)
}

func (c *coder) override(o *story.Override) {
	text(c, &o.Relation)
	c.time(&o.At)
	c.str(&o.Reason)
}

func (c *coder) kin(k *store.Kin) {
	c.id(&k.Group)
	c.id(&k.Story)
	c.int(&k.Similarity)
}

func (t *tx) Uses(texts []store.Text) ([][]story.Use, error) {
	out := make([][]story.Use, len(texts))
	for i, text := range texts {
		err := t.uses().each(textKey(text), func(k, v []byte) error {
			out[i] = append(out[i], useOf(k, v))
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("uses of a text of %s: %w", text.Source, err)
		}
	}
	return out, nil
}

func (t *tx) PutUses(texts []store.Text, uses [][]story.Use) error {
	there, err := t.Uses(texts)
	if err != nil {
		return err
	}
	t.Bucket(bUse).FillPercent = fillClustered
	for i, text := range texts {
		for _, u := range uses[i] {
			if slices.ContainsFunc(there[i], func(o story.Use) bool { return o.Item == u.Item }) {
				continue
			}
			if err := t.uses().set(binary.BigEndian.AppendUint64(textKey(text), uint64(u.Item)), packUse(u)); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweepUses is how many uses DropNear looks at.
const sweepUses = 2000

// dropUses goes round the uses, some at each call.
func (t *tx) dropUses(before time.Time) error {
	next, _, err := t.uses().sweep(string(t.Bucket(bMeta).Get(metaUses)), sweepUses, func(v []byte) (bool, error) {
		return useTime(v).Before(before), nil
	})
	if err != nil {
		return err
	}
	return t.stand(metaUses, next)
}

// stand keeps a cursor; an empty one begins anew.
func (t *tx) stand(meta []byte, cursor string) error {
	if cursor == "" {
		return t.unset(bMeta, meta)
	}
	return t.set(bMeta, meta, []byte(cursor))
}

// others visits the rows of a bucket whose key begins with an item.
func (t *tx) others(bucket []byte, id news.ItemID, f func(other news.ItemID, v []byte) error) error {
	prefix := be8(uint64(id))
	cur := t.cursor(bucket)
	for k, v := cur.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = cur.Next() {
		if err := f(news.ItemID(be(k[8:])), v); err != nil {
			return fmt.Errorf("item %s: %w", id, err)
		}
	}
	return nil
}

func (t *tx) Edges(ids []news.ItemID) ([][]story.Edge, error) {
	out := make([][]story.Edge, len(ids))
	for i, id := range ids {
		err := t.others(bEdge, id, func(other news.ItemID, v []byte) error {
			e := story.Edge{Low: min(id, other), High: max(id, other)}
			if other < id {
				v = t.Bucket(bEdge).Get(pair(other, id))
			}
			c := reader(otherVersion, v)
			c.edge(&e)
			out[i] = append(out[i], e)
			return c.end()
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t *tx) PutEdges(edges []story.Edge) error {
	for i := range edges {
		e := &edges[i]
		c := writer(otherVersion, nil)
		c.edge(e)
		if err := c.end(); err != nil {
			return err
		}
		if err := t.set(bEdge, pair(e.Low, e.High), c.b); err != nil {
			return err
		}
		if err := t.set(bEdge, pair(e.High, e.Low), one); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) Overrides(ids []news.ItemID) ([][]story.Override, error) {
	out := make([][]story.Override, len(ids))
	for i, id := range ids {
		err := t.others(bOverride, id, func(other news.ItemID, v []byte) error {
			o := story.Override{Low: min(id, other), High: max(id, other)}
			c := reader(otherVersion, v)
			c.override(&o)
			out[i] = append(out[i], o)
			return c.end()
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t *tx) PutOverride(o story.Override) error {
	c := writer(otherVersion, nil)
	c.override(&o)
	if err := c.end(); err != nil {
		return err
	}
	if err := t.set(bOverride, pair(o.Low, o.High), c.b); err != nil {
		return err
	}
	return t.set(bOverride, pair(o.High, o.Low), c.b)
}

func (t *tx) Kin(ids []news.ItemID) ([]store.Kin, error) {
	out := make([]store.Kin, len(ids))
	for i, id := range ids {
		out[i].Item = id
		row := t.Bucket(bKin).Get(be8(uint64(id)))
		if row == nil {
			continue
		}
		c := reader(otherVersion, row)
		c.kin(&out[i])
		if err := c.end(); err != nil {
			return nil, fmt.Errorf("kin of item %s: %w", id, err)
		}
	}
	return out, nil
}

func (t *tx) PutKin(kin []store.Kin) error {
	before := make([]news.ItemID, len(kin))
	for i := range kin {
		before[i] = kin[i].Item
	}
	old, err := t.Kin(before)
	if err != nil {
		return err
	}
	for i, k := range kin {
		c := writer(otherVersion, nil)
		c.kin(&k)
		if err := c.end(); err != nil {
			return err
		}
		if err := t.set(bKin, be8(uint64(k.Item)), c.b); err != nil {
			return err
		}
		if err := t.list(&old[i], &k); err != nil {
			return err
		}
	}
	return nil
}

// list moves an item from the members of one story to those of another.
func (t *tx) list(old, k *store.Kin) error {
	if k.Story == old.Story && (k.Story == 0 || k.Group == old.Group) {
		return nil
	}
	seq, err := t.seq(k.Item)
	if err != nil {
		return err
	}
	if old.Story != 0 && old.Story != k.Story {
		if err := t.unset(bMember, memberRow(old.Story, seq)); err != nil {
			return err
		}
	}
	if k.Story == 0 {
		return nil
	}
	text, err := t.text(seq)
	if err != nil {
		return err
	}
	return t.set(bMember, memberRow(k.Story, seq), packMember(store.Member{Item: k.Item, Group: k.Group, Text: text}))
}

// relist notes that an item has another text; 0: none any more.
func (t *tx) relist(id news.ItemID, seq, text uint64) error {
	kin, err := t.Kin([]news.ItemID{id})
	if err != nil || kin[0].Story == 0 {
		return err
	}
	row := memberRow(kin[0].Story, seq)
	m, err := unpackMember(t.Bucket(bMember).Get(row))
	if err != nil || m.Text == text {
		return err
	}
	m.Text = text
	return t.set(bMember, row, packMember(m))
}

// unlist forgets where an item belongs.
func (t *tx) unlist(id news.ItemID, seq uint64) error {
	kin, err := t.Kin([]news.ItemID{id})
	if err != nil {
		return err
	}
	if kin[0].Story != 0 {
		if err := t.unset(bMember, memberRow(kin[0].Story, seq)); err != nil {
			return err
		}
	}
	return t.unset(bKin, be8(uint64(id)))
}

// memberRow is the key of a member: those of a story stand in the order in which
// they arrived, the last of which are asked for.
func memberRow(story news.ItemID, seq uint64) []byte { return pair(story, news.ItemID(seq)) }

// The row of a member holds what is asked of all members of many stories, so that
// they are read without a look at each.
const memberBytes = 3 * 8

func packMember(m store.Member) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(be8(uint64(m.Item)), m.Text), uint64(m.Group))
}

func unpackMember(row []byte) (store.Member, error) {
	if len(row) != memberBytes {
		return store.Member{}, fmt.Errorf("%w: member of a story", errDamaged)
	}
	return store.Member{Item: news.ItemID(be(row)), Text: be(row[8:]), Group: news.ItemID(be(row[16:]))}, nil
}

func (t *tx) Members(stories []news.ItemID, most int, f func(story int, m store.Member)) error {
	cur := t.cursor(bMember)
	for i, id := range stories {
		prefix := be8(uint64(id))
		k, v := cur.Seek(memberRow(id, math.MaxUint64))
		if k == nil {
			k, v = cur.Last()
		} else if !bytes.HasPrefix(k, prefix) {
			k, v = cur.Prev()
		}
		for n := 0; bytes.HasPrefix(k, prefix) && (most == 0 || n < most); n++ {
			m, err := unpackMember(v)
			if err != nil {
				return fmt.Errorf("story %s: %w", id, err)
			}
			f(i, m)
			k, v = cur.Prev()
		}
	}
	return nil
}

func (t *tx) Marks(topic string, ids []news.ItemID) ([]news.Mark, error) {
	out := make([]news.Mark, len(ids))
	b := t.Bucket(bMark).Bucket([]byte(topic))
	if b == nil {
		return out, nil
	}
	for i, id := range ids {
		seq, err := t.seq(id)
		if err != nil {
			return nil, err
		}
		if v := b.Get(be8(seq)); v != nil {
			out[i] = news.Mark(be(v))
		}
	}
	return out, nil
}
