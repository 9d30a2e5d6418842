package publish

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"khyber/internal/news"
)

func TestTopicsOPMLIsAsReviewed(t *testing.T) {
	topics := []news.Topic{
		{ID: "border-trade", Title: "Border & trade", Description: "Crossings, customs and convoys"},
		{ID: "floods", Title: "سیلاب"},
	}
	for name, list := range map[string][]news.Topic{"topics.opml": topics, "topics-empty.opml": nil} {
		var b bytes.Buffer
		if err := RenderTopicsOPML(&b, site(), list, language, noon); err != nil {
			t.Fatal(err)
		}
		strictXML(t, b.Bytes())
		golden(t, name, b.Bytes())
	}
}

func sourceList() []news.Source {
	return slices.SortedFunc(maps.Values(sources()), func(a, b news.Source) int { return strings.Compare(a.ID, b.ID) })
}

func TestSourcesOPMLIsAsReviewed(t *testing.T) {
	for name, list := range map[string][]news.Source{"sources.opml": sourceList(), "sources-empty.opml": nil} {
		var b bytes.Buffer
		if err := RenderSourcesOPML(&b, site(), list, noon); err != nil {
			t.Fatal(err)
		}
		strictXML(t, b.Bytes())
		golden(t, name, b.Bytes())
		if bytes.Contains(b.Bytes(), []byte("secret")) {
			t.Error("a password is published")
		}
	}
}

func TestImportOfExportGivesTheSameSources(t *testing.T) {
	var b bytes.Buffer
	if err := RenderSourcesOPML(&b, site(), sourceList(), noon); err != nil {
		t.Fatal(err)
	}
	subs, skipped, err := ParseOPML(&b)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []Subscription
	got = append(got, subs...)
	for _, s := range sourceList() {
		if s.PublicURL() != "" {
			want = append(want, Subscription{Title: s.Name, URL: s.URL, Lang: s.Lang, Country: s.Country, Type: s.Type})
		}
	}
	byURL := func(a, b Subscription) int { return strings.Compare(a.URL, b.URL) }
	slices.SortFunc(got, byURL)
	slices.SortFunc(want, byURL)
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if len(skipped) != 1 || skipped[0].Text != "Q&A <Wire>" {
		t.Errorf("skipped %+v", skipped)
	}
}

func TestOPMLOfOtherReadersIsUnderstood(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
	}{
		{"attributes in any case", `<opml><body><outline TEXT="A" XmlUrl=" https://a.example/f "/></body></opml>`, "[{A https://a.example/f     }] []"},
		{"no text", `<opml version="1.0"><body><outline title="" xmlurl="https://a.example/f"/></body></opml>`, "[{ https://a.example/f     }] []"},
		{"groups", `<opml><body><outline text="PK"><outline text="newspaper"><outline text="A" xmlUrl="https://a.example/f" htmlUrl="https://a.example/" language="ur"/></outline></outline><outline text="B" xmlUrl="http://b.example"/></body></opml>`, "[{A https://a.example/f https://a.example/ ur PK newspaper } {B http://b.example     }] []"},
		{"category paths", `<opml><body><outline text="A" category="/AF/state,/Morning" xmlUrl="https://a.example/f"/></body></opml>`, "[{A https://a.example/f   AF state Morning}] []"},
		{"cut off", `<opml><body><outline text="A" xmlUrl="https://a.example/f"/><outline text="B" xmlUrl="https://b.exa`, "[{A https://a.example/f     }] []"},
		{"doctype and entities", `<!DOCTYPE opml [<!ENTITY x "y">]><opml><body><outline text="Caf&eacute; &amp; co" xmlUrl="https://a.example/?a=1&b=2"/></body></opml>`, "[{Café & co https://a.example/?a=1&b=2     }] []"},
		{"text that is HTML", `<opml><outline text="R&amp;amp;D &amp;lt;desk>" xmlUrl="http://[::1]/f"/></opml>`, "[{R&D <desk> http://[::1]/f     }] []"},
		{"twice", `<opml><outline text="A" xmlUrl="https://a.example/f"/><outline text="C" xmlUrl="https://a.example/f"/></opml>`, "[{A https://a.example/f     }] [{C it stands in the file more than once}]"},
		{"links", `<opml><outline text="A" type="link" url="https://a.example/"/><outline text="B" type="rss" url="https://b.example/f"/></opml>`, "[{B https://b.example/f     }] [{A it is a link, not a subscription: it has no xmlUrl}]"},
		{"bad address", `<opml><outline text="A" xmlUrl="exec:rm -rf"/></opml>`, "[] [{A its address is not http or https, or carries a password}]"},
		{"latin1", "<?xml version='1.0' encoding='ISO-8859-1'?><opml><outline text='Caf\xe9' xmlUrl='https://a.example/f'/></opml>", "[{Café https://a.example/f     }] []"},
		{"cyrillic", "<?xml version=\"1.0\" encoding=\"windows-1251\"?><opml><outline text='\xd5\xf0\xee\xed\xe8\xea\xe0' xmlUrl='https://a.example/f'/></opml>", "[{Хроника https://a.example/f     }] []"},
		{"UTF-16", utf16le("<?xml version='1.0' encoding='utf-16'?><opml><outline text='خبر' xmlUrl='https://a.example/f'/></opml>"), "[{خبر https://a.example/f     }] []"},
		{"UTF-16 without a mark", strings.TrimPrefix(utf16le("<?xml version='1.0' encoding='utf-16'?><opml><outline text='خبر' xmlUrl='https://a.example/f'/></opml>"), "\xff\xfe"), "[{خبر https://a.example/f     }] []"},
		{"UTF-16 the other way, without a mark", utf16be("<?xml version='1.0' encoding='utf-16'?><opml><outline text='خبر' xmlUrl='https://a.example/f'/></opml>"), "[{خبر https://a.example/f     }] []"},
		{"UTF-16 is named and not used", "<?xml version='1.0' encoding='utf-16'?><opml><outline text='خبر' xmlUrl='https://a.example/f'/></opml>", "[{خبر https://a.example/f     }] []"},
		{"bytes that are no characters", "\xef\xbb\xbf<opml><outline text='A\x01\xffB' xmlUrl='https://a.example/f'/></opml>", "[{AB https://a.example/f     }] []"},
		{"the scheme of readers", `<opml><outline text="A" xmlUrl="feed://a.example/f"/><outline text="B" xmlUrl="Feed:https://b.example/f"/></opml>`, "[{A http://a.example/f     } {B https://b.example/f     }] []"},
		{"settings of a reader", `<opml version="1.0"><head/><body><outline text="prefs" schema-version="140"><outline pref-name="X" value="1"/></outline><outline text="All" x:y="z"><outline type="rss" text="A" xmlUrl="https://a.example/f" x:css="p"/></outline></body></opml>`, "[{A https://a.example/f     All}] []"},
		{"a charset of nobody", "<?xml version='1.0' encoding='x-nobody'?><opml><outline text='A' xmlUrl='https://a.example/f'/></opml>", `[] [{the rest of the file it is damaged: charset "x-nobody": save the file as UTF-8}]`},
		{"a namespace", `<o:opml xmlns:o="urn:x"><o:outline text="A" xmlUrl="https://a.example/f"/></o:opml>`, "[{A https://a.example/f     }] []"},
	} {
		subs, skipped, err := ParseOPML(strings.NewReader(c.in))
		if got := fmt.Sprint(subs, skipped); got != c.want || err != nil {
			t.Errorf("%s:\ngot  %s (%v)\nwant %s", c.name, got, err, c.want)
		}
	}
}

// utf16le writes a text with its mark, as one system's programs do.
func utf16le(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func utf16be(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.BigEndian.AppendUint16(b, u)
	}
	return string(b)
}

func TestWhatIsNoOPMLIsRefused(t *testing.T) {
	for _, in := range []string{"", "hello", "<html><body></body></html>"} {
		if _, _, err := ParseOPML(strings.NewReader(in)); !errors.Is(err, ErrNotOPML) {
			t.Errorf("%q: %v", in, err)
		}
	}
	if _, _, err := ParseOPML(strings.NewReader("<opml>" + strings.Repeat(" ", maxOPML))); err == nil {
		t.Error("a file above the limit was read")
	}
	deep := "<opml>" + strings.Repeat("<outline text='x'>", 1000)
	if _, skipped, err := ParseOPML(strings.NewReader(deep)); err != nil || len(skipped) != 1 {
		t.Errorf("deep: %v %v", skipped, err)
	}
}

func FuzzParseOPML(f *testing.F) {
	f.Add([]byte(`<opml><body><outline text="A" xmlUrl="https://a.example/f"/></body></opml>`))
	f.Add([]byte(`<opml><outline text="PK"><outline xmlUrl="http://b.example/&#xfffd;"/>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		subs, _, err := ParseOPML(bytes.NewReader(data))
		seen := map[string]bool{}
		for _, s := range subs {
			if address(s.URL) != s.URL || seen[s.URL] || err != nil {
				t.Errorf("subscription %+v (%v)", s, err)
			}
			seen[s.URL] = true
		}
	})
}
