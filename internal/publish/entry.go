package publish

import (
	"cmp"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
	"html"
	"slices"
	"strings"
	"time"

	"khyber/internal/news"
)

const (
	maxAuthors    = 3
	maxRelated    = 20
	maxFiles      = 5
	maxCategories = 20
	// maxEntry bounds the texts of one entry in bytes: related links go first,
	// then the excerpt.
	maxEntry = 16 << 10
)

// entry is one entry with every string cleaned, the same for all formats.
type entry struct {
	id, title, url string
	lang           string
	published      string // RFC 3339, whole seconds
	pubDate        string // RFC 822 as RSS has it
	updated        string // RFC 3339 with microseconds, unlike that of any other entry
	updatedAt      time.Time
	authors        []person
	summary        string // plain text
	content        string // HTML; empty: there is nothing to say
	rights         string
	related        []link // story, then members
	via            string
	files          []news.Enclosure
	categories     []category
	source         *source
	raw            *news.Entry
}

type person struct{ name, uri string }

type category struct{ scheme, term, label string }

// source is what an entry says of its origin.
type source struct {
	id, title, self, site string
	updated               string
}

// entries prepares what a document shows, in its order.
func (f *TopicFeed) entries() []entry {
	newest := make(map[string]time.Time, len(f.Sources))
	for i := range f.Entries {
		item := &f.Entries[i].Item
		if item.At.After(newest[item.Source]) {
			newest[item.Source] = item.At
		}
	}
	out := make([]entry, len(f.Entries))
	for i := range f.Entries {
		out[i] = f.entry(&f.Entries[i], newest)
	}
	return out
}

func (f *TopicFeed) entry(e *news.Entry, newest map[string]time.Time) entry {
	item := &e.Item
	out := entry{
		id:         f.entryID(item),
		lang:       LanguageTag(item.Lang),
		summary:    summaryText(item.Summary),
		rights:     cut(clean(item.Rights), maxSummary),
		files:      files(item.Files),
		categories: f.categories(e),
		source:     f.origin(item.Source, newest[item.Source]),
		raw:        e,
	}
	if item.ID != 0 {
		out.via = f.Site.BaseURL + "/items/" + item.ID.String()
	}
	out.url = cmp.Or(address(item.Link), out.via, f.Page())
	out.title = f.entryTitle(item, out.summary)
	out.published, out.pubDate = rfc3339(item.At), rfc822(item.At)
	out.updatedAt = uniqueTime(item.Changed(), out.id)
	out.updated = out.updatedAt.Format("2006-01-02T15:04:05.000000Z")
	out.authors = f.authors(item)
	out.related = f.related(e)
	excerpt := cleanHTML(item.Excerpt)
	size := len(excerpt) + len(out.title) + len(out.summary)
	for i := range out.related {
		size += len(out.related[i].href) + len(out.related[i].title)
	}
	if size > maxEntry {
		out.related = nil
		if len(excerpt)+len(out.title)+len(out.summary) > maxEntry {
			excerpt = ""
		}
	}
	out.content = f.content(e, excerpt)
	return out
}

// entryTitle returns the headline; an item without one is named by the
// beginning of its summary, else by its publisher and day.
func (f *TopicFeed) entryTitle(item *news.Item, summary string) string {
	if t := clean(item.Title); t != "" {
		return cut(t, maxTitle)
	}
	if summary != "" {
		return cut(summary, maxEmptyTitle)
	}
	return cut(sourceName(f.Sources, item.Source)+", "+item.At.UTC().Format("2 Jan 2006"), maxTitle)
}

// entryID returns the id that was chosen for the item once, or one that belongs
// to this topic alone, for readers that key entries by id over all feeds.
func (f *TopicFeed) entryID(item *news.Item) string {
	id := clean(item.EntryID)
	if id == "" {
		id = "urn:uuid:" + UUID("item\n"+item.ID.String())
	}
	if f.OwnIDs {
		id = "urn:uuid:" + UUID(f.Topic.ID+"\n"+id)
	}
	return id
}

// namespace is the UUID that Khyber's own name-based UUIDs are made in. It
// never changes: every id that readers know would.
const namespace = "\x5b\x0e\x6c\x3f\x0e\x53\x5f\x0d\x9d\x51\x2c\x6a\x7b\x61\x1e\x90"

// UUID returns the name-based UUID of name, version 5 of RFC 9562 §5.5.
func UUID(name string) string {
	h := sha1.Sum([]byte(namespace + name))
	h[6] = h[6]&0x0f | 0x50
	h[8] = h[8]&0x3f | 0x80
	s := hex.EncodeToString(h[:16])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// uniqueTime adds microseconds that come from the id, because two entries with
// the same updated are one to some readers, and sources round to minutes.
func uniqueTime(t time.Time, id string) time.Time {
	h := fnv.New64a()
	h.Write([]byte(id))
	micro := binary.BigEndian.Uint64(h.Sum(nil)) % 1e6
	return t.UTC().Truncate(time.Second).Add(time.Duration(micro) * time.Microsecond)
}

func rfc3339(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }

// rfc822 writes a date with a year of four digits and a numeric zone.
func rfc822(t time.Time) string { return t.UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700") }

// authors returns the people, and the publisher where the source names none.
func (f *TopicFeed) authors(item *news.Item) []person {
	var out []person
	for _, a := range item.Authors {
		if name := personName(a.Name); name != "" && len(out) < maxAuthors &&
			!slices.ContainsFunc(out, func(p person) bool { return p.name == name }) {
			out = append(out, person{name, address(a.URL)})
		}
	}
	if out == nil {
		name := cmp.Or(personName(item.Outlet.Name), personName(f.Sources[item.Source].Name), personName(item.Source), f.owner())
		out = []person{{name: name}}
	}
	return out
}

// related returns links to the story and to its other members, copies first.
func (f *TopicFeed) related(e *news.Entry) []link {
	var out []link
	add := func(href, title string) {
		if href != "" && len(out) <= maxRelated && !slices.ContainsFunc(out, func(l link) bool { return l.href == href }) {
			out = append(out, link{rel: "related", href: href, mediaType: mediaHTML, title: title})
		}
	}
	if e.Story.ID != 0 && len(e.Story.Members) > 0 {
		add(f.Site.BaseURL+"/stories/"+e.Story.ID.String(), "Story")
	}
	for _, m := range membersCopiesFirst(e) {
		add(address(m.URL), cut(unmarked(sourceName(f.Sources, m.Source)), maxAuthor))
	}
	return out
}

func membersCopiesFirst(e *news.Entry) []news.Member {
	members := slices.Clone(e.Story.Members)
	slices.SortStableFunc(members, func(a, b news.Member) int {
		return cmp.Compare(copyRank(a), copyRank(b))
	})
	return members
}

func copyRank(m news.Member) int {
	if m.Relation == news.RelationCopy {
		return 0
	}
	return 1
}

func files(in []news.Enclosure) []news.Enclosure {
	var out []news.Enclosure
	for _, x := range in {
		x.URL, x.Type, x.Title = address(x.URL), fileType(x.Type), cut(unmarked(x.Title), maxTitle)
		x.Length = max(0, x.Length)
		if x.URL != "" && len(out) < maxFiles &&
			!slices.ContainsFunc(out, func(y news.Enclosure) bool { return y.URL == x.URL }) {
			out = append(out, x)
		}
	}
	return out
}

// categories returns why the entry is here, where it comes from, and the
// source's own tags.
func (f *TopicFeed) categories(e *news.Entry) []category {
	var out []category
	add := func(scheme, term, label string) {
		term = cut(clean(term), maxAuthor)
		if term == "" || len(out) == maxCategories ||
			slices.ContainsFunc(out, func(c category) bool { return c.scheme == scheme && c.term == term }) {
			return
		}
		out = append(out, category{scheme, term, unmarked(label)})
	}
	topic, sources := f.Site.BaseURL+f.Path, f.Site.BaseURL+"/sources"
	add(topic+"#rule", e.Match.Rule, "")
	for _, m := range e.Match.Mentions {
		id := m.CountsFor()
		add(topic+"#entity", id, f.Entities[id])
	}
	src := f.Sources[e.Item.Source]
	add(sources+"#country", src.Country, "")
	add(sources+"#kind", string(src.Type), "")
	for _, tag := range e.Item.Tags {
		add("", tag, "")
	}
	return out
}

// origin returns what an entry says of its source; nil where it has none.
// updated is the newest item of the source in this document, so that the bytes
// depend on nothing else.
func (f *TopicFeed) origin(id string, updated time.Time) *source {
	src, ok := f.Sources[id]
	if !ok {
		return nil
	}
	s := &source{title: sourceName(f.Sources, id), updated: rfc3339(updated)}
	s.self = address(src.PublicURL())
	if i := strings.Index(s.self, "://"); i > 0 {
		host, _, _ := strings.Cut(s.self[i+3:], "/")
		host, _, _ = strings.Cut(host, "?")
		s.site = s.self[:i+3] + host + "/"
	} else {
		s.self = f.Site.sourceURL(id)
	}
	s.id = canonical(s.self)
	return s
}

// fallbackContent is for JSON Feed, which wants content in each item, and for an
// entry of Atom without any text.
func (e *entry) fallbackContent() string {
	return cmp.Or(e.content, "<p>"+html.EscapeString(cmp.Or(e.summary, e.title))+"</p>")
}
