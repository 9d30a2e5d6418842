package publish

import (
	"bytes"
	"testing"
	"time"

	"khyber/internal/feedtest"
	"khyber/internal/news"
)

// faults returns what the feed validator would say of f in the format, and which
// rules of ours it breaks.
func faults(t testing.TB, format Format, f TopicFeed) []feedtest.Complaint {
	t.Helper()
	return feedtest.Validate(render(t, format, f), format.ContentType(), f.Self(format), noon.Add(time.Hour))
}

func TestDocumentsBreakNoRuleOfTheValidator(t *testing.T) {
	for name, f := range documents() {
		for _, format := range Formats() {
			for _, fault := range faults(t, format, f) {
				t.Errorf("%s.%s: %s", name, format, fault)
			}
		}
	}
}

func TestHostileDocumentsBreakNoRuleOfTheValidator(t *testing.T) {
	for i, s := range hostile {
		for _, format := range Formats() {
			for _, fault := range faults(t, format, hostileTopicFeed(s, hostile[(i+1)%len(hostile)])) {
				t.Errorf("%q.%s: %s", s, format, fault)
			}
		}
	}
}

func TestListsBreakNoRuleOfTheValidator(t *testing.T) {
	evil := make([]news.Source, 0, len(hostile))
	topics := []news.Topic{{ID: "a", Title: "سیلاب"}}
	for _, s := range hostile {
		evil = append(evil, news.Source{ID: s, Name: s, URL: s, Country: s, Type: news.SourceType(s), Lang: s})
		topics = append(topics, news.Topic{ID: "b", Title: s, Description: s})
	}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"topics": func(b *bytes.Buffer) error { return RenderTopicsOPML(b, site(), topics, language, noon) },
		"no topic": func(b *bytes.Buffer) error {
			return RenderTopicsOPML(b, Site{BaseURL: "http://127.0.0.1:8080"}, nil, language, time.Time{})
		},
		"sources":         func(b *bytes.Buffer) error { return RenderSourcesOPML(b, site(), sourceList(), noon) },
		"hostile sources": func(b *bytes.Buffer) error { return RenderSourcesOPML(b, site(), evil, noon) },
		"no source":       func(b *bytes.Buffer) error { return RenderSourcesOPML(b, site(), nil, noon) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		for _, fault := range feedtest.Validate(b.Bytes(), "text/x-opml; charset=utf-8", "", noon.Add(time.Hour)) {
			t.Errorf("%s: %s", name, fault)
		}
	}
}
