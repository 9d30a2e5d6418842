package parse

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		"plain text":            "plain text",
		"  a \n\t b  ":          "a b",
		"a\u00a0b\u2028c":       "a b c",
		"a\u202eb\u2066c\ufeff": "abc",
		"می\u200cرود":           "می\u200cرود",
		"a\x00\x1f\x7f\u0085b":  "ab",
		"a \u202e b":            "a b",
		"\u202e a":              "a",
		"a \u202e":              "a",
		"é–„—…":                 "é–„—…",
		"a\ufffdb":              "ab",
		" ":                     "",
	} {
		if got := fold(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add(" a\u202e \n b\u00a0")
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		got := fold(s)
		var want strings.Builder // the same, a character at a time
		for _, r := range s {
			switch {
			case strings.ContainsRune(" \n\t\r\f\u00a0\u2028\u2029", r):
				want.WriteByte(' ')
			case !forbidden(r):
				want.WriteRune(r)
			}
		}
		if w := strings.Join(strings.FieldsFunc(want.String(), func(r rune) bool { return r == ' ' }), " "); got != w {
			t.Errorf("%q: got %q, want %q", s, got, w)
		}
	})
}
