package parse

import (
	"bytes"
	"strings"
)

// attributes reads what the prescan wants to know of a start tag and mends its
// namespaces.
func (s *shape) attributes(t *token, e *element) {
	if n := len(s.open); n > 0 {
		e.base = s.open[n-1].base
	}
	for i := range t.attrs {
		a := &t.attrs[i]
		switch prefix, local := cutPrefix(a.name); {
		case string(a.name) == "xmlns":
			s.declare(nil, a, structural(e.local))
		case string(prefix) == "xmlns":
			s.declare(local, a, false)
		case string(prefix) == xmlPrefix:
			s.inherited(a, e, string(local))
		case string(a.name) == "type":
			e.typ = strings.ToLower(strings.TrimSpace(unescape(string(a.value))))
		case string(a.name) == "mode":
			e.mode = strings.ToLower(strings.TrimSpace(unescape(string(a.value))))
		case e.local == "guid" && bytes.EqualFold(local, []byte("ispermalink")):
			e.opaque = strings.EqualFold(strings.TrimSpace(unescape(string(a.value))), "false")
		case string(local) == "about":
			e.about = strings.TrimSpace(unescape(string(a.value)))
		}
	}
	prefix, _ := cutPrefix(e.name)
	e.space = s.lookup(prefix)
	if s.format == formatAtom && s.isText(e) {
		s.hideType(t)
	}
}

// inherited reads the attributes of XML itself, which hold for what is within.
func (s *shape) inherited(a *attr, e *element, name string) {
	switch name {
	case "base":
		s.newBase(e, unescape(string(a.value)))
		s.edit(a.start, a.end, "") // gofeed resolves otherwise than RFC 3986
	case "lang":
		e.lang = unescape(string(a.value))
	}
}

// hideType takes from a text of Atom what says how it is to be read: that is
// known, and gofeed would read even a mark as a page of HTML.
func (s *shape) hideType(t *token) {
	for _, a := range t.attrs {
		if string(a.name) == "type" || string(a.name) == "mode" {
			s.edit(a.start, a.end, "")
		}
	}
}

// structural says whether an element carries the items.
func structural(local string) bool {
	switch local {
	case "rss", "rdf", "feed", "channel", "item", "entry":
		return true
	}
	return false
}

// declare puts a prefix in scope and writes its address as gofeed knows it. The
// default namespace of a structural element is meant to be the format's own,
// whatever it says.
func (s *shape) declare(prefix []byte, a *attr, own bool) {
	address := unescape(string(a.value))
	u, known := words.namespace(address)
	b := binding{prefix: prefix, space: spaceOther}
	switch {
	case own && (!known || s.format != formatAtom && u.space != spaceNone && u.space != spaceRSS):
		b.space = s.ownSpace()
		text := ""
		if s.format == formatAtom {
			text = `xmlns="` + atomURI + `"`
		}
		s.edit(a.start, a.end, text)
	case known:
		b.space = u.space
		if b.hidden = s.hides(prefix, u); !b.hidden && u.exact != address {
			s.edit(a.start, a.end, string(a.name)+`="`+u.exact+`"`)
		}
	case strings.TrimSpace(address) == "":
		b.space = spaceNone
	case prefix != nil:
		b.space = byPrefix(prefix)
		b.hidden = s.hides(prefix, uri{space: b.space, prefix: string(prefix)})
	}
	if b.hidden {
		s.edit(a.start, a.end, "")
	}
	s.bindings = append(s.bindings, b)
}

// byPrefix is the namespace of a prefix whose address is not known: gofeed goes by
// the prefix then, too.
func byPrefix(prefix []byte) space {
	switch by := undeclared(prefix); by {
	case spaceModule, spaceContent, spaceAtom:
		return by
	case spaceNone, spaceRSS, spaceXHTML, spaceOther:
	}
	return spaceOther
}

// hides says whether a declaration can be left out of the skeleton, because
// gofeed reads the prefix without it as with it: it copies all declarations in
// scope for each element.
func (s *shape) hides(prefix []byte, u uri) bool {
	if prefix == nil || string(prefix) != u.prefix || s.format == formatAtom && u.space == spaceAtom {
		return false
	}
	outer := s.bound(prefix)
	return outer == nil || outer.hidden
}

func (s *shape) ownSpace() space {
	if s.format == formatAtom {
		return spaceAtom
	}
	return spaceNone
}

func (s *shape) lookup(prefix []byte) space {
	if b := s.bound(prefix); b != nil {
		return b.space
	}
	return undeclared(prefix)
}

// bound finds the declaration of a prefix that is in force; nil: there is none.
func (s *shape) bound(prefix []byte) *binding {
	for i := len(s.bindings) - 1; i >= 0; i-- {
		if bytes.Equal(s.bindings[i].prefix, prefix) {
			return &s.bindings[i]
		}
	}
	return nil
}

// unread says whether nobody reads an element of an item or of the head, so that
// gofeed need not either.
func (s *shape) unread(e *element) bool {
	switch {
	case s.cdf || e.role != roleField && e.role != roleHead:
		return false
	case e.space == spaceOther, e.space == spaceXHTML:
		return true
	}
	return e.role == roleField && e.local == "" && s.native(e)
}
