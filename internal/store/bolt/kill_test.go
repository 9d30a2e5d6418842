package bolt_test

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/store/bolt"
	"khyber/internal/store/storetest"
)

// The test binary runs itself as a child that commits to a file until it is
// killed.
const (
	childFile  = "KHYBER_TEST_FILE"
	childPoint = "KHYBER_TEST_POINT" // where it kills itself; empty: the parent does
	childPower = "KHYBER_TEST_POWER" // the folder in which it lives a life that is traced
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(childPower); folder != "" {
		if err := life(folder); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if path := os.Getenv(childFile); path != "" {
		live := child
		if os.Getenv(childPoint) == expiryPoint {
			live = expiryChild
		}
		if err := live(path, os.Getenv(childPoint)); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const (
	killSources = 4
	killItems   = 10 // of a document; the next one has one more and one less
	killCommits = 3  // before a child kills itself
)

func killSource(n int) string { return fmt.Sprintf("source-%d", n) }

// killDocument is the kth document of a source: k to k + 9.
func killDocument(source string, k int) []news.Item {
	var items []news.Item
	for n := k; n < k+killItems; n++ {
		items = append(items, storetest.Item(source, n, "border"))
	}
	return items
}

// killStore opens the file for sources whose documents are numbered.
func killStore(path string, o bolt.Options, crash func(string)) (*store.Store, news.Config, error) {
	return killStoreAt(storetest.Noon, path, o, crash)
}

// killStoreAt opens it at a time.
func killStoreAt(at time.Time, path string, o bolt.Options, crash func(string)) (*store.Store, news.Config, error) {
	o.MaxSize = 1 << 30
	e, err := bolt.Open(path, o)
	if err != nil {
		return nil, news.Config{}, err
	}
	return killStoreOver(e, at, crash)
}

// killStoreOver makes it of an engine.
func killStoreOver(e *bolt.Engine, at time.Time, crash func(string)) (*store.Store, news.Config, error) {
	s, err := store.New(e, store.Options{Now: func() time.Time { return at }, Next: storetest.Next, Crash: crash})
	if err != nil {
		return nil, news.Config{}, err
	}
	c := news.Config{Hash: 1, Topics: []news.Topic{{ID: "border", Title: "Border"}}}
	for n := range killSources {
		c.Sources = append(c.Sources, storetest.Source(killSource(n)))
	}
	c.Generation, err = s.ApplyConfig(context.Background(), c)
	return s, c, err
}

// child commits the documents of all sources, each source from where the file
// stands, and says so when a commit is acknowledged.
func child(path, point string) error {
	commits := 0
	var mu sync.Mutex
	s, c, err := killStore(path, bolt.Options{}, func(at string) {
		mu.Lock()
		defer mu.Unlock()
		if at == "commit.begin" {
			commits++
		}
		if at == point && commits > killCommits {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	})
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	failed := make(chan error, killSources)
	for n := range killSources {
		wg.Go(func() { failed <- childSource(s, c.Generation, killSource(n), forEver, acknowledge) })
	}
	wg.Wait()
	return <-failed
}

// forEver is more documents than a child commits before it is killed.
const forEver = 1 << 30

// acknowledge tells the parent that a document is kept.
func acknowledge(source string, k int) { fmt.Printf("%s %d\n", source, k) }

// childSource commits n documents of a source, from where the file stands on,
// and says so of each.
func childSource(s *store.Store, generation uint64, source string, n int, say func(source string, k int)) error {
	ctx := context.Background()
	for range n {
		k, err := documentOf(ctx, s, source)
		if err != nil {
			return err
		}
		k++
		if _, err := s.Commit(ctx, killPoll(source, k, generation), killDocument(source, k)); err != nil {
			return err
		}
		say(source, k)
	}
	return nil
}

// killPoll is the poll that found the kth document.
func killPoll(source string, k int, generation uint64) news.Poll {
	return news.Poll{
		ID: rand.Uint64(), Source: source, At: storetest.Noon.Add(time.Duration(k) * time.Minute), Kind: news.KindOK, Complete: true,
		Validators: news.Validators{ETag: fmt.Sprint(k)}, Fetched: killItems, Generation: generation,
	}
}

// documentOf returns the number of the last document that was committed; -1:
// none.
func documentOf(ctx context.Context, s *store.Store, source string) (int, error) {
	state, err := s.Source(ctx, source)
	if err != nil || state.Validators.ETag == "" {
		return -1, err
	}
	k := 0
	_, err = fmt.Sscan(state.Validators.ETag, &k)
	return k, err
}

// run runs a child until it is dead and returns the last document of each
// source that it acknowledged. The child kills itself at a point; without one it
// is killed some time after its first acknowledgement, or, when early, after its
// start, which may be before it has opened the file.
func run(t *testing.T, path, point string, after time.Duration, early bool) map[string]int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childFile+"="+path, childPoint+"="+point)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }() // should the test end before it
	var timer *time.Timer
	if early {
		timer = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	}
	acked := make(map[string]int)
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil { // the end; the last line may be cut
			break
		}
		var source string
		var k int
		if _, err := fmt.Sscanf(line, "%s %d\n", &source, &k); err != nil {
			t.Fatalf("child: %s", line)
		}
		acked[source] = k
		if point == "" && timer == nil {
			timer = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	if timer != nil {
		timer.Stop()
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("child: %v", err)
	}
	return acked
}

// checkKilled opens the file, looks for what was lost, torn or doubled, commits
// the last documents again and looks once more.
func checkKilled(t *testing.T, path string, o bolt.Options, acked map[string]int) {
	t.Helper()
	ctx := t.Context()
	s, c, err := killStore(path, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := s.Verify(ctx); err != nil {
		t.Fatal(err)
	}
	checkTopic(t, s, acked)
	for n := range killSources {
		source := killSource(n)
		k, err := documentOf(ctx, s, source)
		if err != nil {
			t.Fatal(err)
		}
		if k < 0 {
			continue
		}
		p, err := s.Commit(ctx, killPoll(source, k, c.Generation), killDocument(source, k))
		if err != nil || p.New != 0 || p.Known != killItems {
			t.Errorf("%s: document %d again: %d new, %d known, %v", source, k, p.New, p.Known, err)
		}
	}
	checkTopic(t, s, acked)
}

// checkTopic wants every item of the documents that the file stands at in the
// topic, once.
func checkTopic(t *testing.T, s *store.Store, acked map[string]int) {
	t.Helper()
	ctx := t.Context()
	seen := make(map[string]int)
	for below, more := news.Mark(0), true; more; {
		page, err := s.Topic(ctx, "border", store.Page{View: store.ViewAll, Before: below, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Entries {
			seen[e.Item.GUID]++
			below = e.Mark
		}
		more = page.More
	}
	items := 0
	for n := range killSources {
		source := killSource(n)
		k, err := documentOf(ctx, s, source)
		if err != nil {
			t.Fatal(err)
		}
		if last, ok := acked[source]; ok && k < last {
			t.Errorf("%s: document %d was acknowledged, the file stands at %d", source, last, k)
		}
		if k < 0 {
			continue
		}
		for i := range k + killItems {
			if got := seen[storetest.Item(source, i).GUID]; got != 1 {
				t.Errorf("%s stands at document %d: item %d is in the topic %d times", source, k, i, got)
			}
		}
		items += k + killItems
	}
	if len(seen) != items {
		t.Errorf("%d items in the topic, %d in the documents: a poll was torn", len(seen), items)
	}
}

func TestKillInTheMiddleOfCommits(t *testing.T) {
	if testing.Short() {
		t.Skip("short: kills a child process many times")
	}
	const ofOneFile = 50 // rounds: later ones would be spent with reading
	var path string
	var acked map[string]int
	total := 0
	for round := range killRounds {
		if round%ofOneFile == 0 {
			path, acked = filepath.Join(t.TempDir(), "khyber.db"), make(map[string]int)
		}
		before := committed(acked)
		maps.Copy(acked, run(t, path, "", time.Duration(20+rand.IntN(200))*time.Millisecond, round%4 == 3))
		checkKilled(t, path, bolt.Options{}, acked)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
		total += committed(acked) - before
	}
	if total < killRounds {
		t.Errorf("only %d commits in %d rounds: nothing was tried", total, killRounds)
	}
	t.Logf("%d kills, %d acknowledged commits", killRounds, total)
}

// committed counts the documents that were acknowledged.
func committed(acked map[string]int) int {
	n := 0
	for _, k := range acked {
		n += k + 1
	}
	return n
}

func TestKillAtEachPoint(t *testing.T) {
	if testing.Short() {
		t.Skip("short: kills a child process at each point")
	}
	for _, point := range []string{"commit.begin", "commit.keys", "commit.items", "commit.topics", "commit.state", "commit.done"} {
		t.Run(point, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "khyber.db")
			acked := run(t, path, point, 0, false)
			checkKilled(t, path, bolt.Options{}, acked)
			maps.Copy(acked, run(t, path, point, 0, false))
			checkKilled(t, path, bolt.Options{}, acked)
		})
	}
}
