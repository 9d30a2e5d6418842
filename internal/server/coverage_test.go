package server

import (
	"testing"
	"time"

	"khyber/internal/store"
)

// TestCoverageCountsTheSourcesThatGiveToATopic: a source of the scope that never
// had anything for the topic says nothing by its silence.
func TestCoverageCountsTheSourcesThatGiveToATopic(t *testing.T) {
	st := newServer(sampleStore()).state.Load()
	states := sampleStore().states
	for name, c := range map[string]struct {
		page        store.TopicPage
		sources, ok int
	}{
		"of a young topic all count": {store.TopicPage{Since: noon, Changed: noon.Add(13 * 24 * time.Hour), Givers: map[string]bool{"gazette": true}}, 4, 2},
		"of an older one who gave":   {store.TopicPage{Since: noon, Changed: noon.Add(15 * 24 * time.Hour), Givers: map[string]bool{"gazette": true, "wire": true}}, 2, 1},
		"of one whose givers left":   {store.TopicPage{Since: noon, Changed: noon.Add(15 * 24 * time.Hour), Givers: map[string]bool{"gone": true}}, 4, 2},
		"where nobody gave, all":     {store.TopicPage{Since: noon, Changed: noon.Add(99 * 24 * time.Hour)}, 4, 2},
	} {
		if got := st.coverage("border-trade", states, giversOf(&c.page)); got.Sources != c.sources || got.OK != c.ok {
			t.Errorf("%s: %d of %d answer, want %d of %d", name, got.OK, got.Sources, c.ok, c.sources)
		}
	}
}
