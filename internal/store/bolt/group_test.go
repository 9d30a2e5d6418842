package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/store/bolt"
)

// put writes a topic of a name.
func put(tx store.Tx, name string) error {
	return tx.PutTopics([]store.Topic{{Topic: news.Topic{ID: name}, Origin: name}})
}

// topics returns the names of the topics that are kept.
func topics(t *testing.T, e store.Engine) []string {
	t.Helper()
	var names []string
	err := e.Read(t.Context(), func(tx store.ReadTx) error {
		all, err := tx.Topics()
		for _, topic := range all {
			names = append(names, topic.Origin)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestAFailedWriteSpoilsNoOther(t *testing.T) {
	e := open(t).(*bolt.Engine)
	errOwn := errors.New("no room at the inn")
	gone, cancel := context.WithCancel(t.Context())
	held, leading := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	errs := make(map[string]error)
	var mu sync.Mutex
	start := func(ctx context.Context, name string, f func(store.Tx) error) {
		wg.Go(func() {
			err := e.Write(ctx, f)
			mu.Lock()
			defer mu.Unlock()
			errs[name] = err
		})
	}
	var once sync.Once
	start(t.Context(), "leader", func(tx store.Tx) error {
		once.Do(func() { close(leading); <-held })
		return put(tx, "leader")
	})
	<-leading
	want := []string{"leader"}
	for i := range 70 { // more than one group
		name := fmt.Sprintf("good-%02d", i)
		want = append(want, name)
		start(t.Context(), name, func(tx store.Tx) error { return put(tx, name) })
	}
	start(t.Context(), "error before it wrote", func(store.Tx) error { return errOwn })
	start(t.Context(), "error after it wrote", func(tx store.Tx) error { return errors.Join(put(tx, "bad"), errOwn) })
	start(t.Context(), "panic", func(tx store.Tx) error {
		if err := put(tx, "bad"); err != nil {
			return err
		}
		panic("at the disco")
	})
	start(gone, "gone", func(tx store.Tx) error { return put(tx, "bad") })
	for e.Queued() < 75 {
		runtime.Gosched()
	}
	cancel()
	close(held)
	wg.Wait()
	slices.Sort(want)
	if got := topics(t, e); !slices.Equal(got, want) {
		t.Errorf("kept:\n got %v\nwant %v", got, want)
	}
	for name, err := range errs {
		switch ok := err == nil; {
		case name == "gone" && errors.Is(err, context.Canceled):
		case name == "panic" && err != nil && strings.Contains(err.Error(), "at the disco"):
		case strings.HasPrefix(name, "error") && errors.Is(err, errOwn):
		case ok && slices.Contains(want, name):
		default:
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWritesThatQueueShareACommit(t *testing.T) {
	e := open(t).(*bolt.Engine)
	held, leading := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	var once sync.Once
	runs := make([]int, 40)
	for i := range runs {
		wg.Go(func() {
			err := e.Write(t.Context(), func(tx store.Tx) error {
				once.Do(func() { close(leading); <-held })
				runs[i]++
				return put(tx, fmt.Sprint(i))
			})
			if err != nil {
				t.Error(err)
			}
		})
		if i == 0 {
			<-leading
		}
	}
	for e.Queued() < len(runs) {
		runtime.Gosched()
	}
	before := e.Pages()
	close(held)
	wg.Wait()
	for i, n := range runs {
		if n != 1 {
			t.Errorf("write %d ran %d times", i, n)
		}
	}
	// A commit writes a few pages; forty would write ten times as many.
	if pages := e.Pages() - before; pages > 40 {
		t.Errorf("%d pages written by forty writes", pages)
	}
}

func TestAFullFileRefusesWritesAndGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "khyber.db")
	e, err := bolt.Open(path, bolt.Options{MaxSize: 32 << 20, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("x", 1<<20)
	n := 0
	for ; err == nil && n < 100; n++ {
		err = e.Write(t.Context(), func(tx store.Tx) error {
			return tx.PutTopics([]store.Topic{{Topic: news.Topic{ID: big}, Origin: fmt.Sprint(n)}})
		})
	}
	if !errors.Is(err, store.ErrFull) {
		t.Fatalf("after %d MiB: %v", n, err)
	}
	if got := len(topics(t, e)); got != n-1 {
		t.Errorf("%d topics, want %d", got, n-1)
	}
	// Whether a small one still fits depends on where the pages lie.
	if err := e.Write(t.Context(), func(tx store.Tx) error { return put(tx, "small") }); err != nil && !errors.Is(err, store.ErrFull) {
		t.Errorf("a small one: %v", err)
	}
	end(t, e)
	if e, err = bolt.Open(path, bolt.Options{MaxSize: 64 << 20, NoSync: true}); err != nil {
		t.Fatal(err)
	}
	defer end(t, e)
	if err := e.Write(t.Context(), func(tx store.Tx) error { return put(tx, "roomy") }); err != nil {
		t.Errorf("with more room: %v", err)
	}
}

func TestAFailedSyncEndsWriting(t *testing.T) {
	var told []error
	e, err := bolt.Open(filepath.Join(t.TempDir(), "khyber.db"), bolt.Options{MaxSize: 1 << 30, NoSync: true, Broken: func(err error) { told = append(told, err) }})
	if err != nil {
		t.Fatal(err)
	}
	defer end(t, e)
	sync := fmt.Errorf("file sync error: %s", syscall.EIO)
	for _, c := range []struct{ err, want error }{
		{&fs.PathError{Op: "write", Path: "khyber.db", Err: syscall.ENOSPC}, store.ErrFull},
		{&fs.PathError{Op: "write", Path: "khyber.db", Err: syscall.EDQUOT}, store.ErrFull},
		{fmt.Errorf("file resize error: truncate khyber.db: %s", syscall.ENOSPC), store.ErrFull},
		{syscall.ENOSPC, store.ErrReadOnly}, // of a sync: what was written may be gone
		{&fs.PathError{Op: "write", Path: "khyber.db", Err: syscall.EIO}, store.ErrReadOnly},
		{sync, store.ErrReadOnly},
	} {
		e.Mend()
		if err := e.Break(c.err); !errors.Is(err, c.want) {
			t.Errorf("%v: %v", c.err, err)
		}
		err := e.Write(t.Context(), func(tx store.Tx) error { return put(tx, "later") })
		if want := errors.Is(c.want, store.ErrReadOnly); errors.Is(err, store.ErrReadOnly) != want {
			t.Errorf("write after %v: %v", c.err, err)
		}
	}
	if got := topics(t, e); !slices.Equal(got, []string{"later"}) {
		t.Errorf("reading goes on: %v", got)
	}
	if len(told) != 3 || told[2] != sync {
		t.Errorf("told of %v", told)
	}
	sizes, err := e.Sizes(t.Context())
	if err != nil || sizes.Fault != sync {
		t.Errorf("sizes say %v, %v", sizes.Fault, err)
	}
}
