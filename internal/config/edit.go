package config

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"khyber/internal/news"
)

// NewSource is a source to be added, with a note for the editor that becomes a
// comment of its entry.
type NewSource struct {
	news.Source
	Note string
}

// Editor changes sources in feeds.yaml and the files that it includes, by
// splicing bytes: what an edit does not mean stays as it is, byte for byte.
// Each edit is read again and refused when it would say anything else than was
// meant. Nothing is written to a disk before Save.
type Editor struct {
	files  []news.File
	before [][]byte
}

// NewEditor returns an Editor of files as Config.Revision has them, the first
// one being that which includes the others.
func NewEditor(files []news.File) *Editor {
	e := &Editor{files: slices.Clone(files)}
	for _, f := range files {
		e.before = append(e.before, f.Text)
	}
	return e
}

// Files returns the files as the edits have left them.
func (e *Editor) Files() []news.File { return slices.Clone(e.files) }

// Diff returns the change as a unified diff that patch applies; empty where
// nothing has changed.
func (e *Editor) Diff() string {
	var b strings.Builder
	for i, f := range e.files {
		b.WriteString(Diff(f.Path, e.before[i], f.Text))
	}
	return b.String()
}

// Save writes the files that have changed.
func (e *Editor) Save() error {
	for i, f := range e.files {
		if bytes.Equal(e.before[i], f.Text) {
			continue
		}
		if err := writeFile(f.Path, e.before[i], f.Text); err != nil {
			return err
		}
		e.before[i] = f.Text
	}
	return nil
}

// Add adds sources at the end of the first list of sources that has an entry,
// else to the first file.
func (e *Editor) Add(sources ...NewSource) error {
	at := 0
	for i, f := range e.files {
		if p, err := readPlaces(f); err == nil && len(p.items) > 0 {
			at = i
			break
		}
	}
	return e.edit(at, func(p *places) ([]byte, error) { return p.add(sources) }, func(list []news.Node) []news.Node {
		for _, s := range sources {
			n, _ := parseYAML("", []byte(flowItem(s)), &report{})
			list = append(list, stripped(n))
		}
		return list
	})
}

// Remove removes the source.
func (e *Editor) Remove(id string) error {
	at, i, err := e.find(id)
	if err != nil {
		return err
	}
	return e.edit(at, func(p *places) ([]byte, error) { return p.remove(i) }, func(list []news.Node) []news.Node {
		return slices.Delete(list, i, i+1)
	})
}

// Set gives the source's key a value of one word or text, in place of the one
// that it has.
func (e *Editor) Set(id, key, value string) error {
	at, i, err := e.find(id)
	if err != nil {
		return err
	}
	return e.edit(at, func(p *places) ([]byte, error) { return p.set(i, key, quote(value)) }, func(list []news.Node) []news.Node {
		list[i].Pairs = slices.Clone(list[i].Pairs)
		now := news.Pair{Key: key, Value: news.Node{Kind: news.NodeScalar, Value: value}}
		for j := range list[i].Pairs {
			if list[i].Pairs[j].Key == key {
				list[i].Pairs[j] = now
				return list
			}
		}
		list[i].Pairs = append(list[i].Pairs, now)
		list[i] = stripped(list[i])
		return list
	})
}

// Unset removes a key of the source; one that it does not have is no error.
func (e *Editor) Unset(id, key string) error {
	at, i, err := e.find(id)
	if err != nil {
		return err
	}
	return e.edit(at, func(p *places) ([]byte, error) { return p.unset(i, key) }, func(list []news.Node) []news.Node {
		list[i].Pairs = slices.DeleteFunc(slices.Clone(list[i].Pairs), func(p news.Pair) bool { return p.Key == key })
		return list
	})
}

// find returns the file that holds the source and its number in the list there.
func (e *Editor) find(id string) (file, item int, err error) {
	var known []string
	for i, f := range e.files {
		p, err := readPlaces(f)
		if err != nil {
			return 0, 0, err
		}
		for j, it := range p.items {
			if it.id == id {
				return i, j, nil
			}
			known = append(known, it.id)
		}
	}
	text := fmt.Sprintf("no source has the id %q", id)
	if near := nearest(id, known); near != "" {
		return 0, 0, fmt.Errorf("%s; did you mean %q?", text, near)
	}
	return 0, 0, errors.New(text + ": khyber sources lists them")
}

// edit splices a file and reads it again: its sources must be those that meant
// makes of the old ones, and everything else must say what it said.
func (e *Editor) edit(at int, splice func(*places) ([]byte, error), meant func([]news.Node) []news.Node) error {
	f := e.files[at]
	p, err := readPlaces(f)
	if err != nil {
		return err
	}
	text, err := splice(p)
	if err != nil {
		return fmt.Errorf("edit %s: %w", f.Path, err)
	}
	var r report
	now, ok := parseYAML(f.Path, text, &r)
	if !ok || len(r.problems) > 0 {
		return fmt.Errorf("edit %s: %w", f.Path, errByHand)
	}
	was, is := stripped(p.root), stripped(now)
	list := meant(slices.Clone(was.Get("sources").List))
	if !reflect.DeepEqual(withSources(was, list), withSources(is, is.Get("sources").List)) {
		return fmt.Errorf("edit %s: %w", f.Path, errByHand)
	}
	e.files[at].Text = text
	return nil
}

var errByHand = errors.New("the file is written in a way that cannot be changed safely; change it by hand")

// stripped returns a Node without places, the keys of its maps in alphabetical
// order: an edit may put a key before those that an alias brings along.
func stripped(n news.Node) news.Node {
	n.Position = news.Position{}
	list := n.List
	n.List = nil
	for _, v := range list {
		n.List = append(n.List, stripped(v))
	}
	was := n.Pairs
	n.Pairs = nil
	for _, p := range was {
		n.Pairs = append(n.Pairs, news.Pair{Key: p.Key, Value: stripped(p.Value)})
	}
	slices.SortStableFunc(n.Pairs, func(a, b news.Pair) int { return strings.Compare(a.Key, b.Key) })
	return n
}

// withSources returns a file's Node with the list as its sources, and without
// the key where the list is empty. The key comes last, so that the results of
// two files can be compared.
func withSources(root news.Node, list []news.Node) news.Node {
	root.Pairs = slices.DeleteFunc(slices.Clone(root.Pairs), func(p news.Pair) bool { return p.Key == "sources" })
	if len(list) > 0 {
		root.Pairs = append(root.Pairs, news.Pair{Key: "sources", Value: news.Node{Kind: news.NodeList, List: list}})
	}
	if len(root.Pairs) == 0 {
		return news.Node{}
	}
	root.Kind = news.NodeMap
	return root
}
