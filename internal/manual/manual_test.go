package manual

import (
	"regexp"
	"strings"
	"testing"

	"khyber/internal/config"
	"khyber/internal/news"
)

var block = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// TestFilesOfTheManualAreValid loads every block of feeds.yaml.
func TestFilesOfTheManualAreValid(t *testing.T) {
	n := 0
	for _, p := range Pages("\n## Sources\n\n- `khyber_sources`: how many.\n") {
		for _, m := range block.FindAllStringSubmatch(p.Text, -1) {
			n++
			if cfg, problems := config.LoadFiles([]news.File{{Path: p.Name, Text: []byte(m[1])}}, config.Options{}); cfg == nil || len(problems) > 0 {
				t.Errorf("%s: %v\n%s", p.Name, problems, m[1])
			}
		}
	}
	if n < 2 {
		t.Errorf("%d blocks of YAML, want 2", n)
	}
}

// TestPagesAreWellFormed keeps what a terminal and a server rely on.
func TestPagesAreWellFormed(t *testing.T) {
	seen := make(map[string]bool)
	for _, p := range Pages("\n## Sources\n\n- `khyber_sources`: how many.\n") {
		if !regexp.MustCompile(`^[a-z]+$`).MatchString(p.Name) || seen[p.Name] {
			t.Errorf("name %q", p.Name)
		}
		seen[p.Name] = true
		if !strings.HasPrefix(p.Text, "# "+p.Title+"\n\n") || !strings.HasSuffix(p.Text, "\n") || strings.Count(p.Text, "\n```")%2 != 0 {
			t.Errorf("%s does not begin with its title, does not end with a line, or has an open block", p.Name)
		}
		for i, line := range strings.Split(p.Text, "\n") {
			if len([]rune(line)) > 150 {
				t.Errorf("%s:%d: a line of %d characters", p.Name, i+1, len([]rune(line)))
			}
		}
	}
}
