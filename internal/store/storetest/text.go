package storetest

import (
	"fmt"
	"strings"
	"time"

	"khyber/internal/news"
)

// words is the stock of invented reports. Frequent ones come first.
var words = strings.Fields(`the of and to in a that for on was said with at by from it as were his is had an
which has be they not after would been their but more who its also have will two people one government when about or this he
there new other over than during against near between officials police border water road villages district province talks
week month year three trade river season school power minister council market fuel price prices harvest wheat bridge
crossing gate lorries drivers traders customs papers families hospital doctors women children teachers winter snow flood
rain repair dam canal station railway airport flights passengers delegation meeting agreement statement spokesman deputy
governor elders army soldiers patrol post checkpoint shots wounded killed explosion convoy roadside attack night dawn
arrested court judge trial appeal law rights refugees camp return aid agency food tents medicine vaccine polio cases
health clinic mine copper coal gas pipeline electricity tariff revenue budget loan bank currency exchange export import
apples grapes onions carpets gems cement steel cotton textile workers strike union wages contract company engineers
project survey report figures percent million thousand hundred kilometres north south east west valley mountain pass
city town capital ministry embassy ambassador envoy visit invitation neighbour region security situation ceasefire
election vote commission candidate party leader speech radio television newspaper journalist press freedom internet
mobile network students university exam books library museum festival cricket match team players stadium victory`)

// Report returns the nth invented report of a source, as long as those of
// sources that publish their texts in full. About one in ten matches a topic.
func Report(source string, n int, at time.Time) news.Item {
	r := seed(source, n)
	text := r.text(1200)
	item := news.Item{
		Source: source, GUID: fmt.Sprintf("https://%s.example/%d/%s-%d", source, r.next(30), r.slug(), n),
		Title: r.title(), Summary: text, Excerpt: "<p>" + text[:700] + "</p><p>" + text[700:] + "</p>",
		Published: at.Add(-time.Duration(r.next(86400)) * time.Second), DateRaw: at.Format(time.RFC1123Z),
		Authors: []news.Person{{Name: "Desk of " + source}}, Tags: []string{words[r.next(200)], words[r.next(200)]}, Lang: "en",
	}
	item.Link = item.GUID + "?utm_source=rss&utm_medium=feed"
	if n%10 == 0 {
		item.Matches = []news.Match{{
			Topic: "border", Verdict: news.In, Rule: "gate", Rules: 7,
			Mentions: []news.Mention{{Entity: "gate", For: "border", Text: item.Title[:4], In: news.InTitle, End: 4}},
		}}
	}
	return item
}

// drawer is a generator of numbers: the same ones at every run.
type drawer uint64

// seed returns the drawer of the nth item of a source.
func seed(source string, n int) drawer {
	d := drawer(n) * 2654435761
	for _, c := range source {
		d = d*31 + drawer(c)
	}
	return d
}

// next returns a number below n (splitmix64).
func (d *drawer) next(n int) int {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(n))
}

// word draws frequent words more often than rare ones.
func (d *drawer) word() string { return words[d.next(1+d.next(len(words)))] }

// text returns sentences of n bytes. Names and numbers that occur once are
// among the words, as in real reports.
func (d *drawer) text(n int) string {
	b := make([]byte, 0, n+16)
	for i := 0; len(b) < n; i++ {
		w := d.word()
		switch {
		case d.next(12) == 0:
			w = d.name()
		case d.next(25) == 0:
			w = fmt.Sprint(d.next(2000))
		}
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, w...)
		if d.next(14) == 0 {
			b = append(b, '.')
		}
	}
	return string(b[:n])
}

// title returns a headline. Its rare words are names: what tells the reports of
// a day apart.
func (d *drawer) title() string {
	return fmt.Sprintf("%s %s in %s %s as %s of %s %s", d.name(), d.word(), d.name(), d.word(), d.word(), d.name(), d.word())
}

// name invents a proper name.
func (d *drawer) name() string {
	var s strings.Builder
	for range 3 + d.next(2) {
		s.WriteString(string("bdghjklmnprstz"[d.next(14)]) + string("aeiou"[d.next(5)]))
	}
	return strings.ToUpper(s.String()[:1]) + s.String()[1:]
}

func (d *drawer) slug() string {
	return strings.Join([]string{d.word(), d.word(), d.word(), d.word(), d.word(), d.word()}, "-")
}
