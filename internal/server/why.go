package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/topic"
)

type whyPage struct {
	page
	Topic, TopicURL string
	Item            entryRow
	ItemURL         string
	Verdict         mark
	Reason          topic.Reason
	Near            string
}

// why answers /why?topic=&item=: the verdict of a topic, as it is written now,
// on an item that is kept. item is an id or the address of the report.
func (s *Server) why(w http.ResponseWriter, r *http.Request) {
	st := s.state.Load()
	q := r.URL.Query()
	t, ok := st.topic(q.Get("topic"))
	if !ok || st.Set == nil {
		s.refuse(w, r, http.StatusNotFound, "There is no such topic: ask as /why?topic=ID&item=ID.")
		return
	}
	id, err := s.findItem(r.Context(), q.Get("item"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	asJSON := asksForJSON(r.Header.Get("Accept"))
	if !asJSON {
		s.whyPage(w, r, st, t, id)
		return
	}
	key := "why.json:" + t.ID + ":" + id.String()
	doc, err := s.cache.get(r.Context(), key, s.pageVersion(st), func(ctx context.Context) (rendered, error) {
		_, reason, err := s.reason(ctx, st, t, id)
		if err != nil {
			return rendered{}, err
		}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		err = enc.Encode(reason.JSON())
		return rendered{plain: b.Bytes()}, err
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.serve(w, r, doc, answer{contentType: "application/json; charset=utf-8", cache: cachePage, csp: cspTopicFeed, vary: ", Accept", anyOrigin: true})
}

// findItem reads an id, or looks an address up.
func (s *Server) findItem(ctx context.Context, item string) (news.ItemID, error) {
	if strings.Contains(item, "://") {
		return s.Store.FindLink(ctx, item)
	}
	id, err := news.ParseItemID(item)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", store.ErrNotFound, err)
	}
	return id, nil
}

func asksForJSON(accept string) bool {
	html, js := 0.0, 0.0
	for _, w := range weights(accept) {
		switch w.token {
		case mediaHTML:
			html = w.q
		case "application/json":
			js = w.q
		}
	}
	return js > html
}

func (s *Server) reason(ctx context.Context, st *State, t news.Topic, id news.ItemID) (news.Item, topic.Reason, error) {
	stored, err := s.Store.Item(ctx, id)
	if err != nil {
		return news.Item{}, topic.Reason{}, err
	}
	reason, ok := st.Set.Why(t.ID, &stored.Item)
	if !ok {
		return stored.Item, reason, fmt.Errorf("topic %s: %w", t.ID, store.ErrNotFound)
	}
	return stored.Item, reason, nil
}

func (s *Server) whyPage(w http.ResponseWriter, r *http.Request, st *State, t news.Topic, id news.ItemID) {
	s.showPage(w, r, st, "why:"+t.ID+":"+id.String(), "why", ", Accept", func(ctx context.Context) (any, error) {
		item, reason, err := s.reason(ctx, st, t, id)
		if err != nil {
			return nil, err
		}
		p := whyPage{
			page: s.newPage(st, "Why", "/why?topic="+t.ID+"&item="+id.String()), Topic: t.Title,
			Reason: reason, Near: reason.Nearest(),
		}
		p.Item = entryRowOf(st, p.Root, &news.Entry{Item: item})
		p.TopicURL, p.ItemURL = p.Root+"/topics/"+t.ID, p.Root+"/items/"+id.String()
		switch reason.Match.Verdict {
		case news.In:
			p.Verdict = mark{"ok", shapeFull, "in the topic"}
		case news.Excluded:
			p.Verdict = mark{"bad", shapeCross, "excluded by a rule"}
		case news.Out:
			p.Verdict = mark{"off", shapeRing, "not in the topic"}
		}
		return p, nil
	})
}
