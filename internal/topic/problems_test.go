package topic

import (
	"strings"
	"testing"

	"khyber/internal/news"
)

// frame puts lines into a topic; line 1 is the first of them.
const frameHead = "topics:\n  - id: x\n    title: X\n"

func TestProblemsSayWhereAndWhatToDo(t *testing.T) {
	const ok = "    include: [{name: r, any: [gate]}]\n"
	const ex = "    examples: {match: [gate], ignore: [ridge]}\n"
	rule := func(s string) string { return "    include:\n      - " + s + "\n" }
	for _, c := range []struct{ name, src, want string }{
		{"E1 key of a topic", "    inclde: [a]\n" + ok, `4:5: topic "x": unknown key "inclde"; did you mean "include"?`},
		{"E1 key of a rule", rule("{name: r, ani: [gate], any: [gate]}"), `5:19: topic "x": unknown key "ani"; did you mean "any"?`},
		{"E1 key by another name", rule("{name: r, any: [gate], not: [fog]}"), `5:32: topic "x": unknown key "not"; did you mean "none"?`},
		{"E1 repeated key", rule("{name: r, any: [gate], any: [fog]}"), `5:32: topic "x": key "any" is given twice; join the two`},
		{"E1 entity", rule("{name: r, any: [$talban]}"), `5:25: topic "x": $talban is not in the lexicon; did you mean $taliban?`},
		{"E1 entity far off", rule("{name: r, any: [$zzz]}"), `5:25: topic "x": $zzz is not in the lexicon; add it under lexicon:`},
		{"E1 entity by another name", rule("{name: r, any: [$chinese]}"), `5:25: topic "x": $chinese is not in the lexicon; did you mean $china? "chinese" is one of its spellings`},
		{"E1 entity by its acronym", rule("{name: r, any: [$usa]}"), `5:25: topic "x": $usa is not in the lexicon; did you mean $united-states? "usa" is one of its spellings`},
		{"E1 entity by a word of it", rule("{name: r, any: [$cricket]}"), `5:25: topic "x": $cricket is not in the lexicon; did you mean $sports? "cricket" is one of its spellings`},
		{"E1 two entities", rule("{name: r, any: $china and $iran}"), `5:24: topic "x": "$china and $iran" is not one name; write all: [$china, $iran], or any: [$china, $iran]`},
		{"E1 operator", rule("{name: r, any: [gate OR fog]}"), `5:25: topic "x": "gate OR fog" looks for the word OR, in capitals; write any: [this, that] for or, all: [this, that] for and, none: [that] for not`},
		{"E1 rule by its name", "    include: [{name: r, any: [gate]}]\n    exclude: [{sport: [$sports]}]\n", `5:16: topic "x": exclude: "sport" is no key of a rule; write - {name: sport, any: […]}`},
		{"E1 examples", ok + "    examples: [gate]\n", `5:15: topic "x": examples: is not a map; write {match: […], ignore: […]}`},
		{"E1 define", "    define: {acts: [gate]}\n" + rule("{name: r, any: [~act]}"), `6:25: topic "x": ~act is not defined; did you mean ~acts?`},
		{"E1 no define at all", rule("{name: r, any: [~act]}"), `5:25: topic "x": ~act is not defined; add it under define:`},
		{"E1 rule name", "    include: [{name: r, any: [gate]}, {name: r, any: [fog]}]\n", `4:46: topic "x": include: two rules are named «r»; give each rule its own name: readers see it`},
		{"E2 phrase", rule(`{name: r, any: ["(a|b"]}`), `5:25: topic "x": "(a|b" has a ( that is not closed; write (this|that)`},
		{"E2 regular expression", rule("{name: r, any: ['(?i)dam']}"), "5:25: topic \"x\": \"(?i)dam\" has (? of a regular expression; write the words; they are found whole; a rule takes an expression in `matches`"},
		{"E2 phrase across punctuation", rule(`{name: r, any: ["a, b"]}`), "5:25: topic \"x\": \"a, b\" can never be found: a phrase does not cross punctuation; write its parts as terms of `all` or `near`"},
		{"E3 no name", rule("{any: [gate]}"), `5:9: topic "x": include: a rule has no name; add name: what a reader shall see as the reason`},
		{"E3 no condition", rule("{name: r}"), `5:9: topic "x": include: rule «r» has no condition; add any:, all:, near: or another condition`},
		{"E3 no include", ex, `2:5: topic "x": has no include rule; add include: with a rule, or with {name: everything, always: true}`},
		{"E3 none alone", rule("{name: r, none: [gate]}"), `5:9: topic "x": include: rule «r» is made of none alone; add what must hold, or always: true`},
		{"E3 unless in include", rule("{name: r, any: [gate], unless: fog}"), `5:40: topic "x": include: rule «r» has unless; write it in an exclude rule, or use none:`},
		{"E4 near of three", rule("{name: r, near: [a, b, c], within: 3 words}"), `5:25: topic "x": near needs two operands; write near: [this, that]; each may be a list`},
		{"E4 near without within", rule("{name: r, near: [a, b]}"), `5:25: topic "x": near stands without within; add within: 12 words, or within: sentence`},
		{"E4 within", rule("{name: r, near: [a, b], within: 12 miles}"), `5:41: topic "x": within: "12 miles" is no distance; write 12 words, or sentence`},
		{"E4 within without a unit", rule("{name: r, near: [a, b], within: 10}"), `5:41: topic "x": within: "10" is no distance; write 10 words, or sentence`},
		{"E4 field by another name", rule("{name: r, any: [a], in: headline}"), `5:33: topic "x": in: "headline" is no field; did you mean "title"?`},
		{"E4 within alone", rule("{name: r, any: [a], within: 12 words}"), `5:37: topic "x": within stands without near; add near: [this, that]`},
		{"E4 near in near", rule("{name: r, near: [{near: [a, b], within: 1 word}, c], within: 2 words}"), `5:33: topic "x": an operand of near cannot hold near; write it beside the near`},
		{"E4 at_least alone", rule("{name: r, all: [a], at_least: 1}"), `5:39: topic "x": at_least stands without any; add any: with the members`},
		{"E4 at_least above", rule("{name: r, any: [a, b], at_least: 3}"), `5:42: topic "x": at_least: 3 of 2 members can never hold; write 1 to 2`},
		{"E4 score without reach", rule("{name: r, score: [{points: 1, for: a}]}"), `5:26: topic "x": score stands without reach; add reach: the sum that is enough`},
		{"E4 reach too high", rule("{name: r, score: [{points: 1, for: a}], reach: 3}"), `5:56: topic "x": reach: 3 is more than all rows give, 2`},
		{"E4 row", rule("{name: r, score: [{points: 1}], reach: 1}"), `5:27: topic "x": a row of score lacks points or for; write {points: 2, for: […]}`},
		{"E4 field", rule("{name: r, any: [a], in: titel}"), `5:33: topic "x": in: "titel" is no field; did you mean "title"?`},
		{"E4 language", "    languages: [en, english]\n" + ok, `4:21: topic "x": languages: "english" is no language; write two letters of ISO 639-1: en, ur`},
		{"E4 source", "    sources: {only: [wird]}\n" + ok, `4:22: topic "x": sources: no source's id is "wird"; did you mean "wire"?`},
		{"E4 source value", "    sources: {not: [\"kind:blog\"]}\n" + ok, `4:21: topic "x": sources: no kind is "blog"; it is one of newspaper, agency, broadcaster, state, exile, think-tank, official, ngo, aggregator`},
		{"E4 source attribute", "    sources: {not: [\"knd:blog\"]}\n" + ok, `4:21: topic "x": sources: a source has no attribute "knd"; did you mean "kind"?`},
		{"E4 number", rule("{name: r, any: [a], at_least: two}"), `5:39: topic "x": at_least: "two" is no number; write a whole number`},
		{"E5 cycle", "    define: {a: [~b], b: [~a]}\n" + ok, `4:14: topic "x": define: ~a leads back to itself: ~a → ~b → ~a; remove one of the steps`},
		{"E5 matches", rule("{name: r, matches: '(i?)(a'}"), "5:28: topic \"x\": matches: missing closing ): `(i?)(a` at character 1; the syntax is that of Go's regexp, RE2"},
		{"E6 not matched", ok + "    examples: {match: [ridge], ignore: [fog]}\n", `5:24: x: example is not matched: "ridge"; nearest: «r», no "gate"`},
		{"E6 cut at its comma", rule("{name: r, all: [gate, fog]}") + "    examples: {match: [the gate, the fog], ignore: [x]}\n", `6:24: x: example is cut at its comma: "the gate"; quote the title: "the gate, the fog"`},
		{"E6 not ignored", ok + "    examples: {match: [gate], ignore: [gate of old]}\n", `5:40: x: example is not ignored: "gate of old"; it is taken by «r»: "gate" (title)`},
		{"E6 in both lists", ok + "    examples: {match: [gate], ignore: [gate]}\n", `5:40: topic "x": example stands in both lists: "gate"; keep it in one of them`},
		{"always", rule("{name: r, always: false}"), `5:27: topic "x": always: can only be true; leave it out`},
		{"show_why", "    show_why: perhaps\n" + ok, `4:15: topic "x": show_why: perhaps is neither true nor false; write true or false`},
		{"empty list", rule("{name: r, any: []}"), `5:24: topic "x": any: is empty`},
		{"W1", ok, `2:5: warning: topic "x": has no example that it must match, or none that it must ignore; examples are tests: add {match: […], ignore: […]}`},
		{"W7", "    include: [{name: r, any: [$pakistan]}]\n    exclude: [{name: s, any: [match]}]\n    languages: [en, ur]\n    examples: {match: [Pakistan], ignore: [match]}\n", `2:5: warning: topic "x": takes items in ur, but no exclude rule has a word in it; add such words, or set languages:`},
		{"W8", rule(`{name: r, matches: '\bКабул\b'}`) + "    examples: {match: [xx], ignore: [ridge]}\n", `5:28: warning: topic "x": matches: \b knows ASCII letters only; a phrase finds whole words of any script`},
		{"flag", rule(`{name: r, matches: '(i?)gate'}`), `5:28: warning: topic "x": matches: (i?) is a letter that may be missing; write (?i) for the flag`},
		{"W9", "    include: [{name: r, any: [gate, fog]}]\n    exclude: [{name: s, any: [rain], unless: [gate, fog]}]\n    examples: {match: [gate], ignore: [ridge]}\n", `5:46: warning: topic "x": exclude: the unless of «s» holds for most of what the topic takes; name the few words that shall be an exception`},
		{"W11", rule("{name: r, near: [gate, fog], within: 50 words}") + "    examples: {match: [gate in fog], ignore: [ridge]}\n", `5:46: warning: topic "x": within: 50 words is so far that it says little; within: sentence says more`},
	} {
		src := c.src
		if !strings.Contains(src, "examples:") && !strings.HasPrefix(c.name, "W1") {
			src += ex
		}
		_, problems := Compile(topicNodes(t, frameHead+src), lexiconOf(t, ""), []news.Source{{ID: "wire", Type: news.Agency}})
		var got []string
		for _, p := range problems {
			got = append(got, strings.TrimPrefix(p.String(), "feeds.yaml:"))
		}
		if len(got) == 0 || got[0] != c.want || len(got) > 1 && !strings.HasPrefix(c.name, "W8") {
			t.Errorf("%s\n got %s\nwant %s", c.name, strings.Join(got, "\n     "), c.want)
		}
	}
}

func TestIdsAndTitlesOfTopics(t *testing.T) {
	const rest = "    include: [{name: r, any: [gate]}]\n    examples: {match: [gate], ignore: [x]}\n"
	_, problems := Compile(topicNodes(t, "topics:\n  - id: A b\n    title: X\n"+rest+"  - id: y\n    title: Y\n"+rest+"  - id: y\n"+rest+"  - title: Z\n"+rest), lexiconOf(t, ""), nil)
	want := `feeds.yaml:2:9: topic "A b": id is in the URL and cannot be "A b"; use 1 to 64 of a-z, 0-9 and -
feeds.yaml:10:5: topic "y": has no title; add title: …
feeds.yaml:10:9: topic "y": id is taken by another topic; give each topic its own
feeds.yaml:13:5: topic: has no id; add id: …`
	if got := problemText(problems); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAllProblemsComeInOneRun(t *testing.T) {
	_, problems := Compile(topicNodes(t, frameHead+`    inclde: x
    include:
      - {name: r, any: [$talban, ~x, "a*"]}
      - {any: [gate], in: here}
    exclude:
      - {name: s, near: [a], within: far}
`), lexiconOf(t, ""), nil)
	if len(problems) != 8 {
		t.Errorf("got %d:\n%s", len(problems), problemText(problems))
	}
}
