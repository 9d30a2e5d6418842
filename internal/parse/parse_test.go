package parse

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"khyber/internal/news"
)

// testNow is when the tests poll.
var testNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func testSource() *news.Source {
	return &news.Source{ID: "herald", URL: "https://herald.example/rss/all.xml", Publisher: "herald"}
}

// mustParse reads a document that must give items or none, and checks that all
// of them are accounted for.
func mustParse(t *testing.T, body string) Document {
	t.Helper()
	doc, err := Full(testSource(), []byte(body), http.Header{}, testNow)
	if err != nil {
		t.Fatalf("Full: %v", err)
	}
	checkAccount(t, doc)
	return doc
}

func checkAccount(t *testing.T, doc Document) {
	t.Helper()
	n := len(doc.Items)
	for _, k := range doc.Rejected {
		n += k
	}
	if n != doc.Fetched {
		t.Errorf("fetched %d, but %d items and %v", doc.Fetched, len(doc.Items), doc.Rejected)
	}
}

// TestOnlyPeopleSeeWhatAPollRejects has an item that is of no use to a poll.
func TestOnlyPeopleSeeWhatAPollRejects(t *testing.T) {
	body := rssOpen + `<item><enclosure url="https://h.example/a.mp3" type="audio/mpeg"/></item><item/><item><guid>1</guid></item>` + rssClose
	poll, err := Parse(testSource(), []byte(body), http.Header{}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	checkAccount(t, poll)
	full := mustParse(t, body)
	if len(poll.Items) != 1 || poll.Rejected[news.RejectedEmpty] != 2 || len(full.Items) != 2 || full.Rejected[news.RejectedEmpty] != 1 {
		t.Errorf("a poll %d items, %v; people %d, %v", len(poll.Items), poll.Rejected, len(full.Items), full.Rejected)
	}
	want := []string{"without an id, a link, a title and a text: a poll rejects it"}
	if it := full.Items[0]; len(it.Files) != 1 || !slices.Equal(it.Repairs, want) {
		t.Errorf("got %+v", it)
	}
}

func TestEachFormatGivesItsItems(t *testing.T) {
	for name, body := range map[string]string{
		"rss20":  `<?xml version="1.0"?><rss version="2.0"><channel><title>T</title><item><title>Pass opens</title><link>/a</link><guid isPermaLink="false">X 1</guid><pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate></item></channel></rss>`,
		"rss10":  `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="c"><title>T</title></channel><item rdf:about="X 1"><title>Pass opens</title><link>/a</link><dc:date>2026-11-23T10:00:00Z</dc:date></item></rdf:RDF>`,
		"atom10": `<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><id>X 1</id><title>Pass opens</title><link href="/a"/><published>2026-11-23T10:00:00Z</published></entry></feed>`,
		"json11": `{"version":"https://jsonfeed.org/version/1.1","title":"T","items":[{"id":"X 1","url":"/a","title":"Pass opens","date_published":"2026-11-23T10:00:00Z"}]}`,
	} {
		doc := mustParse(t, body)
		if doc.Version != name || doc.Title != "T" || len(doc.Items) != 1 {
			t.Errorf("%s: version %q, title %q, %d items", name, doc.Version, doc.Title, len(doc.Items))
			continue
		}
		it := doc.Items[0]
		got := [...]string{it.GUID, it.Link, it.Title, rfc3339(it.Published)}
		want := [...]string{"X 1", "https://herald.example/a", "Pass opens", "2026-11-23T10:00:00Z"}
		if got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
