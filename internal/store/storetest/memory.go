// Package storetest is the suite that every engine of package store passes, and
// an engine in memory: the shortest one that does, for tests of other packages.
// It owns no rule; only tests import it.
package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/story"
)

// Memory returns an engine that keeps everything in memory.
func Memory() store.Engine {
	return &memory{
		ledger: store.NewLedger(nil), sources: map[string]store.Source{}, polls: map[string][]news.Poll{},
		documents: map[string][]store.Present{}, items: map[news.ItemID]store.Stored{}, stubs: map[news.ItemID]store.Stub{},
		keys: map[story.Key][]carrier{}, revisions: map[news.ItemID][]news.Revision{}, topics: map[string]store.Topic{},
		entries: map[string][]store.Joined{}, marks: map[place]bool{}, marked: map[string]news.Mark{}, uses: map[store.Text][]story.Use{},
		near: map[nearKey][]news.ItemID{}, edges: map[news.ItemID][]story.Edge{}, overrides: map[news.ItemID][]story.Override{},
		rows: map[rowKey][]byte{}, kin: map[news.ItemID]store.Kin{}, members: map[news.ItemID][]news.ItemID{},
		arrival: map[news.ItemID]int{},
	}
}

// memory is changed in place by one writer at a time; what a write undoes when
// it fails stands in its transaction. Slices in the maps only grow at the end or
// are replaced.
type memory struct {
	mu     sync.RWMutex
	ledger *store.Ledger

	configs   []news.Config
	sources   map[string]store.Source
	polls     map[string][]news.Poll // earliest first
	documents map[string][]store.Present
	order     []news.ItemID // of arrival
	arrival   map[news.ItemID]int
	items     map[news.ItemID]store.Stored
	stubs     map[news.ItemID]store.Stub
	keys      map[story.Key][]carrier // by rule and hash
	revisions map[news.ItemID][]news.Revision
	topics    map[string]store.Topic
	entries   map[string][]store.Joined
	marks     map[place]bool
	marked    map[string]news.Mark // the highest mark ever given
	uses      map[store.Text][]story.Use
	near      map[nearKey][]news.ItemID
	edges     map[news.ItemID][]story.Edge
	overrides map[news.ItemID][]story.Override
	kin       map[news.ItemID]store.Kin
	members   map[news.ItemID][]news.ItemID // by ID
	rows      map[rowKey][]byte
}

// nearKey is a key of an index on a day.
type nearKey struct {
	index store.Index
	day   time.Time
	key   uint64
}

// carrier is the item that carries a key in one scope.
type carrier struct {
	scope uint64
	item  news.ItemID
}

// place is an item's place in a topic.
type place struct {
	topic string
	item  news.ItemID
}

// transaction is a read or a write.
type transaction struct {
	*memory
	writes bool
	undo   []func()
	put    []store.Source
	gone   []string
}

// set changes a map so that it can be undone.
func set[K comparable, V any](t *transaction, m map[K]V, k K, v V) {
	old, had := m[k]
	t.undo = append(t.undo, func() {
		if had {
			m[k] = old
		} else {
			delete(m, k)
		}
	})
	m[k] = v
}

func unset[K comparable, V any](t *transaction, m map[K]V, k K) {
	if old, had := m[k]; had {
		t.undo = append(t.undo, func() { m[k] = old })
		delete(m, k)
	}
}

func (m *memory) Write(ctx context.Context, f func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &transaction{memory: m, writes: true}
	for _, w := range m.ledger.All() {
		if err := t.PutSources([]store.Source{w.Source}); err != nil {
			return err
		}
		t.addPolls(w.Source.State.Source, w.Polls)
	}
	configs, order := m.configs, m.order
	if err := f(t); err != nil {
		for _, undo := range slices.Backward(t.undo) {
			undo()
		}
		m.configs, m.order = configs, order
		return err
	}
	m.ledger.Put(t.put)
	m.ledger.Delete(t.gone)
	return nil
}

func (m *memory) Read(ctx context.Context, f func(store.ReadTx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return f(&transaction{memory: m})
}

func (m *memory) Claim(_ context.Context, _ string, now time.Time, ahead time.Duration, n int, ttl time.Duration) ([]news.Claim, error) {
	return m.ledger.Claim(now, ahead, n, ttl), nil
}

func (m *memory) Settle(_ context.Context, s store.Source, p news.Poll) error {
	return m.ledger.Settle(s, p)
}

func (m *memory) Flush(ctx context.Context) error {
	return m.Write(ctx, func(store.Tx) error { return nil })
}

func (m *memory) Backup(context.Context, io.Writer) error {
	return errors.New("memory has no file to back up")
}

func (m *memory) Check(context.Context) error { return nil }

func (m *memory) Sizes(context.Context) (store.Sizes, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return store.Sizes{Items: len(m.items)}, nil
}

func (m *memory) Close() error { return nil }

func (t *transaction) Generation() (uint64, error) {
	c, err := t.Config()
	return c.Generation, err
}

func (t *transaction) Config() (news.Config, error) {
	if len(t.configs) == 0 {
		return news.Config{}, nil
	}
	return t.configs[len(t.configs)-1], nil
}

func (t *transaction) Sources(ids []string) ([]store.Source, error) {
	if ids == nil {
		ids = slices.Sorted(maps.Keys(t.sources))
	}
	out := make([]store.Source, len(ids))
	for i, id := range ids {
		out[i] = t.sources[id]
		if w, ok := t.ledger.Waiting(id); ok && !t.writes {
			out[i] = w.Source
		}
		out[i].State.Gaps = slices.Clone(out[i].State.Gaps)
	}
	return out, nil
}

func (t *transaction) Polls(source string) ([]news.Poll, error) {
	polls := slices.Clone(t.polls[source])
	if w, ok := t.ledger.Waiting(source); ok && !t.writes {
		polls = append(polls, w.Polls...)
	}
	slices.Reverse(polls)
	polls = polls[:min(len(polls), store.KeptPolls)]
	for i := range polls {
		polls[i].Rejected = maps.Clone(polls[i].Rejected)
	}
	return polls, nil
}

func (t *transaction) Document(source string) ([]store.Present, error) {
	return slices.Clone(t.documents[source]), nil
}

func (t *transaction) Owners(keys []story.Key) ([][]store.Owner, error) {
	out := make([][]store.Owner, len(keys))
	for i, key := range keys {
		key = store.ShortKey(key)
		key.Scope = 0
		for _, c := range t.keys[key] {
			if o := t.owner(c.item); o.ID != 0 {
				out[i] = append(out[i], o)
			}
		}
	}
	return out, nil
}

func (t *transaction) owner(id news.ItemID) store.Owner {
	if s, ok := t.items[id]; ok {
		return store.Owner{ID: id, Source: s.Item.Source, Text: s.Text}
	}
	s := t.stubs[id]
	return store.Owner{ID: s.ID, Source: s.Source, Text: s.Text, Stub: true}
}

func (t *transaction) Items(ids []news.ItemID) ([]store.Stored, error) {
	out := make([]store.Stored, len(ids))
	for i, id := range ids {
		s, ok := t.items[id]
		if stub, stubbed := t.stubs[id]; !ok && stubbed {
			s.Item.ID, s.Item.Source, s.Text = stub.ID, stub.Source, stub.Text
		}
		out[i] = cloned(s)
	}
	return out, nil
}

// cloned returns a copy that shares nothing that a caller may change.
func cloned(s store.Stored) store.Stored {
	s.Item.Matches = slices.Clone(s.Item.Matches)
	return s
}

func (t *transaction) Texts(ids []news.ItemID) ([]uint64, error) {
	out := make([]uint64, len(ids))
	for i, id := range ids {
		out[i] = t.items[id].Text
	}
	return out, nil
}

func (t *transaction) Revisions(ids []news.ItemID) ([][]news.Revision, error) {
	out := make([][]news.Revision, len(ids))
	for i, id := range ids {
		out[i] = slices.Clone(t.revisions[id])
	}
	return out, nil
}

func (t *transaction) Topics() ([]store.Topic, error) {
	var out []store.Topic
	for _, id := range slices.Sorted(maps.Keys(t.topics)) {
		out = append(out, t.topics[id])
	}
	return out, nil
}

func (t *transaction) Entries(topic string, below news.Mark, n int) ([]store.Joined, error) {
	var out []store.Joined
	for _, j := range slices.Backward(t.entries[topic]) {
		if (below == 0 || j.Mark < below) && len(out) < n {
			out = append(out, j)
		}
	}
	return out, nil
}

func (t *transaction) Scan(cursor string, n int, backward bool) ([]store.Stored, string, error) {
	at, err := start(cursor, backward, len(t.order))
	if err != nil {
		return nil, "", err
	}
	var out []store.Stored
	for ; at >= 0 && at < len(t.order); at += direction(backward) {
		s, ok := t.items[t.order[at]]
		if !ok {
			continue
		}
		if len(out) == n {
			return out, strconv.Itoa(at), nil
		}
		out = append(out, cloned(s))
	}
	return out, "", nil
}

func direction(backward bool) int {
	if backward {
		return -1
	}
	return 1
}

// start returns where a cursor points to: the next one to read.
func start(cursor string, backward bool, n int) (int, error) {
	switch {
	case cursor != "":
		at, err := strconv.Atoi(cursor)
		if err != nil {
			return 0, fmt.Errorf("%q is not a cursor", cursor)
		}
		return at, nil
	case backward:
		return n - 1, nil
	}
	return 0, nil
}

func (t *transaction) Stubs(cursor string, n int) ([]store.Stub, string, error) {
	at, err := start(cursor, false, len(t.order))
	if err != nil {
		return nil, "", err
	}
	var out []store.Stub
	for ; at < len(t.order); at++ {
		s, ok := t.stubs[t.order[at]]
		if !ok {
			continue
		}
		if len(out) == n {
			return out, strconv.Itoa(at), nil
		}
		out = append(out, s)
	}
	return out, "", nil
}

func (t *transaction) PutConfig(c news.Config) error {
	t.configs = append(t.configs, c)
	return nil
}

func (t *transaction) PutSources(sources []store.Source) error {
	for _, s := range sources {
		s.State.Gaps = slices.Clone(s.State.Gaps)
		set(t, t.sources, s.State.Source, s)
		t.put = append(t.put, s)
	}
	return nil
}

func (t *transaction) DeleteSources(ids []string) error {
	for _, id := range ids {
		unset(t, t.sources, id)
		unset(t, t.polls, id)
	}
	t.gone = append(t.gone, ids...)
	return nil
}

func (t *transaction) PutPoll(s store.Source, p news.Poll) error {
	t.addPolls(s.State.Source, []news.Poll{p})
	return t.PutSources([]store.Source{s})
}

func (t *transaction) addPolls(source string, polls []news.Poll) {
	all := slices.Concat(t.polls[source], polls)
	set(t, t.polls, source, all[max(0, len(all)-store.KeptPolls):])
}

func (t *transaction) PutDocument(source string, document []store.Present) error {
	set(t, t.documents, source, slices.Clone(document))
	return nil
}

func (t *transaction) PutItems(items []store.Stored) error {
	for _, s := range items {
		if _, ok := t.items[s.Item.ID]; !ok {
			t.order = append(t.order, s.Item.ID)
			set(t, t.arrival, s.Item.ID, len(t.order))
		}
		set(t, t.items, s.Item.ID, cloned(s))
	}
	return nil
}

func (t *transaction) SetKeys(keys []store.KeyOf) error {
	for _, k := range keys {
		k.Key = store.ShortKey(k.Key)
		scope := k.Key.Scope
		k.Key.Scope = 0
		all := slices.Clone(t.keys[k.Key])
		at, found := slices.BinarySearchFunc(all, scope, func(c carrier, scope uint64) int { return cmp.Compare(c.scope, scope) })
		switch {
		case !found:
			all = slices.Insert(all, at, carrier{scope, k.Item})
		case t.owner(all[at].item).ID != 0:
			continue
		default:
			all[at].item = k.Item
		}
		set(t, t.keys, k.Key, all)
	}
	return nil
}

func (t *transaction) PutRevisions(id news.ItemID, r []news.Revision) error {
	set(t, t.revisions, id, slices.Clone(r))
	return nil
}

func (t *transaction) PutTopics(topics []store.Topic) error {
	for _, topic := range topics {
		set(t, t.topics, topic.Origin, topic)
	}
	return nil
}

func (t *transaction) Append(topic string, items []store.Joined) (int, error) {
	all := t.entries[topic]
	n := len(all)
	for _, j := range items {
		at := place{topic, j.Item}
		if t.marks[at] {
			continue
		}
		set(t, t.marks, at, true)
		if j.Mark == 0 {
			j.Mark = t.marked[topic] + 1
		}
		set(t, t.marked, topic, j.Mark)
		all = append(all, j)
	}
	set(t, t.entries, topic, all)
	return len(all) - n, nil
}

func (t *transaction) Strip(stubs []store.Stub) error {
	for _, s := range stubs {
		unset(t, t.items, s.ID)
		unset(t, t.revisions, s.ID)
	}
	return t.PutStubs(stubs)
}

func (t *transaction) PutStubs(stubs []store.Stub) error {
	for _, s := range stubs {
		set(t, t.stubs, s.ID, s)
	}
	return nil
}

func (t *transaction) Forget(ids []news.ItemID) error {
	for _, id := range ids {
		unset(t, t.stubs, id)
		t.leave(t.kin[id].Story, id)
		unset(t, t.kin, id)
		for topic, all := range maps.Clone(t.entries) {
			if t.marks[place{topic, id}] {
				unset(t, t.marks, place{topic, id})
				set(t, t.entries, topic, slices.DeleteFunc(slices.Clone(all), func(j store.Joined) bool { return j.Item == id }))
			}
		}
	}
	return nil
}

func (t *transaction) Sweep(_ string, _ int) (string, int, error) {
	deleted := 0
	for k, carriers := range maps.Clone(t.keys) {
		left := slices.DeleteFunc(slices.Clone(carriers), func(c carrier) bool { return t.owner(c.item).ID == 0 })
		if deleted += len(carriers) - len(left); len(left) < len(carriers) {
			set(t, t.keys, k, left)
		}
	}
	return "", deleted, nil
}

// Reopen returns a Memory as it would be after a crash: without claims and
// without the polls that wait.
func Reopen(e store.Engine) store.Engine {
	m := e.(*memory)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ledger = store.NewLedger(slices.Collect(maps.Values(m.sources)))
	return m
}
