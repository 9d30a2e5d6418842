package main

import (
	"time"

	"khyber/internal/news"
	"khyber/internal/topic"
)

// The JSON form of try; its keys are stable.
type tryJSON struct {
	URL        string              `json:"url"`
	Kind       news.Kind           `json:"kind"`
	Text       string              `json:"text,omitempty"` // what went wrong
	Status     int                 `json:"status,omitempty"`
	Redirects  []hopJSON           `json:"redirects,omitempty"`
	Bytes      int64               `json:"bytes"`
	ETag       string              `json:"etag,omitempty"`
	Modified   string              `json:"last_modified,omitempty"`
	Title      string              `json:"title,omitempty"`
	Home       string              `json:"home_page_url,omitempty"`
	Version    string              `json:"version,omitempty"`
	Encoding   string              `json:"encoding,omitempty"`
	Language   string              `json:"language,omitempty"`
	Repairs    []string            `json:"repairs,omitempty"`
	Salvaged   bool                `json:"salvaged,omitempty"`
	Fetched    int                 `json:"fetched"`
	Kept       int                 `json:"kept"`
	Rejected   map[news.Reason]int `json:"rejected,omitempty"`
	Hints      *tryHints           `json:"hints,omitempty"`
	Next       string              `json:"next"` // why the next poll is when it is
	NextLeast  int                 `json:"next_least_seconds"`
	NextMost   int                 `json:"next_most_seconds"`
	Items      []tryItem           `json:"items"`
	Candidates []tryCandidate      `json:"candidates,omitempty"`
}

type hopJSON struct {
	Status int    `json:"status"`
	URL    string `json:"url"`
}

type tryHints struct {
	Seconds   int      `json:"fresh_seconds,omitempty"`
	Why       string   `json:"why,omitempty"`
	SkipHours []int    `json:"skip_hours,omitempty"`
	SkipDays  []string `json:"skip_days,omitempty"`
	Hub       string   `json:"hub,omitempty"`
	Self      string   `json:"self,omitempty"`
}

type tryItem struct {
	ID        string          `json:"id,omitempty"`
	URL       string          `json:"url,omitempty"`
	Title     string          `json:"title"`
	Published string          `json:"date_published,omitempty"`
	Updated   string          `json:"date_modified,omitempty"`
	DateRaw   string          `json:"date_raw,omitempty"`
	Repairs   []string        `json:"repairs,omitempty"`
	Topics    []topic.Verdict `json:"topics"`
}

type tryCandidate struct {
	URL   string    `json:"url"`
	Title string    `json:"title,omitempty"`
	From  string    `json:"from"`
	Kind  news.Kind `json:"kind"`
	Text  string    `json:"text,omitempty"`
	Items int       `json:"items"`
}

func tryingJSON(r *trying, found []candidate) tryJSON {
	out := tryJSON{
		URL: r.src.URL, Kind: r.poll.Kind, Text: r.poll.Text, Status: r.poll.Status, Bytes: r.poll.Bytes,
		ETag: r.resp.Validators.ETag, Modified: r.resp.Validators.LastModified,
		Title: r.doc.Title, Home: r.doc.Home, Version: r.doc.Version, Encoding: r.doc.Encoding, Language: r.doc.Lang,
		Repairs: r.doc.Repairs, Salvaged: r.poll.Salvaged, Fetched: r.poll.Fetched, Kept: len(r.items), Rejected: r.poll.Rejected,
		Next: r.why, NextLeast: seconds(r.least), NextMost: seconds(r.most), Items: []tryItem{},
	}
	for _, hop := range r.poll.Hops {
		out.Redirects = append(out.Redirects, hopJSON(hop))
	}
	if h := r.poll.Hints; h != (news.Hints{}) {
		out.Hints = &tryHints{seconds(h.Fresh), h.Why, skipped(h), skippedDays(h), h.Hub, h.Self}
	}
	for i := range r.items {
		out.Items = append(out.Items, tryItemOf(&r.items[i]))
	}
	for i := range found {
		c := &found[i]
		out.Candidates = append(out.Candidates, tryCandidate{c.URL, c.Title, originText(c.Candidate), c.poll.Kind, c.poll.Text, len(c.items)})
	}
	return out
}

func seconds(d time.Duration) int { return int(d.Round(time.Second) / time.Second) }

func tryItemOf(item *news.Item) tryItem {
	out := tryItem{
		ID: item.GUID, URL: item.Link, Title: item.Title, Published: dateJSON(item.Published), Updated: dateJSON(item.Updated),
		DateRaw: item.DateRaw, Repairs: item.Repairs, Topics: []topic.Verdict{},
	}
	for i := range item.Matches {
		out.Topics = append(out.Topics, topic.VerdictOf(&item.Matches[i]))
	}
	return out
}

func dateJSON(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
