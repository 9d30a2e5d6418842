package topic

import (
	"os"
	"strings"
	"testing"

	"khyber/internal/news"
)

// TestInventedReportsOfManyLanguages judges every report of the file by the
// shipped topic: as one of its language, and as one whose language is unknown.
func TestInventedReportsOfManyLanguages(t *testing.T) {
	s := shippedSet(t)
	data, err := os.ReadFile("testdata/afpak-relations.txt")
	if err != nil {
		t.Fatal(err)
	}
	lang := ""
	rows := make(map[string][2]int) // of a language: those that belong in the topic, and those that do not
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" || line[0] == '#':
			continue
		case line[0] == '[':
			lang = strings.Trim(line, "[]")
			continue
		}
		wanted := strings.HasPrefix(line, "+ ")
		count := rows[lang]
		count[map[bool]int{true: 0, false: 1}[wanted]]++
		rows[lang] = count
		for _, lang := range []string{lang, ""} {
			item := news.Item{Lang: lang}
			item.Title, item.Summary, _ = strings.Cut(line[2:], " | ")
			r, _ := s.Why("afpak-relations", &item)
			if (r.Match.Verdict == news.In) != wanted {
				t.Errorf("[%s] %s\n%s", lang, line, r.Lines()[0])
			}
		}
	}
	for _, lang := range []string{"en", "ur", "ps", "fa", "ar", "hi", "ru", "bn"} {
		if rows[lang][0] < 12 || rows[lang][1] < 10 {
			t.Errorf("%s has too few rows: %v", lang, rows[lang])
		}
	}
	if len(rows) < 20 {
		t.Errorf("got %d languages, want 20", len(rows))
	}
}

func shippedSet(t testing.TB) *Set {
	t.Helper()
	s, problems := Compile(shipped(t), lexiconOf(t, ""), nil)
	if s == nil {
		t.Fatalf("got %v", problems)
	}
	return s
}
