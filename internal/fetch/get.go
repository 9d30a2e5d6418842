package fetch

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"khyber/internal/news"
)

// Response is what came of a Get.
type Response struct {
	Kind   news.Kind // ok: 200 or 203 with a body; unchanged: 304; else as the Error says
	Status int       // of the last answer; 0: there was none
	URL    string    // that answered last, less fragment and userinfo
	Hops   []news.Hop
	Header http.Header // of the last answer; nil: there was none

	// Validators are to be stored when the document parsed as it was: of a
	// complete 200 those it brought, of a 304 those and what it left unsaid, of
	// everything else the ones that were handed in (rules F4 to F8 of intake).
	Validators news.Validators

	Body     []byte // unpacked; the caller's until Free
	BodyHash uint64 // of Body, never 0, the same on every machine; 0: no document
	Wire     int64  // bytes of the body as they came
	Complete bool   // the whole body came and unpacked; true for a 304
	Duration time.Duration

	RetryAfter time.Time  // of a failure; zero: the server did not say, or it is over
	Hints      news.Hints // freshness, and hub and self of the Link header

	lease *lease // of Body
}

// Free says that Body is used no longer. Until then it counts against what the
// bodies of a Client may hold together, and other Gets may have to wait.
func (r *Response) Free() {
	r.Body = nil
	r.lease.free()
}

// NotModified says that the document is the one that the validators belong to.
func (r *Response) NotModified() bool { return r.Kind == news.KindUnchanged }

// getter is one Get under way.
type getter struct {
	c      *Client
	cancel context.CancelFunc // ends every request of it
	src    *news.Source
	known  news.Validators
	own    *url.URL // of src
	proxy  *url.URL // nil: none
	resp   Response
}

func (g *getter) get(ctx context.Context) *Error {
	var err error
	if g.own, err = url.Parse(g.src.URL); err != nil { // the error would repeat the URL
		return &Error{Kind: news.KindRedirect, Text: "the url of the source is not an address"}
	}
	if g.src.Proxy != "" {
		if g.proxy, err = parseProxy(g.src.Proxy); err != nil {
			return &Error{Kind: news.KindRefused, Text: err.Error()}
		}
		ctx = withProxy(ctx, g.proxy)
	}
	answer, conditional, e := g.follow(ctx)
	if e != nil {
		return e
	}
	defer answer.Body.Close()
	now := g.c.now()
	g.resp.Hints = headerHints(answer.Header, g.resp.URL, now)
	switch {
	case answer.StatusCode == http.StatusOK || answer.StatusCode == http.StatusNonAuthoritativeInfo:
		return g.document(ctx, answer)
	case answer.StatusCode == http.StatusNotModified && conditional:
		g.resp.Kind, g.resp.Complete = news.KindUnchanged, true
		g.resp.Validators = g.validators(answer.Header).orElse(g.known)
		return nil
	}
	g.resp.RetryAfter = retryAfter(answer.Header, now)
	return g.failure(answer)
}

// follow makes requests until an answer is no redirect. conditional says
// whether the last one carried validators.
func (g *getter) follow(ctx context.Context) (answer *http.Response, conditional bool, _ *Error) {
	u := clean(g.own)
	for {
		g.resp.URL = u.String()
		if e := g.c.permitted(u, g.own, g.exempt(u)); e != nil {
			return nil, false, g.onHop(e)
		}
		r := g.request(ctx, u)
		answer, err := g.transport(u).RoundTrip(r)
		if err != nil {
			return nil, false, g.onHop(g.explain(ctx, err, u))
		}
		g.resp.Status, g.resp.Header = answer.StatusCode, answer.Header
		conditional = r.Header["If-None-Match"] != nil || r.Header["If-Modified-Since"] != nil
		if !isRedirect(answer.StatusCode) {
			return answer, conditional, nil
		}
		drain(answer)
		next, e := g.next(u, answer)
		if e != nil {
			return nil, false, e
		}
		g.resp.Hops = append(g.resp.Hops, news.Hop{Status: answer.StatusCode, URL: next.String()})
		u = next
	}
}

// next is where the redirect leads.
func (g *getter) next(u *url.URL, answer *http.Response) (*url.URL, *Error) {
	location := answer.Header.Get("Location")
	if location == "" {
		return nil, redirectError("%s answered %d without saying where to go (no Location)", u.Hostname(), answer.StatusCode)
	}
	to, err := u.Parse(location)
	if err != nil { // the error would repeat the address
		return nil, redirectError("%s redirects to something that is not an address", u.Hostname())
	}
	if !isHTTP(to) {
		return nil, redirectError("%s redirects to an address that is not one of http or https", u.Hostname())
	}
	to = clean(to)
	if len(g.resp.Hops) == maxHops {
		return nil, redirectError("more than %d redirects, the last from %s to %s", maxHops, u.Hostname(), to.Hostname())
	}
	if text := to.String(); g.visited(text) {
		return nil, redirectError("the redirects go in a circle at %s; a site that wants a cookie does this", to.Hostname())
	}
	return to, nil
}

func (g *getter) visited(address string) bool {
	for _, hop := range g.resp.Hops {
		if hop.URL == address {
			return true
		}
	}
	return clean(g.own).String() == address
}

func redirectError(format string, args ...any) *Error {
	return &Error{Kind: news.KindRedirect, Text: fmt.Sprintf(format, args...)}
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// clean returns u without what is not sent: the fragment, and userinfo, which
// goes into a header for the source's own host only.
func clean(u *url.URL) *url.URL {
	c := *u
	c.Fragment, c.RawFragment, c.User = "", "", nil
	return &c
}

// onHop adds to the error of a redirected request where it came from, and to a
// refusal of the source's own place what would permit it.
func (g *getter) onHop(e *Error) *Error {
	switch {
	case len(g.resp.Hops) > 0:
		e.Text = "redirected by " + g.own.Hostname() + ": " + e.Text
	case e.Kind == news.KindPrivateAddress:
		e.Text += "; allow_private_network: true permits it for this source"
	}
	return e
}

// exempt says that u is the place that allow_private_network frees: the host
// and port of the source's own URL, not the targets of its redirects.
func (g *getter) exempt(u *url.URL) bool {
	return g.src.AllowPrivateNetwork && hostPort(u) == hostPort(g.own)
}

func (g *getter) transport(u *url.URL) http.RoundTripper {
	switch {
	case g.c.base != nil:
		return g.c.base
	case g.proxy != nil:
		return g.c.ways.proxied
	case g.exempt(u):
		return g.c.ways.open
	}
	return g.c.ways.guarded
}

// request is one hop. What is secret or can tell readers apart goes to the host
// it is for and to no other.
func (g *getter) request(ctx context.Context, u *url.URL) *http.Request {
	agent := g.src.UserAgent
	if agent == "" {
		agent = g.c.userAgent
	}
	h := http.Header{"Accept": {accept}, "Accept-Encoding": {"gzip, br"}, "User-Agent": {agent}}
	if authority(u) == authority(g.own) && (u.Scheme == g.own.Scheme || u.Scheme == "https") {
		g.ownHeaders(h)
	}
	if g.homeOfValidators() == authority(u) {
		if sendable(g.known.ETag) {
			h["If-None-Match"] = []string{g.known.ETag}
		}
		if sendable(g.known.LastModified) {
			h["If-Modified-Since"] = []string{g.known.LastModified}
		}
	}
	r := &http.Request{
		Method: http.MethodGet, URL: u, Host: u.Host, Header: h,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	return r.WithContext(ctx)
}

// ownHeaders adds what the editor configured, less what these requests never
// carry or decide themselves.
func (g *getter) ownHeaders(h http.Header) {
	for name, value := range g.src.Headers {
		switch name = http.CanonicalHeaderKey(name); name {
		case "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "If-Range",
			"Range", "A-Im", "Cookie", "Referer", "Accept-Encoding", "User-Agent", "Host",
			"Connection", "Content-Length", "Transfer-Encoding", "Te", "Trailer", "Upgrade":
		default:
			h[name] = []string{value}
		}
	}
	if user := g.own.User; user != nil && h["Authorization"] == nil {
		password, _ := user.Password()
		basic := http.Request{Header: h}
		basic.SetBasicAuth(user.Username(), password)
	}
}

func (g *getter) homeOfValidators() string {
	if g.known.Host != "" {
		return g.known.Host
	}
	return authority(g.own)
}

// maxDrain is read of a redirect's body so that its connection can serve again;
// a longer one costs less as a new connection.
const maxDrain = 4 << 10

func drain(answer *http.Response) {
	_, _ = io.CopyN(io.Discard, answer.Body, maxDrain) // an error ends the connection, which is all that is left to do
	_ = answer.Body.Close()
}

// host names who answered, for people.
func (g *getter) host() string {
	u, err := url.Parse(g.resp.URL)
	if err != nil {
		return "the server"
	}
	return strings.ToLower(u.Hostname())
}
