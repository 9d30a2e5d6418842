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
	illClock   ill = "clock"   // ours is off
	illFile    ill = "file"    // feeds.yaml is not in force
	illLine    ill = "line"    // most sources cannot be reached
	illLate    ill = "late"    // sources are overdue
	illNotify  ill = "notify"  // a target takes no notices
)

// clockOff is how far off a clock is worth a word: topics are sorted by minutes.
const clockOff = 10 * time.Minute

// spell is a time in which we were ill.
type spell struct {
	of           ill
	since, until time.Time // until is zero while it goes on
	detail       string    // as it was said last
}

// ills remembers the spells since the start. They cannot be kept in a database
// that takes no writes.
type ills struct {
	mu     sync.Mutex
	spells []spell // oldest first
}

// maxSpells is how many are remembered: a disk that fills up each hour is told
// of for a day.
const maxSpells = 24

// note says whether we are ill now, and what there is to say of it.
func (x *ills) note(of ill, now time.Time, ailing bool, detail string) {
	now = now.UTC().Truncate(time.Second)
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range x.spells {
		if s := &x.spells[i]; s.of == of && s.until.IsZero() {
			if s.detail = detail; !ailing {
				s.until = now
			}
			return
		}
	}
	if ailing {
		x.spells = append(x.spells, spell{of: of, since: now, detail: detail})
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

// lookAtFile notes whether the file that was read last is in force.
func (s *Server) lookAtFile(st *State) {
	var lines []string
	for i := range st.Problems {
		if len(lines) == maxDetail {
			lines = append(lines, "…")
			break
		}
		lines = append(lines, st.Problems[i].String())
	}
	s.ills.note(illFile, s.Now(), st.Refused, strings.Join(lines, " · "))
}

// Look looks whether we are well, for /status.atom, and returns the sources that
// are polled late, by no more than the time since we began. It is to be called
// every minute or so, so that no spell goes unseen.
func (s *Server) Look(ctx context.Context, began time.Time) (late []string, err error) {
	status, err := s.Store.Status(ctx)
	if err != nil {
		return nil, err
	}
	now, damaged := s.Now(), errors.Is(status.Fault, store.ErrDamaged)
	s.ills.note(illWrite, now, status.Fault != nil && !damaged, "")
	s.ills.note(illDamaged, now, damaged, "")
	if s.Polling != nil {
		polling := s.Polling()
		s.ills.note(illClock, now, polling.Offset.Abs() > clockOff, "")
		s.ills.note(illLine, now, polling.Outage, "")
	}
	if status.Fault == nil { // else nothing is polled
		late, err = s.late(ctx, began)
	}
	s.ills.note(illLate, now, len(late) > 0, strings.Join(late, ", "))
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
	case illClock:
		return "The clock is more than ten minutes off", "The clock was more than ten minutes off", "Dates of new reports may be wrong. Let the machine take its time from the network."
	}
	return string(x.of), string(x.of), ""
}
