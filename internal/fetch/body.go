package fetch

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"

	"khyber/internal/news"
)

// wire counts what comes and stops above a limit.
type wire struct {
	r     io.Reader
	n     int64
	limit int64
	err   error // of r, other than io.EOF
}

var errWireLimit = errors.New("more bytes than the limit")

func (w *wire) Read(p []byte) (int, error) {
	if w.n > w.limit {
		return 0, errWireLimit
	}
	// One byte above the limit is enough to know.
	p = p[:min(int64(len(p)), w.limit+1-w.n)]
	n, err := w.r.Read(p)
	w.n += int64(n)
	if w.n > w.limit {
		return n, errWireLimit
	}
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// document reads the body of a 200 or 203.
func (g *getter) document(ctx context.Context, answer *http.Response) *Error {
	limit := maxBytes(g.src)
	if answer.ContentLength > limit {
		return tooLarge("%s says that the document has %s, the limit is %s", g.host(), size(answer.ContentLength), limitText(limit))
	}
	w := &wire{r: answer.Body, limit: limit}
	g.resp.lease = &lease{space: &g.c.space}
	grow := func(n int) error { return g.resp.lease.grow(ctx, n) }
	body, err := g.c.unpack(w, answer.Header, unpacking{grow, answer.ContentLength, limit})
	g.resp.Wire = w.n
	switch {
	case errors.Is(err, errNoSpace):
		return noSpace(g.host(), g.src, err)
	case w.n > limit:
		return tooLarge("%s sent more than the limit of %s", g.host(), limitText(limit))
	case int64(len(body)) > limit:
		return tooLarge("%s that %s sent unpack to more than the limit of %s", size(w.n), g.host(), limitText(limit))
	}
	g.resp.Body = body
	switch {
	case err == nil:
		g.resp.Complete = true
		g.resp.Validators = news.Validators(g.validators(answer.Header))
	case w.err != nil && isTimeout(ctx, w.err):
		return &Error{Kind: news.KindTimeout, Text: fmt.Sprintf("%s was still sending after %s: %s had come", g.host(), timeout(g.src), size(w.n)), Err: w.err}
	case len(body) == 0 && w.err != nil:
		return g.explain(ctx, w.err, answer.Request.URL)
	case len(body) == 0:
		return &Error{Kind: news.KindNotAFeed, Text: fmt.Sprintf("the body that %s sent is packed but cannot be unpacked", g.host()), Err: err}
	}
	g.resp.Kind, g.resp.BodyHash = news.KindOK, hash(body)
	return nil
}

// Unpack reads a document that is at hand to its end and takes off its codings
// as Get does with an answer that has the header, within the limits of a source
// that sets none. Of one that is cut off what was whole is returned. The error
// is an [*Error] unless r cannot be read.
func Unpack(r io.Reader, header http.Header) ([]byte, error) {
	w := &wire{r: r, limit: defaultMaxBytes}
	body, err := new(Client).unpack(w, header, unpacking{unbound, -1, w.limit})
	switch {
	case w.err != nil:
		return nil, w.err
	case w.n > w.limit:
		return nil, tooLarge("the document has more than the limit of %s", limitText(w.limit))
	case int64(len(body)) > w.limit:
		return nil, tooLarge("%s unpack to more than the limit of %s", size(w.n), limitText(w.limit))
	case err != nil && len(body) == 0:
		return nil, &Error{Kind: news.KindNotAFeed, Text: "the document is packed but cannot be unpacked", Err: err}
	}
	return body, nil
}

func tooLarge(format string, args ...any) *Error {
	return &Error{Kind: news.KindTooLarge, Text: fmt.Sprintf(format, args...)}
}

func noSpace(host string, src *news.Source, err error) *Error {
	return &Error{Kind: news.KindTimeout, Text: fmt.Sprintf("the documents of other sources left no memory for that of %s within %s", host, timeout(src)), Err: err}
}

func limitText(limit int64) string { return size(limit) + " (max_bytes)" }

// size writes a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}

// hash is stable over restarts and machines, unlike hash/maphash.
func hash(body []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(body) // never fails
	return max(h.Sum64(), 1)
}

// Sizes of reading.
const (
	readBuffer = 4 << 10   // bytes, to see how a body begins
	bodyStart  = 32 << 10  // bytes; a document of 30 items has about 58 KB
	bodyMost   = 512 << 10 // bytes that are believed of a Content-Length before they came
	gzipRatio  = 4         // of a feed, measured: 58.6 KB from 14.2
	maxLayers  = 2         // a proxy that gzips what is gzipped was seen; more is hostile
)

// unpacking is what bounds the reading of a body.
type unpacking struct {
	grow  func(n int) error // asks for space for n bytes
	guess int64             // its Content-Length, below 0 where it is not known
	limit int64
}

// unbound is for a body that shares its space with no other.
func unbound(int) error { return nil }

// unpack reads w to its end and takes off its codings. The magic bytes are
// believed rather than the label: gzip without a label and a label on plain
// text both occur. At most limit+1 bytes are returned; what came before an
// error is returned with it.
func (c *Client) unpack(w *wire, header http.Header, u unpacking) ([]byte, error) {
	var in io.Reader = w
	for layer := range maxLayers + 1 {
		buffered := bufio.NewReaderSize(in, readBuffer)
		in = buffered
		if layer == maxLayers {
			break
		}
		start, _ := buffered.Peek(3) // an error comes again when it is read
		if bytes.HasPrefix(start, []byte{0x1f, 0x8b}) {
			z, err := c.gunzip(buffered)
			if err != nil {
				return nil, err
			}
			defer c.unpackers.Put(z)
			in, u.guess = z, u.guess*gzipRatio
			continue
		}
		if layer == 0 && labelled(header, "br") && !isPlain(start) {
			in, u.guess = brotli.NewReader(buffered), u.guess*gzipRatio
			continue
		}
		break
	}
	body, err := u.readAll(in)
	if errors.Is(err, gzip.ErrHeader) && len(body) > 0 {
		err = nil // the checksum held; padding after the end is no damage
	}
	if err == nil { // read to the end of the answer, so that its connection can serve again
		_, err = io.CopyN(io.Discard, w, maxDrain)
		if err == io.EOF {
			err = nil
		}
	}
	return body, err
}

func (c *Client) gunzip(r io.Reader) (*gzip.Reader, error) {
	z, ok := c.unpackers.Get().(*gzip.Reader)
	if !ok {
		return gzip.NewReader(r)
	}
	return z, z.Reset(r)
}

// isPlain says that a body labelled br begins like text: no brotli stream
// begins with one of these (RFC 7932 §9.1: reserved bits, or an empty stream).
func isPlain(start []byte) bool {
	return len(start) > 0 && (start[0] == '<' || start[0] == '{') || bytes.HasPrefix(start, []byte("\xef\xbb\xbf"))
}

func labelled(h http.Header, coding string) bool {
	for _, value := range h["Content-Encoding"] {
		for label := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(label), coding) {
				return true
			}
		}
	}
	return false
}

// readAll is io.ReadAll with a first guess and a limit, of which one byte more
// is read.
func (u *unpacking) readAll(r io.Reader) ([]byte, error) {
	capacity := int(min(max(u.guess, bodyStart)+1, bodyMost, u.limit+1))
	var b []byte
	for {
		if len(b) == cap(b) {
			if err := u.grow(capacity); err != nil {
				return b, err
			}
			b = append(make([]byte, 0, capacity), b...)
			capacity = int(min(2*int64(capacity), u.limit+1))
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == io.EOF {
			return b, nil
		}
		if err != nil || int64(len(b)) > u.limit {
			return b, err
		}
	}
}
