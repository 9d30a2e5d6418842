package main

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// TestReleaseIsTheSameEachTime builds a small program twice, in two folders.
func TestReleaseIsTheSameEachTime(t *testing.T) {
	if testing.Short() {
		t.Skip("short: links a program twice")
	}
	var first map[string]string
	for range 2 {
		dir := t.TempDir()
		for name, text := range map[string]string{
			"go.mod":        "module small.example/m\n\ngo 1.26\n",
			"small/main.go": "package main\n\nvar version string\n\nfunc main() { print(version) }\n",
		} {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		t.Chdir(dir)
		if err := run(t.Context(), []string{"-version", "v1.2.3", "-package", "./small", "-arch", runtime.GOARCH}, os.Stderr); err != nil {
			t.Fatal(err)
		}
		files := map[string]string{}
		binary := "small-v1.2.3-linux-" + runtime.GOARCH
		for _, name := range []string{binary, binary + ".cdx.json", "SHA256SUMS"} {
			text, err := os.ReadFile(filepath.Join("dist", name))
			if err != nil {
				t.Fatal(err)
			}
			files[name] = string(text)
		}
		if first == nil {
			first = files
		}
		if !reflect.DeepEqual(files, first) {
			t.Error("the second time it is another one")
		}
		cmd := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
		cmd.Dir = "dist"
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, said)
		}
		if said, err := exec.Command("./dist/" + binary).CombinedOutput(); err != nil || string(said) != "v1.2.3" {
			t.Errorf("%v, it is %q", err, said)
		}
		var l list
		if err := json.Unmarshal([]byte(files[binary+".cdx.json"]), &l); err != nil {
			t.Fatal(err)
		}
		if c := l.Metadata.Component; c.Name != "small" || c.Version != "v1.2.3" || !strings.HasPrefix(files["SHA256SUMS"], c.Hashes[0].Content+"  "+binary+"\n") {
			t.Errorf("it is listed as %+v", c)
		}
	}
}

func TestListNamesWhatIsIn(t *testing.T) {
	info := &debug.BuildInfo{GoVersion: "go1.26.8", Deps: []*debug.Module{
		{Path: "two.example/b", Version: "v2.0.0"},
		{Path: "one.example/a", Version: "v1.0.0", Replace: &debug.Module{Path: "fork.example/a", Version: "v1.0.1"}},
	}}
	var got []string
	for _, c := range listOf(info, "khyber", "v1", "00").Components {
		got = append(got, c.URL)
	}
	want := []string{"pkg:golang/fork.example/a@v1.0.1", "pkg:golang/stdlib@1.26.8", "pkg:golang/two.example/b@v2.0.0"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAReleaseHasAVersion(t *testing.T) {
	for _, version := range []string{"", "v1 -X main.evil=1", "v1/2"} {
		if err := run(t.Context(), []string{"-version", version, "-o", t.TempDir()}, io.Discard); err == nil {
			t.Errorf("%q is taken", version)
		}
	}
}
