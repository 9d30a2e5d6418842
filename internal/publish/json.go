package publish

import (
	"encoding/json"
	"io"
	"slices"
	"time"

	"khyber/internal/news"
)

// jsonRoot and what hangs on it are JSON Feed 1.1. A key without a value is
// left out; items is always there.
type jsonRoot struct {
	Version     string       `json:"version"`
	Title       string       `json:"title"`
	Home        string       `json:"home_page_url"`
	Self        string       `json:"feed_url"`
	Description string       `json:"description,omitempty"`
	Language    string       `json:"language"`
	Authors     []jsonAuthor `json:"authors"`
	Hubs        []jsonHub    `json:"hubs,omitempty"`
	Next        string       `json:"next_url,omitempty"`
	Khyber      jsonTopic    `json:"_khyber"`
	Items       []jsonItem   `json:"items"`
}

type jsonAuthor struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

type jsonHub struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

type jsonTopic struct {
	Topic    string        `json:"topic,omitempty"`
	Coverage *jsonCoverage `json:"coverage,omitempty"`
}

type jsonCoverage struct {
	Sources int           `json:"sources"`
	OK      int           `json:"ok"`
	Silent  []jsonTrouble `json:"silent,omitempty"`
	Failing []jsonTrouble `json:"failing,omitempty"`
}

type jsonTrouble struct {
	Source string    `json:"source,omitempty"`
	Since  string    `json:"since"`
	Kind   news.Kind `json:"kind,omitempty"`
}

type jsonItem struct {
	ID          string       `json:"id"`
	URL         string       `json:"url"`
	Title       string       `json:"title"`
	Summary     string       `json:"summary,omitempty"`
	ContentHTML string       `json:"content_html"`
	Published   string       `json:"date_published"`
	Modified    string       `json:"date_modified"`
	Authors     []jsonAuthor `json:"authors"`
	Tags        []string     `json:"tags,omitempty"`
	Language    string       `json:"language,omitempty"`
	Attachments []jsonFile   `json:"attachments,omitempty"`
	Khyber      jsonEntry    `json:"_khyber"`
}

type jsonFile struct {
	URL   string `json:"url"`
	Type  string `json:"mime_type"`
	Title string `json:"title,omitempty"`
	Size  int64  `json:"size_in_bytes,omitempty"`
}

type jsonEntry struct {
	Item      string         `json:"item,omitempty"`
	Source    string         `json:"source,omitempty"`
	Publisher string         `json:"publisher,omitempty"`
	FirstSeen string         `json:"first_seen,omitempty"`
	Why       *jsonWhy       `json:"why,omitempty"`
	Story     *jsonStory     `json:"story,omitempty"`
	Revisions []jsonRevision `json:"revisions,omitempty"`
}

type jsonWhy struct {
	Rule     string        `json:"rule,omitempty"`
	Mentions []jsonMention `json:"mentions"`
}

type jsonMention struct {
	Entity string     `json:"entity,omitempty"`
	Text   string     `json:"text,omitempty"`
	In     news.Field `json:"in"`
}

type jsonStory struct {
	ID          string       `json:"id"`
	Publishers  int          `json:"publishers"`
	Independent int          `json:"independent"`
	Items       []jsonMember `json:"items"`
}

type jsonMember struct {
	Source    string        `json:"source,omitempty"`
	URL       string        `json:"url,omitempty"`
	Title     string        `json:"title,omitempty"`
	Published string        `json:"published,omitempty"`
	Relation  news.Relation `json:"relation"`
}

type jsonRevision struct {
	Title   string `json:"title,omitempty"`
	Until   string `json:"until"`
	Figures string `json:"figures,omitempty"`
}

func writeJSON(w io.Writer, f *TopicFeed) error {
	d := jsonRoot{
		Version: "https://jsonfeed.org/version/1.1",
		Title:   f.title(), Home: f.Page(), Self: f.Self(JSON), Description: f.subtitle(), Language: f.lang(),
		Authors: []jsonAuthor{{Name: f.siteTitle(), URL: address(f.Site.BaseURL)}},
		Khyber:  jsonTopic{Topic: f.Topic.ID, Coverage: f.jsonCoverage()},
		Items:   []jsonItem{},
	}
	for _, l := range f.links(JSON) {
		switch l.rel {
		case "hub":
			d.Hubs = []jsonHub{{Type: "WebSub", URL: l.href}}
		case "next":
			d.Next = l.href
		}
	}
	entries := f.entries()
	for i := range entries {
		d.Items = append(d.Items, jsonItemOf(&entries[i]))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(d)
}

func (f *TopicFeed) jsonCoverage() *jsonCoverage {
	if f.Coverage.Sources == 0 || f.Archive.Name != "" {
		return nil
	}
	troubles := func(in []Trouble) []jsonTrouble {
		var out []jsonTrouble
		for _, t := range in {
			out = append(out, jsonTrouble{clean(t.Source), rfc3339(t.Since), t.Kind})
		}
		return out
	}
	c := f.Coverage
	return &jsonCoverage{c.Sources, c.OK, troubles(c.Silent), troubles(c.Failing)}
}

func jsonItemOf(e *entry) jsonItem {
	x := jsonItem{
		ID: e.id, URL: e.url, Title: e.title, Summary: e.summary, ContentHTML: e.fallbackContent(),
		Published: e.published, Modified: e.updated, Language: e.lang, Khyber: jsonEntryOf(e.raw),
	}
	for _, p := range e.authors {
		x.Authors = append(x.Authors, jsonAuthor{p.name, p.uri})
	}
	for _, c := range e.categories {
		if !slices.Contains(x.Tags, c.term) {
			x.Tags = append(x.Tags, c.term)
		}
	}
	for _, file := range e.files {
		if file.Type == "" {
			file.Type = unknownMedia
		}
		x.Attachments = append(x.Attachments, jsonFile{file.URL, file.Type, file.Title, file.Length})
	}
	return x
}

// jsonEntryOf returns what the shared contract promises in _khyber.
func jsonEntryOf(e *news.Entry) jsonEntry {
	x := jsonEntry{
		Source: clean(e.Item.Source), Publisher: clean(e.Item.Publisher), FirstSeen: optionalTime(e.Item.FirstSeen),
	}
	if e.Item.ID != 0 {
		x.Item = e.Item.ID.String()
	}
	if e.Match.Rule != "" || len(e.Match.Mentions) > 0 {
		x.Why = &jsonWhy{Rule: clean(e.Match.Rule), Mentions: []jsonMention{}}
		for _, m := range e.Match.Mentions {
			x.Why.Mentions = append(x.Why.Mentions, jsonMention{clean(m.CountsFor()), clean(m.Text), m.In})
		}
	}
	if e.Story.ID != 0 {
		x.Story = &jsonStory{e.Story.ID.String(), e.Story.Publishers, e.Story.Independent, []jsonMember{}}
		for _, m := range membersCopiesFirst(e) {
			x.Story.Items = append(x.Story.Items, jsonMember{
				clean(m.Source), address(m.URL), cut(clean(m.Title), maxTitle), optionalTime(m.Published), m.Relation,
			})
		}
	}
	for _, r := range e.Revisions {
		x.Revisions = append(x.Revisions, jsonRevision{cut(clean(r.Title), maxTitle), rfc3339(r.Until), clean(r.Figures)})
	}
	return x
}

func optionalTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return rfc3339(t)
}
