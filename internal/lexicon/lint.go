package lexicon

import (
	"strings"

	"khyber/internal/news"
	"khyber/internal/text"
)

// place is where a spelling stands.
type place struct {
	spelling
	entity string
	role   role
	words  bool
	single bool // one word
}

// lint warns of spellings that feeds.yaml adds and that do not do what their
// editor may think: W5, W6 and W10.
func (r *reader) lint() {
	byForm := r.forms()
	for form, places := range byForm {
		for i, p := range places {
			if p.added {
				r.lintSpelling(form, p, append(places[:i:i], places[i+1:]...))
			}
		}
	}
}

// forms lists all spellings by what is compared.
func (r *reader) forms() map[string][]place {
	byForm := make(map[string][]place)
	for _, e := range r.entries {
		for i, list := range e.lists {
			for _, s := range list {
				spellings, err := ParsePhrase(s.text)
				if err != nil {
					continue
				}
				for _, words := range spellings {
					form := formOf(words)
					byForm[form] = append(byForm[form], place{s, e.ID, role(i), e.Kind == Words, len(words) == 1})
				}
			}
		}
	}
	return byForm
}

func formOf(spelling []Word) string {
	var b strings.Builder
	for _, w := range spelling {
		b.WriteByte(" \x00\x01\x02\x03"[flags(w)/2])
		b.WriteString(w.Fold)
	}
	return b.String()
}

func (r *reader) lintSpelling(form string, p place, others []place) {
	for _, o := range others {
		switch {
		case p.repeats(o):
			r.warn(p.at, "remove one", "%q is a spelling of %q in %s already: %q", p.text, p.entity, p.lang, o.text) // W10
		case p.shadowedBy(o):
			r.warn(p.at, "drop it there, or leave it out here", "%q never counts: it is a not: or locator: phrase of %q", p.text, o.entity) // W5
		case p.isAlias() && o.isAlias() && o.entity != p.entity:
			r.warn(p.at, "add a word that tells them apart", "%q is also a name of %q; both will count", p.text, o.entity) // W6
		}
	}
	if p.isAlias() && text.Common(strings.TrimPrefix(form, " ")) {
		r.warn(p.at, "add a word that tells them apart", "%q is also a common word", p.text) // W6
	}
}

// repeats says whether o gives the same spelling of the same entity before p.
func (p *place) repeats(o place) bool {
	return o.entity == p.entity && o.role == p.role && o.lang == p.lang && o.at != p.at && (!o.added || before(o.at, p.at))
}

// shadowedBy says whether o silences the name p.
func (p *place) shadowedBy(o place) bool {
	return p.role == roleName && (o.role == roleGuard || o.role == roleLocator) && (o.entity == p.entity || !o.words && !p.words)
}

// isAlias says whether p is a name of one word.
func (p *place) isAlias() bool { return p.single && p.role == roleName && !p.words }

func before(a, b news.Position) bool {
	return a.File < b.File || a.File == b.File && (a.Line < b.Line || a.Line == b.Line && a.Column < b.Column)
}

func (r *reader) warn(at news.Position, fix, format string, args ...any) {
	r.problem(at, fix, format, args...)
	r.problems[len(r.problems)-1].Warning = true
}
