package server

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// maxTold is how many members of a story its page shows; more are a flood of
// one text.
const maxTold = 1000

// eventPart is what reports of a story tell of one event.
type eventPart struct {
	Heading string
	Members []told
}

// told is a report of a story with how it came there.
type told struct {
	entryRow
	Copy     bool // of another report of the story
	Evidence string
	Copies   []told // of this report; folded
	event    news.ItemID
}

type storyPage struct {
	page
	Heading  told // the report that it began with
	Counts   string
	Events   []eventPart
	More     int // members that are not shown
	Possibly []told
}

// story shows who reported an event and when, and by which rule each report came
// there.
func (s *Server) story(w http.ResponseWriter, r *http.Request) {
	st := s.state.Load()
	id, err := news.ParseItemID(r.PathValue("id"))
	if err != nil {
		s.refuse(w, r, http.StatusNotFound, sentence(quoted(err.Error())))
		return
	}
	path := "/stories/" + id.String()
	s.showPage(w, r, st, path, "story", "", func(ctx context.Context) (any, error) {
		found, err := s.Store.Story(ctx, id)
		if err != nil {
			return nil, err
		}
		first := &found.Members[0].Item
		p := storyPage{
			page:   s.newPage(st, cmp.Or(first.Title, "Story "+found.ID.String()), "/stories/"+found.ID.String()),
			Counts: corroboration(found.Publishers, found.Independent, len(found.Members)),
		}
		p.Heading = told{entryRow: reportRow(st, p.Root, first)}
		shown := found.Members[:min(len(found.Members), maxTold)]
		p.Events, p.More = byEvent(folded(st, p.Root, shown)), len(found.Members)-len(shown)
		p.Possibly = possible(st, p.Root, found.Possibly)
		return p, nil
	})
}

// folded lists the members by time, each with its copies under it.
func folded(st *State, root string, members []store.StoryMember) []told {
	var out []told
	at := make(map[news.ItemID]int) // of who has copies
	for i := range members {
		m := &members[i]
		x := told{entryRow: reportRow(st, root, &m.Item), Copy: m.Copied(), Evidence: m.Evidence, event: m.Event}
		if j, ok := at[m.Group]; ok && x.Copy {
			out[j].Copies = append(out[j].Copies, x)
			continue
		}
		at[m.Item.ID] = len(out)
		out = append(out, x)
	}
	return out
}

// byEvent lists the reports under their events, the events in the order in which
// they were first told.
func byEvent(members []told) []eventPart {
	var out []eventPart
	at := make(map[news.ItemID]int)
	var counts []int
	for i := range members {
		m := &members[i]
		j, known := at[m.event]
		if !known {
			j = len(out)
			at[m.event] = j
			out, counts = append(out, eventPart{}), append(counts, 0)
		}
		out[j].Members = append(out[j].Members, *m)
		counts[j] += 1 + len(m.Copies)
	}
	if len(out) == 1 {
		out[0].Heading = "Who reported it, and when"
		return out
	}
	for j := range out {
		out[j].Heading = "Event " + strconv.Itoa(j+1) + ", " + count(counts[j], "report")
		if out[j].Members[0].event == 0 {
			out[j].Heading = "Later reports"
		}
	}
	return out
}

// reportRow is what a page of a story shows of an item. A static copy has no
// pages but those of its entries.
func reportRow(st *State, root string, item *news.Item) entryRow {
	row := entryRowOf(st, root, &news.Entry{Item: *item})
	if st.static {
		row.Details = ""
	}
	return row
}

func possible(st *State, root string, found []store.Possible) []told {
	var out []told
	for i := range found {
		out = append(out, told{entryRow: reportRow(st, root, &found[i].Item), Evidence: found[i].Evidence})
	}
	return out
}

// corroboration says who stands behind a story. Sources and items are no
// publishers.
func corroboration(publishers, independent, items int) string {
	own := strconv.Itoa(independent) + " of them in words of their own"
	if publishers == 1 {
		own = "nobody else"
	}
	return count(items, "report") + " by " + count(publishers, "publisher") + ", " + own
}

// carried is who else carried an item, for its own page.
type carried struct {
	URL, Counts string
	Members     []carrier
}

type carrier struct {
	Title, URL, Dir, Source string
	At                      time.Time
	Copy                    bool
	Evidence                string
}

// carriedOf returns nil for an item that stands alone.
func carriedOf(st *State, root string, s *news.Story) *carried {
	if len(s.Members) == 0 {
		return nil
	}
	c := &carried{URL: root + "/stories/" + s.ID.String(), Counts: corroboration(s.Publishers, s.Independent, len(s.Members)+1)}
	for _, m := range s.Members[:min(len(s.Members), maxTold)] {
		c.Members = append(c.Members, carrier{
			Title: cmp.Or(m.Title, m.Item.String()), URL: m.URL, Dir: direction("", m.Title),
			Source: sourceName(st, m.Source), At: m.Published, Copy: m.Relation == news.RelationCopy, Evidence: m.Evidence,
		})
	}
	return c
}
