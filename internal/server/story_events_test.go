package server

import (
	"slices"
	"testing"

	"khyber/internal/news"
)

func TestAStoryPageListsReportsUnderTheirEvents(t *testing.T) {
	tell := func(event news.ItemID, copies int) told { return told{event: event, Copies: make([]told, copies)} }
	for _, tc := range []struct {
		name    string
		members []told
		want    []string
	}{
		{"one event", []told{tell(1, 2), tell(1, 0)}, []string{"Who reported it, and when"}},
		{"two, told in turn", []told{tell(1, 2), tell(2, 0), tell(1, 0)}, []string{"Event 1, 4 reports", "Event 2, 1 report"}},
		{"more than are told apart", []told{tell(1, 0), tell(2, 0), tell(0, 0)}, []string{"Event 1, 1 report", "Event 2, 1 report", "Later reports"}},
	} {
		var got []string
		for _, e := range byEvent(tc.members) {
			got = append(got, e.Heading)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
