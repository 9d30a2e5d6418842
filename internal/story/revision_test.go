package story

import "testing"

func TestTextHashMovesWithWordsOnly(t *testing.T) {
	base := TextHash("Dam at Belqis holds, officials say", "The wall was checked twice.")
	for _, same := range [][2]string{
		{"DAM AT BELQIS HOLDS – officials say!", "The wall   was checked twice"},
		{"Dam at Belqis holds, officials say", "The wall was checked twice. Read more…"},
	} {
		if TextHash(same[0], same[1]) != base {
			t.Errorf("%q, %q: another hash", same[0], same[1])
		}
	}
	for _, other := range [][2]string{
		{"Dam at Belqis breaks, officials say", "The wall was checked twice."},
		{"Dam at Belqis holds, officials say", "The wall was checked three times."},
	} {
		if TextHash(other[0], other[1]) == base {
			t.Errorf("%q, %q: the same hash", other[0], other[1])
		}
	}
}

func TestFiguresSayWhatChanged(t *testing.T) {
	for _, tc := range []struct{ before, after, want string }{
		{"22 killed in Belqis flood", "23 killed in Belqis flood", "22 → 23"},
		{"Five hurt, 22 killed", "5 hurt, 23 killed", "22 → 23"},
		{"Many hurt", "14 hurt, two missing", "none → 14, 2"},
		{"14 hurt", "Many hurt", "14 → none"},
		{"Council will reopen road", "Council will not reopen road", "“not” added"},
		{"Council not to pay 3 firms", "Council to pay 4 firms", "3 → 4; “not” dropped"},
		{"Council will reopen road", "Council: We don’t reopen road", "“don’t” added"},
		{"Council denies closing road", "Council denied closing road", ""},
		{"Council denies closing road", "Council: road was never closed, not mended", "“never, not” added"},
		{"Fans greet striker", "Fans greet one of the game's great strikers", ""},
		{"Market opens", "Market reopens", ""},
	} {
		if got := Figures(tc.before, tc.after); got != tc.want {
			t.Errorf("Figures(%q, %q) = %q, want %q", tc.before, tc.after, got, tc.want)
		}
	}
}

func TestTailsAreCut(t *testing.T) {
	for _, tc := range []struct{ summary, want string }{
		{"The wall was checked. Read more…", "The wall was checked"},
		{"The wall was checked. [Read more at Herald]", "The wall was checked"},
		{"The wall was checked CONTINUE READING", "The wall was checked"},
		{"The wall was checked […]", "The wall was checked "},
		{"The wall was checked. The post Dam holds appeared first on Herald.", "The wall was checked"},
		{"Read more", ""},
		{"Pupils in Belqis read more books than before.", "Pupils in Belqis read more books than before."},
		{"Read more books, says Belyal. They do no harm.", "Read more books, says Belyal. They do no harm."},
		{"دیوار کی جانچ مکمل ہوئی۔ مزید پڑھیں", "دیوار کی جانچ مکمل ہوئی۔"},
		{"دیوار بررسی شد. ادامه مطلب…", "دیوار بررسی شد"},
		{"फाटक की जांच हुई। और पढ़ें", "फाटक की जांच हुई।"},
		{"फाटक की जांच हुई। और प\u095dें", "फाटक की जांच हुई।"},
		{"Плотину проверили. Читать далее", "Плотину проверили"},
		{"দেয়াল পরীক্ষা হয়েছে। আরও পড়ুন", "দেয়াল পরীক্ষা হয়েছে।"},
		{"دیوار \xff\xfe", "دیوار \xff\xfe"},
		{"", ""},
	} {
		if got := cutTail(tc.summary); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.summary, got, tc.want)
		}
	}
}
