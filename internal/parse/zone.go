package parse

import (
	"strings"
	"time"
)

// zoneInfo is what a date says about its zone: a name, an offset, or both.
type zoneInfo struct {
	name   string         // lower case: "pkt"
	place  *time.Location // "Asia/Kabul"
	offset int            // seconds
	signed bool           // offset was given
}

const (
	minute = 60
	hour   = 60 * minute
)

// zones are offsets from UTC in seconds by abbreviation.
var zones = map[string]int{
	"ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": hour, "cet": hour, "met": hour, "cest": 2 * hour, "mest": 2 * hour,
	"eet": 2 * hour, "eest": 3 * hour, "msk": 3 * hour, "trt": 3 * hour, "msd": 4 * hour, "samt": 4 * hour,
	"irst": 3*hour + 30*minute, "irdt": 4*hour + 30*minute, "gst": 4 * hour, "azt": 4 * hour, "get": 4 * hour, "amt": 4 * hour,
	"aft": 4*hour + 30*minute, "pkt": 5 * hour, "mvt": 5 * hour, "uzt": 5 * hour, "tjt": 5 * hour, "tmt": 5 * hour, "yekt": 5 * hour,
	"ist": 5*hour + 30*minute, "slst": 5*hour + 30*minute, "npt": 5*hour + 45*minute,
	"btt": 6 * hour, "bdt": 6 * hour, "kgt": 6 * hour, "almt": 6 * hour, "omst": 6 * hour, "mmt": 6*hour + 30*minute,
	"novt": 7 * hour, "ict": 7 * hour, "wib": 7 * hour, "hkt": 8 * hour, "sgt": 8 * hour, "pht": 8 * hour, "jst": 9 * hour, "kst": 9 * hour,
	"est": -5 * hour, "edt": -4 * hour, "cst": -6 * hour, "cdt": -5 * hour, "mst": -7 * hour, "mdt": -6 * hour, "pst": -8 * hour, "pdt": -7 * hour,
	"bst": hour, "ast": -4 * hour, "adt": -3 * hour,
	"et": -5 * hour, "ct": -6 * hour, "mt": -7 * hour, "pt": -8 * hour,
	"akst": -9 * hour, "akdt": -8 * hour, "hst": -10 * hour, "nst": -3*hour - 30*minute, "ndt": -2*hour - 30*minute,
	"brt": -3 * hour, "art": -3 * hour, "sast": 2 * hour, "cat": 2 * hour, "eat": 3 * hour, "wat": hour,
	"awst": 8 * hour, "acst": 9*hour + 30*minute, "aest": 10 * hour, "aedt": 11 * hour, "acdt": 10*hour + 30*minute, "nzst": 12 * hour, "nzdt": 13 * hour,
}

// zonesByCountry are abbreviations that mean something else in some countries.
var zonesByCountry = map[string]int{
	"ist IE": hour, "bst BD": 6 * hour, "amt BR": -4 * hour,
	"cst CN": 8 * hour, "cst TW": 8 * hour, "cst HK": 8 * hour, "pst PK": 5 * hour,
	"ast SA": 3 * hour, "ast IQ": 3 * hour, "ast KW": 3 * hour, "ast QA": 3 * hour, "ast BH": 3 * hour, "ast YE": 3 * hour,
}

// seasonal are abbreviations whose offset depends on the day.
var seasonal = map[string]string{
	"et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver", "pt": "America/Los_Angeles",
	"ist IL": "Asia/Jerusalem",
}

// almaty moved from +06 to +05 on that day.
var almaty = time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)

// readZone reads what follows the time: +0500, GMT+4:30, PKT, Asia/Kabul.
func (r *dateReader) readZone(i int) int {
	t := r.tokens[i]
	switch {
	case t.kind == dateSign && (t.text == "+" || t.text == "-"):
		return r.readOffset(i)
	case t.kind != dateWord:
		return 0
	case r.sign(i+1, "/") && i+2 < len(r.tokens) && r.tokens[i+2].kind == dateWord:
		return r.readPlace(i)
	}
	if _, ok := zones[t.text]; !ok || !r.hasClock && len(t.text) < 3 {
		return 0
	}
	if r.zone.name == "" && r.zone.place == nil {
		r.zone.name = t.text
	}
	return 1
}

// readOffset reads a sign and 1 to 4 digits, or hours and minutes with a colon.
// A minus before the time is a hyphen of the date.
func (r *dateReader) readOffset(i int) int {
	if !r.isNumber(i+1) || r.tokens[i+1].space || r.zone.signed || !r.hasClock && r.tokens[i].text == "-" {
		return 0
	}
	n, s := 2, r.tokens[i+1].text
	h, m := 0, 0
	switch {
	case len(s) <= 2:
		h = digits(s)
		if r.sign(i+2, ":") && r.isNumber(i+3) {
			m, n = r.tokens[i+3].value, 4
		}
	case len(s) <= 4:
		h, m = digits(s[:len(s)-2]), digits(s[len(s)-2:])
	default:
		return 0
	}
	if h > maxOffset || m > 59 {
		return n // no zone of this world: as if there were none
	}
	r.zone.signed, r.zone.offset = true, h*hour+m*minute
	if r.tokens[i].text == "-" {
		r.zone.offset = -r.zone.offset
	}
	return n
}

// readPlace reads the name of a zone, Etc/GMT-5 included, whose sign is the
// other way round.
func (r *dateReader) readPlace(i int) int {
	name, n := r.tokens[i].raw+"/"+r.tokens[i+2].raw, 3
	if strings.HasPrefix(r.tokens[i].text, "etc") && i+4 < len(r.tokens) && (r.sign(i+3, "-") || r.sign(i+3, "+")) && r.isNumber(i+4) {
		name += r.tokens[i+3].text + r.tokens[i+4].text
		n = 5
	}
	r.zone.place = r.dates.place(name)
	return n
}

// apply returns the moment that the wall time means in the zone; false where
// there is no zone.
func (z zoneInfo) apply(wall time.Time, d *dates) (time.Time, bool) {
	switch {
	case z.signed:
		return wall.Add(-time.Duration(z.offset) * time.Second), true
	case z.place != nil:
		return inLocation(wall, z.place), true
	case z.name == "":
		return time.Time{}, false
	}
	place, ok := seasonal[z.name]
	if !ok {
		place = seasonal[z.name+" "+d.country]
	}
	if place != "" {
		if loc := d.place(place); loc != nil {
			return inLocation(wall, loc), true
		}
	}
	offset, ok := zonesByCountry[z.name+" "+d.country]
	if !ok {
		offset = zones[z.name]
	}
	if z.name == "almt" && !wall.Before(almaty) {
		offset = 5 * hour
	}
	return wall.Add(-time.Duration(offset) * time.Second), true
}
