package config

import (
	"strings"
	"testing"

	"khyber/internal/news"
)

// TestAddedSourcesStandBesideTheOthers adds what lists of other readers hold.
func TestAddedSourcesStandBesideTheOthers(t *testing.T) {
	a := NewAdding([]news.Source{{ID: "hill-post", URL: "https://hillpost.example/rss"}})
	for _, c := range []struct {
		src     news.Source
		want    string // id, name, language, country
		wantErr string
	}{
		{src: news.Source{Name: "Hill Post", URL: "HTTP://HillPost.example:80/rss#top"}, wantErr: "it is polled already, as hill-post"},
		{src: news.Source{Name: "Hill Post", URL: "https://hillpost.example/sport"}, want: "hill-post-2 Hill Post"},
		{src: news.Source{Name: "Hill\r\n\tPost\x00 ${HOME}", URL: "https://a.example/", Lang: "en-GB", Country: "uk"}, want: "hill-post-home Hill Post {HOME} en GB"},
		{src: news.Source{Name: "کوه", URL: "https://koh.example/rss", Lang: "prs", Country: "ZZ"}, want: "koh-example کوه fa"},
		{src: news.Source{Name: "Café Österreich", URL: "https://cafe.example/rss"}, want: "cafe-osterreich Café Österreich"},
		{src: news.Source{ID: "mine", Name: "Mine", URL: "https://mine.example/rss", Lang: "tlh"}, want: "mine Mine"},
		{src: news.Source{Name: "Mine", URL: "https://mine.example/rss"}, wantErr: "it is polled already, as mine"},
		{src: news.Source{URL: "https://evil.example/?key=${TOKEN}"}, wantErr: "its address holds ${, which stands for a secret: add it by hand if that is meant"},
		{src: news.Source{URL: "nothing"}, wantErr: "its address is none"},
	} {
		got, err := a.Source(c.src)
		if err != nil || c.wantErr != "" {
			if err == nil || err.Error() != c.wantErr {
				t.Errorf("%q: got error %v, want %s", c.src.URL, err, c.wantErr)
			}
			continue
		}
		if text := strings.Join(strings.Fields(got.ID+" "+got.Name+" "+got.Lang+" "+got.Country), " "); text != c.want {
			t.Errorf("%q: got %s, want %s", c.src.URL, text, c.want)
		}
	}
}
