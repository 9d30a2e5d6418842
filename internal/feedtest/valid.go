package feedtest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"
	"time"
)

// Complaint is what a validator would say of a document. Class is the name that
// the W3C feed validator gives its message; those that begin with Khyber are
// rules of our own.
type Complaint struct{ Class, Text string }

// String returns the class with its text.
func (c Complaint) String() string { return c.Class + ": " + c.Text }

// Validate holds a document against the rules of the W3C feed validator, written
// down from its messages, errors and warnings alike: of Atom 1.0, RSS 2.0 with
// the namespaces that we use, RFC 5005 and OPML 2.0; and against those of JSON
// Feed 1.1. It is stricter where strict is simpler: what we write is a small part
// of what is allowed.
//
// self is the address that the document was found at, with the Content-Type
// contentType; now the newest date that it may carry.
func Validate(doc []byte, contentType, self string, now time.Time) []Complaint {
	v := &validator{self: self, now: now}
	if bytes.HasPrefix(doc, []byte("{")) {
		v.json(doc, contentType)
		return v.found
	}
	root := v.read(doc)
	if root == nil {
		return v.found
	}
	types := map[string][]string{
		"atom:feed": {"application/atom+xml"}, "rss": {"application/rss+xml"}, "opml": {"text/x-opml"},
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || !slices.Contains(types[root.name], media) {
		v.say("UnexpectedContentType", "%s for %s", contentType, root.name)
	}
	if params["charset"] != "utf-8" {
		v.say("EncodingMismatch", "charset %q", params["charset"])
	}
	v.element(root, "")
	switch root.name {
	case "atom:feed":
		v.atom(root)
	case "rss":
		v.rss(root)
	case "opml":
		v.opml(root)
	}
	return v.found
}

type validator struct {
	self  string
	now   time.Time
	found []Complaint
}

func (v *validator) say(class, format string, args ...any) {
	v.found = append(v.found, Complaint{class, fmt.Sprintf(format, args...)})
}

// element is a part of an XML document. Names carry the prefix of their
// namespace as below, whatever the document calls it.
type element struct {
	name  string
	attr  map[string]string
	text  string
	raw   string // the text as it is written
	parts []*element
}

func (e *element) all(name string) []*element {
	var out []*element
	for _, p := range e.parts {
		if p.name == name {
			out = append(out, p)
		}
	}
	return out
}

// value returns the text of the first element with the name.
func (e *element) value(name string) string {
	for _, p := range e.all(name) {
		return p.text
	}
	return ""
}

// prefixes of the namespaces that our documents may use. A prefix that is bound
// to another one misleads (ReservedPrefix).
var prefixes = map[string]string{
	"http://www.w3.org/2005/Atom":                 "atom",
	"http://purl.org/syndication/history/1.0":     "fh",
	"http://purl.org/rss/1.0/modules/content/":    "content",
	"http://purl.org/dc/elements/1.1/":            "dc",
	"http://www.w3.org/XML/1998/namespace":        "xml",
	"http://www.itunes.com/dtds/podcast-1.0.dtd":  "itunes",
	"http://search.yahoo.com/mrss/":               "media",
	"http://wellformedweb.org/CommentAPI/":        "wfw",
	"http://purl.org/rss/1.0/modules/slash/":      "slash",
	"http://purl.org/syndication/thread/1.0":      "thr",
	"http://www.georss.org/georss":                "georss",
	"http://backend.userland.com/creativeCommons": "creativeCommons",
}

func (v *validator) name(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	p, ok := prefixes[n.Space]
	if !ok {
		v.say("UnknownNamespace", "%s", n.Space)
		p = "?"
	}
	return p + ":" + n.Local
}

// read parses a document strictly; nil when that fails.
func (v *validator) read(doc []byte) *element {
	v.bytes(doc)
	dec := xml.NewDecoder(bytes.NewReader(doc))
	top := &element{}
	stack, starts := []*element{top}, []int64{0}
	for {
		before := dec.InputOffset()
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			v.say("SAXError", "%v", err)
			return nil
		}
		open := stack[len(stack)-1]
		switch t := token.(type) {
		case xml.StartElement:
			e := v.start(t)
			open.parts = append(open.parts, e)
			stack, starts = append(stack, e), append(starts, dec.InputOffset())
		case xml.EndElement:
			open.raw = string(doc[starts[len(starts)-1]:before])
			stack, starts = stack[:len(stack)-1], starts[:len(starts)-1]
		case xml.CharData:
			open.text += string(t)
		case xml.Directive:
			v.say("ContainsSystemEntity", "a DOCTYPE")
		case xml.ProcInst:
			if t.Target != "xml" {
				v.say("KhyberNoStylesheet", "<?%s", t.Target)
			}
		}
	}
	if len(top.parts) != 1 || top.parts[0].name != "atom:feed" && top.parts[0].name != "rss" && top.parts[0].name != "opml" {
		v.say("UndefinedElement", "an unknown root")
		return nil
	}
	return top.parts[0]
}

func (v *validator) start(t xml.StartElement) *element {
	e := &element{name: v.name(t.Name), attr: map[string]string{}}
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "xmlns":
			known, ok := prefixes[a.Value]
			if !ok {
				v.say("UnknownNamespace", "%s", a.Value)
			}
			for _, p := range prefixes {
				if p == a.Name.Local && p != known {
					v.say("ReservedPrefix", "%s is bound to %s", a.Name.Local, a.Value)
				}
			}
		case a.Name.Space == "" && a.Name.Local == "xmlns":
		default:
			name := v.name(a.Name)
			if _, twice := e.attr[name]; twice {
				v.say("SAXError", "attribute %s twice", name)
			}
			e.attr[name] = a.Value
		}
	}
	return e
}

// bytes looks at a document before it is parsed.
func (v *validator) bytes(doc []byte) {
	const declaration = `<?xml version="1.0" encoding="UTF-8"?>`
	if !bytes.HasPrefix(doc, []byte(declaration)) {
		v.say("WPBlankLine", "it does not begin with %s", declaration)
	}
	v.characters(string(doc))
}

// characters finds what no document may hold (BadCharacters), and what could
// make a text look like another one.
func (v *validator) characters(s string) {
	for i, r := range s {
		switch {
		case r == 0xfffd && !strings.HasPrefix(s[i:], "\ufffd"):
			v.say("UnicodeError", "no UTF-8 at byte %d", i)
		case r < ' ' && r != '\n' && r != '\t', r >= 0x7f && r <= 0x9f, r == 0xfffd, r == 0xfffe, r == 0xffff, r == 0xfeff:
			v.say("BadCharacters", "%U at byte %d", r, i)
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			v.say("KhyberSpoofing", "%U at byte %d", r, i)
		}
	}
}
