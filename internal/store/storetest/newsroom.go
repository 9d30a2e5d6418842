package storetest

import (
	"fmt"
	"math/rand"
	"strings"
	"time"

	"khyber/internal/news"
)

// Newsroom invents reports that belong together as real ones do: names are
// frequent and rare by Zipf's law, half of the reports tell of an event that
// others have told of late, and some of those are copies.
type Newsroom struct {
	random *rand.Rand
	names  *rand.Zipf
	events []event // the last ones, in a ring
	n      int
}

// event is what reports are about.
type event struct {
	names, words []string
	last         string // title and text of the last report
	text         string
}

const (
	roomNames  = 20_000
	roomEvents = 256
)

// NewNewsroom returns a newsroom that invents the same for the same seed.
func NewNewsroom(seed int64) *Newsroom {
	r := &Newsroom{random: rand.New(rand.NewSource(seed))}
	// The most frequent name stands in one title of a hundred: those that are more
	// frequent in real titles are words that the tables know.
	r.names = rand.NewZipf(r.random, 1.2, 50, roomNames-1)
	return r
}

// Report returns the next report, of a source at a time.
func (r *Newsroom) Report(source string, at time.Time) news.Item {
	r.n++
	item := news.Item{
		Source: source, GUID: fmt.Sprintf("%s-%d", source, r.n), Link: fmt.Sprintf("https://%s.example/news/%d", source, r.n),
		Published: at, Lang: "en",
	}
	e := r.event()
	if e.last == "" || r.random.Intn(5) > 0 {
		e.last, e.text = r.title(e), r.text(e)
	}
	item.Title, item.Summary = e.last, e.text
	return item
}

// event returns a new event or one of late.
func (r *Newsroom) event() *event {
	if len(r.events) > 0 && r.random.Intn(2) == 0 {
		return &r.events[r.random.Intn(len(r.events))]
	}
	e := event{names: r.several(3, r.name), words: r.several(6, r.word)}
	if len(r.events) < roomEvents {
		r.events = append(r.events, e)
		return &r.events[len(r.events)-1]
	}
	at := r.random.Intn(roomEvents)
	r.events[at] = e
	return &r.events[at]
}

func (r *Newsroom) several(n int, draw func() string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = draw()
	}
	return out
}

// name returns a proper name.
func (r *Newsroom) name() string {
	d := drawer(r.names.Uint64() * 7919)
	return d.name()
}

// word returns a word of the language, frequent ones more often.
func (r *Newsroom) word() string { return words[r.random.Intn(1+r.random.Intn(len(words)))] }

// title tells of an event, with words and a name of its own.
func (r *Newsroom) title(e *event) string {
	of := func(words []string) string { return words[r.random.Intn(len(words))] }
	return strings.Join([]string{e.names[0], of(e.words), r.word(), of(e.names[1:]), of(e.words), r.word(), r.name()}, " ")
}

// text is the beginning of a report.
func (r *Newsroom) text(e *event) string {
	return fmt.Sprintf("%s, %s and %s: %s. %s", e.names[0], e.names[1], r.name(),
		strings.Join(append(r.several(14, r.word), e.words...), " "), strings.Join(append(r.several(14, r.word), r.name()), " "))
}
