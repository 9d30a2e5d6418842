package main

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"time"
)

//go:embed demo/tour.html
var tourHTML string

// tourPath is the page that says what to look at.
const tourPath = "/tour"

// station is something to look at, from a time of the day on.
type station struct {
	At    string
	Title string
	Text  string
	Link  string // of the pages
	Item  string // title of a report, whose page is linked in the place of Link
	Edit  string // text of the line of feeds.yaml that is to be changed
}

// stations are what the demo promises; its test looks at each.
var stations = []station{
	{
		At: "07:10", Title: "One topic, seven languages", Link: "/topics/neighbours",
		Text: "“Afghanistan–Pakistan relations” is one rule in feeds.yaml: both countries in the headline. It found reports in English, Dari, Urdu, Pashto, Hindi, Russian and Arabic. Each entry says why it is there.",
	},
	{
		At: "08:30", Title: "One text of three outlets is one entry", Link: "/topics/neighbours",
		Text: "Spinghar Herald and Kohsar Courier carried the text of Mirwal Wire about the customs desk. The topic has it once, with the others under “Also”. Nothing is deleted: /topics/neighbours.atom?view=all has all three.",
	},
	{
		At: "09:40", Title: "An outlet corrects itself", Item: "Bus rolls over below the Shindara dam, 6 injured",
		Text: "The bus below the dam: 4 injured became 6. It is the same entry with the new text, it does not come again, and its page keeps what it said before.",
	},
	{
		At: "10:10", Title: "Cricket is not diplomacy", Link: "/why?topic=neighbours&item=",
		Item: "Afghan cricketers beat Pakistan in a friendly at Kohsar",
		Text: "A match of the two countries names both, and is not in the topic: the rule “sport” excludes it. Its page says so.",
	},
	{
		At: "12:30", Title: "A source fails, and everybody can see it", Link: "/sources",
		Text: "The server of Kohsar Courier has been away since ten. The page of the sources, the status and the coverage of each topic say so: silence can be told from failure. In the afternoon it comes back by itself, and what it published meanwhile is not lost.",
	},
	{
		At: "14:00", Title: "Change the file while it runs", Link: "/topics/rivers", Edit: "# snow*,",
		Text: "Take away the # at the beginning of this line and save. Within seconds the topic “Rivers, dams and canals” has four reports of snow more, with their own dates, and the status says what has changed. A mistake in the file would change nothing but the status.",
	},
	{
		At: "17:10", Title: "More than usual", Link: "/topics/crossings",
		Text: "Ten reports of different things at Torkham within an hour and a half, where there are next to none: the topic’s page marks the surge, and /status.atom tells it to your reader.",
	},
	{
		At: "18:00", Title: "In your own reader", Link: "/topics.opml",
		Text: "Subscribe to /topics/neighbours.atom, or import /topics.opml. The same works with a feeds.yaml of your own: khyber serve.",
	},
}

// tour puts the page of the tour before the pages of the server.
func (d *demo) tour() http.Handler {
	page := template.Must(template.New("").Parse(tourHTML))
	mux := http.NewServeMux()
	mux.Handle("/", d.server)
	mux.HandleFunc("GET "+tourPath, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_ = page.Execute(w, d.sights(r.Context())) // who asked is gone
	})
	return mux
}

// sights are what the page shows now.
type sights struct {
	Now, Config, Data string
	Over              bool
	Seen, Coming      []sight
}

type sight struct {
	station
	URL   string
	File  string // to be changed, with the line
	Until string // how long it takes; empty: it can be seen
}

func (d *demo) sights(ctx context.Context) sights {
	now := d.clock.now()
	s := sights{Now: now.Format("15:04"), Config: d.app.config, Data: d.app.data, Over: !now.Before(d.day.midnight.AddDate(0, 0, 1))}
	for _, st := range stations {
		at, err := d.day.time(0, st.At)
		if err != nil {
			continue // the test would have seen it
		}
		x := sight{station: st, URL: d.address(ctx, st)}
		if st.Edit != "" {
			x.File = d.app.config
			if line := d.lineOf(st.Edit); line > 0 {
				x.File = fmt.Sprintf("%s, line %d", x.File, line)
			}
		}
		if wait := at.Sub(now); wait > 0 {
			x.Until = time.Duration(float64(wait) / d.clock.rate).Round(time.Second).String()
			s.Coming = append(s.Coming, x)
		} else {
			s.Seen = append([]sight{x}, s.Seen...)
		}
	}
	return s
}

// address is where a station is seen: the page of its report, once that is kept.
func (d *demo) address(ctx context.Context, st station) string {
	if st.Item == "" {
		return st.Link
	}
	for _, o := range d.day.Outlets {
		for n, r := range o.reports {
			if r.Title != st.Item && (r.Later == nil || r.Later.Title != st.Item) {
				continue
			}
			id, err := d.store.FindLink(ctx, fmt.Sprintf("%s/%s/%d", d.outlets.base, o.ID, n))
			switch {
			case err != nil:
				return "/"
			case st.Link != "":
				return st.Link + id.String()
			}
			return "/items/" + id.String()
		}
	}
	return "/"
}
