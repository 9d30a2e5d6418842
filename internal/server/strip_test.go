package server

import (
	"testing"
	"time"

	"khyber/internal/news"
)

func TestAStripTellsHoursApart(t *testing.T) {
	x := healths{bySource: map[string]hours{}}
	poll := func(ago time.Duration, kind news.Kind) news.Poll { return news.Poll{At: noon.Add(-ago), Kind: kind} }
	polls := []news.Poll{
		poll(0, news.KindOK), poll(time.Hour, news.KindUnchanged), poll(time.Hour-time.Minute, news.KindTimeout),
		poll(2*time.Hour, news.KindStatus), poll(47*time.Hour, news.KindOK), poll(48*time.Hour, news.KindOK), poll(900*time.Hour, news.KindOK),
		{At: noon.Add(-4 * time.Hour), Kind: news.KindDNS, OwnOutage: true},
	}
	want := strip{
		Width: 192, Full: "M188 0h3v14h-3zM0 0h3v14h-3z", Half: "M184 6h3v8h-3z", Bad: "M180 0h3v3h-3zM180 11h3v3h-3z",
		Label: "2 of 4 hours fine, of the last 48; last failure 23 Nov 2026 11:01 UTC, timeout", Known: 4,
	}
	for range 2 { // seen again, in another order
		if got := stripOf(x.note("a", polls...), noon.Add(time.Minute)); got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		polls[0], polls[len(polls)-1] = polls[len(polls)-1], polls[0]
	}
	if got := stripOf(x.note("a"), noon.Add(100*time.Hour)); got.Known != 0 || got.Label != "0 of 0 hours fine, of the last 48" {
		t.Errorf("days later: %+v", got)
	}
	h := hours{}
	for i := range 48 {
		p := poll(time.Duration(i)*time.Hour, news.KindOK)
		h.note(&p)
	}
	if got := stripOf(h, noon).Label; got != "48 of 48 hours fine" {
		t.Errorf("all is well: %q", got)
	}
}
