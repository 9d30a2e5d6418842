package parse

import (
	"net/url"
	"strconv"
	"strings"

	ext "github.com/mmcdole/gofeed/extensions"

	"khyber/internal/news"
)

// draft is an item before its texts are made safe and its dates are read.
type draft struct {
	item                            news.Item
	base                            *url.URL
	title, summary, content, rights rich
	published, updated, created     string
	pages, links                    []string // candidates for the link: HTML pages, then others
	names                           []string // authors as they are written
	tags                            []string
	images                          []string
	outlet                          string // name, still raw
}

// head is what a document says of itself, before it is made safe.
type head struct {
	title, subtitle, rights rich
	id, lang, home, image   string
	generator               string
	published, updated      string
	tags                    []string
	people                  []news.Person
	names                   []string
	hints                   rawHints
}

// extensions reads what gofeed delivers of elements beside the format's own,
// by their usual prefix.
type extensions ext.Extensions

// all returns the elements of a name.
func (x extensions) all(prefix, name string) []ext.Extension { return x[prefix][name] }

// value returns the first text of an element that is not empty.
func (x extensions) value(prefix, name string) string {
	for _, e := range x[prefix][name] {
		if e.Value != "" {
			return e.Value
		}
	}
	return ""
}

// values returns the texts of all elements of a name.
func (x extensions) values(prefix, name string) []string {
	var out []string
	for _, e := range x[prefix][name] {
		if e.Value != "" {
			out = append(out, e.Value)
		}
	}
	return out
}

func firstOf(values ...string) string {
	for _, v := range values {
		if strings.TrimSpace(v) != "" {
			return v
		}
	}
	return ""
}

func firstRich(values ...rich) rich {
	for _, v := range values {
		if !v.empty() {
			return v
		}
	}
	return rich{}
}

// extend adds to an item what Dublin Core, Media RSS, iTunes and Atom elements
// in other formats say of it.
func (p *parser) extend(d *draft, x extensions) {
	if len(x) == 0 {
		return
	}
	p.dublinCore(d, x)
	p.podcast(d, x)
	p.media(d, x)
	p.atomExtras(d, x)
}

func (p *parser) dublinCore(d *draft, x extensions) {
	d.title = firstRich(d.title, p.rich(x.value("dc", "title")), p.rich(x.value("dcterms", "title")))
	d.summary = firstRich(d.summary, p.rich(x.value("dc", "description")), p.rich(x.value("dcterms", "abstract")))
	d.content = firstRich(d.content, p.rich(x.value("content", "encoded")))
	d.rights = firstRich(d.rights, p.rich(x.value("dc", "rights")), p.rich(x.value("dcterms", "rights")))
	d.published = firstOf(d.published, x.value("dcterms", "issued"), x.value("dc", "date"), x.value("dcterms", "created"),
		x.value("dcterms", "date"), x.value("prism", "publicationDate"))
	d.updated = firstOf(d.updated, x.value("dcterms", "modified"), x.value("dc", "date"))
	d.created = firstOf(d.created, x.value("dcterms", "created"))
	for _, name := range x.values("dc", "contributor") {
		d.item.Contributors = append(d.item.Contributors, news.Person{Name: name})
	}
	d.names = append(d.names, x.values("dc", "creator")...)
	d.names = append(d.names, x.values("dc", "author")...)
	d.names = append(d.names, x.values("dcterms", "creator")...)
	d.tags = append(d.tags, x.values("dc", "subject")...)
	d.tags = append(d.tags, x.values("dcterms", "subject")...)
	if d.item.Lang == "" {
		d.item.Lang = language(x.value("dc", "language"))
	}
}

func (p *parser) podcast(d *draft, x extensions) {
	if len(x["itunes"]) == 0 {
		return
	}
	d.title = firstRich(d.title, p.rich(x.value("itunes", "title")))
	d.summary = firstRich(d.summary, p.rich(x.value("itunes", "summary")), p.rich(x.value("itunes", "subtitle")))
	d.names = append(d.names, x.values("itunes", "author")...)
	podcastTags(&d.tags, x)
	for _, i := range x.all("itunes", "image") {
		d.images = append(d.images, firstOf(i.Attrs["href"], i.Value))
	}
}

// podcastTags adds what iTunes elements say of the subject.
func podcastTags(tags *[]string, x extensions) {
	for _, words := range x.values("itunes", "keywords") {
		*tags = append(*tags, splitKeywords(words)...)
	}
	*tags = append(*tags, podcastCategories(x.all("itunes", "category"), 0)...)
}

// mediaTags adds what Media RSS elements say of it.
func mediaTags(tags *[]string, m map[string][]ext.Extension) {
	for _, c := range m["category"] {
		*tags = append(*tags, firstOf(c.Attrs["label"], c.Value))
	}
	for _, words := range (extensions{"media": m}).values("media", "keywords") {
		*tags = append(*tags, splitKeywords(words)...)
	}
}

// atomTags adds the categories of Atom in another format.
func atomTags(tags *[]string, categories []ext.Extension) {
	for _, c := range categories {
		*tags = append(*tags, firstOf(c.Attrs["label"], c.Attrs["term"]))
	}
}

// podcastCategories lists categories with those within them.
func podcastCategories(list []ext.Extension, depth int) []string {
	var out []string
	for _, c := range list {
		out = append(out, firstOf(c.Attrs["text"], c.Value))
		if depth < 2 {
			out = append(out, podcastCategories(c.Children["category"], depth+1)...)
		}
	}
	return out
}

func splitKeywords(s string) []string {
	if strings.Contains(s, ",") {
		return strings.Split(s, ",")
	}
	return strings.Fields(s)
}

// media reads Media RSS, whose elements may stand in the item, in a group or in
// a content.
func (p *parser) media(d *draft, x extensions) {
	m := x["media"]
	if len(m) == 0 {
		return
	}
	p.mediaElements(d, m, 0)
}

func (p *parser) mediaElements(d *draft, m map[string][]ext.Extension, depth int) {
	if depth > 2 {
		return
	}
	at := extensions{"media": m}
	d.title = firstRich(d.title, p.rich(at.value("media", "title")))
	d.summary = firstRich(d.summary, p.rich(firstOf(at.value("media", "description"), at.value("media", "text"))))
	d.rights = firstRich(d.rights, p.rich(at.value("media", "copyright")))
	mediaTags(&d.tags, m)
	for _, t := range m["thumbnail"] {
		d.images = append(d.images, firstOf(t.Attrs["url"], t.Value))
	}
	for _, c := range m["content"] {
		p.mediaContent(d, c)
		p.mediaElements(d, c.Children, depth+1)
	}
	for _, g := range m["group"] {
		p.mediaElements(d, g.Children, depth+1)
	}
}

func (p *parser) mediaContent(d *draft, c ext.Extension) {
	if c.Attrs["medium"] == "image" || strings.HasPrefix(c.Attrs["type"], "image/") || c.Attrs["medium"] == "" && c.Attrs["type"] == "" {
		d.images = append(d.images, c.Attrs["url"])
		return
	}
	d.item.Files = append(d.item.Files, news.Enclosure{
		URL: c.Attrs["url"], Type: c.Attrs["type"], Length: size(c.Attrs["fileSize"]),
		Title: extensions{"media": c.Children}.value("media", "title"),
	})
}

// atomExtras reads Atom elements in an item of RSS.
func (p *parser) atomExtras(d *draft, x extensions) {
	for _, prefix := range []string{"atom", "atom03"} {
		if len(x[prefix]) == 0 {
			continue
		}
		d.item.GUID = firstOf(d.item.GUID, p.textOf(x.value(prefix, "id")))
		d.title = firstRich(d.title, p.rich(x.value(prefix, "title")))
		d.summary = firstRich(d.summary, p.rich(x.value(prefix, "summary")))
		d.content = firstRich(d.content, p.rich(x.value(prefix, "content")))
		d.rights = firstRich(d.rights, p.rich(x.value(prefix, "rights")))
		d.published = firstOf(d.published, x.value(prefix, "published"), x.value(prefix, "issued"), x.value(prefix, "created"))
		d.updated = firstOf(d.updated, x.value(prefix, "updated"), x.value(prefix, "modified"))
		for _, a := range x.all(prefix, "author") {
			d.item.Authors = append(d.item.Authors, personExt(a))
		}
		for _, c := range x.all(prefix, "contributor") {
			d.item.Contributors = append(d.item.Contributors, personExt(c))
		}
		atomTags(&d.tags, x.all(prefix, "category"))
		for _, l := range x.all(prefix, "link") {
			d.link(l.Attrs["rel"], l.Attrs["href"], l.Attrs["type"], l.Attrs["title"], l.Attrs["length"])
		}
	}
}

func personExt(e ext.Extension) news.Person {
	at := extensions{"": e.Children}
	return news.Person{
		Name:  firstOf(at.value("", "name"), e.Value),
		Email: at.value("", "email"),
		URL:   firstOf(at.value("", "uri"), at.value("", "url"), at.value("", "homepage")),
	}
}

// link files an Atom link by its relation; without one it is the alternate (RFC
// 4287 §4.2.7.2). HTML comes before other types.
func (d *draft) link(rel, href, mediaType, title, length string) {
	switch strings.ToLower(strings.TrimPrefix(rel, "http://www.iana.org/assignments/relation/")) {
	case "", "alternate":
		if mediaType == "" || strings.Contains(mediaType, "html") {
			d.pages = append(d.pages, href)
			return
		}
		d.links = append(d.links, href)
	case "enclosure":
		d.item.Files = append(d.item.Files, news.Enclosure{URL: href, Type: mediaType, Length: size(length), Title: title})
	}
}

// size reads a length in bytes; 0: it says none.
func size(s string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(strings.ReplaceAll(s, ",", "")), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// languageTag returns a language tag as it is written; "" for what has not its
// form.
func languageTag(tag string) string {
	tag = strings.ReplaceAll(strings.TrimSpace(tag), "_", "-")
	if !isLanguageTag(tag) {
		return ""
	}
	return tag
}

// language returns the ISO 639 code of a language tag or of what a source wrote
// instead of one; "" where it is none.
func language(tag string) string {
	tag = strings.ToLower(strings.TrimSpace(tag))
	tag, _, _ = strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	if len(tag) < 2 || len(tag) > 3 || !isLanguageTag(tag) {
		return ""
	}
	switch tag {
	case "prs":
		return "fa"
	case "eng":
		return "en"
	case "urd":
		return "ur"
	case "pus":
		return "ps"
	case "und", "mul", "zxx":
		return ""
	}
	return tag
}
