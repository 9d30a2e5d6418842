package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryThreatHasItsTests: the table of internal/README.md names tests that are
// there, at least one a threat.
func TestEveryThreatHasItsTests(t *testing.T) {
	root, err := moduleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "internal", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n## Threats")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := regexp.MustCompile(`(?m)^\| ([^|]+) \| ([^|]+) \|$`).FindAllStringSubmatch(section, -1)
	if !found || len(rows) < 10 {
		t.Fatalf("the table of threats has %d rows", len(rows))
	}
	var sources strings.Builder
	for _, f := range loadTree(t).files {
		sources.WriteString(f.src)
	}
	for _, row := range rows[1:] { // the first one is its head
		names := regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(row[2], -1)
		if len(names) == 0 {
			t.Errorf("no test holds off %s", row[1])
		}
		for _, name := range names {
			if is := regexp.MustCompile(`\bfunc ` + name[1] + `\(|"` + name[1] + `"`); !is.MatchString(sources.String()) {
				t.Errorf("there is no %s, which holds off %s", name[1], row[1])
			}
		}
	}
}
