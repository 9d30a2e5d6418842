package server

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestChartCountsByDay(t *testing.T) {
	at := func(days, hours int) time.Time {
		return noon.AddDate(0, 0, -days).Add(time.Duration(hours) * time.Hour)
	}
	for _, c := range []struct {
		name string
		in   joinings
		want string
	}{
		{"none", joinings{}, ""},
		{"today and before", joinings{times: []time.Time{at(0, 0), at(1, 0), at(1, -13), at(1, -1)}}, "4 reports in 30 days, most on 22 Nov (2); 23 Nov so far 1"},
		{"too old to be drawn", joinings{times: []time.Time{at(31, 0)}}, ""},
		{
			"a young topic",
			joinings{times: []time.Time{at(0, 0), at(2, 0)}, begun: at(4, 0)},
			"2 reports in 5 days, most on 23 Nov (1); 23 Nov so far 1; the topic began on 19 Nov",
		},
		{"a topic that was there before", joinings{times: []time.Time{at(2, 0)}, begun: at(40, 0)}, "1 report in 30 days, most on 21 Nov (1); 23 Nov so far 0"},
		{"known in part", joinings{times: []time.Time{at(0, 0), at(2, 0), at(2, -1)}, more: true}, "1 report in 2 days, most on 23 Nov (1); 23 Nov so far 1"},
	} {
		got := ""
		if x := chartOf(c.in, nil, noon, sparkDays, sparkTall); x != nil {
			got = x.Label
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestChartIsAsWideAsItsDays(t *testing.T) {
	x := chartOf(joinings{times: []time.Time{noon, noon.AddDate(0, 0, -29)}}, nil, noon, 30, 24)
	if want := "M203 24V0.0h5V24zM0 24V0.0h5V24z"; x.Path != want || x.Width != 210 || len(x.Days) != 2 {
		t.Errorf("got %+v", x)
	}
}

func TestCountsAreReadOncePerRevision(t *testing.T) {
	st := sampleStore()
	s := newServer(st)
	for range 3 {
		if j, err := s.joined(t.Context(), "border-trade"); err != nil || j.since(noon.AddDate(0, 0, -1)) != "15" || len(j.times) != 120 {
			t.Fatalf("%+v %v", j, err)
		}
	}
	st.rev.Add(1)
	if _, err := s.joined(t.Context(), "border-trade"); err != nil || st.calls.Load() != 4 { // the topic feed, and what charts look at
		t.Errorf("%d calls, %v", st.calls.Load(), err)
	}
}

// An outage never looks like peace: its days are hatched, also without a report.
func TestDaysWithoutMostSourcesAreHatched(t *testing.T) {
	j := joinings{times: []time.Time{noon, noon.AddDate(0, 0, -29)}}
	dark := []eclipse{{since: noon.AddDate(0, 0, -3), until: noon.AddDate(0, 0, -2)}, {since: noon.Add(-time.Hour)}}
	x := chartOf(j, dark, noon, 30, 24)
	if want := "M203 0h7v24h-7zM189 0h7v24h-7zM182 0h7v24h-7z"; x.Dark != want {
		t.Errorf("got  %s\nwant %s", x.Dark, want)
	}
	want := []dayCount{{"23 Nov 2026", 1, true}, {"21 Nov 2026", 0, true}, {"20 Nov 2026", 0, true}, {"25 Oct 2026", 1, false}}
	if !slices.Equal(x.Days, want) || !strings.HasSuffix(x.Label, "; on 3 days (hatched) most sources gave nothing") {
		t.Errorf("got %v, %s", x.Days, x.Label)
	}
}
