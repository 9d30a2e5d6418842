package lexicon

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"khyber/internal/news"
	"khyber/internal/text"
)

// naive finds a phrase by comparing it with the tokens at every place.
func naive(phrases [][]Word, tokens []text.Token) []Hit {
	var hits []Hit
	for start := range tokens {
		for value, phrase := range phrases {
			if matchesAt(phrase, tokens[start:]) {
				hits = append(hits, Hit{int32(value), int32(start), int32(start + len(phrase))})
			}
		}
	}
	return hits
}

func matchesAt(phrase []Word, tokens []text.Token) bool {
	if len(phrase) > len(tokens) {
		return false
	}
	for i, w := range phrase {
		if i > 0 && tokens[i].Break || !wordMatches(w, tokens[i]) {
			return false
		}
	}
	return true
}

func wordMatches(w Word, t text.Token) bool {
	for i, fold := range append([]string{t.Fold}, t.Alt...) {
		caps := t.Caps && i == 0
		if w.Caps && !caps {
			continue
		}
		if fold == w.Fold || w.Stem && strings.HasPrefix(fold, w.Fold) {
			return true
		}
	}
	return false
}

// agree compares the trie with the naive search.
func agree(t interface {
	Fatalf(format string, args ...any)
}, patterns []string, s string,
) {
	trie := NewTrie()
	var phrases [][]Word
	for _, p := range patterns {
		spellings, err := ParsePhrase(p)
		if err != nil {
			continue
		}
		for _, words := range spellings {
			trie.Add(words, int32(len(phrases)))
			phrases = append(phrases, words)
		}
	}
	trie.Seal()
	tokens := text.Tokens(s, "")
	got := trie.Scan(tokens, new(Scratch), nil)
	want := naive(phrases, tokens)
	order := func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.Value, b.Value))
	}
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Fatalf("%q in %q\n got %v\nwant %v", patterns, s, got, want)
	}
}

var (
	somePatterns = []string{
		"a", "A", "aa*", "aaa*", "aaa", "AAA", "AAA*", "a aaa*", "aaa b", "B aaa", "b (a|aaa|) c", "باب", "باب*", "ال باب", "कमल*", "阿 富",
	}
	someWords = []string{
		"a", "A", "aa", "aaa", "aaab", "AAAB", "AAA", "b", "B", "c", ",", ". ", "-", "وباب", "بالباب", "باب", "कमलों", "阿富", "aaa's",
	}
)

func TestPropTrieFindsWhatANaiveSearchFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		patterns := rapid.SliceOfN(rapid.SampledFrom(somePatterns), 1, 8).Draw(t, "patterns")
		agree(t, patterns, strings.Join(rapid.SliceOfN(rapid.SampledFrom(someWords), 0, 10).Draw(t, "words"), " "))
	})
}

func FuzzScan(f *testing.F) {
	f.Add("aaa*|aaa b|B", "aaab B aaa b")
	f.Add("(a|b|) c*", "a ccc, b c")
	f.Fuzz(func(t *testing.T, patterns, s string) {
		agree(t, append(strings.Split(patterns, "|"), patterns), s)
	})
}

// bigTrie returns a trie of many names and a text of 300 words with some of
// them.
func bigTrie(names int) (*Trie, []text.Token) {
	first := strings.Fields("amber birch cedar delta ember fjord grove haven inlet jetty knoll ledge maple north ocean plain quarry ridge stone tower")
	trie := NewTrie()
	for i := range names {
		name := fmt.Sprintf("%s%s %s%d", first[i%20], first[i/20%20], first[i/400%20], i/8000)
		spellings, err := ParsePhrase(name)
		if err != nil {
			panic(err) // of the test itself
		}
		trie.Add(spellings[0], int32(i))
	}
	trie.Seal()
	var b strings.Builder
	for i := range 50 {
		fmt.Fprintf(&b, "the officials of %s%s %s0 said ", first[i*7%20], first[i*3%20], first[i*5%20])
	}
	return trie, text.Tokens(b.String(), "en")[:300]
}

func TestScanAllocatesNothing(t *testing.T) {
	trie, tokens := bigTrie(1000)
	var s Scratch
	hits := trie.Scan(tokens, &s, nil)
	if len(hits) == 0 {
		t.Fatal("nothing is found")
	}
	if n := testing.AllocsPerRun(100, func() { hits = trie.Scan(tokens, &s, hits[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	l, _ := Load(news.Node{})
	scanner := Scanner{Lexicon: l}
	f := Field{Text: "Kabul and Islamabad, near the Afghan border", Summary: true}
	f.Tokens = text.Tokens(f.Text, "en")
	mentions := scanner.Scan(f, nil)
	if n := testing.AllocsPerRun(100, func() { mentions = scanner.Scan(f, mentions[:0]) }); n != 0 {
		t.Errorf("%v allocations for mentions", n)
	}
}

func BenchmarkScan(b *testing.B) {
	b.Run("10000-names-300-words", func(b *testing.B) {
		trie, tokens := bigTrie(10000)
		var s Scratch
		var hits []Hit
		b.ReportAllocs()
		for b.Loop() {
			hits = trie.Scan(tokens, &s, hits[:0])
		}
		b.ReportMetric(float64(len(hits)), "hits")
	})
	b.Run("lexicon-300-words", func(b *testing.B) {
		l, _ := Load(news.Node{})
		f := Field{Text: strings.Repeat("Officials in Peshawar said on Tuesday that trucks carrying goods were stranded at the crossing after forces from both sides exchanged fire, and the foreign ministry summoned a diplomat. ", 10), Summary: true}
		f.Tokens = text.Tokens(f.Text, "en")
		scanner := Scanner{Lexicon: l}
		var mentions []Mention
		b.ReportAllocs()
		for b.Loop() {
			mentions = scanner.Scan(f, mentions[:0])
		}
		b.ReportMetric(float64(len(mentions)), "mentions")
	})
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		Load(news.Node{})
	}
}
