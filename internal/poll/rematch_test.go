package poll

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// shelf is an archive of items that takes any rules, and fails when it is told.
type shelf struct {
	mu         sync.Mutex
	generation uint64
	left       int
	fail       []error // of the next calls
	calls      []string
	called     func()
}

func (s *shelf) Rematch(_ context.Context, generation uint64, rules map[string]uint64, match func(*news.Item) []news.Match, n int) (store.Rematched, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.called != nil {
		s.called()
	}
	if len(s.fail) > 0 {
		err := s.fail[0]
		s.fail = s.fail[1:]
		if err != nil {
			return store.Rematched{}, err
		}
	}
	if generation != s.generation {
		return store.Rematched{}, store.ErrStaleConfig
	}
	looked := min(n, s.left)
	s.left -= looked
	s.calls = append(s.calls, fmt.Sprintf("%d %v %s %d", generation, rules, match(&news.Item{})[0].Topic, looked))
	change := store.Change{Joined: looked / 10, Left: 1, WeekJoined: looked / 50}
	return store.Rematched{Topics: []string{"border"}, Looked: looked, More: s.left > 0, Changes: map[string]store.Change{"border": change}}, nil
}

// judge is a set of one topic, whose matches bear its name.
type judge struct {
	topics
	hash uint64
}

func (judge) Topics() []news.Topic { return []news.Topic{{ID: "border"}} }

func (j judge) Hash(string) uint64 { return j.hash }

func TestRematchGoesOnUntilAllIsMatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		s := &shelf{generation: 1, left: 600}
		r := NewRematch(s, slog.New(slog.NewTextHandler(&log, nil)), time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		synctest.Wait()
		r.Apply(judge{"one", 7}, 1)
		synctest.Wait()
		s.mu.Lock()
		s.generation, s.left = 2, 10 // feeds.yaml is stored, and applied a little later
		s.mu.Unlock()
		r.Apply(judge{"one", 7}, 1)
		synctest.Wait()
		r.Apply(judge{"two", 8}, 2)
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		want := []string{"1 map[border:7] one 250", "1 map[border:7] one 250", "1 map[border:7] one 100", "2 map[border:8] two 10"}
		if !reflect.DeepEqual(s.calls, want) {
			t.Errorf("calls:\n got %q\nwant %q", s.calls, want)
		}
		if line := `msg=rematched topic=border known=600 changes="+60 −3 items, +12 −0 in 7 days" dur=0s`; !strings.Contains(log.String(), line) {
			t.Errorf("log:\n got %s\nwant %s", &log, line)
		}
		now := []Reapplied{{"border", time.Now(), true, store.Change{Joined: 1, Left: 1}}} // both runs began at this instant
		if got := r.Reapplied(); !reflect.DeepEqual(got, now) {
			t.Errorf("reapplied\n got %+v\nwant %+v", got, now)
		}
	})
}

func TestRematchWaitsWhileTheStoreIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var at []time.Duration
		s := &shelf{generation: 1, left: 300, fail: []error{nil, fmt.Errorf("write: %w", store.ErrFull), store.ErrReadOnly}}
		s.called = func() { at = append(at, time.Since(begin)) }
		r := NewRematch(s, slog.New(slog.DiscardHandler), time.Now)
		r.Apply(judge{"one", 7}, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Hour)
		defer cancel()
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
		if want := []time.Duration{0, 0, time.Minute, 2 * time.Minute}; !reflect.DeepEqual(at[:min(len(at), 4)], want) || s.left != 0 {
			t.Errorf("calls at %v with %d items left, want %v", at, s.left, want)
		}
	})
}

func TestRematchEndsWhenOnlyARestartCanJudge(t *testing.T) {
	damaged := errors.New("damaged")
	r := NewRematch(&shelf{fail: []error{damaged}}, slog.New(slog.DiscardHandler), time.Now)
	r.Apply(judge{"one", 7}, 1)
	if err := r.Run(t.Context()); !errors.Is(err, damaged) {
		t.Errorf("run returns %v, want %v", err, damaged)
	}
}
