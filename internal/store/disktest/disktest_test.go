package disktest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// childFolder has the test binary live in that folder, traced by a test.
const childFolder = "DISKTEST_FOLDER"

func TestMain(m *testing.M) {
	if folder := os.Getenv(childFolder); folder != "" {
		if err := life(folder); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// life keeps a file as it should be, one in no way at all, and replaces one
// without syncing its folder.
func life(folder string) error {
	open := func(name string) (*os.File, error) { return os.Create(filepath.Join(folder, name)) }
	kept, err1 := open("kept")
	loose, err2 := open("loose")
	next, err3 := open("next")
	old, err4 := os.Open(filepath.Join(folder, "old"))
	dir, err5 := os.Open(folder)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return err
	}
	if _, err := kept.WriteString("kept"); err != nil {
		return err
	}
	if err := errors.Join(kept.Sync(), dir.Sync()); err != nil {
		return err
	}
	fmt.Println("kept")
	_, err1 = loose.Write(bytes.Repeat([]byte("x"), 4*sector))
	_, err2 = loose.WriteAt([]byte("y"), 8*sector)
	err3 = loose.Truncate(6 * sector)
	_, err4 = io.Copy(next, old) // inside the kernel, where it can
	if err := errors.Join(err1, err2, err3, err4, next.Sync()); err != nil {
		return err
	}
	return os.Rename(filepath.Join(folder, "next"), filepath.Join(folder, "old"))
}

// TestADiskKeepsWhatWasSyncedAndAnythingOfTheRest looks at what may be left of a
// life.
func TestADiskKeepsWhatWasSyncedAndAnythingOfTheRest(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "old"), []byte("what was before"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childFolder+"="+folder)
	trace := Record(t, folder, cmd)
	seen := make(map[string]int)
	made := trace.Images(t, 2000, 1, func(image Image) bool {
		target := t.TempDir()
		image.Put(t, target)
		files := Files(t, target)
		if slices.Contains(image.Said, "kept\n") && string(files["kept"]) != "kept" {
			t.Errorf("%s: what was synced is %q", image.Name, files["kept"])
		}
		if got := string(files["old"]); got != "what was before" {
			t.Errorf("%s: what was replaced is %q", image.Name, got)
		}
		switch loose := files["loose"]; {
		case !image.Has("loose"):
			seen["no file"]++
		case len(loose) == 0:
			seen["an empty file"]++
		case len(loose) == 6*sector && bytes.Count(loose, []byte("x")) == 4*sector:
			seen["the whole file"]++
		case bytes.IndexByte(loose, 0) < 4*sector && bytes.Contains(loose[:min(len(loose), 4*sector)], []byte("x")):
			seen["a torn file"]++
		case bytes.Contains(loose, []byte("y")) && !bytes.Contains(loose, []byte("x")):
			seen["the later write alone"]++
		}
		if files["next"] == nil && string(files["old"]) != "" {
			seen["one name"]++
		} else {
			seen["two names"]++
		}
		return !t.Failed()
	})
	t.Log(made, seen)
	for _, want := range []string{"no file", "an empty file", "the whole file", "a torn file", "the later write alone", "one name", "two names"} {
		if seen[want] == 0 {
			t.Errorf("no image has %s", want)
		}
	}
}

// TestCallsOfThreadsAreJoined reads a trace in which calls of two threads lie in
// one another: a write that ends after a sync began is not synced.
func TestCallsOfThreadsAreJoined(t *testing.T) {
	esc := func(s string) string {
		var b strings.Builder
		for _, c := range []byte(s) {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
		return b.String()
	}
	text := strings.NewReplacer("PATH", esc("/data/a"), "FOLDER", esc("/data"), "AAAA", esc("aaaa"), "BBBB", esc("bbbb"), "CCCC", esc("cccc")).Replace(
		`10 openat(AT_FDCWD<FOLDER>, "PATH", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3<PATH>
11 openat(AT_FDCWD<FOLDER>, "FOLDER", O_RDONLY|O_CLOEXEC) = 4<FOLDER>
11 fsync(4<FOLDER>) = 0
10 pwrite64(3<PATH>, "AAAA", 4, 0) = 4
10 pwrite64(3<PATH>, "BBBB", 4, 4 <unfinished ...>
11 fdatasync(3<PATH> <unfinished ...>
10 <... pwrite64 resumed>) = 4
12 --- SIGURG {si_signo=SIGURG, si_code=SI_TKILL, si_pid=1, si_uid=0} ---
12 pwrite64(3<PATH>, "CCCC", 4, 8) = -1 EIO (Input/output error)
11 <... fdatasync resumed>) = 0
10 +++ exited with 0 +++
`)
	log := filepath.Join(t.TempDir(), "trace")
	if err := os.WriteFile(log, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tr := &Trace{folder: "/data"}
	if err := tr.read(log); err != nil {
		t.Fatal(err)
	}
	d := newDisk(tr)
	for i := range tr.calls {
		if err := d.apply(&tr.calls[i]); err != nil {
			t.Fatal(err)
		}
	}
	got := map[Mode]map[string][]byte{None: d.image(None, nil), All: d.image(All, nil)}
	for mode, want := range map[Mode]string{None: "aaaa", All: "aaaabbbb"} {
		if !maps.EqualFunc(got[mode], map[string][]byte{"a": []byte(want)}, bytes.Equal) {
			t.Errorf("kept %s: %q, want %q", mode, got[mode], want)
		}
	}
}
