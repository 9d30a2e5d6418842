package parse

import (
	"testing"
	"time"
)

func date(t *testing.T, d *dates, raw string) string {
	t.Helper()
	at, _, ok := d.parse(raw)
	if ok == at.IsZero() {
		t.Errorf("%q: ok %v, but the time is %v", raw, ok, at)
	}
	if !ok {
		return ""
	}
	return at.Format("2006-01-02T15:04:05.999Z07:00")
}

func TestDates(t *testing.T) {
	for raw, want := range map[string]string{
		// As the standards want them.
		"Mon, 05 Oct 2026 10:00:00 GMT":      "2026-10-05T10:00:00Z",
		"Mon, 5 Oct 2026 10:00 +0000":        "2026-10-05T10:00:00Z",
		"05 Oct 2026 10:00:00 Z":             "2026-10-05T10:00:00Z",
		"2026-10-05T10:00:00Z":               "2026-10-05T10:00:00Z",
		"2026-10-05t10:00:00.123z":           "2026-10-05T10:00:00.123Z",
		"2026-10-05T10:00:00,5+05:30":        "2026-10-05T04:30:00.5Z",
		"2026-10-05T10:00:00-0230":           "2026-10-05T12:30:00Z",
		"2026-10-05T10:00Z":                  "2026-10-05T10:00:00Z",
		"2026-10-05":                         "2026-10-05T00:00:00Z",
		"2003-12":                            "2003-12-01T00:00:00Z",
		"2003":                               "2003-01-01T00:00:00Z",
		"20261005":                           "2026-10-05T00:00:00Z",
		"20261005T100000Z":                   "2026-10-05T10:00:00Z",
		"20261005T1000+0430":                 "2026-10-05T05:30:00Z",
		"20261005100000":                     "2026-10-05T10:00:00Z",
		"2026-278":                           "2026-10-05T00:00:00Z",
		"2026278":                            "2026-10-05T00:00:00Z",
		"-0312":                              "2003-12-01T00:00:00Z",
		"-03-12":                             "2003-12-01T00:00:00Z",
		"031231":                             "2003-12-31T00:00:00Z",
		"03-12-31":                           "2003-12-31T00:00:00Z",
		"Mon Oct  5 10:00:00 2026":           "2026-10-05T10:00:00Z",
		"Mon Oct 5 10:00:00 PKT 2026":        "2026-10-05T05:00:00Z",
		"Mon Oct 05 10:00:00 +0500 2026":     "2026-10-05T05:00:00Z",
		"1791194400":                         "2026-10-05T10:00:00Z",
		"1791194400000":                      "2026-10-05T10:00:00Z",
		"Mon, 21 Sep 26 02:24:56 +0500":      "2026-09-20T21:24:56Z",
		"Friday, February 27, 2026 - 12:38":  "2026-02-27T12:38:00Z",
		"October 5, 2026 10:00 am":           "2026-10-05T10:00:00Z",
		"October 5th, 2026 at 10:05 p.m.":    "2026-10-05T22:05:00Z",
		"5 October 2026, 12:05 AM":           "2026-10-05T00:05:00Z",
		"Oct 5, 2026 3 pm":                   "2026-10-05T15:00:00Z",
		"Mon, 5 Sept 2026 10:00:00 GMT":      "2026-09-05T10:00:00Z",
		"Mon, 10/05/2026 - 10:00":            "2026-10-05T10:00:00Z",
		"Thu, 10/05/2026 - 10:00":            "2026-05-10T10:00:00Z", // no Thursday at all: day first
		"Sun, 10/05/2026 - 10:00":            "2026-05-10T10:00:00Z",
		"10/05/2026":                         "2026-05-10T00:00:00Z",
		"25/10/2026 10:00":                   "2026-10-25T10:00:00Z",
		"10/25/2026 10:00":                   "2026-10-25T10:00:00Z",
		"25.10.2026 10:00":                   "2026-10-25T10:00:00Z",
		"2026/10/05 10:00:00":                "2026-10-05T10:00:00Z",
		"2026.10.05":                         "2026-10-05T00:00:00Z",
		"05-Oct-2026":                        "2026-10-05T00:00:00Z",
		"5-Oct-26 10:00":                     "2026-10-05T10:00:00Z",
		"2026-Oct-05":                        "2026-10-05T00:00:00Z",
		"Oct 2026":                           "2026-10-01T00:00:00Z",
		"  Mon,05 Oct 2026 10:00:00  GMT  ":  "2026-10-05T10:00:00Z",
		"Mon, 13 Feb, 2012 06:28:00 UTC":     "2012-02-13T06:28:00Z",
		"Fri, 2006/09/15 08:19:53 EDT":       "2006-09-15T12:19:53Z",
		"2004-07-08 23:56:58.0":              "2004-07-08T23:56:58Z",
		"2004년 05월 28일  01:31:15":            "2004-05-28T01:31:15Z",
		"2004-05-25 오후 11:23:17":             "2004-05-25T23:23:17Z",
		"2026年10月5日 10:00":                   "2026-10-05T10:00:00Z",
		"2004-július-13T9:15-05:00":          "2004-07-13T14:15:00Z",
		"Κυρ, 11 Ιούλ 2004 12:00:00 EST":     "2004-07-11T17:00:00Z",
		"Mo, 5. Oktober 2026 10:00:00 +0200": "2026-10-05T08:00:00Z",
		// Run over.
		"Mon, 05 Oct 2026 24:00:00 GMT": "2026-10-06T00:00:00Z",
		"Mon, 05 Oct 2026 10:59:60 GMT": "2026-10-05T11:00:00Z",
		"31 Jun 2026":                   "2026-07-01T00:00:00Z",
		"Fri, 05 Oct 2026 10:00:00 GMT": "2026-10-05T10:00:00Z", // a wrong weekday decides nothing
		// Zones.
		"05 Oct 2026 10:00 GMT+4:30":         "2026-10-05T05:30:00Z",
		"05 Oct 2026 10:00 UTC+0430":         "2026-10-05T05:30:00Z",
		"05 Oct 2026 10:00 GMT-01:01":        "2026-10-05T11:01:00Z",
		"05 Oct 2026 10:00 +04":              "2026-10-05T06:00:00Z",
		"05 Oct 2026 10:00 Asia/Kabul":       "2026-10-05T05:30:00Z",
		"05 Oct 2026 10:00 Etc/GMT-5":        "2026-10-05T05:00:00Z",
		"05 Oct 2026 10:00 Etc/GMT":          "2026-10-05T10:00:00Z",
		"05 Oct 2026 10:00 America/New_York": "2026-10-05T14:00:00Z",
		"05 Oct 2026 10:00 ET":               "2026-10-05T14:00:00Z",
		"05 Dec 2026 10:00 ET":               "2026-12-05T15:00:00Z",
		"05 Oct 2026 10:00 CT":               "2026-10-05T15:00:00Z",
		"05 Oct 2026 10:00 MT":               "2026-10-05T16:00:00Z",
		"05 Oct 2026 10:00 PT":               "2026-10-05T17:00:00Z",
		"05 Oct 2026 10:00 -5000":            "2026-10-05T10:00:00Z", // no zone of this world
		"05 Oct 2026 10:00 AFT":              "2026-10-05T05:30:00Z",
		"05 Oct 2026 10:00 IRST":             "2026-10-05T06:30:00Z",
		"05 Oct 2026 10:00 NPT":              "2026-10-05T04:15:00Z",
		"05 Oct 2026 10:00 ALMT":             "2026-10-05T05:00:00Z",
		"05 Oct 2023 10:00 ALMT":             "2023-10-05T04:00:00Z",
		"05 Oct 2026 10:00 EEST":             "2026-10-05T07:00:00Z",
		// Digits, names and calendars of the region.
		"۱۲ اکتبر ۲۰۲۶ ۱۰:۰۰":    "2026-10-12T10:00:00Z",
		"١٢ أكتوبر ٢٠٢٦ ١٠:٠٠":   "2026-10-12T10:00:00Z",
		"१२-१०-२०२६":             "2026-10-12T00:00:00Z",
		"12 октября 2026, 10:00": "2026-10-12T10:00:00Z",
		"12 اکتوبر 2026ء":        "2026-10-12T00:00:00Z",
		"1405/07/20 10:00":       "2026-10-12T10:00:00Z",
		"۲۰ مهر ۱۴۰۵":            "2026-10-12T00:00:00Z",
		"20 میزان 1405":          "2026-10-12T00:00:00Z",
		"1403-12-30":             "2025-03-20T00:00:00Z", // a leap year
		"1404-01-01":             "2025-03-21T00:00:00Z",
		// No dates, or none that can be true.
		"":                              "",
		"   ":                           "",
		"yesterday":                     "",
		"0000-00-00":                    "",
		"0000-00-00 00:00:00":           "",
		"1970-01-01T00:00:00Z":          "",
		"Thu, 01 Jan 1970 00:00:00 GMT": "",
		"0":                             "",
		"1994-12-31":                    "",
		"3247-01-01T00:00:00Z":          "",
		"2026-13-45":                    "",
		"2026-10-05T25:00:00Z":          "",
		"32 Oct 2026":                   "",
		"Mon":                           "",
		"10:00":                         "",
		"5 Foo 2026":                    "",
		"12":                            "",
		"99999999999999999999999":       "",
	} {
		if got := date(t, &dates{}, raw); got != want {
			t.Errorf("%q: got %q, want %q", raw, got, want)
		}
	}
}

func TestZonesByCountry(t *testing.T) {
	for _, c := range []struct{ country, zone, want string }{
		{"", "IST", "04:30"},
		{"IN", "IST", "04:30"},
		{"IL", "IST", "07:00"},
		{"IE", "IST", "09:00"},
		{"", "BST", "09:00"},
		{"BD", "BST", "04:00"},
		{"", "CST", "16:00"},
		{"CN", "CST", "02:00"},
		{"TW", "CST", "02:00"},
		{"", "PST", "18:00"},
		{"PK", "PST", "05:00"},
		{"", "AST", "14:00"},
		{"SA", "AST", "07:00"},
		{"YE", "AST", "07:00"},
		{"", "AMT", "06:00"},
		{"BR", "AMT", "14:00"},
		{"", "PKT", "05:00"},
		{"", "MSK", "07:00"},
		{"", "TJT", "05:00"},
		{"", "UZT", "05:00"},
		{"", "GST", "06:00"},
		{"", "SLST", "04:30"},
		{"", "MMT", "03:30"},
		{"", "KGT", "04:00"},
		{"", "IRDT", "05:30"},
		{"", "BTT", "04:00"},
		{"", "WIB", "03:00"},
		{"", "KST", "01:00"},
		{"", "EST", "15:00"},
	} {
		got := date(t, &dates{country: c.country}, "05 Oct 2026 10:00 "+c.zone)
		if want := "2026-10-05T" + c.want + ":00Z"; got != want {
			t.Errorf("%s in %q: got %s, want %s", c.zone, c.country, got, want)
		}
	}
}

func TestDateWithoutZoneTakesThatOfTheSource(t *testing.T) {
	karachi := time.FixedZone("", 5*3600)
	at, zoned, _ := (&dates{zone: karachi}).parse("2026-10-05 10:00")
	if got := at.Format(time.RFC3339); got != "2026-10-05T05:00:00Z" || zoned {
		t.Errorf("got %s, zoned %v", got, zoned)
	}
	if _, zoned, _ := (&dates{zone: karachi}).parse("2026-10-05 10:00 XYZT"); zoned {
		t.Error("an unknown abbreviation counts as a zone")
	}
	if _, zoned, _ := (&dates{zone: karachi}).parse("2026-10-05 10:00 PKT"); !zoned {
		t.Error("PKT counts as no zone")
	}
}

func TestANumberAboveTwelveDecidesForTheDocument(t *testing.T) {
	for _, c := range []struct {
		country string
		others  []string
		want    string
	}{
		{"", nil, "2026-05-10"},
		{"US", nil, "2026-10-05"},
		{"", []string{"10/25/2026"}, "2026-10-05"},
		{"US", []string{"25/10/2026 10:00"}, "2026-05-10"},
		{"US", []string{"2026-10-25", "25 Oct 2026", "99/99/2026", "not a/date/either"}, "2026-10-05"},
	} {
		d := &dates{country: c.country}
		for _, o := range c.others {
			d.learn(o)
		}
		if got := date(t, d, "10/05/2026"); got != c.want+"T00:00:00Z" {
			t.Errorf("%q with %q: got %s, want %s", c.country, c.others, got, c.want)
		}
	}
}

func FuzzDate(f *testing.F) {
	for _, s := range []string{
		"Mon, 05 Oct 2026 10:00:00 GMT", "2026-10-05T10:00:00.5+04:30", "10/05/2026", "20261005T100000Z", "1405/07/20",
		"1791194400", "5 Oct 26 3 pm Asia/Kabul", "-0312", "۱۲ اکتبر ۲۰۲۶",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		d := &dates{country: "PK"}
		d.learn(raw)
		at, _, ok := d.parse(raw)
		if !ok {
			if !at.IsZero() {
				t.Errorf("%q is no date, but %v", raw, at)
			}
			return
		}
		if at.Year() < firstYear || at.Year() > lastYear {
			t.Errorf("%q gives the year %d", raw, at.Year())
		}
		for _, layout := range []string{time.RFC3339Nano, time.RFC1123Z, "2 January 2006 15:04:05 -0700"} {
			want := at
			if layout != time.RFC3339Nano {
				want = at.Truncate(time.Second)
			}
			again, _, ok := d.parse(at.Format(layout))
			if !ok || !again.Equal(want) {
				t.Errorf("%q is %v, written as %q it is %v", raw, at, at.Format(layout), again)
			}
		}
	})
}
