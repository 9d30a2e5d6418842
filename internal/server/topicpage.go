package server

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/publish"
)

const (
	pageEntries  = 50
	maxWhy       = 4 // mentions
	maxAlso      = 5 // publishers
	maxWas       = 2 // earlier headlines
	maxPageWords = 400
)

type topicPage struct {
	page
	Name, Lang, Dir, About string
	Address                string
	Forms                  []alternate
	Variants               []variantLink
	Hub                    string // its address; empty: there is none
	Coverage               mark
	CoverageText           string
	Volume                 *chart // of the whole topic, on its first page
	Week                   string // what the topic made of what was read
	Surge                  string
	Rules                  []string
	Days                   []day
	Older                  string
	Empty                  note
}

type variantLink struct{ Name, About, URL string }

type day struct {
	Name    string
	Entries []entryRow
}

type entryRow struct {
	Title, URL, Lang, Dir string
	Details               string // its own page
	Source                string
	At, Changed           time.Time
	Updated               bool
	Summary, Why          string
	Also                  []alsoRow
	More                  int    // publishers that Also does not name
	Story                 string // the page that names them
	Carried               string // how many publishers, in the view of stories
	Was                   []news.Revision
}

type alsoRow struct {
	Name, URL string
	Copy      bool
}

// topicPage shows a topic to people, 50 entries at a time. It has only plain
// text, so nothing that a source wrote is markup here.
func (s *Server) topicPage(w http.ResponseWriter, r *http.Request, st *State, t news.Topic, v variant) {
	head := publish.TopicFeed{Site: st.Site, Topic: t, Path: "/topics/" + t.ID, Query: v.query()}
	key := head.Path + "?" + head.Query + "&before=" + strconv.FormatUint(uint64(v.before), 10)
	s.showPage(w, r, st, key, "topic", ", Accept", func(ctx context.Context) (any, error) {
		want := v.page()
		if want.Limit == 0 {
			want.Limit = pageEntries
		}
		want.Late = true // what a changed rule added late has its place here
		f, err := s.readTopic(ctx, st, head, want)
		if err != nil {
			return nil, err
		}
		p := topicPage{
			page: s.newPage(st, t.Title, f.Path), Name: t.Title, Lang: publish.LanguageTag(f.Lang), Dir: direction(f.Lang, t.Title),
			About: t.Description, Address: head.Self(publish.Atom), Forms: forms(&head, t.Title), Variants: variants(head, v),
			Coverage: coverageMark(f.Coverage),
		}
		p.Nav, p.Alternates = "topic", p.Forms
		if st.Site.Hub {
			p.Hub = st.Site.BaseURL + hubPath
		}
		var last time.Time
		p.CoverageText = troubleText(f.Coverage, st.sources)
		if v.before == 0 {
			j, err := s.joined(ctx, t.ID)
			if err != nil {
				return nil, err
			}
			last = j.last()
			dark, err := s.eclipsesOf(ctx, st, t.ID, j.givers)
			if err != nil {
				return nil, err
			}
			p.Volume = chartOf(j, dark, p.Now, chartDays, chartTall)
			week, err := s.lastWeek(ctx)
			if err != nil {
				return nil, err
			}
			p.Week = week.sentence(st, t.ID)
			if p.Surge, err = s.surging(ctx, t.ID); err != nil {
				return nil, err
			}
			if st.Set != nil {
				p.Rules = st.Set.Words(t.ID)
			}
		}
		p.Days = days(st, p.Root, f.Entries)
		if v.view == viewStories {
			carriedBy(p.Days, f.Entries)
		}
		if f.More && len(f.Entries) > 0 && !st.static {
			p.Older = older(p.Root, f, f.Entries[len(f.Entries)-1].Mark)
		}
		p.Empty = emptyNote(f.Coverage, v, last)
		return p, nil
	})
}

// older returns the address of the page below a mark.
func older(root string, f publish.TopicFeed, mark news.Mark) string {
	u := root + f.Path + "?before=" + strconv.FormatUint(uint64(mark), 10)
	if f.Query != "" {
		u += "&" + f.Query
	}
	return u
}

// variants offers other forms of the topic feed, each with what it is for.
func variants(f publish.TopicFeed, v variant) []variantLink {
	link := func(name, about string, change func(*variant)) variantLink {
		w := v
		w.before = 0
		change(&w)
		f.Query, f.Before = w.query(), 0
		return variantLink{name, about, f.Self(publish.Atom)}
	}
	return []variantLink{
		link("Every item", "Copies of the same text are not collapsed.", func(v *variant) { v.view = viewAll }),
		link("Stories", "One entry for each event, with all who reported it.", func(v *variant) { v.view = viewStories }),
		link("Two publishers or more", "Only what a second publisher has reported in its own words.", func(v *variant) { v.minPublishers = 2 }),
		link("Ids of this topic", "For readers such as newsboat that show an entry once though it is in several topics.", func(v *variant) { v.ownIDs = true }),
	}
}

// troubleText is the coverage sentence without what the mark beside it says.
func troubleText(c publish.Coverage, sources map[string]news.Source) string {
	_, rest, _ := strings.Cut(c.Sentence(sources), "; ")
	return rest
}

func days(st *State, root string, entries []news.Entry) []day {
	var out []day
	for i := range entries {
		e := &entries[i]
		name := e.Joined.UTC().Format("Monday, 2 January 2006")
		if len(out) == 0 || out[len(out)-1].Name != name {
			out = append(out, day{Name: name})
		}
		d := &out[len(out)-1]
		d.Entries = append(d.Entries, entryRowOf(st, root, e))
	}
	return out
}

// carriedBy says of each entry how many publishers stand behind it.
func carriedBy(days []day, entries []news.Entry) {
	i := 0
	for _, d := range days {
		for j := range d.Entries {
			if s := &entries[i].Story; s.Publishers > 1 {
				d.Entries[j].Carried = count(s.Publishers, "publisher") + ", " + strconv.Itoa(s.Independent) + " in words of their own"
			}
			i++
		}
	}
}

func entryRowOf(st *State, root string, e *news.Entry) entryRow {
	item := &e.Item
	row := entryRow{
		Title: shorten(cmp.Or(item.Title, item.Summary, sourceName(st, item.Source)), maxPageWords), URL: item.Link,
		Lang: publish.LanguageTag(item.Lang), Dir: direction(item.Lang, item.Title+" "+item.Summary),
		Source: sourceName(st, item.Source), At: item.At, Changed: item.Changed(), Updated: !item.Revised.IsZero(),
		Summary: shorten(item.Summary, maxPageWords), Why: whyText(e),
	}
	if item.ID != 0 {
		row.Details = root + "/items/" + item.ID.String()
	}
	row.URL = cmp.Or(row.URL, row.Details)
	if e.Story.ID != 0 {
		row.Story = root + "/stories/" + e.Story.ID.String()
	}
	seen := map[string]bool{item.Publisher: true}
	for _, m := range e.Story.Members {
		if seen[m.Publisher] {
			continue
		}
		seen[m.Publisher] = true
		if len(row.Also) == maxAlso {
			row.More++
			continue
		}
		row.Also = append(row.Also, alsoRow{sourceName(st, m.Source), m.URL, m.Relation == news.RelationCopy})
	}
	for i := len(e.Revisions) - 1; i >= 0 && len(row.Was) < maxWas; i-- {
		if r := e.Revisions[i]; r.Title != "" && r.Title != item.Title {
			row.Was = append(row.Was, r)
		}
	}
	return row
}

// whyText names the rule and the words that it found.
func whyText(e *news.Entry) string {
	var words []string
	for _, m := range e.Match.Mentions {
		if m.Text != "" && len(words) < maxWhy {
			words = append(words, "“\u2068"+m.Text+"\u2069”") // isolated: scripts mix here
		}
	}
	switch {
	case words == nil:
		return e.Match.Rule
	case e.Match.Rule == "":
		return strings.Join(words, ", ")
	}
	return e.Match.Rule + " — " + strings.Join(words, ", ")
}

func sourceName(st *State, id string) string { return cmp.Or(st.sources[id].Name, id) }

// shorten cuts a text at a word.
func shorten(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			head := s[:i]
			if j := strings.LastIndexByte(head, ' '); j > len(head)/2 {
				head = head[:j]
			}
			return head + "…"
		}
	}
	return s
}

// emptyNote tells "no news" from "nobody answers", and says when the topic last
// had any.
func emptyNote(c publish.Coverage, v variant, last time.Time) note {
	switch {
	case v.before > 0:
		return note{Class: "good", Text: "There are no older entries."}
	case coverageMark(c).Class == "bad":
		return note{Class: "bad", Text: "Nothing is here, and most of the sources do not answer: this is no proof that nothing happened."}
	case c.Sources == 0:
		return note{Class: "bad", Text: "Nothing can come: no source is in the scope of this topic. Its sources: in feeds.yaml say which are."}
	case c.OK == 0:
		return note{Class: "good", Text: "Nothing is here yet: no source has answered so far. Reload this page in a minute."}
	case v.query() != "" && last.IsZero():
		return note{Class: "good", Text: "Nothing in this topic fits these parameters, and nothing has matched the topic without them. " + answering(c) + "."}
	case v.query() != "":
		return note{Class: "good", Text: "Nothing in this topic fits these parameters so far. The last report that matched the topic without them joined it on " + stamp(last) + ". " + answering(c) + "."}
	}
	return note{Class: "good", Text: "No report has matched this topic so far. " + answering(c) + ", so there was no news rather than no reading."}
}

func answering(c publish.Coverage) string {
	return strconv.Itoa(c.OK) + " of " + count(c.Sources, "source") + " answer"
}
