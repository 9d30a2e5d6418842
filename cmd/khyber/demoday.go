package main

import (
	"encoding/xml"
	"fmt"
	"hash/fnv"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dayScript is the script of the demo: who publishes what when. Times are those of a
// day, "08:20"; a report of an earlier day says how many days before.
type dayScript struct {
	Outlets []*demoOutlet
	Reports []*demoReport

	midnight time.Time
	past     []time.Time // moments at which the outlets are polled before the day
}

type demoOutlet struct {
	ID, Name, Lang string
	Fails          []string // from, to

	reports []*demoReport // earliest first
}

type demoReport struct {
	Day         int
	At          string
	From        string
	Title, Text string
	Copies      map[string]string // outlet → when it carries the same text
	Later       *struct{ At, Title, Text string }

	at, later time.Time
}

// plan reckons the times and gives each outlet its reports.
func (d *dayScript) plan(midnight time.Time) error {
	d.midnight = midnight
	byID := make(map[string]*demoOutlet)
	for _, o := range d.Outlets {
		byID[o.ID] = o
	}
	days := make(map[int]bool)
	for _, r := range d.Reports {
		days[r.Day] = true
		carriers := map[string]string{r.From: r.At}
		maps.Copy(carriers, r.Copies)
		for id, at := range carriers {
			own, err := *r, error(nil)
			if own.at, err = d.time(r.Day, at); err != nil {
				return err
			}
			if r.Later != nil {
				if own.later, err = d.time(r.Day, r.Later.At); err != nil {
					return err
				}
			}
			if byID[id] == nil {
				return fmt.Errorf("%q: there is no outlet %s", r.Title, id)
			}
			byID[id].reports = append(byID[id].reports, &own)
		}
	}
	for _, o := range d.Outlets {
		slices.SortFunc(o.reports, func(a, b *demoReport) int { return a.at.Compare(b.at) })
	}
	for n := range days {
		if n < 0 {
			d.past = append(d.past, midnight.AddDate(0, 0, n).Add(12*time.Hour))
		}
	}
	slices.SortFunc(d.past, time.Time.Compare)
	return nil
}

// time returns a time of a day.
func (d *dayScript) time(n int, clock string) (time.Time, error) {
	at, err := time.Parse("15:04", clock)
	if err != nil {
		return at, fmt.Errorf("%q is no time like 08:20", clock)
	}
	return d.midnight.AddDate(0, 0, n).Add(time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute), nil
}

// failing says whether an outlet's server fails at a moment.
func (d *dayScript) failing(o *demoOutlet, now time.Time) bool {
	if len(o.Fails) != 2 {
		return false
	}
	from, err := d.time(0, o.Fails[0])
	to, err2 := d.time(0, o.Fails[1])
	return err == nil && err2 == nil && !now.Before(from) && now.Before(to)
}

// text is what a report says at a moment.
func (r *demoReport) text(now time.Time) (title, text string) {
	if r.Later != nil && !now.Before(r.later) {
		return r.Later.Title, r.Later.Text
	}
	return r.Title, r.Text
}

// outlets serves the documents and the pages of the invented outlets, all on one
// loopback address.
type outlets struct {
	day  *dayScript
	base string
	now  func() time.Time
}

const demoItems = 20 // in a document: the newest

// ServeHTTP answers /ID with a document and /ID/N with the page of a report.
func (o *outlets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := o.now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	id, number, page := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	i := slices.IndexFunc(o.day.Outlets, func(x *demoOutlet) bool { return x.ID == id })
	if i < 0 {
		http.NotFound(w, r)
		return
	}
	out := o.day.Outlets[i]
	shown := slices.DeleteFunc(slices.Clone(out.reports), func(r *demoReport) bool { return r.at.After(now) })
	switch n, err := strconv.Atoi(number); {
	case o.day.failing(out, now):
		http.Error(w, "a mason has cut the cable", http.StatusServiceUnavailable)
	case !page:
		o.document(w, r, out, shown)
	case err != nil || n < 0 || n >= len(shown):
		http.NotFound(w, r)
	default:
		title, text := shown[n].text(now)
		_ = demoPage.Execute(w, map[string]any{"Outlet": out, "Title": title, "Text": text}) // who asked is gone
	}
}

var demoPage = template.Must(template.New("").Parse(`<!doctype html><html lang="{{.Outlet.Lang}}" dir="auto"><meta charset="utf-8"><title>{{.Title}}</title>
<p>{{.Outlet.Name}}</p><h1>{{.Title}}</h1><p>{{.Text}}</p><hr><p lang="en" dir="ltr">The outlet and its report are invented, for the demo of Khyber.</p></html>
`))

// The elements of RSS 2.0 that the outlets use.
type rssDocument struct {
	XMLName xml.Name  `xml:"rss"`
	Version string    `xml:"version,attr"`
	Title   string    `xml:"channel>title"`
	Link    string    `xml:"channel>link"`
	About   string    `xml:"channel>description"`
	Lang    string    `xml:"channel>language"`
	Items   []rssItem `xml:"channel>item"`
}

type rssItem struct {
	Title string `xml:"title"`
	Link  string `xml:"link"`
	GUID  string `xml:"guid"`
	Text  string `xml:"description"`
	Date  string `xml:"pubDate"`
}

// document writes RSS 2.0, newest first, or 304.
func (o *outlets) document(w http.ResponseWriter, r *http.Request, out *demoOutlet, shown []*demoReport) {
	doc := rssDocument{Version: "2.0", Title: out.Name, Link: o.base + "/" + out.ID, About: "Invented, for the demo of Khyber.", Lang: out.Lang}
	for n := len(shown) - 1; n >= max(0, len(shown)-demoItems); n-- {
		title, text := shown[n].text(o.now())
		link := fmt.Sprintf("%s/%s/%d", o.base, out.ID, n)
		doc.Items = append(doc.Items, rssItem{title, link, link, text, shown[n].at.Format(time.RFC1123Z)})
	}
	body, err := xml.Marshal(doc)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := fnv.New64a()
	_, _ = h.Write(body) // never fails
	tag := fmt.Sprintf(`"%x"`, h.Sum64())
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "application/rss+xml; charset=utf-8")
	_, _ = w.Write(append([]byte(xml.Header), body...)) // who asked is gone
}
