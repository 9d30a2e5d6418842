// Package parse owns the way from the bytes of a document to items: RSS 0.9x,
// 1.0 and 2.0, Atom 0.3 and 1.0, JSON Feed 1 and 1.1, and CDF.
//
// gofeed reads the formats, but it never sees raw bytes: alone it can be killed
// by a small document, loses a whole document to one bad byte and changes ids.
// So a document goes through these steps, in this order:
//
//	decode    any charset → UTF-8 that XML allows
//	prescan   one pass over the markup: limits, items with their raw ids and dates,
//	          mending, salvage; long texts are put aside and what nobody reads is
//	          left out, so that gofeed reads a skeleton
//	gofeed    the skeleton → elements of the format
//	translate what gofeed delivers, and what it loses, → drafts of items
//	dates     own parser over the raw strings
//	links     resolved against xml:base, Content-Location and the final URL
//	sanitise  every string, not only content
//
// Every item that the prescan counted ends as an item of the Document or in
// Rejected with its reason; only whether an item repeats another one of the
// document is decided later, by who knows identities.
//
// The package knows no network, no clock and no store, keeps no state and
// starts no goroutine. A panic below Parse is recovered at its border.
package parse
