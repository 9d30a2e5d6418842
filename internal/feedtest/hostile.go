package feedtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"khyber/internal/news"
)

// Hostile is a document that hurts or is hurt, with what must come of it. In
// all cases: within a second, 64 MiB over what was in use before, no panic, no
// active content in any field, and every counted item accounted for.
type Hostile struct {
	Family string
	Name   string // unique; ends in its size where it has one
	Type   string // Content-Type, as sent; empty: none
	Kind   news.Kind
	Least  int    // items that must be kept; only with KindOK
	Most   int    // items that may be kept
	Never  string // in no field of any item; empty: nothing

	make func() []byte
}

// Body makes the document: the same bytes at each call, at most 8 MiB of them,
// which is what fetch lets through.
func (h Hostile) Body() []byte { return h.make() }

// AnyKind is the Kind of a Hostile that may be refused or read, as long as it
// does no harm.
const AnyKind news.Kind = ""

// The limits of the prescan that the outcomes rest on; see the guide to parse.
const (
	depthLimit     = 128
	partsLimit     = 150_000
	attrsLimit     = 128
	scopeLimit     = 256
	baseLimit      = 64 << 10
	itemsLimit     = 10_000
	referenceLimit = 250_000
	fieldLimit     = 512 << 10
	tokenLimit     = 300_000
	bodyLimit      = 8<<20 - 1<<10 // less what stands around
)

// HostileDocuments lists all families with their variations, more than 500
// documents. Nothing is made before Body is called.
func HostileDocuments() []Hostile {
	return slices.Concat(
		nesting(), namespaces(), bases(), pieces(), counts(), entities(), hiding(),
		charsets(), damage(), identities(), markup(), unclosed(),
	)
}

const (
	rssHead  = "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:x=\"urn:x\"><channel><title>Hostile</title>"
	rssTail  = "</channel></rss>"
	atomHead = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Hostile</title>"
	atomTail = "</feed>"
	goodness = 3 // whole items around each hostile one
)

// good is n whole items, numbered from a number on that no other item has.
func good(n int) string {
	return numbered("<item><title>Whole %d</title><link>https://herald.example/whole/%d</link><guid>whole-%d</guid></item>", n)
}

// inItem is a document with three whole items, one with the hostile part, and
// its end.
func inItem(part string) string {
	return rssHead + good(goodness) + "<item><title>Hostile</title><link>https://herald.example/h</link>" + part + "</item>" + rssTail
}

func inChannel(part string) string { return rssHead + part + good(goodness) + rssTail }

func inJSON(part string) string {
	return `{"version":"https://jsonfeed.org/version/1.1","title":"Hostile",` + part + `}`
}

func rep(s string, n int) string { return strings.Repeat(s, n) }

// numbered writes the format n times with its number for every verb.
func numbered(format string, n int) string {
	verbs := strings.Count(format, "%d")
	args := make([]any, verbs)
	var b strings.Builder
	for i := range n {
		for j := range args {
			args[j] = i
		}
		fmt.Fprintf(&b, format, args...)
	}
	return b.String()
}

// family collects the members of one.
type family struct {
	name string
	list []Hostile
}

// size adds a member that is read up to a limit and refused above it.
func (f *family) size(name string, n, limit int, make func() string) {
	kind := news.KindOK
	if n > limit {
		kind = news.KindTooLarge
	}
	f.add(Hostile{Name: fmt.Sprintf("%s %d", name, n), Kind: kind, Least: goodness, Most: goodness + 1}, make)
}

func (f *family) add(h Hostile, make func() string) {
	h.Family, h.Name = f.name, f.name+": "+h.Name
	h.make = func() []byte { return []byte(make()) }
	if h.Kind == AnyKind && h.Most == 0 {
		h.Most = 1 << 20
	}
	if h.Type == "" {
		h.Type = "application/xml"
	}
	f.list = append(f.list, h)
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
