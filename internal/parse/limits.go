package parse

import (
	"fmt"

	"khyber/internal/news"
)

// Limits of the prescan. The comment gives the largest value seen in 4,634 real
// and test documents; crossing one is Kind too-large with the limit's name.
const (
	maxDepth      = 128       // open elements; 15
	maxParts      = 150_000   // elements, attributes, comments and instructions; 12,503
	maxAttrs      = 128       // of one element; 14
	maxNamespaces = 256       // in scope; 10
	maxBaseBytes  = 64 << 10  // sum of all xml:base; 315
	maxItems      = 10_000    // 2,500
	maxReferences = 250_000   // ampersands; 8,269
	maxCopying    = 256 << 20 // bytes that gofeed would copy: name spaces and pieces of text; 0.7 MB
	maxTokens     = 300_000   // of a JSON document
	maxFieldBytes = 512 << 10 // text of one element, else its item is rejected; 44,776
	maxCuts       = 64        // damaged items that are cut out one by one; then the rest goes
	maxEntities   = 64        // of an internal DTD subset
	maxEntityText = 1 << 10   // bytes of one of them
	maxTagBytes   = 128 << 10 // from < to >, so that a lost > is found soon

	nsCopyBytes = 64 // what gofeed copies for each namespace in scope at each element
)

// Limits of what is handed on.
const (
	maxHTMLBytes    = 256 << 10 // of one HTML field
	maxTitleBytes   = 1 << 10
	maxSummaryBytes = 4 << 10 // plain text
	maxExcerptChars = 1200    // characters of text in an excerpt
	maxNameBytes    = 512     // a name, tag or address of a person
	maxRightsBytes  = 1 << 10
	maxURLBytes     = 4 << 10
	maxTags         = 64
	maxFiles        = 16
	maxAuthors      = 16
	maxIDBytes      = 4 << 10
)

// Error says why a document gave no items. Kind is not-a-feed or too-large.
type Error struct {
	Kind news.Kind
	Text string // for people
}

// Error returns the kind and the text.
func (e *Error) Error() string { return string(e.Kind) + ": " + e.Text }

// over is the error of a limit that was crossed.
func over(what string, have, limit int) error {
	return &Error{news.KindTooLarge, fmt.Sprintf("%s: %d, the limit is %d", what, have, limit)}
}

// noDocument is the error of a document that is something else.
func noDocument(format string, args ...any) error {
	return &Error{news.KindNotAFeed, fmt.Sprintf(format, args...)}
}
