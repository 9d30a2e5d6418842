package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"khyber/internal/server"
)

type publishCmd struct {
	Dir string `arg:"" help:"Folder; it is made where there is none. - prints all files as a tar archive."`
}

// Run writes every topic feed, page and list as files, plain and packed. Files
// that have not changed are not touched. They come as with `publish -`, since
// only the caller may write where it says, not the daemon that has the database.
func (c publishCmd) Run(ctx context.Context, a *app) error {
	if c.Dir == "-" {
		cfg, err := a.mustLoad()
		if err != nil {
			return err
		}
		return a.withParts(ctx, c, cfg, slog.LevelWarn, func(p *parts) error { return pack(ctx, a.stdout, p.server) })
	}
	r, w := io.Pipe()
	var g errgroup.Group
	g.Go(func() error {
		err := publishCmd{"-"}.Run(ctx, a.writing(w))
		_ = w.CloseWithError(err) // never fails
		return err
	})
	written, same, err := unpack(r, c.Dir, func() { a.reached("publish.rendered") })
	_ = r.CloseWithError(err)          // never fails
	if made := g.Wait(); made != nil { // why the archive broke off
		return made
	}
	if err != nil {
		return fmt.Errorf("publish to %s: %w", c.Dir, err)
	}
	return a.print(fmt.Sprintf("%s: %s written, %d unchanged\n", c.Dir, count(written, "file"), same))
}

// pack writes all files as a tar archive.
func pack(ctx context.Context, w io.Writer, s *server.Server) error {
	archive := tar.NewWriter(w)
	err := s.Static(ctx, func(f server.File) error {
		for _, part := range []struct {
			suffix string
			text   []byte
		}{{"", f.Plain}, {".gz", f.Gzip}, {".zst", f.Zstd}} {
			if err := archive.WriteHeader(&tar.Header{Name: f.Name + part.suffix, Mode: publicFile, Size: int64(len(part.text))}); err != nil {
				return err
			}
			if _, err := archive.Write(part.text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return archive.Close()
}

// unpack puts the files of an archive in a folder. before is called before each.
func unpack(r io.Reader, dir string, before func()) (written, same int, err error) {
	for archive := tar.NewReader(r); ; {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return written, same, nil
		}
		if err != nil {
			return written, same, err
		}
		name := filepath.FromSlash(head.Name)
		if !filepath.IsLocal(name) {
			return written, same, fmt.Errorf("%q is no place in a folder", head.Name)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			return written, same, err
		}
		before()
		changed, err := writeFile(filepath.Join(dir, name), text)
		if err != nil {
			return written, same, err
		}
		if changed {
			written++
		} else {
			same++
		}
	}
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
