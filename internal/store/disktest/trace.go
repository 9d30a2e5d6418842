// Package disktest is a disk that loses power, for tests of what must survive
// it. It owns the recording of a program's system calls with strace(1), and the
// replay of them on a disk that keeps what was synced, and of the rest whatever
// it likes: none, all, any part, half of a write. It must not know what is in the
// files. Only tests import it; it starts one process and no goroutine.
//
// What counts as synced is what POSIX promises: data with fsync or fdatasync of
// the file, a name with fsync of its folder.
package disktest

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// calls are those that change files, and those that say where the next write
// goes. What is not among them shows up when the replay ends in other files than
// the program did.
const calls = "openat,close,lseek,write,pwrite64,fsync,fdatasync,ftruncate,copy_file_range,sendfile," +
	"rename,renameat,renameat2,linkat,unlinkat,unlink"

// longest is how many bytes of a write strace keeps.
const longest = 16 << 20

// Trace is what a program did to the files of a folder, call by call.
type Trace struct {
	folder string
	before map[string][]byte
	calls  []call
}

// call is one system call that has ended.
type call struct {
	began  int // number of its first line: what ended before it is before it
	ended  int
	thread string
	name   string
	args   []string
	result int64
}

// Record runs the program, which must end well, and returns what it did to the
// files of the folder. Where no program can be traced the test is skipped.
func Record(t testing.TB, folder string, cmd *exec.Cmd) *Trace {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("POWER LOSS IS NOT TRIED: strace is not installed (Debian package strace)")
	}
	if out, err := exec.Command(strace, "-o", "/dev/null", "true").CombinedOutput(); err != nil {
		t.Skipf("POWER LOSS IS NOT TRIED: strace may not trace here (ptrace is forbidden?): %v: %s", err, out)
	}
	tr := &Trace{folder: folder, before: Files(t, folder)}
	log := filepath.Join(t.TempDir(), "trace")
	traced := exec.Command(strace, append([]string{
		"-f", "-y", "-xx", "-s", strconv.Itoa(longest), "-e", "trace=" + calls, "-o", log, "--", cmd.Path,
	}, cmd.Args[1:]...)...)
	traced.Env, traced.Dir, traced.Stderr = cmd.Env, cmd.Dir, os.Stderr
	if err := traced.Run(); err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	if err := tr.read(log); err != nil {
		t.Fatal(err)
	}
	d := newDisk(tr)
	for i := range tr.calls {
		if err := d.apply(&tr.calls[i]); err != nil {
			t.Fatalf("line %d of the trace: %s: %v", tr.calls[i].ended+1, tr.calls[i].name, err)
		}
	}
	if err := sameFiles(d.now(), Files(t, folder)); err != nil {
		t.Fatalf("the replay ends in other files than the program: %v", err)
	}
	return tr
}

// Files reads all files of a folder, by name.
func Files(t testing.TB, folder string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]byte, len(entries))
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(folder, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func sameFiles(got, want map[string][]byte) error {
	for name, text := range want {
		if string(got[name]) != string(text) {
			return fmt.Errorf("%s differs: %d bytes, want %d", name, len(got[name]), len(text))
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			return fmt.Errorf("%s is too much", name)
		}
	}
	return nil
}

var (
	lineForm    = regexp.MustCompile(`^(\d+) +(.*)$`)
	resumedForm = regexp.MustCompile(`^<\.\.\. (\w+) resumed>(.*)$`)
	callForm    = regexp.MustCompile(`^(\w+)\((.*)\) += (-?\d+)`)
)

const unfinished = " <unfinished ...>"

// read joins the halves of calls during which others ran.
func (tr *Trace) read(log string) error {
	f, err := os.Open(log)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 8*longest)
	type half struct {
		began int
		text  string
	}
	begun := make(map[string]half) // by thread
	for n := 0; lines.Scan(); n++ {
		parts := lineForm.FindStringSubmatch(lines.Text())
		if parts == nil {
			return errors.Join(fmt.Errorf("line %d of the trace: %q", n+1, lines.Text()), f.Close())
		}
		thread, text, began := parts[1], parts[2], n
		if strings.HasPrefix(text, "---") || strings.HasPrefix(text, "+++") {
			continue
		}
		if head, ok := strings.CutSuffix(text, unfinished); ok {
			begun[thread] = half{n, head}
			continue
		}
		if rest := resumedForm.FindStringSubmatch(text); rest != nil {
			began, text = begun[thread].began, begun[thread].text+rest[2]
			delete(begun, thread)
		}
		c := callForm.FindStringSubmatch(text)
		if c == nil { // one that was cut off by the end, or has no result
			continue
		}
		result, err := strconv.ParseInt(c[3], 10, 64)
		if err != nil || result < 0 {
			continue // it did nothing
		}
		args, err := split(c[2])
		if err != nil {
			return errors.Join(fmt.Errorf("line %d of the trace: %w", n+1, err), f.Close())
		}
		tr.calls = append(tr.calls, call{began: began, ended: n, thread: thread, name: c[1], args: args, result: result})
	}
	return errors.Join(lines.Err(), f.Close())
}

// split parts the arguments of a call. All text is hexadecimal, so that no comma
// is inside.
func split(text string) ([]string, error) {
	args := strings.Split(text, ", ")
	for i, a := range args {
		if strings.HasSuffix(a, "...") {
			return nil, fmt.Errorf("an argument of more than %d bytes was cut", longest)
		}
		if quoted, ok := strings.CutPrefix(a, `"`); ok {
			raw, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSuffix(quoted, `"`), `\x`, ""))
			if err != nil {
				return nil, fmt.Errorf("argument %d: %w", i+1, err)
			}
			args[i] = string(raw)
		}
	}
	return args, nil
}

// number reads a descriptor, which may bear its path, or an offset, which may
// stand in brackets.
func number(arg string) (int64, error) {
	arg, _, _ = strings.Cut(strings.Trim(arg, "[]"), "<")
	return strconv.ParseInt(arg, 0, 64)
}
