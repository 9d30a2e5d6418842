package bolt_test

import (
	"bytes"
	"errors"
	"log/slog"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"khyber/internal/store"
	"khyber/internal/store/bolt"
)

func now() time.Time { return time.Now() }

// TestFileSystemsThatLoseDatabasesAreNamed goes by the numbers of linux/magic.h.
func TestFileSystemsThatLoseDatabasesAreNamed(t *testing.T) {
	for kind, want := range map[uint32]struct{ name, refused string }{
		0x6969:     {"nfs", "refused"},
		0x517b:     {"smb", "refused"},
		0xff534d42: {"cifs", "refused"},
		0xfe534d42: {"cifs", "refused"},
		0x01021997: {"9p", "refused"},
		0x00c36400: {"ceph", "refused"},
		0x5346414f: {"afs", "refused"},
		0x6b414653: {"afs", "refused"},
		0x65735546: {"fuse", "warned of"},
		0x794c7630: {"overlay", "warned of"},
		0xef53:     {"ext4", ""},
		0x58465342: {"xfs", ""},
		0x9123683e: {"btrfs", ""},
		0x01021994: {"tmpfs", ""},
		0:          {"unknown", ""},
	} {
		var log bytes.Buffer
		err := bolt.Judge(kind, slog.New(slog.NewTextHandler(&log, nil)))
		got := ""
		switch {
		case err != nil && strings.HasPrefix(err.Error(), "khyber.db is on "+want.name+": "):
			got = "refused"
		case strings.Contains(log.String(), "the database is on "+want.name+": "):
			got = "warned of"
		}
		if got != want.refused || err == nil == (want.refused == "refused") || log.Len() > 0 != (want.refused == "warned of") {
			t.Errorf("%s: %q, %v, want %q", want.name, log.String(), err, want.refused)
		}
	}
}

// TestTheLastRoomOfADiskIsLeftToOthers writes while the disk has less left than
// the reserve.
func TestTheLastRoomOfADiskIsLeftToOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "khyber.db")
	e, err := bolt.Open(path, bolt.Options{MaxSize: 1 << 30, NoSync: true, Reserve: math.MaxInt64})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Write(t.Context(), func(tx store.Tx) error { return put(tx, "one") }); !errors.Is(err, store.ErrFull) {
		t.Errorf("a file that would grow: %v", err)
	}
	sizes, err := e.Sizes(t.Context())
	if err != nil || sizes.DiskFree <= 0 || !errors.Is(sizes.Fault, store.ErrFull) {
		t.Errorf("sizes: %+v, %v", sizes, err)
	}
	// As long as pages of the file are free, it needs none of the disk.
	filler := []byte("filler")
	err = errors.Join(
		e.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put(filler, make([]byte, 32<<20)) }),
		e.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Delete(filler) }),
		e.Close(),
	)
	if err != nil {
		t.Fatal(err)
	}
	if e, err = bolt.Open(path, bolt.Options{MaxSize: 1 << 30, NoSync: true, Reserve: math.MaxInt64}); err != nil {
		t.Fatal(err)
	}
	defer end(t, e)
	if err := e.Write(t.Context(), func(tx store.Tx) error { return put(tx, "one") }); err != nil {
		t.Errorf("a file with free pages: %v", err)
	}
	if sizes, err = e.Sizes(t.Context()); err != nil || sizes.Fault != nil {
		t.Errorf("sizes: %+v, %v", sizes, err)
	}
}
