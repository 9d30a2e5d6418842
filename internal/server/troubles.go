package server

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/publish"
	"khyber/internal/store"
)

// maxTroubles bounds the entries of /status.atom.
const maxTroubles = 200

// troublesAtom answers /status.atom: an entry for each episode of trouble, so
// that a reader tells its operator once when it begins, and when it ends.
func (s *Server) troublesAtom(w http.ResponseWriter, r *http.Request) {
	st := s.state.Load()
	head := publish.TopicFeed{
		Site: st.Site, Path: "/status",
		Topic: news.Topic{Title: s.newPage(st, "", "").Site + ": troubles", Description: "What is wrong with sources, topics and the service, from its beginning to its end; and topics with many more stories than usual."},
	}
	head.Site.Hub = false
	doc, err := s.cache.get(r.Context(), "/status.atom", s.pageVersion(st), func(ctx context.Context) (rendered, error) {
		var err error
		if head.Entries, err = s.troubles(ctx, st); err != nil {
			return rendered{}, err
		}
		head.Changed = st.Applied
		for _, e := range head.Entries {
			if at := e.Item.Changed(); at.After(head.Changed) {
				head.Changed = at
			}
		}
		var b bytes.Buffer
		err = publish.Render(&b, publish.Atom, head)
		return rendered{plain: b.Bytes(), changed: head.Changed}, err
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.serve(w, r, doc, answer{contentType: publish.Atom.ContentType(), cache: "public, max-age=300", csp: cspTopicFeed, anyOrigin: true})
}

// troubles tells of every episode that is known: of sources, topics and of
// ourselves.
func (s *Server) troubles(ctx context.Context, st *State) ([]news.Entry, error) {
	states, err := s.Store.Sources(ctx)
	if err != nil {
		return nil, err
	}
	notices, err := s.Store.Notices(ctx)
	if err != nil {
		return nil, err
	}
	notices = standing(st, states, notices)
	var out []news.Entry
	for _, n := range notices {
		if n.Topic == "" {
			out = append(out, episode(st, n))
		} else if t, ok := st.topic(n.Topic); ok {
			out = append(out, surge(st, t, n))
		}
	}
	for _, t := range st.Topics {
		j, err := s.joined(ctx, t.ID)
		if err != nil {
			return nil, err
		}
		sources := st.givers(t.ID, j.givers)
		if len(sources) > 1 { // of a single one its own episode says it
			for _, x := range eclipses(sources, notices) {
				out = append(out, darkened(st, t, x, len(sources)))
			}
		}
		if j.full && j.window < shortWindow {
			out = append(out, hurried(st, t, j))
		}
	}
	spells, err := s.spells(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range spells {
		out = append(out, ailment(st, x))
	}
	slices.SortStableFunc(out, func(a, b news.Entry) int { return b.Item.At.Compare(a.Item.At) })
	return out[:min(len(out), maxTroubles)], nil
}

// standing returns the notices of what is in the file, with the states of
// sources whose episode began before it was noted, and without those that the
// editor ended: the source is gone or switched off.
func standing(st *State, states []news.SourceState, notices []store.Notice) []store.Notice {
	byID := statesByID(states)
	noted := make(map[string]bool)
	key := func(source string, state news.State, since time.Time) string {
		return source + string(state) + since.UTC().Format(time.RFC3339)
	}
	var out []store.Notice
	for _, n := range notices {
		now := byID[n.Source]
		src, known := st.sources[n.Source]
		if n.Topic == "" && (!known || n.Until.IsZero() && (now == nil || now.State != n.State || src.Disabled)) {
			continue
		}
		noted[key(n.Source, n.State, n.Since)] = true
		out = append(out, n)
	}
	for i := range states {
		x := &states[i]
		src, ok := st.sources[x.Source]
		class := stateMark(x.State).Class
		if !ok || src.Disabled || x.Since.IsZero() || class != "bad" && class != "warn" || noted[key(x.Source, x.State, x.Since)] {
			continue
		}
		out = append(out, store.Notice{Source: x.Source, State: x.State, Kind: x.LastKind, Since: x.Since})
	}
	return out
}

// troubleEntry is an entry that begins at one time, ends at another, zero while it goes
// on, and has an id of its kind, its subject and its beginning.
func troubleEntry(kind, subject, title, text, link string, since, until time.Time) news.Entry {
	if !until.IsZero() {
		text = "From " + stamp(since) + " to " + stamp(until) + ": " + text
	} else {
		text = "Since " + stamp(since) + ": " + text
	}
	return news.Entry{Item: news.Item{
		EntryID: "urn:uuid:" + publish.UUID(kind+"\n"+subject+"\n"+since.UTC().Format(time.RFC3339)),
		Title:   title, Summary: text, Link: link, Lang: "en", At: since, FirstSeen: since, Revised: until,
	}}
}

// darkened is an entry for a topic that lost most of its sources.
func darkened(st *State, t news.Topic, x eclipse, sources int) news.Entry {
	title, text := t.Title+": most of its sources give nothing", strconv.Itoa(x.most)+" of "+count(sources, "source")+" of the topic give nothing, so its silence is no proof that nothing happens."
	if !x.until.IsZero() {
		title, text = "Resolved: "+t.Title+": most of its sources gave nothing", strconv.Itoa(x.most)+" of "+count(sources, "source")+" of the topic gave nothing."
	}
	return troubleEntry("eclipse", t.ID, title, text, st.Site.BaseURL+"/topics/"+t.ID, x.since, x.until)
}

// shortWindow is what a topic feed spans at least without a word: there are
// readers that ask once a day.
const shortWindow = 24 * time.Hour

// hurried is an entry for a topic whose entries stay in the topic feed for less
// than a day; one for each day on which it is so.
func hurried(st *State, t news.Topic, j joinings) news.Entry {
	day := j.last().UTC().Truncate(24 * time.Hour)
	text := "The topic feed spans " + strconv.FormatFloat(j.window.Hours(), 'f', 1, 64) +
		" hours: a reader that asks less often misses entries. ?limit=500 or ?view=stories reach further back, narrower rules would too."
	return troubleEntry("window", t.ID, t.Title+": entries stay for less than a day", text, st.Site.BaseURL+"/topics/"+t.ID, day, time.Time{})
}

// ailment is an entry for a spell of ours.
func ailment(st *State, x spell) news.Entry {
	is, was, advice := x.words()
	if x.until.IsZero() {
		return troubleEntry("ill", string(x.of), is, strings.TrimSpace(is+". "+advice+" "+x.detail), st.Site.BaseURL+"/status", x.since, x.until)
	}
	return troubleEntry("ill", string(x.of), "Resolved: "+was, was+".", st.Site.BaseURL+"/status", x.since, x.until)
}

// surge is an entry for a topic that has many more stories than usual.
func surge(st *State, t news.Topic, n store.Notice) news.Entry {
	title, text := t.Title+": "+surgeWords(n), "Since "+stamp(n.Since)+": "+surgeWords(n)+"."
	if !n.Until.IsZero() {
		title = "Ended: " + title
		text = "From " + stamp(n.Since) + " to " + stamp(n.Until) + ". It began with " + surgeWords(n) + "."
	}
	return news.Entry{Item: news.Item{
		EntryID: "urn:uuid:" + publish.UUID("surge\n"+t.ID+"\n"+n.Since.UTC().Format(time.RFC3339)),
		Title:   title, Summary: text, Link: st.Site.BaseURL + "/topics/" + t.ID,
		Lang: "en", At: n.Since, FirstSeen: n.Since, Revised: n.Until,
	}}
}

// surgeWords are what a surge began with: "9 stories in 3 h, usually 1.2".
func surgeWords(n store.Notice) string {
	return strconv.Itoa(n.Stories) + " stories in 3 h, usually " + strconv.FormatFloat(n.Usual, 'f', 1, 64)
}

// surging says since when a topic has many more stories than usual; empty: it
// has not.
func (s *Server) surging(ctx context.Context, topicID string) (string, error) {
	notices, err := s.Store.Notices(ctx)
	if err != nil {
		return "", err
	}
	for _, n := range notices {
		if n.Topic == topicID && n.Until.IsZero() {
			return "Far more than usual since " + stamp(n.Since) + ": " + surgeWords(n) + ".", nil
		}
	}
	return "", nil
}

// episode is an entry with an id of its beginning; it is updated when it ends.
func episode(st *State, n store.Notice) news.Entry {
	name := sourceName(st, n.Source)
	title, verb := name+" is "+string(n.State), "is"
	text := "Since " + stamp(n.Since)
	if !n.Until.IsZero() {
		title, verb = "Resolved: "+name+" was "+string(n.State), "was"
		text = "From " + stamp(n.Since) + " to " + stamp(n.Until)
	}
	text += " " + name + " " + verb + " " + string(n.State) + "."
	if n.State == news.StateFailing || n.State == news.StateGone {
		text = strings.TrimSpace(text + " " + inWords(n.Kind))
		if n.Until.IsZero() {
			text = strings.TrimSpace(text + " " + advice(n.Kind))
		}
	}
	return news.Entry{Item: news.Item{
		EntryID: "urn:uuid:" + publish.UUID("trouble\n"+n.Source+"\n"+string(n.State)+"\n"+n.Since.UTC().Format(time.RFC3339)),
		Title:   title, Summary: text, Link: st.Site.BaseURL + "/sources#" + n.Source,
		Lang: "en", At: n.Since, FirstSeen: n.Since, Revised: n.Until,
	}}
}
