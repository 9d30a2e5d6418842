package feedtest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/andybalholm/brotli"
)

// Page is a document as a well-kept server gives it: with validators where they
// are set, and 304 to who has it already. The zero value answers with nothing.
type Page struct {
	Body         []byte
	Type         string // Content-Type
	ETag         string
	LastModified string
	Header       http.Header // more of it, of 200 and 304
	On304        http.Header // instead of Header and validators; nil: the same ones
	Codings      []string    // "gzip" and "br", in the order in which they are put on
	Unlabelled   bool        // no Content-Encoding for them
}

// ServeHTTP answers 304 when If-None-Match is the ETag or, without one, when
// If-Modified-Since is the Last-Modified byte for byte (rule F2 of intake).
func (p Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	known := p.LastModified != "" && r.Header.Get("If-Modified-Since") == p.LastModified
	if tag := r.Header.Get("If-None-Match"); tag != "" {
		known = tag == p.ETag
	}
	h := w.Header()
	if known && p.On304 != nil {
		addAll(h, p.On304)
		w.WriteHeader(http.StatusNotModified)
		return
	}
	addAll(h, p.Header)
	setIf(h, "Etag", p.ETag)
	setIf(h, "Last-Modified", p.LastModified)
	if known {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	setIf(h, "Content-Type", p.Type)
	body := p.Body
	for _, coding := range p.Codings {
		body = Encode(coding, body)
	}
	if len(p.Codings) > 0 && !p.Unlabelled {
		h.Set("Content-Encoding", strings.Join(p.Codings, ", "))
	}
	send(w, body)
}

func addAll(to, from http.Header) {
	for name, values := range from {
		to[name] = slices.Clone(values)
	}
}

func setIf(h http.Header, name, value string) {
	if value != "" {
		h.Set(name, value)
	}
}

// send writes a whole body. An error means that the client is gone, which is
// nothing to a handler.
func send(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// Encode packs body as gzip or br; any other coding leaves it as it is.
func Encode(coding string, body []byte) []byte {
	var b bytes.Buffer
	switch coding {
	case "gzip":
		z := gzip.NewWriter(&b)
		_, _ = z.Write(body) // a bytes.Buffer takes everything
		_ = z.Close()
	case "br":
		z := brotli.NewWriterLevel(&b, 4)
		_, _ = z.Write(body)
		_ = z.Close()
	default:
		return body
	}
	return b.Bytes()
}

// Steps answers each request with the next handler, and all that come later
// with the last one. It panics when there is none.
func Steps(handlers ...http.Handler) http.Handler {
	var mu sync.Mutex
	at := -1
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		at = min(at+1, len(handlers)-1)
		h := handlers[at]
		mu.Unlock()
		h.ServeHTTP(w, r)
	})
}

// Switch is a handler that can be exchanged at any time. The zero value answers
// 404.
type Switch struct {
	mu sync.Mutex
	h  http.Handler
}

// Set makes h answer from now on.
func (s *Switch) Set(h http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.h = h
}

// ServeHTTP answers with the handler that was set last.
func (s *Switch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	h := s.h
	s.mu.Unlock()
	if h == nil {
		h = http.NotFoundHandler()
	}
	h.ServeHTTP(w, r)
}

// Paths answers by the exact path of the request; others get 404.
func Paths(handlers map[string]http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, ok := handlers[r.URL.Path]
		if !ok {
			h = http.NotFoundHandler()
		}
		h.ServeHTTP(w, r)
	})
}

// Status answers with a code, pairs of header names and values, and a short
// plain body where the code allows one.
func Status(code int, header ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for pair := range slices.Chunk(header, 2) {
			w.Header().Add(pair[0], pair[1])
		}
		w.WriteHeader(code)
		if code != http.StatusNotModified && code != http.StatusNoContent {
			_, _ = fmt.Fprintln(w, http.StatusText(code))
		}
	})
}

// RetryAt answers code with a Retry-After of the date form: wait after the
// server's own Date, which is off by skew.
func RetryAt(code int, wait, skew time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		date := time.Now().Add(skew).UTC()
		w.Header().Set("Date", date.Format(http.TimeFormat))
		w.Header().Set("Retry-After", date.Add(wait).Format(http.TimeFormat))
		w.WriteHeader(code)
	})
}

// Redirect answers code with a Location, written as it is given; empty: none.
func Redirect(code int, location string) http.Handler {
	if location == "" {
		return Status(code)
	}
	return Status(code, "Location", location)
}

// Chain redirects n times, path by path, and then answers with last.
func Chain(code, n int, last http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hop, _ := strconv.Atoi(r.URL.Query().Get("hop")) // none is 0
		if hop == n {
			last.ServeHTTP(w, r)
			return
		}
		Redirect(code, fmt.Sprintf("?hop=%d", hop+1)).ServeHTTP(w, r)
	})
}

// Hang gives no answer until the client gives up.
func Hang() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
}

// Stall sends the first n bytes of body and then nothing until the client gives
// up.
func Stall(body []byte, n int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body[:n])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
}

// Drip sends one byte of body at each tick of a channel, for ever none when it is
// nil. In a synctest bubble the channel must come from within: that of a
// time.Ticker for one.
func Drip(body []byte, tick <-chan time.Time) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		flush := http.NewResponseController(w)
		_ = flush.Flush()
		for i := range body {
			select {
			case <-tick:
			case <-r.Context().Done():
				panic(http.ErrAbortHandler)
			}
			if _, err := w.Write(body[i : i+1]); err != nil {
				return
			}
			_ = flush.Flush()
		}
	})
}

// Cut announces the whole of body and closes the connection after n bytes.
func Cut(body []byte, n int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body[:n])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
}

// Reset closes the connection instead of an answer.
func Reset() http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
}

// Endless sends white space until the client gives up.
func Endless() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		block := bytes.Repeat([]byte(" "), 32<<10)
		for {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
}

// Announce says that the body has n bytes and sends none of them.
func Announce(n int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
}

// LongHeader answers with a header of n bytes and more.
func LongHeader(n int) http.Handler {
	return Status(http.StatusOK, "X-Long", strings.Repeat("x", n))
}

// Cookies sets a cookie and then answers with h.
func Cookies(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "reader=1; Path=/")
		h.ServeHTTP(w, r)
	})
}

// HTML answers code with a page of that title.
func HTML(code int, title string, header ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		for pair := range slices.Chunk(header, 2) {
			w.Header().Add(pair[0], pair[1])
		}
		w.WriteHeader(code)
		_, _ = fmt.Fprintf(w, "<!doctype html><html lang=en><head><title>%s</title></head><body><p>%s</p></body></html>", title, title)
	})
}

// Challenge answers code with the page of a gate that wants a browser.
func Challenge(code int) http.Handler {
	return HTML(code, "Just a moment...", "Cf-Mitigated", "challenge")
}

// Bomb is a gzip stream that unpacks to n zero bytes.
func Bomb(n int) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	block := make([]byte, 1<<20)
	for ; n > 0; n -= len(block) {
		_, _ = z.Write(block[:min(n, len(block))])
	}
	_ = z.Close()
	return b.Bytes()
}
