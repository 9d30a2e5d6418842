package publish

import (
	"encoding/xml"
	"html"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/feeds"

	"khyber/internal/news"
)

const (
	rssDocs = "https://www.rssboard.org/rss-specification"
	rssTTL  = 15 // minutes, as max-age says
)

type rssRoot struct {
	XMLName   xml.Name   `xml:"rss"`
	Version   string     `xml:"version,attr"`
	NSAtom    string     `xml:"xmlns:atom,attr"`
	NSContent string     `xml:"xmlns:content,attr"`
	NSDC      string     `xml:"xmlns:dc,attr"`
	NSHistory string     `xml:"xmlns:fh,attr,omitempty"`
	Channel   rssChannel `xml:"channel"`
}

type rssChannel struct {
	Title       rssString   `xml:"title"`
	Link        string      `xml:"link"`
	Description rssString   `xml:"description"`
	Links       []atomLink  `xml:"atom:link"`
	Language    string      `xml:"language"`
	Copyright   rssString   `xml:"copyright"`
	WebMaster   *rssString  `xml:"webMaster"`
	LastBuild   string      `xml:"lastBuildDate"`
	Categories  []rssDomain `xml:"category"`
	Generator   string      `xml:"generator"`
	Docs        string      `xml:"docs"`
	TTL         int         `xml:"ttl"`
	Archive     *struct{}   `xml:"fh:archive"`
	Items       []rssItem   `xml:"item"`
}

type rssItem struct {
	Lang        string    `xml:"xml:lang,attr,omitempty"`
	Title       rssString `xml:"title"`
	Link        string    `xml:"link"`
	Description *string   `xml:"description"`
	Content     *feeds.RssContent
	Creators    []rssString         `xml:"dc:creator"`
	Categories  []rssDomain         `xml:"category"`
	Enclosure   *feeds.RssEnclosure `xml:"enclosure"`
	GUID        feeds.RssGuid       `xml:"guid"`
	PubDate     string              `xml:"pubDate"`
	Source      *rssSource          `xml:"source"`
	Language    string              `xml:"dc:language,omitempty"`
	Rights      *rssString          `xml:"dc:rights"`
	Links       []atomLink          `xml:"atom:link"`
	Updated     string              `xml:"atom:updated"`
}

// rssString is plain text, escaped by rssText and written as it is.
type rssString struct {
	XML string `xml:",innerxml"`
}

type rssDomain struct {
	Domain string `xml:"domain,attr,omitempty"`
	Text   string `xml:",innerxml"`
}

type rssSource struct {
	URL  string `xml:"url,attr"`
	Text string `xml:",innerxml"`
}

// comment takes out what has a meaning in the comment of an address (RFC 5322 §3.2.2).
var comment = strings.NewReplacer("(", "", ")", "", `\`, "")

func rssOptional(s string) *rssString {
	if s == "" {
		return nil
	}
	return &rssString{rssText(s)}
}

func rssDocument(f *TopicFeed) *rssRoot {
	description := f.subtitle()
	if description == "" {
		description = f.title()
	}
	d := &rssRoot{Version: "2.0", NSAtom: nsAtom, NSContent: nsContent, NSDC: nsDC, Channel: rssChannel{
		Title: rssString{rssText(f.title())}, Link: f.Page(), Description: rssString{rssText(description)},
		Links:    []atomLink{{Rel: "self", Type: RSS.MediaType(), Href: f.Self(RSS)}},
		Language: f.lang(), Copyright: rssString{rssText(rightsNote)},
		LastBuild: rfc822(f.Changed), Generator: generator, Docs: rssDocs, TTL: rssTTL,
	}}
	c := &d.Channel
	if email := f.contact(); email != "" {
		c.WebMaster = rssOptional(email + " (" + strings.Trim(comment.Replace(f.siteTitle()), " ") + ")")
	}
	if f.Topic.ID != "" {
		c.Categories = []rssDomain{{Text: rssText(f.title())}}
	}
	for _, l := range f.links(RSS) {
		c.Links = append(c.Links, atomLink{Rel: l.rel, Type: l.mediaType, Href: l.href})
	}
	if f.closed() {
		d.NSHistory, c.Archive = nsHistory, &struct{}{}
	}
	entries := f.entries()
	for i := range entries {
		c.Items = append(c.Items, rssItemOf(&entries[i]))
	}
	return d
}

func rssItemOf(e *entry) rssItem {
	x := rssItem{
		Lang: e.lang, Title: rssString{rssText(e.title)}, Link: e.url,
		GUID:    feeds.RssGuid{Id: e.id, IsPermaLink: "false"},
		PubDate: e.pubDate, Language: e.lang, Rights: rssOptional(e.rights), Updated: e.updated,
	}
	if e.summary != "" || e.content != "" { // before content there is a description, if an empty one
		text := html.EscapeString(e.summary) // HTML by custom; escaped once more by the encoder
		x.Description = &text
	}
	if e.content != "" {
		x.Content = &feeds.RssContent{Content: e.content}
	}
	for _, p := range e.authors {
		x.Creators = append(x.Creators, rssString{rssText(p.name)})
	}
	for _, c := range e.categories {
		x.Categories = append(x.Categories, rssDomain{c.scheme, rssText(c.term)})
	}
	if i := slices.IndexFunc(e.files, func(x news.Enclosure) bool { return fileAddress.MatchString(x.URL) }); i >= 0 { // RSS has room for one
		file := e.files[i]
		if file.Type == "" {
			file.Type = unknownMedia
		}
		x.Enclosure = &feeds.RssEnclosure{Url: file.URL, Type: file.Type, Length: strconv.FormatInt(file.Length, 10)}
	}
	if s := e.source; s != nil {
		x.Source = &rssSource{URL: s.self, Text: rssText(s.title)}
	}
	for _, l := range e.related {
		x.Links = append(x.Links, atomLink{Rel: l.rel, Type: l.mediaType, Href: l.href, Title: l.title})
	}
	if e.via != "" {
		x.Links = append(x.Links, atomLink{Rel: "via", Type: mediaHTML, Href: e.via})
	}
	return x
}
