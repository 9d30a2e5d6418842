package store

import (
	"math"
	"testing"
	"time"
)

func TestAtLeastIsThePoissonTail(t *testing.T) {
	for _, mean := range []float64{0.5, 1.2, 4, 9.5} {
		below := 0.0 // what is left of 1, term by term
		for n := range 25 {
			want := 1 - below
			if got := atLeast(n, mean); float64(n) >= mean && math.Abs(got-want) > 1e-9 {
				t.Errorf("P(≥ %d | %v) = %v, want %v", n, mean, got, want)
			}
			lg, _ := math.Lgamma(float64(n) + 1)
			below += math.Exp(float64(n)*math.Log(mean) - mean - lg)
		}
	}
	if got := atLeast(400, 1); got < 0 || got > 1e-300 {
		t.Errorf("P(≥ 400 | 1) = %v", got)
	}
}

func TestASurgeNeedsManyMoreStoriesThanUsual(t *testing.T) {
	for _, c := range []struct {
		n     int
		usual float64
		want  bool
	}{
		{4, 0.5, false},
		{5, 0.5, false},
		{6, 0.5, true},
		{9, 1.2, true},
		{6, 1.2, false},
		{20, 10, false},
		{26, 10, true},
		{100, 100, false},
		{150, 100, true},
		{3, 50, false},
	} {
		if got := surging(c.n, c.usual); got != c.want {
			t.Errorf("%d stories, usually %v: %v, chance %.2g", c.n, c.usual, got, atLeast(c.n, c.usual))
		}
	}
}

// TestASurgeBeginsOnceAndEndsAfterSixQuietHours walks nine weeks by the hour: a
// busy noon each Monday is usual, the same on a Tuesday is not.
func TestASurgeBeginsOnceAndEndsAfterSixQuietHours(t *testing.T) {
	since := time.Date(2026, 9, 7, 0, 0, 0, 0, time.UTC) // a Monday
	v := volume{Hours: map[int64]int{}}
	var told []Notice
	for hour := range 9 * hoursOfWeek {
		now := since.Add(time.Duration(hour) * time.Hour)
		switch {
		case now.Weekday() == time.Monday && now.Hour() == 12:
			v.Hours[now.Unix()/3600] = 12
		case hour == 8*hoursOfWeek+36: // the last Tuesday
			v.Hours[now.Unix()/3600] = 12
		case hour == 24: // in a young topic
			v.Hours[now.Unix()/3600] = 30
		}
		v.forget(now)
		if n := v.judge(now, since); n != nil {
			told = append(told, *n)
		}
	}
	began := since.Add((8*hoursOfWeek + 36) * time.Hour)
	want := []Notice{
		{State: StateSurge, Since: began, Stories: 12, Usual: surgeUsual},
		{State: StateSurge, Since: began, Until: began.Add(8 * time.Hour)},
	}
	if len(told) != 2 || told[0] != want[0] || told[1] != want[1] {
		t.Errorf("told %+v\nwant %+v", told, want)
	}
	if len(v.Hours) > surgeWeeks+2 {
		t.Errorf("%d hours are kept", len(v.Hours))
	}
}
