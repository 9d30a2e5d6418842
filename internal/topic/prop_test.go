package topic

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"khyber/internal/news"
)

// atoms are terms that made-up rules use, and words in which made-up items are
// written.
var (
	atoms = []string{"$afghanistan", "$pakistan", "$torkham", "$sports", "$clash-words", "gate", "rain*", "TTP", "\"gate of rain\"", "\"(fog|frost|) bank\""}
	vocab = []string{
		"Kabul", "Pakistan", "Torkham", "cricket", "attack", "gate", "of", "rain", "rains", "TTP", "ttp", "fog", "bank", "and", ",", ".", "|", "Iran,",
		"Pak-Afghan", "near the Afghan border", "Islamabad United", "طالبان", "Кабул", "Élysée",
	}
)

// condition draws a condition as YAML.
func condition(t *rapid.T, depth int) string {
	if depth == 0 || rapid.IntRange(0, 2).Draw(t, "leaf") == 0 {
		return rapid.SampledFrom(atoms).Draw(t, "atom")
	}
	list := func(n int) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = condition(t, depth-1)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	in := rapid.SampledFrom([]string{"", ", in: title", ", in: lead", ", in: text"}).Draw(t, "in")
	switch rapid.IntRange(0, 4).Draw(t, "form") {
	case 0:
		return "{any: " + list(2) + in + "}"
	case 1:
		return "{all: " + list(2) + in + "}"
	case 2:
		return "{any: " + list(1) + ", none: " + list(1) + in + "}"
	case 3:
		a, b := rapid.SampledFrom(atoms).Draw(t, "a"), rapid.SampledFrom(atoms).Draw(t, "b")
		return fmt.Sprintf("{near: [%s, %s], within: %d words%s}", a, b, rapid.IntRange(0, 6).Draw(t, "within"), in)
	}
	return fmt.Sprintf("{score: [{points: 2, for: %s}, {points: 1, for: %s}], reach: 3%s}", condition(t, depth-1), condition(t, depth-1), in)
}

// drawnRules draws rules with names.
func drawnRules(t *rapid.T, least int) []string {
	n := rapid.IntRange(least, 3).Draw(t, "rules")
	rules := make([]string, n)
	for i := range rules {
		rules[i] = fmt.Sprintf("{name: r%d, any: [%s]}", i, condition(t, 2))
	}
	return rules
}

func topicYAML(id string, include, exclude []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  - id: %s\n    title: T\n    include:\n", id)
	for _, r := range include {
		b.WriteString("      - " + r + "\n")
	}
	if len(exclude) > 0 {
		b.WriteString("    exclude:\n")
		for _, r := range exclude {
			b.WriteString("      - " + r + "\n")
		}
	}
	return b.String()
}

func drawnItem(t *rapid.T) *news.Item {
	return item(strings.Join(rapid.SliceOfN(rapid.SampledFrom(vocab), 1, 14).Draw(t, "words"), " "))
}

// mustCompile makes a Set of topics without examples.
func mustCompile(t *rapid.T, tb testing.TB, topics ...string) *Set {
	s, problems := Compile(topicNodes(tb, "topics:\n"+strings.Join(topics, "")), plainLexicon(), nil)
	if s == nil {
		t.Fatalf("%s\n%s", strings.Join(topics, ""), problemText(problems))
	}
	return s
}

func verdict(s *Set, id string, it *news.Item) news.Verdict {
	for _, m := range s.Match(it) {
		if m.Topic == id {
			return m.Verdict
		}
	}
	return news.Out
}

func TestPropVerdictDependsOnNothingElse(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		include, exclude, it := drawnRules(rt, 1), drawnRules(rt, 0), drawnItem(rt)
		alone := mustCompile(rt, t, topicYAML("x", include, exclude))
		want := verdict(alone, "x", it)
		other := topicYAML("y", drawnRules(rt, 1), nil)
		for _, s := range []*Set{
			mustCompile(rt, t, topicYAML("x", include, exclude), other),
			mustCompile(rt, t, other, topicYAML("x", include, exclude)),
			mustCompile(rt, t, topicYAML("x", reversed(include), reversed(exclude))),
		} {
			if got := verdict(s, "x", it); got != want {
				rt.Fatalf("%v beside others, %v alone", got, want)
			}
		}
		alone.Match(drawnItem(rt)) // another item in between
		if got := verdict(alone, "x", it); got != want {
			rt.Fatalf("%v after another item, %v before", got, want)
		}
		if r, _ := alone.Why("x", it); r.Match.Verdict != want || len(r.Lines()) == 0 {
			rt.Fatalf("Why says %v, Match says %v", r.Match.Verdict, want)
		}
	})
}

func reversed(rules []string) []string {
	r := slices.Clone(rules)
	slices.Reverse(r)
	return r
}

func TestPropRulesAreMonotone(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		include, exclude, it := drawnRules(rt, 1), drawnRules(rt, 0), drawnItem(rt)
		more := fmt.Sprintf("{name: more, any: [%s]}", condition(rt, 2))
		before := verdict(mustCompile(rt, t, topicYAML("x", include, exclude)), "x", it)
		excluding := verdict(mustCompile(rt, t, topicYAML("x", include, append(slices.Clone(exclude), more))), "x", it)
		including := verdict(mustCompile(rt, t, topicYAML("x", append(slices.Clone(include), more), exclude)), "x", it)
		if before != news.In && excluding == news.In {
			rt.Fatal("an exclude rule adds an item")
		}
		if before != news.Out && including == news.Out {
			rt.Fatal("an include rule removes an item")
		}
	})
}

func TestPropCaseAndAccentsChangeNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		include, it := drawnRules(rt, 1), drawnItem(rt)
		s := mustCompile(rt, t, topicYAML("x", include, nil))
		want := verdict(s, "x", it)
		for _, change := range []func(string) string{norm.NFD.String, norm.NFC.String, func(s string) string {
			return strings.NewReplacer("Kabul", "kabul", "gate", "Gate", "rain", "RAin", "Élysée", "elysee", "Кабул", "кабул").Replace(s)
		}} {
			if got := verdict(s, "x", &news.Item{Title: change(it.Title), Summary: change(it.Summary)}); got != want {
				rt.Fatalf("%q is %v, %q is %v", it.Title+" | "+it.Summary, want, change(it.Title+" | "+it.Summary), got)
			}
		}
	})
}

func TestPropPresearcherChangesNoVerdict(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var topics []string
		for i := range 4 {
			topics = append(topics, topicYAML(fmt.Sprintf("t%d", i), drawnRules(rt, 1), drawnRules(rt, 0)))
		}
		s := mustCompile(rt, t, topics...)
		it := drawnItem(rt)
		s.pre = nil
		want := fmt.Sprint(s.Match(it))
		s.pre = presearch(s)
		if got := fmt.Sprint(s.Match(it)); got != want {
			rt.Fatalf("with %s, without %s", got, want)
		}
	})
}

func TestPresearcherAsksFewTopics(t *testing.T) {
	var topics strings.Builder
	topics.WriteString("topics:\n")
	for i := range presearchFrom {
		fmt.Fprintf(&topics, "  - {id: t%d, title: T, include: [{name: r, all: [word%d, gate]}]}\n", i, i)
	}
	s := compile(t, topics.String())
	d := newDoc(s.terms)
	d.read(item("gate of word7"), nil, false)
	if got := s.pre.candidates(s, d); len(got) != 1 || got[0].ID != "t7" {
		t.Errorf("asks %d topics", len(got))
	}
}

// FuzzRule reads any text as a topic: it gives a Set, or Problems inside it.
func FuzzRule(f *testing.F) {
	for _, s := range []string{
		"any: [a, b]\nin: title", "near:\n- a\n- b\nwithin: 3 words", "score:\n- points: 1\n  for: a\nreach: 2", "all: [~a]", "none: []", "matches: (", "always: true\nany: $x",
	} {
		f.Add(s, "a b | c")
	}
	f.Fuzz(func(t *testing.T, rule, text string) {
		n := looseNode(rule)
		n.Pairs = append(n.Pairs, news.Pair{Position: n.Position, Key: "name", Value: news.Node{Position: n.Position, Kind: news.NodeScalar, Value: "r"}})
		lines := strings.Count(rule, "\n") + 1
		def := news.Node{Position: n.Position, Kind: news.NodeMap, Pairs: []news.Pair{
			{Position: n.Position, Key: "id", Value: news.Node{Position: n.Position, Kind: news.NodeScalar, Value: "x"}},
			{Position: n.Position, Key: "title", Value: news.Node{Position: n.Position, Kind: news.NodeScalar, Value: "X"}},
			{Position: n.Position, Key: "define", Value: news.Node{Position: n.Position, Kind: news.NodeMap, Pairs: []news.Pair{{Position: n.Position, Key: "a", Value: n}}}},
			{Position: n.Position, Key: "include", Value: news.Node{Position: n.Position, Kind: news.NodeList, List: []news.Node{n}}},
		}}
		s, problems := Compile([]news.Node{def}, plainLexicon(), nil)
		for _, p := range problems {
			if p.Line < 1 || p.Line > lines || p.Column < 1 {
				t.Fatalf("%s is outside", p)
			}
		}
		if s == nil {
			if len(problems) == 0 {
				t.Fatal("neither a Set nor a Problem")
			}
			return
		}
		matches := s.Match(item(text))
		r, _ := s.Why("x", item(text))
		if (r.Match.Verdict != news.Out) != (len(matches) == 1) || len(r.Lines()) == 0 {
			t.Fatalf("Match says %v, Why says %v", matches, r.Match)
		}
	})
}

// looseNode makes a map of lines "key: value"; a value in brackets is a list,
// lines with "- " add to the list of the key before them. It takes any text.
func looseNode(s string) news.Node {
	at := func(line int) news.Position { return news.Position{File: "feeds.yaml", Line: line + 1, Column: 1} }
	m := news.Node{Position: at(0), Kind: news.NodeMap}
	for i, line := range strings.Split(s, "\n") {
		if rest, ok := strings.CutPrefix(line, "- "); ok && len(m.Pairs) > 0 {
			last := &m.Pairs[len(m.Pairs)-1].Value
			last.Kind = news.NodeList
			last.List = append(last.List, scalarOrMap(rest, at(i)))
			continue
		}
		key, value, _ := strings.Cut(line, ": ")
		n := news.Node{Position: at(i), Kind: news.NodeScalar, Value: value}
		if strings.HasPrefix(value, "[") {
			n = news.Node{Position: at(i), Kind: news.NodeList}
			for v := range strings.SplitSeq(strings.Trim(value, "[]"), ", ") {
				n.List = append(n.List, scalarOrMap(v, at(i)))
			}
		}
		m.Pairs = append(m.Pairs, news.Pair{Position: at(i), Key: strings.TrimSuffix(key, ":"), Value: n})
	}
	return m
}

func scalarOrMap(s string, at news.Position) news.Node {
	key, value, ok := strings.Cut(s, ": ")
	if !ok {
		return news.Node{Position: at, Kind: news.NodeScalar, Value: s}
	}
	return news.Node{Position: at, Kind: news.NodeMap, Pairs: []news.Pair{
		{Position: at, Key: key, Value: news.Node{Position: at, Kind: news.NodeScalar, Value: value}},
	}}
}

func TestPropASieveRefusesNothingForWhichItsConditionHolds(t *testing.T) {
	refused := 0
	rapid.Check(t, func(rt *rapid.T) {
		s := mustCompile(rt, t, topicYAML("x", []string{fmt.Sprintf("{name: one, any: [%s]}", condition(rt, 3))}, nil))
		sieve := sieveOf(s.terms, s.topics[0].include[0].cond)
		for range 4 {
			it := drawnItem(rt)
			texts := s.terms.textsOf(it)
			passed := sieve.Pass(it.Lang, texts[:]...)
			if !passed && verdict(s, "x", it) == news.In {
				rt.Fatalf("%q | %q is refused", it.Title, it.Summary)
			}
			refused += map[bool]int{false: 1}[passed]
		}
	})
	if refused == 0 {
		t.Error("the sieve refuses nothing")
	}
}
