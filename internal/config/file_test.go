package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"khyber/internal/news"
)

func TestWatchSeesEveryChange(t *testing.T) {
	c := loadGood(t)
	opts := goodOptions()
	disk, extra, parts := opts.ReadFile, "", []string{"parts/elm.yaml", "parts/fir.yaml"}
	opts.ReadFile = func(path string) ([]byte, error) {
		text, err := disk(path)
		if path == "parts/fir.yaml" {
			text = append(text, extra...)
		}
		return text, err
	}
	opts.Glob = func(string) ([]string, error) { return parts, nil }
	w := NewWatch("full.yaml", opts)
	first := w.Hash()
	if first != c.Revision.Hash {
		t.Errorf("got %x, want %x as in the Config", first, c.Revision.Hash)
	}
	if again := w.Hash(); again != first {
		t.Error("nothing has changed, but the hash has")
	}
	seen := map[uint64]bool{first: true}
	for _, change := range []func(){
		func() { extra = "# more" }, func() { extra = "include: [" }, func() { parts = parts[:1] }, func() { parts = nil },
	} {
		change()
		if h := w.Hash(); seen[h] {
			t.Error("a change is not seen")
		} else {
			seen[h] = true
		}
	}
	loop := NewWatch("f", Options{ReadFile: func(path string) ([]byte, error) { return []byte("include: f"), nil }})
	if loop.Hash() == 0 {
		t.Error("a loop has no hash")
	}
}

func TestSaveReplacesTheFileAndKeepsItsMode(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "real.yaml"), filepath.Join(dir, "feeds.yaml")
	if err := errors.Join(os.WriteFile(path, []byte("site: {}\n"), 0o640), os.Symlink("real.yaml", link)); err != nil {
		t.Fatal(err)
	}
	e := NewEditor([]news.File{{Path: link, Text: []byte("site: {}\n")}})
	if err := errors.Join(e.Add(larch), e.Save()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != "site: {}\nsources:\n"+larchBlock {
		t.Errorf("got %q, %v", text, err)
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("got the mode %v, %v", info.Mode(), err)
	}
	if err := errors.Join(e.Remove("larch"), e.Save()); err != nil {
		t.Errorf("a second edit: %v", err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 2 {
		t.Errorf("files are left over: %v", files)
	}
}

func TestSaveRefusesAFileThatMoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "feeds.yaml")
	e := NewEditor([]news.File{{Path: path}})
	if err := errors.Join(e.Add(larch), e.Save()); err != nil {
		t.Fatalf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(path, []byte("site: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(e.Set("larch", "lang", "fa"), e.Save()); !errors.Is(err, ErrMoved) {
		t.Errorf("got %v, want %v", err, ErrMoved)
	}
	gone := NewEditor([]news.File{{Path: filepath.Join(filepath.Dir(path), "gone.yaml"), Text: []byte("site: {}\n")}})
	if err := errors.Join(gone.Add(larch), gone.Save()); err == nil || strings.Count(err.Error(), "gone.yaml") != 1 {
		t.Errorf("got %v, want an error that names the file once", err)
	}
}

func TestNewIDIsFreeAndValid(t *testing.T) {
	taken := map[string]bool{"the-larch": true, "the-larch-2": true, strings.Repeat("x", 64): true}
	for _, c := range []struct{ title, url, want string }{
		{"The Larch!", "", "the-larch-3"},
		{"خبر", "https://www.larch.example.org/rss", "example-org"},
		{"", "no address", "source"},
		{strings.Repeat("X", 80), "", strings.Repeat("x", 62) + "-2"},
	} {
		if got := NewID(c.title, c.url, taken); got != c.want || !idPattern.MatchString(got) {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}
