package server

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"khyber/internal/publish"
	"khyber/internal/text"
)

const contentOPML = "text/x-opml; charset=utf-8"

func (s *Server) topicsOPML(w http.ResponseWriter, r *http.Request) {
	s.opml(w, r, func(b io.Writer, st *State) error {
		return publish.RenderTopicsOPML(b, st.Site, st.Topics, text.Language, st.Applied)
	})
}

func (s *Server) sourcesOPML(w http.ResponseWriter, r *http.Request) {
	s.opml(w, r, func(b io.Writer, st *State) error {
		return publish.RenderSourcesOPML(b, st.Site, st.Sources, st.Applied)
	})
}

// opml answers with a list that changes with the configuration alone.
func (s *Server) opml(w http.ResponseWriter, r *http.Request, write func(io.Writer, *State) error) {
	st := s.state.Load()
	doc, err := s.cache.get(r.Context(), r.URL.Path, version{state: st}, func(context.Context) (rendered, error) {
		var b bytes.Buffer
		err := write(&b, st)
		return rendered{plain: b.Bytes(), changed: st.Applied}, err
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.serve(w, r, doc, answer{contentType: contentOPML, cache: cachePage, csp: cspTopicFeed, anyOrigin: true})
}
