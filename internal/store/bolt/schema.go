package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"khyber/internal/store"
)

// metaSchema counts the layouts of the file; metaStep is where a step stands
// that leads to the next one.
var metaSchema, metaStep = []byte("schema"), []byte("schema step")

// step leads a file from one layout to the next, a batch of at most stepBatch
// rows a transaction. It gets the cursor that it returned last, at first nil, and
// returns nil at its end. A batch that a crash undid runs again from the same
// cursor.
type step func(t *tx, cursor []byte) (next []byte, err error)

// stepBatch is how many rows a step changes in a transaction.
const stepBatch = 1000

// steps returns the steps from layout 1 on, in their order. To add one: write it
// here, keep the codec able to read what it finds, and commit the database of the
// version before to testdata/db.
func steps() []step { return nil }

// Schema returns the layout of the files that this version writes. It opens those
// of every lower number, and refuses those of a higher one.
func Schema() uint64 { return newest(steps()) }

// newest returns the layout to which steps lead.
func newest(s []step) uint64 { return uint64(len(s)) + 1 }

// upgrade leads the file to the newest layout. Before it changes anything it
// makes a copy beside the file; what a crash interrupts goes on at the next
// start.
func (e *Engine) upgrade(s []step) error {
	was, cursor, err := e.known(newest(s))
	switch {
	case err != nil:
		return err
	case e.read:
		return e.upToDate(was, newest(s))
	}
	if was < newest(s) && cursor == nil {
		e.nearer()
		if err := e.keepOld(was); err != nil {
			return err
		}
	}
	for at := was; at < newest(s); at++ {
		if err := e.take(s[at-1], at+1, cursor); err != nil {
			return fmt.Errorf("bring %s from schema %d to %d: %w", e.path, at, at+1, err)
		}
		cursor = nil
	}
	return e.complete()
}

// known returns the layout of the file and where a step to the next one stands.
// It refuses a file of another program or of a later Khyber.
func (e *Engine) known(newest uint64) (layout uint64, cursor []byte, err error) {
	err = e.db.View(func(b *bbolt.Tx) error {
		// Check reads in a goroutine of bbolt's, where a missing page ends the process.
		if info, err := os.Stat(e.path); err != nil || info.Size() < b.Size() {
			return fmt.Errorf("%s is cut off: %w", e.path, errors.Join(store.ErrDamaged, err))
		}
		meta := b.Bucket(bMeta)
		if meta == nil || len(meta.Get(metaSchema)) != 8 || be(meta.Get(metaSchema)) == 0 {
			return fmt.Errorf("%s is a database of another program", e.path)
		}
		layout, cursor = be(meta.Get(metaSchema)), bytes.Clone(meta.Get(metaStep))
		if layout > newest {
			return fmt.Errorf("%s was written by a later Khyber (schema %d, this one knows %d): use that one, or restore a backup made before the upgrade", e.path, layout, newest)
		}
		return nil
	})
	return layout, cursor, err
}

// oldName is that of the copy which is kept when a file of a layout is upgraded.
func oldName(path string, layout uint64) string { return fmt.Sprintf("%s.schema%d", path, layout) }

// keepOld copies the file before its first change.
func (e *Engine) keepOld(layout uint64) (err error) {
	name := oldName(e.path, layout)
	f, err := os.CreateTemp(filepath.Dir(e.path), "."+filepath.Base(e.path)+".backup-*")
	if err != nil {
		return fmt.Errorf("make a file beside the database: %w", err)
	}
	defer func() { err = errors.Join(err, remove(f.Name())) }()
	if err := errors.Join(e.copyTo(f), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("keep a copy of %s as %s before its upgrade to a new schema: %w: make room, or save it elsewhere with `khyber backup` of the version before", e.path, name, err)
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return fmt.Errorf("keep a copy of the database: %w", err)
	}
	return syncFolder(filepath.Dir(e.path))
}

// take takes one step from a cursor on to its end.
func (e *Engine) take(s step, to uint64, cursor []byte) error {
	for done := false; !done; {
		err := e.db.Update(func(b *bbolt.Tx) error {
			t := &tx{Tx: b, engine: e}
			next, err := s(t, cursor)
			if err != nil {
				return err
			}
			if cursor, done = next, next == nil; !done {
				return t.set(bMeta, metaStep, next)
			}
			return errors.Join(t.unset(bMeta, metaStep), t.set(bMeta, metaSchema, be8(to)))
		})
		if err != nil {
			return err
		}
		e.nearer()
		e.crash("schema.batch")
	}
	return nil
}

// upToDate refuses what would have to be changed before it can be read.
func (e *Engine) upToDate(layout, newest uint64) error {
	whole, err := e.whole()
	if err == nil && (layout < newest || !whole) {
		err = fmt.Errorf("%s %w: khyber serve or khyber poll brings it up to date", e.path, ErrOlder)
	}
	return err
}

// whole says whether the file has every bucket that we know.
func (e *Engine) whole() (whole bool, err error) {
	whole = true
	err = e.db.View(func(b *bbolt.Tx) error {
		for _, name := range buckets {
			whole = whole && b.Bucket(name) != nil
		}
		return nil
	})
	return whole, err
}

// complete adds the buckets that the file's Khyber did not know.
func (e *Engine) complete() error {
	if whole, err := e.whole(); err != nil || whole {
		return err
	}
	return e.db.Update(func(b *bbolt.Tx) error {
		for _, name := range buckets {
			if _, err := b.CreateBucketIfNotExists(name); err != nil {
				return fmt.Errorf("add to %s: %w", e.path, err)
			}
		}
		return nil
	})
}
