package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/story"
)

// The buckets. Keys are big-endian and of fixed width but for IDs.
var (
	bMeta     = []byte("meta")     // word → number or text
	bConfig   = []byte("config")   // generation8 → configuration
	bSource   = []byte("source")   // source → record
	bPolls    = []byte("polls")    // source → last polls, earliest first, each with its length
	bDocument = []byte("document") // source → item8 · raw8 … of the last complete document
	bSeq      = []byte("seq")      // item8 → seq, packed
	bItem     = []byte("item")     // seq8 → row: the order of arrival
	bStub     = []byte("stub")     // seq8 → stub
	bKey      = []byte("key")      // rule1 · hash8 · scope4 → seq, packed
	bRevision = []byte("revision") // seq8 → revisions, oldest first
	bTopic    = []byte("topic")    // origin → topic
	bEntry    = []byte("entry")    // origin → bucket: mark8 → entry
	bMark     = []byte("mark")     // origin → bucket: seq8 → mark8
	bUse      = []byte("use")      // source4 · text8 · item8 → time5 · other8, packed
	bNear     = []byte("near")     // index and key2 · day4 → entries: see near.go
	bNearLog  = []byte("nearlog")  // number8 → index and key8 · day4 · item8 … that wait for near
	bEdge     = []byte("edge")     // low8 · high8 → edge; high8 · low8 → 1
	bOverride = []byte("override") // low8 · high8 and high8 · low8 → override
	bKin      = []byte("kin")      // item8 → kin
	bMember   = []byte("member")   // story8 · seq8 → item8 · text8 · group8: see member
	bRow      = []byte("row")      // table1 · key → value
)

var buckets = [][]byte{bMeta, bConfig, bSource, bPolls, bDocument, bSeq, bItem, bStub, bKey, bRevision, bTopic, bEntry, bMark, bUse, bNear, bNearLog, bEdge, bOverride, bKin, bMember, bRow}

// fillOrdered is the share of a page that is filled where keys only grow: a row
// is a quarter of a page, so that a little less would waste one.
const fillOrdered = 1.0

// fillClustered is the share where most of what a part of the bucket will ever
// hold comes at once, with the first document of a source.
const fillClustered = 0.8

// tx is a transaction of bbolt in the words of store.
type tx struct {
	*bbolt.Tx
	engine *Engine
	wrote  bool // so that a refusal that wrote nothing spoils no group
	bytes  int
	put    []store.Source // records written, for the ledger after the commit
	gone   []string

	snapshot *nearLog // of one that only reads
	cursors  map[string]*bbolt.Cursor
}

func be8(n uint64) []byte { return binary.BigEndian.AppendUint64(make([]byte, 0, 8), n) }

// keyRow names a key: 64 bits of its hash, then 32 of its scope, so that
// the same key of all sources stands together.
func keyRow(k story.Key) []byte {
	b := make([]byte, 0, 13)
	b = append(b, byte(k.Rule))
	b = append(b, k.Hash[:8]...)
	return binary.BigEndian.AppendUint32(b, uint32(k.Scope))
}

func (t *tx) set(bucket, key, value []byte) error { return t.setIn(t.Bucket(bucket), key, value) }

func (t *tx) setIn(b *bbolt.Bucket, key, value []byte) error {
	t.wrote = true
	t.bytes += len(key) + len(value) + rowBytes
	if err := b.Put(key, value); err != nil {
		return fmt.Errorf("put: %w", err)
	}
	return nil
}

func (t *tx) unset(bucket, key []byte) error {
	t.wrote = true
	if err := t.Bucket(bucket).Delete(key); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	return nil
}

// cursor returns the cursor of a bucket for who begins with a seek and is done
// before another one begins: a new one takes memory four times.
func (t *tx) cursor(bucket []byte) *bbolt.Cursor {
	c := t.cursors[string(bucket)]
	if c == nil {
		if t.cursors == nil {
			t.cursors = make(map[string]*bbolt.Cursor)
		}
		c = t.Bucket(bucket).Cursor()
		t.cursors[string(bucket)] = c
	}
	return c
}

func (t *tx) unsetAll(bucket []byte, keys [][]byte) error {
	for _, k := range keys {
		if err := t.unset(bucket, k); err != nil {
			return err
		}
	}
	return nil
}

// seq returns the number of an item; 0: unknown.
func (t *tx) seq(id news.ItemID) (uint64, error) {
	return t.seqs().get(be8(uint64(id)))
}

func (t *tx) Generation() (uint64, error) {
	k, _ := t.Bucket(bConfig).Cursor().Last()
	if k == nil {
		return 0, nil
	}
	return binary.BigEndian.Uint64(k), nil
}

func (t *tx) Config() (news.Config, error) {
	var cfg news.Config
	_, v := t.Bucket(bConfig).Cursor().Last()
	if v == nil {
		return cfg, nil
	}
	c := reader(otherVersion, v)
	c.config(&cfg)
	return cfg, c.end()
}

// Sources looks at what waits first: in a transaction that writes nothing does.
func (t *tx) Sources(ids []string) ([]store.Source, error) {
	b := t.Bucket(bSource)
	if ids == nil {
		ids = []string{}
		if err := b.ForEach(func(k, _ []byte) error { ids = append(ids, string(k)); return nil }); err != nil {
			return nil, fmt.Errorf("list sources: %w", err)
		}
	}
	out := make([]store.Source, len(ids))
	for i, id := range ids {
		if !t.Writable() {
			if w, ok := t.engine.ledger.Waiting(id); ok {
				out[i] = w.Source
				continue
			}
		}
		v := b.Get([]byte(id))
		if v == nil {
			continue
		}
		c := reader(sourceVersion, v)
		c.source(&out[i])
		if err := c.end(); err != nil {
			return nil, fmt.Errorf("source %s: %w", id, err)
		}
	}
	return out, nil
}

func (t *tx) Polls(source string) ([]news.Poll, error) {
	polls, err := decodePolls(t.Bucket(bPolls).Get([]byte(source)))
	if err != nil {
		return nil, fmt.Errorf("polls of %s: %w", source, err)
	}
	if !t.Writable() {
		if w, ok := t.engine.ledger.Waiting(source); ok {
			for _, p := range w.Polls {
				polls = append([]news.Poll{p}, polls...)
			}
		}
	}
	return polls[:min(len(polls), store.KeptPolls)], nil
}

// decodePolls returns polls newest first.
func decodePolls(row []byte) ([]news.Poll, error) {
	var polls []news.Poll
	for len(row) > 0 {
		one, rest, err := cut(row)
		if err != nil {
			return nil, err
		}
		c := reader(pollVersion, one)
		var p news.Poll
		c.poll(&p)
		if err := c.end(); err != nil {
			return nil, err
		}
		polls, row = append([]news.Poll{p}, polls...), rest
	}
	return polls, nil
}

// cut takes one value with its length off a row.
func cut(row []byte) (one, rest []byte, err error) {
	n, size := binary.Uvarint(row)
	if size <= 0 || n > uint64(len(row)-size) {
		return nil, nil, fmt.Errorf("%w: length", errDamaged)
	}
	return row[size : size+int(n)], row[size+int(n):], nil
}

func (t *tx) Document(source string) ([]store.Present, error) {
	row := t.Bucket(bDocument).Get([]byte(source))
	if len(row)%16 != 0 {
		return nil, fmt.Errorf("document of %s: %w", source, errDamaged)
	}
	document := make([]store.Present, 0, len(row)/16)
	for ; len(row) > 0; row = row[16:] {
		document = append(document, store.Present{Item: news.ItemID(be(row)), Raw: be(row[8:])})
	}
	return document, nil
}

func (t *tx) Owners(keys []story.Key) ([][]store.Owner, error) {
	out := make([][]store.Owner, len(keys))
	known := make(map[uint64]store.Owner)
	packed := t.keys()
	for i, key := range keys {
		err := packed.each(keyRow(key)[:9], func(_, v []byte) error {
			seq := number(v)
			owner, ok := known[seq]
			if !ok {
				var err error
				if owner, err = t.owner(seq); err != nil {
					return err
				}
				known[seq] = owner
			}
			if owner.ID != 0 {
				out[i] = append(out[i], owner)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// owner returns the item or stub of a number; the zero value: forgotten.
func (t *tx) owner(seq uint64) (store.Owner, error) {
	if row := t.Bucket(bItem).Get(be8(seq)); row != nil {
		s, err := unpackHead(row)
		return store.Owner{ID: s.Item.ID, Source: s.Item.Source, Text: s.Text}, err
	}
	stub, err := t.stub(seq)
	return store.Owner{ID: stub.ID, Source: stub.Source, Text: stub.Text, Stub: true}, err
}

func (t *tx) stub(seq uint64) (store.Stub, error) {
	var s store.Stub
	row := t.Bucket(bStub).Get(be8(seq))
	if row == nil {
		return s, nil
	}
	c := reader(otherVersion, row)
	c.stub(&s)
	return s, c.end()
}

func (t *tx) Items(ids []news.ItemID) ([]store.Stored, error) {
	out := make([]store.Stored, len(ids))
	for i, id := range ids {
		seq, err := t.seq(id)
		if err != nil {
			return nil, err
		}
		row := t.Bucket(bItem).Get(be8(seq))
		switch {
		case row != nil:
			out[i], err = t.engine.packer.unpack(row)
		case seq != 0:
			var s store.Stub
			s, err = t.stub(seq)
			out[i].Item.ID, out[i].Item.Source, out[i].Text = s.ID, s.Source, s.Text
		}
		if err != nil {
			return nil, fmt.Errorf("item %s: %w", id, err)
		}
	}
	return out, nil
}

func (t *tx) Texts(ids []news.ItemID) ([]uint64, error) {
	out := make([]uint64, len(ids))
	for i, id := range ids {
		seq, err := t.seq(id)
		if err != nil {
			return nil, err
		}
		if out[i], err = t.text(seq); err != nil {
			return nil, fmt.Errorf("item %s: %w", id, err)
		}
	}
	return out, nil
}

// text returns the Text of an item; 0: it has none.
func (t *tx) text(seq uint64) (uint64, error) {
	row := t.Bucket(bItem).Get(be8(seq))
	if row == nil {
		return 0, nil
	}
	s, err := unpackHead(row)
	return s.Text, err
}

func (t *tx) Revisions(ids []news.ItemID) ([][]news.Revision, error) {
	out := make([][]news.Revision, len(ids))
	b := t.Bucket(bRevision)
	if k, _ := b.Cursor().First(); k == nil {
		return out, nil
	}
	for i, id := range ids {
		seq, err := t.seq(id)
		if err != nil {
			return nil, err
		}
		row := b.Get(be8(seq))
		if row == nil {
			continue
		}
		c := reader(otherVersion, row)
		list(c, &out[i], c.revision)
		if err := c.end(); err != nil {
			return nil, fmt.Errorf("revisions of item %s: %w", id, err)
		}
	}
	return out, nil
}

func (t *tx) Topics() ([]store.Topic, error) {
	var topics []store.Topic
	err := t.Bucket(bTopic).ForEach(func(_, v []byte) error {
		var topic store.Topic
		c := reader(topicVersion, v)
		c.topic(&topic)
		topics = append(topics, topic)
		return c.end()
	})
	if err != nil {
		return nil, fmt.Errorf("topics: %w", err)
	}
	return topics, nil
}

func (t *tx) Entries(topic string, below news.Mark, n int) ([]store.Joined, error) {
	b := t.Bucket(bEntry).Bucket([]byte(topic))
	if b == nil {
		return nil, nil
	}
	var joined []store.Joined
	cur := b.Cursor()
	k, v := cur.Last()
	if below > 0 {
		if k, v = cur.Seek(be8(uint64(below))); k == nil {
			k, v = cur.Last()
		}
		if k != nil && binary.BigEndian.Uint64(k) >= uint64(below) {
			k, v = cur.Prev()
		}
	}
	for ; k != nil && len(joined) < n; k, v = cur.Prev() {
		j := store.Joined{Mark: news.Mark(binary.BigEndian.Uint64(k))}
		c := reader(otherVersion, v)
		c.joined(&j)
		if err := c.end(); err != nil {
			return nil, fmt.Errorf("entry %d of %s: %w", j.Mark, topic, err)
		}
		joined = append(joined, j)
	}
	return joined, nil
}

func (c *coder) joined(j *store.Joined) {
	c.id(&j.Item)
	c.time(&j.At)
	c.bool(&j.Late)
	c.bool(&j.News)
}

// scanAtOnce is for how many items room is made beforehand.
const scanAtOnce = 1000

func (t *tx) Scan(cursor string, n int, backward bool) ([]store.Stored, string, error) {
	out := make([]store.Stored, 0, min(n, scanAtOnce))
	next, err := t.walk(bItem, cursor, n, backward, func(_, row []byte) error {
		s, err := t.engine.packer.unpack(row)
		out = append(out, s)
		return err
	})
	return out, next, err
}

func (t *tx) Stubs(cursor string, n int) ([]store.Stub, string, error) {
	var out []store.Stub
	next, err := t.walk(bStub, cursor, n, false, func(_, row []byte) error {
		var s store.Stub
		c := reader(otherVersion, row)
		c.stub(&s)
		out = append(out, s)
		return c.end()
	})
	return out, next, err
}

var errCursor = errors.New("not a cursor of this database")

// walk visits at most n rows from a cursor on and returns the next cursor: the
// key of the last row, in hexadecimal.
func (t *tx) walk(bucket []byte, cursor string, n int, backward bool, f func(k, v []byte) error) (string, error) {
	cur := t.Bucket(bucket).Cursor()
	step, first := cur.Next, cur.First
	if backward {
		step, first = cur.Prev, cur.Last
	}
	k, v := first()
	var last []byte
	if cursor != "" {
		if _, err := fmt.Sscanf(cursor, "%x", &last); err != nil {
			return "", fmt.Errorf("%q: %w", cursor, errCursor)
		}
		k, v = cur.Seek(last)
		switch {
		case k == nil && backward:
			k, v = cur.Last()
		case bytes.Equal(k, last) || k != nil && backward:
			k, v = step()
		}
	}
	for ; k != nil; k, v = step() {
		if n--; n < 0 {
			return fmt.Sprintf("%x", last), nil
		}
		if err := f(k, v); err != nil {
			return "", fmt.Errorf("row %x: %w", k, err)
		}
		last = append(last[:0], k...)
	}
	return "", nil
}
