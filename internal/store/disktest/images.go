package disktest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Image is what a disk may have after a loss of power.
type Image struct {
	Name  string   // when it was lost, and what was kept
	Said  []string // whole lines that the program had written to standard output
	files map[string][]byte
}

// Has says whether the folder has a file of that name.
func (i *Image) Has(name string) bool { _, ok := i.files[name]; return ok }

// Put makes the folder what the image is.
func (i *Image) Put(t testing.TB, folder string) {
	t.Helper()
	for name, text := range i.files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Images calls f with about n images, in equal parts over all calls of the trace
// that change the disk; the seed decides which, and f whether to go on. It
// returns how many there were.
func (tr *Trace) Images(t testing.TB, n int, seed uint64, f func(Image) bool) int {
	t.Helper()
	moments := 0
	for i := range tr.calls {
		if tr.calls[i].changes() {
			moments++
		}
	}
	random := rand.New(rand.NewPCG(seed, uint64(n)))
	d := newDisk(tr)
	made, owed := 0, 0.0
	for i := range tr.calls {
		c := &tr.calls[i]
		if err := d.apply(c); err != nil {
			t.Fatal(err)
		}
		if !c.changes() {
			continue
		}
		for owed += float64(n) / float64(moments); owed >= 1; owed-- {
			mode := Modes()[random.IntN(len(Modes()))]
			lines := strings.SplitAfter(string(d.said), "\n")
			made++
			if !f(Image{
				Name: fmt.Sprintf("call %d (%s), kept: %s", i, c.name, mode), Said: lines[:len(lines)-1], files: d.image(mode, random),
			}) {
				return made
			}
		}
	}
	return made
}

// changes says whether a call may change what the disk has, or what is promised.
func (c *call) changes() bool {
	switch c.name {
	case "close", "lseek":
		return false
	case "openat":
		return strings.Contains(c.args[2], "O_CREAT") || strings.Contains(c.args[2], "O_TRUNC")
	}
	return true
}
