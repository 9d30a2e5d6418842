package publish

import (
	"html"
	"strconv"
	"strings"

	"khyber/internal/news"
)

const (
	maxMentions   = 4
	maxPublishers = 5
	maxEarlier    = 2 // headlines
	dateForm      = "2 Jan 2006 15:04 UTC"
)

// content returns the excerpt with the last line, as HTML.
func (f *TopicFeed) content(e *news.Entry, excerpt string) string {
	var b strings.Builder
	if excerpt != "" {
		if RightToLeft(e.Item.Lang, e.Item.Title+e.Item.Summary) {
			b.WriteString("<div")
			if tag := LanguageTag(e.Item.Lang); tag != "" {
				b.WriteString(` lang="` + tag + `"`)
			}
			b.WriteString(` dir="rtl">` + excerpt + "</div>")
		} else {
			b.WriteString(excerpt)
		}
	}
	if !f.Topic.ShowWhy {
		return b.String()
	}
	var parts []string
	for _, part := range []string{why(e), f.carried(e), f.also(e), was(e)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if parts != nil {
		b.WriteString(`<p lang="en" dir="ltr">` + strings.Join(parts, " ") + "</p>")
	}
	return b.String()
}

// why says which rule let the entry in, with its evidence.
func why(e *news.Entry) string {
	rule := clean(e.Match.Rule)
	var words []string
	for _, m := range e.Match.Mentions {
		if text := clean(m.Text); text != "" && len(words) < maxMentions {
			words = append(words, "“<bdi>"+html.EscapeString(cut(text, maxAuthor))+"</bdi>”")
		}
	}
	switch {
	case rule == "" && words == nil:
		return ""
	case rule == "":
		return "Why: " + strings.Join(words, ", ") + "."
	case words == nil:
		return "Why: " + html.EscapeString(rule) + "."
	}
	return "Why: " + html.EscapeString(rule) + " — " + strings.Join(words, ", ") + "."
}

// carried says in the view of stories how many publishers stand behind one.
func (f *TopicFeed) carried(e *news.Entry) string {
	if !f.Stories || e.Story.Publishers < 2 {
		return ""
	}
	return "By " + plural(e.Story.Publishers, "publisher") + ", " + strconv.Itoa(e.Story.Independent) + " in words of their own."
}

// also names who else carried it, once per publisher and without the entry's own.
func (f *TopicFeed) also(e *news.Entry) string {
	seen := map[string]bool{e.Item.Publisher: true}
	var names []string
	more := 0
	for _, m := range membersCopiesFirst(e) {
		if seen[m.Publisher] {
			continue
		}
		seen[m.Publisher] = true
		if len(names) == maxPublishers {
			more++
			continue
		}
		name := html.EscapeString(cut(sourceName(f.Sources, m.Source), maxAuthor))
		if href := address(m.URL); href != "" {
			name = `<a href="` + html.EscapeString(href) + `">` + name + "</a>"
		}
		name = "<bdi>" + name + "</bdi>"
		if m.Relation == news.RelationCopy {
			name += " (same text)"
		}
		names = append(names, name)
	}
	if names == nil {
		return ""
	}
	s := "Also: " + strings.Join(names, ", ")
	if more > 0 {
		s += " and " + strconv.Itoa(more) + " more"
	}
	return s + "."
}

// was gives the last earlier headlines, the newest first, with the figures that
// changed after each.
func was(e *news.Entry) string {
	var parts []string
	now := clean(e.Item.Title)
	for i := len(e.Revisions) - 1; i >= 0 && len(parts) < maxEarlier; i-- {
		r := e.Revisions[i]
		title := clean(r.Title)
		if title == "" || title == now {
			continue
		}
		part := "“<bdi>" + html.EscapeString(cut(title, maxTitle)) + "</bdi>” until " + r.Until.UTC().Format(dateForm)
		if figures := clean(r.Figures); figures != "" {
			part += " (" + html.EscapeString(figures) + ")"
		}
		parts = append(parts, part)
	}
	if parts == nil {
		return ""
	}
	return "Was: " + strings.Join(parts, ", ") + "."
}
