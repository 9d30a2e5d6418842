package main

import (
	"fmt"
	"runtime/debug"

	"khyber/internal/store/bolt"
)

// version is set at link time: -X main.version=v1.2.3.
var version = ""

type versionCmd struct{}

// Run prints the version of Khyber, of the Go that built it, and of the databases
// that it writes: another Khyber opens those if it says the same number or a
// higher one.
func (versionCmd) Run(a *app) error {
	info, _ := debug.ReadBuildInfo()
	_, err := fmt.Fprintf(a.stdout, "%s, schema %d\n", versionText(version, info), bolt.Schema())
	return err
}

// versionText says what is known of this binary: the version of the linker,
// else the module's, else the commit.
func versionText(linked string, info *debug.BuildInfo) string {
	if info == nil {
		return "khyber " + orDevel(linked)
	}
	return fmt.Sprintf("khyber %s %s", shortVersion(linked, info), info.GoVersion)
}

// shortVersion is the version alone, for the User-Agent and metrics.
func shortVersion(linked string, info *debug.BuildInfo) string {
	if linked != "" || info == nil {
		return orDevel(linked)
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return orDevel("")
}

func orDevel(v string) string {
	if v == "" {
		return "devel"
	}
	return v
}
