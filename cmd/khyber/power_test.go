package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"khyber/internal/store/disktest"
)

// lifeCommands are what an operator does to a database, in this order.
var lifeCommands = [][]string{{"poll"}, {"backup", "copy.db"}, {"compact"}, {"backup", "copy.db"}, {"restore", "copy.db"}, {"verify"}}

// lifeFolder is where living does it.
const lifeFolder = "KHYBER_TEST_FOLDER"

// living is a program of the tests: it runs the commands and says which is done.
func living() {
	d := desk{dir: os.Getenv(lifeFolder)}
	for _, args := range lifeCommands {
		if code := newApp(os.LookupEnv, os.Stdin, io.Discard, os.Stderr).run(context.Background(), d.args(args)); code != 0 {
			os.Exit(code)
		}
		fmt.Println("done", args[0])
	}
}

// TestALossOfPowerDuringACommandLosesNothing replays what the commands of an
// operator do to the disk, on one that loses power. What a command said to be
// done is there afterwards, and all that was kept.
func TestALossOfPowerDuringACommandLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("short: opens many images of a disk")
	}
	w := newWorld(t)
	w.advance(6)
	folder := t.TempDir()
	write(t, filepath.Join(folder, "feeds.yaml"), w.config())
	life, err := exec.LookPath("khyber-living")
	must(t, err)
	cmd := exec.Command(life)
	cmd.Env = append(os.Environ(), lifeFolder+"="+folder)
	trace := disktest.Record(t, folder, cmd)
	counts := make(map[string]int)
	made := trace.Images(t, commandImages, 1, func(image disktest.Image) bool {
		d := desk{t: t, dir: t.TempDir()}
		defer func() {
			_ = os.RemoveAll(d.dir)
			if t.Failed() {
				t.Logf("power was lost after %s; %q had been said", image.Name, image.Said)
			}
		}()
		image.Put(t, d.dir)
		if slices.Contains(image.Said, "done poll\n") && !image.Has("khyber.db") {
			t.Error("the database is gone")
		}
		if slices.Contains(image.Said, "done backup\n") && !image.Has("copy.db") {
			t.Error("the backup is gone")
		}
		for _, name := range []string{"copy.db", "khyber.db.before-restore"} {
			if image.Has(name) {
				counts[name]++
				d.must("verify", name)
			}
		}
		if image.Has("khyber.db") {
			counts["khyber.db"]++
			d.must("verify")
			if slices.Contains(image.Said, "done poll\n") {
				if got, want := d.topic("everything"), w.expected(false); !maps.Equal(got, want) {
					t.Errorf("before the next poll the topic lacks %s", difference(got, want))
				}
			}
		}
		d.must("poll", "--strict")
		if got, want := d.topic("everything"), w.expected(false); !maps.Equal(got, want) {
			t.Errorf("after the next poll the topic lacks %s", difference(got, want))
		}
		return !t.Failed()
	})
	if made < commandImages-1 || counts["khyber.db"] == 0 || counts["copy.db"] == 0 {
		t.Errorf("%d images, with %v", made, counts)
	}
	t.Logf("%d images, with %v", made, strings.Trim(fmt.Sprint(counts), "map[]"))
}
