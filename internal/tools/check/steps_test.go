package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTheGateStopsAtTheFirstFailureAndSaysHowToRepeatIt(t *testing.T) {
	var ran []string
	pass := func(name string) step {
		return step{name, func(context.Context, string) (string, error) {
			ran = append(ran, name)
			return "fine", nil
		}}
	}
	broken := command{env: []string{"A=b"}, args: []string{"go", "tool", "-n", "no such^tool"}}
	var out strings.Builder
	code := runSteps(t.Context(), t.TempDir(), []step{pass("one"), {"two", exits0(broken)}, pass("three")}, &out)
	if code != 1 || !slices.Equal(ran, []string{"one"}) {
		t.Errorf("exit code %d after steps %q, want 1 after one", code, ran)
	}
	if want := "check: two failed: repeat it with: A=b go tool -n 'no such^tool'\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("output ends otherwise than with %q:\n%s", want, out.String())
	}
}

func TestAStepWithoutACommandIsRepeatedByItsName(t *testing.T) {
	var out strings.Builder
	fail := step{"build", func(context.Context, string) (string, error) { return "", errors.New("sums differ") }}
	code := runSteps(t.Context(), t.TempDir(), []step{fail}, &out)
	if want := "sums differ\ncheck: build failed: repeat it with: go run ./internal/tools/check --only build\n"; code != 1 || !strings.HasSuffix(out.String(), want) {
		t.Errorf("exit code %d, output %q; want 1 and %q", code, out.String(), want)
	}
}

func TestASilentStepFailsOnAnyOutput(t *testing.T) {
	_, err := silent(command{args: []string{"go", "env", "GOOS"}})(t.Context(), t.TempDir())
	var f *failure
	if !errors.As(err, &f) || f.command != "go env GOOS" {
		t.Errorf("got %v, want a failure of go env GOOS", err)
	}
	if _, err := silent(command{args: []string{"go", "fmt"}})(t.Context(), empty(t)); err != nil {
		t.Errorf("a command without output failed: %v", err)
	}
}

// empty returns the folder of a module with one file in order.
func empty(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module m\n\ngo 1.26\n", "a.go": "package m\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFastLeavesOutOnlyWhatIsSlow(t *testing.T) {
	names := func(fast bool) string {
		var all []string
		for _, s := range steps(fast) {
			all = append(all, s.name)
		}
		return strings.Join(all, " ")
	}
	if got, want := names(false), "tidy verify format vet vet386 fix staticcheck deadcode test fuzz build vulnerable"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := names(true), "tidy verify format vet vet386 fix staticcheck deadcode test build vulnerable"; got != want {
		t.Errorf("fast: got %s, want %s", got, want)
	}
}

func TestFuzzTargetsAreReadWithTheirPackage(t *testing.T) {
	got := targets("FuzzA\nFuzzB\nok  \tkhyber/internal/parse\t0.1s\nok  \tkhyber/internal/text\t0.1s\n?   \tkhyber/internal/news\t[no test files]\nFuzzC\nok  \tkhyber/internal/poll\t(cached)\n")
	want := []target{{"khyber/internal/parse", "FuzzA"}, {"khyber/internal/parse", "FuzzB"}, {"khyber/internal/poll", "FuzzC"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAFuzzFailureCountsUnlessTheTimeWasOver(t *testing.T) {
	for _, c := range []struct {
		out  string
		want bool
	}{
		{"--- FAIL: FuzzA (6.0s)\n    context deadline exceeded\nFAIL\n", true},
		{"--- FAIL: FuzzA (6.0s)\n    a_test.go:1: wrong\n    Failing input written to testdata/fuzz/FuzzA/1\n", false},
		{"--- FAIL: FuzzA (6.0s)\n    context deadline exceeded\n    Failing input written to testdata/fuzz/FuzzA/1\n", false},
		{"panic: runtime error\n    context deadline exceeded\n", false},
		{"FAIL khyber/internal/parse [build failed]\n", false},
	} {
		if got := ranOutOfTime(c.out); got != c.want {
			t.Errorf("%q: got %v, want %v", c.out, got, c.want)
		}
	}
}

func TestAnUnreachableDatabaseIsSaidAndIsNoFailure(t *testing.T) {
	exit := func(code string) error {
		dir := empty(t)
		text := "package main\nimport \"os\"\nfunc main() { println(\"no network\"); os.Exit(" + code + ") }\n"
		if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := (command{args: []string{"go", "build", "-o", "prog", "."}}).run(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
		_, err := command{args: []string{filepath.Join(dir, "prog")}}.run(t.Context(), dir)
		return err
	}
	if note, err := judgeVulnerable(exit("1")); note != "not run: no network" || err != nil {
		t.Errorf("exit 1: got %q, %v", note, err)
	}
	if note, err := judgeVulnerable(exit("3")); err == nil {
		t.Errorf("exit 3 passed with %q", note)
	}
	if note, err := judgeVulnerable(nil); note != "nothing known" || err != nil {
		t.Errorf("exit 0: got %q, %v", note, err)
	}
}

func TestTheCopyForABuildHasNoHistory(t *testing.T) {
	from, to := empty(t), filepath.Join(t.TempDir(), "copy")
	if err := os.MkdirAll(filepath.Join(from, ".git"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := copyModule(to, from); err != nil {
		t.Fatal(err)
	}
	got, err := filepath.Glob(filepath.Join(to, "*"))
	if err != nil || len(got) != 2 {
		t.Errorf("copied %q, %v; want a.go and go.mod", got, err)
	}
	if _, err := os.Stat(filepath.Join(to, ".git")); !os.IsNotExist(err) {
		t.Errorf(".git was copied: %v", err)
	}
}
