package story

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"khyber/internal/news"
)

// Use is one appearance of a text at a source: of a title, under which Other is
// the summary, or of a summary, under which Other is the title.
type Use struct {
	Item  news.ItemID
	At    time.Time
	Other uint64
}

// TextKeys returns under which hashes the uses of an item's title and summary
// are kept for its source; 0: there is none. Other of the one is the other.
func TextKeys(s *Signature) (title, summary uint64) { return s.titleHash, s.textHash }

// Series and boilerplate (guide §4 and §6).
const (
	seriesUses      = 3
	seriesGap       = 6 * time.Hour
	textSpan        = 30 * 24 * time.Hour
	boilerplateDay  = 3 // titles over one summary within a day
	boilerplateSpan = 5 // within textSpan
)

// MaxUses is how many uses of one text are worth keeping: more change nothing.
const MaxUses = 256

// IsSeries says whether a title used at a time belongs to a series of its
// source, as "Morning update" does. Uses are those of one title and source in
// any order.
func IsSeries(at time.Time, uses []Use) bool {
	times := make([]time.Time, 0, len(uses))
	for _, u := range uses {
		if u.At.Sub(at).Abs() <= textSpan {
			times = append(times, u.At)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	n := 0
	for i, t := range times {
		if i == 0 || t.Sub(times[i-1]) > seriesGap {
			n++
		}
	}
	return n >= seriesUses
}

// IsBoilerplate says whether a summary used at a time stands under so many
// titles of its source that it says nothing of any.
func IsBoilerplate(at time.Time, uses []Use) bool {
	day, span := make(map[uint64]bool), make(map[uint64]bool)
	for _, u := range uses {
		switch apart := u.At.Sub(at).Abs(); {
		case apart <= 24*time.Hour:
			day[u.Other] = true
			fallthrough
		case apart <= textSpan:
			span[u.Other] = true
		}
	}
	return len(day) >= boilerplateDay || len(span) >= boilerplateSpan
}

// Member is an item of a raw component: of what edges and overrides connect.
type Member struct {
	ID          news.ItemID
	At          time.Time
	FirstSeen   time.Time
	Publisher   string
	Series      bool // IsSeries of its title now
	Boilerplate bool // IsBoilerplate of its summary now
}

// Edge is a Verdict that is kept for two items, for ever, with its evidence.
type Edge struct {
	Low, High news.ItemID
	Verdict
	Tables string // Tables() when it was found
}

// NewEdge makes the edge of two items.
func NewEdge(a, b news.ItemID, v Verdict) Edge {
	return Edge{Low: min(a, b), High: max(a, b), Verdict: v, Tables: Tables()}
}

// Override is what a person decided of two items. The last one of a pair holds.
type Override struct {
	Low, High news.ItemID
	Relation  news.Relation // that holds now: copy after a merge; story or empty after a split
	At        time.Time
	Reason    string
}

// Limits of groups.
const (
	// MaxComponent is in members. Beyond it only key and text edges count, and
	// the caller counts that it happened.
	MaxComponent = 256
)

// Groups returns the copy groups of a raw component, each of two members or
// more, sorted by ID, ordered by their lowest. It is a function of the sets, in
// whatever order they come. The edges of the component that are stories do not
// join anything.
func Groups(members []Member, edges []Edge, overrides []Override) [][]news.ItemID {
	g := newGrouping(members, overrides)
	edges = slices.DeleteFunc(slices.Clone(edges), func(e Edge) bool { return !g.counts(&e, len(members) > MaxComponent) })
	slices.SortFunc(edges, compareEdges)
	for _, o := range g.merges {
		g.join(o.Low, o.High, true)
	}
	for i := range edges {
		g.join(edges[i].Low, edges[i].High, false)
	}
	return g.groups()
}

// Joins says whether an edge connects two items to one raw component.
func (e *Edge) Joins() bool { return e.Relation == news.RelationCopy || e.Titles }

// grouping is a union of items under the conditions of the guide.
type grouping struct {
	members map[news.ItemID]*Member
	parent  map[news.ItemID]news.ItemID
	parts   map[news.ItemID]*part // by root
	merges  []Override
	splits  []Override
}

type part struct {
	ids         []news.ItemID
	first, last time.Time
}

func newGrouping(members []Member, overrides []Override) *grouping {
	g := &grouping{
		members: make(map[news.ItemID]*Member), parent: make(map[news.ItemID]news.ItemID), parts: make(map[news.ItemID]*part),
	}
	for i := range members {
		m := &members[i]
		g.members[m.ID], g.parent[m.ID] = m, m.ID
		g.parts[m.ID] = &part{ids: []news.ItemID{m.ID}, first: m.At, last: m.At}
	}
	for _, o := range overrides {
		if o.Relation == news.RelationCopy {
			g.merges = append(g.merges, o)
		} else {
			g.splits = append(g.splits, o)
		}
	}
	slices.SortFunc(g.merges, func(a, b Override) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Low, b.Low), cmp.Compare(a.High, b.High))
	})
	return g
}

// counts says whether an edge makes a copy as things stand: not between series,
// not by a summary that is boilerplate by now.
func (g *grouping) counts(e *Edge, crowded bool) bool {
	a, b := g.members[e.Low], g.members[e.High]
	if a == nil || b == nil || a.Series || b.Series || crowded && strength(e.Rule) > strengthText {
		return false
	}
	if a.Boilerplate || b.Boilerplate {
		return e.Titles || e.Relation == news.RelationCopy && e.Rule != "copy-text" && e.Rule != "copy-print"
	}
	return e.Relation == news.RelationCopy
}

const strengthText = 2

// strength orders the rules, strongest first.
func strength(rule string) int {
	return slices.Index([]string{"copy-url", "copy-print", "copy-text", "copy-title", "copy-wire", "story-title"}, rule)
}

// compareEdges is the order in which edges join.
func compareEdges(a, b Edge) int {
	return cmp.Or(
		cmp.Compare(strength(a.Rule), strength(b.Rule)), cmp.Compare(b.Similarity, a.Similarity), cmp.Compare(a.Apart, b.Apart),
		cmp.Compare(a.Low, b.Low), cmp.Compare(a.High, b.High),
	)
}

func (g *grouping) root(id news.ItemID) news.ItemID {
	for g.parent[id] != id {
		id = g.parent[id]
	}
	return id
}

// join makes one part of two, unless it would span too long, which a person may
// want, or bring two together that a person took apart.
func (g *grouping) join(a, b news.ItemID, byHand bool) {
	if g.members[a] == nil || g.members[b] == nil {
		return
	}
	x, y := min(g.root(a), g.root(b)), max(g.root(a), g.root(b))
	if x == y {
		return
	}
	p, q := g.parts[x], g.parts[y]
	first, last := p.first, p.last
	if q.first.Before(first) {
		first = q.first
	}
	if q.last.After(last) {
		last = q.last
	}
	if !byHand && last.Sub(first) > Window || g.apart(x, y) {
		return
	}
	p.ids, p.first, p.last = append(p.ids, q.ids...), first, last
	g.parent[y] = x
	delete(g.parts, y)
}

// apart says whether a split stands between two parts.
func (g *grouping) apart(x, y news.ItemID) bool {
	for _, o := range g.splits {
		if g.members[o.Low] == nil || g.members[o.High] == nil {
			continue
		}
		low, high := g.root(o.Low), g.root(o.High)
		if low == x && high == y || low == y && high == x {
			return true
		}
	}
	return false
}

func (g *grouping) groups() [][]news.ItemID {
	var out [][]news.ItemID
	for _, p := range g.parts {
		if len(p.ids) > 1 {
			slices.Sort(p.ids)
			out = append(out, p.ids)
		}
	}
	slices.SortFunc(out, func(a, b []news.ItemID) int { return cmp.Compare(a[0], b[0]) })
	return out
}

// Representative returns the member that stands for a group on pages: the one
// first seen, then the lowest ID. Never by its own date: a back-dated copy must
// not take over what was announced. It is 0 for no members.
func Representative(members []Member) news.ItemID {
	if len(members) == 0 {
		return 0
	}
	return slices.MinFunc(members, firstSeen).ID
}

func firstSeen(a, b Member) int {
	return cmp.Or(a.FirstSeen.Compare(b.FirstSeen), cmp.Compare(a.ID, b.ID))
}

// Corroboration returns how many publishers carry the members of a story, and
// how many of them with a text of their own: those of the first item of each
// copy group. Sources and items are never counted, nor is a member without a
// publisher.
func Corroboration(members []Member, groups [][]news.ItemID) (publishers, independent int) {
	group := make(map[news.ItemID]int)
	for i, ids := range groups {
		for _, id := range ids {
			group[id] = i + 1
		}
	}
	sorted := slices.SortedFunc(slices.Values(members), firstSeen)
	all, own, heard := make(map[string]bool), make(map[string]bool), make(map[int]bool)
	for _, m := range sorted {
		g := group[m.ID]
		first := g == 0 || !heard[g]
		heard[g] = true
		name := Publisher(strings.TrimSpace(m.Publisher))
		if name == "" {
			continue
		}
		all[name] = true
		if first {
			own[name] = true
		}
	}
	return len(all), len(own)
}

// Stronger says whether an edge of the same two items should replace another,
// which is how an edge of any two texts of them holds.
func (e *Edge) Stronger(than *Edge) bool {
	if e.Joins() != than.Joins() || e.Relation != than.Relation {
		return e.Relation == news.RelationCopy || than.Relation == "" || than.Relation != news.RelationCopy && e.Titles && !than.Titles
	}
	return compareEdges(*e, *than) < 0
}
