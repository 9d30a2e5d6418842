package story

import (
	"strings"
	"testing"
)

func TestCanonicalLeavesOutWhatDoesNotNameThePage(t *testing.T) {
	const page = "https://herald.example/world/Bridge-Opens"
	for _, tc := range []struct{ link, want string }{
		{"http://www.herald.example/world/Bridge-Opens", page},
		{"HTTPS://WWW.Herald.Example.:443/world/Bridge-Opens/", page},
		{"http://herald.example:80/world/./x/../Bridge-Opens", page},
		{"https://user:secret@herald.example/world/Bridge-Opens#comments", page},
		{"https://herald.example/world/Bridge-Opens?utm_source=rss&fbclid=1", page},
		{"https://herald.example/world/Bridge%2dOpens/amp/", page},
		{"https://herald.example/world/Bridge-Opens/amp.html?amp", page},
		{"https://herald.example/world/Bridge-Opens?outputType=amp", page},
		{"https://herald-example.cdn.ampproject.org/c/s/www.herald.example/world/Bridge-Opens", page},
		{"https://www.google.com/amp/s/herald.example/world/Bridge-Opens", page},
		{"https://archive.is/o/EWx1/https://www.herald.example/world/Bridge-Opens?utm_medium=x", page},
		{"https://web.archive.org/web/20261123000000/http://herald.example/world/Bridge-Opens", page},
		{"https://www.google.co.uk/url?sa=t&url=https%3A%2F%2Fherald.example%2Fworld%2FBridge-Opens&ved=1", page},
		{"https://l.facebook.com/l.php?u=https%3A%2F%2Fherald.example%2Fworld%2FBridge-Opens", page},
		{"https://herald.example/?p=12&id=3", "https://herald.example/?id=3&p=12"},
		{"https://herald.example/a?ref=x", "https://herald.example/a?ref=x"},
		{"https://www.bbc.co.uk/news/a?ref=x", "https://bbc.co.uk/news/a"},
		{"https://m.dw.com/en/x/a-1?maca=en-rss", "https://dw.com/en/x/a-1"},
		{"https://m.herald.example/a", "https://m.herald.example/a"},
		{"https://ft.com/content/a?syn-25a6b1a6=1", "https://ft.com/content/a"},
		{"https://herald.example/#!/story/9", "https://herald.example/#!/story/9"},
		{"https://bücher.example/ä b", "https://xn--bcher-kva.example/%C3%A4%20b"},
		{"https://herald.example/100%zz", "https://herald.example/100%25zz"},
		{"https://[2001:db8::1]:8080/a", "https://[2001:db8::1]:8080/a"},
	} {
		if got, ok := Canonical(tc.link); got != tc.want || !ok {
			t.Errorf("Canonical(%q) = %q, %v; want %q", tc.link, got, ok, tc.want)
		}
	}
}

func TestLinksThatNameNothing(t *testing.T) {
	nest := "https://herald.example/a"
	for range 4 {
		nest = "https://archive.is/o/x/" + nest
	}
	for _, link := range []string{"", "mailto:a@b.example", "ftp://herald.example/a", "https://", "https://herald.example", "https://herald.example/?utm_source=rss", "https://a b.example/c", "https://herald.example:port/a", "tag:herald.example,2026:1", nest} {
		if got, ok := Canonical(link); ok {
			t.Errorf("Canonical(%q) = %q, want none", link, got)
		}
	}
}

func TestLongURLsAreKeptAsTheirHash(t *testing.T) {
	long := "https://herald.example/" + strings.Repeat("a", maxCanonical)
	got, ok := Canonical(long)
	if !ok || len(got) > maxCanonical || got == long {
		t.Fatalf("Canonical of %d bytes = %q, %v", len(long), got, ok)
	}
	if other, _ := Canonical(long + "b"); other == got {
		t.Error("two long URLs have one hash")
	}
}

func TestReadersGetTheLinkWithoutTrackingOnly(t *testing.T) {
	for _, tc := range []struct{ link, want string }{
		{"http://www.Herald.example/A/?b=2&utm_source=rss&a=1#part", "http://www.Herald.example/A/?b=2&a=1#part"},
		{"http://herald.example/a?fbclid=1", "http://herald.example/a"},
		{"http://herald.example/a", "http://herald.example/a"},
		{"mailto:x@herald.example?utm_source=a", "mailto:x@herald.example?utm_source=a"},
	} {
		if got := WithoutTracking(tc.link); got != tc.want {
			t.Errorf("WithoutTracking(%q) = %q, want %q", tc.link, got, tc.want)
		}
	}
}

func TestPublisherIDOutlivesASlug(t *testing.T) {
	for _, tc := range []struct{ link, want string }{
		{"https://www.dw.com/en/toll-rises-to-22/a-61234567", "dw.com 61234567"},
		{"https://www.dw.com/en/toll-rises-to-23/a-61234567", "dw.com 61234567"},
		{"https://www.bbc.co.uk/news/world-asia-12345678", "bbc.com 12345678"},
		{"https://www.dawn.com/news/1234567/some-slug", "dawn.com 1234567"},
		{"https://herald.example/news/29042026", ""},
	} {
		url, _ := Canonical(tc.link)
		if got := publisherID(url); got != tc.want {
			t.Errorf("publisherID(%q) = %q, want %q", tc.link, got, tc.want)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{
		"https://www.herald.example/a?b=1&amp=1#!x", "http://a:80:80/x", "https://archive.is/o/a/https://b.example/c?d=e",
		"https://m.m.dw.com/a/amp/amp.html//", "https://x/%2e%2e/%41%zz", "https://[::1]:80/a", "https://www.www.com/..//a",
		"https://google.com/url?q=https%3A%2F%2Fwww.google.com%2Furl%3Fq%3Dhttp%253A%252F%252Fa.b%252Fc",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, link string) {
		once, ok := Canonical(link)
		if !ok {
			return
		}
		if len(once) > maxCanonical+maxHost {
			t.Fatalf("%d bytes", len(once))
		}
		if twice, ok := Canonical(once); twice != once || !ok {
			t.Fatalf("Canonical(%q) = %q, again %q, %v", link, once, twice, ok)
		}
		WithoutTracking(link)
		publisherID(once)
		linkDomain(once)
	})
}
