package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"khyber/internal/news"
	"khyber/internal/publish"
	"khyber/internal/store"
)

// File is one file of a static copy, in the codings that web servers offer when
// they find them beside it (NAME.gz, NAME.zst).
type File struct {
	Name  string // with slashes, below the root of the site
	Plain []byte
	Gzip  []byte
	Zstd  []byte
}

// Static hands every file of a static copy to write, for `khyber publish`: the
// topic feeds in their three forms, their archives, the pages, those of items
// and stories that they name, the manual, the lists and the stylesheet, as a request would
// get them, less what only a server answers: hub, further pages, variants,
// search. It ends with the first error of write.
func (s *Server) Static(ctx context.Context, write func(File) error) error {
	st := *s.state.Load()
	st.static, st.Site.Hub = true, false
	x := New(s.Options)
	x.state.Store(&st)
	c := copier{Server: x, write: write, entries: map[string]bool{}}
	names := []string{"", "sources", "topics.opml", "sources.opml", strings.TrimPrefix(x.style.path, "/")}
	if len(x.Help) > 0 {
		names = append(names, "help")
	}
	for _, p := range x.Help {
		names = append(names, "help/"+p.Name)
	}
	for _, name := range names {
		if err := c.copy(ctx, name); err != nil {
			return err
		}
	}
	for _, t := range st.Topics {
		if err := c.topic(ctx, t.ID); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.entries)) {
		err := c.copy(ctx, name)
		if err != nil && !errors.Is(err, store.ErrNotFound) { // an archive outlives the items in it
			return err
		}
	}
	return nil
}

// copier makes a static copy.
type copier struct {
	*Server
	write   func(File) error
	entries map[string]bool // pages of items and stories that the copy names
}

func (c *copier) copy(ctx context.Context, name string) error {
	f, err := c.file(ctx, name)
	if err != nil {
		return err
	}
	if err := c.write(f); err != nil {
		return fmt.Errorf("write %s: %w", f.Name, err)
	}
	return nil
}

// topic copies the page of a topic, its documents and the closed parts of its
// archive, and notes what they name.
func (c *copier) topic(ctx context.Context, id string) error {
	names := []string{"topics/" + id}
	for _, format := range publish.Formats() {
		names = append(names, "topics/"+id+"."+string(format))
	}
	for _, page := range []store.Page{{}, {Limit: pageEntries, Late: true}} { // the document, the page
		got, err := c.Store.Topic(ctx, id, page)
		if err != nil {
			return err
		}
		c.note(got.Entries)
	}
	parts, err := c.Store.Parts(ctx, id)
	if err != nil {
		return err
	}
	for _, name := range parts {
		part, err := c.Store.Part(ctx, id, name)
		if err != nil {
			return err
		}
		c.note(part.Entries)
		for _, format := range publish.Formats() {
			names = append(names, "topics/"+id+"/archive/"+name+"."+string(format))
		}
	}
	for _, name := range names {
		if err := c.copy(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) note(entries []news.Entry) {
	for i := range entries {
		e := &entries[i]
		c.entries["items/"+e.Item.ID.String()] = true
		if e.Story.ID != 0 && len(e.Story.Members) > 0 {
			c.entries["stories/"+e.Story.ID.String()] = true
		}
	}
}

// file asks for a path as a client would, once in each coding. A page becomes
// the index of a folder, so that its address needs no suffix.
func (s *Server) file(ctx context.Context, name string) (File, error) {
	f := File{Name: name}
	if !strings.Contains(name, ".") {
		f.Name = strings.TrimPrefix(name+"/index.html", "/")
	}
	for body, coding := range map[*[]byte]coding{&f.Plain: identity, &f.Gzip: gzipped, &f.Zstd: zstandard} {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/"+name, nil)
		if err != nil {
			return f, fmt.Errorf("publish %s: %w", f.Name, err)
		}
		r.Header.Set("Accept-Encoding", coding.name())
		w := &capture{header: http.Header{}}
		s.ServeHTTP(w, r)
		if w.status == http.StatusNotFound || w.status == http.StatusGone {
			return f, fmt.Errorf("publish %s: %w", f.Name, store.ErrNotFound)
		}
		if w.status != http.StatusOK {
			return f, fmt.Errorf("publish %s: status %d: %s", f.Name, w.status, strings.TrimSpace(string(w.body)))
		}
		*body = w.body
	}
	return f, nil
}

// capture is a ResponseWriter that keeps the answer.
type capture struct {
	header http.Header
	status int
	body   []byte
}

// Header returns the headers that are to be sent.
func (c *capture) Header() http.Header { return c.header }

// WriteHeader keeps the status.
func (c *capture) WriteHeader(status int) { c.status = status }

// Write keeps the body.
func (c *capture) Write(b []byte) (int, error) {
	c.body = append(c.body, b...)
	return len(b), nil
}
