package server

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/publish"
	"khyber/internal/store"
	"khyber/internal/text"
)

// topicID is what may go from a path into a header or a look-up (W30).
var topicID = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// topic answers /topics/ID and /topics/ID.FORMAT.
func (s *Server) topic(w http.ResponseWriter, r *http.Request) {
	st := s.state.Load()
	id, suffix, dotted := strings.Cut(r.PathValue("name"), ".")
	format := publish.Format(suffix)
	if !topicID.MatchString(id) || dotted && format.MediaType() == "" {
		s.unknown(w, r)
		return
	}
	t, ok := st.topic(id)
	if !ok {
		s.missing(w, r, st, id, suffix)
		return
	}
	v, err := parseVariant(r.URL.Query())
	if err != nil {
		s.refuse(w, r, http.StatusBadRequest, sentence(err.Error()))
		return
	}
	if dotted {
		s.topicFeed(w, r, st, t, v, format, answer{})
		return
	}
	if format = acceptedForm(r.Header.Get("Accept")); format != "" {
		f := publish.TopicFeed{Site: st.Site, Path: "/topics/" + t.ID, Query: v.query(), Before: v.before}
		s.topicFeed(w, r, st, t, v, format, answer{vary: ", Accept", location: f.Self(format)})
		return
	}
	s.topicPage(w, r, st, t, v)
}

// topicFeed answers with a document of a topic. What it shows is read, rendered
// and compressed once for each revision of the topic.
func (s *Server) topicFeed(w http.ResponseWriter, r *http.Request, st *State, t news.Topic, v variant, format publish.Format, a answer) {
	head := st.head(t, v)
	doc, err := s.document(r.Context(), st, head, v.page(), format)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	all := topicAnswer(head, format)
	all.vary, all.location = a.vary, a.location
	s.serve(w, r, doc, all)
}

// topicAnswer is what is said of a document of a topic.
func topicAnswer(head publish.TopicFeed, format publish.Format) answer {
	a := answer{contentType: format.ContentType(), cache: cacheTopicFeed, csp: cspTopicFeed, anyOrigin: true}
	if head.Site.Hub {
		a.link = hubLink(head, format)
	}
	return a
}

// localAddress is the address of a document as a request for it names it.
func localAddress(f *publish.TopicFeed, format publish.Format) string {
	return strings.TrimPrefix(f.Self(format), f.Site.BaseURL)
}

// hubLink is the Link header of a document that the hub serves.
func hubLink(f publish.TopicFeed, format publish.Format) string {
	return "<" + f.Site.BaseURL + hubPath + `>; rel="hub", <` + f.Self(format) + `>; rel="self"`
}

// head returns a TopicFeed without its entries.
func (st *State) head(t news.Topic, v variant) publish.TopicFeed {
	return publish.TopicFeed{
		Site: st.Site, Topic: t, Path: "/topics/" + t.ID, Query: v.query(), Stories: v.view == viewStories, OwnIDs: v.ownIDs, Before: v.before, Static: st.static,
	}
}

// document returns the document of a topic, rendered once for each revision.
// The revision is read before the entries: a commit in between costs one more
// rendering, never old bytes under a new tag.
func (s *Server) document(ctx context.Context, st *State, head publish.TopicFeed, p store.Page, format publish.Format) (*document, error) {
	v := version{st, s.Store.Revision(head.Topic.ID)}
	return s.cache.get(ctx, localAddress(&head, format), v, func(ctx context.Context) (rendered, error) {
		f, err := s.readTopic(ctx, st, head, p)
		if err != nil {
			return rendered{}, err
		}
		var b bytes.Buffer
		err = publish.Render(&b, format, f)
		s.metrics.renders.WithLabelValues(string(format)).Inc()
		changed := f.Changed
		if st.Applied.After(changed) { // a reload can change names in it: a date must not hide that
			changed = st.Applied
		}
		return rendered{
			plain: b.Bytes(), changed: changed, pulse: pulseOf(f.Entries),
			direct: &direct{f.Topic.ID, "/topics/{name}", topicAnswer(head, format)},
		}, err
	})
}

// readTopic fills a TopicFeed with what the store has, of one snapshot (W15).
func (s *Server) readTopic(ctx context.Context, st *State, f publish.TopicFeed, p store.Page) (publish.TopicFeed, error) {
	p.States = true
	page, err := s.Store.Topic(ctx, f.Topic.ID, p)
	if err != nil {
		return f, err
	}
	f.Changed, f.Entries, f.More = page.Changed, page.Entries, page.More
	if f.Query == "" && f.Before == 0 { // parts are of the default variant
		f.Archive.Prev = page.Archive
	}
	f.Sources, f.Entities = st.sources, st.Entities
	f.Lang = text.Language(f.Topic.Title)
	f.Coverage = st.coverage(f.Topic.ID, page.States, giversOf(&page))
	return f, nil
}

func statesByID(states []news.SourceState) map[string]*news.SourceState {
	byID := make(map[string]*news.SourceState, len(states))
	for i := range states {
		byID[states[i].Source] = &states[i]
	}
	return byID
}

// youngTopic is how long every source in its scope is taken for one of a
// topic's: it had no time to give.
const youngTopic = 14 * 24 * time.Hour

// giversOf returns the sources that feed a topic; nil: all in its scope.
func giversOf(page *store.TopicPage) map[string]bool {
	if len(page.Givers) == 0 || page.Changed.Sub(page.Since) < youngTopic {
		return nil
	}
	return page.Givers
}

// givers returns the sources of a topic: those in its scope that gave to it, all
// of them while none did, as when those that gave have left it.
func (st *State) givers(topicID string, gave map[string]bool) []string {
	var ids []string
	for _, id := range st.scope(topicID) {
		if gave[id] {
			ids = append(ids, id)
		}
	}
	if ids == nil {
		return st.scope(topicID)
	}
	return ids
}

// coverage says which sources of a topic answer. Late is our fault, not the
// source's, so it counts as answering.
func (st *State) coverage(topicID string, states []news.SourceState, givers map[string]bool) publish.Coverage {
	byID := statesByID(states)
	var c publish.Coverage
	for _, id := range st.givers(topicID, givers) {
		c.Sources++
		state := byID[id]
		if state == nil {
			continue
		}
		trouble := publish.Trouble{Source: id, Since: state.Since}
		switch state.State {
		case news.StateOK, news.StateLate, news.StateUndated:
			c.OK++
		case news.StateSilent, news.StateEmpty:
			c.Silent = append(c.Silent, trouble)
		case news.StateFailing, news.StateGone:
			trouble.Kind = state.LastKind
			c.Failing = append(c.Failing, trouble)
		case news.StateNew, news.StateDisabled:
		}
	}
	return c
}

// missing answers for a topic that is not in the file: it was renamed, was
// removed, or has never been.
func (s *Server) missing(w http.ResponseWriter, r *http.Request, st *State, id, suffix string) {
	t, renamed := st.formerly(id)
	if !renamed {
		page, err := s.Store.Topic(r.Context(), id, store.Page{Limit: 1})
		if err == nil && page.Removed {
			s.refuse(w, r, http.StatusGone, "This topic was removed; the others are at "+st.Site.BaseURL+"/.")
			return
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			s.fail(w, r, err)
			return
		}
		if t, renamed = st.topic(page.Topic.ID); !renamed {
			s.refuse(w, r, http.StatusNotFound, "There is no topic "+strconv.Quote(id)+nearest(id, st.Topics)+".")
			return
		}
	}
	to := st.Site.BaseURL + "/topics/" + t.ID
	switch {
	case strings.HasPrefix(suffix, "archive/"):
		to += "/" + suffix
	case suffix != "":
		to += "." + suffix
	}
	if v, err := parseVariant(r.URL.Query()); err == nil {
		if q := v.query(); q != "" {
			to += "?" + q
		}
	}
	w.Header().Set("Cache-Control", cacheTopicFeed)
	w.Header().Set("Content-Security-Policy", cspTopicFeed)
	http.Redirect(w, r, to, http.StatusPermanentRedirect)
}

// nearest suggests the topic whose id shares most of its words with id, else it
// names the list.
func nearest(id string, topics []news.Topic) string {
	best, most := "", 0
	for _, t := range topics {
		shared := 0
		for word := range strings.SplitSeq(id, "-") {
			if len(word) > 2 && strings.Contains(t.ID, word) {
				shared += len(word)
			}
		}
		if shared > most {
			best, most = t.ID, shared
		}
	}
	if best == "" {
		return ": the list of topics is at /"
	}
	return "; did you mean " + strconv.Quote(best) + "?"
}
