package feedtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Request is one line of a request log.
type Request struct {
	At     time.Time // when it came
	Method string
	URL    string // with scheme and host
	Header http.Header
	Status int // of the answer; 0: there was none, or not yet
}

// Conditional says whether the request carried a validator.
func (r Request) Conditional() bool {
	return r.Header.Get("If-None-Match") != "" || r.Header.Get("If-Modified-Since") != ""
}

// requestLog is safe for concurrent use.
type requestLog struct {
	mu   sync.Mutex
	rows []Request
}

// add returns a function that fills in the status.
func (l *requestLog) add(r *http.Request, address string) func(status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := len(l.rows)
	l.rows = append(l.rows, Request{At: time.Now(), Method: r.Method, URL: address, Header: r.Header.Clone()})
	return func(status int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.rows[i].Status = status
	}
}

// Requests returns all requests so far in the order in which they came. Those
// to one host are found with [To].
func (l *requestLog) Requests() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.rows)
}

// To returns those requests whose URL begins with the prefix.
func To(requests []Request, prefix string) []Request {
	return slices.DeleteFunc(slices.Clone(requests), func(r Request) bool { return !strings.HasPrefix(r.URL, prefix) })
}

// Network is an internet without sockets: an http.RoundTripper that asks the
// handler of the request's host, in whose bodies nothing but channels blocks.
// A host without a handler does not exist. It is safe for concurrent use.
type Network struct {
	requestLog
	mu    sync.Mutex
	hosts map[string]http.Handler
	down  bool
}

// NewNetwork returns a Network without hosts.
func NewNetwork() *Network { return &Network{hosts: make(map[string]http.Handler)} }

// Handle sets what answers at host: "herald.example", with its port where that
// is not the scheme's own. nil removes the host.
func (n *Network) Handle(host string, h http.Handler) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[host] = h
}

// SetDown makes every look-up fail, as without a line, or ends that.
func (n *Network) SetDown(down bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = down
}

func (n *Network) handler(host string) http.Handler {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down {
		return Failure{&net.DNSError{Err: "server misbehaving", Name: host, IsTemporary: true}}
	}
	if h := n.hosts[strings.ToLower(host)]; h != nil {
		return h
	}
	return NoHost()
}

// RoundTrip runs the handler beside the caller and returns as soon as it has
// written a header. The handler's context ends when the caller's does and when
// the answer's body is closed.
func (n *Network) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	note := n.add(r, r.URL.String())
	ctx, cancel := context.WithCancel(r.Context())
	in := r.Clone(ctx)
	in.RequestURI = r.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	pr, pw := io.Pipe()
	a := &answer{header: make(http.Header), body: pw, ready: make(chan struct{})}
	unhook := context.AfterFunc(ctx, func() { _ = pw.CloseWithError(context.Cause(ctx)) })
	go func() {
		defer cancel()
		defer unhook()
		a.serve(n.handler(r.URL.Host), in)
	}()
	select {
	case <-a.ready:
	case <-ctx.Done():
	}
	status, header, err := a.head()
	if err == nil && status == 0 {
		err = context.Cause(ctx)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	note(status)
	return &http.Response{
		Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, ContentLength: contentLength(header, status),
		Body: &answerBody{PipeReader: pr, cancel: cancel}, Request: r,
	}, nil
}

func contentLength(h http.Header, status int) int64 {
	if status == http.StatusNotModified || status == http.StatusNoContent {
		return 0
	}
	n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

type answerBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b *answerBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

// answer is the http.ResponseWriter of a Network.
type answer struct {
	body  *io.PipeWriter
	ready chan struct{} // closed when status or err is set

	mu      sync.Mutex
	header  http.Header
	sent    http.Header
	status  int
	err     error
	written int64
}

func (a *answer) serve(h http.Handler, r *http.Request) {
	defer func() {
		switch p := recover(); p {
		case nil:
			a.WriteHeader(http.StatusOK)
			a.end()
		case http.ErrAbortHandler:
			err := context.Cause(r.Context()) // the client sees its own deadline first
			if err == nil {
				err = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
			}
			a.fail(err)
		default:
			panic(p)
		}
	}()
	h.ServeHTTP(a, r)
}

// end closes the body, and breaks it off when less came than was announced.
func (a *answer) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if want := contentLength(a.sent, a.status); want >= 0 && a.written < want {
		_ = a.body.CloseWithError(io.ErrUnexpectedEOF)
		return
	}
	_ = a.body.Close()
}

func (a *answer) head() (int, http.Header, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.status, a.sent, a.err
}

// Header returns the header to be sent.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader sends the header, once.
func (a *answer) WriteHeader(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.status != 0 || a.err != nil {
		return
	}
	a.status, a.sent = status, a.header.Clone()
	if a.sent.Get("Date") == "" {
		a.sent.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	close(a.ready)
}

// Write sends p, and the header before it. It blocks until p was read.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	n, err := a.body.Write(p)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.written += int64(n)
	return n, err
}

// FlushError sends the header.
func (a *answer) FlushError() error {
	a.WriteHeader(http.StatusOK)
	return nil
}

// fail ends the answer with an error: of the request while no header was sent,
// of its body afterwards.
func (a *answer) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.status == 0 && a.err == nil {
		a.err = err
		close(a.ready)
	}
	_ = a.body.CloseWithError(err)
}

// Failure is a handler that gives no answer. In a Network the request fails
// with Err; on a socket the connection is closed.
type Failure struct{ Err error }

// ServeHTTP fails.
func (f Failure) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if a, ok := w.(*answer); ok {
		a.fail(f.Err)
		return
	}
	panic(http.ErrAbortHandler)
}

// NoHost fails as a name that does not exist (in a Network).
func NoHost() http.Handler {
	return Failure{&net.DNSError{Err: "no such host", Name: "host", IsNotFound: true}}
}

// Refused fails as a port on which nobody listens (in a Network).
func Refused() http.Handler {
	return Failure{&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}}
}

// BadTLS fails as a handshake that the other side ends (in a Network).
func BadTLS() http.Handler {
	return Failure{&net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}}
}
