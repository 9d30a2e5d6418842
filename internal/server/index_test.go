package server

import (
	"strings"
	"testing"
	"time"

	"khyber/internal/store"
)

func TestTheIndexSaysWhatTheLastReloadDid(t *testing.T) {
	at := noon.Add(-time.Hour)
	s := New(Options{Store: sampleStore(), Now: func() time.Time { return noon }, Polling: func() Polling {
		return Polling{Reapplied: []Reapplied{
			{Topic: "border-trade", At: at, Change: store.Change{WeekJoined: 12, WeekLeft: 4}},
			{Topic: "quiet", At: at},
			{Topic: "floods", At: at.Add(-time.Hour), Change: store.Change{WeekJoined: 1}},
		}}
	}})
	st := withRules(t, sampleState())
	st.Applied, st.Changes = at, []string{"topic border-trade changed", "source wire is new"}
	s.Apply(st)
	want := "feeds.yaml is in force since 23 Nov 2026 11:00 UTC: topic border-trade changed, source wire is new; 2 examples pass; border-trade &#43;12 −4 in 7 days."
	if page := get(s, "/").Body.String(); !strings.Contains(page, want) {
		t.Errorf("no %q", want)
	}
}
