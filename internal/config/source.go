package config

import (
	"cmp"
	"net/netip"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"khyber/internal/news"
	"khyber/internal/text"
)

// Bounds of the keys of a source; guides to intake say why.
const (
	minEvery        = time.Minute       // below it a poller is a load, unless the server is one's own
	minPrivateEvery = time.Second       // the tick of the poller is coarser than less
	maxEvery        = 31 * day          // a next poll further away is taken for a jump of the clock
	minTimeout      = time.Second       // a handshake alone can take that long
	maxTimeout      = 120 * time.Second // a server that drips holds a slot for so long
	minHostGap      = time.Second       // an answer takes about as long
	maxHostGap      = time.Hour         // above it a domain with some sources is never through
	minMaxBytes     = 1 << 10           // bytes; no document is smaller
	maxMaxBytes     = 64 << 20          // bytes; what one hostile document may cost in memory
	maxID           = 64                // bytes; ids are in URLs and metrics
	maxHeader       = 4 << 10           // bytes of a header's value; servers refuse 8 KiB in all
)

// Defaults of adaptive polling.
const (
	defaultMinEvery = 5 * time.Minute
	defaultMaxEvery = time.Hour
)

// draft is a source that is being read.
type draft struct {
	src     news.Source
	written news.Source // the texts of src as they stand in the file, variables not expanded
	at      map[string]news.Position
	own     news.Node // what the source says itself
	unset   bool      // a variable that it needs has no value
}

// sourceKeys are the keys of a source in the order in which they are explained.
func sourceKeys() []key[draft] {
	return []key[draft]{
		{
			name: "id", sample: "example-times", form: idForm, own: true, read: readID,
			doc: "Names the source for good: it is in URLs, logs and metrics, and what is known of the source belongs to it. Letters a-z, digits and -, at most 64.",
		},
		{
			name: "name", sample: "The Example Times", form: textForm, own: true, read: readName,
			doc: "What readers see. Without it the id is shown.",
		},
		{
			name: "url", sample: "https://news.example.org/rss.xml", form: addressForm, own: true, read: readURL,
			doc: "The address of the RSS, Atom or JSON Feed document. ${NAME} takes a value from the environment; such an address is shown to nobody.",
		},
		{
			name: "publisher", sample: "example.org", form: publisherForm, read: readPublisher,
			doc: "Who is behind the source. Several sources can share one; who carried a report is counted by it. Without it the registrable domain of url.",
		},
		{
			name: "lang", sample: "en", form: languageForm, read: func(d *draft, v value) { d.src.Lang = v.language() },
			doc: "The language, ISO 639-1 (Dari is fa). Without it the language of each item is detected.",
		},
		{
			name: "country", sample: "PK", form: countryForm, read: func(d *draft, v value) { d.src.Country = v.country() },
			doc: "The country, ISO 3166-1, or EU, UN, XK.",
		},
		{
			name: "kind", sample: "newspaper", form: wordsForm(sourceTypes()...), read: func(d *draft, v value) { d.src.Type = news.SourceType(v.oneOf(sourceTypes())) },
			doc: "What kind of outlet it is: " + strings.Join(sourceTypes(), ", ") + ".",
		},
		{
			name: "allow_private_network", off: true, sample: "true", form: flagForm, read: func(d *draft, v value) { d.src.AllowPrivateNetwork = v.flag() },
			doc: "The host of url may be in a private network.",
		},
		{
			name: "every", off: true, sample: "10m", form: durationForm, read: func(d *draft, v value) { d.every(&d.src.Timing.Every, v) },
			doc: "Poll in this interval. Without every and schedule the interval adapts itself to the source, between min_every and max_every.",
		},
		{
			name: "schedule", off: true, sample: `"*/20 6-23 * * *"`, form: textForm, read: func(d *draft, v value) { d.src.Timing.Schedule, _ = v.word(); d.note(v) },
			doc: "Poll at these times: minute, hour, day of the month, month, day of the week, in timezone.",
		},
		{
			name: "timezone", sample: "Asia/Karachi", form: textForm, read: readTimezone,
			doc: "The zone of dates that name none, and of schedule.",
		},
		{
			name: "min_every", off: true, sample: "5m", form: durationForm, read: func(d *draft, v value) { d.every(&d.src.Timing.MinEvery, v) },
			doc: "The shortest interval that adapts itself; 5m without it.",
		},
		{
			name: "max_every", off: true, sample: "1h", form: durationForm, read: func(d *draft, v value) { d.every(&d.src.Timing.MaxEvery, v) },
			doc: "The longest interval that adapts itself; 1h without it.",
		},
		{
			name: "ignore_hints", off: true, sample: "true", form: flagForm, read: func(d *draft, v value) { d.src.Timing.IgnoreHints = v.flag() },
			doc: "Poll more often than the document's own ttl, skipHours and the like ask for. Retry-After is heeded all the same.",
		},
		{
			name: "user_agent", off: true, sample: "Example-Reader/1.0", form: textForm, read: readUserAgent,
			doc: "Sent in place of Khyber's own User-Agent.",
		},
		{
			name: "headers", off: true, sample: `{Authorization: "Bearer ${EXAMPLE_TOKEN}"}`, form: headersForm, read: readHeaders,
			doc: "Further headers of the request, sent to the host of url only.",
		},
		{
			name: "proxy", off: true, sample: "socks5://127.0.0.1:1080", form: proxyForm, read: readProxy,
			doc: "The URL of a proxy, http, https or socks5. It resolves the names, so only literal addresses can be checked. HTTP_PROXY of the environment is never used.",
		},
		{
			name: "max_bytes", off: true, sample: "16MiB", form: bytesForm, read: func(d *draft, v value) { d.src.MaxBytes = v.size(minMaxBytes, maxMaxBytes) },
			doc: "The largest document that is read, 1KiB to 64MiB; 8MiB without it.",
		},
		{
			name: "timeout", off: true, sample: "60s", form: durationForm, read: func(d *draft, v value) { d.src.Timeout = v.span(minTimeout, maxTimeout) },
			doc: "How long a whole poll may take, 1s to 2m; 30s without it.",
		},
		{
			name: "host_gap", off: true, sample: "1m", form: durationForm, read: func(d *draft, v value) { d.src.HostGap = v.span(minHostGap, maxHostGap) },
			doc: "The pause between two requests to the domain of url; 5s without it. The longest among the domain's sources counts.",
		},
		{
			name: "disabled", off: true, sample: "true", form: flagForm, read: func(d *draft, v value) { d.src.Disabled = v.flag() },
			doc: "Not polled. What it published stays.",
		},
	}
}

// defaultKeys are those that defaults can give to every source.
func defaultKeys() []key[draft] {
	return slices.DeleteFunc(sourceKeys(), func(k key[draft]) bool { return k.own })
}

func sourceTypes() []string {
	var out []string
	for _, t := range news.SourceTypes() {
		out = append(out, string(t))
	}
	return out
}

func (d *draft) note(v value) { d.at[v.key] = v.node.Position }

func (v value) language() string {
	return v.code(languageCodes, "a language of ISO 639-1", "en", strings.ToLower)
}

func (v value) country() string {
	return v.code(countryCodes, "a country of ISO 3166-1", "PK", strings.ToUpper)
}

var idPattern = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

func readID(d *draft, v value) {
	s, ok := v.word()
	if ok && !idPattern.MatchString(s) {
		fix := "at most 64 letters a-z, digits and -"
		if slug := Slug(s); slug != "" {
			fix = "write " + slug
		}
		v.bad(fix, "%q is no id", s)
	}
	d.src.ID = s
	d.note(v)
}

// Slug makes the nearest id of a text, letters without their marks; empty where it
// holds no letter a-z and no digit.
func Slug(s string) string {
	words := strings.FieldsFunc(text.Fold(s), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9')
	})
	slug := strings.Join(words, "-")
	return strings.Trim(slug[:min(len(slug), maxID)], "-")
}

func readName(d *draft, v value) { d.src.Name, _ = v.word() }

func readURL(d *draft, v value) {
	d.note(v)
	s, hidden, ok := v.text()
	d.written.URL, d.src.URL = v.node.Value, s
	if !ok {
		d.unset = true
		return
	}
	u := v.address(s, "http", "https")
	if u == nil {
		return
	}
	d.src.Domain = Domain(s)
	password, _ := u.User.Password()
	d.src.Private = hidden || u.User != nil
	v.secret(password)
}

var publisherPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,63}$`)

func readPublisher(d *draft, v value) {
	s, ok := v.word()
	if ok && !publisherPattern.MatchString(s) {
		fix := "use letters a-z, digits, . and -"
		if slug := Slug(s); slug != "" {
			fix = "write " + slug
		}
		v.bad(fix, "%q is no id of a publisher", s)
	}
	d.src.Publisher = s
}

// every reads one of the intervals; finish checks them against each other.
func (d *draft) every(to *time.Duration, v value) {
	least := minEvery
	if d.src.AllowPrivateNetwork {
		least = minPrivateEvery
	}
	*to = v.span(least, maxEvery)
	d.note(v)
}

func readTimezone(d *draft, v value) {
	s, ok := v.word()
	if !ok {
		return
	}
	zone, err := time.LoadLocation(s)
	if err != nil || s == "Local" {
		v.bad("write a name of the IANA time zone database, like Asia/Karachi", "%q is not a time zone", s)
		return
	}
	d.src.Timezone = zone
}

func readUserAgent(d *draft, v value) {
	s, ok := d.header(v)
	if ok {
		d.src.UserAgent, d.written.UserAgent = s, v.node.Value
	}
}

// header returns the value of a header (RFC 9110 §5.5, ASCII only).
func (d *draft) header(v value) (string, bool) {
	s, _, ok := v.text()
	if !ok {
		d.unset = true
		return "", false
	}
	switch {
	case strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c > '~' }):
		v.bad("use ASCII characters on one line", "a header cannot hold this text")
	case len(s) > maxHeader:
		v.bad("", "a header can have %d bytes", maxHeader)
	default:
		return s, true
	}
	return "", false
}

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$") // token, RFC 9110 §5.6.2

// ownHeaders are those that Khyber sets itself, or never sends, with what to
// write instead: they would break conditional requests, decoding, connections or
// the promise of being no browser. fetch leaves them out.
var ownHeaders = map[string]string{
	"User-Agent":          "use user_agent:",
	"Host":                "write the host in url:",
	"Accept-Encoding":     "remove it: gzip and br are asked for",
	"If-Match":            validatorsSent,
	"If-Modified-Since":   validatorsSent,
	"If-None-Match":       validatorsSent,
	"If-Range":            validatorsSent,
	"If-Unmodified-Since": validatorsSent,
	"A-Im":                "remove it: whole documents are asked for",
	"Range":               "remove it: whole documents are asked for; max_bytes: bounds them",
	"Cookie":              "remove it: no cookie is sent; use Authorization: where the server wants to know who asks",
	"Referer":             "remove it: nobody is told where a request comes from; user_agent: says who asks",
	"Proxy-Authorization": "write the name and password in proxy:",
	"Proxy-Connection":    connectionsKept,
	"Connection":          connectionsKept,
	"Keep-Alive":          connectionsKept,
	"Te":                  connectionsKept,
	"Trailer":             connectionsKept,
	"Transfer-Encoding":   connectionsKept,
	"Upgrade":             connectionsKept,
	"Content-Length":      nothingSent,
	"Content-Type":        nothingSent,
	"Expect":              nothingSent,
}

const (
	validatorsSent  = "remove it: the server's own ETag and Last-Modified are kept and sent back"
	connectionsKept = "remove it: connections are Khyber's own business; timeout: bounds a poll"
	nothingSent     = "remove it: a request has no body; Accept: says what is wanted"
)

func readHeaders(d *draft, v value) {
	if v.node.Kind != news.NodeMap {
		v.bad(`write {Name: "value"}`, "takes a map of names and values")
		return
	}
	d.src.Headers, d.written.Headers = map[string]string{}, map[string]string{}
	for _, p := range v.node.Pairs {
		name := textproto.CanonicalMIMEHeaderKey(p.Key)
		h := newValue(v.reader, news.Pair{Position: p.Position, Key: "headers: " + p.Key, Value: p.Value})
		named := h
		named.node.Position = p.Position
		_, again := d.src.Headers[name]
		instead, own := ownHeaders[name]
		switch {
		case !headerName.MatchString(p.Key):
			named.bad("write one of letters, digits and -", "%q is no name of a header", p.Key)
		case own:
			named.bad(instead, "Khyber sends this header itself or not at all")
		case again:
			named.bad("remove one", "is there twice")
		default:
			if s, ok := d.header(h); ok {
				d.src.Headers[name], d.written.Headers[name] = s, p.Value.Value
			}
		}
	}
}

func readProxy(d *draft, v value) {
	s, _, ok := v.text()
	if !ok {
		d.unset = true
		return
	}
	u := v.address(s, "socks5", "https", "http")
	if u == nil {
		return
	}
	password, _ := u.User.Password()
	v.secret(password)
	d.src.Proxy, d.written.Proxy = s, v.node.Value
}

// finish fills in what follows from other keys and checks what several keys say
// together. It returns the source as it is polled and as it is written.
func (d *draft) finish(r reader) (src, written news.Source) {
	s := &d.src
	s.Name = cmp.Or(s.Name, s.ID)
	s.Publisher = cmp.Or(s.Publisher, s.Domain)
	s.Disabled = s.Disabled || d.unset
	t := &s.Timing
	t.Location = s.Timezone
	if t.MinEvery > 0 && t.MaxEvery > 0 && t.MinEvery > t.MaxEvery {
		at := d.at["min_every"]
		if own := d.own.Get("max_every"); own.Kind != news.NodeNone {
			at = own.Position
		}
		r.errorf(at, "", "min_every: %s is longer than max_every: %s", short(t.MinEvery), short(t.MaxEvery))
	}
	t.MinEvery = cmp.Or(t.MinEvery, min(defaultMinEvery, cmp.Or(t.MaxEvery, maxEvery)))
	t.MaxEvery = cmp.Or(t.MaxEvery, max(defaultMaxEvery, t.MinEvery))
	if t.Schedule != "" && t.Every > 0 {
		r.warnf(d.at["every"], "remove one", "every is not used beside schedule")
		t.Every = 0
	}
	if t.Schedule != "" && r.opts.CheckSchedule != nil {
		if err := r.opts.CheckSchedule(t.Schedule, t.Location); err != nil {
			r.errorf(d.at["schedule"], "", "schedule: %v", err)
		}
	}
	written = *s
	written.URL, written.UserAgent, written.Headers, written.Proxy =
		d.written.URL, d.written.UserAgent, d.written.Headers, d.written.Proxy
	return *s, written
}

// Domain returns the registrable domain of a URL: public suffix and one label,
// private suffixes included. It is the host itself for an address, a single
// label or a suffix, and empty where there is no host.
func Domain(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return domain
	}
	return host
}
