package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// made runs the program on the content of one file and returns the table.
func made(t *testing.T, name string, content []byte, args ...string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, name), filepath.Join(dir, "out.gz")
	if err := os.WriteFile(in, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(append(args, "-o", out, in), io.Discard); err != nil {
		return "", err
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), nil
}

func TestWordsAreCountedOncePerDistinctHeadline(t *testing.T) {
	got, err := made(t, "plain.txt", []byte("Plum farmers’ dam holds, holds\nPLUM FARMERS' DAM HOLDS, HOLDS!\nBelqis's plum dam\n\n"), "-min", "1")
	if want := "#\t2\ndam\t2\nplum\t2\nbelqis\t1\nfarmers\t1\nholds\t1\n"; got != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestRareWordsAreLeftOut(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(`{"title":"Plum dam holds","link":"x"}` + "\n" + `{"title":"Plum harvest"}`)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := made(t, "lines.jsonl.gz", packed.Bytes(), "-min", "2")
	if want := "#\t2\nplum\t2\n"; got != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestWhatCannotBeReadIsSaid(t *testing.T) {
	if _, err := made(t, "broken.jsonl", []byte("Plum dam\n{broken")); err == nil {
		t.Error("broken JSON: no error")
	}
	if _, err := made(t, "plain.gz", []byte("Plum dam")); err == nil {
		t.Error("no gzip: no error")
	}
	for _, args := range [][]string{{}, {"-o", "x"}, {"-o", "x", "/nowhere/at/all"}, {"-least"}} {
		if err := run(args, io.Discard); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}
