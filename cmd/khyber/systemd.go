package main

import (
	_ "embed"
	"fmt"
	"os"
	"strings"
)

//go:embed khyber.service
var serviceUnit string

type systemdUnitCmd struct{}

// Run prints a unit that starts this binary.
func (systemdUnitCmd) Run(a *app) error {
	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	return a.print(strings.Replace(serviceUnit, "BINARY", quoteUnit(binary), 1))
}

// quoteUnit writes a path as a unit has it: % begins a specifier, and a path
// with spaces needs quotes.
func quoteUnit(path string) string {
	path = strings.NewReplacer("%", "%%", `\`, `\\`, `"`, `\"`, "$", "$$").Replace(path)
	if strings.ContainsAny(path, " \t'\"\\") {
		return `"` + path + `"`
	}
	return path
}
