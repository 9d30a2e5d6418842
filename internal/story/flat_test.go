package story

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"khyber/internal/news"
	"khyber/internal/text"
)

// unrelatedTitles are the titles of testdata/unrelated.txt, by language.
func unrelatedTitles(t *testing.T) map[string][]string {
	t.Helper()
	f, err := os.Open("testdata/unrelated.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	titles := make(map[string][]string)
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		lang, title, _ := strings.Cut(sc.Text(), " ")
		if lang != "#" {
			titles[lang] = append(titles[lang], title)
		}
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return titles
}

// told in a language, by an outlet of its own.
func inLang(lang, outlet, title string) *Signature {
	src, item := report{outlet: outlet, title: title}.item()
	item.Lang = lang
	s := Sign(&src, &item)
	return &s
}

// candidates says whether two vectors share the keys by which one finds the other.
func candidates(a, b *Vector) bool {
	keys := StoryKeys(b)
	n := 0
	for _, k := range StoryKeys(a) {
		n += one(slices.ContainsFunc(keys, func(o StoryKey) bool { return o.Key == k.Key }))
	}
	return n >= 2
}

// linked says whether an item joins the story of the other.
func linked(a, b *Vector) bool {
	found := Link(a, &Open{ID: 7, Members: []*Vector{b}})
	return candidates(a, b) && found.Story != 0
}

// English counts too where the language is said to be another one or none: its
// titles stand for all that Latin letters write.
func TestUnrelatedTitlesAreNoStoryInAnyLanguage(t *testing.T) {
	const mostCandidates = 20 // of 1000 pairs
	all := unrelatedTitles(t)
	if len(all) != 8 {
		t.Fatalf("titles of %d languages", len(all))
	}
	for lang, titles := range all {
		declared := lang
		if lang == "en" {
			declared = "xx"
		}
		var signs []*Signature
		var vectors []Vector
		for _, title := range titles {
			signs = append(signs, inLang(declared, "herald", title))
			vectors = append(vectors, NewVector(signs[len(signs)-1]))
		}
		pairs, near := 0, 0
		for i := range vectors {
			for j := range i {
				pairs++
				near += one(candidates(&vectors[i], &vectors[j]))
				if got := Link(&vectors[i], &Open{ID: 7, Members: []*Vector{&vectors[j]}}); got.Story != 0 {
					t.Errorf("%s: linked with %d\n%s\n%s", lang, got.Similarity, titles[i], titles[j])
				}
				other := inLang(declared, "courier", titles[j])
				if v := Relate(signs[i], other); v.Relation != "" {
					t.Errorf("%s: %s by %s\n%s\n%s", lang, v.Relation, v.Rule, titles[i], titles[j])
				}
			}
		}
		if len(titles) < 40 || near*1000 > pairs*mostCandidates {
			t.Errorf("%s: %d titles, %d candidates of %d pairs", lang, len(titles), near, pairs)
		}
	}
}

// A title says neither its language nor whether its neighbour has the same.
func TestUnrelatedTitlesOfUnknownLanguageAreNoStory(t *testing.T) {
	var vectors []Vector
	var titles []string
	all := unrelatedTitles(t)
	for _, lang := range []string{"ur", "ps", "fa", "ar", "hi", "ru", "bn"} {
		for _, title := range all[lang] {
			vectors = append(vectors, NewVector(inLang("", "herald", title)))
			titles = append(titles, title)
		}
	}
	for i := range vectors {
		for j := range i {
			if linked(&vectors[i], &vectors[j]) {
				t.Errorf("linked\n%s\n%s", titles[i], titles[j])
			}
		}
	}
}

// What these pairs share is grammar, names of countries and offices, the frame
// of a report or the name of one institution.
func TestFrequentWordsMakeNoStory(t *testing.T) {
	for _, tc := range []struct{ lang, a, b string }{
		{"ur", "پاکستان کے شہر کراچی میں بارش کی وجہ سے فلائٹس منسوخ", "پاکستان کے شہر کراچی میں مچھلی کی نئی منڈی کا افتتاح"},
		{"ur", "وزیر خارجہ کا کہنا ہے کہ پاکستان کے تعلقات بہتر ہوں گے", "وزیر خزانہ کا کہنا ہے کہ پاکستان کے ذخائر محفوظ ہیں"},
		{"ur", "افغانستان کی وزارت داخلہ کے ترجمان نے بیان جاری کیا", "افغانستان کی وزارت صحت کے ترجمان نے بیان جاری کیا"},
		{"ur", "پی ٹی آئی کے رہنما کی عدالت میں پیشی", "پی ٹی آئی کے کارکن کی پولیس سے تلخ کلامی"},
		{"ur", "پنجاب کے سرحدی گاؤں میں ہاتھ سے بنے جوتوں کا میلہ", "پنجاب کے سرحدی گاؤں میں خناق کے مریض بڑھ گئے"},
		{"ps", "د افغانستان د کورنیو چارو وزارت په کابل کې نوی مرکز پرانیست", "د افغانستان د مالیې وزارت په کابل کې د سوداګرو سره ولیدل"},
		{"ps", "د پاکستان حکومت وايي چې د پولې په اړه به خبرې وکړي", "د پاکستان حکومت وايي چې د اوبو په اړه به قانون جوړ کړي"},
		{"fa", "سخنگوی وزارت امور خارجه افغانستان از دیدار با سفیر چین خبر داد", "سخنگوی وزارت امور خارجه افغانستان از گشایش قنسولگری خبر داد"},
		{"fa", "یک کشته و پنج زخمی در حادثه ترافیکی در شاهراه سالنگ", "یک کشته و پنج زخمی در ریزش سقف مسجدی در غور"},
		{"fa", "بانک جهانی برای کشاورزان افغانستان وام می دهد", "بانک جهانی از فقر کودکان افغانستان گزارش داد"},
		{"ar", "وزير الخارجية الباكستاني يبحث مع نظيره الإيراني العلاقات الثنائية", "وزير الخارجية الباكستاني يبحث مع نظيره التركي التعاون الدفاعي"},
		{"ar", "مقتل ثلاثة أشخاص في انفجار قنبلة شمال غرب باكستان", "مقتل ثلاثة أشخاص في حادث سير شمال غرب باكستان"},
		{"hi", "पाकिस्तान के विदेश मंत्री ने कहा कि भारत के साथ बातचीत के लिए तैयार हैं", "पाकिस्तान के रक्षा मंत्री ने कहा कि अफगानिस्तान के साथ सीमा बंद रहेगी"},
		{"hi", "पीएम मोदी ने आज नई रेल लाइन का उद्घाटन किया", "पीएम मोदी ने आज किसानों को नई किस्त जारी की"},
		{"ru", "МИД Пакистана сообщил о встрече министра с послом Китая", "МИД Пакистана сообщил об открытии консульства в Оше"},
		{"ru", "В афганской провинции Бадахшан произошло землетрясение", "В афганской провинции Бадахшан открыли школу для пчеловодов"},
		{"ru", "Верховный суд Пакистана отложил слушания по делу бывшего премьера", "Верховный суд Пакистана разрешил открыть казино"},
		{"bn", "পাকিস্তানের পররাষ্ট্রমন্ত্রী বলেছেন ভারতের সঙ্গে আলোচনা হবে", "পাকিস্তানের প্রতিরক্ষামন্ত্রী বলেছেন আফগানিস্তানের সঙ্গে সীমান্ত বন্ধ থাকবে"},
		{"bn", "ঢাকা বিশ্ববিদ্যালয়ে নতুন উপাচার্য নিয়োগ", "ঢাকা বিশ্ববিদ্যালয়ে আবাসিক হলে আগুন"},
		{"ur", "ایران کے مرکزی بینک نے شرح سود برقرار رکھی", "ترکی کے مرکزی بینک نے شرح سود برقرار رکھی"},
		{"ur", "سونے کی فی تولہ نرخ گر کر 431 روپے", "سونے کی فی تولہ نرخ گر کر 427 روپے"},
		{"ur", "سونے کی فی تولہ نرخ گھٹ کر 431 روپے", "فی تولہ نرخ 427 روپے، سونے کا مول گھٹ گیا"},
		{"ru", "Центробанк Ирана сохранил ставку рефинансирования", "Ставку рефинансирования сохранил Центробанк Индии"},
		{"ru", "Центробанк Ирана сохранил ключевую ставку без изменений", "Центробанк Индии сохранил ключевую ставку без изменений"},
		{"bn", "ইরানের কেন্দ্রীয় ব্যাংক সুদের হার অপরিবর্তিত রেখেছে", "চীনের কেন্দ্রীয় ব্যাংক সুদের হার অপরিবর্তিত রেখেছে"},
		{"", "Gate of Hijuge and Gaso, with Gakale", "Gate of Gatuhu and Roteki, with Jesenu"},
		{"de", "Regierung in Pakistan beschliesst neue Steuer auf Zucker", "Regierung in Pakistan beschliesst neue Regeln für Lehrer"},
		{"zh", "巴基斯坦总理会见阿富汗外长", "巴基斯坦总理视察阿富汗难民学校"},
	} {
		for _, lang := range []string{tc.lang, ""} {
			a, b := inLang(lang, "herald", tc.a), inLang(lang, "courier", tc.b)
			x, y := NewVector(a), NewVector(b)
			if got := Link(&x, &Open{ID: 7, Members: []*Vector{&y}}); got.Story != 0 {
				t.Errorf("%s: linked with %d\n%s\n%s", lang, got.Similarity, tc.a, tc.b)
			}
			if v := Relate(a, b); v.Relation != "" {
				t.Errorf("%s: %s by %s\n%s\n%s", lang, v.Relation, v.Rule, tc.a, tc.b)
			}
		}
	}
}

// Of one event many pairs are missed, also those that differ in one part, which
// may be another name; those that share three words which few titles have are
// found.
func TestTellingWordsMakeAStoryInEveryLanguage(t *testing.T) {
	for _, tc := range []struct {
		lang, a, b string
		want       bool
	}{
		{"ur", "گلزار کے نمک بازار میں سلنڈر پھٹنے سے چار تاجر جھلس گئے", "گلزار: نمک بازار میں سلنڈر پھٹ گیا، تاجر جھلس گئے", false},
		{"ur", "گلزار کے نمک بازار میں سلنڈر پھٹنے سے چار تاجر جھلس گئے", "سلنڈر پھٹنے سے تاجر جھلس گئے، گلزار کا نمک بازار سیل", true},
		{"ur", "طورخم پر اخروٹ سے لدے ٹرک تین روز سے پھنسے ہیں", "اخروٹ سے لدے درجنوں ٹرک طورخم پر کھڑے ہیں", false},
		{"ur", "برفانی تودہ گرنے سے تین چرواہے دب گئے", "چرواہوں پر برف کا تودہ آ گرا", false},
		{"ps", "د بدخشان د لعلو په کان کې دوه کارګر د ډبرو لاندې شول", "د بدخشان د لعلو کان ونړېد، دوه کارګر د ډبرو لاندې دي", true},
		{"fa", "ریزش معدن لاجورد در گلزار دو کارگر را زیر خاک برد", "دو کارگر در ریزش معدن لاجورد گلزار گیر ماندند", true},
		{"fa", "قایقرانان بلقیس مدال برنز گرفتند", "بلقیس برنز قایقرانان خود را جشن گرفت", true},
		{"ar", "انهيار منجم لازورد في غلزار يحاصر عاملين", "عمال يحفرون لإنقاذ عاملين بعد انهيار منجم لازورد قرب غلزار", true},
		{"hi", "गुलजार में नमक गोदाम की छत ढही, चार मजदूर दबे", "गुलजार: नमक गोदाम की छत गिरने से मजदूर मलबे में दबे", true},
		{"ru", "В Гульзаре обрушилась шахта лазурита, под завалом двое рабочих", "Двое рабочих остаются под завалом после обрушения шахты лазурита в Гульзаре", true},
		{"ru", "Паром с цементом затонул в гавани Белкиса", "Затонувший в Белкисе паром поднимут", false},
		{"bn", "গুলজারে লবণের গুদাম ধসে চার শ্রমিক চাপা", "গুলজারে লবণের গুদাম ধসে পড়ল, শ্রমিক চাপা পড়েছেন", true},
		{"zh", "古尔扎尔盐矿坍塌两名矿工被困", "两名矿工被困古尔扎尔，盐矿坍塌原因不明", true},
		{"de", "Fähre mit Zement im Hafen von Belqis gesunken", "Belqis: Fähre mit Zement gesunken", true},
	} {
		x, y := NewVector(inLang(tc.lang, "herald", tc.a)), NewVector(inLang(tc.lang, "courier", tc.b))
		if got := linked(&x, &y); got != tc.want || linked(&y, &x) != got {
			t.Errorf("%s: %v, similarity %d, told %d\n%s\n%s", tc.lang, got, similarity(&x, &y), told(&x, &y), tc.a, tc.b)
		}
	}
}

func TestANameOfManyWordsCountsAsTwo(t *testing.T) {
	a, b := NewVector(inLang("de", "herald", "Zorluer Bund freier Imker tagt")), NewVector(inLang("de", "herald", "Klage beschäftigt Zorluer Bund freier Imker"))
	if got := told(&a, &b); got != flatRun {
		t.Errorf("%d, want %d", got, flatRun)
	}
}

func TestNamesOfTheLexiconAreOneWordInEverySpelling(t *testing.T) {
	nominative, genitive := inLang("ru", "herald", "Кабул торгует"), inLang("ru", "herald", "Рынки Кабула")
	if a, b := nameEntities(nominative)[0], nameEntities(genitive)[1]; !a.entity || a.hash != b.hash || a.informative() {
		t.Errorf("%+v\n%+v", a, b)
	}
	person := nameEntities(inLang("ur", "herald", "شہباز شریف گلزار پہنچ گئے"))
	if !person[0].entity || person[0].hash != person[1].hash || !person[0].informative() || person[2].entity {
		t.Errorf("%+v", person)
	}
}

func TestWhatDeniesIsNoWordOfGrammar(t *testing.T) {
	for w, c := range words().classes {
		if c&function != 0 && c&negation != 0 {
			t.Errorf("%s is in both lists", w)
		}
		if w != text.Fold(w) || strings.Contains(w, " ") {
			t.Errorf("%q is not one folded word", w)
		}
	}
}

// Of a morning's title in a language without counts nothing is known but that
// all have it.
func TestASharedTitleThatSaysNothingIsNoStory(t *testing.T) {
	for lang, title := range map[string]string{"ur": "پاکستان کی آج کی اہم خبریں", "fa": "مهم ترین خبرهای امروز افغانستان و جهان", "ru": "Главные новости дня в России и мире", "hi": "आज की बड़ी खबरें देश और दुनिया से"} {
		if v := Relate(inLang(lang, "herald", title), inLang(lang, "courier", title)); v.Relation != "" {
			t.Errorf("%s: %s by %s", lang, v.Relation, v.Rule)
		}
	}
}

func TestWhatTwoTitlesShareIsSaidWithoutARelation(t *testing.T) {
	a := report{outlet: "herald", title: "Afghan traders protest closed Torkham crossing"}.sign()
	b := report{outlet: "courier", title: "Torkham crossing closure angers traders", after: 80 * time.Hour}.sign()
	if v := Relate(&a, &b); v.Relation != news.Relation("") || !slices.Equal(v.Shared, []string{"torkham", "trader", "crossing"}) {
		t.Errorf("%q, shares %v", v.Relation, v.Shared)
	}
}

func TestACommonWordIsKnownByItsBeginning(t *testing.T) {
	v := vocabulary{beginnings: shortest([]string{"zam", "za", "bomb", "zb", "za"})}
	for word, want := range map[string]bool{"zamach": true, "zb": true, "zbir": true, "zc": false, "bom": false, "bombowy": true, "z": false, "za": true, "": false} {
		if got := v.begins(word); got != want {
			t.Errorf("begins(%q) = %v, want %v", word, got, want)
		}
	}
}
