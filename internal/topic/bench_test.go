package topic

import (
	"strings"
	"testing"

	"khyber/internal/news"
)

// BenchmarkMatch judges an item by the eight shipped topics.
func BenchmarkMatch(b *testing.B) {
	s, problems := Compile(shipped(b), plainLexicon(), nil)
	if s == nil {
		b.Fatal(problemText(problems))
	}
	dense := strings.Repeat("Officials in Peshawar said on Tuesday that trucks carrying goods were stranded at the crossing after forces from both sides exchanged fire, and the foreign ministry summoned a diplomat. ", 10)
	for _, c := range []struct {
		name string
		item news.Item
	}{
		{"short", news.Item{
			Title:   "Ministers open new bridge in the north",
			Summary: "The bridge shortens the way to the provincial capital by two hours, officials in Islamabad said on Monday. Work had begun four years ago; farmers of the valley hope for better prices for their fruit.",
		}},
		{"short-match", news.Item{
			Title:   "Torkham closed as Pakistan, Afghan forces trade fire",
			Summary: "The gate was shut on Sunday evening. Kabul blamed Islamabad, which summoned the chargé d’affaires. Hundreds of trucks are stranded on both sides of the frontier.",
		}},
		{"urdu", news.Item{
			Title:   "طورخم سرحد بند، سینکڑوں ٹرک پھنس گئے",
			Summary: "حکام نے منگل کو بتایا کہ سامان سے لدے ٹرک طورخم سرحد پر پھنس گئے ہیں اور دفتر خارجہ نے افغان سفارتکار کو طلب کیا ہے۔", Lang: "ur",
		}},
		{"dense-290-words", news.Item{Title: "Torkham closed as Pakistan, Afghan forces trade fire", Summary: dense}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Match(&c.item)
			}
		})
	}
}

// BenchmarkWhy explains a verdict with every rule.
func BenchmarkWhy(b *testing.B) {
	s, _ := Compile(shipped(b), plainLexicon(), nil)
	it := item("Torkham closed as Pakistan, Afghan forces trade fire | Hundreds of trucks are stranded.")
	b.ReportAllocs()
	for b.Loop() {
		s.Why("afpak-relations", it)
	}
}

// BenchmarkCompile makes the Set of the shipped topics and runs their examples.
func BenchmarkCompile(b *testing.B) {
	nodes, lex := shipped(b), plainLexicon()
	b.ReportAllocs()
	for b.Loop() {
		Compile(nodes, lex, nil)
	}
}
