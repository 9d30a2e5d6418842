package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"khyber/internal/news"
	"khyber/internal/store"
)

// keptConfigs is the number of generations that are kept.
const keptConfigs = 5

func (t *tx) PutConfig(cfg news.Config) error {
	c := writer(otherVersion, nil)
	c.config(&cfg)
	if err := c.end(); err != nil {
		return err
	}
	if err := t.set(bConfig, be8(cfg.Generation), c.b); err != nil {
		return err
	}
	if cfg.Generation > keptConfigs {
		return t.unset(bConfig, be8(cfg.Generation-keptConfigs))
	}
	return nil
}

func (t *tx) PutSources(sources []store.Source) error {
	for i := range sources {
		s := sources[i]
		c := writer(sourceVersion, make([]byte, 0, 512))
		c.source(&s)
		if err := c.end(); err != nil {
			return err
		}
		if err := t.set(bSource, []byte(s.State.Source), c.b); err != nil {
			return err
		}
		t.put = append(t.put, s)
	}
	return nil
}

func (t *tx) DeleteSources(ids []string) error {
	for _, id := range ids {
		for _, b := range [][]byte{bSource, bPolls} {
			if err := t.unset(b, []byte(id)); err != nil {
				return err
			}
		}
	}
	t.gone = append(t.gone, ids...)
	return nil
}

func (t *tx) PutPoll(s store.Source, p news.Poll) error {
	if err := t.PutSources([]store.Source{s}); err != nil {
		return err
	}
	return t.addPolls(s.State.Source, []news.Poll{p})
}

// addPolls adds polls at the end of the source's row and takes the earliest off
// its beginning, without decoding them.
func (t *tx) addPolls(source string, polls []news.Poll) error {
	row := t.Bucket(bPolls).Get([]byte(source))
	over := len(polls) - store.KeptPolls
	for rest := row; len(rest) > 0; over++ {
		var err error
		if _, rest, err = cut(rest); err != nil {
			return fmt.Errorf("polls of %s: %w", source, err)
		}
	}
	for ; over > 0 && len(row) > 0; over-- {
		_, row, _ = cut(row)
	}
	row = append(make([]byte, 0, len(row)+128), row...)
	for _, p := range polls[max(0, len(polls)-store.KeptPolls):] {
		c := writer(pollVersion, make([]byte, 0, 128))
		c.poll(&p)
		if err := c.end(); err != nil {
			return err
		}
		row = append(binary.AppendUvarint(row, uint64(len(c.b))), c.b...)
	}
	return t.set(bPolls, []byte(source), row)
}

func (t *tx) PutDocument(source string, document []store.Present) error {
	row := make([]byte, 0, 16*len(document))
	for _, p := range document {
		row = binary.BigEndian.AppendUint64(row, uint64(p.Item))
		row = binary.BigEndian.AppendUint64(row, p.Raw)
	}
	if len(row) == 0 { // a value is never empty
		return t.unset(bDocument, []byte(source))
	}
	return t.set(bDocument, []byte(source), row)
}

func (t *tx) PutItems(items []store.Stored) error {
	b := t.Bucket(bItem)
	b.FillPercent = fillOrdered
	added := 0
	for i := range items {
		id := items[i].Item.ID
		seq, err := t.seq(id)
		if err != nil {
			return err
		}
		if seq == 0 {
			if seq, err = b.NextSequence(); err != nil {
				return fmt.Errorf("number item %s: %w", id, err)
			}
			added++
			if err := t.seqs().put(be8(uint64(id)), seq); err != nil {
				return err
			}
		} else if err := t.relist(id, seq, items[i].Text); err != nil {
			return err
		}
		row, err := t.engine.packer.pack(&items[i])
		if err != nil {
			return fmt.Errorf("pack item %s: %w", id, err)
		}
		if err := t.setIn(b, be8(seq), row); err != nil {
			return err
		}
	}
	return t.count(added)
}

// metaItems counts the items that have their text.
var metaItems = []byte("items")

// count changes the number of items.
func (t *tx) count(by int) error {
	if by == 0 {
		return nil
	}
	n := uint64(by)
	if v := t.Bucket(bMeta).Get(metaItems); v != nil {
		n += be(v)
	}
	return t.set(bMeta, metaItems, be8(n))
}

func (t *tx) SetKeys(keys []store.KeyOf) error {
	packed := t.keys()
	var item news.ItemID // whose number is seq
	var seq uint64
	for _, k := range keys {
		row := keyRow(k.Key)
		held, err := packed.get(row)
		if err != nil {
			return err
		}
		if held != 0 {
			owner, err := t.owner(held)
			if err != nil {
				return err
			}
			if owner.ID != 0 {
				continue
			}
		}
		if k.Item != item {
			if seq, err = t.seq(k.Item); err != nil {
				return err
			}
			item = k.Item
		}
		if err := packed.put(row, seq); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) PutRevisions(id news.ItemID, revisions []news.Revision) error {
	seq, err := t.seq(id)
	if err != nil {
		return err
	}
	c := writer(otherVersion, nil)
	list(c, &revisions, c.revision)
	if err := c.end(); err != nil {
		return err
	}
	return t.set(bRevision, be8(seq), c.b)
}

func (t *tx) PutTopics(topics []store.Topic) error {
	for i := range topics {
		c := writer(topicVersion, nil)
		c.topic(&topics[i])
		if err := c.end(); err != nil {
			return err
		}
		if err := t.set(bTopic, []byte(topics[i].Origin), c.b); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) Append(topic string, items []store.Joined) (int, error) {
	entries, err := t.sub(bEntry, topic)
	if err != nil {
		return 0, err
	}
	marks, err := t.sub(bMark, topic)
	if err != nil {
		return 0, err
	}
	entries.FillPercent, marks.FillPercent = fillOrdered, fillOrdered
	added := 0
	for _, j := range items {
		seq, err := t.seq(j.Item)
		if err != nil {
			return 0, err
		}
		if marks.Get(be8(seq)) != nil {
			continue
		}
		mark := uint64(j.Mark)
		if mark == 0 {
			mark, err = entries.NextSequence()
		} else {
			err = entries.SetSequence(mark)
		}
		if err != nil {
			return 0, fmt.Errorf("next mark of %s: %w", topic, err)
		}
		c := writer(otherVersion, nil)
		c.joined(&j)
		if err := t.setIn(entries, be8(mark), c.b); err != nil {
			return 0, err
		}
		if err := t.setIn(marks, be8(seq), be8(mark)); err != nil {
			return 0, err
		}
		added++
	}
	return added, nil
}

// sub returns the bucket of a topic.
func (t *tx) sub(bucket []byte, topic string) (*bbolt.Bucket, error) {
	t.wrote = true
	b, err := t.Bucket(bucket).CreateBucketIfNotExists([]byte(topic))
	if err != nil {
		return nil, fmt.Errorf("bucket of %s: %w", topic, err)
	}
	return b, nil
}

func (t *tx) Strip(stubs []store.Stub) error {
	for i := range stubs {
		seq, err := t.seq(stubs[i].ID)
		if err != nil {
			return err
		}
		if err := t.relist(stubs[i].ID, seq, 0); err != nil {
			return err
		}
		if err := t.unset(bItem, be8(seq)); err != nil {
			return err
		}
		if err := t.unset(bRevision, be8(seq)); err != nil {
			return err
		}
	}
	if err := t.count(-len(stubs)); err != nil {
		return err
	}
	return t.PutStubs(stubs)
}

func (t *tx) PutStubs(stubs []store.Stub) error {
	for i := range stubs {
		seq, err := t.seq(stubs[i].ID)
		if err != nil {
			return err
		}
		c := writer(otherVersion, nil)
		c.stub(&stubs[i])
		if err := c.end(); err != nil {
			return err
		}
		if err := t.set(bStub, be8(seq), c.b); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) Forget(ids []news.ItemID) error {
	for _, id := range ids {
		seq, err := t.seq(id)
		if err != nil {
			return err
		}
		if err := t.unset(bStub, be8(seq)); err != nil {
			return err
		}
		if err := t.unlist(id, seq); err != nil {
			return err
		}
		if err := t.seqs().remove(be8(uint64(id))); err != nil {
			return err
		}
		if err := t.leave(seq); err != nil {
			return err
		}
	}
	return nil
}

// leave takes an item out of every topic.
func (t *tx) leave(seq uint64) error {
	entries := t.Bucket(bEntry)
	return t.Bucket(bMark).ForEachBucket(func(topic []byte) error {
		marks := t.Bucket(bMark).Bucket(topic)
		mark := marks.Get(be8(seq))
		if mark == nil {
			return nil
		}
		mark = bytes.Clone(mark)
		if err := marks.Delete(be8(seq)); err != nil {
			return fmt.Errorf("delete a mark of %s: %w", topic, err)
		}
		if err := entries.Bucket(topic).Delete(mark); err != nil {
			return fmt.Errorf("delete an entry of %s: %w", topic, err)
		}
		return nil
	})
}

func (t *tx) Sweep(cursor string, n int) (string, int, error) {
	return t.keys().sweep(cursor, n, func(v []byte) (bool, error) {
		owner, err := t.owner(number(v))
		return owner.ID == 0, err
	})
}
