package fetch_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"khyber/internal/feedtest"
	"khyber/internal/fetch"
	"khyber/internal/news"
)

var herald = feedtest.Feed{Host: "herald.example", Items: 3}

func heraldSource() news.Source {
	return news.Source{ID: "herald", URL: "https://herald.example/feed"}
}

// poll asks as often as there are handlers, hands the validators on as a store
// would, and returns what came of it and the log.
func poll(t *testing.T, src news.Source, handlers ...http.Handler) ([]fetch.Response, []feedtest.Request) {
	t.Helper()
	web := feedtest.NewNetwork()
	web.Handle("herald.example", feedtest.Steps(handlers...))
	client := newClient(web)
	var v news.Validators
	var all []fetch.Response
	for range handlers {
		r, err := client.Get(t.Context(), &src, v)
		if (err == nil) != r.Kind.Good() {
			t.Fatalf("got error %v with Kind %q", err, r.Kind)
		}
		if r.Complete {
			v = r.Validators
		}
		all = append(all, r)
	}
	return all, web.Requests()
}

func validated(etag, modified string) feedtest.Page {
	return feedtest.Page{Body: herald.Bytes(), Type: herald.Type(), ETag: etag, LastModified: modified}
}

// asked is what the requests carried: If-None-Match and If-Modified-Since.
func asked(log []feedtest.Request) [][2]string {
	var out [][2]string
	for _, r := range log {
		out = append(out, [2]string{r.Header.Get("If-None-Match"), r.Header.Get("If-Modified-Since")})
	}
	return out
}

func TestF1OnlyTheFirstRequestIsUnconditional(t *testing.T) {
	synctest.Test(t, testF1)
}

func testF1(t *testing.T) {
	page := herald.Page()
	all, log := poll(t, heraldSource(), page, page, feedtest.Status(500), page, feedtest.Hang(), page)
	if log[0].Conditional() {
		t.Error("the first request carries validators")
	}
	for i, r := range log[1:] {
		if !r.Conditional() {
			t.Errorf("request %d is unconditional", i+2)
		}
	}
	kinds := []news.Kind{}
	for _, r := range all {
		kinds = append(kinds, r.Kind)
	}
	want := []news.Kind{news.KindOK, news.KindUnchanged, news.KindStatus, news.KindUnchanged, news.KindTimeout, news.KindUnchanged}
	if !slices.Equal(kinds, want) {
		t.Errorf("got %v, want %v", kinds, want)
	}
}

func TestF2F3ValidatorsAreSentByteForByte(t *testing.T) {
	const modified = "Mon, 05 Jan 2026 10:00:00 GMT"
	for _, v := range [][2]string{
		{`"plain"`, modified},
		{`W/"weak"`, modified},
		{`w/"lower"`, "Mon, 5 Jan 2026 10:00:00 +0000"},
		{`unquoted`, "2026-01-05T10:00:00Z"},
		{`"with \"quotes\" and, comma"`, "Monday, 05-Jan-26 10:00:00 GMT"},
		{`"پیوند"`, "1767607200"},
		{`""`, "0"},
		{`"tag-gzip"`, "Thu, 01 Jan 1970 00:00:00 GMT"},
	} {
		_, log := poll(t, heraldSource(), validated(v[0], v[1]), validated(v[0], v[1]))
		if got := asked(log)[1]; got != v {
			t.Errorf("got %q, want %q", got, v)
		}
	}
}

func TestF2NoDateIsMadeUp(t *testing.T) {
	_, log := poll(t, heraldSource(), validated("", ""), validated("", ""))
	if got := asked(log)[1]; got != [2]string{} {
		t.Errorf("got %q without validators", got)
	}
}

func TestF4ValidatorsFollowEveryAnswer(t *testing.T) {
	_, log := poll(
		t, heraldSource(),
		validated(`"1"`, "a"), validated(`"2"`, ""), validated("", "b"), validated("", ""), validated("", ""),
	)
	want := [][2]string{{}, {`"1"`, "a"}, {`"2"`, ""}, {"", "b"}, {}}
	if got := asked(log); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestF5OneValidatorChangesAlone(t *testing.T) {
	_, log := poll(
		t, heraldSource(),
		validated(`"1"`, "a"), validated(`"2"`, "a"), validated(`"2"`, "b"), validated(`"2"`, "c"),
	)
	want := [][2]string{{}, {`"1"`, "a"}, {`"2"`, "a"}, {`"2"`, "b"}}
	if got := asked(log); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestF6SameBodyBringsNewValidators(t *testing.T) {
	all, _ := poll(t, heraldSource(), validated(`"1"`, "a"), validated(`"2"`, "b"))
	if all[0].BodyHash != all[1].BodyHash || all[0].BodyHash == 0 {
		t.Errorf("got hashes %x and %x, want one", all[0].BodyHash, all[1].BodyHash)
	}
	if want := (news.Validators{ETag: `"2"`, LastModified: "b"}); all[1].Validators != want {
		t.Errorf("got %+v, want %+v", all[1].Validators, want)
	}
}

func TestF7ValidatorsOfA304ReplaceOursAndAbsentOnesStay(t *testing.T) {
	stored := news.Validators{ETag: `"1"`, LastModified: "a"}
	for _, c := range []struct {
		name string
		sent http.Header
		want news.Validators
	}{
		{"none", http.Header{}, stored},
		{"etag", http.Header{"Etag": {`"2"`}}, news.Validators{ETag: `"2"`, LastModified: "a"}},
		{"last-modified", http.Header{"Last-Modified": {"b"}}, news.Validators{ETag: `"1"`, LastModified: "b"}},
		{"both", http.Header{"Etag": {`"2"`}, "Last-Modified": {"b"}}, news.Validators{ETag: `"2"`, LastModified: "b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			page := validated(`"1"`, "a")
			page.On304 = c.sent
			all, _ := poll(t, heraldSource(), page, page)
			if got := all[1]; got.Kind != news.KindUnchanged || !got.Complete || got.Validators != c.want {
				t.Errorf("got %s %+v, want unchanged %+v", got.Kind, got.Validators, c.want)
			}
		})
	}
}

func TestF8WhatIsNotWholeBringsNoValidators(t *testing.T) {
	body := herald.Bytes()
	tagged := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Etag", `"broken"`)
			h.ServeHTTP(w, r)
		})
	}
	packed := feedtest.Encode("gzip", body)
	damaged := slices.Clone(packed)
	damaged[len(damaged)-5] ^= 1 // in the checksum
	for name, h := range map[string]http.Handler{
		"cut":             tagged(feedtest.Cut(body, len(body)/2)),
		"stalled":         tagged(feedtest.Stall(body, len(body)/2)),
		"cut gzip":        tagged(feedtest.Page{Body: packed[:len(packed)/2]}),
		"gzip checksum":   tagged(feedtest.Page{Body: damaged}),
		"too large":       tagged(feedtest.Page{Body: feedtest.Bomb(9 << 20)}),
		"status":          tagged(feedtest.Status(404)),
		"gone":            tagged(feedtest.Status(410)),
		"redirect":        tagged(feedtest.Redirect(302, "ftp://x/")),
		"304 unasked for": tagged(feedtest.Status(304)),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				all, _ := poll(t, heraldSource(), h)
				if got := all[0]; got.Complete || got.Validators != (news.Validators{}) {
					t.Errorf("got Complete %v, %+v", got.Complete, got.Validators)
				}
			})
		})
	}
	kept := news.Validators{ETag: `"kept"`}
	web := feedtest.NewNetwork()
	web.Handle("herald.example", tagged(feedtest.Cut(body, 100)))
	src := heraldSource()
	if got, _ := newClient(web).Get(t.Context(), &src, kept); got.Validators != kept {
		t.Errorf("got %+v, want the earlier ones", got.Validators)
	}
}

func TestABrokenBodyKeepsWhatCame(t *testing.T) {
	body := herald.Bytes()
	for name, h := range map[string]http.Handler{
		"plain": feedtest.Cut(body, len(body)/2),
		"gzip":  feedtest.Page{Body: feedtest.Encode("gzip", body)[:len(feedtest.Encode("gzip", body))*3/4]},
		"br":    feedtest.Page{Body: feedtest.Encode("br", body)[:len(feedtest.Encode("br", body))*3/4], Header: http.Header{"Content-Encoding": {"br"}}},
	} {
		all, _ := poll(t, heraldSource(), h)
		got := all[0]
		if got.Kind != news.KindOK || got.Complete || len(got.Body) == 0 || !strings.HasPrefix(string(body), string(got.Body)) {
			t.Errorf("%s: got %s, Complete %v, %d bytes", name, got.Kind, got.Complete, len(got.Body))
		}
	}
}

func TestF12AFailureIsAskedOnce(t *testing.T) {
	for _, c := range feedtest.Cases() {
		if c.Kind.Good() || c.Fetched == news.KindRedirect || c.Where == feedtest.OnSocket {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			web := feedtest.NewNetwork()
			web.Handle("herald.example", c.Handler())
			src := heraldSource()
			_, _ = newClient(web).Get(t.Context(), &src, news.Validators{ETag: `"1"`})
			if log := web.Requests(); len(log) != 1 || !log[0].Conditional() {
				t.Errorf("%s: got %d requests, want one, conditional", c.Name, len(log))
			}
		})
	}
}

// redirects is a network in which herald.example leads to mirror.example.
func redirects(code int, location string) *feedtest.Network {
	web := feedtest.NewNetwork()
	web.Handle("herald.example", feedtest.Redirect(code, location))
	web.Handle("mirror.example", herald.Page())
	return web
}

func TestF13ValidatorsGoToTheirHostOnly(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		web := redirects(code, "https://mirror.example/feed")
		client, src := newClient(web), heraldSource()
		first, err := client.Get(t.Context(), &src, news.Validators{ETag: `"of herald"`, LastModified: "x"})
		if err != nil || first.Validators.Host != "mirror.example" {
			t.Fatalf("%d: got %+v, %v", code, first.Validators, err)
		}
		second, err := client.Get(t.Context(), &src, first.Validators)
		if err != nil || second.Kind != news.KindUnchanged || second.Validators != first.Validators {
			t.Fatalf("%d: got %s %+v, %v", code, second.Kind, second.Validators, err)
		}
		page := herald.Page()
		want := [][2]string{{`"of herald"`, "x"}, {}, {}, {page.ETag, page.LastModified}}
		if got := asked(web.Requests()); !slices.Equal(got, want) {
			t.Errorf("%d: got %q, want %q", code, got, want)
		}
		if got, want := second.Hops, []news.Hop{{Status: code, URL: "https://mirror.example/feed"}}; !slices.Equal(got, want) {
			t.Errorf("got hops %v, want %v", got, want)
		}
		if second.URL != "https://mirror.example/feed" {
			t.Errorf("got final URL %q", second.URL)
		}
	}
}

func TestF13HttpAndHttpsOfOneHostAreOne(t *testing.T) {
	web := feedtest.NewNetwork()
	page := herald.Page()
	web.Handle("herald.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Scheme == "http" {
			feedtest.Redirect(301, "https://herald.example/feed").ServeHTTP(w, r)
			return
		}
		page.ServeHTTP(w, r)
	}))
	src := news.Source{URL: "http://herald.example/feed"}
	client := newClient(web)
	first, _ := client.Get(t.Context(), &src, news.Validators{})
	second, err := client.Get(t.Context(), &src, first.Validators)
	if err != nil || second.Kind != news.KindUnchanged || first.Validators.Host != "" {
		t.Errorf("got %s, host %q, %v", second.Kind, first.Validators.Host, err)
	}
	if got := len(feedtest.To(web.Requests(), "http://")); got != 2 { // F18: once a poll
		t.Errorf("got %d requests to http, want 2", got)
	}
}

func TestF13SecretsStayWithTheirHost(t *testing.T) {
	secret := news.Source{
		URL:     "https://reader:sesame@herald.example/feed?key=hidden",
		Headers: map[string]string{"X-Key": "open", "authorization": "Bearer open"},
	}
	for _, to := range []string{
		"https://mirror.example/feed", "//mirror.example/", "http://herald.example/feed",
		"https://herald.example:8443/feed", "https://herald.example.mirror.example/", "https://herald.example@mirror.example/",
	} {
		web := feedtest.NewNetwork()
		for _, host := range []string{"mirror.example", "herald.example:8443", "herald.example.mirror.example"} {
			web.Handle(host, herald.Page())
		}
		web.Handle("herald.example", feedtest.Steps(feedtest.Redirect(302, to), herald.Page()))
		if _, err := newClient(web).Get(t.Context(), &secret, news.Validators{}); err != nil {
			t.Fatal(err)
		}
		log := web.Requests()
		if log[0].Header.Get("X-Key") != "open" || log[0].Header.Get("Authorization") != "Bearer open" {
			t.Errorf("%s: the source's own host got %v", to, log[0].Header)
		}
		if h := log[1].Header; h.Get("X-Key") != "" || h.Get("Authorization") != "" {
			t.Errorf("%s: another host got %v", to, h)
		}
	}
}

func TestUserinfoBecomesAuthorization(t *testing.T) {
	src := news.Source{URL: "https://reader:sesame@herald.example/feed"}
	_, log := poll(t, src, feedtest.Redirect(302, "/moved"), herald.Page())
	for _, r := range log {
		if got, want := r.Header.Get("Authorization"), "Basic cmVhZGVyOnNlc2FtZQ=="; got != want {
			t.Errorf("got Authorization %q, want %q", got, want)
		}
		if strings.Contains(r.URL, "sesame") {
			t.Errorf("the password is in the address: %s", r.URL)
		}
	}
}

func TestF14GoneIsItsOwnKind(t *testing.T) {
	all, log := poll(t, heraldSource(), feedtest.Status(410))
	if all[0].Kind != news.KindGone || all[0].Status != 410 || len(log) != 1 {
		t.Errorf("got %s %d after %d requests", all[0].Kind, all[0].Status, len(log))
	}
}

// TestF15F16F22EveryRequestIsPlain looks at all headers of all hops.
func TestF15F16F22EveryRequestIsPlain(t *testing.T) {
	src := news.Source{
		URL: "https://herald.example/feed?b=2&a=1&utm_source=x#part", UserAgent: "Reader/1",
		Headers: map[string]string{
			"cookie": "a=1", "Range": "bytes=0-9", "a-im": "feed", "Referer": "https://else.example/", "If-None-Match": "x",
			"User-Agent": "Browser", "accept-encoding": "deflate", "X-Own": "yes",
		},
	}
	hop := feedtest.Cookies(feedtest.Redirect(302, "/next?c=3#there"))
	_, log := poll(t, src, hop, feedtest.Cookies(herald.Page()), feedtest.Cookies(herald.Page()))
	if len(log) != 4 {
		t.Fatalf("got %d requests, want 4", len(log))
	}
	for i, want := range []string{"https://herald.example/feed?b=2&a=1&utm_source=x", "https://herald.example/next?c=3", "https://herald.example/feed?b=2&a=1&utm_source=x"} {
		if log[i].URL != want || log[i].Method != "GET" {
			t.Errorf("request %d: got %s %s, want GET %s", i, log[i].Method, log[i].URL, want)
		}
		allowed := []string{"Accept", "Accept-Encoding", "User-Agent", "X-Own", "If-None-Match", "If-Modified-Since"}
		for name := range log[i].Header {
			if !slices.Contains(allowed, name) {
				t.Errorf("request %d carries %s", i, name)
			}
		}
		if h := log[i].Header; h.Get("User-Agent") != "Reader/1" || h.Get("Accept-Encoding") != "gzip, br" {
			t.Errorf("request %d: got User-Agent %q, Accept-Encoding %q", i, h.Get("User-Agent"), h.Get("Accept-Encoding"))
		}
	}
}

func TestF16OwnUserAgentOnEveryHop(t *testing.T) {
	web := redirects(302, "https://mirror.example/feed")
	src := heraldSource()
	if _, err := newClient(web).Get(t.Context(), &src, news.Validators{}); err != nil {
		t.Fatal(err)
	}
	for _, r := range web.Requests() {
		if got := r.Header["User-Agent"]; !slices.Equal(got, []string{"Khyber/test"}) {
			t.Errorf("%s: got User-Agent %q", r.URL, got)
		}
	}
}

func TestF17EveryCodingGivesTheSameBody(t *testing.T) {
	big := feedtest.Feed{Host: "herald.example", Items: 300, Lang: "ps"}
	padded := feedtest.Page{Body: append(feedtest.Encode("gzip", big.Bytes()), make([]byte, 512)...)}
	for name, page := range map[string]feedtest.Page{
		"identity":            {},
		"gzip":                {Codings: []string{"gzip"}},
		"br":                  {Codings: []string{"br"}},
		"gzip, br":            {Codings: []string{"gzip", "br"}},
		"gzip twice":          {Codings: []string{"gzip", "gzip"}},
		"gzip unlabelled":     {Codings: []string{"gzip"}, Unlabelled: true},
		"gzip labelled br":    {Body: feedtest.Encode("gzip", big.Bytes()), Header: http.Header{"Content-Encoding": {"br"}}},
		"plain labelled gzip": {Header: http.Header{"Content-Encoding": {"gzip"}}},
		"plain labelled br":   {Header: http.Header{"Content-Encoding": {"br"}}},
		"two gzip members":    {Body: append(feedtest.Encode("gzip", big.Bytes()[:5000]), feedtest.Encode("gzip", big.Bytes()[5000:])...)},
		"gzip with padding":   padded,
	} {
		t.Run(name, func(t *testing.T) {
			if page.Body == nil {
				page.Body = big.Bytes()
			}
			all, _ := poll(t, heraldSource(), page)
			if got := all[0]; !got.Complete || string(got.Body) != string(big.Bytes()) {
				t.Errorf("got Complete %v and %d bytes, want %d", got.Complete, len(got.Body), len(big.Bytes()))
			}
		})
	}
}

func TestF21LimitsHoldOnTheWireAndUnpacked(t *testing.T) {
	const limit = 1000
	plain := []byte(strings.Repeat("x", limit))
	for _, c := range []struct {
		name string
		page feedtest.Page
		want news.Kind
	}{
		{"at the limit", feedtest.Page{Body: plain}, news.KindOK},
		{"one above", feedtest.Page{Body: append(plain, 'x')}, news.KindTooLarge},
		{"unpacked at the limit", feedtest.Page{Body: plain, Codings: []string{"gzip"}}, news.KindOK},
		{"unpacked one above", feedtest.Page{Body: append(plain, 'x'), Codings: []string{"gzip"}}, news.KindTooLarge},
		{"br one above", feedtest.Page{Body: append(plain, 'x'), Codings: []string{"br"}}, news.KindTooLarge},
		{"twice", feedtest.Page{Body: append(plain, 'x'), Codings: []string{"gzip", "gzip"}}, news.KindTooLarge},
		{"three times is not unpacked", feedtest.Page{Body: plain, Codings: []string{"gzip", "gzip", "gzip"}}, news.KindOK},
	} {
		src := heraldSource()
		src.MaxBytes = limit
		all, _ := poll(t, src, c.page)
		if got := all[0]; got.Kind != c.want || got.Kind == news.KindTooLarge && got.Body != nil {
			t.Errorf("%s: got %s with %d bytes, want %s", c.name, got.Kind, len(got.Body), c.want)
		}
	}
}

func TestF21NoTimeoutIsExceeded(t *testing.T) {
	for _, c := range []struct{ configured, want time.Duration }{
		{0, 30 * time.Second},
		{5 * time.Second, 5 * time.Second},
		{time.Hour, 120 * time.Second},
	} {
		for _, h := range []http.Handler{feedtest.Hang(), feedtest.Stall(herald.Bytes(), 10), feedtest.Drip(herald.Bytes(), nil)} {
			synctest.Test(t, func(t *testing.T) {
				src := heraldSource()
				src.Timeout = c.configured
				all, _ := poll(t, src, feedtest.Chain(302, 3, h))
				if got := all[0]; got.Kind != news.KindTimeout || got.Duration != c.want {
					t.Errorf("got %s after %s, want timeout after %s", got.Kind, got.Duration, c.want)
				}
			})
		}
	}
}

func TestF21AStatusWaitsNotForItsPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all, _ := poll(t, heraldSource(), stallingStatus())
		if got := all[0]; got.Kind != news.KindStatus || got.Duration > 5*time.Second || got.RetryAfter.IsZero() {
			t.Errorf("got %s after %s, Retry-After %v", got.Kind, got.Duration, got.RetryAfter)
		}
	})
}

// TestAnAnswerThatStallsEndsOnASocketToo is the same over connections of
// net/http, with a timeout that a test can wait for.
func TestAnAnswerThatStallsEndsOnASocketToo(t *testing.T) {
	for name, c := range map[string]struct {
		h    http.Handler
		want news.Kind
	}{
		"header":   {feedtest.Hang(), news.KindTimeout},
		"body":     {feedtest.Stall(herald.Bytes(), 100), news.KindTimeout},
		"status":   {stallingStatus(), news.KindStatus},
		"redirect": {http.HandlerFunc(stallingRedirect), news.KindTimeout},
	} {
		s := feedtest.Serve(t, c.h)
		src := news.Source{URL: s.URL + "/feed", AllowPrivateNetwork: true, Timeout: 50 * time.Millisecond}
		if r, err := fetch.New(fetch.Options{Now: time.Now}).Get(t.Context(), &src, news.Validators{}); r.Kind != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func stallingStatus() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(429)
		feedtest.Stall(herald.Bytes()[:1000], 10).ServeHTTP(w, r)
	})
}

func stallingRedirect(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Location", "/next")
	w.Header().Set("Content-Length", "1000")
	w.WriteHeader(302)
	feedtest.Stall(herald.Bytes()[:1000], 10).ServeHTTP(w, r)
}
