package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var fence = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")

// readme returns the fenced blocks of README.md of a language.
func readme(t *testing.T, lang string) []string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		if m[1] == lang {
			blocks = append(blocks, m[2])
		}
	}
	if len(blocks) == 0 {
		t.Fatalf("README.md has no %s block", lang)
	}
	return blocks
}

// TestReadmeCommandsWork runs every command of README.md's console blocks: khyber
// from this test's binary, on the shipped feeds.yaml. What would poll reads the
// invented day in its place: tests do not ask real sources.
func TestReadmeCommandsWork(t *testing.T) {
	ctx := patient(t)
	w := newWorld(t)
	dir := t.TempDir()
	day := filepath.Join(dir, "day.yaml")
	if err := os.WriteFile(day, []byte(w.config()), 0o600); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, block := range readme(t, "console") {
		for line := range strings.Lines(block) {
			words := unquote(strings.TrimSpace(line))
			switch name := strings.Join(words[:min(3, len(words))], " "); {
			case strings.HasPrefix(name, "go run ./cmd/khyber"):
				words = words[3:]
			case words[0] == "./khyber":
				words = words[1:]
			case name == "go build -o":
				words[3] = filepath.Join(dir, "khyber")
				cmd := exec.CommandContext(ctx, words[0], words[1:]...)
				cmd.Dir = "../.."
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s: %v\n%s", line, err, out)
				}
				ran++
				continue
			case name == "go run ./internal/tools/test":
				continue // it is what runs this test
			default:
				t.Errorf("README.md has a command that no test runs: %s", line)
				continue
			}
			ran++
			if words[0] == "demo" {
				startDaemon(ctx, t, khyberCommand(ctx, day, "none.db", "demo", "--listen", "127.0.0.1:0")).stop(t)
				continue
			}
			if words[0] == "serve" {
				startServe(ctx, t, day, filepath.Join(dir, "khyber.db")).stop(t)
				continue
			}
			data := "other.db"
			if words[0] == "backtest" || words[0] == "near-misses" {
				data = "khyber.db" // which serve has made
			}
			cmd := khyberCommand(ctx, "../../feeds.yaml", filepath.Join(dir, data), words...)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", line, err, out)
			}
		}
	}
	if ran < 5 {
		t.Errorf("only %d commands of README.md ran", ran)
	}
}

// unquote splits a command line at its spaces, those in double quotes aside.
func unquote(line string) []string {
	var words []string
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// TestReadmeFileIsValid checks the feeds.yaml of README.md, with its examples.
func TestReadmeFileIsValid(t *testing.T) {
	for _, block := range readme(t, "yaml") {
		file := filepath.Join(t.TempDir(), "feeds.yaml")
		if err := os.WriteFile(file, []byte(block), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := khyberCommand(t.Context(), file, "none.db", "check").CombinedOutput()
		if err != nil || strings.Contains(string(out), "warning") {
			t.Errorf("the file of README.md: %v\n%s", err, out)
		}
	}
}
