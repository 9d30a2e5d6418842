package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"khyber/internal/news"
	"khyber/internal/store"
)

// maxFound is how much damage is told.
const maxFound = 10

// Check looks for damage in the pages of the file, then in what refers to what.
func (e *Engine) Check(ctx context.Context) (err error) {
	defer func() { e.checked(err) }()
	defer damaged(e.path, &err)()
	found, err := e.checkPages()
	if err != nil {
		return err
	}
	if len(found) == 0 { // else a page may lead anywhere
		if found, err = e.checkReferences(ctx); err != nil {
			return err
		}
	}
	if len(found) > 0 {
		return fmt.Errorf("%w: %w", store.ErrDamaged, errors.Join(found...))
	}
	return ctx.Err()
}

// checkPages lets commits wait, for 4 s where the file has 2 GB: what bbolt reads
// here are the free pages of the last commit, so beside a write the pages of an
// earlier one look damaged.
func (e *Engine) checkPages() (found []error, err error) {
	b, err := e.db.Begin(!e.read) // who only reads has nobody beside that writes
	if err != nil {
		return nil, fmt.Errorf("begin to look at pages: %w", err)
	}
	defer func() { err = errors.Join(err, b.Rollback()) }()
	for err := range b.Check() { // read to its end: a goroutine of bbolt's waits
		if len(found) < maxFound {
			found = append(found, err)
		}
	}
	return found, nil
}

func (e *Engine) checkReferences(ctx context.Context) ([]error, error) {
	b, err := e.db.Begin(false)
	if err != nil {
		return nil, fmt.Errorf("begin to read: %w", err)
	}
	defer e.long(b)()
	c := checker{tx: &tx{Tx: b, engine: e}, ctx: ctx}
	err = c.run()
	return c.found, err
}

// checked keeps in mind what a Check came to: a file that is damaged takes no
// more writes, since they would make it worse.
func (e *Engine) checked(err error) {
	switch {
	case err == nil:
		e.mu.Lock()
		defer e.mu.Unlock()
		e.crashed = false
	case errors.Is(err, store.ErrDamaged):
		e.stop(err)
	}
}

// checker follows every reference of the file to its other end.
type checker struct {
	*tx
	ctx   context.Context
	found []error
	rows  int
}

func (c *checker) run() error {
	for _, step := range []func() error{c.items, c.keys, c.marks, c.pairs, c.members} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) wrong(format string, args ...any) {
	if len(c.found) < maxFound {
		c.found = append(c.found, fmt.Errorf(format, args...))
	}
}

// looksAtContext is how many rows are read between two looks at the context.
const looksAtContext = 1000

// each visits the rows of a bucket until the context ends.
func (c *checker) each(b *bbolt.Bucket, f func(k, v []byte) error) error {
	return b.ForEach(func(k, v []byte) error {
		if c.rows++; c.rows%looksAtContext == 0 && c.ctx.Err() != nil {
			return c.ctx.Err()
		}
		return f(k, v)
	})
}

// packed visits the entries of shared rows, which stand in one order over all of
// them: a search misses those that do not.
func (c *checker) packed(p packed, f func(key []byte, n uint64)) error {
	var last []byte
	return c.each(c.Bucket(p.bucket), func(name, row []byte) error {
		if err := p.whole(row); err != nil {
			c.wrong("row %x: %w", name, err)
			return nil
		}
		if bytes.Compare(name, row[:p.width]) > 0 {
			c.wrong("row %x of %s stands behind its first entry", name, p.bucket)
		}
		for at := 0; at < len(row); at += p.entry() {
			key := row[at : at+p.width]
			if bytes.Compare(last, key) >= 0 {
				c.wrong("entry %x of %s is out of order", key, p.bucket)
			}
			last = key
			f(key, p.number(row, at))
		}
		return nil
	})
}

// items: each number belongs to one item or to one stub, which bears its ID, and
// the number of items is the one that is kept.
func (c *checker) items() error {
	var numbered, texts, stubs int
	err := c.packed(c.seqs(), func(k []byte, seq uint64) {
		numbered++
		owner, err := c.owner(seq)
		switch {
		case err != nil:
			c.wrong("item %x: %w", k, err)
		case owner.ID != news.ItemID(be(k)):
			c.wrong("item %x has the number %d, which is that of item %s", k, seq, owner.ID)
		}
	})
	if err != nil {
		return err
	}
	for _, count := range []struct {
		bucket []byte
		n      *int
	}{{bItem, &texts}, {bStub, &stubs}} {
		if err := c.each(c.Bucket(count.bucket), func(_, _ []byte) error { *count.n++; return nil }); err != nil {
			return err
		}
	}
	if numbered != texts+stubs {
		c.wrong("%d items are numbered, but %d have a text and %d had one", numbered, texts, stubs)
	}
	counted := 0
	if v := c.Bucket(bMeta).Get(metaItems); v != nil {
		counted = int(be(v))
	}
	if counted != texts {
		c.wrong("%d items were counted, but there are %d", counted, texts)
	}
	return c.each(c.Bucket(bRevision), func(k, _ []byte) error {
		if c.Bucket(bItem).Get(k) == nil {
			c.wrong("there are revisions of number %d, which is no item's", be(k))
		}
		return nil
	})
}

// keys: none belongs to a number that was never given. Those of items that were
// forgotten go with the next sweep.
func (c *checker) keys() error {
	given := c.Bucket(bItem).Sequence()
	return c.packed(c.tx.keys(), func(k []byte, seq uint64) {
		if seq == 0 || seq > given {
			c.wrong("key %x belongs to number %d, which was never given", k, seq)
		}
	})
}

// marks: each item has one mark in a topic, whose entry names it, and none is
// above the last one that was given.
func (c *checker) marks() error {
	marks, entries := c.Bucket(bMark), c.Bucket(bEntry)
	return entries.ForEachBucket(func(topic []byte) error {
		of, in := marks.Bucket(topic), entries.Bucket(topic)
		if of == nil {
			c.wrong("topic %s has entries and no marks", topic)
			return nil
		}
		placed, marked := 0, 0
		err := c.each(in, func(k, v []byte) error {
			placed++
			if be(k) > in.Sequence() {
				c.wrong("topic %s: mark %d is above the last one, %d", topic, be(k), in.Sequence())
			}
			var j store.Joined
			r := reader(otherVersion, v)
			r.joined(&j)
			seq, err := c.seq(j.Item)
			if err = errors.Join(r.end(), err); err != nil {
				c.wrong("topic %s: mark %d: %w", topic, be(k), err)
			} else if !bytes.Equal(of.Get(be8(seq)), k) {
				c.wrong("topic %s: mark %d names item %s, whose mark is another one", topic, be(k), j.Item)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := c.each(of, func(_, _ []byte) error { marked++; return nil }); err != nil {
			return err
		}
		if placed != marked {
			c.wrong("topic %s: %d entries, but %d marks", topic, placed, marked)
		}
		return nil
	})
}

// pairs: what holds of two items stands under both.
func (c *checker) pairs() error {
	for _, bucket := range [][]byte{bEdge, bOverride} {
		b := c.Bucket(bucket)
		err := c.each(b, func(k, _ []byte) error {
			if len(k) != 16 || b.Get(append(bytes.Clone(k[8:]), k[:8]...)) == nil {
				c.wrong("%s: %x stands under one of the two items only", bucket, k)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// members: an item is listed in the story that its kin names, with its group and
// its text, and in no other.
func (c *checker) members() error {
	listed, named := 0, 0
	err := c.each(c.Bucket(bMember), func(k, v []byte) error {
		listed++
		m, err := unpackMember(v)
		if err != nil || len(k) != 16 {
			c.wrong("%s: %x: %v", bMember, k, err)
			return nil
		}
		kin, err := c.Kin([]news.ItemID{m.Item})
		if err != nil { // said below
			return nil
		}
		if text, err := c.text(be(k[8:])); kin[0].Story != news.ItemID(be(k)) || kin[0].Group != m.Group || text != m.Text || err != nil {
			c.wrong("item %s is listed in story %x as it is not", m.Item, k[:8])
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = c.each(c.Bucket(bKin), func(k, v []byte) error {
		var kin store.Kin
		r := reader(otherVersion, v)
		r.kin(&kin)
		if err := r.end(); err != nil {
			c.wrong("kin of item %x: %w", k, err)
			return nil
		}
		if kin.Story == 0 {
			return nil
		}
		named++
		seq, err := c.seq(news.ItemID(be(k)))
		if err != nil || c.Bucket(bMember).Get(memberRow(kin.Story, seq)) == nil {
			c.wrong("item %x is not listed in its story %s", k, kin.Story)
		}
		return nil
	})
	if err == nil && listed != named {
		c.wrong("%d items are listed in stories, but %d name one", listed, named)
	}
	return err
}
