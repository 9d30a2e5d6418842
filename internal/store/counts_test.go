package store

import (
	"context"
	"fmt"
	"maps"
	"testing"
)

func TestHistogramCountsByUpperBound(t *testing.T) {
	h := NewHistogram(1, 5)
	before := h.Copy()
	for _, v := range []float64{0.5, 1, 3, 7} {
		h.Observe(v)
	}
	if want := map[float64]uint64{1: 2, 5: 3}; h.Count != 4 || h.Sum != 11.5 || !maps.Equal(h.Under, want) {
		t.Errorf("got %+v", h)
	}
	if before.Count != 0 || before.Under[5] != 0 {
		t.Errorf("the copy became %+v", before)
	}
}

func TestRefusalsAreCountedByCause(t *testing.T) {
	c := newCounts()
	for _, err := range []error{nil, ErrFull, ErrReadOnly, ErrFenced, fmt.Errorf("x: %w", ErrFull), fmt.Errorf("else"), ErrStaleConfig, ErrNotFound, context.Canceled} {
		c.refused(err)
	}
	if want := map[string]int{"full": 2, "sync": 1, "fenced": 1, "other": 1}; !maps.Equal(c.copy().Refused, want) {
		t.Errorf("got %v, want %v", c.copy().Refused, want)
	}
}
