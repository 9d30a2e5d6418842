package server

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/publish"
	"khyber/internal/store"
)

// status is /status.json; its keys are stable and it holds no secret.
type status struct {
	Version string         `json:"version"`
	Config  statusConfig   `json:"config"`
	Store   statusStore    `json:"store"`
	Sources []statusSource `json:"sources"`
	Topics  []statusTopic  `json:"topics"`
	Hub     *statusHub     `json:"hub,omitempty"`    // where there is one
	Notify  *statusNotify  `json:"notify,omitempty"` // where there are targets

	Reapplied []statusChange `json:"topics_changed"` // since the start, the newest first

	Rejected map[news.Reason]int `json:"rejected"` // since the start
}

type statusHub struct {
	Subscribers int `json:"subscribers"`
	Failing     int `json:"failing"`
}

type statusNotify struct {
	Targets int `json:"targets"`
	Failing int `json:"failing"` // did not take the last message
}

type statusConfig struct {
	Generation uint64     `json:"generation"`
	Hash       string     `json:"hash"` // of the files
	Loaded     *time.Time `json:"loaded,omitempty"`
	OK         bool       `json:"ok"`
	Problems   []string   `json:"problems"`
	Changes    []string   `json:"changes,omitempty"`
}

type statusStore struct {
	Items    int        `json:"items"`
	Oldest   *time.Time `json:"oldest,omitempty"` // when the oldest item that is kept was first seen
	Bytes    int64      `json:"bytes"`
	Writable bool       `json:"writable"`
	Fault    string     `json:"fault,omitempty"`    // why not
	Rematch  int        `json:"rematch_items_left"` // to be matched with changed topics
}

// statusChange is what a changed topic changed in the archive, so far.
type statusChange struct {
	Topic    string    `json:"topic"`
	At       time.Time `json:"at"`
	Done     bool      `json:"done"`
	Joined   int       `json:"joined"`
	Left     int       `json:"left"`
	Joined7d int       `json:"joined_7d"`
	Left7d   int       `json:"left_7d"`
}

type statusSource struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	State   news.State `json:"state"`
	Since   *time.Time `json:"since,omitempty"`
	Kind    news.Kind  `json:"kind,omitempty"`
	LastOK  *time.Time `json:"last_ok,omitempty"`
	LastNew *time.Time `json:"last_new,omitempty"`
	Next    *time.Time `json:"next,omitempty"`
	Items7d int        `json:"items_7d"`
}

type statusTopic struct {
	ID          string         `json:"id"`
	Title       string         `json:"title"`
	Entries24h  int            `json:"entries_24h"`
	LastJoined  *time.Time     `json:"last_joined,omitempty"`
	WindowHours float64        `json:"window_hours"`
	Coverage    statusCoverage `json:"coverage"`
}

type statusCoverage struct {
	Sources int      `json:"sources"`
	OK      int      `json:"ok"`
	Silent  []string `json:"silent"`
	Failing []string `json:"failing"`
}

// reapplied tells what changed topics have changed.
func (s *Server) reapplied() []Reapplied {
	if s.Polling == nil {
		return nil
	}
	return s.Polling().Reapplied
}

// readStatus reads what /status and /status.json show.
func (s *Server) readStatus(ctx context.Context, st *State) (status, error) {
	x := status{
		Version: s.Version, Sources: []statusSource{}, Topics: []statusTopic{}, Reapplied: []statusChange{},
		Config: statusConfig{st.Generation, fmt.Sprintf("%016x", st.Hash), optional(st.Applied), !st.Refused, []string{}, st.Changes},
	}
	for _, p := range st.Problems {
		x.Config.Problems = append(x.Config.Problems, p.String())
	}
	kept, err := s.Store.Status(ctx)
	if err != nil {
		return x, err
	}
	week, err := s.lastWeek(ctx)
	if err != nil {
		return x, err
	}
	oldest, err := s.oldest(ctx)
	if err != nil {
		return x, err
	}
	for _, c := range s.reapplied() {
		x.Reapplied = append(x.Reapplied, statusChange{c.Topic, c.At.UTC().Truncate(time.Second), c.Done, c.Joined, c.Left, c.WeekJoined, c.WeekLeft})
	}
	x.Rejected = s.refused.all()
	if st.Site.Hub {
		x.Hub = s.hub.status()
	}
	x.Notify = s.notifier.status(st)
	x.Store = statusStore{kept.Items, optional(oldest), kept.Bytes, kept.Fault == nil, faultWords(kept.Fault), kept.Rematch}
	states, err := s.Store.Sources(ctx)
	if err != nil {
		return x, err
	}
	byID, now := statesByID(states), s.Now()
	for i := range st.Sources {
		src := &st.Sources[i]
		state := byID[src.ID]
		if state == nil {
			state = &news.SourceState{}
		}
		x.Sources = append(x.Sources, statusSource{
			src.ID, cmp.Or(src.Name, src.ID), ShownState(src, state, now), optional(state.Since), state.LastKind,
			optional(state.LastOK), optional(state.LastNew), optional(state.Next),
			week.items[src.ID],
		})
	}
	for _, t := range st.Topics {
		row, err := s.statusTopic(ctx, st, t, states)
		if err != nil {
			return x, err
		}
		x.Topics = append(x.Topics, row)
	}
	return x, nil
}

// faultWords says to everybody why the database takes no writes: no path, no
// number of an error.
func faultWords(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, store.ErrFull):
		return store.ErrFull.Error()
	case errors.Is(err, store.ErrDamaged):
		return store.ErrDamaged.Error()
	}
	return "the disk failed, and the service starts again"
}

// oldest returns when the item that is kept longest was first seen.
func (s *Server) oldest(ctx context.Context) (time.Time, error) {
	items, _, err := s.Store.Scan(ctx, store.Filter{}, "", 1)
	if err != nil || len(items) == 0 {
		return time.Time{}, err
	}
	return items[0].FirstSeen, nil
}

func (s *Server) statusTopic(ctx context.Context, st *State, t news.Topic, states []news.SourceState) (statusTopic, error) {
	page, err := s.Store.Topic(ctx, t.ID, store.Page{})
	if err != nil {
		return statusTopic{}, err
	}
	c := st.coverage(t.ID, states, giversOf(&page))
	row := statusTopic{
		ID: t.ID, Title: t.Title,
		Coverage: statusCoverage{c.Sources, c.OK, []string{}, []string{}},
	}
	for _, x := range c.Silent {
		row.Coverage.Silent = append(row.Coverage.Silent, x.Source)
	}
	for _, x := range c.Failing {
		row.Coverage.Failing = append(row.Coverage.Failing, x.Source)
	}
	if len(page.Entries) > 0 {
		row.LastJoined = optional(page.Entries[0].Joined)
		row.WindowHours = float64(spanOf(page.Entries).Round(6*time.Minute)) / float64(time.Hour) // tenths
		since := s.Now().Add(-24 * time.Hour)
		for _, e := range page.Entries {
			if !e.Joined.Before(since) {
				row.Entries24h++
			}
		}
	}
	return row, nil
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

func (s *Server) statusJSON(w http.ResponseWriter, r *http.Request) {
	st := s.state.Load()
	doc, err := s.cache.get(r.Context(), "/status.json", s.pageVersion(st), func(ctx context.Context) (rendered, error) {
		x, err := s.readStatus(ctx, st)
		if err != nil {
			return rendered{}, err
		}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		err = enc.Encode(x)
		return rendered{plain: b.Bytes()}, err
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.serve(w, r, doc, answer{contentType: "application/json; charset=utf-8", cache: "no-cache", csp: cspTopicFeed, anyOrigin: true})
}

type statusPage struct {
	page
	Service, Config mark
	Notices         mark // zero: there are no targets
	Version         string
	Loaded          time.Time
	Generation      uint64
	Problems        []string
	Changes         []string
	Items, Rematch  int
	Reapplied       []statusChange
	Size            string
	Sources         string
	Topics          []statusTopicRow
}

type statusTopicRow struct {
	statusTopic
	URL    string
	Last   time.Time
	Answer mark
}

func (s *Server) statusPage(w http.ResponseWriter, r *http.Request) {
	st := s.state.Load()
	s.showPage(w, r, st, "/status", "status", "", func(ctx context.Context) (any, error) {
		x, err := s.readStatus(ctx, st)
		if err != nil {
			return nil, err
		}
		p := statusPage{
			page: s.newPage(st, "Status", "/status"), Version: x.Version, Loaded: st.Applied, Generation: st.Generation,
			Problems: x.Config.Problems, Changes: x.Config.Changes, Items: x.Store.Items, Rematch: x.Store.Rematch, Reapplied: x.Reapplied, Size: bytesText(x.Store.Bytes),
			Service: mark{"ok", shapeFull, "reading, keeping and publishing"}, Config: mark{"ok", shapeFull, "in force"},
		}
		p.Nav = "status"
		p.Alternates = []alternate{{"Atom", publish.Atom.MediaType(), "Troubles (Atom)", st.Site.BaseURL + "/status.atom"}}
		if st.Refused {
			p.Config = mark{"bad", shapeCross, "the last file has mistakes, the one before is in force"}
		}
		if n := x.Notify; n != nil {
			p.Notices = mark{"ok", shapeFull, "taken by " + count(n.Targets, "target")}
			if n.Failing > 0 {
				p.Notices = mark{"bad", shapeCross, strconv.Itoa(n.Failing) + " of " + count(n.Targets, "target") + " did not take the last one: the log says why"}
			}
		}
		counts := map[news.State]int{}
		for _, src := range x.Sources {
			counts[src.State]++
		}
		p.Sources = stateCounts(counts)
		switch away := counts[news.StateFailing] + counts[news.StateGone]; {
		case !x.Store.Writable:
			p.Service = mark{"bad", shapeCross, "keeps nothing new: " + x.Store.Fault + "; what is kept is still published"}
		case away > 0 && away+counts[news.StateDisabled] == len(x.Sources):
			p.Service = mark{"bad", shapeCross, "no source answers; what is kept is still published"}
		}
		for _, t := range x.Topics {
			row := statusTopicRow{statusTopic: t, URL: p.Root + "/topics/" + t.ID}
			if t.LastJoined != nil {
				row.Last = *t.LastJoined
			}
			row.Answer = coverageMark(publish.Coverage{
				Sources: t.Coverage.Sources, OK: t.Coverage.OK,
				Silent: make([]publish.Trouble, len(t.Coverage.Silent)), Failing: make([]publish.Trouble, len(t.Coverage.Failing)),
			})
			p.Topics = append(p.Topics, row)
		}
		return p, nil
	})
}

// bytesText writes a size for people.
func bytesText(n int64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	x, i := float64(n), 0
	for x >= 1024 && i < len(units)-1 {
		x /= 1024
		i++
	}
	return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0") + " " + units[i]
}
