package server

import (
	"bytes"
	"context"
	"net/http"
	"strings"

	"khyber/internal/news"
	"khyber/internal/publish"
	"khyber/internal/text"
)

// archive answers /topics/ID/archive/PART.FORMAT (RFC 5005 §4). A closed part
// has the same bytes for ever.
func (s *Server) archive(w http.ResponseWriter, r *http.Request) {
	st := s.state.Load()
	id := r.PathValue("id")
	name, suffix, _ := strings.Cut(r.PathValue("name"), ".")
	format := publish.Format(suffix)
	if !topicID.MatchString(id) || format.MediaType() == "" {
		s.unknown(w, r)
		return
	}
	t, ok := st.topic(id)
	if !ok {
		s.missing(w, r, st, id, "archive/"+name+"."+suffix)
		return
	}
	f := publish.TopicFeed{
		// Of the site nothing but its address: its title and contact may change, and
		// were not kept with the part. Without a hub: there is nothing to deliver.
		Site: publish.Site{BaseURL: st.Site.BaseURL}, Topic: t, Path: "/topics/" + t.ID, Static: st.static,
		Archive: publish.Archive{Name: name},
	}
	doc, err := s.cache.get(r.Context(), localAddress(&f, format), version{st, s.Store.Revision(t.ID)}, func(ctx context.Context) (rendered, error) {
		f, err := s.readPart(ctx, f)
		if err != nil {
			return rendered{}, err
		}
		var b bytes.Buffer
		err = publish.Render(&b, format, f)
		s.metrics.renders.WithLabelValues(string(format)).Inc()
		return rendered{
			plain: b.Bytes(), changed: f.Changed,
			direct: &direct{id, "/topics/{id}/archive/{name}", partAnswer(format, f.Archive.Next != "")},
		}, err
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.serve(w, r, doc, doc.direct.answer)
}

// partAnswer is what is said of a part; a closed one never changes.
func partAnswer(format publish.Format, closed bool) answer {
	a := answer{contentType: format.ContentType(), cache: cacheTopicFeed, csp: cspTopicFeed, anyOrigin: true}
	if closed {
		a.cache = cacheForever
	}
	return a
}

// readPart fills a TopicFeed with a part. Of a closed one nothing comes from the
// State but the address: names and titles are those of its closing.
func (s *Server) readPart(ctx context.Context, f publish.TopicFeed) (publish.TopicFeed, error) {
	p, err := s.Store.Part(ctx, f.Topic.ID, f.Archive.Name)
	if err != nil {
		return f, err
	}
	id := f.Topic.ID
	f.Topic = p.Topic
	f.Topic.ID = id // it may have been renamed, and its address says so
	f.Archive.Prev, f.Archive.Next = p.Prev, p.Next
	f.Changed, f.Entries = p.Changed, p.Entries
	f.Lang = text.Language(f.Topic.Title)
	f.Sources = make(map[string]news.Source, len(p.Sources))
	for _, src := range p.Sources {
		f.Sources[src.ID] = src
	}
	return f, nil
}
