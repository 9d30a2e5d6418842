//go:build campaign

package parse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"
	"time"

	"khyber/internal/feedtest"
)

// hostileSize is the largest size of the hostile documents that are read.
const hostileSize = math.MaxInt

// What a hostile document may cost, by the budgets of the design.
const (
	hostileTime   = time.Second
	hostileMemory = 64 << 20 // bytes over what the process had before
)

// The environment of a child: the document that it reads.
const (
	childFile = "HOSTILE_FILE"
	childType = "HOSTILE_TYPE"
)

// cost is what a child says of its document.
type cost struct {
	Wall time.Duration
	Peak int64 // bytes over the base
}

// TestMain is the child, too: a fresh process that reads one document.
func TestMain(m *testing.M) {
	if os.Getenv(childFile) == "" {
		os.Exit(m.Run())
	}
	c, err := readAsChild(os.Getenv(childFile), os.Getenv(childType))
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(c)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func readAsChild(file, contentType string) (cost, error) {
	debug.FreeOSMemory()
	// Linux: 5 sets the peak to what is in use now (proc_pid_clear_refs(5)).
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		return cost{}, err
	}
	base, err := memory("VmRSS")
	if err != nil {
		return cost{}, err
	}
	body, err := os.ReadFile(file)
	if err != nil {
		return cost{}, err
	}
	begin := time.Now()
	_, _ = Full(testSource(), body, http.Header{"Content-Type": {contentType}}, testNow) // its outcome is another test's
	c := cost{Wall: time.Since(begin)}
	peak, err := memory("VmHWM")
	c.Peak = peak - base
	return c, err
}

// memory returns a line of /proc/self/status in bytes.
func memory(name string) (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	m := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		return 0, fmt.Errorf("no %s in /proc/self/status", name)
	}
	kb, err := strconv.ParseInt(string(m[1]), 10, 64)
	return kb << 10, err
}

// TestHostileDocumentsKeepTheBudget reads every hostile document in a process of
// its own. Time is that of the processors, all threads together, so that a busy
// machine fails nothing.
func TestHostileDocumentsKeepTheBudget(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		name string
		cpu  time.Duration
		cost
	}
	var rows []row
	file := filepath.Join(t.TempDir(), "document")
	for _, h := range feedtest.HostileDocuments() {
		if err := os.WriteFile(file, h.Body(), 0o600); err != nil {
			t.Fatal(err)
		}
		child := exec.CommandContext(t.Context(), self)
		child.Env = append(os.Environ(), childFile+"="+file, childType+"="+h.Type)
		var stderr bytes.Buffer
		child.Stderr = &stderr
		out, err := child.Output()
		r := row{name: h.Name}
		if err != nil || json.Unmarshal(out, &r.cost) != nil {
			t.Errorf("%s killed its process: %v\n%.2000s", h.Name, err, stderr.String())
			continue
		}
		r.cpu = child.ProcessState.UserTime() + child.ProcessState.SystemTime()
		if r.cpu > hostileTime || r.Peak > hostileMemory {
			t.Errorf("%s took %s and %d MiB, want at most %s and %d MiB", r.name, r.cpu, r.Peak>>20, hostileTime, hostileMemory>>20)
		}
		rows = append(rows, r)
	}
	worst := func(title string, less func(a, b row) int) {
		slices.SortFunc(rows, less)
		for _, r := range rows[:min(10, len(rows))] {
			t.Logf("%s: %-45s %6d ms of processors, %6d ms in all, %3d MiB", title, r.name, r.cpu.Milliseconds(), r.Wall.Milliseconds(), r.Peak>>20)
		}
	}
	worst("slowest", func(a, b row) int { return int(b.cpu - a.cpu) })
	worst("largest", func(a, b row) int { return int(b.Peak - a.Peak) })
}
