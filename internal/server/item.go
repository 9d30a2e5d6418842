package server

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"khyber/internal/news"
)

type itemPage struct {
	page
	Item           entryRow
	SourceURL      string
	Publisher      string
	Authors        []string
	GUID, EntryID  string
	FirstSeen, Own time.Time // Own: the source's own date
	OwnRaw         string
	Came           string   // what else the poll brought that it came with; empty: not kept any more
	Last           received // of its source; the one it came in while CameInLast
	CameInLast     bool
	Tags           []string
	Files          []string
	Verdicts       []verdictRow
	Texts          []news.Revision // earlier ones, the newest first
	Carried        *carried        // nil: by nobody else
	Possibly       []told
}

type verdictRow struct {
	Topic, URL, WhyURL string
	Verdict, Why       string
}

// item shows how an item came here: its source, dates, earlier texts, who else
// carried it and what each topic says of it.
func (s *Server) item(w http.ResponseWriter, r *http.Request) {
	st := s.state.Load()
	id, err := news.ParseItemID(r.PathValue("id"))
	if err != nil {
		s.refuse(w, r, http.StatusNotFound, sentence(quoted(err.Error())))
		return
	}
	path := "/items/" + id.String()
	s.showPage(w, r, st, path, "item", "", func(ctx context.Context) (any, error) {
		stored, err := s.Store.Item(ctx, id)
		if err != nil {
			return nil, err
		}
		item := &stored.Item
		e := news.Entry{Item: *item, Revisions: stored.Revisions}
		p := itemPage{
			page:      s.newPage(st, cmp.Or(item.Title, "Item "+id.String()), path),
			Publisher: item.Publisher, GUID: item.GUID, EntryID: item.EntryID, Tags: item.Tags,
			FirstSeen: item.FirstSeen, Own: item.Published, OwnRaw: item.DateRaw,
		}
		if !st.static { // a static copy has nothing that goes away
			if err := s.provenance(ctx, &p, item); err != nil {
				return nil, err
			}
		}
		p.Item, p.SourceURL = entryRowOf(st, p.Root, &e), p.Root+"/sources#"+item.Source
		p.Item.Summary = item.Summary // whole: this page is the evidence
		for _, a := range item.Authors {
			if a.Name != "" {
				p.Authors = append(p.Authors, a.Name)
			}
		}
		for _, f := range item.Files {
			if u, err := url.Parse(f.URL); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
				p.Files = append(p.Files, f.URL)
			}
		}
		for i := len(stored.Revisions) - 1; i >= 0; i-- {
			p.Texts = append(p.Texts, stored.Revisions[i])
		}
		for _, m := range item.Matches {
			p.Verdicts = append(p.Verdicts, verdictOf(st, p.Root, item.ID, m))
		}
		p.Carried, p.Possibly = carriedOf(st, p.Root, &stored.Story), possible(st, p.Root, stored.Possibly)
		return p, nil
	})
}

// provenance says what is kept of the poll that brought an item, and of the last
// document of its source: mostly another one, which may have the item still.
func (s *Server) provenance(ctx context.Context, p *itemPage, item *news.Item) error {
	polls, err := s.Store.Polls(ctx, item.Source)
	if err != nil {
		return err
	}
	states, err := s.Store.Sources(ctx)
	if err != nil {
		return err
	}
	p.Last = lastDocument(statesByID(states)[item.Source], polls)
	for i := range polls {
		poll := &polls[i]
		if poll.Kind != news.KindOK || !poll.At.Truncate(time.Second).Equal(item.FirstSeen) {
			continue
		}
		p.Came = strconv.Itoa(poll.Status) + ", " + bytesText(poll.Bytes) + ": " + accountsOf(polls[i : i+1])[0].Text
		p.CameInLast = poll.At.Equal(p.Last.At)
		break
	}
	return nil
}

func verdictOf(st *State, root string, id news.ItemID, m news.Match) verdictRow {
	t, ok := st.topic(m.Topic)
	row := verdictRow{Topic: cmp.Or(t.Title, m.Topic), Verdict: m.Verdict.String(), Why: whyText(&news.Entry{Match: m})}
	switch m.Verdict {
	case news.Excluded:
		row.Why = cmp.Or(m.Excluded, row.Why)
	case news.Out:
		row.Verdict, row.Why = "left", "by a changed rule; it was in by "+row.Why
	case news.In:
	}
	if ok {
		row.URL = root + "/topics/" + t.ID
		if !st.static {
			row.WhyURL = root + "/why?topic=" + t.ID + "&item=" + id.String()
		}
	}
	return row
}
