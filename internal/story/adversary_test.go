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
// {b}, {p} is a place, {n} a number, {d} a day; {not} is the verb, which says
// that it is so, that it is not, or that it may be.
type tongue struct {
	lang         string
	actors       [][2]string // as the one who acts, as the one who suffers it
	places, days []string
	forms        []form
}

// form is a report; not may have several ways to say it, divided by bars.
type form struct{ title, summary, yes, not, may string }

// tongues are eight languages with invented reports. The actors and places are
// the likest there are: one letter apart, one inside the other.
var tongues = []tongue{
	{
		lang:   "en",
		actors: [][2]string{{"Iran", "Iran"}, {"Iraq", "Iraq"}, {"Niger", "Niger"}, {"Nigeria", "Nigeria"}, {"South Zorlu", "South Zorlu"}, {"North Zorlu", "North Zorlu"}, {"Saudi Belyal League", "Saudi Belyal League"}, {"Police", "Police"}, {"United Nations", "United Nations"}, {"US", "US"}},
		places: []string{"Paktia", "Paktika", "Kunar", "Kunduz", "North Waziristan", "South Waziristan", "Georgia", "Guinea"},
		days:   []string{"Sunday", "Monday", "Tuesday", "November 3", "November 30"},
		forms: []form{
			{
				"{a} {not} {b} over {n} fishing boats seized near {p} harbour on {d}",
				"The foreign office of {a} {not} {b} on {d} over {n} wooden fishing boats with their crews, seized by night beside the harbour of {p}, where anglers gather every autumn for herring.",
				"sues", "does not sue|fails to sue|declines to sue|has yet to sue|is unable to sue|cancels plan to sue", "may sue",
			},
			{
				"{a} {not} {b} on {d} to talks on {n} villages around {p}",
				"Envoys of {a} said on {d} that their government {not} {b} to talks on {n} villages around {p}, where shepherds of both have shared wells since the last war.",
				"invites", "never invites|refuses to invite|rules out that it invites|won't invite", "could invite",
			},
			{
				"Envoys of {b} {not} accord with {a} about {n} mills in {p}, {d} paper says",
				"A paper of {d} says that envoys of {b} {not} an accord with {a} about {n} water mills in {p}, which millers of three valleys have used without rent for a century.",
				"sign", "reject", "are expected to sign",
			},
		},
	},
	{
		lang:   "ur",
		actors: [][2]string{{"ایران", "ایران"}, {"عراق", "عراق"}, {"نائجر", "نائجر"}, {"نائجیریا", "نائجیریا"}},
		places: []string{"پکتیا", "پکتیکا", "کنڑ", "قندوز"},
		days:   []string{"اتوار", "پیر", "منگل", "بدھ"},
		forms: []form{
			{
				"{a} نے {d} کو {p} بندرگاہ کے قریب {n} کشتیاں پکڑنے پر {b} کے خلاف مقدمہ {not}",
				"{a} کی وزارت خارجہ نے {d} کو {p} کی بندرگاہ کے پاس رات کو پکڑی گئی {n} لکڑی کی کشتیوں پر {b} کے خلاف عدالت میں مقدمہ {not} جہاں خزاں میں ماہی گیر جمع ہوتے ہیں",
				"دائر کیا", "دائر نہیں کیا", "دائر کر سکتا ہے",
			},
			{
				"{a} نے {d} کو {p} کے {n} دیہات پر {b} کو مذاکرات کی دعوت {not}",
				"{a} کے ایلچیوں نے {d} کو بتایا کہ حکومت نے {p} کے {n} دیہات پر {b} کو مذاکرات کی دعوت {not} جہاں دونوں کے چرواہے پرانی جنگ سے کنویں بانٹتے ہیں",
				"دی", "نہیں دی", "دینے کا امکان ہے",
			},
		},
	},
	{
		lang:   "fa",
		actors: [][2]string{{"ایران", "ایران"}, {"عراق", "عراق"}, {"نیجر", "نیجر"}, {"نیجریه", "نیجریه"}},
		places: []string{"پکتیا", "پکتیکا", "کنر", "کندز"},
		days:   []string{"یکشنبه", "دوشنبه", "سه\u200cشنبه", "چهارشنبه"},
		forms: []form{
			{
				"{a} روز {d} {b} را به خاطر {n} قایق در بندر {p} {not}",
				"وزارت خارجه {a} روز {d} {b} را به خاطر {n} قایق چوبی ماهیگیری که شبانه در کنار بندر {p} گرفته شدند و هر پاییز صیادان در آن گرد می\u200cآیند رسما {not}",
				"تهدید کرد", "تهدید نکرد", "شاید تهدید کند",
			},
			{
				"{a} روز {d} {b} را به گفتگو درباره {n} روستای {p} {not}",
				"فرستادگان {a} روز {d} گفتند که دولت آنان {b} را به گفتگو درباره {n} روستای اطراف {p} {not} جایی که چوپانان دو طرف از چاه\u200cهای مشترک آب می\u200cبرند",
				"دعوت کرد", "دعوت نکرد", "شاید دعوت کند",
			},
		},
	},
	{
		lang:   "ps",
		actors: [][2]string{{"ایران", "ایران"}, {"عراق", "عراق"}, {"نایجر", "نایجر"}, {"نایجیریا", "نایجیریا"}},
		places: []string{"پکتیا", "پکتیکا", "کونړ", "کندز"},
		days:   []string{"یکشنبې", "دوشنبې", "سه شنبې", "چهارشنبې"},
		forms: []form{
			{
				"{a} د {d} په ورځ د {p} بندر ته نژدې د {n} کښتیو پر سر {b} ته خبرداری {not}",
				"د {a} د بهرنیو چارو وزارت د {d} په ورځ د {p} بندر ته نژدې د شپې د {n} لرګینو کښتیو د نیولو پر سر {b} ته په رسمي ډول خبرداری {not} چې کب نیوونکي هلته راټولیږي",
				"ورکړ", "ورنه کړ", "ښايي ورکړي",
			},
			{
				"{a} د {d} په ورځ {b} د {p} د {n} کلیو په اړه خبرو ته {not}",
				"د {a} استازو د {d} په ورځ وویل چې حکومت یې {b} د {p} شاوخوا {n} کلیو په اړه خبرو ته {not} چیرې چې د دواړو شپنې له ګډو څاګانو اوبه وړي",
				"وباله", "ونه باله", "ښايي وبولي",
			},
		},
	},
	{
		lang:   "ar",
		actors: [][2]string{{"إيران", "إيران"}, {"العراق", "العراق"}, {"النيجر", "النيجر"}, {"نيجيريا", "نيجيريا"}},
		places: []string{"بكتيا", "بكتيكا", "كونر", "قندوز"},
		days:   []string{"الأحد", "الاثنين", "الثلاثاء", "الأربعاء"},
		forms: []form{
			{
				"{not} {a} {b} يوم {d} بسبب {n} قوارب صيد قرب ميناء {p}",
				"{not} {a} {b} رسميا يوم {d} بسبب {n} قوارب صيد خشبية احتجزت ليلا قرب ميناء {p} حيث يجتمع الصيادون كل خريف لصيد الأسماك الكبيرة",
				"هددت", "لم تهدد", "قد تهدد",
			},
			{
				"{not} {a} {b} يوم {d} إلى محادثات حول {n} قرى قرب {p}",
				"{not} {a} {b} يوم {d} إلى محادثات حول {n} قرى قرب {p} حيث يتقاسم رعاة البلدين الآبار القديمة منذ الحرب الأخيرة",
				"دعت", "لم تدع", "قد تدعو",
			},
		},
	},
	{
		lang:   "ru",
		actors: [][2]string{{"Австрия", "Австрию"}, {"Австралия", "Австралию"}, {"Нигерия", "Нигерию"}, {"Словакия", "Словакию"}},
		places: []string{"Пактия", "Пактика", "Кунар", "Кундуз"},
		days:   []string{"воскресенье", "понедельник", "вторник", "среду"},
		forms: []form{
			{
				"{a} в {d} {not} {b} из-за {n} рыбацких лодок у порта {p}",
				"{a} в {d} официально {not} {b} из-за {n} деревянных рыбацких лодок, задержанных ночью возле порта {p}, где рыбаки собираются каждую осень ради сельди.",
				"осудила", "не осудила", "может осудить",
			},
			{
				"{a} {not} {b} в {d} на переговоры о {n} селах возле {p}",
				"Посланники сообщили, что в {d} {a} {not} {b} на переговоры о {n} селах возле {p}, где пастухи делят старые колодцы после войны.",
				"пригласила", "не пригласила", "может пригласить",
			},
		},
	},
	{
		lang:   "hi",
		actors: [][2]string{{"ईरान", "ईरान"}, {"इराक", "इराक"}, {"नाइजर", "नाइजर"}, {"नाइजीरिया", "नाइजीरिया"}},
		places: []string{"पक्तिया", "पक्तिका", "कुनर", "कुंदूज"},
		days:   []string{"रविवार", "सोमवार", "मंगलवार", "बुधवार"},
		forms: []form{
			{
				"{a} ने {d} को {p} बंदरगाह के पास {n} नावों पर {b} के खिलाफ मुकदमा {not}",
				"{a} के विदेश मंत्रालय ने {d} को {p} बंदरगाह के पास रात में पकड़ी गई {n} लकड़ी की नावों पर {b} के खिलाफ अदालत में मुकदमा {not} जहां हर शरद में मछुआरे जुटते हैं",
				"दायर किया", "दायर नहीं किया", "दायर कर सकता है",
			},
			{
				"{a} ने {d} को {p} के {n} गांवों पर {b} को वार्ता का न्योता {not}",
				"{a} के दूतों ने {d} को बताया कि सरकार ने {p} के आसपास के {n} गांवों पर {b} को वार्ता का न्योता {not} जहां दोनों के चरवाहे पुराने कुओं का पानी बांटते हैं",
				"दिया", "नहीं दिया", "दे सकता है",
			},
		},
	},
	{
		lang:   "bn",
		actors: [][2]string{{"ইরান", "ইরানের"}, {"ইরাক", "ইরাকের"}, {"নাইজার", "নাইজারের"}, {"নাইজেরিয়া", "নাইজেরিয়ার"}},
		places: []string{"পাকতিয়া", "পাকতিকা", "কুনার", "কুন্দুজ"},
		days:   []string{"রবিবার", "সোমবার", "মঙ্গলবার", "বুধবার"},
		forms: []form{
			{
				"{p} বন্দরের কাছে {n} টি নৌকা নিয়ে {d} {b} বিরুদ্ধে {a} মামলা {not}",
				"পররাষ্ট্র দপ্তর জানায়, {d} {p} বন্দরের কাছে রাতে আটক {n} টি কাঠের নৌকা নিয়ে {b} বিরুদ্ধে {a} আদালতে মামলা {not} যেখানে প্রতি শরতে জেলেরা ইলিশ ধরতে আসেন",
				"করেছে", "করেনি", "করতে পারে",
			},
			{
				"{p} এলাকার {n} টি গ্রাম নিয়ে {d} {b} সঙ্গে আলোচনায় {a} {not}",
				"দূতেরা জানান, {d} {p} এলাকার {n} টি গ্রাম নিয়ে {b} সঙ্গে আলোচনায় {a} {not} যেখানে দুই পক্ষের রাখালেরা পুরনো কুয়ার পানি ভাগ করে নেন",
				"বসেছে", "বসেনি", "বসতে পারে",
			},
		},
	},
}

// facts are what a report of a tongue says.
type facts struct {
	form, a, b, p, n, d int
	mood, way           int // 0 it is so, 1 it is not, in one of its ways, 2 it may be
}

func (l *tongue) report(outlet string, f facts, after time.Duration, withSummary bool) report {
	x := &l.forms[f.form]
	nots := strings.Split(x.not, "|")
	verb := []string{x.yes, nots[f.way%len(nots)], x.may}[f.mood]
	fill := strings.NewReplacer("{a}", l.actors[f.a][0], "{b}", l.actors[f.b][1], "{p}", l.places[f.p], "{n}", strconv.Itoa(f.n), "{d}", l.days[f.d], "{not}", verb)
	r := report{outlet: outlet, lang: l.lang, title: fill.Replace(x.title), after: after}
	if withSummary {
		r.summary = fill.Replace(x.summary)
	}
	return r
}

// another draws an index other than i.
func another(t *rapid.T, i, n int, label string) int {
	return (i + rapid.IntRange(1, n-1).Draw(t, label)) % n
}

func TestPropNoAdversaryIsACopy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &tongues[rapid.IntRange(0, len(tongues)-1).Draw(t, "language")]
		f := facts{
			form: rapid.IntRange(0, len(l.forms)-1).Draw(t, "form"), a: rapid.IntRange(0, len(l.actors)-1).Draw(t, "a"),
			p: rapid.IntRange(0, len(l.places)-1).Draw(t, "p"), n: rapid.IntRange(2, 99).Draw(t, "n"),
			d: rapid.IntRange(0, len(l.days)-1).Draw(t, "day"), mood: rapid.IntRange(0, 2).Draw(t, "mood"),
			way: rapid.IntRange(0, 5).Draw(t, "way"),
		}
		f.b = another(t, f.a, len(l.actors), "b")
		g := f
		kind := rapid.SampledFrom([]string{"number", "place", "role", "actor", "mood", "date"}).Draw(t, "kind")
		switch kind {
		case "number":
			g.n += rapid.IntRange(1, 9).Draw(t, "more")
		case "place":
			g.p = another(t, f.p, len(l.places), "other place")
		case "role":
			g.a, g.b = f.b, f.a
		case "actor":
			for g.b == f.b || g.b == g.a {
				g.b = (g.b + 1) % len(l.actors)
			}
		case "mood": // negation, modality
			g.mood = another(t, f.mood, 3, "other mood")
		case "date":
			g.d = another(t, f.d, len(l.days), "other day")
		}
		// Each side with or without a summary; a summary that only one has decides nothing.
		left, right := rapid.Bool().Draw(t, "left"), rapid.Bool().Draw(t, "right")
		outlet := rapid.SampledFrom([]string{"courier", "herald"}).Draw(t, "outlet")
		x := l.report("herald", f, 0, left)
		y := l.report(outlet, g, time.Duration(rapid.IntRange(0, 5).Draw(t, "hours"))*time.Hour, right)
		if left && right {
			switch rapid.SampledFrom([]string{"title and text", "title", "text"}).Draw(t, "what differs") {
			case "title":
				y.summary = x.summary
			case "text":
				y.title = x.title
			}
		}
		if rapid.Bool().Draw(t, "one agency") {
			x.summary, y.summary = strings.TrimSpace("(Reuters) - "+x.summary), strings.TrimSpace("(Reuters) - "+y.summary)
		}
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
