package bolt

import (
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// metaOpen stands in the file from the first write after opening until Close: a
// file that has it was not closed.
var metaOpen = []byte("open")

// readMark finds out whether the file was closed.
func (e *Engine) readMark() error {
	return e.db.View(func(b *bbolt.Tx) error {
		e.crashed = b.Bucket(bMeta).Get(metaOpen) != nil
		e.marked = e.crashed
		return nil
	})
}

// mark says in the file that it is open.
func (t *tx) mark() error {
	if t.engine.isMarked() {
		return nil
	}
	return t.set(bMeta, metaOpen, one)
}

func (e *Engine) isMarked() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.marked
}

// unmark says in the file that it was closed. One that was not closed the last
// time keeps its mark until a Check has found nothing; so does one that takes no
// more writes, or is full.
func (e *Engine) unmark() error {
	e.mu.Lock()
	keep := !e.marked || e.crashed || e.fault != nil
	e.mu.Unlock()
	if keep {
		return nil
	}
	err := unmarkFile(e.db)
	if err == nil || full(err) || errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return nil
	}
	return err
}

func unmarkFile(db *bbolt.DB) error {
	err := db.Update(func(b *bbolt.Tx) error { return b.Bucket(bMeta).Delete(metaOpen) })
	if err != nil {
		return fmt.Errorf("note that the file is closed: %w", err)
	}
	return nil
}

// unmarkCopy does it for a copy: nobody has it open.
func unmarkCopy(path string) error {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return fmt.Errorf("open the copy: %w", err)
	}
	return errors.Join(unmarkFile(db), db.Close())
}
