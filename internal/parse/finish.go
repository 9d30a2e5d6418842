package parse

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"khyber/internal/news"
	"khyber/internal/text"
)

// finish turns drafts into items and accounts for every one of them.
func (p *parser) finish() {
	p.doc.Fetched = len(p.drafts)
	for _, n := range p.doc.Rejected {
		p.doc.Fetched += n
	}
	for i := range p.drafts {
		p.dates.learn(p.drafts[i].published)
		p.dates.learn(p.drafts[i].updated)
	}
	p.finishHead()
	p.doc.Items = make([]news.Item, 0, len(p.drafts))
	for i := range p.drafts {
		it := p.finishItem(&p.drafts[i])
		if it.GUID == "" && it.Link == "" && it.Title == "" && it.Summary == "" {
			if !p.full || !saysAnything(&it) {
				p.reject(news.RejectedEmpty, 1)
				continue
			}
			it.Repairs = append(it.Repairs, "without an id, a link, a title and a text: a poll rejects it")
		}
		p.doc.Items = append(p.doc.Items, it)
	}
	p.doc.Hints = p.hints()
	p.drafts = nil
}

// saysAnything says whether an item that is no use to a poll has something to
// show to people.
func saysAnything(it *news.Item) bool {
	return len(it.Authors)+len(it.Contributors)+len(it.Tags)+len(it.Files) > 0 || it.Image+it.DateRaw+it.Outlet.Name+it.Outlet.URL != ""
}

func (p *parser) finishHead() {
	h, d := &p.head, &p.doc
	d.Title = h.title.line(maxTitleBytes)
	d.Description = h.subtitle.line(maxSummaryBytes)
	d.Rights = h.rights.line(maxRightsBytes)
	d.Home = webAddress(p.base, p.textOf(h.home))
	d.Lang = firstOf(languageTag(h.lang), languageTag(p.header.Get("Content-Language")))
	d.ID = rich{text: p.textOf(h.id), kind: kindPlain}.line(maxIDBytes)
	d.Image = webAddress(p.base, p.textOf(h.image))
	d.Generator = p.name(h.generator)
	d.Tags = p.tags(h.tags)
	d.Published, _, _ = p.dates.parse(p.textOf(h.published))
	d.Updated, _, _ = p.dates.parse(p.textOf(h.updated))
	d.Authors = p.people(h.people, h.names)
}

func (p *parser) finishItem(d *draft) news.Item {
	it := d.item
	it.Source, it.Publisher = p.src.ID, p.src.Publisher
	it.GUID = cutBytes(strings.TrimSpace(it.GUID), maxIDBytes)
	it.Link = p.pickLink(d)
	it.Title = d.title.line(maxTitleBytes)
	it.Summary, it.Excerpt = d.summary.excerpt(&p.excerpter)
	if it.Summary == "" {
		it.Summary, it.Excerpt = d.content.excerpt(&p.excerpter)
	}
	if p.full {
		it.SummaryHTML, it.ContentHTML = d.summary.sanitised(), d.content.sanitised()
	}
	it.Authors, it.Contributors = p.people(it.Authors, d.names), p.people(it.Contributors, nil)
	it.Tags = p.tags(d.tags)
	it.Files = p.files(d)
	it.Image = p.pickImage(d)
	it.Rights = d.rights.line(maxRightsBytes)
	p.finishDates(&it, d)
	p.finishOutlet(&it, d)
	if it.Rights == "" && it.Outlet == (news.Outlet{}) {
		it.Rights = p.doc.Rights // what holds for the document holds for its own items
	}
	it.Lang = firstOf(p.src.Lang, it.Lang, language(p.doc.Lang))
	if it.Lang == "" {
		it.Lang = text.Language(it.Title + " " + it.Summary)
	}
	return it
}

// pickLink takes the first address that can be followed. What is only perhaps
// an address must look like one.
func (p *parser) pickLink(d *draft) string {
	for _, l := range d.pages {
		if link := webAddress(d.base, p.textOf(l)); link != "" {
			return link
		}
	}
	for _, l := range d.links {
		l = strings.TrimSpace(p.textOf(l))
		if !strings.HasPrefix(l, "/") && !strings.Contains(l, "://") {
			continue
		}
		if link := webAddress(d.base, l); link != "" {
			return link
		}
	}
	return ""
}

func (p *parser) pickImage(d *draft) string {
	for _, f := range d.item.Files {
		if strings.HasPrefix(f.Type, "image/") {
			d.images = append(d.images, f.URL)
		}
	}
	for _, i := range d.images {
		if image := webAddress(d.base, p.textOf(i)); image != "" && strings.TrimSpace(i) != "" {
			return image
		}
	}
	return ""
}

func (p *parser) files(d *draft) []news.Enclosure {
	var out []news.Enclosure
	for _, f := range d.item.Files {
		f.URL = webAddress(d.base, p.textOf(f.URL))
		f.Type = strings.ToLower(p.name(f.Type))
		f.Title = p.name(f.Title)
		if f.URL == "" || slices.ContainsFunc(out, func(o news.Enclosure) bool { return o.URL == f.URL }) {
			continue
		}
		if out = append(out, f); len(out) == maxFiles {
			break
		}
	}
	return out
}

// name makes a short text safe.
func (p *parser) name(text string) string {
	if text == "" {
		return ""
	}
	return p.rich(text).line(maxNameBytes)
}

func (p *parser) tags(raw []string) []string {
	var out []string
	for _, t := range raw {
		if t = p.name(t); t == "" || slices.Contains(out, t) {
			continue
		}
		if out = append(out, t); len(out) == maxTags {
			break
		}
	}
	return out
}

// finishDates reads the dates. An item without one has none: never "now".
func (p *parser) finishDates(it *news.Item, d *draft) {
	published, updated := p.textOf(d.published), p.textOf(d.updated)
	it.DateRaw = rich{text: firstOf(published, updated), kind: kindPlain}.line(maxDateBytes)
	var zoned bool
	var ok bool
	if strings.TrimSpace(published) != "" {
		it.Published, zoned, ok = p.dates.parse(published)
		p.noteDate(it, zoned, ok)
	}
	if strings.TrimSpace(updated) != "" {
		it.Updated, zoned, ok = p.dates.parse(updated)
		if it.Published.IsZero() {
			it.Published = it.Updated
			p.noteDate(it, zoned, ok)
		}
	}
	it.Created, _, _ = p.dates.parse(p.textOf(d.created))
	if it.Published.IsZero() {
		it.Published = it.Created
	}
	if it.Published.After(p.now.Add(time.Hour)) {
		it.Repairs = append(it.Repairs, "the date lies in the future")
	}
}

func (p *parser) noteDate(it *news.Item, zoned, ok bool) {
	switch {
	case !ok:
		it.Repairs = append(it.Repairs, "the date is none that can be used")
	case !zoned && p.src.Timezone != nil:
		it.Repairs = append(it.Repairs, "the date has no zone; that of the source was taken")
	case !zoned:
		it.Repairs = append(it.Repairs, "the date has no zone; UTC was taken")
	}
}

// finishOutlet says whom an aggregator names as the real outlet: that one is
// counted as the publisher.
func (p *parser) finishOutlet(it *news.Item, d *draft) {
	it.Outlet.Name = p.name(d.outlet)
	it.Outlet.URL = webAddress(d.base, p.textOf(it.Outlet.URL))
	if strings.TrimSpace(d.item.Outlet.URL) == "" {
		it.Outlet.URL = ""
	}
	if p.src.Type != news.Aggregator {
		return
	}
	if it.Outlet.Name == "" && it.Outlet.URL == "" {
		if i := strings.LastIndex(it.Title, " - "); i > 0 {
			it.Outlet.Name = strings.TrimSpace(it.Title[i+3:])
		}
	}
	it.Publisher = firstOf(registrableDomain(it.Outlet.URL), strings.ToLower(it.Outlet.Name))
}

// registrableDomain returns the domain below the public suffix; "" where there
// is none.
func registrableDomain(address string) string {
	u := hostOf(address)
	if u == "" {
		return ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(u)
	if err != nil {
		return u
	}
	return domain
}
