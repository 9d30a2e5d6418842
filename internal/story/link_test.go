package story

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"khyber/internal/news"
)

func vectorOf(title string, after time.Duration) *Vector {
	s := report{outlet: "herald", title: title, after: after}.sign()
	v := NewVector(&s)
	return &v
}

// nearestOf returns the story to which a title belongs.
func nearestOf(v *Vector, stories ...Open) (best Linked) {
	for i := range stories {
		best = best.Nearer(Link(v, &stories[i]))
	}
	return best
}

func TestLinkFindsTheStory(t *testing.T) {
	stories := []Open{
		{ID: 7, Members: []*Vector{vectorOf("Afghan traders protest closed Torkham crossing", 0), vectorOf("Torkham crossing closure angers traders in Afghanistan", time.Hour)}},
		{ID: 8, Members: []*Vector{vectorOf("Rowers of Gulzar win bronze at lake regatta", 0)}},
	}
	for _, tc := range []struct {
		title string
		after time.Duration
		want  news.ItemID
	}{
		{"Traders in Afghanistan stranded by Torkham crossing closure", 2 * time.Hour, 7},
		{"Gulzar celebrates bronze of its rowers", 2 * time.Hour, 8},
		{"Ministers adopt tariffs on walnuts", 2 * time.Hour, 0},
		{"Gulzar celebrates bronze of its rowers", 8 * 24 * time.Hour, 0},
		{"", 0, 0},
	} {
		v := vectorOf(tc.title, tc.after)
		if got := nearestOf(v, stories...); got.Story != tc.want {
			t.Errorf("%q: %+v, want story %d", tc.title, got, tc.want)
		}
	}
}

func TestStoriesFoldWordsForOneThing(t *testing.T) {
	a, b := vectorOf("Pakistani airstrike wounds Afghan shepherds", 0), vectorOf("Pakistan air strikes hurt shepherds in Afghanistan", 0)
	if got := similarity(a, b); got < 990_000 {
		t.Errorf("similarity %d, want nearly a million", got)
	}
}

func TestAnotherKindOfReportIsOfTheStoryButNotTheEvent(t *testing.T) {
	begun := vectorOf("Airstrike on Gulzar hospital kills 40 patients", 0)
	told := vectorOf("Air strike hits Gulzar hospital, 40 patients dead", time.Hour)
	for kind, title := range map[string]string{
		"reaction":    "Zorluland condemns airstrike on Gulzar hospital",
		"explanation": "Timeline: what led to the airstrike on Gulzar and its hospital quarter",
		"account":     "“The ceiling came down”: survivor recalls airstrike on Gulzar hospital",
	} {
		other := vectorOf(title, 2*time.Hour)
		if got := Link(other, &Open{ID: 7, Members: []*Vector{begun}}); got.Story != 7 {
			t.Errorf("%s: %+v, want story 7", kind, got)
		}
		if got, want := Events([]*Vector{begun, told, nil, other}), []int{0, 0, 2, 3}; !slices.Equal(got, want) {
			t.Errorf("%s: events %v, want %v", kind, got, want)
		}
	}
}

func TestStoryKeysAreSharedByOneEvent(t *testing.T) {
	a, b := vectorOf("Afghan traders protest closed Torkham crossing", 0), vectorOf("Torkham crossing closure angers traders in Afghanistan", 0)
	shared := 0
	for _, k := range StoryKeys(a) {
		for _, other := range StoryKeys(b) {
			if k.Key == other.Key {
				shared++
			}
		}
	}
	if shared < 2 || len(StoryKeys(a)) > storyKeys {
		t.Errorf("%d keys shared, want at least 2", shared)
	}
}

func TestAFlashAndTheFullTextAreOneStory(t *testing.T) {
	flash, full := vectorOf("FLASH: Explosion heard near Belqis salt market", 0), vectorOf("Explosion near Belqis salt market kills four traders, mayor says", time.Hour)
	if got := Link(full, &Open{ID: 7, Members: []*Vector{flash}}); got.Story != 7 {
		t.Errorf("%+v, want story 7", got)
	}
}

func TestTiesGoToTheLowerID(t *testing.T) {
	v := vectorOf("Afghan traders protest closed Torkham crossing", 0)
	for _, order := range [][]news.ItemID{{5, 3}, {3, 5}} {
		var stories []Open
		for _, id := range order {
			stories = append(stories, Open{ID: id, Members: []*Vector{v}})
		}
		if got, want := nearestOf(v, stories...), (Linked{3, 1000}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

func TestTheVectorOfATitleIsThatOfTheSignature(t *testing.T) {
	src := &news.Source{ID: "herald", Name: "Herald", Domain: "herald.example"}
	for _, item := range []news.Item{
		{ID: 1, Title: "Traders wait at the Mirwal gate as talks resume - Herald", Summary: "Traders said on Monday that 22 trucks were waiting. (AFP)", Lang: "en"},
		{ID: 2, Title: "Exclusive: 12 wounded in Darrabad", Summary: "Twelve people were wounded when a wall fell, officials said on Tuesday."},
		{ID: 3, Title: "میروال دروازے پر تاجر انتظار میں", Summary: "تاجروں نے کہا کہ بائیس ٹرک انتظار کر رہے ہیں۔", Lang: "ur"},
		{ID: 4, Title: "", Summary: "No title at all."},
	} {
		signed := Sign(src, &item)
		if got, want := TitleVector(src, &item), NewVector(&signed); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, want %+v", item.Title, got, want)
		}
	}
}

func TestATitleIsNoNearerThanTheSharedKeysReach(t *testing.T) {
	titles := []string{
		"Afghan traders protest closed Torkham crossing", "Torkham crossing closure angers traders in Afghanistan",
		"Torkham opens", "Traders of Kunduz lose melons at Torkham", "Rowers of Gulzar win bronze at lake regatta", "",
	}
	for _, a := range titles {
		v := vectorOf(a, 0)
		for _, b := range titles {
			other := vectorOf(b, 0)
			missing := 0
			for _, k := range StoryKeys(v) {
				if !slices.ContainsFunc(StoryKeys(other), func(o StoryKey) bool { return o.Key == k.Key }) {
					missing += k.Weight
				}
			}
			got := Link(v, &Open{ID: 7, Members: []*Vector{other}}).Similarity
			if most := v.Reach(missing); got > most {
				t.Errorf("%q is %d like %q, which it reaches at most by %d", a, got, b, most)
			}
		}
		if most := v.Reach(0); a != "" && most < 1000 {
			t.Errorf("%q reaches a title of the same words by %d", a, most)
		}
	}
}

func TestEqualTitlesOutOfReachAreTwoStories(t *testing.T) {
	v := vectorOf("Afghan traders protest closed Torkham crossing", 0)
	other := vectorOf("Afghan traders protest closed Torkham crossing", StoryReach)
	if got := Link(v, &Open{ID: 7, Members: []*Vector{other}}); got.Story != 0 {
		t.Errorf("%+v", got)
	}
}
