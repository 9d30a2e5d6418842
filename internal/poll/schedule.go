package poll

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Limits of a schedule.
const (
	maxSpec = 256 // bytes; a list of all minutes has 169

	// maxFirings is the longest time between two firings, 31 days and the hour
	// of a clock that is put back: a poll more than 33 days ahead counts as a
	// jump of the clock.
	maxFirings = 31*day + 2*time.Hour
)

// Schedule is a compiled value of the key `schedule:`. ParseSchedule makes it;
// the zero value fires never.
type Schedule struct {
	cron     cron.Schedule
	location *time.Location
}

// Next returns the first firing after t; the zero time when there is none
// within five years.
func (s Schedule) Next(t time.Time) time.Time {
	if s.cron == nil {
		return time.Time{}
	}
	return s.cron.Next(t.In(s.location))
}

// ParseSchedule reads the key `schedule:`, five fields of cron's syntax or one
// of its names like @hourly, in the time zone of location (nil: UTC). The error
// says what to write instead.
//
// Refused is what cron accepts but a source cannot live with: a zone of its own
// (`timezone` says it), @every (`every` says it), a schedule that never fires
// or that leaves more than 31 days between two firings.
func ParseSchedule(spec string, location *time.Location) (Schedule, error) {
	s, err := parseSchedule(spec, location)
	if err != nil {
		return Schedule{}, err
	}
	return s, s.check()
}

// parseSchedule reads a schedule without looking at its firings.
func parseSchedule(spec string, location *time.Location) (s Schedule, err error) {
	defer func() { // cron reads past the end of some specs
		if r := recover(); r != nil {
			s, err = Schedule{}, errors.New("not a schedule: write five fields like \"*/20 6-23 * * *\"")
		}
	}()
	if location == nil {
		location = time.UTC
	}
	spec = strings.TrimSpace(spec)
	fields := strings.Fields(spec)
	switch {
	case len(spec) > maxSpec:
		return s, fmt.Errorf("the schedule has %d bytes, more than %d: write ranges and steps", len(spec), maxSpec)
	case strings.Contains(spec, "TZ="):
		return s, errors.New("a schedule has no zone of its own: use timezone")
	case strings.HasPrefix(spec, "@every"):
		return s, errors.New("@every is no schedule: use every")
	case len(fields) != 5 && !strings.HasPrefix(spec, "@"):
		return s, fmt.Errorf("a schedule has five fields (minute hour day month weekday), this one has %d; write five like \"*/20 6-23 * * *\"", len(fields))
	}
	compiled, err := cron.ParseStandard(spec)
	if err != nil {
		return s, fmt.Errorf("not a schedule: %w; write five fields like \"*/20 6-23 * * *\", or @hourly, @daily, @weekly, @monthly", err)
	}
	return Schedule{compiled, location}, nil
}

// check refuses a schedule that does not fire often enough. It looks at eight
// years from a fixed day on, so that the answer does not depend on today.
func (s Schedule) check() error {
	from := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	t := s.Next(from)
	for !t.IsZero() && t.Before(from.AddDate(8, 0, 0)) {
		// Looking a day ahead keeps this short for a schedule of every minute.
		next := s.Next(t.Add(day))
		if next.Sub(t) > maxFirings {
			if next = s.Next(t); next.Sub(t) > maxFirings {
				return errors.New("this schedule leaves more than 31 days between two polls: let it fire at least once a month")
			}
		}
		if next.IsZero() {
			break
		}
		t = next
	}
	if t.Before(from.AddDate(8, 0, 0)) {
		return errors.New("this schedule never fires: there is no such day")
	}
	return nil
}
