package topic

import (
	"khyber/internal/news"
)

// Verdict is a Match as `khyber why --json`, `khyber try --json` and /why give
// it. Its keys are stable.
type Verdict struct {
	Topic    string           `json:"topic"`
	Verdict  string           `json:"verdict"`
	Rule     string           `json:"rule,omitempty"` // of an item that is excluded: the rule that excludes it
	Mentions []VerdictMention `json:"mentions"`
	Nearest  string           `json:"nearest,omitempty"`
}

// VerdictMention is a mention of the evidence. Entity is what it counts for, as
// in the topic feeds; empty for a phrase of the rule.
type VerdictMention struct {
	Entity  string     `json:"entity,omitempty"`
	Written string     `json:"written,omitempty"` // the entity that stands in the text, where it is another one
	Text    string     `json:"text"`
	In      news.Field `json:"in"`
}

// VerdictOf returns a Match in the form that programs read.
func VerdictOf(m *news.Match) Verdict {
	v := Verdict{Topic: m.Topic, Verdict: m.Verdict.String(), Rule: m.Rule, Mentions: []VerdictMention{}}
	if m.Verdict == news.Excluded {
		v.Rule = m.Excluded
	}
	for _, said := range m.Mentions {
		out := VerdictMention{Entity: said.CountsFor(), Text: said.Text, In: said.In}
		if said.Entity != out.Entity {
			out.Written = said.Entity
		}
		v.Mentions = append(v.Mentions, out)
	}
	return v
}

// JSON returns the verdict with what an item that is not in lacked.
func (r *Reason) JSON() Verdict {
	v := VerdictOf(&r.Match)
	v.Nearest = r.Nearest()
	return v
}
