package story

import (
	"strings"
	"testing"
	"time"

	"khyber/internal/news"
)

func TestExplainIsOneSentence(t *testing.T) {
	edge := func(relation news.Relation, rule string, similarity int, differ ...string) Edge {
		return Edge{Verdict: Verdict{Relation: relation, Rule: rule, Similarity: similarity, Differ: differ, Shared: []string{"torkham", "reopen", "trader"}, Apart: 2 * time.Hour}, Tables: "00000003"}
	}
	split := &Override{Relation: news.RelationStory, At: monday, Reason: "two bridges"}
	merge := &Override{Relation: news.RelationCopy, At: monday}
	for _, tc := range []struct {
		edge     Edge
		override *Override
		want     string
	}{
		{edge("copy", "copy-text", 923), nil, "Copy of the report by Herald: same text (92 % of the summary, no differing numbers), 2 h apart [copy-text, tables 00000003]."},
		{edge("copy", "copy-url", 300), nil, "Copy of the report by Herald: same address, 2 h apart [copy-url, tables 00000003]."},
		{edge("copy", "copy-print", 1000), nil, "Copy of the report by Herald: same title and beginning, 2 h apart [copy-print, tables 00000003]."},
		{edge("copy", "copy-title", 1000), nil, "Copy of the report by Herald: same title, no second text to compare, 2 h apart [copy-title, tables 00000003]."},
		{edge("copy", "copy-wire", 880), nil, "Copy of the report by Herald: nearly the same title (88 %) of one agency, 2 h apart [copy-wire, tables 00000003]."},
		{edge("story", "story-title", 880), nil, "Same story as the report by Herald: shares torkham, reopen, trader, titles 88 % alike [story-title, tables 00000003]."},
		{edge("story", "story-title", 1000), nil, "Same story as the report by Herald: same title, own text [story-title, tables 00000003]."},
		{edge("story", "story-url", 100), nil, "Same story as the report by Herald: same address with another text [story-url, tables 00000003]."},
		{edge("", "g-number", 900, "22", "23"), nil, "Not a copy of the report by Herald: numbers differ (22, 23) [g-number]."},
		{edge("", "g-swap", 900), nil, "Not a copy of the report by Herald: words change roles [g-swap]."},
		{edge("", "g-swap", 900, "belyalia", "zorluland"), nil, "Not a copy of the report by Herald: words change roles (belyalia, zorluland) [g-swap]."},
		{edge("", "", 10), nil, "Not a copy of the report by Herald: neither title nor text is the same."},
		{edge("copy", "copy-text", 900), split, "Split by hand on 2026-11-23: two bridges."},
		{edge("", "", 0), merge, "Merged by hand on 2026-11-23."},
		{edge("", "", 0), &Override{Relation: news.RelationStory, At: monday, Reason: "one bridge"}, "Merged by hand on 2026-11-23: one bridge."},
		{edge("story", "story-title", 900), &Override{At: monday}, "Split by hand on 2026-11-23."},
	} {
		if got := Explain(tc.edge, "Herald", tc.override); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
	apart := "Not collapsed with the report by Herald, though it has the same address: one comes again and again, or the copies are more than 72 h apart [copy-url, tables 00000003]."
	if got := ExplainApart(edge("copy", "copy-url", 300), "Herald"); got != apart {
		t.Errorf("got  %s\nwant %s", got, apart)
	}
	apart = "Not in the story of the report by Herald, though: same title, own text; one comes again and again, or each had a story already [story-title, tables 00000003]."
	if got := ExplainApart(edge("story", "story-title", 1000), "Herald"); got != apart {
		t.Errorf("got  %s\nwant %s", got, apart)
	}
	if got, want := ExplainStory(6, 430, true, []string{"torkham", "reopen", "trader"}), "Same story as 6 items: shares torkham, reopen, trader; similarity 0.43, the same event [story-link]."; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := ExplainStory(1, 430, false, []string{"torkham"}), "Same story as 1 item: shares torkham; similarity 0.43, the same development [story-link]."; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestApartIsWrittenInWords(t *testing.T) {
	var got []string
	for _, d := range []time.Duration{0, 59 * time.Minute, 47 * time.Hour, 72 * time.Hour} {
		got = append(got, duration(d))
	}
	if want := "0 min, 59 min, 47 h, 3 days"; strings.Join(got, ", ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
