package parse

import (
	"bytes"
	"net/url"
	"slices"

	"khyber/internal/news"
)

// role is the place of an element in a document.
type role uint8

const (
	roleNone role = iota
	roleRoot
	roleChannel
	roleHead  // child of the channel, or of an Atom root
	roleItem  // item or entry
	roleField // child of an item
)

// format is the family of a document, by its root element.
type format uint8

const (
	formatRSS format = iota
	formatRDF
	formatAtom
	formatJSON
)

// element is an open element.
type element struct {
	name    []byte // as written
	local   string
	space   space
	role    role
	kids    bool // has child elements
	virtual bool // was added around a root that stands alone
	dropped bool // its tags are removed
	omitted bool // gofeed does not see it at all
	rename  string
	base    int // index into bases
	typ     string
	mode    string

	start, inner            int // of the start tag, behind it
	edits, bindings, asides int // how many there were when it began
	text                    int // bytes of its own so far
	about, lang             string
	opaque                  bool // isPermaLink="false"
	oversize                bool
}

// binding is a prefix in scope.
type binding struct {
	prefix []byte
	space  space
	hidden bool // its declaration is not in the skeleton
}

// itemShape is what the prescan knows of an item and gofeed loses.
type itemShape struct {
	start, end int
	id         string // raw guid or id, the first that is not empty
	opaque     bool   // it says that it is no permalink
	about      string // rdf:about
	lang       string // xml:lang
	published  string // raw: pubDate, published or issued
	updated    string // raw: updated or modified
	created    string // raw
	seen       uint8  // the texts that it has, of which the first counts
	base       int
	atRoot     bool // beside the channel, as in RSS 1.0
}

// shape is the result of the prescan of an XML document and its state.
type shape struct {
	lexer
	format   format
	cdf      bool
	version  string
	lang     string            // xml:lang of root or channel
	authors  []string          // of an RSS channel: gofeed leaves them out
	seen     uint8             // the texts of the head
	heads    map[string]string // other elements of the head that gofeed leaves out, or changes
	items    []itemShape
	edits    []edit
	asides   []aside
	nonce    string
	bases    []*url.URL // the first one is the document's own
	rejected map[news.Reason]int
	repairs  []string
	salvaged bool

	open     []element
	item     int // index of the open item in open; -1: none
	channels int
	bindings []binding
	entities map[string]string
	expanded int  // bytes of entities so far
	joined   bool // the text goes on behind a stray sign
	parts    int
	copying  int
	baseSize int
	cuts     int
}

// prescan reads the markup of an XML document once. Its error is an *Error:
// a limit was crossed, or it is no document with items.
func prescan(b []byte, base *url.URL) (*shape, error) {
	s := &shape{lexer: lexer{b: b}, item: -1, bases: []*url.URL{base}, nonce: nonce(b), rejected: map[news.Reason]int{}}
	if n := bytes.Count(b, []byte{'&'}); n > maxReferences {
		return nil, over("references", n, maxReferences)
	}
	s.edits = make([]edit, 0, len(b)/128) // a newspaper's has one in 130 bytes
	at := 0
	for at < len(b) {
		i := bytes.IndexByte(b[at:], '<')
		if i < 0 {
			i = len(b) - at
		}
		s.characters(at, at+i)
		at += i
		if at == len(b) {
			break
		}
		t := s.token(at)
		next, err := s.take(&t)
		if err != nil {
			return nil, err
		}
		at = next
		if len(s.open) == 0 && s.started() {
			break
		}
	}
	return s, s.finish(at)
}

// started says whether there was a root element.
func (s *shape) started() bool { return s.channels > 0 || s.version != "" }

// take handles one token and returns where to go on.
func (s *shape) take(t *token) (int, error) {
	if t.kind != tokenEnd {
		s.parts++
	}
	if s.parts+len(t.attrs) > maxParts {
		return 0, over("elements and attributes", s.parts+len(t.attrs), maxParts)
	}
	s.joined = t.kind == tokenStray
	if s.copying > maxCopying {
		return 0, over("copied bytes", s.copying, maxCopying)
	}
	switch t.kind {
	case tokenStart, tokenEmpty:
		return s.begin(t)
	case tokenEnd:
		return s.end(t), nil
	case tokenCDATA:
		return s.cdata(t), nil
	case tokenStray:
		if s.hurtsIdentity() {
			return s.cutDamaged(t.end), nil
		}
		s.stray(t)
	case tokenComment, tokenInstruction:
		s.edit(t.start, t.end, "")
	case tokenDoctype:
		s.edit(t.start, t.end, "")
		s.doctype(s.b[t.start:t.end])
	}
	return t.end, nil
}

// stray handles a < that begins no markup.
func (s *shape) stray(t *token) {
	if t.isSign() {
		s.edit(t.start, t.end, "&lt;")
		s.repair("a stray < was taken as text")
		return
	}
	s.edit(t.start, t.end, "")
	s.salvaged = true
	s.repair("a CDATA section without its end was taken as text")
}

// begin opens an element.
func (s *shape) begin(t *token) (int, error) {
	if len(s.open) >= maxDepth {
		return 0, over("depth", len(s.open)+1, maxDepth)
	}
	if len(t.attrs) > maxAttrs {
		return 0, over("attributes of one element", len(t.attrs), maxAttrs)
	}
	if len(s.open) == 0 {
		s.lexer.root = true
		if err := s.root(t); err != nil {
			return 0, err
		}
	}
	_, local := cutPrefix(t.name)
	e := element{
		name: t.name, local: words.local(local), start: t.start, inner: t.end,
		edits: len(s.edits), bindings: len(s.bindings), asides: len(s.asides),
	}
	if s.missingEnd(&e) {
		return t.start, nil // what lacked its end is closed now: take the tag again
	}
	s.parts += len(t.attrs)
	s.attributes(t, &e)
	if len(s.bindings) > maxNamespaces {
		return 0, over("namespaces", len(s.bindings), maxNamespaces)
	}
	if s.baseSize > maxBaseBytes {
		return 0, over("bytes of xml:base", s.baseSize, maxBaseBytes)
	}
	s.copying += nsCopyBytes * len(s.bindings)
	if n := len(s.open); n > 0 {
		s.open[n-1].kids = true
	}
	s.place(&e)
	s.rewriteStart(t, &e)
	e.omitted = s.unread(&e)
	s.open = append(s.open, e)
	if e.role == roleField && t.damaged && s.hurtsIdentity() {
		return s.cutDamaged(t.end), nil
	}
	if e.role == roleItem {
		if len(s.items) >= maxItems {
			return 0, over("items", len(s.items)+1, maxItems)
		}
		s.item = len(s.open) - 1
		s.items = append(s.items, itemShape{
			start: e.start, about: e.about, lang: e.lang, base: e.base, atRoot: s.besideChannel(),
		})
	}
	if t.kind == tokenEmpty {
		s.close(t.end, t.end)
	}
	return t.end, nil
}

// besideChannel says whether gofeed will see the open item as a child of the
// root.
func (s *shape) besideChannel() bool {
	k := s.item - 1
	for k > 0 && s.open[k].dropped {
		k--
	}
	parent := &s.open[k]
	return s.format != formatAtom && parent.role == roleRoot
}

// missingEnd closes what lacks nothing but its end tag when an item begins: the
// item before it, or an element of the head that would swallow all items.
func (s *shape) missingEnd(e *element) bool {
	n := len(s.open) - 1
	if s.item < 0 && e.local == s.itemName() && n >= 0 && bytes.IndexByte(e.name, ':') < 0 {
		for k := n; k > 0 && s.open[k].role != roleChannel && s.open[k].role != roleRoot; k-- {
			if s.open[k].role == roleHead {
				s.closeTo(e.start, k)
				return true
			}
		}
	}
	if s.item < 0 || s.item != n || e.local == "" || e.local != s.open[n].local || !bytes.Equal(e.name, s.open[n].name) {
		return false
	}
	s.closeMissing(e.start)
	s.salvaged = true
	s.repair("an item without its end was closed")
	return true
}

// native says whether gofeed takes the element as one of the format's own.
func (s *shape) native(e *element) bool {
	if s.format == formatAtom {
		return e.space == spaceNone || e.space == spaceAtom
	}
	return e.space == spaceNone || e.space == spaceRSS
}

// place finds the role of an element.
func (s *shape) place(e *element) {
	if len(s.open) == 0 {
		e.role = roleRoot
		return
	}
	parent := &s.open[len(s.open)-1]
	switch parent.role {
	case roleItem:
		e.role = roleField
	case roleRoot, roleChannel:
		e.role = s.placeChild(e, parent)
	case roleNone, roleHead, roleField:
	}
}

// itemName is what the format calls an item.
func (s *shape) itemName() string {
	if s.format == formatAtom {
		return "entry"
	}
	return "item"
}

// closeTo closes all elements down to open[k], which lack their ends.
func (s *shape) closeTo(at, k int) {
	for n := len(s.open) - 1; n >= k; n-- {
		s.closeMissing(at)
	}
	s.salvaged = true
	s.repair("an element without its end was closed")
}

func (s *shape) placeChild(e *element, parent *element) role {
	switch {
	case e.local == s.itemName() && s.native(e):
		return roleItem
	case e.local == s.itemName() && e.space != spaceOther:
		// Of another format: counted, and gofeed does not deliver it.
		s.rejected[news.RejectedParser]++
	case e.local == "channel" && (parent.role == roleRoot || s.cdf) && s.format != formatAtom && s.native(e):
		s.channels++
		e.dropped = s.channels > 1 // gofeed keeps the last channel only, and none within another
		if s.lang == "" {
			s.lang = e.lang
		}
		return roleChannel
	case e.local == "items" && parent.role == roleChannel && s.format == formatRSS && s.native(e):
		e.dropped = true // RSS 1.1 has a list around its items
		return roleChannel
	}
	return roleHead
}

// finish closes what is open at the end of a document that was cut off, or
// cuts what follows its end.
func (s *shape) finish(at int) error {
	if !s.started() {
		return noDocument("no root element")
	}
	end := len(s.b)
	if len(s.open) == 0 {
		if rest := s.b[at:]; len(bytes.TrimSpace(rest)) > 0 {
			s.edit(at, end, "")
			s.trailing(rest)
		}
		return nil
	}
	whole := len(s.items)
	if s.item >= 0 {
		s.cutItem(end, news.RejectedDamaged)
		whole = len(s.items)
	}
	for n := len(s.open) - 1; n >= 0; n-- {
		if !s.open[n].virtual {
			if whole == 0 {
				return noDocument("cut off before the first item")
			}
			s.salvaged = true
			s.repair("the document was cut off")
		}
		s.closeMissing(end)
	}
	return nil
}

// trailing looks at what follows the root element: a second document loses its
// items, which is said.
func (s *shape) trailing(rest []byte) {
	lost := 0
	for _, name := range []string{"<item", "<entry"} {
		for i := 0; ; {
			j := boundary(rest[i:], name)
			if j < 0 {
				break
			}
			lost++
			i += j + len(name)
		}
	}
	lost = min(lost, maxItems)
	if lost > 0 {
		s.rejected[news.RejectedDamaged] += lost
		s.salvaged = true
	}
	if bytes.IndexByte(rest, '<') >= 0 && !bytes.HasPrefix(bytes.TrimSpace(rest), []byte("<!--")) {
		s.repair("text behind the end of the document was ignored")
	}
}

func (s *shape) repair(what string) {
	if !slices.Contains(s.repairs, what) {
		s.repairs = append(s.repairs, what)
	}
}
