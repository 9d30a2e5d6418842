package feedtest

import (
	"slices"
	"strings"
)

// rule says what an element may hold.
type rule struct {
	attrs  []string
	needed []string // parts, exactly one of each
	once   []string // parts, one at most
	many   []string // parts
	check  func(v *validator, e *element)
}

var (
	anyAtom   = []string{"xml:lang", "xml:base"}
	headParts = []string{"atom:subtitle", "atom:rights", "atom:generator", "atom:icon", "atom:logo"}
	listParts = []string{"atom:author", "atom:contributor", "atom:category", "atom:link"}
)

// grammar says what each element of our documents may be: more is not known to
// every reader (UndefinedElement, UnexpectedAttribute), and an extension at a
// place that its specification does not name is UndocumentedUse.
var grammar = map[string]rule{
	"atom:feed":        {attrs: anyAtom, needed: []string{"atom:id", "atom:title", "atom:updated"}, once: append([]string{"fh:archive"}, headParts...), many: append([]string{"atom:entry"}, listParts...)},
	"atom:entry":       {attrs: anyAtom, needed: []string{"atom:id", "atom:title", "atom:updated"}, once: []string{"atom:published", "atom:rights", "atom:summary", "atom:content", "atom:source"}, many: listParts},
	"atom:source":      {attrs: anyAtom, needed: []string{"atom:id", "atom:title", "atom:updated"}, once: headParts, many: listParts},
	"atom:author":      {attrs: anyAtom, needed: []string{"atom:name"}, once: []string{"atom:uri", "atom:email"}},
	"atom:contributor": {attrs: anyAtom, needed: []string{"atom:name"}, once: []string{"atom:uri", "atom:email"}},
	"atom:id":          {attrs: anyAtom, check: func(v *validator, e *element) { v.tight(e); v.id(e.name, e.text) }},
	"atom:title":       {attrs: append([]string{"type"}, anyAtom...), check: (*validator).construct},
	"atom:subtitle":    {attrs: append([]string{"type"}, anyAtom...), check: (*validator).construct},
	"atom:rights":      {attrs: append([]string{"type"}, anyAtom...), check: (*validator).construct},
	"atom:summary":     {attrs: append([]string{"type"}, anyAtom...), check: (*validator).construct},
	"atom:content":     {attrs: append([]string{"type"}, anyAtom...), check: (*validator).construct},
	"atom:updated":     {attrs: anyAtom, check: func(v *validator, e *element) { v.tight(e); v.rfc3339(e.name, e.text) }},
	"atom:published":   {attrs: anyAtom, check: func(v *validator, e *element) { v.tight(e); v.rfc3339(e.name, e.text) }},
	"atom:name":        {check: func(v *validator, e *element) { v.personName(e.name, e.text) }},
	"atom:uri":         {check: func(v *validator, e *element) { v.uri(e.name, e.text) }},
	"atom:email":       {check: (*validator).mail},
	"atom:generator":   {attrs: []string{"uri", "version"}, check: func(v *validator, e *element) { v.plain("ContainsHTML", e.name, e.text) }},
	"atom:category":    {attrs: []string{"term", "scheme", "label"}, check: (*validator).atomCategory},
	"atom:link":        {attrs: []string{"rel", "type", "href", "hreflang", "title", "length"}, check: (*validator).link},
	"fh:archive":       {check: (*validator).empty},

	"rss": {attrs: []string{"version"}, needed: []string{"channel"}, check: func(v *validator, e *element) {
		if e.attr["version"] != "2.0" {
			v.say("ObsoleteVersion", "version %q", e.attr["version"])
		}
	}},
	"channel": {needed: []string{"title", "link", "description"}, once: []string{"language", "copyright", "managingEditor", "webMaster", "pubDate", "lastBuildDate", "generator", "docs", "ttl", "fh:archive"}, many: []string{"category", "item", "atom:link"}},
	"item":    {attrs: []string{"xml:lang"}, needed: []string{"title"}, once: []string{"link", "description", "content:encoded", "author", "comments", "enclosure", "guid", "pubDate", "source", "dc:language", "dc:rights", "atom:updated"}, many: []string{"category", "dc:creator", "atom:link"}},
	"title":   {check: func(v *validator, e *element) { v.notBlank(e.name, e.text) }}, "copyright": {check: (*validator).rssText}, "generator": {check: (*validator).rssText}, "dc:rights": {check: (*validator).rssText},
	"link": {check: func(v *validator, e *element) { v.tight(e); v.uri(e.name, e.text) }}, "docs": {check: func(v *validator, e *element) { v.uri(e.name, e.text) }}, "comments": {check: func(v *validator, e *element) { v.uri(e.name, e.text) }},
	"description": {}, // of an item it is HTML, of a channel plain: see rss
	"language":    {check: func(v *validator, e *element) { v.language(e.name, e.text) }}, "dc:language": {check: func(v *validator, e *element) { v.language(e.name, e.text) }},
	"managingEditor": {check: (*validator).contact}, "webMaster": {check: (*validator).contact}, "author": {check: (*validator).contact},
	"pubDate": {check: func(v *validator, e *element) { v.rfc822(e.name, e.text) }}, "lastBuildDate": {check: func(v *validator, e *element) { v.rfc822(e.name, e.text) }},
	"ttl": {check: (*validator).positive}, "category": {attrs: []string{"domain"}, check: (*validator).rssCategory},
	"content:encoded": {check: func(v *validator, e *element) { v.notBlank(e.name, e.text); v.html(e.name, e.text) }},
	"enclosure":       {attrs: []string{"url", "length", "type"}, check: (*validator).enclosure},
	"guid":            {attrs: []string{"isPermaLink"}, check: (*validator).guid},
	"source":          {attrs: []string{"url"}, check: func(v *validator, e *element) { v.uri("source url", e.attr["url"]); v.rssText(e) }},
	"dc:creator": {check: func(v *validator, e *element) {
		v.rssText(e)
		v.personName(e.name, e.text)
	}},

	"opml":         {attrs: []string{"version"}, needed: []string{"head", "body"}},
	"head":         {needed: []string{"title"}, once: []string{"dateCreated", "dateModified", "ownerName", "ownerEmail", "ownerId"}},
	"dateModified": {check: func(v *validator, e *element) { v.rfc822(e.name, e.text) }},
	"ownerName":    {check: func(v *validator, e *element) { v.outlineText(e.name, e.text) }},
	"ownerEmail":   {check: (*validator).mail},
	"body":         {many: []string{"outline"}},
	"outline":      {attrs: []string{"text", "title", "type", "xmlUrl", "htmlUrl", "url", "description", "language", "category"}, many: []string{"outline"}},
}

// element holds an element and all below it against the grammar.
func (v *validator) element(e *element, parent string) {
	g, known := grammar[e.name]
	if !known {
		v.say("UndefinedElement", "%s in %s", e.name, parent)
		return
	}
	for name, value := range e.attr {
		switch {
		case !slices.Contains(g.attrs, name):
			v.say("UnexpectedAttribute", "%s of %s", name, e.name)
		case strings.TrimSpace(value) == "":
			v.say("AttrNotBlank", "%s of %s", name, e.name)
		case name == "xml:lang":
			v.language("xml:lang of "+e.name, value)
		}
	}
	count := map[string]int{}
	for _, p := range e.parts {
		count[p.name]++
		one := slices.Contains(g.needed, p.name) || slices.Contains(g.once, p.name)
		switch {
		case one && count[p.name] == 2 && p.name == "enclosure":
			v.say("DuplicateEnclosure", "an item with more than one")
		case one && count[p.name] == 2:
			v.say("DuplicateElement", "%s in %s", p.name, e.name)
		case !one && !slices.Contains(g.many, p.name):
			class := "UndefinedElement"
			if p.name[:strings.Index(p.name, ":")+1] != e.name[:strings.Index(e.name, ":")+1] {
				class = "UndocumentedUse"
			}
			v.say(class, "%s in %s", p.name, e.name)
			continue
		}
		v.element(p, e.name)
	}
	for _, name := range g.needed {
		if count[name] == 0 {
			v.say("MissingElement", "%s in %s", name, e.name)
		}
	}
	if len(e.parts) > 0 && strings.TrimSpace(e.text) != "" {
		v.say("CharacterData", "%q between the parts of %s", strings.TrimSpace(e.text), e.name)
	}
	if g.check != nil {
		g.check(v, e)
	}
}

// tight wants no white space around a value (UnexpectedWhitespace).
func (v *validator) tight(e *element) {
	if strings.TrimSpace(e.text) != e.text {
		v.say("UnexpectedWhitespace", "around %s", e.name)
	}
}

func (v *validator) empty(e *element) {
	if e.text != "" || len(e.parts) > 0 {
		v.say("NotEmpty", "%s", e.name)
	}
}

func (v *validator) mail(e *element) {
	if !mailAddress.MatchString(e.text) {
		v.say("InvalidContact", "%s is %q", e.name, e.text)
	}
}

// contact wants "address (name)", as RSS has it.
func (v *validator) contact(e *element) {
	address, name, ok := strings.Cut(e.text, " (")
	if !ok || !mailAddress.MatchString(address) || !strings.HasSuffix(name, ")") || len(name) < 2 || strings.ContainsAny(name[:len(name)-1], `()\`) {
		v.say("InvalidContact", "%s is %q", e.name, e.text)
	}
}

func (v *validator) positive(e *element) {
	if !wholeNumber.MatchString(e.text) || e.text == "0" {
		v.say("NonPositiveInteger", "%s is %q", e.name, e.text)
	}
}
