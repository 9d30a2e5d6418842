package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"khyber/internal/fetch"
	"khyber/internal/parse"
)

// maxRequest bounds a line of the batch protocol: a path and some headers.
const maxRequest = 1 << 20 // bytes

type parseCmd struct {
	File        string `arg:"" optional:"" help:"The document."`
	URL         string `name:"url" help:"Where it came from: what relative links are relative to."`
	ContentType string `help:"The Content-Type that it came with."`
	JSON        bool   `name:"json" help:"Print one JSON Feed 1.1 document."`
	Stdin       bool   `help:"Batch: a request a line as JSON, an answer a line."`
}

// Help is the detail of `khyber parse --help`.
func (parseCmd) Help() string {
	return `With --json the document is one JSON Feed 1.1. What that cannot say is in "_src":
of the document version, encoding, bozo (something had to be mended), repairs, id, updated, published, rights, generator, tags, image,
fetched, rejected, salvaged and fresh (how long the document asks to be left alone);
of an item guid (as it is written), summary_html, content_html, image, rights, outlet, outlet_url, date_raw, created, contributors and repairs.

With --stdin each line of standard input is a request: {"file":"/abs/path","url":"","content_type":"","headers":{}}.
Each is answered, in order, with the JSON on one line, or with {"error":"kind: text"}. Blank lines are skipped.`
}

// Run prints what Khyber makes of a document: a line an item, or JSON.
func (c parseCmd) Run(a *app) error {
	if c.Stdin == (c.File != "") {
		return usageError{errors.New("name a file, or give --stdin")}
	}
	if c.Stdin {
		return a.parseBatch()
	}
	doc, err := readDocument(parse.Request{File: c.File, URL: c.URL, ContentType: c.ContentType}, a.now())
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if c.JSON {
		b, err := parse.JSON(doc)
		if err != nil {
			return err
		}
		return a.print(string(b) + "\n")
	}
	for i := range doc.Items {
		item := &doc.Items[i]
		line := dateColumn(item.Published) + "  " + item.Title + "  " + item.Link
		if err := a.print(strings.TrimRight(line, " ") + "\n"); err != nil {
			return err
		}
	}
	return nil
}

// dateColumn is a date in a column; of an item without one it is as wide.
func dateColumn(t time.Time) string {
	if t.IsZero() {
		return "without a date      "
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// largeDocument is the size from which documents are parsed one at a time, as in
// polls, so that hostile ones do not add up.
const largeDocument = 1 << 20 // bytes

// batch answers requests on all processors, each with a line, in their order. A
// line is printed as soon as those before it are, so that a client may wait for
// an answer before it asks on.
type batch struct {
	app    *app
	lines  chan chan []byte // of the requests under way, in order
	broken chan struct{}    // closed when answers cannot be printed any more
	large  sync.Mutex
}

// parseBatch reads requests until the end of standard input; one that fails does
// not end the batch.
func (a *app) parseBatch() error {
	b := &batch{app: a, lines: make(chan chan []byte, runtime.GOMAXPROCS(0)), broken: make(chan struct{})}
	var g errgroup.Group
	g.Go(b.print)
	err := b.read(&g)
	close(b.lines)
	return errors.Join(err, g.Wait())
}

// read starts the parsing of each request.
func (b *batch) read(g *errgroup.Group) error {
	in := bufio.NewReaderSize(b.app.stdin, maxRequest)
	for {
		line, err := readLine(in)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the requests: %w", err)
		}
		answer, request := make(chan []byte, 1), bytes.Clone(line)
		select {
		case b.lines <- answer:
			g.Go(func() error { answer <- b.answer(request, err); return nil })
		case <-b.broken:
			return nil
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
}

// print writes the answers in the order of their requests.
func (b *batch) print() error {
	defer close(b.broken)
	for line := range b.lines {
		if answer := <-line; answer != nil {
			if err := b.app.print(string(answer) + "\n"); err != nil {
				return err
			}
		}
	}
	return nil
}

// answer is the answer to a line of the batch, nil to a blank one. err says
// whether the line is whole.
func (b *batch) answer(line []byte, err error) []byte {
	if errors.Is(err, bufio.ErrBufferFull) {
		return parse.Answer(parse.Document{}, fmt.Errorf("read the request: it is longer than %d bytes", maxRequest))
	}
	req, ok, err := parse.ReadRequest(line)
	if !ok {
		return nil
	}
	var doc parse.Document
	if err == nil {
		doc, err = b.document(req)
	}
	return parse.Answer(doc, err)
}

func (b *batch) document(req parse.Request) (parse.Document, error) {
	if info, err := os.Stat(req.File); err == nil && info.Size() > largeDocument {
		b.large.Lock()
		defer b.large.Unlock()
	}
	return readDocument(req, b.app.now())
}

// readLine reads a line, which is valid until the next call. Of one that is too
// long it returns nothing with bufio.ErrBufferFull and skips the rest.
func readLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = in.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return nil, bufio.ErrBufferFull // an end of the input is met again
}

// readDocument reads and parses the file of a request as a poll would, packed
// or not. A file has no Content-Encoding, so a brotli one is known by its name.
func readDocument(req parse.Request, now time.Time) (parse.Document, error) {
	f, err := os.Open(req.File)
	if err != nil {
		return parse.Document{}, err
	}
	defer f.Close()
	src, header := req.Source()
	if header.Get("Content-Encoding") == "" && strings.HasSuffix(req.File, ".br") {
		header.Set("Content-Encoding", "br")
	}
	body, err := fetch.Unpack(f, header)
	if err != nil {
		return parse.Document{}, err
	}
	return parse.Full(src, body, header, now)
}
