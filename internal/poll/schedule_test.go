package poll

import (
	"strings"
	"testing"
	"time"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestASourceCannotLiveWithEverySchedule(t *testing.T) {
	for spec, want := range map[string]string{
		"*/20 6-23 * * *":                       "",
		" 0 6 * * 1-5 ":                         "",
		"@hourly":                               "",
		"@daily":                                "",
		"@weekly":                               "",
		"@monthly":                              "",
		"0 0 1 * *":                             "",
		"0 0 28 * *":                            "",
		"* * * * *":                             "",
		"30 2 * * *":                            "",
		"TZ=Asia/Kabul":                         "a schedule has no zone of its own: use timezone",
		"CRON_TZ=Asia/Kabul":                    "a schedule has no zone of its own: use timezone",
		"TZ=Asia/Kabul 0 6 * *":                 "a schedule has no zone of its own: use timezone",
		"@every 0s":                             "@every is no schedule: use every",
		"@every 10m":                            "@every is no schedule: use every",
		"0 0 31 2 *":                            "this schedule never fires: there is no such day",
		"0 0 31 * *":                            "this schedule leaves more than 31 days between two polls: let it fire at least once a month",
		"0 0 29 2 *":                            "this schedule leaves more than 31 days between two polls: let it fire at least once a month",
		"* * 1 1 *":                             "this schedule leaves more than 31 days between two polls: let it fire at least once a month",
		"* 0-22 1-28 1,3 *":                     "this schedule leaves more than 31 days between two polls: let it fire at least once a month",
		"@yearly":                               "this schedule leaves more than 31 days between two polls: let it fire at least once a month",
		"0 0 6 * * *":                           "a schedule has five fields (minute hour day month weekday), this one has 6; write five like \"*/20 6-23 * * *\"",
		"10m":                                   "a schedule has five fields (minute hour day month weekday), this one has 1; write five like \"*/20 6-23 * * *\"",
		"":                                      "a schedule has five fields (minute hour day month weekday), this one has 0; write five like \"*/20 6-23 * * *\"",
		"0 0 * * 7":                             "not a schedule: end of range (7) above maximum (6): 7; write five fields like \"*/20 6-23 * * *\", or @hourly, @daily, @weekly, @monthly",
		"@sometimes":                            "not a schedule: unrecognized descriptor: @sometimes; write five fields like \"*/20 6-23 * * *\", or @hourly, @daily, @weekly, @monthly",
		strings.Repeat("1,", 200) + "1 * * * *": "the schedule has 409 bytes, more than 256: write ranges and steps",
	} {
		_, err := ParseSchedule(spec, nil)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q:\n got %s\nwant %s", spec, got, want)
		}
	}
}

func TestAScheduleFiresByTheClockOfItsZone(t *testing.T) {
	utc := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct{ spec, zone, after, want string }{
		{"0 6 * * *", "Asia/Kabul", "2026-11-23T00:00:00Z", "2026-11-23T01:30:00Z"},
		{"0 6 * * *", "UTC", "2026-11-23T06:00:00Z", "2026-11-24T06:00:00Z"},
		{"30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z"}, // the spring night has no 02:30
		{"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"}, // the autumn night has two
		{"0 0 1 * *", "America/New_York", "2026-10-02T00:00:00Z", "2026-11-01T04:00:00Z"},
	} {
		s, err := ParseSchedule(c.spec, zone(t, c.zone))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Next(utc(c.after)); !got.Equal(utc(c.want)) {
			t.Errorf("%s in %s after %s: got %s, want %s", c.spec, c.zone, c.after, got.UTC().Format(time.RFC3339), c.want)
		}
	}
	if got := (Schedule{}).Next(utc("2026-11-23T00:00:00Z")); !got.IsZero() {
		t.Errorf("the zero schedule fires at %s", got)
	}
}

// Whatever is accepted fires within 31 days, for ever.
func FuzzSchedule(f *testing.F) {
	for _, s := range []string{"*/20 6-23 * * *", "TZ=", "CRON_TZ=X", "0 0 31 2 *", "@every 0s", "* * * * 7", "@", "1-5/2,7 * ? * MON"} {
		f.Add(s, int64(1_795_000_000))
	}
	f.Fuzz(func(t *testing.T, spec string, unix int64) {
		s, err := ParseSchedule(spec, time.UTC)
		if err != nil {
			return
		}
		const years100 = 100 * 365 * 24 * 60 * 60
		at := time.Unix(((unix%years100)+years100)%years100, 0)
		if next := s.Next(at); !next.After(at) || next.Sub(at) > maxFirings {
			t.Errorf("%q after %s fires at %s", spec, at.UTC(), next)
		}
	})
}
