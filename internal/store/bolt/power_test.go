package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"khyber/internal/store"
	"khyber/internal/store/bolt"
	"khyber/internal/store/disktest"
)

// What a life consists of.
const (
	lifeFile      = "khyber.db"
	lifeDocuments = 4 // of each source, before and after its file is compacted
)

// upgradeFile is brought to a new schema in the folder instead, if it is there.
const upgradeFile = "old.db"

// life makes a database in the folder, commits to it, expires, makes a backup,
// compacts it and goes on. It says each thing that was acknowledged.
func life(folder string) error {
	ctx := context.Background()
	if old := filepath.Join(folder, upgradeFile); exists(old) {
		return bolt.UpgradeRows(old, false)
	}
	path := filepath.Join(folder, lifeFile)
	if err := lifePart(path, func(s *store.Store) error {
		for more := true; more; {
			done, err := s.Expire(ctx, 400*24*time.Hour, 500)
			if err != nil {
				return err
			}
			more = done.More
		}
		return s.Backup(ctx, io.Discard)
	}); err != nil {
		return err
	}
	if _, _, err := bolt.Compact(ctx, path, bolt.Options{}); err != nil {
		return err
	}
	return lifePart(path, func(s *store.Store) error { return s.Flush(ctx) })
}

// lifePart opens the file, commits documents of all sources at once, calls more
// and closes it.
func lifePart(path string, more func(*store.Store) error) error {
	s, c, err := killStore(path, bolt.Options{}, nil)
	if err != nil {
		return err
	}
	fmt.Println("opened")
	var wg sync.WaitGroup
	failed := make([]error, killSources)
	for n := range killSources {
		wg.Go(func() { failed[n] = childSource(s, c.Generation, killSource(n), lifeDocuments, acknowledge) })
	}
	wg.Wait()
	return errors.Join(append(failed, more(s), s.Close())...)
}

// TestALossOfPowerLosesNothing replays the system calls of a life on a disk that
// loses power at each of them, and opens what it has left: what was acknowledged
// is there, once, and nothing is half there.
func TestALossOfPowerLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("short: opens many images of a disk")
	}
	cmd := exec.Command(os.Args[0])
	folder := t.TempDir()
	cmd.Env = append(os.Environ(), childPower+"="+folder)
	trace := disktest.Record(t, folder, cmd)
	var none, opened int
	made := trace.Images(t, powerImages, uint64(time.Now().UnixNano()), func(image disktest.Image) bool {
		folder := t.TempDir()
		defer func() {
			_ = os.RemoveAll(folder) // thousands would fill the disk
			if t.Failed() {
				t.Logf("power was lost after %s; %d lines had been said", image.Name, len(image.Said))
			}
		}()
		image.Put(t, folder)
		acked := make(map[string]int)
		began := false
		for _, line := range image.Said {
			var source string
			var k int
			if _, err := fmt.Sscanf(line, "%s %d\n", &source, &k); err == nil {
				acked[source] = k
			} else {
				began = true
			}
		}
		if image.Has(lifeFile) {
			opened++
			checkKilled(t, filepath.Join(folder, lifeFile), bolt.Options{NoSync: true}, acked)
		} else if none++; began {
			t.Error("the database is gone")
		}
		return !t.Failed()
	})
	if made < powerImages-1 || opened < made/2 || none == 0 {
		t.Errorf("%d images, %d with a database, %d before there was one", made, opened, none)
	}
	t.Logf("%d images, %d with a database, %d before there was one", made, opened, none)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestALossOfPowerDuringAnUpgradeIsMadeGood: the next start brings the file to
// the new schema, each row changed once by each step, and the copy that is kept
// of it is whole.
func TestALossOfPowerDuringAnUpgradeIsMadeGood(t *testing.T) {
	if testing.Short() {
		t.Skip("short: opens many images of a disk")
	}
	folder := t.TempDir()
	if err := bolt.FillRows(filepath.Join(folder, upgradeFile), 2500); err != nil { // three batches a step
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childPower+"="+folder)
	kept := 0
	made := disktest.Record(t, folder, cmd).Images(t, powerImages/4, uint64(time.Now().UnixNano()), func(image disktest.Image) bool {
		folder := t.TempDir()
		defer os.RemoveAll(folder) // thousands would fill the disk
		image.Put(t, folder)
		old := filepath.Join(folder, upgradeFile)
		if image.Has(upgradeFile + ".schema1") {
			kept++
			if err := bolt.RowsAre(old+".schema1", "-"); err != nil {
				t.Errorf("the copy that is kept: %v", err)
			}
		}
		if err := errors.Join(bolt.UpgradeRows(old, true), bolt.RowsAre(old+".schema1", "-")); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("power was lost after %s", image.Name)
		}
		return !t.Failed()
	})
	if made < powerImages/4-1 || kept == 0 {
		t.Errorf("%d images, %d with a copy", made, kept)
	}
	t.Logf("%d images, %d with a copy", made, kept)
}
