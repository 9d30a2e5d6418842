package story

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"khyber/internal/news"
)

func TestTablesLoad(t *testing.T) {
	v, err := loadVocabulary(wordText, backgroundCounts, regionCounts)
	if err != nil {
		t.Fatal(err)
	}
	if v.background.headlines < 100_000 || len(v.background.of) < 10_000 || v.local.headlines < 1_000 || len(v.local.of) < 1_000 {
		t.Errorf("%d headlines with %d stems, %d with %d", v.background.headlines, len(v.background.of), v.local.headlines, len(v.local.of))
	}
	if len(Tables()) != 8 || strings.Trim(Tables(), "0123456789abcdef") != "" {
		t.Errorf("table number %q", Tables())
	}
	for kind := range lines(urlText) {
		if !slices.Contains([]string{"track", "drop", "host", "redirect", "archive", "opaque", "id", "same"}, kind) {
			t.Errorf("urls.txt: %q is no kind of line", kind)
		}
	}
}

func TestBrokenTablesAreRefused(t *testing.T) {
	for name, load := range map[string]func() error{
		"no gzip":      func() error { _, err := loadVocabulary(wordText, []byte("x"), regionCounts); return err },
		"no region":    func() error { _, err := loadVocabulary(wordText, backgroundCounts, nil); return err },
		"unknown kind": func() error { _, err := loadVocabulary("colour red blue", backgroundCounts, regionCounts); return err },
		"no number":    func() error { _, err := loadVocabulary("number x one", backgroundCounts, regionCounts); return err },
	} {
		if load() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestTermsReadFiguresAsOne(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"1,00,000 trees", "100000 tree"},
		{"100,000 trees", "100000 tree"},
		{"3.5 and 25 per cent, 25 percent, 25%", "3.5 and 25% 25% 25%"},
		{"five of twenty-five, two dozen, a dozen", "5 of 25 24 a 12"},
		{"two lakh, 1.5 million, 3 crore", "200000 1500000 30000000"},
		{"first, second and 12th", "1st 2nd and 12th"},
		{"on 5, 12 and 30", "on 5 12 and 30"},
		{"۲۲ کارگر", "22 کارگر"},
		{"U.S. parties' bus", "us party bus"},
		{"United Nations and United States of a united front", "un and us of a united front"},
		{"organised defence of harbour centres", "organized defense of harbor center"},
		{"地震造成", "地震 震造 造成"},
		{"", ""},
	} {
		r := reader{v: words(), counted: true}
		var got []string
		for _, term := range r.terms(tc.text) {
			got = append(got, term.stem)
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%q: %q, want %q", tc.text, got, tc.want)
		}
	}
}

func TestTitlesLoseLabelsAndNames(t *testing.T) {
	for _, tc := range []struct{ title, want string }{
		{"Exclusive: Plum harvest fails", "Plum harvest fails"},
		{"BREAKING NEWS – Plum harvest fails", "Plum harvest fails"},
		{"Exclusive-Plum harvest fails", "Plum harvest fails"},
		{"UPDATE 3-Plum harvest fails", "Plum harvest fails"},
		{"Plum harvest fails - The Herald", "Plum harvest fails"},
		{"Plum harvest fails | herald.example", "Plum harvest fails"},
		{"Plum harvest fails - AFP", "Plum harvest fails"},
		{"عاجل: فشل الحصاد", "فشل الحصاد"},
		{"Breaking-point of plum farmers", "Breaking-point of plum farmers"},
		{"Harvest - a plum's tale", "Harvest - a plum's tale"},
		{"The Herald", "The Herald"},
		{"Exclusive:", "Exclusive:"},
	} {
		if got := plainTitle(tc.title, "The Herald", "", "herald.example"); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.title, got, tc.want)
		}
	}
}

func TestSummariesThatSayNothingAreNotUsable(t *testing.T) {
	const title = "Engineers close last gap of Arvand bridge near Belqis orchards"
	for name, tc := range map[string]struct {
		summary string
		want    bool
	}{
		"a text":           {wire, true},
		"short":            {"A crane finished the work.", false},
		"the title again":  {title + " Herald", false},
		"an Urdu caption":  {"کرین دریا پر گھوم رہی ہے اور کسان اپنی گاڑیوں سے دیکھ رہے ہیں (فوٹو: ہیرالڈ)", false},
		"a name's caption": {"A crane swings over the river while farmers watch from their carts. (Karim Belyal/The Belqis Press)", false},
		"a speed":          {"A crane swings over the river while farmers watch a barge pass by (7 km/h)", true},
		"a caption":        {"A crane swings over the river while farmers watch from their carts. (Getty Images)", false},
		"none":             {"", false},
	} {
		if s := (report{outlet: "herald", title: title, summary: tc.summary}).sign(); s.usable != tc.want {
			t.Errorf("%s: usable %v, want %v", name, s.usable, tc.want)
		}
	}
}

func TestDatelinesAreCutAndAgenciesNoted(t *testing.T) {
	plain := report{outlet: "herald", title: "Bridge", summary: wire}.sign()
	dated := report{outlet: "herald", title: "Bridge", summary: "BELQIS, Nov 23 (Reuters) - " + wire}.sign()
	if len(plain.text) != len(dated.text) || plain.agencies != 0 || dated.agencies == 0 {
		t.Errorf("%d and %d words, agencies %b and %b", len(plain.text), len(dated.text), plain.agencies, dated.agencies)
	}
	if s := (report{outlet: "herald", title: "Bridge", summary: "The app of the lock keepers counts every barge on the canal since May."}).sign(); s.agencies != 0 {
		t.Error("an app is taken for an agency")
	}
}

func TestUnknownLanguagesAreCountedWhenTheyReadAsEnglish(t *testing.T) {
	src := news.Source{ID: "herald"}
	for title, want := range map[string]bool{
		"Engineers close last gap of Arvand bridge near Belqis":         true,
		"Ingenieros cierran el último hueco del puente cerca del río":   false,
		"Ingenieure schließen die letzte Lücke der Brücke am Flussufer": false,
		"دریا پر پل مکمل":                                               false,
		"":                                                              false,
	} {
		if s := Sign(&src, &news.Item{Title: title}); s.counted != want {
			t.Errorf("%q: counted %v, want %v", title, s.counted, want)
		}
	}
	if s := Sign(&src, &news.Item{Title: "Puente Arvand", Lang: "es"}); s.counted {
		t.Error("Spanish by its language is counted")
	}
}

func TestScriptIsThatOfMostLetters(t *testing.T) {
	for text, want := range map[string]*unicode.RangeTable{
		"Arvand bridge": unicode.Latin, "ارونڈ پل COVID": unicode.Arabic, "Мост": unicode.Cyrillic, "地震": unicode.Han, "12 %": nil,
	} {
		if got := script(text); got != want {
			t.Errorf("%q: another script", text)
		}
	}
}

func FuzzRelate(f *testing.F) {
	f.Add("Ferry sinks, 22 dead", "Twelve words of a summary about a ferry that sank off Gulzar", "Ferry sinks, 23 dead", "", "en", int64(3))
	f.Add("ارونڈ پل", "地震造成", "<b>A</b> hits B", "B hits A (Photo)", "", int64(-100))
	f.Fuzz(func(t *testing.T, titleA, summaryA, titleB, summaryB, lang string, hours int64) {
		a := report{outlet: "herald", title: titleA, summary: summaryA, lang: lang}.sign()
		b := report{outlet: "courier", title: titleB, summary: summaryB, lang: lang, after: time.Duration(hours%200) * time.Hour}.sign()
		ab, ba := Relate(&a, &b), Relate(&b, &a)
		if ab.Relation != ba.Relation || ab.Rule != ba.Rule || ab.Similarity != ba.Similarity || !slices.Equal(ab.Differ, ba.Differ) || !slices.Equal(ab.Shared, ba.Shared) {
			t.Fatalf("not symmetric: %+v and %+v", ab, ba)
		}
		if ab.Similarity < 0 || ab.Similarity > 1000 {
			t.Fatalf("similarity %d", ab.Similarity)
		}
		src, item := report{outlet: "herald", title: titleA, summary: summaryA, lang: lang}.item()
		id := Identify(&src, news.Distrust{}, []news.Item{item})[0]
		if id.Text != TextHash(titleA, summaryA) {
			t.Fatalf("an entry's text is not the hash of %q and %q", titleA, summaryA)
		}
		if got := id.Sign(&item); fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", a) {
			t.Fatalf("an entry is signed %+v, its item %+v", *got, a)
		}
		if got := a.Pack().Unpack(); fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", a) {
			t.Fatalf("unpacked %+v of %+v", *got, a)
		}
		if keys := CandidateKeys(&a); len(keys) > titleKeys+shingleKeys+1 || !slices.IsSorted(keys) {
			t.Fatalf("candidate keys %v", keys)
		}
		v, w := NewVector(&a), NewVector(&b)
		if s := similarity(&v, &w); s != similarity(&w, &v) || s < 0 || s > 1_000_001 {
			t.Fatalf("similarity of vectors %d", s)
		}
	})
}

func BenchmarkRelate(b *testing.B) {
	srcA, itemA := report{outlet: "herald", title: "Engineers close last gap of Arvand bridge near Belqis", summary: wire}.item()
	srcB, itemB := report{outlet: "courier", title: "Arvand bridge near Belqis is whole again", summary: wire}.item()
	b.Run("sign", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s := Sign(&srcA, &itemA)
			CandidateKeys(&s)
		}
	})
	b.Run("unpack", func(b *testing.B) {
		b.ReportAllocs()
		s := Sign(&srcA, &itemA)
		for p := s.Pack(); b.Loop(); {
			p.Unpack()
		}
	})
	b.Run("relate", func(b *testing.B) {
		b.ReportAllocs()
		x, y := Sign(&srcA, &itemA), Sign(&srcB, &itemB)
		for b.Loop() {
			Relate(&x, &y)
		}
	})
}
