package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// incident is how many sources must change at once to be told of as one thing: it
// is hardly all of theirs.
const incident = 5

// message is what a target gets; its keys are stable.
type message struct {
	ID      string      `json:"id"` // the same when it is sent again
	Site    string      `json:"site"`
	Home    string      `json:"home"`
	Notices []noticeDoc `json:"notices"`
	News    []newsDoc   `json:"news,omitempty"`
}

// noticeDoc is something to be told of.
type noticeDoc struct {
	ID      string     `json:"id"`
	At      time.Time  `json:"at"`
	What    string     `json:"what"` // source, topic, incident, file, line, clock, room or late
	Source  string     `json:"source,omitempty"`
	Sources []string   `json:"sources,omitempty"`
	Topic   string     `json:"topic,omitempty"`
	State   news.State `json:"state,omitempty"`
	Since   *time.Time `json:"since,omitempty"`
	Until   *time.Time `json:"until,omitempty"`
	Title   string     `json:"title"`
	Text    string     `json:"text"`
	Link    string     `json:"link,omitempty"`
}

// newsDoc is an entry that has joined a topic and is younger than 48 hours.
type newsDoc struct {
	Topic     string    `json:"topic"`
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	URL       string    `json:"url,omitempty"`
	Source    string    `json:"source"`
	Published time.Time `json:"published"`
	Page      string    `json:"page"`
}

// message writes what stands between the two ends of at; nil: nothing does.
func (n *Notifier) message(ctx context.Context, st *State, t *Target, at *reached) ([]byte, error) {
	events, err := n.store.Events(ctx, at.Sent, at.Until)
	if err != nil {
		return nil, err
	}
	m := message{Site: newSiteName(st), Home: st.Site.BaseURL + "/", Notices: notices(st, events)}
	for _, id := range t.Topics {
		from, known := at.Marks[id]
		if !known || at.Tops[id] == from {
			continue
		}
		page, err := n.server.Store.Topic(ctx, id, store.Page{View: store.ViewCopies, Before: at.Tops[id] + 1, Limit: maxDigest})
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		for _, e := range slices.Backward(page.Entries) {
			if e.Mark > from && e.News {
				m.News = append(m.News, newsOf(st, id, &e))
			}
		}
	}
	if len(m.Notices)+len(m.News) == 0 {
		return nil, nil
	}
	m.ID = fmt.Sprint(at.Until)
	for _, id := range t.Topics {
		m.ID += fmt.Sprint("-", at.Tops[id])
	}
	return json.Marshal(m)
}

func newSiteName(st *State) string {
	if st.Site.Title == "" {
		return "Khyber"
	}
	return st.Site.Title
}

func newsOf(st *State, topic string, e *news.Entry) newsDoc {
	return newsDoc{
		Topic: topic, ID: e.Item.EntryID, Title: e.Item.Title, URL: e.Item.Link, Source: e.Item.Source,
		Published: e.Item.At.UTC(), Page: st.Site.BaseURL + "/items/" + e.Item.ID.String(),
	}
}

// notices writes events for people. Many sources that come into trouble at once,
// or out of it, are one notice.
func notices(st *State, events []store.Event) []noticeDoc {
	out := []noticeDoc{}
	var failing, well []store.Event
	for _, e := range events {
		n := e.Notice
		silenced := n != nil && n.Source != "" && (n.State == news.StateFailing || n.State == news.StateGone)
		switch {
		case silenced && n.Until.IsZero():
			failing = append(failing, e)
		case silenced:
			well = append(well, e)
		default:
			out = append(out, noticeOf(st, e))
		}
	}
	for _, group := range [][]store.Event{failing, well} {
		if len(group) > incident {
			out = append(out, incidentOf(st, group))
			continue
		}
		for _, e := range group {
			out = append(out, noticeOf(st, e))
		}
	}
	return out
}

// noticeOf is an event in the words of status.atom.
func noticeOf(st *State, e store.Event) noticeDoc {
	doc := noticeDoc{ID: fmt.Sprint(e.Number), At: e.At.UTC()}
	n := e.Notice
	switch {
	case n == nil:
		doc.What, doc.Link = e.Of, st.Site.BaseURL+"/status"
		doc.Title, doc.Text = ownWords(e)
		return doc
	case n.Topic != "":
		doc.What, doc.Topic = "topic", n.Topic
		topic, _ := st.topic(n.Topic)
		entry := surge(st, topic, *n)
		doc.Title, doc.Text, doc.Link = entry.Item.Title, entry.Item.Summary, entry.Item.Link
	default:
		doc.What, doc.Source = "source", n.Source
		entry := episode(st, *n)
		doc.Title, doc.Text, doc.Link = entry.Item.Title, entry.Item.Summary, entry.Item.Link
	}
	doc.State, doc.Since, doc.Until = n.State, moment(n.Since), moment(n.Until)
	return doc
}

// ownWords say what is wrong with us.
func ownWords(e store.Event) (title, text string) {
	type words struct{ title, text string }
	all := map[string][2]words{ // when it begins, when it ends
		store.OfFile:  {{"feeds.yaml is not in force: it has mistakes", strings.Join(e.Wrong, "\n")}, {"feeds.yaml is in force again", "It has no mistakes."}},
		store.OfLine:  {{"Most sources cannot be reached", hardlyTheirs}, {"The sources can be reached again", catchUp}},
		store.OfClock: {{"The clock of this machine is off", "It differs from those of most servers by more than ten minutes: set it."}, {"The clock of this machine is right again", "It agrees with those of most servers."}},
		store.OfLate: {
			{"Sources are polled late", "We are late with " + strings.Join(e.Wrong, ", ") + ": " + ourFault},
			{"Sources are polled in time again", "None is overdue."},
		},
		store.OfRoom: {
			{"There is little room: items older than 30 days go", "The disk or the database is nearly full: make room, raise --max-db, or keep less with --keep."},
			{"There is room again", "Items are kept as long as --keep says."},
		},
	}
	w := all[e.Of][0]
	if len(e.Wrong) == 0 {
		w = all[e.Of][1]
	}
	return w.title, w.text
}

const (
	ourFault     = "the machine or its line cannot keep up, or their host is to be asked less often than they are due (host_gap)."
	hardlyTheirs = "So many at once are hardly to blame themselves: look at this machine’s network and name server first."
	catchUp      = "What they published meanwhile comes with the next polls."
)

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// incidentOf is one notice of many sources. Its id says which events it holds.
func incidentOf(st *State, group []store.Event) noticeDoc {
	first, last := group[0], group[len(group)-1]
	doc := noticeDoc{
		ID: fmt.Sprintf("%d-%d", first.Number, last.Number), At: last.At.UTC(), What: "incident", State: first.Notice.State,
		Since: moment(first.Notice.Since), Until: moment(first.Notice.Until), Link: st.Site.BaseURL + "/sources",
	}
	for _, e := range group {
		doc.Sources = append(doc.Sources, e.Notice.Source)
	}
	of := fmt.Sprintf("%d of %d sources", len(group), len(st.Sources))
	doc.Title, doc.Text = of+" fail at once", hardlyTheirs
	if !first.Notice.Until.IsZero() {
		doc.Title, doc.Text = of+" answer again", catchUp
	}
	return doc
}
