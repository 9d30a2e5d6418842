package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// compactBatch is the size of a transaction while a file is compacted. Measured
// for 682 MiB: 15 MB of memory with 1 MiB, 265 MB with 64 MiB, equally fast.
const compactBatch = 1 << 20 // bytes

// Compact writes the file anew without its free pages, which bbolt never gives
// back, and puts the new one in its place. No process may use it, and beside it
// there must be room for what it holds. The sizes are in bytes.
func Compact(ctx context.Context, path string, o Options) (before, after int64, err error) {
	e, err := Open(path, o)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, e.Close()) }() // the lock is held until the new file is in its place
	was, err := os.Stat(path)
	if err != nil {
		return 0, 0, fmt.Errorf("measure the file: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".compact-*")
	if err != nil {
		return 0, 0, fmt.Errorf("make a file beside the database: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := f.Close(); err != nil {
		return 0, 0, fmt.Errorf("make a file beside the database: %w", err)
	}
	if err := compactTo(ctx, f.Name(), e.db); err != nil {
		return 0, 0, fmt.Errorf("compact %s: %w", path, err)
	}
	e.crash("compact.written")
	is, err := os.Stat(f.Name())
	if err != nil {
		return 0, 0, fmt.Errorf("measure the new file: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return 0, 0, fmt.Errorf("put the database in its place: %w", err)
	}
	e.crash("compact.renamed")
	return was.Size(), is.Size(), syncFolder(filepath.Dir(path))
}

// compactTo copies the database to a file and looks at the pages of the copy.
func compactTo(ctx context.Context, path string, from *bbolt.DB) (err error) {
	to, err := bbolt.Open(path, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, NoSync: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if err := bbolt.Compact(to, from, compactBatch); err != nil {
		return err
	}
	if err := to.Sync(); err != nil {
		return err
	}
	return errors.Join(ctx.Err(), to.View(func(tx *bbolt.Tx) error {
		var found error
		for err := range tx.Check() { // read to its end: a goroutine of bbolt's waits
			found = err
		}
		return found
	}))
}
