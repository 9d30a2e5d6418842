package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"khyber/internal/news"
	"khyber/internal/store"
)

// The model's world: few items, so that they meet often.
const (
	modelItems = 12
	modelKeep  = 3 * day
	modelStep  = 12 * time.Hour // the longest; 30 steps stay below the 30 days of P3
)

// modelItem is what the model knows of an item.
type modelItem struct {
	version   int // of its text, as published now
	stored    int // as kept
	kept      bool
	expired   bool
	firstSeen time.Time
}

// machine compares a store with maps.
type machine struct {
	*World
	items    map[string]*modelItem // by GUID
	document map[string][]string   // by source: the last complete one
	joined   map[string][]string   // by topic: GUIDs by mark
	last     news.Poll             // with its items, to commit again
	lastDoc  []news.Item
}

// model checks the store against maps: commits, repeats, fences, reloads,
// expiry and restarts in any order (P1, P3, P5, T8).
func model(t *testing.T, open func(testing.TB) store.Engine, h Hooks) {
	rapid.Check(t, func(rt *rapid.T) {
		e := open(t)
		m := &machine{
			World: NewWorld(rt, e, h), items: make(map[string]*modelItem),
			document: make(map[string][]string), joined: make(map[string][]string),
		}
		defer func() {
			if err := m.Store.Close(); err != nil {
				rt.Fatal(err)
			}
		}()
		rt.Repeat(map[string]func(*rapid.T){
			"commit":    m.commit,
			"unchanged": m.unchanged,
			"again":     m.again,
			"fenced":    m.fenced,
			"edit":      m.edit,
			"reload":    func(*rapid.T) { m.Config.Hash++; m.Apply() },
			"restart":   m.restart,
			"expire":    m.expireAll,
			"wait": func(rt *rapid.T) {
				m.Now = m.Now.Add(time.Duration(rapid.Int64Range(1, int64(modelStep)).Draw(rt, "wait")))
			},
			"": m.check,
		})
	})
}

func (m *machine) source(rt *rapid.T) string {
	return rapid.SampledFrom([]string{"alpha", "beta"}).Draw(rt, "source")
}

// published returns the nth item of a source as it publishes it now.
func (m *machine) published(source string, n int) (news.Item, *modelItem) {
	var topics []string
	if n%3 == 0 {
		topics = append(topics, "border")
	}
	if n%2 == 0 {
		topics = append(topics, "talks")
	}
	item := Item(source, n, topics...)
	known := m.items[item.GUID]
	if known == nil {
		known = &modelItem{}
		m.items[item.GUID] = known
	}
	item.Title += fmt.Sprintf(", version %d", known.version)
	return item, known
}

func (m *machine) edit(rt *rapid.T) {
	_, known := m.published(m.source(rt), rapid.IntRange(0, modelItems-1).Draw(rt, "item"))
	known.version++
}

func (m *machine) commit(rt *rapid.T) {
	source := m.source(rt)
	numbers := rapid.SliceOfNDistinct(rapid.IntRange(0, modelItems-1), 0, 8, rapid.ID).Draw(rt, "items")
	complete := rapid.Bool().Draw(rt, "complete")
	var items []news.Item
	for _, n := range numbers {
		item, _ := m.published(source, n)
		items = append(items, item)
	}
	if len(items) > 0 && rapid.Bool().Draw(rt, "one twice") {
		items = append(items, items[0])
	}
	p := m.Poll(source, len(items))
	p.Complete, p.Salvaged = complete, !complete
	before := m.state(source).Validators
	got, err := m.Store.Commit(rt.Context(), p, items)
	if err != nil {
		rt.Fatal(err)
	}
	same(m.World, "counts", counts(got), m.apply(p, numbers, items))
	if !complete {
		p.Validators = before
	}
	same(m.World, "validators", m.state(source).Validators, p.Validators)
	m.last, m.lastDoc = p, items
}

// apply does to the maps what a commit does to the store.
func (m *machine) apply(p news.Poll, numbers []int, items []news.Item) [4]int {
	var want [4]int
	want[3] = len(items) - len(numbers)
	var document []string
	for _, item := range slices.Backward(items[:len(numbers)]) {
		known := m.items[item.GUID]
		document = append(document, item.GUID)
		switch {
		case !known.kept:
			want[0]++
			known.kept, known.firstSeen, known.stored = true, p.At.Truncate(time.Second), known.version
		case known.expired:
			want[1]++
		case known.stored != known.version:
			want[1]++
			want[2]++
			known.stored = known.version
		default:
			want[1]++
		}
	}
	// New items join in the order of their time; numbers are minutes ago.
	slices.SortStableFunc(items[:len(numbers)], func(a, b news.Item) int { return a.Published.Compare(b.Published) })
	for _, item := range items[:len(numbers)] {
		for _, match := range item.Matches {
			if !slices.Contains(m.joined[match.Topic], item.GUID) {
				m.joined[match.Topic] = append(m.joined[match.Topic], item.GUID)
			}
		}
	}
	if p.Complete {
		m.document[p.Source] = document
	}
	return want
}

func (m *machine) unchanged(rt *rapid.T) {
	p := m.Poll(m.source(rt), 0)
	p.Kind = news.KindUnchanged
	if _, err := m.Store.Commit(rt.Context(), p, nil); err != nil {
		rt.Fatal(err)
	}
	if rapid.Bool().Draw(rt, "flush") {
		if err := m.Store.Flush(rt.Context()); err != nil {
			rt.Fatal(err)
		}
	}
	m.last = news.Poll{}
}

// again repeats the last commit, as after a connection that was cut.
func (m *machine) again(rt *rapid.T) {
	if m.last.ID == 0 || m.last.Generation != m.Config.Generation {
		rt.Skip("nothing to repeat")
	}
	if _, err := m.Store.Commit(rt.Context(), m.last, m.lastDoc); err != nil {
		rt.Fatal(err)
	}
}

func (m *machine) fenced(rt *rapid.T) {
	source := m.source(rt)
	item, _ := m.published(source, rapid.IntRange(0, modelItems-1).Draw(rt, "item"))
	p := m.Poll(source, 1)
	p.Fence = m.state(source).Fence + 1
	if _, err := m.Store.Commit(rt.Context(), p, []news.Item{item}); !errors.Is(err, store.ErrFenced) {
		rt.Fatalf("commit with another fence: %v", err)
	}
}

func (m *machine) expireAll(rt *rapid.T) {
	done := m.expire(modelKeep)
	want := 0
	for guid, item := range m.items {
		in := slices.Contains(m.document["alpha"], guid) || slices.Contains(m.document["beta"], guid)
		if item.kept && !item.expired && !in && item.firstSeen.Before(m.Now.Add(-modelKeep)) {
			item.expired = true
			want++
		}
	}
	if done.Items != want {
		rt.Fatalf("%d items expired, want %d", done.Items, want)
	}
}

// check compares what topics show, with their order.
func (m *machine) check(rt *rapid.T) {
	for _, topic := range []string{"border", "talks"} {
		want := []string{}
		for _, guid := range slices.Backward(m.joined[topic]) {
			if !m.items[guid].expired {
				want = append(want, fmt.Sprint(guid, " ", m.items[guid].stored))
			}
		}
		got := []string{}
		for _, e := range m.Topic(topic, store.Page{}).Entries {
			var version int
			_, after, _ := strings.Cut(e.Item.Title, ", version ")
			if _, err := fmt.Sscan(after, &version); err != nil {
				rt.Fatal(err)
			}
			got = append(got, fmt.Sprint(e.Item.GUID, " ", version))
			if len(e.Revisions) > version {
				rt.Fatalf("%s has %d revisions at version %d", e.Item.GUID, len(e.Revisions), version)
			}
		}
		same(m.World, topic, got, want)
	}
}

// restart looks for damage and opens the store again.
func (m *machine) restart(rt *rapid.T) {
	if err := m.Store.Verify(rt.Context()); err != nil {
		rt.Fatal(err)
	}
	m.Restart()
}
