package feedtest

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Server is a handler on the loopback. URL is its address without a slash at
// the end; it ends with the test.
type Server struct {
	*httptest.Server
	requestLog
}

// Serve starts a handler on a free port of the loopback.
func Serve(tb testing.TB, h http.Handler) *Server {
	tb.Helper()
	s := newServer(h, "http://")
	s.Start()
	tb.Cleanup(s.Close)
	return s
}

// ServeTLS is Serve over TLS and HTTP/2. Its certificate is signed by nobody;
// Server.Certificate returns it.
func ServeTLS(tb testing.TB, h http.Handler) *Server {
	tb.Helper()
	s := newServer(h, "https://")
	s.EnableHTTP2 = true
	s.StartTLS()
	tb.Cleanup(s.Close)
	return s
}

func newServer(h http.Handler, scheme string) *Server {
	s := &Server{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(&noting{ResponseWriter: w, note: s.add(r, scheme+r.Host+r.RequestURI)}, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // a refused handshake is what some tests want
	return s
}

// noting tells the log the status of an answer.
type noting struct {
	http.ResponseWriter
	note func(int)
	done bool
}

// WriteHeader sends the header.
func (n *noting) WriteHeader(status int) {
	if !n.done {
		n.done = true
		n.note(status)
	}
	n.ResponseWriter.WriteHeader(status)
}

// Write sends p.
func (n *noting) Write(p []byte) (int, error) {
	if !n.done {
		n.WriteHeader(http.StatusOK)
	}
	return n.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (n *noting) Unwrap() http.ResponseWriter { return n.ResponseWriter }
