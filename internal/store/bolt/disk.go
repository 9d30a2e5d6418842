package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"syscall"

	berrors "go.etcd.io/bbolt/errors"

	"khyber/internal/store"
)

const (
	// DefaultReserve is what the file leaves free on its disk, in bytes: others
	// need room too, and so does a backup of the operator's.
	DefaultReserve = 64 << 20
	// inside is how many free bytes of the file a group of writes can do with, so
	// that the file does not grow.
	inside = 2 * groupBytes
)

// volume is the file system of a folder.
type volume struct {
	kind uint32 // the magic number of statfs(2); 0: not known
	free int64  // bytes for us; -1: not known
}

// judgment is what there is to say of a kind of file system.
type judgment struct {
	name   string
	refuse bool
	text   string
}

const lies = "on a network, locks and mapped pages are not what they are on a disk: name a --data on a disk of this machine"

// judge says what is wrong with keeping a database on a kind of file system,
// by the magic numbers of linux/magic.h.
func judge(kind uint32) (judgment, bool) {
	switch kind {
	case 0x6969:
		return judgment{"nfs", true, lies}, true
	case 0x517b:
		return judgment{"smb", true, lies}, true
	case 0xff534d42, 0xfe534d42:
		return judgment{"cifs", true, lies}, true
	case 0x01021997:
		return judgment{"9p", true, lies}, true
	case 0x00c36400:
		return judgment{"ceph", true, lies}, true
	case 0x5346414f, 0x6b414653:
		return judgment{"afs", true, lies}, true
	case 0x65735546:
		return judgment{"fuse", false, "whether it keeps what it says to have kept depends on the program behind it"}, true
	case 0x794c7630:
		return judgment{"overlay", false, "the database is inside the container's layer and gone with it: mount a volume there"}, true
	}
	return judgment{}, false
}

// checkVolume refuses a file system on which a database is not safe, and warns
// of one on which it may not stay.
func checkVolume(path string, kind uint32, log *slog.Logger) error {
	j, said := judge(kind)
	switch {
	case !said:
	case j.refuse:
		return fmt.Errorf("%s is on %s: %s", path, j.name, j.text)
	default:
		log.Warn("the database is on "+j.name+": "+j.text, "file", path)
	}
	return nil
}

// Place says what is wrong with the file system on which a database lies; empty:
// nothing that is known.
func Place(path string) string {
	j, said := judge(look(filepath.Dir(path)).kind)
	if !said {
		return ""
	}
	return "it is on " + j.name + ": " + j.text
}

// room says why a write is not begun that may let the file grow: the disk has
// less left than the reserve. As long as the file has free pages of its own it
// needs none.
func (e *Engine) room() error {
	if e.reserve <= 0 || e.freed() >= inside {
		return nil
	}
	free := look(filepath.Dir(e.path)).free
	if free < 0 || free >= e.reserve {
		return nil
	}
	return fmt.Errorf("%w: its disk has %d MiB left, and %d MiB are left to others: make room", store.ErrFull, free>>20, e.reserve>>20)
}

// full says whether an error of bbolt's is one that passes when there is room
// again: a page was not written. When a sync says that there is no room, pages
// that were written may be lost.
func full(err error) bool {
	if errors.Is(err, berrors.ErrMaxSizeReached) {
		return true
	}
	var at *fs.PathError
	if errors.As(err, &at) && at.Op == "write" {
		return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
	}
	// bbolt cuts the chain of this one.
	text := err.Error()
	return strings.HasPrefix(text, "file resize error") &&
		(strings.Contains(text, syscall.ENOSPC.Error()) || strings.Contains(text, syscall.EDQUOT.Error()))
}
