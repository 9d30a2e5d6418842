package bolt

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.etcd.io/bbolt"
)

// Queued returns how many writes wait or run.
func (e *Engine) Queued() int {
	e.group.mu.Lock()
	defer e.group.mu.Unlock()
	return len(e.group.queue)
}

// Break does what a write does that could not be synced.
func (e *Engine) Break(err error) error { return e.broken(err) }

// Pages returns the number of pages ever written.
func (e *Engine) Pages() int64 {
	stats := e.db.Stats()
	return stats.TxStats.GetWrite()
}

// Mend forgets what broke the engine.
func (e *Engine) Mend() { e.stop(nil) }

// Update changes the file behind the engine's back.
func (e *Engine) Update(f func(*bbolt.Tx) error) error { return e.db.Update(f) }

// LongRead begins a read through the whole file and returns what ends it.
func (e *Engine) LongRead() (func(), error) {
	b, err := e.db.Begin(false)
	if err != nil {
		return nil, err
	}
	return e.long(b), nil
}

// Judge says of the kind of a file system whether it is refused, and whether
// there is a warning.
func Judge(kind uint32, log *slog.Logger) error { return checkVolume("khyber.db", kind, log) }

// GiveName is how a new file gets its name.
func GiveName(from, to string) error { return giveName(from, to) }

// NearBytes returns the bytes of the pages that hold the near indexes.
func (e *Engine) NearBytes() (n int64, err error) {
	err = e.db.View(func(b *bbolt.Tx) error {
		for _, name := range [][]byte{bNear, bNearLog} {
			s := b.Bucket(name).Stats()
			n += int64(s.LeafAlloc + s.BranchAlloc)
		}
		return nil
	})
	return n, err
}

// UpgradeRows takes two steps that mark each row of a file, and returns an error
// unless every row has each mark once.
func UpgradeRows(path string, noSync bool) error {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: noSync, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return err
	}
	e := &Engine{db: db, path: path, nearer: func() {}, crash: func(string) {}, reads: make(map[*bbolt.Tx]time.Time)}
	err = e.upgrade([]step{marking('a'), marking('b')})
	return errors.Join(err, rowsAre(db, "-ab"), db.Close())
}

// FillRows puts rows without a mark.
func FillRows(path string, n int) error {
	e, err := Open(path, Options{})
	if err != nil {
		return err
	}
	err = e.db.Update(func(b *bbolt.Tx) error {
		for i := range n {
			if err := b.Bucket(bRow).Put(fmt.Appendf(nil, "%06d", i), []byte("-")); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, e.Close())
}

// RowsAre returns an error unless every row of a file has the value.
func RowsAre(path, value string) error {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	return errors.Join(rowsAre(db, value), db.Close())
}

func rowsAre(db *bbolt.DB, value string) error {
	return db.View(func(b *bbolt.Tx) error {
		rows := 0
		err := b.Bucket(bRow).ForEach(func(k, v []byte) error {
			if rows++; string(v) != value {
				return fmt.Errorf("row %s is %q, want %s", k, v, value)
			}
			return nil
		})
		if err == nil && rows == 0 {
			err = errors.New("there are no rows")
		}
		return err
	})
}
