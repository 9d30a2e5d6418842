package publish

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed" // in tests only: what we write is read by the library that reads our sources

	"khyber/internal/news"
)

func render(t testing.TB, format Format, f TopicFeed) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, format, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// golden compares got with a file of testdata; UPDATE=1 writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what is rendered; look at it and run UPDATE=1 go test\n%s", path, got)
	}
}

func TestDocumentsAreAsReviewed(t *testing.T) {
	for name, f := range documents() {
		for _, format := range Formats() {
			t.Run(name+"."+string(format), func(t *testing.T) { golden(t, name+"."+string(format), render(t, format, f)) })
		}
	}
}

func TestSameValueGivesSameBytes(t *testing.T) {
	for _, format := range Formats() {
		if a, b := render(t, format, sample()), render(t, format, sample()); !bytes.Equal(a, b) {
			t.Errorf("%s: two renderings differ", format)
		}
	}
}

func TestUnknownFormatIsRefused(t *testing.T) {
	err := Render(io.Discard, "pdf", sample())
	if got, want := fmt.Sprint(err), `render /topics/border-trade as pdf: unknown format "pdf": it is atom, rss or json`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// read is what a reader keeps of an entry.
type read struct {
	id, title, link, author, categories string
	published                           time.Time
}

func TestRoundTripKeepsEveryEntry(t *testing.T) {
	for _, n := range []int{0, 1, 200} {
		f := many(n)
		if n == 1 {
			f = sample()
		}
		for _, format := range Formats() {
			t.Run(fmt.Sprintf("%d/%s", n, format), func(t *testing.T) { roundTrip(t, format, f) })
		}
	}
}

func roundTrip(t *testing.T, format Format, f TopicFeed) {
	doc := render(t, format, f)
	got, err := gofeed.NewParser().Parse(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	if got.Title != f.title() || got.Language != f.lang() && format != Atom {
		t.Errorf("head: got %q in %q", got.Title, got.Language)
	}
	want := f.entries()
	if len(got.Items) != len(want) {
		t.Fatalf("%d entries, want %d", len(got.Items), len(want))
	}
	for i, item := range got.Items {
		w := want[i]
		at, err := time.Parse(time.RFC3339, w.published)
		if err != nil {
			t.Fatal(err)
		}
		wantRead := read{id: w.id, title: w.title, link: w.url, author: w.authors[0].name, published: at, categories: terms(w, format)}
		if kind, body := atomText(w.title); format == Atom && kind == "html" {
			wantRead.title = body // gofeed gives the markup of type="html"; a reader shows it as text
		}
		gotRead := read{id: item.GUID, title: item.Title, link: item.Link, categories: strings.Join(item.Categories, "|")}
		if len(item.Authors) > 0 {
			gotRead.author = item.Authors[0].Name
		}
		if item.PublishedParsed != nil {
			gotRead.published = item.PublishedParsed.UTC()
		}
		if gotRead != wantRead {
			t.Errorf("entry %d:\ngot  %+v\nwant %+v", i, gotRead, wantRead)
		}
		if got := item.Content; got != w.content && (format == RSS || got != w.fallbackContent()) {
			t.Errorf("entry %d content:\ngot  %s\nwant %s", i, got, w.content)
		}
	}
}

// terms joins the categories as gofeed tells them: a label before a term, and
// in JSON each word once.
func terms(e entry, format Format) string {
	var out []string
	seen := map[string]bool{}
	for _, c := range e.categories {
		term := c.term
		if format == Atom && c.label != "" {
			term = c.label
		}
		if format == JSON && seen[term] {
			continue
		}
		seen[term] = true
		out = append(out, term)
	}
	return strings.Join(out, "|")
}

// strictXML fails when doc is not well-formed to a strict reader.
func strictXML(t testing.TB, doc []byte) {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(doc))
	for {
		switch _, err := dec.Token(); err {
		case nil:
		case io.EOF:
			return
		default:
			t.Fatalf("not well-formed: %v\n%s", err, doc)
		}
	}
}

func TestXMLIsWellFormed(t *testing.T) {
	for _, f := range documents() {
		strictXML(t, render(t, Atom, f))
		strictXML(t, render(t, RSS, f))
	}
}

func TestXmllintFindsNothing(t *testing.T) {
	tool, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed: apt-get install libxml2-utils, as the README's test command does")
	}
	for name, f := range documents() {
		for _, format := range []Format{Atom, RSS} {
			cmd := exec.Command(tool, "--noout", "--nonet", "-")
			cmd.Stdin = bytes.NewReader(render(t, format, f))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s.%s: %v\n%s", name, format, err, out)
			}
		}
	}
}

func TestHugeDocumentLosesItsOldestEntriesToTheNextPage(t *testing.T) {
	f := many(3000)
	for i := range f.Entries {
		f.Entries[i].Item.Excerpt = "<p>" + strings.Repeat("dust ", 400) + "</p>"
	}
	for _, format := range Formats() {
		doc := render(t, format, f)
		if len(doc) > maxDocument || len(doc) < maxDocument/2 {
			t.Errorf("%s: %d bytes", format, len(doc))
		}
		got, err := gofeed.NewParser().Parse(bytes.NewReader(doc))
		if err != nil {
			t.Fatal(err)
		}
		last := f.Entries[len(got.Items)-1]
		if got.Items[0].GUID != f.Entries[0].Item.EntryID || !bytes.Contains(doc, fmt.Appendf(nil, "before=%d", last.Mark)) {
			t.Errorf("%s: the next page does not go on after the last of %d entries", format, len(got.Items))
		}
	}
}

func TestHugeEntryLosesRelatedLinksThenItsExcerpt(t *testing.T) {
	f := sample()
	f.Entries[0].Item.Excerpt = strings.Repeat("<p>dust</p>", maxEntry/11-10)
	e := f.entries()[0]
	if e.related != nil || !strings.Contains(e.content, "dust") {
		t.Errorf("related %v, %d bytes of content", e.related, len(e.content))
	}
	f.Entries[0].Item.Excerpt = strings.Repeat("<p>dust</p>", maxEntry/11+10)
	if e = f.entries()[0]; strings.Contains(e.content, "dust") || !strings.Contains(e.content, "Why:") {
		t.Errorf("content %.100s", e.content)
	}
}

func TestLastLineCanBeSwitchedOff(t *testing.T) {
	f := sample()
	f.Topic.ShowWhy = false
	for _, e := range f.entries() {
		if strings.Contains(e.content, "Why:") || strings.Contains(e.content, "Also:") || strings.Contains(e.content, "Was:") {
			t.Errorf("content %s", e.content)
		}
	}
}

func TestLastLineSaysWhyAlsoAndWas(t *testing.T) {
	f := sample()
	got := f.entries()[0].content
	want := `<p>The crossing opened at <em>dawn</em>. <a href="https://www.gazette.example/map">Map</a></p>` +
		`<p lang="en" dir="ltr">Why: customs &amp; crossings — “<bdi>Customs office</bdi>”, “<bdi>crossing &lt;b&gt;</bdi>”. ` +
		`Also: <bdi><a href="https://mirror.example/6">Ford Mirror</a></bdi> (same text), <bdi><a href="https://sahar.example/5">سحر خبر</a></bdi>. ` +
		`Was: “<bdi>Customs office reopens after 22 days</bdi>” until 23 Nov 2026 11:00 UTC (22 → 23).</p>`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAlsoCountsThePublishersItDoesNotName(t *testing.T) {
	f := sample()
	for i := range 9 {
		f.Entries[0].Story.Members = append(f.Entries[0].Story.Members,
			news.Member{Source: "mirror", Publisher: fmt.Sprint(i), Relation: news.RelationStory})
	}
	if got := f.entries()[0].content; !strings.Contains(got, " and 6 more.") {
		t.Errorf("content %s", got)
	}
}

func TestAStorySaysHowManyCarriedIt(t *testing.T) {
	f := sample()
	f.Stories = true
	if got := f.entries()[0].content; !strings.Contains(got, ". By 3 publishers, 2 in words of their own. Also: ") {
		t.Errorf("content %s", got)
	}
	if got := f.entries()[1].content; strings.Contains(got, "publisher") {
		t.Errorf("content of a report that stands alone: %s", got)
	}
}

func TestCoverageSentence(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 11, d, 8, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		in   Coverage
		want string
	}{
		{Coverage{}, ""},
		{Coverage{Sources: 1, OK: 1}, "Coverage: 1 source, 1 answering."},
		{
			Coverage{Sources: 14, OK: 12, Silent: []Trouble{{"sahar", day(20), ""}}, Failing: []Trouble{{"mirror", day(22), news.KindGone}}},
			"Coverage: 14 sources, 12 answering; silent since 20 Nov: سحر خبر; failing since 22 Nov: Ford Mirror (gone).",
		},
		{
			Coverage{Sources: 9, OK: 2, Silent: []Trouble{{"a", day(20), ""}, {"b", day(20), ""}, {"c", day(21), ""}, {"d", day(21), ""}}, Failing: []Trouble{{"e", day(21), "dns"}, {"f", day(22), "dns"}, {"g", day(22), "dns"}}},
			"Coverage: 9 sources, 2 answering; silent since 20 Nov: a, b; silent since 21 Nov: c, d; failing since 21 Nov: e (dns); and 2 more.",
		},
	} {
		if got := c.in.Sentence(sources()); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	f := many(100)
	for _, format := range Formats() {
		b.Run(string(format), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := Render(io.Discard, format, f); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(render(b, format, f))))
		})
	}
}
