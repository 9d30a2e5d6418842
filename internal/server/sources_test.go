package server

import (
	"reflect"
	"testing"
	"time"

	"khyber/internal/news"
)

func TestTheSourcesPageAccountsForEveryItemOfADocument(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	got := accountsOf([]news.Poll{
		{At: at.Add(2 * time.Hour), Kind: news.KindUnchanged},
		{At: at.Add(time.Hour), Kind: news.KindOK, Fetched: 40, New: 3, Known: 34, Revised: 1, Rejected: map[news.Reason]int{news.RejectedRepeated: 2, news.RejectedEmpty: 1}},
		{At: at.Add(30 * time.Minute), Kind: news.KindTimeout},
		{At: at, Kind: news.KindOK, Fetched: 2, New: 2, Baseline: true},
	})
	want := []account{
		{at.Add(time.Hour), "40 items: 3 new, 34 known, 1 of them with another text, 1 rejected as empty, 2 rejected as repeated"},
		{at, "2 items: 2 new, 0 known; the first document, so none of it is news"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
