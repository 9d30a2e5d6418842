package parse

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"khyber/internal/news"
)

// Document is what became of the bytes of a poll.
type Document struct {
	Items    []news.Item
	Fetched  int                 // items that the prescan counted: len(Items) + the sum of Rejected
	Rejected map[news.Reason]int // nil: none
	Salvaged bool                // damaged or cut off; what was whole is in Items
	Hints    news.Hints

	Title       string // plain text
	Description string // plain text
	Home        string // address of its site
	Lang        string // ISO 639
	Version     string // rss090 rss091 rss092 rss10 rss20 atom03 atom10 json1 json11 cdf
	Encoding    string // canonical name of the charset that it was in
	Bozo        bool   // something had to be mended
	Repairs     []string

	ID        string
	Updated   time.Time
	Published time.Time
	Rights    string
	Generator string
	Tags      []string
	Image     string
	Authors   []news.Person
}

// Parse reads a document of a source. src.URL is the address that the body came
// from; of header Content-Type, Content-Location and Content-Language count. now
// judges dates. The error is an *Error; the Document is valid with it, too, as
// far as it goes.
//
// body is not changed. Items share no memory with it.
func Parse(src *news.Source, body []byte, header http.Header, now time.Time) (Document, error) {
	return run(src, body, header, now, false)
}

// Full is Parse that also fills SummaryHTML and ContentHTML of every item, and
// keeps those that a poll rejects as empty but that say something: for people who
// look, not for polls.
func Full(src *news.Source, body []byte, header http.Header, now time.Time) (Document, error) {
	return run(src, body, header, now, true)
}

// run is the border of the package: a panic below it, in a library or here, is
// one source's failed poll and not the end of the program.
func run(src *news.Source, body []byte, header http.Header, now time.Time, full bool) (doc Document, err error) {
	defer func() {
		if recover() != nil {
			doc, err = Document{Version: doc.Version, Encoding: doc.Encoding}, noDocument("parser panic")
		}
	}()
	p := &parser{src: src, now: now, full: full, base: documentBase(src.URL, header), header: header}
	p.dates = dates{country: src.Country, zone: src.Timezone}
	err = p.parse(body)
	if e := (*Error)(nil); err != nil && !errors.As(err, &e) {
		err = noDocument("%v", err)
	}
	return p.doc, err
}

// parser takes one document through the steps of the package comment.
type parser struct {
	src    *news.Source
	now    time.Time
	full   bool
	base   *url.URL
	header http.Header

	shape  *shape // nil: JSON
	head   head
	drafts []draft
	dates  dates
	doc    Document

	excerpter excerpter // its room is used again for each item
}

func (p *parser) parse(body []byte) error {
	d := decodeBody(body, p.header.Get("Content-Type"), p.src)
	p.doc.Encoding = d.encoding
	p.doc.Repairs = d.repairs
	var err error
	switch {
	case len(bytes.TrimSpace(d.body)) == 0:
		err = noDocument("the answer is empty")
	case d.body[0] == '{':
		err = p.parseJSON(d.body)
	case d.body[0] == '<':
		err = p.parseXML(d.body)
	case json.Valid(d.body):
		err = noDocument("JSON of another kind: it has no items")
	default:
		err = noDocument("text without markup: %.60q", d.body)
	}
	p.doc.Bozo = len(p.doc.Repairs) > 0
	if err != nil {
		return err
	}
	p.finish()
	return nil
}

func (p *parser) parseXML(body []byte) error {
	s, err := prescan(body, p.base)
	if err != nil {
		return p.explain(err, body)
	}
	p.shape = s
	p.doc.Version, p.doc.Salvaged = s.version, s.salvaged
	p.doc.Repairs = append(p.doc.Repairs, s.repairs...)
	for reason, n := range s.rejected {
		p.reject(reason, n)
	}
	skeleton := apply(s.b, s.edits)
	if s.format == formatAtom {
		return p.atom(skeleton)
	}
	return p.rss(skeleton)
}

// explain says what a document is that has no items: a page of HTML need not
// begin with its root element.
func (p *parser) explain(err error, body []byte) error {
	e, ok := errors.AsType[*Error](err)
	if ok && e.Kind == news.KindNotAFeed && isHTML(body) {
		return noDocument("%s", describeHTML(body))
	}
	return err
}

func (p *parser) reject(reason news.Reason, n int) {
	if n <= 0 {
		return
	}
	if p.doc.Rejected == nil {
		p.doc.Rejected = map[news.Reason]int{}
	}
	p.doc.Rejected[reason] += n
}

// lost counts items that the prescan saw and gofeed did not deliver.
func (p *parser) lost(counted, delivered int) { p.reject(news.RejectedParser, counted-delivered) }

// rich finds a text that was put aside.
func (p *parser) rich(text string) rich {
	if p.shape == nil {
		return rich{text, kindMaybe, p.base}
	}
	return p.shape.rich(text, kindMaybe)
}

// textOf is rich for what is no text for people.
func (p *parser) textOf(text string) string {
	if p.shape == nil {
		return text
	}
	return p.shape.text(text)
}
