package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"khyber/internal/store"
	"khyber/internal/store/bolt"
)

type backupCmd struct {
	File string `arg:"" help:"Where the copy goes; it is replaced at once when it is there. F.jsonl.zst is a stream that any engine reads, - standard output."`
}

// Run copies the database and verifies the copy. Where a daemon has it, the copy
// comes from there: as with `backup -`, which prints it.
func (c backupCmd) Run(ctx context.Context, a *app) error {
	switch {
	case c.File == "-":
		return a.withStore(ctx, c, nil, writes, func(st *store.Store) error { return st.Backup(ctx, a.stdout) })
	case same(a.data, c.File):
		return fmt.Errorf("%s is the database itself: name another file", c.File)
	case isFolder(c.File):
		return fmt.Errorf("%s is a folder: name a file", c.File)
	}
	copied := func(f *os.File) error { return backupCmd{"-"}.Run(ctx, a.writing(f)) }
	if strings.HasSuffix(c.File, streamSuffix) {
		copied = func(f *os.File) error { return a.stream(ctx, f) }
	}
	items := 0
	err := replace(c.File, copied, func(path string) (err error) {
		a.reached("backup.written")
		items, err = a.verify(ctx, path)
		return err
	})
	if err != nil {
		return err
	}
	return a.print(fmt.Sprintf("%s: %s, verified\n", c.File, count(items, "item")))
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

type verifyCmd struct {
	File string `arg:"" optional:"" help:"A backup; the database itself where none is named."`
}

// Run looks for damage.
func (c verifyCmd) Run(ctx context.Context, a *app) error {
	if c.File == "" {
		return a.withStore(ctx, c, nil, writes, func(st *store.Store) error {
			items, err := verify(ctx, st, a.data)
			if err == nil {
				err = a.print(verdictOfFile(a.data, items))
			}
			return err
		})
	}
	items, err := a.verify(ctx, c.File)
	if err != nil {
		return err
	}
	return a.print(verdictOfFile(c.File, items))
}

func verdictOfFile(path string, items int) string {
	return fmt.Sprintf("%s: %s, no damage\n", path, count(items, "item"))
}

type restoreCmd struct {
	File string `arg:"" help:"A backup, or a stream."`
}

// Run puts a verified backup in the place of the database, which is kept as
// .before-restore. The daemon must be stopped. At no moment there is no
// database: serve would make a new one.
func (c restoreCmd) Run(ctx context.Context, a *app) error {
	items, err := a.verify(ctx, c.File)
	if err != nil {
		return err
	}
	aside := a.data + ".before-restore"
	put := func() error {
		return replace(a.data, func(f *os.File) error { return a.fill(ctx, f, c.File) }, func(string) error {
			if !exists(a.data) {
				return nil
			}
			if err := os.Remove(aside); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			return os.Link(a.data, aside)
		})
	}
	if exists(a.data) {
		if same(a.data, c.File) {
			return fmt.Errorf("%s is the database itself: name a backup", c.File)
		}
		err = a.locked(ctx, put)
	} else {
		err = put()
	}
	if err != nil {
		return fmt.Errorf("restore %s: %w", c.File, err)
	}
	a.reached("restore.renamed")
	return a.print(fmt.Sprintf("%s: %s from %s; what newer documents of the sources hold comes with the next polls\n", a.data, count(items, "item"), c.File))
}

type compactCmd struct{}

// Run gives the free pages of the database back to the disk.
func (compactCmd) Run(ctx context.Context, a *app) error {
	if !exists(a.data) {
		return fmt.Errorf("there is no %s: --data names another database", a.data)
	}
	before, after, err := bolt.Compact(ctx, a.data, bolt.Options{Now: a.now, Log: a.logger(nil, slog.LevelWarn), Crash: a.crash})
	if err != nil {
		return inUse(ctx, a.data, err)
	}
	return a.print(fmt.Sprintf("%s: %d KiB before, %d KiB now\n", a.data, before>>10, after>>10))
}

// locked calls f while no other process can use the database. One that is
// damaged is no obstacle to a restore, as long as nobody has it open.
func (a *app) locked(ctx context.Context, f func() error) error {
	engine, err := bolt.Open(a.data, bolt.Options{Now: a.now, Log: a.logger(nil, slog.LevelWarn)})
	switch {
	case errors.Is(err, bolt.ErrInUse):
		return inUse(ctx, a.data, err)
	case err != nil:
		return f()
	}
	return errors.Join(f(), engine.Close())
}

// verify looks for damage in a file that is not in use, and counts its items.
func (a *app) verify(ctx context.Context, path string) (items int, err error) {
	if isStream(path) {
		return checkStream(path)
	}
	look := func(path string, may access) error {
		return a.withFile(ctx, path, may, func(st *store.Store) error {
			items, err = verify(ctx, st, path)
			return err
		})
	}
	if err = look(path, reads); errors.Is(err, bolt.ErrOlder) {
		err = ofCopy(path, func(copied string) error { return look(copied, writes) })
	}
	return items, err
}

// ofCopy calls f with a copy of a file of an earlier version, which f may bring up
// to date: the file itself is for that version too.
func ofCopy(path string, f func(copied string) error) (err error) {
	folder, err := os.MkdirTemp(filepath.Dir(path), "."+filepath.Base(path)+".verify-*")
	if err != nil {
		return fmt.Errorf("%s is of an earlier Khyber, and a copy is verified in its place: %w", path, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	copied := filepath.Join(folder, filepath.Base(path))
	if err := replace(copied, func(to *os.File) error { return copyFile(to, path) }, func(string) error { return nil }); err != nil {
		return fmt.Errorf("%s is of an earlier Khyber, and a copy is verified in its place: %w", path, err)
	}
	return f(copied)
}

func verify(ctx context.Context, st *store.Store, path string) (items int, err error) {
	if err := st.Verify(ctx); err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	status, err := st.Status(ctx)
	return status.Items, err
}

// replace writes a file beside path, asks ready whether it may take its place,
// and renames it.
func replace(path string, write func(*os.File) error, ready func(path string) error) (err error) {
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, "."+filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("make %s: %w: its folder must exist and be writable", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := ready(f.Name()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func copyFile(to io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, f)
	return errors.Join(err, f.Close())
}

func same(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}
