package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"khyber/internal/store"
)

// bare opens a file without looking at its layout. crash is told of every batch.
func bare(t *testing.T, path string, crash func(string)) *Engine {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	return &Engine{db: db, path: path, nearer: func() {}, crash: crash, reads: make(map[*bbolt.Tx]time.Time)}
}

// marking is a step that adds a mark to the value of every row, and refuses one
// that it has marked before.
func marking(mark byte) step {
	return func(t *tx, cursor []byte) ([]byte, error) {
		cur := t.Bucket(bRow).Cursor()
		k, v := cur.First()
		if cursor != nil {
			if k, v = cur.Seek(cursor); bytes.Equal(k, cursor) {
				k, v = cur.Next()
			}
		}
		var rows []store.Row
		for ; k != nil && len(rows) < stepBatch; k, v = cur.Next() {
			if bytes.IndexByte(v, mark) >= 0 {
				return nil, fmt.Errorf("row %s is marked twice", k)
			}
			rows = append(rows, store.Row{Key: string(k), Value: append(bytes.Clone(v), mark)})
		}
		for _, r := range rows {
			if err := t.set(bRow, []byte(r.Key), r.Value); err != nil {
				return nil, err
			}
		}
		if k == nil {
			return nil, nil
		}
		return []byte(rows[len(rows)-1].Key), nil
	}
}

// TestAnUpgradeThatIsCutOffAnywhereGoesOn: with steps of three batches and of
// one more each, a crash after every single batch leaves a file that the next
// start brings to its end, every row changed once by each step.
func TestAnUpgradeThatIsCutOffAnywhereGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "khyber.db")
	e, err := Open(path, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	const rows = 2*stepBatch + 500
	err = e.db.Update(func(b *bbolt.Tx) error {
		for i := range rows {
			if err := b.Bucket(bRow).Put(fmt.Appendf(nil, "%06d", i), []byte("-")); err != nil {
				return err
			}
		}
		return nil
	})
	if err = errors.Join(err, e.Close()); err != nil {
		t.Fatal(err)
	}
	two := []step{marking('a'), marking('b')}
	crashes := 0
	for ended := false; !ended; {
		e := bare(t, path, func(point string) {
			if point == "schema.batch" {
				crashes++
				panic("crash")
			}
		})
		func() {
			defer func() { _ = recover() }()
			if err := e.upgrade(two); err != nil {
				t.Error(err)
			}
			ended = true
		}()
		if err := e.db.Close(); err != nil {
			t.Fatal(err)
		}
		if crashes > 20 {
			t.Fatal("it never ends")
		}
	}
	if crashes != 6 {
		t.Errorf("%d batches, want 3 of each step", crashes)
	}
	e = bare(t, path, nil)
	err = e.db.View(func(b *bbolt.Tx) error {
		if got := be(b.Bucket(bMeta).Get(metaSchema)); got != 3 || b.Bucket(bMeta).Get(metaStep) != nil {
			t.Errorf("schema %d, step at %q", got, b.Bucket(bMeta).Get(metaStep))
		}
		return b.Bucket(bRow).ForEach(func(k, v []byte) error {
			if string(v) != "-ab" {
				t.Fatalf("row %s is %q, want -ab", k, v)
			}
			return nil
		})
	})
	if err = errors.Join(err, e.db.Close()); err != nil {
		t.Fatal(err)
	}

	old, err := Open(oldName(path, 1), Options{NoSync: true})
	if err != nil {
		t.Fatal("the copy that was kept:", err)
	}
	err = old.db.View(func(b *bbolt.Tx) error {
		if v := b.Bucket(bRow).Get([]byte("000000")); string(v) != "-" {
			t.Errorf("the copy that was kept is changed: %q", v)
		}
		return nil
	})
	if err = errors.Join(err, old.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{}); err == nil || err.Error() != path+" was written by a later Khyber (schema 3, this one knows 1): use that one, or restore a backup made before the upgrade" {
		t.Errorf("a file of a later schema: %v", err)
	}
}

func TestAFileThatIsUpToDateIsNotCopied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "khyber.db")
	for range 2 {
		e, err := Open(path, Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("%v beside the database: %v", files, err)
	}
}

// TestWhoOnlyReadsWritesNothing: a file is not made, changed or brought up to
// date, several may read it at once, and what it says is what it said.
func TestWhoOnlyReadsWritesNothing(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "khyber.db")
	if e, err := Open(path, Options{Read: true}); !errors.Is(err, os.ErrNotExist) {
		t.Fatal(e, err)
	}
	e, err := Open(path, Options{NoSync: true, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]store.Row, 3*stepBatch) // pages that are free then
	for i := range rows {
		rows[i] = store.Row{Key: fmt.Sprintf("%06d", i), Value: make([]byte, 100)}
	}
	put := func(tx store.Tx) error { return tx.PutRows(store.TableFacts, rows) }
	err = e.Write(t.Context(), put)
	for i := range rows {
		rows[i].Value = nil
	}
	err = errors.Join(err, e.Write(t.Context(), put))
	want, sized := e.Sizes(t.Context())
	if err = errors.Join(err, sized, e.Close()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(path, 0o400), os.WriteFile(filepath.Join(folder, ".khyber.db.new-1"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for range 2 { // both are open then
		r, err := Open(path, Options{Read: true, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}()
		if err := r.Write(t.Context(), put); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("a write: %v, want %v", err, store.ErrReadOnly)
		}
		got, err := r.Sizes(t.Context())
		if got.Fault != nil || got.Free < want.Free/2 || got.Items != want.Items || err != nil {
			t.Errorf("sizes %+v, %v, want those of who writes: %+v", got, err, want)
		}
		if err := r.Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(after, before) {
		t.Errorf("the file has changed, %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, ".khyber.db.new-1")); err != nil {
		t.Error(err)
	}
}

// TestWhoOnlyReadsBringsNothingUpToDate: a file without a bucket that we know is
// of an earlier version.
func TestWhoOnlyReadsBringsNothingUpToDate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "khyber.db")
	e, err := Open(path, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	err = e.db.Update(func(b *bbolt.Tx) error { return b.DeleteBucket(bOverride) })
	if err = errors.Join(err, e.Close()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		want := path + " was written by an earlier Khyber: khyber serve or khyber poll brings it up to date"
		if e, err := Open(path, Options{Read: true}); !errors.Is(err, ErrOlder) || err.Error() != want {
			t.Fatal(e, err)
		}
	}
	e, err = Open(path, Options{NoSync: true})
	if err = errors.Join(err, e.Close()); err != nil {
		t.Fatal(err)
	}
	e, err = Open(path, Options{Read: true})
	if err = errors.Join(err, e.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestAnUpgradeTellsThatItComesNearer before the copy, and with each batch: who
// started us would else take us for stuck.
func TestAnUpgradeTellsThatItComesNearer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "khyber.db")
	e, err := Open(path, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	err = e.db.Update(func(b *bbolt.Tx) error {
		for i := range 2*stepBatch + 1 {
			if err := b.Bucket(bRow).Put(fmt.Appendf(nil, "%06d", i), []byte("-")); err != nil {
				return err
			}
		}
		return nil
	})
	if err = errors.Join(err, e.Close()); err != nil {
		t.Fatal(err)
	}
	told := 0
	e = bare(t, path, func(string) {})
	e.nearer = func() { told++ }
	if err := errors.Join(e.upgrade([]step{marking('a')}), e.db.Close()); err != nil {
		t.Fatal(err)
	}
	if told != 1+3 {
		t.Errorf("told %d times, want 4", told)
	}
}
