package story

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed" // the tables
	"fmt"
	"math"
	"strconv"
	"strings"

	"khyber/internal/text"
)

// How many headlines each word stands in. Both are frozen: a table that moved
// with the archive would give other results for the same input. They hold counts
// only; internal/tools/counts makes them from a file of headlines.
var (
	//go:embed tables/background.tsv.gz
	backgroundCounts []byte // of all news
	//go:embed tables/region.tsv.gz
	regionCounts []byte // of the region's
)

// counts is one such table, by stem.
type counts struct {
	headlines int
	of        map[string]int
	words     []string // as they were counted
	unseen    int32    // idf of a stem that is in none of the headlines
}

// readCounts reads "word TAB count" lines; the word # is the number of headlines.
// Words that fold or stem alike are one.
func readCounts(gz []byte) (counts, error) {
	c := counts{of: make(map[string]int)}
	r, err := gzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		return c, fmt.Errorf("open token counts: %w", err)
	}
	for sc := bufio.NewScanner(r); sc.Scan(); {
		word, n, _ := strings.Cut(sc.Text(), "\t")
		count, err := strconv.Atoi(n)
		if err != nil {
			return c, fmt.Errorf("read the count of %q: %w", word, err)
		}
		if word == "#" {
			c.headlines = count
			continue
		}
		word = text.Fold(word)
		c.words = append(c.words, word)
		c.of[stem(word)] += count
	}
	c.unseen = c.idf(0)
	return c, nil
}

// idf returns how rare a stem in n headlines is, in thousandths: ln((N + 1) / (n + 1/2)).
// Integers, because floating point differs from machine to machine.
func (c *counts) idf(n int) int32 {
	if n == 0 && c.unseen != 0 {
		return c.unseen
	}
	return int32(math.Round(1000 * math.Log(float64(c.headlines+1)/(float64(n)+0.5))))
}

// stem cuts the plural off an English word and writes it as Americans do, as
// agencies and those who print them spell one text in two ways. A stronger
// stemmer needs thresholds of its own.
func stem(w string) string {
	n := len(w)
	switch {
	case n > 4 && strings.HasSuffix(w, "ies"):
		w = w[:n-3] + "y"
	case n > 3 && w[n-1] == 's' && w[n-2] != 's' && w[n-2] != 'u' && w[n-2] != 'i':
		w = w[:n-1]
	}
	return american(w)
}

// american writes a word as Americans do.
func american(w string) string {
	if len(w) < 3 {
		return w
	}
	switch w[len(w)-2:] {
	case "on", "se", "re", "ce", "me", "ed", "ng", "ur":
	default: // none of the endings below
		return w
	}
	for _, s := range spellings {
		if root, ok := strings.CutSuffix(w, s.british); ok && len(root) > 1 {
			return root + s.american
		}
	}
	return w
}

// spellings are endings of one word. Where the American one is no word, as of
// surprise, nothing is lost: both sides have it.
var spellings = []struct{ british, american string }{
	{"isation", "ization"},
	{"ise", "ize"},
	{"ised", "ized"},
	{"ising", "izing"},
	{"our", "or"},
	{"oured", "ored"},
	{"ouring", "oring"},
	{"tre", "ter"},
	{"bre", "ber"},
	{"fence", "fense"},
	{"gramme", "gram"},
}
