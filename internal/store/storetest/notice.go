package storetest

import (
	"fmt"
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

// events are told in the order of their commits, each once, and the last 1,000
// are kept.
func events(w *World) {
	ctx := w.t.Context()
	got := func(after, last uint64) []string {
		w.t.Helper()
		all, err := w.Store.Events(ctx, after, last)
		if err != nil {
			w.t.Fatal(err)
		}
		var out []string
		for _, e := range all {
			switch {
			case e.Notice == nil:
				out = append(out, fmt.Sprint(e.Number, " ", e.Of, " ", len(e.Wrong)))
			case e.Notice.Until.IsZero():
				out = append(out, fmt.Sprint(e.Number, " ", e.Notice.Source, " ", e.Notice.State))
			default:
				out = append(out, fmt.Sprint(e.Number, " ", e.Notice.Source, " well"))
			}
		}
		return out
	}
	note := func(problems ...string) {
		w.t.Helper()
		if err := w.Store.Note(ctx, store.OfFile, problems); err != nil {
			w.t.Fatal(err)
		}
	}
	note() // a good file is nothing to be told of
	w.Commit("alpha", w.Item("alpha", 1))
	for range 3 {
		w.Now = w.Now.Add(time.Hour)
		p := w.Poll("alpha", 0)
		p.Kind, p.Complete = news.KindTimeout, false
		if _, err := w.Store.Commit(ctx, p, nil); err != nil {
			w.t.Fatal(err)
		}
	}
	note("feeds.yaml:3:1: no")
	note("feeds.yaml:3:1: no")
	w.Restart()
	note("feeds.yaml:3:1: no")
	w.Commit("alpha", w.Item("alpha", 1))
	note()
	note()
	if err := w.Store.Note(ctx, store.OfLine, nil); err != nil { // nor is a line that works
		w.t.Fatal(err)
	}
	all := []string{"1 alpha failing", "2 file 1", "3 alpha well", "4 file 0"}
	same(w, "all events", got(0, 99), all)
	same(w, "those between", got(1, 3), all[1:3])
	same(w, "those of the future", len(got(4, 99)), 0)
	last, err := w.Store.LastEvent(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	same(w, "the last one", last, uint64(4))
	for n := range 999 {
		note(fmt.Sprint("problem ", n))
	}
	same(w, "the first three are gone", got(0, 4), []string{"4 file 0"})
	same(w, "the others are not", len(got(0, 1<<60)), 1000)
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
