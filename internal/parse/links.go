package parse

import (
	"net/http"
	"net/url"
	"strings"
)

// documentBase is what relative addresses refer to: the final URL, or what
// Content-Location makes of it (RFC 3986 §5.1).
func documentBase(finalURL string, header http.Header) *url.URL {
	base, err := url.Parse(finalURL)
	if err != nil {
		base = &url.URL{}
	}
	if location := header.Get("Content-Location"); location != "" {
		if u, err := base.Parse(location); err == nil {
			return u
		}
	}
	return base
}

// resolve makes an address absolute. One that is absolute already stays as its
// source wrote it; one that cannot be read stays, too.
func resolve(base *url.URL, address string) string {
	address = strings.TrimSpace(address)
	if hasScheme(address) {
		return address
	}
	u, err := base.Parse(strings.ReplaceAll(address, "\\", "/"))
	if err != nil {
		return address
	}
	return u.String()
}

// hasScheme says whether an address begins with a scheme (RFC 3986 §3.1). An
// http: without its slashes is a slip and relative.
func hasScheme(address string) bool {
	i := strings.IndexByte(address, ':')
	if i <= 0 {
		return false
	}
	for j, c := range []byte(address[:i]) {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
		case j > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return true
}

// webAddress returns the absolute http or https address that a link means, ""
// for any other: another scheme, user information, no host.
func webAddress(base *url.URL, address string) string {
	address = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.TrimSpace(address))
	if address == "" || len(address) > maxURLBytes {
		return ""
	}
	full := resolve(base, address)
	u, err := url.Parse(full)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(full, "<>\"") {
		return ""
	}
	if scheme := strings.ToLower(u.Scheme); scheme != "http" && scheme != "https" {
		return ""
	}
	return full
}

// anchorAddress is webAddress that lets mailto pass, for links within a text.
func anchorAddress(base *url.URL, address string) string {
	address = strings.TrimSpace(address)
	if len(address) > 7 && strings.EqualFold(address[:7], "mailto:") {
		if u, err := url.Parse(address); err == nil && strings.Contains(address, "@") && !strings.ContainsAny(address, "<>\"") {
			return u.String()
		}
		return ""
	}
	return webAddress(base, address)
}
