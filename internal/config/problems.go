package config

import (
	"fmt"
	"slices"
	"strings"

	"khyber/internal/news"
)

// report collects the Problems of one run.
type report struct {
	problems []news.Problem
}

// errorf adds a Problem that makes the configuration invalid. What to write
// instead comes first, because only the text is a format: a test finds every
// format of the package and wants a bad file for it.
func (r *report) errorf(at news.Position, fix, format string, args ...any) {
	r.problems = append(r.problems, news.Problem{Position: at, Text: fmt.Sprintf(format, args...), Fix: fix})
}

// warnf adds a Problem with which the configuration is valid all the same.
func (r *report) warnf(at news.Position, fix, format string, args ...any) {
	r.errorf(at, fix, format, args...)
	r.problems[len(r.problems)-1].Warning = true
}

// sorted returns the Problems in the order of the files. One that was found
// twice, in a value that several sources share, is there once.
func (r *report) sorted() []news.Problem {
	news.SortProblems(r.problems)
	seen := make(map[news.Problem]bool)
	return slices.DeleteFunc(r.problems, func(p news.Problem) bool {
		again := seen[p]
		seen[p] = true
		return again
	})
}

// invalid says whether a Problem is more than a warning.
func invalid(problems []news.Problem) bool {
	return slices.ContainsFunc(problems, func(p news.Problem) bool { return !p.Warning })
}

const maxListed = 12 // allowed values that a reader still takes in at a glance

// suggest says what to write instead of word: the nearest known word, else all
// of them where they are few.
func suggest(word string, known []string) string {
	if best := nearest(word, known); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	if len(known) <= maxListed {
		return "it is one of " + strings.Join(known, ", ")
	}
	return ""
}

// nearest returns the known word that word is most likely a slip of, or "".
func nearest(word string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := distance(word, k); d < least && 2*d < len(word) {
			best, least = k, d
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that make b of a.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	var before []int
	last := make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := range s {
		row := make([]int, len(t)+1)
		row[0] = i + 1
		for j := range t {
			replace := last[j]
			if s[i] != t[j] {
				replace++
			}
			row[j+1] = min(replace, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(t)]
}
