package fetch_test

import (
	"net/url"
	"slices"
	"testing"

	"khyber/internal/fetch"
)

func TestDiscoverOrdersCandidates(t *testing.T) {
	const page = `<!doctype html><html><head>
<base href="/news/"><base href="https://ignored.example/">
<link rel="alternate" type="application/rss+xml" title="Herald » Comments" href="/comments/feed/">
<link rel="ALTERNATE stylesheet" type="application/atom+xml; charset=utf-8" title=" All
 reports " href="all.atom">
<link rel=alternate type=application/rss+xml href="https://mirror.example/rss">
<link rel=alternate type=application/json href="/wp-json/">
<link rel=alternate hreflang=ur href="/ur/">
<link rel=feed href="/plain">
</head><body>
<a href="/about">about</a> <a href="mailto:rss@herald.example">mail</a> <a href="file:///rss.xml">file</a>
<a href="javascript:feed()">script</a> <a href="/world/rss.xml#top">world</a> <a href="/world/rss.xml">again</a>
<a href="?feed=rss2">query</a> <a href="feed://www.herald.example/sport/atom">sport</a>
<a href="https://feeds.else.example/herald">hosted</a> <a href="/feedback">feedback</a>
</body></html>`
	want := []fetch.Candidate{
		{URL: "https://www.herald.example/news/all.atom", Title: "All reports", From: fetch.FromLink},
		{URL: "https://www.herald.example/plain", From: fetch.FromLink},
		{URL: "https://mirror.example/rss", From: fetch.FromLink},
		{URL: "https://www.herald.example/world/rss.xml", From: fetch.FromAnchor},
		{URL: "https://www.herald.example/news/?feed=rss2", From: fetch.FromAnchor},
		{URL: "http://www.herald.example/sport/atom", From: fetch.FromAnchor},
		{URL: "https://feeds.else.example/herald", From: fetch.FromAnchor},
		{URL: "https://www.herald.example/comments/feed/", Title: "Herald » Comments", From: fetch.FromLink},
		{URL: "https://www.herald.example/feed/", From: fetch.FromGuess},
		{URL: "https://www.herald.example/rss", From: fetch.FromGuess},
		{URL: "https://www.herald.example/rss.xml", From: fetch.FromGuess},
		{URL: "https://www.herald.example/feed.xml", From: fetch.FromGuess},
		{URL: "https://www.herald.example/atom.xml", From: fetch.FromGuess},
		{URL: "https://www.herald.example/index.xml", From: fetch.FromGuess},
	}
	got := fetch.Discover("https://www.herald.example/home?x=1", []byte(page))
	if !slices.Equal(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestDiscoverOfNoPageIsNothing(t *testing.T) {
	for _, base := range []string{"", "/relative", "ftp://herald.example/", "http://%zz"} {
		if got := fetch.Discover(base, []byte(`<a href="/rss">`)); got != nil {
			t.Errorf("Discover(%q) = %v, want none", base, got)
		}
	}
}

func FuzzDiscover(f *testing.F) {
	f.Add("https://herald.example/", []byte(`<base href=//x><link rel=alternate type=text/xml href=a title=b><a href=feed:rss>`))
	f.Add("http://[::1]:80/", []byte("<a href=\"http://\xff/rss\"><a href='feed://rss'>"))
	f.Fuzz(func(t *testing.T, base string, body []byte) {
		found := fetch.Discover(base, body)
		seen := make(map[string]bool)
		guessed := 0
		for _, c := range found {
			u, err := url.Parse(c.URL)
			if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
				t.Errorf("candidate %q is not an address to fetch", c.URL)
			}
			if seen[c.URL] {
				t.Errorf("candidate %q twice", c.URL)
			}
			seen[c.URL] = true
			if c.From == fetch.FromGuess {
				guessed++
			}
		}
		if guessed > 6 || len(found) > 64 {
			t.Errorf("%d candidates, %d guessed", len(found), guessed)
		}
	})
}
