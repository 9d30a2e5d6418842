package news

import (
	"fmt"
	"strconv"
	"time"
)

// ItemID names an item for good: 8 bytes of a hash of its source and its first
// identity key. It is written as 16 hexadecimal digits.
type ItemID uint64

// String returns the 16 digits.
func (id ItemID) String() string { return fmt.Sprintf("%016x", uint64(id)) }

// MarshalText returns the 16 digits.
func (id ItemID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the 16 digits.
func (id *ItemID) UnmarshalText(b []byte) error {
	v, err := ParseItemID(string(b))
	*id = v
	return err
}

// ParseItemID reads the 16 digits that String writes.
func ParseItemID(s string) (ItemID, error) {
	v, err := strconv.ParseUint(s, 16, 64)
	if err != nil || len(s) != 16 {
		return 0, fmt.Errorf("%q is not an item id: it has 16 hexadecimal digits", s)
	}
	return ItemID(v), nil
}

// Item is one entry as one source published it. The first two blocks come from
// parse, the last one is made by Commit.
type Item struct {
	Source string // ID of the source
	GUID   string // the raw guid or id, trimmed of white space, else untouched
	Link   string // absolute http or https, as the source wrote it; empty: none

	Title   string // plain text
	Summary string // plain text of the summary, else of the content; at most 4 KiB
	Excerpt string // safe HTML of the summary, else of the content's beginning; published
	Authors []Person
	Tags    []string // the source's own categories
	Files   []Enclosure
	Image   string
	Rights  string // plain text
	Lang    string // ISO 639-1; empty: unknown
	Outlet  Outlet // whom an aggregator names as the real outlet (RSS source)

	Published time.Time // the source's own date; zero: none that can be used
	Updated   time.Time
	DateRaw   string // the date as it was written, kept as evidence

	// Full texts, who helped and what was mended, for `khyber parse` and `khyber
	// try`; not kept.
	SummaryHTML  string
	ContentHTML  string
	Contributors []Person
	Created      time.Time
	Repairs      []string

	ID        ItemID
	EntryID   string // its id in every topic feed, chosen once
	Publisher string // who is counted for it
	FirstSeen time.Time
	At        time.Time // min(Published, FirstSeen): its place in time (P7)
	Revised   time.Time // when its normalised text last changed; zero: never
	Matches   []Match
}

// Changed returns the time that a topic feed shows as updated: Revised, else At.
func (i *Item) Changed() time.Time {
	if i.Revised.IsZero() {
		return i.At
	}
	return i.Revised
}

// Person is an author. Every field may be empty.
type Person struct {
	Name  string
	Email string
	URL   string
}

// Enclosure is a file that an item brings along.
type Enclosure struct {
	URL    string
	Type   string // media type; empty: unknown
	Length int64  // bytes; 0: unknown
	Title  string
}

// Outlet is another publication that an item names as its origin.
type Outlet struct {
	Name string
	URL  string
}

// Revision is an earlier text of an item that its source changed.
type Revision struct {
	Title   string
	Summary string
	Until   time.Time // when the poll saw the next text
	Figures string    // numbers of the title that changed: "22 → 23"; empty: none
}
