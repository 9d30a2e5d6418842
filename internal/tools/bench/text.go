package main

import (
	"math"
	"math/rand/v2"
	"strings"
)

// language is how the invented words of a language look.
type language struct {
	code   string
	starts []string // syllables
	small  []string // words between the others
	names  []string // that lexicon and topics know
	stop   string
}

// languages weigh by how often they are listed.
var languages = []*language{english, english, english, english, english, urdu, persian, pashto, hindi, russian, arabic, bengali}

var (
	english = &language{"en", split("ba de fo gri ha ju ka lo mi no pra re sta tu ve wi"), split("the of to in and for on with at by from as is was that"), split("Kabul Islamabad Pakistan Afghanistan Torkham Kandahar Tehran Taliban"), "."}
	urdu    = &language{"ur", split("با دے کو مر نا پھ رو سے تی گا ہو لی چا شی خو جے"), split("کے کی کا میں سے کو نے اور پر ہے ہیں کہ یہ"), split("پاکستان افغانستان کابل طورخم طالبان"), "۔"}
	persian = &language{"fa", split("با ده گو مر نا پی رو سا تی زا هو لی چه شی خو جا"), split("در از به که را با است این برای و شد"), split("پاکستان افغانستان کابل تهران طالبان"), "."}
	pashto  = &language{"ps", split("با ده ګو مړ نا پې رو ښا تي ځا هو لي څه شي خو جا"), split("د په او کې ته چې له دی دي نه"), split("پاکستان افغانستان کابل تورخم طالبان"), "."}
	hindi   = &language{"hi", split("बा दे को मर ना पी रो से ती गा हो ली चा शी खो जे"), split("के की का में से को ने और पर है हैं कि यह"), split("पाकिस्तान अफगानिस्तान काबुल तालिबान"), "।"}
	russian = &language{"ru", split("ба де ко мар ни по ро се ти гу хо ли ча шу же зы"), split("в и на с по о из за не для что от к"), split("Пакистан Афганистан Кабул Талибан"), "."}
	arabic  = &language{"ar", split("با دي كو مر نا في رو سا تي غا هو لي شا قي خو جا"), split("في من على إلى أن عن مع هذا التي"), split("باكستان أفغانستان كابل طالبان"), "."}
	bengali = &language{"bn", split("বা দে কো মর না পি রো সে তি গা হো লি চা শি খো জে"), split("এবং ও এই করে থেকে জন্য সঙ্গে"), split("পাকিস্তান আফগানিস্তান কাবুল তালেবান"), "।"}
)

func split(words string) []string { return strings.Fields(words) }

const (
	vocabulary   = 8000 // words of a language
	titleWords   = 9
	summaryBytes = 560
)

// writer makes texts.
type writer struct{ *rand.Rand }

// word draws a word: the first ones of the vocabulary are drawn most often, as in
// any language.
func (w writer) word(l *language) string {
	switch p := w.Float64(); {
	case p < 0.25:
		return l.small[w.IntN(len(l.small))]
	case p < 0.29:
		return l.names[w.IntN(len(l.names))]
	}
	n := uint64(math.Pow(vocabulary, w.Float64()))
	var b strings.Builder
	starts := uint64(len(l.starts))
	for k := n*2654435761 + 17; b.Len() == 0 || k > 0 && b.Len() < 14; k /= starts {
		b.WriteString(l.starts[k%starts])
		if b.Len() >= 4 && k%5 == 0 {
			break
		}
	}
	return b.String()
}

func (w writer) title(l *language) string {
	words := make([]string, titleWords-3+w.IntN(6))
	for i := range words {
		words[i] = w.word(l)
	}
	return capital(strings.Join(words, " "))
}

func (w writer) summary(l *language) string {
	var b strings.Builder
	for b.Len() < summaryBytes {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.title(l) + l.stop)
	}
	return b.String()
}

// capital begins a text with a capital letter.
func capital(s string) string {
	for i := range s {
		if i > 0 {
			return strings.ToUpper(s[:i]) + s[i:]
		}
	}
	return s
}
