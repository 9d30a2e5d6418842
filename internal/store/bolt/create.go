package bolt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.etcd.io/bbolt"
)

// create makes a database beside path and gives it that name, so that a loss of
// power leaves no torn file (bbolt #567). Of two processes that start at once
// the second finds the file of the first: it must never be replaced.
func create(path string, crash func(string)) (err error) {
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, "."+filepath.Base(path)+".new-*")
	if err != nil {
		return fmt.Errorf("make the database: %w: its folder must exist and be writable", err)
	}
	defer func() { err = errors.Join(err, remove(f.Name())) }()
	if err := f.Close(); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	db, err := bbolt.Open(f.Name(), 0o600, &bbolt.Options{Timeout: lockWait, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return tx.Bucket(bMeta).Put(metaSchema, be8(Schema()))
	})
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	if err := giveName(f.Name(), path); err != nil {
		return fmt.Errorf("put the database in its place: %w", err)
	}
	crash("create.renamed")
	return syncFolder(folder)
}

// syncFolder makes a rename durable.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return fmt.Errorf("open the folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync the folder: %w", err)
	}
	return nil
}

// giveName gives the new file its name. Where the file system knows no links, the
// name is taken by force.
func giveName(from, to string) error {
	switch err := os.Link(from, to); {
	case err == nil, errors.Is(err, os.ErrExist):
		return remove(from)
	case errors.Is(err, os.ErrNotExist):
		return err
	}
	return os.Rename(from, to)
}

// remove removes a file that may be gone.
func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// tidy removes what a crash or a loss of power left half done beside the
// database. Whoever makes such files has the database locked, as we have now, or
// has found none. What cannot be removed costs room and nothing else.
func tidy(path string) {
	folder, name := filepath.Split(path)
	files, _ := os.ReadDir(filepath.Clean(folder))
	for _, f := range files {
		for _, what := range []string{".new-", ".backup-", ".compact-"} {
			if strings.HasPrefix(f.Name(), "."+name+what) {
				_ = os.Remove(filepath.Join(folder, f.Name()))
			}
		}
	}
}
