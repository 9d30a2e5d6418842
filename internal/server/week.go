package server

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

const (
	weekSpan  = 7 * 24 * time.Hour
	weekAge   = 10 * time.Minute // how old the counts may be: they are a walk over the items of a week
	weekScan  = 2000             // items that one read of the store looks at
	weekItems = 200_000          // items that are counted at most; a week of 500 busy sources has half of it
)

// week counts what the sources brought in seven days and what the topics made
// of it. It never changes.
type week struct {
	at     time.Time
	items  map[string]int      // by source
	topics map[string]verdicts // by topic
}

// verdicts counts the items that a topic took, and that one of its exclude
// rules dropped.
type verdicts struct{ matched, excluded int }

// weeks keeps the last counts.
type weeks struct {
	mu   sync.Mutex
	last *week
}

// lastWeek returns the counts of the last seven days, made anew every ten
// minutes.
func (s *Server) lastWeek(ctx context.Context) (*week, error) {
	s.weeks.mu.Lock()
	defer s.weeks.mu.Unlock()
	now := s.Now()
	if w := s.weeks.last; w != nil && now.Sub(w.at) < weekAge {
		return w, nil
	}
	w := &week{at: now, items: map[string]int{}, topics: map[string]verdicts{}}
	f := store.Filter{Newest: true, Since: now.Add(-weekSpan)}
	cursor, seen := "", 0
	for more := true; more && seen < weekItems; more = cursor != "" {
		items, next, err := s.Store.Scan(ctx, f, cursor, weekScan)
		if err != nil {
			return nil, err
		}
		for i := range items {
			w.count(&items[i])
		}
		cursor, seen = next, seen+weekScan
	}
	s.weeks.last = w
	return w, nil
}

func (w *week) count(item *news.Item) {
	w.items[item.Source]++
	for _, m := range item.Matches {
		v := w.topics[m.Topic]
		switch m.Verdict {
		case news.In:
			v.matched++
		case news.Excluded:
			v.excluded++
		case news.Out:
		}
		w.topics[m.Topic] = v
	}
}

// sentence says what a topic made of the items in its scope.
func (w *week) sentence(st *State, topicID string) string {
	read := 0
	for _, id := range st.scope(topicID) {
		read += w.items[id]
	}
	v := w.topics[topicID]
	return "In 7 days: read " + thousands(read) + ", matched " + thousands(v.matched) + ", excluded " + thousands(v.excluded) + "."
}

// thousands writes a number with commas.
func thousands(n int) string {
	s := strconv.Itoa(n)
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// refused counts the items that were not kept, by reason, since the start (P5).
type refused struct {
	mu      sync.Mutex
	reasons map[news.Reason]int
}

func (r *refused) add(counts map[news.Reason]int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for reason, n := range counts {
		r.reasons[reason] += n
	}
}

// all returns every reason of the closed list: a key that comes and goes is not
// stable.
func (r *refused) all() map[news.Reason]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(map[news.Reason]int)
	for _, reason := range news.Reasons() {
		out[reason] = r.reasons[reason]
	}
	return out
}
