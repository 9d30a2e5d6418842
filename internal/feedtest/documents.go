package feedtest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"time"
)

// Format is one of the four kinds of document.
type Format string

// The formats. RSS is 2.0, RDF is RSS 1.0, JSON is JSON Feed 1.1.
const (
	RSS  Format = "rss"
	Atom Format = "atom"
	RDF  Format = "rdf"
	JSON Format = "json"
)

// Formats lists every Format.
func Formats() []Format { return []Format{RSS, Atom, RDF, JSON} }

// Feed is an invented source: item n is the same in every document that holds
// it, and the same values make the same bytes.
type Feed struct {
	Host   string        // "herald.example"; in every id and link
	Format Format        // empty: RSS
	Lang   string        // ar en fa hi ps ru ur; empty: en
	Text   string        // two feeds with the same Text and Lang tell the same reports; empty: Host
	First  int           // number of the oldest item in the document
	Items  int           // in the document
	Start  time.Time     // of item 0; zero: 2026-01-01 00:00 UTC
	Gap    time.Duration // between two items; 0: 30 minutes
	Words  int           // about so many in each item's content; 0: 40
}

// Item is what a Feed says in item n.
type Item struct {
	GUID      string // a tag URI
	Link      string
	Title     string
	Summary   string // plain; the content is the same in a paragraph
	Published time.Time
}

// Item returns item n.
func (f Feed) Item(n int) Item {
	seed := f.Text
	if seed == "" {
		seed = f.Host
	}
	words := f.Words
	if words == 0 {
		words = 40
	}
	var summary strings.Builder
	for i := 1; len(strings.Fields(summary.String())) < words; i++ {
		fmt.Fprintf(&summary, "%s. ", f.sentence(fmt.Sprint(seed, n, i)))
	}
	return Item{
		GUID:      fmt.Sprintf("tag:%s,2026:%d", f.Host, n),
		Link:      fmt.Sprintf("https://%s/reports/%d", f.Host, n),
		Title:     fmt.Sprintf("%s (%d)", f.sentence(fmt.Sprint(seed, n)), n),
		Summary:   strings.TrimSpace(summary.String()),
		Published: f.start().Add(time.Duration(n) * f.gap()),
	}
}

func (f Feed) start() time.Time {
	if f.Start.IsZero() {
		return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return f.Start.UTC()
}

func (f Feed) gap() time.Duration {
	if f.Gap == 0 {
		return 30 * time.Minute
	}
	return f.Gap
}

func (f Feed) lang() string {
	if f.Lang == "" {
		return "en"
	}
	return f.Lang
}

// sentence picks words by the seed. It panics for a language without words.
func (f Feed) sentence(seed string) string {
	t, ok := tongues[f.lang()]
	if !ok {
		panic("feedtest: no words in " + f.Lang)
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(seed))
	sum := h.Sum64()
	pick := func(words []string) string {
		n := uint64(len(words))
		w := words[sum%n]
		sum /= n
		return w
	}
	return fmt.Sprintf(t.form, pick(t.subjects), pick(t.actions), pick(t.places))
}

// Grown returns the Feed n items later: as many items, n of them new.
func (f Feed) Grown(n int) Feed {
	f.First += n
	return f
}

// URL is where a Network serves it.
func (f Feed) URL() string { return "https://" + f.Host + "/feed" }

// Type is its Content-Type.
func (f Feed) Type() string {
	switch f.Format {
	case Atom:
		return "application/atom+xml; charset=utf-8"
	case RDF:
		return "application/rdf+xml; charset=utf-8"
	case JSON:
		return "application/feed+json"
	}
	return "application/rss+xml; charset=utf-8"
}

// Page returns the document with an ETag of its bytes and the date of its
// newest item as Last-Modified.
func (f Feed) Page() Page {
	body := f.Bytes()
	h := fnv.New64a()
	_, _ = h.Write(body)
	return Page{
		Body: body, Type: f.Type(), ETag: fmt.Sprintf("%q", fmt.Sprintf("%x", h.Sum64())),
		LastModified: f.newest().Format(http.TimeFormat),
	}
}

func (f Feed) newest() time.Time {
	return f.start().Add(time.Duration(f.First+f.Items-1) * f.gap())
}

// Bytes returns the document, newest item first.
func (f Feed) Bytes() []byte {
	var b bytes.Buffer
	switch f.Format {
	case Atom:
		f.atom(&b)
	case RDF:
		f.rdf(&b)
	case JSON:
		f.json(&b)
	default:
		f.rss(&b)
	}
	return b.Bytes()
}

// each calls write for every item of the document, newest first.
func (f Feed) each(write func(Item)) {
	for n := f.First + f.Items - 1; n >= f.First; n-- {
		write(f.Item(n))
	}
}

func (f Feed) title() string { return tongues[f.lang()].title + " " + f.Host }

func esc(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return b.String()
}

func (f Feed) rss(b *bytes.Buffer) {
	fmt.Fprintf(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel>\n<title>%s</title>\n<link>https://%s/</link>\n<description>%s</description>\n<language>%s</language>\n",
		esc(f.title()), f.Host, esc(f.title()), f.lang())
	f.each(func(i Item) {
		fmt.Fprintf(b, "<item><title>%s</title><link>%s</link><guid isPermaLink=\"false\">%s</guid><pubDate>%s</pubDate><description>%s</description></item>\n",
			esc(i.Title), i.Link, i.GUID, i.Published.Format(time.RFC1123Z), esc("<p>"+i.Summary+"</p>"))
	})
	b.WriteString("</channel></rss>\n")
}

func (f Feed) atom(b *bytes.Buffer) {
	fmt.Fprintf(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"%s\">\n<id>tag:%s,2026:feed</id>\n<title>%s</title>\n<link href=\"https://%s/\"/>\n<updated>%s</updated>\n<author><name>%s</name></author>\n",
		f.lang(), f.Host, esc(f.title()), f.Host, f.newest().Format(time.RFC3339), esc(f.title()))
	f.each(func(i Item) {
		fmt.Fprintf(b, "<entry><id>%s</id><title>%s</title><link href=\"%s\"/><published>%s</published><updated>%s</updated><content type=\"html\">%s</content></entry>\n",
			i.GUID, esc(i.Title), i.Link, i.Published.Format(time.RFC3339), i.Published.Format(time.RFC3339), esc("<p>"+i.Summary+"</p>"))
	})
	b.WriteString("</feed>\n")
}

func (f Feed) rdf(b *bytes.Buffer) {
	fmt.Fprintf(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel rdf:about=\"https://%s/\"><title>%s</title><link>https://%s/</link><description>%s</description><dc:language>%s</dc:language></channel>\n",
		f.Host, esc(f.title()), f.Host, esc(f.title()), f.lang())
	f.each(func(i Item) {
		fmt.Fprintf(b, "<item rdf:about=\"%s\"><title>%s</title><link>%s</link><dc:date>%s</dc:date><description>%s</description></item>\n",
			i.GUID, esc(i.Title), i.Link, i.Published.Format(time.RFC3339), esc("<p>"+i.Summary+"</p>"))
	})
	b.WriteString("</rdf:RDF>\n")
}

func (f Feed) json(b *bytes.Buffer) {
	type item struct {
		ID        string `json:"id"`
		URL       string `json:"url"`
		Title     string `json:"title"`
		Content   string `json:"content_html"`
		Published string `json:"date_published"`
	}
	items := []item{}
	f.each(func(i Item) {
		items = append(items, item{i.GUID, i.Link, i.Title, "<p>" + i.Summary + "</p>", i.Published.Format(time.RFC3339)})
	})
	e := json.NewEncoder(b)
	e.SetIndent("", " ")
	_ = e.Encode(map[string]any{ // strings only: no error
		"version": "https://jsonfeed.org/version/1.1", "title": f.title(), "language": f.lang(),
		"home_page_url": "https://" + f.Host + "/", "feed_url": f.URL(), "items": items,
	})
}
