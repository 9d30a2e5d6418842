package server

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/publish"
	"khyber/internal/store"
	"khyber/internal/topic"
)

// A search looks back until the first of these. They are counts, never a clock,
// so that the same archive gives the same answer.
const (
	searchHits  = 100
	searchDays  = 90 // before the newest item
	searchItems = 200_000
	searchStep  = 1000 // items a read: a long snapshot makes the database grow

	maxSearch     = 500             // characters of a query
	maxTerms      = 20              // words and phrases of a query
	maxSearchTime = 5 * time.Second // then 503
	searches      = 2               // at a time
	searchAge     = time.Minute     // a result is kept for so long
)

type searchPage struct {
	page
	Query    string
	Problems []string
	Summary  string
	Days     []day
	Near     []told // reports that lack one part; where none matches
	Address  string
	Forms    []alternate
	Asked    bool
}

// search answers /search, a page, and /search.FORMAT: every search is a feed.
func (s *Server) search(w http.ResponseWriter, r *http.Request) {
	st := s.state.Load()
	if st.ParseQuery == nil {
		s.unknown(w, r)
		return
	}
	_, suffix, _ := strings.Cut(r.URL.Path, ".")
	format := publish.Format(suffix)
	q := strings.Join(strings.Fields(r.URL.Query().Get("q")), " ")
	query, problems := st.parseQuery(q)
	if format == "" {
		s.searchPage(w, r, st, q, query, problems)
		return
	}
	if query == nil {
		s.refuse(w, r, http.StatusBadRequest, sentence("this search cannot be understood: "+strings.Join(problems, "; ")))
		return
	}
	head := s.searchHead(st, q)
	doc, err := s.cache.get(r.Context(), head.Self(format), s.searchVersion(st), func(ctx context.Context) (rendered, error) {
		f, err := s.find(ctx, st, head, query)
		if err != nil {
			return rendered{}, err
		}
		var b bytes.Buffer
		err = publish.Render(&b, format, f)
		s.metrics.renders.WithLabelValues(string(format)).Inc()
		return rendered{plain: b.Bytes(), changed: f.Changed}, err
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.serve(w, r, doc, answer{contentType: format.ContentType(), cache: cacheTopicFeed, csp: cspTopicFeed, anyOrigin: true})
}

// parseQuery compiles a search; nil with the reasons when it cannot be.
func (st *State) parseQuery(q string) (*topic.Query, []string) {
	if len([]rune(q)) > maxSearch {
		return nil, []string{"it is longer than " + strconv.Itoa(maxSearch) + " characters"}
	}
	if terms(q) > maxTerms {
		return nil, []string{"it has more than " + strconv.Itoa(maxTerms) + " words and phrases"}
	}
	query, problems := st.ParseQuery(q)
	var words []string
	for _, p := range problems {
		words = append(words, "column "+strings.TrimPrefix(p.String(), p.File+":1:"))
	}
	return query, words
}

// terms counts the words and phrases of a search, less what joins them.
func terms(q string) (n int) {
	for i, part := range strings.Split(q, `"`) {
		if i%2 == 1 {
			n++
			continue
		}
		words := strings.Fields(part)
		for j, word := range words {
			joins := strings.HasPrefix(word, "near/") || slices.Contains([]string{"and", "or", "not"}, strings.ToLower(strings.Trim(word, "()")))
			place := j > 0 && (strings.HasSuffix(words[j-1], ")") && word == "in" || words[j-1] == "in" && j > 1 && strings.HasSuffix(words[j-2], ")"))
			n += one(!joins && !place && strings.Trim(word, "()") != "")
		}
	}
	return n
}

func (s *Server) searchHead(st *State, q string) publish.TopicFeed {
	return publish.TopicFeed{
		Site: st.siteWithoutHub(), Path: "/search", Query: "q=" + url.QueryEscape(q),
		Topic: news.Topic{Title: "Search: " + q, ShowWhy: true},
	}
}

// siteWithoutHub is for documents that the hub does not serve.
func (st *State) siteWithoutHub() publish.Site {
	site := st.Site
	site.Hub = false
	return site
}

func (s *Server) searchVersion(st *State) version {
	return version{st, uint64(s.Now().UnixNano() / int64(searchAge))}
}

// find scans the archive, newest first. The two slots bound what searches cost.
func (s *Server) find(ctx context.Context, st *State, f publish.TopicFeed, q *topic.Query) (publish.TopicFeed, error) {
	ctx, cancel := context.WithTimeout(ctx, maxSearchTime)
	defer cancel()
	select {
	case s.scans <- struct{}{}:
		defer func() { <-s.scans }()
	case <-ctx.Done():
		return f, errBusy
	}
	f.Sources, f.Entities = st.sources, st.Entities
	f.Changed = st.Applied // of an archive without an item
	var since time.Time
	may := func(item *news.Item) bool {
		if since.IsZero() {
			since = item.FirstSeen.AddDate(0, 0, -searchDays)
		}
		if item.FirstSeen.Before(since) {
			return false
		}
		f.Changed = item.FirstSeen
		return q.May(item)
	}
	cursor := ""
	for seen := 0; seen < searchItems && len(f.Entries) < searchHits; seen += searchStep {
		items, next, err := s.Store.Scan(ctx, store.Filter{Newest: true, Since: since, May: may}, cursor, searchStep)
		if err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				return f, errBusy
			}
			return f, err
		}
		for i := range items {
			if m, ok := q.Match(&items[i]); ok && len(f.Entries) < searchHits {
				m.Rule = "" // the query itself: it stands in the title
				f.Entries = append(f.Entries, news.Entry{Joined: items[i].FirstSeen, Item: items[i], Match: m})
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	f.Description = count(len(f.Entries), "report") + ", newest first; looked back to " + f.Changed.UTC().Format("2 Jan 2006") + "."
	if len(f.Entries) > 0 {
		f.Changed = f.Entries[0].Joined
	}
	return f, nil
}

// Nearest misses are looked for among the newest items, and few are shown: they
// are hints.
const (
	nearItems = 2 * searchStep
	nearShown = 5
)

// nearest returns reports that have all of a search but one part.
func (s *Server) nearest(ctx context.Context, st *State, root string, q *topic.Query) ([]told, error) {
	var out []told
	cursor := ""
	for seen := 0; seen < nearItems; seen += searchStep {
		items, next, err := s.Store.Scan(ctx, store.Filter{Newest: true}, cursor, searchStep)
		if err != nil {
			return nil, err
		}
		for i := range items {
			if lacks, ok := q.Near(&items[i]); ok {
				out = append(out, told{entryRow: entryRowOf(st, root, &news.Entry{Item: items[i]}), Evidence: lacks})
			}
			if len(out) == nearShown {
				return out, nil
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return out, nil
}

func (s *Server) searchPage(w http.ResponseWriter, r *http.Request, st *State, q string, query *topic.Query, problems []string) {
	head := s.searchHead(st, q)
	if q != "" && query == nil {
		p := searchPage{page: s.newPage(st, "Search", "/search"), Query: q, Asked: true, Problems: problems}
		p.Nav = "search"
		s.writePage(w, r, http.StatusBadRequest, "search", p)
		return
	}
	key := head.Path + "?" + head.Query
	s.show(w, r, s.searchVersion(st), key, "search", "", func(ctx context.Context) (any, error) {
		p := searchPage{page: s.newPage(st, "Search", "/search"), Query: q, Asked: q != ""}
		p.Nav = "search"
		if q == "" {
			return p, nil
		}
		f, err := s.find(ctx, st, head, query)
		if err != nil {
			return nil, err
		}
		p.Address, p.Forms, p.Summary = head.Self(publish.Atom), forms(&head, head.Topic.Title), f.Description
		p.Alternates, p.Canonical = p.Forms, head.Page()
		p.Days = days(st, p.Root, f.Entries)
		if p.Days == nil {
			p.Near, err = s.nearest(ctx, st, p.Root, query)
		}
		return p, err
	})
}
