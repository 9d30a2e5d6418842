package fetch

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"khyber/internal/news"
)

// Limits of one poll.
const (
	defaultTimeout  = 30 * time.Second  // of the whole poll, all hops together
	maxTimeout      = 120 * time.Second // whatever the source's key says
	defaultMaxBytes = 8 << 20           // on the wire, and again unpacked; largest of 285 documents: 1.5 MB
	mostMaxBytes    = 64 << 20          // whatever the source's key says
	maxHops         = 10                // redirects followed
)

// MaxInFlight is how many Gets a caller may have under way at a time. As many
// unused connections are kept, no fewer: net/http puts the connection of an
// answer without a body among the unused ones before it hands the answer over,
// and when that makes too many it closes one, so that a 304 gets lost.
const MaxInFlight = 512

const accept = "application/atom+xml, application/rss+xml, application/feed+json, " +
	"application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"

// Options are what a Client needs of the world.
type Options struct {
	UserAgent string            // Khyber/VERSION (+BASE_URL; CONTACT); sent with every request
	Now       func() time.Time  // required
	Resolver  *net.Resolver     // nil: the system's
	Base      http.RoundTripper // asked instead of the network, by tests; nil: the guarded way out
}

// Client makes requests. It is made by New and safe for concurrent use.
type Client struct {
	userAgent string
	now       func() time.Time
	base      http.RoundTripper
	guard     guard
	ways      transports
	unpackers sync.Pool // of *gzip.Reader: 40 KiB each
	space     space
}

// New returns a Client that keeps its connections to itself.
func New(o Options) *Client {
	g := newGuard()
	return &Client{
		userAgent: o.UserAgent, now: o.Now, base: o.Base,
		guard: g, ways: newTransports(o.Resolver, g),
	}
}

// Transport returns the guarded way out for requests that belong to no source:
// hub callbacks and webhooks. It follows no redirect and uses no proxy; only
// the ports 80, 443, 8080 and 8443 of public addresses are reached. Its errors
// are of type [*Error].
func (c *Client) Transport() http.RoundTripper { return egress{c: c} }

// TransportTo is Transport for one address of feeds.yaml, whose port may be any.
// Private says that its host may be in a private network; nobody else's may.
func (c *Client) TransportTo(address string, private bool) http.RoundTripper {
	own, err := url.Parse(address)
	if err != nil { // then no request can be made for it
		return egress{c: c}
	}
	return egress{c, own, private}
}

// Get asks for src's document once, on condition that it is no longer the one
// of v, and follows redirects. The Response is valid with an error too; the
// error is always an [*Error]. A body that broke off is no error as long as
// some of it came: Response.Complete is false then.
//
// When ctx ends first the error has KindTimeout and wraps the context's.
func (c *Client) Get(ctx context.Context, src *news.Source, v news.Validators) (Response, error) {
	begin := c.now()
	ctx, cancel := context.WithTimeout(ctx, timeout(src))
	defer cancel()
	g := getter{c: c, cancel: cancel, src: src, known: v, resp: Response{Validators: v}}
	err := g.get(ctx)
	g.resp.Duration = c.now().Sub(begin)
	if err != nil {
		g.resp.Kind = err.Kind
		return g.resp, err
	}
	return g.resp, nil
}

func timeout(src *news.Source) time.Duration {
	if src.Timeout <= 0 {
		return defaultTimeout
	}
	return min(src.Timeout, maxTimeout)
}

func maxBytes(src *news.Source) int64 {
	if src.MaxBytes <= 0 {
		return defaultMaxBytes
	}
	return min(src.MaxBytes, mostMaxBytes)
}

// permitted refuses what can be seen in the URL alone: scheme, port, and a host
// that is an address. exempt says that u is the own place of a source that may
// be private.
func (c *Client) permitted(u, own *url.URL, exempt bool) *Error {
	switch {
	case !isHTTP(u):
		return &Error{Kind: news.KindRedirect, Text: "the address is not one of http or https"}
	case exempt:
		return nil
	case !allowedPort(u, own):
		return &Error{Kind: news.KindPrivateAddress, Text: "port " + portOf(u) + " of " + u.Hostname() + " is refused: only 80, 443, 8080, 8443 and the port of the source's own url are asked"}
	}
	if err := c.guard.checkHost(u.Hostname()); err != nil {
		return explain(err, u.Hostname(), 0)
	}
	return nil
}
