// Command release builds what is handed out: a static binary for each processor,
// beside it the list of all that is in it (CycloneDX 1.6, JSON), and the sums of
// all of them.
//
//	go run ./internal/tools/release -version v1.2.3 -o dist
//
// The same code gives the same files, whenever and wherever it runs. The lists are
// made from what the linker wrote into the binaries, not from go.mod: they name
// what is in them. Like every tool it knows nothing of the product.
package main

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.SetOutput(stderr)
	version := flags.String("version", "", "what khyber version says")
	out := flags.String("o", "dist", "the folder to write to")
	pkg := flags.String("package", "./cmd/khyber", "what is built")
	archs := flags.String("arch", "amd64,arm64", "for which processors")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *version == "" || strings.ContainsAny(*version, " /\\'\"") {
		return errors.New("give -version, such as v1.2.3")
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}
	var sums strings.Builder
	for arch := range strings.SplitSeq(*archs, ",") {
		binary := filepath.Join(*out, fmt.Sprintf("%s-%s-linux-%s", filepath.Base(*pkg), *version, arch))
		if err := build(ctx, *pkg, *version, arch, binary, stderr); err != nil {
			return fmt.Errorf("build for %s: %w", arch, err)
		}
		sum, err := sumOf(binary)
		if err != nil {
			return err
		}
		list := binary + ".cdx.json"
		if err := writeList(binary, list, *version, sum); err != nil {
			return fmt.Errorf("list what is in %s: %w", binary, err)
		}
		listed, err := sumOf(list)
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%s  %s\n%s  %s\n", sum, filepath.Base(binary), listed, filepath.Base(list))
	}
	return os.WriteFile(filepath.Join(*out, "SHA256SUMS"), []byte(sums.String()), 0o644)
}

// build is what the Dockerfile does, too.
func build(ctx context.Context, pkg, version, arch, binary string, stderr io.Writer) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid= -X main.version="+version, "-o", binary, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	cmd.Stderr = stderr
	return cmd.Run()
}

func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), errors.Join(err, f.Close())
}

// list is a CycloneDX document, as far as it is needed.
type list struct {
	Format     string      `json:"bomFormat"`
	Spec       string      `json:"specVersion"`
	Version    int         `json:"version"`
	Metadata   metadata    `json:"metadata"`
	Components []component `json:"components"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Type    string `json:"type"`
	Ref     string `json:"bom-ref"`
	Name    string `json:"name"`
	Version string `json:"version"`
	URL     string `json:"purl,omitempty"`
	Hashes  []hash `json:"hashes,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

func writeList(binary, path, version, sum string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(listOf(info, filepath.Base(info.Path), version, sum), "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// listOf lists the modules of a binary, what replaces one in its place, and the
// standard library.
func listOf(info *debug.BuildInfo, name, version, sum string) list {
	out := list{Format: "CycloneDX", Spec: "1.6", Version: 1, Metadata: metadata{component{
		Type: "application", Ref: name + "@" + version, Name: name, Version: version, Hashes: []hash{{"SHA-256", sum}},
	}}}
	add := func(path, version string) {
		url := "pkg:golang/" + path + "@" + version
		out.Components = append(out.Components, component{Type: "library", Ref: url, Name: path, Version: version, URL: url})
	}
	add("stdlib", strings.TrimPrefix(info.GoVersion, "go"))
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		add(m.Path, m.Version)
	}
	slices.SortFunc(out.Components, func(a, b component) int { return strings.Compare(a.Ref, b.Ref) })
	return out
}
