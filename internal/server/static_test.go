package server

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestStaticCopyIsWhatIsServedLessWhatNeedsAServer(t *testing.T) {
	s := newServer(sampleStore())
	files := map[string]File{}
	if err := s.Static(t.Context(), func(f File) error { files[f.Name] = f; return nil }); err != nil {
		t.Fatal(err)
	}
	var names []string
	named := regexp.MustCompile(`/(?:items|stories)/[0-9a-f]{16}`)
	pages := 0
	for name, f := range files {
		if strings.HasPrefix(name, "items/") || strings.HasPrefix(name, "stories/") {
			pages++
		} else {
			names = append(names, name)
		}
		for _, page := range named.FindAllString(string(f.Plain), -1) {
			if _, ok := files[page[1:]+"/index.html"]; !ok {
				t.Errorf("%s names %s, which is not in the copy", name, page)
			}
		}
		if len(f.Plain) == 0 || len(f.Gzip) == 0 || len(f.Zstd) == 0 {
			t.Errorf("%s: %d, %d and %d bytes", name, len(f.Plain), len(f.Gzip), len(f.Zstd))
		}
		for _, needs := range []string{`rel="hub"`, "rel=\"next\"", "rel=\"first\"", "next_url", "hubs", "/search", "/status", "/why", "?before", "?view"} {
			if strings.HasPrefix(name, "help/") && strings.HasPrefix(needs, "/") {
				needs = `href="` + needs // the manual explains what a server has, and leads to none of it
			}
			if strings.Contains(string(f.Plain), needs) {
				t.Errorf("%s has %s, which needs a server", name, needs)
			}
		}
	}
	if pages < 100 {
		t.Errorf("only %d pages of items and stories", pages)
	}
	slices.Sort(names)
	want := strings.Fields(`help/index.html help/keys/index.html help/running/index.html index.html sources.opml sources/index.html ` + strings.TrimPrefix(s.style.path, "/") + `
		topics.opml topics/border-trade.atom topics/border-trade.json topics/border-trade.rss topics/border-trade/index.html
		topics/floods.atom topics/floods.json topics/floods.rss topics/floods/index.html
		topics/quiet.atom topics/quiet.json topics/quiet.rss topics/quiet/index.html`)
	if !slices.Equal(names, want) {
		t.Errorf("got  %v\nwant %v", names, want)
	}
	if served := get(s, "/topics/quiet.rss"); len(served.Body.Bytes()) < len(files["topics/quiet.rss"].Plain) {
		t.Error("the copy has more than the server")
	}
	again := map[string]File{}
	if err := s.Static(t.Context(), func(f File) error { again[f.Name] = f; return nil }); err != nil {
		t.Fatal(err)
	}
	for name := range files {
		if !bytes.Equal(files[name].Plain, again[name].Plain) || !bytes.Equal(files[name].Gzip, again[name].Gzip) {
			t.Errorf("%s is not the same twice", name)
		}
	}
}

func TestStaticCopyEndsWithTheFirstError(t *testing.T) {
	full := errors.New("disk full")
	n := 0
	err := newServer(sampleStore()).Static(t.Context(), func(File) error { n++; return full })
	if !errors.Is(err, full) || n != 1 {
		t.Errorf("%v after %d files", err, n)
	}
	st := sampleStore()
	st.err = errors.New("on fire")
	if err := newServer(st).Static(t.Context(), func(File) error { return nil }); err == nil {
		t.Error("a page that failed was published")
	}
}
