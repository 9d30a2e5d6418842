package publish

import (
	"cmp"
	"encoding/xml"
	"html"
	"io"
	"regexp"
	"slices"
	"time"

	"khyber/internal/news"
)

// opml is OPML 2.0 as it is written; reading is in opmlread.go.
type opml struct {
	XMLName xml.Name  `xml:"opml"`
	Version string    `xml:"version,attr"`
	Head    opmlHead  `xml:"head"`
	Body    []outline `xml:"body>outline"`
}

type opmlHead struct {
	Title    string `xml:"title"`
	Modified string `xml:"dateModified,omitempty"`
	Owner    string `xml:"ownerName,omitempty"`
	Email    string `xml:"ownerEmail,omitempty"`
}

type outline struct {
	Text        string    `xml:"text,attr"`
	Title       string    `xml:"title,attr,omitempty"`
	Type        string    `xml:"type,attr,omitempty"`
	XMLURL      string    `xml:"xmlUrl,attr,omitempty"`
	HTMLURL     string    `xml:"htmlUrl,attr,omitempty"`
	URL         string    `xml:"url,attr,omitempty"`
	Description string    `xml:"description,attr,omitempty"`
	Language    string    `xml:"language,attr,omitempty"`
	Category    string    `xml:"category,attr,omitempty"`
	Children    []outline `xml:"outline"`
}

// RenderTopicsOPML writes the topics, in their order, as one group of
// subscriptions to their Atom forms. lang returns the language of a title, changed
// is the time of the configuration.
func RenderTopicsOPML(w io.Writer, site Site, topics []news.Topic, lang func(title string) string, changed time.Time) error {
	f := TopicFeed{Site: site}
	group := outline{Text: f.siteTitle()}
	for _, t := range topics {
		f := TopicFeed{Site: site, Topic: t, Path: "/topics/" + t.ID, Lang: lang(t.Title)}
		group.Children = append(group.Children, outline{
			Text: f.title(), Title: f.title(), Type: "rss", XMLURL: f.Self(Atom), HTMLURL: f.Page(),
			Description: clean(t.Description), Language: f.lang(),
		})
	}
	return writeOPML(w, &f, f.siteTitle()+": topics", []outline{group}, changed)
}

// RenderSourcesOPML writes the sources in groups by country, then kind. A
// source whose address is not for everybody is a link to its line on the
// sources page instead.
func RenderSourcesOPML(w io.Writer, site Site, sources []news.Source, changed time.Time) error {
	f := TopicFeed{Site: site}
	sources = slices.Clone(sources)
	slices.SortStableFunc(sources, func(a, b news.Source) int {
		return cmp.Or(cmp.Compare(a.Country, b.Country), cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
	})
	var groups []outline
	for i := range sources {
		src := &sources[i]
		country, kind := cmp.Or(clean(src.Country), noCountry), cmp.Or(clean(string(src.Type)), noKind)
		byCountry := child(&groups, country)
		byKind := child(&byCountry.Children, kind)
		byKind.Children = append(byKind.Children, sourceOutline(&f, src))
	}
	if groups == nil { // a body without an outline is an error
		groups = []outline{{Text: f.siteTitle()}}
	}
	return writeOPML(w, &f, f.siteTitle()+": sources", groups, changed)
}

// Groups of sources whose country or kind feeds.yaml does not say.
const (
	noCountry = "no country"
	noKind    = "no kind"
)

func sourceOutline(f *TopicFeed, src *news.Source) outline {
	name := sourceName(map[string]news.Source{src.ID: *src}, src.ID)
	o := outline{Text: name, Title: name, Language: LanguageTag(src.Lang)}
	for _, part := range []string{clean(src.Country), clean(string(src.Type))} {
		if part != "" {
			o.Category += "/" + part
		}
	}
	if u := address(src.PublicURL()); u != "" {
		o.Type, o.XMLURL = "rss", u
	} else {
		o.Type, o.URL = "link", f.Site.sourceURL(src.ID)
	}
	return o
}

// opmlMarkup finds what a reader of HTML would not take for text.
var opmlMarkup = regexp.MustCompile(`<|&[^ &]`)

// opmlText returns a text as OPML 2.0 has it, which may be HTML. One that is
// right either way is left alone: many readers show it as it is.
func opmlText(s string) string {
	if opmlMarkup.MatchString(s) {
		return html.EscapeString(s)
	}
	return s
}

func escapeAll(body []outline) {
	for i := range body {
		o := &body[i]
		o.Text, o.Title, o.Description = opmlText(o.Text), opmlText(o.Title), opmlText(o.Description)
		escapeAll(o.Children)
	}
}

// child returns the group with the text, the last one or a new one.
func child(groups *[]outline, text string) *outline {
	if n := len(*groups); n == 0 || (*groups)[n-1].Text != text {
		*groups = append(*groups, outline{Text: text})
	}
	return &(*groups)[len(*groups)-1]
}

func writeOPML(w io.Writer, f *TopicFeed, title string, body []outline, changed time.Time) error {
	escapeAll(body)
	d := opml{Version: "2.0", Head: opmlHead{Title: opmlText(title), Owner: opmlText(f.siteTitle()), Email: f.contact()}, Body: body}
	if !changed.IsZero() {
		d.Head.Modified = rfc822(changed)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	return enc.Encode(d)
}
