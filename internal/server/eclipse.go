package server

import (
	"cmp"
	"context"
	"slices"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// eclipse is a time in which a topic had lost most of its sources, so that its
// silence says nothing.
type eclipse struct {
	since, until time.Time // until is zero while it goes on
	most         int       // sources that were in trouble at once
}

// eclipses reckons from the episodes of its sources when more than half of them
// gave nothing. The same notices always give the same times.
func eclipses(sources []string, notices []store.Notice) []eclipse {
	type turn struct {
		at   time.Time
		step int
	}
	var turns []turn
	for i := range notices {
		n := &notices[i]
		if n.Topic != "" || !slices.Contains(sources, n.Source) || n.State == news.StateUndated {
			continue
		}
		turns = append(turns, turn{n.Since, 1})
		if !n.Until.IsZero() {
			turns = append(turns, turn{n.Until, -1})
		}
	}
	// At the same second an episode ends before another one begins: a source
	// that was silent and now fails is one source.
	slices.SortFunc(turns, func(a, b turn) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.step, b.step)) })
	var out []eclipse
	open, troubled := false, 0
	for i, t := range turns {
		troubled += t.step
		if i+1 < len(turns) && turns[i+1].at.Equal(t.at) {
			continue
		}
		dark := 2*troubled > len(sources)
		switch {
		case dark && !open:
			out = append(out, eclipse{since: t.at, most: troubled})
		case dark:
			out[len(out)-1].most = max(out[len(out)-1].most, troubled)
		case open:
			out[len(out)-1].until = t.at
		}
		open = dark
	}
	return out
}

// eclipsesOf returns those of a topic; none where it has a single source, whose
// own episodes say it.
func (s *Server) eclipsesOf(ctx context.Context, st *State, topicID string, gave map[string]bool) ([]eclipse, error) {
	sources := st.givers(topicID, gave)
	if len(sources) < 2 {
		return nil, nil
	}
	states, err := s.Store.Sources(ctx)
	if err != nil {
		return nil, err
	}
	notices, err := s.Store.Notices(ctx)
	if err != nil {
		return nil, err
	}
	return eclipses(sources, standing(st, states, notices)), nil
}
