package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// terminal says whether w is a screen that a person looks at.
func (a *app) terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
