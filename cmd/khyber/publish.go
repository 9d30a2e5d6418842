package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"khyber/internal/server"
)

type publishCmd struct {
	Dir string `arg:"" help:"Folder; it is made where there is none. - prints all files as a tar archive."`
}

// Run writes every topic feed, page and list as files, plain and packed. Files
// that have not changed are not touched, those of the time before that are no
// more are removed. They come as with `publish -`, since only the caller may
// write where it says, not the daemon that has the database.
func (c publishCmd) Run(ctx context.Context, a *app) error {
	if c.Dir == "-" {
		cfg, err := a.mustLoad()
		if err != nil {
			return err
		}
		return a.withServer(ctx, c, cfg, func(s *server.Server, fresh []string) error {
			for _, id := range fresh {
				fmt.Fprintln(a.stderr, "khyber:", a.unknownYet(id))
			}
			return pack(ctx, a.stdout, s)
		})
	}
	r, w := io.Pipe()
	var g errgroup.Group
	g.Go(func() error {
		err := publishCmd{"-"}.Run(ctx, a.writing(w))
		_ = w.CloseWithError(err) // never fails
		return err
	})
	done, err := unpack(r, c.Dir, func() { a.reached("publish.rendered") })
	_ = r.CloseWithError(err)          // never fails
	if made := g.Wait(); made != nil { // why the archive broke off
		return made
	}
	if err != nil {
		return fmt.Errorf("publish to %s: %w", c.Dir, err)
	}
	removed, err := tidy(c.Dir, done.names)
	if err != nil {
		return fmt.Errorf("publish to %s: %w", c.Dir, err)
	}
	return a.print(fmt.Sprintf("%s: %s written, %d unchanged, %d removed\n", c.Dir, count(done.written, "file"), len(done.names)-done.written, removed))
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

// unpacked is what an archive had.
type unpacked struct {
	names   []string // with slashes
	written int      // of them; the others were there as they are
}

// unpack puts the files of an archive in a folder. before is called before each.
func unpack(r io.Reader, dir string, before func()) (done unpacked, err error) {
	for archive := tar.NewReader(r); ; {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return done, nil
		}
		if err != nil {
			return done, err
		}
		name := filepath.FromSlash(head.Name)
		if !filepath.IsLocal(name) {
			return done, fmt.Errorf("%q is no place in a folder", head.Name)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			return done, err
		}
		before()
		changed, err := writeFile(filepath.Join(dir, name), text)
		if err != nil {
			return done, err
		}
		done.names = append(done.names, head.Name)
		if changed {
			done.written++
		}
	}
}

// ledger lists the files that publish wrote in a folder, a line each, so that
// nothing is ever removed that somebody else put there.
const ledger = ".khyber-files"

// tidy removes what was written the last time and is no more, with the folders
// that are empty then, and lists what is there now.
func tidy(dir string, names []string) (removed int, err error) {
	before, err := os.ReadFile(filepath.Join(dir, ledger))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	now := make(map[string]bool, len(names))
	for _, name := range names {
		now[name] = true
	}
	for name := range strings.Lines(string(before)) {
		name = strings.TrimSuffix(name, "\n")
		if now[name] || !filepath.IsLocal(filepath.FromSlash(name)) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
			removed++
		} else if !errors.Is(err, os.ErrNotExist) {
			return removed, err
		}
		for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
			if os.Remove(filepath.Join(dir, filepath.FromSlash(folder))) != nil {
				break // something is in it
			}
		}
	}
	slices.Sort(names)
	_, err = writeFile(filepath.Join(dir, ledger), []byte(strings.Join(names, "\n")+"\n"))
	return removed, err
}

// Modes of what a web server is to read.
const (
	publicFile   = 0o644
	publicFolder = 0o755
)

// writeFile puts a file in place at once, by renaming, and leaves one that is
// the same alone. What a run that was killed left half written is overwritten.
func writeFile(path string, text []byte) (changed bool, err error) {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
		return false, nil
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, publicFolder); err != nil {
		return false, err
	}
	f, err := os.OpenFile(filepath.Join(dir, ".khyber-new-"+filepath.Base(path)), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, publicFile)
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
