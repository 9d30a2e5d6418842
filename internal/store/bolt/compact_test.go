package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"khyber/internal/store"
)

// sparse makes a database of which most pages are free again.
func sparse(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "khyber.db")
	e, err := Open(path, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []func(b *bbolt.Bucket, key []byte) error{
		func(b *bbolt.Bucket, key []byte) error { return b.Put(key, bytes.Repeat([]byte("x"), 8000)) },
		(*bbolt.Bucket).Delete,
	} {
		err := e.db.Update(func(tx *bbolt.Tx) error {
			for i := range 1000 {
				if err := f(tx.Bucket(bMeta), fmt.Appendf(nil, "filler %d", i)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCompactGivesFreePagesBack(t *testing.T) {
	path := sparse(t)
	before, after, err := Compact(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if before < 8<<20 || after > 1<<20 {
		t.Errorf("%d bytes before, %d after", before, after)
	}
	e, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(e.Check(t.Context()), e.Close()); err != nil {
		t.Error(err)
	}
	alone(t, path)
}

func TestCompactLeavesAFileInUseAlone(t *testing.T) {
	path := sparse(t)
	e, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, _, err := Compact(t.Context(), path, Options{Wait: 1}); !errors.Is(err, ErrInUse) {
		t.Errorf("got %v, want %v", err, ErrInUse)
	}
}

func TestCompactThatIsStoppedChangesNothing(t *testing.T) {
	path := sparse(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Compact(ctx, path, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if info, err := os.Stat(path); err != nil || info.Size() < 8<<20 {
		t.Errorf("the file has changed: %v %v", info, err)
	}
	alone(t, path)
}

// alone wants no other file beside the database.
func alone(t *testing.T, path string) {
	t.Helper()
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("beside the database: %v %v", files, err)
	}
}

// TestDamageIsAnErrorAndNoPanic overwrites each page, and cuts the file at each.
func TestDamageIsAnErrorAndNoPanic(t *testing.T) {
	path := filepath.Join(t.TempDir(), "khyber.db")
	e, err := Open(path, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	used := 0
	for i := 0; i < len(whole); i += page {
		if !bytes.Equal(whole[i:i+page], make([]byte, page)) {
			used = i + page
		}
	}
	told := 0
	try := func(text []byte) {
		// bbolt keeps its lock on a file that it could not read: each is a new one.
		if err := errors.Join(os.Remove(path), os.WriteFile(path, text, 0o600)); err != nil {
			t.Fatal(err)
		}
		e, err := Open(path, Options{NoSync: true})
		if err == nil {
			err = errors.Join(e.Check(t.Context()), e.Close())
		}
		if err != nil {
			told++
		}
		if cut := len(text) < len(whole); cut && (err == nil || len(text) > 2*page && !errors.Is(err, store.ErrDamaged)) {
			t.Errorf("cut at %d: got %v, want %v", len(text), err, store.ErrDamaged)
		}
	}
	for at := 0; at < used; at += page {
		text := bytes.Clone(whole)
		copy(text[at:], bytes.Repeat([]byte{0xa5}, page))
		try(text)
		if at > 0 {
			try(whole[:at])
		}
	}
	if least := used / page; told < least {
		t.Errorf("%d of %d damages are told, want at least %d", told, 2*used/page-1, least)
	}
}
