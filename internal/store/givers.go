package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// giversKept is how long it is remembered that a source gave to a topic.
const giversKept = 90 * 24 * time.Hour

// readGivers returns the day on which each source last gave an item to a topic,
// by origin.
func readGivers(tx ReadTx, origin string) (map[string]string, error) {
	rows, err := tx.Rows(TableGivers, []string{origin})
	if err != nil || rows[0] == nil {
		return nil, err
	}
	var days map[string]string
	if err := json.Unmarshal(rows[0], &days); err != nil {
		return nil, fmt.Errorf("sources of the topic %s: %w", origin, err)
	}
	return days, nil
}

// gave notes that a source gave an item to a topic. It writes once a day, and
// forgets the sources that gave nothing for 90 days.
func gave(tx Tx, origin, source string, at time.Time) error {
	days, err := readGivers(tx, origin)
	if err != nil {
		return err
	}
	day := at.UTC().Format(time.DateOnly)
	if days[source] >= day {
		return nil
	}
	kept := map[string]string{source: day}
	for id, last := range days {
		if id != source && last > at.UTC().Add(-giversKept).Format(time.DateOnly) {
			kept[id] = last
		}
	}
	row, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("sources of the topic %s: %w", origin, err)
	}
	return tx.PutRows(TableGivers, []Row{{origin, row}})
}

// givers returns the sources that gave a topic an item in the 90 days before its
// last change, under their present IDs.
func (v *view) givers(tx ReadTx, t *Topic) (map[string]bool, error) {
	days, err := readGivers(tx, t.Origin)
	if err != nil {
		return nil, err
	}
	out := make(map[string]bool, len(days))
	for id, last := range days {
		if last <= t.Changed.Add(-giversKept).Format(time.DateOnly) {
			continue
		}
		if now, ok := v.current[id]; ok {
			id = now
		}
		out[id] = true
	}
	return out, nil
}
