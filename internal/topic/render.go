package topic

import (
	"fmt"
	"strings"

	"khyber/internal/news"
)

// Nearest is one line on what the item lacked: the rules that came nearest. It
// is empty for an item that is in.
func (r *Reason) Nearest() string {
	switch r.Match.Verdict {
	case news.In:
		return ""
	case news.Excluded:
		return fmt.Sprintf("would match «%s»", r.Match.Rule)
	}
	return r.missed()
}

// maxNearest is how many rules the line of the nearest names.
const maxNearest = 3

// missed is the line for an item that is not in.
func (r *Reason) missed() string {
	if r.Scope != "" {
		return r.Scope
	}
	if r.Match.Verdict == news.Excluded {
		return fmt.Sprintf("excluded by «%s»: %s", r.Match.Excluded, words(r.Match.Mentions))
	}
	var lines []string
	for _, rule := range r.nearest() {
		lines = append(lines, fmt.Sprintf("«%s», %s", rule.Name, strings.Join(rule.Misses, " and ")))
	}
	if len(lines) == 0 {
		return "no rule comes near"
	}
	return "nearest: " + strings.Join(lines, " · ")
}

// nearest returns the include rules that failed in the fewest parts.
func (r *Reason) nearest() []RuleReason {
	fewest := 0
	var best []RuleReason
	for _, rule := range r.Rules {
		if rule.Exclude || rule.Holds || rule.Met == 0 && len(rule.Misses) > 1 {
			continue
		}
		n := 2 * len(rule.Misses)
		if rule.Met > 0 {
			n-- // a part holds: nearer than a rule of one part that fails
		}
		if best == nil || n < fewest {
			best, fewest = nil, n
		}
		if n == fewest && len(best) < maxNearest {
			best = append(best, rule)
		}
	}
	return best
}

// taken says why an item is in.
func (r *Reason) taken() string {
	return fmt.Sprintf("taken by «%s»: %s", r.Match.Rule, r.evidence(r.Match.Mentions))
}

// Lines renders the reason for people: the verdict first, then every rule, then
// what was silenced.
func (r *Reason) Lines() []string {
	var lines []string
	switch r.Match.Verdict {
	case news.In:
		lines = append(lines, fmt.Sprintf("IN   «%s»: %s", r.Match.Rule, r.evidence(r.Match.Mentions)))
	case news.Excluded:
		lines = append(lines, fmt.Sprintf("EXCLUDED by «%s»: %s; would match «%s»",
			r.Match.Excluded, r.evidence(r.Match.Mentions), r.Match.Rule))
	default:
		lines = append(lines, "OUT  "+r.missed())
	}
	for i := range r.Rules {
		lines = append(lines, "  "+r.ruleLine(&r.Rules[i]))
	}
	for _, s := range r.Silenced {
		lines = append(lines, fmt.Sprintf("  not counted: %q (%s, %s): %s %q", s.Text, s.Entity, s.In, s.Why, s.By))
	}
	if r.Cut {
		lines = append(lines, fmt.Sprintf("  text cut: only the first %d words of a field are read", maxTokens))
	}
	return lines
}

func (r *Reason) ruleLine(rule *RuleReason) string {
	side := "include"
	if rule.Exclude {
		side = "exclude"
	}
	if rule.Holds {
		return fmt.Sprintf("%s «%s» holds: %s", side, rule.Name, r.evidence(rule.Mentions))
	}
	return fmt.Sprintf("%s «%s» does not hold: %s", side, rule.Name, strings.Join(rule.Misses, "; "))
}

// evidence shows mentions with their entities.
func (r *Reason) evidence(mentions []news.Mention) string {
	if len(mentions) == 0 {
		return "every item in scope"
	}
	shown := make([]string, len(mentions))
	for i, m := range mentions {
		what := string(m.In)
		if m.Entity != "" {
			what = m.Entity + ", " + what
			if m.For != "" && m.For != m.Entity {
				what = fmt.Sprintf("%s → %s, %s", m.Entity, m.For, m.In)
			}
			if office := r.former[m.Entity]; office != "" {
				what += ", " + office
			}
		}
		shown[i] = fmt.Sprintf("%q (%s)", m.Text, what)
	}
	return strings.Join(shown, " + ")
}

// words shows mentions by their words and fields.
func words(mentions []news.Mention) string {
	shown := make([]string, len(mentions))
	for i, m := range mentions {
		shown[i] = fmt.Sprintf("%q (%s)", m.Text, m.In)
	}
	return strings.Join(shown, " + ")
}
