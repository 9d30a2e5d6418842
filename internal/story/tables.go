package story

import (
	"crypto/sha256"
	_ "embed" // the tables
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"khyber/internal/text"
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

// class is a set of classes of words.
type class uint16

const (
	stopWord class = 1 << iota
	critical
	soft
	negation
	modal
	label
	figure // has a digit, or is a word for one
	name   // begins with a capital letter
	template
	explains
	reacts
	function // a word of grammar, in a language without counts
	everyday // a word or name of any day's news, in such a language
	bigram   // two characters of a script without spaces
	country  // names one, in the vector of such a language
	recalls  // what one saw who was there
)

var classNames = map[string]class{
	"stop": stopWord, "critical": critical, "soft": soft, "negation": negation, "modal": modal, "label": label, "template": template,
	"explains": explains, "reacts": reacts, "recalls": recalls, "function": function, "everyday": everyday,
}

// lexeme is what the tables say of a word.
type lexeme struct {
	stem    string
	hash    uint64 // of the stem
	whole   uint64 // hash of the word itself, as Americans spell it
	idf     int32  // thousandths, of all news
	region  int32  // thousandths, of all news and the region's, mean
	class   class
	known   bool // it has a count
	numeral bool // a number or its ordinal in words
	agency  uint32
}

// vocabulary is tables/words.txt and the counts.
type vocabulary struct {
	words             map[string]lexeme // by folded word
	classes           map[string]class
	beginnings        []string       // of everyday words, with any ending; sorted, none begins another
	numbers           map[string]int // five: 5
	times             map[string]int // lakh: 5 zeros
	ordinals          map[string]string
	same              map[string]string // stem: the word that counts
	agencies          map[string]uint32 // a bit each
	agencyDomains     map[string]uint32
	background, local counts
}

// words returns the vocabulary; broken tables are found by the tests.
var words = sync.OnceValue(func() *vocabulary {
	v, err := loadVocabulary(wordText, backgroundCounts, regionCounts)
	if err != nil {
		return &vocabulary{}
	}
	return v
})

func loadVocabulary(table string, background, region []byte) (*vocabulary, error) {
	v := &vocabulary{
		words: make(map[string]lexeme), classes: make(map[string]class), numbers: make(map[string]int),
		times: make(map[string]int), ordinals: make(map[string]string), same: make(map[string]string),
		agencies: make(map[string]uint32), agencyDomains: make(map[string]uint32),
	}
	var err error
	if v.background, err = readCounts(background); err != nil {
		return nil, err
	}
	if v.local, err = readCounts(region); err != nil {
		return nil, err
	}
	for kind, f := range lines(table) {
		if err := v.add(kind, f); err != nil {
			return nil, err
		}
	}
	for _, list := range [][]string{v.background.words, v.local.words} {
		for _, w := range list {
			v.words[w] = v.lexeme(w)
		}
	}
	for w := range v.classes {
		v.words[w] = v.lexeme(w)
	}
	v.markNumerals()
	v.beginnings = shortest(v.beginnings)
	return v, nil
}

// shortest sorts beginnings and leaves out those that begin with another one.
func shortest(beginnings []string) []string {
	slices.Sort(beginnings)
	out := beginnings[:0]
	for _, b := range beginnings {
		if n := len(out); n == 0 || !strings.HasPrefix(b, out[n-1]) {
			out = append(out, b)
		}
	}
	return out
}

// markNumerals marks the numbers and ordinals in words.
func (v *vocabulary) markNumerals() {
	numerals := slices.Concat(slices.Collect(maps.Keys(v.numbers)), slices.Collect(maps.Keys(v.ordinals)), []string{dozen})
	for _, w := range numerals {
		l := v.look(w)
		l.numeral = v.numbers[w] > 0 || v.ordinals[w] != "" || w == dozen
		v.words[w] = l
	}
}

// add takes one line of the table of words.
func (v *vocabulary) add(kind string, f []string) error {
	if c, ok := classNames[kind]; ok {
		for _, w := range f {
			if root, ok := strings.CutSuffix(w, "*"); ok && c == everyday {
				v.beginnings = append(v.beginnings, text.Fold(root))
			} else {
				v.classes[text.Fold(w)] |= c
			}
		}
		return nil
	}
	for _, w := range f[1:] {
		switch kind {
		case "number", "times":
			n, err := strconv.Atoi(f[0])
			if err != nil {
				return fmt.Errorf("read the table of words: %w", err)
			}
			map[string]map[string]int{"number": v.numbers, "times": v.times}[kind][w] = n
		case "ordinal":
			v.ordinals[w] = f[0]
		case "same":
			v.same[stem(w)] = f[0]
		case "agency":
			if v.agencies[f[0]] == 0 {
				v.agencies[f[0]] = 1 << len(v.agencies)
			}
			v.agencyDomains[w] = v.agencies[f[0]]
		default:
			return fmt.Errorf("read the table of words: %q is no kind of line", kind)
		}
	}
	return nil
}

// look returns what is known of a folded word.
func (v *vocabulary) look(word string) lexeme {
	if l, ok := v.words[word]; ok {
		return l
	}
	return v.lexeme(word)
}

func (v *vocabulary) lexeme(word string) lexeme {
	l := lexeme{stem: stem(word), agency: v.agencies[word], class: v.classes[word]}
	l.hash = hashWord(l.stem)
	l.whole = l.hash
	if l.stem != word {
		l.class |= v.classes[l.stem]
		l.whole = hashWord(american(word))
	}
	all, local := v.background.of[l.stem], v.local.of[l.stem]
	l.known = all+local > 0
	l.idf = v.background.idf(all)
	l.region = (l.idf + v.local.idf(local)) / 2
	return l
}

// hashWord is FNV-1a with the bits mixed, so that any few of them will do.
func hashWord(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}

// mix is the finalizer of MurmurHash3.
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

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

// rules is raised when Relate decides otherwise by the same tables.
const rules = "2"

var tables = sync.OnceValue(func() string {
	h := sha256.New()
	h.Write([]byte(rules))
	for _, t := range []string{urlText, wordText, string(backgroundCounts), string(regionCounts)} {
		h.Write([]byte(t))
	}
	return hex.EncodeToString(h.Sum(nil))[:8]
})

// Tables returns the number of the embedded tables and of the rules that use
// them, 8 hexadecimal digits. It is kept with every edge: thresholds belong to
// their tables. When it changes, what is open is related once more.
func Tables() string { return tables() }
