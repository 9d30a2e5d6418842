package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// Run runs the suite. Open returns an engine without data, closed by the test's
// end.
func Run(t *testing.T, open func(testing.TB) store.Engine, h Hooks) {
	for _, c := range []struct {
		name string
		test func(*World)
	}{
		{"P1AnItemIsInEveryTopicThatTakesItOnce", p1},
		{"P2ValidatorsComeWithTheItems", p2},
		{"P2ADamagedDocumentLeavesTheEarlierValidators", p2damaged},
		{"P2A304KeepsValidatorsThatItDoesNotRepeat", p2unchanged},
		{"P2AnotherAddressDropsValidatorsNotItems", p2address},
		{"P3AChangedKeyTextOrDateIsNoNews", p3},
		{"P3ChurnOfEveryKindIsNoNews", p3churn},
		{"P3ARebuiltSiteIsKnownByItsTexts", p3rebuilt},
		{"P3UpdatedMovesWithTheWordsOnly", p3updated},
		{"P3ARevisionKeepsWhatReadersKeyOn", p3revision},
		{"P3TheFirstTextAndTheLastSevenAreKept", p3history},
		{"P3ATextThatTakesTurnsIsNoRevision", p3mirror},
		{"P3ARenamedSourceKeepsItsItems", p3renamed},
		{"P3ANewEntryIsReadBesideThoseThatStand", p3beside},
		{"P4CopiesAreCollapsedAndExplained", p4copies},
		{"P4ACopyMovesTheTopicsThatShowIt", copiesMove},
		{"P4GroupsComeOutInAnyOrder", copiesInAnyOrder},
		{"P4ARevisionCanBecomeACopy", copyByRevision},
		{"T10SplitAndMergeUndoEachOther", t10},
		{"ALaterCopyMovesNothing", copiesMoveNothing},
		{"TheCalmViewKeepsItsOrder", calmView},
		{"P4AMergeByHandIsAnAlias", handMerge},
		{"P4HandsOutliveExpiry", handsOutliveExpiry},
		{"P4EveryRuleIsExplainedAndUndone", everyRule},
		{"ScriptsAreCrossedByNamesOnly", acrossScripts},
		{"AStoryTellsItsEventsApart", eventsApart},
		{"APassFindsWhatDidNotSeeEachOther", reconcile},
		{"APassChangesNothingThatHolds", reconcileHolds},
		{"TheHardCases", hardest},
		{"AFloodOfOneTitleIsBounded", flood},
		{"WhatIsKeptInMemoryDecidesNothing", memoryDecidesNothing},
		{"P5EveryItemOfADocumentIsCounted", p5},
		{"P6OnlyYoungItemsOfALaterDocumentAreNews", p6},
		{"P6ARuleChangeFloodsNobody", p6rematch},
		{"P6ARuleChangeThatIsInterruptedEndsTheSame", p6interrupted},
		{"P6ALargeRuleChangeKeepsTheOrderOfTime", p6many},
		{"P6ARuleChangeTakesNothingThatAnEditMade", p6edited},
		{"P6ATopicThatReturnsIsMatchedAnew", p6returned},
		{"AVerdictIsKeptWithItsReason", verdicts},
		{"P7ADateInTheFuturePinsNothing", p7},
		{"P7NoSourceTouchesAnotherOnesItems", p7foreign},
		{"P9TheSameDataIsReadAfterARestart", p9},
		{"T8ARepeatedCommitIsOne", t8},
		{"T8SourcesCommitInAnyOrder", t8order},
		{"AFenceStopsTheSlowerWorker", fenced},
		{"AStaleConfigurationWritesNothing", stale},
		{"AnUnchangedPollIsSeenBeforeItIsFlushed", settled},
		{"AClaimHoldsUntilItRunsOut", claims},
		{"TheWindowGoesByJoining", window},
		{"PagesSeeEachEntryOnceWhileCommitsRun", pages},
		{"ARenamedTopicTakesItsMarksAlong", renamedTopic},
		{"ARevisionOfATopicMovesWhatItShows", revisions},
		{"TheLastFiftyPollsAreKept", polls},
		{"AConfigurationIsKeptAsWritten", config},
		{"AScanSkipsNothing", scan},
		{"ALinkFindsItsItem", link},
		{"ReadersGetLinksWithoutTracking", tracking},
		{"ExpiryLeavesWhatItsSourceStillHolds", expiry},
		{"P3KeysOutliveTheTextUntilTheItemIsGone", p3expired},
		{"ExpiryOfAClockThatJumpsIsBounded", expiryBound},
		{"RowsOfTheHubAreKeptByKey", hubRows},
		{"MembersOfAStoryAreReadWithTheirTextAndGroup", members},
		{"WhatIsNearIsFoundByDays", near},
		{"AnArchivePartClosesAtAHundredMarks", archiveFull},
		{"AnArchivePartClosesWhenItsMonthIsOver", archiveMonths},
		{"AClosedArchivePartNeverChanges", archiveFixed},
		{"AnArchivePartExpiresWhole", archiveExpires},
		{"P6LateEntriesHaveArchivePartsOfTheirOwn", archiveLate},
		{"SubscriptionsAreKept", subscriptions},
		{"NextSeesThatTheAddressIsAnotherOne", addressOfNext},
		{"ASourceTellsHowManyOfItsItemsAreDated", datedItems},
		{"ATopicKnowsTheSourcesThatGaveToIt", givers},
		{"AnEpisodeOfTroubleIsKeptToItsEnd", notices},
		{"WhatIsToBeToldIsNumberedInItsOrder", events},
		{"WhatIsDoneIsCounted", counted},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := NewWorld(t, open(t), h)
			c.test(w)
			if err := w.Store.Verify(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("AReaderByMarksMissesNothing", func(t *testing.T) { order(t, open, h) })
	t.Run("VerifyNamesPromisesThatDoNotHold", func(t *testing.T) { verifies(t, open, h) })
	t.Run("ExpiryMakesRoomOnADiskThatIsNearlyFull", func(t *testing.T) { shrinks(t, open, h) })
	t.Run("AStreamTakesAllAlong", func(t *testing.T) { streamed(t, open, h) })
	t.Run("TestPropModel", func(t *testing.T) { model(t, open, h) })
}

// same compares whole values.
func same[T any](w *World, what string, got, want T) {
	w.t.Helper()
	if !reflect.DeepEqual(got, want) {
		w.t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// state returns the state of a source.
func (w *World) state(id string) news.SourceState {
	w.t.Helper()
	s, err := w.Store.Source(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// counts are what a poll says of its items.
func counts(p news.Poll) [4]int {
	return [4]int{p.New, p.Known, p.Revised, p.Rejected[news.RejectedRepeated]}
}

func p1(w *World) {
	a, b := w.Item("alpha", 1, "border"), w.Item("alpha", 2, "border", "talks")
	same(w, "first poll", counts(w.Commit("alpha", a, b)), [4]int{2, 0, 0, 0})
	same(w, "second poll", counts(w.Commit("alpha", a, b)), [4]int{0, 2, 0, 0})
	w.Restart()
	same(w, "poll after a restart", counts(w.Commit("alpha", a, b, w.Item("alpha", 3))), [4]int{1, 2, 0, 0})
	same(w, "border", w.Titles("border"), []string{a.Title, b.Title})
	same(w, "talks", w.Titles("talks"), []string{b.Title})
}

func p2(w *World) {
	p := w.Commit("alpha", w.Item("alpha", 1))
	same(w, "validators", w.state("alpha").Validators, p.Validators)
	same(w, "body hash", w.state("alpha").BodyHash, p.BodyHash)
}

func p2damaged(w *World) {
	first := w.Commit("alpha", w.Item("alpha", 1, "border"))
	p := w.Poll("alpha", 1)
	p.Complete, p.Salvaged = false, true
	if _, err := w.Store.Commit(w.t.Context(), p, []news.Item{w.Item("alpha", 2, "border")}); err != nil {
		w.t.Fatal(err)
	}
	same(w, "validators", w.state("alpha").Validators, first.Validators)
	same(w, "body hash", w.state("alpha").BodyHash, first.BodyHash)
	same(w, "items kept", len(w.Titles("border")), 2)
}

func p2unchanged(w *World) {
	first := w.Commit("alpha", w.Item("alpha", 1))
	for _, c := range []struct {
		got, want news.Validators
	}{
		{news.Validators{}, first.Validators},
		{news.Validators{ETag: `"new"`}, news.Validators{ETag: `"new"`}},
	} {
		w.Now = w.Now.Add(time.Minute)
		p := w.Poll("alpha", 0)
		p.Kind, p.Validators, p.BodyHash = news.KindUnchanged, c.got, 0
		if _, err := w.Store.Commit(w.t.Context(), p, nil); err != nil {
			w.t.Fatal(err)
		}
		same(w, "validators", w.state("alpha").Validators, c.want)
		same(w, "body hash", w.state("alpha").BodyHash, first.BodyHash)
	}
}

func p2address(w *World) {
	item := w.Item("alpha", 1)
	w.Commit("alpha", item)
	w.Config.Hash++
	w.Config.Sources[0].URL = "https://alpha.example/other"
	w.Apply()
	same(w, "validators of the new address", w.state("alpha").Validators, news.Validators{})
	p := w.Commit("alpha", item)
	same(w, "poll of the new address", counts(p), [4]int{0, 1, 0, 0})
	same(w, "baseline, though all is known", p.Baseline, false)
	same(w, "validators", w.state("alpha").Validators, p.Validators)
	w.Config.Hash++
	w.Config.Sources[0].URL = "https://alpha.example/third"
	w.Apply()
	same(w, "baseline where nothing is known", w.Commit("alpha", w.Item("alpha", 9)).Baseline, true)
}

func p3(w *World) {
	item := w.Item("alpha", 1, "border")
	w.Commit("alpha", item)
	for name, change := range map[string]func(*news.Item){
		"guid":     func(i *news.Item) { i.GUID += "?new" },
		"link":     func(i *news.Item) { i.Link = "https://alpha.example/moved/1" },
		"tracking": func(i *news.Item) { i.Link += "?utm_source=rss" },
		"title":    func(i *news.Item) { i.Title = "Gate opens again for traders" },
		"summary":  func(i *news.Item) { i.Summary += " The gate was opened at noon." },
		"date":     func(i *news.Item) { i.Published = i.Published.Add(-48 * time.Hour) },
		"no date":  func(i *news.Item) { i.Published = time.Time{} },
	} {
		w.Now = w.Now.Add(10 * time.Minute)
		changed := item
		change(&changed)
		p := w.Commit("alpha", changed)
		if p.New != 0 || p.Known != 1 {
			w.t.Errorf("changed %s: new %d, known %d", name, p.New, p.Known)
		}
	}
	same(w, "entries", len(w.Titles("border")), 1)
}

func p3revision(w *World) {
	item := w.Item("alpha", 1, "border")
	item.Title = "Gate closed, 22 lorries wait at the river crossing"
	w.Commit("alpha", item)
	before := w.Topic("border", store.Page{}).Entries[0]
	w.Now = w.Now.Add(time.Hour)
	item.Title, item.GUID = "Gate closed, 23 lorries wait at the river crossing", item.GUID+"#1"
	item.Published = w.Now
	item.Matches = nil // the new text no longer matches: readers have seen the old one
	same(w, "poll", counts(w.Commit("alpha", item)), [4]int{0, 1, 1, 0})
	after := w.Topic("border", store.Page{}).Entries[0]
	same(w, "revisions", after.Revisions, []news.Revision{{
		Title: before.Item.Title, Summary: before.Item.Summary, Until: w.Now, Figures: "22 → 23",
	}})
	want := before
	want.Item.Title, want.Item.Revised, want.Revisions = item.Title, w.Now, after.Revisions
	same(w, "entry", after, want)
}

func p3history(w *World) {
	item := w.Item("alpha", 1)
	w.Commit("alpha", item)
	p := w.Commit("alpha", item)
	for i := range 12 {
		w.Now = w.Now.Add(25 * time.Hour)
		item.Title = fmt.Sprintf("Gate closed for day %d and traders wait", i)
		p = w.Commit("alpha", item)
	}
	same(w, "last poll", counts(p), [4]int{0, 1, 1, 0})
	page := w.itemOf(item.Link)
	var titles []string
	for _, r := range page.Revisions {
		titles = append(titles, r.Title)
	}
	want := []string{w.Item("alpha", 1).Title}
	for i := 4; i < 11; i++ {
		want = append(want, fmt.Sprintf("Gate closed for day %d and traders wait", i))
	}
	same(w, "kept titles", titles, want)
	same(w, "present title", page.Item.Title, item.Title)
}

// itemOf returns the item of a link.
func (w *World) itemOf(link string) store.ItemPage {
	w.t.Helper()
	id, err := w.Store.FindLink(w.t.Context(), link)
	if err != nil {
		w.t.Fatal(err)
	}
	page, err := w.Store.Item(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return page
}

func p3mirror(w *World) {
	a := w.Item("alpha", 1)
	b := a
	b.Title = "Gate closed again, traders wait"
	w.Commit("alpha", a)
	revised := 0
	for range 6 {
		w.Now = w.Now.Add(time.Minute)
		revised += w.Commit("alpha", b).Revised
		w.Now = w.Now.Add(time.Minute)
		revised += w.Commit("alpha", a).Revised
	}
	same(w, "revisions of mirrors that take turns", revised, 1)
	w.Commit("alpha", a, w.Item("alpha", 2))
	same(w, "within a day the text is none", w.itemOf(a.Link).Item.Title, b.Title)
	w.Now = w.Now.Add(25 * time.Hour)
	same(w, "after a day it is", w.Commit("alpha", a, w.Item("alpha", 2), w.Item("alpha", 3)).Revised, 1)
}

// What stands in the last document word for word is not read again; what is odd
// beside it still is.
func p3beside(w *World) {
	a, b := w.Item("alpha", 1), w.Item("alpha", 2)
	w.Commit("alpha", a, b)
	same(w, "one twice, one new", counts(w.Commit("alpha", a, b, a, w.Item("alpha", 3))), [4]int{1, 2, 0, 1})
	shared := w.Item("alpha", 4)
	shared.GUID = a.GUID // another report under the guid of one that still stands
	same(w, "a guid that two carry", counts(w.Commit("alpha", a, b, shared)), [4]int{1, 2, 0, 0})
	same(w, "the first report", w.itemOf(a.Link).Item.Title, a.Title)
	same(w, "again", counts(w.Commit("alpha", shared, b, a)), [4]int{0, 3, 0, 0})
}

func p3renamed(w *World) {
	item := w.Item("alpha", 1, "border")
	w.Commit("alpha", item)
	before := w.Topic("border", store.Page{}).Entries
	w.Config.Hash++
	w.Config.Sources[0].ID = "alpha-times"
	w.Apply()
	same(w, "validators go along", w.state("alpha-times").Validators.ETag, `"1"`)
	p := w.Commit("alpha-times", item, w.Item("alpha", 2, "border"))
	same(w, "poll under the new ID", counts(p), [4]int{1, 1, 0, 0})
	same(w, "baseline", p.Baseline, false)
	after := w.Topic("border", store.Page{}).Entries
	before[0].Item.Source = "alpha-times"
	same(w, "the entry", after[1], before[0])
	same(w, "source of the new one", after[0].Item.Source, "alpha-times")
	w.Restart()
	same(w, "after a restart", w.Topic("border", store.Page{}).Entries, after)
}

func p5(w *World) {
	a, b := w.Item("alpha", 1), w.Item("alpha", 2)
	same(w, "one twice", counts(w.Commit("alpha", a, b, a)), [4]int{2, 0, 0, 1})
	p := w.Poll("alpha", 5)
	p.Reject(news.RejectedEmpty, 2)
	p, err := w.Store.Commit(w.t.Context(), p, []news.Item{a, b, w.Item("alpha", 3)})
	if err != nil {
		w.t.Fatal(err)
	}
	same(w, "with rejected ones", p.Accounted(), true)
	p = w.Poll("alpha", 7)
	if _, err := w.Store.Commit(w.t.Context(), p, []news.Item{a}); err != nil {
		w.t.Fatal(err)
	}
	st, err := w.Store.Status(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	same(w, "polls that do not add up", st.Unaccounted, 1)
	same(w, "items", st.Items, 3)
}

func p6(w *World) {
	w.Commit("alpha", w.Item("alpha", 1, "border"))
	old := w.Item("alpha", 2, "border")
	old.Published = w.Now.Add(-49 * time.Hour)
	w.Commit("alpha", old, w.Item("alpha", 3, "border"))
	var isNews []bool
	for _, e := range w.Topic("border", store.Page{}).Entries {
		isNews = append(isNews, e.News)
	}
	same(w, "news of: young, old, baseline", isNews, []bool{true, false, false})
}

func p7(w *World) {
	w.Now = w.Now.Add(300 * time.Millisecond)
	for n, published := range []time.Time{w.Now.AddDate(1, 0, 0), {}, w.Now.AddDate(-50, 0, 0), w.Now.Add(-time.Hour)} {
		item := w.Item("alpha", n)
		item.Published = published
		w.Commit("alpha", item)
		got := w.itemOf(item.Link).Item
		want := Noon
		if n == 3 {
			want = Noon.Add(-time.Hour)
		}
		same(w, fmt.Sprint("place in time of ", published), got.At, want)
		same(w, "first seen", got.FirstSeen, Noon)
	}
}

func p7foreign(w *World) {
	item := w.Item("alpha", 1, "border")
	w.Commit("alpha", item)
	before := w.Topic("border", store.Page{}).Entries
	claimed := item
	claimed.Title, claimed.Summary, claimed.Matches = "All is well at the gate", "Nothing happened there.", nil
	same(w, "poll of the other source", counts(w.Commit("beta", claimed)), [4]int{1, 0, 0, 0})
	after := w.Topic("border", store.Page{}).Entries
	after[0].Story = news.Story{} // it may show who else carried it, no more
	same(w, "entries", after, before)
	same(w, "first source again", counts(w.Commit("alpha", item)), [4]int{0, 1, 0, 0})
}

func p9(w *World) {
	w.Commit("alpha", w.Item("alpha", 1, "border"), w.Item("alpha", 2, "border"))
	w.Commit("beta", w.Item("beta", 1, "border", "talks"))
	before, revision := w.Topic("border", store.Page{}), w.Store.Revision("border")
	state := w.state("alpha")
	w.Now = w.Now.Add(time.Hour)
	w.Restart()
	same(w, "topic", w.Topic("border", store.Page{}), before)
	same(w, "revision", w.Store.Revision("border"), revision)
	same(w, "state", w.state("alpha"), state)
}

func t8(w *World) {
	items := []news.Item{w.Item("alpha", 1, "border"), w.Item("alpha", 2)}
	p := w.Poll("alpha", 2)
	first, err := w.Store.Commit(w.t.Context(), p, items)
	if err != nil {
		w.t.Fatal(err)
	}
	before := w.Topic("border", store.Page{})
	for range 2 {
		again, err := w.Store.Commit(w.t.Context(), p, items)
		if err != nil {
			w.t.Fatal(err)
		}
		same(w, "repeated poll", again, first)
		w.Restart()
	}
	same(w, "topic", w.Topic("border", store.Page{}), before)
	got, err := w.Store.Polls(w.t.Context(), "alpha")
	if err != nil {
		w.t.Fatal(err)
	}
	same(w, "polls kept", len(got), 1)
}

func t8order(w *World) {
	w.Commit("beta", w.Item("beta", 1, "border"), w.Item("beta", 2, "border"))
	w.Commit("alpha", w.Item("alpha", 1, "border"))
	other := NewWorld(w.t, Memory(), Hooks{})
	other.Commit("alpha", w.Item("alpha", 1, "border"))
	other.Commit("beta", w.Item("beta", 1, "border"), w.Item("beta", 2, "border"))
	content := func(w *World) []string {
		var ids []string
		for _, e := range w.Topic("border", store.Page{}).Entries {
			ids = append(ids, e.Item.ID.String()+e.Item.EntryID)
		}
		slices.Sort(ids)
		return ids
	}
	same(w, "topic in another order of sources", content(w), content(other))
}

func fenced(w *World) {
	w.Commit("alpha", w.Item("alpha", 1))
	fence := w.state("alpha").Fence
	w.Now = w.Now.Add(time.Hour)
	quick, slow := w.Poll("alpha", 1), w.Poll("alpha", 1)
	quick.Fence, slow.Fence = fence, fence
	if _, err := w.Store.Commit(w.t.Context(), quick, []news.Item{w.Item("alpha", 2)}); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.Store.Commit(w.t.Context(), slow, []news.Item{w.Item("alpha", 3, "border")}); !errors.Is(err, store.ErrFenced) {
		w.t.Errorf("slow worker: %v", err)
	}
	slow.Kind, slow.Fetched = news.KindUnchanged, 0
	if _, err := w.Store.Commit(w.t.Context(), slow, nil); !errors.Is(err, store.ErrFenced) {
		w.t.Errorf("slow worker without items: %v", err)
	}
	same(w, "entries", w.Titles("border"), []string{})
}

func stale(w *World) {
	p := w.Poll("alpha", 1)
	w.Config.Hash++
	w.Apply()
	if _, err := w.Store.Commit(w.t.Context(), p, []news.Item{w.Item("alpha", 1, "border")}); !errors.Is(err, store.ErrStaleConfig) {
		w.t.Errorf("commit: %v", err)
	}
	w.Config.Hash++
	w.Config.Sources = w.Config.Sources[1:]
	w.Apply()
	if _, err := w.Store.Commit(w.t.Context(), w.Poll("alpha", 1), []news.Item{w.Item("alpha", 1, "border")}); !errors.Is(err, store.ErrNotFound) {
		w.t.Errorf("commit of a source that is gone: %v", err)
	}
	same(w, "entries", w.Titles("border"), []string{})
}

func settled(w *World) {
	w.Commit("alpha", w.Item("alpha", 1))
	w.Now = w.Now.Add(time.Hour)
	p := w.Poll("alpha", 0)
	p.Kind, p.Status = news.KindUnchanged, 304
	done, err := w.Store.Commit(w.t.Context(), p, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	same(w, "next", done.Next, w.Now.Add(10*time.Minute))
	before := w.state("alpha")
	same(w, "last poll", before.LastPoll, w.Now)
	polls, err := w.Store.Polls(w.t.Context(), "alpha")
	if err != nil {
		w.t.Fatal(err)
	}
	same(w, "polls", len(polls), 2)
	if err := w.Store.Flush(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.Restart()
	same(w, "state after a flush and a restart", w.state("alpha"), before)
	again, err := w.Store.Polls(w.t.Context(), "alpha")
	if err != nil {
		w.t.Fatal(err)
	}
	same(w, "polls after a flush and a restart", again, polls)
}

func claims(w *World) {
	claim := func(worker string) []string {
		got, err := w.Store.Claim(w.t.Context(), worker, 15*time.Second, 10, time.Minute)
		if err != nil {
			w.t.Fatal(err)
		}
		ids := []string{}
		for _, c := range got {
			ids = append(ids, c.Source)
		}
		return ids
	}
	same(w, "never polled: due at once", claim("a"), []string{"alpha", "beta"})
	same(w, "held", claim("b"), []string{})
	w.Commit("alpha")
	w.Now = w.Now.Add(61 * time.Second)
	same(w, "run out", claim("b"), []string{"beta"})
	w.Now = Noon.Add(9*time.Minute + 46*time.Second)
	same(w, "due within ahead", claim("a"), []string{"beta", "alpha"})
	w.Config.Hash++
	w.Config.Sources[0].Disabled = true
	w.Apply()
	w.Now = w.Now.Add(time.Hour)
	same(w, "disabled", claim("a"), []string{"beta"})
	same(w, "state", w.state("alpha").State, news.StateDisabled)
}

func window(w *World) {
	var items []news.Item
	for n := range 620 {
		items = append(items, w.Item("alpha", n, "border"))
	}
	w.Commit("alpha", items[:20]...)
	w.Now = w.Now.Add(49 * time.Hour)
	w.Commit("alpha", items[20:70]...)
	same(w, "a hundred, however old", len(w.Titles("border")), 70)
	w.Now = w.Now.Add(time.Minute)
	w.Commit("alpha", items[70:140]...)
	same(w, "all of the last 48 hours", len(w.Titles("border")), 120)
	w.Commit("alpha", items[140:]...)
	page := w.Topic("border", store.Page{})
	same(w, "not more than 500", len(page.Entries), 500)
	same(w, "more", page.More, true)
	below := w.Topic("border", store.Page{Before: page.Entries[499].Mark})
	same(w, "next page", []any{len(below.Entries), below.Entries[0].Mark, below.More}, []any{100, news.Mark(120), true})
	last := w.Topic("border", store.Page{Before: below.Entries[99].Mark, Limit: 50})
	same(w, "last page", []any{len(last.Entries), last.More}, []any{20, false})
	same(w, "limit", len(w.Topic("border", store.Page{Limit: 7}).Entries), 7)
	same(w, "language", len(w.Topic("border", store.Page{Langs: []string{"ur"}}).Entries), 0)
}

func pages(w *World) {
	var items []news.Item
	for n := range 90 {
		items = append(items, w.Item("alpha", n, "border"))
	}
	w.Commit("alpha", items[:60]...)
	seen := make(map[news.ItemID]int)
	below, n := news.Mark(0), 60
	for more := true; more; {
		page := w.Topic("border", store.Page{Before: below, Limit: 7})
		for _, e := range page.Entries {
			seen[e.Item.ID]++
			below = e.Mark
		}
		more = page.More
		if n < 90 {
			w.Commit("alpha", items[n])
			n++
		}
	}
	same(w, "entries seen", len(seen), 60)
	for id, times := range seen {
		if times != 1 {
			w.t.Errorf("item %s was seen %d times", id, times)
		}
	}
}

func renamedTopic(w *World) {
	w.Commit("alpha", w.Item("alpha", 1, "border"))
	before := w.Topic("border", store.Page{})
	w.Config.Hash++
	w.Config.Topics[0] = news.Topic{ID: "crossings", Title: "Crossings", Formerly: []string{"border"}}
	w.Apply()
	w.Commit("alpha", w.Item("alpha", 1, "crossings"), w.Item("alpha", 2, "crossings"))
	page := w.Topic("crossings", store.Page{})
	same(w, "entries", len(page.Entries), 2)
	want := before.Entries[0]
	want.Match.Topic, want.Item.Matches[0].Topic = "crossings", "crossings"
	same(w, "the old entry", page.Entries[1], want)
	same(w, "the old ID leads to the new", w.Topic("border", store.Page{}), page)
	w.Config.Hash++
	w.Config.Topics = w.Config.Topics[1:]
	w.Apply()
	same(w, "removed", w.Topic("crossings", store.Page{}).Removed, true)
	if _, err := w.Store.Topic(w.t.Context(), "none", store.Page{}); !errors.Is(err, store.ErrNotFound) {
		w.t.Errorf("unknown topic: %v", err)
	}
}

func revisions(w *World) {
	moved := func(what string, want bool, f func()) {
		w.t.Helper()
		before, page := w.Store.Revision("border"), w.Topic("border", store.Page{})
		f()
		after := w.Topic("border", store.Page{})
		same(w, what+": moved", w.Store.Revision("border") > before, want)
		same(w, what+": stored and in memory", after.Revision, w.Store.Revision("border"))
		if later := after.Changed.Sub(page.Changed); want && later < time.Second {
			w.t.Errorf("%s: changed moved by %s", what, later)
		}
	}
	moved("first poll of a source", true, func() { w.Commit("alpha") })
	moved("an item joins", true, func() { w.Commit("alpha", w.Item("alpha", 1, "border")) })
	moved("an item of another topic", false, func() { w.Commit("alpha", w.Item("alpha", 2, "talks")) })
	moved("nothing new", false, func() { w.Commit("alpha", w.Item("alpha", 1, "border")) })
	changed := w.Item("alpha", 1, "border")
	changed.Title = "Traders leave the gate"
	moved("a revision", true, func() { w.Commit("alpha", changed) })
	fail := func() {
		p := w.Poll("alpha", 0)
		p.Kind, p.Complete = news.KindTimeout, false
		if _, err := w.Store.Commit(w.t.Context(), p, nil); err != nil {
			w.t.Fatal(err)
		}
	}
	moved("a failed poll", false, fail)
	moved("a second one", false, fail)
	moved("the third: the source is failing", true, fail)
}

func polls(w *World) {
	var want []news.Poll
	for i := range 60 {
		w.Now = w.Now.Add(time.Minute)
		p := w.Poll("alpha", 0)
		if i%3 > 0 {
			p.Kind, p.Text, p.Status, p.Complete = news.KindStatus, "status 503", 503, false
			p.Hops = []news.Hop{{Status: 301, URL: "https://alpha.example/feed"}}
		}
		p, err := w.Store.Commit(w.t.Context(), p, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		p.URL, p.Validators, p.BodyHash = "", news.Validators{}, 0
		want = append([]news.Poll{p}, want...)
	}
	got, err := w.Store.Polls(w.t.Context(), "alpha")
	if err != nil {
		w.t.Fatal(err)
	}
	same(w, "polls", got, want[:50])
}

func config(w *World) {
	got, err := w.Store.LastConfig(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	want := w.Config
	want.Sources, want.Applied = nil, Noon
	same(w, "first", got, want)
	w.Apply()
	same(w, "generation of the same files", w.Config.Generation, 1)
	w.Config.Hash, w.Config.Files = 2, []news.File{{Path: "feeds.yaml", Text: []byte("topics: []\n")}}
	w.Apply()
	w.Restart()
	same(w, "generation of other files", w.Config.Generation, 2)
	if got, err = w.Store.LastConfig(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	same(w, "files", got.Files, w.Config.Files)
}

func scan(w *World) {
	for n := range 30 {
		w.Commit("alpha", w.Item("alpha", n, "border"))
		w.Commit("beta", w.Item("beta", n))
	}
	walk := func(f store.Filter) []string {
		titles := []string{}
		cursor, n := "", 0
		for {
			items, next, err := w.Store.Scan(w.t.Context(), f, cursor, 7)
			if err != nil {
				w.t.Fatal(err)
			}
			for _, i := range items {
				titles = append(titles, i.Title)
			}
			if n++; next == "" || n > 100 {
				return titles
			}
			cursor = next
		}
	}
	all := walk(store.Filter{})
	same(w, "all", len(all), 60)
	back := walk(store.Filter{Newest: true})
	slices.Reverse(back)
	same(w, "backward", back, all)
	same(w, "one source", len(walk(store.Filter{Source: "beta"})), 30)
	same(w, "one topic", len(walk(store.Filter{Topic: "border"})), 30)
	same(w, "since", len(walk(store.Filter{Since: w.Now.Add(time.Second)})), 0)
}

func link(w *World) {
	item := w.Item("alpha", 1)
	w.Commit("alpha", item)
	same(w, "item of its link with tracking", w.itemOf(item.Link+"?utm_medium=rss").Item.Title, item.Title)
	if _, err := w.Store.FindLink(context.WithoutCancel(w.t.Context()), "https://nobody.example/1"); !errors.Is(err, store.ErrNotFound) {
		w.t.Errorf("unknown link: %v", err)
	}
	if _, err := w.Store.Item(w.t.Context(), 99); !errors.Is(err, store.ErrNotFound) {
		w.t.Errorf("unknown item: %v", err)
	}
}

// expire runs Expire until nothing is left to look at.
func (w *World) expire(keep time.Duration) store.Expired {
	w.t.Helper()
	var all store.Expired
	for range 1000 {
		done, err := w.Store.Expire(w.t.Context(), keep, 50)
		if err != nil {
			w.t.Fatal(err)
		}
		all.Items, all.Stubs, all.Keys = all.Items+done.Items, all.Stubs+done.Stubs, all.Keys+done.Keys
		all.Shrunk = all.Shrunk || done.Shrunk
		if !done.More {
			break
		}
	}
	return all
}

const day = 24 * time.Hour

func expiry(w *World) {
	old, held := w.Item("alpha", 1, "border"), w.Item("alpha", 2, "border")
	w.Commit("alpha", old, held)
	w.Now = w.Now.Add(50 * day)
	w.Commit("alpha", held, w.Item("alpha", 3, "border"))
	revision := w.Store.Revision("border")
	same(w, "expired", w.expire(40*day), store.Expired{Items: 1})
	same(w, "topic", w.Titles("border"), []string{w.Item("alpha", 3).Title, held.Title})
	same(w, "the topic moved", w.Store.Revision("border"), revision+1)
	id, err := w.Store.FindLink(w.t.Context(), old.Link)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.Store.Item(w.t.Context(), id); !errors.Is(err, store.ErrExpired) {
		w.t.Errorf("expired item: %v", err)
	}
	same(w, "again", w.expire(40*day), store.Expired{})
}

func p3expired(w *World) {
	old := w.Item("alpha", 1, "border")
	w.Commit("alpha", old)
	w.Now = w.Now.Add(50 * day)
	w.Commit("alpha", w.Item("alpha", 2))
	same(w, "its text goes", w.expire(40*day).Items, 1)
	old.Title = "Traders at the gate, years later"
	w.Now = w.Now.Add(29 * day)
	same(w, "it comes again", counts(w.Commit("alpha", old)), [4]int{0, 1, 0, 0})
	w.Commit("alpha", w.Item("alpha", 2))
	w.Commit("alpha", w.Item("alpha", 7))
	w.Commit("alpha", w.Item("alpha", 8))
	w.Now = w.Now.Add(2 * day)
	same(w, "it was here between two looks", w.expire(400*day).Stubs, 0)
	w.Commit("alpha", old)
	for range 3 {
		w.Now = w.Now.Add(31 * day)
		same(w, "it stays in the document", w.expire(400*day), store.Expired{})
	}
	for i := range 2 {
		w.Commit("alpha", w.Item("alpha", 3+i))
		w.Now = w.Now.Add(20 * day)
		same(w, "absent, but for too few polls or days", w.expire(400*day), store.Expired{})
	}
	w.Commit("alpha", w.Item("alpha", 5))
	done := w.expire(400 * day)
	same(w, "forgotten", done.Stubs, 1)
	for range 3 { // a sweep goes round from where it stands
		done.Keys += w.expire(400 * day).Keys
	}
	if done.Keys == 0 {
		w.t.Errorf("no key was deleted")
	}
	same(w, "it is new again", counts(w.Commit("alpha", old)), [4]int{1, 0, 0, 0})
	same(w, "with a mark of its own", w.Topic("border", store.Page{}).Entries[0].Mark, news.Mark(2))
}

func expiryBound(w *World) {
	var items []news.Item
	for n := range 1300 {
		items = append(items, w.Item("alpha", n))
	}
	w.Commit("alpha", items...)
	w.Commit("alpha")
	w.Now = w.Now.AddDate(10, 0, 0)
	same(w, "first day", w.expire(40*day).Items, 1000)
	w.Now = w.Now.Add(23 * time.Hour)
	same(w, "the same day", w.expire(40*day).Items, 0)
	w.Now = w.Now.Add(2 * time.Hour)
	same(w, "next day", w.expire(40*day).Items, 300)
}
