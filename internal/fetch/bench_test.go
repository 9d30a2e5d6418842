package fetch

import (
	"net/http"
	"testing"
	"time"

	"khyber/internal/feedtest"
	"khyber/internal/news"
)

// BenchmarkGet is a request with its answer on loopback, both sides in one
// process: 30 items, gzip, kept-alive connection.
func BenchmarkGet(b *testing.B) {
	page := feedtest.Feed{Host: "herald.example", Items: 30, Words: 280}.Page()
	packed := page
	packed.Body, packed.Header = feedtest.Encode("gzip", page.Body), http.Header{"Content-Encoding": {"gzip"}}
	for _, c := range []struct {
		name string
		page feedtest.Page
		v    news.Validators
		want news.Kind
	}{
		{"304", packed, news.Validators{ETag: page.ETag, LastModified: page.LastModified}, news.KindUnchanged},
		{"200", packed, news.Validators{}, news.KindOK},
		{"200plain", page, news.Validators{}, news.KindOK},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := feedtest.Serve(b, c.page)
			client := New(Options{UserAgent: "Khyber/test", Now: time.Now})
			src := news.Source{URL: s.URL + "/feed", AllowPrivateNetwork: true}
			b.ReportAllocs()
			for b.Loop() {
				r, err := client.Get(b.Context(), &src, c.v)
				if r.Kind != c.want {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkGetOwn is the share of the client alone: a RoundTripper that answers
// at once.
func BenchmarkGetOwn(b *testing.B) {
	header := http.Header{"Etag": {`"1"`}, "Last-Modified": {"Mon, 05 Jan 2026 12:00:00 GMT"}, "Cache-Control": {"max-age=600"}}
	client := New(Options{UserAgent: "Khyber/test", Now: time.Now, Base: at304{header}})
	src := news.Source{URL: "https://herald.example/feed"}
	b.ReportAllocs()
	for b.Loop() {
		if r, err := client.Get(b.Context(), &src, news.Validators{ETag: `"1"`}); r.Kind != news.KindUnchanged {
			b.Fatal(err)
		}
	}
}

type at304 struct{ header http.Header }

func (a at304) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusNotModified, Header: a.header, Body: http.NoBody, Request: r}, nil
}
