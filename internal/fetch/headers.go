package fetch

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"khyber/internal/news"
)

// Bounds of what a server may ask.
const (
	maxFresh      = 24 * time.Hour        // a hint above it counts as this much
	maxDelta      = 1 << 31 * time.Second // of max-age and Age before they are compared (RFC 9111 §1.2.2)
	maxRetryAfter = 7 * 24 * time.Hour    // a longer wait is a mistake, not a wish
	maxValidator  = 4 << 10               // bytes; a longer ETag is a mistake and would be kept for every source
)

// sendable says whether a validator can be sent back byte for byte. Nothing
// else may be made of it.
func sendable(v string) bool {
	return v != "" && len(v) <= maxValidator && httpguts.ValidHeaderFieldValue(v)
}

// pair is a news.Validators that is still to be completed.
type pair news.Validators

// validators are those of the answer, byte for byte.
func (g *getter) validators(h http.Header) pair {
	p := pair{ETag: h.Get("ETag"), LastModified: h.Get("Last-Modified")}
	if !sendable(p.ETag) {
		p.ETag = ""
	}
	if !sendable(p.LastModified) {
		p.LastModified = ""
	}
	if u, err := url.Parse(g.resp.URL); err == nil && authority(u) != authority(g.own) {
		p.Host = authority(u)
	}
	return p
}

// orElse fills in what a 304 left unsaid. RFC 9110 §15.4.5 wants the ETag in
// it; some servers leave it out, so ours stays.
func (p pair) orElse(known news.Validators) news.Validators {
	if p.ETag == "" {
		p.ETag = known.ETag
	}
	if p.LastModified == "" {
		p.LastModified = known.LastModified
	}
	p.Host = known.Host
	return news.Validators(p)
}

// retryAfter reads both forms of RFC 9110 §10.2.3: seconds, and a date, which
// is measured against the answer's own Date so that a wrong clock there does no
// harm. The wait is at most maxRetryAfter; one that is over is none.
func retryAfter(h http.Header, now time.Time) time.Time {
	value := strings.TrimSpace(h.Get("Retry-After"))
	wait, ok := seconds(value, maxRetryAfter)
	if !ok {
		at, err := parseDate(value)
		if err != nil {
			return time.Time{}
		}
		wait = min(at.Sub(sentAt(h, now)), maxRetryAfter)
	}
	if wait <= 0 {
		return time.Time{}
	}
	return now.Add(wait)
}

// seconds reads delta-seconds (RFC 9111 §1.2.2), at most bound.
func seconds(s string, bound time.Duration) (time.Duration, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || n > uint64(bound/time.Second) { // out of range is long, too
		return bound, true
	}
	return time.Duration(n) * time.Second, true
}

// parseDate reads the three forms of an HTTP-date (RFC 9110 §5.6.7) and the two
// that occur besides.
func parseDate(s string) (time.Time, error) {
	t, err := http.ParseTime(s)
	if err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.RFC1123Z, s); err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	return time.Time{}, err
}

func sentAt(h http.Header, now time.Time) time.Time {
	if t, err := parseDate(h.Get("Date")); err == nil {
		return t
	}
	return now
}

// headerHints reads how long the answer stays fresh (RFC 9111 §4.2), and the
// hub and the topic's own address of a Link header (WebSub §4).
func headerHints(h http.Header, base string, now time.Time) news.Hints {
	var hints news.Hints
	hints.Fresh, hints.Why = freshness(h, now)
	if links := h["Link"]; links != nil {
		hints.Hub = linked(links, "hub", base)
		hints.Self = linked(links, "self", base)
	}
	return hints
}

// freshness is the longer of max-age − Age and Expires − Date. A server that
// says no-cache, no-store or max-age=0 asks for nothing.
func freshness(h http.Header, now time.Time) (time.Duration, string) {
	control, ok := cacheControl(h["Cache-Control"])
	if !ok {
		return 0, ""
	}
	fresh, why := control, "max-age"
	if age, ok := seconds(strings.TrimSpace(h.Get("Age")), maxDelta); ok {
		fresh -= age
	}
	if expires, err := parseDate(h.Get("Expires")); err == nil {
		if left := expires.Sub(sentAt(h, now)); left > fresh {
			fresh, why = left, "Expires"
		}
	}
	if fresh <= 0 {
		return 0, ""
	}
	return min(fresh, maxFresh), why
}

// cacheControl returns max-age, 0 where none is given, and false when the
// answer is not to be held fresh at all.
func cacheControl(values []string) (time.Duration, bool) {
	var age time.Duration
	for _, value := range values {
		for value != "" {
			var directive string
			directive, value = cutUnquoted(value, ',')
			name, arg, _ := strings.Cut(directive, "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "no-cache", "no-store":
				return 0, false
			case "max-age":
				given, ok := seconds(strings.Trim(arg, ` "`), maxDelta)
				if ok && given == 0 {
					return 0, false
				}
				age = max(age, given)
			}
		}
	}
	return age, true
}

// linked returns the target of the first link of the relation (RFC 8288 §3),
// made absolute; empty: there is none over http or https.
func linked(values []string, relation, base string) string {
	for _, value := range values {
		for {
			_, rest, found := strings.Cut(value, "<")
			target, params, closed := strings.Cut(rest, ">")
			if !found || !closed {
				break
			}
			params, value = cutUnquoted(params, ',')
			if hasRelation(params, relation) {
				if u := absolute(base, target); u != "" {
					return u
				}
			}
		}
	}
	return ""
}

// cutUnquoted cuts s at the first sep outside quotes.
func cutUnquoted(s string, sep byte) (before, after string) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func hasRelation(params, relation string) bool {
	for params != "" {
		var param string
		param, params = cutUnquoted(params, ';')
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		for word := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(value), `"`)) {
			if strings.EqualFold(word, relation) {
				return true
			}
		}
	}
	return false
}

// absolute resolves ref; empty when it is not one of http or https.
func absolute(base, ref string) string {
	b, err := url.Parse(base)
	if err != nil {
		return ""
	}
	u, err := b.Parse(strings.TrimSpace(ref))
	if err != nil || !isHTTP(u) {
		return ""
	}
	return clean(u).String()
}
