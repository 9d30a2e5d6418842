package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"khyber/internal/feedtest"
	"khyber/internal/fetch"
	"khyber/internal/news"
)

// tryDocument has something of everything that try shows.
const tryDocument = `<?xml version="1.0" encoding="windows-1252"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>
<title>Hill Herald</title><link>https://herald.example/</link><language>en</language><ttl>60</ttl>
<skipHours><hour>1</hour><hour>2</hour></skipHours><skipDays><day>Sunday</day></skipDays>
<atom:link rel="hub" href="https://hub.example/"/>
<item><title>Torkham traders wait \x96 again</title><link>/reports/3</link><guid>h-3</guid><pubDate>Mon, 5 Oct 26 10:00:00 PKT</pubDate></item>
<item><title>Torkham trade cricket final</title><link>/reports/2</link><guid>h-2</guid><pubDate>soon</pubDate></item>
<item><title>Torkham trade cricket final</title><link>/reports/2</link><guid>h-2</guid></item>
<item></item>
</channel></rss>`

// trySite is a site with a feed and things that look like one.
func trySite() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/{$}", feedtest.HTML(http.StatusOK, "Hill Herald"))
	mux.Handle("/news/", tryPage(`<link rel="alternate" type="application/rss+xml" title="All reports" href="/herald.rss">
<a href="/comments/feed">Comments</a> <a href="/gone.rss">Old</a> <a href="/empty.rss">Empty</a>`))
	mux.Handle("/herald.rss", feedtest.Page{Body: []byte(strings.ReplaceAll(tryDocument, `\x96`, "\x96")), Type: "application/rss+xml", ETag: `"1"`, Codings: []string{"gzip"}})
	mux.Handle("/desks/", tryPage(`<link rel="alternate" type="application/rss+xml" title="All" href="/herald.rss"><link rel="alternate" type="application/rss+xml" title="All, again" href="/herald.rss?again">
<link rel="alternate" type="application/rss+xml" title="Sport" href="/sport.rss"><link rel="alternate" type="application/rss+xml" title="Comments" href="/comments.rss">`))
	for _, name := range []string{"/sport.rss", "/comments.rss"} {
		mux.Handle(name, feedtest.Page{Body: []byte(`<rss version="2.0"><channel><title>Herald ` + name + `</title><item><guid>` + name + `</guid><title>Goal</title></item></channel></rss>`), Type: "text/xml"})
	}
	mux.Handle("/empty.rss", feedtest.Page{Body: []byte(`<rss version="2.0"><channel><title>Nothing</title></channel></rss>`), Type: "text/xml"})
	mux.Handle("/moved.rss", http.RedirectHandler("/herald.rss", http.StatusMovedPermanently))
	mux.Handle("/guarded.rss", feedtest.Challenge(http.StatusForbidden))
	return mux
}

func tryPage(body string) http.Handler {
	return feedtest.Page{Body: []byte("<!doctype html><html><head><title>Hill Herald</title></head><body>" + body + "</body></html>"), Type: "text/html"}
}

// TestTryKeepsTheGap asks a site that names three places, two on its own domain,
// and counts the seconds between the requests.
func TestTryKeepsTheGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		web := feedtest.NewNetwork()
		web.Handle("herald.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				tryPage(`<a href="/one.rss"></a><a href="https://other.example/rss"></a><a href="/two.rss"></a>`).ServeHTTP(w, r)
				return
			}
			w.WriteHeader(http.StatusNotFound)
		}))
		web.Handle("other.example", feedtest.Feed{Host: "other.example", Items: 3}.Page())
		var out bytes.Buffer
		begin := time.Now()
		err := tryOn(t.Context(), web, &out).run(t.Context(), trySource("https://herald.example/"), false)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"0s https://herald.example/", "5s https://herald.example/one.rss", "10s https://herald.example/two.rss", "10s https://other.example/rss"}
		if got := requestTimes(web, begin); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got %q, want %q", got, want)
		}
		if !strings.Contains(out.String(), "\nhttps://other.example/rss\n") || !strings.Contains(out.String(), "3, 3 would be kept") {
			t.Errorf("the document of the other host is not shown:\n%s", out.String())
		}
	})
}

// TestTryLeavesAHostAloneThatSays429 counts the requests after one.
func TestTryLeavesAHostAloneThatSays429(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		web := feedtest.NewNetwork()
		web.Handle("herald.example", feedtest.Steps(tryPage(`<a href="/one.rss"></a><a href="/two.rss"></a>`), feedtest.Status(http.StatusTooManyRequests)))
		err := tryOn(t.Context(), web, &bytes.Buffer{}).run(t.Context(), trySource("https://herald.example/"), false)
		if want := "https://herald.example/: no feed was found: give the address of one"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if n := len(web.Requests()); n != 2 {
			t.Errorf("%d requests, want 2", n)
		}
	})
}

// TestTryStopsWhenInterrupted ends the wait between two requests.
func TestTryStopsWhenInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		web := feedtest.NewNetwork()
		web.Handle("herald.example", tryPage(`<a href="/one.rss"></a>`))
		ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
		defer stop()
		begin := time.Now()
		err := tryOn(ctx, web, &bytes.Buffer{}).run(ctx, trySource("https://herald.example/"), false)
		if took := time.Since(begin); err == nil || took != 2*time.Second {
			t.Errorf("got %v after %s, want an error after 2s", err, took)
		}
	})
}

func tryOn(ctx context.Context, web *feedtest.Network, out *bytes.Buffer) *trial {
	a := &app{stdout: out, now: time.Now, random: func() float64 { return 0 }}
	return &trial{app: a, client: fetch.New(fetch.Options{Base: web, Now: time.Now})}
}

func trySource(address string) news.Source {
	src, err := tryCmd{URL: address}.source(nil)
	if err != nil {
		panic(err) // the tests have addresses of the web only
	}
	return src
}

func requestTimes(web *feedtest.Network, begin time.Time) []string {
	var out []string
	for _, r := range web.Requests() {
		out = append(out, fmt.Sprintf("%s %s", r.At.Sub(begin), r.URL))
	}
	return out
}
