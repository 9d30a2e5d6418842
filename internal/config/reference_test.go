package config

import (
	"strings"
	"testing"
)

// TestReferenceNamesEveryKey compares the page with the tables that read.
func TestReferenceNamesEveryKey(t *testing.T) {
	page := string(Reference())
	for _, name := range names(rootKeys()) {
		if !strings.Contains(page, "\n## "+name+"\n") {
			t.Errorf("the reference does not explain %s", name)
		}
	}
	for _, name := range names(sourceKeys()) {
		if !strings.Contains(page, "\n### sources."+name) {
			t.Errorf("the reference does not explain sources.%s", name)
		}
	}
	for _, want := range []string{"\n### sources.id (needed)\n", "\n### topics.include (needed)\n", "\nevery: 10m\n", "\n  - name: both sides in the headline\n"} {
		if !strings.Contains(page, want) {
			t.Errorf("the reference does not hold %q", want)
		}
	}
}
