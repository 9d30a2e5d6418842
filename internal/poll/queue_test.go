package poll

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"khyber/internal/news"
)

// starts runs a queue to its end on a clock of its own. Each job takes as long
// as took says. It returns the starts in order: "at source".
func starts(q *queue, rulesOf func(string) *rules, took func(string) time.Duration) []string {
	type running struct {
		until time.Duration
		job   *job
		d     *domain
	}
	var out []string
	var busy []running
	now := time.Duration(0)
	for {
		for {
			j, d := q.pop(now, rulesOf)
			if j == nil {
				break
			}
			out = append(out, fmt.Sprintf("%v %s", now, j.source))
			busy = append(busy, running{now + took(j.source), j, d})
		}
		at, more := q.next()
		if !more {
			at = 1 << 62
		}
		slices.SortStableFunc(busy, func(a, b running) int { return int(a.until - b.until) })
		if len(busy) > 0 && busy[0].until <= at {
			now = busy[0].until
			q.done(busy[0].job, busy[0].d)
			busy = busy[1:]
			continue
		}
		if !more {
			return out
		}
		now = at
	}
}

func TestADomainIsAskedOneAtATimeWithAGap(t *testing.T) {
	one := &rules{name: "one.example", slots: 1, gap: 5 * time.Second}
	two := &rules{name: "two.example", slots: 1, gap: time.Second}
	own := &rules{name: "10.0.0.1", slots: 2, private: true}
	of := map[string]*rules{"a": one, "b": one, "c": one, "d": two, "e": two, "f": own, "g": own, "h": own}
	q := newQueue()
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "removed"} {
		q.add(id, 0)
	}
	q.add("b", time.Hour) // the earlier time stays
	q.add("c", -1)
	got := starts(q, func(id string) *rules { return of[id] }, func(id string) time.Duration {
		if id == "c" {
			return 20 * time.Second // longer than the gap
		}
		return 2 * time.Second
	})
	slices.Sort(got)
	want := []string{"0s c", "0s d", "0s f", "0s g", "20s a", "25s b", "2s e", "2s h"}
	if len(q.jobs) != 0 || q.inFlight != 0 || !slices.Equal(got, want) {
		t.Errorf("got %v, want %v; left %d, running %d", got, want, len(q.jobs), q.inFlight)
	}
}

func TestAHeldDomainWaitsAndAnswersWhoAskedForNow(t *testing.T) {
	r := &rules{name: "one.example", slots: 1, gap: 5 * time.Second}
	rulesOf := func(string) *rules { return r }
	q := newQueue()
	q.add("a", 0)
	j, d := q.pop(0, rulesOf)
	q.add("b", time.Second)
	var said []news.Poll
	wish := q.add("c", time.Second)
	wish.reports = append(wish.reports, func(p news.Poll) { said = append(said, p) })
	if j2, _ := q.pop(2*time.Second, rulesOf); j2 != nil {
		t.Fatalf("%s started beside %s", j2.source, j.source)
	}
	q.done(j, d)
	q.hold(r, time.Minute, func(source string) news.Poll { return news.Poll{Source: source, Why: "held"} })
	if len(said) != 1 || said[0].Source != "c" || said[0].Why != "held" {
		t.Errorf("said %+v, want that c is held", said)
	}
	got := starts(q, rulesOf, func(string) time.Duration { return time.Second })
	if want := []string{"1m0s b"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTheLimitOfAllHoldsAndNobodyStarves(t *testing.T) {
	q := newQueue()
	of := map[string]*rules{}
	for i := range 2 * maxInFlight {
		id := fmt.Sprintf("s%04d", i)
		of[id] = &rules{name: id, slots: 1}
		q.add(id, 0)
	}
	most := 0
	got := starts(q, func(id string) *rules { most = max(most, q.inFlight); return of[id] }, func(string) time.Duration { return time.Second })
	if len(got) != 2*maxInFlight || most > maxInFlight || got[maxInFlight-1][:3] != "0s " || got[maxInFlight][:3] != "1s " {
		t.Errorf("%d starts, at most %d at a time; the first after the limit: %s", len(got), most, got[maxInFlight])
	}
}

// The scheduler's share of a poll at 100,000 sources, each on a domain of its
// own: on the list, started, ended.
func BenchmarkQueue100000(b *testing.B) {
	const n = 100_000
	of := make(map[string]*rules, n)
	ids := make([]string, n)
	for i := range n {
		ids[i] = fmt.Sprintf("s%06d", i)
		of[ids[i]] = &rules{name: ids[i], slots: 1, gap: defaultGap}
	}
	rulesOf := func(id string) *rules { return of[id] }
	q := newQueue()
	now := time.Duration(0)
	const every = 15 * time.Minute
	for i, id := range ids {
		q.add(id, every*time.Duration(i)/n)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		at, _ := q.next()
		now = max(now, at)
		j, d := q.pop(now, rulesOf)
		q.done(j, d)
		q.add(j.source, now+every)
	}
}

func TestPollsThatBeginTogetherAreFew(t *testing.T) {
	q := newQueue()
	for i := range 3 * youngMost {
		q.add(fmt.Sprint(i), 0)
	}
	of := func(id string) *rules { return &rules{name: id, slots: 1} }
	begin := func(now time.Duration) (n int) {
		for {
			if _, yes := q.crowded(now); yes {
				return n
			}
			j, _ := q.pop(now, of)
			if j == nil {
				return n
			}
			n++
		}
	}
	if got := begin(0); got != youngMost {
		t.Errorf("%d begin at once, want %d", got, youngMost)
	}
	if until, yes := q.crowded(youngAge / 2); !yes || until != youngAge {
		t.Errorf("crowded until %v (%v), want %v", until, yes, youngAge)
	}
	j := q.young[3]
	q.done(j, q.domains[j.source])
	if got := begin(youngAge / 2); got != 1 {
		t.Errorf("%d begin when one has ended, want 1", got)
	}
	if got := begin(youngAge); got != youngMost-1 {
		t.Errorf("%d begin when the first are no longer young, want %d", got, youngMost-1)
	}
}

func TestALargeDocumentIsKeptAlone(t *testing.T) {
	p := New(Options{Now: time.Now})
	leave := p.room(t.Context(), 8*maxParsed)
	if p.documents.TryAcquire(1) {
		t.Error("there is room beside it")
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	p.room(over, 1)() // a poll that ends while it waits takes none, and gives none back
	if p.documents.TryAcquire(1) {
		t.Error("a poll that waited in vain has made room")
	}
	leave()
	if !p.documents.TryAcquire(maxParsed) {
		t.Error("it has not left")
	}
	if n := p.Status().Bodies; n != 0 {
		t.Errorf("%d bytes are under way", n)
	}
}
