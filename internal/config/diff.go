package config

import (
	"fmt"
	"slices"
	"strings"
)

const (
	context     = 3    // unchanged lines around a change, as patch expects
	maxDistance = 1000 // lines; more differences than that are shown as one
)

// change says that the lines of one text replace those of the other. Ends are
// exclusive, lines count from 0.
type change struct{ a, aEnd, b, bEnd int }

// Diff returns the change of a file as a unified diff that patch applies; empty
// where nothing has changed.
func Diff(path string, before, after []byte) string {
	a, b := linesWithBreaks(string(before)), linesWithBreaks(string(after))
	found := changes(a, b)
	if len(found) == 0 {
		return ""
	}
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", path, path)
	for len(found) > 0 {
		n := 1
		for n < len(found) && found[n].a-found[n-1].aEnd <= 2*context {
			n++
		}
		writeHunk(&out, found[:n], a, b)
		found = found[n:]
	}
	return out.String()
}

func linesWithBreaks(s string) []string {
	lines := strings.SplitAfter(s, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// writeHunk writes changes that are close to each other with the lines around
// and between them.
func writeHunk(out *strings.Builder, found []change, a, b []string) {
	first, last := found[0], found[len(found)-1]
	lead := min(context, first.a)
	end := min(last.aEnd+context, len(a))
	from, length := first.a-lead, end-first.a+lead
	to, newLength := first.b-lead, last.bEnd+end-last.aEnd-first.b+lead
	fmt.Fprintf(out, "@@ -%s +%s @@\n", lineRange(from, length), lineRange(to, newLength))
	at := from
	for _, c := range found {
		writeLines(out, ' ', a[at:c.a])
		writeLines(out, '-', a[c.a:c.aEnd])
		writeLines(out, '+', b[c.b:c.bEnd])
		at = c.aEnd
	}
	writeLines(out, ' ', a[at:end])
}

// lineRange is the form of a hunk's head: one of no line names the line before.
func lineRange(from, length int) string {
	if length == 0 {
		return fmt.Sprintf("%d,0", from)
	}
	return fmt.Sprintf("%d,%d", from+1, length)
}

func writeLines(out *strings.Builder, mark byte, lines []string) {
	for _, line := range lines {
		out.WriteByte(mark)
		out.WriteString(line)
		if !strings.HasSuffix(line, "\n") {
			out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

// changes finds what was removed and added between two texts.
func changes(a, b []string) []change {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	a, b = a[head:len(a)-tail], b[head:len(b)-tail]
	if len(a) == 0 && len(b) == 0 {
		return nil
	}
	found := []change{{0, len(a), 0, len(b)}}
	if len(a) > 0 && len(b) > 0 {
		found = shortest(a, b)
	}
	for i := range found {
		found[i] = change{found[i].a + head, found[i].aEnd + head, found[i].b + head, found[i].bEnd + head}
	}
	return found
}

// shortest is the greedy algorithm of E. Myers, "An O(ND) Difference Algorithm
// and Its Variations" (1986): reach[k] is how far in a one comes on diagonal k
// with so many lines removed or added.
func shortest(a, b []string) []change {
	reach := map[int]int{1: 0}
	var trace []map[int]int
	for d := range min(len(a)+len(b), maxDistance) + 1 {
		now := make(map[int]int, d+1)
		for k := -d; k <= d; k += 2 {
			x := reach[k-1] + 1
			if k == -d || k != d && reach[k-1] < reach[k+1] {
				x = reach[k+1]
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			now[k] = x
			if x >= len(a) && x-k >= len(b) {
				return backtrack(append(trace, reach), len(a), len(b))
			}
		}
		trace = append(trace, reach)
		reach = now
	}
	return []change{{0, len(a), 0, len(b)}}
}

// backtrack follows the trace from the end to the beginning.
func backtrack(trace []map[int]int, x, y int) []change {
	var found []change
	for d := len(trace) - 1; d > 0; d-- {
		k, reach := x-y, trace[d]
		before := k - 1
		if k == -d || k != d && reach[k-1] < reach[k+1] {
			before = k + 1
		}
		px := reach[before]
		py := px - before
		step := change{px, px, py, py + 1} // a line of b was added
		if before == k-1 {
			step = change{px, px + 1, py, py}
		}
		if n := len(found); n > 0 && found[n-1].a == step.aEnd && found[n-1].b == step.bEnd {
			found[n-1].a, found[n-1].b = step.a, step.b
		} else {
			found = append(found, step)
		}
		x, y = px, py
	}
	slices.Reverse(found)
	return found
}
