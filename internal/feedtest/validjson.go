package feedtest

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Keys of JSON Feed 1.1 that we may use; its other ones are deprecated, or not
// what they seem.
var (
	rootKeys  = []string{"version", "title", "home_page_url", "feed_url", "description", "language", "authors", "hubs", "next_url", "items"}
	itemKeys  = []string{"id", "url", "title", "summary", "content_html", "date_published", "date_modified", "authors", "tags", "language", "attachments"}
	otherKeys = map[string][]string{"authors": {"name", "url"}, "hubs": {"type", "url"}, "attachments": {"url", "mime_type", "title", "size_in_bytes"}}
)

func (v *validator) json(doc []byte, contentType string) {
	v.characters(string(doc))
	if contentType != "application/feed+json; charset=utf-8" {
		v.say("UnexpectedContentType", "%s", contentType)
	}
	var d map[string]any
	if err := json.Unmarshal(doc, &d); err != nil {
		v.say("SyntaxError", "%v", err)
		return
	}
	v.keys("document", d, rootKeys)
	v.blank("document", d)
	if d["version"] != "https://jsonfeed.org/version/1.1" {
		v.say("InvalidValue", "version %v", d["version"])
	}
	if d["feed_url"] != v.self {
		v.say("SelfDoesntMatchLocation", "%v, found at %s", d["feed_url"], v.self)
	}
	for _, name := range []string{"home_page_url", "feed_url", "next_url"} {
		if s, ok := d[name]; ok {
			v.uri(name, text(s))
		}
	}
	if _, titled := d["title"]; !titled {
		v.say("MissingElement", "title")
	}
	items, ok := d["items"].([]any)
	if !ok {
		v.say("MissingElement", "items is no array")
	}
	ids := map[string]bool{}
	for _, x := range items {
		item, ok := x.(map[string]any)
		if !ok {
			v.say("InvalidValue", "an item is %v", x)
			continue
		}
		v.jsonItem(item)
		if ids[text(item["id"])] {
			v.say("DuplicateEntries", "id %v", item["id"])
		}
		ids[text(item["id"])] = true
	}
}

func (v *validator) jsonItem(item map[string]any) {
	v.keys("item", item, itemKeys)
	v.id("id", text(item["id"]))
	v.uri("url", text(item["url"]))
	v.html("content_html", text(item["content_html"]))
	if text(item["content_html"]) == "" {
		v.say("MissingElement", "content_html of %v", item["id"])
	}
	published, modified := v.rfc3339("date_published", text(item["date_published"])), v.rfc3339("date_modified", text(item["date_modified"]))
	if published.Truncate(time.Second).After(modified) {
		v.say("KhyberW20", "%v was published after it was modified", item["id"])
	}
	if tag, ok := item["language"]; ok {
		v.language("language", text(tag))
	}
	files, _ := item["attachments"].([]any)
	for _, f := range files {
		file, _ := f.(map[string]any)
		v.uri("attachment", text(file["url"]))
		v.mediaType("attachment", text(file["mime_type"]))
		if n, ok := file["size_in_bytes"].(float64); ok && n <= 0 {
			v.say("InvalidIntegerAttribute", "size_in_bytes %v", n)
		}
	}
}

// text returns a string, and "" where the value is none.
func text(x any) string {
	s, _ := x.(string)
	return s
}

func (v *validator) keys(where string, m map[string]any, known []string) {
	for k, x := range m {
		if !strings.HasPrefix(k, "_") && !slices.Contains(known, k) {
			v.say("UndefinedElement", "key %q of %s", k, where)
		}
		list, _ := x.([]any)
		for _, y := range list {
			if part, ok := y.(map[string]any); ok && otherKeys[k] != nil {
				v.keys(k, part, otherKeys[k])
			}
		}
	}
}

// blank finds keys without a value: they are left out, never null or empty.
func (v *validator) blank(where string, x any) {
	switch x := x.(type) {
	case nil:
		v.say("NotBlank", "%s is null", where)
	case string:
		if x == "" || strings.HasPrefix(x, "0001-") {
			v.say("NotBlank", "%s is %q", where, x)
		}
	case map[string]any:
		for k, y := range x {
			v.blank(where+"."+k, y)
		}
	case []any:
		for _, y := range x {
			v.blank(where, y)
		}
	}
}
