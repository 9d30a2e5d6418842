package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAPersonsAnswersBecomeLabels(t *testing.T) {
	at := time.Date(2026, 11, 2, 6, 0, 0, 0, time.UTC)
	items := []itemLine{
		{Item: "0000000000000001", Source: "hill-post", Lang: "en", At: at, Title: "Torkham traders wait", Summary: "For a week."},
		{Item: "0000000000000002", Source: "hill-post", At: at, Title: "Chaman hosts a final"},
		{Item: "0000000000000003", Source: "hill-post", At: at, Title: "Rain in the hills"},
		{Item: "0000000000000004", Source: "hill-post", At: at, Title: "Snow in the hills"},
		{Item: "0000000000000005", Source: "hill-post", At: at, Title: "Never asked"},
	}
	file := filepath.Join(t.TempDir(), "labels.jsonl")
	write(t, file, `{"title":"Kept before","label":"no"}`)
	var out strings.Builder
	a := &app{stdin: strings.NewReader("y\nperhaps\nNo\ns\nb\nq\n"), stdout: &out}
	items[3].Title = "Snow at the border"
	must(t, a.askLabels(file, items))
	got, err := os.ReadFile(file)
	must(t, err)
	want := `{"title":"Kept before","label":"no"}
{"item":"0000000000000001","lang":"en","title":"Torkham traders wait","summary":"For a week.","label":"yes"}
{"item":"0000000000000002","title":"Chaman hosts a final","label":"no"}
{"item":"0000000000000004","title":"Snow at the border","label":"borderline"}
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	known, err := labelledTitles(file)
	must(t, err)
	if len(known) != 4 || !known["snow at the border"] {
		t.Errorf("labelled titles: %v", known)
	}
	if n := strings.Count(out.String(), "does it belong in the topic?"); n != 6 || !strings.HasSuffix(out.String(), "labels.jsonl: 3 labels added\n\n") {
		t.Errorf("%d questions:\n%s", n, &out)
	}
}

func TestWithoutAnAnswerNothingIsJudged(t *testing.T) {
	file := filepath.Join(t.TempDir(), "labels.jsonl")
	a := &app{stdin: strings.NewReader(""), stdout: &strings.Builder{}}
	must(t, a.askLabels(file, []itemLine{{Item: "0000000000000001", Title: "Torkham traders wait"}}))
	if got, err := os.ReadFile(file); err != nil || len(got) > 0 {
		t.Errorf("got %q, %v", got, err)
	}
}
