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

// givers are the sources that gave to a topic in the 90 days before its change.
func givers(w *World) {
	got := func() map[string]bool { return w.Topic("border", store.Page{}).Givers }
	w.Commit("alpha", w.Item("alpha", 1, "border"))
	w.Commit("beta", w.Item("beta", 1, "talks"))
	same(w, "one gave", got(), map[string]bool{"alpha": true})
	w.Now = w.Now.Add(60 * day)
	w.Commit("beta", w.Item("beta", 2, "border"))
	w.Config.Hash++
	w.Config.Sources[0].ID = "alpha-times"
	w.Apply()
	w.Restart()
	same(w, "both gave", got(), map[string]bool{"alpha-times": true, "beta": true})
	w.Now = w.Now.Add(40 * day)
	w.Commit("beta", w.Item("beta", 3, "border"))
	same(w, "one gave long ago", got(), map[string]bool{"beta": true})
	same(w, "since", w.Topic("border", store.Page{}).Since, Noon)
}
