package parse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"khyber/internal/news"
)

// Request is one line of the batch protocol of `khyber parse --stdin`.
type Request struct {
	File        string            `json:"file"` // absolute path
	URL         string            `json:"url"`  // the base
	ContentType string            `json:"content_type"`
	Headers     map[string]string `json:"headers"` // Content-Location, Content-Language
}

// ReadRequest reads a line of the batch protocol. ok is false for a blank one.
func ReadRequest(line []byte) (r Request, ok bool, err error) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return Request{}, false, nil
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return Request{}, true, fmt.Errorf("read the request: %w", err)
	}
	if r.File == "" {
		return Request{}, true, fmt.Errorf("read the request: it names no file")
	}
	return r, true, nil
}

// Source returns a source and headers as Full wants them for the request.
func (r Request) Source() (*news.Source, http.Header) {
	header := http.Header{}
	for name, value := range r.Headers {
		header.Set(name, value)
	}
	if r.ContentType != "" {
		header.Set("Content-Type", r.ContentType)
	}
	return &news.Source{ID: "parse", URL: r.URL}, header
}

// Answer returns the line of the batch protocol for a document, without its
// end: a JSON Feed, or an object with the error alone.
func Answer(doc Document, err error) []byte {
	if err == nil {
		var line []byte
		if line, err = JSON(doc); err == nil {
			return line
		}
	}
	line, _ := json.Marshal(map[string]string{"error": err.Error()}) // strings always encode
	return line
}
