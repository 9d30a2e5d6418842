package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"khyber/internal/news"
	"khyber/internal/story"
)

// A stream is all that is kept, in a form that every engine reads: JSON, one
// record a line, packed with zstd. It begins with a head and ends with the number
// of records and their SHA-256, without which it is refused. What is referred to
// comes before what refers to it.
const (
	streamFormat = 1
	streamBatch  = 500      // records in a transaction; keys in a record
	streamLine   = 64 << 20 // bytes: far above the largest record, a closed part of an archive
)

// ErrNotEmpty says that a stream cannot be loaded, because something is kept
// already. It comes wrapped.
var ErrNotEmpty = errors.New("the database is not empty")

// streamHead is the first record.
type streamHead struct {
	Format int
	Tables string // of package story: thresholds of edges belong to them
	At     time.Time
}

// streamEnd is the last one.
type streamEnd struct {
	Records int
	SHA256  string // of all lines before
}

// record is a line: one field is set.
type record struct {
	Head     *streamHead     `json:",omitempty"`
	Config   *news.Config    `json:",omitempty"`
	Source   *sourceRecord   `json:",omitempty"`
	Item     *itemRecord     `json:",omitempty"`
	Stub     *Stub           `json:",omitempty"`
	Keys     []keyRecord     `json:",omitempty"`
	Edge     *story.Edge     `json:",omitempty"`
	Override *story.Override `json:",omitempty"`
	Kin      *Kin            `json:",omitempty"`
	Use      *useRecord      `json:",omitempty"`
	Near     []nearRecord    `json:",omitempty"`
	Topic    *topicRecord    `json:",omitempty"`
	Entry    *entryRecord    `json:",omitempty"`
	Row      *rowRecord      `json:",omitempty"`
	End      *streamEnd      `json:",omitempty"`
}

type sourceRecord struct {
	Source   Source
	Polls    []news.Poll // newest first
	Document []Present
}

type itemRecord struct {
	Stored    Stored
	Revisions []news.Revision `json:",omitempty"`
}

type keyRecord struct {
	Rule  story.KeyRule
	Scope uint64
	Hash  string // hexadecimal
	Item  news.ItemID
}

type useRecord struct {
	Text Text
	Uses []story.Use
}

type nearRecord struct {
	Index Index
	Near  Near
}

type topicRecord struct {
	Topic Topic
	Top   news.Mark
}

type entryRecord struct {
	Topic string // origin
	Joined
}

type rowRecord struct {
	Table Table
	Row   Row
}

// Stream writes all that is kept. It reads one snapshot: of an engine that is in
// use, stream a backup.
func (s *Store) Stream(ctx context.Context, w io.Writer) error {
	zip, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return fmt.Errorf("prepare compression: %w", err)
	}
	out := &streamer{ctx: ctx, w: zip, sum: sha256.New()}
	head := streamHead{streamFormat, story.Tables(), s.opt.Now().UTC()}
	err = out.write(record{Head: &head})
	if err == nil {
		err = s.engine.Read(ctx, func(tx ReadTx) error {
			out.tx = tx
			for _, step := range []func() error{out.sources, out.items, out.stubs, out.keys, out.relations, out.indexes, out.topics, out.rows} {
				if err := step(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err == nil {
		err = out.write(record{End: &streamEnd{out.records, hex.EncodeToString(out.sum.Sum(nil))}})
	}
	if err = errors.Join(err, zip.Close()); err != nil {
		return fmt.Errorf("stream the database: %w", err)
	}
	return nil
}

// streamer writes a stream.
type streamer struct {
	ctx     context.Context
	tx      ReadTx
	w       io.Writer
	sum     hash.Hash
	records int
	known   []news.ItemID // items and stubs
}

func (o *streamer) write(r record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if _, err := o.w.Write(line); err != nil {
		return err
	}
	_, _ = o.sum.Write(line) // never fails
	o.records++
	return o.ctx.Err()
}

func (o *streamer) sources() error {
	cfg, err := o.tx.Config()
	if err != nil {
		return err
	}
	if cfg.Generation > 0 {
		if err := o.write(record{Config: &cfg}); err != nil {
			return err
		}
	}
	all, err := o.tx.Sources(nil)
	if err != nil {
		return err
	}
	for _, src := range all {
		r := sourceRecord{Source: src}
		if r.Polls, err = o.tx.Polls(src.State.Source); err != nil {
			return err
		}
		if r.Document, err = o.tx.Document(src.Origin); err != nil {
			return err
		}
		if err := o.write(record{Source: &r}); err != nil {
			return err
		}
	}
	return nil
}

// items come in the order of their arrival.
func (o *streamer) items() error {
	for cursor, more := "", true; more; more = cursor != "" {
		stored, next, err := o.tx.Scan(cursor, maxScan, false)
		if err != nil {
			return err
		}
		ids := make([]news.ItemID, len(stored))
		for i := range stored {
			ids[i] = stored[i].Item.ID
		}
		revisions, err := o.tx.Revisions(ids)
		if err != nil {
			return err
		}
		for i := range stored {
			item := &stored[i].Item
			item.Published, item.Updated = writable(item.Published), writable(item.Updated)
			if err := o.write(record{Item: &itemRecord{stored[i], revisions[i]}}); err != nil {
				return err
			}
		}
		o.known = append(o.known, ids...)
		cursor = next
	}
	return nil
}

func (o *streamer) stubs() error {
	for cursor, more := "", true; more; more = cursor != "" {
		stubs, next, err := o.tx.Stubs(cursor, maxScan)
		if err != nil {
			return err
		}
		for i := range stubs {
			o.known = append(o.known, stubs[i].ID)
			if err := o.write(record{Stub: &stubs[i]}); err != nil {
				return err
			}
		}
		cursor = next
	}
	return nil
}

func (o *streamer) keys() error {
	var batch []keyRecord
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := o.write(record{Keys: batch})
		batch = batch[:0]
		return err
	}
	err := o.tx.EachKey(func(k KeyOf) error {
		short := ShortKey(k.Key)
		batch = append(batch, keyRecord{short.Rule, short.Scope, hex.EncodeToString(short.Hash[:8]), k.Item})
		if len(batch) < streamBatch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// relations are what is between items, each pair once.
func (o *streamer) relations() error {
	for rest := o.known; len(rest) > 0; {
		ids := rest[:min(len(rest), maxScan)]
		rest = rest[len(ids):]
		edges, err := o.tx.Edges(ids)
		if err != nil {
			return err
		}
		overrides, err := o.tx.Overrides(ids)
		if err != nil {
			return err
		}
		kin, err := o.tx.Kin(ids)
		if err != nil {
			return err
		}
		for i, id := range ids {
			if err := o.relationsOf(id, edges[i], overrides[i], kin[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *streamer) relationsOf(id news.ItemID, edges []story.Edge, overrides []story.Override, kin Kin) error {
	for i := range edges {
		if edges[i].Low == id {
			if err := o.write(record{Edge: &edges[i]}); err != nil {
				return err
			}
		}
	}
	for i := range overrides {
		if overrides[i].Low == id {
			if err := o.write(record{Override: &overrides[i]}); err != nil {
				return err
			}
		}
	}
	if kin == (Kin{Item: id}) {
		return nil
	}
	return o.write(record{Kin: &kin})
}

func (o *streamer) indexes() error {
	err := o.tx.EachUse(func(t Text, uses []story.Use) error {
		slices.SortFunc(uses, func(a, b story.Use) int { return cmp.Compare(a.Item, b.Item) }) // engines keep them in any order
		return o.write(record{Use: &useRecord{t, uses}})
	})
	if err != nil {
		return err
	}
	var batch []nearRecord
	err = o.tx.EachNear(func(index Index, n Near) error {
		batch = append(batch, nearRecord{index, n})
		if len(batch) < streamBatch {
			return nil
		}
		err := o.write(record{Near: batch})
		batch = batch[:0]
		return err
	})
	if err != nil || len(batch) == 0 {
		return err
	}
	return o.write(record{Near: batch})
}

func (o *streamer) topics() error {
	all, err := o.tx.Topics()
	if err != nil {
		return err
	}
	for _, t := range all {
		top, err := o.tx.Top(t.Origin)
		if err != nil {
			return err
		}
		t.Cursor, t.Looked = "", 0 // a cursor is the engine's: a topic under way is matched from the beginning
		if err := o.write(record{Topic: &topicRecord{t, top}}); err != nil {
			return err
		}
		if err := o.entries(t.Origin); err != nil {
			return err
		}
		for n := 2; n <= calmMost; n++ {
			if err := o.entries(calmOrigin(t.Origin, n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// entries are what is filed under an origin, the earliest first.
func (o *streamer) entries(origin string) error {
	var joined []Joined // highest first
	for below, more := news.Mark(0), true; more; {
		part, err := o.tx.Entries(origin, below, maxScan)
		if err != nil {
			return err
		}
		joined = append(joined, part...)
		if more = len(part) == maxScan; more {
			below = part[len(part)-1].Mark
		}
	}
	for _, j := range slices.Backward(joined) {
		if err := o.write(record{Entry: &entryRecord{origin, j}}); err != nil {
			return err
		}
	}
	return nil
}

func (o *streamer) rows() error {
	for table := TableHub; table < tablesEnd; table++ {
		keys, err := o.tx.Keys(table, "")
		if err != nil {
			return err
		}
		for _, key := range keys { // one at a time: parts of archives are large
			values, err := o.tx.Rows(table, []string{key})
			if err != nil {
				return err
			}
			if err := o.write(record{Row: &rowRecord{table, Row{key, values[0]}}}); err != nil {
				return err
			}
		}
	}
	return nil
}
