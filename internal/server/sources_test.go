package server

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"khyber/internal/news"
)

func TestTheSourcesPageAccountsForEveryItemOfADocument(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	got := accountsOf([]news.Poll{
		{At: at.Add(2 * time.Hour), Kind: news.KindUnchanged},
		{At: at.Add(time.Hour), Kind: news.KindOK, Fetched: 40, New: 3, Known: 34, Revised: 1, Rejected: map[news.Reason]int{news.RejectedRepeated: 2, news.RejectedEmpty: 1}},
		{At: at.Add(30 * time.Minute), Kind: news.KindTimeout},
		{At: at, Kind: news.KindOK, Fetched: 2, New: 2, Baseline: true},
	})
	want := []account{
		{at.Add(time.Hour), "40 items: 3 new, 34 known, 1 of them with another text, 1 rejected as empty, 2 rejected as repeated"},
		{at, "2 items: 2 new, 0 known; the first document, so none of it is news"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestASourceSaysWhatAnEditorMayWantToActOn(t *testing.T) {
	gap := news.Poll{Kind: news.KindOK, New: 20}
	cut := news.Poll{Kind: news.KindOK, Salvaged: true}
	for name, c := range map[string]struct {
		state news.SourceState
		polls []news.Poll
		want  string // the beginning of its only note; empty: none
	}{
		"all is well":          {news.SourceState{Failures: 29}, []news.Poll{{Kind: news.KindOK, Known: 9}, cut, cut}, ""},
		"gap":                  {news.SourceState{}, []news.Poll{gap}, "It turned over faster"},
		"a gap of long ago":    {news.SourceState{}, append(make([]news.Poll, fewPolls), gap), ""},
		"moved":                {news.SourceState{Redirect: news.Redirect{Learned: true}}, nil, "It has moved"},
		"salvaged":             {news.SourceState{}, []news.Poll{cut, cut, cut}, "Its documents are often damaged"},
		"throttled by status":  {news.SourceState{LastStatus: 429}, nil, "It asks to be polled less often"},
		"throttled by a hold":  {news.SourceState{Hold: noon.Add(time.Hour)}, nil, "It asks to be polled less often"},
		"a hold that is over":  {news.SourceState{Hold: noon}, nil, ""},
		"re-keyed":             {news.SourceState{Distrust: news.Distrust{Rekeyed: noon.AddDate(0, 0, -1)}}, nil, "It gives known reports new ids"},
		"re-keyed of long ago": {news.SourceState{Distrust: news.Distrust{Rekeyed: noon.AddDate(0, -2, 0)}}, nil, ""},
		"dead":                 {news.SourceState{Failures: 31}, nil, "It has failed 31 times in a row"},
	} {
		got := notesOf(&c.state, c.polls, noon)
		if c.want == "" && got != nil || c.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], c.want)) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestAnItemNamesThePollThatBroughtIt(t *testing.T) {
	s := newServer(sampleStore())
	const row = "<dt>In an answer of</dt><dd>200, 41.5 KiB: 39 items: 3 new, 36 known</dd>"
	if page := get(s, "/items/0000000000001000").Body.String(); !strings.Contains(page, row) {
		t.Errorf("no %s in %s", row, page)
	}
	if page := get(s, "/items/0000000000001001").Body.String(); strings.Contains(page, "In an answer of") {
		t.Error("a poll that is not kept is named")
	}
}

// The validators and the hash of the last document are on both pages; the item's
// says whether it came in that one.
func TestThePagesTellTheLastDocumentOfASource(t *testing.T) {
	f := sampleStore()
	x := &f.states[0]
	x.Validators, x.BodyHash = news.Validators{ETag: `W/"<b>7"`, LastModified: "Mon, 23 Nov 2026 11:00:00 GMT"}, 0xc0ffee
	at := noon.Add(-time.Hour)
	f.polls = []news.Poll{
		{At: at.Add(40 * time.Minute), Kind: news.KindUnchanged, Complete: true},
		{At: at.Add(20 * time.Minute), Kind: news.KindOK}, // cut: the one before stays
		{At: at, Kind: news.KindOK, Complete: true},
	}
	const kept = `<span><time datetime="2026-11-23T11:00:00Z">23 Nov 2026 11:00 UTC</time></span><span>ETag <code><bdi>W/&#34;&lt;b&gt;7&#34;</bdi></code></span>` +
		`<span>Last-Modified <code><bdi>Mon, 23 Nov 2026 11:00:00 GMT</bdi></code></span><span>hash <code>0000000000c0ffee</code></span>`
	has := func(path, want string) {
		t.Helper()
		if page := get(newServer(f), path).Body.String(); !strings.Contains(page, want) {
			t.Errorf("%s: no %s in %s", path, want, page)
		}
	}
	has("/sources", "<summary>Its last document</summary><div class=\"meta apart\">"+kept)
	item := &f.topics["border-trade"].Entries[0].Item
	item.Source = x.Source
	path := "/items/" + item.ID.String()
	has(path, "<dt>The source’s last document</dt><dd class=\"apart\">"+kept)
	item.FirstSeen = at
	has(path, "<dt>Its validators</dt><dd class=\"apart\">"+kept)
}

// A service that reads nothing does not say that it reads.
func TestStatusSaysThatNoSourceAnswers(t *testing.T) {
	f := sampleStore()
	const silent = "no source answers; what is kept is still published"
	if page := get(newServer(f), "/status").Body.String(); strings.Contains(page, silent) || !strings.Contains(page, "reading, keeping and publishing") {
		t.Error("two sources answer")
	}
	for i := range f.states {
		f.states[i].State = news.StateFailing
	}
	f.states[0].State = news.StateGone
	if page := get(newServer(f), "/status").Body.String(); !strings.Contains(page, silent) {
		t.Errorf("no %q in %s", silent, page)
	}
}

func TestAnItemSaysWhenOthersCarriedIt(t *testing.T) {
	const want = `<bdi>Ford Mirror</bdi></span><span><time datetime="2026-11-23T11:57:00Z">23 Nov 2026 11:57 UTC</time></span>`
	if page := get(newServer(sampleStore()), "/items/0000000000001000").Body.String(); !strings.Contains(page, want) {
		t.Errorf("no %s in %s", want, page)
	}
}
