package news

import "time"

// Topic is a named filter that an editor defines, less its rules.
type Topic struct {
	ID          string // [a-z0-9-]{1,64}; in the URL, never reused
	Title       string
	Description string
	ShowWhy     bool     // the plain last line "Why: …" in Atom and RSS
	Formerly    []string // earlier IDs, answered with a redirect
}

// Verdict is what a topic says of an item.
type Verdict uint8

// The verdicts. Out is the zero value: of an item that is kept and has no Match.
// A Match with it is the old reason of an item that has left by a changed rule.
const (
	Out Verdict = iota
	In
	Excluded
)

// String returns the word that JSON output and pages use.
func (v Verdict) String() string {
	switch v {
	case In:
		return "in"
	case Excluded:
		return "excluded"
	case Out:
		return "out"
	}
	return "unknown"
}

// Match is the verdict of a topic on an item with its reasons.
type Match struct {
	Topic    string
	Verdict  Verdict
	Rule     string    // the include rule that holds
	Excluded string    // the exclude rule that holds; empty unless Verdict is Excluded
	Mentions []Mention // the evidence, at most 4, by field and place
	Rules    uint64    // hash of engine, lexicon and topic that judged
}

// Mention is an entity or a phrase found in an item.
type Mention struct {
	Entity string // as written: "kabul"; empty for a phrase of a rule
	For    string // the entity that it counts for: "afghanistan"
	Text   string // the words of the item
	In     Field
	Start  int // bytes in the field's text
	End    int
}

// CountsFor returns the entity that a reader is shown for the mention: what it
// counts for, else what is written; empty for a phrase.
func (m *Mention) CountsFor() string {
	if m.For != "" {
		return m.For
	}
	return m.Entity
}

// Field is a part of an item in which a topic looks for mentions.
type Field string

// The fields that a Mention can stand in.
const (
	InTitle   Field = "title"
	InSummary Field = "summary"
	InTags    Field = "tags"
	InURL     Field = "url"
)

// Mark is the number that an item gets when it joins a topic: the order of a
// TopicFeed. The first one is 1.
type Mark uint64

// Entry is an item's place in a topic with all that a TopicFeed shows of it.
type Entry struct {
	Mark      Mark
	Joined    time.Time
	Late      bool // added by a changed rule when older than 48 h: no place in the live document (P6)
	News      bool // joined by a poll that was no baseline, younger than 48 h
	Item      Item
	Match     Match
	Story     Story
	Revisions []Revision // oldest first
}

// Story is what an entry shows of the items that report the same event.
type Story struct {
	ID          ItemID // of the member that began it; 0: the item stands alone
	Publishers  int    // all who carried it
	Independent int    // only those with a text of their own
	Event       ItemID // the report that told the item's event first; 0: it was not asked for
	Members     []Member
}

// Relation is how an item belongs to another one.
type Relation string

// The relations of a Member.
const (
	RelationCopy  Relation = "copy"  // the same text, collapsed
	RelationStory Relation = "story" // the same event in its own words
)

// Member is another item of an entry's story.
type Member struct {
	Item      ItemID
	Source    string
	Publisher string
	Title     string
	URL       string
	Published time.Time
	Relation  Relation
	Event     ItemID // as of the Story
	Rule      string // the rule that related them: "copy-text"
	Evidence  string // one sentence
}
