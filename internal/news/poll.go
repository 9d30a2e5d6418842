package news

import (
	"strings"
	"time"
)

// Kind is the outcome of a poll, one of a closed list.
type Kind string

// The closed list of poll outcomes.
const (
	KindOK             Kind = "ok"              // a document that parsed
	KindUnchanged      Kind = "unchanged"       // 304, or a 200 with the body of last time
	KindTimeout        Kind = "timeout"         // any deadline
	KindDNS            Kind = "dns"             // the name was not resolved
	KindRefused        Kind = "refused"         // refused, reset, lost before a complete item
	KindTLS            Kind = "tls"             // handshake or certificate
	KindStatus         Kind = "status"          // an answer that carries no document
	KindTooLarge       Kind = "too-large"       // a limit of bytes or of the prescan
	KindRedirect       Kind = "redirect"        // loop, too many, no or bad Location
	KindPrivateAddress Kind = "private-address" // refused by the address guard
	KindNotAFeed       Kind = "not-a-feed"      // no feed root, or cut before the first item
	KindGone           Kind = "gone"            // 410
)

// Kinds lists every Kind in the order of the documentation.
func Kinds() []Kind {
	return []Kind{
		KindOK, KindUnchanged, KindTimeout, KindDNS, KindRefused, KindTLS, KindStatus,
		KindTooLarge, KindRedirect, KindPrivateAddress, KindNotAFeed, KindGone,
	}
}

// Good says whether the source answered as it should.
func (k Kind) Good() bool { return k == KindOK || k == KindUnchanged }

// Reason says why an item of a document was not kept, one of a closed list.
type Reason string

// The closed list of reasons.
const (
	RejectedEmpty    Reason = "empty"    // no id, link, title or text
	RejectedRepeated Reason = "repeated" // same identity earlier in this document
	RejectedOversize Reason = "oversize" // one text above the limit
	RejectedDamaged  Reason = "damaged"  // cut away by salvage
	RejectedParser   Reason = "parser"   // counted by the prescan, not delivered by the parser
)

// Reasons lists every Reason in the order of the documentation.
func Reasons() []Reason {
	return []Reason{RejectedEmpty, RejectedRepeated, RejectedOversize, RejectedDamaged, RejectedParser}
}

// Hop is one redirect that a poll followed.
type Hop struct {
	Status int
	URL    string // where it led
}

// Hints are what a document or its headers ask of a poller. The zero value
// asks for nothing.
type Hints struct {
	Fresh     time.Duration // do not ask again for so long
	Why       string        // which element or header said it: "ttl", "max-age"
	SkipHours uint32        // bit h: not in hour h, GMT (RSS 2.0 skipHours)
	SkipDays  uint8         // bit d: not on weekday d, Sunday 0 (RSS 2.0 skipDays)
	Hub       string        // WebSub hub and the topic's own address there
	Self      string
}

// Poll is one attempt on one source: what was asked, what came of it, and when
// the next one is due.
type Poll struct {
	ID     uint64 // random; a Commit that is repeated is recognised by it
	Source string
	At     time.Time // when it began
	Kind   Kind
	Text   string // what went wrong, for people; empty when Kind.Good
	Status int    // of the last answer; 0: there was none

	URL      string // the configured address
	Hops     []Hop
	Bytes    int64 // on the wire
	Duration time.Duration

	// Complete says that the whole document came and parsed as it was. Without
	// it Validators and BodyHash are not stored (P2, rule F8 of intake).
	Complete   bool
	Salvaged   bool // the document was damaged; what was whole is kept
	Baseline   bool // the first document of its source: kept, never news
	Validators Validators
	BodyHash   uint64

	Hints      Hints
	RetryAfter time.Time // zero: the server did not say
	Timing     Timing    // of the source when it was polled
	Jitter     float64   // [0,1), drawn by the poller
	OwnOutage  bool      // the line is ours: no failure of the source

	// Fetched = New + Known + the sum of Rejected (P5). Revised are among Known.
	Fetched  int
	New      int
	Known    int
	Revised  int
	Rejected map[Reason]int

	Next time.Time
	Why  string

	Fence      uint64 // of the claim; 0: none was needed
	Generation uint64 // of the configuration that it was matched with
}

// Accounted says whether every item of the document became new, known or
// rejected (P5).
func (p *Poll) Accounted() bool {
	n := p.New + p.Known
	for _, k := range p.Rejected {
		n += k
	}
	return n == p.Fetched
}

// GapItems is the number of items that a document must have for its known part
// to say something.
const GapItems = 5

// Gap says whether items may have been missed: the document turned over faster
// than it was polled, so that less than a tenth of it was known.
func (p *Poll) Gap() bool {
	items := p.New + p.Known
	return p.Kind == KindOK && !p.Baseline && !p.Salvaged && items >= GapItems && p.Known*10 < items
}

// Reject counts n items that are not kept, for the reason.
func (p *Poll) Reject(reason Reason, n int) {
	if n == 0 {
		return
	}
	if p.Rejected == nil {
		p.Rejected = make(map[Reason]int)
	}
	p.Rejected[reason] += n
}

// Outcome returns the Kind with what is worth adding, for a line of a log or a
// page: "status 503", "not-a-feed: HTML page".
func (p *Poll) Outcome() string {
	var b strings.Builder
	b.WriteString(string(p.Kind))
	if p.Text != "" {
		b.WriteString(": " + p.Text)
	}
	return b.String()
}
