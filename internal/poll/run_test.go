package poll

import (
	"fmt"
	"testing"
	"time"

	"khyber/internal/feedtest"
)

func TestThirtyDaysOfTwentySources(t *testing.T) {
	began := time.Now()
	inWorld(t, func(w *world) {
		for i := range 20 {
			host := fmt.Sprintf("source%d.example", i)
			w.source(host, feedtest.Feed{Host: host, Items: 10}.Page(), every(15*time.Minute))
		}
		w.run(30 * day)
		n := 0
		for _, src := range w.sources {
			gaps := w.gaps(src.ID)
			n += len(gaps) + 1
			for _, gap := range gaps[1:] {
				if gap < 15*time.Minute || gap > 15*time.Minute*11/10+time.Second {
					t.Fatalf("%s: %v between two requests", src.ID, gap)
				}
			}
			if len(gaps) < 30*24*60/17 {
				t.Errorf("%s: %d requests in 30 days", src.ID, len(gaps)+1)
			}
		}
		t.Logf("%d polls", n)
	})
	t.Logf("took %v", time.Since(began))
}
