package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// newTestDemo is the demo with its outlets, on a clock that the test moves.
func newTestDemo(t *testing.T) *demo {
	t.Helper()
	ctx := t.Context()
	pages, err := listen(ctx, "--listen", "127.0.0.1:0")
	must(t, err)
	must(t, pages.Close())
	outlets, err := listen(ctx, "--listen", "127.0.0.1:0")
	must(t, err)
	a := &app{getenv: os.LookupEnv, stdout: io.Discard, stderr: io.Discard, random: rand.Float64, now: time.Now}
	d, err := newDemo(ctx, a, &fastClock{real: time.Now, rate: 144}, t.TempDir(), pages, outlets)
	must(t, err)
	srv := &httptest.Server{Listener: outlets, Config: &http.Server{Handler: d.outlets, ReadHeaderTimeout: patience}}
	srv.Start()
	t.Cleanup(func() {
		srv.Close()
		must(t, d.store.Close())
	})
	must(t, d.past(ctx))
	return d
}

// until lets the day pass, a turn every five minutes.
func (d *demo) until(ctx context.Context, t *testing.T, clock string) {
	t.Helper()
	end, err := d.day.time(0, clock)
	must(t, err)
	for ; !d.clock.now().After(end); d.clock.set(d.clock.now().Add(5 * time.Minute)) {
		must(t, d.turn(ctx))
	}
}

func (d *demo) page(t *testing.T, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	d.pages.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, d.base+path, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// demoEntry is what the test looks at of an entry.
type demoEntry struct {
	Title    string
	Language string
	Khyber   struct {
		Story struct {
			Items []struct{ Source, Relation string }
		}
		Revisions []struct{ Title, Figures string }
	} `json:"_khyber"`
}

func (d *demo) entries(t *testing.T, topic string) []demoEntry {
	t.Helper()
	var doc struct{ Items []demoEntry }
	must(t, json.Unmarshal([]byte(d.page(t, "/topics/"+topic)), &doc))
	return doc.Items
}

func titled(entries []demoEntry, title string) []demoEntry {
	return slices.DeleteFunc(slices.Clone(entries), func(e demoEntry) bool { return e.Title != title })
}

// TestDemoShowsWhatItsPagePromises lets the whole day pass and looks at each
// station of the tour when it is shown.
func TestDemoShowsWhatItsPagePromises(t *testing.T) {
	t.Parallel()
	ctx := patient(t)
	d := newTestDemo(t)
	looks := map[string]func(link string){
		"One topic, seven languages": func(string) {
			langs := map[string]bool{}
			for _, e := range d.entries(t, "neighbours.json") {
				langs[e.Language] = true
			}
			if len(langs) != 7 {
				t.Errorf("the topic has the languages %v", langs)
			}
		},
		"One text of three outlets is one entry": func(string) {
			const title = "Afghanistan and Pakistan open a joint customs desk in Mirwal"
			once := titled(d.entries(t, "neighbours.json"), title)
			if len(once) != 1 || len(once[0].Khyber.Story.Items) != 2 || once[0].Khyber.Story.Items[0].Relation != "copy" {
				t.Errorf("the text of three outlets: %+v", once)
			}
			if all := titled(d.entries(t, "neighbours.json?view=all"), title); len(all) != 3 {
				t.Errorf("view=all has %d of 3", len(all))
			}
		},
		"An outlet corrects itself": func(link string) {
			e := titled(d.entries(t, "rivers.json"), "Bus rolls over below the Shindara dam, 6 injured")
			if len(e) != 1 || len(e[0].Khyber.Revisions) != 1 || e[0].Khyber.Revisions[0].Figures != "4 → 6" {
				t.Errorf("the corrected report: %+v", e)
			}
			if page := d.page(t, link); !strings.Contains(page, "Shindara dam, 4 injured") {
				t.Errorf("%s does not say what it said before", link)
			}
		},
		"Cricket is not diplomacy": func(link string) {
			if page := d.page(t, link); !strings.Contains(page, "sport") || !strings.Contains(page, "Afghan cricketers beat Pakistan") {
				t.Errorf("%s does not say why", link)
			}
			if e := titled(d.entries(t, "neighbours.json"), "Afghan cricketers beat Pakistan in a friendly at Kohsar"); len(e) != 0 {
				t.Error("cricket is in the topic")
			}
		},
		"A source fails, and everybody can see it": func(link string) {
			if page := d.page(t, link); !strings.Contains(page, "failing") {
				t.Errorf("%s: nothing fails", link)
			}
			if page := d.page(t, "/status.atom"); !strings.Contains(page, "Kohsar Courier is failing") {
				t.Error("/status.atom does not tell it")
			}
		},
		"Change the file while it runs": func(link string) {
			before := len(d.entries(t, "rivers.json"))
			text, err := os.ReadFile(d.app.config)
			must(t, err)
			write(t, d.app.config, strings.Replace(string(text), "# snow*,", "snow*,", 1))
			must(t, d.reload(ctx).err)
			must(t, d.rematch.All(ctx))
			if after := len(d.entries(t, "rivers.json")); after != before+4 {
				t.Errorf("the topic had %d entries and has %d", before, after)
			}
			if page := d.page(t, "/status"); !strings.Contains(page, "1 topic changed: rivers") {
				t.Error("/status does not say what has changed")
			}
			_ = d.page(t, link)
		},
		"More than usual": func(link string) {
			if page := d.page(t, link); !strings.Contains(page, "stories in 3 h, usually 0.5") {
				t.Errorf("%s marks no surge", link)
			}
			if page := d.page(t, "/status.atom"); !strings.Contains(page, "Border crossings: ") {
				t.Error("/status.atom does not tell the surge")
			}
		},
		"In your own reader": func(link string) {
			if page := d.page(t, link); strings.Count(page, "xmlUrl=") != 3 {
				t.Errorf("%s has not three topics:\n%s", link, page)
			}
			if page := d.page(t, "/status.atom"); !strings.Contains(page, "Resolved: Kohsar Courier was failing") {
				t.Error("the source that failed has not come back")
			}
		},
	}
	section := regexp.MustCompile(`<h2><a href="([^"]*)">([^<]*)</a></h2>`)
	for i, st := range stations {
		d.until(ctx, t, st.At)
		tour := d.page(t, tourPath)
		shown := section.FindStringSubmatch(tour)
		if shown == nil || html.UnescapeString(shown[2]) != st.Title || strings.Count(tour, "<h2><a") != i+1 {
			t.Fatalf("at %s the tour does not begin with %q:\n%s", st.At, st.Title, tour)
		}
		if st.Edit != "" {
			where := fmt.Sprintf("%s, line %d", d.app.config, lineWith(t, d.app.config, st.Edit))
			if !strings.Contains(tour, where) {
				t.Errorf("the tour does not name %s", where)
			}
		}
		looks[st.Title](html.UnescapeString(shown[1]))
	}
	d.until(ctx, t, "23:55")
	if tour := d.page(t, tourPath); !strings.Contains(tour, "The day is over.") {
		t.Error("the tour does not say that the day is over")
	}
	kept := 0
	for _, o := range d.day.Outlets {
		kept += len(o.reports)
	}
	status, err := d.store.Status(ctx)
	must(t, err)
	if status.Items != kept {
		t.Errorf("%d items are kept of %d reports", status.Items, kept)
	}
}

// lineWith counts lines in another way than the program does.
func lineWith(t *testing.T, file, text string) int {
	t.Helper()
	b, err := os.ReadFile(file)
	must(t, err)
	for i, line := range bytes.Split(b, []byte("\n")) {
		if bytes.Contains(line, []byte(text)) {
			return i + 1
		}
	}
	t.Fatalf("no line of %s has %q", file, text)
	return 0
}

// TestDemoCleansUpAfterItself runs the command as a person would, with a day of
// a second, and ends it.
func TestDemoCleansUpAfterItself(t *testing.T) {
	t.Parallel()
	ctx := patient(t)
	temp := t.TempDir()
	cmd := khyberCommand(ctx, "none.yaml", "none.db", "demo", "--listen", "127.0.0.1:0", "--day", "1m")
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	daemon := startDaemon(ctx, t, cmd)
	folders, err := filepath.Glob(filepath.Join(temp, "khyber-demo-*", "feeds.yaml"))
	if err != nil || len(folders) != 1 {
		t.Fatalf("folders %q, %v", folders, err)
	}
	if got := string(get(ctx, t, strings.TrimSuffix(daemon.url, "/")+tourPath)); !strings.Contains(got, "A day with Khyber") {
		t.Errorf("the tour is\n%s", got)
	}
	daemon.stop(t)
	if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
		t.Errorf("the demo leaves %v behind, %v", left, err)
	}
	if said := daemon.stderr.String(); said != "" {
		t.Errorf("the demo complains:\n%s", said)
	}
}
