package story

import (
	"fmt"
	"strings"
	"time"

	"khyber/internal/news"
)

// Explain returns one sentence on why two items are what they are to each other:
// publisher is the other one's, override nil unless a person decided.
func Explain(e Edge, publisher string, override *Override) string {
	switch {
	case override != nil && (override.Relation == news.RelationCopy || override.Relation == news.RelationStory && e.Relation != news.RelationCopy):
		return "Merged by hand on " + override.At.UTC().Format(time.DateOnly) + because(override.Reason)
	case override != nil:
		return "Split by hand on " + override.At.UTC().Format(time.DateOnly) + because(override.Reason)
	case e.Relation == news.RelationCopy:
		return fmt.Sprintf("Copy of the report by %s: %s, %s apart [%s, tables %s].", publisher, sameness(e.Verdict), duration(e.Apart), e.Rule, e.Tables)
	case e.Relation == news.RelationStory:
		return fmt.Sprintf("Same story as the report by %s: %s [%s, tables %s].", publisher, storyEvidence(e.Verdict), e.Rule, e.Tables)
	}
	return "Not a copy of the report by " + publisher + ": " + difference(e.Verdict) + "."
}

// ExplainApart returns one sentence on two items that a rule relates and that
// are not together all the same.
func ExplainApart(e Edge, publisher string) string {
	if e.Relation == news.RelationStory {
		return fmt.Sprintf("Not in the story of the report by %s, though: %s; one comes again and again, or each had a story already [%s, tables %s].",
			publisher, storyEvidence(e.Verdict), e.Rule, e.Tables)
	}
	return fmt.Sprintf("Not collapsed with the report by %s, though it has the %s: one comes again and again, or the copies are more than 72 h apart [%s, tables %s].",
		publisher, sameness(e.Verdict), e.Rule, e.Tables)
}

// ExplainStory returns one sentence on why an item is in a story of n others.
// Its similarity is in thousandths; known says that another one reported its
// event before.
func ExplainStory(n, similarity int, known bool, shared []string) string {
	event := "the same development"
	if known {
		event = "the same event"
	}
	items := "items"
	if n == 1 {
		items = "item"
	}
	return fmt.Sprintf("Same story as %d %s: shares %s; similarity %.2f, %s [story-link].", n, items, list(shared), float64(similarity)/1000, event)
}

// ExplainPossibly returns one sentence on two items in different scripts that
// name the same.
func ExplainPossibly(names []string, apart time.Duration) string {
	return fmt.Sprintf("Possibly the same event, in another script: both name %s, %s apart [story-names]; not counted.", list(names), duration(apart))
}

func because(reason string) string {
	if reason == "" {
		return "."
	}
	return ": " + strings.TrimSuffix(reason, ".") + "."
}

// sameness says what of two copies is the same.
func sameness(v Verdict) string {
	switch v.Rule {
	case "copy-url":
		return "same address"
	case "copy-print":
		return "same title and beginning"
	case "copy-text":
		return fmt.Sprintf("same text (%d %% of the summary, no differing numbers)", v.Similarity/10)
	case "copy-title":
		return "same title, no second text to compare"
	}
	return fmt.Sprintf("nearly the same title (%d %%) of one agency", v.Similarity/10)
}

func storyEvidence(v Verdict) string {
	switch {
	case v.Rule == "story-url":
		return "same address with another text"
	case v.Similarity == 1000:
		return "same title, own text"
	}
	return fmt.Sprintf("shares %s, titles %d %% alike", list(v.Shared), v.Similarity/10)
}

// difference says what a guard saw.
func difference(v Verdict) string {
	words := ""
	if len(v.Differ) > 0 {
		words = " (" + strings.Join(v.Differ, ", ") + ")"
	}
	say := map[string]string{
		"g-number":   "numbers differ" + words,
		"g-info":     "the titles say too little",
		"g-critical": "the titles differ in a word that decides" + words,
		"g-polarity": "one denies, or speaks of what is to come" + words,
		"g-subst":    "other words" + words,
		"g-swap":     "words change roles" + words,
		"g-order":    "the words stand in another order",
	}[v.Rule]
	if say == "" || v.Similarity < akinTitle { // what a guard saw of other reports says nothing
		return "neither title nor text is the same"
	}
	return say + " [" + v.Rule + "]"
}

// duration writes a time apart in the largest unit that is not zero.
func duration(d time.Duration) string {
	switch {
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}
