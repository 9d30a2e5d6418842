package parse

import (
	"strconv"
	"strings"
	"time"

	"khyber/internal/news"
)

// maxFresh is the longest time that a hint counts for (rule F9 of intake).
const maxFresh = 24 * time.Hour

// rawHints are what a document asks of a poller, as it is written.
type rawHints struct {
	ttl                 string
	period, frequency   string
	skipHours, skipDays []string
	hub, self           string
}

// link files the links that say where a document is and who announces it.
func (h *rawHints) link(rel, href string) {
	switch strings.ToLower(rel) {
	case "hub":
		h.hub = firstOf(h.hub, href)
	case "self":
		h.self = firstOf(h.self, href)
	}
}

// read turns the hints into those of a poll. The longer of ttl and the
// syndication module wins.
func (p *parser) hints() news.Hints {
	raw := &p.head.hints
	h := news.Hints{SkipHours: skipHours(raw.skipHours), SkipDays: skipDays(raw.skipDays)}
	if minutes, err := strconv.ParseFloat(strings.TrimSpace(raw.ttl), 64); err == nil && minutes > 0 {
		h.Fresh, h.Why = fresh(minutes*float64(time.Minute)), "ttl"
	}
	if d := syndication(raw.period, raw.frequency); d > h.Fresh {
		h.Fresh, h.Why = d, "sy:updatePeriod"
	}
	base := p.base
	h.Hub, h.Self = webAddress(base, p.textOf(raw.hub)), webAddress(base, p.textOf(raw.self))
	return h
}

// fresh bounds a duration in nanoseconds before it becomes one.
func fresh(ns float64) time.Duration {
	if ns >= float64(maxFresh) {
		return maxFresh
	}
	return time.Duration(ns)
}

// syndication reads updatePeriod and updateFrequency, which is how often in that
// period; 1 when absent.
func syndication(period, frequency string) time.Duration {
	times := 1.0
	if f, err := strconv.ParseFloat(strings.TrimSpace(frequency), 64); err == nil && f > 0 {
		times = f
	}
	length := 0.0
	switch strings.ToLower(strings.TrimSpace(period)) {
	case "hourly":
		length = float64(time.Hour)
	case "daily":
		length = 24 * float64(time.Hour)
	case "weekly":
		length = 7 * 24 * float64(time.Hour)
	case "monthly":
		length = 30 * 24 * float64(time.Hour)
	case "yearly":
		length = 365 * 24 * float64(time.Hour)
	}
	return fresh(length / times)
}

// skipHours reads the hours of GMT; 24 is 0. A list that skips everything is
// ignored.
func skipHours(list []string) uint32 {
	const all = 1<<24 - 1
	var bits uint32
	for _, s := range list {
		if h, err := strconv.Atoi(strings.TrimSpace(s)); err == nil && h >= 0 && h <= 24 {
			bits |= 1 << (h % 24)
		}
	}
	if bits == all {
		return 0
	}
	return bits
}

func skipDays(list []string) uint8 {
	const all = 1<<7 - 1
	var bits uint8
	for _, s := range list {
		if d, ok := weekdays[strings.ToLower(strings.TrimSpace(s))]; ok {
			bits |= 1 << d
		}
	}
	if bits == all {
		return 0
	}
	return bits
}
