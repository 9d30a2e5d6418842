package topic

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"khyber/internal/lexicon"
	"khyber/internal/news"
	"khyber/internal/text"
)

// compiler turns nodes into topics and collects what is wrong with them.
type compiler struct {
	terms    *terms
	sources  map[string]*news.Source
	ids      map[string]bool
	problems []news.Problem

	owner   string // "topic \"x\"", begins every Problem
	defines map[string]news.Pair
	open    []string        // defines on the way to here, to find a cycle
	cyclic  map[string]bool // defines of a cycle that is reported
	errors  int             // Problems of this topic that are no warnings
}

func newCompiler(lex *lexicon.Lexicon, sources []news.Source) *compiler {
	c := &compiler{terms: newTerms(lex), sources: make(map[string]*news.Source), ids: make(map[string]bool)}
	for i := range sources {
		c.sources[sources[i].ID] = &sources[i]
	}
	return c
}

// problem adds a Problem of the topic at hand.
func (c *compiler) problem(at news.Position, fix, format string, args ...any) {
	c.errors++
	c.problems = append(c.problems, news.Problem{Position: at, Text: c.owner + fmt.Sprintf(format, args...), Fix: fix})
}

func (c *compiler) warn(at news.Position, fix, format string, args ...any) {
	c.problems = append(c.problems, news.Problem{
		Position: at, Text: c.owner + fmt.Sprintf(format, args...), Fix: fix, Warning: true,
	})
}

var topicKeys = []string{
	"id", "title", "description", "languages", "sources", "show_why", "formerly", "define", "include", "exclude", "examples",
}

// idForm is what an id may look like: it is in the URL.
var idForm = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// topic reads one topic; it is never nil, so that the next steps find its
// Problems too.
func (c *compiler) topic(n news.Node) *topic {
	t := &topic{at: n.Position, Topic: news.Topic{ShowWhy: true}}
	c.owner, c.errors = "topic: ", 0
	if id := n.Get("id"); id.Kind == news.NodeScalar {
		c.owner = fmt.Sprintf("topic %q: ", id.Value)
	}
	keys := c.keys(n, topicKeys)
	if id, ok := keys["id"]; ok {
		t.ID = c.scalar("id", id)
		if !idForm.MatchString(t.ID) {
			c.problem(id.Position, "use 1 to 64 of a-z, 0-9 and -", "id is in the URL and cannot be %q", t.ID)
		}
		if c.ids[t.ID] {
			c.problem(id.Position, "give each topic its own", "id is taken by another topic")
		}
		c.ids[t.ID] = true
	} else {
		c.problem(n.Position, "add id: …", "has no id")
	}
	t.Title, t.Description = t.ID, ""
	if v, ok := keys["title"]; ok {
		t.Title = c.scalar("title", v)
	} else {
		c.problem(n.Position, "add title: …", "has no title")
	}
	if v, ok := keys["description"]; ok {
		t.Description = c.scalar("description", v)
	}
	if v, ok := keys["show_why"]; ok {
		t.ShowWhy = c.boolean("show_why", v)
	}
	for _, v := range c.list("formerly", keys["formerly"]) {
		t.Formerly = append(t.Formerly, c.scalar("formerly", v))
	}
	t.scope = c.scope(keys)
	c.define(keys["define"])
	t.include = c.rules("include", keys["include"])
	t.exclude = c.rules("exclude", keys["exclude"])
	if len(t.include) == 0 {
		c.problem(n.Position, "add include: with a rule, or with {name: everything, always: true}", "has no include rule")
	}
	t.examples = c.examples(keys["examples"])
	if t.broken = c.errors > 0; !t.broken {
		c.lint(t)
	}
	return t
}

// keys returns the values of a map by key; unknown and repeated keys are
// Problems (E1).
func (c *compiler) keys(n news.Node, known []string) map[string]news.Node {
	keys := make(map[string]news.Node)
	if n.Kind != news.NodeMap {
		c.problem(n.Position, "its keys are "+strings.Join(known, ", "), "is not a map")
		return keys
	}
	for _, p := range n.Pairs {
		if !slices.Contains(known, p.Key) {
			fix := meant(p.Key, known)
			if other := otherKeys[p.Key]; slices.Contains(known, other) {
				fix = fmt.Sprintf("did you mean %q?", other)
			}
			c.problem(p.Position, fix, "unknown key %q", p.Key)
			continue
		}
		if _, ok := keys[p.Key]; ok {
			c.problem(p.Position, "join the two", "key %q is given twice", p.Key)
			continue
		}
		keys[p.Key] = p.Value
	}
	return keys
}

// maxListed is how many allowed words a Problem lists.
const maxListed = 13

// meant says which of the known words may be meant.
func meant(word string, known []string) string {
	if near := text.Nearest(word, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(known) == 0 || len(known) > maxListed {
		return ""
	}
	return "it is one of " + strings.Join(known, ", ")
}

func (c *compiler) scalar(key string, n news.Node) string {
	if n.Kind != news.NodeScalar {
		c.problem(n.Position, "write one value", "%s: is not a single value", key)
	}
	return n.Value
}

func (c *compiler) boolean(key string, n news.Node) bool {
	v := c.scalar(key, n)
	if v != "true" && v != "false" && n.Kind == news.NodeScalar {
		c.problem(n.Position, "write true or false", "%s: %s is neither true nor false", key, v)
	}
	return v == "true"
}

// list returns the values of a list; a value alone is a list of one.
func (c *compiler) list(key string, n news.Node) []news.Node {
	switch n.Kind {
	case news.NodeNone:
		return nil
	case news.NodeList:
		return n.List
	case news.NodeScalar:
		if n.Value == "" {
			c.problem(n.Position, "write a list, or leave the key out", "%s: is empty", key)
			return nil
		}
	}
	return []news.Node{n}
}

// scope reads languages and sources (R13).
func (c *compiler) scope(keys map[string]news.Node) scope {
	var s scope
	for _, v := range c.list("languages", keys["languages"]) {
		lang := text.Primary(c.scalar("languages", v))
		if !text.Known(lang) {
			c.problem(v.Position, "write two letters of ISO 639-1: en, ur", "languages: %q is no language", v.Value)
		}
		s.languages = append(s.languages, lang)
	}
	n, ok := keys["sources"]
	if !ok {
		return s
	}
	if n.Kind != news.NodeMap {
		c.problem(n.Position, "write {only: […]} or {not: […]}", "sources: is not a map")
		return s
	}
	sides := c.keys(n, []string{"only", "not"})
	s.only, s.not = c.sourceTests(sides["only"]), c.sourceTests(sides["not"])
	return s
}

// sourceTests reads a list of source ids and attribute:value.
func (c *compiler) sourceTests(n news.Node) []sourceTest {
	var tests []sourceTest
	for _, v := range c.list("sources", n) {
		raw := c.scalar("sources", v)
		attribute, value, ok := strings.Cut(raw, ":")
		if !ok {
			attribute, value = "", raw
		}
		t := sourceTest{attribute, strings.TrimSpace(value)}
		known, ok := c.sourceValues(attribute)
		switch {
		case !ok:
			c.problem(v.Position, meant(attribute, sourceAttributes), "sources: a source has no attribute %q", attribute)
		case !slices.Contains(known, t.value):
			what := "source"
			if attribute != "" {
				what = attribute
			}
			c.problem(v.Position, meant(t.value, known), "sources: no %s is %q", strings.ReplaceAll(what, "source", "source's id"), t.value)
		}
		tests = append(tests, t)
	}
	return tests
}

var sourceAttributes = []string{"publisher", "country", "kind", "lang"}

// sourceValues lists the values that an attribute has among the sources, or can
// have at all.
func (c *compiler) sourceValues(attribute string) ([]string, bool) {
	var of func(*news.Source) string
	var values []string
	switch attribute {
	case "":
		of = func(s *news.Source) string { return s.ID }
	case "publisher":
		of = func(s *news.Source) string { return s.Publisher }
	case "country":
		of = func(s *news.Source) string { return s.Country }
	case "lang":
		of = func(s *news.Source) string { return s.Lang }
	case "kind":
		for _, t := range news.SourceTypes() {
			values = append(values, string(t))
		}
		return values, true
	default:
		return nil, false
	}
	for _, s := range c.sources {
		if v := of(s); v != "" && !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return values, true
}

// define notes the names of the topic and compiles each once, so that one that
// is never used is checked too (R11).
func (c *compiler) define(n news.Node) {
	c.defines, c.open, c.cyclic = make(map[string]news.Pair), nil, make(map[string]bool)
	if n.Kind == news.NodeNone {
		return
	}
	if n.Kind != news.NodeMap {
		c.problem(n.Position, "write {name: [terms]}", "define: is not a map")
		return
	}
	for _, p := range n.Pairs {
		if _, ok := c.defines[p.Key]; ok {
			c.problem(p.Position, "join the two", "key %q is given twice", p.Key)
			continue
		}
		if !idForm.MatchString(p.Key) {
			c.problem(p.Position, "use a-z, 0-9 and -", "define: %q is no name", p.Key)
		}
		c.defines[p.Key] = p
	}
	for _, p := range n.Pairs {
		c.substitute(p.Key, p.Position)
	}
}

var ruleKeys = append([]string{"name", "unless", "languages", "sources"}, condKeys...)

// rules reads a list of rules.
func (c *compiler) rules(side string, n news.Node) []*rule {
	if n.Kind == news.NodeNone {
		return nil
	}
	if n.Kind != news.NodeList {
		c.problem(n.Position, "write - name: … below it", "%s: is not a list of rules", side)
		return nil
	}
	var rules []*rule
	names := make(map[string]bool)
	for _, v := range n.List {
		r := c.rule(side, v)
		if r == nil {
			continue
		}
		if r.name != "" && names[r.name] {
			c.problem(r.at, "give each rule its own name: readers see it", "%s: two rules are named «%s»", side, r.name)
		}
		names[r.name] = true
		rules = append(rules, r)
	}
	return rules
}

// rule reads one rule: its name, scope and the condition of the same map.
func (c *compiler) rule(side string, n news.Node) *rule {
	if n.Kind != news.NodeMap {
		c.problem(n.Position, "write - {name: …, any: […]}", "%s: a rule is not a map", side)
		return nil
	}
	if len(n.Pairs) == 1 && !slices.Contains(ruleKeys, n.Pairs[0].Key) {
		key := n.Pairs[0].Key
		c.problem(n.Pairs[0].Position, fmt.Sprintf("write - {name: %s, any: […]}", key), "%s: %q is no key of a rule", side, key)
		return nil
	}
	keys := c.keys(n, ruleKeys)
	r := &rule{at: n.Position, scope: c.scope(keys)}
	if v, ok := keys["name"]; ok {
		r.name = strings.TrimSpace(c.scalar("name", v))
		r.at = v.Position
	}
	if r.name == "" {
		c.problem(n.Position, "add name: what a reader shall see as the reason", "%s: a rule has no name", side)
	}
	r.cond = c.mapCond(n.Position, keys)
	if len(r.cond.parts) == 0 {
		c.problem(n.Position, "add any:, all:, near: or another condition", "%s: rule «%s» has no condition", side, r.name)
	}
	if side == "include" && len(r.cond.parts) > 0 && !slices.ContainsFunc(r.cond.parts, func(p *cond) bool { return p.op != opNone }) {
		c.problem(n.Position, "add what must hold, or always: true", "include: rule «%s» is made of none alone", r.name)
	}
	if u, ok := keys["unless"]; ok {
		if side == "include" {
			c.problem(u.Position, "write it in an exclude rule, or use none:", "include: rule «%s» has unless", r.name)
		}
		r.unless = c.cond(u)
	}
	return r
}
