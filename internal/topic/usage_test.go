package topic

import (
	"slices"
	"testing"

	"khyber/internal/news"
)

func TestUsageNamesWhatIsGoodForNothing(t *testing.T) {
	s := compile(t, `topics:
  - id: border-trade
    title: Border trade
    define: {goods: [melons, "carpet*"]}
    include:
      - {name: goods at a crossing, all: [$torkham, ~goods]}
      - {name: goods at Torkham, all: [Torkham, melons]}
      - {name: prices, any: [price index]}
    exclude:
      - {name: sport, any: [$sports], in: title}
      - {name: quakes, any: [$disaster-weather], in: title, unless: {any: [tents]}}
    examples:
      match: ["Melons wait at Torkham"]
      ignore: ["Melons at Torkham cricket ground"]
`)
	u := s.NewUsage()
	for _, title := range []string{"Melons wait at Torkham", "Torkham melons for the cricket team", "Earthquake near Torkham"} {
		u.Add(&news.Item{Title: title})
	}
	var got []string
	for _, p := range u.Warnings("in 90 days") {
		if !p.Warning {
			t.Errorf("%s is no warning", p)
		}
		got = append(got, p.String())
	}
	want := []string{
		`4:30: warning: topic "border-trade": "carpet*" stands in no item in 90 days; see how sources write it`,
		`7:16: warning: topic "border-trade": include: «goods at Torkham» was never the rule that took an item in 90 days; drop it, or ask khyber why what it lacks`,
		`8:16: warning: topic "border-trade": include: «prices» was never the rule that took an item in 90 days; drop it, or ask khyber why what it lacks`,
		`8:30: warning: topic "border-trade": "price index" stands in no item in 90 days; see how sources write it`,
		`11:16: warning: topic "border-trade": exclude: «quakes» dropped no item in 90 days; drop it, unless it waits for a season`,
		`11:76: warning: topic "border-trade": "tents" stands in no item in 90 days; see how sources write it`,
	}
	for i := range got {
		got[i] = got[i][len("feeds.yaml:"):]
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}
