package text

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestASieveWantsAWordOfEachSet(t *testing.T) {
	var s Sieve
	for _, set := range [][]string{{"border", "gate"}, {"trader*"}} {
		s.Set()
		for _, w := range set {
			w, isStem := strings.CutSuffix(w, "*")
			s.Add(w, isStem)
		}
	}
	for _, c := range []struct {
		texts []string
		want  bool
	}{
		{nil, false},
		{[]string{"The border is open"}, false},
		{[]string{"Traders wait at the Border."}, true},
		{[]string{"Traders wait", "at the gate"}, true},
		{[]string{"A trader waits", "at the gates"}, false},
		{[]string{"b\u00f6rder", "TRADER"}, true},
		{[]string{"<a border>", "<b>trader</b>"}, false},
		{[]string{"&#98;order", "trad\u00ader"}, true},
	} {
		if got := s.Pass("en", c.texts...); got != c.want {
			t.Errorf("%q: %v", c.texts, got)
		}
	}
}

func TestASieveWithoutSetsLetsAllPass(t *testing.T) {
	var s Sieve
	if !s.Pass("en") || !s.Pass("", "anything") {
		t.Error("refused")
	}
}

func TestASieveHasRoomForSoManySets(t *testing.T) {
	var s Sieve
	for n := 0; s.Set(); n++ {
		if n == MaxSets {
			t.Fatal("more sets than bits")
		}
		s.Add("gate", false)
	}
	if s.Pass("en", "no such word") || !s.Pass("en", "the gate") {
		t.Error("a set beyond the last one counts")
	}
}

// TestNoLetterAboveLatinFoldsToASCII is what lets a Sieve skip whole words.
func TestNoLetterAboveLatinFoldsToASCII(t *testing.T) {
	for r := rune(0x0400); r < 0x1000; r++ {
		if fold := Fold(string(r)); strings.ContainsFunc(fold, func(r rune) bool { return r < 0x80 && isASCIILetter(byte(r)) }) {
			t.Errorf("%U folds to %q", r, fold)
		}
	}
}

// checkSieve holds a Sieve against the tokens of a text: it has a word if and
// only if one of them is the word, or begins with it.
func checkSieve(t interface {
	Fatalf(format string, args ...any)
}, s, lang, other string,
) {
	tokens := Tokens(s, lang)
	var folds []string
	for _, token := range tokens {
		folds = append(append(folds, token.Fold), token.Alt...)
	}
	words := append(strings.Fields(Fold(other)), folds...)
	words = words[:min(len(words), 50)] // enough of them: the work is that times the tokens
	var all Sieve
	for _, w := range words {
		for _, isStem := range []bool{false, true} {
			if isStem && len(w) < 2 {
				continue
			}
			want := false
			for _, f := range folds {
				want = want || f == w || isStem && strings.HasPrefix(f, w)
			}
			var one Sieve
			one.Set()
			one.Add(w, isStem)
			if got := one.Pass(lang, s); got != want {
				t.Fatalf("%q has %q (stem: %v): %v by its tokens, %v by the sieve", s, w, isStem, want, got)
			}
			if want && all.Set() {
				all.Add(w, isStem)
			}
		}
	}
	if !all.Pass(lang, s) {
		t.Fatalf("%q is refused for its own words %q", s, folds)
	}
}

func TestPropASieveReadsWordsAsTokensDoes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(name string) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(scraps), 0, 12).Draw(rt, name), "")
		}
		checkSieve(rt, draw("text"), rapid.SampledFrom([]string{"", "en", "ar", "ur"}).Draw(rt, "lang"), draw("other"))
	})
}

func FuzzSieve(f *testing.F) {
	for _, s := range scraps {
		f.Add(s+"x"+s, "ar", s)
	}
	f.Fuzz(func(t *testing.T, s, lang, other string) {
		if len(s) < 1<<10 { // more only repeats
			checkSieve(t, s, lang, other)
		}
	})
}

// BenchmarkSieve looks for a word that is not there.
func BenchmarkSieve(b *testing.B) {
	var s Sieve
	s.Set()
	s.Add("zwieback", false)
	for lang, t := range map[string]string{
		"en": "Officials of the ministry’s customs office met traders at the border and talked of 30 lorries. ",
		"ur": "ضلع کے حکام نے سرحد پر تاجروں سے ملاقات کی اور تیس گاڑیوں کے بارے میں بات کی۔ ",
	} {
		t = strings.Repeat(t, 4)
		b.Run(lang, func(b *testing.B) {
			b.SetBytes(int64(len(t)))
			b.ReportAllocs()
			for b.Loop() {
				s.Pass(lang, t)
			}
		})
	}
}
