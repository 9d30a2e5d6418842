// Command bench measures what polling costs. It serves invented sources on
// loopback, builds khyber, and has it poll them all three times: when everything
// is new, when nothing has changed, and when every tenth source has gained three
// items. For each it prints the CPU seconds of the process (user + system), its
// peak memory and the wall time, and at the end the bytes of database an item.
//
//	go run ./internal/tools/bench [-n 200] [-items 30] [-seed 1] [BINARY…]
//
// With binaries named it builds none and measures each, in turn: two versions are
// compared in one run, since a machine that others share is never twice the same.
// CPU seconds are steadier than wall time; take the median of three runs. What a
// poll cost must match what it found, else bench fails.
//
// The sources are RSS, Atom, RDF and JSON Feed in eight languages, made of words
// that nobody says. A fifth of the items stands word for word in another source
// too. All answer ETag, Last-Modified, 304 and gzip. The same seed gives the same
// texts; dates are those of today, because Khyber treats old items otherwise.
// There is no TLS: its cost comes on top.
//
// Like every tool it knows nothing of the product: it runs it.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

const (
	mostSources = 10_000
	mostItems   = 200
	// phaseTimeout bounds one poll of all sources.
	phaseTimeout = 10 * time.Minute
	changed      = 10 // one source of so many gains items
	gained       = 3
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	n := flags.Int("n", 200, "sources")
	items := flags.Int("items", 30, "items a source")
	seed := flags.Uint64("seed", 1, "of the texts")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *n < 1 || *n > mostSources || *items < gained || *items > mostItems {
		return fmt.Errorf("-n goes up to %d, -items from %d to %d", mostSources, gained, mostItems)
	}
	folder, err := os.MkdirTemp("", "khyber-bench-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	binaries := flags.Args()
	if len(binaries) == 0 {
		built := filepath.Join(folder, "khyber")
		build := exec.CommandContext(ctx, "go", "build", "-o", built, "khyber/cmd/khyber")
		build.Stderr = stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("build khyber: %w", err)
		}
		binaries = []string{built}
	}
	b := bench{folder: folder, n: *n, items: *items, seed: *seed, out: tabwriter.NewWriter(stdout, 0, 0, 2, ' ', tabwriter.AlignRight)}
	fmt.Fprintf(stdout, "%d sources, %d items each\n", *n, *items)
	fmt.Fprintln(b.out, "poll\tCPU s\tms a source\tpeak MiB\twall s\tnew\t")
	for i, binary := range binaries {
		if len(binaries) > 1 {
			fmt.Fprintf(b.out, "%s\t\t\t\t\t\t\n", binary)
		}
		if err := b.measure(ctx, binary, filepath.Join(folder, strconv.Itoa(i)+".db")); err != nil {
			return err
		}
	}
	return b.out.Flush()
}

// bench is one run of the tool.
type bench struct {
	folder   string
	n, items int
	seed     uint64
	out      *tabwriter.Writer
}

// measure polls new sources with one binary, in the three phases.
func (b *bench) measure(ctx context.Context, binary, data string) (err error) {
	s, err := serve(b.n, b.items, b.seed, time.Now())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	config := filepath.Join(b.folder, "feeds.yaml")
	if err := os.WriteFile(config, []byte(s.config()), 0o600); err != nil {
		return fmt.Errorf("write feeds.yaml: %w", err)
	}
	growing := (b.n + changed - 1) / changed
	for _, phase := range []struct {
		name string
		tick bool
		want found
	}{
		{"first", false, found{ok: b.n, items: b.n * b.items}},
		{"unchanged", false, found{unchanged: b.n}},
		{"changed", true, found{ok: growing, unchanged: b.n - growing, items: growing * gained}},
	} {
		if phase.tick {
			s.tick()
		}
		cost, got, err := poll(ctx, binary, config, data)
		if err != nil {
			return fmt.Errorf("poll %s: %w", phase.name, err)
		}
		if got != phase.want {
			return fmt.Errorf("poll %s found %+v, the sources have %+v", phase.name, got, phase.want)
		}
		fmt.Fprintf(b.out, "%s\t%.2f\t%.2f\t%.0f\t%.2f\t%d\t\n", phase.name, cost.cpu.Seconds(),
			1000*cost.cpu.Seconds()/float64(b.n), float64(cost.peak)/(1<<20), cost.wall.Seconds(), got.items)
	}
	info, err := os.Stat(data)
	if err != nil {
		return fmt.Errorf("measure the database: %w", err)
	}
	kept := b.n*b.items + growing*gained
	fmt.Fprintf(b.out, "database\t%d bytes an item\t\t\t\t%d\t\n", info.Size()/int64(kept), kept)
	return nil
}

// cost is what a process has used.
type cost struct {
	cpu, wall time.Duration
	peak      int64 // bytes of memory, mapped pages of the database included
}

// found is what a poll of all sources says that it found.
type found struct{ ok, unchanged, items int }

// poll runs khyber poll once.
func poll(ctx context.Context, binary, config, data string) (cost, found, error) {
	ctx, cancel := context.WithTimeout(ctx, phaseTimeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, "poll", "--config", config, "--data", data)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		return cost{}, found{}, fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	state := cmd.ProcessState
	return cost{state.UserTime() + state.SystemTime(), time.Since(begin), peak(state)}, read(stdout.String()), nil
}

// peak is the largest memory that a process had resident.
func peak(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	const unit = 1 << 10 // as Linux counts; Darwin counts bytes
	return int64(usage.Maxrss) * unit
}

var okLine = regexp.MustCompile(`^\S+ +ok: (\d+) new, `)

// read adds up the lines of khyber poll, one a source.
func read(out string) found {
	var f found
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) > 1 && strings.TrimSuffix(fields[1], ";") == "unchanged" {
			f.unchanged++
		}
		if m := okLine.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[1]) // digits
			f.ok++
			f.items += n
		}
	}
	return f
}
