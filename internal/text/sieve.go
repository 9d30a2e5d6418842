package text

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// Sieve knows quickly of a text that it lacks a word it would need. It reads
// words as [Tokens] does and keeps none, so it never refuses a text whose tokens
// hold the words. The zero value lets every text pass. Once the last word is
// added it is safe for concurrent use.
type Sieve struct {
	sets  int
	words map[string]uint64 // folded word → the sets that it is of, a bit each
	stems [256][]stem       // by what place returns
	// Of each place the lengths, in bytes, that a word must have to be of a set: a
	// bit each, the last one for all that are longer.
	lengths [256]uint64
	latin   bool // all words begin with a letter of ASCII

	scanners sync.Pool // of *scanner, for their memory
}

// stem is the beginning of words.
type stem struct {
	fold string
	sets uint64
}

// MaxSets is how many sets a Sieve can have.
const MaxSets = 64

// Set begins a set: a text must hold a word of each set. It returns false when
// there are MaxSets already; words are then not added.
func (s *Sieve) Set() bool {
	if s.sets == MaxSets {
		return false
	}
	s.sets++
	return true
}

// Add adds a folded word to the set that was begun last. A stem, of two bytes at
// least, stands for all words that begin with it.
func (s *Sieve) Add(fold string, isStem bool) {
	if s.words == nil {
		s.words = make(map[string]uint64)
		s.latin = true
	}
	s.latin = s.latin && isASCIILetter(fold[0])
	set := uint64(1) << (s.sets - 1)
	at := place(fold)
	if !isStem {
		s.words[fold] |= set
		s.lengths[at] |= size(len(fold))
		return
	}
	s.stems[at] = append(s.stems[at], stem{fold, set})
	s.lengths[at] |= -size(len(fold)) // this bit and all above it
}

// place is the byte by which words are told apart first: the second one, which
// differs in every script.
func place[T string | []byte](fold T) byte { return fold[min(1, len(fold)-1)] }

// size is the bit of a length.
func size(n int) uint64 { return 1 << min(n, 63) }

// of returns the sets that a folded word is of.
func (s *Sieve) of(fold string) (sets uint64) {
	at := place(fold)
	if s.lengths[at]&size(len(fold)) == 0 {
		return 0
	}
	for _, stem := range s.stems[at] {
		if strings.HasPrefix(fold, stem.fold) {
			sets |= stem.sets
		}
	}
	return sets | s.words[fold]
}

// Pass says whether the texts together, in one language, hold a word of each
// set.
func (s *Sieve) Pass(lang string, texts ...string) bool {
	sc, _ := s.scanners.Get().(*scanner)
	if sc == nil {
		sc = new(scanner)
	}
	left := uint64(1)<<s.sets - 1
	for _, t := range texts {
		sc.src, sc.clitics, sc.noTagEnd = t, lang == "" || lang == "ar", false
		left = sc.sift(s, left)
	}
	sc.folded.Reset()
	s.scanners.Put(sc)
	return left == 0
}

// sift returns those of the sets of which the text has no word.
func (s *scanner) sift(v *Sieve, left uint64) uint64 {
	src := s.src
	for i := 0; i < len(src) && left != 0; {
		first := plain[src[i]]
		if first == ends && src[i] != '<' {
			i++
			continue
		}
		if first > unsure {
			end := i + 1
			for end < len(src) && plain[src[end]] > unsure {
				end++
			}
			if next := behind(src, i, end); next > 0 {
				if v.lengths[plain[src[min(i+1, end-1)]]]&size(end-i) != 0 {
					s.fold = s.fold[:0]
					for _, c := range []byte(src[i:end]) {
						s.fold = append(s.fold, plain[c])
					}
					left &^= v.of(string(s.fold))
				}
				i = next
				continue
			}
		}
		if v.latin && first == unsure {
			if end := foreign(src, i); end > i {
				i = end
				continue
			}
		}
		i = s.siftWord(v, i, &left)
	}
	return left
}

// siftWord takes the sets of the word at i off left and returns the place behind
// it.
func (s *scanner) siftWord(v *Sieve, i int, left *uint64) int {
	var w tally
	if end, same := s.glance(i, &w); end > i && !(s.clitics && isArabic(w.last)) {
		switch {
		case same:
			*left &^= v.of(s.src[i:end])
		case len(s.fold) > 0 && v.lengths[place(s.fold)]&size(len(s.fold)) != 0:
			*left &^= v.of(string(s.fold))
		}
		return end
	}
	s.tokens = s.tokens[:0]
	i = s.step(i)
	for k := range s.tokens {
		*left &^= v.of(s.tokens[k].Fold)
		for _, alt := range s.tokens[k].Alt {
			*left &^= v.of(alt)
		}
	}
	return i
}

// plain is the folded form of the letters and digits of ASCII. The other bytes
// end a word, or nobody can be sure of them alone.
var plain = plainTable()

const (
	ends   = 0
	unsure = 1
)

func plainTable() (t [256]byte) {
	for c := range t {
		switch g, ok := known(rune(c)); {
		case c >= utf8.RuneSelf, !ok && g.class&odd != 0:
			t[c] = unsure
		case ok:
			t[c] = byte(g.fold)
		}
	}
	return t
}

// behind returns the place behind the word src[i:end] of ASCII, when what follows
// ends it for certain: behind its ’s and its quotation mark too (N11). 0: nobody
// can be sure.
func behind(src string, i, end int) int {
	certain := func(j int) bool { return j >= len(src) || plain[src[j]] == ends || src[j] == '.' }
	switch {
	case end == len(src) || plain[src[end]] == ends:
		return end
	case src[end] == '.' && end-i > 1 && isASCIILetter(src[i]) && isASCIILetter(src[i+1]): // no initial
		return end
	case src[end] == '\'':
		end++
	case strings.HasPrefix(src[end:], "’"):
		end += len("’")
	default:
		return 0
	}
	switch {
	case certain(end):
		return end
	case src[end]|0x20 == 's' && certain(end+1):
		return end + 1
	}
	return 0
}

// foreign returns the end of the words at i when all of their characters are of
// U+0400 to U+0FFF, none of which folds to a letter of ASCII, and what follows
// ends them for certain; else i.
func foreign(src string, i int) int {
	end := i
	for end < len(src) && src[end] >= utf8.RuneSelf {
		n := 2
		switch c := src[end]; {
		case c == 0xe0:
			n = 3
		case c < 0xd0 || c > 0xdf:
			return i
		}
		if end+n > len(src) || src[end+1]&0xc0 != 0x80 || src[end+n-1]&0xc0 != 0x80 {
			return i // not UTF-8
		}
		end += n
	}
	if end < len(src) && plain[src[end]] != ends {
		return i
	}
	return end
}
