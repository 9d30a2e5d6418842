package bolt_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"khyber/internal/store/bolt"
	"khyber/internal/store/storetest"
)

// crashed says whether the file was found to be left open.
func crashed(t *testing.T, e *bolt.Engine) bool {
	t.Helper()
	sizes, err := e.Sizes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sizes.Crashed
}

// copyAside copies a file as it is now: what a crash would leave.
func copyAside(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	aside := filepath.Join(t.TempDir(), "aside.db")
	if err := os.WriteFile(aside, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return aside
}

func TestAFileThatWasNotClosedIsKnown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "khyber.db")
	e := reopen(t, path)
	if crashed(t, e) || crashed(t, reopen(t, copyAside(t, path))) {
		t.Error("a file that nobody wrote to counts as crashed")
	}
	storetest.NewWorld(t, e, storetest.Hooks{}).Commit("alpha", storetest.Item("alpha", 1, "border"))
	left := copyAside(t, path)
	if crashed(t, e) {
		t.Error("a file counts as crashed because it is open")
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = reopen(t, path)
	if crashed(t, e) {
		t.Error("a file that was closed counts as crashed")
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	// As long as nobody looked for damage, it stays what it is.
	for _, check := range []bool{false, true} {
		e = reopen(t, left)
		if !crashed(t, e) {
			t.Error("a file that was left open is not known")
		}
		storetest.NewWorld(t, e, storetest.Hooks{}).Commit("beta", storetest.Item("beta", 1, "border"))
		if check {
			if err := e.Check(t.Context()); err != nil {
				t.Error(err)
			}
			if crashed(t, e) {
				t.Error("a check that found nothing does not count")
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	e = reopen(t, left)
	defer end(t, e)
	if crashed(t, e) {
		t.Error("a file that was checked and closed counts as crashed")
	}
}

func TestABackupOfAnOpenFileIsClosed(t *testing.T) {
	w, e := written(t)
	path := filepath.Join(t.TempDir(), "copy.db")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Store.Backup(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	copied := reopen(t, path)
	defer end(t, copied)
	if crashed(t, copied) {
		t.Error("the copy counts as crashed")
	}
	if err := e.Backup(t.Context(), io.Discard); err != nil {
		t.Error(err)
	}
}

// written is a world with an item of each source, and its engine.
func written(t *testing.T) (*storetest.World, *bolt.Engine) {
	t.Helper()
	e := open(t).(*bolt.Engine)
	w := storetest.NewWorld(t, e, hooks())
	w.Commit("alpha", storetest.Item("alpha", 1, "border"), storetest.Item("alpha", 2, "border", "talks"))
	w.Commit("beta", storetest.Item("beta", 1, "border"))
	return w, e
}
