package server

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"khyber/internal/publish"
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
// topic feeds in their three forms, their archives, the pages, the lists and the stylesheet, as
// a request would get them, less what only a server answers: hub, further
// pages, variants, search, items. It ends with the first error of write.
func (s *Server) Static(ctx context.Context, write func(File) error) error {
	st := *s.state.Load()
	st.static, st.Site.Hub = true, false
	x := New(s.Options)
	x.state.Store(&st)
	names := []string{"", "sources", "topics.opml", "sources.opml", strings.TrimPrefix(x.style.path, "/")}
	for _, t := range st.Topics {
		names = append(names, "topics/"+t.ID)
		for _, format := range publish.Formats() {
			names = append(names, "topics/"+t.ID+"."+string(format))
		}
		parts, err := s.Store.Parts(ctx, t.ID)
		if err != nil {
			return err
		}
		for _, part := range parts {
			for _, format := range publish.Formats() {
				names = append(names, "topics/"+t.ID+"/archive/"+part+"."+string(format))
			}
		}
	}
	for _, name := range names {
		f, err := x.file(ctx, name)
		if err != nil {
			return err
		}
		if err := write(f); err != nil {
			return fmt.Errorf("write %s: %w", f.Name, err)
		}
	}
	return nil
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
