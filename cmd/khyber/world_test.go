package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// world serves an invented day: nine invented outlets, each with its own format
// and its own bad habit, under a clock that the test moves by the hour.
type world struct {
	*httptest.Server
	mu      sync.Mutex
	hour    int
	outlets []*outlet
	asked   chan struct{} // one token a request, dropped when nobody reads
}

// outlet is one invented publication.
type outlet struct {
	id, lang string
	render   func(w *world, o *outlet, items []report) (contentType, body string)
	reports  []report        // of the whole day, oldest first
	seen     int             // requests since the clock last moved
	offered  map[string]bool // links of all that a 200 has carried
}

// report is one invented report.
type report struct {
	hour  int
	link  string
	title string
	later string // its title three hours on, where the outlet corrects itself
	both  bool   // the title names both countries
}

// window is how many reports a document carries: fewer than an outlet's day has.
const window = 12

// patterns are invented headlines; %[1]s is an invented place and %[2]d a number.
var patterns = map[string][]struct {
	text string
	both bool
}{
	"en": {
		{"Afghan and Pakistani officers meet at the %[1]s gate, round %[2]d", true},
		{"Pakistan says %[2]d trucks bound for Afghanistan wait at %[1]s", true},
		{"Orchard owners of %[1]s in Afghanistan ask for %[2]d cold rooms", false},
		{"Rail workers of %[1]s in Pakistan end strike number %[2]d", false},
		{"River gauge at %[1]s falls by %[2]d centimetres after a dry week", false},
	},
	"ur": {
		{"پاکستان اور افغانستان کے درمیان %[1]s میں بات چیت کا دور %[2]d", true},
		{"پاکستان میں %[1]s کے قریب %[2]d نئے کنویں", false},
		{"%[1]s کے بازار میں آگ، %[2]d دکانیں متاثر", false},
	},
	"fa": {
		{"گفتگوی افغانستان و پاکستان درباره گذرگاه %[1]s، دور %[2]d", true},
		{"افغانستان در %[1]s شمار %[2]d مکتب تازه می\u200cسازد", false},
	},
}

var places = []string{"Darrabad", "Speenwam", "Lalkot", "Zarghun Tangi", "Mirwal"}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{asked: make(chan struct{}, 1)}
	plain := func(n int, r *report) string { return r.link }
	for _, o := range []*outlet{
		{id: "spinghar-post", lang: "en", render: rss(plain)},
		{id: "indus-courier", lang: "en", render: rss(func(hour int, r *report) string { return fmt.Sprintf("%s#%d", r.link, hour%4) })}, // another guid each hour
		{id: "lalkot-radio", lang: "en", render: rss(func(int, *report) string { return "" })},                                           // no guid at all
		{id: "toll-desk", lang: "en", render: rss(plain)},                                                                                // corrects titles, see below
		{id: "two-schemes", lang: "en", render: rss(func(hour int, r *report) string { return scheme(hour, r.link) })},                   // http and https in turn
		{id: "atom-wire", lang: "en", render: atom},
		{id: "json-bureau", lang: "en", render: jsonFeed},
		{id: "chenab-urdu", lang: "ur", render: rss(plain)},
		{id: "hari-dari", lang: "fa", render: atom},
	} {
		o.offered = make(map[string]bool)
		o.reports = day(o)
		w.outlets = append(w.outlets, o)
	}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

// day writes an outlet's reports: one or two an hour.
func day(o *outlet) []report {
	var reports []report
	for hour := range 24 {
		for range 1 + (hour+len(o.id))%2 {
			n := len(reports)
			p := patterns[o.lang][(n*7+len(o.id))%len(patterns[o.lang])]
			r := report{
				hour: hour, both: p.both,
				link:  fmt.Sprintf("https://%s.example/news/%d", o.id, 1000+n),
				title: fmt.Sprintf(p.text, places[(n+len(o.id))%len(places)], n+2),
			}
			if o.id == "toll-desk" {
				r.later = r.title + ", corrected"
			}
			reports = append(reports, r)
		}
	}
	return reports
}

func scheme(hour int, link string) string {
	if hour%2 == 0 {
		return link
	}
	return "http" + strings.TrimPrefix(link, "https")
}

// ServeHTTP answers /ID with the outlet's document of the hour.
func (w *world) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer func() {
		select {
		case w.asked <- struct{}{}:
		default:
		}
	}()
	for _, o := range w.outlets {
		if "/"+o.id != req.URL.Path {
			continue
		}
		o.seen++
		tag := fmt.Sprintf("%q", fmt.Sprint(o.id, w.hour))
		rw.Header().Set("ETag", tag)
		if req.Header.Get("If-None-Match") == tag {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		items := o.visible(w.hour)
		for _, r := range items {
			o.offered[r.link] = true
		}
		kind, body := o.render(w, o, items)
		rw.Header().Set("Content-Type", kind)
		fmt.Fprint(rw, body)
		return
	}
	http.NotFound(rw, req)
}

// visible is what the outlet's document carries at the hour, oldest first, with
// the titles of that hour.
func (o *outlet) visible(hour int) []report {
	var items []report
	for _, r := range o.reports {
		if r.hour <= hour {
			items = append(items, r.at(hour))
		}
	}
	return items[max(0, len(items)-window):]
}

// at returns the report as it reads at the hour.
func (r report) at(hour int) report {
	if r.later != "" && hour >= r.hour+3 {
		r.title = r.later
	}
	return r
}

// advance moves the clock to the hour.
func (w *world) advance(hour int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hour = hour
	for _, o := range w.outlets {
		o.seen = 0
	}
}

// requests counts those since the clock last moved.
func (w *world) requests() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, o := range w.outlets {
		n += o.seen
	}
	return n
}

// settled says that every outlet was asked twice since the clock moved: the
// second request comes after the first one's poll was committed.
func (w *world) settled() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range w.outlets {
		if o.seen < 2 {
			return false
		}
	}
	return true
}

// expected lists what a reader that loses nothing must hold: link → title.
func (w *world) expected(bothOnly bool) map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	want := make(map[string]string)
	for _, o := range w.outlets {
		for _, r := range o.reports {
			if o.offered[r.link] && (r.both || !bothOnly) {
				want[r.link] = r.at(w.hour).title
			}
		}
	}
	return want
}

// config is the feeds.yaml that reads the world.
func (w *world) config() string {
	var b strings.Builder
	b.WriteString("site: {title: Invented day}\ndefaults: {every: 1s, allow_private_network: true}\nsources:\n")
	for _, o := range w.outlets {
		fmt.Fprintf(&b, "  - {id: %s, name: %s, url: %q, lang: %s, publisher: %s}\n", o.id, o.id, w.URL+"/"+o.id, o.lang, o.id)
	}
	b.WriteString(`topics:
  - id: both
    title: Both countries
    include:
      - name: both countries in the headline
        all:
          - [Afghanistan, Afghan*, افغانستان]
          - [Pakistan*, پاکستان]
        in: title
    examples:
      match: ["Afghan and Pakistani clerks count the trucks"]
      ignore: ["Pakistan counts its trucks"]
  - id: everything
    title: Everything
    include:
      - {name: every item, always: true}
`)
	return b.String()
}

func rss(guid func(hour int, r *report) string) func(*world, *outlet, []report) (string, string) {
	return func(w *world, o *outlet, items []report) (string, string) {
		var b strings.Builder
		fmt.Fprintf(&b, `<?xml version="1.0"?><rss version="2.0"><channel><title>%s</title><link>https://%s.example/</link><description>invented</description>`, o.id, o.id)
		for i := len(items) - 1; i >= 0; i-- {
			r := &items[i]
			fmt.Fprintf(&b, "<item><title>%s</title><link>%s</link><pubDate>%s</pubDate>", escape(r.title), escape(r.link), stamp(r).Format(time.RFC1123Z))
			if g := guid(w.hour, r); g != "" {
				fmt.Fprintf(&b, "<guid>%s</guid>", escape(g))
			}
			b.WriteString("</item>")
		}
		b.WriteString("</channel></rss>")
		return "application/rss+xml", b.String()
	}
}

func atom(_ *world, o *outlet, items []report) (string, string) {
	var b strings.Builder
	fmt.Fprintf(&b, `<feed xmlns="http://www.w3.org/2005/Atom"><title>%s</title><id>tag:%s.example,2026:all</id><updated>2026-03-17T00:00:00Z</updated>`, o.id, o.id)
	for _, r := range items {
		fmt.Fprintf(&b, `<entry><title>%s</title><id>tag:%s.example,2026:%s</id><link href="%s"/><updated>%s</updated></entry>`,
			escape(r.title), o.id, r.link[strings.LastIndex(r.link, "/")+1:], escape(r.link), stamp(&r).Format(time.RFC3339))
	}
	b.WriteString("</feed>")
	return "application/atom+xml", b.String()
}

func jsonFeed(_ *world, o *outlet, items []report) (string, string) {
	type item struct {
		ID    string `json:"id"`
		URL   string `json:"url"`
		Title string `json:"title"`
		Text  string `json:"content_text"`
		Date  string `json:"date_published"`
	}
	doc := struct {
		Version string `json:"version"`
		Title   string `json:"title"`
		Items   []item `json:"items"`
	}{Version: "https://jsonfeed.org/version/1.1", Title: o.id}
	for _, r := range items {
		doc.Items = append(doc.Items, item{r.link, r.link, r.title, "Invented.", stamp(&r).Format(time.RFC3339)})
	}
	body, err := json.Marshal(doc)
	if err != nil {
		return "text/plain", err.Error()
	}
	return "application/feed+json", string(body)
}

func stamp(r *report) time.Time { return time.Date(2026, 3, 17, r.hour, 30, 0, 0, time.UTC) }

func escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return ""
	}
	return b.String()
}
