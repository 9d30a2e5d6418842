package topic

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"khyber/internal/news"
)

const explained = `topics:
  - id: x
    title: X
    define: {pak: [$pakistan], calm: {none: [sun]}}
    include:
      - {name: both in the headline, all: [$afghanistan, ~pak], in: title}
      - name: a crossing and movement
        near: [$torkham, [$closure-words]]
        within: 4 words
        in: lead
      - {name: weights, score: [{points: 2, for: [rain]}, {points: 1, for: [snow]}], reach: 5}
      - name: branches
        any:
          - {all: [fog, frost, hail]}
          - {all: [fog, frost, ~calm]}
      - {name: two of three, any: [dew, mist, haze], at_least: 2}
    exclude:
      - {name: sport, any: [$sports], unless: {any: [strike*], in: title}}
    examples: {match: ["Kabul, Lahore"], ignore: [x]}
`

func TestWhyInOneLine(t *testing.T) {
	s := compile(t, explained)
	for _, c := range []struct{ item, want string }{
		{"Kabul asks Pakistani envoy", `IN   «both in the headline»: "Kabul" (kabul → afghanistan, title) + "Pakistani" (pakistan, title)`},
		{"Kabul v Pakistan | Cricket at noon", `EXCLUDED by «sport»: "Cricket" (sports, summary); would match «both in the headline»`},
		{"Kabul talks | One. Two. Three for Islamabad.", `OUT  nearest: «both in the headline», ~pak not in title (summary, sentence 3: "Islamabad")`},
		{"Torkham: after a very long week it reopens", `OUT  nearest: «a crossing and movement», 6 words apart, limit 4`},
		{"rain", `OUT  nearest: «weights», score 4 of 5`},
		{"Raid near the Afghan border by Pakistan", `OUT  nearest: «both in the headline», $afghanistan only in a locator: "near the Afghan border"`},
		{"Islamabad United and Kabul", `OUT  nearest: «both in the headline», ~pak only in a guard: "Islamabad United"`},
		{"Kabul and Dar | x", `IN   «both in the headline»: "Kabul" (kabul → afghanistan, title) + "Dar" (ishaq-dar → pakistan, title)`},
		{"fog and frost in the sun", `OUT  nearest: «branches», no "hail" · «branches», has "sun" (title: "sun"), which it must not`},
		{"dew", `OUT  nearest: «two of three», 1 of 2 of "dew" or "mist" or "haze"`},
		{"nothing", `OUT  nearest: «weights», score 0 of 5 · «two of three», 0 of 2 of "dew" or "mist" or "haze"`},
	} {
		r, ok := s.Why("x", item(c.item))
		if got := r.Lines()[0]; !ok || got != c.want && !strings.HasPrefix(c.want, got) {
			t.Errorf("%q\n got %s\nwant %s", c.item, got, c.want)
		}
	}
	if _, ok := s.Why("y", item("x")); ok {
		t.Error("an unknown topic has a reason")
	}
}

func TestWhyTellsEveryRule(t *testing.T) {
	s := compile(t, explained)
	r, _ := s.Why("x", item("Strike at cricket ground in Kabul | Raid near the Afghan border in Lahore"))
	want := `OUT  nearest: «both in the headline», ~pak not in title (summary, sentence 1: "Lahore")
  include «both in the headline» does not hold: ~pak not in title (summary, sentence 1: "Lahore")
  include «a crossing and movement» does not hold: no $torkham in lead; no $closure-words in lead
  include «weights» does not hold: score 0 of 5
  include «branches» does not hold: no "fog"; no "frost"
  include «two of three» does not hold: 0 of 2 of "dew" or "mist" or "haze"
  exclude «sport» does not hold: its unless holds: "Strike" (title)
  not counted: "Afghan" (afghanistan, summary): locator "near the Afghan border"
  not counted: "Afghan border" (afpak-border, summary): locator "near the Afghan border"`
	if got := strings.Join(r.Lines(), "\n"); !strings.HasPrefix(got, want[:strings.Index(want, "\n  not")]) || !strings.Contains(got, `not counted: "Afghan" (afghanistan, summary): locator "near the Afghan border"`) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestNearMissHasOneFailingPartAndOneThatHolds(t *testing.T) {
	s := compile(t, explained)
	for text, want := range map[string]string{
		"Kabul talks":                         "both in the headline",
		"Torkham is quiet":                    "a crossing and movement",
		"fog and frost in the sun, then rain": "branches",
		"fog":                                 "branches",
		"nothing":                             "",
	} {
		r, _ := s.Why("x", item(text))
		got := ""
		for i := range r.Rules {
			if r.Rules[i].Near() && !r.Rules[i].Exclude {
				got = r.Rules[i].Name
			}
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestWhyOutOfScope(t *testing.T) {
	r, _ := scoped(t).Why("x", &news.Item{Title: "gate", Lang: "ur"})
	if got := r.Lines()[0]; got != "OUT  language ur is out of scope" || r.Nearest() != "language ur is out of scope" {
		t.Errorf("got %q, %q", got, r.Nearest())
	}
	r, _ = scoped(t).Why("x", &news.Item{Title: "gate", Source: "sports-daily"})
	if got := r.Lines()[0]; got != "OUT  source sports-daily is out of scope" {
		t.Errorf("got %q", got)
	}
	r, _ = scoped(t).Why("x", &news.Item{Title: "gate", Source: "daily", Lang: "en"})
	if got := r.Lines()[1]; got != "  include «of agencies» does not hold: source daily is out of scope" {
		t.Errorf("got %q", got)
	}
}

func TestNearestIsEmptyForWhatIsIn(t *testing.T) {
	s := compile(t, explained)
	for text, want := range map[string]string{
		"Kabul and Lahore":           "",
		"Kabul and Lahore | cricket": "would match «both in the headline»",
		"snow":                       "nearest: «weights», score 2 of 5",
	} {
		r, _ := s.Why("x", item(text))
		if got := r.Nearest(); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestFormerOfficesAreNamed(t *testing.T) {
	s := compile(t, explained)
	it := item("Gandapur meets Kabul's envoy")
	it.Published = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	r, _ := s.Why("x", it)
	want := `IN   «both in the headline»: "Gandapur" (gandapur → pakistan, title, former chief minister KP) + "Kabul" (kabul → afghanistan, title)`
	if got := r.Lines()[0]; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestWhyAgreesWithMatch holds for the whole of the shipped topics.
func TestWhyAgreesWithMatch(t *testing.T) {
	s, _ := Compile(shipped(t), lexiconOf(t, ""), nil)
	for _, tp := range s.topics {
		for _, e := range tp.examples {
			verdicts := make(map[string]news.Match)
			for _, m := range s.Match(&e.item) {
				verdicts[m.Topic] = m
			}
			for _, other := range s.Topics() {
				r, _ := s.Why(other.ID, &e.item)
				m := verdicts[other.ID]
				if r.Match.Verdict != m.Verdict || r.Match.Rule != m.Rule || r.Match.Excluded != m.Excluded {
					t.Errorf("%s on %q: Why says %v, Match says %v", other.ID, e.text, r.Match, m)
				}
			}
		}
	}
}

// TestEveryVerdictHasAReason: no published item without evidence.
func TestEveryVerdictHasAReason(t *testing.T) {
	s, _ := Compile(shipped(t), lexiconOf(t, ""), nil)
	for _, tp := range s.topics {
		for _, e := range tp.examples {
			for _, m := range s.Match(&e.item) {
				if m.Rule == "" || len(m.Mentions) == 0 || m.Rules == 0 {
					t.Errorf("%q: %+v", e.text, m)
				}
			}
		}
	}
}

func TestVerdictsHaveOneFormForPrograms(t *testing.T) {
	s := compile(t, firstTopic)
	for title, want := range map[string]string{
		"Kabul and Islamabad resume talks": `{"topic":"neighbours","verdict":"in","rule":"both in the headline","mentions":[` +
			`{"entity":"afghanistan","written":"kabul","text":"Kabul","in":"title"},{"entity":"pakistan","written":"islamabad","text":"Islamabad","in":"title"}]}`,
		"Afghan XI and Pakistan meet at cricket": `{"topic":"neighbours","verdict":"excluded","rule":"sport","mentions":[` +
			`{"entity":"sports","text":"cricket","in":"title"}],"nearest":"would match «both in the headline»"}`,
		"Kabul paves its roads": `{"topic":"neighbours","verdict":"out","mentions":[],"nearest":"nearest: «both in the headline», no $pakistan in title"}`,
	} {
		r, _ := s.Why("neighbours", &news.Item{Title: title})
		got, err := json.Marshal(r.JSON())
		if err != nil || string(got) != want {
			t.Errorf("%s\n got %s %v\nwant %s", title, got, err, want)
		}
	}
}
