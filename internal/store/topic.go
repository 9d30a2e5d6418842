package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"khyber/internal/news"
)

// The window of a TopicFeed: the newest entries and all that joined in the span
// before the newest of them, with an upper limit.
const (
	windowEntries = 100
	windowSpan    = 48 * time.Hour
	windowMax     = 500
)

// pageMax is the largest Limit: a page is one read transaction.
const pageMax = 2000

// The views of a topic. Any other value is ViewCopies.
const (
	ViewCopies  = "copies"  // of copies the one that joined first
	ViewAll     = "all"     // every item
	ViewStories = "stories" // of a story the item that joined first
)

// Page says which entries of a topic are wanted.
type Page struct {
	View          string    // empty: ViewCopies
	Before        news.Mark // only entries below; 0: from the top
	Limit         int       // entries, at most 2,000; 0: the window, or 100 below a mark
	MinPublishers int       // of the story, with a text of their own, 9 at most: the entries, and Before, in the order in which it had so many
	Langs         []string  // of the item; none: any
	States        bool      // with the states of all sources, of the same snapshot
	Late          bool      // entries that came late too: pages and archives, not the live document
}

// TopicPage is a page of a topic from one snapshot.
type TopicPage struct {
	Topic    news.Topic
	Revision uint64
	Changed  time.Time
	Entries  []news.Entry       // newest mark first
	More     bool               // there are entries below the last one
	Removed  bool               // the topic is no longer in the file
	Archive  string             // name of the newest closed Part; empty: none
	Since    time.Time          // when the topic was first loaded
	States   []news.SourceState `json:",omitempty"` // where the Page asks for them
	Givers   map[string]bool    // sources that gave it an item in the 90 days before Changed
}

// Topic returns a page of a topic by its ID; ErrNotFound. An earlier ID finds
// it too: then Topic.ID of the page is another one.
func (s *Store) Topic(ctx context.Context, id string, p Page) (TopicPage, error) {
	var page TopicPage
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		v, err := s.known(tx)
		if err != nil {
			return err
		}
		topics, err := tx.Topics()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(topics, func(t Topic) bool { return t.Origin == v.topics[id].origin })
		if i < 0 {
			return ErrNotFound
		}
		t := &topics[i]
		page = TopicPage{Topic: t.Topic, Revision: t.Revision, Changed: t.Changed, Removed: t.Removed, Since: t.Since}
		ch, err := readChain(tx, t.Origin)
		if err != nil {
			return err
		}
		page.Archive = ch.Newest
		if page.Givers, err = v.givers(tx, t); err != nil {
			return err
		}
		if p.States {
			if page.States, err = v.states(tx); err != nil {
				return err
			}
		}
		r := reader{tx: tx, view: v, topic: t, page: p}
		page.Entries, page.More, err = r.entries()
		return err
	})
	if err != nil {
		return page, fmt.Errorf("read topic %s: %w", id, err)
	}
	return page, nil
}

// Topics returns the topics ever loaded that are in the file, by ID.
func (s *Store) Topics(ctx context.Context) ([]Topic, error) {
	var topics []Topic
	err := s.engine.Read(ctx, func(tx ReadTx) error {
		var err error
		topics, err = tx.Topics()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the topics: %w", err)
	}
	return slices.DeleteFunc(topics, func(t Topic) bool { return t.Removed }), nil
}

// reader collects the entries of a page.
type reader struct {
	tx    ReadTx
	view  *view
	topic *Topic
	page  Page
}

// step is how many entries are read at once.
const step = 100

// entries reads marks downwards until the page is full. Entries whose item is
// no longer in the topic, or of another language, do not count.
func (r *reader) entries() ([]news.Entry, bool, error) {
	var entries []news.Entry
	below, origin := r.page.Before, r.topic.Origin
	if r.page.MinPublishers > 1 {
		origin = calmOrigin(origin, min(r.page.MinPublishers, calmMost))
	}
	for {
		joined, err := r.tx.Entries(origin, below, step)
		if err != nil || len(joined) == 0 {
			return entries, false, err
		}
		below = joined[len(joined)-1].Mark
		found, err := r.fill(joined)
		if err != nil {
			return nil, false, err
		}
		for _, e := range found {
			if r.full(entries, e) {
				return entries, true, nil
			}
			entries = append(entries, e)
		}
	}
}

// full says whether the page is complete without e.
func (r *reader) full(entries []news.Entry, e news.Entry) bool {
	switch n := len(entries); {
	case r.page.Limit > 0:
		return n >= min(r.page.Limit, pageMax)
	case n < windowEntries:
		return false
	case r.page.Before > 0:
		return true
	default:
		return n >= windowMax || entries[0].Joined.Sub(e.Joined) > windowSpan
	}
}

// fill turns marks into the entries that the page may show.
func (r *reader) fill(joined []Joined) ([]news.Entry, error) {
	if !r.page.Late {
		joined = slices.DeleteFunc(joined, func(j Joined) bool { return j.Late })
	}
	ids := make([]news.ItemID, len(joined))
	for i := range joined {
		ids[i] = joined[i].Item
	}
	items, err := r.tx.Items(ids)
	if err != nil {
		return nil, err
	}
	revisions, err := r.tx.Revisions(ids)
	if err != nil {
		return nil, err
	}
	kin, err := r.tx.Kin(ids)
	if err != nil {
		return nil, err
	}
	entries := make([]news.Entry, 0, len(joined))
	for i, j := range joined {
		item := r.view.item(items[i].Item)
		match, in := matchIn(&item, r.topic.Topic.ID)
		if !in || len(r.page.Langs) > 0 && !slices.Contains(r.page.Langs, item.Lang) {
			continue
		}
		f, err := readFamily(r.tx, kin[i])
		if err != nil {
			return nil, err
		}
		hidden, err := r.hidden(item.ID, f.others)
		if err != nil {
			return nil, err
		}
		if hidden {
			continue
		}
		s := f.story(r.view, &item, kin[i])
		entries = append(entries, news.Entry{
			Mark: j.Mark, Joined: j.At, Late: j.Late, News: j.News, Item: item, Match: match, Story: s, Revisions: revisions[i],
		})
	}
	return entries, nil
}

// hidden says whether an entry is collapsed: into the copy, or the report of the
// same story, that joined this topic first, for good.
func (r *reader) hidden(id news.ItemID, others []relative) (bool, error) {
	ids := []news.ItemID{id}
	for i := range others {
		o := r.view.item(others[i].item)
		_, in := matchIn(&o, r.topic.Topic.ID)
		if in && (r.page.View == ViewStories || r.page.View != ViewAll && others[i].copied) {
			ids = append(ids, o.ID)
		}
	}
	if len(ids) == 1 {
		return false, nil
	}
	marks, err := r.tx.Marks(r.topic.Origin, ids)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(marks[1:], func(m news.Mark) bool { return m > 0 && m < marks[0] }), nil
}
