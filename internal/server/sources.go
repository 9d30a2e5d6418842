package server

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"khyber/internal/news"
)

type sourcesPage struct {
	page
	Summary string
	Sources []sourceDetail
}

type sourceDetail struct {
	sourceRow
	Facts   string // publisher, country, kind
	Address string
	Since   time.Time
	LastOK  time.Time
	Why     string // of the next poll
	Items   uint64
	Notes   []string // what else there is to know
	Trouble string   // what is wrong, in words
	Advice  string   // what to do about it
	Strip   strip

	Documents []account // of the last polls that brought one, newest first
	Last      received
}

// received says which document of a source was the last to be kept: by what its
// server tells it apart, and by its own bytes.
type received struct {
	At                 time.Time // zero: longer ago than polls are kept
	ETag, LastModified string
	Hash               string // of the decoded bytes; empty: there is no document yet
}

// lastDocument returns it. That a poll was not complete leaves the one before.
func lastDocument(x *news.SourceState, polls []news.Poll) received {
	if x == nil || x.BodyHash == 0 {
		return received{}
	}
	d := received{ETag: x.Validators.ETag, LastModified: x.Validators.LastModified, Hash: fmt.Sprintf("%016x", x.BodyHash)}
	for i := range polls {
		if polls[i].Kind == news.KindOK && polls[i].Complete {
			d.At = polls[i].At
			break
		}
	}
	return d
}

// account is what became of the items of a document (P5).
type account struct {
	At   time.Time
	Text string // "39 items: 3 new, 36 known, 1 of them with another text"
}

// maxAccounts is how many documents the page of the sources accounts for.
const maxAccounts = 10

// accountsOf says for the last documents what became of every item.
func accountsOf(polls []news.Poll) []account {
	var all []account
	for i := range polls {
		p := &polls[i]
		if p.Kind != news.KindOK || len(all) == maxAccounts {
			continue
		}
		var text strings.Builder
		fmt.Fprintf(&text, "%d items: %d new, %d known", p.Fetched, p.New, p.Known)
		if p.Revised > 0 {
			fmt.Fprintf(&text, ", %d of them with another text", p.Revised)
		}
		for _, reason := range news.Reasons() {
			if n := p.Rejected[reason]; n > 0 {
				fmt.Fprintf(&text, ", %d rejected as %s", n, reason)
			}
		}
		if p.Baseline {
			text.WriteString("; the first document, so none of it is news")
		}
		all = append(all, account{p.At, text.String()})
	}
	return all
}

func (s *Server) sources(w http.ResponseWriter, r *http.Request) {
	st := s.state.Load()
	s.showPage(w, r, st, "/sources", "sources", "", func(ctx context.Context) (any, error) {
		states, err := s.Store.Sources(ctx)
		if err != nil {
			return nil, err
		}
		p := sourcesPage{page: s.newPage(st, "Sources", "/sources")}
		p.Nav = "sources"
		byID := statesByID(states)
		counts := map[news.State]int{}
		for i, row := range s.sourceRows(st, byID) {
			polls, err := s.Store.Polls(ctx, row.ID)
			if err != nil {
				return nil, err
			}
			src, x := &st.Sources[i], byID[row.ID]
			if x == nil {
				x = &news.SourceState{}
			}
			counts[ShownState(src, x, p.Now)]++
			p.Sources = append(p.Sources, sourceDetailOf(src, x, row, polls, stripOf(s.healths.note(row.ID, polls...), p.Now), p.Now))
		}
		p.Summary = stateCounts(counts)
		return p, nil
	})
}

func sourceDetailOf(src *news.Source, x *news.SourceState, row sourceRow, polls []news.Poll, health strip, now time.Time) sourceDetail {
	var facts []string
	for _, f := range []string{src.Publisher, src.Country, string(src.Type), src.Lang} {
		if f != "" {
			facts = append(facts, f)
		}
	}
	d := sourceDetail{
		sourceRow: row, Facts: strings.Join(facts, " · "), Address: src.PublicURL(),
		Since: x.Since, LastOK: x.LastOK, Why: x.Why, Items: x.Items, Strip: health, Documents: accountsOf(polls), Last: lastDocument(x, polls),
	}
	d.Notes = notesOf(x, polls, now)
	if row.Reason != "" {
		d.Trouble, d.Advice = inWords(x.LastKind), advice(x.LastKind)
	}
	return d
}

// Conditions that a source may have beside its state.
const (
	fewPolls   = 10 // the last so many are looked at
	oftenCut   = 3  // of them
	longFailed = 30 // polls in a row
	rekeyedFor = 30 * 24 * time.Hour
)

// notesOf says what a source's polls show beside its state: conditions that an
// editor may want to act on.
func notesOf(x *news.SourceState, polls []news.Poll, now time.Time) []string {
	var notes []string
	note := func(holds bool, text string) {
		if holds {
			notes = append(notes, text)
		}
	}
	gap, salvaged := false, 0
	for i := range polls[:min(len(polls), fewPolls)] {
		gap = gap || polls[i].Gap()
		salvaged += one(polls[i].Salvaged)
	}
	note(gap, "It turned over faster than it was polled, so news may have been missed: poll it more often.")
	note(x.Redirect.Learned, "It has moved, and its new address is asked: khyber doctor proposes the change of feeds.yaml.")
	note(salvaged >= oftenCut, "Its documents are often damaged; what is whole in them is kept.")
	note(x.LastStatus == http.StatusTooManyRequests || x.Hold.After(now), "It asks to be polled less often, which is heeded.")
	note(now.Sub(x.Distrust.Rekeyed) < rekeyedFor || now.Sub(x.Distrust.Rotating) < rekeyedFor, "It gives known reports new ids; they are known by other marks.")
	note(x.Failures >= longFailed, "It has failed "+strconv.Itoa(x.Failures)+" times in a row and is still asked once a day: it may come back, or be removed.")
	return notes
}

// stateCounts says how many sources are in each state, trouble last.
func stateCounts(counts map[news.State]int) string {
	var parts []string
	for _, state := range []news.State{
		news.StateOK, news.StateNew, news.StateLate, news.StateSilent, news.StateEmpty, news.StateUndated,
		news.StateFailing, news.StateGone, news.StateDisabled,
	} {
		if n := counts[state]; n > 0 {
			parts = append(parts, strconv.Itoa(n)+" "+string(state))
		}
	}
	if parts == nil {
		return "There is no source yet."
	}
	return strings.Join(parts, ", ") + "."
}

// inWords says what a Kind means, and advice what to do about it.
func inWords(k news.Kind) string { return cmp.Or(kindWords[k].what, string(k)) }

func advice(k news.Kind) string { return kindWords[k].advice }

var kindWords = map[news.Kind]struct{ what, advice string }{
	news.KindTimeout:        {"It did not answer in time.", "If it stays so, give the source a longer timeout."},
	news.KindDNS:            {"Its name is not found.", "Check the address; the site may have moved."},
	news.KindRefused:        {"It refused or cut the connection.", "Usually it comes back by itself."},
	news.KindTLS:            {"Its certificate or handshake is not right.", "The operators of the site must mend it."},
	news.KindStatus:         {"It answered with an error.", "If it stays so, open its address in a browser: it may have moved or block programs."},
	news.KindTooLarge:       {"Its document is larger than the limit.", "Raise max_bytes of the source if you trust it."},
	news.KindRedirect:       {"Its redirects lead nowhere.", "Look for its new address."},
	news.KindPrivateAddress: {"It leads to an address inside a private network.", "Set allow_private_network if that is meant."},
	news.KindNotAFeed:       {"It sent a page, not a feed.", "Look for the new address of its feed: khyber add takes the site's address and finds it."},
	news.KindGone:           {"It says that it is gone for good.", "Remove the source, or look for its new address."},
}
