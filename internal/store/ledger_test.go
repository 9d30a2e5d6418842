package store_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// record is a source's record at a fence, due after so many minutes.
func record(id string, fence uint64, due int) store.Source {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	return store.Source{Active: true, Origin: id, State: news.SourceState{Source: id, Fence: fence, Next: noon.Add(time.Duration(due) * time.Minute)}}
}

func TestASettledPollOutlivesAWriteThatBeganBeforeIt(t *testing.T) {
	l := store.NewLedger([]store.Source{record("alpha", 1, 0)})
	for fence := uint64(2); fence <= 4; fence++ {
		if err := l.Settle(record("alpha", fence, 10), news.Poll{ID: fence}); err != nil {
			t.Fatal(err)
		}
	}
	written := l.All()
	if err := l.Settle(record("alpha", 5, 20), news.Poll{ID: 5}); err != nil {
		t.Fatal(err)
	}
	l.Put([]store.Source{written[0].Source})
	want := []store.Settled{{Source: record("alpha", 5, 20), Polls: []news.Poll{{ID: 5}}}}
	if got := l.All(); !reflect.DeepEqual(got, want) {
		t.Errorf("waiting:\n got %+v\nwant %+v", got, want)
	}
	l.Put([]store.Source{record("alpha", 5, 20)})
	if got := l.All(); len(got) > 0 {
		t.Errorf("waiting after it was written: %+v", got)
	}
}

func TestASettledPollOfAnotherFenceIsRefused(t *testing.T) {
	l := store.NewLedger([]store.Source{record("alpha", 7, 0)})
	for _, s := range []store.Source{record("alpha", 7, 0), record("alpha", 9, 0), record("beta", 8, 0)} {
		if err := l.Settle(s, news.Poll{}); !errors.Is(err, store.ErrFenced) {
			t.Errorf("%s at %d: %v", s.Origin, s.State.Fence, err)
		}
	}
}

func TestClaimsGoToTheLongestWaiting(t *testing.T) {
	inactive := record("off", 1, -60)
	inactive.Active = false
	l := store.NewLedger([]store.Source{record("b", 1, -1), record("a", 1, -1), record("late", 1, -5), record("later", 1, 5), inactive})
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	claim := func(at time.Time, n int) []string {
		var ids []string
		for _, c := range l.Claim(at, 0, n, time.Minute) {
			ids = append(ids, c.Source)
		}
		return ids
	}
	if got, want := claim(noon, 2), []string{"late", "a"}; !reflect.DeepEqual(got, want) {
		t.Errorf("first claim: got %v, want %v", got, want)
	}
	if got, want := claim(noon, 9), []string{"b"}; !reflect.DeepEqual(got, want) {
		t.Errorf("second claim: got %v, want %v", got, want)
	}
	l.Delete([]string{"late"})
	if got, want := claim(noon.Add(time.Minute), 9), []string{"a", "b"}; !reflect.DeepEqual(got, want) {
		t.Errorf("claim after a minute: got %v, want %v", got, want)
	}
}
