package server

import (
	"context"
	"fmt"
	"io"

	"khyber/internal/news"
	"khyber/internal/publish"
	"khyber/internal/store"
)

// Render writes a topic feed as a request for it would get it, without keeping
// it. The page is not bound to what a request may ask for. It fails with
// store.ErrNotFound for a topic that is not in force.
func (s *Server) Render(ctx context.Context, w io.Writer, topicID string, format publish.Format, p store.Page) error {
	st := s.state.Load()
	t, ok := st.topic(topicID)
	if !ok {
		return fmt.Errorf("render topic %s: %w", topicID, store.ErrNotFound)
	}
	f, err := s.readTopic(ctx, st, publish.TopicFeed{Site: st.Site, Topic: t, Path: "/topics/" + t.ID}, p)
	if err != nil {
		return fmt.Errorf("render topic %s: %w", topicID, err)
	}
	return publish.Render(w, format, f)
}

// Refuse shows the Problems of a file that is not in force. The State stays.
func (s *Server) Refuse(problems []news.Problem) {
	st := *s.state.Load()
	st.Problems, st.Refused = problems, true
	s.state.Store(&st)
}
