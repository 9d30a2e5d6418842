package topic

import (
	"fmt"
	"testing"

	"khyber/internal/news"
)

// TestNoKeyIsIgnoredInSilence changes every key of the shipped topics, one at a
// time: each must become a Problem.
func TestNoKeyIsIgnoredInSilence(t *testing.T) {
	changed := 0
	for _, def := range shipped(t) {
		eachPair(&def, func(p *news.Pair, path string) {
			old := p.Key
			p.Key += "x"
			if set, problems := Compile([]news.Node{def}, plainLexicon(), nil); set != nil {
				t.Errorf("%s: key %qx is ignored: %s", path, old, problemText(problems))
			}
			p.Key = old
			changed++
		})
	}
	if changed < 200 {
		t.Errorf("only %d keys were changed", changed)
	}
}

// TestNoTermIsIgnoredInSilence takes every $entity and ~define away: each must
// become a Problem, because there is no such name.
func TestNoTermIsIgnoredInSilence(t *testing.T) {
	for _, def := range shipped(t) {
		eachScalar(&def, func(n *news.Node, path string) {
			if n.Value == "" || n.Value[0] != '$' && n.Value[0] != '~' {
				return
			}
			old := n.Value
			n.Value += "zz"
			if set, _ := Compile([]news.Node{def}, plainLexicon(), nil); set != nil {
				t.Errorf("%s: %szz is ignored", path, old)
			}
			n.Value = old
		})
	}
}

func eachPair(n *news.Node, f func(*news.Pair, string)) {
	visit(n, "", f, nil)
}

func eachScalar(n *news.Node, f func(*news.Node, string)) {
	visit(n, "", nil, f)
}

func visit(n *news.Node, path string, pair func(*news.Pair, string), scalar func(*news.Node, string)) {
	for i := range n.Pairs {
		p := &n.Pairs[i]
		at := path + "." + p.Key
		if pair != nil {
			pair(p, at)
		}
		visit(&p.Value, at, pair, scalar)
	}
	for i := range n.List {
		visit(&n.List[i], fmt.Sprintf("%s[%d]", path, i), pair, scalar)
	}
	if n.Kind == news.NodeScalar && scalar != nil {
		scalar(n, path)
	}
}
