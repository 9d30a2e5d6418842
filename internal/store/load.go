package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/klauspost/compress/zstd"

	"khyber/internal/news"
	"khyber/internal/story"
)

// Load fills an empty store from a stream. When it fails the store is of no use.
func (s *Store) Load(ctx context.Context, r io.Reader) error {
	status, err := s.Status(ctx)
	if err != nil {
		return err
	}
	if status.Generation > 0 || status.Sources > 0 || status.Items > 0 {
		return fmt.Errorf("load a stream: %w", ErrNotEmpty)
	}
	var batch []record
	write := func() error {
		return s.engine.Write(ctx, func(tx Tx) error {
			for i := range batch {
				if err := batch[i].put(tx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err = readStream(r, func(rec record) error {
		if batch = append(batch, rec); len(batch) < streamBatch {
			return nil
		}
		err := write()
		batch = batch[:0]
		return err
	})
	if err == nil {
		err = write()
	}
	if err != nil {
		return fmt.Errorf("load a stream: %w", err)
	}
	return nil
}

// CheckStream reads a stream to its end and counts its items; ErrDamaged.
func CheckStream(r io.Reader) (items int, err error) {
	err = readStream(r, func(rec record) error {
		if rec.Item != nil {
			items++
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("read a stream: %w", err)
	}
	return items, nil
}

// readStream hands on every record between head and end.
func readStream(r io.Reader, f func(record) error) error {
	zip, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return fmt.Errorf("prepare decompression: %w", err)
	}
	defer zip.Close()
	lines := bufio.NewScanner(zip)
	lines.Buffer(nil, streamLine)
	sum, n := sha256.New(), 0
	for ; lines.Scan(); n++ {
		var rec record
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&rec); err != nil {
			return fmt.Errorf("%w: record %d: %w", ErrDamaged, n+1, err)
		}
		switch {
		case n == 0 && rec.Head == nil:
			return errors.New("it is no stream of Khyber")
		case n == 0 && rec.Head.Format > streamFormat:
			return fmt.Errorf("it was written by a later Khyber (format %d, this one knows %d): use that one", rec.Head.Format, streamFormat)
		case n == 0:
		case rec.End != nil:
			if rec.End.Records != n || rec.End.SHA256 != hex.EncodeToString(sum.Sum(nil)) {
				return fmt.Errorf("%w: its records are not those that were written", ErrDamaged)
			}
			return nil
		default:
			if err := f(rec); err != nil {
				return err
			}
		}
		_, _ = sum.Write(lines.Bytes()) // never fails
		_, _ = sum.Write([]byte{'\n'})
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%w: record %d: %w", ErrDamaged, n+1, err)
	}
	return fmt.Errorf("%w: it is cut off after %d records", ErrDamaged, n)
}

// put writes what a record holds.
func (r *record) put(tx Tx) error {
	switch {
	case r.Config != nil:
		return tx.PutConfig(*r.Config)
	case r.Source != nil:
		return r.Source.put(tx)
	case r.Item != nil:
		if err := tx.PutItems([]Stored{r.Item.Stored}); err != nil || len(r.Item.Revisions) == 0 {
			return err
		}
		return tx.PutRevisions(r.Item.Stored.Item.ID, r.Item.Revisions)
	case r.Stub != nil:
		return r.putStub(tx)
	case r.Keys != nil:
		return r.putKeys(tx)
	case r.Edge != nil:
		return tx.PutEdges([]story.Edge{*r.Edge})
	case r.Override != nil:
		return tx.PutOverride(*r.Override)
	case r.Kin != nil:
		return tx.PutKin([]Kin{*r.Kin})
	case r.Use != nil:
		return tx.PutUses([]Text{r.Use.Text}, [][]story.Use{r.Use.Uses})
	case r.Near != nil:
		return r.putNear(tx)
	case r.Topic != nil:
		if err := tx.PutTopics([]Topic{r.Topic.Topic}); err != nil {
			return err
		}
		return tx.SetTop(r.Topic.Topic.Origin, r.Topic.Top)
	case r.Entry != nil:
		return r.putEntry(tx)
	case r.Row != nil:
		return tx.PutRows(r.Row.Table, []Row{r.Row.Row})
	}
	return errors.New("a record of no kind")
}

func (r *sourceRecord) put(tx Tx) error {
	if err := tx.PutSources([]Source{r.Source}); err != nil {
		return err
	}
	for i := len(r.Polls) - 1; i >= 0; i-- {
		if err := tx.PutPoll(r.Source, r.Polls[i]); err != nil {
			return err
		}
	}
	return tx.PutDocument(r.Source.Origin, r.Document)
}

// putStub makes the item first: a stub is what is left of one.
func (r *record) putStub(tx Tx) error {
	item := news.Item{ID: r.Stub.ID, Source: r.Stub.Source, FirstSeen: r.Stub.Since, At: r.Stub.Since}
	if err := tx.PutItems([]Stored{{Item: item, Text: r.Stub.Text}}); err != nil {
		return err
	}
	return tx.Strip([]Stub{*r.Stub})
}

func (r *record) putKeys(tx Tx) error {
	keys := make([]KeyOf, len(r.Keys))
	for i, k := range r.Keys {
		keys[i] = KeyOf{story.Key{Rule: k.Rule, Scope: k.Scope}, k.Item}
		if _, err := hex.Decode(keys[i].Key.Hash[:8], []byte(k.Hash)); err != nil || len(k.Hash) != 16 {
			return fmt.Errorf("%w: key %q", ErrDamaged, k.Hash)
		}
	}
	return tx.SetKeys(keys)
}

func (r *record) putNear(tx Tx) error {
	for rest := r.Near; len(rest) > 0; {
		index := rest[0].Index
		var entries []Near
		for len(rest) > 0 && rest[0].Index == index {
			entries, rest = append(entries, rest[0].Near), rest[1:]
		}
		if err := tx.PutNear(index, entries, math.MaxInt); err != nil {
			return err
		}
	}
	return nil
}

// putEntry keeps the mark. The highest one ever given stays as its topic said.
func (r *record) putEntry(tx Tx) error {
	top, err := tx.Top(r.Entry.Topic)
	if err != nil {
		return err
	}
	if _, err := tx.Append(r.Entry.Topic, []Joined{r.Entry.Joined}); err != nil {
		return err
	}
	return tx.SetTop(r.Entry.Topic, max(top, r.Entry.Mark))
}
