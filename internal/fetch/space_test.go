package fetch

import (
	"context"
	"errors"
	"sync"
	"testing"

	"khyber/internal/news"
)

func TestBodiesShareTheirSpaceAndAllEnd(t *testing.T) {
	const (
		step    = 1 << 20
		largest = 8 * step
		bodies  = maxSpace/step - 1 // all hold their first step
	)
	s := new(space)
	most := 0
	var mu sync.Mutex
	var wg, begun sync.WaitGroup
	begun.Add(bodies)
	for range bodies {
		wg.Go(func() {
			l := &lease{space: s}
			for n := step; n <= largest; n += step {
				if err := l.grow(t.Context(), n); err != nil {
					t.Error(err)
				}
				s.mu.Lock()
				used := s.used
				s.mu.Unlock()
				mu.Lock()
				most = max(most, used)
				mu.Unlock()
				if n == step {
					begun.Done()
					begun.Wait()
				}
			}
			l.free()
			l.free() // twice is once
		})
	}
	wg.Wait()
	if most > maxSpace+largest || most <= maxSpace/2 {
		t.Errorf("at most %d MiB at a time, want the bound of %d and one body of %d", most>>20, maxSpace>>20, largest>>20)
	}
	if s.used != 0 || s.beyond != nil || len(s.waiting) != 0 {
		t.Errorf("at the end: %d bytes, %d waiting", s.used, len(s.waiting))
	}
}

func TestAWishForSpaceEndsWithItsPoll(t *testing.T) {
	s := new(space)
	full, beyond, late, small := &lease{space: s}, &lease{space: s}, &lease{space: s}, &lease{space: s}
	for _, l := range []*lease{full, beyond} {
		if err := l.grow(t.Context(), maxSpace); err != nil {
			t.Fatal(err)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := late.grow(over, 1); !errors.Is(err, errNoSpace) {
		t.Errorf("a body that waits when its poll ends: %v", err)
	}
	if err := beyond.grow(t.Context(), maxSpace+1); err != nil {
		t.Errorf("the one that may go beyond: %v", err)
	}
	beyond.free()
	full.free()
	if err := small.grow(over, 1); err != nil && !errors.Is(err, errNoSpace) {
		t.Error(err)
	}
	small.free()
	late.free()
	if s.used != 0 || len(s.waiting) != 0 {
		t.Errorf("at the end: %d bytes, %d waiting", s.used, len(s.waiting))
	}
}

func TestADocumentWithoutSpaceIsATimeoutThatSaysSo(t *testing.T) {
	e := noSpace("dawn.example", &news.Source{}, errNoSpace)
	if want := "the documents of other sources left no memory for that of dawn.example within 30s"; e.Kind != news.KindTimeout || e.Text != want {
		t.Errorf("%s: %s, want %s", e.Kind, e.Text, want)
	}
}
