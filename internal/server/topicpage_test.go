package server

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"khyber/internal/news"
	"khyber/internal/publish"
)

func TestAnEntryCountsThePublishersItDoesNotName(t *testing.T) {
	f := sampleStore()
	page := f.topics["border-trade"]
	page.Entries = sampleEntries(3)
	story := &page.Entries[0].Story
	*story = news.Story{ID: 0x77, Publishers: 10, Independent: 8}
	for i := range 9 {
		story.Members = append(story.Members, news.Member{Source: "wire", Publisher: "p" + strconv.Itoa(i), URL: "https://wire.example/" + strconv.Itoa(i)})
	}
	f.topics["border-trade"] = page
	s := newServer(f)
	const more, carried = `</bdi> and <a href="/stories/0000000000000077">4 more</a></p>`, `<a class="quiet" href="/stories/0000000000000077">10 publishers, 8 in words of their own</a>`
	for _, c := range []struct {
		path    string
		carried int
	}{{"/topics/border-trade", 0}, {"/topics/border-trade?view=stories", 1}} {
		got := get(s, c.path).Body.String()
		if strings.Count(got, more) != 1 || strings.Count(got, carried) != c.carried {
			t.Errorf("%s: more %d, carried %d, want 1, %d", c.path, strings.Count(got, more), strings.Count(got, carried), c.carried)
		}
	}
}

func TestAnEmptyScopeIsNoSilence(t *testing.T) {
	if got := emptyNote(publish.Coverage{}, variant{}, time.Time{}); got.Class != "bad" || !strings.HasPrefix(got.Text, "Nothing can come: no source is in the scope") {
		t.Errorf("got %+v", got)
	}
}
