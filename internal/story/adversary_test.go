package story

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"khyber/internal/news"
)

// tongue is a language with sentences to make reports of. In them {a} acts on
// {b}, {p} is a place, {n} a number; not is the part that denies and yes what
// stands there otherwise.
type tongue struct {
	lang           string
	actors         [][2]string // as the one who acts, as the one who suffers it
	places         []string
	title, summary string
	yes, not       string
}

// tongues are seven languages with invented reports. The actors and places are
// the likest there are: one letter apart, one inside the other.
var tongues = []tongue{
	{
		lang:    "en",
		actors:  [][2]string{{"Iran", "Iran"}, {"Iraq", "Iraq"}, {"Niger", "Niger"}, {"Nigeria", "Nigeria"}, {"South Zorlu", "South Zorlu"}, {"North Zorlu", "North Zorlu"}, {"Saudi Belyal League", "Saudi Belyal League"}},
		places:  []string{"Paktia", "Paktika", "Kunar", "Kunduz", "North Waziristan", "South Waziristan", "Georgia", "Guinea"},
		title:   "{a} {not} {b} over {n} fishing boats seized near {p} harbour",
		summary: "The foreign office of {a} {not} {b} on Sunday over {n} wooden fishing boats with their crews, seized by night beside the harbour of {p}, where anglers gather every autumn for herring.",
		yes:     "sues", not: "does not sue",
	},
	{
		lang:    "ur",
		actors:  [][2]string{{"ایران", "ایران"}, {"عراق", "عراق"}, {"نائجر", "نائجر"}, {"نائجیریا", "نائجیریا"}},
		places:  []string{"پکتیا", "پکتیکا", "کنڑ", "قندوز"},
		title:   "{a} نے {p} بندرگاہ کے قریب {n} کشتیاں پکڑنے پر {b} کے خلاف مقدمہ {not}",
		summary: "{a} کی وزارت خارجہ نے اتوار کو {p} کی بندرگاہ کے پاس رات کو پکڑی گئی {n} لکڑی کی کشتیوں پر {b} کے خلاف عدالت میں مقدمہ {not} جہاں خزاں میں ماہی گیر جمع ہوتے ہیں",
		yes:     "دائر کیا", not: "دائر نہیں کیا",
	},
	{
		lang:    "fa",
		actors:  [][2]string{{"ایران", "ایران"}, {"عراق", "عراق"}, {"نیجر", "نیجر"}, {"نیجریه", "نیجریه"}},
		places:  []string{"پکتیا", "پکتیکا", "کنر", "کندز"},
		title:   "{a} {b} را به خاطر {n} قایق در بندر {p} {not}",
		summary: "وزارت خارجه {a} روز یکشنبه {b} را به خاطر {n} قایق چوبی ماهیگیری که شبانه در کنار بندر {p} گرفته شدند و هر پاییز صیادان در آن گرد می\u200cآیند رسما {not}",
		yes:     "تهدید کرد", not: "تهدید نکرد",
	},
	{
		lang:    "ps",
		actors:  [][2]string{{"ایران", "ایران"}, {"عراق", "عراق"}, {"نایجر", "نایجر"}, {"نایجیریا", "نایجیریا"}},
		places:  []string{"پکتیا", "پکتیکا", "کونړ", "کندز"},
		title:   "{a} د {p} بندر ته نژدې د {n} کښتیو پر سر {b} ته خبرداری {not}",
		summary: "د {a} د بهرنیو چارو وزارت د یکشنبې په ورځ د {p} بندر ته نژدې د شپې د {n} لرګینو کښتیو د نیولو پر سر {b} ته په رسمي ډول خبرداری {not} چې کب نیوونکي هلته راټولیږي",
		yes:     "ورکړ", not: "ورنه کړ",
	},
	{
		lang:    "ar",
		actors:  [][2]string{{"إيران", "إيران"}, {"العراق", "العراق"}, {"النيجر", "النيجر"}, {"نيجيريا", "نيجيريا"}},
		places:  []string{"بكتيا", "بكتيكا", "كونر", "قندوز"},
		title:   "{not} {a} {b} بسبب {n} قوارب صيد قرب ميناء {p}",
		summary: "{not} {a} {b} رسميا يوم الأحد بسبب {n} قوارب صيد خشبية احتجزت ليلا قرب ميناء {p} حيث يجتمع الصيادون كل خريف لصيد الأسماك الكبيرة",
		yes:     "هددت", not: "لم تهدد",
	},
	{
		lang:    "ru",
		actors:  [][2]string{{"Австрия", "Австрию"}, {"Австралия", "Австралию"}, {"Нигерия", "Нигерию"}, {"Словакия", "Словакию"}},
		places:  []string{"Пактия", "Пактика", "Кунар", "Кундуз"},
		title:   "{a} {not} {b} из-за {n} рыбацких лодок у порта {p}",
		summary: "{a} в воскресенье официально {not} {b} из-за {n} деревянных рыбацких лодок, задержанных ночью возле порта {p}, где рыбаки собираются каждую осень ради сельди.",
		yes:     "осудила", not: "не осудила",
	},
	{
		lang:    "hi",
		actors:  [][2]string{{"ईरान", "ईरान"}, {"इराक", "इराक"}, {"नाइजर", "नाइजर"}, {"नाइजीरिया", "नाइजीरिया"}},
		places:  []string{"पक्तिया", "पक्तिका", "कुनर", "कुंदूज"},
		title:   "{a} ने {p} बंदरगाह के पास {n} नावों पर {b} के खिलाफ मुकदमा {not}",
		summary: "{a} के विदेश मंत्रालय ने रविवार को {p} बंदरगाह के पास रात में पकड़ी गई {n} लकड़ी की नावों पर {b} के खिलाफ अदालत में मुकदमा {not} जहां हर शरद में मछुआरे जुटते हैं",
		yes:     "दायर किया", not: "दायर नहीं किया",
	},
}

// facts are what a report of a tongue says.
type facts struct {
	a, b, p, n int
	denied     bool
}

func (l *tongue) report(outlet string, f facts, after time.Duration, withSummary bool) report {
	verb := l.yes
	if f.denied {
		verb = l.not
	}
	fill := strings.NewReplacer("{a}", l.actors[f.a][0], "{b}", l.actors[f.b][1], "{p}", l.places[f.p], "{n}", strconv.Itoa(f.n), "{not}", verb)
	r := report{outlet: outlet, lang: l.lang, title: fill.Replace(l.title), after: after}
	if withSummary {
		r.summary = fill.Replace(l.summary)
	}
	return r
}

func TestPropNoAdversaryIsACopy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &tongues[rapid.IntRange(0, len(tongues)-1).Draw(t, "language")]
		f := facts{
			a: rapid.IntRange(0, len(l.actors)-1).Draw(t, "a"), p: rapid.IntRange(0, len(l.places)-1).Draw(t, "p"),
			n: rapid.IntRange(2, 99).Draw(t, "n"), denied: rapid.Bool().Draw(t, "denied"),
		}
		f.b = (f.a + rapid.IntRange(1, len(l.actors)-1).Draw(t, "b")) % len(l.actors)
		g := f
		kind := rapid.SampledFrom([]string{"number", "place", "role", "actor", "negation"}).Draw(t, "kind")
		switch kind {
		case "number":
			g.n += rapid.IntRange(1, 9).Draw(t, "more")
		case "place":
			g.p = (f.p + rapid.IntRange(1, len(l.places)-1).Draw(t, "other place")) % len(l.places)
		case "role":
			g.a, g.b = f.b, f.a
		case "actor":
			for g.b == f.b || g.b == g.a {
				g.b = (g.b + 1) % len(l.actors)
			}
		case "negation":
			g.denied = !f.denied
		}
		// Each side with or without a summary; a summary that only one has decides nothing.
		left, right := rapid.Bool().Draw(t, "left"), rapid.Bool().Draw(t, "right")
		outlet := rapid.SampledFrom([]string{"courier", "herald"}).Draw(t, "outlet")
		x := l.report("herald", f, 0, left)
		y := l.report(outlet, g, time.Duration(rapid.IntRange(0, 5).Draw(t, "hours"))*time.Hour, right)
		a, b := x.sign(), y.sign()
		if v := Relate(&a, &b); v.Relation == news.RelationCopy {
			t.Fatalf("%s, %s: %q by %s\n%s\n%s\n%s\n%s", l.lang, kind, v.Relation, v.Rule, x.title, x.summary, y.title, y.summary)
		}
	})
}

func TestCopiesAreFoundInEveryLanguage(t *testing.T) {
	for i := range tongues {
		l := &tongues[i]
		f := facts{a: 0, b: 1, p: 0, n: 12}
		x, y := l.report("herald", f, 0, true), l.report("courier", f, time.Hour, true)
		y.title = l.places[0] + " " + strings.Fields(y.title)[1] // rewritten
		y.summary += " " + l.places[2]
		a, b := x.sign(), y.sign()
		if v := Relate(&a, &b); v.Relation != news.RelationCopy {
			t.Errorf("%s: %q by %q %v", l.lang, v.Relation, v.Rule, v.Differ)
		}
		shared := 0
		keys := CandidateKeys(&b)
		for _, k := range CandidateKeys(&a) {
			for _, other := range keys {
				if k == other {
					shared += k.Weight()
				}
			}
		}
		if shared < Enough {
			t.Errorf("%s: no candidates for each other", l.lang)
		}
	}
}
