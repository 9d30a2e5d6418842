package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tree is the Go code of a module, parsed, with each name resolved as far as
// that needs no other module.
type tree struct {
	fset  *token.FileSet
	files []*file
	mod   string // text of go.mod
}

// file is one Go file of a tree.
type file struct {
	pkg  string // folder inside the module, "." for its root
	name string
	test bool
	src  string
	*ast.File
	info *types.Info
	root *types.Scope // of the package
}

// loadTree reads the module that this test belongs to.
func loadTree(t *testing.T) *tree {
	t.Helper()
	root, err := moduleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{}
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		hidden := rel != "." && strings.ContainsRune("._", rune(d.Name()[0]))
		switch {
		case d.IsDir() && (hidden || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || hidden || filepath.Ext(name) != ".go" && rel != "go.mod":
			return nil
		}
		text, err := os.ReadFile(name)
		sources[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return makeTree(t, sources)
}

// makeTree parses sources, a map of path to text.
func makeTree(t *testing.T, sources map[string]string) *tree {
	t.Helper()
	tr := &tree{fset: token.NewFileSet(), mod: sources["go.mod"]}
	for name, text := range sources {
		if path.Ext(name) != ".go" {
			continue
		}
		parsed, err := parser.ParseFile(tr.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		tr.files = append(tr.files, &file{
			pkg: path.Dir(name), name: name, test: strings.HasSuffix(name, "_test.go"), src: text, File: parsed,
		})
	}
	slices.SortFunc(tr.files, func(a, b *file) int { return cmp.Compare(a.name, b.name) })
	tr.resolve()
	return tr
}

// resolve finds what each name means, package by package. Other packages are
// empty to it, so types stay unknown; which package a name comes from does not.
func (tr *tree) resolve() {
	packages := map[string][]*file{}
	for _, f := range tr.files {
		key := f.pkg + " " + f.Name.Name
		packages[key] = append(packages[key], f)
	}
	for key, files := range packages {
		info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
		asts := make([]*ast.File, len(files))
		for i, f := range files {
			asts[i] = f.File
		}
		conf := types.Config{Importer: nothing{}, Error: func(error) {}, FakeImportC: true}
		pkg, err := conf.Check(key, tr.fset, asts, info)
		_ = err // types that other packages declare are unknown here
		for _, f := range files {
			f.info, f.root = info, pkg.Scope()
		}
	}
}

// nothing is an importer whose packages are empty.
type nothing struct{}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

func (nothing) Import(importPath string) (*types.Package, error) {
	name := path.Base(importPath)
	if majorVersion.MatchString(name) {
		name = path.Base(path.Dir(importPath))
	}
	pkg := types.NewPackage(importPath, strings.TrimPrefix(strings.ReplaceAll(name, ".", "_"), "go-"))
	pkg.MarkComplete()
	return pkg, nil
}

// imports returns the paths that the file imports.
func (f *file) imports() []string {
	paths := make([]string, len(f.Imports))
	for i, spec := range f.Imports {
		paths[i] = strings.Trim(spec.Path.Value, `"`)
	}
	return paths
}

// imported returns the import path that the identifier stands for; empty when
// it is no name of a package.
func (f *file) imported(e ast.Expr) string {
	id, ok := e.(*ast.Ident)
	if !ok {
		return ""
	}
	if name, ok := f.info.Uses[id].(*types.PkgName); ok {
		return name.Imported().Path()
	}
	return ""
}

// violation is a place where a rule does not hold. Its text names the rule and
// the way out.
func (tr *tree) violation(at token.Pos, format string, args ...any) string {
	p := tr.fset.Position(at)
	return fmt.Sprintf("%s:%d: %s", p.Filename, p.Line, fmt.Sprintf(format, args...))
}

// within says whether the package is one of the folders or lies below one.
func within(pkg string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return pkg == f || strings.HasPrefix(pkg, f+"/") })
}
