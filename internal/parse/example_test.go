package parse_test

import (
	"fmt"
	"net/http"
	"time"

	"khyber/internal/news"
	"khyber/internal/parse"
)

func ExampleParse() {
	src := &news.Source{ID: "herald", URL: "https://herald.example/rss"}
	body := []byte(`<rss version="2.0"><channel><title>Herald</title>
		<item><guid>1</guid><link>/a</link><title>Pass &lt;b&gt;opens&lt;/b&gt;</title><pubDate>23 Nov 2026 15:00 PKT</pubDate></item>
		<item><guid>2</guid><title>Broken</ti`)
	doc, err := parse.Parse(src, body, http.Header{}, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, it := range doc.Items {
		fmt.Println(it.GUID, it.Link, it.Title, it.Published.Format(time.RFC3339))
	}
	fmt.Println(doc.Fetched, doc.Rejected, doc.Salvaged)
	// Output:
	// 1 https://herald.example/a Pass opens 2026-11-23T10:00:00Z
	// 2 map[damaged:1] true
}
