package story

import (
	"cmp"
	"slices"
	"strings"

	"khyber/internal/news"
	"khyber/internal/text"
)

// Limits of the fingerprint (guide §2.5).
const (
	printLetters   = 200 // of the summary; later words change with the cut of a summary
	printTitle     = 5   // informative tokens from which a title is one report's
	printSummary   = 8   // words from which a summary is one report's
	publishedOnDay = "2006-01-02"
)

// Identity is what one entry of a document says about which item it is.
type Identity struct {
	// Keys are what it is looked up by and what is stored for it, in the order
	// of the ladder, void ones left out. Never empty unless Repeated.
	Keys []Key
	// Apart are the Keys of an entry whose guid turned out to be another
	// item's: the guid counts with the link, or the text, only.
	Apart []Key
	// Print is the fingerprint. It is stored for every item and looked up only
	// where the guide allows it; zero when two entries of the document have it.
	Print Key
	// Adopts says that title and summary are long enough for Print to find an
	// item whose other keys are gone.
	Adopts bool
	// Text is the TextHash of the entry; 0 when Repeated.
	Text uint64
	// Repeated says that the entry is Of again, an earlier one of its document,
	// which carries the keys of both.
	Repeated bool
	Of       int

	voidGUID  bool
	signature *Signature // of its texts; not placed yet
}

// Sign returns the signature of the item that the entry has become, as [Sign]
// does without reading the texts again. It is for an Identity that is not
// Repeated.
func (id *Identity) Sign(item *news.Item) *Signature {
	s := *id.signature
	s.place(item)
	return &s
}

// Identify says for each entry of a document which keys it carries. A key that
// two entries with different titles carry is void: one guid or one link for all
// items, a home page, an alias that cuts too much.
func Identify(src *news.Source, distrust news.Distrust, items []news.Item) []Identity {
	entries := make([]entry, len(items))
	r := readers.Get().(*reader)
	defer readers.Put(r)
	for i := range items {
		entries[i] = newEntry(r, src, &items[i])
	}
	void, same := shared(entries)
	out := make([]Identity, len(items))
	named := make(map[Key]int)
	for i := range entries {
		out[i] = entries[i].identity(void, distrust)
		first := same[i]
		if j, ok := named[out[i].Keys[0]]; ok {
			first = min(first, j)
		}
		if first != i {
			out[first].absorb(out[i])
			out[i] = Identity{Repeated: true, Of: first}
			continue
		}
		named[out[i].Keys[0]] = i
	}
	return out
}

// entry holds the values that an entry's keys are made of; empty: it has none.
type entry struct {
	scope, text                  uint64
	guid, alias, url, id         string
	title, print, day            string
	short, adopts, untold, blank bool
	signature                    Signature
}

func newEntry(r *reader, src *news.Source, item *news.Item) entry {
	e := entry{scope: hash64(src.ID), guid: item.GUID, title: text.Fold(item.Title)}
	e.signature = readTexts(r, src, item)
	summary := r.folded()
	e.alias, _ = Canonical(item.GUID)
	if u, ok := Canonical(item.Link); ok {
		e.url, e.id = u, publisherID(u)
	}
	e.text = textHash(e.title, summary)
	e.print = e.title + "\n" + firstRunes(summary, printLetters)
	e.short = summary == "" || !informative(e.title, printTitle)
	e.adopts = !e.short && strings.Count(summary, " ")+1 >= printSummary
	e.blank = e.title == "" && summary == ""
	e.untold = e.guid == "" && e.url == ""
	if !item.Published.IsZero() {
		e.day = item.Published.UTC().Format(publishedOnDay)
	}
	return e
}

// firstRunes returns the first n characters of s.
func firstRunes(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// values are the keys of an entry as plain strings, one for each rule.
func (e *entry) values() [KeyPrint + 1]string {
	v := [KeyPrint + 1]string{KeyGUID: e.guid, KeyAlias: e.alias, KeyURL: e.url, KeyPublisher: e.id}
	if !e.blank {
		v[KeyPrint] = e.print
	}
	if e.untold && e.short { // "Weather" of yesterday is not that of today
		v[KeyPrint] += "\n" + e.day
	}
	return v
}

// carried is a key value within one document.
type carried struct {
	rule  KeyRule
	value string
}

// shared finds the keys that are void in a document, and for each entry the
// first one that it repeats, itself mostly.
func shared(entries []entry) (void map[carried]bool, same []int) {
	void = make(map[carried]bool)
	first := make(map[carried]int, len(entries)*int(KeyPrint))
	same = make([]int, len(entries))
	for i := range entries {
		same[i] = i
		for rule, value := range entries[i].values() {
			k := carried{KeyRule(rule), value}
			j, seen := first[k]
			switch {
			case value == "":
			case !seen:
				first[k] = i
			case same[i] == same[j]:
			case !oneEntry(&entries[i], &entries[j], k.rule):
				void[k] = true
			case !void[k]:
				same[i] = min(same[i], same[j])
			}
		}
	}
	return void, same
}

// oneEntry says whether two entries of one document that share a key are the
// same one twice. Equal titles say so, but not against all else: a lost report
// costs more than a repeated one.
func oneEntry(a, b *entry, rule KeyRule) bool {
	otherLink := a.url != "" && b.url != "" && a.url != b.url
	switch {
	case a.title != b.title || a.title == "" && a.print != b.print:
		return false
	case rule == KeyPrint:
		return a.untold || b.untold
	case rule <= KeyAlias && otherLink:
		return a.title != "" && a.print == b.print
	}
	return true
}

// identity makes the keys of an entry.
func (e *entry) identity(void map[carried]bool, distrust news.Distrust) Identity {
	values := e.values()
	for rule, value := range values {
		if void[carried{KeyRule(rule), value}] {
			values[rule] = ""
		}
	}
	id := Identity{Text: e.text, signature: &e.signature}
	id.voidGUID = e.guid != "" && values[KeyGUID] == ""
	id.Adopts = e.adopts && values[KeyPrint] != ""
	if values[KeyPrint] != "" {
		id.Print = key(KeyPrint, e.scope, values[KeyPrint])
	}
	var links []Key
	for _, rule := range []KeyRule{KeyURL, KeyPublisher} {
		if values[rule] != "" {
			links = append(links, key(rule, e.scope, values[rule]))
		}
	}
	id.Apart = slices.Concat(e.guidApart(), links)
	switch {
	case !distrust.Rotating.IsZero():
		id.Keys = links
	case !distrust.Reused.IsZero():
		id.Keys = id.Apart
	default:
		if values[KeyGUID] != "" {
			id.Keys = append(id.Keys, key(KeyGUID, e.scope, values[KeyGUID]))
		}
		if values[KeyAlias] != "" {
			id.Keys = append(id.Keys, key(KeyAlias, e.scope, values[KeyAlias]))
		}
		id.Keys = append(id.Keys, links...)
	}
	if len(id.Keys) == 0 { // all that is left: the text, with what is void beside it
		text := values[KeyPrint]
		if text == "" {
			text = strings.Join([]string{e.guid, e.url, e.print, e.day}, "\n")
		}
		id.Keys = []Key{key(KeyPrint, e.scope, text)}
	}
	if len(id.Apart) == 0 {
		id.Apart = id.Keys
	}
	return id
}

// absorb adds the keys of an entry that is the same once more.
func (id *Identity) absorb(other Identity) {
	for _, k := range other.Keys {
		if !slices.Contains(id.Keys, k) {
			id.Keys = append(id.Keys, k)
		}
	}
	slices.SortStableFunc(id.Keys, func(a, b Key) int { return cmp.Compare(a.Rule, b.Rule) })
}

// guidApart is the key of a guid that several items have: guid and link, or
// guid and text.
func (e *entry) guidApart() []Key {
	if e.guid == "" {
		return nil
	}
	with := e.url
	if with == "" {
		with = e.print
	}
	return []Key{key(KeyGUID, e.scope, e.guid+"\n"+with)}
}

// informative says whether n words of a folded text, or more, tell it from
// others.
func informative(folded string, n int) bool {
	var seen []string
	for w := range strings.FieldsSeq(folded) {
		if slices.Contains(seen, w) || isNumber(w) {
			continue
		}
		seen = append(seen, w)
		t := term{word: w, lexeme: words().look(w)}
		if t.informative() {
			n--
		}
		if n <= 0 {
			return true
		}
	}
	return false
}
