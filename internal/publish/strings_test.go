package publish

import (
	"strings"
	"testing"
)

type textCase struct{ in, want string }

func eachText(t *testing.T, f func(string) string, cases []textCase) {
	t.Helper()
	for _, c := range cases {
		if got := f(c.in); got != c.want {
			t.Errorf("%q:\ngot  %q\nwant %q", c.in, got, c.want)
		}
	}
}

func TestCleanKeepsTextAndDropsWhatSpoofsOrBreaks(t *testing.T) {
	eachText(t, clean, []textCase{
		{"", ""},
		{" a \t\n b ", "a b"},
		{"a\u0085b\u0000\x1b", "ab"},
		{"می\u200cخواهم", "می\u200cخواهم"},
		{"\u202eevil\u202c \u2066x\u2069", "evil x"},
		{"bad\xff\xfe utf", "bad utf"},
		{"\ufffd\ufffe\uffff\ufeffx\U0001fffe", "x"},
		{"🕊️ dove", "🕊️ dove"},
		{"a\u00a0\u2003b", "a b"},
	})
}

func TestAddressPassesOnlyWhatReadersMayOpen(t *testing.T) {
	eachText(t, address, []textCase{
		{"https://a.example/x?y=1&z=2#f", "https://a.example/x?y=1&z=2#f"},
		{"HTTPS://A.example", "https://A.example"},
		{"http://[::1]:8080/x", ""},
		{"https://خبر.example/پل?س=۱", "https://xn--ngblk.example/%D9%BE%D9%84?%D8%B3=%DB%B1"},
		{"https://a.example/100%/x y", "https://a.example/100%25/x%20y"},
		{"https://a.example/%D9%BE", "https://a.example/%D9%BE"},
		{"https://a.example/a|b\"c<d>", "https://a.example/a%7Cb%22c%3Cd%3E"},
		{"javascript:alert(1)", ""},
		{"data:text/html,x", ""},
		{"//a.example/x", ""},
		{"/x", ""},
		{"https://user:pw@a.example/", ""},
		{"https://\u202ea.example/", "https://a.example/"},
		{"", ""},
	})
}

func TestSummaryEndsAtASentenceOrAWord(t *testing.T) {
	sentence := strings.Repeat("word ", 50) + "end."
	eachText(t, summaryText, []textCase{
		{"short", "short"},
		{sentence + " " + strings.Repeat("tail ", 60), sentence},
		{strings.Repeat("word ", 100), strings.TrimSpace(strings.Repeat("word ", 79)) + "…"},
		{strings.Repeat("x", 500), strings.Repeat("x", 399) + "…"},
	})
}

func TestNamesCarryNoAddresses(t *testing.T) {
	eachText(t, personName, []textCase{
		{"desk@gazette.example (Staff)", "Staff"},
		{"Staff <desk@gazette.example>", "Staff"},
		{"desk@gazette.example", ""},
		{"By A. Writer, b@c", "By A. Writer"},
		{"@", ""},
		{"A. Writer", "A. Writer"},
	})
}

func TestLanguageTags(t *testing.T) {
	eachText(t, LanguageTag, []textCase{
		{"", ""},
		{"en", "en"},
		{"EN_us", "en-US"},
		{"prs", "fa-AF"},
		{"haz", "fa-AF"},
		{"ckb", "ku"},
		{"bal", "bal"},
		{"pus", ""},
		{"xx", ""},
		{"xx-yy", ""},
		{"x-\"><", ""},
		{"fa-Arab", "fa"},
	})
}

func TestDirectionGoesByLanguageThenByScript(t *testing.T) {
	for _, c := range []struct {
		lang, text string
		want       bool
	}{
		{"ps", "Kabul", true},
		{"fa-AF", "", true},
		{"en", "کابل", false},
		{"", "123 کابل", true},
		{"", "Kabul کابل", false},
		{"", "", false},
	} {
		if got := RightToLeft(c.lang, c.text); got != c.want {
			t.Errorf("%q %q: got %v", c.lang, c.text, got)
		}
	}
}

func TestAtomTextIsHTMLOnlyWhenReadersWouldTakeItForMarkup(t *testing.T) {
	for _, c := range []struct{ in, kind, body string }{
		{"AT&T at 5 < 6", "text", "AT&T at 5 < 6"},
		{"the &lt; sign", "html", "the &amp;lt; sign"},
		{"ends </b> here", "html", "ends &lt;/b&gt; here"},
		{"Q&4", "html", "Q&amp;4"},
		{"Q&A", "text", "Q&A"},
	} {
		if kind, body := atomText(c.in); kind != c.kind || body != c.body {
			t.Errorf("%q: got %s %q, want %s %q", c.in, kind, body, c.kind, c.body)
		}
	}
}

func TestUUIDIsNameBased(t *testing.T) {
	got := UUID("a")
	if got != UUID("a") || got == UUID("b") || len(got) != 36 || got[14] != '5' || !strings.ContainsRune("89ab", rune(got[19])) {
		t.Errorf("got %s", got)
	}
}
