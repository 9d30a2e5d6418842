package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"khyber/internal/store"
	"khyber/internal/store/bolt"
	"khyber/internal/store/storetest"
)

// expiryPoint is where a child kills itself that expires.
const expiryPoint = "expire.batch"

const (
	expiryDocuments = 30
	expiryKeep      = 40 * 24 * time.Hour
)

// later is when everything that is in no document has expired.
var later = storetest.Noon.Add(50 * 24 * time.Hour)

// expiryChild expires in small batches and kills itself after the second one.
func expiryChild(path, point string) error {
	times := 0
	s, _, err := killStoreAt(later, path, bolt.Options{}, func(at string) {
		if at == point {
			if times++; times == 2 {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
		}
	})
	if err != nil {
		return err
	}
	return expireAll(context.Background(), s)
}

func expireAll(ctx context.Context, s *store.Store) error {
	for more := true; more; {
		done, err := s.Expire(ctx, expiryKeep, 5)
		if err != nil {
			return err
		}
		more = done.More
	}
	return nil
}

// TestAKillBetweenBatchesOfExpiryLeavesWhatIsNotYetOld: what its source still
// holds stays, what has expired is known when it comes again (P3), and expiry
// goes on where it stood.
func TestAKillBetweenBatchesOfExpiryLeavesWhatIsNotYetOld(t *testing.T) {
	if testing.Short() {
		t.Skip("short: kills a child process")
	}
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "khyber.db")
	s, c, err := killStore(path, bolt.Options{NoSync: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	source := killSource(0)
	if err := errors.Join(childSource(s, c.Generation, source, expiryDocuments, func(string, int) {}), s.Close()); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childFile+"="+path, childPoint+"="+expiryPoint)
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("child: %v\n%s", err, out)
	}

	if s, c, err = killStoreAt(later, path, bolt.Options{NoSync: true}, nil); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	before, err := s.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Verify(ctx), expireAll(ctx, s), s.Verify(ctx)); err != nil {
		t.Fatal(err)
	}
	after, err := s.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if all := expiryDocuments - 1 + killItems; before.Items >= all || before.Items <= killItems || after.Items != killItems {
		t.Errorf("of %d items %d are left after the kill and %d in the end, want %d", all, before.Items, after.Items, killItems)
	}
	page, err := s.Topic(ctx, "border", store.Page{View: store.ViewAll, Limit: 100})
	if err != nil || len(page.Entries) != killItems {
		t.Errorf("the topic shows %d items: %v", len(page.Entries), err)
	}
	// The first document again, under validators of its own.
	p := killPoll(source, expiryDocuments, c.Generation)
	p.At = later
	done, err := s.Commit(ctx, p, killDocument(source, 0))
	if got, want := fmt.Sprint(done.New, done.Known), fmt.Sprint(0, killItems); err != nil || got != want {
		t.Errorf("an old document again: %s new and known, want %s: %v", got, want, err)
	}
}
