package server

import (
	"bytes"
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	// maxCache bounds the bytes of the documents kept, all codings together;
	// 1,000 variants by a crawler must not cost more.
	maxCache = 64 << 20
	// maxWait bounds how long a request waits for its turn to render.
	maxWait = 5 * time.Second
	// gzipLevel: on topic feeds level 9 takes twice the time and saves 1%.
	gzipLevel = 6
)

// errBusy says that a request waited for maxWait and its document is not there.
var errBusy = errors.New("too many documents are asked for at once")

// version is what the bytes of a document depend on besides its key.
type version struct {
	state *State
	rev   uint64
}

// document is a rendered document. Its bytes never change.
type document struct {
	key     string
	version version // guarded by the cache
	tag     string  // of the ETag, without quotes and coding
	rendered

	modified []string // Last-Modified; nil: there is no date

	mu     sync.Mutex
	facets [3]facet // by coding; the bodies of gzip and zstd are made on first demand
}

// size is what the document counts for.
func (d *document) size() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return int64(len(d.plain) + len(d.facets[gzipped].body) + len(d.facets[zstandard].body))
}

// rendered is what a rendering gives: the bytes, when they last changed, how far
// the news in them reach, and how it is answered by its own address.
type rendered struct {
	plain   []byte
	changed time.Time
	pulse   pulse
	direct  *direct // nil: it is only found the long way
}

// rendering makes a document.
type rendering func(ctx context.Context) (rendered, error)

// cache keeps the documents that are asked for, one version of each, and drops
// the least recently used. A document is rendered once for all who wait.
type cache struct {
	metrics *metrics
	max     int64
	slots   chan struct{} // taken while rendering: GOMAXPROCS at a time

	mu      sync.Mutex
	docs    map[string]*list.Element // of *document
	order   *list.List               // most recently used first
	bytes   int64
	flights map[flightKey]*flight
}

type flightKey struct {
	key     string
	version version
}

// flight is a rendering that is under way.
type flight struct {
	done chan struct{}
	doc  *document
	err  error
}

func newCache(maxBytes int64, m *metrics) *cache {
	return &cache{
		metrics: m, max: maxBytes, slots: make(chan struct{}, runtime.GOMAXPROCS(0)),
		docs: make(map[string]*list.Element), order: list.New(), flights: make(map[flightKey]*flight),
	}
}

// get returns the document of the key in the version, rendering it if need be.
// errBusy when there is no room to render.
func (c *cache) get(ctx context.Context, key string, v version, render rendering) (*document, error) {
	c.mu.Lock()
	if e := c.docs[key]; e != nil && e.Value.(*document).version == v {
		c.order.MoveToFront(e)
		c.mu.Unlock()
		return e.Value.(*document), nil
	}
	fk := flightKey{key, v}
	if f := c.flights[fk]; f != nil {
		c.mu.Unlock()
		return f.wait(ctx)
	}
	f := &flight{done: make(chan struct{})}
	c.flights[fk] = f
	c.mu.Unlock()

	// The rendering serves all who wait, so it does not end with this request.
	f.doc, f.err = c.render(context.WithoutCancel(ctx), fk, render)
	c.mu.Lock()
	delete(c.flights, fk)
	c.mu.Unlock()
	close(f.done)
	return f.doc, f.err
}

func (f *flight) wait(ctx context.Context) (*document, error) {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	select {
	case <-f.done:
		return f.doc, f.err
	case <-ctx.Done():
		return nil, errBusy
	}
}

func (c *cache) render(ctx context.Context, fk flightKey, render rendering) (*document, error) {
	waiting, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	select {
	case c.slots <- struct{}{}:
	case <-waiting.Done():
		return nil, errBusy
	}
	defer func() { <-c.slots }()
	made, err := render(ctx)
	if err != nil {
		return nil, err
	}
	return c.put(fk, made), nil
}

// put keeps what was rendered. Bytes equal to those before keep their time.
func (c *cache) put(fk flightKey, made rendered) *document {
	sum := sha256.Sum256(made.plain)
	tag := base64.RawURLEncoding.EncodeToString(sum[:16])
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.docs[fk.key]; e != nil {
		old := e.Value.(*document)
		if old.tag == tag {
			old.version = fk.version
			c.order.MoveToFront(e)
			return old
		}
		c.drop(e)
	}
	doc := &document{key: fk.key, version: fk.version, tag: tag, rendered: made}
	if !made.changed.IsZero() {
		doc.modified = []string{made.changed.UTC().Format(http.TimeFormat)}
	}
	c.docs[doc.key] = c.order.PushFront(doc)
	c.grow(int64(len(made.plain)))
	return doc
}

// grow counts bytes and makes room; the document in front always stays.
func (c *cache) grow(n int64) {
	c.bytes += n
	for c.bytes > c.max && c.order.Len() > 1 {
		c.drop(c.order.Back())
	}
	c.metrics.cacheBytes.Set(float64(c.bytes))
}

func (c *cache) drop(e *list.Element) {
	doc := e.Value.(*document)
	c.bytes -= doc.size()
	delete(c.docs, doc.key)
	c.order.Remove(e)
}

// fresh returns the document of an address as it is now; nil where it is not
// kept, was rendered before a change, or is not for everybody who asks so.
func (c *cache) fresh(address string, st *State, revision func(topic string) uint64) *document {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.docs[address]
	if e == nil {
		return nil
	}
	doc := e.Value.(*document)
	if doc.direct == nil || doc.version != (version{st, revision(doc.direct.topic)}) {
		return nil
	}
	c.order.MoveToFront(e)
	return doc
}

// facet returns a document in a coding; its body may be missing. What is said of
// a document depends on the request only where its form was negotiated.
func (c *cache) facet(doc *document, coding coding, a answer) facet {
	if a.location != "" {
		return newFacet(doc, coding, a)
	}
	doc.mu.Lock()
	defer doc.mu.Unlock()
	f := &doc.facets[coding]
	if f.both == nil {
		body, full := f.body, f.full
		*f = newFacet(doc, coding, a)
		f.body, f.full = body, full
	}
	return *f
}

// filled is facet with a body, compressed once.
func (c *cache) filled(doc *document, coding coding, a answer) (facet, error) {
	f := c.facet(doc, coding, a)
	doc.mu.Lock()
	body := doc.facets[coding].body
	doc.mu.Unlock()
	if body == nil {
		var err error
		if body, err = compress(doc.plain, coding); err != nil {
			return f, err
		}
	}
	f.fill(coding, a, body)
	c.mu.Lock()
	defer c.mu.Unlock()
	doc.mu.Lock()
	kept := &doc.facets[coding]
	grown := kept.body == nil && coding != identity
	kept.body = body
	if a.location == "" {
		*kept = f
	}
	doc.mu.Unlock()
	if e := c.docs[doc.key]; grown && e != nil && e.Value == doc {
		c.grow(int64(len(body)))
	}
	return f, nil
}

func compress(plain []byte, coding coding) ([]byte, error) {
	if coding == identity {
		return plain, nil
	}
	if coding == zstandard {
		// One goroutine's worth of work at a time, in the caller's goroutine.
		enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return enc.EncodeAll(plain, nil), enc.Close()
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzipLevel)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}
