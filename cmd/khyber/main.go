// Command khyber polls news sources, keeps each report once, and republishes
// them as topic feeds.
//
// It is the only place that knows every package, and the only one that reads
// flags, the environment and signals and that ends the process. One file a
// subcommand.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	_ "golang.org/x/crypto/x509roots/fallback" // CA roots where the machine has none, as in the image
	_ "time/tzdata"                            // time zones, for the same reason
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// cli is the command line: a field a subcommand.
type cli struct {
	Config string `default:"feeds.yaml" placeholder:"FILE" help:"The file with sources and topics (KHYBER_CONFIG)."`
	Data   string `default:"khyber.db" placeholder:"FILE" help:"The database (KHYBER_DATA)."`

	Serve       serveCmd       `cmd:"" help:"Poll, keep and publish: the daemon."`
	Check       checkCmd       `cmd:"" help:"Validate feeds.yaml and run every topic's examples."`
	Poll        pollCmd        `cmd:"" help:"Poll every source, or the named ones, once."`
	Render      renderCmd      `cmd:"" help:"Print one topic feed."`
	Publish     publishCmd     `cmd:"" help:"Write every topic feed and page as static files."`
	Why         whyCmd         `cmd:"" help:"Say why an item is in a topic, or is not."`
	Try         tryCmd         `cmd:"" help:"Fetch a feed, or find that of a site, and show what Khyber makes of it."`
	Backtest    backtestCmd    `cmd:"" help:"Show what a topic as it is written now would gain and lose."`
	NearMisses  nearMissesCmd  `cmd:"" help:"List what a topic excluded or nearly took."`
	Story       storyCmd       `cmd:"" help:"Show the copies and the story of an item, with the evidence."`
	Split       splitCmd       `cmd:"" help:"Part two items that were taken for copies, or for one story."`
	Merge       mergeCmd       `cmd:"" help:"Join two items: to one story, then to copies."`
	Sources     sourcesCmd     `cmd:"" help:"List the sources with their health."`
	Add         addCmd         `cmd:"" help:"Add a feed to feeds.yaml, or find that of a site and add it."`
	Remove      removeCmd      `cmd:"" help:"Remove a source from feeds.yaml; what is kept of it stays."`
	Import      importCmd      `cmd:"" help:"Add the feeds of an OPML file to feeds.yaml."`
	Export      exportCmd      `cmd:"" help:"Print the sources as OPML, or as a file like feeds.yaml."`
	Backup      backupCmd      `cmd:"" help:"Copy the database, and verify the copy."`
	Verify      verifyCmd      `cmd:"" help:"Look for damage in the database or in a backup."`
	Restore     restoreCmd     `cmd:"" help:"Put a backup in the place of the database, while the daemon is stopped."`
	Compact     compactCmd     `cmd:"" help:"Give the free pages of the database back, while the daemon is stopped."`
	Demo        demoCmd        `cmd:"" help:"Show the whole program on an invented day of ten minutes, without a network."`
	Doctor      doctorCmd      `cmd:"" help:"Say what is wrong, and the change of feeds.yaml that would mend it."`
	Parse       parseCmd       `cmd:"" help:"Show what Khyber makes of a document."`
	Healthcheck healthcheckCmd `cmd:"" help:"Ask a running daemon whether it is well."`
	SystemdUnit systemdUnitCmd `cmd:"" help:"Print a unit for systemd."`
	Help        helpCmd        `cmd:"" help:"Print a page of the manual."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
}

// app is the world of one run: what every subcommand may use.
type app struct {
	config string
	data   string
	getenv func(string) (string, bool)
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	now    func() time.Time
	random func() float64     // [0,1)
	egress http.RoundTripper  // to subscribers and hubs; nil: the guarded one
	errand *errand            // of a command that runs inside the daemon; nil: it has a process of its own
	broken chan error         // why the database takes no more writes until a restart
	crash  func(point string) // is told where a run stands, for tests that kill it; nil outside of them

	secrets atomic.Pointer[[]string] // what no log line may show; a reload brings more
}

// path is a file as the caller of the command means it.
func (a *app) path(name string) string {
	if a.errand != nil && !filepath.IsAbs(name) {
		return filepath.Join(a.errand.Folder, name)
	}
	return name
}

// writing returns an app that prints to w, for a command that is part of
// another one.
func (a *app) writing(w io.Writer) *app {
	return &app{
		config: a.config, data: a.data, getenv: a.getenv, stdin: a.stdin, stdout: w, stderr: a.stderr,
		now: a.now, random: a.random, egress: a.egress, errand: a.errand, broken: a.broken, crash: a.crash,
	}
}

// run is the program without the process: it parses args, runs the subcommand
// and returns the exit code. Signals end ctx.
func run(ctx context.Context, args []string, getenv func(string) (string, bool), stdin io.Reader, stdout, stderr io.Writer) int {
	return newApp(getenv, stdin, stdout, stderr).run(ctx, args)
}

// newApp returns the world of a run that nobody kills.
func newApp(getenv func(string) (string, bool), stdin io.Reader, stdout, stderr io.Writer) *app {
	return &app{
		getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr, now: time.Now, random: rand.Float64,
		broken: make(chan error, 1),
	}
}

func (a *app) run(ctx context.Context, args []string) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	// After the first signal the next one ends the process at once.
	defer context.AfterFunc(ctx, stop)()

	var c cli
	helped := false
	parser, err := kong.New(&c, kong.Name("khyber"), kong.UsageOnError(),
		kong.Description("A news feed aggregator: it polls sources, keeps each report once, and publishes topic feeds."),
		kong.Writers(a.stdout, a.stderr), kong.Exit(func(int) { helped = true }), kong.Resolvers(environment(a.getenv)))
	if err != nil {
		return fail(a.stderr, fmt.Errorf("build the command line: %w", err))
	}
	parsed, err := parser.Parse(args)
	switch {
	case helped: // --help was given: kong has printed it
		return exitOK
	case err != nil:
		return fail(a.stderr, usageError{fmt.Errorf("%w: khyber --help lists the commands", err)})
	}
	a.config, a.data = c.Config, c.Data
	parsed.BindTo(ctx, (*context.Context)(nil))
	return fail(a.stderr, parsed.Run(a))
}

// environment gives a flag that is not set the value of its variable:
// KHYBER_LISTEN for --listen.
func environment(getenv func(string) (string, bool)) kong.ResolverFunc {
	return func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if v, ok := getenv("KHYBER_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))); ok {
			return v, nil
		}
		return nil, nil
	}
}

// usageError is a mistake on the command line.
type usageError struct{ error }

// Unwrap returns the mistake itself.
func (e usageError) Unwrap() error { return e.error }

// shownError ends a subcommand that has said on its own what is wrong. It is
// the exit code.
type shownError int

// Error is never printed.
func (e shownError) Error() string { return fmt.Sprintf("shown already, exit %d", int(e)) }

// fail prints err as people should read it and returns the exit code for it.
func fail(stderr io.Writer, err error) int {
	var usage usageError
	var shown shownError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &shown):
		return int(shown)
	case errors.As(err, &usage):
		fmt.Fprintln(stderr, "khyber:", err)
		return exitUsage
	}
	fmt.Fprintln(stderr, "khyber:", err)
	return exitFailure
}

// reached tells a test where a run stands.
func (a *app) reached(point string) {
	if a.crash != nil {
		a.crash(point)
	}
}

// breaks is told why the database takes no more writes.
func (a *app) breaks(err error) {
	select {
	case a.broken <- err:
	default: // the first one is enough
	}
}

// hide keeps more secrets out of every log.
func (a *app) hide(secrets []string) {
	all := slices.Clone(secrets)
	if before := a.secrets.Load(); before != nil {
		all = append(all, *before...)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	all = slices.Compact(all)
	a.secrets.Store(&all)
}

// hidden returns a text without the values of secrets.
func (a *app) hidden(text string) string {
	if all := a.secrets.Load(); all != nil {
		for _, secret := range *all {
			if secret != "" {
				text = strings.ReplaceAll(text, secret, "(hidden)")
			}
		}
	}
	return text
}

// logger writes text to a terminal and JSON to everything else. Values of
// secrets never appear in it.
func (a *app) logger(secrets []string, level slog.Level) *slog.Logger {
	a.hide(secrets)
	hide := func(_ []string, attr slog.Attr) slog.Attr {
		said := attr.Value.String()
		if hidden := a.hidden(said); hidden != said {
			attr.Value = slog.StringValue(hidden)
		}
		return attr
	}
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: hide}
	if a.terminal(a.stderr) {
		return slog.New(slog.NewTextHandler(a.stderr, opts))
	}
	return slog.New(slog.NewJSONHandler(a.stderr, opts))
}
