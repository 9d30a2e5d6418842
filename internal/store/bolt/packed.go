package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sort"

	"go.etcd.io/bbolt"
)

// packed is a bucket of many small entries: keys of one width with values of
// another, mostly numbers. bbolt asks 16 bytes for each of its own entries and copies every one
// of a page that is written, so ours share rows. A row holds its entries in
// their order; its key is no greater than the first of them and greater than all
// of the row before it.
type packed struct {
	t      *tx
	bucket []byte
	width  int // of a key, in bytes
	value  int // and of its value
}

const (
	// packedEntry is the size of the largest entry.
	packedEntry = useKey + useValue // bytes
	// packedNumber is the width of a number: as many items, ever.
	packedNumber = 4 // bytes
	// packedRow is the size at which a row is cut in two. One key is written as
	// one row, so a larger one would cost more than it saves.
	packedRow = 512 // bytes
)

func (t *tx) keys() packed { return packed{t, bKey, 13, packedNumber} }
func (t *tx) seqs() packed { return packed{t, bSeq, 8, packedNumber} }
func (t *tx) uses() packed { return packed{t, bUse, useKey, useValue} }

func (p packed) entry() int { return p.width + p.value }

// seek returns the last row whose name is no greater than a key, or the first
// one of all where there is none; a nil name: the bucket is empty.
func (p packed) seek(cur *bbolt.Cursor, key []byte) (name, row []byte) {
	if name, row = cur.Seek(key); name == nil {
		name, row = cur.Last()
	} else if !bytes.Equal(name, key) {
		if name, row = cur.Prev(); name == nil {
			name, row = cur.First()
		}
	}
	return name, row
}

// row returns the row in which a key stands if it is there; nil: there is none.
func (p packed) row(key []byte) (name, row []byte, err error) {
	name, row = p.seek(p.t.cursor(p.bucket), key)
	if name == nil || bytes.Compare(name, key) > 0 {
		return nil, nil, nil
	}
	return name, row, p.whole(row)
}

func (p packed) whole(row []byte) error {
	if len(row) == 0 || len(row)%p.entry() != 0 {
		return fmt.Errorf("%w: row of %s", errDamaged, p.bucket)
	}
	return nil
}

// find returns the place of the first entry of a row that is no less than a key.
func (p packed) find(row, key []byte) int {
	size := p.entry()
	return size * sort.Search(len(row)/size, func(i int) bool {
		return bytes.Compare(row[i*size:i*size+p.width], key) >= 0
	})
}

// number is the value of an entry that is one.
func (p packed) number(row []byte, at int) uint64 { return number(row[at+p.width:]) }

func number(value []byte) uint64 { return uint64(binary.BigEndian.Uint32(value)) }

// get returns the number of a key; 0: it is not there.
func (p packed) get(key []byte) (uint64, error) {
	_, row, err := p.row(key)
	if err != nil || row == nil {
		return 0, err
	}
	if at := p.find(row, key); at < len(row) && bytes.HasPrefix(row[at:], key) {
		return p.number(row, at), nil
	}
	return 0, nil
}

// each visits the entries whose keys begin with a prefix.
func (p packed) each(prefix []byte, f func(key, value []byte) error) error {
	cur := p.t.Bucket(p.bucket).Cursor() // f may ask for others
	name, row := p.seek(cur, prefix)
	for ; name != nil; name, row = cur.Next() {
		if err := p.whole(row); err != nil {
			return err
		}
		for at := p.find(row, prefix); at < len(row); at += p.entry() {
			if !bytes.HasPrefix(row[at:], prefix) {
				return nil
			}
			if err := f(row[at:at+p.width], row[at+p.width:at+p.entry()]); err != nil {
				return err
			}
		}
	}
	return nil
}

// put gives a key its number, in place of what it has.
func (p packed) put(key []byte, n uint64) error {
	if n>>(8*packedNumber) != 0 {
		return fmt.Errorf("%d items are more than %s can number", n, p.bucket)
	}
	return p.set(key, binary.BigEndian.AppendUint32(nil, uint32(n)))
}

// set gives a key its value, in place of what it has.
func (p packed) set(key, value []byte) error {
	var buf [packedEntry]byte
	entry := append(append(buf[:0], key...), value...)
	name, old, err := p.row(key)
	if err != nil {
		return err
	}
	if old == nil {
		return p.t.set(p.bucket, key, bytes.Clone(entry))
	}
	at := p.find(old, key)
	rest := old[at:]
	if bytes.HasPrefix(rest, key) {
		rest = rest[p.entry():]
	}
	row := make([]byte, 0, len(old)+p.entry())
	row = append(append(append(row, old[:at]...), entry...), rest...)
	if len(row) <= packedRow {
		return p.t.set(p.bucket, name, row)
	}
	half := len(row) / p.entry() / 2 * p.entry()
	if at == len(old) { // keys that only grow leave full rows behind
		half = len(row) - p.entry()
	}
	if err := p.t.set(p.bucket, name, row[:half:half]); err != nil {
		return err
	}
	return p.t.set(p.bucket, row[half:half+p.width], row[half:])
}

// remove takes a key out. One that is not there is no mistake.
func (p packed) remove(key []byte) error {
	name, old, err := p.row(key)
	if err != nil || old == nil {
		return err
	}
	at := p.find(old, key)
	if at == len(old) || !bytes.HasPrefix(old[at:], key) {
		return nil
	}
	return p.replace(bytes.Clone(name), append(bytes.Clone(old[:at]), old[at+p.entry():]...))
}

// replace writes a row, or deletes it when nothing is left of it.
func (p packed) replace(name, row []byte) error {
	if len(row) == 0 {
		return p.t.unset(p.bucket, name)
	}
	return p.t.set(p.bucket, name, row)
}

// sweep looks at about n entries from a cursor on and removes those whose
// value is dead. It returns the next cursor, empty at the end.
func (p packed) sweep(cursor string, n int, dead func(value []byte) (bool, error)) (next string, removed int, err error) {
	type change struct{ name, row []byte }
	var changes []change
	rows := n/(packedRow/p.entry()/2) + 1 // a row that was cut is half full
	next, err = p.t.walk(p.bucket, cursor, rows, false, func(name, row []byte) error {
		if err := p.whole(row); err != nil {
			return err
		}
		kept := make([]byte, 0, len(row))
		for at := 0; at < len(row); at += p.entry() {
			gone, err := dead(row[at+p.width : at+p.entry()])
			if err != nil {
				return err
			}
			if !gone {
				kept = append(kept, row[at:at+p.entry()]...)
			}
		}
		if len(kept) < len(row) {
			removed += (len(row) - len(kept)) / p.entry()
			changes = append(changes, change{bytes.Clone(name), kept})
		}
		return nil
	})
	if err != nil {
		return "", 0, err
	}
	for _, c := range changes {
		if err := p.replace(c.name, c.row); err != nil {
			return "", 0, err
		}
	}
	return next, removed, nil
}
