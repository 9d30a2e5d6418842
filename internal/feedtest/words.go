package feedtest

// tongue holds the words of invented reports. Each report is a subject, what
// it does, and a place; form puts the three in the language's order.
type tongue struct {
	form     string
	subjects []string
	actions  []string
	places   []string
	title    string
}

var tongues = map[string]tongue{
	"en": {
		form:  "%[1]s %[2]s in %[3]s",
		title: "Invented Herald",
		subjects: []string{
			"Border guards", "The district council", "Traders", "A relief convoy", "Health workers",
			"The river commission", "Farmers", "Two envoys", "School teachers", "The rail company", "Engineers",
		},
		actions: []string{
			"reopen the crossing", "call for talks", "report new flooding", "agree on a timetable",
			"count the damage", "suspend their work", "welcome the new bridge", "sign a water accord",
			"reject the plan", "ask for more staff", "publish their findings", "start repairs", "deny the report",
		},
		places: []string{
			"Sarband", "Kohdara", "Nawabad Valley", "Lower Zarkot", "Tangi Port", "Shinwar Bazaar", "Old Mirkhel",
		},
	},
	"ur": {
		form:     "%[3]s میں %[1]s نے %[2]s",
		title:    "فرضی اخبار",
		subjects: []string{"سرحدی محافظوں", "ضلعی کونسل", "تاجروں", "امدادی قافلے", "ڈاکٹروں", "کسانوں", "اساتذہ"},
		actions:  []string{"راستہ کھول دیا", "مذاکرات کی اپیل کی", "سیلاب کی اطلاع دی", "کام روک دیا", "نئے پل کا خیرمقدم کیا", "منصوبہ مسترد کر دیا"},
		places:   []string{"سربند", "کوہ درہ", "نواب آباد", "زرکوٹ", "تنگی"},
	},
	"fa": {
		form:     "%[1]s در %[3]s %[2]s",
		title:    "روزنامه ساختگی",
		subjects: []string{"مرزبانان", "شورای ولسوالی", "بازرگانان", "کاروان کمک\u200cرسانی", "کارکنان صحی", "کشاورزان", "معلمان"},
		actions:  []string{"گذرگاه را باز کردند", "خواهان گفت\u200cوگو شدند", "از سیل خبر دادند", "کار را متوقف کردند", "از پل تازه استقبال کردند", "طرح را رد کردند"},
		places:   []string{"سربند", "کوه\u200cدره", "نوآباد", "زرکوت", "تنگی"},
	},
	"ps": {
		form:     "په %[3]s کې %[1]s %[2]s",
		title:    "خیالي ورځپاڼه",
		subjects: []string{"سرحدي ساتونکو", "د ولسوالۍ شورا", "سوداګرو", "د مرستو کاروان", "روغتیايي کارکوونکو", "بزګرانو"},
		actions:  []string{"لاره پرانیستله", "د خبرو غوښتنه وکړه", "د سېلاب خبر ورکړ", "کار ودراوه", "پلان رد کړ"},
		places:   []string{"سربند", "کوه دره", "نوی اباد", "زرکوټ", "تنګي"},
	},
	"ar": {
		form:     "%[1]s %[2]s في %[3]s",
		title:    "صحيفة متخيلة",
		subjects: []string{"حرس الحدود", "مجلس المنطقة", "التجار", "قافلة إغاثة", "العاملون الصحيون", "المزارعون"},
		actions:  []string{"يعيدون فتح المعبر", "يدعون إلى محادثات", "يبلغون عن فيضانات", "يعلقون العمل", "يرفضون الخطة"},
		places:   []string{"سربند", "كوهدرة", "نوآباد", "زركوت", "تنغي"},
	},
	"ru": {
		form:     "%[1]s %[2]s в районе %[3]s",
		title:    "Вымышленный вестник",
		subjects: []string{"Пограничники", "Депутаты", "Торговцы", "Спасатели", "Врачи", "Фермеры", "Учителя"},
		actions:  []string{"открыли переход", "призвали к переговорам", "сообщили о паводке", "приостановили работу", "приветствовали новый мост", "отклонили план"},
		places:   []string{"Сарбанд", "Кохдара", "Навабад", "Заркот", "Танги"},
	},
	"hi": {
		form:     "%[3]s में %[1]s ने %[2]s",
		title:    "काल्पनिक समाचार",
		subjects: []string{"सीमा रक्षकों", "ज़िला परिषद", "व्यापारियों", "राहत काफ़िले", "किसानों", "शिक्षकों"},
		actions:  []string{"रास्ता खोल दिया", "बातचीत की माँग की", "बाढ़ की सूचना दी", "काम रोक दिया", "योजना को ठुकरा दिया"},
		places:   []string{"सरबंद", "कोहदरा", "नवाबाद", "ज़रकोट", "तंगी"},
	},
}
