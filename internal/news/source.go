package news

import (
	"net/url"
	"time"
)

// Source is an upstream feed that is polled, as feeds.yaml describes it with
// the defaults filled in.
type Source struct {
	ID        string // [a-z0-9-]{1,64}; in URLs, logs and metrics
	Name      string
	URL       string // as it is asked, values of ${NAME} expanded
	Publisher string // who is behind it; several sources can share one
	Domain    string // registrable domain of URL, the host itself where there is none
	Lang      string // ISO 639-1; empty: detected for each item
	Country   string // ISO 3166-1 alpha-2
	Type      SourceType
	Timing    Timing
	Timezone  *time.Location // for dates without a zone; nil: UTC

	UserAgent           string            // empty: Khyber's own
	Headers             map[string]string // sent to the host of URL only
	Proxy               string            // URL of a proxy; empty: none, never the environment's
	AllowPrivateNetwork bool              // the host and port of URL may be private
	MaxBytes            int64             // on the wire and decoded, each; 0: the default of fetch
	Timeout             time.Duration     // of the whole poll; 0: the default of fetch
	HostGap             time.Duration     // between two requests to Domain; 0: the default of poll
	Disabled            bool

	// Private says that URL holds userinfo or a value of the environment, so
	// that it is never shown to anybody.
	Private bool
}

// PublicURL returns the address that may be shown to anybody; empty when the
// source is Private or its URL does not parse.
func (s *Source) PublicURL() string {
	u, err := url.Parse(s.URL)
	if err != nil || s.Private || u.User != nil {
		return ""
	}
	return s.URL
}

// SourceType says what kind of outlet a source is: the key `kind:` of feeds.yaml.
type SourceType string

// The closed list of source types.
const (
	Newspaper   SourceType = "newspaper"
	Agency      SourceType = "agency"
	Broadcaster SourceType = "broadcaster"
	StateMedia  SourceType = "state"
	Exile       SourceType = "exile"
	ThinkTank   SourceType = "think-tank"
	Official    SourceType = "official"
	NGO         SourceType = "ngo"
	Aggregator  SourceType = "aggregator"
)

// SourceTypes lists every SourceType in the order of the documentation.
func SourceTypes() []SourceType {
	return []SourceType{Newspaper, Agency, Broadcaster, StateMedia, Exile, ThinkTank, Official, NGO, Aggregator}
}

// Timing is what feeds.yaml says about when a source is polled. Schedule wins
// over Every; with neither the interval adapts itself between MinEvery and
// MaxEvery.
type Timing struct {
	Schedule    string         // robfig/cron syntax, five fields
	Location    *time.Location // of Schedule; nil: UTC
	Every       time.Duration
	MinEvery    time.Duration
	MaxEvery    time.Duration
	IgnoreHints bool // what the server asks for is not heeded; Retry-After always is
}

// Validators are what a server wants to hear back in a conditional request
// (RFC 9110 §8.8, §13.1), byte for byte as they came. The zero value means that
// there are none.
type Validators struct {
	ETag         string
	LastModified string

	// Host is whose they are when a redirect led to another host than that of
	// the source's URL; empty: that of the URL. No other host is sent them.
	Host string
}

// State is what a source's polls of late say about it.
type State string

// The closed list of states; guides call them source states. They are entered
// and left by polls only; StateLate is reckoned when it is shown.
const (
	StateNew      State = "new"      // no good poll yet
	StateOK       State = "ok"       // good polls, news within its usual gap
	StateLate     State = "late"     // its next poll is overdue: our fault, not the source's
	StateSilent   State = "silent"   // good polls, nothing new for unusually long
	StateEmpty    State = "empty"    // good documents without an item
	StateUndated  State = "undated"  // almost no item has a usable date
	StateFailing  State = "failing"  // several failed polls in a row
	StateGone     State = "gone"     // the last poll was 410
	StateDisabled State = "disabled" // by the editor
)

// SourceState is what the store remembers of a source between its polls. The
// zero value belongs to a source that was never polled.
type SourceState struct {
	Source     string
	URL        string // the configured address that Validators and Redirect belong to
	Validators Validators
	BodyHash   uint64 // of the last committed decoded body; 0: none

	Next  time.Time // when it is due; zero: at once
	Why   string    // why then: "every 10m", "back-off 3", "retry-after"
	Hold  time.Time // no request before it, by Retry-After
	Hints Hints     // of the last answer that had some

	Interval  time.Duration // of the adaptive schedule; 0: not started
	Failures  int           // failed polls in a row
	Gone      int           // 410 answers in a row
	GoodPolls uint64        // complete documents and unchanged answers so far
	Baseline  bool          // the first document was committed

	LastPoll    time.Time
	LastKind    Kind
	LastStatus  int
	LastText    string // what the last failure said
	LastOK      time.Time
	LastNew     time.Time // when a poll last found something new
	FirstFailed time.Time // of the failures in a row

	State State
	Since time.Time       // when State was entered
	Gaps  []time.Duration // between the last polls that found something new, oldest first, at most 32
	Items uint64          // items ever kept
	Empty int             // good documents without an item in a row
	Dated [2]int          // of the last 20 or so new items: with a usable date, without

	Redirect Redirect // a permanent redirect on its way to be learned
	Distrust Distrust // what is wrong with its guids
	Fence    uint64   // grows with each commit; a stale claim does not match it
}

// Distrust says when a source's guids last showed that they cannot be relied
// on, and how. A zero time is a symptom that was not seen of late. Package story
// judges and uses it.
type Distrust struct {
	Reused   time.Time // one guid on several items
	Rotating time.Time // new guids for known links
	Rekeyed  time.Time // new guids and new links for known texts
}

// Redirect counts how often a source answered with the same permanent
// redirect. It is learned when poll says so; then Learned is set and URL is
// asked instead.
type Redirect struct {
	URL     string
	Polls   int
	First   time.Time
	Last    time.Time
	Learned bool
}

// Claim is a worker's hold on a source that is due.
type Claim struct {
	Source string
	Due    time.Time
	Fence  uint64
	Until  time.Time // afterwards another worker may claim it; zero: never
}

// Config is what the store must know of one state of feeds.yaml: the files as
// they are written, secrets not expanded, and what they define.
type Config struct {
	Hash       uint64 // of all files
	Generation uint64 // counts the accepted ones; set by the store
	Files      []File
	Sources    []Source
	Topics     []Topic
	Applied    time.Time
}

// File is a file as it was read.
type File struct {
	Path string
	Text []byte
}
