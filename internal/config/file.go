package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"khyber/internal/news"
)

// Watch tells whether the files have changed, also while they are invalid. It
// is cheap to ask: a file is parsed again only when its text is another. It is
// not safe for concurrent use.
type Watch struct {
	path string
	opts Options
	seen map[string]watched
}

// watched is what a file said when it was last read.
type watched struct {
	text    string
	include []string
}

// NewWatch returns a Watch of a file and of what it includes.
func NewWatch(path string, opts Options) *Watch {
	return &Watch{path: path, opts: opts.filled(), seen: map[string]watched{}}
}

// Hash returns the hash of all files as they are now: that of a Config's
// Revision when they are those that it was made of. A file that cannot be read
// counts as none.
func (w *Watch) Hash() uint64 {
	var files []news.File
	w.walk(filepath.Clean(w.path), map[string]bool{}, &files, 0)
	return Hash(files)
}

func (w *Watch) walk(path string, done map[string]bool, files *[]news.File, depth int) {
	if done[path] || depth > maxIncludes {
		return
	}
	text, err := w.opts.ReadFile(path)
	if err != nil {
		return
	}
	done[path] = true
	*files = append(*files, news.File{Path: path, Text: text})
	last, known := w.seen[path]
	if !known || last.text != string(text) {
		last = watched{text: string(text), include: includes(path, text)}
		w.seen[path] = last
	}
	for _, pattern := range last.include {
		found, _ := included(path, pattern, w.opts.Glob) // a bad pattern is a Problem of Load
		for _, f := range found {
			w.walk(filepath.Clean(f), done, files, depth+1)
		}
	}
}

// includes returns what a file's include: says.
func includes(path string, text []byte) []string {
	root, _ := parseYAML(path, text, &report{})
	n := root.Get("include")
	var out []string
	for _, each := range append([]news.Node{n}, n.List...) {
		if each.Kind == news.NodeScalar {
			out = append(out, each.Value)
		}
	}
	return out
}

// ErrMoved says that a file is not what it was when the edit began.
var ErrMoved = errors.New("the file has been changed in the meantime; try again")

const newFileMode = 0o644 // of a file that was not there: it holds no secrets, those are ${NAME}

// writeFile replaces a file at once, so that nobody ever reads half of it. It
// keeps the mode, follows a symbolic link, and refuses a file that is not what
// it was.
func writeFile(path string, before, after []byte) error {
	real, err := filepath.EvalSymlinks(path)
	mode := fs.FileMode(newFileMode)
	switch {
	case errors.Is(err, fs.ErrNotExist) && len(before) == 0:
		real = path
	case err != nil:
		return fmt.Errorf("write %s: %w", path, cause(err))
	default:
		now, err := os.ReadFile(real)
		if err != nil {
			return fmt.Errorf("write %s: %w", path, cause(err))
		}
		if !bytes.Equal(now, before) {
			return fmt.Errorf("write %s: %w", path, ErrMoved)
		}
		info, err := os.Stat(real)
		if err != nil {
			return fmt.Errorf("write %s: %w", path, cause(err))
		}
		mode = info.Mode().Perm()
	}
	if err := replaceFile(real, after, mode); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// replaceFile writes beside the file and renames.
func replaceFile(path string, text []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// NewID makes an id for a source of a title, else of its address, that is not
// among those taken.
func NewID(title, url string, taken map[string]bool) string {
	id := Slug(title)
	if id == "" {
		id = Slug(Domain(url))
	}
	if id == "" {
		id = "source"
	}
	for n, base := 2, id; taken[id]; n++ {
		end := "-" + strconv.Itoa(n)
		id = base[:min(len(base), maxID-len(end))] + end
	}
	return id
}
