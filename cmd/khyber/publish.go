package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"khyber/internal/server"
)

type publishCmd struct {
	Dir string `arg:"" help:"Folder; it is made where there is none."`
}

// Run writes every topic feed, page and list as files, plain and packed. Files
// that have not changed are not touched.
func (c publishCmd) Run(ctx context.Context, a *app) (err error) {
	cfg, err := a.mustLoad()
	if err != nil {
		return err
	}
	log := a.logger(cfg.Secrets, slog.LevelWarn)
	st, err := a.openStore(log, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	p := a.build(log, st, cfg, defaultBase, server.Options{})
	if err := p.apply(ctx, cfg, nil, false); err != nil {
		return err
	}
	written, same := 0, 0
	err = p.server.Static(ctx, func(f server.File) error {
		for suffix, text := range map[string][]byte{"": f.Plain, ".gz": f.Gzip, ".zst": f.Zstd} {
			changed, err := writeFile(filepath.Join(c.Dir, filepath.FromSlash(f.Name+suffix)), text)
			if err != nil {
				return err
			}
			if changed {
				written++
			} else {
				same++
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("publish to %s: %w", c.Dir, err)
	}
	return a.print(fmt.Sprintf("%s: %s written, %d unchanged\n", c.Dir, count(written, "file"), same))
}

// Modes of what a web server is to read.
const (
	publicFile   = 0o644
	publicFolder = 0o755
)

// writeFile puts a file in place at once, by renaming, and leaves one that is
// the same alone.
func writeFile(path string, text []byte) (changed bool, err error) {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
		return false, nil
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, publicFolder); err != nil {
		return false, err
	}
	f, err := os.CreateTemp(dir, ".khyber-*")
	if err != nil {
		return false, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(publicFile), f.Sync(), f.Close()); err != nil {
		return false, err
	}
	return true, os.Rename(f.Name(), path)
}
