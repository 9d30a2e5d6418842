//go:build !linux

package bolt

// look knows the file systems of Linux only.
func look(string) volume { return volume{free: -1} }
