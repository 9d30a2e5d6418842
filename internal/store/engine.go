package store

import (
	"context"
	"errors"
	"io"
	"time"

	"khyber/internal/news"
	"khyber/internal/story"
)

// The errors that callers of a Store or an Engine branch on. They come wrapped.
var (
	ErrFenced      = errors.New("another worker has polled the source meanwhile")
	ErrStaleConfig = errors.New("the configuration has changed meanwhile")
	ErrFull        = errors.New("the disk or the database is full")
	ErrReadOnly    = errors.New("the database takes no more writes until a restart")
	ErrNotFound    = errors.New("not found")
	ErrExpired     = errors.New("expired")
)

// KeptPolls is the number of polls that are kept of a source.
const KeptPolls = 50

// Engine is storage. It keeps what it is given and decides nothing. Slices go
// in and out, so that an engine across a network needs few round trips.
type Engine interface {
	// Write runs f in a transaction: all or nothing, nil means durable. f may
	// run more than once, so it resets its results first. An error of f is
	// returned as it is; else ErrFull, ErrReadOnly.
	Write(ctx context.Context, f func(Tx) error) error
	// Read runs f on one snapshot.
	Read(ctx context.Context, f func(ReadTx) error) error
	// Claim gives at most n active sources that are due before now + ahead,
	// those that wait longest first, to a worker, for ttl; a ttl of 0 has no
	// end. An engine whose workers share a database uses that one's clock.
	Claim(ctx context.Context, worker string, now time.Time, ahead time.Duration, n int, ttl time.Duration) ([]news.Claim, error)
	// Settle records a poll that brought nothing. It may keep it in memory until
	// the next Write or Flush, but Source and Sources see it at once. ErrFenced
	// when the source's fence is not one below the record's.
	Settle(ctx context.Context, s Source, p news.Poll) error
	// Flush makes durable what Settle keeps in memory.
	Flush(ctx context.Context) error
	// Backup writes a snapshot that the engine can open.
	Backup(ctx context.Context, w io.Writer) error
	// Check looks for damage in the engine's own structures. Where it finds some
	// there are no more writes: they would fail with ErrReadOnly and ErrDamaged.
	Check(ctx context.Context) error
	// Sizes measures the storage.
	Sizes(ctx context.Context) (Sizes, error)
	// Close ends the engine. It flushes nothing.
	Close() error
}

// ReadTx reads one snapshot. Nothing that it returns belongs to the engine
// afterwards. What is not found is a zero value in its place.
type ReadTx interface {
	// Generation returns the generation of the last configuration; 0: none.
	Generation() (uint64, error)
	Config() (news.Config, error)
	// Sources returns the named sources, all of them by ID when ids is nil.
	Sources(ids []string) ([]Source, error)
	// Polls returns the last polls of a source, newest first.
	Polls(source string) ([]news.Poll, error)
	// Document returns what the last complete document of a source held, by item.
	Document(source string) ([]Present, error)
	// Owners returns for each key the items that carry it, whatever its scope.
	Owners(keys []story.Key) ([][]Owner, error)
	Items(ids []news.ItemID) ([]Stored, error)
	// Texts returns the Text of items, without reading them whole; 0 of one that
	// has none.
	Texts(ids []news.ItemID) ([]uint64, error)
	Revisions(ids []news.ItemID) ([][]news.Revision, error)
	// Uses returns the appearances of texts at their sources, in any order.
	Uses(texts []Text) ([][]story.Use, error)
	// Near tells f for each key what an index holds under it between two days, in
	// any order; an item may be there more than once.
	Near(index Index, keys []uint64, from, to time.Time, f func(key int, id news.ItemID)) error
	// Edges and Overrides return for each item those that it is an end of.
	Edges(ids []news.ItemID) ([][]story.Edge, error)
	Overrides(ids []news.ItemID) ([][]story.Override, error)
	Kin(ids []news.ItemID) ([]Kin, error)
	// Members tells f the members of one story after the other, at most so many of
	// each, those that arrived last first; 0: all. An item that stands alone has
	// none.
	Members(stories []news.ItemID, most int, f func(story int, m Member)) error
	// Marks returns the marks of items in a topic; 0: it has none.
	Marks(topic string, ids []news.ItemID) ([]news.Mark, error)
	Topics() ([]Topic, error)
	// Entries returns at most n entries of a topic below a mark, highest first;
	// 0 is above all.
	Entries(topic string, below news.Mark, n int) ([]Joined, error)
	// Scan returns at most n items in the order of their arrival, or against it,
	// from a cursor on, and the next cursor, empty at the end. An item that
	// arrives meanwhile is at the end of that order.
	Scan(cursor string, n int, backward bool) ([]Stored, string, error)
	// Stubs returns at most n stubs from a cursor on, earliest first.
	Stubs(cursor string, n int) ([]Stub, string, error)
	// Keys returns the keys of a table that begin with a prefix, in their order.
	Keys(table Table, prefix string) ([]string, error)
	// Rows returns the values of keys; nil: there is none.
	Rows(table Table, keys []string) ([][]byte, error)

	// What only a Stream asks for, since nothing else names it: every key with
	// the item that carries it, every text with its uses, every entry of an
	// index, and the highest mark that a topic has ever given.
	EachKey(f func(KeyOf) error) error
	EachUse(f func(Text, []story.Use) error) error
	EachNear(f func(Index, Near) error) error
	Top(topic string) (news.Mark, error)
}

// Tx is a transaction that writes too.
type Tx interface {
	ReadTx
	PutConfig(c news.Config) error
	// PutSources writes records as they are.
	PutSources(s []Source) error
	DeleteSources(ids []string) error
	// PutPoll writes a record and adds a poll to its source's last ones.
	PutPoll(s Source, p news.Poll) error
	PutDocument(source string, document []Present) error
	// PutItems adds or replaces items. They come in the order of arrival.
	PutItems(items []Stored) error
	// SetKeys gives keys to items. A key that its scope already has stays.
	SetKeys(keys []KeyOf) error
	PutRevisions(id news.ItemID, r []news.Revision) error
	// PutUses adds the uses of texts that are not there yet. Their times are of
	// whole seconds.
	PutUses(texts []Text, uses [][]story.Use) error
	// PutNear adds to an index, at most most items under one key of a day, or twice
	// as many for a while.
	PutNear(index Index, entries []Near, most int) error
	// DropNear deletes what the indexes hold of days before a time, and the uses
	// before another. It may look at some of both only, at others when it is called
	// again.
	DropNear(day, use time.Time) error
	PutEdges(edges []story.Edge) error
	PutOverride(o story.Override) error
	PutKin(kin []Kin) error
	PutTopics(t []Topic) error
	// Append gives each item the next mark of the topic, and leaves out those
	// that have one. An item that brings a mark keeps it: marks rise.
	Append(topic string, items []Joined) (added int, err error)
	// SetTop says which mark is the highest that the topic has ever given.
	SetTop(topic string, top news.Mark) error
	// Strip turns items into stubs and deletes their revisions. Keys and entries
	// stay.
	Strip(stubs []Stub) error
	PutStubs(stubs []Stub) error
	// Forget deletes stubs and the entries of their items. A mark is not given
	// again.
	Forget(stubs []news.ItemID) error
	// Sweep looks at about n keys from a cursor on and deletes those whose item
	// is forgotten.
	Sweep(cursor string, n int) (next string, deleted int, err error)
	// PutRows keeps rows, and deletes those whose Value is nil.
	PutRows(table Table, rows []Row) error
}

// Source is what an engine keeps of a source.
type Source struct {
	State  news.SourceState
	Poll   uint64 // ID of the last poll that is recorded
	Origin string // its first ID, to which keys and items belong for ever
	Active bool   // in the file and not disabled: it may be claimed

	Timing uint64 // hash of its timing keys, so that a reload sees a change
}

// Stored is an item as it is kept. Source is the origin of its source; of the
// last block only Late and News are not those of news.Item.
type Stored struct {
	Item news.Item
	Text uint64 // story.TextHash of title and summary
}

// Present is an item in its source's last complete document.
type Present struct {
	Item news.ItemID
	Raw  uint64 // hash of what it was known by there, see rawHash
}

// Owner is an item that carries a key.
type Owner struct {
	ID     news.ItemID
	Source string // origin
	Text   uint64
	Stub   bool
}

// ShortKey returns what engines keep of a key: the first 64 bits of its hash and
// the last 32 of its scope. A stream between two of them has no more.
func ShortKey(k story.Key) story.Key {
	k.Scope = uint64(uint32(k.Scope))
	clear(k.Hash[8:])
	return k
}

// KeyOf is a key and the item that it was found to be.
type KeyOf struct {
	Key  story.Key
	Item news.ItemID
}

// Joined is an entry of a topic as it is kept.
type Joined struct {
	Item news.ItemID
	Mark news.Mark
	At   time.Time
	Late bool
	News bool
}

// Topic is what an engine keeps of a topic. Entries are filed under Origin, its
// first ID, so that a renamed topic takes its marks along.
type Topic struct {
	Topic    news.Topic
	Origin   string
	Revision uint64
	Changed  time.Time // moves forward by at least one second
	Since    time.Time // when it was first loaded
	Removed  bool
	Rules    uint64 // hash of the rules that the archive was matched with; 0: of several
	Matching uint64 // hash of those that it is matched with now, from Cursor on
	Cursor   string
	Looked   int // items before Cursor
}

// Text is a title or a summary of a source, by the hash of [story.TextKeys].
type Text struct {
	Source string // origin
	Hash   uint64
}

// Index says what is looked for near an item.
type Index uint8

// The indexes: items that may be copies, stories that may take an item, and items
// that name the same in any script.
const (
	NearCopies Index = iota + 1
	NearStories
	NearNames
)

// Near is an entry of an index: an item, or a story, under a key of 48 bits on
// the day of At.
type Near struct {
	Key uint64
	At  time.Time
	ID  news.ItemID
}

// Table is a set of rows whose meaning an engine does not know: few of them, or
// read one at a time.
type Table uint8

// The tables.
const (
	TableHub           Table = iota + 1 // subscribers of the WebSub hub
	TableChain                          // where the archive of a topic stands
	TablePart                           // closed parts of archives
	TableSubscriptions                  // ours to the hubs of sources
	TableNotices                        // episodes of trouble
	TableGivers                         // which sources gave to a topic, and when last
	TableVolumes                        // stories of a topic by the hour
	TableJoints                         // stories that a person made one
	TableLevels                         // how many publishers have told a story
	TablePass                           // where Reconcile stands
	TableEvents                         // what is to be told, in its order
	TableTargets                        // how far it was told, by target
	TableFacts                          // single facts: when the last backup was made

	tablesEnd // no table: those before it are all
)

// Row is a value under a key. Neither is empty.
type Row struct {
	Key   string
	Value []byte
}

// Kin is where an item belongs. The zero value but for Item: it stands alone.
type Kin struct {
	Item       news.ItemID
	Group      news.ItemID // representative of its copies, itself included
	Story      news.ItemID // the item that began its story
	Similarity int         // to the story, thousandths; 0: joined by an edge
}

// Member is a member of a story, with what Commit asks of many.
type Member struct {
	Item  news.ItemID
	Group news.ItemID // as in its Kin
	Text  uint64      // 0: its text has expired
}

// Stub is what is left of an item whose text has expired: enough to know it
// when it comes again (P3).
type Stub struct {
	ID     news.ItemID
	Source string // origin
	Text   uint64
	Since  time.Time // when it was stripped, or last seen in a document
	Polls  uint64    // good polls of its source at Since
}

// CommitSizes measures the commits of an engine, in each of which many writes
// may share.
type CommitSizes struct {
	Seconds Histogram // how long a commit took
	Writes  Histogram // how many shared it
}

// Sizes measures an engine.
type Sizes struct {
	Items      int
	Bytes      int64         // of the file
	Free       int64         // of them to be used again
	Limit      int64         // the file grows no further; 0: no limit
	OldestRead time.Duration // age of the oldest snapshot in use
	DiskFree   int64         // bytes that its disk has left; 0: not known
	Fault      error         // why there are no writes: ErrFull as long as there is no room; nil: there are
	Crashed    bool          // it was not closed the last time, and not checked since
	Schema     int           // of the file

	Commits CommitSizes // since it was opened
}
