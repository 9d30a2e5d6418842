package storetest

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"khyber/internal/news"
	"khyber/internal/store"
)

// streamed moves all that is kept to another engine: what is read there is the
// same, and what comes afterwards too.
func streamed(t *testing.T, open func(testing.TB) store.Engine, h Hooks) {
	calm := store.Page{MinPublishers: 2, Late: true}
	for name, to := range map[string]func(testing.TB) store.Engine{"memory": func(testing.TB) store.Engine { return Memory() }, "its own": open} {
		a := NewWorld(t, open(t), h)
		a.fill()
		if e := a.Topic("talks", store.Page{}).Entries[0]; len(e.Story.Members) == 0 {
			t.Errorf("no copy would be streamed: %+v", e)
		}
		if len(a.Topic("talks", calm).Entries) == 0 {
			t.Error("no entry of the calm view would be streamed")
		}
		whole := a.stream()
		items, err := store.CheckStream(bytes.NewReader(whole))
		status, _ := a.Store.Status(t.Context())
		if err != nil || items != status.Items {
			t.Errorf("%d items are streamed, want %d: %v", items, status.Items, err)
		}
		b := loaded(t, a, name, to(t), whole)
		for round := range 2 {
			for _, topic := range []string{"border", "talks"} {
				same(b, topic+" of two publishers", b.Topic(topic, calm), a.Topic(topic, calm))
				for _, view := range []string{store.ViewCopies, store.ViewAll, store.ViewStories} {
					same(b, topic+" "+view, b.Topic(topic, store.Page{View: view, Late: true}), a.Topic(topic, store.Page{View: view, Late: true}))
				}
			}
			same(b, "lines of the stream", lines(t, b.stream()), lines(t, a.stream()))
			if round == 0 { // and they go on alike
				for _, w := range []*World{a, b} {
					w.Now = w.Now.Add(day)
					w.Commit("alpha", w.Item("alpha", 1, "border"), w.Item("alpha", 2, "border", "talks"), w.today(own("alpha", 4, "talks")))
					w.Commit("beta", w.today(wire("beta", 4, "talks")))
					w.expire(30 * day)
				}
			}
		}
		if err := b.Store.Verify(t.Context()); err != nil {
			t.Error(err)
		}
		cutStreams(t, whole)
	}
}

// cutStreams wants a stream that is cut off to be refused.
func cutStreams(t *testing.T, whole []byte) {
	t.Helper()
	for _, cut := range []int{0, 3, len(whole) / 2, len(whole) - 1} {
		if _, err := store.CheckStream(bytes.NewReader(whole[:cut])); err == nil {
			t.Errorf("a stream that is cut after %d of %d bytes is taken", cut, len(whole))
		}
	}
}

// today is an item of an hour ago.
func (w *World) today(item news.Item) news.Item {
	item.Published = w.Now.Add(-time.Hour)
	return item
}

// fill keeps something of every kind: edits, stubs, copies, stories, notes.
func (w *World) fill() {
	w.t.Helper()
	w.Commit("alpha", w.Item("alpha", 1, "border"), w.Item("alpha", 2, "border", "talks"), w.Item("alpha", 9))
	w.Now = w.Now.Add(day)
	w.Commit("alpha", w.Item("alpha", 1, "border"), w.Item("alpha", 2, "border", "talks"))
	edited := w.Item("alpha", 1, "border")
	edited.Title += " again"
	w.Commit("alpha", edited, w.Item("alpha", 2, "border", "talks"))
	w.Now = w.Now.Add(40 * day)
	w.Commit("beta", w.Item("beta", 5, "talks"))
	w.expire(30 * day)
	w.Commit("alpha", w.Item("alpha", 1, "border"), w.Item("alpha", 2, "border", "talks"), w.today(wire("alpha", 6, "talks")))
	w.Commit("beta", w.today(wire("beta", 6, "talks")), w.today(own("beta", 7, "talks")))
	if err := w.Store.Note(w.t.Context(), store.OfFile, []string{"no"}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *World) stream() []byte {
	w.t.Helper()
	var out bytes.Buffer
	if err := w.Store.Stream(w.t.Context(), &out); err != nil {
		w.t.Fatal(err)
	}
	return out.Bytes()
}

// loaded is the world of a stream on an empty engine; a second time it is not
// empty.
func loaded(t *testing.T, a *World, name string, engine store.Engine, stream []byte) *World {
	t.Helper()
	b := &World{t: t, Now: a.Now, hooks: a.hooks, Config: a.Config, polls: a.polls}
	st, err := store.New(engine, store.Options{Now: func() time.Time { return b.Now }, Next: Next})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Load(t.Context(), bytes.NewReader(stream)); err != nil {
		t.Fatal(name, err)
	}
	if err := st.Load(t.Context(), bytes.NewReader(stream)); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("a stream is loaded over what is there: %v", err)
	}
	b.open(engine)
	return b
}

// lines are the records of a stream but for head and end, as a set: engines keep
// what has no order in any.
func lines(t *testing.T, stream []byte) map[string]bool {
	t.Helper()
	zip, err := zstd.NewReader(bytes.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	defer zip.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(zip); err != nil {
		t.Fatal(err)
	}
	set := make(map[string]bool)
	for line := range strings.Lines(text.String()) {
		if !strings.HasPrefix(line, `{"Head"`) && !strings.HasPrefix(line, `{"End"`) && !strings.HasPrefix(line, `{"Keys"`) && !strings.HasPrefix(line, `{"Near"`) {
			set[line] = true
		}
	}
	return set
}
