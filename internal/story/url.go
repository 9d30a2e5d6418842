package story

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// Limits of canonical URLs.
const (
	maxUnwrap    = 3    // redirectors and archives around one address; more is a trap
	maxCanonical = 2000 // bytes; a longer URL is stored as its hash
	maxHost      = 253  // bytes, RFC 1035 §2.3.4
)

// Canonical returns the form of a link under which two links are compared, and
// false when the link names nothing: no http or https, no host, a home page, or
// a nest of redirectors. The scheme says nothing and is always https. The result
// is for comparison only; readers get the source's own link.
//
// Canonical(Canonical(u)) = Canonical(u). An unknown query parameter is never
// left out and a path never loses its case: both carry identity.
func Canonical(link string) (string, bool) {
	for range maxUnwrap + 1 {
		u, ok := splitURL(link)
		if !ok {
			return "", false
		}
		u.normalise()
		inner, wrapped := u.unwrap()
		if !wrapped {
			if u.path == "/" && u.query == "" && u.fragment == "" {
				return "", false
			}
			return u.String(), true
		}
		link = inner
	}
	return "", false
}

// WithoutTracking returns the link as its source wrote it, less the parameters
// that only say where a reader came from. It is what readers get.
func WithoutTracking(link string) string {
	before, after, found := strings.Cut(link, "?")
	if !found {
		return link
	}
	u, ok := splitURL(link)
	if !ok {
		return link
	}
	query, fragment, hasFragment := strings.Cut(after, "#")
	kept := make([]string, 0, 8)
	for p := range strings.SplitSeq(query, "&") {
		if !tracks(u.host, p) {
			kept = append(kept, p)
		}
	}
	if len(kept) > 0 {
		before += "?" + strings.Join(kept, "&")
	}
	if hasFragment {
		before += "#" + fragment
	}
	return before
}

// address is a URL in its parts, without scheme and userinfo.
type address struct {
	host, port, path, query, fragment string
}

// splitURL takes a URL apart as browsers do, so that a stray % or space, which
// net/url refuses, does not cost an item its identity.
func splitURL(link string) (address, bool) {
	scheme, rest, ok := strings.Cut(strings.TrimSpace(link), "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return address{}, false
	}
	var u address
	rest, u.fragment, _ = strings.Cut(rest, "#")
	rest, u.query, _ = strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(rest, "/")
	u.path = "/" + path
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	u.host = authority
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		u.host, u.port = authority[:i], authority[i+1:]
	}
	u.port = strings.TrimLeft(u.port, "0")
	if strings.Trim(u.port, "0123456789") != "" || len(u.port) > len("65535") {
		return address{}, false
	}
	u.host, ok = plainHost(u.host)
	return u, ok
}

// hostNames maps host names as browsers do before a look-up (UTS 46).
var hostNames = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// plainHost returns the host in ASCII and lower case, without www. and the
// prefixes that the table names for its domain.
func plainHost(host string) (string, bool) {
	host = strings.ToLower(host)
	if strings.ContainsFunc(host, func(r rune) bool { return r > 127 }) {
		ascii, err := hostNames.ToASCII(host)
		if err != nil {
			return "", false
		}
		host = strings.ToLower(ascii)
	}
	for {
		host = strings.Trim(host, ".")
		short := withoutPrefix(host)
		if short == host {
			break
		}
		host = short
	}
	name := host
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") { // an IPv6 address
		name = strings.ReplaceAll(host[1:len(host)-1], ":", "")
	}
	return host, name != "" && len(host) <= maxHost && strings.Trim(name, hostLetters) == ""
}

const hostLetters = "abcdefghijklmnopqrstuvwxyz0123456789-._"

// withoutPrefix cuts one prefix that changes nothing but the layout.
func withoutPrefix(host string) string {
	if rest, ok := strings.CutPrefix(host, "www."); ok && strings.Contains(rest, ".") {
		return rest
	}
	for domain := range parents(host) {
		for _, prefix := range urls().hosts[domain] {
			if rest, ok := strings.CutPrefix(host, prefix); ok && (rest == domain || strings.HasSuffix(rest, "."+domain)) {
				return rest
			}
		}
	}
	return host
}

// parents yields the host and each domain above it.
func parents(host string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for yield(host) {
			_, rest, ok := strings.Cut(host, ".")
			if !ok {
				return
			}
			host = rest
		}
	}
}

// normalise brings the parts into the one form in which they are compared.
func (u *address) normalise() {
	if u.port == "80" || u.port == "443" {
		u.port = ""
	}
	u.path = plainPath(escape(u.path))
	params := make([]string, 0, 8)
	for p := range strings.SplitSeq(u.query, "&") {
		if p = escape(p); p != "" && !tracks(u.host, p) {
			params = append(params, p)
		}
	}
	slices.SortFunc(params, compareParams)
	u.query = strings.Join(params, "&")
	if !strings.HasPrefix(u.fragment, "!") { // "#!" names a page of a script-driven site
		u.fragment = ""
	}
	u.fragment = escape(u.fragment)
}

// compareParams orders parameters by name, then value.
func compareParams(a, b string) int {
	an, av, _ := strings.Cut(a, "=")
	bn, bv, _ := strings.Cut(b, "=")
	if c := strings.Compare(an, bn); c != 0 {
		return c
	}
	return strings.Compare(av+a, bv+b)
}

// tracks says whether a query parameter, name=value, carries no identity.
func tracks(host, param string) bool {
	name, value, _ := strings.Cut(param, "=")
	name = strings.ToLower(escape(name))
	if name == "outputtype" && strings.EqualFold(value, "amp") || urls().track.has(name) {
		return true
	}
	for domain := range parents(host) {
		if urls().drop[domain].has(name) {
			return true
		}
	}
	return false
}

// plainPath resolves dot segments (RFC 3986 §5.2.4) and cuts slashes and the
// names of AMP pages off the end.
func plainPath(path string) string {
	out := make([]string, 0, 16)
	for seg := range strings.SplitSeq(path[1:], "/") {
		switch {
		case seg == ".":
		case seg != "..":
			out = append(out, seg)
		case len(out) > 0:
			out = out[:len(out)-1]
		}
	}
	path = "/" + strings.Join(out, "/")
	for {
		short := strings.TrimRight(path, "/")
		short = strings.TrimSuffix(strings.TrimSuffix(short, "/amp"), "/amp.html")
		if short == path {
			return path
		}
		if short == "" {
			return "/"
		}
		path = short
	}
}

const upperHex = "0123456789ABCDEF"

// escape decodes the escapes of unreserved bytes, writes all others in upper
// case and escapes what may not stand in a URL (RFC 3986 §2.3, §6.2.2).
func escape(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r == '%' || !plain(r) }) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				d := byte(hi<<4 | lo)
				i += 2
				if unreserved(d) {
					b.WriteByte(d)
				} else {
					b.Write([]byte{'%', upperHex[d>>4], upperHex[d&15]})
				}
				continue
			}
		}
		if c == '%' || !plain(rune(c)) || c > 127 {
			b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// plain says whether a character may stand in a URL as it is.
func plain(r rune) bool { return r > ' ' && r < 127 && !strings.ContainsRune("\"<>\\^`{|}", r) }

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// String returns the canonical URL, or one that holds its hash when it is too
// long to be a key.
func (u *address) String() string {
	var b strings.Builder
	b.WriteString("https://" + u.host)
	if u.port != "" {
		b.WriteString(":" + u.port)
	}
	base := b.String()
	b.WriteString(u.path)
	if u.query != "" {
		b.WriteString("?" + u.query)
	}
	if u.fragment != "" {
		b.WriteString("#" + u.fragment)
	}
	if b.Len() > maxCanonical {
		sum := sha256.Sum256([]byte(b.String()))
		return base + "/~" + hex.EncodeToString(sum[:])
	}
	return b.String()
}

// unwrap returns the address that a redirector, an archive or an AMP cache
// carries, and false for any other page.
func (u *address) unwrap() (string, bool) {
	rest := u.path
	if u.query != "" {
		rest += "?" + u.query
	}
	switch {
	case strings.HasSuffix("."+u.host, ".cdn.ampproject.org"), isGoogle(u.host) && strings.HasPrefix(rest, "/amp/"):
		return ampTarget(rest)
	case u.archives(rest):
		_, rest, _ = strings.Cut(rest[1:], "/") // "web" or "o"
		_, rest, ok := strings.Cut(rest, "/")   // the time or the id
		return rest, ok && isWeb(rest)
	}
	for _, r := range urls().redirects {
		if (u.host == r.host || r.host == "google.*" && isGoogle(u.host)) && strings.HasPrefix(u.path, r.path) {
			return parameter(u.query, r.names)
		}
	}
	return "", false
}

// archives says whether a path of an archive holds a page's address.
func (u *address) archives(path string) bool {
	return u.host == "web.archive.org" && strings.HasPrefix(path, "/web/") || urls().archive[u.host] && strings.HasPrefix(path, "/o/")
}

// ampTarget reads the paths of AMP caches: /c for pages, then /s for https.
func ampTarget(path string) (string, bool) {
	path = strings.TrimPrefix(path, "/amp")
	for _, mark := range []string{"/c/", "/v/", "/s/"} {
		if rest, ok := strings.CutPrefix(path, mark); ok {
			path = "/" + rest
		}
	}
	target := "https:/" + path
	u, ok := splitURL(target)
	return target, ok && strings.Contains(u.host, ".")
}

// parameter returns the first of the named parameters that holds an address.
func parameter(query string, names []string) (string, bool) {
	for _, name := range names {
		for p := range strings.SplitSeq(query, "&") {
			if v, ok := strings.CutPrefix(p, name+"="); ok {
				if v = unescape(v); isWeb(v) {
					return v, true
				}
			}
		}
	}
	return "", false
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
			b.WriteByte(byte(unhex(s[i+1])<<4 | unhex(s[i+2])))
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func isWeb(link string) bool {
	_, ok := splitURL(link)
	return ok
}

// isGoogle says whether a host is Google's search in some country. The host
// news.google.com is not.
func isGoogle(host string) bool {
	rest, ok := strings.CutPrefix(host, "google.")
	return ok && len(rest) <= len("com.xx")
}
