package parse

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode/utf32"

	"khyber/internal/news"
)

func encoded(t *testing.T, enc encoding.Encoding, s string) string {
	t.Helper()
	out, err := enc.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func titled(label, title string) string {
	return `<?xml version="1.0" encoding="` + label + `"?><rss version="2.0"><channel><title>` + title + `</title><item><title>` + title + `</title></item></channel></rss>`
}

func TestCharsets(t *testing.T) {
	for _, c := range []struct {
		labels string // by which a document may name it
		enc    encoding.Encoding
		title  string
	}{
		{"windows-1256 cp1256 x-cp1256 win-1256 WINDOWS_1256", charmap.Windows1256, "گذرگاه"},
		{"windows-1251 cp1251 win1251", charmap.Windows1251, "перевал"},
		{"windows-1252 latin1 iso-8859-1 iso8859_1 l1", charmap.Windows1252, "café"},
		{"iso-8859-6 iso8859-6 8859_6", charmap.ISO8859_6, "باب"},
		{"koi8-r koi8_r", charmap.KOI8R, "перевал"},
		{"koi8-u", charmap.KOI8U, "перевал"},
		{"ibm866 cp866 866", charmap.CodePage866, "перевал"},
		{"ibm850 cp850", charmap.CodePage850, "café"},
		{"cp858", charmap.CodePage858, "café"},
		{"macintosh mac-roman mac_roman x-mac-roman", charmap.Macintosh, "café"},
		{"x-mac-cyrillic mac-cyrillic maccyrillic", charmap.MacintoshCyrillic, "перевал"},
		{"ibm037 cp037", charmap.CodePage037, "café"},
		{"ibm1047", charmap.CodePage1047, "café"},
		{"gb18030", simplifiedchinese.GB18030, "山口"},
		{"gb2312 gbk cp936", simplifiedchinese.GBK, "山口"},
		{"hz-gb-2312 hz", simplifiedchinese.HZGB2312, "山口"},
		{"shift_jis sjis cp932 ms932", japanese.ShiftJIS, "峠"},
		{"iso-2022-jp iso2022_jp", japanese.ISO2022JP, "峠"},
		{"euc-jp", japanese.EUCJP, "峠の道"},
		{"euc-kr cp949", korean.EUCKR, "고개"},
		{"utf-32be utf_32_be", utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), "گذرگاه"},
		{"utf-32le", utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM), "گذرگاه"},
		{"utf-32", utf32.UTF32(utf32.BigEndian, utf32.UseBOM), "گذرگاه"},
	} {
		for label := range strings.FieldsSeq(c.labels) {
			doc := mustParse(t, encoded(t, c.enc, titled(label, c.title)))
			if doc.Title != c.title || len(doc.Items) != 1 || doc.Items[0].Title != c.title {
				t.Errorf("%s: got %q, want %q (%s)", label, doc.Title, c.title, doc.Encoding)
			}
		}
	}
}

func TestUTF16WithAndWithoutMark(t *testing.T) {
	s := titled("utf-16", "گذرگاه 山口")
	for _, big := range []bool{true, false} {
		for _, mark := range []string{"\uFEFF", ""} {
			var b []byte
			for _, u := range utf16.Encode([]rune(mark + s)) {
				if big {
					b = append(b, byte(u>>8), byte(u))
				} else {
					b = append(b, byte(u), byte(u>>8))
				}
			}
			if doc := mustParse(t, string(b)); doc.Title != "گذرگاه 山口" {
				t.Errorf("big %v, mark %q: %q", big, mark, doc.Title)
			}
		}
	}
}

func TestUpperHalves(t *testing.T) {
	if len(upperHalves) == 0 {
		t.Fatal("no tables")
	}
	for name, table := range upperHalves {
		if n := len([]rune(table)); n != 128 {
			t.Errorf("%s: %d characters", name, n)
		}
	}
	doc := mustParse(t, titled("koi8-t", "\xF0\xC5\xD2\xC5\xD7\xC1\xCC"))
	if doc.Title != "Перевал" || doc.Encoding != "koi8-t" {
		t.Errorf("got %q in %s", doc.Title, doc.Encoding)
	}
}

// ebcdicPage encodes with a page of the tables.
func ebcdicPage(t *testing.T, name, s string) string {
	t.Helper()
	var out []byte
	for _, r := range s {
		if i := slices.Index([]rune(ebcdics[name]), r); i >= 0 {
			out = append(out, byte(i+0x40))
		} else if c, ok := charmap.CodePage037.EncodeRune(r); ok && c < 0x40 {
			out = append(out, c)
		} else {
			t.Fatalf("%s has no %q", name, r)
		}
	}
	return string(out)
}

func TestPagesOfEBCDIC(t *testing.T) {
	titles := map[string]string{
		"ibm273": "grüße [!]", "ibm424": "שלום", "ibm500": "café [!]", "ibm875": "ελληνικά", "ibm1026": "İstanbul ğ #",
	}
	for name, title := range titles {
		if n := len([]rune(ebcdics[name])); n != 0xFF-0x40 {
			t.Errorf("%s: %d characters", name, n)
		}
		for _, label := range []string{name, strings.Replace(name, "ibm", "cp", 1), strings.TrimPrefix(name, "ibm")} {
			doc := mustParse(t, ebcdicPage(t, name, titled(label, title)))
			if doc.Title != title || doc.Encoding != name {
				t.Errorf("%s: got %q in %s, want %q", label, doc.Title, doc.Encoding, title)
			}
		}
	}
	if len(titles) != len(ebcdics) {
		t.Errorf("%d pages, %d tried", len(ebcdics), len(titles))
	}
}

func TestKoreanCharsets(t *testing.T) {
	for _, c := range []struct{ label, raw, want string }{
		{"johab", "\x89\xa1\x88\x81\x20\xea\xa3\x20\x88\x74\x20\xd9\x76\x20\xa6\xca", "고개 山 값 → 뷁"},
		{"cp1361", "\x89\xa1\x88\x81\x20\xea\xa3\x20\x88\x74\x20\xd9\x76\x20\xa6\xca", "고개 山 값 → 뷁"},
		{"johab", "\x88a\x84\x41\x88", "가A"}, // no syllable, and half a character
		{"johab", "\xD9\x20\xDF\x31\xFF\xFFa", "1a"},
		{"iso-2022-kr", "\x1b\x24\x29\x43\x0e\x30\x6d\x30\x33\x0f\x20\x0e\x5f\x23\x0f", "고개 山"},
		{"iso2022_kr", "\x1b$)C\x0e0m\x0f 1", "고 1"},
	} {
		doc := mustParse(t, titled(c.label, c.raw))
		if doc.Title != c.want {
			t.Errorf("%s: got %q in %s, want %q", c.label, doc.Title, doc.Encoding, c.want)
		}
	}
}

// TestLabelsOfPrograms has names that programs use and no registry knows.
func TestLabelsOfPrograms(t *testing.T) {
	for label, want := range map[string]string{
		"866": "ibm866", "1251": "windows-1251", "csIBM866": "ibm866", "cspc775baltic": "cp775", "cspc850multilingual": "ibm850",
		"cspc862latinhebrew": "ibm862", "cspcp852": "ibm852", "ISO_8859-5:1988": "iso-8859-5", "iso_8859_2_1987": "iso-8859-2",
		"mac_centeuro": "mac-latin2", "maclatin2": "mac-latin2", "mac_farsi": "mac-farsi", "cp_gr": "cp869", "ebcdic_cp_be": "ibm500",
		"EBCDIC-CP-HE": "ibm424", "ks_c_5601_1987": "euc-kr", "iso2022_jp_ext": "iso-2022-jp", "iso_2022_jp_2004": "iso-2022-jp",
		"gb2312_1980": "gbk", "tis_620_0": "windows-874", "csUCS4": "utf-32", "iso-10646-ucs-2": "utf-16be", "cp65001": "utf-8",
		"hkscs": "big5", "cp1006": "cp1006", "864": "cp864", "ruscii": "cp1125",
	} {
		if decode, got := lookup(label); decode == nil || got != want {
			t.Errorf("%s: got %q, want %q", label, got, want)
		}
	}
	for label, name := range otherNames {
		if decode, _ := lookup(label); decode == nil {
			t.Errorf("%s stands for %s, which nobody knows", label, name)
		}
	}
}

// TestLabels has which of several labels, and the bytes themselves, is believed.
func TestLabels(t *testing.T) {
	latin := "caf\xe9 \xe0 la carte \xfc"
	for _, c := range []struct {
		name, body, contentType, lang, title, encoding string
		bozo                                           bool
	}{
		{"UTF-8 without a label", titled("", "کابل"), "", "", "کابل", "utf-8", false},
		{"byte order mark", "\xEF\xBB\xBF" + titled("windows-1252", "کابل"), "text/xml; charset=koi8-r", "", "کابل", "utf-8", false},
		{"header before declaration", titled("koi8-r", "caf\xe9"), `text/xml; charset="windows-1252"`, "", "café", "windows-1252", false},
		{"unknown label in the header", titled("windows-1252", "caf\xe9"), "text/xml; charset=x-none", "", "café", "windows-1252", false},
		{"broken header", titled("windows-1252", "caf\xe9"), "text/xml; charset", "", "café", "windows-1252", false},
		{"UTF-8 under another label", titled("windows-1252", "کابل"), "", "", "کابل", "utf-8", true},
		{"UTF-16 label on ASCII", titled("utf-16", "plain"), "", "", "plain", "utf-8", false},
		{"UTF-7 counts as absent", titled("utf-7", "plain +ADw-"), "", "", "plain +ADw-", "utf-8", false},
		{"one bad byte among many", titled("utf-8", strings.Repeat("کابل", 20)+"\xff"), "", "", strings.Repeat("کابل", 20), "utf-8", true},
		{"Latin under UTF-8", titled("utf-8", latin), "", "en", "café à la carte ü", "windows-1252", true},
		{"Arabic under UTF-8", titled("utf-8", "\x98\xc7\xc8\xe1"), "", "fa", "کابل", "windows-1256", true},
		{"Cyrillic under nothing", titled("", "\xea\xe0\xe1\xf3\xeb"), "", "ru", "кабул", "windows-1251", true},
		{"control characters", titled("utf-8", "a\x00b\x0bc\uFFFE"), "", "", "abc", "utf-8", true},
		{"cut in a character", strings.TrimSuffix(titled("utf-8", "é")+" é", "\xa9"), "", "", "é", "utf-8", false},
	} {
		src := testSource()
		src.Lang = c.lang
		doc, err := Parse(src, []byte(c.body), http.Header{"Content-Type": {c.contentType}}, testNow)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if doc.Title != c.title || doc.Encoding != c.encoding || c.bozo && !doc.Bozo {
			t.Errorf("%s: got %q in %s, bozo %v %q; want %q in %s", c.name, doc.Title, doc.Encoding, doc.Bozo, doc.Repairs, c.title, c.encoding)
		}
	}
}

func TestOneBadByteAtAnyPlaceLosesNoItem(t *testing.T) {
	body := rssOpen + numbered("<item><guid>%d</guid><title>گزارش %d</title></item>", 10) + rssClose
	for i := strings.Index(body, "<item>"); i < strings.LastIndex(body, "<item>"); i += 100 {
		b := []byte(body)
		b[i+strings.Index(body[i:], ">گ")+3] = 0xff
		doc, err := Parse(testSource(), b, http.Header{}, testNow)
		if err != nil || len(doc.Items) != 10 {
			t.Errorf("bad byte behind %d: %d of %d items, %v", i, len(doc.Items), doc.Fetched, err)
		}
	}
}

func TestEverySpellingOfALabelIsSafe(t *testing.T) {
	for i := range 1 << 12 {
		if _, name := lookup(fmt.Sprintf("cp%d", i)); strings.Contains(name, "utf-7") {
			t.Errorf("cp%d is %s", i, name)
		}
	}
	for _, label := range []string{"utf-7", "UTF7", "unicode-1-1-utf-7", "csUTF7", "replacement"} {
		if decode, name := lookup(label); decode != nil {
			t.Errorf("%s is %s", label, name)
		}
	}
	if enc, name := legacy((&news.Source{Lang: "ps"}).Lang); enc == nil || name != "windows-1256" {
		t.Errorf("ps was written in %s", name)
	}
}
