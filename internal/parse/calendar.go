package parse

import (
	"strings"
	"time"
)

// monthNames are the names and abbreviations of the Gregorian months, in lower
// case, in the languages of sources.
var monthNames = months(
	// English, with the usual slips; German, French, Spanish, Italian, Portuguese, Turkish
	"jan january januar jänner janvier janv enero ene gennaio gen janeiro ocak янв января январь січня januari janv يناير كانون_الثاني جنوری ژانویه جنوري جنورۍ जनवरी ιαν ιανουαρίου január januári",
	"feb february februar février févr fev fevrier febrero febbraio fevereiro şubat фев февр февраля февраль лютого februari فبراير شباط فروری فوریه فبروري فروري फ़रवरी फरवरी φεβ φεβρουαρίου február februári",
	"mar march märz mär mars marzo março mart мар марта март березня maret مارس آذار مارچ मार्च μαρ μαρτίου március március",
	"apr april avril avr abril abr aprile nisan апр апреля апрель квітня أبريل ابريل نيسان اپریل آوریل اپريل अप्रैल απρ απριλίου április",
	"may mai mayo mag maggio maio mayıs май мая травня مايو أيار مئی مه می मई μαι μαϊ μάι μαΐου május",
	"jun june juni juin junio giu giugno junho haziran июн июня июнь червня يونيو حزيران جون ژوئن जून ιουν ιούν ιουνίου június",
	"jul july juli juillet juil julio lug luglio julho temmuz июл июля июль липня يوليو تموز جولائی ژوئیه جولای جولاي जुलाई ιουλ ιούλ ιουλίου július",
	"aug august août aout agosto ago ağustos авг августа август серпня أغسطس اغسطس آب اگست اوت آگوست اگسټ अगस्त αυγ αύγ αυγούστου augusztus",
	"sep sept september septembre septiembre set settembre setembro eylül сен сент сентября сентябрь вересня سبتمبر أيلول ستمبر سپتامبر سپتمبر सितंबर सितम्बर σεπ σεπτ σεπτεμβρίου szeptember",
	"oct october okt oktober octobre octubre ott ottobre outubro out ekim окт октября октябрь жовтня أكتوبر اكتوبر اکتوبر اکتبر अक्टूबर अक्तूबर οκτ οκτωβρίου október",
	"nov november novembre noviembre novembro kasım ноя нояб ноября ноябрь листопада نوفمبر نومبر نوامبر नवंबर नवम्बर νοε νοέ νοεμβρίου",
	"dec december dez dezember décembre déc dic diciembre dicembre dezembro aralık дек декабря декабрь грудня ديسمبر دسمبر دسامبر ډسمبر दिसंबर दिसम्बर δεκ δεκεμβρίου",
)

// hijriMonths are the names of the Solar Hijri months in Iran and Afghanistan.
var hijriMonths = months(
	"فروردین حمل وری", "اردیبهشت ثور غویی", "خرداد جوزا غبرګولی", "تیر سرطان چنګاښ", "مرداد امرداد اسد زمری", "شهریور سنبله وږی",
	"مهر میزان تله", "آبان عقرب لړم", "آذر قوس لیندۍ", "دی جدی مرغومی", "بهمن دلو سلواغه", "اسفند حوت کب",
)

func months(names ...string) map[string]int {
	m := make(map[string]int)
	for i, list := range names {
		for name := range strings.FieldsSeq(list) {
			m[strings.ReplaceAll(name, "_", " ")] = i + 1
		}
	}
	return m
}

// weekdays are the English names: only they decide anything, names in other
// languages are skipped like any word.
var weekdays = map[string]time.Weekday{
	"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday,
	"thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday,
	"tues": time.Tuesday, "weds": time.Wednesday, "thur": time.Thursday, "thurs": time.Thursday,
	"sunday": time.Sunday, "monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday,
	"thursday": time.Thursday, "friday": time.Friday, "saturday": time.Saturday,
}

func isPM(word string) bool {
	return word == "pm" || word == "오후" || word == "μμ" || word == "下午"
}

func isMeridiem(word string) bool {
	return isPM(word) || word == "am" || word == "오전" || word == "πμ" || word == "上午"
}

// hijriEpoch is the first day of the Solar Hijri year 1390.
var hijriEpoch = time.Date(2011, 3, 21, 0, 0, 0, 0, time.UTC)

// fromHijri returns the Gregorian day of a Solar Hijri one between 1390 and
// 1420. Six months of 31 days, five of 30, one of 29 or, in a leap year, 30.
func fromHijri(y, m, d int) time.Time {
	days := d - 1 + (m-1)*31
	if m > 7 {
		days -= m - 7
	}
	for year := hijriFirst; year < y; year++ {
		days += 365
		if hijriLeap(year) {
			days++
		}
	}
	return hijriEpoch.AddDate(0, 0, days)
}

// hijriLeap knows the leap years of the 33-year cycle, exact for these years.
func hijriLeap(year int) bool {
	switch year % 33 {
	case 1, 5, 9, 13, 17, 22, 26, 30:
		return true
	}
	return false
}
