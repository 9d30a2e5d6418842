package lexicon

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"khyber/internal/news"
	"khyber/internal/text"
)

// load returns the lexicon with additions, and fails on any Problem.
func load(t testing.TB, additions string) *Lexicon {
	t.Helper()
	l, problems := Load(parse(t, additions))
	for _, p := range problems {
		t.Fatalf("%s", p)
	}
	return l
}

// found lists the mentions in a text: the entity, and after ! why it is silenced
// and by which words.
func found(l *Lexicon, s, lang string, summary bool) []string {
	tokens := text.Tokens(s, lang)
	scanner := Scanner{Lexicon: l, Silenced: true}
	reasons := []string{"", "longer", "guard", "locator", "list", "dateline", "short", "capitals"}
	var all []string
	for _, m := range scanner.Scan(Field{Text: s, Tokens: tokens, Summary: summary}, nil) {
		if m.Words {
			continue
		}
		line := l.Entity(m.Entity).ID
		if m.Silence != Counts {
			line += fmt.Sprintf(" !%s %q", reasons[m.Silence], s[tokens[m.By.Start].Start:tokens[m.By.End-1].End])
		}
		all = append(all, line)
	}
	return all
}

func TestEmbeddedLexiconIsWhole(t *testing.T) {
	l := load(t, "")
	r := &reader{entries: make(map[string]*entry)}
	n, err := embeddedNode()
	if err != nil {
		t.Fatal(err)
	}
	r.embedded(n)
	entities, groups, spellings := 0, 0, 0
	for _, e := range r.entries {
		if e.isGroup() {
			groups++
		} else {
			entities++
		}
		for _, list := range e.lists {
			spellings += len(list)
		}
	}
	if entities != 132 || groups != 5 || l.Len() != 137 || spellings != 6038 {
		t.Errorf("got %d entities, %d groups, %d spellings, Len %d", entities, groups, spellings, l.Len())
	}
	for form, places := range r.forms() {
		for i, p := range places {
			for _, o := range places[:i] {
				if o.entity == p.entity && o.role == p.role && o.lang == p.lang {
					t.Errorf("line %d: %s has %q twice in %s (%q, %q)", p.at.Line, p.entity, form, p.lang, p.text, o.text)
				}
			}
		}
	}
	for _, lang := range []string{"en", "ur", "ps", "fa", "ar", "hi", "ru", "bn"} {
		for _, name := range []string{"afghanistan", "pakistan", "taliban", "ttp", "torkham", "sports", "disaster-weather", "diplomacy", "clash-words"} {
			id, _ := l.Find(name)
			if !slices.Contains(l.Languages(id), lang) {
				t.Errorf("%s has no names in %s: a language is supported with its exclusions or not at all", name, lang)
			}
		}
	}
}

// TestEveryGuardIsNeeded scans each guard and locator as a text: without a name
// inside it would silence nothing.
func TestEveryGuardIsNeeded(t *testing.T) {
	l := load(t, "")
	r := &reader{entries: make(map[string]*entry)}
	n, err := embeddedNode()
	if err != nil {
		t.Fatal(err)
	}
	r.embedded(n)
	for _, e := range r.entries {
		for _, role := range []role{roleGuard, roleLocator} {
			for _, s := range e.lists[role] {
				spellings, _ := expand(s.text)
				needed := false
				for _, spelling := range spellings {
					spelling = strings.ReplaceAll(spelling, "*", "")
					tokens := text.Tokens(spelling, s.lang)
					scanner := Scanner{Lexicon: l, Silenced: true}
					for _, m := range scanner.Scan(Field{Text: spelling, Tokens: tokens}, nil) {
						needed = needed || m.Silence == ByGuard || m.Silence == ByLocator && m.By.End-m.By.Start > m.End-m.Start
					}
				}
				if !needed {
					t.Errorf("line %d: %q of %s silences nothing", s.at.Line, s.text, e.ID)
				}
			}
		}
	}
}

func TestScanDecidesWhatCounts(t *testing.T) {
	l := load(t, "")
	for _, c := range []struct {
		rule, text, lang string
		summary          bool
		want             []string
	}{
		{"X1 longest wins", "Pakistani Taliban in Bannu", "en", false, []string{"ttp", `pakistan !longer "Pakistani Taliban"`, `taliban-bare !longer "Pakistani Taliban"`, "kp"}},
		{"X1 leftmost of equals", "Pakistan Taliban leaders", "en", false, []string{"ttp", `pakistan !longer "Pakistan Taliban"`, `taliban !longer "Pakistan Taliban"`, `taliban-bare !longer "Pakistan Taliban"`}},
		{"R7 a phrase stops at a comma", "Pakistan, Taliban agree", "en", false, []string{"pakistan", "taliban-bare"}},
		{"X3 guard", "Islamabad United beat Lahore Qalandars", "en", false, []string{`islamabad !guard "Islamabad United"`, `lahore !guard "Lahore Qalandars"`}},
		{"X3 guard holds a name of another", "Sistan and Balochistan", "en", false, []string{`balochistan-pk !guard "Sistan and Balochistan"`}},
		{"X3 guard of a name without guard", "Kevin Durand stars", "en", false, []string{`durand-line !guard "Kevin Durand"`}},
		{"X4 locator", "killed near the Afghan border in Khyber Pakhtunkhwa", "en", false, []string{
			`afghanistan !locator "near the Afghan border"`, `afghanistan !locator "near the Afghan border"`, "kp",
		}},
		{"X4 locator in Urdu", "افغان سرحد کے قریب حملہ", "ur", false, []string{
			`afghanistan !locator "افغان سرحد کے قریب"`, `afpak-border !locator "افغان سرحد کے قریب"`, `afghanistan !locator "افغان سرحد کے قریب"`,
		}},
		{"X5 list", "came from Iran, Pakistan and Afghanistan", "en", true, []string{
			`iran !list "Iran, Pakistan and Afghanistan"`, `pakistan !list "Iran, Pakistan and Afghanistan"`, `afghanistan !list "Iran, Pakistan and Afghanistan"`,
		}},
		{"X5 not in titles", "Iran, Pakistan and Afghanistan", "en", false, []string{"iran", "pakistan", "afghanistan"}},
		{"X5 two are no list", "Pakistan and Afghanistan agreed", "en", true, []string{"pakistan", "afghanistan"}},
		{"X5 three different", "Pakistan and Afghanistan, Pakistani sources", "en", true, []string{"pakistan", "afghanistan", "pakistan"}},
		{"X5 Oxford comma", "India, Iran, and Pakistan; Kabul", "en", true, []string{`india !list "India, Iran, and Pakistan"`, `iran !list "India, Iran, and Pakistan"`, `pakistan !list "India, Iran, and Pakistan"`, "kabul"}},
		{"X5 Arabic", "من إيران وباكستان وأفغانستان", "ar", true, []string{
			`iran !list "إيران وباكستان وأفغانستان"`, `pakistan !list "إيران وباكستان وأفغانستان"`, `afghanistan !list "إيران وباكستان وأفغانستان"`,
		}},
		{"X5 Bangla", "ইরান, পাকিস্তান ও আফগানিস্তান", "bn", true, []string{
			`iran !list "ইরান, পাকিস্তান ও আফগানিস্তান"`, `pakistan !list "ইরান, পাকিস্তান ও আফগানিস্তান"`, `afghanistan !list "ইরান, পাকিস্তান ও আফগানিস্তান"`,
		}},
		{"X5 French", "venus d’Iran, du Pakistan, de l’Inde et", "fr", true, []string{"iran", "pakistan", "india"}},
		{"X5 Turkish", "İran, Pakistan ve Afganistan", "tr", true, []string{
			`iran !list "İran, Pakistan ve Afganistan"`, `pakistan !list "İran, Pakistan ve Afganistan"`, `afghanistan !list "İran, Pakistan ve Afganistan"`,
		}},
		{"X5 Chinese", "伊朗、巴基斯坦和阿富汗", "zh", true, []string{
			`iran !list "伊朗、巴基斯坦和阿富汗"`, `pakistan !list "伊朗、巴基斯坦和阿富汗"`, `afghanistan !list "伊朗、巴基斯坦和阿富汗"`,
		}},
		{"dateline", "KABUL: Pakistan said", "en", true, []string{`kabul !dateline "KABUL"`, "pakistan"}},
		{"dateline in small letters", "Kabul – Pakistan said", "en", true, []string{`kabul !dateline "Kabul"`, "pakistan"}},
		{"dateline with agency", "ISLAMABAD, Pakistan (Hill Wire) — Kabul said", "en", true, []string{
			`islamabad !dateline "ISLAMABAD, Pakistan (Hill Wire"`, `pakistan !dateline "ISLAMABAD, Pakistan (Hill Wire"`, "kabul",
		}},
		{"dateline with a date", "LAHORE, March 17 (Hill Wire) -- Police", "en", true, []string{`lahore !dateline "LAHORE, March 17 (Hill Wire"`}},
		{"dateline with a reference", "QUETTA &#8211; Police", "en", true, []string{`balochistan-pk !dateline "QUETTA"`}},
		{"dateline in Urdu", "کابل: پاکستان نے کہا", "ur", true, []string{`kabul !dateline "کابل"`, "pakistan"}},
		{"no dateline in a title", "Kabul: Pakistan fires first", "en", false, []string{"kabul", "pakistan"}},
		{"no dateline behind more words", "Kabul wants one thing: Pakistan out", "en", true, []string{"kabul", "pakistan"}},
		{"no dateline of a country", "Pakistan: Kabul fires first", "en", true, []string{"pakistan", "kabul"}},
		{"no dateline after a sentence", "KABUL. Talks: Pakistan", "en", true, []string{"kabul", "pakistan"}},
		{"elision", "l’Afghanistan, dell'Afghanistan, d’Afghans", "fr", false, []string{"afghanistan", "afghanistan", "afghanistan"}},
		{"X6 short beside a full name", "Dar meets Afghan minister", "en", false, []string{"ishaq-dar", "afghanistan"}},
		{"X6 short alone", "Dar arrives", "en", false, []string{`ishaq-dar !short "Dar"`}},
		{"X6 small letter", "dar es salaam hosts Afghan team", "en", false, []string{`ishaq-dar !short "dar"`, "afghanistan"}},
		{"X9 any language", "Kabul کابل काबुल Кабуле কাবুলে", "en", false, []string{"kabul", "kabul", "kabul", "kabul", "kabul"}},
		{"R10 capitals", "us told kp that TTP and US", "en", false, []string{"ttp", "united-states"}},
		{"N14 clitics", "وباكستان بأفغانستان للأفغان", "ar", false, []string{"pakistan", "afghanistan", "afghanistan"}},
		{"N16 Han", "阿富汗和巴基斯坦", "zh", false, []string{"afghanistan", "pakistan"}},
		{"possessive", "Kabul’s team in U.S.", "en", false, []string{"kabul", "united-states"}},
	} {
		if got := found(l, c.text, c.lang, c.summary); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q\n got %q\nwant %q", c.rule, c.text, got, c.want)
		}
	}
}

func TestWordsAreSilencedByTheirOwnGuardOnly(t *testing.T) {
	l := load(t, "")
	for s, want := range map[string][]string{
		"they trade fire":          {"trade-words"},
		"trade in fruit":           {"trade-words", "trade-words"},
		"Islamabad United skipper": {"sports"},
	} {
		var got []string
		silenced := false
		scanner := Scanner{Lexicon: l, Silenced: true}
		for _, m := range scanner.Scan(Field{Text: s, Tokens: text.Tokens(s, "en")}, nil) {
			if m.Words {
				got = append(got, l.Entity(m.Entity).ID)
				silenced = silenced || m.Silence == ByGuard
			}
		}
		if !slices.Equal(got, want) || silenced != (s == "they trade fire") {
			t.Errorf("%q: got %q, silenced %v", s, got, silenced)
		}
	}
}

func TestMentionsCountForAllAbove(t *testing.T) {
	l := load(t, "")
	for name, want := range map[string][]string{
		"kabul":           {"kabul", "afghanistan"},
		"jamaat-ul-ahrar": {"jamaat-ul-ahrar", "kp-militants", "pakistan", "ttp"},
		"muttaqi":         {"muttaqi", "afghanistan", "taliban"},
		"torkham":         {"torkham", "afpak-border", "afpak-crossings"},
		"tajikistan":      {"tajikistan", "central-asia", "third-countries"},
	} {
		id, ok := l.Find(name)
		if !ok {
			t.Fatalf("%s is missing", name)
		}
		var got []string
		for _, up := range l.Counts(id) {
			got = append(got, l.Entity(up).ID)
		}
		slices.Sort(got[1:])
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestOfficesHaveDates(t *testing.T) {
	l := load(t, "")
	id, _ := l.Find("gandapur")
	e := l.Entity(id)
	for day, want := range map[string]string{
		"2024-01-01": "former chief minister KP", "2025-01-01": "chief minister KP", "2026-01-01": "former chief minister KP",
	} {
		at, _ := time.Parse(time.DateOnly, day)
		if got := e.Office(at); got != want {
			t.Errorf("%s: got %q, want %q", day, got, want)
		}
	}
	if e.Name != "Ali Amin Gandapur" {
		t.Errorf("got %+v", e)
	}
	doubtful := l.Doubtful()
	if len(doubtful) < 8 || !slices.ContainsFunc(doubtful, func(d Entity) bool { return d.ID == "gandapur" }) {
		t.Errorf("got %d doubtful entities", len(doubtful))
	}
}

func TestAdditionsChangeTheLexicon(t *testing.T) {
	plain := load(t, "")
	l := load(t, `
taliban: {names: {en: [De facto rulers]}}
ishaq-dar: {until: 2026-05-01, holds: finance minister}
durand-line: {drop: {en: [Durand]}}
gate-nine: {kind: crossing, in: [afpak-border], names: {en: [Gate Nine]}}
gates: {members: [gate-nine, torkham]}
central-asia: {members: [gate-nine]}
`)
	for s, want := range map[string][]string{
		"De facto rulers reply": {"taliban"},
		"Durand cup":            nil,
		"Gate Nine opens":       {"gate-nine"},
	} {
		if got := found(l, s, "en", false); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
	id, _ := l.Find("ishaq-dar")
	if e := l.Entity(id); e.Holds != "finance minister" || e.Until.Format(time.DateOnly) != "2026-05-01" || e.From.IsZero() {
		t.Errorf("scalars are not replaced: %+v", e)
	}
	gate, _ := l.Find("gate-nine")
	var got []string
	for _, up := range l.Counts(gate) {
		got = append(got, l.Entity(up).ID)
	}
	slices.Sort(got)
	if want := []string{"afpak-border", "afpak-crossings", "central-asia", "gate-nine", "gates"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if l.Hash() == plain.Hash() || plain.Hash() != load(t, "").Hash() {
		t.Error("the hash does not follow the contents")
	}
}

func TestProblemsOfAdditions(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"taliban: {nmes: {en: [X]}}", `1:11: unknown key "nmes" in entity "taliban"; did you mean names?`},
		{"newthing: {names: {en: [New Thing]}}", `1:1: entity "newthing" is not in the lexicon; a new entity has kind: and names:, a group has members:`},
		{"newthing: {kind: crosing, names: {en: [New Thing]}}", `1:18: "crosing" is no kind of entity; did you mean crossing?`},
		{"newthing: {kind: city, in: [pakstan], names: {en: [New Thing]}}", `1:29: in: pakstan is not in the lexicon; did you mean $pakistan?`},
		{"afghanistan: {in: [kabul]}", "1:20: in: leads from \"kabul\" back to itself; remove one of the steps"},
		{"taliban: {names: {xx: [X]}}", `1:19: names: "xx" is no language; write two letters of ISO 639-1`},
		{"taliban: {names: [X]}", `1:18: names: is not a map of languages; write {en: […], ur: […]}`},
		{"taliban: {names: {en: [ab*]}}", `1:24: "ab*" has a * after fewer than 3 letters; write more of the word, or list its forms`},
		{`taliban: {names: {en: ["a, b"]}}`, "1:24: \"a, b\" can never be found: a phrase does not cross punctuation; write its parts as terms of `all` or `near`"},
		{"taliban: {names: {en: [{a: b}]}}", "1:24: names: en: holds something that is not a word or a phrase; quote a term that holds `: ` or ` #`"},
		{"taliban: {drop: {en: [Talib]}}", `1:23: drop: entity "taliban" has no spelling "Talib" in en`},
		{"ishaq-dar: {until: May 2026}", `1:20: until: "May 2026" is not a date; write it as 2024-03-11`},
		{"ishaq-dar: {check: maybe}", "1:20: check: maybe is neither true nor false; write true or false"},
		{"ishaq-dar: {holds: [a]}", "1:20: holds: is not a single value; write one value"},
		{"gates: {members: [torkam]}", `1:19: group "gates": $torkam is not in the lexicon; did you mean $torkham?`},
		{"Gates: {members: [torkham]}", `1:1: "Gates" is no name for an entity; use a-z, 0-9 and -`},
		{"taliban: [x]", `1:1: entity "taliban" is not a map; write {kind: …, names: {…}}`},
		{"taliban: {note: a}\ntaliban: {note: b}", `2:1: entity "taliban" is given twice; join the two`},
		{"taliban: {note: a, note: b}", `1:20: key "note" is given twice in entity "taliban"; join the two`},
		{"[a]", "1:1: lexicon: is not a map; write a map of entities"},
		{"torkham: {names: {en: [Torkham]}}", `1:24: warning: "Torkham" is a spelling of "torkham" in en already: "Torkham"; remove one`},
		{"islamabad: {names: {en: [Islamabad United]}}", `1:26: warning: "Islamabad United" never counts: it is a not: or locator: phrase of "islamabad"; drop it there, or leave it out here`},
		{"torkham: {names: {en: [Kabul]}}", `1:24: warning: "Kabul" is also a name of "kabul"; both will count; add a word that tells them apart`},
		{"torkham: {names: {en: [Over]}}", `1:24: warning: "Over" is also a common word; add a word that tells them apart`},
	} {
		_, problems := Load(parse(t, c.src))
		var got []string
		for _, p := range problems {
			got = append(got, strings.TrimPrefix(p.String(), "feeds.yaml:"))
		}
		if len(got) != 1 || !strings.HasPrefix(got[0], c.want) {
			t.Errorf("%s\n got %q\nwant %q", c.src, got, c.want)
		}
	}
}

func TestPhrasesThatAreNone(t *testing.T) {
	for phrase, want := range map[string]string{
		"()":        `"()" has brackets with nothing to choose; write (this|that), or (this|) for one that may be missing`,
		"a (|) b":   `"a (|) b" has brackets with nothing to choose; write (this|that), or (this|) for one that may be missing`,
		"x (a||) b": `"x (a||) b" has brackets with nothing to choose; write (this|that), or (this|) for one that may be missing`,
		"(a|b":      `"(a|b" has a ( that is not closed; write (this|that)`,
		"(a|(b))":   `"(a|(b))" has brackets in brackets; write the phrase twice`,
		"a|b":       `"a|b" has a '|' outside of brackets; write (this|that)`,
		"a)":        `"a)" has a ')' outside of brackets; write (this|that)`,
		"tal*ban":   `"tal*ban" has a * within a word; a star stands at the end of a word`,
		"*taliban":  `"*taliban" has a * that follows no word; a star stands at the end of a word`,
		"ta*":       `"ta*" has a * after fewer than 3 letters; write more of the word, or list its forms`,
		"खोल*":      `"खोल*" has a * after fewer than 3 letters; write more of the word, or list its forms`,
		"’ -":       `"’ -" has no letter or digit`,
		"(a|b|c|d|e|f|g|h|i|j|k|l|m|n|o) (a|b|c|d|e|f|g|h|i|j|k|l|m|n|o)": `"(a|b|c|d|e|f|g|h|i|j|k|l|m|n|o) (a|b|c|d|e|f|g|h|i|j|k|l|m|n|o)" stands for more than 200 spellings; write several phrases`,
	} {
		_, err := ParsePhrase(phrase)
		if err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", phrase, err, want)
		}
	}
}

func TestPhrasesAreExpanded(t *testing.T) {
	spellings, err := ParsePhrase("Tehr(eek|ik) (e|) TTP visa*")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]Word{
		{{Fold: "tehreek"}, {Fold: "e"}, {Fold: "ttp", Caps: true}, {Fold: "visa", Stem: true}},
		{{Fold: "tehreek"}, {Fold: "ttp", Caps: true}, {Fold: "visa", Stem: true}},
		{{Fold: "tehrik"}, {Fold: "e"}, {Fold: "ttp", Caps: true}, {Fold: "visa", Stem: true}},
		{{Fold: "tehrik"}, {Fold: "ttp", Caps: true}, {Fold: "visa", Stem: true}},
	}
	if fmt.Sprint(spellings) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", spellings, want)
	}
}

// parse makes nodes of a value in YAML.
func parse(t testing.TB, src string) news.Node {
	t.Helper()
	if src == "" {
		return news.Node{}
	}
	n, err := parseYAML("feeds.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheReferenceNamesEveryEntity(t *testing.T) {
	l, text := load(t, ""), Reference()
	for id := range ID(l.Len()) {
		if line := "\n- `$" + l.Entity(id).ID + "`: "; strings.Count(text, line) != 1 {
			t.Errorf("%q is there %d times", line, strings.Count(text, line))
		}
	}
	for _, want := range []string{
		"- `$torkham`: Torkham, in `$afpak-border`\n",
		"- `$kp-militants`: `$ttp`, `$jamaat-ul-ahrar`,",
		"- `$polio`: polio, poliovirus, poliomyelitis …\n",
		"- `$ishaq-dar`: Ishaq Dar, foreign minister and deputy PM, in `$pakistan`\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the reference lacks %q", want)
		}
	}
}
