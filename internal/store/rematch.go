package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"khyber/internal/news"
)

// rematchMost is how many items one call of Rematch looks at: its transaction
// keeps polls waiting.
const rematchMost = 1000

// Rematched is what a call of Rematch did.
type Rematched struct {
	Topics []string // IDs of the topics that were matched anew
	Looked int      // items
	Joined int      // entries that came
	Left   int      // entries that went; their marks stay theirs
	More   bool     // call again

	Changes map[string]Change // by topic ID: Joined and Left of each
}

// Change is what other rules changed in a topic.
type Change struct {
	Joined, Left         int
	WeekJoined, WeekLeft int // of these the items that arrived in the last 7 days
}

// Add adds what another call changed.
func (c *Change) Add(o Change) {
	c.Joined, c.Left = c.Joined+o.Joined, c.Left+o.Left
	c.WeekJoined, c.WeekLeft = c.WeekJoined+o.WeekJoined, c.WeekLeft+o.WeekLeft
}

// weekAge is how old an item of Change's week may be.
const weekAge = 7 * 24 * time.Hour

// Rematch brings the archive to the rules of its topics, the newest items first
// and at most n, 1,000 at the most, in one call. Where more than n items are
// younger than 48 hours these come before all, the oldest of them first: what
// joins a live document must have marks in the order of time, or its window
// would show the older part of it. Rules are the hashes of what
// the topics say now, by ID; a topic whose archive was matched with that hash is
// done. Where it stands is kept, so that it goes on after a restart. What joins
// keeps its own date and is no news; what is older than 48 hours is late (P6).
// What leaves keeps the reason for which it was in, as a Match with the verdict
// Out.
// Match must be of the generation that was applied last; ErrStaleConfig says
// that another one was applied meanwhile.
func (s *Store) Rematch(ctx context.Context, generation uint64, rules map[string]uint64, match func(*news.Item) []news.Match, n int) (Rematched, error) {
	r := rematch{store: s, rules: rules, generation: generation}
	err := s.engine.Read(ctx, func(tx ReadTx) error { return r.read(tx, min(n, rematchMost)) })
	if err != nil {
		return Rematched{}, fmt.Errorf("match the archive anew: %w", err)
	}
	if len(r.topics) == 0 {
		return Rematched{}, nil
	}
	// Matching is done before the transaction, which polls wait for.
	found := make(map[news.ItemID][]news.Match, len(r.items))
	for i := range r.items {
		found[r.items[i].Item.ID] = r.judge(i, match)
	}
	var done Rematched
	var touched []Topic
	err = s.engine.Write(ctx, func(tx Tx) error {
		done = Rematched{Topics: slices.Sorted(maps.Keys(r.topics)), Looked: r.looked(), More: true, Changes: make(map[string]Change)}
		var err error
		touched, err = r.write(tx, found, &done)
		return err
	})
	if err != nil {
		return Rematched{}, fmt.Errorf("match the archive anew: %w", err)
	}
	for _, c := range done.Changes {
		done.Joined, done.Left = done.Joined+c.Joined, done.Left+c.Left
	}
	s.moved(touched)
	s.opt.Crash("rematch.batch")
	return done, nil
}

// rematch is one batch.
type rematch struct {
	store      *Store
	generation uint64
	rules      map[string]uint64
	view       *view
	topics     map[string]bool // IDs
	items      []Stored
	revisions  [][]news.Revision
	next       string
	young      bool // the items are of the walk over the young ones, oldest first
}

// The cursor of the walk over the young items begins with youngWalk; at its end
// the walk over all begins from the top.
const (
	youngWalk = "+"
	fromTop   = "-"
)

// read finds the topics that stand at the same place, and the next items.
func (r *rematch) read(tx ReadTx, n int) error {
	generation, err := tx.Generation()
	if err != nil {
		return err
	}
	if generation != r.generation {
		return ErrStaleConfig
	}
	if r.view, err = r.store.known(tx); err != nil {
		return err
	}
	topics, err := tx.Topics()
	if err != nil {
		return err
	}
	r.topics = make(map[string]bool)
	cursor := ""
	for _, t := range topics {
		want, ok := r.rules[t.Topic.ID]
		if !ok || t.Removed || t.Rules == want {
			continue
		}
		at := t.Cursor
		if t.Matching != want { // other rules than those of the cursor
			at = ""
		}
		if len(r.topics) == 0 || at == cursor {
			r.topics[t.Topic.ID], cursor = true, at
		}
	}
	if len(r.topics) == 0 {
		return nil
	}
	if err := r.scan(tx, cursor, n); err != nil {
		return err
	}
	ids := make([]news.ItemID, len(r.items))
	for i := range r.items {
		ids[i] = r.items[i].Item.ID
	}
	r.revisions, err = tx.Revisions(ids)
	return err
}

// scan reads the next items of the walk that the cursor is of.
func (r *rematch) scan(tx ReadTx, cursor string, n int) (err error) {
	if cursor == "" {
		if cursor, err = r.begin(tx, n); err != nil {
			return err
		}
	}
	if cursor, r.young = strings.CutPrefix(cursor, youngWalk); !r.young {
		r.items, r.next, err = tx.Scan(strings.TrimPrefix(cursor, fromTop), n, true)
		return err
	}
	if r.items, r.next, err = tx.Scan(cursor, n, false); r.next == "" {
		r.next = fromTop
	} else {
		r.next = youngWalk + r.next
	}
	return err
}

// begin returns the cursor at which a walk begins: that of the young items, if
// they are more than n. Some that are older may be among them: they are late all
// the same.
func (r *rematch) begin(tx ReadTx, n int) (string, error) {
	cutoff := r.store.opt.Now().Add(-newsAge)
	cursor, young := "", 0
	for {
		items, next, err := tx.Scan(cursor, rematchMost, true)
		if err != nil {
			return "", err
		}
		older := false
		for i := range items {
			older = older || items[i].Item.FirstSeen.Before(cutoff)
			if items[i].Item.At.After(cutoff) {
				young++
			}
		}
		if cursor = next; next == "" || older {
			break
		}
	}
	if young <= n {
		return fromTop, nil
	}
	return youngWalk + cursor, nil
}

// judge matches an item. What a topic took by an earlier text it keeps by that
// text, if the rules of now take it: an edit of the source's takes nothing away.
func (r *rematch) judge(i int, match func(*news.Item) []news.Match) []news.Match {
	item := r.view.item(r.items[i].Item)
	found := match(&item)
	for _, id := range slices.Sorted(maps.Keys(r.topics)) {
		if _, was := matchIn(&item, id); !was {
			continue
		}
		for _, earlier := range slices.Backward(r.revisions[i]) {
			if _, is := matchIn(&news.Item{Matches: found}, id); is {
				break
			}
			old := item
			old.Title, old.Summary = earlier.Title, earlier.Summary
			if m, is := matchIn(&news.Item{Matches: match(&old)}, id); is {
				found = slices.DeleteFunc(found, func(m news.Match) bool { return m.Topic == id })
				found = append(found, m)
			}
		}
	}
	return found
}

// looked is how many items of the walk over all were looked at.
func (r *rematch) looked() int {
	if r.young {
		return 0
	}
	return len(r.items)
}

// write keeps the new verdicts and moves the cursors.
func (r *rematch) write(tx Tx, found map[news.ItemID][]news.Match, done *Rematched) ([]Topic, error) {
	generation, err := tx.Generation()
	if err != nil {
		return nil, err
	}
	if generation != r.generation {
		return nil, ErrStaleConfig
	}
	ids := make([]news.ItemID, len(r.items))
	for i := range r.items {
		ids[i] = r.items[i].Item.ID
	}
	stored, err := tx.Items(ids) // as they are now: a poll may have revised one
	if err != nil {
		return nil, err
	}
	v := verdicts{rematch: r, now: r.store.opt.Now(), joins: make(map[string][]Joined), shown: make(map[string]bool)}
	for i := range stored {
		if s := &stored[i]; !s.Item.FirstSeen.IsZero() && s.Text == r.items[i].Text {
			v.judge(s, found[s.Item.ID], done)
		}
	}
	if err := tx.PutItems(v.put); err != nil {
		return nil, err
	}
	if now := r.store.view.Load(); now != nil { // not r.view: a Commit may know a newer one
		for i := range v.put {
			now.memory.faces.drop(textName{v.put[i].Item.ID, v.put[i].Text})
		}
	}
	if err := r.join(tx, v.joins); err != nil {
		return nil, err
	}
	if err := r.stand(tx, done); err != nil {
		return nil, err
	}
	return touch(tx, v.shown, v.now)
}

// verdicts collects what a batch changes.
type verdicts struct {
	*rematch
	now   time.Time
	put   []Stored
	joins map[string][]Joined // by topic ID
	shown map[string]bool
}

// judge replaces the verdicts on an item.
func (v *verdicts) judge(s *Stored, found []news.Match, done *Rematched) {
	matches, changed := v.merge(&s.Item, found)
	if !changed {
		return
	}
	after := news.Item{Matches: matches}
	for id := range v.topics {
		_, was := matchIn(&s.Item, id)
		_, is := matchIn(&after, id)
		v.shown[id] = v.shown[id] || is || was
		c := done.Changes[id]
		recent := 0
		if v.now.Sub(s.Item.FirstSeen) < weekAge {
			recent = 1
		}
		switch {
		case is && !was:
			c.Add(Change{Joined: 1, WeekJoined: recent})
			v.joins[id] = append(v.joins[id], Joined{Item: s.Item.ID, At: seconds(v.now), Late: v.now.Sub(s.Item.At) >= newsAge})
		case was && !is:
			c.Add(Change{Left: 1, WeekLeft: recent})
		}
		done.Changes[id] = c
	}
	s.Item.Matches = matches
	v.put = append(v.put, *s)
}

// merge returns the matches of an item with those of the topics of this batch
// replaced, and whether they are others.
func (r *rematch) merge(item *news.Item, found []news.Match) ([]news.Match, bool) {
	var matches, before, after []news.Match
	for _, m := range item.Matches {
		m.Topic = r.view.topics[m.Topic].id
		if r.topics[m.Topic] {
			before = append(before, m)
		} else {
			matches = append(matches, m)
		}
	}
	for _, m := range found {
		if r.topics[m.Topic] {
			after = append(after, m)
		}
	}
	after = append(after, r.reasons(before, after)...)
	matches = append(matches, after...)
	item.Matches = slices.Concat(before, matches[:len(matches)-len(after)]) // under present IDs
	byTopic := func(a, b news.Match) int { return cmp.Compare(a.Topic, b.Topic) }
	slices.SortStableFunc(before, byTopic)
	slices.SortStableFunc(after, byTopic)
	return matches, !slices.EqualFunc(before, after, sameMatch)
}

// reasons returns the old reasons of what is out now, but was in or has left
// before.
func (r *rematch) reasons(before, after []news.Match) []news.Match {
	var old []news.Match
	for _, m := range before {
		judged := slices.ContainsFunc(after, func(n news.Match) bool { return n.Topic == m.Topic })
		if !judged && m.Verdict != news.Excluded {
			m.Verdict = news.Out
			old = append(old, m)
		}
	}
	return old
}

// sameMatch compares what readers see of a match: the hash of its rules is not.
func sameMatch(a, b news.Match) bool {
	return a.Topic == b.Topic && a.Verdict == b.Verdict && a.Rule == b.Rule && a.Excluded == b.Excluded && slices.Equal(a.Mentions, b.Mentions)
}

// join appends entries, the earliest first as polls do.
func (r *rematch) join(tx Tx, joins map[string][]Joined) error {
	for _, id := range slices.Sorted(maps.Keys(joins)) {
		if !r.young {
			slices.Reverse(joins[id]) // the scan went backward
		}
		a := archivist{tx: tx, view: r.view, at: r.store.opt.Now()}
		if err := a.append(r.view.topics[id].origin, joins[id]); err != nil {
			return err
		}
	}
	return calmJoined(tx, r.view, joins)
}

// stand keeps where the topics of this batch stand now.
func (r *rematch) stand(tx Tx, done *Rematched) error {
	topics, err := tx.Topics()
	if err != nil {
		return err
	}
	var put []Topic
	done.More = false
	for _, t := range topics {
		want, ok := r.rules[t.Topic.ID]
		if r.topics[t.Topic.ID] {
			if t.Matching != want || t.Cursor == "" {
				t.Looked = 0
			}
			t.Matching, t.Cursor, t.Rules = want, r.next, 0 // of several: the way back is a change too
			t.Looked += r.looked()
			if r.next == "" {
				t.Rules = want
			}
			put = append(put, t)
		}
		done.More = done.More || ok && !t.Removed && t.Rules != want
	}
	return tx.PutTopics(put)
}
