package store

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"khyber/internal/news"
	"khyber/internal/story"
)

// Source returns the state of a source; one that was never polled has only
// Source set. Validators of another address than that of the file are left out.
func (s *Store) Source(ctx context.Context, id string) (news.SourceState, error) {
	state := news.SourceState{Source: id}
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		v, err := s.known(tx)
		if err != nil {
			return err
		}
		records, err := tx.Sources([]string{id})
		if err == nil && records[0].Origin != "" {
			state = v.state(records[0].State)
		}
		return err
	})
	if err != nil {
		return state, fmt.Errorf("read the state of %s: %w", id, err)
	}
	return state, nil
}

// Sources returns the states of all sources ever polled or in the file, by ID.
func (s *Store) Sources(ctx context.Context) ([]news.SourceState, error) {
	var states []news.SourceState
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		v, err := s.known(tx)
		if err != nil {
			return err
		}
		states, err = v.states(tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the states of the sources: %w", err)
	}
	return states, nil
}

func (v *view) states(tx ReadTx) ([]news.SourceState, error) {
	records, err := tx.Sources(nil)
	states := make([]news.SourceState, len(records))
	for i := range records {
		states[i] = v.state(records[i].State)
	}
	return states, err
}

// state gives a state the address of the file, if it is the one that was asked.
func (v *view) state(st news.SourceState) news.SourceState {
	src := v.sources[st.Source]
	switch {
	case src == nil || st.URL == "":
	case st.URL == address(src):
		st.URL = src.URL
	default:
		st.Validators, st.BodyHash, st.Redirect = news.Validators{}, 0, news.Redirect{}
	}
	return st
}

// Polls returns the last 50 polls of a source, newest first.
func (s *Store) Polls(ctx context.Context, id string) ([]news.Poll, error) {
	var polls []news.Poll
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		var err error
		polls, err = tx.Polls(id)
		for i := range polls {
			polls[i].Source = id
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the polls of %s: %w", id, err)
	}
	return polls, nil
}

// ItemPage is all that is kept of an item.
type ItemPage struct {
	Item      news.Item
	Revisions []news.Revision // oldest first
	Story     news.Story
	Possibly  []Possible // reports in other scripts
}

// Item returns an item; ErrNotFound, or ErrExpired when its text is gone.
func (s *Store) Item(ctx context.Context, id news.ItemID) (ItemPage, error) {
	var page ItemPage
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		v, err := s.known(tx)
		if err != nil {
			return err
		}
		ids := []news.ItemID{id}
		items, err := tx.Items(ids)
		if err != nil {
			return err
		}
		if items[0].Item.ID == 0 {
			return ErrNotFound
		}
		if items[0].Item.FirstSeen.IsZero() {
			return ErrExpired
		}
		revisions, err := tx.Revisions(ids)
		if err != nil {
			return err
		}
		kin, err := tx.Kin(ids)
		if err != nil {
			return err
		}
		f, err := readFamily(tx, kin[0])
		if err != nil {
			return err
		}
		page = ItemPage{Item: v.item(items[0].Item), Revisions: revisions[0]}
		page.Story = f.story(v, &page.Item, kin[0])
		if err := tell(tx, v, &items[0].Item, kin[0], &f, &page.Story); err != nil {
			return err
		}
		page.Possibly, err = possibly(tx, v, []news.Item{items[0].Item}, &f)
		return err
	})
	if err != nil {
		return page, fmt.Errorf("read item %s: %w", id, err)
	}
	return page, nil
}

// item gives an item the present IDs of its source and its topics, and the link
// that readers get: the one that is kept is as its source wrote it.
func (v *view) item(item news.Item) news.Item {
	item.Link = story.WithoutTracking(item.Link)
	if id, ok := v.current[item.Source]; ok {
		item.Source = id
	}
	for i, m := range item.Matches {
		if t, ok := v.topics[m.Topic]; ok {
			item.Matches[i].Topic = t.id
		}
	}
	return item
}

// FindLink returns the item that was published under a link, or one that names
// the same page; ErrNotFound. Of several the lowest ID is taken.
func (s *Store) FindLink(ctx context.Context, link string) (news.ItemID, error) {
	var id news.ItemID
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		keys := story.LinkKeys("", link) // of no source: Owners looks in all
		owners, err := tx.Owners(keys)
		if err != nil {
			return err
		}
		for _, o := range slices.Concat(owners...) {
			if id == 0 || o.ID < id {
				id = o.ID
			}
		}
		if id == 0 {
			return ErrNotFound
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("find the item of %s: %w", link, err)
	}
	return id, nil
}

// Filter says which items Scan returns. The zero value takes all, earliest first.
type Filter struct {
	Newest bool      // the newest arrivals first
	Since  time.Time // first seen at or after; zero: no bound
	Source string    // of this source; empty: any
	Topic  string    // in this topic; empty: any

	// May, when set, is asked of each item first, as it is kept: what it refuses is
	// not looked at further. It keeps nothing of the item.
	May func(*news.Item) bool
}

// maxScan is the number of items that one call reads: a snapshot that stays
// open makes a bbolt file grow.
const maxScan = 2000

// Scan reads the next n items, at most 2,000, in the order of their arrival and
// returns those that the filter takes, and the cursor to go on from: empty at
// the end. An item that arrives meanwhile comes at the end of that order, so
// none is skipped.
func (s *Store) Scan(ctx context.Context, f Filter, cursor string, n int) ([]news.Item, string, error) {
	var items []news.Item
	var next string
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		v, err := s.known(tx)
		if err != nil {
			return err
		}
		stored, after, err := tx.Scan(cursor, min(n, maxScan), f.Newest)
		if err != nil {
			return err
		}
		items, next = nil, after
		for i := range stored {
			if f.Newest && stored[i].Item.FirstSeen.Before(f.Since) {
				next = "" // what follows arrived earlier
				break
			}
			if f.May != nil && !f.May(&stored[i].Item) {
				continue
			}
			item := v.item(stored[i].Item)
			if f.takes(&item) {
				items = append(items, item)
			}
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("scan the archive: %w", err)
	}
	return items, next, nil
}

func (f *Filter) takes(item *news.Item) bool {
	if item.FirstSeen.Before(f.Since) || f.Source != "" && item.Source != f.Source {
		return false
	}
	_, in := matchIn(item, f.Topic)
	return f.Topic == "" || in
}

// matchIn returns the match of a topic that takes the item.
func matchIn(item *news.Item, topic string) (news.Match, bool) {
	for _, m := range item.Matches {
		if m.Topic == topic && m.Verdict == news.In {
			return m, true
		}
	}
	return news.Match{}, false
}

// Status is the state of the store.
type Status struct {
	Sizes
	Generation   uint64
	Sources      int       // ever polled or in the file
	Topics       int       // in the file
	Rematch      int       // items that a changed topic is still to be matched with
	Unaccounted  int64     // polls since the start whose items did not add up (P5)
	KeyConflicts int64     // since the start: entries whose keys name two items
	Compared     int64     // since the start: candidates that new items were compared with
	Capped       int64     // since the start: items with more candidates for copies than were compared
	Counts                 // since the start
	Backup       time.Time // when the last backup was made; zero: never
	Verified     time.Time // when Verify last found no damage; zero: never
}

// Status measures the store.
func (s *Store) Status(ctx context.Context) (Status, error) {
	looked, under := math.MaxInt, false
	st := Status{Unaccounted: s.unaccounted.Load(), KeyConflicts: s.conflicts.Load(), Compared: s.compared.Load(), Capped: s.capped.Load(), Counts: s.counts.copy()}
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		var err error
		if st.Generation, err = tx.Generation(); err != nil {
			return err
		}
		sources, err := tx.Sources(nil)
		if err != nil {
			return err
		}
		if st.Backup, err = whenDid(tx, factBackup); err != nil {
			return err
		}
		if st.Verified, err = whenDid(tx, factVerified); err != nil {
			return err
		}
		topics, err := tx.Topics()
		st.Sources = len(sources)
		for i := range topics {
			if t := &topics[i]; !t.Removed {
				st.Topics++
				if t.Matching != t.Rules {
					looked, under = min(looked, t.Looked), true
				}
			}
		}
		return err
	})
	if err == nil {
		st.Sizes, err = s.engine.Sizes(ctx)
	}
	if under {
		st.Rematch = max(0, st.Items-looked)
	}
	if err != nil {
		return st, fmt.Errorf("measure the database: %w", err)
	}
	return st, nil
}
