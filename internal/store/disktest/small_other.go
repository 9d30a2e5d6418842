//go:build !linux

package disktest

import "testing"

// Small skips the test: only Linux gives a process mounts of its own.
func Small(t *testing.T, _ int64) string {
	t.Skip("A FULL DISK IS NOT TRIED: only Linux gives a process mounts of its own")
	return ""
}

// ReadOnly is never called where Small skips.
func ReadOnly(t *testing.T, _ string) { t.Fatal("there is no small disk here") }
