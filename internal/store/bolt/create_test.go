package bolt_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"khyber/internal/store/bolt"
	"khyber/internal/store/disktest"
	"khyber/internal/store/storetest"
)

// TestAFileThatAppearsMeanwhileIsNotReplaced has a second process make the file
// while the first one is about to: it would go on in a file that has no name.
func TestAFileThatAppearsMeanwhileIsNotReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "khyber.db")
	var first *bolt.Engine
	e, err := bolt.Open(path, bolt.Options{Wait: 1, Crash: func(point string) {
		if point == "create.renamed" && first == nil {
			// Both looked and found none; the other one was quicker.
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			first = reopen(t, path)
			storetest.NewWorld(t, first, storetest.Hooks{}).Commit("alpha", storetest.Item("alpha", 1, "border"))
		}
	}})
	if !errors.Is(err, bolt.ErrInUse) {
		t.Errorf("the second process got %v, %v", e, err)
	}
	if err := bolt.GiveName(filepath.Join(filepath.Dir(path), "another"), path); err == nil {
		t.Error("a file that is not there got a name")
	}
	before := disktest.Files(t, filepath.Dir(path))["khyber.db"]
	other := filepath.Join(filepath.Dir(path), "another")
	if err := os.WriteFile(other, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := bolt.GiveName(other, path); err != nil {
		t.Error(err)
	}
	if after := disktest.Files(t, filepath.Dir(path)); string(after["khyber.db"]) != string(before) || after["another"] != nil {
		t.Errorf("the file was replaced: %v", slices.Sorted(maps.Keys(after)))
	}
	end(t, first)
}

func TestWhatACrashLeftHalfDoneIsRemoved(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "khyber.db")
	if err := reopen(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".khyber.db.new-1", ".khyber.db.backup-22", ".khyber.db.compact-333", ".other.db.new-1", "khyber.db.before-restore"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e := reopen(t, path)
	defer end(t, e)
	got := slices.Sorted(maps.Keys(disktest.Files(t, folder)))
	if want := []string{".other.db.new-1", "khyber.db", "khyber.db.before-restore"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
