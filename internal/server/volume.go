package server

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

const (
	maxJoined = 2000 // entries that counts and charts look at: one read of the store

	chartDays  = 90 // on the page of a topic
	sparkDays  = 30 // on the index
	dayWidth   = 7  // of a bar with its gap
	chartTall  = 64
	sparkTall  = 24
	lowestBar  = 1.5 // so that one report is seen beside a hundred
	dateOfDay  = "2 Jan 2006"
	shortOfDay = "2 Jan"
)

// joinings are the times at which the entries of a topic joined, newest first.
type joinings struct {
	rev   uint64
	times []time.Time
	more  bool      // there are older ones
	begun time.Time // when the topic was first loaded; zero: unknown

	givers map[string]bool // sources that feed the topic; nil: all in its scope
	window time.Duration   // between the ends of the topic feed
	full   bool            // there are older entries than the topic feed holds
}

// volumes keeps the joinings of each topic until its revision moves.
type volumes struct {
	mu      sync.Mutex
	byTopic map[string]joinings
}

// joined returns the joinings of a topic.
func (s *Server) joined(ctx context.Context, id string) (joinings, error) {
	rev := s.Store.Revision(id)
	s.volumes.mu.Lock()
	j, ok := s.volumes.byTopic[id]
	s.volumes.mu.Unlock()
	if ok && j.rev == rev {
		return j, nil
	}
	page, err := s.Store.Topic(ctx, id, store.Page{View: viewCopies, Limit: maxJoined})
	if err != nil {
		return j, err
	}
	live, err := s.Store.Topic(ctx, id, store.Page{})
	if err != nil {
		return j, err
	}
	j = joinings{rev: rev, window: spanOf(live.Entries), full: live.More, more: page.More, begun: page.Since, givers: giversOf(&page), times: make([]time.Time, len(page.Entries))}
	for i := range page.Entries {
		j.times[i] = page.Entries[i].Joined
	}
	s.volumes.mu.Lock()
	s.volumes.byTopic[id] = j
	s.volumes.mu.Unlock()
	return j, nil
}

// spanOf is the time between the first and the last joining of entries.
func spanOf(entries []news.Entry) time.Duration {
	if len(entries) == 0 {
		return 0
	}
	return entries[0].Joined.Sub(entries[len(entries)-1].Joined)
}

// since counts the joinings at or after a time.
func (j joinings) since(t time.Time) string {
	for i, at := range j.times {
		if at.Before(t) {
			return strconv.Itoa(i)
		}
	}
	n := strconv.Itoa(len(j.times))
	if j.more {
		return n + "+"
	}
	return n
}

func (j joinings) last() time.Time {
	if len(j.times) == 0 {
		return time.Time{}
	}
	return j.times[0]
}

// chart draws a bar for each UTC day.
type chart struct {
	Width, Height int
	Path          string
	Dark          string // behind days on which most sources gave nothing: an outage never looks like peace
	Label         string // what it shows, in words
	From, To      string
	Days          []dayCount // the same numbers, the newest day first, none left out that has a report or is dark
}

type dayCount struct {
	Name string
	N    int
	Dark bool
}

func daysBetween(t, today time.Time) int {
	return int(today.Sub(t.UTC().Truncate(24*time.Hour)) / (24 * time.Hour))
}

// darkDays says for each of the last days whether it lies in an eclipse, by age.
func darkDays(dark []eclipse, today time.Time, days int) []bool {
	out := make([]bool, days)
	for _, x := range dark {
		until := x.until
		if until.IsZero() {
			until = today
		}
		for age := max(0, daysBetween(until, today)); age <= daysBetween(x.since, today) && age < days; age++ {
			out[age] = true
		}
	}
	return out
}

// byDay counts joinings by age in days, as far back as all of them are known and
// as there was a topic.
func (j joinings) byDay(today time.Time, days int) []int {
	counts := make([]int, days)
	for _, at := range j.times {
		if age := daysBetween(at, today); age >= 0 && age < days {
			counts[age]++
		}
	}
	if age := daysBetween(j.times[len(j.times)-1], today); j.more && age < days {
		return counts[:max(1, age)] // its own day is known in part only
	}
	if j.begun.IsZero() {
		return counts
	}
	first := max(daysBetween(j.begun, today), daysBetween(j.times[len(j.times)-1], today))
	return counts[:min(days, first+1)]
}

// chartOf counts joinings by day, as far back as all of them are known. It is
// nil when there is nothing to draw.
func chartOf(j joinings, dark []eclipse, now time.Time, days, height int) *chart {
	if len(j.times) == 0 {
		return nil
	}
	today := now.UTC().Truncate(24 * time.Hour)
	if daysBetween(j.times[len(j.times)-1], today) < sparkDays {
		days = sparkDays // a young topic is not a thin line at the edge
	}
	counts := j.byDay(today, days)
	c := &chart{Width: days * dayWidth, Height: height}
	most, mostAge, total := 0, 0, 0
	for age, n := range counts {
		total += n
		if n > most {
			most, mostAge = n, age
		}
	}
	if total == 0 {
		return nil
	}
	var path, hatch strings.Builder
	darkened := 0
	lost := darkDays(dark, today, days)
	for age, n := range counts {
		if lost[age] {
			darkened++
			hatch.WriteString("M" + strconv.Itoa((days-1-age)*dayWidth) + " 0h" + strconv.Itoa(dayWidth) + "v" + strconv.Itoa(height) + "h-" + strconv.Itoa(dayWidth) + "z")
		}
		if n == 0 && !lost[age] {
			continue
		}
		c.Days = append(c.Days, dayCount{today.AddDate(0, 0, -age).Format(dateOfDay), n, lost[age]})
		if n == 0 {
			continue
		}
		tall := max(lowestBar, float64(n)/float64(most)*float64(height))
		x, y := strconv.Itoa((days-1-age)*dayWidth), strconv.FormatFloat(float64(height)-tall, 'f', 1, 64)
		path.WriteString("M" + x + " " + strconv.Itoa(height) + "V" + y + "h" + strconv.Itoa(dayWidth-2) + "V" + strconv.Itoa(height) + "z")
	}
	c.Path, c.Dark = path.String(), hatch.String()
	c.From, c.To = today.AddDate(0, 0, 1-days).Format(shortOfDay), today.Format(shortOfDay)
	c.Label = count(total, "report") + " in " + count(len(counts), "day") + ", most on " +
		today.AddDate(0, 0, -mostAge).Format(shortOfDay) + " (" + strconv.Itoa(most) + "); " + today.Format(shortOfDay) + " so far " + strconv.Itoa(counts[0])
	if len(counts) < days && !j.more {
		c.Label += "; the topic began on " + today.AddDate(0, 0, 1-len(counts)).Format(shortOfDay)
	}
	if darkened > 0 {
		c.Label += "; on " + count(darkened, "day") + " (hatched) most sources gave nothing"
	}
	return c
}
