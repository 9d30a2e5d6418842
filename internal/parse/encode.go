package parse

import (
	"bytes"
	"encoding/json"
	"time"

	"khyber/internal/news"
)

// jsonVersion11 is the version that JSON writes.
const jsonVersion11 = "https://jsonfeed.org/version/1.1"

type jsonDocument struct {
	Version     string       `json:"version"`
	Title       string       `json:"title"`
	Home        string       `json:"home_page_url,omitempty"`
	URL         string       `json:"feed_url,omitempty"`
	Description string       `json:"description,omitempty"`
	Language    string       `json:"language,omitempty"`
	Authors     []jsonPerson `json:"authors,omitempty"`
	Hubs        []jsonHub    `json:"hubs,omitempty"`
	Items       []jsonItem   `json:"items"`
	Source      jsonSource   `json:"_src"`
}

type jsonSource struct {
	Version   string              `json:"version"`
	Encoding  string              `json:"encoding,omitempty"`
	Bozo      bool                `json:"bozo"`
	Repairs   []string            `json:"repairs,omitempty"`
	ID        string              `json:"id,omitempty"`
	Updated   string              `json:"updated,omitempty"`
	Published string              `json:"published,omitempty"`
	Rights    string              `json:"rights,omitempty"`
	Generator string              `json:"generator,omitempty"`
	Tags      []string            `json:"tags,omitempty"`
	Image     string              `json:"image,omitempty"`
	Fetched   int                 `json:"fetched"`
	Rejected  map[news.Reason]int `json:"rejected,omitempty"`
	Salvaged  bool                `json:"salvaged,omitempty"`
	Fresh     string              `json:"fresh,omitempty"`
}

type jsonPerson struct {
	Name string `json:"name,omitempty"`
	URL  string `json:"url,omitempty"`
}

type jsonHub struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

type jsonItem struct {
	ID          string           `json:"id"`
	URL         string           `json:"url,omitempty"`
	Title       string           `json:"title,omitempty"`
	ContentHTML string           `json:"content_html"`
	Summary     string           `json:"summary,omitempty"`
	Image       string           `json:"image,omitempty"`
	Published   string           `json:"date_published,omitempty"`
	Modified    string           `json:"date_modified,omitempty"`
	Authors     []jsonPerson     `json:"authors,omitempty"`
	Tags        []string         `json:"tags,omitempty"`
	Language    string           `json:"language,omitempty"`
	Attachments []jsonAttachment `json:"attachments,omitempty"`
	Source      jsonItemSource   `json:"_src"`
}

type jsonItemSource struct {
	SummaryHTML  string       `json:"summary_html,omitempty"`
	ContentHTML  string       `json:"content_html,omitempty"`
	GUID         string       `json:"guid,omitempty"`
	Image        string       `json:"image,omitempty"`
	Rights       string       `json:"rights,omitempty"`
	Outlet       string       `json:"outlet,omitempty"`
	OutletURL    string       `json:"outlet_url,omitempty"`
	DateRaw      string       `json:"date_raw,omitempty"`
	Created      string       `json:"created,omitempty"`
	Contributors []jsonPerson `json:"contributors,omitempty"`
	Repairs      []string     `json:"repairs,omitempty"`
}

type jsonAttachment struct {
	URL   string `json:"url"`
	Type  string `json:"mime_type"`
	Title string `json:"title,omitempty"`
	Size  int64  `json:"size_in_bytes,omitempty"`
}

// JSON returns the document as one JSON Feed 1.1 on one line. What JSON Feed
// cannot say is in _src. Use a Document of Full: without it the HTML fields
// hold excerpts only.
func JSON(doc Document) ([]byte, error) {
	out := jsonDocument{
		Version: jsonVersion11, Title: doc.Title, Home: doc.Home, URL: doc.Hints.Self, Description: doc.Description,
		Language: doc.Lang, Authors: jsonPersons(doc.Authors), Items: make([]jsonItem, 0, len(doc.Items)),
		Source: jsonSource{
			Version: doc.Version, Encoding: doc.Encoding, Bozo: doc.Bozo, Repairs: doc.Repairs, ID: doc.ID,
			Updated: rfc3339(doc.Updated), Published: rfc3339(doc.Published), Rights: doc.Rights, Generator: doc.Generator,
			Tags: doc.Tags, Image: doc.Image, Fetched: doc.Fetched, Rejected: doc.Rejected, Salvaged: doc.Salvaged,
		},
	}
	if doc.Hints.Fresh > 0 {
		out.Source.Fresh = doc.Hints.Why + " " + doc.Hints.Fresh.String()
	}
	if doc.Hints.Hub != "" {
		out.Hubs = []jsonHub{{"WebSub", doc.Hints.Hub}}
	}
	for i := range doc.Items {
		out.Items = append(out.Items, encodeItem(&doc.Items[i]))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func encodeItem(it *news.Item) jsonItem {
	out := jsonItem{
		ID: it.GUID, URL: it.Link, Title: it.Title, ContentHTML: it.ContentHTML, Summary: it.Summary, Image: it.Image,
		Published: rfc3339(it.Published), Modified: rfc3339(it.Updated), Authors: jsonPersons(it.Authors),
		Tags: it.Tags, Language: it.Lang,
		Source: jsonItemSource{
			SummaryHTML: it.SummaryHTML, ContentHTML: it.ContentHTML, GUID: it.GUID, Image: it.Image, Rights: it.Rights,
			Outlet: it.Outlet.Name, OutletURL: it.Outlet.URL, DateRaw: it.DateRaw,
			Created: rfc3339(it.Created), Contributors: jsonPersons(it.Contributors), Repairs: it.Repairs,
		},
	}
	// JSON Feed wants an id and a content; an item that has neither still has
	// its link and its excerpt.
	out.ID = firstOf(out.ID, it.Link, it.Title)
	out.ContentHTML = firstOf(out.ContentHTML, it.SummaryHTML, it.Excerpt)
	for _, f := range it.Files {
		out.Attachments = append(out.Attachments, jsonAttachment{f.URL, f.Type, f.Title, f.Length})
	}
	return out
}

// jsonPersons writes a mail as a mailto address. JSON Feed has room for one
// address only, so who has two is named twice.
func jsonPersons(list []news.Person) []jsonPerson {
	var out []jsonPerson
	for _, a := range list {
		if a.URL != "" || a.Email == "" {
			out = append(out, jsonPerson{a.Name, a.URL})
		}
		if a.Email != "" {
			out = append(out, jsonPerson{a.Name, "mailto:" + a.Email})
		}
	}
	return out
}

func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
