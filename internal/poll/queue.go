package poll

import (
	"container/heap"
	"slices"
	"time"

	"khyber/internal/news"
)

// queue decides which source may be asked when. Its times are those of a clock
// that nobody can set. It belongs to one goroutine, knows no store and starts
// nothing, so that a fake clock can drive it.
type queue struct {
	wakes    wakes
	jobs     map[string]*job // by source
	domains  map[string]*domain
	stalled  []*domain // could start something but for the limit of all
	young    []*job    // under way since less than youngAge, or since no look at it
	inFlight int
	numbers  uint64
}

// job is a source that is to be polled, once.
type job struct {
	source  string
	due     time.Duration
	started time.Duration
	wake    *wake // nil: it waits in its domain, or runs
	running bool
	reports []func(news.Poll)
}

// domain is a registrable domain and who waits for it.
type domain struct {
	*rules
	waiting []*job
	running int
	free    time.Duration // no start before it: the gap after the last one
	hold    time.Duration // nor before this: a 429
	wake    *wake         // when to look at it again
	stalled bool
}

// wake is a time at which a job falls due or a domain is looked at again.
type wake struct {
	at     time.Duration
	number uint64 // of equal times the first listed comes first
	index  int
	job    *job
	domain *domain
}

type wakes []*wake

func (w wakes) Len() int { return len(w) }
func (w wakes) Less(i, j int) bool {
	return w[i].at < w[j].at || w[i].at == w[j].at && w[i].number < w[j].number
}

func (w wakes) Swap(i, j int) {
	w[i], w[j] = w[j], w[i]
	w[i].index, w[j].index = i, j
}

// Push is a method of heap.Interface.
func (w *wakes) Push(x any) {
	e := x.(*wake)
	e.index = len(*w)
	*w = append(*w, e)
}

// Pop is a method of heap.Interface.
func (w *wakes) Pop() any {
	old := *w
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*w = old[:len(old)-1]
	return last
}

func newQueue() *queue {
	return &queue{jobs: make(map[string]*job), domains: make(map[string]*domain)}
}

// add puts a source on the list for a time. One that is on it already keeps the
// earlier of both times; one that runs is not run twice.
func (q *queue) add(source string, at time.Duration) *job {
	j := q.jobs[source]
	switch {
	case j == nil:
		j = &job{source: source, due: at}
		j.wake = q.wake(&wake{at: at, job: j})
		q.jobs[source] = j
	case j.wake != nil && at < j.wake.at:
		q.move(j, at)
	}
	return j
}

// wake puts a wake on the list.
func (q *queue) wake(w *wake) *wake {
	q.numbers++
	w.number = q.numbers
	heap.Push(&q.wakes, w)
	return w
}

// move gives a job that waits for its time another one.
func (q *queue) move(j *job, at time.Duration) {
	if j.wake != nil {
		j.due, j.wake.at = at, at
		heap.Fix(&q.wakes, j.wake.index)
	}
}

// next returns when there is something to do; false: nothing is waited for.
func (q *queue) next() (time.Duration, bool) {
	if len(q.wakes) == 0 {
		return 0, false
	}
	return q.wakes[0].at, true
}

// pop returns the next job that may start, with its domain, and counts it as
// running; nil when there is none at this time. rulesOf gives the rules of a
// source's domain, nil for a source that is no longer polled.
func (q *queue) pop(now time.Duration, rulesOf func(string) *rules) (*job, *domain) {
	for {
		var d *domain
		switch {
		case len(q.stalled) > 0 && q.inFlight < maxInFlight:
			d, q.stalled = q.stalled[0], q.stalled[1:]
			d.stalled = false
		case len(q.wakes) == 0 || q.wakes[0].at > now:
			return nil, nil
		default:
			if d = q.wakeUp(rulesOf); d == nil {
				continue
			}
		}
		if j := q.take(d, now); j != nil {
			return j, d
		}
	}
}

// wakeUp takes the first wake off the list and returns the domain that it is
// about; nil: of a source that is no longer polled.
func (q *queue) wakeUp(rulesOf func(string) *rules) *domain {
	w := heap.Pop(&q.wakes).(*wake)
	if w.job == nil {
		w.domain.wake = nil
		return w.domain
	}
	w.job.wake = nil
	r := rulesOf(w.job.source)
	if r == nil {
		q.drop(w.job, news.Poll{Source: w.job.source, Why: "no longer in feeds.yaml"})
		return nil
	}
	d := q.domain(r)
	d.waiting = append(d.waiting, w.job)
	return d
}

// How many polls begin at once: those whose server answers soon all come to hold
// a document, the others hold hardly anything. 1,000 sources that take 200 ms to
// answer begin within 2 s.
const (
	youngMost = 96
	youngAge  = 500 * time.Millisecond
)

// crowded says whether so many polls have just begun that no other may, and
// until when.
func (q *queue) crowded(now time.Duration) (until time.Duration, yes bool) {
	for len(q.young) > 0 && now-q.young[0].started >= youngAge {
		q.young = q.young[1:]
	}
	if len(q.young) < youngMost {
		return 0, false
	}
	return q.young[0].started + youngAge, true
}

// take returns the job that waits longest in the domain, if it may start; else
// the domain is looked at again when it may.
func (q *queue) take(d *domain, now time.Duration) *job {
	switch ready := max(d.free, d.hold); {
	case len(d.waiting) == 0 || d.running >= d.slots:
		return nil // done looks again
	case ready > now:
		q.lookAgain(d, ready)
		return nil
	case q.inFlight >= maxInFlight:
		if !d.stalled {
			d.stalled = true
			q.stalled = append(q.stalled, d)
		}
		return nil
	}
	j := d.waiting[0]
	d.waiting = d.waiting[1:]
	j.running, j.started = true, now
	q.young = append(q.young, j)
	d.running++
	q.inFlight++
	d.free = now + d.gap
	if len(d.waiting) > 0 && d.running < d.slots {
		q.lookAgain(d, d.free)
	}
	return j
}

// lookAgain has the domain looked at again at a time.
func (q *queue) lookAgain(d *domain, at time.Duration) {
	if d.wake == nil {
		d.wake = q.wake(&wake{at: at, domain: d})
		return
	}
	d.wake.at = at
	heap.Fix(&q.wakes, d.wake.index)
}

// done takes a job off the list whose poll has ended. The gap of a domain counts
// from the start of its last request.
func (q *queue) done(j *job, d *domain) {
	delete(q.jobs, j.source)
	if i := slices.Index(q.young, j); i >= 0 {
		q.young = slices.Delete(q.young, i, i+1)
	}
	d.running--
	q.inFlight--
	if len(d.waiting) > 0 {
		q.lookAgain(d, max(d.free, d.hold))
	}
}

// drop takes a job off the list that is not to be run and says why.
func (q *queue) drop(j *job, why news.Poll) {
	delete(q.jobs, j.source)
	for _, report := range j.reports {
		report(why)
	}
}

// domain returns the domain of the rules, with the rules of now.
func (q *queue) domain(r *rules) *domain {
	d := q.domains[r.name]
	if d == nil {
		d = &domain{}
		q.domains[r.name] = d
	}
	d.rules = r
	return d
}

// hold forbids starts in a domain until a time, and drops those who wait there
// because somebody asked for them now.
func (q *queue) hold(r *rules, until time.Duration, why func(source string) news.Poll) {
	d := q.domain(r)
	d.hold = max(d.hold, until)
	waiting := d.waiting
	d.waiting = nil
	for _, j := range waiting {
		if len(j.reports) > 0 {
			q.drop(j, why(j.source))
		} else {
			d.waiting = append(d.waiting, j)
		}
	}
}
