package server

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// ill is something that is wrong with us, not with a source.
type ill string

// What can be wrong with us.
const (
	illWrite   ill = "write"   // the database takes no writes
	illDamaged ill = "damaged" // nor will it ever
	illClock   ill = store.OfClock
	illFile    ill = store.OfFile
	illLine    ill = store.OfLine
	illRoom    ill = store.OfRoom
	illLate    ill = store.OfLate
	illNotify  ill = "notify" // a target takes no notices
)

// spell is a time in which we were ill.
type spell struct {
	of           ill
	since, until time.Time // until is zero while it goes on
	detail       string    // as it was said last
}

// ills remembers spells since the start: those in which the database took no
// writes, which it cannot keep, and those of notices, of which no notice would
// tell. All others stand among the store's events.
type ills struct {
	mu     sync.Mutex
	spells []spell // oldest first
}

// maxSpells is how many are remembered: a disk that fills up each hour is told
// of for a day.
const maxSpells = 24

// note says whether we are ill now, and what there is to say of it.
func (x *ills) note(of ill, now time.Time, ailing bool) {
	now = now.UTC().Truncate(time.Second)
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range x.spells {
		if s := &x.spells[i]; s.of == of && s.until.IsZero() {
			if !ailing {
				s.until = now
			}
			return
		}
	}
	if ailing {
		x.spells = append(x.spells, spell{of: of, since: now})
		x.spells = x.spells[max(0, len(x.spells)-maxSpells):]
	}
}

func (x *ills) all() []spell {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]spell(nil), x.spells...)
}

// maxDetail is how many Problems of a file are told; khyber check has them all.
const maxDetail = 5

// spellsOf reckons from events, in their order, when something was wrong with us.
// The same events always give the same spells.
func spellsOf(events []store.Event) []spell {
	var out []spell
	open := make(map[string]int) // of what → its place in out
	for _, e := range events {
		i, ailing := open[e.Of]
		switch {
		case e.Notice != nil:
			continue
		case len(e.Wrong) == 0 && ailing:
			out[i].until = e.At
			delete(open, e.Of)
			continue
		case len(e.Wrong) == 0:
			continue
		case !ailing:
			i = len(out)
			out, open[e.Of] = append(out, spell{of: ill(e.Of), since: e.At}), i
		}
		if out[i].of == illFile {
			lines := e.Wrong[:min(len(e.Wrong), maxDetail)]
			if out[i].detail = strings.Join(lines, " · "); len(lines) < len(e.Wrong) {
				out[i].detail += " · …"
			}
		}
	}
	return out
}

// spells are all that are known, also those of before the start.
func (s *Server) spells(ctx context.Context) ([]spell, error) {
	if s.NoticeStore == nil {
		return s.ills.all(), nil
	}
	last, err := s.NoticeStore.LastEvent(ctx)
	if err != nil {
		return nil, err
	}
	events, err := s.NoticeStore.Events(ctx, 0, last)
	if err != nil {
		return nil, err
	}
	return append(spellsOf(events), s.ills.all()...), nil
}

// Look looks whether the database takes what it is given, for /status.atom, and
// returns the sources that are polled late, by no more than the time since we
// began. It is to be called every minute or so, so that no spell goes unseen.
func (s *Server) Look(ctx context.Context, began time.Time) (late []string, err error) {
	status, err := s.Store.Status(ctx)
	if err != nil {
		return nil, err
	}
	now, damaged := s.Now(), errors.Is(status.Fault, store.ErrDamaged)
	s.ills.note(illWrite, now, status.Fault != nil && !damaged)
	s.ills.note(illDamaged, now, damaged)
	if status.Fault == nil { // else nothing is polled
		late, err = s.late(ctx, began)
	}
	return late, err
}

// late returns the sources that are overdue. What was due before we began is due
// since then.
func (s *Server) late(ctx context.Context, began time.Time) ([]string, error) {
	states, err := s.Store.Sources(ctx)
	if err != nil {
		return nil, err
	}
	st, now := s.state.Load(), s.Now()
	var late []string
	for i := range states {
		x := states[i]
		src, known := st.sources[x.Source]
		if x.Next.Before(began) {
			x.Next = began
		}
		if known && ShownState(&src, &x, now) == news.StateLate {
			late = append(late, x.Source)
		}
	}
	return late, nil
}

// words say what a spell is or was, and what to do about it.
func (x spell) words() (is, was, advice string) {
	switch x.of {
	case illWrite:
		return "The database takes no writes", "The database took no writes", "Nothing new is kept, and sources are not asked; what is kept is still published. Make room on its disk: it goes on by itself."
	case illDamaged:
		return "The database is damaged", "The database was damaged", "What can be read of it is still published. Restore a backup."
	case illFile:
		return "feeds.yaml is not in force", "feeds.yaml was not in force", "It has mistakes, and the one before it is used."
	case illLine:
		return "Most sources cannot be reached", "Most sources could not be reached", "The line or the resolver of this machine is to blame, not they: look there first."
	case illLate:
		return "Sources are polled late", "Sources were polled late", "The machine or its line cannot keep up, or their host is to be asked less often than they are due (host_gap)."
	case illNotify:
		return "Notices are not taken", "Notices were not taken", "What is to be told waits until its target of notify: answers as it should. The log says which one, and why."
	case illRoom:
		return "There is little room: items older than 30 days go", "There was little room, and items older than 30 days went", "Make room on the disk, raise --max-db, or keep less with --keep."
	case illClock:
		return "The clock is more than ten minutes off", "The clock was more than ten minutes off", "Dates of new reports may be wrong. Let the machine take its time from the network."
	}
	return string(x.of), string(x.of), ""
}
