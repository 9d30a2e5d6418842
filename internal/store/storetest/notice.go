package storetest

import (
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// notices keeps an episode of trouble from its beginning to its end, and for a
// season after it.
func notices(w *World) {
	got := func() []store.Notice {
		w.t.Helper()
		n, err := w.Store.Notices(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		return n
	}
	fail := func() time.Time {
		w.t.Helper()
		for range 3 {
			w.Now = w.Now.Add(time.Hour)
			p := w.Poll("alpha", 0)
			p.Kind, p.Complete = news.KindTimeout, false
			if _, err := w.Store.Commit(w.t.Context(), p, nil); err != nil {
				w.t.Fatal(err)
			}
		}
		return w.Now
	}
	w.Commit("alpha", w.Item("alpha", 1))
	same(w, "all is well", len(got()), 0)
	first := store.Notice{Source: "alpha", State: news.StateFailing, Kind: news.KindTimeout, Since: fail()}
	same(w, "it fails", got(), []store.Notice{first})
	fail()
	w.Restart()
	same(w, "it goes on failing", got(), []store.Notice{first})
	w.Now = w.Now.Add(time.Hour)
	w.Commit("alpha", w.Item("alpha", 1))
	first.Until = w.Now
	same(w, "it is well again", got(), []store.Notice{first})
	w.Now = w.Now.Add(80 * day)
	second := store.Notice{Source: "alpha", State: news.StateFailing, Kind: news.KindTimeout, Since: fail()}
	same(w, "it fails again", got(), []store.Notice{first, second})
	w.Now = w.Now.Add(11 * day)
	w.expire(400 * day)
	same(w, "the first is forgotten", got(), []store.Notice{second})
}
