package main

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"khyber/internal/news"
)

// fail commits n polls, an hour apart, that brought nothing.
func (o *offline) fail(t *testing.T, n int) {
	t.Helper()
	for range n {
		o.now = o.now.Add(time.Hour)
		o.polls++
		p := news.Poll{ID: o.polls, Source: "wire", At: o.now, Kind: news.KindTimeout, Text: "no answer in 30s", Generation: o.generation}
		if _, err := o.store.Commit(t.Context(), p, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStatusCountsAWeek looks at what programs and people are told of the last
// seven days.
func TestStatusCountsAWeek(t *testing.T) {
	o := newOffline(t)
	first := o.now
	o.publish(t, 0, 30)
	o.now = o.now.Add(10 * 24 * time.Hour)
	o.publish(t, 30, 1204)
	o.server.ObservePoll(news.Poll{Source: "wire", Kind: news.KindOK, Fetched: 3, Rejected: map[news.Reason]int{news.RejectedEmpty: 3}})
	var got struct {
		Store struct {
			Oldest time.Time
		}
		Rejected map[string]int
		Hub      struct{ Subscribers, Failing *int }
		Sources  []struct {
			Items int `json:"items_7d"`
		}
	}
	if err := json.Unmarshal(o.get(t, archiveBase+"/status.json").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if !got.Store.Oldest.Equal(first) || len(got.Sources) != 1 || got.Sources[0].Items != 1204 || got.Rejected["empty"] != 3 || len(got.Rejected) != len(news.Reasons()) {
		t.Errorf("status.json: %+v", got)
	}
	if got.Hub.Subscribers == nil || got.Hub.Failing == nil {
		t.Error("status.json says nothing of the hub")
	}
	const want = "In 7 days: read 1,204, matched 1,204, excluded 0."
	if page := o.get(t, archiveBase+"/topics/all").Body.String(); !strings.Contains(page, want) {
		t.Errorf("the page does not say %q", want)
	}
}

// TestATroubleIsToldWhenItBeginsAndWhenItEnds follows an episode in status.atom:
// one entry, with one id, that is updated at its end.
func TestATroubleIsToldWhenItBeginsAndWhenItEnds(t *testing.T) {
	type entry struct {
		ID      string `xml:"id"`
		Title   string `xml:"title"`
		Updated string `xml:"updated"`
	}
	o := newOffline(t)
	told := func() []entry {
		t.Helper()
		var doc struct {
			Entries []entry `xml:"entry"`
		}
		if err := xml.Unmarshal(o.get(t, archiveBase+"/status.atom").Body.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		return doc.Entries
	}
	o.publish(t, 0, 3)
	if got := told(); len(got) != 0 {
		t.Errorf("all is well, and status.atom says %+v", got)
	}
	o.fail(t, 3)
	began := told()
	if len(began) != 1 || began[0].Title != "Mirwal Wire is failing" {
		t.Fatalf("status.atom says %+v", began)
	}
	o.fail(t, 3)
	if got := told(); len(got) != 1 || got[0] != began[0] {
		t.Errorf("while it goes on: %+v, want %+v", got, began)
	}
	o.now = o.now.Add(time.Hour)
	o.publish(t, 3, 1)
	ended := told()
	if len(ended) != 1 || ended[0].ID != began[0].ID || ended[0].Title != "Resolved: Mirwal Wire was failing" || ended[0].Updated <= began[0].Updated {
		t.Errorf("when it has ended: %+v, began as %+v", ended, began)
	}
}

// TestASurgeIsToldOnThePageAndInStatusAtom lets twelve stories come at once to a
// topic that has about none in three hours.
func TestASurgeIsToldOnThePageAndInStatusAtom(t *testing.T) {
	o := newOffline(t)
	seen := func(what string, path string, want bool) {
		t.Helper()
		o.now = o.now.Add(time.Minute) // pages are rendered anew after some seconds
		if got := strings.Contains(o.get(t, archiveBase+path).Body.String(), what); got != want {
			t.Errorf("%s: %q is %v, want %v", path, what, got, want)
		}
	}
	o.publish(t, 0, 3)
	o.now = o.now.Add(time.Hour)
	o.publish(t, 3, 12) // a young topic: nobody knows what is usual
	seen("stories in 3 h", "/topics/all", false)
	o.now = o.now.Add(20 * 24 * time.Hour)
	o.publish(t, 15, 12)
	seen("12 stories in 3 h, usually 0.5.", "/topics/all", true)
	seen("<title type=\"text\">All: 12 stories in 3 h, usually 0.5</title>", "/status.atom", true)
	for range 10 {
		o.now = o.now.Add(time.Hour)
		if _, err := o.store.Expire(t.Context(), 400*24*time.Hour, 500); err != nil {
			t.Fatal(err)
		}
	}
	seen("stories in 3 h", "/topics/all", false)
	seen("Ended: All: 12 stories in 3 h, usually 0.5</title>", "/status.atom", true)
}
