package parse

import (
	"bytes"

	"github.com/mmcdole/gofeed/rss"

	"khyber/internal/news"
)

// rss reads an RSS, RDF or CDF document.
func (p *parser) rss(skeleton []byte) error {
	doc, err := (&rss.Parser{}).Parse(bytes.NewReader(skeleton))
	if err != nil {
		return noDocument("the RSS could not be read: %v", err)
	}
	p.rssHead(doc)
	shapes := p.shape.delivered()
	if len(shapes) != len(doc.Items) {
		p.lost(len(shapes), len(doc.Items))
		shapes = nil
	}
	p.drafts = make([]draft, 0, len(doc.Items))
	for i, it := range doc.Items {
		sh := itemShape{}
		if shapes != nil {
			sh = shapes[i]
		}
		p.drafts = append(p.drafts, p.rssItem(it, &sh))
	}
	return nil
}

// delivered returns the items in the order in which gofeed delivers them: those
// of the channel first.
func (s *shape) delivered() []itemShape {
	out := make([]itemShape, 0, len(s.items))
	for _, atRoot := range []bool{false, true} {
		for _, it := range s.items {
			if it.atRoot == atRoot {
				out = append(out, it)
			}
		}
	}
	return out
}

func (p *parser) rssHead(doc *rss.Feed) {
	x := extensions(doc.Extensions)
	h := &p.head
	own := p.shape.heads
	h.title = firstRich(p.rich(doc.Title), p.rich(x.value("dc", "title")), p.rich(x.value("atom", "title")))
	h.subtitle = firstRich(p.rich(doc.Description), p.rich(own["subtitle"]), p.rich(own["tagline"]),
		p.rich(x.value("itunes", "summary")), p.rich(x.value("itunes", "subtitle")), p.rich(x.value("dc", "description")), p.rich(x.value("atom", "subtitle")))
	h.rights = firstRich(p.rich(doc.Copyright), p.rich(own["rights"]), p.rich(x.value("dc", "rights")), p.rich(x.value("atom", "rights")))
	h.lang = firstOf(doc.Language, x.value("dc", "language"), p.shape.lang)
	h.home = firstOf(doc.Links...)
	h.generator = doc.Generator
	h.published = firstOf(doc.PubDate, x.value("dc", "date"), x.value("dcterms", "issued"), own["published"], x.value("atom", "published"))
	h.updated = firstOf(doc.LastBuildDate, x.value("dcterms", "modified"), x.value("atom", "updated"), own["updated"], own["modified"], x.value("dc", "date"))
	h.id = firstOf(own["id"], p.textOf(x.value("atom", "id")))
	if doc.Image != nil {
		h.image = doc.Image.URL
	}
	for _, i := range x.all("itunes", "image") {
		h.image = firstOf(h.image, i.Attrs["href"])
	}
	for _, c := range doc.Categories {
		h.tags = append(h.tags, c.Value)
	}
	h.tags = append(h.tags, x.values("dc", "subject")...)
	h.tags = append(h.tags, splitKeywords(own["keywords"])...)
	podcastTags(&h.tags, x)
	mediaTags(&h.tags, x["media"])
	atomTags(&h.tags, x.all("atom", "category"))
	h.names = append(append(h.names, doc.ManagingEditor), p.shape.authors...)
	h.names = append(h.names, x.values("dc", "creator")...)
	h.names = append(h.names, x.values("dc", "author")...)
	h.names = append(h.names, x.values("itunes", "author")...)
	for _, a := range x.all("atom", "author") {
		h.people = append(h.people, personExt(a))
	}
	h.hints = rawHints{
		ttl: doc.TTL, skipHours: doc.SkipHours, skipDays: doc.SkipDays,
		period: x.value("sy", "updatePeriod"), frequency: x.value("sy", "updateFrequency"),
	}
	for _, prefix := range []string{"atom", "atom03", "atom10"} {
		for _, l := range x.all(prefix, "link") {
			h.hints.link(l.Attrs["rel"], l.Attrs["href"])
			if h.home == "" && (l.Attrs["rel"] == "" || l.Attrs["rel"] == "alternate") {
				h.home = l.Attrs["href"]
			}
		}
	}
}

func (p *parser) rssItem(it *rss.Item, sh *itemShape) draft {
	x := extensions(it.Extensions)
	d := draft{base: p.shape.bases[sh.base]}
	d.item.GUID = sh.id
	d.item.Lang = language(sh.lang)
	d.item.GUID = firstOf(d.item.GUID, sh.about, p.textOf(it.Custom["id"]))
	d.title, d.summary, d.content = p.rich(it.Title), p.rich(it.Description), p.rich(it.Content)
	d.content = firstRich(d.content, p.rich(it.Custom["encoded"]), p.rich(it.Custom["fullitem"]), p.rich(it.Custom["content"]))
	d.summary = firstRich(d.summary, p.rich(it.Custom["summary"]), p.rich(it.Custom["abstract"]))
	d.rights = p.rich(firstOf(it.Custom["copyright"], it.Custom["rights"]))
	d.published = firstOf(sh.published, it.PubDate)
	d.names = append(d.names, it.Author, it.Custom["managingEditor"])
	for _, c := range it.Categories {
		d.tags = append(d.tags, c.Value)
	}
	d.tags = append(d.tags, splitKeywords(it.Custom["keywords"])...)
	for _, e := range it.Enclosures {
		d.item.Files = append(d.item.Files, news.Enclosure{URL: e.URL, Type: e.Type, Length: size(e.Length)})
	}
	if it.Source != nil {
		d.outlet, d.item.Outlet.URL = p.textOf(it.Source.Title), it.Source.URL
	}
	d.images = append(d.images, it.Custom["image"])
	for _, l := range it.Links {
		d.pages = append(d.pages, p.textOf(l))
	}
	p.extend(&d, x)
	d.updated = firstOf(d.updated, it.Custom["lastBuildDate"], it.Custom["updated"], it.Custom["modified"])
	d.published = firstOf(d.published, it.Custom["date"], it.Custom["published"], it.Custom["issued"])
	// The guid is the link where it is a permalink, which it is unless it says
	// otherwise (RSS 2.0).
	if !sh.opaque {
		d.links = append(d.links, sh.id)
	}
	d.links = append(d.links, sh.about)
	return d
}
