package parse

import (
	"bytes"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"

	"khyber/internal/news"
)

const utf8Name = "utf-8"

// maxBadShare is the share of bad sequences among those beyond ASCII up to
// which a text still counts as UTF-8: 1 in 20.
const maxBadShare = 20

// decoded is a document in UTF-8 without byte order mark, without the
// characters that XML forbids, from its first < or { on.
type decoded struct {
	body     []byte
	encoding string // canonical name of what it was
	repairs  []string
}

// decoder turns bytes of a charset into UTF-8. What has no character becomes
// U+FFFD.
type decoder func([]byte) ([]byte, error)

// upperHalf decodes a charset whose lower half is ASCII.
func upperHalf(table string) decoder {
	upper := []rune(table)
	return func(b []byte) ([]byte, error) {
		out := make([]byte, 0, len(b)+len(b)/2)
		for _, c := range b {
			if c < utf8.RuneSelf {
				out = append(out, c)
			} else {
				out = utf8.AppendRune(out, upper[c-utf8.RuneSelf])
			}
		}
		return out, nil
	}
}

// decodeBody brings a document to UTF-8: byte order mark, Content-Type and XML
// declaration are asked in this order, and the bytes have the last word.
func decodeBody(body []byte, contentType string, src *news.Source) decoded {
	d := decoded{body: body, encoding: utf8Name}
	enc, name, body := labelled(body, contentType)
	switch {
	case name == utf8Name, enc == nil, keepsASCII(name) && utf8.Valid(body):
		if enc != nil && name != utf8Name && hasHigh(body) {
			d.repair("the document is UTF-8, not " + name)
		}
		d.utf8(body, src)
	default:
		d.convert(enc, name, body)
	}
	d.clean()
	return d
}

func (d *decoded) repair(what string) { d.repairs = append(d.repairs, what) }

// convert decodes with the encoding. Bytes that it does not know become U+FFFD.
func (d *decoded) convert(decode decoder, name string, body []byte) {
	out, err := decode(body)
	if err != nil {
		d.repair("the document was not whole in " + name)
	}
	d.body, d.encoding = out, name
	if bytes.Contains(out, []byte("\uFFFD")) {
		d.repair("bytes that are not " + name + " were replaced")
	}
}

// utf8 takes a document that says it is UTF-8, or nothing: a few bad bytes are
// replaced, with many of them it is in the usual charset of the language.
func (d *decoded) utf8(body []byte, src *news.Source) {
	body = wholeRunes(body)
	d.body = body
	if utf8.Valid(body) {
		return
	}
	good, bad := countUTF8(body)
	if bad*maxBadShare <= good+bad || bad == 1 && good > 1 {
		d.body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
		d.repair("bytes that are not UTF-8 were replaced")
		return
	}
	enc, name := legacy(src.Lang)
	d.convert(enc, name, body)
	d.repair("the document is not UTF-8; it was read as " + name)
}

// wholeRunes takes off what a cut left of the last character.
func wholeRunes(b []byte) []byte {
	for n := 1; n <= utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-n:]) {
				return b[:len(b)-n]
			}
			break
		}
	}
	return b
}

// legacy is the charset that a language was written in before UTF-8.
func legacy(lang string) (decoder, string) {
	switch lang {
	case "fa", "ar", "ur", "ps":
		return charmap.Windows1256.NewDecoder().Bytes, "windows-1256"
	case "ru", "uk", "be", "bg", "sr", "mk", "tg", "kk", "ky", "mn":
		return charmap.Windows1251.NewDecoder().Bytes, "windows-1251"
	}
	return charmap.Windows1252.NewDecoder().Bytes, "windows-1252"
}

// labelled returns what the labels say: nil where none is known.
func labelled(body []byte, contentType string) (decoder, string, []byte) {
	if enc, name, n := byteOrderMark(body); enc != nil {
		return enc, name, body[n:]
	}
	if enc, name := bytePattern(body); enc != nil {
		return enc, name, body
	}
	if _, params, err := mime.ParseMediaType(contentType); err == nil {
		if enc, name := lookup(params["charset"]); enc != nil && plausible(name, body) {
			return enc, name, body
		}
	}
	enc, name := lookup(declared(body))
	if !plausible(name, body) {
		return nil, "", body
	}
	return enc, name, body
}

// plausible refuses labels of wide encodings and EBCDIC on bytes that begin
// with plain ASCII: bytePattern has not seen them.
func plausible(name string, body []byte) bool {
	if keepsASCII(name) || strings.HasPrefix(name, "hz-gb") || strings.HasPrefix(name, "iso-2022") {
		return true
	}
	b := bytes.TrimLeft(body, " \t\r\n")
	return len(b) < 2 || b[0] != '<' && b[0] != '{' || b[1] == 0
}

func byteOrderMark(b []byte) (decoder, string, int) {
	switch {
	case bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")):
		return unicode.UTF8.NewDecoder().Bytes, utf8Name, 3
	case bytes.HasPrefix(b, []byte("\xFF\xFE\x00\x00")):
		return utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM).NewDecoder().Bytes, "utf-32le", 4
	case bytes.HasPrefix(b, []byte("\x00\x00\xFE\xFF")):
		return utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM).NewDecoder().Bytes, "utf-32be", 4
	case bytes.HasPrefix(b, []byte("\xFF\xFE")):
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder().Bytes, "utf-16le", 2
	case bytes.HasPrefix(b, []byte("\xFE\xFF")):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Bytes, "utf-16be", 2
	}
	return nil, "", 0
}

// bytePattern knows wide and EBCDIC documents by how their first < looks (XML
// 1.0, appendix F). An EBCDIC document says itself which one it is.
func bytePattern(b []byte) (decoder, string) {
	if len(b) < 4 {
		return nil, ""
	}
	switch lead := string(b[:4]); {
	case lead == "<\x00\x00\x00":
		return utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM).NewDecoder().Bytes, "utf-32le"
	case lead == "\x00\x00\x00<":
		return utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM).NewDecoder().Bytes, "utf-32be"
	case lead[1] == 0 && lead[3] == 0 && (lead[0] == '<' || lead[0] == '{'):
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder().Bytes, "utf-16le"
	case lead[0] == 0 && lead[2] == 0 && (lead[1] == '<' || lead[1] == '{'):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Bytes, "utf-16be"
	case lead == "\x4C\x6F\xA7\x94":
		head, _ := charmap.CodePage037.NewDecoder().Bytes(b[:min(len(b), maxDeclaration)])
		if m := declarationOfEBCDIC.FindSubmatch(head); m != nil {
			if enc, name := lookup(string(m[1])); enc != nil && !keepsASCII(name) {
				return enc, name
			}
		}
		return charmap.CodePage037.NewDecoder().Bytes, "ibm037"
	}
	return nil, ""
}

// maxDeclaration is how far the encoding of an XML declaration is looked for.
const maxDeclaration = 1 << 10

var declaration = regexp.MustCompile(`^[^<]{0,64}<\?xml\s[^>]*?encoding\s*=\s*["']\s*([A-Za-z0-9._:-]+)\s*["']`)

// declarationOfEBCDIC reads a declaration through code page 37: letters and digits
// are the same on every page, quotes are not.
var declarationOfEBCDIC = regexp.MustCompile(`^<\?xml\s[^>]*?encoding\s*=\s*.([A-Za-z0-9._:-]+)`)

func declared(b []byte) string {
	m := declaration.FindSubmatch(b[:min(len(b), maxDeclaration)])
	if m == nil {
		return ""
	}
	return string(m[1])
}

// keepsASCII says whether the bytes of ASCII mean ASCII in the encoding.
func keepsASCII(name string) bool {
	for _, prefix := range []string{"utf-16", "utf-32", "ibm037", "ibm1047", "ibm01140", "hz-gb", "iso-2022"} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return ebcdics[name] == ""
}

// lookup finds an encoding by any of the names it goes by on the web, with IANA
// or in programs. UTF-7 is not among them: it hides markup.
func lookup(label string) (decoder, string) {
	label = strings.ReplaceAll(strings.ToLower(strings.Trim(label, " \t\r\n\"'")), "_", "-")
	for _, name := range spellings(label) {
		if enc, canonical := charset.Lookup(name); enc != nil && canonical != "replacement" {
			return enc.NewDecoder().Bytes, canonical
		}
		if enc, err := ianaindex.IANA.Encoding(name); err == nil && enc != nil {
			canonical, _ := ianaindex.IANA.Name(enc)
			return enc.NewDecoder().Bytes, strings.ToLower(canonical)
		}
		if decode := ownDecoder(name); decode != nil {
			return decode, name
		}
	}
	return nil, ""
}

// ownDecoder finds what no library here knows by its name.
func ownDecoder(name string) decoder {
	switch name {
	case "iso-2022-kr":
		return iso2022KR
	case "johab":
		return johab
	}
	if table, ok := upperHalves[name]; ok {
		return upperHalf(table)
	}
	if table, ok := ebcdics[name]; ok {
		return ebcdic(table)
	}
	return utf32Named(name)
}

// ebcdic decodes a page of EBCDIC by its characters from 0x40 to 0xFE.
func ebcdic(table string) decoder {
	upper := []rune(table)
	return func(b []byte) ([]byte, error) {
		out := make([]byte, 0, len(b)+len(b)/2)
		for _, c := range b {
			if c < 0x40 || c == 0xFF {
				out = utf8.AppendRune(out, charmap.CodePage037.DecodeByte(c))
			} else {
				out = utf8.AppendRune(out, upper[c-0x40])
			}
		}
		return out, nil
	}
}

func utf32Named(name string) decoder {
	switch name {
	case "utf-32", "utf-32be", "utf-32-be":
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM).NewDecoder().Bytes
	case "utf-32le", "utf-32-le":
		return utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM).NewDecoder().Bytes
	}
	return nil
}

var (
	isoName = regexp.MustCompile(`^(?:iso-?)?8859-?(\d{1,2})(?:[-:]\d{4})?$`)
	numbers = regexp.MustCompile(`^(?:(?:cp|ibm|windows|win|x-cp|ms|csibm|cspcp?)-?)?0*(\d{2,5})(?:baltic|multilingual|latinhebrew)?$`)
	macName = regexp.MustCompile(`^(?:x-)?mac-?([a-z0-9]+)$`)
	jisName = regexp.MustCompile(`^iso-?2022-?jp(?:-(?:1|2|3|ext|2004))?$`)
)

// otherNames are labels of programs for charsets that have another name here.
var otherNames = newOtherNames(`
	utf-8: utf8 u8 utf utf-8-sig cp65001 utf8-ucs2 utf8-ucs4
	utf-16be: utf16 u16 utf-16 ucs-2 iso-10646-ucs-2 csunicode unicode utf-16-be unicodebigunmarked
	utf-16le: utf-16-le unicodelittleunmarked
	utf-32: utf32 u32 ucs-4 iso-10646-ucs-4 csucs4
	us-ascii: ascii 646 us iso646-us iso-ir-6 cp367 ibm367 ansi-x3-4-1968
	iso-8859-1: latin-1 latin 8859 iso8859 cp819 ibm819
	iso-8859-7: elot-928
	iso-8859-11: thai tis620 tis-620-0 tis-620-2529-0 tis-620-2529-1 iso-ir-166
	iso-8859-13: l7 latin7
	iso-8859-14: l8 latin8 iso-celtic iso-ir-199
	iso-8859-16: l10 latin10 iso-ir-226
	hz-gb-2312: hz hzgb hz-gb
	big5: big5hkscs big5-hkscs hkscs big5-tw csbig5 x-mac-trad-chinese
	gbk: euc-cn euccn eucgb2312-cn gb2312-1980 gb2312-80 x-mac-simp-chinese
	gb18030: gb18030-2000
	euc-jp: ujis u-jis eucjp euc-jis-2004 eucjis2004 euc-jis2004 euc-jisx0213 eucjisx0213 jisx0213
	shift_jis: s-jis shift-jis shiftjis mskanji ms-kanji x-mac-japanese shift-jis-2004 shiftjis2004 sjis-2004 s-jis-2004
	shift_jis: shift-jisx0213 shiftjisx0213 sjisx0213 s-jisx0213
	euc-kr: uhc euckr ks-c-5601 ks-c-5601-1987 ksx1001 ks-x-1001 x-mac-korean
	iso-2022-kr: iso2022-kr iso2022kr csiso2022kr
	johab: cp1361 ms1361
	hp-roman8: roman8 r8 cshproman8 cp1051 ibm1051
	kz1048: rk1048 strk1048-2002 kz-1048
	ptcp154: pt154 cp154 cyrillic-asian csptcp154
	cp1125: ibm1125 cp866u ruscii
	ibm437: cspc8codepage437
	cp861: cp-is
	cp869: cp-gr
	ibm037: ibm039 ebcdic-cp-us ebcdic-cp-ca ebcdic-cp-wt ebcdic-cp-nl
	ibm424: ebcdic-cp-he
	ibm500: ebcdic-cp-be ebcdic-cp-ch
	macintosh: mac-roman macroman x-mac-roman macintosh-roman
	mac-latin2: mac-centeuro maccentraleurope mac-centraleurope x-mac-ce`)

func newOtherNames(lines string) map[string]string {
	out := map[string]string{}
	for line := range strings.SplitSeq(strings.TrimSpace(lines), "\n") {
		name, labels, _ := strings.Cut(strings.TrimSpace(line), ":")
		for label := range strings.FieldsSeq(labels) {
			out[label] = name
		}
	}
	return out
}

// codePages are numbers whose names follow no rule.
var codePages = map[string]string{
	"932": "shift_jis", "936": "gbk", "949": "euc-kr", "950": "big5", "37": "ibm037", "858": "ibm00858", "1140": "ibm01140",
}

// spellings lists what a label may be called elsewhere, the label itself first.
func spellings(label string) []string {
	if label == "" {
		return nil
	}
	if name, ok := otherNames[label]; ok {
		return []string{name}
	}
	out := []string{label}
	if m := isoName.FindStringSubmatch(label); m != nil {
		out = append(out, "iso-8859-"+m[1])
	}
	if m := macName.FindStringSubmatch(label); m != nil {
		out = append(out, "x-mac-"+m[1], "mac-"+m[1])
	}
	if jisName.MatchString(label) {
		out = append(out, "iso-2022-jp") // its extensions hold the same common part
	}
	if m := numbers.FindStringSubmatch(label); m != nil {
		if name, ok := codePages[m[1]]; ok {
			return []string{name}
		}
		out = append(out, "windows-"+m[1], "ibm"+m[1], "cp"+m[1])
	}
	return out
}

// countUTF8 counts the good and bad sequences beyond ASCII.
func countUTF8(b []byte) (good, bad int) {
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		b = b[n:]
	}
	return good, bad
}

func hasHigh(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// clean drops what XML 1.0 §2.2 forbids, and whatever stands before the
// document. A [ before it makes it JSON of another kind.
func (d *decoded) clean() {
	b := bytes.TrimPrefix(d.body, []byte("\uFEFF"))
	if dirty(b) {
		b = cleaned(b)
		d.repair("characters that XML forbids were dropped")
	}
	if i := bytes.IndexAny(b, "<{["); i > 0 {
		if lead := bytes.TrimSpace(b[:i]); len(lead) > 0 {
			d.repair("text before the document was dropped")
		}
		b = b[i:]
	}
	d.body = b
}

// dirty looks for forbidden characters and references to them; it is the one
// look at every byte of each document, so it is plain.
func dirty(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' {
			return true
		}
	}
	return bytes.Contains(b, []byte("\uFFFE")) || bytes.Contains(b, []byte("\uFFFF")) ||
		bytes.Contains(b, []byte("&#")) && forbiddenRef.Match(b)
}

// forbiddenRef matches references to C0 characters, U+FFFE and U+FFFF: an XML
// parser gives the whole document up for one of them.
var forbiddenRef = regexp.MustCompile(`&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|[xX]0*(?:[0-8bcBCeEfF]|1[0-9a-fA-F]|[fF]{3}[eEfF])|0*6553[45]);`)

func cleaned(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		if c >= ' ' || c == '\n' || c == '\r' || c == '\t' {
			out = append(out, c)
		}
	}
	out = bytes.ReplaceAll(out, []byte("\uFFFE"), nil)
	out = bytes.ReplaceAll(out, []byte("\uFFFF"), nil)
	return forbiddenRef.ReplaceAll(out, nil)
}
