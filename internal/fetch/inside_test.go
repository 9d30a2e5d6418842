package fetch

import (
	"crypto/x509"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"khyber/internal/feedtest"
	"khyber/internal/news"
)

func TestGuardJudgesAddresses(t *testing.T) {
	g := newGuard()
	for _, public := range []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
		"169.253.255.255", "169.255.0.1", "172.15.255.255", "172.32.0.1", "192.167.255.255", "192.169.0.1", "198.17.255.255", "198.20.0.1",
		"223.255.255.254", "168.63.129.15", "168.63.129.17", "::ffff:8.8.8.8", "64:ff9b::808:808", "2606:4700::1111", "2a00:1450::1", "2001:200::1", "2003::1",
	} {
		if err := g.check(netip.MustParseAddr(public)); err != nil {
			t.Errorf("%s is refused: %v", public, err)
		}
	}
	for _, private := range []string{
		"0.0.0.0", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1", "169.254.169.254", "172.16.0.0", "172.31.255.255",
		"192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.0", "198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "255.255.255.255",
		"168.63.129.16", "::ffff:127.0.0.1", "::ffff:168.63.129.16", "64:ff9b::7f00:1", "64:ff9b::a83f:8110", "64:ff9b:1::1", "::", "::1", "::127.0.0.1",
		"2001::1", "2001:1ff::1", "2001:db8::1", "2002::1", "3fff::1", "fc00::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "1fff::1", "4000::1",
	} {
		if err := g.check(netip.MustParseAddr(private)); err == nil {
			t.Errorf("%s is allowed", private)
		}
	}
	for _, network := range []string{"tcp", "udp4", "unix", ""} {
		if err := g.control(network, "8.8.8.8:443", nil); err == nil {
			t.Errorf("network %q is allowed", network)
		}
	}
	if err := g.control("tcp4", "herald.example:443", nil); err == nil {
		t.Error("a name is allowed where an address must be")
	}
}

// connections counts what a server's requests came in over.
type connections struct {
	http.Handler
	mu   sync.Mutex
	seen map[string]int
}

func (c *connections) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.seen[r.RemoteAddr+" "+r.Proto]++
	c.mu.Unlock()
	c.Handler.ServeHTTP(w, r)
}

func (c *connections) list() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Keys(c.seen))
}

// trusting returns a Client that believes the certificate of a test's server.
func trusting(s *feedtest.Server) *Client {
	c := New(Options{UserAgent: "Khyber/test", Now: time.Now})
	open, ok := c.ways.open.(*http.Transport)
	if !ok {
		panic("the open way is not an http.Transport")
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	open.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	open.TLSClientConfig.RootCAs = roots
	return c
}

func TestHTTP2IsSpokenAndItsConnectionServesAgain(t *testing.T) {
	page := feedtest.Feed{Host: "herald.example", Items: 30}.Page()
	over := &connections{Handler: page, seen: make(map[string]int)}
	s := feedtest.ServeTLS(t, over)
	c := trusting(s)
	src := news.Source{URL: s.URL, AllowPrivateNetwork: true}
	var v news.Validators
	for i, want := range []news.Kind{news.KindOK, news.KindUnchanged, news.KindUnchanged} {
		r, err := c.Get(t.Context(), &src, v)
		if r.Kind != want {
			t.Fatalf("poll %d: got %v, want %s", i, err, want)
		}
		v = r.Validators
	}
	if got := over.list(); len(got) != 1 || !strings.HasSuffix(got[0], " HTTP/2.0") {
		t.Errorf("got connections %q, want one of HTTP/2", got)
	}
}

// TestConnectionsServeAgain polls what ends in different ways and counts the
// connections that were opened.
func TestConnectionsServeAgain(t *testing.T) {
	page := feedtest.Feed{Host: "herald.example", Items: 30}.Page()
	coded := func(coding string) http.Handler {
		p := page
		p.Codings = []string{coding}
		return p
	}
	for name, h := range map[string]http.Handler{
		"plain": page, "gzip": coded("gzip"), "br": coded("br"),
		"status": feedtest.Status(503), "redirect": feedtest.Chain(302, 3, page),
	} {
		t.Run(name, func(t *testing.T) {
			over := &connections{Handler: h, seen: make(map[string]int)}
			s := feedtest.Serve(t, over)
			c := New(Options{Now: time.Now})
			src := news.Source{URL: s.URL, AllowPrivateNetwork: true}
			for range 5 {
				_, _ = c.Get(t.Context(), &src, news.Validators{})
			}
			if got := over.list(); len(got) != 1 {
				t.Errorf("got connections %q, want one", got)
			}
		})
	}
}

func TestCertificatesAreChecked(t *testing.T) {
	s := feedtest.ServeTLS(t, feedtest.Status(200))
	plain := feedtest.Serve(t, feedtest.Status(200))
	u, _ := url.Parse(s.URL)
	for _, c := range []struct {
		name   string
		client *Client
		url    string
		want   string
	}{
		{"unknown authority", New(Options{Now: time.Now}), s.URL, "no secure connection to 127.0.0.1: its certificate is signed by an unknown authority"},
		{"another host", trusting(s), "https://localhost:" + u.Port(), "no secure connection to localhost: its certificate is for another host"},
		{"no TLS there", trusting(s), "https" + plain.URL[4:], "no secure connection to 127.0.0.1: it does not speak TLS there"},
	} {
		src := news.Source{URL: c.url, AllowPrivateNetwork: true}
		r, err := c.client.Get(t.Context(), &src, news.Validators{})
		if e, ok := err.(*Error); !ok || r.Kind != news.KindTLS || e.Text != c.want {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}
