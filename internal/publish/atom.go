package publish

import (
	"cmp"
	"encoding/xml"
	"strconv"

	"github.com/gorilla/feeds"
)

const (
	nsAtom    = "http://www.w3.org/2005/Atom"
	nsHistory = "http://purl.org/syndication/history/1.0"
	nsContent = "http://purl.org/rss/1.0/modules/content/"
	nsDC      = "http://purl.org/dc/elements/1.1/"
	mediaHTML = "text/html"
)

// Fields stand in the order of the document: validators report metadata that
// comes after an entry.
type atomRoot struct {
	XMLName    xml.Name       `xml:"feed"`
	NS         string         `xml:"xmlns,attr"`
	NSHistory  string         `xml:"xmlns:fh,attr,omitempty"`
	Lang       string         `xml:"xml:lang,attr"`
	ID         string         `xml:"id"`
	Title      textConstruct  `xml:"title"`
	Subtitle   *textConstruct `xml:"subtitle"`
	Updated    string         `xml:"updated"`
	Authors    []atomPerson   `xml:"author"`
	Links      []atomLink     `xml:"link"`
	Categories []atomCategory `xml:"category"`
	Rights     string         `xml:"rights"`
	Generator  atomGenerator  `xml:"generator"`
	Archive    *struct{}      `xml:"fh:archive"`
	Entries    []atomEntry    `xml:"entry"`
}

type atomEntry struct {
	Lang       string         `xml:"xml:lang,attr,omitempty"`
	ID         string         `xml:"id"`
	Title      textConstruct  `xml:"title"`
	Published  string         `xml:"published"`
	Updated    string         `xml:"updated"`
	Authors    []atomPerson   `xml:"author"`
	Links      []atomLink     `xml:"link"`
	Categories []atomCategory `xml:"category"`
	Rights     *textConstruct `xml:"rights"`
	Source     *atomSource    `xml:"source"`
	Summary    *textConstruct `xml:"summary"`
	Content    *feeds.AtomContent
}

type atomSource struct {
	ID      string        `xml:"id"`
	Title   textConstruct `xml:"title"`
	Updated string        `xml:"updated"`
	Authors []atomPerson  `xml:"author"`
	Links   []atomLink    `xml:"link"`
}

type textConstruct struct {
	Type string `xml:"type,attr"`
	Body string `xml:",chardata"`
}

type atomPerson struct {
	Name  string `xml:"name"`
	URI   string `xml:"uri,omitempty"`
	Email string `xml:"email,omitempty"`
}

type atomGenerator struct {
	Name string `xml:",chardata"`
	URI  string `xml:"uri,attr,omitempty"`
}

type atomLink struct {
	Rel    string `xml:"rel,attr"`
	Type   string `xml:"type,attr,omitempty"`
	Href   string `xml:"href,attr"`
	Lang   string `xml:"hreflang,attr,omitempty"`
	Title  string `xml:"title,attr,omitempty"`
	Length string `xml:"length,attr,omitempty"`
}

type atomCategory struct {
	Scheme string `xml:"scheme,attr,omitempty"`
	Term   string `xml:"term,attr"`
	Label  string `xml:"label,attr,omitempty"`
}

// plain returns a text construct; nil for an empty one, which Atom must not have.
func plain(s string) *textConstruct {
	if s == "" {
		return nil
	}
	kind, body := atomText(s)
	return &textConstruct{Type: kind, Body: body}
}

func atomDocument(f *TopicFeed) *atomRoot {
	d := &atomRoot{
		NS: nsAtom, Lang: f.lang(), ID: f.ID(), Title: *plain(f.title()), Subtitle: plain(f.subtitle()),
		Authors:   []atomPerson{{Name: f.owner(), URI: address(f.Site.BaseURL), Email: f.contact()}},
		Rights:    rightsNote,
		Generator: atomGenerator{generator, address(f.Site.BaseURL + manual)},
	}
	if f.Topic.ID != "" {
		d.Categories = []atomCategory{{Term: f.Topic.ID, Label: cmp.Or(unmarked(f.title()), f.Topic.ID)}}
	}
	d.Links = []atomLink{
		{Rel: "self", Type: Atom.MediaType(), Href: f.Self(Atom)},
		{Rel: "alternate", Type: mediaHTML, Href: f.Page(), Lang: f.lang()},
	}
	for _, l := range f.links(Atom) {
		d.Links = append(d.Links, atomLink{Rel: l.rel, Type: l.mediaType, Href: l.href})
	}
	if f.closed() {
		d.NSHistory, d.Archive = nsHistory, &struct{}{}
	}
	entries := f.entries()
	updated := f.Changed.UTC()
	for i := range entries {
		if entries[i].updatedAt.After(updated) {
			updated = entries[i].updatedAt
		}
		d.Entries = append(d.Entries, atomEntryOf(&entries[i]))
	}
	d.Updated = updated.Format("2006-01-02T15:04:05.999999Z")
	return d
}

func atomEntryOf(e *entry) atomEntry {
	x := atomEntry{
		Lang: e.lang, ID: e.id, Title: *plain(e.title), Published: e.published, Updated: e.updated,
		Rights: plain(e.rights), Summary: plain(e.summary),
	}
	for _, p := range e.authors {
		x.Authors = append(x.Authors, atomPerson{Name: p.name, URI: p.uri})
	}
	x.Links = append(x.Links, atomLink{Rel: "alternate", Type: mediaHTML, Href: e.url, Lang: e.lang})
	for _, l := range e.related {
		x.Links = append(x.Links, atomLink{Rel: l.rel, Type: l.mediaType, Href: l.href, Title: l.title})
	}
	if e.via != "" {
		x.Links = append(x.Links, atomLink{Rel: "via", Type: mediaHTML, Href: e.via})
	}
	for _, file := range e.files {
		l := atomLink{Rel: "enclosure", Type: file.Type, Href: file.URL, Title: file.Title}
		if file.Length > 0 {
			l.Length = strconv.FormatInt(file.Length, 10)
		}
		x.Links = append(x.Links, l)
	}
	for _, c := range e.categories {
		x.Categories = append(x.Categories, atomCategory{c.scheme, c.term, c.label})
	}
	if s := e.source; s != nil {
		x.Source = &atomSource{ID: s.id, Title: *plain(s.title), Updated: s.updated, Authors: []atomPerson{{Name: cmp.Or(personName(s.title), "unnamed source")}}}
		if s.site != "" {
			x.Source.Links = []atomLink{
				{Rel: "self", Href: s.self},
				{Rel: "alternate", Type: mediaHTML, Href: s.site},
			}
		}
	}
	if e.content != "" || e.summary == "" {
		x.Content = &feeds.AtomContent{Type: "html", Content: e.fallbackContent()}
	}
	return x
}
