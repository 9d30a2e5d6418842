package parse

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"khyber/internal/news"
)

func scanned(t *testing.T, body string) *shape {
	t.Helper()
	s, err := prescan([]byte(body), &url.URL{Scheme: "https", Host: "herald.example"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPrescanKnowsPlacesAndRawIDsOfItems(t *testing.T) {
	body := `<feed xmlns="http://www.w3.org/2005/Atom"><id>no</id><entry xml:lang="ps"><id> A b%20c &amp; ک </id><source><id>no</id></source></entry>` +
		`<entry><title>t</title><id><![CDATA[B]]></id><id>no</id></entry></feed>`
	s := scanned(t, body)
	var got []string
	for _, it := range s.items {
		got = append(got, it.id, it.lang, body[it.start:it.start+6], body[it.end-8:it.end])
	}
	want := []string{"A b%20c & ک", "ps", "<entry", "</entry>", "B", "", "<entry", "</entry>"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLongTextsAreKeptFromGofeed(t *testing.T) {
	long := strings.Repeat("word &lt;b&gt; ", 50)
	s := scanned(t, rssWith("<description>"+long+"</description>"))
	skeleton := string(apply(s.b, s.edits))
	if strings.Contains(skeleton, "word") || len(s.asides) != 1 {
		t.Errorf("%d asides, skeleton %s", len(s.asides), skeleton)
	}
	if got := s.rich(s.nonce+"0", kindPlain); got.text != strings.TrimSpace(strings.Repeat("word <b> ", 50)) || got.kind != kindMaybe {
		t.Errorf("the mark stands for %q", got.text)
	}
	for _, mark := range []string{s.nonce + "1", s.nonce + "-1", s.nonce + "x"} {
		if got := s.rich(mark, kindPlain); got.text != "" {
			t.Errorf("%s stands for %q", mark, got.text)
		}
	}
}

func TestGofeedSeesOnlyWhatIsRead(t *testing.T) {
	body := `<rss version="2.0" ` + modules + ` xmlns:x="http://x.example/" xmlns:m="http://search.yahoo.com/mrss/"><channel><x:a>1</x:a>` +
		`<item><title>t</title><guid isPermaLink="false">https://x.example/g</guid><pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate><x:b><dc:date>2</dc:date></x:b><post-id>3</post-id><comments>/c</comments>` +
		`<dc:creator>Ada</dc:creator><m:keywords>k</m:keywords></item></channel></rss>`
	s := scanned(t, body)
	got := string(apply(s.b, s.edits))
	want := `<rss version="2.0" xmlns:m="http://search.yahoo.com/mrss/"><channel>` +
		`<item><title>t</title><dc:creator>Ada</dc:creator><m:keywords>k</m:keywords></item></channel></rss>`
	if strings.Join(strings.Fields(got), " ") != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	doc := mustParse(t, body)
	it := doc.Items[0]
	if it.GUID != "https://x.example/g" || it.Link != "" || rfc3339(it.Published) != "2026-11-23T10:00:00Z" || len(it.Authors) != 1 || !reflect.DeepEqual(it.Tags, []string{"k"}) {
		t.Errorf("got %+v", it)
	}
}

// TestPrefixesMeanWhatTheyAreBoundTo has a prefix that means another thing
// further in.
func TestPrefixesMeanWhatTheyAreBoundTo(t *testing.T) {
	const dc, other = `http://purl.org/dc/elements/1.1/`, `http://x.example/`
	for _, c := range []struct{ outer, inner, element, want string }{
		{`xmlns:dc="` + dc + `"`, ``, `<dc:creator>Ada</dc:creator>`, "Ada"},
		{``, ``, `<dc:creator>Ada</dc:creator>`, "Ada"},
		{`xmlns:dc="` + other + `"`, ``, `<dc:creator>Ada</dc:creator>`, "Ada"}, // an unknown address is read by its prefix
		{`xmlns:media="` + dc + `"`, ``, `<media:creator>Ada</media:creator>`, "Ada"},
		{`xmlns:media="` + dc + `"`, `xmlns:media="http://search.yahoo.com/mrss/"`, `<media:creator>Ada</media:creator>`, ""},
		{`xmlns:media="http://search.yahoo.com/mrss/"`, `xmlns:media="` + dc + `"`, `<media:creator>Ada</media:creator>`, "Ada"},
		{`xmlns:q="` + dc + `"`, `xmlns:q="` + other + `"`, `<q:creator>Ada</q:creator>`, ""},
		{`xmlns:q="` + other + `"`, `xmlns:q="` + dc + `"`, `<q:creator>Ada</q:creator>`, "Ada"},
		{`xmlns:dc="` + dc + `"`, `xmlns="` + dc + `"`, `<creator xmlns="` + dc + `">Ada</creator>`, "Ada"},
	} {
		doc := mustParse(t, `<rss version="2.0" `+c.outer+`><channel><item `+c.inner+`><title>t</title>`+c.element+`</item></channel></rss>`)
		if got := at(t, doc, "items.0.authors.0.name"); got != c.want {
			t.Errorf("%s %s %s: got %q, want %q", c.outer, c.inner, c.element, got, c.want)
		}
	}
}

func TestNoTextCanPretendToBeAMark(t *testing.T) {
	s := scanned(t, rssWith("<description>"+strings.Repeat("kh0.", 100)+"</description>"))
	if strings.Contains(string(s.b), s.nonce) {
		t.Errorf("the document holds %q", s.nonce)
	}
}

func TestAnItemWithATooLongTextIsRejected(t *testing.T) {
	long := strings.Repeat("a", maxFieldBytes+1)
	for _, body := range []string{
		rssOpen + "<item><guid>1</guid></item><item><guid>2</guid><description>" + long + "</description></item><item><guid>3</guid></item>" + rssClose,
		rssOpen + "<item><guid>1</guid></item><item><guid>2</guid>" + long + "</item><item><guid>3</guid></item>" + rssClose,
		`{"version":"https://jsonfeed.org/version/1","items":[{"id":"1"},{"id":"2","title":"` + long + `"},{"id":"3"}]}`,
	} {
		doc := mustParse(t, body)
		if len(doc.Items) != 2 || doc.Items[1].GUID != "3" || doc.Rejected[news.RejectedOversize] != 1 || doc.Fetched != 3 {
			t.Errorf("%d items, %v", len(doc.Items), doc.Rejected)
		}
	}
	doc := mustParse(t, `<rss><channel><description>`+long+`</description><item><guid>1</guid></item></channel></rss>`)
	if len(doc.Items) != 1 || doc.Description != "" || !doc.Bozo {
		t.Errorf("%d items, description of %d bytes", len(doc.Items), len(doc.Description))
	}
}

// TestDamage has one wound each and what it does to three items.
func TestDamage(t *testing.T) {
	const one, two, three = `<item><guid>1</guid><title>a</title></item>`, `<item><guid>2</guid><title>b</title><description>x</description></item>`, `<item><guid>3</guid><title>c</title></item>`
	for _, c := range []struct {
		name, from, to string
		guids          string
		salvaged       bool
	}{
		{"nothing", "", "", "1,2,3", false},
		{"cut in the last item", three + rssClose, `<item><guid>3`, "1,2", true},
		{"cut after an item", three + rssClose, "", "1,2", true},
		{"cut in a tag", three + rssClose, "<it", "1,2", true},
		{"misspelt end tag of a field", "b</title>", "b</tille>", "1,2,3", true},
		{"other end tag of a field", "b</title>", "b</link>", "1,3", true},
		{"no end tag of a field", "b</title>", "b", "1,3", true},
		{"misspelt end tag of an item", "x</description></item>", "x</description></itme>", "1,2,3", true},
		{"no end tag of an item", "x</description></item>", "x</description>", "1,2,3", true},
		{"end tag of another case", "b</title>", "b</Title>", "1,2,3", false},
		{"stray < in a text", ">x<", "> x < y <", "1,2,3", false},
		{"stray < in the title", "b</title>", "b<</title>", "1,2,3", false},
		{"stray < in the guid", "<guid>2", "<guid><2", "1,3", true},
		{"stray < between fields", "<title>b", "<<title>b", "1,3", true},
		{"unclosed element in a text", ">x<", "><p>x<br><", "1,2,3", false},
		{"stray end tag in a text", ">x<", ">x</p><", "1,2,3", false},
		{"stray end tag between fields", "<title>b", "</b><title>b", "1,2,3", false},
		{"end tag of a field that has no start", "<description>x", "x", "1,2,3", true},
		{"no end tag of the last field", "x</description></item>", "x</item>", "1,2,3", true},
		{"no end tag of the guid", "<guid>2</guid><title>b</title><description>x</description>", "<title>b</title><guid>2", "1,3", true},
		{"quote without end", "<title>b", `<title a="b>b`, "1,3", true},
		{"CDATA without end", ">x<", "><![CDATA[x<", "1,2,3", true},
		{"comment without end", ">x<", "><!-- x<", "1,2,3", false},
		{"channel ends early", two, "</channel></rss>" + two, "1", true},
		{"field of the head without end", "<title>T</title>", "<title>T<link/>", "1,2,3", true},
		{"end of the channel misspelt", "</channel>", "</chanel>", "1,2,3", true},
		{"end of the channel missing", "</channel>", "", "1,2,3", false},
	} {
		body := rssOpen + one + two + three + rssClose
		if c.from != "" && !strings.Contains(body, c.from) {
			t.Fatalf("%s: %s is not there", c.name, c.from)
		}
		if c.from != "" {
			body = strings.Replace(body, c.from, c.to, 1)
		}
		doc, err := Parse(testSource(), []byte(body), http.Header{}, testNow)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		checkAccount(t, doc)
		var guids []string
		for _, it := range doc.Items {
			guids = append(guids, it.GUID)
		}
		if got := strings.Join(guids, ","); got != c.guids || doc.Salvaged != c.salvaged || c.from != "" && !doc.Bozo {
			t.Errorf("%s: items %s, salvaged %v, bozo %v, rejected %v; want %s, %v", c.name, got, doc.Salvaged, doc.Bozo, doc.Rejected, c.guids, c.salvaged)
		}
		if lost := 3 - len(doc.Items); doc.Rejected[news.RejectedDamaged] != lost && !strings.HasPrefix(c.name, "cut") {
			t.Errorf("%s: %d items lost, %v", c.name, lost, doc.Rejected)
		}
	}
}

func TestCutAtEveryTagKeepsAllWholeItems(t *testing.T) {
	body := rssOpen + numbered("<item><guid>%d</guid><title>Report %d</title><description><![CDATA[<p>x</p>]]></description></item>", 30) + rssClose
	for i := strings.Index(body, "</item>") + 7; i < len(body); i++ {
		if body[i] != '<' {
			continue
		}
		doc, err := Parse(testSource(), []byte(body[:i]), http.Header{}, testNow)
		if want := strings.Count(body[:i], "</item>"); err != nil || len(doc.Items) != want {
			t.Fatalf("cut at %d: %d of %d items, %v", i, len(doc.Items), want, err)
		}
	}
}

func TestDamagedJSONKeepsWholeItems(t *testing.T) {
	for _, c := range []struct {
		name, body string
		ids        string
		salvaged   bool
		text       string // of the error
	}{
		{"cut in an item", `{"version":"https://jsonfeed.org/version/1","items":[{"id":"1"},{"id":"2"},{"id":`, "1,2", true, ""},
		{"cut behind an item", `{"version":"https://jsonfeed.org/version/1","items":[{"id":"1"},`, "1", true, ""},
		{"cut behind the items", `{"items":[{"id":"1"}],"title":"x`, "1", true, ""},
		{"cut in the first item", `{"version":"https://jsonfeed.org/version/1","items":[{"id"`, "", false, "not-a-feed: JSON that is cut off before the first item"},
		{"cut before the items", `{"version":"https://jsonfeed.org/version/1","ti`, "", true, ""},
		{"no JSON", `{version`, "", false, "not-a-feed: JSON that cannot be read"},
		{"other JSON", `{"a": {"items": 1}}`, "", false, "not-a-feed: JSON of another kind: it has no items"},
		{"broken in the middle", `{"items":[{"id":"1"},{"id":"2" "x"},{"id":"3"}]}`, "1", true, ""},
		{"trailing commas", `{"items":[{"id":"1",},{"id":"2"},],}`, "1,2", false, ""},
		{"raw line ends", "{\"items\":[{\"id\":\"1\",\"title\":\"a\nb\tc\"}]}", "1", false, ""},
		{"unknown escapes", `{"items":[{"id":"1","title":"a\xb \u12"}]}`, "1", false, ""},
		{"unknown values", `{"items":[{"id":"1","title":undefined,"x":NaN,"y":01}]}`, "1", false, ""},
		{"ids of other kinds", `{"items":[{"id":1},{"id":1.5},{"id":true}]}`, "1,1.5,true", false, ""},
		{"items of other kinds", `{"items":[null,5,"x",[],{"id":"1"}]}`, "1", false, ""},
		{"fields of other kinds", `{"items":[{"id":"1","title":[1],"tags":"x","authors":{"name":"y"},"attachments":[7],"url":null}]}`, "1", false, ""},
		{"text behind", `{"items":[{"id":"1"}]}</html>`, "1", false, ""},
		{"keys in capitals", `{"Items":[{"ID":"1"}]}`, "1", false, ""},
		{"byte order mark", "\uFEFF" + `{"items":[{"id":"1"}]}`, "1", false, ""},
	} {
		doc, err := Parse(testSource(), []byte(c.body), http.Header{}, testNow)
		if got := errText(err); got != c.text {
			t.Errorf("%s: got %q, want %q", c.name, got, c.text)
			continue
		}
		checkAccount(t, doc)
		var ids []string
		for _, it := range doc.Items {
			ids = append(ids, it.GUID)
		}
		if got := strings.Join(ids, ","); got != c.ids || doc.Salvaged != c.salvaged {
			t.Errorf("%s: items %s, salvaged %v, %v", c.name, got, doc.Salvaged, doc.Repairs)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
