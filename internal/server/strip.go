package server

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"khyber/internal/news"
)

const (
	stripHours = 48
	cellWidth  = 4 // of an hour in a strip, with its gap
)

// hours remember of a source which hours had polls that went well, and that did
// not. The store keeps the last polls only, which are an evening of a busy source.
type hours struct {
	last      int64  // the newest hour with a poll, since 1970
	good, bad uint64 // a bit for each hour, the lowest is last
	failed    time.Time
	kind      news.Kind // of the poll that failed last
}

// note counts a poll; more than once is once. What failed by our own fault is no
// word on the source.
func (h *hours) note(p *news.Poll) {
	if p.OwnOutage {
		return
	}
	hour := p.At.Unix() / 3600
	if hour > h.last {
		h.good, h.bad, h.last = h.good<<(hour-h.last), h.bad<<(hour-h.last), hour
	}
	bit := uint64(1) << (h.last - hour)
	if p.Kind.Good() {
		h.good |= bit
		return
	}
	h.bad |= bit
	if p.At.After(h.failed) {
		h.failed, h.kind = p.At, p.Kind
	}
}

// healths are the hours of all sources, as far as they were seen or are kept.
type healths struct {
	mu       sync.Mutex
	bySource map[string]hours
}

// note counts polls of a source and returns its hours.
func (x *healths) note(source string, polls ...news.Poll) hours {
	x.mu.Lock()
	defer x.mu.Unlock()
	h := x.bySource[source]
	for i := range polls {
		h.note(&polls[i])
	}
	x.bySource[source] = h
	return h
}

// strip draws the last hours of a source, the oldest first: full, half where some
// polls failed, notched where all did, blank where there was none.
type strip struct {
	Width           int
	Full, Half, Bad string // paths
	Label           string
	Known           int // hours with a poll
}

func stripOf(h hours, now time.Time) strip {
	s := strip{Width: stripHours * cellWidth}
	var full, half, notched strings.Builder
	fine := 0
	for age := range int64(stripHours) {
		at := h.last - (now.Unix()/3600 - age) // how far back from the newest hour with a poll
		if at < 0 {
			continue
		}
		good, bad := h.good>>at&1 == 1, h.bad>>at&1 == 1
		x := strconv.FormatInt((stripHours-1-age)*cellWidth, 10)
		switch {
		case good && bad:
			half.WriteString("M" + x + " 6h3v8h-3z")
		case good:
			full.WriteString("M" + x + " 0h3v14h-3z")
			fine++
		case bad:
			notched.WriteString("M" + x + " 0h3v3h-3zM" + x + " 11h3v3h-3z")
		}
		s.Known += one(good || bad)
	}
	s.Full, s.Half, s.Bad = full.String(), half.String(), notched.String()
	s.Label = strconv.Itoa(fine) + " of " + count(s.Known, "hour") + " fine"
	if s.Known < stripHours {
		s.Label += ", of the last " + strconv.Itoa(stripHours)
	}
	if now.Sub(h.failed) < stripHours*time.Hour {
		s.Label += "; last failure " + stamp(h.failed) + ", " + string(h.kind)
	}
	return s
}
