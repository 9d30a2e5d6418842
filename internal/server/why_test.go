package server

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"khyber/internal/news"
	"khyber/internal/topic"
)

// ruled returns a Server with compiled topics and a search.
func ruled(t *testing.T) *Server {
	s := newServer(sampleStore())
	s.Apply(withRules(t, sampleState()))
	return s
}

func TestWhyGivesTheVerdictByTheRulesOfNow(t *testing.T) {
	s := ruled(t)
	w := get(s, "/why?topic=border-trade&item=0000000000001000", "Accept", "application/json")
	var got topic.Verdict
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if got.Topic != "border-trade" || got.Verdict != "in" || got.Rule != "customs and crossings" || len(got.Mentions) == 0 || got.Mentions[0].Text != "Customs" {
		t.Errorf("got %+v", got)
	}
	page := get(s, "/why?topic=border-trade&item=https://www.gazette.example/r/1").Body.String()
	if !strings.Contains(page, "not in the topic") || !strings.Contains(page, "customs and crossings") || !strings.Contains(page, "(excludes)") {
		t.Errorf("page %s", page)
	}
}

func TestWhyOfNothingIs404(t *testing.T) {
	s := ruled(t)
	for _, path := range []string{
		"/why", "/why?topic=none&item=0000000000001000", "/why?topic=border-trade&item=x",
		"/why?topic=border-trade&item=00000000000000ff", "/why?topic=border-trade&item=https://x.example/",
	} {
		if w := get(s, path); w.Code != 404 {
			t.Errorf("%s: code %d", path, w.Code)
		}
	}
}

func TestSearchIsATopicFeed(t *testing.T) {
	s := ruled(t)
	w := get(s, "/search.atom?q=customs+office")
	body := w.Body.String()
	if w.Code != 200 || strings.Count(body, "<entry") != 30 ||
		!strings.Contains(body, `href="https://news.example.org/search.atom?q=customs+office"`) || !strings.Contains(body, "30 reports, newest first") {
		t.Errorf("%d %.2000s", w.Code, body)
	}
	if page := get(s, "/search").Body.String(); !strings.Contains(page, `role="search"`) || !strings.Contains(page, `href="/search" aria-current="page"`) {
		t.Errorf("page %s", page)
	}
	if page := get(s, "/search?q=customs").Body.String(); !strings.Contains(page, "Customs office at the upper ford") || strings.Contains(page, `rel="hub"`) {
		t.Errorf("page %s", page)
	}
}

func TestSearchThatCannotBeUnderstoodIsTold(t *testing.T) {
	s := ruled(t)
	for _, q := range []string{"", "(customs", "%22open", strings.Repeat("a", 501), strings.Repeat("a+", 21)} {
		w := get(s, "/search.rss?q="+q)
		if w.Code != 400 || !strings.HasPrefix(w.Body.String(), "This search cannot be understood: ") {
			t.Errorf("%.20s: %d %s", q, w.Code, w.Body)
		}
	}
	if got, want := get(s, "/search.atom?q=$taliba").Body.String(), "This search cannot be understood: column 1: $taliba is not in the lexicon; did you mean $taliban?\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	w := get(s, "/search?q=(customs")
	if page := w.Body.String(); w.Code != 400 || !strings.Contains(page, "This search cannot be understood.") || !strings.Contains(page, `value="(customs"`) {
		t.Errorf("%d %s", w.Code, page)
	}
	if w := get(s, "/search?q=(customs", "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "" {
		t.Errorf("headers %v", w.Header())
	}
}

func TestASearchWithoutHitsShowsItsNearestMisses(t *testing.T) {
	s := ruled(t)
	page := get(s, "/search?q=customs+volcano").Body.String()
	if !strings.Contains(page, "No report matches.") || strings.Count(page, "<b>Why not</b>") != nearShown || !strings.Contains(page, "volcano&#34;</p>") {
		t.Errorf("%d misses in %s", strings.Count(page, "<b>Why not</b>"), page)
	}
	if page := get(s, "/search?q=customs").Body.String(); strings.Contains(page, "Nearest misses") {
		t.Error("a search with hits shows misses")
	}
}

func TestTermsOfASearchAreWordsAndPhrases(t *testing.T) {
	for q, want := range map[string]int{
		"": 0, "a b": 2, `"a b" or not c`: 2, "(a OR b) in title": 2, "a near/12 b": 2, `a in "b c"`: 3, "(a) in title and $b": 2, "in (a)": 2,
	} {
		if got := terms(q); got != want {
			t.Errorf("%s: got %d, want %d", q, got, want)
		}
	}
}

// What is found depends on what is kept, never on when it is asked for.
func TestSearchLooksBackFromTheNewestItem(t *testing.T) {
	f, now := sampleStore(), noon
	page := f.topics["border-trade"]
	page.Entries[116].Item.FirstSeen = page.Entries[0].Item.FirstSeen.AddDate(0, 0, -searchDays-1)
	s := New(Options{Store: f, Now: func() time.Time { return now }})
	s.Apply(withRules(t, sampleState()))
	first := get(s, "/search.atom?q=customs").Body.String()
	now = now.AddDate(1, 0, 0)
	if later := get(s, "/search.atom?q=customs").Body.String(); later != first || strings.Count(first, "<entry") != 29 {
		t.Errorf("%d entries, then %d", strings.Count(first, "<entry"), strings.Count(later, "<entry"))
	}
}

func TestWhatHasLeftATopicSaysWhyItWasInIt(t *testing.T) {
	st := sampleState()
	m := news.Match{Topic: "border-trade", Rule: "customs and crossings", Mentions: []news.Mention{{Text: "Torkham", In: news.InTitle}}}
	got := verdictOf(&st, "", 0x1000, m)
	want := verdictRow{
		Topic: "Border & trade", URL: "/topics/border-trade", Verdict: "left", WhyURL: "/why?topic=border-trade&item=0000000000001000",
		Why: "by a changed rule; it was in by customs and crossings — “\u2068Torkham\u2069”",
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
