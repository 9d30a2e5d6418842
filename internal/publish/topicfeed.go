package publish

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"khyber/internal/news"
)

// Site is what a document says of the service that made it.
type Site struct {
	Title   string
	BaseURL string // absolute, without a slash at its end
	Contact string // an e-mail address; empty: none is shown
	Hub     bool   // <BaseURL>/hub serves the topic feeds
}

// sourceURL returns the line of the sources page; it stands in for an address
// that is not for everybody.
func (s Site) sourceURL(id string) string {
	return s.BaseURL + "/sources#" + percent(escapePercent(clean(id)))
}

// TopicFeed is what is published for a topic, or for a search or a status page,
// which have the same forms. The zero value of every field is valid.
type TopicFeed struct {
	Site        Site
	Path        string // of its page below BaseURL: "/topics/afpak-relations"
	Query       string // canonical query of the variant, without before; empty: the default
	Topic       news.Topic
	Lang        string // of the topic's own words; empty: en
	Description string // of the topic; empty: Topic.Description
	Changed     time.Time
	Sources     map[string]news.Source // those of Entries and Coverage; by ID
	Entities    map[string]string      // id → name, of the entities that mentions count for
	Entries     []news.Entry           // newest mark first
	Coverage    Coverage

	Stories bool      // an entry is a story: its last line says how many carried it
	OwnIDs  bool      // entry ids of this topic alone: ?ids=topic
	Before  news.Mark // the cursor that this page was asked with; 0: the first page
	More    bool      // there are older entries
	Archive Archive
	Static  bool // without what only a server answers: hub, next, first
}

// Archive says where a document stands in the chain of RFC 5005 §4. Names are
// parts as they stand in the path: "2026-11", "2026-11-2".
type Archive struct {
	Name string // of this part; empty: the live document
	Prev string // the next older closed part; empty: none
	Next string // the next newer part; empty: none
}

// Coverage says which of a topic's sources answer. The zero value says nothing.
type Coverage struct {
	Sources int
	OK      int
	Silent  []Trouble
	Failing []Trouble
}

// Trouble is a source that does not give what it should.
type Trouble struct {
	Source string // ID
	Since  time.Time
	Kind   news.Kind // of the failures; empty for a silent one
}

// maxTroubles bounds the sources that the coverage sentence names.
const maxTroubles = 5

// Sentence returns the coverage as a sentence for people: only states and
// dates, so that it changes on transitions alone. It is empty without sources.
func (c Coverage) Sentence(sources map[string]news.Source) string {
	if c.Sources == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("Coverage: " + plural(c.Sources, "source") + ", " + strconv.Itoa(c.OK) + " answering")
	left := maxTroubles
	for _, part := range []struct {
		word string
		list []Trouble
	}{{"silent", c.Silent}, {"failing", c.Failing}} {
		for i, t := range part.list {
			if left == 0 {
				break
			}
			left--
			if i == 0 || !sameDay(t.Since, part.list[i-1].Since) {
				b.WriteString("; " + part.word + " since " + t.Since.UTC().Format("2 Jan") + ": ")
			} else {
				b.WriteString(", ")
			}
			b.WriteString(sourceName(sources, t.Source))
			if t.Kind != "" {
				b.WriteString(" (" + string(t.Kind) + ")")
			}
		}
	}
	if rest := len(c.Silent) + len(c.Failing) - (maxTroubles - left); rest > 0 {
		b.WriteString("; and " + strconv.Itoa(rest) + " more")
	}
	return b.String() + "."
}

func sameDay(a, b time.Time) bool {
	return a.UTC().Format(time.DateOnly) == b.UTC().Format(time.DateOnly)
}

func sourceName(sources map[string]news.Source, id string) string {
	return cmp.Or(clean(sources[id].Name), clean(id), "unnamed source")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// ID returns the id of the topic feed: the address of its page with the
// variant. Pages and archive parts have the id of their topic feed.
func (f *TopicFeed) ID() string { return f.address("", f.Query) }

// Page returns the address of the page for people.
func (f *TopicFeed) Page() string { return f.address("", f.Query) }

// Self returns the address of this document in the format.
func (f *TopicFeed) Self(format Format) string {
	if f.Archive.Name != "" {
		return f.archiveURL(f.Archive.Name, format)
	}
	return f.pageURL(format, f.Before)
}

func (f *TopicFeed) archiveURL(name string, format Format) string {
	return f.Site.BaseURL + f.Path + "/archive/" + name + "." + string(format)
}

// pageURL returns the address of the page below a mark; 0 is the first page.
func (f *TopicFeed) pageURL(format Format, before news.Mark) string {
	query := f.Query
	if before > 0 {
		query = insertSorted(query, "before="+strconv.FormatUint(uint64(before), 10))
	}
	return f.address("."+string(format), query)
}

// insertSorted puts one parameter into a sorted query at its place.
func insertSorted(query, param string) string {
	if query == "" {
		return param
	}
	parts := strings.Split(query, "&")
	i := 0
	for i < len(parts) && parts[i] < param {
		i++
	}
	return strings.Join(append(parts[:i:i], append([]string{param}, parts[i:]...)...), "&")
}

func (f *TopicFeed) address(suffix, query string) string {
	u := f.Site.BaseURL + f.Path + suffix
	if query != "" {
		u += "?" + query
	}
	return u
}

func (f *TopicFeed) hub() string {
	if !f.Site.Hub || f.Static {
		return ""
	}
	return f.Site.BaseURL + "/hub"
}

// link is one link of a document or an entry.
type link struct{ rel, href, mediaType, title string }

// links returns the links of the head after self and alternate.
func (f *TopicFeed) links(format Format) []link {
	mt := format.MediaType()
	var out []link
	add := func(rel, href string) { out = append(out, link{rel: rel, href: href, mediaType: mt}) }
	if hub := f.hub(); hub != "" {
		out = append(out, link{rel: "hub", href: hub})
	}
	if f.closed() { // RFC 5005 §4
		add("current", f.pageURL(format, 0))
		add("next-archive", f.archiveURL(f.Archive.Next, format))
	} else if f.Archive.Name == "" && !f.Static && (f.More || f.Before > 0) { // RFC 5005 §3
		if f.More && len(f.Entries) > 0 {
			add("next", f.pageURL(format, f.Entries[len(f.Entries)-1].Mark))
		}
		add("first", f.pageURL(format, 0))
	}
	if f.Archive.Prev != "" {
		add("prev-archive", f.archiveURL(f.Archive.Prev, format))
	}
	return out
}

// closed says whether the document is a part of the archive that never changes;
// one that is still open is no archive document (RFC 5005 §4).
func (f *TopicFeed) closed() bool { return f.Archive.Next != "" }

// title returns the title of the document, never empty.
func (f *TopicFeed) title() string {
	for _, s := range []string{f.Topic.Title, f.Topic.ID, f.Site.Title} {
		if s = clean(s); s != "" {
			return cut(s, maxTitle)
		}
	}
	return generator
}

// subtitle returns the description with the coverage sentence; archives are
// closed, so they say nothing of today's coverage.
func (f *TopicFeed) subtitle() string {
	s := clean(f.Topic.Description)
	if f.Description != "" {
		s = clean(f.Description)
	}
	coverage := f.Coverage.Sentence(f.Sources)
	if coverage == "" || f.Archive.Name != "" {
		return s
	}
	if s != "" && !strings.ContainsAny(s[len(s)-1:], ".!?") {
		s += "."
	}
	return strings.TrimSpace(s + " " + coverage)
}

func (f *TopicFeed) siteTitle() string {
	return cmp.Or(clean(f.Site.Title), generator)
}

// owner returns the site's title as the name of an author.
func (f *TopicFeed) owner() string { return cmp.Or(personName(f.Site.Title), generator) }

// contact returns the address for people, and "" where it is none: the
// validator wants an e-mail address there.
func (f *TopicFeed) contact() string {
	if c := clean(f.Site.Contact); mailAddress.MatchString(c) {
		return c
	}
	return ""
}

func (f *TopicFeed) lang() string {
	return cmp.Or(LanguageTag(f.Lang), "en")
}

const (
	manual     = "/help"  // of the generator, in the site
	generator  = "Khyber" // no version: an upgrade must not change bytes (P9)
	rightsNote = "Headlines and excerpts belong to the publishers named in each entry."
)
