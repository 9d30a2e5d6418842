package server

import (
	"reflect"
	"strings"
	"testing"
)

// sampleHelp is a manual with everything that its markup has.
func sampleHelp() []HelpPage {
	return []HelpPage{
		{"running", "Running it", "# Running it\n\nOne `process`, see `/status`\nand `khyber help keys`.\n\n## Start & stop\n\n- first\n  goes on\n- `second` <b>\n\n```sh\n# no heading\n\n- no item\n```\n\n## Start & stop\n\nThe end.\n"},
		{"keys", "The keys", "# The keys\n\n## site\n\n### site.title (needed)\n\nText.\n"},
	}
}

func TestMarkupBecomesBlocks(t *testing.T) {
	link := func(code string) string {
		if code == "/status" {
			return "/news/status"
		}
		return ""
	}
	got := parseMarkup(sampleHelp()[0].Text, link)
	want := []block{
		{Kind: "h1", ID: "running-it", Spans: []span{{Text: "Running it"}}},
		{Kind: "text", Spans: []span{
			{Text: "One "},
			{Text: "process", Code: true},
			{Text: ", see "},
			{Text: "/status", Code: true, URL: "/news/status"},
			{Text: " and "},
			{Text: "khyber help keys", Code: true},
			{Text: "."},
		}},
		{Kind: "h2", ID: "start---stop", Spans: []span{{Text: "Start & stop"}}},
		{Kind: "list", Items: [][]span{{{Text: "first goes on"}}, {{Text: "second", Code: true}, {Text: " <b>"}}}},
		{Kind: "code", Code: "# no heading\n\n- no item"},
		{Kind: "h2", ID: "start---stop-2", Spans: []span{{Text: "Start & stop"}}},
		{Kind: "text", Spans: []span{{Text: "The end."}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// No word of a page is lost, whatever its markup.
func FuzzMarkup(f *testing.F) {
	for _, p := range sampleHelp() {
		f.Add(p.Text)
	}
	f.Add("```\nopen")
	f.Add("####  x\n-\n- \n\n``")
	f.Fuzz(func(t *testing.T, text string) {
		var got strings.Builder
		for _, b := range parseMarkup(text, func(string) string { return "" }) {
			got.WriteString(plainText(b.Spans) + b.Code)
			for _, item := range b.Items {
				got.WriteString(plainText(item))
			}
		}
		letters := func(s string) string {
			return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\n\v\f\r\u0085\u00a0#-`", r) }), "")
		}
		want := text
		if strings.Contains(text, fence) {
			return // the word after ``` names a language and is not shown
		}
		if a, b := letters(got.String()), letters(want); a != b {
			t.Errorf("%q became %q", text, got.String())
		}
	})
}

func TestManualIsWhereItsLinksLead(t *testing.T) {
	s := newServer(sampleStore())
	list := get(s, "/help").Body.String()
	for _, want := range []string{`<a href="/help/running">Running it</a>`, `<a href="/help/keys#site">site</a>`, `aria-current="page">Help</a>`} {
		if !strings.Contains(list, want) {
			t.Errorf("no %s in\n%s", want, list)
		}
	}
	page := get(s, "/help/running").Body.String()
	for _, want := range []string{
		`<title>Running it – Khyber</title>`, `<code>process</code>`, `<a href="/status"><code>/status</code></a>`,
		`<a href="/help/keys"><code>khyber help keys</code></a>`, `<h2 id="start---stop-2">`, `&lt;b&gt;`, "# no heading\n\n- no item",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
	if w := get(s, "/help/nothing"); w.Code != 404 {
		t.Errorf("an unknown page: %d", w.Code)
	}
	s.Help = nil
	if w := get(s, "/help"); w.Code != 404 {
		t.Errorf("without a manual: %d", w.Code)
	}
	if strings.Contains(get(s, "/sources").Body.String(), `href="/help"`) {
		t.Error("a link to a manual that is not there")
	}
}
