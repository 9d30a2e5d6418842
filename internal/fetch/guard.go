package fetch

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// refusal is the guard's error: an address that no request may reach.
type refusal struct {
	address string
	why     string
}

func (r *refusal) Error() string { return fmt.Sprintf("%s is %s", r.address, r.why) }

// guard judges addresses. Ports are judged by the URL, in allowedPort.
type guard struct {
	rules *ssrf.Guardian
}

// nat64 is the well-known prefix of RFC 6052 §2.1: a host with IPv6 only
// reaches every IPv4 address through it, private ones included.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// hosting is the address at which a large cloud answers its own machines: not
// in any registry of special addresses, and as private as the others.
var hosting = netip.MustParsePrefix("168.63.129.16/32")

func newGuard() guard {
	return guard{rules: ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(hosting))}
}

// control is a [net.Dialer]'s Control: it sees the address that is about to be
// connected to, after the look-up, so a name that changes its mind changes nothing.
func (g guard) control(network, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || (network != "tcp4" && network != "tcp6") {
		return &refusal{address: address, why: "no internet address"}
	}
	return g.check(ap.Addr())
}

// check refuses every address that is not one of the public internet.
func (g guard) check(ip netip.Addr) error {
	judged := ip.WithZone("").Unmap()
	if nat64.Contains(judged) {
		b := judged.As16()
		judged = netip.AddrFrom4([4]byte(b[12:]))
	}
	if err := g.rules.SafeAddr(judged); err != nil {
		return &refusal{address: ip.String(), why: "a private or reserved address"}
	}
	return nil
}

// checkHost refuses hosts that name a private address without a look-up. The
// dialer would refuse them as well; a proxy might not.
func (g guard) checkHost(host string) error {
	if ip, err := netip.ParseAddr(host); err == nil {
		return g.check(ip)
	}
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return &refusal{address: host, why: "this machine"}
	}
	// 2130706433, 0x7f.1 and 127.1 are addresses to some resolvers; no public
	// name ends in a number.
	last := name[strings.LastIndexByte(name, '.')+1:]
	if _, err := strconv.ParseUint(last, 0, 64); err == nil || last == "" {
		return &refusal{address: host, why: "not a host name"}
	}
	return nil
}

// allowedPort says whether a request to u may be made for a source whose URL is
// own; own is nil for hub callbacks and webhooks.
func allowedPort(u, own *url.URL) bool {
	port := portOf(u)
	switch port {
	case "80", "443", "8080", "8443":
		return true
	}
	return own != nil && port == portOf(own)
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// hostPort returns the address that u's connection is dialled to.
func hostPort(u *url.URL) string { return strings.ToLower(u.Hostname()) + ":" + portOf(u) }

// authority names whose u is: the host, with the port where it is not the
// scheme's own, so that http and https of one host are one.
func authority(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	port := u.Port()
	if port == "" || port == "80" && u.Scheme == "http" || port == "443" && u.Scheme == "https" {
		return host
	}
	return host + ":" + port
}

func refused(err error) (*refusal, bool) { return errors.AsType[*refusal](err) }
