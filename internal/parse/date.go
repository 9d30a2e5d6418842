package parse

import (
	"strings"
	"time"
)

// Limits of dates.
const (
	maxDateBytes = 128  // of a raw date; the rest is no date
	firstYear    = 1995 // before it a date is a default of some program
	lastYear     = 2100 // beyond it a date is a slip
	maxOffset    = 15   // hours that a zone can be away from UTC
	hijriFirst   = 1390 // years that are read as Solar Hijri
	hijriLast    = 1420
)

// dates reads the dates of one document. It never guesses "now".
type dates struct {
	country  string         // ISO 3166-1 of the source: decides what BST, CST or IST mean
	zone     *time.Location // for dates without a zone; nil: UTC
	monthFst bool           // 10/05/2026 is the fifth of October
	decided  bool           // by a number above 12 somewhere in the document
	places   map[string]*time.Location

	tokens, numbers []dateToken // room for those of one date
}

// maxPlaces bounds how many names of zones one document can have looked up.
const maxPlaces = 16

// place finds a zone of the time zone database; nil: there is none of the name.
func (d *dates) place(name string) *time.Location {
	loc, ok := d.places[name]
	if ok || len(d.places) >= maxPlaces {
		return loc
	}
	if d.places == nil {
		d.places = map[string]*time.Location{}
	}
	if l, err := time.LoadLocation(name); err == nil {
		loc = l
	}
	d.places[name] = loc
	return loc
}

// parse reads a date in any of the forms that feeds hold. ok is false for what
// is no date, or one that cannot be true. zoned is false when the date names no
// zone that is known, and the source's own was taken.
func (d *dates) parse(raw string) (t time.Time, zoned, ok bool) {
	r := d.reader(raw)
	if t, ok := r.number(); ok {
		return sane(t, true)
	}
	if !r.read() {
		return time.Time{}, false, false
	}
	y, m, day, ok := r.calendar()
	if !ok {
		return time.Time{}, false, false
	}
	return r.assemble(y, m, day)
}

// reader takes a date apart. It is valid until the next one is.
func (d *dates) reader(raw string) *dateReader {
	if d.numbers == nil {
		d.numbers = make([]dateToken, 0, 8)
	}
	d.tokens = tokenizeDate(d.tokens[:0], cutBytes(strings.TrimSpace(raw), maxDateBytes))
	return &dateReader{dates: d, tokens: d.tokens, numbers: d.numbers[:0], month: -1, day: -1, year: -1}
}

// sane drops dates that are defaults or slips.
func sane(t time.Time, zoned bool) (time.Time, bool, bool) {
	t = t.UTC()
	if t.Year() < firstYear || t.Year() > lastYear {
		return time.Time{}, false, false
	}
	return t, zoned, true
}

// dateReader sorts the tokens of one date into its parts.
type dateReader struct {
	*dates
	tokens []dateToken

	numbers    []dateToken // that are no part of the time or the zone
	slashed    bool        // they are set apart by / or .
	year       int
	month, day int
	hijri      bool // the month is one of the Solar Hijri calendar
	weekday    time.Weekday
	hasWeekday bool
	strange    bool   // it holds words that mean nothing here
	clock      [4]int // hour, minute, second, nanosecond
	hasClock   bool
	pm, am     bool
	zone       zoneInfo
}

// number reads a date that is one number: seconds or milliseconds since 1970.
func (r *dateReader) number() (time.Time, bool) {
	if len(r.tokens) != 1 || r.tokens[0].kind != dateNumber {
		return time.Time{}, false
	}
	t := r.tokens[0]
	switch n := len(t.text); {
	case n == 9 || n == 10:
		return time.Unix(int64(t.value), 0), true
	case n == 13 || n == 12 && t.text[:2] != "20" && t.text[:2] != "19":
		return time.UnixMilli(int64(t.value)), true
	}
	return time.Time{}, false
}

// read goes over the tokens once.
func (r *dateReader) read() bool {
	for i := 0; i < len(r.tokens); {
		n := r.readClock(i)
		if n == 0 {
			n = r.readZone(i)
		}
		if n == 0 {
			n = r.readWord(i)
		}
		if n == 0 {
			r.readRest(i)
			n = 1
		}
		i += n
	}
	return len(r.numbers) > 0
}

// sign says whether token i is the character.
func (r *dateReader) sign(i int, c string) bool {
	return i >= 0 && i < len(r.tokens) && r.tokens[i].kind == dateSign && r.tokens[i].text == c
}

func (r *dateReader) isNumber(i int) bool {
	return i >= 0 && i < len(r.tokens) && r.tokens[i].kind == dateNumber
}

// readClock reads 10:04, 10:04:05.678, T100405 and 10 am.
func (r *dateReader) readClock(i int) int {
	if r.hasClock || !r.isNumber(i) {
		return 0
	}
	if r.sign(i+1, ":") && r.isNumber(i+2) && len(r.tokens[i].text) <= 2 {
		return r.readColons(i)
	}
	if len(r.numbers) == 0 {
		return 0
	}
	t := r.tokens[i].text
	if r.tokens[i-1].text == "t" && (len(t) == 6 || len(t) == 4) {
		r.hasClock = true
		r.clock = [4]int{digits(t[:2]), digits(t[2:4]), digits(t[4:])}
		return 1
	}
	if i+1 < len(r.tokens) && len(t) <= 2 && isMeridiem(r.tokens[i+1].text) && !r.isNumber(i+2) {
		r.hasClock = true
		r.clock = [4]int{r.tokens[i].value}
		return 1
	}
	return 0
}

func (r *dateReader) readColons(i int) int {
	r.hasClock = true
	r.clock = [4]int{r.tokens[i].value, r.tokens[i+2].value}
	n := 3
	if r.sign(i+3, ":") && r.isNumber(i+4) {
		r.clock[2] = r.tokens[i+4].value
		n = 5
		if (r.sign(i+5, ".") || r.sign(i+5, ",")) && r.isNumber(i+6) && !r.tokens[i+6].space {
			r.clock[3] = fraction(r.tokens[i+6].text)
			n = 7
		}
	}
	return n
}

// fraction returns the nanoseconds of the digits behind the point.
func fraction(s string) int { return digits((s + "000000000")[:9]) }

func digits(s string) int {
	n := 0
	for _, c := range []byte(s) {
		n = n*10 + int(c-'0')
	}
	return n
}

// readWord reads names of months and days, and am and pm.
func (r *dateReader) readWord(i int) int {
	t := r.tokens[i]
	if t.kind != dateWord {
		return 0
	}
	if m, ok := monthNames[t.text]; ok {
		if r.month < 0 {
			r.month = m
		}
		return 1
	}
	if m, ok := hijriMonths[t.text]; ok && r.month < 0 {
		r.month, r.hijri = m, true
		return 1
	}
	if d, ok := weekdays[t.text]; ok {
		r.weekday, r.hasWeekday = d, true
		return 1
	}
	word, n := t.text, 1
	if r.sign(i+1, ".") && i+2 < len(r.tokens) && r.tokens[i+2].text == "m" {
		word, n = word+"m", 3 // p.m.
	}
	switch {
	case isPM(word):
		r.pm = true
	case isMeridiem(word):
		r.am = true
	default:
		r.strange = true
		return 1
	}
	return n
}

func (r *dateReader) readRest(i int) {
	t := r.tokens[i]
	if t.kind == dateNumber {
		if len(r.numbers) < 4 {
			r.numbers = append(r.numbers, t)
		}
		return
	}
	if t.text == "/" || t.text == "." && i > 0 && r.isNumber(i-1) {
		r.slashed = true
	}
}

// calendar decides which number is what.
func (r *dateReader) calendar() (year, month, day int, ok bool) {
	n := r.numbers
	switch {
	case r.month >= 0:
		return r.named()
	case len(n) == 1:
		return r.compact(n[0].text)
	case len(n) == 2:
		return r.pair(n[0], n[1])
	case len(n[0].text) == 4:
		return n[0].value, n[1].value, n[2].value, true
	case len(n[2].text) != 4 && !r.slashed: // 03-12-31
		return century(n[0].value), n[1].value, n[2].value, true
	}
	return r.ambiguous(n[0].value, n[1].value, r.fullYear(n[2]))
}

// pair reads two numbers: 2026-278, 2026-10, 10-2026 and -26-10.
func (r *dateReader) pair(a, b dateToken) (year, month, day int, ok bool) {
	switch {
	case len(a.text) == 4 && len(b.text) == 3: // ordinal, ISO 8601
		return a.value, 1, b.value, b.value <= 366
	case len(a.text) == 4:
		return a.value, b.value, 1, true
	case len(b.text) == 4 && !r.strange:
		return b.value, a.value, 1, true
	case len(a.text) == 2 && len(b.text) == 2 && !r.slashed:
		return century(a.value), b.value, 1, true
	}
	return 0, 0, 0, false
}

// named reads the numbers beside the name of a month.
func (r *dateReader) named() (year, month, day int, ok bool) {
	n := r.numbers
	switch {
	case len(n) == 1 && len(n[0].text) == 4:
		return n[0].value, r.month, 1, true
	case len(n) < 2:
		return 0, 0, 0, false
	case len(n[0].text) >= 3 || n[0].value > 31:
		return r.fullYear(n[0]), r.month, n[1].value, true
	}
	return r.fullYear(n[1]), r.month, n[0].value, true
}

func (r *dateReader) fullYear(t dateToken) int {
	if len(t.text) <= 2 {
		return century(t.value)
	}
	return t.value
}

// century reads a year of two digits as RFC 2822 §4.3 and POSIX do.
func century(y int) int {
	switch {
	case y >= 100:
		return y
	case y < 70:
		return 2000 + y
	}
	return 1900 + y
}

// compact reads a date without signs: 20261005, 2026278, 202610, 261005, 2026.
func (r *dateReader) compact(s string) (year, month, day int, ok bool) {
	switch len(s) {
	case 14, 12:
		r.hasClock = true
		r.clock = [4]int{digits(s[8:10]), digits(s[10:12]), digits(s[12:])}
		return digits(s[:4]), digits(s[4:6]), digits(s[6:8]), true
	case 8:
		return digits(s[:4]), digits(s[4:6]), digits(s[6:]), true
	case 7:
		return digits(s[:4]), 1, digits(s[4:]), digits(s[4:]) <= 366
	case 6:
		if s[:2] == "20" && digits(s[4:]) <= 12 && digits(s[2:4]) > 12 {
			return digits(s[:4]), digits(s[4:]), 1, true
		}
		return century(digits(s[:2])), digits(s[2:4]), digits(s[4:]), true
	case 5:
		return century(digits(s[:2])), 1, digits(s[2:]), digits(s[2:]) <= 366
	case 4:
		if r.sign(0, "-") { // -0312
			return century(digits(s[:2])), digits(s[2:]), 1, true
		}
		return digits(s), 1, 1, true
	}
	return 0, 0, 0, false
}

// ambiguous decides between day first and month first: a number above 12, the
// weekday, the rest of the document, the country.
func (r *dateReader) ambiguous(a, b, year int) (int, int, int, bool) {
	dayFirst, monthFirst := validDay(year, b, a), validDay(year, a, b)
	switch {
	case !dayFirst && !monthFirst:
		return 0, 0, 0, false
	case dayFirst != monthFirst:
	case r.hasWeekday && weekday(year, b, a) != weekday(year, a, b):
		dayFirst = weekday(year, b, a) == r.weekday || weekday(year, a, b) != r.weekday && !r.monthFirst()
	default:
		dayFirst = !r.monthFirst()
	}
	if dayFirst {
		return year, b, a, true
	}
	return year, a, b, true
}

func (d *dates) monthFirst() bool {
	if d.decided {
		return d.monthFst
	}
	return d.country == "US"
}

// learn looks for a number above 12 in a date like 10/25/2026, which says how
// the whole document writes them.
func (d *dates) learn(raw string) {
	if d.decided || strings.Count(raw, "/") < 2 && strings.Count(raw, ".") < 2 {
		return
	}
	r := d.reader(raw)
	if !r.read() || r.month >= 0 || len(r.numbers) < 3 || !r.slashed || len(r.numbers[0].text) > 2 {
		return
	}
	switch a, b := r.numbers[0].value, r.numbers[1].value; {
	case a > 12 && a <= 31 && b <= 12:
		d.decided = true
	case b > 12 && b <= 31 && a <= 12:
		d.decided, d.monthFst = true, true
	}
}

func validDay(y, m, d int) bool {
	return m >= 1 && m <= 12 && d >= 1 && d <= 31 && time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC).Day() == d
}

func weekday(y, m, d int) time.Weekday {
	return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC).Weekday()
}

// assemble makes the time. 24:00 and :60 run over into the next day and minute,
// 31 June into July.
func (r *dateReader) assemble(y, m, d int) (time.Time, bool, bool) {
	r.meridiem()
	goodDay := m >= 1 && m <= 12 && d >= 1 && (d <= 31 || m == 1) // an ordinal day counts from January
	goodClock := r.clock[0] <= 24 && r.clock[1] <= 59 && r.clock[2] <= 60
	if !goodDay || !goodClock {
		return time.Time{}, false, false
	}
	if y >= hijriFirst && y <= hijriLast {
		t := fromHijri(y, m, d)
		y, m, d = t.Year(), int(t.Month()), t.Day()
	} else if r.hijri {
		return time.Time{}, false, false
	}
	wall := time.Date(y, time.Month(m), d, r.clock[0], r.clock[1], r.clock[2], r.clock[3], time.UTC)
	if at, ok := r.zone.apply(wall, r.dates); ok {
		return sane(at, true)
	}
	zone := r.dates.zone
	if zone == nil {
		zone = time.UTC
	}
	return sane(inLocation(wall, zone), false)
}

// meridiem turns the hour into that of 24.
func (r *dateReader) meridiem() {
	if r.pm && r.clock[0] < 12 {
		r.clock[0] += 12
	} else if r.am && r.clock[0] == 12 {
		r.clock[0] = 0
	}
}

// inLocation returns the moment at which clocks in the location show the wall
// time.
func inLocation(wall time.Time, loc *time.Location) time.Time {
	return time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), loc)
}
