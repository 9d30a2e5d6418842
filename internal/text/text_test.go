package text

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestSpellingsOfOneWordFoldAlike(t *testing.T) {
	for _, pair := range [][2]string{
		{"پاکستان", "پاكستان"},
		{"افغانستان", "أفغانستان"},
		{"اسلام آباد", "اسلام اباد"},
		{"تحریک", "تحريك"},
		{"ننگرہار", "ننګرهار"},
		{"کابل", "كابل"},
		{"فتنۃ الخوارج", "فتنه الخوارج"},
		{"سفارتخانہ", "سفارتخانه"},
		{"طالِبان", "طالبان"},
		{"طالبـــان", "طالبان"},
		{"अफ़ग़ान", "अफगान"},
		{"باجوړ", "باجوڑ"},
		{"کنړ", "کنڑ"},
		{"قندھار", "قندهار"},
		{"افغان\u200cها", "افغان ها"},
		{"U.S.", "US"},
		{"Taliban’s", "Taliban"},
		{"٢٠", "۲۰"},
		{"۲۰", "20"},
		{"२०", "20"},
		{"২০", "20"},
		{"ټوپک", "ٹوپک"},
		{"ډیورنډ", "ڈیورنڈ"},
		{"کڼ", "کن"},
		{"ماں", "مان"},
		{"مسؤول", "مسوول"},
		{"علی", "على"},
		{"پولې", "پولی"},
		{"افغانۍ", "افغانی"},
		{"شئ", "شی"},
		{"کے", "کی"},
		{"ماء", "ما"},
		{"إسلام", "اسلام"},
		{"ٱلله", "الله"},
		{"خانۀ", "خانه"},
		{"ﻛﺎﺑﻞ", "كابل"},
		{"سۆران", "سوران"},
		{"هاں", "ہان"},
		{"चाँद", "चांद"},
		{"ज़रूर", "जरूर"},
		{"ক\u09be\u09ac\u09c1ল", "কাবুল"},
		{"র\u200c্যাব", "র\u200d্যাব"},
		{"Élysée", "elysee"},
		{"straße", "STRASSE"},
		{"Ærø", "aero"},
		{"Łódź", "lodz"},
		{"Đà Nẵng", "da nang"},
		{"Diyarbakır", "diyarbakir"},
		{"chargé d’affaires", "charge d'affaires"},
		{"Afgʻoniston", "Afgoniston"},
		{"Qurʾan", "Qur'an"},
		{"Qur'an", "quran"},
		{"Pak-Afghan", "Pak Afghan"},
		{"K-P", "K P"},
		{"Tehreek-e-Taliban", "tehreek e taliban"},
		{"Ёлка", "елка"},
		{"Сергей", "Сергеи\u0306"},
		{"МОСКВА", "москва"},
		{"Pakistan&#039;s Taliban", "Pakistan Taliban"},
		{"Dur&eacute;e", "duree"},
		{"<b>Kabul</b> talks", "kabul talks"},
		{"Kabul\u200b\u00adtalks", "kabultalks"},
		{"Οδός", "οδοσ"},
		{"J&amp;K", "J&K"},
		{"ＴＴＰ", "TTP"},
		{"İstanbul", "istanbul"},
		{"د پاکستان\u200c\u200cوالا", "د پاکستان والا"},
	} {
		if got, want := Fold(pair[0]), Fold(pair[1]); got != want || got == "" {
			t.Errorf("Fold(%q) = %q, Fold(%q) = %q", pair[0], got, pair[1], want)
		}
	}
}

// TestNoWordBeginsWithAMark folds letters away that carry one.
func TestNoWordBeginsWithAMark(t *testing.T) {
	for _, s := range []string{"ءءো", "ءा", "ءाक", "ʾ\u0301a", "ͺ", "sء\u0301", "Taliban’sءء\u0301"} {
		checkFold(t, s)
	}
}

func TestDifferentWordsStayApart(t *testing.T) {
	for _, pair := range [][2]string{
		{"گل", "کل"},
		{"й", "и"},
		{"कल", "क्ल"},
		{"کابل کا", "کابلکا"},
		{"3.5", "35"},
		{"Pak/Afghan", "PakAfghan"},
		{"us", "u s"},
		{"ж", "з"},
		{"ত", "থ"},
	} {
		if Fold(pair[0]) == Fold(pair[1]) {
			t.Errorf("%q and %q both fold to %q", pair[0], pair[1], Fold(pair[0]))
		}
	}
}

func TestTokensOfHardTexts(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		// word, + for capitals, | for a break before, # for a new sentence
		{"Taliban’s envoy", "taliban envoy"},
		{"U.S. troops, NATO", "us+ troops |nato+"},
		{"the U.S.-led force", "the us+ led force"},
		{"K-P and I", "k+ p+ and i+"},
		{"Afghans' return", "afghans return"},
		{"(TTP) raid", "|ttp+ |raid"},
		{"AC/DC 2024", "ac+ |dc+ 2024"},
		{"Kabul: talks — again", "kabul |talks |again"},
		{"since last week, i.e. Monday, at 5 p.m. local time. At 5. Then", "since last week |i e monday |at 5 p m local time |#at 5 |#then"},
		{"3.5 million fled. Dr. Khan, Gen. Raza and A. Noor came! Why? No. 5", "3 5 million fled |#dr khan |gen raza and a+ noor came |#why |#no 5"},
		{"بند ہے۔ کیا؟ ہاں", "بند هی |#کیا |#هان"},
		{"बंद। खुला", "बंद |#खुला"},
		{"one<br>two <a title=\"Torkham > x\" href='y'>three</a>", "one |#two three"},
		{"a < b and <notclosed", "a b and notclosed"},
		{"<script>var torkham</script>x<style>p{}</style>y", "|x |#y"},
		{"阿富汗和", "阿 富 汗 和"},
		{"กาบูล", "ก า บู ล"},
		{"AT&T &bogus; &lt;b&gt;", "at+ t+ bogus |#b"},
		{"R&amp;D &#x645;&#x64E;&#x646; end", "r+ d+ من end"},
		{"covid-19’s", "covid 19"},
		{"", ""},
		{" \u200c\u200f ’ ", ""},
	} {
		var got []string
		sentence := 0
		for _, tok := range Tokens(c.in, "en") {
			mark := ""
			if tok.Break {
				mark = "|"
			}
			if tok.Sentence != sentence {
				mark += "#"
				sentence = tok.Sentence
			}
			if tok.Caps {
				tok.Fold += "+"
			}
			got = append(got, mark+tok.Fold)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("Tokens(%q)\n got %s\nwant %s", c.in, strings.Join(got, " "), c.want)
		}
	}
}

func TestSpansAreOfTheTextAsShown(t *testing.T) {
	s := "«Pakistan&#039;s» chargé d’affaires, the U.S. افغان\u200cها"
	var got []string
	for _, tok := range Tokens(s, "en") {
		got = append(got, s[tok.Start:tok.End])
	}
	want := []string{"Pakistan", "chargé", "d’affaires", "the", "U.S", "افغان", "ها"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestArabicCliticsAreFurtherCandidates(t *testing.T) {
	for word, want := range map[string][]string{
		"وباكستان":   {"باکستان", "اکستان"},
		"بالطائرات":  {"الطایرات", "طایرات"},
		"للأفغان":    {"افغان", "الافغان"},
		"والحدود":    {"الحدود", "حدود"},
		"الحدود":     {"حدود"},
		"في":         nil,
		"وفد":        nil,
		"Islamabad":  nil,
		"افغانستان":  nil,
		"فلباكستان":  {"لباکستان", "باکستان"},
		"كابل":       {"ابل"},
		"للا":        nil,
		"وللأفغان":   {"للافغان", "افغان", "الافغان"},
		"بافغانستان": {"افغانستان"},
	} {
		for _, lang := range []string{"ar", ""} {
			if got := Tokens(word, lang)[0].Alt; !reflect.DeepEqual(got, want) {
				t.Errorf("%s in %q: got %q, want %q", word, lang, got, want)
			}
		}
		if got := Tokens(word, "ur")[0].Alt; got != nil {
			t.Errorf("%s in Urdu: got %q, want none", word, got)
		}
	}
}

func TestElisionsAreFurtherCandidates(t *testing.T) {
	for word, want := range map[string][]string{
		"l’Afghanistan":      {"afghanistan"},
		"L'Afghanistan":      {"afghanistan"},
		"dell’Afghanistan’s": {"afghanistan"},
		"d&#39;Afghans":      {"afghans"},
		"d’un":               nil, // too short to be a name
		"Afgʻoniston":        nil,
		"O’Dell":             nil,
		"rock’n’roll":        nil,
	} {
		tokens := Tokens(word, "en")
		if len(tokens) != 1 || !reflect.DeepEqual(tokens[0].Alt, want) {
			t.Errorf("%s: got %+v, want %q", word, tokens, want)
		}
	}
}

func TestLanguageIsKnownOrSaidToBeUnsure(t *testing.T) {
	for s, want := range map[string]string{
		"The gate at the crossing was closed":           "en",
		"حکومت نے کہا ہے کہ دروازہ بند رہے گا":          "ur",
		"د پولې دروازه بیا پرانیستل شوه":                "ps",
		"گذرگاه مرزی بار دیگر به روی مسافران باز شد":    "fa",
		"أعلنت الحكومة إغلاق المعبر في المساء":          "ar",
		"सरकार ने कहा कि दरवाजा बंद रहेगा":              "hi",
		"Ворота на границе снова открыты":               "ru",
		"সীমান্তের ফটক আবার বন্ধ হয়েছে":                "bn",
		"La puerta de la frontera se ha cerrado":        "",
		"Ворота на кордоні знову відчинені, її закрили": "",
		"सीमेवरील दरवाजा पुन्हा बंद आहे आणि रस्ता ची ळ": "",
		"Дарвозаи марз боз баста шуд, ҳукумат гуфт":     "",
		"12:30":   "",
		"":        "",
		"阿富汗关闭口岸": "",
	} {
		if got := Language(s); got != want {
			t.Errorf("Language(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestPrimaryLanguageOfATag(t *testing.T) {
	for tag, want := range map[string]string{"ur-PK": "ur", "EN_us": "en", "prs": "fa", "fa-AF": "fa", "pus": "ps", "": "", " ar ": "ar", "de": "de"} {
		if got := Primary(tag); got != want {
			t.Errorf("Primary(%q) = %q, want %q", tag, got, want)
		}
	}
}

func TestDirection(t *testing.T) {
	for _, c := range []struct {
		lang, s string
		want    bool
	}{
		{"ur", "TTP", true},
		{"fa-AF", "", true},
		{"en", "طالبان", false},
		{"", "TTP کا حملہ", true},
		{"", "Kabul کابل talks", false},
		{"pa", "پنجاب", true},
		{"pa", "ਪੰਜਾਬ", false},
		{"", "", false},
		{"", "שלום", true},
	} {
		if got := RightToLeft(c.lang, c.s); got != c.want {
			t.Errorf("RightToLeft(%q, %q) = %v, want %v", c.lang, c.s, got, c.want)
		}
	}
}

func TestLettersLeaveMarksOut(t *testing.T) {
	for word, want := range map[string]int{"खोल": 2, "taliban": 7, "": 0, "t20": 3, "বাংলা": 2} {
		if got := Letters(word); got != want {
			t.Errorf("Letters(%q) = %d, want %d", word, got, want)
		}
	}
}

// scraps are pieces of text in which the rules of folding meet.
var scraps = []string{
	"Taliban’s", "U.S.", "K-P", "é", "e\u0301", "ß", "и\u0306", "Й", "افغان\u200cها", "آ", "\u0627\u0653", "ئ", "ए\u093c", "\u0958",
	"&#039;", "&amp;", "<b>", "</p>", "<", " ", ". ", ", ", "3.5", "阿", "ﷺ", "ﻙ", "\u200b", "\u00ad", "ʻ", "'s", "Dr.", "İ", "ς", "ো",
	"Kabul", "“", "…", "کابل", "ءء", "Киев", "काबुल", "१२", "٣", "\u200c", "\u2028", "\u09c7\u09be", "\xff", "\u0301", "ў", "ĳ", "ŉ", "ŀ", "Ａ", "カ\u3099", "ガ", "\u1100\u1161", "가", "`", "a", "B", "ل", "لل", "و",
}

// careful reads a text without the quick path.
func careful(s, lang string) []Token {
	sc := scanner{src: s, clitics: lang == "" || lang == "ar"}
	for i := 0; i < len(s); {
		r, n := sc.at(i)
		switch {
		case s[i] == '<':
			i = sc.tag(i)
		case isWord(r) && !isMark(r):
			i = sc.word(i)
		default:
			sc.punctuation(r, i, n)
			i += n
		}
	}
	return sc.tokens
}

func TestQuickWordsAreThoseOfTheCarefulReader(t *testing.T) {
	for r := range rune(0x3100) {
		for _, around := range []string{"%s", "a%sb", "A%sS b", "ل%sا د", "Ж%sж", "क%sख", "1%s2"} {
			s := strings.ReplaceAll(around, "%s", string(r))
			if got, want := Tokens(s, ""), careful(s, ""); !reflect.DeepEqual(got, want) {
				t.Fatalf("%+q\n got %+v\nwant %+v", s, got, want)
			}
		}
	}
}

func TestPropFoldIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkFold(t, strings.Join(rapid.SliceOfN(rapid.SampledFrom(scraps), 0, 12).Draw(t, "scraps"), ""))
	})
}

func FuzzFold(f *testing.F) {
	for _, s := range scraps {
		f.Add(s + "x" + s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkFold(t, s) })
}

// join returns the folded words of a text.
func join(tokens []Token) string {
	var folds []string
	for _, t := range tokens {
		folds = append(folds, t.Fold)
	}
	return strings.Join(folds, " ")
}

// checkFold holds what must be true of any text.
func checkFold(t interface {
	Fatalf(format string, args ...any)
}, s string,
) {
	once := Fold(s)
	if twice := Fold(once); twice != once {
		t.Fatalf("%q folds to %q, and that to %q", s, once, twice)
	}
	tokens := Tokens(s, "")
	if want := careful(s, ""); !reflect.DeepEqual(tokens, want) {
		t.Fatalf("%q\n got %+v\nwant %+v", s, tokens, want)
	}
	if joined := join(tokens); joined != once {
		t.Fatalf("%q folds to %q, its words to %q", s, once, joined)
	}
	start, end, sentence := 0, 0, 0
	for _, tok := range tokens {
		if tok.Fold == "" || tok.Start < end && (tok.Start != start || tok.End != end) || tok.End <= tok.Start || tok.End > len(s) || tok.Sentence < sentence {
			t.Fatalf("%q: bad token %+v", s, tok)
		}
		if utf8.ValidString(s) && !utf8.ValidString(s[tok.Start:tok.End]) {
			t.Fatalf("%q: %d to %d is within a character", s, tok.Start, tok.End)
		}
		start, end, sentence = tok.Start, tok.End, tok.Sentence
	}
	if !utf8.ValidString(s) {
		return
	}
	if c, d := Fold(norm.NFC.String(s)), Fold(norm.NFD.String(s)); c != d {
		t.Fatalf("%q folds to %q composed and to %q decomposed", s, c, d)
	}
}

func BenchmarkTokens(b *testing.B) {
	for name, s := range map[string]string{
		"en": strings.Repeat("Officials in the valley said on Tuesday that trucks carrying goods were stranded at the crossing after both sides exchanged fire, and the ministry summoned a diplomat. ", 10),
		"ur": strings.Repeat("حکام نے منگل کو بتایا کہ سامان سے لدے ٹرک سرحد پر پھنس گئے ہیں اور دفتر خارجہ نے سفارتکار کو طلب کیا ہے۔ ", 12),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var dst []Token
			for b.Loop() {
				dst = AppendTokens(dst[:0], s, name)
			}
			b.ReportMetric(float64(len(dst)), "words")
		})
		b.Run("fold/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Fold(s)
			}
		})
	}
}
