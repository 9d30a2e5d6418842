// Package story owns what makes two entries one Item, an Item the Copy of
// another, and several the reports of one event. Nothing else in Khyber
// compares texts.
//
// It is pure: no clock, no store, no state; the tables are embedded. It must not
// know how anything is kept.
package story
