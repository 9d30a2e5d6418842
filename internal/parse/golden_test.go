package parse

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"khyber/internal/news"
)

// TestGoldenDocuments reads invented documents of all formats and compares the
// whole of what became of them. UPDATE=1 writes the expected files anew.
func TestGoldenDocuments(t *testing.T) {
	paths, err := filepath.Glob("testdata/golden/*.*")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, path := range paths {
		if strings.HasSuffix(path, ".golden") {
			continue
		}
		seen++
		t.Run(filepath.Base(path), func(t *testing.T) {
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			src := testSource()
			if strings.Contains(path, "aggregator") {
				src.Type = news.Aggregator
			}
			doc, err := Full(src, body, http.Header{}, testNow)
			if err != nil {
				t.Fatalf("Full: %v", err)
			}
			checkAccount(t, doc)
			compareGolden(t, path+".golden", goldenText(t, doc))
		})
	}
	if seen < 10 {
		t.Errorf("only %d documents", seen)
	}
}

// goldenText is the JSON Feed of a document and what only a poll sees of it.
func goldenText(t *testing.T, doc Document) []byte {
	t.Helper()
	line, err := JSON(doc)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, line, "", "  "); err != nil {
		t.Fatal(err)
	}
	out.WriteByte('\n')
	for _, it := range doc.Items {
		out.WriteString(it.GUID + " | publisher " + it.Publisher + " | excerpt " + it.Excerpt + "\n")
	}
	return out.Bytes()
}

func compareGolden(t *testing.T, path string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; got\n%s", path, got)
	}
}
