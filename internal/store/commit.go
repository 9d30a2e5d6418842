package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"khyber/internal/news"
	"khyber/internal/story"
)

// newsAge is how young an item must be to count as news when it joins a topic,
// and how old one must be to be late (P6).
const newsAge = 48 * time.Hour

// Commit records a poll with the items of its document, all or nothing: keys,
// items, revisions, marks, the state of the source with its Validators, and the
// counts (P1, P2, P5). It returns the Poll with what only a Commit knows: the
// counts, Baseline, Next and Why. It keeps items and may change their last
// block.
//
// A Poll that was recorded already is returned as it was recorded. ErrFenced,
// ErrStaleConfig, ErrFull, ErrReadOnly, or ErrNotFound for a source that is not
// in the file; then nothing was written. After another error that is not sure,
// and the same Commit can be repeated.
func (s *Store) Commit(ctx context.Context, p news.Poll, items []news.Item) (done news.Poll, err error) {
	defer func() { s.counts.refused(err) }()
	v := s.view.Load()
	if v == nil || p.Generation != v.generation {
		return p, fmt.Errorf("commit %s: %w", p.Source, ErrStaleConfig)
	}
	src := v.sources[p.Source]
	if src == nil {
		return p, fmt.Errorf("commit %s: the source is not in the file: %w", p.Source, ErrNotFound)
	}
	p.URL = address(src)
	if len(items) == 0 && p.Kind != news.KindOK {
		return s.settle(ctx, v, p)
	}
	// Texts are read before the transaction, which others wait for.
	c := commit{view: v, src: src, poll: p, items: items}
	err = s.engine.Read(ctx, func(tx ReadTx) error {
		rec, err := s.begin(tx, p)
		if err != nil {
			return err
		}
		return c.prepare(tx, &rec)
	})
	if err != nil {
		return p, fmt.Errorf("commit %s: %w", p.Source, err)
	}
	c.readRest()
	return s.write(ctx, c)
}

// settle records a poll that brought no document. It costs no transaction of
// its own unless it changes what topics show of their sources.
func (s *Store) settle(ctx context.Context, v *view, p news.Poll) (news.Poll, error) {
	rec, err := s.record(ctx, p)
	if err != nil {
		return p, fmt.Errorf("commit %s: %w", p.Source, err)
	}
	done, next := s.conclude(p, rec)
	if rec.recorded(p) || next.State.State != rec.State.State {
		return s.write(ctx, commit{view: v, poll: p})
	}
	if err := s.engine.Settle(ctx, next, recorded(done)); err != nil {
		return p, fmt.Errorf("commit %s: %w", p.Source, err)
	}
	s.account(done)
	return done, nil
}

// record reads the source's record before the transaction that writes.
func (s *Store) record(ctx context.Context, p news.Poll) (Source, error) {
	var rec Source
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		var err error
		rec, err = s.begin(tx, p)
		return err
	})
	return rec, err
}

// recorded says whether the poll is the last one of the record: its Commit is
// repeated.
func (r *Source) recorded(p news.Poll) bool { return p.ID != 0 && p.ID == r.Poll }

// write runs the steps of a Commit in one transaction. It may run them more
// than once, each time from what c holds now.
func (s *Store) write(ctx context.Context, c commit) (news.Poll, error) {
	s.opt.Crash("commit.begin")
	c.Store = s
	var done commit
	err := s.engine.Write(ctx, func(tx Tx) error {
		done = c
		done.tx = tx
		return done.run()
	})
	if err != nil {
		return c.poll, fmt.Errorf("commit %s: %w", c.poll.Source, err)
	}
	s.moved(done.touched)
	s.conflicts.Add(int64(done.conflicting))
	s.compared.Add(int64(done.compared))
	s.capped.Add(int64(done.capped))
	s.counts.kept(&done)
	s.account(done.poll)
	s.opt.Crash("commit.done")
	return done.poll, nil
}

// account notes a poll whose items do not add up (P5).
func (s *Store) account(p news.Poll) {
	if !p.Accounted() {
		s.unaccounted.Add(1)
		s.opt.Log.Error("unaccounted items", "source", p.Source, "new", p.New, "known", p.Known, "rejected", p.Rejected)
	}
}

// begin is step 1 and 2: it returns the source's record, with the same poll ID
// when the poll was recorded already.
func (s *Store) begin(tx ReadTx, p news.Poll) (Source, error) {
	generation, err := tx.Generation()
	if err != nil {
		return Source{}, err
	}
	records, err := tx.Sources([]string{p.Source})
	if err != nil {
		return Source{}, err
	}
	rec := records[0]
	switch {
	case rec.Origin == "":
		return rec, fmt.Errorf("the source has no record: %w", ErrNotFound)
	case rec.recorded(p):
		return rec, nil
	case p.Generation != generation:
		return rec, ErrStaleConfig
	case p.Fence != 0 && p.Fence != rec.State.Fence:
		return rec, ErrFenced
	}
	return rec, nil
}

// conclude is step 7 and 9: the state that the poll leads to. Validators are
// taken of a whole document only (P2); a 304 that repeats none keeps ours (RFC
// 9110 §15.4.5 wants the ETag in it, some servers leave it out).
func (s *Store) conclude(p news.Poll, rec Source) (news.Poll, Source) {
	old := rec.State
	if old.URL != p.URL {
		old.URL, old.Validators, old.BodyHash, old.Redirect = p.URL, news.Validators{}, 0, news.Redirect{}
	}
	state := s.opt.Next(rec.State, p) // which sees itself that the address is another one
	state.Source, state.URL, state.Distrust = rec.State.Source, old.URL, old.Distrust
	state.Validators, state.BodyHash = old.Validators, old.BodyHash
	if p.Complete && (p.Kind == news.KindOK || p.Validators != news.Validators{}) {
		state.Validators = p.Validators
	}
	if p.Complete && (p.Kind == news.KindOK || p.BodyHash != 0) {
		state.BodyHash = p.BodyHash
	}
	state.Baseline = old.Baseline || p.Kind == news.KindOK
	state.Items = old.Items + uint64(p.New)
	state.Fence = rec.State.Fence + 1
	p.Next, p.Why = state.Next, state.Why
	rec.State, rec.Poll = state, p.ID
	return p, rec
}

// commit is one run of the steps in one transaction.
type commit struct {
	*Store
	tx    Tx
	view  *view
	src   *news.Source // nil: without items
	poll  news.Poll
	items []news.Item
	prepared

	rec         Source
	judged      news.Distrust                    // of the source's guids, after this document
	conflicting int                              // entries whose keys name two items
	compared    int                              // candidates of all items
	capped      int                              // items with more candidates than were compared
	copies      map[string]int                   // new edges of copies, by rule
	owners      map[story.Key][]Owner            // of every key of the document
	known       map[news.ItemID]Owner            // items of this source among them
	present     []Present                        // items of the document
	returned    []Stub                           // those of them of which only a stub is left
	fresh       []Stored                         // new items
	revised     []Stored                         // items whose text has changed
	signed      map[news.ItemID]*story.Signature // of both
	keys        []KeyOf                          // new keys
	joins       map[string][]Joined              // by topic ID
	shown       map[string]bool                  // IDs of topics that show something else now
	touched     []Topic
}

// run is the one place where the order of a Commit's steps is written.
func (c *commit) run() error {
	var err error
	if c.rec, err = c.begin(c.tx, c.poll); err != nil {
		return err
	}
	if c.rec.recorded(c.poll) {
		return c.repeated()
	}
	c.poll.Rejected = maps.Clone(c.poll.Rejected) // the caller's, and this may run twice
	c.judged = c.rec.State.Distrust
	c.owners, c.known = make(map[story.Key][]Owner), make(map[news.ItemID]Owner)
	c.joins, c.shown, c.copies = make(map[string][]Joined), make(map[string]bool), make(map[string]int)
	c.signed = make(map[news.ItemID]*story.Signature)
	for _, step := range []func() error{c.identify, c.keep, c.relate, c.join, c.surges, c.note, c.finish, c.touch} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// recorded leaves of a poll what is shown of it: the rest stands in the state of
// its source and in the file.
func recorded(p news.Poll) news.Poll {
	p.Source, p.URL, p.Fence = "", "", 0
	p.Validators, p.BodyHash, p.Hints, p.Timing, p.Jitter = news.Validators{}, 0, news.Hints{}, news.Timing{}, 0
	return p
}

// repeated answers a repeated Commit with what the first one recorded.
func (c *commit) repeated() error {
	polls, err := c.tx.Polls(c.poll.Source)
	if err != nil {
		return err
	}
	if len(polls) == 0 {
		return errors.New("the last poll of the source is missing")
	}
	first := polls[0]
	first.Source, first.URL, first.Timing, first.Jitter, first.Fence = c.poll.Source, c.poll.URL, c.poll.Timing, c.poll.Jitter, c.poll.Fence
	first.Validators, first.BodyHash, first.Hints = c.poll.Validators, c.poll.BodyHash, c.poll.Hints
	c.poll = first
	return nil
}

// keep writes new and revised items with their keys.
func (c *commit) keep() error {
	c.opt.Crash("commit.keys")
	c.poll.New = len(c.fresh)
	if err := c.tx.PutItems(slices.Concat(c.fresh, c.revised)); err != nil {
		return err
	}
	if err := c.tx.SetKeys(c.keys); err != nil {
		return err
	}
	c.opt.Crash("commit.items")
	return nil
}

// join is step 5: every Match that is in gives the item a mark of that topic,
// once.
func (c *commit) join() error {
	baseline := c.poll.Baseline
	for _, stored := range [][]Stored{c.fresh, c.revised} {
		for i := range stored {
			item := &stored[i].Item
			for _, m := range item.Matches {
				if m.Verdict != news.In {
					continue
				}
				c.shown[m.Topic] = true
				c.joins[m.Topic] = append(c.joins[m.Topic], Joined{
					Item: item.ID, At: seconds(c.poll.At),
					News: !baseline && c.poll.At.Sub(item.At) < newsAge,
				})
			}
		}
	}
	for _, topic := range slices.Sorted(maps.Keys(c.joins)) { // concurrent engines lock in one order
		name, ok := c.view.topics[topic]
		if !ok {
			return fmt.Errorf("an item matches the topic %s, which is not in the file", topic)
		}
		a := archivist{tx: c.tx, view: c.view, at: c.poll.At}
		if err := a.append(name.origin, c.joins[topic]); err != nil {
			return err
		}
		if err := gave(c.tx, name.origin, c.rec.Origin, c.poll.At); err != nil {
			return err
		}
	}
	if err := calmJoined(c.tx, c.view, c.joins); err != nil {
		return err
	}
	c.opt.Crash("commit.topics")
	return nil
}

// note is step 6: which items the source's document holds. A salvaged document
// does not tell.
func (c *commit) note() error {
	if c.poll.Kind != news.KindOK || !c.poll.Complete || c.poll.Salvaged {
		return nil
	}
	if err := c.returns(); err != nil {
		return err
	}
	slices.SortFunc(c.present, func(a, b Present) int { return cmp.Compare(a.Item, b.Item) })
	if slices.Equal(c.document, c.present) {
		return nil
	}
	return c.tx.PutDocument(c.rec.Origin, c.present)
}

// returns notes that items were in a document again after their text expired.
func (c *commit) returns() error {
	for i := range c.returned {
		c.returned[i].Since, c.returned[i].Polls = seconds(c.poll.At), c.rec.State.GoodPolls
	}
	return c.tx.PutStubs(c.returned)
}

// finish is steps 7 to 9: the source's new state with the poll.
func (c *commit) finish() error {
	before := c.rec.State
	c.poll, c.rec = c.conclude(c.poll, c.rec)
	c.rec.State.Distrust = c.judged
	c.rec.State.Dated = dated(c.rec.State.Dated, c.fresh)
	if err := c.tx.PutPoll(c.rec, recorded(c.poll)); err != nil {
		return err
	}
	if before.State != c.rec.State.State { // coverage is a part of every topic feed
		if err := notice(c.tx, before, c.rec.State, c.poll.At); err != nil {
			return err
		}
		for _, t := range c.view.topics {
			c.shown[t.id] = true
		}
	}
	c.opt.Crash("commit.state")
	return nil
}

// touch moves the revision and the time of change of the topics that show
// something else now.
func (c *commit) touch() error {
	var err error
	c.touched, err = touch(c.tx, c.shown, c.poll.At)
	return err
}

// datedItems is how many of a source's last new items Dated tells of, at most
// twice as many.
const datedItems = 20

// dated counts new items with and without a date that can be used; the older
// ones count ever less.
func dated(d [2]int, fresh []Stored) [2]int {
	for i := range fresh {
		if fresh[i].Item.Published.IsZero() {
			d[1]++
		} else {
			d[0]++
		}
		if d[0]+d[1] >= 2*datedItems {
			d[0], d[1] = d[0]/2, d[1]/2
		}
	}
	return d
}

// touch moves revision and Changed of the topics named by ID and returns them.
func touch(tx Tx, shown map[string]bool, at time.Time) ([]Topic, error) {
	if len(shown) == 0 {
		return nil, nil
	}
	topics, err := tx.Topics()
	if err != nil {
		return nil, err
	}
	var touched []Topic
	for _, t := range topics {
		if !shown[t.Topic.ID] {
			continue
		}
		t.Revision++
		t.Changed = later(t.Changed, at)
		touched = append(touched, t)
	}
	return touched, tx.PutTopics(touched)
}

// later returns at in whole seconds, and one second after changed at least.
func later(changed, at time.Time) time.Time {
	if at = seconds(at); at.After(changed) {
		return at
	}
	return changed.Add(time.Second)
}

// seconds returns t in UTC without the fraction: what documents can show.
func seconds(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Second)
}
