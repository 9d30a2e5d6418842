package parse

import (
	"bytes"
	"strings"

	"github.com/mmcdole/gofeed/atom"

	"khyber/internal/news"
)

// atom reads an Atom document.
func (p *parser) atom(skeleton []byte) error {
	doc, err := (&atom.Parser{}).Parse(bytes.NewReader(skeleton))
	if err != nil {
		return noDocument("the Atom could not be read: %v", err)
	}
	p.atomHead(doc)
	shapes := p.shape.items
	if len(shapes) != len(doc.Entries) {
		p.lost(len(shapes), len(doc.Entries))
		shapes = nil
	}
	p.drafts = make([]draft, 0, len(doc.Entries))
	for i, e := range doc.Entries {
		sh := itemShape{}
		if shapes != nil {
			sh = shapes[i]
		}
		p.drafts = append(p.drafts, p.atomEntry(e, &sh))
	}
	return nil
}

func (p *parser) atomHead(doc *atom.Feed) {
	x := extensions(doc.Extensions)
	h := &p.head
	h.title = p.rich(doc.Title)
	h.subtitle = p.rich(doc.Subtitle)
	h.rights = firstRich(p.rich(doc.Rights), p.rich(x.value("dc", "rights")))
	own := p.shape.heads
	h.id, h.lang = firstOf(own["id"], doc.ID), firstOf(p.shape.lang, doc.Language)
	h.image = firstOf(doc.Logo, doc.Icon)
	for _, i := range x.all("itunes", "image") {
		h.image = firstOf(h.image, i.Attrs["href"])
	}
	h.updated = firstOf(doc.Updated, x.value("dcterms", "modified"), x.value("dc", "date"))
	h.published = firstOf(own["published"], own["issued"], x.value("dcterms", "issued"), x.value("dc", "date"))
	if doc.Generator != nil {
		h.generator = doc.Generator.Value
	}
	for _, c := range doc.Categories {
		h.tags = append(h.tags, firstOf(c.Label, c.Term))
	}
	h.tags = append(h.tags, x.values("dc", "subject")...)
	podcastTags(&h.tags, x)
	mediaTags(&h.tags, x["media"])
	h.people = people(doc.Authors)
	h.names = x.values("dc", "creator")
	d := draft{}
	for _, l := range doc.Links {
		h.hints.link(l.Rel, l.Href)
		d.link(l.Rel, l.Href, l.Type, l.Title, l.Length)
	}
	h.home = firstOf(append(d.pages, d.links...)...)
	h.hints.period, h.hints.frequency = x.value("sy", "updatePeriod"), x.value("sy", "updateFrequency")
}

func people(list []*atom.Person) []news.Person {
	var out []news.Person
	for _, a := range list {
		out = append(out, news.Person{Name: a.Name, Email: a.Email, URL: a.URI})
	}
	return out
}

func (p *parser) atomEntry(e *atom.Entry, sh *itemShape) draft {
	x := extensions(e.Extensions)
	d := draft{base: p.shape.bases[sh.base]}
	d.item.GUID = sh.id
	d.item.Lang = language(sh.lang)
	d.title, d.summary, d.rights = p.rich(e.Title), p.rich(e.Summary), p.rich(e.Rights)
	if e.Content != nil {
		d.content = p.rich(e.Content.Value)
		d.links = append(d.links, e.Content.Src)
	}
	d.published, d.updated, d.created = sh.published, sh.updated, sh.created
	d.item.Authors, d.item.Contributors = people(e.Authors), people(e.Contributors)
	for _, c := range e.Categories {
		d.tags = append(d.tags, firstOf(c.Label, c.Term))
	}
	for _, l := range e.Links {
		d.link(l.Rel, l.Href, l.Type, l.Title, l.Length)
	}
	if e.Source != nil {
		d.outlet = e.Source.Title
		from := draft{}
		for _, l := range e.Source.Links {
			from.link(l.Rel, l.Href, l.Type, l.Title, l.Length)
		}
		d.item.Outlet.URL = firstOf(append(from.pages, e.Source.ID)...)
		if len(e.Authors) == 0 {
			d.item.Authors = people(e.Source.Authors)
		}
	}
	p.extend(&d, x)
	if strings.HasPrefix(d.item.GUID, "http") {
		d.links = append(d.links, d.item.GUID)
	}
	return d
}
