package fetch

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Limits of every connection.
const (
	dialTimeout   = 10 * time.Second // look-up and connect
	tlsTimeout    = 10 * time.Second // the handshake
	answerTimeout = 20 * time.Second // from the request to the end of the header
	idleTimeout   = 10 * time.Second // an unused connection is closed: two sources of a host are 5 s apart, two polls minutes
	maxHeader     = 64 << 10         // bytes of one answer's header; Go's default is 10 MB
	pingAfter     = 15 * time.Second // of silence on an HTTP/2 connection, to find it dead
	pingTimeout   = 5 * time.Second  // for the answer to that ping
	maxAhead      = 256 << 10        // bytes that HTTP/2 may send before we read them; Go's default is 4 MiB
)

// transports are the three kinds of way out. Each has connections of its own:
// one that was allowed for a source must not serve another.
type transports struct {
	guard   *net.Dialer       // of guarded
	dialer  *net.Dialer       // of open
	guarded http.RoundTripper // every address is judged when it is connected to
	open    http.RoundTripper // for the own host and port of a source with allow_private_network
	proxied http.RoundTripper // connects to the request's proxy and to nothing else
}

func newTransports(resolver *net.Resolver, g guard) transports {
	guard := &net.Dialer{Timeout: dialTimeout, Resolver: resolver, Control: g.control}
	dialer := &net.Dialer{Timeout: dialTimeout, Resolver: resolver}
	return transports{
		guard: guard, dialer: dialer,
		guarded: newTransport(guard, nil),
		open:    newTransport(dialer, nil),
		proxied: newTransport(&net.Dialer{Timeout: dialTimeout, Resolver: resolver}, requestProxy),
	}
}

func newTransport(dialer *net.Dialer, proxy func(*http.Request) (*url.URL, error)) *http.Transport {
	return &http.Transport{
		Proxy:                  proxy, // never the environment's: it would bypass the guard
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,        // an own dialer switches it off
		DisableCompression:     true,        // both limits must hold, so bodies are unpacked by us
		MaxIdleConns:           MaxInFlight, // see there
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        idleTimeout,
		TLSHandshakeTimeout:    tlsTimeout,
		ResponseHeaderTimeout:  answerTimeout,
		MaxResponseHeaderBytes: maxHeader,
		HTTP2: &http.HTTP2Config{
			SendPingTimeout: pingAfter, PingTimeout: pingTimeout,
			MaxReceiveBufferPerStream: maxAhead, MaxReceiveBufferPerConnection: 2 * maxAhead,
		},
	}
}

// proxyKey finds the proxy of a request in its context, so that all proxies
// share a transport; net/http keeps their connections apart.
type proxyKey struct{}

func withProxy(ctx context.Context, proxy *url.URL) context.Context {
	return context.WithValue(ctx, proxyKey{}, proxy)
}

func requestProxy(r *http.Request) (*url.URL, error) {
	if proxy, ok := r.Context().Value(proxyKey{}).(*url.URL); ok {
		return proxy, nil
	}
	return nil, fmt.Errorf("no proxy for %s", r.URL.Host)
}

// parseProxy reads the source key proxy. Its error does not repeat the value:
// it may hold a password.
func parseProxy(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err == nil && u.Host != "" {
		switch u.Scheme {
		case "http", "https", "socks5", "socks5h":
			return u, nil
		}
	}
	return nil, fmt.Errorf("proxy is not an address like http://host:port or socks5://host:port")
}

// egress is the way out for requests that belong to no source.
type egress struct {
	c       *Client
	own     *url.URL // whose port may be any; nil: of nobody
	private bool     // its host and port may be private
}

// RoundTrip refuses what the guard can see in the URL; the rest is judged when
// the connection is made.
func (e egress) RoundTrip(r *http.Request) (*http.Response, error) {
	exempt := e.private && hostPort(r.URL) == hostPort(e.own)
	if err := e.c.permitted(r.URL, e.own, exempt); err != nil {
		closeBody(r)
		return nil, err
	}
	if r.Header.Get("User-Agent") == "" {
		r = r.Clone(r.Context())
		r.Header.Set("User-Agent", e.c.userAgent)
	}
	way := e.c.ways.guarded
	switch {
	case e.c.base != nil:
		way = e.c.base
	case exempt:
		way = e.c.ways.open
	}
	answer, err := way.RoundTrip(r)
	if err != nil {
		return nil, explain(err, r.URL.Hostname(), answerTimeout)
	}
	return answer, nil
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close() // a RoundTripper closes the body, errors included; nothing was sent
	}
}

// isHTTP reports whether u is fetched over HTTP at all.
func isHTTP(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && !strings.HasPrefix(u.Host, ":")
}
