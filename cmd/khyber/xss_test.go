package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/mmcdole/gofeed" // in tests only: what we publish is read by the library that reads our sources
	nethtml "golang.org/x/net/html"
)

// payloads are what an attacker tries to get onto a page.
var payloads = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`'-alert(1)-'`,
	`<svg/onload=alert(1)>`,
	`<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style>`,
	`]]><script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>`,
	`<a href="java&#115;cript:alert(1)">go</a><iframe srcdoc="<script>alert(1)</script>"></iframe>`,
	`<form action="https://evil.example"><input name=password></form><base href="https://evil.example/">`,
}

// hostileDocument is an RSS document that has a payload in every field.
func hostileDocument(n int) string {
	p := html.EscapeString(payloads[n])
	return fmt.Sprintf(`<?xml version="1.0"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>%[1]s</title><link>javascript:alert(1)</link><description>%[1]s</description><copyright>%[1]s</copyright>
<item><title>Report %[2]d %[1]s</title><link>https://wire.example/%[2]d?%[1]s</link><guid>%[1]s%[2]d</guid><description>%[1]s</description>
<content:encoded>%[1]s</content:encoded><dc:creator>%[1]s</dc:creator><author>%[1]s</author><category>%[1]s</category>
<source url="javascript:alert(1)">%[1]s</source><enclosure url="javascript:alert(1)" type="%[1]s" length="1"/>
<media:thumbnail url="javascript:alert(1)"/><media:content url="data:text/html,%[1]s" type="image/png"><media:title>%[1]s</media:title></media:content></item>
<item><title>%[1]s</title><link>javascript:alert(1)//%[2]d</link><guid>javascript:alert(%[2]d)</guid><description>plain</description></item>
<item><title>Copied report %[2]d</title><link>data:text/html,%[1]s</link><guid>data:%[2]d</guid></item>
</channel></rss>`, p, n)
}

// TestNoFieldOfASourceRunsOnAPage polls documents with a payload in every field
// and reads every page and topic feed as a browser and a feed reader do.
func TestNoFieldOfASourceRunsOnAPage(t *testing.T) {
	ctx := patient(t)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := 0
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &n)
		w.Header().Set("Content-Type", "application/rss+xml")
		w.Header().Set("ETag", `"`+payloads[n][:1]+`"`)
		_, _ = fmt.Fprint(w, hostileDocument(n))
	}))
	t.Cleanup(site.Close)
	var file strings.Builder
	file.WriteString("site: {title: Hostile}\ndefaults: {every: 1m, allow_private_network: true}\nsources:\n")
	for n := range payloads {
		fmt.Fprintf(&file, "  - {id: s%d, name: %q, url: %q}\n", n, payloads[n], fmt.Sprint(site.URL, "/", n))
	}
	fmt.Fprintf(&file, "topics:\n  - {id: all, title: %q, description: %q, include: [{name: %q, always: true}]}\n", payloads[0], payloads[1], payloads[2])
	d := desk{t: t, dir: t.TempDir()}
	d.write(file.String())
	if said := string(d.must("poll", "--strict")); strings.Count(said, "ok: 3 new") != len(payloads) {
		t.Fatalf("the payloads were not taken:\n%s", said)
	}
	daemon := startServe(ctx, t, d.path("feeds.yaml"), d.path("khyber.db"))
	defer daemon.stop(t)
	pages := hostilePages(ctx, t, daemon.url)
	for _, path := range pages {
		checkAnswer(ctx, t, daemon.url, path)
	}
	if len(pages) < 20 {
		t.Errorf("only %d pages: %v", len(pages), pages)
	}
	for _, form := range []string{"atom", "rss", "json"} {
		for _, path := range []string{"topics/all." + form + "?view=all&limit=100", "topics/all." + form + "?view=stories"} {
			doc, err := gofeed.NewParser().ParseString(string(get(ctx, t, daemon.url+path)))
			must(t, err)
			if len(doc.Items) == 0 {
				t.Errorf("/%s is empty", path)
			}
			for _, item := range doc.Items {
				checkPage(t, path, item.Content+item.Description)
				for _, link := range append(item.Links, item.Link) {
					checkLink(t, path, link)
				}
				for _, file := range item.Enclosures {
					checkLink(t, path, file.URL)
				}
			}
		}
	}
}

// checkAnswer wants headers under which nothing runs, and a page in which nothing
// would. An answer in plain text may repeat what it was asked.
func checkAnswer(ctx context.Context, t *testing.T, base, path string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
	must(t, err)
	req.Header.Set("Accept", "text/html")
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	body, err := io.ReadAll(resp.Body)
	must(t, errors.Join(err, resp.Body.Close()))
	if csp := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none';") || strings.Contains(csp, "unsafe") {
		t.Errorf("/%s: Content-Security-Policy is %q", path, csp)
	}
	if got := resp.Header.Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("/%s: X-Content-Type-Options is %q", path, got)
	}
	if resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		checkPage(t, path, string(body))
	}
}

// hostilePages lists the pages, with those of the items that the topic links to.
func hostilePages(ctx context.Context, t *testing.T, base string) []string {
	t.Helper()
	paths := []string{"", "sources", "status", "topics/all", "help", "search?q=Report", "search?q=" + url.QueryEscape(payloads[0]), "why?topic=all&item=" + url.QueryEscape(payloads[1]), "topics/" + url.PathEscape(payloads[0]), "items/" + url.PathEscape(payloads[1])}
	seen := make(map[string]bool)
	for _, page := range []string{"topics/all", "sources", "search?q=Report"} {
		for _, link := range regexp.MustCompile(`href="/((?:items|stories|sources|topics)/[a-z0-9-]+)"`).FindAllStringSubmatch(string(get(ctx, t, base+page)), -1) {
			if !seen[link[1]] {
				seen[link[1]] = true
				paths = append(paths, link[1])
			}
		}
	}
	return paths
}

// unsound are elements that run or load something, or change what links mean.
var unsound = map[string]bool{
	"script": true, "iframe": true, "object": true, "embed": true, "base": true, "math": true, "mglyph": true, "foreignobject": true,
}

// checkPage wants no element or attribute that runs anything.
func checkPage(t *testing.T, path, text string) {
	t.Helper()
	for tokens := nethtml.NewTokenizer(strings.NewReader(text)); tokens.Next() != nethtml.ErrorToken; {
		token := tokens.Token()
		if token.Type != nethtml.StartTagToken && token.Type != nethtml.SelfClosingTagToken {
			continue
		}
		if unsound[token.Data] {
			t.Errorf("/%s has an element %s", path, token.Data)
		}
		for _, a := range token.Attr {
			switch {
			case token.Data == "link" && strings.HasPrefix(a.Val, "data:image/svg+xml,"): // our icon
			case strings.HasPrefix(a.Key, "on"), a.Key == "srcdoc", a.Key == "formaction":
				t.Errorf("/%s: %s has %s=%q", path, token.Data, a.Key, a.Val)
			case a.Key == "href", a.Key == "src", a.Key == "action", a.Key == "xlink:href":
				checkLink(t, path, a.Val)
			}
		}
	}
}

// checkLink wants an address that a browser asks a server for.
func checkLink(t *testing.T, path, link string) {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" && u.Scheme != "urn" {
		t.Errorf("/%s links to %q", path, link)
	}
	if u != nil && u.Host == "evil.example" {
		t.Errorf("/%s sends to %q", path, link)
	}
}
