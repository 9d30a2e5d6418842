package topic

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"khyber/internal/lexicon"
	"khyber/internal/news"
	"khyber/internal/text"
)

// part is a part of an item that has a text of its own.
type part uint8

const (
	partTitle part = iota
	partSummary
	partTags
	partURL
	partCount
)

var partFields = [partCount]news.Field{news.InTitle, news.InSummary, news.InTags, news.InURL}

// mention is an entity or a phrase found in an item.
type mention struct {
	written  int32 // the entity of the lexicon, or the phrase
	start    int32 // tokens
	end      int32
	sentence int32
	part     part
	words    bool // vocabulary or a phrase: it overlaps anything (R5, X8)
	silence  lexicon.Silence
	by       lexicon.Hit
}

// maxTokens is how many words of a field are looked at; Why says when a text was
// cut.
const maxTokens = 2000

// doc is an item as the rules see it. Its memory is used again for the next one.
type doc struct {
	terms   *terms
	scanner lexicon.Scanner
	scratch lexicon.Scratch
	found   []lexicon.Mention
	hits    []lexicon.Hit

	lang   string
	source *news.Source
	texts  [partCount]string
	tokens [partCount][]text.Token
	cut    bool // a text was longer than maxTokens

	mentions []mention
	// Of each term a chain of the mentions that count for it, in the order of the
	// item. heads and tails hold an index in links plus 1; 0: no mention.
	heads, tails []int32
	links        []link
	touched      []int32 // terms with a chain, to clear them

	stack []int32 // sets of mentions under way

	asked  []bool // by the presearcher
	topics []*topic
}

// link is one mention in the chain of a term.
type link struct {
	mention, next int32
}

func newDoc(t *terms) *doc {
	return &doc{
		terms: t, scanner: lexicon.Scanner{Lexicon: t.lex},
		heads: make([]int32, t.size()), tails: make([]int32, t.size()),
	}
}

// read finds all mentions of an item. With silenced, those that count for
// nothing are kept beside them, for Why.
func (d *doc) read(item *news.Item, source *news.Source, silenced bool) {
	for _, t := range d.touched {
		d.heads[t], d.tails[t] = 0, 0
	}
	d.touched, d.links, d.mentions, d.stack = d.touched[:0], d.links[:0], d.mentions[:0], d.stack[:0]
	d.lang, d.source, d.cut = text.Primary(item.Lang), source, false
	d.scanner.Silenced = silenced
	d.texts = d.terms.textsOf(item)
	for p := range partCount {
		d.tokens[p] = text.AppendTokens(d.tokens[p][:0], d.texts[p], d.lang)
		if len(d.tokens[p]) > maxTokens {
			d.tokens[p], d.cut = d.tokens[p][:maxTokens], true
		}
		d.scan(p)
	}
	d.countShort()
	d.silenceCapitals()
	for i := range d.mentions {
		if d.mentions[i].silence == lexicon.Counts {
			d.index(int32(i))
		}
	}
}

// tagText is the text of the field tags: a tag a line.
func tagText(tags []string) string {
	if len(tags) == 1 {
		return tags[0]
	}
	return strings.Join(tags, "\n")
}

// pathText is the text of the field url.
func pathText(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return u.Path
}

// scan finds the mentions in one field.
func (d *doc) scan(p part) {
	tokens := d.tokens[p]
	if len(tokens) == 0 {
		return
	}
	field := lexicon.Field{Text: d.texts[p], Tokens: tokens, Summary: p == partSummary}
	d.found = d.scanner.Scan(field, d.found[:0])
	for _, m := range d.found {
		d.mentions = append(d.mentions, mention{
			int32(m.Entity), m.Start, m.End, int32(tokens[m.Start].Sentence), p, m.Words, m.Silence, m.By,
		})
	}
	d.hits = d.terms.trie.Scan(tokens, &d.scratch, d.hits[:0])
	for _, h := range d.hits {
		m := mention{written: h.Value, start: h.Start, end: h.End, sentence: int32(tokens[h.Start].Sentence), part: p, words: true}
		if n := len(d.mentions); n > 0 && d.mentions[n-1] == m {
			continue // found in two forms of the word
		}
		d.mentions = append(d.mentions, m)
	}
}

// countShort makes a bare surname count when the full name stands in another
// field: "Dar arrives | Ishaq Dar landed" (X6).
func (d *doc) countShort() {
	for i := range d.mentions {
		m := &d.mentions[i]
		if m.silence != lexicon.ByShort || !d.capital(m) {
			continue
		}
		free, named := true, false
		for j := range d.mentions {
			o := &d.mentions[j]
			if o.words || o.silence != lexicon.Counts {
				continue
			}
			free = free && apart(m, o)
			named = named || o.written == m.written && o.part != m.part
		}
		if free && named {
			m.silence = lexicon.Counts
		}
	}
}

// capital says whether a mention does not begin with a small letter.
func (d *doc) capital(m *mention) bool {
	s, _, _ := d.surface(m)
	r, _ := utf8.DecodeRuneInString(s)
	return !unicode.IsLower(r)
}

const (
	maxAcronym   = 3 // letters: TTP, FO, US; longer ones are rarely words
	minShoutings = 4 // words of a title that is all in capitals
)

// silenceCapitals voids acronyms of up to three letters in a title that is all
// in capitals ("TELL US"), unless the entity stands elsewhere too.
func (d *doc) silenceCapitals() {
	tokens := d.tokens[partTitle]
	if len(tokens) < minShoutings {
		return
	}
	for _, t := range tokens {
		if !t.Caps && !isNumber(t.Fold) {
			return
		}
	}
	for i := range d.mentions {
		m := &d.mentions[i]
		if m.part != partTitle || m.end-m.start > 1 || len(tokens[m.start].Fold) > maxAcronym || m.silence != lexicon.Counts {
			continue
		}
		elsewhere := false
		for j := range d.mentions {
			o := &d.mentions[j]
			elsewhere = elsewhere || o.part != partTitle && o.written == m.written && o.silence == lexicon.Counts
		}
		if !elsewhere {
			m.silence, m.by = lexicon.ByCapitals, lexicon.Hit{Value: m.written, Start: 0, End: int32(len(tokens))}
		}
	}
}

func isNumber(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// index puts a mention into the chains of all that it counts for.
func (d *doc) index(m int32) {
	written := d.mentions[m].written
	if int(written) >= d.terms.lex.Len() {
		d.link(written, m)
		return
	}
	for _, id := range d.terms.lex.Counts(lexicon.ID(written)) {
		d.link(int32(id), m)
	}
}

func (d *doc) link(term, m int32) {
	d.links = append(d.links, link{mention: m})
	n := int32(len(d.links))
	if d.heads[term] == 0 {
		d.heads[term] = n
		d.touched = append(d.touched, term)
	} else {
		d.links[d.tails[term]-1].next = n
	}
	d.tails[term] = n
}

// surface returns the words of a mention as they stand in the item, with their
// place in bytes.
func (d *doc) surface(m *mention) (s string, start, end int) {
	tokens := d.tokens[m.part]
	start, end = tokens[m.start].Start, tokens[m.end-1].End
	return d.texts[m.part][start:end], start, end
}
