package story

import (
	"slices"
	"testing"
	"time"
)

func TestNamesOfTheLexiconAreSharedAcrossScripts(t *testing.T) {
	english := "Traders of walnuts wait at Torkham as Pakistan counts its lorries"
	for _, tc := range []struct {
		name, lang, title string
		after             time.Duration
		want              []string
	}{
		{"a crossing and a country", "ur", "طورخم پر پاکستان جانے والے اخروٹ کے ٹرک رک گئے", time.Hour, []string{"Pakistan", "Torkham"}},
		{"the same in Russian", "ru", "В Торхаме стоят грузовики с орехами из Пакистана", time.Hour, []string{"Pakistan", "Torkham"}},
		{"more than a day later", "ur", "طورخم پر پاکستان جانے والے اخروٹ کے ٹرک رک گئے", 25 * time.Hour, nil},
		{"one name", "ur", "طورخم پر اخروٹ کے ٹرک رک گئے", time.Hour, nil},
		{"two countries", "ur", "پاکستان اور افغانستان میں اخروٹ کی تجارت", time.Hour, nil},
		{"one script", "en", "Pakistan reopens Torkham", time.Hour, nil},
		{"no names", "ru", "Рыбаки собирают сети", time.Hour, nil},
	} {
		a := inLang("en", "herald", english)
		src, item := report{outlet: "courier", title: tc.title, after: tc.after, lang: tc.lang}.item()
		b := Sign(&src, &item)
		for _, got := range [][]string{Possibly(a, &b), Possibly(&b, a)} {
			if !slices.Equal(got, tc.want) {
				t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
			}
		}
		shared := slices.ContainsFunc(NameKeys(a), func(k uint64) bool { return slices.Contains(NameKeys(&b), k) })
		if tc.want != nil && !shared {
			t.Errorf("%s: no key finds the other", tc.name)
		}
	}
}

func TestAListOfNamesHasFewKeys(t *testing.T) {
	s := inLang("en", "herald", "Torkham, Chaman, Spin Boldak, Kabul, Islamabad, Moscow, Beijing, Tehran and Kunar in pictures")
	if n := len(NameKeys(s)); n == 0 || n > namesMost*(namesMost-1)/2 {
		t.Errorf("%d keys", n)
	}
}

func TestSharedWordsAreToldAsStoriesSeeThem(t *testing.T) {
	a, b := inLang("en", "herald", "Afghan traders protest closed Torkham crossing"), inLang("en", "courier", "Torkham closed again: traders in Afghanistan count losses")
	if got, want := Shared(a, b), []string{"torkham", "trader", "closed"}; !slices.Equal(got, want) || !slices.Equal(Shared(b, a), want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Shared(a, inLang("en", "courier", "Rowers collect bronze")); got != nil {
		t.Errorf("%q, want none", got)
	}
}

func TestTheNearestMemberIsTheOneMostAlike(t *testing.T) {
	v := vectorOf("Afghan traders protest closed Torkham crossing", 0)
	among := []*Vector{vectorOf("Rowers collect bronze", 0), vectorOf("Torkham crossing reopens", 0), vectorOf("Afghan traders protest at Torkham crossing", 0)}
	if got := Nearest(v, among); got != 2 {
		t.Errorf("%d, want 2", got)
	}
	if got := Nearest(v, among[:1]); got != -1 {
		t.Errorf("%d, want none", got)
	}
}
