package story

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"khyber/internal/news"
)

// transforms are what outlets do to a text of an agency before they print it.
var transforms = map[string]func(*rand.Rand, *report){
	"as it is":   func(_ *rand.Rand, _ *report) {},
	"case":       func(_ *rand.Rand, r *report) { r.title = strings.ToUpper(r.title) },
	"label":      func(_ *rand.Rand, r *report) { r.title = "Exclusive: " + r.title },
	"its name":   func(_ *rand.Rand, r *report) { r.title += " | Courier" },
	"dateline":   func(_ *rand.Rand, r *report) { r.summary = "BELQIS, Nov 23 (Reuters) - " + r.summary },
	"spelling":   func(_ *rand.Rand, r *report) { r.title = strings.ReplaceAll(r.title, "harbour", "harbor") },
	"cut":        func(_ *rand.Rand, r *report) { r.summary = cutWords(r.summary, 0.6) + "…" },
	"longer":     func(_ *rand.Rand, r *report) { r.summary += " " + cutWords(r.summary, 0.3) },
	"new title":  func(_ *rand.Rand, r *report) { r.title = cutWords(r.summary, 0.2) },
	"words gone": func(random *rand.Rand, r *report) { r.summary = dropWords(random, r.summary) },
}

// cutWords returns the beginning of a text.
func cutWords(s string, part float64) string {
	f := strings.Fields(s)
	return strings.Join(f[:int(float64(len(f))*part)], " ")
}

// dropWords leaves out one word in ten, but no number.
func dropWords(random *rand.Rand, s string) string {
	var kept []string
	for w := range strings.FieldsSeq(s) {
		if random.IntN(10) > 0 || isNumber(w) {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, " ")
}

// found says whether two reports are candidates for each other and a copy.
func found(x, y report) bool {
	a, b := x.sign(), y.sign()
	weight := 0
	keys := CandidateKeys(&b)
	for _, k := range CandidateKeys(&a) {
		for _, other := range keys {
			if k == other {
				weight += k.Weight()
			}
		}
	}
	return weight >= Enough && Relate(&a, &b).Relation == news.RelationCopy
}

func TestCopiesAreFoundWhateverOutletsDoToThem(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const rounds = 40
	for name, transform := range transforms {
		hits, all, titleHits, titleAll := 0, 0, 0, 0
		for i := range tongues {
			l := &tongues[i]
			for range rounds {
				f := facts{a: random.IntN(len(l.actors)), p: random.IntN(len(l.places)), n: 2 + random.IntN(97)}
				f.b = (f.a + 1) % len(l.actors)
				x, y := l.report("herald", f, 0, true), l.report("courier", f, time.Hour, true)
				transform(random, &y)
				all++
				hits += one(found(x, y))
				if l.lang != "en" { // without counts, titles alone decide nothing
					continue
				}
				y.summary = ""
				titleAll++
				titleHits += one(found(x, y))
			}
		}
		if 100*hits < 85*all {
			t.Errorf("%s: %d of %d found", name, hits, all)
		}
		if name != "new title" && 100*titleHits < 60*titleAll {
			t.Errorf("%s, title only: %d of %d found", name, titleHits, titleAll)
		}
	}
}
