package story_test

import (
	"fmt"
	"time"

	"khyber/internal/news"
	"khyber/internal/story"
)

func ExampleRelate() {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	sign := func(source, title string) story.Signature {
		src := news.Source{ID: source, Name: source, Publisher: source + ".example", Domain: source + ".example"}
		return story.Sign(&src, &news.Item{Source: source, Publisher: src.Publisher, Title: title, At: at, Lang: "en"})
	}
	first := sign("herald", "Ferry disaster near Gulzar harbour leaves 22 fishermen dead")
	same := sign("courier", "EXCLUSIVE: Ferry disaster near Gulzar harbour leaves 22 fishermen dead - Courier")
	other := sign("gazette", "Ferry disaster near Gulzar harbour leaves 23 fishermen dead")
	for _, s := range []story.Signature{same, other} {
		v := story.Relate(&first, &s)
		fmt.Printf("%q %s %v\n", v.Relation, v.Rule, v.Differ)
	}
	// Output:
	// "copy" copy-title []
	// "" g-number [22 23]
}
