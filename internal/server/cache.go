package server

import (
	"bytes"
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
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

	mu    sync.Mutex
	coded [2][]byte // gzip, zstd; compressed on first demand
}

// rendered is what a rendering gives: the bytes, when they last changed, how far
// the news in them reach, and whether they are final.
type rendered struct {
	plain   []byte
	changed time.Time
	pulse   pulse
	closed  bool // a part of an archive that never changes
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
	doc.mu.Lock()
	c.bytes -= int64(len(doc.plain) + len(doc.coded[0]) + len(doc.coded[1]))
	doc.mu.Unlock()
	delete(c.docs, doc.key)
	c.order.Remove(e)
}

// body returns the bytes of a document in a coding, compressed once.
func (c *cache) body(doc *document, coding coding) ([]byte, error) {
	if coding == identity {
		return doc.plain, nil
	}
	i := coding - 1
	doc.mu.Lock()
	b := doc.coded[i]
	doc.mu.Unlock()
	if b != nil {
		return b, nil
	}
	b, err := compress(doc.plain, coding)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	doc.mu.Lock()
	known := doc.coded[i] != nil
	if !known {
		doc.coded[i] = b
	}
	doc.mu.Unlock()
	if e := c.docs[doc.key]; !known && e != nil && e.Value == doc {
		c.grow(int64(len(b)))
	}
	return b, nil
}

func compress(plain []byte, coding coding) ([]byte, error) {
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
