package server

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/publish"
	"khyber/internal/text"
)

type indexPage struct {
	page
	Summary string
	Note    *note
	File    string // what the last reload did
	Topics  []topicRow
	Sources []sourceRow
}

type note struct {
	Class, Text string
	Lines       []string
	New         bool // who reads it is new here
}

type topicRow struct {
	Title, Lang, Dir, URL, About string
	Day, Week                    string
	Last                         time.Time
	Coverage                     mark
	Volume                       *chart
	Forms                        []alternate
}

type sourceRow struct {
	ID, Name      string
	State         mark
	Reason        string
	LastNew, Next time.Time
}

func (s *Server) index(w http.ResponseWriter, r *http.Request) {
	st := s.state.Load()
	s.showPage(w, r, st, "/", "index", "", func(ctx context.Context) (any, error) {
		states, err := s.Store.Sources(ctx)
		if err != nil {
			return nil, err
		}
		p := indexPage{page: s.newPage(st, "", "/")}
		p.Nav = "topics"
		p.Summary = "What " + count(len(st.Sources), "source") + " report, sorted by topic."
		p.Sources = s.sourceRows(st, statesByID(states))
		p.Note = indexNote(st, states)
		if !st.static && !st.Refused && !st.Applied.IsZero() {
			p.File = "feeds.yaml is in force since " + stamp(st.Applied) + s.reloadWords(st) + "."
		}
		for _, t := range st.Topics {
			row, err := s.topicRow(ctx, st, t, states)
			if err != nil {
				return nil, err
			}
			p.Topics = append(p.Topics, row)
			p.Alternates = append(p.Alternates, row.Forms[0])
		}
		return p, nil
	})
}

// reloadWords say what the last reload changed, and what that changed in the
// archive.
func (s *Server) reloadWords(st *State) string {
	words := ""
	if st.Set != nil {
		if n := st.Set.Examples(); n > 0 {
			words = "; " + count(n, "example") + " pass" + map[bool]string{true: "es"}[n == 1]
		}
	}
	if len(st.Changes) > 0 {
		words = ": " + strings.Join(st.Changes, ", ") + words
	}
	for _, c := range s.reapplied() {
		if !c.At.Before(st.Applied) && c.WeekJoined+c.WeekLeft > 0 {
			words += "; " + c.Topic + " +" + strconv.Itoa(c.WeekJoined) + " −" + strconv.Itoa(c.WeekLeft) + " in 7 days"
		}
	}
	return words
}

func (s *Server) topicRow(ctx context.Context, st *State, t news.Topic, states []news.SourceState) (topicRow, error) {
	f := publish.TopicFeed{Site: st.Site, Path: "/topics/" + t.ID}
	lang := text.Language(t.Title)
	row := topicRow{
		Title: t.Title, Lang: publish.LanguageTag(lang), Dir: direction(lang, t.Title), About: t.Description,
		URL: s.newPage(st, "", "").Root + f.Path, Forms: forms(&f, t.Title),
	}
	j, err := s.joined(ctx, t.ID)
	if err != nil {
		return row, err
	}
	row.Coverage = coverageMark(st.coverage(t.ID, states, j.givers))
	now := s.Now()
	row.Day, row.Week, row.Last = j.since(now.Add(-24*time.Hour)), j.since(now.AddDate(0, 0, -7)), j.last()
	row.Volume = chartOf(j, nil, now, sparkDays, sparkTall)
	return row, nil
}

// sourceRows lists the sources as the file does.
func (s *Server) sourceRows(st *State, byID map[string]*news.SourceState) []sourceRow {
	now := s.Now()
	var rows []sourceRow
	for i := range st.Sources {
		src := &st.Sources[i]
		x := byID[src.ID]
		if x == nil {
			x = &news.SourceState{}
		}
		state := ShownState(src, x, now)
		row := sourceRow{ID: src.ID, Name: src.Name, State: stateMark(state), LastNew: x.LastNew, Next: x.Next}
		if row.Name == "" {
			row.Name = src.ID
		}
		if x.Failures > 0 && !x.LastKind.Good() {
			row.Reason = (&news.Poll{Kind: x.LastKind, Text: x.LastText}).Outcome()
		}
		if src.Disabled {
			row.Next = time.Time{}
		}
		rows = append(rows, row)
	}
	return rows
}

// indexNote says what the reader should know first: a refused file, a first
// run, or that nothing answers. Nil: all is well.
func indexNote(st *State, states []news.SourceState) *note {
	if st.Refused {
		n := &note{Class: "bad", Text: "The last feeds.yaml is not in force, because it has mistakes; the one before it still is."}
		for _, p := range st.Problems {
			if len(n.Lines) == 5 {
				n.Lines = append(n.Lines, "… and "+strconv.Itoa(len(st.Problems)-5)+" more: khyber check lists them all")
				break
			}
			n.Lines = append(n.Lines, p.String())
		}
		return n
	}
	enabled, polled, good, failing := 0, 0, 0, 0
	byID := statesByID(states)
	for i := range st.Sources {
		if st.Sources[i].Disabled {
			continue
		}
		enabled++
		if x := byID[st.Sources[i].ID]; x != nil {
			polled += one(!x.LastPoll.IsZero())
			good += one(x.GoodPolls > 0)
			failing += one(x.LastKind != "" && !x.LastKind.Good())
		}
	}
	switch {
	case enabled > 0 && failing == enabled:
		return &note{Class: "bad", Text: "No source answers. Is this machine connected to the internet? The command khyber doctor says what is wrong with each source."}
	case polled < enabled:
		return &note{Class: "good", New: true, Text: strconv.Itoa(good) + " of " + count(enabled, "source") + " answered so far; reload this page in a minute."}
	}
	return nil
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}
