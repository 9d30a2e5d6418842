package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"khyber/internal/parse"
)

// maxRequest bounds a line of the batch protocol: a path and some headers.
const maxRequest = 1 << 20 // bytes

// maxDocument bounds a document that is read from a file; of a source, fetch
// bounds it to as much as feeds.yaml may allow at most.
const maxDocument = 64 << 20 // bytes

type parseCmd struct {
	File        string `arg:"" optional:"" help:"The document."`
	URL         string `name:"url" help:"Where it came from: what relative links are relative to."`
	ContentType string `help:"The Content-Type that it came with."`
	JSON        bool   `name:"json" help:"Print one JSON Feed 1.1 document."`
	Stdin       bool   `help:"Batch: a request a line as JSON, an answer a line."`
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
		if err := a.print(dateColumn(item.Published) + "  " + item.Title + "  " + item.Link + "\n"); err != nil {
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

// parseBatch answers each request with one line, in order; one that fails does
// not end the batch.
func (a *app) parseBatch() error {
	lines := bufio.NewScanner(a.stdin)
	lines.Buffer(nil, maxRequest)
	for lines.Scan() {
		req, ok, err := parse.ReadRequest(lines.Bytes())
		if !ok {
			continue
		}
		var doc parse.Document
		if err == nil {
			doc, err = readDocument(req, a.now())
		}
		if err := a.print(string(parse.Answer(doc, err)) + "\n"); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the requests: %w", err)
	}
	return nil
}

// readDocument reads and parses the file of a request.
func readDocument(req parse.Request, now time.Time) (parse.Document, error) {
	f, err := os.Open(req.File)
	if err != nil {
		return parse.Document{}, err
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, maxDocument))
	if err != nil {
		return parse.Document{}, err
	}
	src, header := req.Source()
	return parse.Full(src, body, header, now)
}
