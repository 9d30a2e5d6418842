package store

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"khyber/internal/news"
)

// What a surge is. The thresholds are untested against real volumes.
const (
	surgeHours  = 3    // that are looked at
	surgeWeeks  = 8    // that they are compared with
	surgeLeast  = 5    // stories: fewer are no surge however quiet it was
	surgeUsual  = 0.5  // stories: the least that is taken for usual
	surgeChance = 1e-4 // that as many come by chance; of 8 topics judged each hour, one a few months
	surgeEnd    = 6 * time.Hour
	surgeYoung  = 14 * 24 * time.Hour // of a topic whose usual is not known yet
	surgeHealed = 6 * time.Hour       // after a source left a trouble: it brings what was held up

	hoursOfWeek = 7 * 24
)

// StateSurge is the State of a Notice that tells of a topic, not of a source.
const StateSurge news.State = "surge"

// volume counts the stories that began in a topic by the hour, and says whether
// there is a surge.
type volume struct {
	Hours map[int64]int // hours since 1970; none that is older than surgeWeeks
	Began time.Time     // of the surge that goes on; zero: none
	Above time.Time     // when it was last above
}

// recent returns the stories of the last hours, and how many are usual then: the
// mean of the same hours of the same weekday in the weeks since a time.
func (v *volume) recent(now, since time.Time) (n int, usual float64) {
	hour := now.Unix() / 3600
	count := func(end int64) (sum int) {
		for h := end - surgeHours + 1; h <= end; h++ {
			sum += v.Hours[h]
		}
		return sum
	}
	weeks := min(surgeWeeks, int64(now.Sub(since)/time.Hour)/hoursOfWeek)
	for w := int64(1); w <= weeks; w++ {
		usual += float64(count(hour-w*hoursOfWeek)) / float64(weeks)
	}
	return count(hour), max(surgeUsual, usual)
}

// surging says whether n stories are too many to be chance where usual ones are
// expected: they come one by one, so that their number has a Poisson
// distribution.
func surging(n int, usual float64) bool {
	return n >= surgeLeast && atLeast(n, usual) < surgeChance
}

// atLeast returns the chance of n events or more where mean are expected.
func atLeast(n int, mean float64) float64 {
	lg, _ := math.Lgamma(float64(n) + 1)
	term := math.Exp(float64(n)*math.Log(mean) - mean - lg)
	sum := 0.0
	for k := float64(n); term > sum*1e-12; k++ {
		sum += term
		term *= mean / (k + 1)
	}
	if float64(n) < mean { // the terms above still grow: they are no tail
		return max(sum, 0.5)
	}
	return sum
}

// judge brings the volume up to a time, and returns the notice of a surge that
// begins or ends with it; nil: neither.
func (v *volume) judge(now, since time.Time) *Notice {
	n, usual := v.recent(now, since)
	if now.Sub(since) >= surgeYoung && surging(n, usual) {
		v.Above = now
		if v.Began.IsZero() {
			v.Began = now
			return &Notice{State: StateSurge, Since: now, Stories: n, Usual: usual}
		}
		return nil
	}
	if v.Began.IsZero() || now.Sub(v.Above) < surgeEnd {
		return nil
	}
	ended := &Notice{State: StateSurge, Since: v.Began, Until: now}
	v.Began, v.Above = time.Time{}, time.Time{}
	return ended
}

// forget drops the hours that are compared with no more.
func (v *volume) forget(now time.Time) {
	oldest := now.Unix()/3600 - surgeWeeks*hoursOfWeek - surgeHours
	for h := range v.Hours {
		if h < oldest {
			delete(v.Hours, h)
		}
	}
}

// surge counts stories that began in a topic now, and notes the surge that
// begins or ends.
func surge(tx Tx, t *Topic, stories int, at time.Time) error {
	rows, err := tx.Rows(TableVolumes, []string{t.Origin})
	if err != nil {
		return err
	}
	var v volume
	if rows[0] != nil {
		if err := json.Unmarshal(rows[0], &v); err != nil {
			return fmt.Errorf("volume of the topic %s: %w", t.Topic.ID, err)
		}
	}
	if stories == 0 && v.Began.IsZero() {
		return nil
	}
	at = seconds(at)
	if v.Hours == nil {
		v.Hours = make(map[int64]int)
	}
	if stories > 0 {
		v.Hours[at.Unix()/3600] += stories
	}
	v.forget(at)
	told := v.judge(at, t.Since)
	row, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("volume of the topic %s: %w", t.Topic.ID, err)
	}
	if err := tx.PutRows(TableVolumes, []Row{{t.Origin, row}}); err != nil || told == nil {
		return err
	}
	return told.putOf(tx, t.Origin, at)
}

// putOf keeps the notice of a topic. Of its end only Until is new.
func (n *Notice) putOf(tx Tx, origin string, at time.Time) error {
	n.Topic = origin
	key := noticeKey("topic\n"+origin, n.Since)
	known, err := tx.Rows(TableNotices, []string{key})
	if err != nil {
		return err
	}
	if known[0] != nil {
		until := n.Until
		if err := json.Unmarshal(known[0], n); err != nil {
			return fmt.Errorf("read what was noted of the topic %s: %w", origin, err)
		}
		n.Until = until
	}
	row, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("note the surge of the topic %s: %w", origin, err)
	}
	if err := noteEvents(tx, Event{At: at, Notice: n}); err != nil {
		return err
	}
	return tx.PutRows(TableNotices, []Row{{key, row}})
}

// surges judges the topics that news joined: those that begin a story count,
// unless their source has just left a trouble.
func (c *commit) surges() error {
	if len(c.joins) == 0 || c.poll.Baseline {
		return nil
	}
	topics, err := c.tx.Topics()
	if err != nil {
		return err
	}
	st := &c.rec.State
	steady := st.State == news.StateOK && c.poll.At.Sub(st.Since) >= surgeHealed
	for i := range topics {
		joins := c.joins[topics[i].Topic.ID]
		if len(joins) == 0 || !steady {
			continue
		}
		stories, err := c.beginnings(joins)
		if err != nil {
			return err
		}
		if err := surge(c.tx, &topics[i], stories, c.poll.At); err != nil {
			return err
		}
	}
	return nil
}

// beginnings counts the news that are neither a copy nor another report of a
// story.
func (c *commit) beginnings(joins []Joined) (n int, err error) {
	ids := make([]news.ItemID, 0, len(joins))
	for _, j := range joins {
		if j.News {
			ids = append(ids, j.Item)
		}
	}
	kin, err := c.tx.Kin(ids)
	for i, k := range kin {
		if (k.Story == 0 || k.Story == ids[i]) && (k.Group == 0 || k.Group == ids[i]) {
			n++
		}
	}
	return n, err
}
