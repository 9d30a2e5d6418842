package fetch_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"khyber/internal/feedtest"
	"khyber/internal/fetch"
	"khyber/internal/news"
)

// privateHosts are ways to write an address that no request may reach.
var privateHosts = []string{
	// Loopback, as numbers and names.
	"127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.255.254", "localhost", "LOCALHOST", "localhost.", "a.localhost", "A.LocalHost.",
	"127.1", "127.0.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0177.0.0.1", "127.0.0.1.", "127.000.000.001", "0x7f.0.0.0x1",
	// This network, private, shared, link-local.
	"0.0.0.0", "0.0.0.1", "0", "0x0", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "169.254.169.254",
	"169.254.0.1", "2852039166", "0xa9fea9fe", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255",
	// Set aside for special purposes; hosting.
	"192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
	"224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16",
	// IPv6, and IPv4 in it.
	"[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:0:127.0.0.1]",
	"[0:0:0:0:0:ffff:a9fe:a9fe]", "[::ffff:10.0.0.1]", "[::ffff:168.63.129.16]", "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]",
	"[64:ff9b::a00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2001::1]", "[2001:0:7f00:1::]", "[2001:db8::1]",
	"[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fe80::1%25lo]", "[fec0::1]", "[ff02::1]", "[3fff::1]", "[100::1]", "[5f00::1]", "[4000::1]",
}

// trap is a server on the loopback that must not be reached.
func trap(t *testing.T) *feedtest.Server {
	t.Helper()
	return feedtest.Serve(t, herald.Page())
}

func untouched(t *testing.T, s *feedtest.Server) {
	t.Helper()
	for _, r := range s.Requests() {
		t.Errorf("%s was reached", r.URL)
	}
}

func port(t *testing.T, s *feedtest.Server) string {
	t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

func wantPrivate(t *testing.T, what string, err error) {
	t.Helper()
	if e, ok := errors.AsType[*fetch.Error](err); !ok || e.Kind != news.KindPrivateAddress {
		t.Errorf("%s: got %v, want private-address", what, err)
	}
}

func TestF23NoPrivateAddressIsReachedDirectly(t *testing.T) {
	if len(privateHosts) < 60 {
		t.Fatalf("%d address forms, want at least 60", len(privateHosts))
	}
	s := trap(t)
	client := fetch.New(fetch.Options{Now: time.Now})
	for _, host := range privateHosts {
		for _, port := range []string{"", ":80", ":443", ":8080", ":" + port(t, s)} {
			src := news.Source{URL: "http://" + host + port + "/feed"}
			_, err := client.Get(t.Context(), &src, news.Validators{})
			wantPrivate(t, src.URL, err)
		}
	}
	untouched(t, s)
}

func TestF23NoPrivateAddressIsReachedByRedirect(t *testing.T) {
	s := trap(t)
	client := fetch.New(fetch.Options{Now: time.Now})
	for _, host := range privateHosts {
		location := "http://" + host + ":" + port(t, s) + "/"
		first := feedtest.Serve(t, feedtest.Redirect(302, location))
		// The source may be private itself; where it leads may not.
		src := news.Source{URL: first.URL + "/feed", AllowPrivateNetwork: true}
		_, err := client.Get(t.Context(), &src, news.Validators{})
		wantPrivate(t, location, err)
		src.Headers = map[string]string{"X-Key": "open"}
		first.Close()
	}
	untouched(t, s)
}

func TestF23NoPrivateAddressIsReachedByCallback(t *testing.T) {
	s := trap(t)
	way := fetch.New(fetch.Options{Now: time.Now}).Transport()
	for _, host := range privateHosts {
		for _, port := range []string{"", ":" + port(t, s)} {
			body := io.NopCloser(strings.NewReader("x"))
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+host+port+"/", body)
			if err != nil {
				t.Fatal(err)
			}
			_, err = way.RoundTrip(r)
			wantPrivate(t, r.URL.String(), err)
		}
	}
	untouched(t, s)
}

func TestF23TheEnvironmentsProxyIsNotAsked(t *testing.T) {
	proxy := trap(t)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	t.Setenv("NO_PROXY", "")
	client := fetch.New(fetch.Options{Now: time.Now, Resolver: answering(nil)})
	for _, host := range append(privateHosts, "herald.example") {
		for _, scheme := range []string{"http://", "https://"} {
			src := news.Source{URL: scheme + host + "/feed"}
			if _, err := client.Get(t.Context(), &src, news.Validators{}); err == nil {
				t.Errorf("%s answered", src.URL)
			}
		}
	}
	untouched(t, proxy)
}

func TestF23AProxyIsNotAskedForPrivateAddresses(t *testing.T) {
	proxy := trap(t)
	client := fetch.New(fetch.Options{Now: time.Now})
	for _, host := range privateHosts {
		src := news.Source{URL: "http://" + host + "/feed", Proxy: proxy.URL}
		_, err := client.Get(t.Context(), &src, news.Validators{})
		wantPrivate(t, src.URL, err)
	}
	untouched(t, proxy)
}

// answering is a resolver that gives the addresses step by step, the last ones
// for good; nil: no name exists.
func answering(steps [][]netip.Addr) *net.Resolver {
	var mu sync.Mutex
	asked := 0
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go func() {
			defer there.Close()
			query, err := readDNS(there)
			if err != nil {
				return
			}
			mu.Lock()
			var addrs []netip.Addr
			if len(steps) > 0 {
				addrs = steps[min(asked/2, len(steps)-1)] // A and AAAA are asked for each time
			}
			asked++
			mu.Unlock()
			_ = writeDNS(there, query, addrs) // the resolver times out without
		}()
		return here, nil
	}}
}

func readDNS(c net.Conn) (dnsmessage.Message, error) {
	var m dnsmessage.Message
	var size [2]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return m, err
	}
	b := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(c, b); err != nil {
		return m, err
	}
	return m, m.Unpack(b)
}

func writeDNS(c net.Conn, m dnsmessage.Message, addrs []netip.Addr) error {
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	q := m.Questions[0]
	if len(addrs) == 0 {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, a := range addrs {
		var body dnsmessage.ResourceBody
		switch {
		case a.Is4() && q.Type == dnsmessage.TypeA:
			body = &dnsmessage.AResource{A: a.As4()}
		case a.Is6() && q.Type == dnsmessage.TypeAAAA:
			body = &dnsmessage.AAAAResource{AAAA: a.As16()}
		default:
			continue
		}
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: body})
	}
	b, err := m.Pack()
	if err != nil {
		return err
	}
	_, err = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...))
	return err
}

func TestF23NoPrivateAddressIsReachedByName(t *testing.T) {
	s := trap(t)
	tried := 0
	for _, host := range privateHosts {
		addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
		if err != nil || addr.Zone() != "" {
			continue // no name server can say it
		}
		tried++
		client := fetch.New(fetch.Options{Now: time.Now, Resolver: answering([][]netip.Addr{{addr}})})
		src := news.Source{URL: "http://herald.example:" + port(t, s) + "/feed"}
		_, err = client.Get(t.Context(), &src, news.Validators{})
		wantPrivate(t, "herald.example at "+addr.String(), err)
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://herald.example/", http.NoBody)
		_, err = client.Transport().RoundTrip(r)
		wantPrivate(t, "a callback to a name at "+addr.String(), err)
	}
	if tried < 50 {
		t.Errorf("%d addresses tried, want at least 50", tried)
	}
	untouched(t, s)
}

// TestF23ANameThatMovesToAPrivateAddressIsRefused plays a name server that
// gives loopback only after the name was looked up before.
func TestF23ANameThatMovesToAPrivateAddressIsRefused(t *testing.T) {
	s := trap(t)
	loopback := netip.MustParseAddr("127.0.0.1")
	client := fetch.New(fetch.Options{Now: time.Now, Resolver: answering([][]netip.Addr{nil, {loopback}})})
	src := news.Source{URL: "http://herald.example:" + port(t, s) + "/feed"}
	for i, want := range []news.Kind{news.KindDNS, news.KindPrivateAddress, news.KindPrivateAddress} {
		r, err := client.Get(t.Context(), &src, news.Validators{})
		if r.Kind != want {
			t.Errorf("poll %d: got %v, want %s", i, err, want)
		}
	}
	untouched(t, s)
}

func TestF23AConnectionThatWasAllowedServesNoOtherSource(t *testing.T) {
	s := trap(t)
	client := fetch.New(fetch.Options{Now: time.Now, Resolver: answering([][]netip.Addr{{netip.MustParseAddr("127.0.0.1")}})})
	address := "http://herald.example:" + port(t, s) + "/feed"
	allowed := news.Source{URL: address, AllowPrivateNetwork: true}
	if _, err := client.Get(t.Context(), &allowed, news.Validators{}); err != nil {
		t.Fatal(err)
	}
	guarded := news.Source{URL: address}
	_, err := client.Get(t.Context(), &guarded, news.Validators{})
	wantPrivate(t, "the same address without permission", err)
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.Replace(address, port(t, s), "8080", 1), http.NoBody)
	if _, err := client.Transport().RoundTrip(r); err == nil {
		t.Error("a callback used the connection")
	}
	if got := len(s.Requests()); got != 1 {
		t.Errorf("got %d requests, want the allowed one", got)
	}
}

func TestF23PermissionIsForHostAndPortOfTheURL(t *testing.T) {
	other := trap(t)
	client := fetch.New(fetch.Options{Now: time.Now})
	for _, location := range []string{
		"http://127.0.0.1:" + port(t, other) + "/", // another port
		"http://localhost:" + port(t, other) + "/",
		"http://[::ffff:127.0.0.1]:" + port(t, other) + "/",
	} {
		first := feedtest.Serve(t, feedtest.Redirect(301, location))
		src := news.Source{URL: first.URL, AllowPrivateNetwork: true}
		_, err := client.Get(t.Context(), &src, news.Validators{})
		wantPrivate(t, location, err)
	}
	untouched(t, other)
}

func TestPortsThatAreNotForDocuments(t *testing.T) {
	web := feedtest.NewNetwork()
	for _, host := range []string{"herald.example", "herald.example:2000", "herald.example:8443", "herald.example:22"} {
		web.Handle(host, herald.Page())
	}
	for _, c := range []struct {
		own, to string
		want    news.Kind
	}{
		{"http://herald.example:2000/feed", "", news.KindOK},
		{"http://herald.example:22/feed", "", news.KindOK}, // the editor wrote it
		{"https://start.example/feed", "https://herald.example:8443/", news.KindOK},
		{"https://start.example/feed", "http://herald.example:22/", news.KindPrivateAddress},
		{"https://start.example/feed", "http://herald.example:2000/", news.KindPrivateAddress},
		{"https://start.example:2000/feed", "http://herald.example:2000/", news.KindOK},
	} {
		if c.to != "" {
			u, _ := url.Parse(c.own)
			web.Handle(u.Host, feedtest.Redirect(302, c.to))
		}
		src := news.Source{URL: c.own}
		if r, err := newClient(web).Get(t.Context(), &src, news.Validators{}); r.Kind != c.want {
			t.Errorf("%s to %q: got %v, want %s", c.own, c.to, err, c.want)
		}
	}
}

func TestProxyIsPerSource(t *testing.T) {
	proxy := feedtest.Serve(t, herald.Page())
	client := fetch.New(fetch.Options{Now: time.Now, Resolver: answering(nil)})
	through := news.Source{URL: "http://herald.example/feed", Proxy: proxy.URL}
	if r, err := client.Get(t.Context(), &through, news.Validators{}); err != nil || r.Kind != news.KindOK {
		t.Errorf("got %s, %v", r.Kind, err)
	}
	direct := news.Source{URL: "http://herald.example/feed"}
	if r, _ := client.Get(t.Context(), &direct, news.Validators{}); r.Kind != news.KindDNS {
		t.Errorf("without proxy: got %s, want dns", r.Kind)
	}
	if log := proxy.Requests(); len(log) != 1 || !strings.HasPrefix(log[0].URL, "http://herald.example") {
		t.Errorf("the proxy got %v", log)
	}
	for _, bad := range []string{"herald.example:3128", "ftp://user:sesame@proxy.example/", "http://%zzsesame/", "://"} {
		src := news.Source{URL: "http://herald.example/feed", Proxy: bad}
		_, err := client.Get(t.Context(), &src, news.Validators{})
		if err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("proxy %q: got %v", bad, err)
		}
	}
}
