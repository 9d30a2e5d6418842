package storetest

import (
	"errors"
	"io"
	"maps"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// counted: what was done since the start is counted once, whatever is repeated.
func counted(w *World) {
	excluded := w.Item("alpha", 2, "talks")
	excluded.Matches[0].Verdict = news.Excluded
	w.Commit("alpha", w.Item("alpha", 1, "border", "talks"), excluded)
	w.Now = w.Now.Add(time.Hour)
	w.Commit("alpha", w.Item("alpha", 1, "border", "talks"), excluded, w.Item("alpha", 3, "border")) // two are known
	w.Commit("alpha", wire("alpha", 4))
	w.Commit("beta", wire("beta", 5))
	p := w.Poll("alpha", 0)
	p.Fence = 99
	if _, err := w.Store.Commit(w.t.Context(), p, nil); !errors.Is(err, store.ErrFenced) {
		w.t.Errorf("a foreign fence: %v", err)
	}
	made := time.Time{}
	if w.Store.Backup(w.t.Context(), io.Discard) == nil { // memory has nothing to copy
		made = w.Now.Truncate(time.Second)
	}
	st, err := w.Store.Status(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if want := map[string]store.Verdicts{"border": {In: 2}, "talks": {In: 1, Excluded: 1}}; !maps.Equal(st.Matches, want) {
		w.t.Errorf("matches %v, want %v", st.Matches, want)
	}
	copies := 0
	for _, n := range st.Copies {
		copies += n
	}
	if copies != 1 {
		w.t.Errorf("copies %v, want one", st.Copies)
	}
	if want := map[string]int{"full": 0, "sync": 0, "fenced": 1, "other": 0}; !maps.Equal(st.Refused, want) {
		w.t.Errorf("refused %v, want %v", st.Refused, want)
	}
	if !st.Backup.Equal(made) {
		w.t.Errorf("the last backup was at %s, want %s", st.Backup, made)
	}
	w.Restart()
	if again, err := w.Store.Status(w.t.Context()); err != nil || !again.Backup.Equal(st.Backup) || len(again.Matches) != 0 {
		w.t.Errorf("after a restart: %+v %v", again, err)
	}
}
