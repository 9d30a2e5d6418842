package story

import (
	"crypto/sha256"
	_ "embed" // the tables
	"encoding/hex"
	"regexp"
	"strings"
	"sync"
)

//go:embed tables/urls.txt
var urlText string

//go:embed tables/words.txt
var wordText string

// names is a set of words and of prefixes of words.
type names struct {
	exact    map[string]bool
	prefixes []string
}

func (n *names) add(words []string) {
	if n.exact == nil {
		n.exact = make(map[string]bool)
	}
	for _, w := range words {
		if prefix, ok := strings.CutSuffix(w, "*"); ok {
			n.prefixes = append(n.prefixes, prefix)
		} else {
			n.exact[w] = true
		}
	}
}

// has says whether the set names a word. A nil set is empty.
func (n *names) has(word string) bool {
	if n == nil {
		return false
	}
	if n.exact[word] {
		return true
	}
	for _, p := range n.prefixes {
		if strings.HasPrefix(word, p) {
			return true
		}
	}
	return false
}

// urlTable is tables/urls.txt.
type urlTable struct {
	track     names
	drop      map[string]*names
	hosts     map[string][]string
	redirects []redirector
	archive   map[string]bool
	opaque    map[string]bool
	ids       map[string][]*regexp.Regexp
	same      map[string]string
}

type redirector struct {
	host, path string
	names      []string
}

var urls = sync.OnceValue(func() *urlTable {
	t := &urlTable{
		drop: make(map[string]*names), hosts: make(map[string][]string), archive: make(map[string]bool),
		opaque: make(map[string]bool), ids: make(map[string][]*regexp.Regexp), same: make(map[string]string),
	}
	for kind, f := range lines(urlText) {
		t.add(kind, f)
	}
	return t
})

func (t *urlTable) add(kind string, f []string) {
	switch kind {
	case "track":
		t.track.add(f)
	case "drop":
		t.drop[f[0]] = &names{}
		t.drop[f[0]].add(f[1:])
	case "host":
		t.hosts[f[0]] = f[1:]
	case "redirect":
		host, path, _ := strings.Cut(f[0], "/")
		t.redirects = append(t.redirects, redirector{host, "/" + path, f[1:]})
	case "archive", "opaque":
		set := t.archive
		if kind == "opaque" {
			set = t.opaque
		}
		for _, host := range f {
			set[host] = true
		}
	case "id":
		t.ids[f[0]] = append(t.ids[f[0]], regexp.MustCompile(f[1]))
	case "same":
		for _, domain := range f[1:] {
			t.same[domain] = f[0]
		}
	}
}

// wordTable is tables/words.txt: words by class. The words are as the folding
// leaves them, before the plural is cut.
type wordTable struct {
	stop, critical, soft, negation, modal names
}

var words = sync.OnceValue(func() *wordTable {
	t := &wordTable{}
	sets := map[string]*names{"stop": &t.stop, "critical": &t.critical, "soft": &t.soft, "negation": &t.negation, "modal": &t.modal}
	for class, f := range lines(wordText) {
		sets[class].add(f)
	}
	return t
})

// lines yields the first word and the others of each line of a table.
func lines(table string) func(yield func(string, []string) bool) {
	return func(yield func(string, []string) bool) {
		for line := range strings.Lines(table) {
			f := strings.Fields(line)
			if len(f) < 2 || strings.HasPrefix(f[0], "#") {
				continue
			}
			if !yield(f[0], f[1:]) {
				return
			}
		}
	}
}

// Tables returns the number of the embedded tables: 8 hexadecimal digits. It is
// kept beside whatever was decided with them.
var tables = sync.OnceValue(func() string {
	h := sha256.New()
	for _, t := range []string{urlText, wordText} {
		h.Write([]byte(t))
	}
	return hex.EncodeToString(h.Sum(nil))[:8]
})

// Tables returns the number of the embedded tables, 8 hexadecimal digits. It is
// kept with every edge: thresholds belong to their tables.
func Tables() string { return tables() }
