package feedtest

import (
	"slices"
	"strings"
)

// construct looks at a text of Atom with its type (RFC 4287 §3.1, §4.1.3).
func (v *validator) construct(e *element) {
	switch e.attr["type"] {
	case "", "text":
		v.plain("ContainsUndeclaredHTML", e.name, e.text)
	case "html":
		v.notBlank(e.name, e.text)
		v.html(e.name, e.text)
	default:
		v.say("InvalidValue", "type=%q of %s", e.attr["type"], e.name)
	}
}

func (v *validator) atomCategory(e *element) {
	v.empty(e)
	if e.attr["term"] == "" {
		v.say("MissingAttribute", "term of a category")
	}
	if scheme, ok := e.attr["scheme"]; ok {
		v.uri("scheme of a category", scheme)
	}
	if label, ok := e.attr["label"]; ok {
		v.plain("ContainsHTML", "label of a category", label)
	}
}

// rels are the link relations that we use; all are registered with IANA.
var rels = []string{"self", "alternate", "hub", "related", "via", "enclosure", "next", "first", "current", "prev-archive", "next-archive"}

func (v *validator) link(e *element) {
	if strings.TrimSpace(e.text) != "" || len(e.parts) > 0 {
		v.say("AtomLinkNotEmpty", "%q", e.text)
	}
	if !slices.Contains(rels, e.attr["rel"]) {
		v.say("UnregisteredAtomLinkRel", "rel=%q", e.attr["rel"])
	}
	href, ok := e.attr["href"]
	switch {
	case !ok:
		v.say("MissingHref", "a link without href")
	case e.attr["rel"] == "self" && !strings.Contains(href, "://"):
		v.say("RelativeSelf", "%q", href)
	default:
		v.uri("href", href)
	}
	if s, ok := e.attr["type"]; ok {
		v.mediaType("type of a link", s)
	}
	if s, ok := e.attr["hreflang"]; ok {
		v.language("hreflang", s)
	}
	if s, ok := e.attr["title"]; ok {
		v.plain("ContainsHTML", "title of a link", s)
	}
	if s, ok := e.attr["length"]; ok && !wholeNumber.MatchString(s) {
		v.say("InvalidIntegerAttribute", "length=%q", s)
	}
}

// linked returns the links with a rel.
func linked(e *element, rel string) []string {
	var out []string
	for _, l := range e.all("atom:link") {
		if l.attr["rel"] == rel {
			out = append(out, l.attr["href"])
		}
	}
	return out
}

// history looks at what RFC 5005 and WebSub say of a head.
func (v *validator) history(head *element) {
	selves := linked(head, "self")
	switch {
	case len(selves) == 0 && head.name == "channel":
		v.say("MissingAtomSelfLink", "no link to itself")
	case len(selves) == 0:
		v.say("MissingSelf", "no link to itself")
	case !slices.Contains(selves, v.self):
		v.say("SelfDoesntMatchLocation", "%q, found at %s", selves, v.self)
	}
	for _, rel := range []string{"self", "alternate", "hub", "next", "first", "current", "prev-archive", "next-archive"} {
		if len(linked(head, rel)) > 1 {
			v.say("DuplicateAtomLink", "rel=%s", rel)
		}
	}
	if len(head.all("fh:archive")) > 0 {
		if linked(head, "current") == nil {
			v.say("MissingCurrentInArchive", "no link to the live document")
		}
		if linked(head, "prev-archive") == nil && linked(head, "next-archive") == nil {
			v.say("ArchiveIncomplete", "no neighbour")
		}
	} else if linked(head, "current") != nil || linked(head, "next-archive") != nil {
		v.say("KhyberArchive", "links of an archive without fh:archive")
	}
	if first := linked(head, "first"); slices.Equal(first, selves) && linked(head, "next") == nil {
		v.say("LinkPastEnd", "the first of one page")
	}
	after := false
	for _, p := range head.parts {
		part := p.name == "atom:entry" || p.name == "item"
		if after && !part {
			v.say("MisplacedMetadata", "%s after an entry", p.name)
		}
		after = after || part
	}
}

func (v *validator) entryLinks(e *element) {
	for _, rel := range []string{"current", "next", "first", "prev-archive", "next-archive"} {
		if linked(e, rel) != nil {
			v.say("FeedHistoryRelInEntry", "rel=%s", rel)
		}
	}
	seen := map[string]bool{}
	for _, l := range e.all("atom:link") {
		key := l.attr["rel"] + " " + l.attr["href"]
		if l.attr["rel"] == "alternate" {
			key = "alternate " + l.attr["type"] + " " + l.attr["hreflang"]
		}
		if seen[key] {
			v.say("DuplicateAtomLink", "%s", key)
		}
		seen[key] = true
	}
}

func (v *validator) atom(root *element) {
	v.history(root)
	for _, self := range root.all("atom:link") {
		if self.attr["rel"] == "self" && self.attr["type"] != "application/atom+xml" {
			v.say("SelfNotAtom", "type %q", self.attr["type"])
		}
	}
	if root.attr["xml:lang"] == "" || len(root.all("atom:author")) == 0 || linked(root, "alternate") == nil {
		v.say("KhyberW20", "the head lacks xml:lang, author or alternate")
	}
	changed := v.rfc3339("updated", root.value("atom:updated"))
	ids, times := map[string]bool{}, map[string]bool{}
	for _, e := range root.all("atom:entry") {
		id, updated := e.value("atom:id"), e.value("atom:updated")
		if ids[id] {
			v.say("DuplicateEntries", "id %s", id)
		}
		if times[updated] {
			v.say("DuplicateUpdated", "%s", updated)
		}
		ids[id], times[updated] = true, true
		if v.rfc3339("updated", updated).After(changed) || v.rfc3339("published", e.value("atom:published")).After(v.rfc3339("updated", updated)) {
			v.say("KhyberW20", "entry %s is newer than its document, or published after it was updated", id)
		}
		v.atomEntry(e, id)
	}
}

func (v *validator) atomEntry(e *element, id string) {
	v.entryLinks(e)
	if linked(e, "alternate") == nil && len(e.all("atom:content")) == 0 {
		v.say("MissingContentOrAlternate", "entry %s", id)
	}
	if len(e.all("atom:content")) == 0 && len(e.all("atom:summary")) == 0 {
		v.say("MissingTextualContent", "entry %s", id)
	}
	if len(e.all("atom:author")) == 0 || linked(e, "alternate") == nil {
		v.say("KhyberW20", "entry %s lacks author or alternate", id)
	}
	for _, s := range e.all("atom:source") {
		if len(s.all("atom:author")) == 0 {
			v.say("MissingSourceElement", "author of the source of %s", id)
		}
	}
}

// rssText wants a plain text escaped once, with hexadecimal references: what
// begins with &amp; or &lt; is HTML to one reader and text to the next.
func (v *validator) rssText(e *element) {
	v.notBlank(e.name, e.text)
	for _, ambiguous := range []string{"&amp;", "&lt;", "&gt;", "<"} {
		if strings.Contains(e.raw, ambiguous) {
			v.say("ContainsHTML", "%s is written %q", e.name, e.raw)
			return
		}
	}
}

func (v *validator) rssCategory(e *element) {
	v.rssText(e)
	if domain, ok := e.attr["domain"]; ok {
		v.uri("domain of a category", domain)
	}
}

func (v *validator) enclosure(e *element) {
	v.uri("enclosure", e.attr["url"])
	if !fileAddress.MatchString(e.attr["url"]) {
		v.say("InvalidURLAttribute", "enclosure %q", e.attr["url"])
	}
	v.mediaType("enclosure", e.attr["type"])
	if !wholeNumber.MatchString(e.attr["length"]) {
		v.say("UseZeroForUnknown", "length=%q", e.attr["length"])
	}
}

func (v *validator) guid(e *element) {
	v.tight(e)
	if e.attr["isPermaLink"] != "false" {
		v.say("InvalidPermalink", "isPermaLink=%q", e.attr["isPermaLink"])
	}
	v.id(e.name, e.text)
}

func (v *validator) rss(root *element) {
	for _, c := range root.all("channel") {
		v.history(c)
		for _, text := range append(c.all("title"), c.all("description")...) {
			v.rssText(text)
		}
		for _, name := range []string{"language", "generator", "docs", "ttl", "lastBuildDate", "copyright"} {
			if c.value(name) == "" {
				v.say("KhyberW21", "no %s", name)
			}
		}
		ids := map[string]bool{}
		for _, item := range c.all("item") {
			v.rssItem(item)
			id := item.value("guid")
			if ids[id] {
				v.say("DuplicateValue", "guid %s", id)
			}
			ids[id] = true
		}
	}
}

func (v *validator) rssItem(item *element) {
	v.entryLinks(item)
	for _, title := range item.all("title") {
		v.rssText(title)
	}
	if item.value("guid") == "" {
		v.say("MissingGuid", "an item without guid")
	}
	if item.value("pubDate") == "" || item.value("link") == "" {
		v.say("KhyberW21", "an item without pubDate or link")
	}
	if item.value("author") != "" && len(item.all("dc:creator")) > 0 {
		v.say("DuplicateItemSemantics", "author and dc:creator")
	}
	for _, d := range item.all("description") {
		v.html("description", d.text)
		if strings.Contains(d.raw, "<") {
			v.say("MisplacedXHTMLContent", "%q", d.raw)
		}
	}
	place := func(name string) int {
		return slices.IndexFunc(item.parts, func(p *element) bool { return p.name == name })
	}
	if d, c := place("description"), place("content:encoded"); c >= 0 && (d < 0 || c < d) {
		v.say("NeedDescriptionBeforeContent", "content:encoded without a description before it")
	}
}

// opml looks at what the outlines of OPML 2.0 must say.
func (v *validator) opml(root *element) {
	if root.attr["version"] != "2.0" {
		v.say("ObsoleteVersion", "version %q", root.attr["version"])
	}
	for _, h := range root.all("head") {
		v.outlineText("title", h.value("title"))
	}
	for _, b := range root.all("body") {
		if len(b.parts) == 0 {
			v.say("MissingElement", "outline in body")
		}
		for _, o := range b.parts {
			v.outline(o)
		}
	}
}

// outlineText wants a text that is also a fragment of HTML, which outlines may
// hold: an ampersand is only bare before a space.
func (v *validator) outlineText(where, s string) {
	v.html(where, strings.ReplaceAll(s+" ", "& ", "&amp; "))
}

func (v *validator) outline(o *element) {
	if o.attr["text"] == "" {
		v.say("MissingAttribute", "text of an outline")
	}
	kind, typed := o.attr["type"]
	switch {
	case !typed && (o.attr["title"] != "" || o.attr["xmlUrl"] != "" || o.attr["url"] != ""):
		v.say("MissingOutlineType", "%s", o.attr["text"])
	case kind == "rss" && (o.attr["xmlUrl"] == "" || o.attr["title"] == ""):
		v.say("MissingXmlURL", "%s has no xmlUrl, or no title", o.attr["text"])
	case kind == "link" && o.attr["url"] == "":
		v.say("MissingUrlAttr", "%s", o.attr["text"])
	case typed && kind != "rss" && kind != "link":
		v.say("InvalidOutlineType", "%s", kind)
	}
	for _, name := range []string{"text", "title", "description"} {
		v.outlineText(name, o.attr[name])
	}
	for _, name := range []string{"xmlUrl", "htmlUrl", "url"} {
		if s, ok := o.attr[name]; ok {
			v.uri(name, s)
		}
	}
	if s, ok := o.attr["language"]; ok {
		v.language("language", s)
	}
	for _, p := range o.parts {
		v.outline(p)
	}
}
