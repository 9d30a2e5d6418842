package bolt

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"khyber/internal/news"
	"khyber/internal/store"
)

//go:embed dictionary/words.txt
var dictionaryWords string

// dictionaryHistory is the length of the text in the dictionary, in bytes. On
// 7,946 reports with summaries of 2022 a row has 447 bytes without a dictionary,
// 407 with 20 KiB, 388 with 36 KiB and 384 with 90 KiB.
const dictionaryHistory = 36 << 10

// TestDictionaryIsTheOneThatRowsWereWrittenWith: another text under the same
// number would make every row unreadable. UPDATE_DICTIONARY=1 writes the newest
// one from words.txt, which is only allowed until a release holds it.
func TestDictionaryIsTheOneThatRowsWereWrittenWith(t *testing.T) {
	const file = "dictionary/1.zdict"
	if os.Getenv("UPDATE_DICTIONARY") != "" {
		if err := os.WriteFile(file, trained(t), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Skip("written: put its sum into this test")
	}
	const want = "6067f04dd5476fe7a23f91ab56abf856016e1322d5c922f4f348c33bb63e8165"
	if got := fmt.Sprintf("%x", sha256.Sum256(dictionary1)); got != want {
		t.Errorf("sha256 of %s is %s, want %s: add a second dictionary, never change one", file, got, want)
	}
}

// trained makes a dictionary of invented reports.
func trained(t *testing.T) []byte {
	t.Helper()
	w := inventor{rand.New(rand.NewPCG(1, 2))}
	var languages [][]string
	var more string
	for line := range strings.Lines(dictionaryWords) {
		switch words := strings.Fields(line); words[0] {
		case "#":
		case "more":
			slices.Reverse(words) // what stands nearer to the end costs less
			more = strings.Join(words[:len(words)-1], " ")
		default:
			languages = append(languages, words)
		}
	}
	var samples [][]byte
	for n := range 1500 {
		words := languages[0] // half of what is read is English
		if n%2 == 1 {
			words = languages[n/2%len(languages)]
		}
		samples = append(samples, w.row(words))
	}
	var history strings.Builder
	history.WriteString(more + "\n")
	for _, words := range languages[1:] {
		history.WriteString(strings.Join(words[1:], " ") + "\n")
	}
	history.WriteString(strings.Join(languages[0][1:], " ") + "\n")
	for n := 0; history.Len() < dictionaryHistory; n++ {
		history.Write(w.row(languages[0]))
	}
	text := history.String()
	dict, err := zstd.BuildDict(zstd.BuildDictOptions{
		ID: 1, Contents: samples, History: []byte(text[len(text)-min(len(text), dictionaryHistory):]),
		Offsets: [3]int{1, 4, 8}, Level: zstd.SpeedFastest,
	})
	if err != nil {
		t.Fatal(err)
	}
	return dict
}

// inventor invents reports for the dictionary.
type inventor struct{ *rand.Rand }

func (w inventor) pick(of ...string) string { return of[w.IntN(len(of))] }

// words draws n words of a language; the first ones most often.
func (w inventor) words(language []string, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(w.pick(" ", " ", " ", " ", " ", " ", " ", ", "))
		}
		k := int(math.Pow(float64(len(language)), w.Float64())) // 1 ≤ k < len
		b.WriteString(language[min(k, len(language)-1)])
		if w.IntN(3) == 0 { // names and rare words
			for range 3 + w.IntN(6) {
				r := []rune(language[1+w.IntN(len(language)-1)])
				b.WriteRune(r[w.IntN(len(r))])
			}
		}
	}
	return b.String()
}

// row is the uncompressed text of a row.
func (w inventor) row(words []string) []byte {
	lang := words[0]
	at := time.Date(2026, time.Month(1+w.IntN(12)), 1+w.IntN(28), w.IntN(24), w.IntN(60), w.IntN(60), 0, time.UTC)
	host := w.pick("https://www.", "https://", "https://www.", "http://") + w.words(words, 1) + w.pick(".example", ".example.com", ".com.example", ".example.org")
	slug := strings.ToLower(strings.Join(strings.Fields(w.words(words, 6)), "-"))
	link := host + w.pick(
		fmt.Sprintf("/news/%d/%s", 100000+w.IntN(9000000), slug), at.Format("/2006/01/02/")+slug+"/",
		fmt.Sprintf("/story/%d", w.IntN(4000000)), fmt.Sprintf("/%s/world/%s-%d.html", lang, slug, w.IntN(90000)))
	first, second := w.words(words, 20)+". ", w.words(words, 25)+"."
	s := store.Stored{Item: news.Item{
		Link: link, GUID: w.pick(link, link, fmt.Sprintf("%s/?p=%d", host, w.IntN(900000))), Title: w.words(words, 10),
		Summary: first + second, Lang: lang, Publisher: host[8:], FirstSeen: at.Add(time.Hour), Published: at, At: at,
		Excerpt: w.pick(
			first+second, "<p>"+first+second+"</p>", "<p>"+first+"</p><p>"+second+"</p>", "<p>"+first+"</p>\n<p>"+second+"</p>\n",
			`<p><a href="`+link+`">`+first+`</a></p><p>`+second+"</p>", "<p>"+first+"<br>"+second+"<br></p>"),
		DateRaw: at.Format(w.pick(time.RFC1123Z, time.RFC1123Z, time.RFC1123, time.RFC3339)),
		Tags:    strings.Fields(w.words(words, w.IntN(3))),
	}}
	s.Item.EntryID = s.Item.GUID
	if w.IntN(2) == 0 {
		s.Item.Authors = []news.Person{{Name: w.words(words, 2)}}
	}
	if w.IntN(2) == 0 {
		s.Item.Image = host + at.Format("/wp-content/uploads/2006/01/") + slug + w.pick(".jpg", ".jpg", "-scaled.jpg", ".jpeg", ".png", ".webp")
	}
	if w.IntN(4) == 0 {
		s.Item.Files = []news.Enclosure{{URL: s.Item.Image, Type: w.pick("image/jpeg", "image/png", "audio/mpeg"), Length: int64(w.IntN(90000))}}
	}
	if w.IntN(3) == 0 {
		s.Item.Matches = []news.Match{{
			Topic: "afpak-relations", Verdict: news.In, Rule: w.pick("both", "always", "pair"), Rules: w.Uint64(),
			Mentions: []news.Mention{
				{Entity: "kabul", For: "afghanistan", Text: "Kabul", In: news.InTitle, Start: w.IntN(60), End: w.IntN(60)},
				{Entity: "pakistan", For: "pakistan", Text: "Pakistan", In: news.InSummary, Start: w.IntN(60), End: w.IntN(60)},
			},
		}}
	}
	c := coder{version: itemVersion}
	c.itemText(&s)
	return c.b
}
