package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"khyber/internal/store"
	"khyber/internal/store/bolt"
)

// streamSuffix names a backup that every engine reads.
const streamSuffix = ".jsonl.zst"

// stream writes the database as a stream, from a copy of it: the database itself
// is not held up.
func (a *app) stream(ctx context.Context, f *os.File) (err error) {
	path := f.Name() + "-copy"
	defer func() { err = errors.Join(err, removeIfThere(path)) }()
	err = replace(path, func(copied *os.File) error { return backupCmd{"-"}.Run(ctx, a.writing(copied)) }, func(string) error { return nil })
	if err != nil {
		return err
	}
	return a.withFile(ctx, path, reads, func(st *store.Store) error { return st.Stream(ctx, f) })
}

// fill writes to f what a backup holds: its bytes, or a database that is made of
// a stream.
func (a *app) fill(ctx context.Context, f *os.File, backup string) (err error) {
	if !isStream(backup) {
		return copyFile(f, backup)
	}
	path := f.Name() + "-load"
	defer func() { err = errors.Join(err, removeIfThere(path)) }()
	if err := a.loadStream(ctx, path, backup); err != nil {
		return err
	}
	return copyFile(f, path)
}

// loadStream makes a database of a stream, and verifies it.
func (a *app) loadStream(ctx context.Context, path, stream string) (err error) {
	in, err := os.Open(stream)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	st, err := a.openFile(ctx, path, bolt.Options{Log: slog.New(slog.DiscardHandler)}) // that it is new is no news
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if err := st.Load(ctx, in); err != nil {
		return err
	}
	return st.Verify(ctx)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// isStream says whether a file is packed as streams are (RFC 8878 §3.1.1).
func isStream(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // nothing was written
	magic := make([]byte, 4)
	_, err = io.ReadFull(f, magic)
	return err == nil && bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd})
}

func checkStream(path string) (items int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if items, err = store.CheckStream(f); err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return items, nil
}
