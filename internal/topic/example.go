package topic

import (
	"fmt"
	"strings"

	"khyber/internal/news"
)

// example is a test of its topic.
type example struct {
	at     news.Position
	text   string // as it is shown
	item   news.Item
	wanted bool
}

// examples reads the texts that a topic must match or ignore.
func (c *compiler) examples(n news.Node) []example {
	if n.Kind == news.NodeNone {
		return nil
	}
	if n.Kind != news.NodeMap {
		c.problem(n.Position, "write {match: […], ignore: […]}", "examples: is not a map")
		return nil
	}
	keys := c.keys(n, []string{"match", "ignore"})
	var all []example
	seen := make(map[string]bool)
	for _, side := range []string{"match", "ignore"} {
		for _, v := range c.list(side, keys[side]) {
			e := c.example(v)
			e.wanted = side == "match"
			if wanted, ok := seen[e.key()]; ok && wanted != e.wanted {
				c.problem(e.at, "keep it in one of them", "example stands in both lists: %q", e.text)
			}
			seen[e.key()] = e.wanted
			all = append(all, e)
		}
	}
	return all
}

func (e *example) key() string {
	return strings.Join([]string{e.item.Title, e.item.Summary, e.item.Lang, e.item.Source, e.item.Link, strings.Join(e.item.Tags, "\n")}, "\x00")
}

// example reads "title", "title | summary" or a map.
func (c *compiler) example(n news.Node) example {
	e := example{at: n.Position}
	if n.Kind == news.NodeMap {
		keys := c.keys(n, []string{"title", "summary", "lang", "source", "url", "tags"})
		get := func(key string) string {
			if v, ok := keys[key]; ok {
				return c.scalar(key, v)
			}
			return ""
		}
		e.item = news.Item{
			Title: get("title"), Summary: get("summary"), Lang: get("lang"), Source: get("source"), Link: get("url"),
		}
		for _, v := range c.list("tags", keys["tags"]) {
			e.item.Tags = append(e.item.Tags, c.scalar("tags", v))
		}
		if s := e.item.Source; s != "" && c.sources[s] == nil {
			c.problem(keys["source"].Position, "", "example: no source is %q", s)
		}
		e.text = e.item.Title
	} else {
		e.text = c.scalar("example", n)
		e.item.Title, e.item.Summary, _ = strings.Cut(e.text, " | ")
	}
	if e.item.Title == "" && e.item.Summary == "" {
		c.problem(n.Position, `write "title" or "title | summary"`, "an example is empty")
	}
	return e
}

// cutAtComma reports whether example i and the next are one title that YAML
// cut at its comma, and says so.
func (c *compiler) cutAtComma(s *Set, t *topic, i int) bool {
	if i+1 == len(t.examples) {
		return false
	}
	a, b := &t.examples[i], &t.examples[i+1]
	whole := news.Item{Title: a.text + ", " + b.text}
	if !b.wanted || a.at.Line != b.at.Line || s.why(t, &whole).Match.Verdict != news.In {
		return false
	}
	c.problems = append(c.problems, news.Problem{
		Position: a.at, Text: fmt.Sprintf("%s: example is cut at its comma: %q", t.ID, a.text), Fix: fmt.Sprintf("quote the title: %q", whole.Title),
	})
	return true
}

// runExamples judges the examples of a topic (E6).
func (c *compiler) runExamples(s *Set, t *topic) {
	for i := 0; i < len(t.examples); i++ {
		e := &t.examples[i]
		r := s.why(t, &e.item)
		switch in := r.Match.Verdict == news.In; {
		case in == e.wanted:
		case e.wanted && c.cutAtComma(s, t, i):
			i++ // the rest of that title
		case e.wanted:
			c.problems = append(c.problems, news.Problem{
				Position: e.at, Text: fmt.Sprintf("%s: example is not matched: %q", t.ID, e.text), Fix: r.missed(),
			})
		default:
			c.problems = append(c.problems, news.Problem{
				Position: e.at, Text: fmt.Sprintf("%s: example is not ignored: %q", t.ID, e.text), Fix: "it is " + r.taken(),
			})
		}
	}
}
