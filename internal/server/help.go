package server

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// HelpPage is a page of the manual.
type HelpPage struct {
	Name  string // in its address: [a-z]+
	Title string
	Text  string // plain Markdown, beginning with the title; see parseMarkup
}

type helpPage struct {
	page
	Pages  []helpLink // of the manual, with what each holds
	Blocks []block    // of the page that is shown, without its title; none: the list of pages
}

// helpLink leads to a page of the manual or to a part of one.
type helpLink struct {
	Title, URL string
	Current    bool
	Parts      []helpLink
}

// help answers /help, the list of the manual's pages, and /help/NAME.
func (s *Server) help(w http.ResponseWriter, r *http.Request) {
	st, name := s.state.Load(), r.PathValue("name")
	path, title := "/help", "Help"
	i := slices.IndexFunc(s.Help, func(p HelpPage) bool { return p.Name == name })
	switch {
	case len(s.Help) == 0 || name != "" && i < 0:
		s.unknown(w, r)
		return
	case i >= 0:
		path, title = path+"/"+name, s.Help[i].Title
	}
	s.show(w, r, version{state: st}, path, "help", "", func(context.Context) (any, error) {
		p := helpPage{page: s.newPage(st, title, path)}
		p.Nav, p.Now = "help", time.Time{} // it is the same at any time
		for j, other := range s.Help {
			blocks := parseMarkup(other.Text, s.leadsTo(st, p.Root))
			link := helpLink{Title: other.Title, URL: p.Root + "/help/" + other.Name, Current: j == i}
			for _, b := range blocks {
				if b.Kind == "h2" {
					link.Parts = append(link.Parts, helpLink{Title: plainText(b.Spans), URL: link.URL + "#" + b.ID})
				}
			}
			p.Pages = append(p.Pages, link)
			if j == i {
				p.Blocks = slices.DeleteFunc(blocks, func(b block) bool { return b.Kind == "h1" })
			}
		}
		return p, nil
	})
}

func plainText(spans []span) string {
	var b strings.Builder
	for _, x := range spans {
		b.WriteString(x.Text)
	}
	return b.String()
}

// leadsTo makes links of what the manual writes as code: addresses of this site
// that take no further word, and the command that prints another page.
func (s *Server) leadsTo(st *State, root string) func(code string) string {
	paths := []string{"/", "/sources", "/help", "/topics.opml", "/sources.opml"}
	if !st.static {
		paths = append(paths, "/status", "/status.json", "/status.atom")
		if st.ParseQuery != nil {
			paths = append(paths, "/search")
		}
	}
	return func(code string) string {
		if name, ok := strings.CutPrefix(code, "khyber help "); ok && slices.ContainsFunc(s.Help, func(p HelpPage) bool { return p.Name == name }) {
			return root + "/help/" + name
		}
		if path, _, _ := strings.Cut(code, "?"); slices.Contains(paths, path) {
			return root + path
		}
		return ""
	}
}
