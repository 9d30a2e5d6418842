package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"khyber/internal/news"
	"khyber/internal/story"
)

const (
	// goneFor and gonePolls are how long an item must be absent from its
	// source's document before its keys go (P3).
	goneFor   = 30 * 24 * time.Hour
	gonePolls = 3
	// removedFor is the same for a source that is not polled any more, so that
	// it can come back.
	removedFor = 90 * 24 * time.Hour
	// minKeep is what is kept of the archive however full the disk is.
	minKeep = 30 * 24 * time.Hour
	// headroom is what must stay free below the file's limit, in bytes: deletes
	// need pages too, and a file grows in steps of 16 MiB.
	headroom = 64 << 20
	// diskLow is how many bytes the disk and the free pages of the file must have
	// together: below it there is soon no room to delete anything.
	diskLow = 256 << 20
	// dailyShare and dailyLeast are how much of the archive may go in a day of
	// run time: a clock that jumps by years must not empty it.
	dailyShare = 20 // one twentieth
	dailyLeast = 1000
)

// Expired is what a call of Expire did.
type Expired struct {
	Items  int  // lost their text
	Stubs  int  // were forgotten
	Keys   int  // were deleted
	More   bool // there was more to look at than limit
	Shrunk bool // the file is nearly full: less than keep is kept
}

// expiry is where Expire stands. It begins anew at each start.
type expiry struct {
	items, stubs, keys string // cursors
	day                time.Time
	taken              int // of day
}

// Expire deletes what is older than keep, at most limit items in one short
// transaction; More says to call it again. An item that is in its source's
// document stays. What is left of the others is enough to know them when they
// come again; that goes too when they were absent for 30 days and 3 good polls.
// It must not be called while the clock is known to be wrong.
func (s *Store) Expire(ctx context.Context, keep time.Duration, limit int) (Expired, error) {
	s.expiring.Lock()
	defer s.expiring.Unlock()
	sizes, err := s.engine.Sizes(ctx)
	if err != nil {
		return Expired{}, fmt.Errorf("expire: %w", err)
	}
	now := s.opt.Now()
	at := s.expiry
	if now.Sub(at.day) >= 24*time.Hour || at.day.IsZero() {
		at.day, at.taken = now, 0
	}
	run := expire{now: now, cutoff: now.Add(-keep), limit: limit, most: max(dailyLeast, sizes.Items/dailyShare) - at.taken}
	if sizes.low() && keep > minKeep {
		run.cutoff, run.done.Shrunk = now.Add(-minKeep), true
	}
	var done expire
	err = s.engine.Write(ctx, func(tx Tx) error {
		done = run
		done.tx, done.expiry = tx, at
		done.sources, done.documents, done.shown = nil, make(map[string][]Present), make(map[string]bool)
		return done.run(s)
	})
	if err != nil {
		return Expired{}, fmt.Errorf("expire: %w", err)
	}
	s.expiry = done.expiry
	s.expiry.taken += done.done.Items
	s.moved(done.touched)
	s.counts.expired(done.done)
	s.opt.Crash("expire.batch")
	return done.done, nil
}

// low says whether there is soon no room to delete anything.
func (s *Sizes) low() bool {
	return s.Limit > 0 && s.Bytes-s.Free > s.Limit-headroom || s.DiskFree > 0 && s.DiskFree+s.Free < diskLow
}

// expire is one run in one transaction.
type expire struct {
	expiry
	tx          Tx
	now, cutoff time.Time
	limit, most int
	sources     map[string]Source // by origin
	documents   map[string][]Present
	shown       map[string]bool
	touched     []Topic
	done        Expired
}

func (e *expire) run(s *Store) error {
	v, err := s.known(e.tx)
	if err != nil {
		return err
	}
	all, err := e.tx.Sources(nil)
	if err != nil {
		return err
	}
	e.sources = make(map[string]Source, len(all))
	for _, src := range all {
		e.sources[src.Origin] = src
	}
	for _, step := range []func(*view) error{e.texts, e.absent, e.sweep, e.near, e.archives} {
		if err := step(v); err != nil {
			return err
		}
	}
	e.touched, err = touch(e.tx, e.shown, e.now)
	return err
}

// texts strips items that are older than the cutoff.
func (e *expire) texts(v *view) error {
	stored, next, err := e.tx.Scan(e.items, e.limit, false)
	if err != nil {
		return err
	}
	var stubs []Stub
	for i := range stored {
		item := &stored[i].Item
		if !item.FirstSeen.Before(e.cutoff) || len(stubs) >= e.most {
			next = ""
			break
		}
		in, err := e.inDocument(item.Source, item.ID)
		if err != nil {
			return err
		}
		if in {
			continue
		}
		stubs = append(stubs, e.stub(item.Source, Stub{ID: item.ID, Text: stored[i].Text}))
		for _, m := range item.Matches {
			if m.Verdict == news.In {
				e.shown[v.topics[m.Topic].id] = true
			}
		}
	}
	e.items = next
	e.done.Items, e.done.More = len(stubs), next != ""
	return e.tx.Strip(stubs)
}

// stub dates a stub now.
func (e *expire) stub(origin string, s Stub) Stub {
	s.Source, s.Since, s.Polls = origin, seconds(e.now), e.sources[origin].State.GoodPolls
	return s
}

func (e *expire) inDocument(origin string, id news.ItemID) (bool, error) {
	document, ok := e.documents[origin]
	if !ok {
		var err error
		if document, err = e.tx.Document(origin); err != nil {
			return false, err
		}
		e.documents[origin] = document
	}
	return slices.ContainsFunc(document, func(p Present) bool { return p.Item == id }), nil
}

// absent forgets the stubs of items that are gone for good.
func (e *expire) absent(*view) error {
	stubs, next, err := e.tx.Stubs(e.stubs, e.limit)
	if err != nil {
		return err
	}
	var gone []news.ItemID
	var seen []Stub
	for _, s := range stubs {
		in, err := e.inDocument(s.Source, s.ID)
		switch src := e.sources[s.Source]; {
		case err != nil:
			return err
		case in:
			seen = append(seen, e.stub(s.Source, s))
		case !src.Active && e.now.Sub(s.Since) >= removedFor,
			src.Active && e.now.Sub(s.Since) >= goneFor && src.State.GoodPolls >= s.Polls+gonePolls:
			gone = append(gone, s.ID)
		}
	}
	e.stubs = next
	e.done.Stubs, e.done.More = len(gone), e.done.More || next != ""
	if err := e.tx.PutStubs(seen); err != nil {
		return err
	}
	return e.tx.Forget(gone)
}

// sweepKeys is how many keys are looked at for each item of the limit.
const sweepKeys = 4

// sweep deletes keys whose item is forgotten: a round takes as many calls as
// there are keys.
func (e *expire) sweep(*view) error {
	var err error
	e.keys, e.done.Keys, err = e.tx.Sweep(e.keys, sweepKeys*e.limit)
	return err
}

// usesKept is how long the uses of a text count, and the days of the near
// indexes beside them.
const usesKept = 35 * 24 * time.Hour

// near drops what can no longer be a candidate.
func (e *expire) near(*view) error {
	return e.tx.DropNear(e.now.Add(-nearDays-story.StoryOpen), e.now.Add(-usesKept))
}

// archives closes the parts whose month is over and deletes those that were
// closed before the cutoff, and notices of long ago.
func (e *expire) archives(v *view) error {
	topics, err := e.tx.Topics()
	if err != nil {
		return err
	}
	if err := dropNotices(e.tx, e.now); err != nil {
		return err
	}
	a := archivist{tx: e.tx, view: v, at: e.now}
	for _, t := range topics {
		before, err := readChain(e.tx, t.Origin)
		if err != nil {
			return err
		}
		if before.Open == "" { // nothing has ever joined
			continue
		}
		if err := a.begin(t.Origin); err != nil {
			return err
		}
		if err := surge(e.tx, &t, 0, e.now); err != nil { // its end needs no news
			return err
		}
		if err := a.expire(t.Origin, e.cutoff); err != nil {
			return err
		}
		after, err := readChain(e.tx, t.Origin)
		if err != nil {
			return err
		}
		if after.Newest != before.Newest { // the live document names it
			e.shown[t.Topic.ID] = true
		}
	}
	return nil
}
