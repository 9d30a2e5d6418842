package bolt_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"khyber/internal/store"
	"khyber/internal/store/bolt"
	"khyber/internal/store/storetest"
)

// open returns a fresh engine that is checked page by page at the end.
func open(t testing.TB) store.Engine {
	t.Helper()
	e := reopen(t, filepath.Join(t.TempDir(), "khyber.db"))
	t.Cleanup(func() { end(t, e) })
	return e
}

func reopen(t storetest.TB, path string) *bolt.Engine {
	t.Helper()
	e, err := bolt.Open(path, bolt.Options{MaxSize: 1 << 30, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// end checks an engine and closes it.
func end(t storetest.TB, e *bolt.Engine) {
	t.Helper()
	if err := e.Check(context.Background()); err != nil && !errors.Is(err, bolt.ErrClosed) {
		t.Errorf("check: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// hooks reopen a file. The engine that a restart gives is closed by the next one
// or by the end of the process's folder.
func hooks() storetest.Hooks {
	return storetest.Hooks{Restart: func(t storetest.TB, e store.Engine) store.Engine {
		t.Helper()
		b := e.(*bolt.Engine)
		end(t, b)
		return reopen(t, b.Path())
	}}
}

func TestSuite(t *testing.T) { storetest.Run(t, open, hooks()) }

func TestABackupOpensWithTheSameTopics(t *testing.T) {
	w := storetest.NewWorld(t, open(t), storetest.Hooks{})
	w.Commit("alpha", w.Item("alpha", 1, "border"), w.Item("alpha", 2, "border"))
	path := filepath.Join(t.TempDir(), "copy.db")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Store.Backup(t.Context(), f), f.Close()); err != nil {
		t.Fatal(err)
	}
	e := reopen(t, path)
	defer end(t, e)
	copied := storetest.NewWorld(t, e, storetest.Hooks{})
	got, want := copied.Topic("border", store.Page{}), w.Topic("border", store.Page{})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("topic of the copy:\n got %+v\nwant %+v", got, want)
	}
}

func TestFilesThatAreNoDatabaseOfOursAreRefused(t *testing.T) {
	folder := t.TempDir()
	empty := filepath.Join(folder, "empty.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(folder, "other.db")
	db, err := bbolt.Open(other, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(folder, "newer.db")
	if err := reopen(t, newer).Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = bbolt.Open(newer, 0o600, nil); err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("schema"), []byte{0, 0, 0, 0, 0, 0, 0, 9})
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	locked := filepath.Join(folder, "locked.db")
	defer end(t, reopen(t, locked))
	for path, want := range map[string]string{
		empty:  " is an empty file, not a database: restore a backup, or remove it to begin anew",
		folder: " is a folder: name a file",
		other:  " is a database of another program",
		newer:  " was written by a later Khyber (schema 9, this one knows 1): use that one, or restore a backup made before the upgrade",
		locked: " is in use by another process: stop that one, or name another --data",
	} {
		if _, err := bolt.Open(path, bolt.Options{MaxSize: 1 << 20, Wait: time.Millisecond}); err == nil || err.Error() != path+want {
			t.Errorf("got  %v\nwant %s", err, path+want)
		}
	}
	if _, err := bolt.Open(filepath.Join(folder, "none", "khyber.db"), bolt.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
}
