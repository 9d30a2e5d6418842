package bolt

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/story"
)

// EachKey goes through the keys; those of forgotten items are left out.
func (t *tx) EachKey(f func(store.KeyOf) error) error {
	packed := t.keys()
	return t.Bucket(bKey).ForEach(func(_, row []byte) error {
		if err := packed.whole(row); err != nil {
			return err
		}
		for at := 0; at < len(row); at += packed.entry() {
			owner, err := t.owner(packed.number(row, at))
			if err != nil {
				return err
			}
			if owner.ID == 0 {
				continue
			}
			if err := f(store.KeyOf{Key: keyOfRow(row[at:]), Item: owner.ID}); err != nil {
				return err
			}
		}
		return nil
	})
}

// keyOfRow reads what keyRow wrote.
func keyOfRow(b []byte) story.Key {
	k := story.Key{Rule: story.KeyRule(b[0]), Scope: uint64(binary.BigEndian.Uint32(b[9:]))}
	copy(k.Hash[:8], b[1:])
	return k
}

// EachUse goes through the uses of texts. A row has only the hash of its source:
// one that nobody knows any more is left out.
func (t *tx) EachUse(f func(store.Text, []story.Use) error) error {
	sources, err := t.Sources(nil)
	if err != nil {
		return err
	}
	named := make(map[[4]byte]string)
	for i := range sources {
		sum := sha256.Sum256([]byte(sources[i].Origin))
		named[[4]byte(sum[:4])] = sources[i].Origin
	}
	var text store.Text
	var uses []story.Use
	told := func() error {
		if text.Source == "" || len(uses) == 0 {
			return nil
		}
		return f(text, uses)
	}
	err = t.uses().each(nil, func(k, v []byte) error {
		next := store.Text{Source: named[[4]byte(k[:4])], Hash: be(k[4:useText])}
		if next != text {
			if err := told(); err != nil {
				return err
			}
			text, uses = next, nil
		}
		uses = append(uses, useOf(k, v))
		return nil
	})
	if err != nil {
		return err
	}
	return told()
}

// EachNear goes through the indexes.
func (t *tx) EachNear(f func(store.Index, store.Near) error) error {
	err := t.Bucket(bNear).ForEach(func(name, row []byte) error {
		if len(name) != nearName {
			return fmt.Errorf("%w: row of %s", errDamaged, bNear)
		}
		head := binary.BigEndian.Uint16(name)
		at := day(binary.BigEndian.Uint32(name[nearDay:])).time()
		for ; len(row) >= nearEntry; row = row[nearEntry:] {
			key := uint64(head&0xfff)<<nearShift | uint64(row[0])<<32 | uint64(binary.BigEndian.Uint32(row[1:]))
			if err := f(store.Index(head>>12), store.Near{Key: key, At: at, ID: news.ItemID(be(row[5:]))}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	log, err := t.log()
	if err != nil {
		return err
	}
	for i := range log.entries {
		e := &log.entries[i]
		if err := f(e.key.index(), store.Near{Key: e.key.key(), At: e.day.time(), ID: e.id}); err != nil {
			return err
		}
	}
	return nil
}

// Top returns the highest mark that a topic has ever given.
func (t *tx) Top(topic string) (news.Mark, error) {
	b := t.Bucket(bEntry).Bucket([]byte(topic))
	if b == nil {
		return 0, nil
	}
	return news.Mark(b.Sequence()), nil
}

// SetTop sets it.
func (t *tx) SetTop(topic string, top news.Mark) error {
	b, err := t.sub(bEntry, topic)
	if err != nil {
		return err
	}
	if err := b.SetSequence(uint64(top)); err != nil {
		return fmt.Errorf("next mark of %s: %w", topic, err)
	}
	return nil
}
