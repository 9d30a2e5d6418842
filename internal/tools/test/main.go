// Command test runs every test of the project: it installs from Debian what the
// real-client and browser tests need and is not there yet, calls go test, and
// names every test that was skipped. With CI set a skipped test is a failure.
//
//	go run ./internal/tools/test [packages or flags of go test]
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// needs maps the program that a test calls to the Debian package that brings it.
var needs = []struct{ program, pkg string }{
	{"newsboat", "newsboat"},
	{"sfeed", "sfeed"},
	{"sqlite3", "sqlite3"},
	{"xmllint", "libxml2-utils"},
	{"chromium", "chromium"},
	{"promtool", "prometheus"},
	{"r2e", "rss2email"},
	{"feed2exec", "feed2exec"},
	{"strace", "strace"},
	{"systemd-analyze", "systemd"},
}

// needsToo is the same for what is no program: a command that fails without the
// package. Modules are those of Debian's Python, whatever else is installed.
var needsToo = []struct {
	command []string
	pkg     string
}{
	{[]string{"/usr/bin/python3", "-c", "import feedparser"}, "python3-feedparser"},
	{[]string{"ls", "/usr/share/fonts/truetype/noto/NotoNaskhArabic-Regular.ttf"}, "fonts-noto-core"},
}

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "test:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	if err := install(missing(), stderr); err != nil {
		return err
	}
	if !slices.ContainsFunc(args, func(a string) bool { return !strings.HasPrefix(a, "-") }) {
		args = append(args, "./...")
	}
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start go test: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start go test: %w", err)
	}
	sum, err := report(pipe, stdout)
	if err != nil {
		return fmt.Errorf("read what go test says: %w", err)
	}
	failed := cmd.Wait()
	for _, s := range sum.skipped {
		fmt.Fprintln(stdout, "skipped:", s)
	}
	fmt.Fprintf(stdout, "%d passed, %d failed, %d skipped\n", sum.passed, sum.failed, len(sum.skipped))
	if failed != nil {
		return fmt.Errorf("go test: %w", failed)
	}
	if os.Getenv("CI") != "" && len(sum.skipped) > 0 {
		return fmt.Errorf("%d tests were skipped: with CI set that is a failure", len(sum.skipped))
	}
	return nil
}

// missing returns the Debian packages that are wanted and not installed.
func missing() []string {
	var pkgs []string
	for _, n := range needs {
		if _, err := exec.LookPath(n.program); err != nil {
			pkgs = append(pkgs, n.pkg)
		}
	}
	for _, n := range needsToo {
		if exec.Command(n.command[0], n.command[1:]...).Run() != nil {
			pkgs = append(pkgs, n.pkg)
		}
	}
	return pkgs
}

// install brings the packages in where that is possible. Elsewhere it says what
// is missing: the tests that need it say so too.
func install(pkgs []string, stderr io.Writer) error {
	if len(pkgs) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		fmt.Fprintf(stderr, "test: not installed, and this is no Debian: %s: tests that need them are skipped\n", strings.Join(pkgs, " "))
		return nil
	}
	var sudo []string
	if os.Getuid() != 0 {
		sudo = []string{"sudo"}
	}
	for _, call := range [][]string{
		{"apt-get", "update", "-q"},
		append([]string{"env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-q", "-y", "--no-install-recommends"}, pkgs...),
	} {
		call = append(slices.Clone(sudo), call...)
		cmd := exec.Command(call[0], call[1:]...)
		cmd.Stdout, cmd.Stderr = stderr, stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(call, " "), err)
		}
	}
	return nil
}

// event is one line of go test -json.
type event struct {
	Action, Package, Test, Output string
}

type summary struct {
	passed, failed int
	skipped        []string
}

// report prints what go test prints without -v: a line a package, and the
// output of tests that failed.
func report(r io.Reader, w io.Writer) (summary, error) {
	var sum summary
	output := make(map[string][]string)
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20) // a failing test may print one long line
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Fprintln(w, lines.Text()) // a build failure is plain text
			continue
		}
		name := e.Package + " " + e.Test
		switch {
		case e.Action == "output" && e.Test == "" || e.Action == "build-output":
			fmt.Fprint(w, e.Output)
		case e.Action == "output":
			output[name] = append(output[name], e.Output)
		case e.Test == "":
		case e.Action == "pass":
			sum.passed++
			delete(output, name)
		case e.Action == "fail":
			sum.failed++
			fmt.Fprint(w, strings.Join(output[name], ""))
			delete(output, name)
		case e.Action == "skip":
			sum.skipped = append(sum.skipped, name+": "+strings.Join(strings.Fields(strings.Join(output[name], " ")), " "))
			delete(output, name)
		}
	}
	return sum, lines.Err()
}
