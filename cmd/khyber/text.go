package main

import (
	"fmt"
	"io"

	"khyber/internal/news"
)

// print writes a result to standard output.
func (a *app) print(s string) error {
	_, err := io.WriteString(a.stdout, s)
	return err
}

// count writes a number with its noun: "1 source", "2 sources".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// active counts the sources that are polled.
func active(sources []news.Source) int {
	n := 0
	for i := range sources {
		if !sources[i].Disabled {
			n++
		}
	}
	return n
}
