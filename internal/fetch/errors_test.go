package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"khyber/internal/feedtest"
	"khyber/internal/fetch"
	"khyber/internal/news"
)

// packed is how much a document had on the wire: each compressor has its own.
var packed = regexp.MustCompile(`[0-9.]+ (bytes|KiB) that`)

// TestTexts holds what people read, by the name of the feedtest case.
func TestTexts(t *testing.T) {
	want := map[string]string{
		"hangs":                        "timeout: herald.example did not answer within 30s",
		"stalls":                       "timeout: herald.example was still sending after 30s: 100 bytes had come",
		"drips":                        "timeout: herald.example was still sending after 30s: 0 bytes had come",
		"no such host":                 "dns: there is no host herald.example (DNS)",
		"nobody listens":               "refused: herald.example refused the connection",
		"reset":                        "refused: herald.example closed the connection before any of the document came",
		"cut before the first byte":    "refused: herald.example closed the connection before any of the document came",
		"handshake":                    "tls: no secure connection to herald.example: handshake failure",
		"status Accepted":              "status: 202 Accepted",
		"status Not Modified":          "status: 304 Not Modified, but the request was unconditional",
		"status Not Found":             "status: 404 Not Found",
		"status Too Many Requests":     "status: 429 Too Many Requests",
		"status Internal Server Error": "status: 500 Internal Server Error",
		"status ":                      "status: 599",
		"challenge":                    `status: 403 Forbidden: challenge page, for browsers only "Just a moment..."`,
		"script challenge":             `status: 202 Accepted: HTML page "One moment"`,
		"gzip bomb in gzip":            "too-large: N that herald.example sent unpack to more than the limit of 8.0 MiB (max_bytes)",
		"endless":                      "too-large: herald.example sent more than the limit of 8.0 MiB (max_bytes)",
		"announces 1 GiB":              "too-large: herald.example says that the document has 1024.0 MiB, the limit is 8.0 MiB (max_bytes)",
		"loop":                         "redirect: the redirects go in a circle at herald.example; a site that wants a cookie does this",
		"chain of 11":                  "redirect: more than 10 redirects, the last from herald.example to herald.example",
		"no Location":                  "redirect: herald.example answered 302 without saying where to go (no Location)",
		"bad Location":                 "redirect: herald.example redirects to something that is not an address",
		"to a file":                    "redirect: herald.example redirects to an address that is not one of http or https",
		"to loopback":                  "private-address: redirected by herald.example: 127.0.0.1 is a private or reserved address",
		"to a mapped address":          "private-address: redirected by herald.example: 64:ff9b::a9fe:a9fe is a private or reserved address",
		"to a database port":           "private-address: redirected by herald.example: port 6379 of herald.example is refused: only 80, 443, 8080, 8443 and the port of the source's own url are asked",
		"gzip that is none":            "not-a-feed: the body that herald.example sent is packed but cannot be unpacked",
		"410":                          "gone: 410 Gone",
	}
	for _, c := range feedtest.Cases() {
		text, ok := want[c.Name]
		if !ok {
			continue
		}
		delete(want, c.Name)
		synctest.Test(t, func(t *testing.T) {
			web := feedtest.NewNetwork()
			web.Handle("herald.example", c.Handler())
			src := heraldSource()
			_, err := newClient(web).Get(t.Context(), &src, news.Validators{})
			if got := packed.ReplaceAllString(fmt.Sprint(err), "N that"); got != text {
				t.Errorf("%s: got\n%s\nwant\n%s", c.Name, got, text)
			}
		})
	}
	for name := range want {
		t.Errorf("there is no case %q", name)
	}
}

func TestTextsOfASourceThatCannotBeAsked(t *testing.T) {
	for address, want := range map[string]string{
		"ftp://herald.example/":      "redirect: the address is not one of http or https",
		"herald.example/feed":        "redirect: the address is not one of http or https",
		"http://%zz/?key=sesame":     "redirect: the url of the source is not an address",
		"http://localhost/":          "private-address: localhost is this machine; allow_private_network: true permits it for this source",
		"http://2130706433/":         "private-address: 2130706433 is not a host name; allow_private_network: true permits it for this source",
		"https://10.0.0.1/?k=sesame": "private-address: 10.0.0.1 is a private or reserved address; allow_private_network: true permits it for this source",
	} {
		src := news.Source{URL: address}
		if _, err := newClient(feedtest.NewNetwork()).Get(t.Context(), &src, news.Validators{}); fmt.Sprint(err) != want {
			t.Errorf("%s: got\n%v\nwant\n%s", address, err, want)
		}
	}
}

// TestNoErrorRepeatsASecret lets every case, and pages that print the request
// they refuse, fail for a source whose every part is secret.
func TestNoErrorRepeatsASecret(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		feedtest.HTML(403, user+password+r.Header.Get("X-Key")+r.URL.String()).ServeHTTP(w, r)
	})
	handlers := []http.Handler{
		echo, feedtest.Redirect(302, "http://%zz/?key=sesame"), feedtest.Redirect(302, "ftp://sesame.example/"),
		feedtest.Redirect(302, "http://127.0.0.1/sesame?sesame"), feedtest.Redirect(302, "/?sesame=1"),
	}
	for _, c := range feedtest.Cases() {
		if !c.Fetched.Good() {
			handlers = append(handlers, c.Handler())
		}
	}
	for i, h := range handlers {
		synctest.Test(t, func(t *testing.T) {
			web := feedtest.NewNetwork()
			web.Handle("herald.example", h)
			src := news.Source{
				URL: "https://reader:sesame@herald.example/sesame?key=sesame#sesame", Private: true,
				Headers: map[string]string{"X-Key": "sesame", "X-Broken": "ses\x00ame"},
			}
			for range 2 { // with the header that cannot be sent, and without
				_, err := newClient(web).Get(t.Context(), &src, news.Validators{})
				for e := err; e != nil; e = errors.Unwrap(e) {
					if strings.Contains(e.Error(), "sesame") {
						t.Errorf("handler %d: %v", i, e)
					}
				}
				delete(src.Headers, "X-Broken")
			}
			src.Private = false
			if _, err := newClient(web).Get(t.Context(), &src, news.Validators{}); i == 0 && fmt.Sprint(err) != "status: 403 Forbidden: HTML page" {
				t.Errorf("a page that prints the request: got %v", err)
			}
		})
	}
}

func TestShutdownIsSeenInTheError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		web := feedtest.NewNetwork()
		web.Handle("herald.example", feedtest.Hang())
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			synctest.Wait()
			cancel()
		}()
		src := heraldSource()
		_, err := newClient(web).Get(ctx, &src, news.Validators{})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want one that wraps context.Canceled", err)
		}
	})
}

func TestDomain(t *testing.T) {
	for address, want := range map[string]string{
		"https://feeds.bbci.co.uk/news/rss.xml": "bbci.co.uk",
		"https://www.DAWN.com:8443/feeds":       "dawn.com",
		"https://herald.blogspot.com/feed":      "herald.blogspot.com",
		"https://a.github.io/feed":              "a.github.io",
		"https://a.b.tumblr.com/rss":            "tumblr.com",
		"https://www.herald.com.pk./":           "herald.com.pk",
		"https://com.pk/":                       "com.pk",
		"http://localhost:8080/":                "localhost",
		"http://192.168.1.10:81/":               "192.168.1.10",
		"http://[2001:DB8::1]:81/":              "2001:db8::1",
		"herald.example/feed":                   "",
		"http://%zz/":                           "",
	} {
		if got := fetch.Domain(address); got != want {
			t.Errorf("Domain(%q) = %q, want %q", address, got, want)
		}
	}
}
