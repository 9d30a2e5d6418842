package story

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"khyber/internal/news"
	"khyber/internal/text"
)

// Limits of signatures.
const (
	usableWords   = 8   // of a summary that can decide
	summaryTerms  = 200 // of a summary that are compared; comparing is quadratic
	datelineWords = 10  // from the start, in which an agency's name ends a dateline
	nameWords     = 6   // of a source's name at the end of a title
	firstWords    = 5   // of a title, in which "to" speaks of what is to come
)

// Signature is what of an item decides how it relates to others. It is made of
// the item and its source, so it need not be kept.
type Signature struct {
	id        news.ItemID
	source    string
	publisher string
	domain    string // of the source
	at        time.Time
	script    *unicode.RangeTable
	counted   bool   // in a language that the tables know
	plain     string // the title without labels and names
	lang      string

	page      uint64 // hash of the publisher's number or of the canonical URL; 0: none
	owner     string // the domain of the link
	print     uint64 // hash of title and beginning of the summary; 0: too little
	title     []term // in order, stop words too
	set       []term // of the title without stop words, by hash
	titleHash uint64
	text      []term // of the summary without stop words, in order
	textHash  uint64
	usable    bool // the summary says something of its own
	agencies  uint32
}

// Sign makes the signature of an item. Src may be a Source with its ID only, of
// an item whose source is no longer read.
func Sign(src *news.Source, item *news.Item) Signature {
	r := readers.Get().(*reader)
	defer readers.Put(r)
	s := readTexts(r, src, item)
	s.place(item)
	return s
}

// Source returns the ID of the item's source.
func (s *Signature) Source() string { return s.source }

// place says whose signature it is.
func (s *Signature) place(item *news.Item) {
	s.id, s.source, s.publisher, s.at = item.ID, item.Source, Publisher(item.Publisher), item.At
	if s.page == 0 { // a revised item keeps the link that its text has lost
		s.readLink(item.Link)
	}
}

// readTexts makes all of a signature that the texts of an item say. The reader
// holds the tokens of the summary then.
func readTexts(r *reader, src *news.Source, item *news.Item) Signature {
	s := readTitle(r, src, item)
	s.domain = samePublisher(src.Domain)
	s.set = unique(s.title)
	s.titleHash = hashTerms(s.title)
	s.agencies = agencyOf(src) | agenciesIn(r, authors(item))
	s.readSummary(r, src, item)
	return s
}

// readTitle makes what a [Vector] is made of.
func readTitle(r *reader, src *news.Source, item *news.Item) Signature {
	var s Signature
	title := plainTitle(item.Title, src.Name, item.Outlet.Name, src.Domain)
	s.script = script(title)
	lang := text.Primary(item.Lang)
	r.v, r.counted = words(), s.script == unicode.Latin && (lang == "en" || lang == "")
	s.title = r.terms(title)
	if lang == "" && r.counted && !mostlyKnown(s.title) {
		r.counted = false
		s.title = r.terms(title)
	}
	s.title = slices.Clone(s.title)
	s.counted, s.plain, s.lang = r.counted, title, lang
	return s
}

// mostlyKnown says whether the tables have seven words in ten of a title, as
// they have of English ones.
func mostlyKnown(title []term) bool {
	known := 0
	for i := range title {
		known += one(title[i].known || title[i].class&(stopWord|figure) != 0)
	}
	return 10*known >= 7*len(title)
}

// readSummary takes the summary without tail and dateline, and judges whether it
// may decide: not when it is short, a photo's caption or the title again.
func (s *Signature) readSummary(r *reader, src *news.Source, item *news.Item) {
	summary := cutTail(item.Summary)
	all := r.terms(summary)
	for i := range min(len(all), datelineWords) {
		if a := agencyNamed(summary, &all[i]); a != 0 {
			s.agencies |= a
			all = all[i+1:]
			break
		}
	}
	for i := max(0, len(all)-2); i < len(all); i++ {
		s.agencies |= agencyNamed(summary, &all[i])
	}
	s.textHash = hashTerms(all)
	words := len(all)
	first := hashTerms(beginning(all))
	own := -len(strings.Fields(src.Name)) - len(strings.Fields(item.Outlet.Name)) // Google's summary is title and name
	kept := all[:0]
	for i := range all {
		if all[i].class&stopWord == 0 && len(kept) < summaryTerms {
			kept = append(kept, all[i])
			if !contains(s.set, all[i].hash) {
				own++
			}
		}
	}
	s.text = slices.Clone(kept)
	s.usable = words >= usableWords && own > 0 && !isCaption(summary)
	if s.usable {
		s.print = mix(s.titleHash ^ first)
	}
}

// beginning returns the first terms, of printLetters together.
func beginning(terms []term) []term {
	letters := 0
	for i := range terms {
		if letters += text.Letters(terms[i].word); letters >= printLetters {
			return terms[:i+1]
		}
	}
	return terms
}

// agencyNamed returns the mark of an agency that a word of a text names. A short
// name must be written in capitals or in brackets: an app is not the APP.
func agencyNamed(s string, t *term) uint32 {
	if t.agency == 0 || len(t.word) > 4 || strings.Contains(s, strings.ToUpper(t.word)) || strings.Contains(s, "("+t.word+")") {
		return t.agency
	}
	return 0
}

func (s *Signature) readLink(link string) {
	url, ok := Canonical(link)
	if !ok || opaque(url) {
		return
	}
	s.owner = linkDomain(url)
	s.page = hash64(cmp.Or(publisherID(url), url))
}

// opaque says whether a link names nothing outside of its source.
func opaque(canonical string) bool {
	u, _ := splitURL(canonical)
	return urls().opaque[u.host]
}

// CandidateKey is an entry of the near index. Items are candidates for each
// other when the Weight of the keys that they share is Enough.
type CandidateKey uint64

// Enough is the weight of shared keys that makes two items candidates.
const Enough = 2

// Limits of candidate keys: more find no more copies and cost room.
const (
	titleKeys   = 3
	shingleKeys = 3
	shingle     = 5 // words
	keyBits     = 48
	strongKey   = CandidateKey(1) << (keyBits - 1)
)

// Weight is what a shared key counts: one of the summary or of the link is
// enough, of the title it takes two.
func (k CandidateKey) Weight() int {
	if k&strongKey != 0 {
		return Enough
	}
	return 1
}

// CandidateKeys returns the keys of 48 bits under which an item is found: its
// rarest words and passages, and its link. At most 7, sorted, none twice.
func CandidateKeys(s *Signature) []CandidateKey {
	keys := make([]CandidateKey, 0, titleKeys+shingleKeys+1)
	for _, t := range rarest(s.set, titleKeys, everyTerm) {
		if t.class&(function|everyday) != 0 {
			break // every report of the day has it
		}
		keys = append(keys, CandidateKey(t.hash)&(strongKey-1))
	}
	if s.usable {
		for _, h := range rarestShingles(s.text, shingleKeys) {
			keys = append(keys, CandidateKey(h)&(strongKey-1)|strongKey)
		}
	}
	if s.page != 0 {
		keys = append(keys, CandidateKey(s.page)&(strongKey-1)|strongKey)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// rarest returns the n terms of some with the largest IDF, common ones last, ties
// by hash.
func rarest(set []term, n int, some func(*term) bool) []*term {
	out := make([]*term, 0, n+1)
	for i := range set {
		t := &set[i]
		if !some(t) {
			continue
		}
		at, _ := slices.BinarySearchFunc(out, t, func(a, b *term) int {
			return cmp.Or(cmp.Compare(a.class&(function|everyday), b.class&(function|everyday)), cmp.Compare(b.idf, a.idf), cmp.Compare(a.hash, b.hash))
		})
		if at < n {
			out = slices.Insert(out, at, t)[:min(len(out)+1, n)]
		}
	}
	return out
}

func everyTerm(*term) bool { return true }

// rarestShingles returns the hashes of the n runs of five words with the largest
// sum of IDF, ties by hash.
func rarestShingles(terms []term, n int) []uint64 {
	type run struct {
		sum  int32
		hash uint64
	}
	best := make([]run, 0, n+1)
	for i := 0; i+shingle <= len(terms); i++ {
		var r run
		for _, t := range terms[i : i+shingle] {
			r.sum += t.idf
			r.hash = mix(r.hash*31 + t.hash)
		}
		at, found := slices.BinarySearchFunc(best, r, func(a, b run) int {
			return cmp.Or(cmp.Compare(b.sum, a.sum), cmp.Compare(a.hash, b.hash))
		})
		if at < n && !found {
			best = slices.Insert(best, at, r)[:min(len(best)+1, n)]
		}
	}
	out := make([]uint64, len(best))
	for i := range best {
		out[i] = best[i].hash
	}
	return out
}

// unique returns the terms without stop words, each once, by hash.
func unique(terms []term) []term {
	out := make([]term, 0, len(terms))
	for i := range terms {
		if terms[i].class&stopWord == 0 {
			out = append(out, terms[i])
		}
	}
	slices.SortFunc(out, func(a, b term) int {
		if a.hash != b.hash {
			return cmp.Compare(a.hash, b.hash)
		}
		return cmp.Compare(a.word, b.word)
	})
	return slices.CompactFunc(out, func(a, b term) bool { return a.hash == b.hash })
}

// contains says whether a set holds a stem.
func contains(set []term, hash uint64) bool {
	_, ok := slices.BinarySearchFunc(set, hash, func(t term, h uint64) int { return cmp.Compare(t.hash, h) })
	return ok
}

// hashTerms is the hash of words in order; 0 for none.
func hashTerms(terms []term) uint64 {
	h := uint64(0)
	for i := range terms {
		h = mix(h*31 + terms[i].whole)
	}
	return h
}

// scripts are those whose texts can be compared with each other only.
var scripts = []*unicode.RangeTable{
	unicode.Latin, unicode.Arabic, unicode.Cyrillic, unicode.Han, unicode.Devanagari, unicode.Bengali, unicode.Hebrew,
	unicode.Greek, unicode.Thai, unicode.Hangul, unicode.Georgian, unicode.Armenian,
}

// script returns the script of most letters of a text, nil for none of the above.
func script(s string) *unicode.RangeTable {
	var n [16]int
	best := 0
	for _, r := range s {
		switch {
		case 'a' <= r|0x20 && r|0x20 <= 'z':
			n[0]++ // Latin
		case r >= utf8.RuneSelf && unicode.IsLetter(r):
			i := slices.IndexFunc(scripts, func(t *unicode.RangeTable) bool { return unicode.Is(t, r) })
			if i >= 0 {
				n[i]++
			}
		}
	}
	for i := range scripts {
		if n[i] > n[best] {
			best = i
		}
	}
	if n[best] == 0 {
		return nil
	}
	return scripts[best]
}

// authors returns the by-line, in which agencies are named.
func authors(item *news.Item) string {
	var b strings.Builder
	for _, p := range item.Authors {
		b.WriteString(p.Name + " ")
	}
	return b.String()
}

// agenciesIn returns the agencies that a by-line names.
func agenciesIn(r *reader, s string) uint32 {
	var marks uint32
	for _, t := range r.terms(s) {
		marks |= agencyNamed(s, &t)
	}
	return marks
}

// agencyOf returns the mark of a source that is an agency.
func agencyOf(src *news.Source) uint32 {
	if src.Type != news.Agency {
		return 0
	}
	return words().agencyDomains[src.Domain]
}
