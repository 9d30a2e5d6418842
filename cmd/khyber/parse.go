package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

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

// parseBatch answers each request with one line, in order, before the next one
// is read; one that fails does not end the batch.
func (a *app) parseBatch() error {
	in := bufio.NewReaderSize(a.stdin, maxRequest)
	for {
		line, err := readLine(in)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the requests: %w", err)
		}
		if answer := a.answer(line, err); answer != nil {
			if err := a.print(string(answer) + "\n"); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
}

// answer is the answer to a line of the batch, nil to a blank one. err says
// whether the line is whole.
func (a *app) answer(line []byte, err error) []byte {
	if errors.Is(err, bufio.ErrBufferFull) {
		return parse.Answer(parse.Document{}, fmt.Errorf("read the request: it is longer than %d bytes", maxRequest))
	}
	req, ok, err := parse.ReadRequest(line)
	if !ok {
		return nil
	}
	var doc parse.Document
	if err == nil {
		doc, err = readDocument(req, a.now())
	}
	return parse.Answer(doc, err)
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
