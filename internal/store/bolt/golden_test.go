package bolt_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"khyber/internal/store/bolt"
	"khyber/internal/store/storetest"
)

const (
	goldenFolder = "testdata/db"
	goldenMost   = 200 << 10 // bytes of a database in the repository
	remake       = "UPDATE_DATABASE=1 go test ./internal/store/bolt -run TestDatabasesOfAllVersions"
)

// TestDatabasesOfAllVersions opens the database that each version of Khyber left
// behind: every later one must say of it what it says, word for word, and find
// nothing new in the documents that it has seen. NAME.db is never changed once a
// release could write it; NAME.txt is what is told of it and follows the types
// (UPDATE=1).
func TestDatabasesOfAllVersions(t *testing.T) {
	if os.Getenv("UPDATE_DATABASE") != "" {
		makeDatabase(t, filepath.Join(goldenFolder, "1.db"))
	}
	files, err := filepath.Glob(filepath.Join(goldenFolder, "*.db"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Cleanup(func() {
				if t.Failed() {
					t.Log("A file of a version that is released must stay readable: write a step in schema.go. While none is released, and what is kept has changed on purpose: " + remake)
				}
			})
			text := strings.TrimSuffix(file, ".db") + ".txt"
			path := copyOf(t, file)
			e := reopen(t, path)
			got := storetest.Told(t, e)
			if os.Getenv("UPDATE_DATABASE")+os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(text, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(text)
			if err != nil {
				t.Fatal(err)
			}
			if at, a, b := difference(got, want); at > 0 {
				t.Errorf("line %d of %s\n got %s\nwant %s", at, text, a, b)
			}
			storetest.Resume(t, e).Again()
			end(t, e)
			end(t, reopen(t, path)) // once more: nothing is left to upgrade
		})
	}
}

// makeDatabase makes the database of this version.
func makeDatabase(t *testing.T, path string) {
	t.Helper()
	loose := filepath.Join(t.TempDir(), "loose.db")
	e := reopen(t, loose)
	storetest.Live(t, e)
	end(t, e)
	if _, _, err := bolt.Compact(t.Context(), loose, bolt.Options{}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(loose)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > goldenMost {
		t.Errorf("%s has %d KiB", path, len(text)>>10)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

func copyOf(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "khyber.db")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// difference returns the first line, from 1 on, in which two texts differ.
func difference(got, want []byte) (line int, a, b string) {
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range max(len(g), len(w)) {
		x, y := "(no such line)", "(no such line)"
		if i < len(g) {
			x = string(g[i])
		}
		if i < len(w) {
			y = string(w[i])
		}
		if x != y {
			from := 0
			for from < min(len(x), len(y)) && x[from] == y[from] {
				from++
			}
			from = max(0, from-60)
			return i + 1, cut(x, from), cut(y, from)
		}
	}
	return 0, "", ""
}

// cut returns some of a long line.
func cut(s string, from int) string {
	return fmt.Sprintf("%.40s … %.300s", s, s[from:])
}
