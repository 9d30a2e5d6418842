package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"khyber/internal/config"
	"khyber/internal/store"
)

const (
	diskLow   = 256 << 20 // bytes: below it the archive is shortened
	filesLow  = 1024      // open files at a time: a poll has some, a reader one
	freePages = 256 << 20 // bytes of a database that hold nothing: below it compact is not worth it
)

// examineMachine looks at what the program stands on.
func (a *app) examineMachine(cfg *config.Config) []finding {
	var out []finding
	add := func(r rank, format string, args ...any) {
		out = append(out, finding{r, fmt.Sprintf(format, args...), nil})
	}
	for _, f := range cfg.Revision.Files {
		info, err := os.Stat(a.path(f.Path))
		if err == nil && info.Mode().Perm()&0o004 != 0 && writtenSecret(cfg) {
			add(losing, "%s can be read by everybody and a source in it has a password or token written out: chmod 640 %s, or write ${NAME}", f.Path, f.Path)
			break
		}
	}
	if info, err := os.Stat(a.data); err == nil && info.Mode().Perm()&^fs.FileMode(0o600) != 0 {
		add(losing, "%s can be read by others: chmod 600 %s", a.data, a.data)
	}
	var disk syscall.Statfs_t
	if syscall.Statfs(filepath.Dir(a.data), &disk) == nil {
		if free := disk.Bavail * uint64(disk.Bsize); free < diskLow {
			add(losing, "the disk of %s has %d MiB left: make room, or a full disk stops what is new", a.data, free>>20)
		}
	}
	var files syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files) == nil && files.Max < filesLow {
		add(costly, "only %d files may be open at a time: raise the limit to %d (LimitNOFILE=, ulimit -n)", files.Max, filesLow)
	}
	return out
}

// writtenSecret says whether a secret stands in the files themselves. One that
// comes from the environment is written ${NAME} there.
func writtenSecret(cfg *config.Config) bool {
	for _, f := range cfg.Revision.Files {
		for _, secret := range cfg.Secrets {
			if len(secret) > 0 && bytes.Contains(f.Text, []byte(secret)) {
				return true
			}
		}
	}
	return false
}

// examineSizes looks at the database file.
func examineSizes(path string, s store.Sizes) []finding {
	var out []finding
	switch {
	case errors.Is(s.Fault, store.ErrDamaged):
		out = append(out, finding{losing, path + ": it is damaged and takes no writes: put a backup in its place with khyber restore", nil})
	case s.Crashed:
		out = append(out, finding{losing, path + ": it was not closed, as after a kill or a loss of power: khyber verify looks for damage", nil})
	}
	if s.Free > freePages && s.Free > s.Bytes/2 {
		out = append(out, finding{costly, fmt.Sprintf("%s: %d of its %d MiB hold nothing: khyber compact frees them while the daemon is stopped", path, s.Free>>20, s.Bytes>>20), nil})
	}
	if s.Limit > 0 && s.Bytes > s.Limit-s.Limit/10 && s.Free < s.Bytes/10 {
		out = append(out, finding{losing, fmt.Sprintf("%s: it has reached nine tenths of its limit: raise --max-db, or keep less with --keep", path), nil})
	}
	return out
}
