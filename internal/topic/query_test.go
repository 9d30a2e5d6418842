package topic

import (
	"strings"
	"testing"

	"khyber/internal/news"
)

func TestQueriesFindWhatTheySay(t *testing.T) {
	for _, c := range []struct {
		query         string
		finds, misses []string
	}{
		{"gate", []string{"the gate", "x | gate"}, []string{"gates"}},
		{"gate rain", []string{"rain at the gate"}, []string{"gate", "rain"}},
		{"gate and rain", []string{"rain at the gate"}, []string{"gate"}},
		{"gate or rain", []string{"gate", "rain"}, []string{"fog"}},
		{"gate rain or fog", []string{"gate rain", "fog"}, []string{"gate", "rain"}},
		{"gate (rain or fog)", []string{"gate rain", "gate fog"}, []string{"rain fog"}},
		{"gate not rain", []string{"gate"}, []string{"gate rain"}},
		{"gate not (rain or fog)", []string{"gate"}, []string{"gate fog"}},
		{"gate AND NOT rain", []string{"gate"}, []string{"gate rain"}},
		{"gate not not rain", []string{"gate rain"}, []string{"gate"}},
		{"gate in title", []string{"gate"}, []string{"x | gate"}},
		{"(gate rain) in title", []string{"gate rain"}, []string{"gate | rain"}},
		{"gate in rain", []string{"gate in rain", "in rain gate"}, []string{"gate rain"}},
		{"gate near/2 rain", []string{"gate in rain", "rain gate"}, []string{"gate in the deep rain", "gate | rain"}},
		{"gate near/s rain", []string{"gate in the very deep cold rain"}, []string{"gate. rain"}},
		{"(gate or ridge) near/1 rain in title", []string{"ridge rain"}, []string{"x | ridge rain"}},
		{`"gate of rain"`, []string{"a gate of rain"}, []string{"gate rain of"}},
		{`"and"`, []string{"this and that"}, []string{"this"}},
		{"clash(es|) torkham*", []string{"clash at Torkham", "clashes near Torkham's"}, []string{"clashing at Torkham"}},
		{"(gate|ridge) rain", []string{"ridge rain"}, []string{"rain"}},
		{"$afghanistan $pakistan not $sports", []string{"Kabul, Lahore"}, []string{"Kabul, Lahore: cricket", "Kabul", "Pak-Afghan"}},
		{"طورخم بند", []string{"طورخم گیٹ بند"}, []string{"طورخم"}},
		{"“gate of rain”", []string{"gate of rain"}, []string{"gate"}},
	} {
		q, problems := ParseQuery(c.query, plainLexicon())
		if q == nil {
			t.Errorf("%s: %s", c.query, problemText(problems))
			continue
		}
		for _, s := range c.finds {
			if m, ok := q.Match(item(s)); !ok || m.Verdict != news.In || m.Rule != c.query {
				t.Errorf("%s does not find %q (%+v)", c.query, s, m)
			}
		}
		for _, s := range c.misses {
			if _, ok := q.Match(item(s)); ok {
				t.Errorf("%s finds %q", c.query, s)
			}
		}
	}
}

func TestAQueryTellsWhatAnItemLacks(t *testing.T) {
	q, _ := ParseQuery("gate rain", plainLexicon())
	for s, want := range map[string]string{"the gate": `no "rain"`, "rain at the gate": "", "fog": ""} {
		if got, ok := q.Near(item(s)); got != want || ok != (want != "") {
			t.Errorf("%s: got %q, %v, want %q", s, got, ok, want)
		}
	}
}

func TestProblemsOfQueries(t *testing.T) {
	for q, want := range map[string]string{
		"":                           `query:1:1: the search is empty; write a word, a "phrase" or an $entity`,
		"not rain":                   "query:1:1: a search cannot be made of not alone; add what must occur",
		"gate (not rain)":            "query:1:7: a search cannot be made of not alone; add what must occur",
		"gate or":                    `query:1:8: a condition is missing; write a word, a "phrase" or an $entity`,
		"or gate":                    `query:1:1: a condition is missing; write a word, a "phrase" or an $entity`,
		"(gate":                      "query:1:1: a ( is not closed; close it",
		"gate )":                     `query:1:6: ")" is not expected here; remove it`,
		"()":                         `query:1:2: a condition is missing; write a word, a "phrase" or an $entity`,
		`gate "rain`:                 "query:1:6: a quote is not closed; close it",
		"$talban":                    "query:1:1: $talban is not in the lexicon; did you mean $taliban?",
		"طورخم $talban":              "query:1:7: $talban is not in the lexicon; did you mean $taliban?",
		"~acts":                      "query:1:1: ~acts: only a topic has defines; write an $entity or the words",
		"gate near/x rain":           `query:1:6: within: "x words" is no distance; write 12 words, or sentence`,
		"gate near/3":                `query:1:12: a condition is missing; write a word, a "phrase" or an $entity`,
		"ga*":                        `query:1:1: "ga*" has a * after fewer than 3 letters; write more of the word, or list its forms`,
		"a near/2 (b near/3 c)":      "query:1:11: an operand of near cannot hold near; write it beside the near",
		strings.Repeat("(", 22):      "query:1:21: more than 20 brackets in brackets; make it simpler",
		strings.Repeat("gate ", 201): "query:1:1: the search has 1005 bytes, the limit is 1000; make it shorter",
	} {
		got, problems := ParseQuery(q, plainLexicon())
		if got != nil || len(problems) == 0 || problems[0].String() != want {
			t.Errorf("%q\n got %s\nwant %s", q, problemText(problems), want)
		}
	}
}

func FuzzQuery(f *testing.F) {
	for _, q := range []string{"a or b", "(a b) in title", "a near/3 b not c", `"a b" (c|d) e*`, "$kabul in", "((a)", "not", "near/s", "a in title in lead"} {
		f.Add(q, "a b c | d")
	}
	f.Fuzz(func(t *testing.T, q, text string) {
		query, problems := ParseQuery(q, plainLexicon())
		if query == nil && len(problems) == 0 {
			t.Fatalf("%q gives neither a query nor a Problem", q)
		}
		for _, p := range problems {
			if p.Line != 1 || p.Column < 1 || p.Column > len([]rune(q))+1 {
				t.Fatalf("%q: %s is outside", q, p)
			}
		}
		if query != nil {
			if _, ok := query.Match(item(text)); ok && !query.May(item(text)) {
				t.Fatalf("%q holds for %q and is refused by its sieve", q, text)
			}
		}
	})
}
