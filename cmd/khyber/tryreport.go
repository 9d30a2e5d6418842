package main

import (
	"fmt"
	"strings"
	"time"

	"khyber/internal/fetch"
	"khyber/internal/news"
)

// originText says how a candidate was found.
func originText(c fetch.Candidate) string {
	return [...]string{fetch.FromLink: "declared", fetch.FromAnchor: "linked", fetch.FromGuess: "guessed"}[c.From]
}

func candidateText(c *candidate) string {
	if c.poll.Kind.Good() {
		return count(len(c.items), "item")
	}
	return c.poll.Outcome()
}

// versions are the names of what parse.Document calls versions.
var versions = map[string]string{
	"rss090": "RSS 0.90", "rss091": "RSS 0.91", "rss092": "RSS 0.92", "rss10": "RSS 1.0", "rss20": "RSS 2.0",
	"atom03": "Atom 0.3", "atom10": "Atom 1.0", "json1": "JSON Feed 1", "json11": "JSON Feed 1.1", "cdf": "CDF",
}

// tryReport is what a person wants to know of a document before it becomes a
// source.
func tryReport(r *trying) string {
	var b strings.Builder
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%-10s %s\n", name, text)
		}
	}
	fmt.Fprintln(&b, r.src.URL)
	for _, hop := range r.poll.Hops {
		row("redirect", fmt.Sprintf("%d to %s", hop.Status, hop.URL))
	}
	row("answer", answerText(r))
	row("document", documentText(r))
	row("items", itemsText(r))
	row("repairs", strings.Join(r.doc.Repairs, "; "))
	row("hints", hintsText(r.poll.Hints))
	row("next poll", fmt.Sprintf("%s to %s after the first (%s)", wait(r.least), wait(r.most), r.why))
	for i := range r.items {
		b.WriteString("\n" + itemText(&r.items[i]))
	}
	return b.String()
}

func answerText(r *trying) string {
	text := fmt.Sprintf("%d, %d bytes", r.poll.Status, r.poll.Bytes)
	if n := int64(len(r.resp.Body)); n != r.poll.Bytes {
		text += fmt.Sprintf(", %d unpacked", n)
	}
	v := r.resp.Validators
	switch {
	case v.ETag != "" && v.LastModified != "":
		return text + ", with ETag and Last-Modified"
	case v.ETag != "":
		return text + ", with ETag"
	case v.LastModified != "":
		return text + ", with Last-Modified"
	}
	return text + ", without ETag and Last-Modified: it is sent whole at each poll"
}

func documentText(r *trying) string {
	parts := []string{r.doc.Title, versions[r.doc.Version], r.doc.Encoding, r.doc.Lang, r.doc.Home}
	var said []string
	for _, part := range parts {
		if part != "" {
			said = append(said, part)
		}
	}
	return strings.Join(said, ", ")
}

func itemsText(r *trying) string {
	parts := []string{fmt.Sprintf("%d, %d would be kept", r.poll.Fetched, len(r.items))}
	for _, reason := range news.Reasons() {
		if n := r.poll.Rejected[reason]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, reason))
		}
	}
	if r.poll.Salvaged {
		parts = append(parts, "salvaged from a damaged document")
	}
	return strings.Join(parts, ", ")
}

func hintsText(h news.Hints) string {
	var parts []string
	if h.Fresh > 0 {
		parts = append(parts, fmt.Sprintf("not again for %s (%s)", wait(h.Fresh), h.Why))
	}
	if hours := skipped(h); len(hours) > 0 {
		parts = append(parts, fmt.Sprintf("not in the hours %s GMT", strings.Trim(fmt.Sprint(hours), "[]")))
	}
	if days := skippedDays(h); len(days) > 0 {
		parts = append(parts, "not on "+strings.Join(days, ", "))
	}
	if h.Hub != "" {
		parts = append(parts, "hub "+h.Hub)
	}
	return strings.Join(parts, "; ")
}

func skipped(h news.Hints) []int {
	var out []int
	for hour := range 24 {
		if h.SkipHours>>hour&1 == 1 {
			out = append(out, hour)
		}
	}
	return out
}

func skippedDays(h news.Hints) []string {
	var out []string
	for day := time.Sunday; day <= time.Saturday; day++ {
		if h.SkipDays>>day&1 == 1 {
			out = append(out, day.String())
		}
	}
	return out
}

// wait writes a duration to the second: 30m, 1h6m.
func wait(d time.Duration) string {
	s := d.Round(time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func itemText(item *news.Item) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", dateColumn(item.Published), item.Title)
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "    %s %s\n", name, text)
		}
	}
	line("at", item.Link)
	if item.DateRaw != "" {
		line("dated", fmt.Sprintf("%q", item.DateRaw))
	}
	line("repaired:", strings.Join(item.Repairs, "; "))
	for _, m := range item.Matches {
		verb, rule := "joins", m.Rule
		if m.Verdict == news.Excluded {
			verb, rule = "excluded from", m.Excluded
		}
		line(verb, fmt.Sprintf("%s by «%s»%s", m.Topic, rule, mentionsText(m.Mentions)))
	}
	return b.String()
}

func mentionsText(mentions []news.Mention) string {
	var words []string
	for _, m := range mentions {
		words = append(words, fmt.Sprintf("%q", m.Text))
	}
	if len(words) == 0 {
		return ""
	}
	return ": " + strings.Join(words, ", ")
}
