package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// fuzzTime is shared by all fuzz targets: enough to keep them alive; a release
// gives each ten minutes.
const fuzzTime = 60 * time.Second

// step is one check of the gate. Its run returns a note for the line of a
// success.
type step struct {
	name string
	run  func(ctx context.Context, root string) (note string, err error)
}

// steps returns the gate in its order: what is cheap and what makes later
// output unreadable comes first.
func steps(fast bool) []step {
	test := []string{"go", "test", "-race", "-shuffle=on", "-timeout=15m", "./..."}
	if fast {
		test = []string{"go", "test", "-shuffle=on", "-timeout=10m", "./..."}
	}
	gate := []step{
		{"tidy", exits0(command{args: []string{"go", "mod", "tidy", "-diff"}})},
		{"verify", exits0(command{args: []string{"go", "mod", "verify"}})},
		// gofumpt -l and deadcode exit 0 whatever they find.
		{"format", silent(command{args: tool("gofumpt", "-l", ".")})},
		{"vet", exits0(command{args: []string{"go", "vet", "./..."}})},
		{"vet386", exits0(command{env: []string{"GOARCH=386", "CGO_ENABLED=0"}, args: []string{"go", "vet", "./..."}})},
		{"fix", exits0(command{args: []string{"go", "fix", "-diff", "./..."}})},
		{"staticcheck", exits0(command{args: tool("staticcheck", "-checks", "all", "./...")})},
		{"deadcode", silent(command{args: tool("deadcode", "-test", "./...")})},
		{"test", exits0(command{args: test})},
		{"fuzz", fuzz},
		{"build", build(!fast)},
		{"vulnerable", vulnerable},
	}
	if !fast {
		return gate
	}
	kept := gate[:0]
	for _, s := range gate {
		if s.name != "fuzz" {
			kept = append(kept, s)
		}
	}
	return kept
}

// named returns the step of the name; none when there is no such.
func named(steps []step, name string) []step {
	for _, s := range steps {
		if s.name == name {
			return []step{s}
		}
	}
	return nil
}

// tool returns the call of a program that internal/tools/tools.mod pins.
func tool(name string, args ...string) []string {
	return append([]string{"go", "tool", "-modfile=internal/tools/tools.mod", name}, args...)
}

// exits0 judges a command by its exit code.
func exits0(c command) func(context.Context, string) (string, error) {
	return func(ctx context.Context, root string) (string, error) {
		_, err := c.run(ctx, root)
		return c.String(), err
	}
}

// silent judges a command by its output: there must be none.
func silent(c command) func(context.Context, string) (string, error) {
	return func(ctx context.Context, root string) (string, error) {
		out, err := c.run(ctx, root)
		if err == nil && strings.TrimSpace(out) != "" {
			err = &failure{command: c.String(), output: out, err: errors.New("output where there should be none")}
		}
		return c.String(), err
	}
}

// target is a fuzz target and its package.
type target struct{ pkg, name string }

// targets reads the output of `go test -list`: the names of a package, then the
// line of the package.
func targets(list string) []target {
	var all []target
	var names []string
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 1 && strings.HasPrefix(fields[0], "Fuzz"):
			names = append(names, fields[0])
		case len(fields) >= 2 && fields[0] == "ok":
			for _, n := range names {
				all = append(all, target{pkg: fields[1], name: n})
			}
			names = nil
		}
	}
	return all
}

// fuzz runs every fuzz target for its share of fuzzTime. Go runs one target a
// call.
func fuzz(ctx context.Context, root string) (string, error) {
	list, err := command{args: []string{"go", "test", "-list", "^Fuzz", "./..."}}.run(ctx, root)
	if err != nil {
		return "", err
	}
	all := targets(list)
	for _, t := range all {
		share := max(fuzzTime/time.Duration(len(all)), time.Second).Round(time.Second)
		c := command{args: []string{
			"go", "test", "-run=^$", "-fuzz=^" + t.name + "$", "-fuzztime=" + share.String(), "-fuzzminimizetime=5s", t.pkg,
		}}
		if out, err := c.run(ctx, root); err != nil && !ranOutOfTime(out) {
			return "", err
		}
	}
	return fmt.Sprintf("%d targets", len(all)), nil
}

// ranOutOfTime says whether a target failed only because -fuzztime ended in the
// middle of an input: a race in Go's coordinator, golang/go#75804, mended in Go
// 1.27. A real find writes its input.
func ranOutOfTime(out string) bool {
	return strings.Contains(out, "    context deadline exceeded") &&
		!strings.Contains(out, "Failing input written") && !strings.Contains(out, "panic:")
}

// build builds the program in one folder or, to see whether its bytes depend on
// the place, in two. The second build has a cache of its own, else it would
// only be linked anew.
func build(twice bool) func(context.Context, string) (string, error) {
	return func(ctx context.Context, root string) (string, error) {
		tmp, err := os.MkdirTemp("", "check-build-")
		if err != nil {
			return "", err
		}
		defer os.RemoveAll(tmp)
		first, err := buildCopy(ctx, root, filepath.Join(tmp, "a"), "")
		if err != nil || !twice {
			return first, err
		}
		second, err := buildCopy(ctx, root, filepath.Join(tmp, "deeper", "b"), filepath.Join(tmp, "cache"))
		if err != nil {
			return "", err
		}
		if first != second {
			return "", fmt.Errorf("two builds of the same code differ: sha256 %s and %s: something in them depends on the folder or the time", first, second)
		}
		return "sha256 " + first, nil
	}
}

// buildCopy copies the module without its history to dir, builds the program
// there and returns the sum of its bytes. The history is left out because a
// build is stamped with it.
func buildCopy(ctx context.Context, root, dir, cache string) (string, error) {
	if err := copyModule(dir, root); err != nil {
		return "", fmt.Errorf("copy the module: %w", err)
	}
	c := command{
		env:  []string{"CGO_ENABLED=0"},
		args: []string{"go", "build", "-trimpath", "-ldflags=-buildid=", "-o", "khyber", "./cmd/khyber"},
	}
	repeat := c.String()
	if cache != "" {
		c.env = append(c.env, "GOCACHE="+cache)
	}
	if _, err := c.run(ctx, dir); err != nil {
		if f, ok := errors.AsType[*failure](err); ok {
			f.command = repeat
		}
		return "", err
	}
	return sum(filepath.Join(dir, "khyber"))
}

// copyModule copies the files that a build may read.
func copyModule(dir, root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, rel)
		switch {
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && rel != ".":
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(to, 0o700)
		case !d.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o600)
	})
}

// sum returns the sha256 of a file's bytes.
func sum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// holesFound is govulncheck's exit code when the code calls something that is
// known to be vulnerable. 1 means that it could not look: its database is on
// the internet, and a gate that fails without a network is no gate.
const holesFound = 3

// vulnerable runs govulncheck.
func vulnerable(ctx context.Context, root string) (string, error) {
	_, err := command{args: tool("govulncheck", "./...")}.run(ctx, root)
	return judgeVulnerable(err)
}

// judgeVulnerable tells a find from a database that was out of reach.
func judgeVulnerable(err error) (string, error) {
	if err == nil {
		return "nothing known", nil
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() == holesFound {
		return "", err
	}
	return "not run: " + lastLine(err.Error()), nil
}

// lastLine returns the last line of the text that is not empty.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
