package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"strings"
	"time"
)

// source is one invented source.
type source struct {
	number int
	format string
	lang   *language
	links  string // how the addresses of its items begin
	items  []item // newest first
	made   int    // items so far

	body, packed []byte
	etag         string
	modified     time.Time
}

// item is one report of a source.
type item struct {
	number         int
	title, summary string
	at             time.Time
}

// formats are as frequent as they are listed.
var formats = []string{"rss", "atom", "rss", "json", "rss", "atom", "rss", "rdf", "rss", "atom"}

var mediaTypes = map[string]string{
	"rss": "application/rss+xml", "atom": "application/atom+xml", "rdf": "application/rdf+xml", "json": "application/feed+json",
}

// write makes the document of what the source has.
func (s *source) write() ([]byte, error) {
	if s.format == "json" {
		return s.writeJSON()
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	title := s.name()
	switch s.format {
	case "rss":
		fmt.Fprintf(&b, `<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>%s</title><link>%s</link><language>%s</language>`, title, s.links, s.lang.code)
		for _, it := range s.items {
			fmt.Fprintf(&b, `<item><title>%s</title><link>%s</link><guid isPermaLink="false">%d at courier %d</guid><pubDate>%s</pubDate><dc:creator>A. Writer %d</dc:creator><category>Region</category><category>Borders</category><description><![CDATA[<p>%s</p><p><a href="%s?more=1">…</a></p>]]></description></item>`,
				html.EscapeString(it.title), s.link(it), it.number, s.number, it.at.Format(time.RFC1123Z), it.number%7, html.EscapeString(it.summary), s.link(it))
		}
		b.WriteString("</channel></rss>")
	case "atom":
		fmt.Fprintf(&b, `<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="%s"><title>%s</title><id>tag:courier%d.example,2026:feed</id><updated>%s</updated>`, s.lang.code, title, s.number, s.items[0].at.Format(time.RFC3339))
		for _, it := range s.items {
			at := it.at.Format(time.RFC3339)
			fmt.Fprintf(&b, `<entry><title>%s</title><link href="%s"/><id>tag:courier%d.example,2026:%d</id><published>%s</published><updated>%s</updated><author><name>A. Writer %d</name></author><category term="region"/><summary type="html">%s</summary></entry>`,
				html.EscapeString(it.title), s.link(it), s.number, it.number, at, at, it.number%7, html.EscapeString("<p>"+html.EscapeString(it.summary)+"</p>"))
		}
		b.WriteString("</feed>")
	case "rdf":
		fmt.Fprintf(&b, `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="%s"><title>%s</title><link>%s</link></channel>`, s.links, title, s.links)
		for _, it := range s.items {
			fmt.Fprintf(&b, `<item rdf:about="%s"><title>%s</title><link>%s</link><dc:date>%s</dc:date><description>%s</description></item>`,
				s.link(it), html.EscapeString(it.title), s.link(it), it.at.Format(time.RFC3339), html.EscapeString(it.summary))
		}
		b.WriteString("</rdf:RDF>")
	}
	return b.Bytes(), nil
}

func (s *source) writeJSON() ([]byte, error) {
	type entry struct {
		ID        string `json:"id"`
		URL       string `json:"url"`
		Title     string `json:"title"`
		HTML      string `json:"content_html"`
		Published string `json:"date_published"`
	}
	entries := make([]entry, len(s.items))
	for i, it := range s.items {
		entries[i] = entry{s.link(it), s.link(it), it.title, "<p>" + html.EscapeString(it.summary) + "</p>", it.at.Format(time.RFC3339)}
	}
	return json.Marshal(map[string]any{
		"version": "https://jsonfeed.org/version/1.1", "title": s.name(), "language": s.lang.code, "items": entries,
	})
}

func (s *source) name() string { return fmt.Sprintf("The Invented Courier %d", s.number) }

func (s *source) link(it item) string { return fmt.Sprintf("%s/%d-report", s.links, it.number) }

// yaml is the source's line of feeds.yaml.
func (s *source) yaml(address string) string {
	return fmt.Sprintf("  - {id: courier-%d, name: %s, url: %q}\n", s.number, s.name(), address)
}

// topics are what the items are matched with.
const topics = `topics:
  - id: two-states
    title: Two states
    include:
      - name: both
        all:
          - ["Afghan*", Kabul, افغانستان, أفغانستان, "Афганистан*", "अफगानिस्तान*", আফগানিস্তান]
          - ["Pakistan*", Islamabad, پاکستان, باكستان, "Пакистан*", "पाकिस्तान*", পাকিস্তান]
  - id: crossings
    title: Crossings
    include:
      - name: a crossing in the headline
        any: [Torkham, Spin Boldak, طورخم, تورخم]
        in: title
`

// config is the feeds.yaml for all sources.
func (s *sim) config() string {
	var b strings.Builder
	b.WriteString("site: {title: Bench}\ndefaults: {every: 15m, allow_private_network: true}\nsources:\n")
	for i := range s.sources {
		b.WriteString(s.sources[i].yaml(s.address(i)))
	}
	b.WriteString(topics)
	return b.String()
}
