package disktest

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
)

// disk is the folder as the program sees it and as the disk has it.
type disk struct {
	folder string
	names  map[string]*file // that are sure to be there
	later  []naming         // that are not yet sure, in their order
	open   map[int64]*handle
	said   []byte // on standard output
}

// naming changes what a name stands for: nothing when file is nil.
type naming struct {
	ended int
	name  string
	gone  string // the name that the file had before; empty: none
	file  *file
}

// file is what was synced, and what was written since.
type file struct {
	synced []byte
	later  []change
}

// change is a write, or a cut when data is nil.
type change struct {
	ended int
	at    int64
	data  []byte
}

// handle is an open descriptor. The folder itself has no file.
type handle struct {
	file   *file
	at     int64
	folder bool
	adds   bool // O_APPEND
}

func newDisk(tr *Trace) *disk {
	d := &disk{folder: tr.folder, names: make(map[string]*file), open: make(map[int64]*handle)}
	for name, text := range tr.before {
		d.names[name] = &file{synced: bytes.Clone(text)}
	}
	return d
}

// visible returns what the names stand for to the program.
func (d *disk) visible() map[string]*file {
	names := maps.Clone(d.names)
	for i := range d.later {
		d.later[i].apply(names)
	}
	return names
}

func (n *naming) apply(names map[string]*file) {
	if n.gone != "" {
		delete(names, n.gone)
	}
	if n.file == nil {
		delete(names, n.name)
	} else {
		names[n.name] = n.file
	}
}

// now returns the files as the program sees them.
func (d *disk) now() map[string][]byte {
	files := make(map[string][]byte)
	for name, f := range d.visible() {
		files[name] = f.now()
	}
	return files
}

func (f *file) now() []byte {
	text := bytes.Clone(f.synced)
	for i := range f.later {
		text = f.later[i].apply(text)
	}
	return text
}

func (c *change) apply(text []byte) []byte {
	end := c.at + int64(len(c.data))
	if int64(len(text)) < end {
		text = append(text, make([]byte, end-int64(len(text)))...)
	}
	if c.data == nil {
		return text[:c.at]
	}
	copy(text[c.at:], c.data)
	return text
}

// inside returns the name of a path in the folder.
func (d *disk) inside(path string) (string, bool) {
	return filepath.Base(path), filepath.Dir(path) == d.folder
}

// apply does what a call did.
func (d *disk) apply(c *call) error {
	switch c.name {
	case "openat":
		d.opened(c)
		return nil
	case "rename", "renameat", "renameat2", "linkat", "unlink", "unlinkat":
		return d.name(c)
	case "sendfile", "copy_file_range":
		return d.copied(c)
	}
	fd, err := number(c.args[0])
	if err != nil {
		return err
	}
	if c.name == "write" && fd == 1 {
		d.said = append(d.said, c.args[1][:c.result]...)
		return nil
	}
	h := d.open[fd]
	if h == nil {
		return nil
	}
	switch c.name {
	case "close":
		delete(d.open, fd)
	case "lseek":
		h.at = c.result
	case "fsync", "fdatasync":
		d.sync(h, c.began)
	case "write":
		if h.adds {
			h.at = int64(len(h.file.now()))
		}
		h.file.write(c, h.at, []byte(c.args[1])[:c.result])
		h.at += c.result
	case "pwrite64":
		var at int64
		at, err = number(c.args[3])
		h.file.write(c, at, []byte(c.args[1])[:c.result])
	case "ftruncate":
		var size int64
		size, err = number(c.args[1])
		h.file.cut(c, size)
	}
	return err
}

func (f *file) write(c *call, at int64, data []byte) {
	if len(data) > 0 {
		f.later = append(f.later, change{c.ended, at, data})
	}
}

// cut makes a file shorter, or longer by a write of zeros: the disk may take it
// or leave it like any other.
func (f *file) cut(c *call, size int64) {
	if now := int64(len(f.now())); size > now {
		f.write(c, now, make([]byte, size-now))
	} else if size < now {
		f.later = append(f.later, change{ended: c.ended, at: size})
	}
}

func (d *disk) opened(c *call) {
	path, flags := c.args[1], c.args[2]
	if path == d.folder {
		d.open[c.result] = &handle{folder: true}
		return
	}
	name, ok := d.inside(path)
	if !ok {
		delete(d.open, c.result)
		return
	}
	f := d.visible()[name]
	if f == nil {
		f = &file{}
		d.later = append(d.later, naming{ended: c.ended, name: name, file: f})
	} else if strings.Contains(flags, "O_TRUNC") {
		f.cut(c, 0)
	}
	d.open[c.result] = &handle{file: f, adds: strings.Contains(flags, "O_APPEND")}
}

// name changes names: of two paths the last one is the new one.
func (d *disk) name(c *call) error {
	var paths []string
	for _, a := range c.args {
		if strings.HasPrefix(a, "/") {
			paths = append(paths, a)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	from, in := d.inside(paths[0])
	if len(paths) == 1 {
		if in {
			d.later = append(d.later, naming{ended: c.ended, name: from})
		}
		return nil
	}
	to, inToo := d.inside(paths[1])
	switch {
	case !in && !inToo:
	case !in || !inToo:
		return fmt.Errorf("%s and %s are not in one folder", paths[0], paths[1])
	case c.name == "linkat":
		d.later = append(d.later, naming{ended: c.ended, name: to, file: d.visible()[from]})
	default:
		d.later = append(d.later, naming{ended: c.ended, name: to, gone: from, file: d.visible()[from]})
	}
	return nil
}

// copied is a copy inside the kernel.
func (d *disk) copied(c *call) error {
	in, out := 0, 2 // copy_file_range(in, at, out, at, length, flags)
	if c.name == "sendfile" {
		in, out = 1, 0 // sendfile(out, in, at, length)
	}
	if c.args[in+1] != "NULL" && c.name == "copy_file_range" || c.args[len(c.args)-2] == "" {
		return fmt.Errorf("a copy from a place of its own is not replayed")
	}
	source, err := number(c.args[in])
	if err != nil {
		return err
	}
	target, err := number(c.args[out])
	if err != nil {
		return err
	}
	from, to := d.open[source], d.open[target]
	if to == nil {
		return nil
	}
	if from == nil {
		return fmt.Errorf("a copy from a file that is not known")
	}
	to.file.write(c, to.at, from.file.now()[from.at:from.at+c.result])
	from.at += c.result
	to.at += c.result
	return nil
}

// sync makes sure what had ended when the sync began.
func (d *disk) sync(h *handle, began int) {
	if h.folder {
		done := slices.IndexFunc(d.later, func(n naming) bool { return n.ended >= began })
		if done < 0 {
			done = len(d.later)
		}
		for i := range d.later[:done] {
			d.later[i].apply(d.names)
		}
		d.later = d.later[done:]
		return
	}
	done := slices.IndexFunc(h.file.later, func(c change) bool { return c.ended >= began })
	if done < 0 {
		done = len(h.file.later)
	}
	for i := range h.file.later[:done] {
		h.file.synced = h.file.later[i].apply(h.file.synced)
	}
	h.file.later = h.file.later[done:]
}

// Mode says what a disk keeps of what was not synced.
type Mode string

// What a disk may keep.
const (
	None Mode = "none"
	All  Mode = "all"
	Some Mode = "some" // any part
	Torn Mode = "torn" // any part, and some sectors only of one write
)

// Modes lists every Mode.
func Modes() []Mode { return []Mode{None, All, Some, Torn} }

// sector is what a disk writes at once, in bytes.
const sector = 512

// image is what the disk may have after a loss of power now.
func (d *disk) image(mode Mode, random *rand.Rand) map[string][]byte {
	keeps := func() bool { return mode != None && (mode == All || random.IntN(2) == 0) }
	names := maps.Clone(d.names)
	for i := range d.later {
		if keeps() {
			d.later[i].apply(names)
		}
	}
	files := make(map[string][]byte)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		f := names[name]
		text := bytes.Clone(f.synced)
		torn := -1
		if mode == Torn && len(f.later) > 0 {
			torn = random.IntN(len(f.later))
		}
		for i := range f.later {
			switch c := &f.later[i]; {
			case i == torn:
				text = c.tear(text, random)
			case keeps():
				text = c.apply(text)
			}
		}
		files[name] = text
	}
	return files
}

// tear writes some sectors of a change.
func (c *change) tear(text []byte, random *rand.Rand) []byte {
	for at := 0; at < len(c.data); at += sector {
		if random.IntN(2) == 0 {
			part := change{at: c.at + int64(at), data: c.data[at:min(at+sector, len(c.data))]}
			text = part.apply(text)
		}
	}
	return text
}
