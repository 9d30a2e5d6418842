package topic

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"khyber/internal/news"
)

func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{96, 100, .902, .984}, {29, 36, .650, .902}, {285, 300, .919, .970}, {0, 10, 0, .278}, {10, 10, .722, 1}, {0, 0, 0, 1},
	} {
		r := Wilson(c.k, c.n)
		if math.Abs(r.Low-c.low) > .0006 || math.Abs(r.High-c.high) > .0006 {
			t.Errorf("%d/%d: got %s, want %.3f–%.3f", c.k, c.n, r, c.low, c.high)
		}
	}
	if got := fmt.Sprint(Wilson(96, 100)); got != "0.960 (0.902–0.984)" {
		t.Errorf("got %s", got)
	}
}

func TestCounts(t *testing.T) {
	var c Counts
	for _, v := range []struct {
		in    bool
		label Label
	}{{true, Yes}, {true, Yes}, {true, No}, {false, Yes}, {false, No}, {true, Borderline}, {false, Borderline}} {
		c.Add(v.in, v.label)
	}
	if want := (Counts{TP: 2, FP: 1, FN: 1, TN: 1, BorderIn: 1, BorderOut: 1}); c != want {
		t.Errorf("got %+v, want %+v", c, want)
	}
	if c.Labels() != 5 || c.Precision().N != 3 || c.Recall().K != 2 {
		t.Errorf("got %d, %+v, %+v", c.Labels(), c.Precision(), c.Recall())
	}
}

func TestSplitIsStableAndAboutFourTenths(t *testing.T) {
	// Fixed for good: a moved row would turn a blind figure into a tuned one.
	for key, want := range map[string]bool{"0000000000000001": false, "0000000000000002": true, "kabul and islamabad talk": true} {
		if got := Holdout("afpak-relations", key); got != want {
			t.Errorf("%s: got %v, want %v", key, got, want)
		}
	}
	n := 0
	for i := range 10000 {
		if Holdout("x", news.ItemID(i).String()) {
			n++
		}
	}
	if n < 3800 || n > 4200 {
		t.Errorf("%d of 10,000 are kept aside", n)
	}
	if Holdout("a", "1") == Holdout("b", "1") && Holdout("a", "2") == Holdout("b", "2") && Holdout("a", "3") == Holdout("b", "3") && Holdout("a", "4") == Holdout("b", "4") {
		t.Error("the split does not depend on the topic")
	}
}

func TestLabelsAreRead(t *testing.T) {
	rows, problems := ParseLabels("l.jsonl", []byte(`{"title": "A", "summary": "B", "lang": "prs", "label": "yes"}

{"title": "C", "y": 0}
{"item": "00000000000000ff", "label": "borderline", "note": "other keys do not matter"}
{"title": "D"}
{"label": "no"}
{"title": "E", "label": "maybe"}
nonsense
{"title": "F", "y": 2}
`))
	want := []Labelled{
		{Item: news.Item{Title: "A", Summary: "B", Lang: "fa"}, Label: Yes, Line: 1},
		{Item: news.Item{Title: "C"}, Label: No, Line: 3},
		{ID: 255, Label: Borderline, Line: 4},
	}
	if fmt.Sprint(rows) != fmt.Sprint(want) {
		t.Errorf("got %+v\nwant %+v", rows, want)
	}
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	const fix = `; write {"title": "…", "label": "yes"}; the labels are yes, no and borderline`
	for i, w := range []string{
		"l.jsonl:5:1: the row has no label" + fix, "l.jsonl:6:1: the row has neither a title nor an item" + fix,
		"l.jsonl:7:1: the row has no label" + fix, "l.jsonl:8:1: the row is no JSON object", "l.jsonl:9:1: the row has no label" + fix,
	} {
		if i >= len(lines) || !strings.HasPrefix(lines[i], w) {
			t.Errorf("got %q, want %q", lines, w)
		}
	}
	if rows[0].SplitKey() != "a" || rows[2].SplitKey() != "00000000000000ff" {
		t.Errorf("keys are %q and %q", rows[0].SplitKey(), rows[2].SplitKey())
	}
}

func TestObjections(t *testing.T) {
	good := Counts{TP: 90, FP: 5, FN: 5, TN: 100}
	worse := Counts{TP: 60, FP: 35, FN: 35, TN: 70}
	for _, c := range []struct {
		live, changed Counts
		before, after float64
		want          []string
	}{
		{good, good, 10, 12, nil},
		{good, worse, 10, 12, []string{"precision falls from 0.947 (0.883–0.977) to 0.632", "recall falls from 0.947 (0.883–0.977) to 0.632"}},
		{good, good, 10, 31, []string{"items a day change from 10.0 to 31.0"}},
		{good, good, 10, 3, []string{"items a day change from 10.0 to 3.0"}},
		{Counts{}, worse, 0, 31, nil},
	} {
		if got := Objections(c.live, c.changed, c.before, c.after); !slices.Equal(got, c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
