// Package story owns what makes two entries one Item, an Item the Copy of
// another, and several Items one Story. Nothing else in Khyber compares texts.
//
// It is pure: no clock, no store, no state, no goroutine; its tables are
// embedded and numbered. It must not know how anything is kept, and store must
// not know any rule: Commit calls the functions below inside its transaction.
//
// Similarity alone cannot be trusted: every measure takes "kills 5" for "kills
// 12" and "A strikes B" for "B strikes A". So candidates are found by what is
// shared, and what differs decides.
//
// How rare words are is known of English alone. Elsewhere, and where the language
// is unknown, two titles make a story only when they share three words that no
// table has and that are not one name, and when they are not one sentence with
// another part in one place. Many of one event are missed so; a false story would
// show readers a confirmation that is none.
//
// # What Commit does, in this order
//
// For a document of a source, with the source's state:
//
//  1. [Identify] the entries, then [Find] with a look-up of keys. An entry that
//     is Repeated is rejected as repeated.
//  2. An entry that [Found.MayBeReused] and is [Reused], judged by the texts of
//     the known item and the entry, is [Found.Anew] and counts in Tally.Reused.
//  3. A known item: where [TextHash] moved, keep the old text as a Revision with
//     its [Figures], unless the new text is one kept in the last 24 hours. A new
//     item: its ID is Found.Name.ItemID, its feed id comes from [EntryID].
//  4. Store Found.Missing for the item, each key only if nobody has it. A stored
//     key never moves.
//  5. Keep [Judge] of the tally in SourceState.Distrust.
//
// Then for each item that is new or revised:
//
//  6. [Sign] it. Add its [TextKeys] to the uses of its source's texts, at most
//     [MaxUses] of each. Where that makes [IsSeries] or [IsBoilerplate] of an
//     earlier item of those uses another answer, its component is touched.
//  7. Write its [CandidateKeys] to the day of Item.At. Candidates are the items
//     within [Window] of it whose shared keys weigh [Enough] together.
//  8. [Relate] it with each. A Verdict with a Relation becomes an edge
//     ([NewEdge]), for ever; where a pair has one, keep the one that
//     [Edge.Stronger] prefers. An edge that [Edge.Joins] touches the components
//     of both.
//  9. For each touched component, gathered over edges that join and over merges:
//     [Groups] of its members, all their edges and overrides. Keep the groups,
//     with their [Representative].
//
// And for each item that is new and no series, once groups stand:
//
//  10. It is in the story of its copy group, if that has one; else in that of the
//     item at the other end of its strongest story edge, unless a split stands
//     between; else the nearest by [Link] of the stories that share two
//     [StoryKeys] with members at most [StoryReach] away, the heaviest first, as
//     long as their keys [Vector.Reach] further than the best; of each count the
//     [StoryMembers] newest members, one of a copy group. The story's ID is that
//     of the member that began it.
//
// Beside that, [NameKeys] make items findable across scripts, for people: two that
// [Possibly] tell the same are shown, and count for nothing.
//
// Kept are thus: keys, edges, uses of texts, candidate keys by day, groups,
// members and keys of stories, overrides, and [Tables] beside every edge.
// Signatures and vectors are made again when they are needed.
package story
