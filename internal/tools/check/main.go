// Command check is the gate: every change passes it before it is merged, at a
// desk and in continuous integration alike. It owns the order of the checks and
// how each is judged; it knows nothing of the product.
//
// It runs the tools of internal/tools/tools.mod, which are kept apart from
// go.mod, because a linter must not choose the versions of the libraries that
// read our sources. The first failure ends it and names the command that
// repeats it. The rules of structure are ordinary tests of this package, so
// `go test` is where they run.
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
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

// timeLimit is that of continuous integration, less what fetching the code and
// answering takes.
const timeLimit = 19 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run checks the module of the working directory and returns the exit code: 0
// when everything holds, 1 when something does not, 2 for wrong usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(stderr)
	fast := flags.Bool("fast", false, "without -race, fuzzing and the second build")
	only := flags.String("only", "", "run the `step` of this name alone")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return 2
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		fmt.Fprintf(stderr, "check: find the module: %v\n", err)
		return 1
	}
	steps := steps(*fast)
	if *only != "" {
		steps = named(steps, *only)
	}
	if len(steps) == 0 {
		fmt.Fprintf(stderr, "check: there is no step %q: leave out --only to see them all\n", *only)
		return 2
	}
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	return runSteps(ctx, root, steps, stdout)
}

// runSteps runs the steps in order and stops at the first that fails.
func runSteps(ctx context.Context, root string, steps []step, w io.Writer) int {
	for _, s := range steps {
		start := time.Now()
		note, err := s.run(ctx, root)
		took := time.Since(start).Round(100 * time.Millisecond)
		if err != nil {
			fmt.Fprintf(w, "FAIL  %s  %s\n%s\n", s.name, took, strings.TrimSpace(err.Error()))
			var f *failure
			if errors.As(err, &f) {
				fmt.Fprintf(w, "check: %s failed: repeat it with: %s\n", s.name, f.command)
			} else {
				fmt.Fprintf(w, "check: %s failed: repeat it with: go run ./internal/tools/check --only %s\n", s.name, s.name)
			}
			return 1
		}
		fmt.Fprintf(w, "ok    %-11s %7s  %s\n", s.name, took, note)
	}
	return 0
}

// failure is a command that did not end as it should.
type failure struct {
	command string // as one would type it
	output  string
	err     error
}

func (f *failure) Error() string {
	if f.output == "" && f.err != nil {
		return f.err.Error()
	}
	return f.output
}

func (f *failure) Unwrap() error { return f.err }

// command is one call of a program with its output.
type command struct {
	env  []string // in addition to ours
	args []string
}

// String returns the command as one would type it in a shell.
func (c command) String() string {
	words := append([]string(nil), c.env...)
	for _, a := range c.args {
		if strings.ContainsAny(a, "^$*| '") {
			a = "'" + a + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

// run runs the command in dir and returns all that it wrote, to standard error
// too. Its error is a *failure.
func (c command) run(ctx context.Context, dir string) (string, error) {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), c.env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("the gate's time is over: %w", context.Cause(ctx))
	}
	if err != nil {
		return out.String(), &failure{command: c.String(), output: out.String(), err: err}
	}
	return out.String(), nil
}

// moduleRoot returns the folder of go.mod.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := command{args: []string{"go", "env", "GOMOD"}}.run(ctx, ".")
	if err != nil {
		return "", err
	}
	gomod := strings.TrimSpace(out)
	if gomod == "" || gomod == os.DevNull {
		return "", errors.New("no go.mod here or above: run it inside the project")
	}
	return filepath.Dir(gomod), nil
}
