package server

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed" // in tests only: what we serve is read by the library that reads our sources

	"khyber/internal/news"
	"khyber/internal/store"
)

func TestATopicIsDarkWhileMostOfItsSourcesGiveNothing(t *testing.T) {
	at := func(h int) time.Time { return noon.Add(time.Duration(h) * time.Hour) }
	bad := func(source string, since, until int) store.Notice {
		n := store.Notice{Source: source, State: news.StateFailing, Since: at(since)}
		if until > since {
			n.Until = at(until)
		}
		return n
	}
	three := []string{"a", "b", "c"}
	for name, c := range map[string]struct {
		notices []store.Notice
		want    []eclipse
	}{
		"nothing":               {nil, nil},
		"one of three":          {[]store.Notice{bad("a", 1, 9)}, nil},
		"two of three":          {[]store.Notice{bad("a", 1, 9), bad("b", 3, 5)}, []eclipse{{at(3), at(5), 2}}},
		"two, then all":         {[]store.Notice{bad("a", 1, 9), bad("b", 3, 8), bad("c", 4, 5)}, []eclipse{{at(3), at(8), 3}}},
		"it goes on":            {[]store.Notice{bad("a", 1, 0), bad("b", 3, 0)}, []eclipse{{at(3), time.Time{}, 2}}},
		"twice":                 {[]store.Notice{bad("a", 1, 0), bad("b", 3, 5), bad("c", 7, 8)}, []eclipse{{at(3), at(5), 2}, {at(7), at(8), 2}}},
		"one changes its state": {[]store.Notice{bad("a", 1, 9), bad("b", 3, 5), bad("b", 5, 7)}, []eclipse{{at(3), at(7), 2}}},
		"others":                {[]store.Notice{bad("x", 1, 0), bad("y", 1, 0), {Topic: "t", Since: at(1)}}, nil},
		"undated is no silence": {[]store.Notice{{Source: "a", State: news.StateUndated, Since: at(1)}, bad("b", 2, 0)}, nil},
	} {
		if got := eclipses(three, c.notices); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// troublesOf returns the entries of /status.atom: title and text by id.
func troublesOf(t *testing.T, s *Server) map[string][2]string {
	t.Helper()
	parsed, err := gofeed.NewParser().Parse(get(s, "/status.atom").Body)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string][2]string)
	for _, item := range parsed.Items {
		if _, twice := all[item.GUID]; twice {
			t.Errorf("%s is there twice", item.GUID)
		}
		all[item.GUID] = [2]string{item.Title, item.Description}
	}
	return all
}

// Each trouble is one entry from its beginning to its end.
func TestEveryKindOfTroubleIsOneEntryFromBeginningToEnd(t *testing.T) {
	now := noon
	st, own := sampleStore(), &events{}
	start := func() *Server {
		return New(Options{Store: st, Now: func() time.Time { return now }, NoticeStore: own})
	}
	s := start()
	quiet := sampleStore()
	st.states = quiet.states[:1] // one source, and it is well
	st.states[0].Next = noon.AddDate(0, 0, 1)
	st.topics = map[string]store.TopicPage{"border-trade": st.topics["border-trade"]}
	state := sampleState()
	state.Topics, state.Sources = state.Topics[:1], state.Sources[:2]
	s.Apply(state)
	if got := troublesOf(t, s); len(got) != 0 {
		t.Fatalf("without trouble: %v", got)
	}
	for _, c := range []struct {
		name       string
		begin, end func()
		is, was    string // titles
	}{
		{
			"a failed write", func() { st.fault = store.ErrFull }, func() { st.fault = nil },
			"The database takes no writes", "Resolved: The database took no writes",
		},
		{
			"damage", func() { st.fault = store.ErrDamaged }, func() { st.fault = nil },
			"The database is damaged", "Resolved: The database was damaged",
		},
		{
			"the clock", func() { own.note(now, store.OfClock, store.OfClock) }, func() { own.note(now, store.OfClock) },
			"The clock is more than ten minutes off", "Resolved: The clock was more than ten minutes off",
		},
		{
			"the line", func() { own.note(now, store.OfLine, store.OfLine) }, func() { own.note(now, store.OfLine) },
			"Most sources cannot be reached", "Resolved: Most sources could not be reached",
		},
		{
			"late polls", func() { own.note(now, store.OfLate, "gazette") }, func() { own.note(now, store.OfLate) },
			"Sources are polled late", "Resolved: Sources were polled late",
		},
		{
			"a refused file", func() { own.note(now, store.OfFile, "unknown key") }, func() { own.note(now, store.OfFile) },
			"feeds.yaml is not in force", "Resolved: feeds.yaml was not in force",
		},
		{
			"little room", func() { own.note(now, store.OfRoom, store.OfRoom) }, func() { own.note(now, store.OfRoom) },
			"There is little room: items older than 30 days go", "Resolved: There was little room, and items older than 30 days went",
		},
		{
			"a source", func() { st.notices = []store.Notice{{Source: "gazette", State: news.StateOK, Since: now}} },
			func() { st.notices[0].Until = now },
			"The Ford Gazette is ok", "Resolved: The Ford Gazette was ok",
		},
		{
			"a surge", func() { st.notices = []store.Notice{{Topic: "border-trade", Since: now, Stories: 9, Usual: 1.2}} },
			func() { st.notices[0].Until = now },
			"Border & trade: 9 stories in 3 h, usually 1.2", "Ended: Border & trade: 9 stories in 3 h, usually 1.2",
		},
	} {
		look := func() map[string][2]string {
			now = now.Add(time.Minute) // a page is kept for seconds
			if _, err := s.Look(t.Context(), noon.Add(-time.Hour)); err != nil {
				t.Fatal(err)
			}
			return troublesOf(t, s)
		}
		only := func(all map[string][2]string, title string) string {
			for id, x := range all {
				if x[0] == title {
					return id
				}
			}
			t.Errorf("%s: no %q among %v", c.name, title, all)
			return ""
		}
		before := look()
		c.begin()
		began, again := look(), look()
		if id := only(began, c.is); len(began) != len(before)+1 || !reflect.DeepEqual(began, again) {
			t.Errorf("%s: got %v, then %v, then %v", c.name, before, began, again)
		} else {
			c.end()
			if ended := look(); only(ended, c.was) != id || len(ended) != len(began) {
				t.Errorf("%s ended: %v", c.name, ended)
			}
		}
		st.notices = nil
	}
	now = now.Add(time.Minute)
	before, again := troublesOf(t, s), start()
	again.Apply(state)
	after := troublesOf(t, again)
	if len(after) != 5 || len(before) != 7 { // a full and a damaged database keep nothing
		t.Errorf("before a restart %v, after it %v", before, after)
	}
	for id, x := range after {
		if before[id] != x {
			t.Errorf("%s: %v before a restart, %v after it", id, before[id], x)
		}
	}
}

func TestATopicThatLostMostOfItsSourcesIsTold(t *testing.T) {
	st := sampleStore()
	st.notices = []store.Notice{
		{Source: "wire", State: news.StateFailing, Since: noon.AddDate(0, 0, -1)},
		{Source: "sahar", State: news.StateSilent, Since: noon.AddDate(0, 0, -3)},
		{Source: "mirror", State: news.StateFailing, Since: noon.AddDate(0, 0, -2), Until: noon.AddDate(0, 0, -1).Add(time.Hour)},
	}
	found := 0
	for _, x := range troublesOf(t, newServer(st)) {
		if strings.HasPrefix(x[0], "Resolved: Border & trade: most of its sources") {
			found++
			if want := "From 22 Nov 2026 12:00 UTC to 22 Nov 2026 13:00 UTC: 3 of 4 sources of the topic gave nothing."; x[1] != want {
				t.Errorf("got %q, want %q", x[1], want)
			}
		}
	}
	if found != 1 {
		t.Errorf("%d entries", found)
	}
}

func TestATopicFeedThatSpansLessThanADayIsTold(t *testing.T) {
	st := sampleStore()
	page := st.topics["border-trade"]
	for i := range page.Entries {
		page.Entries[i].Joined = noon.Add(-time.Duration(i) * time.Minute)
	}
	st.topics["border-trade"] = page
	found := 0
	for _, x := range troublesOf(t, newServer(st)) {
		if strings.HasPrefix(x[0], "Border & trade: entries stay") && strings.Contains(x[1], "spans 1.6 hours") {
			found++
		}
	}
	if found != 1 {
		t.Errorf("%d entries", found)
	}
}

// events is a NoticeStore with the events that a test makes up.
type events struct{ all []store.Event }

func (x *events) note(at time.Time, of string, wrong ...string) {
	x.all = append(x.all, store.Event{At: at, Of: of, Wrong: wrong})
}

func (x *events) LastEvent(context.Context) (uint64, error) { return uint64(len(x.all)), nil }

func (x *events) Events(_ context.Context, after, last uint64) ([]store.Event, error) {
	return x.all[after:last], nil
}

func (x *events) Targets(context.Context) (map[string][]byte, error) { return nil, nil }

func (x *events) PutTarget(context.Context, string, []byte) error { return nil }

func TestSpellsGoOnUntilTheyEndWhateverIsSaidMeanwhile(t *testing.T) {
	x := &events{}
	x.note(noon, store.OfLine) // nothing was wrong
	x.note(noon.Add(time.Minute), store.OfFile, "1", "2")
	x.note(noon.Add(2*time.Minute), store.OfFile, "3", "4", "5", "6", "7", "8")
	x.all = append(x.all, store.Event{Notice: &store.Notice{Source: "wire"}})
	x.note(noon.Add(3*time.Minute), store.OfClock, store.OfClock)
	x.note(noon.Add(4*time.Minute), store.OfFile)
	x.note(noon.Add(5*time.Minute), store.OfFile, "9")
	want := []spell{
		{illFile, noon.Add(time.Minute), noon.Add(4 * time.Minute), "3 · 4 · 5 · 6 · 7 · …"},
		{illClock, noon.Add(3 * time.Minute), time.Time{}, ""},
		{illFile, noon.Add(5 * time.Minute), time.Time{}, "9"},
	}
	if got := spellsOf(x.all); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
