package text

import (
	"strings"
	"unicode"
)

// Language returns the language of s by ISO 639-1 when it is one of en ur ps fa
// ar hi ru bn and the text shows it: by its script, by letters that one language
// has alone, and by its most frequent words. It returns "" when unsure.
func Language(s string) string {
	script := dominantScript(s)
	candidates := languagesOf[script]
	if len(candidates) == 0 {
		return ""
	}
	best, second, winner := 0, 0, ""
	for _, c := range candidates {
		switch p := c.points(s); {
		case p > best:
			best, second, winner = p, best, c.lang
		case p > second:
			second = p
		}
	}
	if best == second {
		return ""
	}
	return winner
}

// profile is what gives a language away in its script. A language that is not
// ours is listed with the empty name, so that its neighbours do not win.
type profile struct {
	lang    string
	base    int    // points for the script alone
	letters string // that its neighbours do not have
	words   map[string]bool
}

const (
	letterPoints = 3 // a letter of its own
	wordPoints   = 2 // a frequent word
)

// points says how much of the language is in s. The words are compared as they
// are written, in lower case: folding would hide the difference.
func (p *profile) points(s string) int {
	n := p.base
	for _, r := range s {
		if strings.ContainsRune(p.letters, r) {
			n += letterPoints
		}
	}
	for word := range strings.FieldsFuncSeq(strings.ToLower(s), notInWord) {
		if p.words[word] {
			n += wordPoints
		}
	}
	return n
}

func notInWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.M, r) }

// words makes a set of the words of a list.
func words(list string) map[string]bool {
	set := make(map[string]bool)
	for w := range strings.FieldsSeq(list) {
		set[w] = true
	}
	return set
}

// languagesOf lists the languages of each script, ours and the neighbours that
// could be taken for them.
var languagesOf = map[*unicode.RangeTable][]profile{
	unicode.Latin: {
		{lang: "en", words: words("the of to in and for on with at by from as is are was were be has have had not it its an a after over " +
			"says said who what how why will would this that his her their he they into amid against about between out up no new us " +
			"more than but or you your back off under near among where two three first talks killed border attack trade ties " +
			"police army chief minister president forces government security deaths kills earthquake magnitude people refugees discuss hits")},
		{words: words("de la le les el los las des du et en un une dan yang di dengan untuk pada der die das und ist von mit " +
			"il lo gli della per che con non ve bir ile için na w z i je na se o e do da em para por que om och att det en av " +
			"är som op het van een te met voor ka ki ke hai mein aur ko se ne par sa al ng mga ni va bilan uchun haqida")},
	},
	unicode.Arabic: {
		{lang: "ur", letters: "ہےٹڈڑںھۓ", words: words("کے کی کا میں سے کو نے اور پر ہے ہیں کہ یہ اس کر تھا گیا دی دیا لیے ہو گئے")},
		{lang: "ps", letters: "ټډړږښځڅېۍڼګ", words: words("د په او کې ته چې له دی دي یې سره نه څخه")},
		{lang: "fa", letters: "", words: words("در از به که را با است این برای بر و شد می ها آن کرد کرده شده خود تا یا های هم اما پس " +
			"سه دو یک روی مرز بین میان گفت می\u200cشود شدند کردند نیز دیگر باز")},
		{lang: "ar", letters: "ةىإأيك", words: words("في من على إلى أن عن مع هذا التي الذي بعد بين قبل لا ما كان")},
		{letters: "ڪڳڻٿڀٻڏڙڄڃۆێڵڕ"}, // Sindhi, Kurdish
	},
	unicode.Devanagari: {
		{lang: "hi", base: 1, words: words("के की का में से को ने और पर है हैं कि यह इस कर था गया लिए भी नहीं हो पे तक ही एक")},
		{letters: "ळ", words: words("आहे आहेत आणि च्या ची चा चे ने ला मध्ये होते नाही र छ छन् मा को ले लाई भएको गर्ने")}, // Marathi, Nepali
	},
	unicode.Cyrillic: {
		{lang: "ru", base: 1, letters: "ыэъё", words: words("в и на с по о из за не для что от к у до при об после")},
		{letters: "іїєґў"}, // Ukrainian, Belarusian
		{letters: "ғқҳҷӯӣңөүұһә", base: 0, words: words("дар аз ба ва барои бо ки")}, // Tajik, Kazakh, Kyrgyz, Uzbek
		{letters: "ђјљњћџѓќѕ", words: words("се је са ја")},                          // Serbian, Macedonian
	},
	unicode.Bengali: {
		{lang: "bn", base: 1},
		{letters: "ৰৱ"}, // Assamese
	},
}

// Common says whether a folded word is among the most frequent ones of a
// language that Language knows.
func Common(fold string) bool { return common[fold] }

// common are the folded frequent words of our languages.
var common = commonWords()

func commonWords() map[string]bool {
	set := make(map[string]bool)
	for _, profiles := range languagesOf {
		for _, p := range profiles {
			if p.lang == "" {
				continue
			}
			for w := range p.words {
				set[Fold(w)] = true
			}
		}
	}
	return set
}

// scripts are those that a dominant script is looked for in.
var scripts = []*unicode.RangeTable{
	unicode.Latin, unicode.Arabic, unicode.Devanagari, unicode.Cyrillic, unicode.Bengali, unicode.Hebrew,
	unicode.Han, unicode.Greek, unicode.Tamil, unicode.Telugu, unicode.Gujarati, unicode.Gurmukhi, unicode.Thai,
	unicode.Hangul, unicode.Hiragana, unicode.Katakana, unicode.Thaana, unicode.Syriac,
}

// dominantScript returns the script of more than half of the letters of s; nil
// where there is none.
func dominantScript(s string) *unicode.RangeTable {
	var counts [32]int
	total := 0
	for _, r := range s {
		if !unicode.IsLetter(r) {
			continue
		}
		total++
		for i, t := range scripts {
			if unicode.Is(t, r) {
				counts[i]++
				break
			}
		}
	}
	for i, t := range scripts {
		if 2*counts[i] > total {
			return t
		}
	}
	return nil
}

// rightToLeft are the languages that are written so in one script only.
var rightToLeft = words("ar fa ur ps he yi dv ug sd ckb")

// RightToLeft says whether a text runs from right to left: by its language, or
// by its letters when the language is unknown or written in several scripts.
func RightToLeft(lang, s string) bool {
	lang = Primary(lang)
	if rightToLeft[lang] {
		return true
	}
	switch lang {
	case "", "ku", "ks", "pa", "az", "kk", "ms", "tg", "uz":
		script := dominantScript(s)
		return script == unicode.Arabic || script == unicode.Hebrew || script == unicode.Thaana || script == unicode.Syriac
	}
	return false
}
