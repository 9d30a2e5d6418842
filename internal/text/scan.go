package text

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scanner walks once over a text. The folded words that do not stand in it as
// they are lie behind each other in one buffer: a Builder never moves or changes
// bytes that it has handed out.
type scanner struct {
	src     string
	tokens  []Token
	clitics bool
	folded  strings.Builder
	alts    []string
	raw     []byte // a word whose bytes are not all in it: d’affaires, U.S.
	fold    []byte // the word that is being folded

	joins  bool // for Fold: of the tokens only the last one is kept
	joined strings.Builder

	sentence int
	words    int  // of this sentence
	broken   bool // punctuation since the last word
	noTagEnd bool // there is no > ahead
}

// run finds every word.
func (s *scanner) run() {
	for i := 0; i < len(s.src); {
		if s.src[i] == ' ' {
			i++
			continue
		}
		i = s.step(i)
	}
}

// step reads what stands at a place and returns the place behind it.
func (s *scanner) step(i int) int {
	if next, ok := s.quick(i); ok {
		return next
	}
	r, n := s.at(i)
	switch {
	case s.src[i] == '<':
		return s.tag(i)
	case isWord(r) && !isMark(r): // a mark without a letter is nothing
		return s.word(i)
	}
	s.punctuation(r, i, n)
	return i + n
}

// at returns the character at a place and its length; a character reference is
// what it stands for (N0).
func (s *scanner) at(i int) (rune, int) {
	if i >= len(s.src) {
		return 0, 0
	}
	c := s.src[i]
	switch {
	case c == '&':
		return reference(s.src[i:])
	case c < utf8.RuneSelf:
		return rune(c), 1
	}
	return utf8.DecodeRuneInString(s.src[i:])
}

// maxReference is the length of the longest character reference of HTML that
// may be in a text, in bytes.
const maxReference = 34

// reference decodes the character reference at the start of s, if it is one.
func reference(s string) (rune, int) {
	end := strings.IndexByte(s[:min(len(s), maxReference)], ';')
	if end < 2 {
		return '&', 1
	}
	decoded := html.UnescapeString(s[:end+1])
	r, n := utf8.DecodeRuneInString(decoded)
	if n < len(decoded) && r == '&' {
		return '&', 1
	}
	return r, end + 1
}

// tag skips a tag with its attributes, or the < where there is none. A tag that
// begins a paragraph or a line ends the sentence.
func (s *scanner) tag(i int) int {
	rest := s.src[i+1:]
	name := tagName(rest)
	if s.noTagEnd || name == "" {
		return i + 1
	}
	end := tagEnd(rest)
	if end < 0 {
		s.noTagEnd = true
		return i + 1
	}
	if !inlineTags[strings.TrimPrefix(name, "/")] {
		s.endSentence()
	}
	if name == "script" || name == "style" {
		skip := strings.Index(strings.ToLower(rest[end:]), "</"+name)
		if skip < 0 {
			return len(s.src) // as browsers do
		}
		end += skip - 1
	}
	return i + 1 + end + 1
}

// tagEnd returns the place of the > that closes a tag; one in a quoted
// attribute does not.
func tagEnd(s string) int {
	var quote byte
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && i > 0 && s[i-1] == '=':
			quote = c
		case c == '>':
			return i
		}
	}
	return strings.IndexByte(s, '>')
}

// tagName returns the name of the tag whose < stands before s, in small letters
// with the slash of an end tag; "!" or "?" of what is no element; "" where no
// tag begins.
func tagName(s string) string {
	n := 0
	if s != "" && strings.IndexByte("/!?", s[0]) >= 0 {
		n++
	}
	for n < len(s) && (isASCIILetter(s[n]) || n > 0 && isDigit(s[n])) {
		n++
	}
	if n == 0 || s[0] != '!' && s[0] != '?' && n < len(s) && strings.IndexByte(" \t\r\n\f/>:-_", s[n]) < 0 {
		return ""
	}
	return strings.ToLower(s[:n])
}

// inlineTags stand inside a sentence.
var inlineTags = map[string]bool{
	"a": true, "abbr": true, "b": true, "bdi": true, "bdo": true, "cite": true, "code": true, "em": true, "font": true,
	"i": true, "img": true, "mark": true, "q": true, "s": true, "small": true, "span": true, "strong": true, "sub": true,
	"sup": true, "time": true, "u": true, "wbr": true,
}

// punctuation notes what the sign r between two words means for phrases and
// sentences (R7).
func (s *scanner) punctuation(r rune, i, n int) {
	switch r {
	case ',', ':', '(', ')', '[', ']', '—', '–', '/', '\\', '|', '•', '·', '،', '、', '，', '：', '（', '）', '《', '》':
		s.broken = true
	case '.':
		s.dot(i, n)
	case '!', '?', '؟', '۔', '।', '॥', ';', '؛', '…', '\n', '。', '！', '？', '；':
		s.endSentence()
	}
}

// dot ends the sentence unless it stands between digits or after an initial or
// an abbreviation.
func (s *scanner) dot(i, n int) {
	if len(s.tokens) > 0 && s.words > 0 {
		last := &s.tokens[len(s.tokens)-1]
		next, _ := s.at(i + n)
		if last.End == i && (isDigit(last.Fold[len(last.Fold)-1]) && unicode.IsDigit(next) ||
			len(last.Fold) == 1 && !isDigit(last.Fold[0]) || abbreviations[last.Fold]) {
			return
		}
	}
	s.endSentence()
}

// endSentence begins a new sentence, if this one has a word.
func (s *scanner) endSentence() {
	s.broken = true
	if s.words > 0 {
		s.sentence++
		s.words = 0
	}
}

// abbreviations do not end a sentence with their dot.
var abbreviations = map[string]bool{
	"mr": true, "mrs": true, "ms": true, "dr": true, "gen": true, "lt": true, "col": true, "maj": true, "brig": true,
	"capt": true, "sgt": true, "cmdr": true, "adm": true, "no": true, "sen": true, "rep": true, "gov": true, "prof": true,
	"st": true, "jr": true, "sr": true, "vs": true, "rs": true, "hon": true, "ret": true, "retd": true,
}

// word reads the word that begins at start and returns the place behind it.
func (s *scanner) word(start int) int {
	w := wordScan{scanner: s, start: start, end: start, whole: true}
	s.raw = s.raw[:0]
	next := w.read()
	body := s.src[start:w.end]
	if !w.whole {
		body = string(s.raw)
	}
	if s.fold = appendFold(s.fold[:0], body); len(s.fold) == 0 {
		return next
	}
	t := Token{Fold: s.keep(s.fold), Start: start, End: w.end, Caps: w.letters > 0 && w.capitals == w.letters}
	if w.elided > 0 {
		if s.fold = appendFold(s.fold[:0], body[w.elided:]); Letters(string(s.fold)) >= minLeft {
			t.Alt = []string{string(s.fold)}
		}
	}
	s.take(t, w.last)
	return next
}

// keep returns a folded word as a string that lasts.
func (s *scanner) keep(word []byte) string {
	if s.folded.Len() == 0 {
		s.folded.Grow(len(s.src)/4 + len(word))
	}
	from := s.folded.Len()
	s.folded.Write(word)
	return s.folded.String()[from:]
}

// take adds a word of which the last letter is named.
func (s *scanner) take(t Token, last rune) {
	t.Sentence, t.Break = s.sentence, s.broken
	if s.clitics && isArabic(last) {
		t.Alt = s.alternatives(t.Fold)
	}
	s.words++
	s.broken = false
	if unspaced(last) {
		s.characters(t)
		return
	}
	s.add(t)
}

// add adds a token.
func (s *scanner) add(t Token) {
	if s.joins {
		if s.joined.Len() > 0 {
			s.joined.WriteByte(' ')
		}
		s.joined.WriteString(t.Fold)
		s.tokens = s.tokens[:0]
	}
	s.tokens = append(s.tokens, t)
}

// characters adds a token for each letter of a sign that decomposes into
// several.
func (s *scanner) characters(t Token) {
	from := 0
	for i, r := range t.Fold {
		if i > from && !isMark(r) {
			part := t
			part.Fold = t.Fold[from:i]
			s.add(part)
			from, t.Break = i, false
		}
	}
	t.Fold = t.Fold[from:]
	s.add(t)
}

// wordScan is the state of reading one word.
type wordScan struct {
	*scanner
	start, end int
	whole      bool // the word's bytes are src[start:end]
	dotted     bool // an acronym with dots
	elided     int  // bytes of the article or preposition before the word: d’ of d’Afghanistan
	letters    int
	capitals   int
	last       rune
}

// read finds the end of the word and returns the place where the search goes on.
func (w *wordScan) read() int {
	i := w.start
	for i < len(w.src) {
		r, n := w.at(i)
		switch {
		case isApostrophe(r):
			next, more := w.apostrophe(i, n)
			if !more {
				return next
			}
			i = next
		case isWord(r):
			if i > w.start && w.endsBefore(r) {
				return i
			}
			w.add(r, i, n)
			i += n
		case r == '.' && w.initials():
			next, more := w.acronym(i)
			if !more {
				return next
			}
			i = next
		case isInvisible(r) && !(r == zwnj && isArabic(w.last)):
			w.part(i)
			i += n
		default:
			return i
		}
	}
	return i
}

// endsBefore says whether a character begins a word of its own: one token a
// character in scripts without spaces (N16).
func (w *wordScan) endsBefore(r rune) bool { return (unspaced(r) || unspaced(w.last)) && !isMark(r) }

// initials says whether the word may be U.S. up to here.
func (w *wordScan) initials() bool {
	return w.letters > 0 && w.capitals == w.letters && (w.dotted || w.letters == 1)
}

// add takes a character into the word.
func (w *wordScan) add(r rune, i, n int) {
	if w.src[i] == '&' {
		w.part(i)
	}
	if !w.whole {
		w.raw = utf8.AppendRune(w.raw, r)
	}
	w.end = i + n
	if r < utf8.RuneSelf && r <= '9' {
		w.last = r
		return
	}
	if unicode.IsLetter(r) {
		w.letters++
		if unicode.IsUpper(r) {
			w.capitals++
		}
	}
	if !isMark(r) {
		w.last = r
	}
}

// part notes that what stands at i is not of the word, though the word may go on.
func (w *wordScan) part(i int) {
	if w.whole {
		w.raw = append(w.raw[:0], w.src[w.start:i]...)
		w.whole = false
	}
}

// apostrophe leaves out an apostrophe inside a word (N10) and a final ’s (N11).
func (w *wordScan) apostrophe(i, n int) (next int, more bool) {
	r, m := w.at(i + n)
	if m == 0 || !isWord(r) || unspaced(r) {
		return i + n, false
	}
	if r == 's' || r == 'S' {
		if after, k := w.at(i + n + m); k == 0 || !isWord(after) && !isApostrophe(after) {
			return i + n + m, false
		}
	}
	if w.whole && elisions[strings.ToLower(w.src[w.start:i])] {
		w.elided = i - w.start
	}
	w.part(i)
	return i + n, true
}

// elisions are what French and Italian write before a word with an apostrophe.
var elisions = words("d l qu dell all dall nell sull un")

// acronym leaves out a dot of U.S. (N11); the last one does not end a sentence.
func (w *wordScan) acronym(i int) (next int, more bool) {
	r, n := w.at(i + 1)
	after, _ := w.at(i + 1 + n)
	if 'A' <= r && r <= 'Z' && !isWord(after) {
		w.part(i)
		w.dotted = true
		return i + 1, true
	}
	if w.dotted {
		return i + 1, false
	}
	return i, false
}

// alternatives returns an Arabic word without its conjunction, preposition and
// article (N14).
func (s *scanner) alternatives(word string) []string {
	from := len(s.alts)
	s.alts = appendAlternatives(s.alts, word)
	if len(s.alts) == from {
		return nil
	}
	return s.alts[from:len(s.alts):len(s.alts)]
}
