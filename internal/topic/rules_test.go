package topic

import (
	"slices"
	"strings"
	"testing"

	"khyber/internal/news"
)

// one returns a Set of one topic with the rule and the defines given.
func one(t *testing.T, define, rule string) *Set {
	t.Helper()
	src := "topics:\n  - id: x\n    title: X\n"
	if define != "" {
		src += "    define: " + define + "\n"
	}
	s, problems := Compile(topicNodes(t, src+"    include:\n      - "+rule+"\n"), lexiconOf(t, ""), nil)
	for _, p := range problems {
		if !p.Warning {
			t.Fatalf("%s: %s", rule, p)
		}
	}
	return s
}

// item reads "title | summary".
func item(s string) *news.Item {
	title, summary, _ := strings.Cut(s, " | ")
	return &news.Item{Title: title, Summary: summary}
}

// ruleTable has a row or more for each rule, with texts for which it holds and
// texts for which it fails.
var ruleTable = []struct {
	rule, define, cond string
	holds, fails       []string
}{
	{
		"R1 keys are ANDed", "", "{name: r, any: [gate], all: [rain, snow], none: [fog]}",
		[]string{"gate in rain and snow"},
		[]string{"gate in rain", "rain and snow", "gate in rain and snow and fog"},
	},
	{
		"R1 at_least", "", "{name: r, any: [rain, snow, fog], at_least: 2}",
		[]string{"rain and fog"},
		[]string{"rain and rain", "fog"},
	},
	{
		"R1 scalar", "", "{name: r, any: gate}",
		[]string{"the gate"},
		[]string{"the gates"},
	},
	{
		"R1 always", "", "{name: r, always: true, none: [fog]}",
		[]string{"anything", ""},
		[]string{"fog"},
	},
	{
		"R2 title", "", "{name: r, any: [gate], in: title}",
		[]string{"gate"},
		[]string{"x | gate"},
	},
	{
		"R2 lead is the title and two sentences", "", "{name: r, any: [gate], in: lead}",
		[]string{"gate", "x | One. Two gate. Three."},
		[]string{"x | One. Two. Three gate."},
	},
	{
		"R2 text", "", "{name: r, any: [gate], in: text}",
		[]string{"x | One. Two. Three gate."},
		[]string{"x"},
	},
	{
		"R2 attributes are no text", "", "{name: r, any: [$torkham]}",
		[]string{"x | <p class='y'>Torkham</p>"},
		[]string{`x | <div class="Torkham">gate</div>`, `x | <img alt="Torkham > Kabul">`},
	},
	{
		"R3 in is inherited, the inner one wins", "", "{name: r, all: [rain, {any: [snow], in: text}], in: title}",
		[]string{"rain | snow"},
		[]string{"snow | rain"},
	},
	{
		"R3 none looks everywhere", "", "{name: r, all: [rain, {any: [snow], none: [fog]}], in: title}",
		[]string{"rain and snow"},
		[]string{"rain and snow | fog"},
	},
	{
		"R3 none obeys its own map", "", "{name: r, any: [rain], none: [fog], in: title}",
		[]string{"rain | fog"},
		[]string{"rain in fog"},
	},
	{
		"R4 near", "", "{name: r, near: [rain, snow], within: 2 words}",
		[]string{"rain then then snow", "snow rain"},
		[]string{"rain then then then snow", "rain | snow"},
	},
	{
		"R4 sentence", "", "{name: r, near: [rain, snow], within: sentence}",
		[]string{"rain, and much later that same day also snow"},
		[]string{"rain. snow"},
	},
	{
		"R4 ordered", "", "{name: r, near: [rain, snow], within: 2 words, ordered: true}",
		[]string{"rain then snow"},
		[]string{"snow then rain"},
	},
	{
		"R4 operands do not overlap", "", `{name: r, near: ["rain storm", storm], within: 2 words}`,
		[]string{"rain storm storm"},
		[]string{"rain storm"},
	},
	{
		"R4 a none that fails empties the operand", "", "{name: r, near: [{any: [rain], none: [fog]}, snow], within: 5 words}",
		[]string{"rain snow"},
		[]string{"rain snow fog"},
	},
	{
		"R5 two sides are two mentions", "", "{name: r, all: [$torkham, $afpak-border]}",
		[]string{"Torkham and Spin Boldak"},
		[]string{"Torkham"},
	},
	{
		"R5 words overlap anything", "", `{name: r, all: [$pakistan, "Pakistan army", pak*]}`,
		[]string{"Pakistan Army"},
		[]string{"Pakistan navy"},
	},
	{
		"R6 score doubles in the title", "", "{name: r, score: [{points: 2, for: [rain]}, {points: 1, for: [snow, fog]}, {points: -4, for: [sun]}], reach: 4}",
		[]string{"rain", "snow | rain", "rain rain fog"},
		[]string{"x | rain", "x | rain and snow, then fog", "x | rain rain rain", "snow fog", "rain and sun"},
	},
	{
		"R7 a phrase is consecutive and stops at punctuation", "", `{name: r, any: ["pak afghan talks", Tehreek-e-Taliban]}`,
		[]string{"Pak-Afghan talks", "Pak’s Afghan talks", "Tehreek e Taliban", "Pak  Afghan\u00a0talks", "Tehreek‑e‑Taliban"},
		[]string{
			"Pak; Afghan talks", "Pak! Afghan talks", "Pak? Afghan talks", "Pak [Afghan] talks", "Pak — Afghan talks", `Pak\Afghan talks`,
			"Pak • Afghan talks", "Pak\nAfghan talks", "Pak۔ Afghan talks", "Pak، Afghan talks",
			"Pak, Afghan talks", "Pak: Afghan talks", "Pak. Afghan talks", "Pak (Afghan) talks", "Pak/Afghan talks", "Pak – Afghan talks", "Tehreek, Taliban", "pak and afghan talks",
		},
	},
	{
		"R8 alternatives", "", `{name: r, any: ["exchange(d|) (of |)fire"]}`,
		[]string{"exchange of fire", "exchanged fire"},
		[]string{"exchanging fire", "exchange or fire"},
	},
	{
		"R9 a star is any ending", "", "{name: r, any: [clash*, афган*]}",
		[]string{"clashes", "clash", "афганцы"},
		[]string{"clas", "нафган"},
	},
	{
		"R10 capitals", "", `{name: r, any: [IBO, "WHO (chief|chiefs)"]}`,
		[]string{"an IBO in Tank", "WHO chief"},
		[]string{"an ibo", "who chief", "Ibo"},
	},
	{
		"R11 defines in defines", "{a: [rain, ~b], b: {all: [snow, fog]}}", "{name: r, any: [~a]}",
		[]string{"rain", "snow and fog"},
		[]string{"snow"},
	},
	{
		"R11 a define takes the in of its place", "{a: [rain]}", "{name: r, all: [{any: [~a], in: title}]}",
		[]string{"rain"},
		[]string{"x | rain"},
	},
	{
		"R14 matches", "", `{name: r, matches: {re: '(?i)flight\s+[A-Z]{2}\d+', in: title}}`,
		[]string{"Flight PK301"},
		[]string{"x | Flight PK301", "flight PKX"},
	},
	{
		"plain words of YAML", "", "{name: r, any: [NO, 20, 0x10, 2024-01-01]}",
		[]string{"NO way", "20 men", "at 0x10", "on 2024-01-01"},
		[]string{"no way", "16 men"},
	},
	{
		"a scalar, a list and a map stand wherever a condition does", "{a: rain, b: [snow], c: {any: fog}}",
		"{name: r, all: [~a, [~b, hail], {any: [~c, [mist, {all: [dew]}]]}]}",
		[]string{"rain, snow, fog", "rain, hail, dew"},
		[]string{"rain, snow", "snow, fog"},
	},
	{"whole phrases", "", "{name: r, any: [Max Jacobson]}", []string{"Max Jacobson here"}, []string{"Max", "Jacobson", "Max and Jacobson", "Maxim Jacobson"}},
	{"whole words", "", "{name: r, any: [Max]}", []string{"Max Weber"}, []string{"Maxim", "Climax"}},
}

func TestRules(t *testing.T) {
	for _, c := range ruleTable {
		s := one(t, c.define, c.cond)
		for _, text := range c.holds {
			if len(s.Match(item(text))) != 1 {
				r, _ := s.Why("x", item(text))
				t.Errorf("%s: %q is out\n%s", c.rule, text, strings.Join(r.Lines(), "\n"))
			}
		}
		for _, text := range c.fails {
			if len(s.Match(item(text))) != 0 {
				r, _ := s.Why("x", item(text))
				t.Errorf("%s: %q is in\n%s", c.rule, text, strings.Join(r.Lines(), "\n"))
			}
		}
	}
}

func TestTagsAndWordsOfTheLinkAreFields(t *testing.T) {
	s := one(t, "", "{name: r, any: [{any: [gate], in: tags}, {any: [ridge], in: url}]}")
	for _, c := range []struct {
		item news.Item
		want news.Mention
	}{
		{news.Item{Title: "x", Tags: []string{"old", "Gate news"}}, news.Mention{Text: "Gate", In: news.InTags, Start: 4, End: 8}},
		{news.Item{Title: "x", Link: "https://gate.example/2026/the-ridge-road?gate"}, news.Mention{Text: "ridge", In: news.InURL, Start: 10, End: 15}},
	} {
		got := s.Match(&c.item)
		if len(got) != 1 || len(got[0].Mentions) != 1 || got[0].Mentions[0] != c.want {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
	}
	any := one(t, "", "{name: r, any: [gate]}")
	if len(any.Match(&news.Item{Tags: []string{"gate"}})) != 1 {
		t.Error("any does not look at tags")
	}
	if len(any.Match(&news.Item{Link: "https://x.example/gate"})) != 0 {
		t.Error("any looks at the link")
	}
}

const excluding = `topics:
  - id: x
    title: X
    define: {weather: [rain, snow]}
    include:
      - {name: the gate, any: [gate]}
      - {name: the ridge, any: [ridge]}
    exclude:
      - {name: weather, any: [~weather], unless: {any: [~weather], in: title}}
      - {name: sport, any: [$sports], in: lead}
    examples: {match: [gate], ignore: [none]}
`

func TestVerdictIsFirstIncludeThenFirstExclude(t *testing.T) {
	s := compile(t, excluding)
	for text, want := range map[string]string{
		"gate and ridge":       "in the gate ",
		"the ridge":            "in the ridge ",
		"gate | rain":          "excluded the gate weather",
		"gate in rain":         "in the gate ",
		"gate | rain, cricket": "excluded the gate weather",
		"gate | cricket":       "excluded the gate sport",
		"cricket":              "",
	} {
		got := ""
		for _, m := range s.Match(item(text)) {
			got = m.Verdict.String() + " " + m.Rule + " " + m.Excluded
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func scoped(t *testing.T) *Set {
	t.Helper()
	sources := []news.Source{
		{ID: "wire", Publisher: "wire-co", Country: "PK", Type: news.Agency, Lang: "en"},
		{ID: "daily", Publisher: "daily-co", Country: "AF", Type: news.Newspaper, Lang: "fa"},
		{ID: "sports-daily", Publisher: "daily-co", Country: "AF", Type: news.Newspaper},
	}
	s, problems := Compile(topicNodes(t, `topics:
  - id: x
    title: X
    languages: [en, fa]
    sources: {only: ["publisher:daily-co", wire], not: [sports-daily]}
    include:
      - {name: of agencies, any: [gate], sources: {only: ["kind:agency"]}}
      - {name: of Dari, any: [gate], languages: [prs]}
    examples:
      match: [gate, {title: gate, source: wire}]
      ignore: [{title: gate, source: sports-daily}]
`), lexiconOf(t, ""), sources)
	if s == nil {
		t.Fatal(problemText(problems))
	}
	return s
}

func TestScopesOfTopicAndRule(t *testing.T) {
	s := scoped(t)
	for _, c := range []struct{ source, lang, want string }{
		{"wire", "en", "of agencies"},
		{"wire", "", "of agencies"},
		{"daily", "fa-AF", "of Dari"},
		{"daily", "en", ""},
		{"sports-daily", "fa", ""},
		{"wire", "ur", ""},
		{"unknown", "en", "of agencies"},
	} {
		got := ""
		for _, m := range s.Match(&news.Item{Title: "gate", Source: c.source, Lang: c.lang}) {
			got = m.Rule
		}
		if got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.source, c.lang, got, c.want)
		}
	}
	if got := s.Scope("x"); !slices.Equal(got, []string{"daily", "wire"}) {
		t.Errorf("scope is %q", got)
	}
	if s.Scope("y") != nil || s.Hash("y") != 0 {
		t.Error("an unknown topic has a scope or a hash")
	}
}

func TestIncidents(t *testing.T) {
	s, problems := Compile(shipped(t), lexiconOf(t, ""), nil)
	if s == nil {
		t.Fatal(problemText(problems))
	}
	for text, want := range map[string][]string{
		"OpenAI strikes deal with Pakistan":                        nil,
		"Pakistan–Afghanistan relationship enters a new phase":     {"afpak-relations"},
		`Road opens | <a class="Torkham" href="/kabul">border</a>`: nil,
		"TELL US WHO TOOK IT":                                      nil,
		"PAKISTAN WARNS AFGHANISTAN AGAIN, SAYS ISPR":              {"afpak-relations"},
	} {
		var got []string
		for _, m := range s.Match(item(text)) {
			if m.Verdict == news.In {
				got = append(got, m.Topic)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestATitleInCapitalsVoidsShortAcronyms(t *testing.T) {
	s := one(t, "", "{name: r, any: [$united-states]}")
	for text, want := range map[string]int{
		"TELL US WHAT THEY WANT": 0, "US TALKS": 1, "TELL US WHAT THEY WANT | The US replied": 1, "Tell US what": 1,
		"WASHINGTON AND 3 OTHERS SIGN": 1,
	} {
		if got := len(s.Match(item(text))); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

func TestASurnameCountsWithItsFullNameInAnotherField(t *testing.T) {
	s := one(t, "", "{name: r, any: [$ishaq-dar], in: title}")
	for text, want := range map[string]int{
		"Dar arrives": 0, "Dar arrives | Ishaq Dar landed at noon.": 1, "Dar arrives | Kabul is quiet.": 0,
		"dar arrives | Ishaq Dar landed.": 0, "Dar meets Afghan minister": 1,
	} {
		if got := len(s.Match(item(text))); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

func TestLongTextsAreCutAndThatIsSaid(t *testing.T) {
	s := one(t, "", "{name: r, any: [gate]}")
	long := &news.Item{Title: "x", Summary: strings.Repeat("word ", maxTokens) + "gate"}
	r, _ := s.Why("x", long)
	if r.Match.Verdict != news.Out || !r.Cut || !strings.Contains(strings.Join(r.Lines(), "\n"), "text cut: only the first 2000 words") {
		t.Errorf("got %+v", r)
	}
}

func TestEvidenceIsTheSameEachTime(t *testing.T) {
	s, _ := Compile(shipped(t), lexiconOf(t, ""), nil)
	it := item("Islamabad summons Afghan envoy over Torkham | Kabul and Islamabad traded blame; Taliban officials met Dar.")
	first := s.Match(it)
	for range 5 {
		again := s.Match(it)
		if len(again) != len(first) {
			t.Fatal("verdicts differ")
		}
		for i := range again {
			if !slices.Equal(again[i].Mentions, first[i].Mentions) || len(again[i].Mentions) > maxEvidence {
				t.Errorf("%v, then %v", first[i].Mentions, again[i].Mentions)
			}
			for _, m := range again[i].Mentions {
				text := it.Title
				if m.In == news.InSummary {
					text = it.Summary
				}
				if text[m.Start:m.End] != m.Text {
					t.Errorf("%+v does not stand there", m)
				}
			}
		}
	}
}
