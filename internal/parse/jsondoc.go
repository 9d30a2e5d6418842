package parse

import (
	"bytes"
	"encoding/json"
	"strings"

	gofeed "github.com/mmcdole/gofeed/json"

	"khyber/internal/news"
)

// parseJSON reads a JSON Feed.
func (p *parser) parseJSON(body []byte) error {
	j, err := prescanJSON(body)
	if err != nil {
		return err
	}
	if !j.hasItems && !bytes.Contains(body[:min(len(body), maxDeclaration)], []byte("jsonfeed.org")) {
		return noDocument("JSON of another kind: it has no items")
	}
	p.doc.Salvaged = j.salvaged
	p.doc.Repairs = append(p.doc.Repairs, j.repairs...)
	doc, err := (&gofeed.Parser{}).Parse(bytes.NewReader(apply(body, j.edits)))
	if err != nil {
		return noDocument("the JSON could not be read: %v", err)
	}
	p.doc.Version = jsonVersion(doc.Version)
	p.jsonHead(doc)
	p.head.hints.hub = hub(body[j.hubs[0]:j.hubs[1]])
	for i, reason := range j.items {
		switch {
		case reason != "":
			p.reject(reason, 1)
		case i >= len(doc.Items) || doc.Items[i] == nil:
			p.reject(news.RejectedParser, 1)
		default:
			p.drafts = append(p.drafts, p.jsonItem(j, doc.Items[i]))
		}
	}
	return nil
}

func jsonVersion(v string) string {
	if strings.HasSuffix(strings.TrimRight(v, "/"), "1.1") {
		return "json11"
	}
	return "json1"
}

// hub returns the WebSub hub of the value of hubs, which gofeed does not read.
func hub(raw []byte) string {
	var hubs []struct{ Type, URL string }
	if err := json.Unmarshal(raw, &hubs); err != nil {
		return ""
	}
	for _, h := range hubs {
		if strings.EqualFold(h.Type, "WebSub") || strings.EqualFold(h.Type, "PubSubHubbub") {
			return h.URL
		}
	}
	return ""
}

func (p *parser) plain(text string) rich { return rich{strings.TrimSpace(text), kindPlain, p.base} }

func (p *parser) jsonHead(doc *gofeed.Feed) {
	h := &p.head
	h.title, h.subtitle = p.plain(doc.Title), p.plain(doc.Description)
	h.lang, h.home, h.image = doc.Language, doc.HomePageURL, firstOf(doc.Icon, doc.Favicon)
	h.hints.self = doc.FeedURL
	h.people = jsonPeople(doc.Authors, doc.Author)
}

// jsonPeople reads authors, and the author of version 1 where there are none.
// The address of an author may be a mail.
func jsonPeople(list []*gofeed.Author, single *gofeed.Author) []news.Person {
	if len(list) == 0 {
		list = []*gofeed.Author{single}
	}
	var out []news.Person
	for _, a := range list {
		if a == nil {
			continue
		}
		person := news.Person{Name: a.Name, URL: a.URL}
		if mail, ok := strings.CutPrefix(a.URL, "mailto:"); ok {
			person.URL, person.Email = "", mail
		}
		out = append(out, person)
	}
	return out
}

func (p *parser) jsonItem(j *jsonShape, it *gofeed.Item) draft {
	d := draft{base: p.base}
	d.item.GUID = it.ID
	d.item.Lang = language(it.Language)
	d.title, d.summary = p.plain(it.Title), p.plain(j.prose(it.Summary))
	d.content = firstRich(rich{j.prose(it.ContentHTML), kindHTML, p.base}, p.plain(j.prose(it.ContentText)))
	d.published, d.updated = it.DatePublished, it.DateModified
	d.pages = []string{it.URL, it.ExternalURL}
	d.links = []string{it.ID}
	d.tags = it.Tags
	d.images = []string{it.Image, it.BannerImage}
	d.item.Authors = jsonPeople(it.Authors, it.Author)
	if it.Attachments != nil {
		for _, a := range *it.Attachments {
			d.item.Files = append(d.item.Files, news.Enclosure{URL: a.URL, Type: a.MimeType, Length: max(a.SizeInBytes, 0), Title: a.Title})
		}
	}
	return d
}
