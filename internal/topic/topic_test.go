package topic

import (
	"testing"

	"khyber/internal/news"
	"khyber/internal/text"
)

// TestShippedTopicsCompileAndTheirExamplesPass wants no Problem, no warning
// either, and examples of both kinds in at least four languages.
func TestShippedTopicsCompileAndTheirExamplesPass(t *testing.T) {
	s, problems := Compile(shipped(t), lexiconOf(t, ""), nil)
	for _, p := range problems {
		t.Errorf("%s", p)
	}
	if s == nil || len(s.Topics()) < 8 {
		t.Fatal("there are fewer than 8 topics")
	}
	for _, n := range s.topics {
		count := map[bool]int{}
		languages := map[bool]map[string]bool{true: {}, false: {}}
		for _, e := range n.examples {
			count[e.wanted]++
			languages[e.wanted][text.Language(e.text)] = true
		}
		if count[true] < 8 || count[false] < 8 || len(n.examples) < 20 || len(languages[true]) < 4 || len(languages[false]) < 4 {
			t.Errorf("%s has too few examples or languages: %v %v", n.ID, count, languages)
		}
	}
}

// TestShippedTopicsStayShort: nobody reads a topic of more than 40 lines of rules.
func TestShippedTopicsStayShort(t *testing.T) {
	for _, n := range shipped(t) {
		include, examples := n.Get("include"), n.Get("examples")
		if lines := examples.Line - include.Line; lines >= 40 {
			t.Errorf("%s has %d lines of rules", n.Get("id").Value, lines)
		}
	}
}

// firstTopic is what an editor writes first: who, who, not sport, examples.
const firstTopic = `topics:
  - id: neighbours
    title: Two neighbours
    include:
      - {name: both in the headline, all: [$afghanistan, $pakistan], in: title}
    exclude:
      - {name: sport, any: [$sports], in: lead}
    examples:
      match: ["Kabul and Islamabad resume talks"]
      ignore: ["Pakistan beat Afghanistan by six wickets", "Kabul paves its roads"]
`

func TestATopicOfTenLinesWorks(t *testing.T) {
	s := compile(t, firstTopic)
	got := s.Match(&news.Item{Title: "Islamabad hosts Kabul's envoy"})
	if len(got) != 1 || got[0].Verdict != news.In || got[0].Rule != "both in the headline" || len(got[0].Mentions) != 2 {
		t.Fatalf("got %+v", got)
	}
	want := news.Mention{Entity: "kabul", For: "afghanistan", Text: "Kabul", In: news.InTitle, Start: 16, End: 21}
	if got[0].Mentions[1] != want {
		t.Errorf("got %+v, want %+v", got[0].Mentions[1], want)
	}
	if got := s.Match(&news.Item{Title: "Floods in Sindh"}); got != nil {
		t.Errorf("got %+v, want nothing", got)
	}
}

// TestASetIsSharedByGoroutines is for the race detector.
func TestASetIsSharedByGoroutines(t *testing.T) {
	s := compile(t, firstTopic)
	for _, title := range []string{"Kabul and Lahore", "Lahore", "Islamabad asks Kabul", "Kabul"} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			want := len(s.Match(&news.Item{Title: title}))
			for range 200 {
				r, _ := s.Why("neighbours", &news.Item{Title: title})
				if got := len(s.Match(&news.Item{Title: title})); got != want || (r.Match.Verdict == news.In) != (want == 1) {
					t.Fatalf("got %d, then %d", want, got)
				}
			}
		})
	}
}
