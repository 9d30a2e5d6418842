package main

import (
	"cmp"
	"fmt"
	"regexp"
	"time"

	"khyber/internal/config"
	"khyber/internal/news"
)

// Thresholds of the findings on sources; starting values, but for the share of
// links, which is that of two addresses of one document.
const (
	certificateLeft = 14 * 24 * time.Hour

	failingLong  = 30 * 24 * time.Hour // a source that fails for longer is switched off
	sharedLinks  = 0.9                 // of the links of both: one document under two addresses
	minLinks     = 10                  // fewer say nothing
	minPolls     = 20                  // before polls without a change say something
	idlePolls    = 0.95                // without a change: it is asked too often
	minDocuments = 5                   // before gaps say something
	knownLeast   = 1.0 / 3             // of the items of changed documents
	sameOffset   = 0.9                 // of the dates, ahead by the same time
	leastEvery   = 5 * time.Minute
	mostEvery    = 24 * time.Hour
)

// sources examines each source, and those that share a document.
func (x *examination) sources() []finding {
	var out []finding
	for i := range x.cfg.Sources {
		src := &x.cfg.Sources[i]
		if src.Disabled {
			continue
		}
		s := x.states[src.ID]
		for _, f := range []finding{x.answers(src, &s), moved(src, &s), x.timing(src), x.dates(src, &s), x.certificate(src)} {
			if f.text != "" {
				f.text = src.ID + ": " + f.text
				out = append(out, f)
			}
		}
	}
	return append(out, x.doubles()...)
}

func set(id, key, value string) func(*config.Editor) error {
	return func(e *config.Editor) error { return e.Set(id, key, value) }
}

// answers judges a source that fails.
func (x *examination) answers(src *news.Source, s *news.SourceState) finding {
	what := (&news.Poll{Kind: s.LastKind, Text: s.LastText}).Outcome()
	since := s.FirstFailed.UTC().Format(time.DateOnly)
	switch {
	case s.State == news.StateGone:
		return finding{broken, "its server says that it is gone for good: disable it, and look for its new address with khyber add", set(src.ID, "disabled", "true")}
	case s.State != news.StateFailing:
		return finding{}
	case s.LastKind == news.KindNotAFeed:
		return finding{broken, fmt.Sprintf("it sends a page in place of a feed since %s (%s): its publisher refuses programs, which Khyber does not go around, or it has moved: khyber add finds the feed of a site", since, what), x.switchOff(src.ID, s)}
	case x.now.Sub(s.FirstFailed) > failingLong:
		return finding{broken, fmt.Sprintf("it fails since %s (%s): disable it, or look for its new address", since, what), x.switchOff(src.ID, s)}
	}
	return finding{broken, fmt.Sprintf("it fails since %s (%s): if it stays so, look for its new address", since, what), nil}
}

// switchOff disables a source that fails for too long; nil before that.
func (x *examination) switchOff(id string, s *news.SourceState) func(*config.Editor) error {
	if x.now.Sub(s.FirstFailed) <= failingLong {
		return nil
	}
	return set(id, "disabled", "true")
}

// certificate tells of one that ends soon: most are renewed a month before.
func (x *examination) certificate(src *news.Source) finding {
	end, known := x.ends[src.ID]
	if left := end.Sub(x.now); !known || left > certificateLeft || left < 0 { // one that has ended fails the polls
		return finding{}
	}
	return finding{costly, fmt.Sprintf("the certificate of its server ends on %s: if nobody renews it, its polls fail then; tell its publisher", end.UTC().Format(time.DateOnly)), nil}
}

// moved proposes the address that polls have learned.
func moved(src *news.Source, s *news.SourceState) finding {
	switch {
	case !s.Redirect.Learned:
		return finding{}
	case src.PublicURL() == "":
		return finding{costly, "it has moved for good: follow the redirects of its address and change url by hand, since it holds a secret", nil}
	}
	return finding{costly, "it has moved for good: change url to " + s.Redirect.URL, set(src.ID, "url", s.Redirect.URL)}
}

// timing judges an interval that was set by hand.
func (x *examination) timing(src *news.Source) finding {
	every := src.Timing.Every
	if every == 0 || src.Timing.Schedule != "" {
		return finding{}
	}
	documents, gaps, items, known, good, idle := 0, 0, 0, 0, 0, 0
	for i := range x.polls[src.ID] {
		p := &x.polls[src.ID][i]
		if !p.Kind.Good() || p.Baseline {
			continue
		}
		good++
		if p.New+p.Revised == 0 {
			idle++
		}
		if p.Kind == news.KindOK {
			documents, items, known = documents+1, items+p.New+p.Known, known+p.Known
			if p.Gap() {
				gaps++
			}
		}
	}
	longer, shorter := min(2*every, mostEvery), max(every/2, leastEvery)
	switch {
	case documents >= minDocuments && shorter < every && (gaps > 1 || float64(known) < knownLeast*float64(items)):
		return finding{losing, fmt.Sprintf("every %s is too long: %d of the %d items of its last documents were new, so some may have been missed: shorten it to %s, or leave it out",
			wait(every), items-known, items, wait(shorter)), set(src.ID, "every", wait(shorter))}
	case good >= minPolls && longer > every && float64(idle) > idlePolls*float64(good):
		return finding{costly, fmt.Sprintf("every %s is too short: %d of its last %s brought nothing: lengthen it to %s, or leave it out",
			wait(every), idle, count(good, "poll"), wait(longer)), set(src.ID, "every", wait(longer))}
	}
	return finding{}
}

// named finds a zone at the end of a date: Z, GMT, +0500.
var named = regexp.MustCompile(`([Zz]|[+-]\d\d:?\d\d|\b[A-Z]{2,5})\s*(\([^)]*\))?$`)

// zones are those of the half hours and of the neighbourhood; others are named
// by their distance.
var zones = map[time.Duration]string{
	3*time.Hour + 30*time.Minute: "Asia/Tehran",
	4*time.Hour + 30*time.Minute: "Asia/Kabul",
	5 * time.Hour:                "Asia/Karachi",
	5*time.Hour + 30*time.Minute: "Asia/Kolkata",
	6 * time.Hour:                "Asia/Dhaka",
}

// dates judges when a source says that its items were published.
func (x *examination) dates(src *news.Source, s *news.SourceState) finding {
	items := x.items[src.ID]
	if s.State == news.StateUndated {
		for i := range items {
			if items[i].Published.IsZero() && items[i].DateRaw != "" {
				return finding{costly, fmt.Sprintf("its dates cannot be read, such as %q: its items have the time when they were first seen; tell its publisher, or us", items[i].DateRaw), nil}
			}
		}
		return finding{costly, "its items have no dates: they have the time when they were first seen", nil}
	}
	dated, most, zoned := 0, time.Duration(0), 0
	for i := range items {
		if items[i].Published.IsZero() {
			continue
		}
		dated++
		most = max(most, items[i].Published.Sub(items[i].FirstSeen))
		if named.MatchString(items[i].DateRaw) {
			zoned++
		}
	}
	// What a poll finds was published up to an interval before: the items that
	// were found at once show how far the clock is off.
	offset := (most + 10*time.Minute).Round(30 * time.Minute)
	same := 0
	for i := range items {
		ahead := items[i].Published.Sub(items[i].FirstSeen)
		if !items[i].Published.IsZero() && ahead > 0 && ahead > offset-90*time.Minute {
			same++
		}
	}
	if offset < 30*time.Minute || dated < minLinks || float64(same) < sameOffset*float64(dated) {
		return finding{}
	}
	text := fmt.Sprintf("its dates are about %s ahead", wait(offset))
	zone := zones[offset]
	if zone == "" && offset%time.Hour == 0 {
		zone = fmt.Sprintf("Etc/GMT-%d", offset/time.Hour) // POSIX: east is less
	}
	if zoned > dated/2 || src.Timezone != nil || zone == "" {
		return finding{costly, text + ", though a zone is said: nothing to change; such an item has the time when it was first seen", nil}
	}
	return finding{costly, fmt.Sprintf("%s and name no zone: set timezone to %s, or to that of its place", text, zone), set(src.ID, "timezone", zone)}
}

// doubles finds sources that have the same items.
func (x *examination) doubles() []finding {
	links := make(map[string]map[string]bool)
	for id, items := range x.items {
		links[id] = make(map[string]bool)
		for i := range items {
			if items[i].Link != "" {
				links[id][items[i].Link] = true
			}
		}
	}
	var out []finding
	for i := range x.cfg.Sources {
		a := &x.cfg.Sources[i]
		for j := i + 1; j < len(x.cfg.Sources); j++ {
			b := &x.cfg.Sources[j]
			if a.Disabled || b.Disabled || len(links[a.ID]) < minLinks || len(links[b.ID]) < minLinks {
				continue
			}
			shared := 0
			for link := range links[a.ID] {
				if links[b.ID][link] {
					shared++
				}
			}
			if most := max(len(links[a.ID]), len(links[b.ID])); float64(shared) >= sharedLinks*float64(most) {
				keep, drop := a.ID, b.ID
				if cmp.Compare(x.states[a.ID].Items, x.states[b.ID].Items) < 0 {
					keep, drop = drop, keep
				}
				text := fmt.Sprintf("%s: %d of its %d links are those of %s: remove it", drop, shared, len(links[drop]), keep)
				out = append(out, finding{costly, text, func(e *config.Editor) error { return e.Remove(drop) }})
			}
		}
	}
	return out
}
