package bolt

import (
	"fmt"
	"runtime/debug"

	"khyber/internal/store"
)

// damaged makes an error of the panics with which bbolt meets pages that are
// none, and of the fault with which the system meets pages that are missing from
// the file. It is called before the file is read, and what it returns is
// deferred.
func damaged(path string, err *error) func() {
	before := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(before)
		if r := recover(); r != nil {
			*err = fmt.Errorf("read %s: %w: %v", path, store.ErrDamaged, r)
		}
	}
}
