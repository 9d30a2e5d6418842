package story

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"khyber/internal/news"
)

func member(id news.ItemID, after time.Duration) Member {
	return Member{ID: id, At: monday.Add(after), FirstSeen: monday.Add(after), Publisher: "herald.example"}
}

func copyEdge(a, b news.ItemID, rule string, similarity int) Edge {
	return NewEdge(a, b, Verdict{Relation: news.RelationCopy, Rule: rule, Similarity: similarity})
}

func TestGroupsFollowEdgesGuardsAndHands(t *testing.T) {
	day := 24 * time.Hour
	three := []Member{member(1, 0), member(2, day), member(3, 2*day)}
	for _, tc := range []struct {
		name      string
		members   []Member
		edges     []Edge
		overrides []Override
		want      [][]news.ItemID
	}{
		{"a chain is one group", three, []Edge{copyEdge(1, 2, "copy-text", 900), copyEdge(3, 2, "copy-text", 900)}, nil, [][]news.ItemID{{1, 2, 3}}},
		{
			"a chain of more than 72 h is cut at its weakest edge",
			[]Member{member(1, 0), member(2, 2*day), member(3, 4*day)},
			[]Edge{copyEdge(1, 2, "copy-text", 850), copyEdge(3, 2, "copy-text", 900)},
			nil,
			[][]news.ItemID{{2, 3}},
		},
		{
			"the stronger rule joins first",
			[]Member{member(1, 0), member(2, 2*day), member(3, 4*day)},
			[]Edge{copyEdge(1, 2, "copy-url", 100), copyEdge(3, 2, "copy-text", 900)},
			nil,
			[][]news.ItemID{{1, 2}},
		},
		{
			"a merge may span more",
			[]Member{member(1, 0), member(2, 9*day)},
			nil,
			[]Override{{Low: 1, High: 2, Relation: news.RelationCopy}},
			[][]news.ItemID{{1, 2}},
		},
		{"a split keeps two apart", three[:2], []Edge{copyEdge(1, 2, "copy-url", 1000)}, []Override{{Low: 1, High: 2, Relation: news.RelationStory}}, nil},
		{
			"a split holds through a third", three,
			[]Edge{copyEdge(1, 2, "copy-text", 900), copyEdge(2, 3, "copy-text", 950)},
			[]Override{{Low: 1, High: 3}},
			[][]news.ItemID{{2, 3}},
		},
		{"a series is left out", []Member{three[0], {ID: 2, At: monday, Series: true}}, []Edge{copyEdge(1, 2, "copy-title", 1000)}, nil, nil},
		{"boilerplate is no evidence", []Member{three[0], {ID: 2, At: monday, Boilerplate: true}}, []Edge{copyEdge(1, 2, "copy-text", 1000)}, nil, nil},
		{
			"under boilerplate equal titles decide",
			[]Member{three[0], {ID: 2, At: monday, Boilerplate: true}},
			[]Edge{NewEdge(1, 2, Verdict{Relation: news.RelationStory, Rule: "story-title", Titles: true})},
			nil,
			[][]news.ItemID{{1, 2}},
		},
		{"a story joins nothing", three, []Edge{NewEdge(1, 2, Verdict{Relation: news.RelationStory, Rule: "story-title", Titles: true})}, nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Groups(tc.members, tc.edges, tc.overrides); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestPropGroupsAreAFunctionOfTheSets(t *testing.T) {
	rules := []string{"copy-url", "copy-print", "copy-text", "copy-title", "copy-wire"}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 12).Draw(t, "members")
		var members []Member
		for i := range n {
			members = append(members, member(news.ItemID(i+1), time.Duration(rapid.IntRange(0, 120).Draw(t, "hour"))*time.Hour))
		}
		id := rapid.Map(rapid.IntRange(1, n), func(i int) news.ItemID { return news.ItemID(i) })
		var edges []Edge
		var overrides []Override
		for range rapid.IntRange(0, 20).Draw(t, "edges") {
			if a, b := id.Draw(t, "a"), id.Draw(t, "b"); a != b {
				edges = append(edges, copyEdge(a, b, rapid.SampledFrom(rules).Draw(t, "rule"), rapid.IntRange(1, 3).Draw(t, "similarity")))
			}
		}
		for range rapid.IntRange(0, 3).Draw(t, "overrides") {
			if a, b := id.Draw(t, "a"), id.Draw(t, "b"); a != b {
				relation := rapid.SampledFrom([]news.Relation{news.RelationCopy, news.RelationStory, ""}).Draw(t, "relation")
				overrides = append(overrides, Override{Low: min(a, b), High: max(a, b), Relation: relation, At: monday})
			}
		}
		want := Groups(members, edges, overrides)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		random.Shuffle(len(edges), func(i, j int) { edges[i], edges[j] = edges[j], edges[i] })
		random.Shuffle(len(overrides), func(i, j int) { overrides[i], overrides[j] = overrides[j], overrides[i] })
		if got := Groups(members, edges, overrides); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestCrowdedComponentsUseKeysAndTextsOnly(t *testing.T) {
	var members []Member
	var edges []Edge
	for i := range news.ItemID(MaxComponent + 1) {
		members = append(members, member(i+1, 0))
		edges = append(edges, copyEdge(i+1, i+2, map[bool]string{true: "copy-text", false: "copy-title"}[i == 3], 1000))
	}
	if got, want := Groups(members, edges, nil), [][]news.ItemID{{4, 5}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSeriesAreTitlesUsedAgainAndAgain(t *testing.T) {
	uses := func(hours ...int) []Use {
		var out []Use
		for _, h := range hours {
			out = append(out, Use{At: monday.Add(time.Duration(h) * time.Hour)})
		}
		return out
	}
	for _, tc := range []struct {
		name string
		uses []Use
		want bool
	}{
		{"once", uses(0), false},
		{"three days in a row", uses(0, 24, 48), true},
		{"in another order", uses(48, 0, 24), true},
		{"within hours", uses(0, 2, 4), false},
		{"posted again twice", uses(0, 1, 24, 25), false},
		{"over a year", uses(0, 24*90, 24*180), false},
	} {
		if got := IsSeries(monday, tc.uses); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestBoilerplateStandsUnderManyTitles(t *testing.T) {
	for _, tc := range []struct {
		name   string
		titles []uint64
		days   int
		want   bool
	}{
		{"one title again", []uint64{1, 1, 1, 1, 1, 1}, 0, false},
		{"three of a day", []uint64{1, 2, 3}, 0, true},
		{"three of a week", []uint64{1, 2, 3}, 3, false},
		{"five of a month", []uint64{1, 2, 3, 4, 5}, 3, true},
		{"five of a year", []uint64{1, 2, 3, 4, 5}, 60, false},
	} {
		var uses []Use
		for i, title := range tc.titles {
			uses = append(uses, Use{At: monday.AddDate(0, 0, tc.days*i), Other: title})
		}
		if got := IsBoilerplate(monday, uses); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestTheFirstSeenStandsForAGroup(t *testing.T) {
	members := []Member{member(9, time.Hour), member(4, 0), member(5, 0)}
	members[0].At = monday.AddDate(-1, 0, 0) // back-dated
	if got := Representative(members); got != 4 {
		t.Errorf("got %d, want 4", got)
	}
	if got := Representative(nil); got != 0 {
		t.Errorf("of none: %d", got)
	}
}

func TestCorroborationCountsPublishers(t *testing.T) {
	at := func(id news.ItemID, publisher string, hours int) Member {
		return Member{ID: id, Publisher: publisher, FirstSeen: monday.Add(time.Duration(hours) * time.Hour)}
	}
	members := []Member{
		at(1, "herald.example", 0), at(2, "courier.example", 1), at(3, "herald.example", 2),
		at(4, "bbc.co.uk", 3), at(5, "bbc.com", 4), at(6, "", 5),
	}
	slices.Reverse(members)
	publishers, independent := Corroboration(members, [][]news.ItemID{{1, 2}, {4, 5}})
	if publishers != 3 || independent != 2 {
		t.Errorf("%d publishers, %d independent; want 3 and 2", publishers, independent)
	}
}

func TestACopyOutlivesALaterStory(t *testing.T) {
	story := NewEdge(1, 2, Verdict{Relation: news.RelationStory, Rule: "story-title", Similarity: 900})
	titles := NewEdge(1, 2, Verdict{Relation: news.RelationStory, Rule: "story-title", Similarity: 1000, Titles: true})
	weak, strong := copyEdge(1, 2, "copy-title", 1000), copyEdge(1, 2, "copy-url", 300)
	order := []Edge{strong, weak, titles, story, {Low: 1, High: 2}}
	for i := range order {
		for j := range order {
			if got := order[i].Stronger(&order[j]); got != (i < j) {
				t.Errorf("%q stronger than %q: %v", order[i].Rule, order[j].Rule, got)
			}
		}
	}
}
