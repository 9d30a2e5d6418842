// Package publish owns the documents that Khyber gives out: a [TopicFeed], a
// plain value, becomes Atom 1.0 (RFC 4287), RSS 2.0 or JSON Feed 1.1, and lists
// of topics and sources become OPML 2.0, which it also reads.
//
// It does no I/O but on the reader or writer it is given, knows no store, no
// clock and no HTTP, and starts no goroutine. The same value always gives the
// same bytes (P9). A TopicFeed is first turned into format-neutral entries
// (entry.go), with every string cleaned once; each format then only lays them
// out. Atom and RSS go through gorilla/feeds by its XmlFeed interface with
// structs of our own, because its own types lose or break what Khyber needs.
package publish

import (
	"bytes"
	"fmt"
	"io"

	"github.com/gorilla/feeds"
)

// Format is one of the three forms of a topic feed. Its value is the suffix of
// the URL without the dot.
type Format string

// The closed list of formats.
const (
	Atom Format = "atom"
	RSS  Format = "rss"
	JSON Format = "json"
)

// Formats lists every Format in the order in which they are offered.
func Formats() []Format { return []Format{Atom, RSS, JSON} }

// MediaType returns the media type without its charset; "" for an unknown Format.
func (f Format) MediaType() string {
	switch f {
	case Atom:
		return "application/atom+xml"
	case RSS:
		return "application/rss+xml"
	case JSON:
		return "application/feed+json"
	}
	return ""
}

// ContentType returns the value of the Content-Type header.
func (f Format) ContentType() string { return f.MediaType() + "; charset=utf-8" }

// maxDocument bounds a document in bytes. Readers and proxies cut far larger
// ones; what does not fit is reached through the next page.
const maxDocument = 2 << 20

// Render writes f in the format. Entries that would take the document above 2
// MiB are left out, the oldest first, and stand on the next page. An error is
// of the writer, or says that the format is unknown.
func Render(w io.Writer, format Format, f TopicFeed) error {
	for {
		var buf bytes.Buffer
		if err := renderAll(&buf, format, &f); err != nil {
			return fmt.Errorf("render %s as %s: %w", f.Path, format, err)
		}
		n := len(f.Entries)
		if buf.Len() <= maxDocument || n < 2 {
			_, err := w.Write(buf.Bytes())
			return err
		}
		// Aim a little below, so that one more round is enough; always shrink.
		keep := int(int64(n) * maxDocument / int64(buf.Len()) * 9 / 10)
		f.Entries = f.Entries[:max(1, min(n-1, keep))]
		f.More = f.Archive.Name == ""
	}
}

func renderAll(w *bytes.Buffer, format Format, f *TopicFeed) error {
	switch format {
	case Atom:
		return feeds.WriteXML(document{atomDocument(f)}, w)
	case RSS:
		return feeds.WriteXML(document{rssDocument(f)}, w)
	case JSON:
		return writeJSON(w, f)
	}
	return fmt.Errorf("unknown format %q: it is atom, rss or json", format)
}

// document is a feeds.XmlFeed, the way in which gorilla/feeds takes structs
// that are not its own.
type document struct{ root any }

// FeedXml returns what is encoded.
//
//lint:ignore ST1003 gorilla/feeds names the method of its interface
func (d document) FeedXml() any { return d.root }
