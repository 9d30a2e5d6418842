package bolt

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"khyber/internal/news"
	"khyber/internal/store"
)

// day is a UTC day since 1970.
type day uint32

func dayOf(at time.Time) day { return day(at.Unix() / int64(24*time.Hour/time.Second)) }

func (d day) time() time.Time {
	return time.Unix(int64(d)*int64(24*time.Hour/time.Second), 0).UTC()
}

// The near indexes hold many small entries for a few days, so entries share
// rows: a row is found by the index, the first 12 bits of the key and the day,
// and holds the last 40 bits of the key with the item's ID for each. Days stand
// side by side: one look-up finds those of a week. An item's number would be half
// as long as its ID, but to find the ID of each entry took half the time of a
// commit.
//
// The 20 entries of an item belong to 20 rows anywhere in the bucket. So they
// come to a log first, a row for those of many items, and from there to their
// rows together: each row is written once for a thousand items and not for each.
const (
	nearShift = 36
	nearEntry = 5 + 8     // bytes
	nearDay   = 2         // where the day begins in the key of a row
	nearName  = 2 + 4     // bytes of such a key
	logEntry  = 8 + 4 + 8 // bytes: index and key, day, ID
	// logMost is how many entries wait in the log, of 3,000 items or so. Whoever
	// writes keeps them in memory: 3 MB.
	logMost = 1 << 16
)

// nearKey is an index with a key of it.
type nearKey uint64

func keyOf(index store.Index, key uint64) nearKey {
	return nearKey(uint64(index)<<48 | key&(1<<48-1))
}

func (k nearKey) index() store.Index { return store.Index(k >> 48) }
func (k nearKey) key() uint64        { return uint64(k) & (1<<48 - 1) }

// row appends the key of the row that holds the entries of a key, without its day.
func (k nearKey) row(b []byte) []byte {
	return binary.BigEndian.AppendUint16(b, uint16(k.index())<<12|uint16(k.key()>>nearShift))
}

// tail appends the entry of a key without its item.
func (k nearKey) tail(b []byte) []byte {
	return append(b, byte(k>>32), byte(k>>24), byte(k>>16), byte(k>>8), byte(k))
}

// nearLog is what waits in the log, as it is asked for.
type nearLog struct {
	entries []logged
	last    map[nearKey]int32 // the place of the last entry of a key, from 1 on
}

// logged is an entry of the log.
type logged struct {
	key    nearKey
	id     news.ItemID
	day    day
	before int32 // the entry of the same key before this one, from 1 on
}

func (l *nearLog) add(key nearKey, d day, id news.ItemID) {
	l.entries = append(l.entries, logged{key, id, d, l.last[key]})
	l.last[key] = int32(len(l.entries))
}

// each visits the entries of a key, the last one first, until f returns false.
func (l *nearLog) each(key nearKey, f func(*logged) bool) {
	for at := l.last[key]; at != 0; {
		e := &l.entries[at-1]
		if !f(e) {
			return
		}
		at = e.before
	}
}

// has says whether an entry waits, or as many of its day as may stand under its
// key.
func (l *nearLog) has(key nearKey, d day, id news.ItemID, most int) (has bool) {
	l.each(key, func(e *logged) bool {
		if e.day == d {
			most--
			has = e.id == id || most <= 0
		}
		return !has
	})
	return has
}

// log returns what waits in the log. Who writes keeps it from one commit to the
// next.
func (t *tx) log() (*nearLog, error) {
	if t.Writable() {
		if t.engine.nearLog == nil {
			var err error
			if t.engine.nearLog, err = t.readLog(); err != nil {
				return nil, err
			}
		}
		return t.engine.nearLog, nil
	}
	if t.snapshot == nil {
		var err error
		if t.snapshot, err = t.readLog(); err != nil {
			return nil, err
		}
	}
	return t.snapshot, nil
}

func (t *tx) readLog() (*nearLog, error) {
	l := &nearLog{last: make(map[nearKey]int32)}
	err := t.Bucket(bNearLog).ForEach(func(_, row []byte) error {
		if len(row)%logEntry != 0 {
			return fmt.Errorf("%w: row of %s", errDamaged, bNearLog)
		}
		for ; len(row) > 0; row = row[logEntry:] {
			l.add(nearKey(be(row)), day(binary.BigEndian.Uint32(row[8:])), news.ItemID(be(row[12:])))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what waits for the near indexes: %w", err)
	}
	return l, nil
}

func (t *tx) Near(index store.Index, keys []uint64, from, to time.Time, f func(key int, id news.ItemID)) error {
	log, err := t.log()
	if err != nil {
		return err
	}
	first, last := dayOf(from), dayOf(to)
	cur := t.cursor(bNear)
	for i, plain := range keys {
		key := keyOf(index, plain)
		inRows(cur, key, first, last, func(id news.ItemID) { f(i, id) })
		log.each(key, func(e *logged) bool {
			if first <= e.day && e.day <= last {
				f(i, e.id)
			}
			return true
		})
	}
	return nil
}

// inRows visits what the rows have of a key.
func inRows(cur *bbolt.Cursor, key nearKey, first, last day, f func(news.ItemID)) {
	var buf [nearName + nearEntry]byte
	name := be4(key.row(buf[:0]), first)
	tail := key.tail(name[nearName:])
	for k, row := cur.Seek(name); bytes.HasPrefix(k, name[:nearDay]) && day(binary.BigEndian.Uint32(k[nearDay:])) <= last; k, row = cur.Next() {
		for ; len(row) >= nearEntry; row = row[nearEntry:] {
			if row[len(tail)-1] == tail[len(tail)-1] && bytes.HasPrefix(row, tail) { // most differ there
				f(news.ItemID(be(row[len(tail):])))
			}
		}
	}
}

func be4(b []byte, d day) []byte { return binary.BigEndian.AppendUint32(b, uint32(d)) }

func (t *tx) PutNear(index store.Index, entries []store.Near, most int) error {
	log, err := t.log()
	if err != nil {
		return err
	}
	row := make([]byte, 0, len(entries)*logEntry)
	for _, e := range entries {
		key, d := keyOf(index, e.Key), dayOf(e.At)
		if log.has(key, d, e.ID, most) {
			continue
		}
		log.add(key, d, e.ID)
		row = binary.BigEndian.AppendUint64(row, uint64(key))
		row = be4(row, d)
		row = binary.BigEndian.AppendUint64(row, uint64(e.ID))
	}
	if len(row) == 0 {
		return nil
	}
	b := t.Bucket(bNearLog)
	b.FillPercent = fillOrdered
	n, err := b.NextSequence()
	if err != nil {
		return fmt.Errorf("number what waits for the near indexes: %w", err)
	}
	if err := t.setIn(b, be8(n), row); err != nil {
		return err
	}
	if len(log.entries) < t.engine.logMost {
		return nil
	}
	return t.mergeLog(most)
}

// mergeLog brings what waits to its rows.
func (t *tx) mergeLog(most int) error {
	log, err := t.log()
	if err != nil {
		return err
	}
	entries := log.entries
	slices.SortStableFunc(entries, func(a, b logged) int {
		return cmp.Or(cmp.Compare(a.key>>nearShift, b.key>>nearShift), cmp.Compare(a.day, b.day))
	})
	b := t.Bucket(bNear)
	for len(entries) > 0 {
		key, d := entries[0].key, entries[0].day
		n := 1
		for n < len(entries) && entries[n].key>>nearShift == key>>nearShift && entries[n].day == d {
			n++
		}
		name := be4(key.row(make([]byte, 0, nearName)), d)
		old := b.Get(name)
		row := append(make([]byte, 0, len(old)+n*nearEntry), old...)
		for i := range entries[:n] {
			row = addNear(row, &entries[i], most)
		}
		if len(row) > len(old) {
			if err := t.setIn(b, name, row); err != nil {
				return err
			}
		}
		entries = entries[n:]
	}
	log.entries = log.entries[:0]
	clear(log.last)
	var done [][]byte
	err = t.Bucket(bNearLog).ForEach(func(k, _ []byte) error {
		done = append(done, bytes.Clone(k))
		return nil
	})
	if err != nil {
		return err
	}
	return t.unsetAll(bNearLog, done)
}

// addNear adds an entry to a row unless it is there, or too many are under its
// key.
func addNear(row []byte, e *logged, most int) []byte {
	entry := binary.BigEndian.AppendUint64(e.key.tail(make([]byte, 0, nearEntry)), uint64(e.id))
	for at := 0; at+nearEntry <= len(row); at += nearEntry {
		switch old := row[at : at+nearEntry]; {
		case bytes.Equal(old, entry):
			return row
		case bytes.Equal(old[:5], entry[:5]):
			most--
		}
	}
	if most <= 0 {
		return row
	}
	return append(row, entry...)
}

// sweepNear is how many rows of the near indexes DropNear looks at, of which a
// day has 12,000 at most. What stands there too long is asked for by nobody.
const sweepNear = 16_000

func (t *tx) DropNear(near, use time.Time) error {
	if err := t.dropDays(dayOf(near)); err != nil {
		return err
	}
	if err := t.dropLogged(dayOf(near)); err != nil {
		return err
	}
	return t.dropUses(use)
}

// Where dropDays and dropUses stand.
var metaNear, metaUses = []byte("near"), []byte("uses")

// dropDays goes round the rows of the near indexes, some at each call.
func (t *tx) dropDays(oldest day) error {
	var gone [][]byte
	next, err := t.walk(bNear, string(t.Bucket(bMeta).Get(metaNear)), sweepNear, false, func(k, _ []byte) error {
		if len(k) != nearName {
			return fmt.Errorf("%w: row of %s", errDamaged, bNear)
		}
		if day(binary.BigEndian.Uint32(k[nearDay:])) < oldest {
			gone = append(gone, bytes.Clone(k))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := t.unsetAll(bNear, gone); err != nil {
		return err
	}
	return t.stand(metaNear, next)
}

// dropLogged drops the rows of the log in which all is old.
func (t *tx) dropLogged(oldest day) error {
	var gone [][]byte
	err := t.Bucket(bNearLog).ForEach(func(k, row []byte) error {
		for ; len(row) >= logEntry; row = row[logEntry:] {
			if day(binary.BigEndian.Uint32(row[8:])) >= oldest {
				return nil
			}
		}
		gone = append(gone, bytes.Clone(k))
		return nil
	})
	if err != nil || len(gone) == 0 {
		return err
	}
	t.engine.nearLog = nil
	return t.unsetAll(bNearLog, gone)
}
