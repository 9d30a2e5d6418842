package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The rules of structure of internal/STYLE.md, held against the syntax trees of
// the whole module. Each is a function from a tree to violations, and
// planted_test.go shows of each that it finds what it forbids.

func TestStructure(t *testing.T) {
	tr := loadTree(t)
	for name, rule := range map[string]func(*tree) []string{
		"Imports":    importRule,
		"Libraries":  libraryRule,
		"Goroutines": goroutineRule,
		"State":      stateRule,
		"Forbidden":  forbiddenRule,
		"Sizes":      sizeRule,
		"Words":      wordRule,
		"Modules":    moduleRule,
		"Crash":      crashRule,
	} {
		t.Run(name, func(t *testing.T) {
			for _, v := range rule(tr) {
				t.Error(v)
			}
		})
	}
	for _, line := range signals(tr) {
		t.Log(line)
	}
}

// allowed says which packages of internal a package of internal may import.
// cmd may import all, and nobody imports cmd; tools imports nothing of the
// product, and only tests import feedtest.
var allowed = map[string][]string{
	"news":            {},
	"text":            {},
	"lexicon":         {"news", "text"},
	"parse":           {"news", "text"},
	"topic":           {"news", "text", "lexicon"},
	"story":           {"news", "text", "lexicon"},
	"fetch":           {"news"},
	"publish":         {"news"},
	"store":           {"news", "story"},
	"store/bolt":      {"news", "story", "store"},
	"store/storetest": {"news", "story", "store"},
	"store/disktest":  {},
	"config":          {"news", "text", "lexicon", "topic"},
	"manual":          {"config", "lexicon"}, // the references are made from what reads the file, and from the names
	"poll":            {"news", "fetch", "parse", "topic", "store"},
	"server":          {"news", "text", "topic", "store", "publish"},
	"feedtest":        {"news"},
}

// importRule is rule 1: dependencies point down the order of knowledge.
func importRule(tr *tree) []string {
	var out []string
	for _, f := range tr.files {
		from, inside := strings.CutPrefix(f.pkg, "internal/")
		for i, p := range f.imports() {
			to, ours := strings.CutPrefix(p, "khyber/internal/")
			at := f.Imports[i].Pos()
			switch {
			case strings.HasPrefix(p, "khyber/cmd"):
				out = append(out, tr.violation(at, "rule 1: nobody imports cmd: move what is shared into a package of internal"))
			case !ours || !inside && within(f.pkg, "cmd"):
			case within(f.pkg, "internal/tools"):
				out = append(out, tr.violation(at, "rule 1: tools knows nothing of the product: it may not import %s", to))
			case f.test: // a test may use any package that its own may be tested with
			case to == "feedtest":
				out = append(out, tr.violation(at, "rule 1: only tests import feedtest"))
			case allowed[from] == nil:
				out = append(out, tr.violation(at, "rule 1: %s has no row in the table of imports: add it to the table here and in internal/STYLE.md", f.pkg))
			case !slices.Contains(allowed[from], to):
				out = append(out, tr.violation(at,
					"rule 1: %s may not import %s, only [%s]: take a plain value of news, or declare the interface here and let cmd pass it in",
					from, to, strings.Join(allowed[from], " ")))
			}
		}
	}
	return out
}

// libraries says where a module may be imported: one library, one place.
// What is there for tests is free, since it makes and reads with other people's
// programs what ours read and make.
var libraries = map[string][]string{
	"github.com/mmcdole/gofeed":              {"internal/parse"},
	"go.etcd.io/bbolt":                       {"internal/store/bolt"},
	"github.com/robfig/cron/v3":              {"internal/poll"},
	"github.com/gorilla/feeds":               {"internal/publish"},
	"github.com/alecthomas/kong":             {"cmd/khyber"},
	"github.com/goccy/go-yaml":               {"internal/config", "internal/lexicon"},
	"github.com/microcosm-cc/bluemonday":     {"internal/parse"},
	"golang.org/x/net":                       {"internal/parse", "internal/fetch", "internal/story", "internal/config", "internal/publish", "cmd/khyber"},
	"golang.org/x/text":                      {"internal/text", "internal/parse"},
	"code.dny.dev/ssrf":                      {"internal/fetch"},
	"github.com/klauspost/compress":          {"internal/fetch", "internal/server", "internal/store", "internal/store/bolt"},
	"github.com/andybalholm/brotli":          {"internal/fetch"},
	"github.com/prometheus/client_golang":    {"internal/server"},
	"github.com/fsnotify/fsnotify":           {"cmd/khyber"},
	"github.com/coreos/go-systemd/v22":       {"cmd/khyber"},
	"golang.org/x/crypto/x509roots/fallback": {"cmd/khyber"},
	"golang.org/x/sync":                      {"cmd/khyber", "internal/poll"},
	"golang.org/x/term":                      {"cmd/khyber"},
	"github.com/schollz/progressbar/v3":      {"cmd/khyber"},
	"github.com/rogpeppe/go-internal":        {},
	"pgregory.net/rapid":                     {},
	"github.com/chromedp/chromedp":           {},
}

// libraryRule is the other half of rule 1: a replacement of a library is one
// package's work.
func libraryRule(tr *tree) []string {
	var out []string
	for _, f := range tr.files {
		if free(f) {
			continue
		}
		for i, p := range f.imports() {
			if first, _, _ := strings.Cut(p, "/"); !strings.Contains(first, ".") {
				continue
			}
			at := f.Imports[i].Pos()
			module, known := "", false
			for m := range libraries {
				if p == m || strings.HasPrefix(p, m+"/") {
					module, known = m, true
				}
			}
			switch {
			case !known:
				out = append(out, tr.violation(at, "rule 1: %s is no library of ours: use one that is here, or add it here, to go.mod with its comment and to internal/STYLE.md", p))
			case !slices.Contains(libraries[module], f.pkg):
				out = append(out, tr.violation(at, "rule 1: %s is imported by [%s] only: call that package, or pass what it makes as a plain value", module, strings.Join(libraries[module], " ")))
			}
		}
	}
	return out
}

// free says whether libraries and rules 2 to 4 leave a file alone: what is there
// for tests, and the tools, which are no part of the daemon.
func free(f *file) bool {
	return f.test || within(f.pkg, "internal/tools", "internal/feedtest", "internal/store/storetest", "internal/store/disktest")
}

// goroutineRule is rule 2: only cmd and poll start goroutines, since whoever
// starts one waits for it.
func goroutineRule(tr *tree) []string {
	var out []string
	for _, f := range tr.files {
		if free(f) || within(f.pkg, "cmd", "internal/poll") {
			continue
		}
		add := func(at token.Pos, what string) {
			out = append(out, tr.violation(at, "rule 2: %s: only cmd and poll start goroutines; offer Run(ctx) error and let cmd start it", what))
		}
		for i, p := range f.imports() {
			if p == "golang.org/x/sync/errgroup" {
				add(f.Imports[i].Pos(), "errgroup")
			}
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				add(n.Pos(), "go statement")
			case *ast.CallExpr:
				sel, ok := n.Fun.(*ast.SelectorExpr)
				if !ok {
					break
				}
				if sel.Sel.Name == "Go" && f.imported(sel.X) == "" && len(n.Args) == 1 {
					add(n.Pos(), "a call of Go")
				}
			}
			return true
		})
	}
	return out
}

// stateful are the types whose values change by their methods, without an
// assignment. sync.Pool and the functions sync.Once… are not among them: what
// they hold cannot be seen.
var stateful = regexp.MustCompile(`^(sync\.(Mutex|RWMutex|Map|Once|WaitGroup|Cond)|sync/atomic\.\w+)$`)

// stateRule is rule 3: no init, no package variable that changes.
func stateRule(tr *tree) []string {
	const wayOut = "make it a field of the value that needs it, or fill it in its declaration"
	var out []string
	for _, f := range tr.files {
		if free(f) {
			continue
		}
		changed := func(e ast.Expr) {
			if name := f.packageVar(e); name != "" {
				out = append(out, tr.violation(e.Pos(), "rule 3: package variable %s changes after its declaration: %s", name, wayOut))
			}
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					out = append(out, tr.violation(n.Pos(), "rule 3: no init: %s", wayOut))
				}
			case *ast.AssignStmt:
				for _, e := range n.Lhs {
					changed(e)
				}
			case *ast.IncDecStmt:
				changed(n.X)
			case *ast.RangeStmt:
				changed(n.Key)
				changed(n.Value)
			}
			return true
		})
		for _, d := range f.Decls {
			out = append(out, statefulVars(tr, f, d, wayOut)...)
		}
	}
	return out
}

// statefulVars reports the package variables of a stateful type.
func statefulVars(tr *tree, f *file, d ast.Decl, wayOut string) []string {
	g, ok := d.(*ast.GenDecl)
	if !ok || g.Tok != token.VAR {
		return nil
	}
	var out []string
	for _, s := range g.Specs {
		typ := s.(*ast.ValueSpec).Type
		if index, ok := typ.(*ast.IndexExpr); ok { // atomic.Pointer[T]
			typ = index.X
		}
		sel, ok := typ.(*ast.SelectorExpr)
		if ok && stateful.MatchString(f.imported(sel.X)+"."+sel.Sel.Name) {
			out = append(out, tr.violation(s.Pos(), "rule 3: package variable of a type that changes: %s", wayOut))
		}
	}
	return out
}

// packageVar returns the name of the package variable, of this package or
// another, that an assignment to e changes; empty when it changes none.
func (f *file) packageVar(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			if from := f.imported(x.X); from != "" {
				return from + "." + x.Sel.Name
			}
			e = x.X
		case *ast.Ident:
			if v, ok := f.info.Uses[x].(*types.Var); ok && v.Parent() == f.root {
				return x.Name
			}
			return ""
		default:
			return ""
		}
	}
}

// ban is a set of names of the standard library that only some packages may
// use. A use as a value counts as much as a call.
type ban struct {
	path  string
	names *regexp.Regexp
	only  []string // packages that may
	fix   string
}

var bans = []ban{
	{"time", regexp.MustCompile(`^(Sleep|Tick)$`), []string{"cmd"}, "wait on a timer and ctx.Done(), so that a stop is a stop"},
	{"time", regexp.MustCompile(`^(Now|Since|Until)$`), []string{"cmd"}, "take now func() time.Time as a value"},
	{"log", regexp.MustCompile(`^(Print|Fatal|Panic)`), []string{"cmd"}, "take a *slog.Logger as a value"},
	{"log/slog", regexp.MustCompile(`^(Default|SetDefault|Debug|Info|Warn|Error|Log|LogAttrs)(Context)?$`), []string{"cmd"}, "take a *slog.Logger as a value"},
	{"context", regexp.MustCompile(`^(Background|TODO)$`), []string{"cmd"}, "take the caller's context"},
	{"os", regexp.MustCompile(`^(Getenv|LookupEnv|Environ|ExpandEnv|Setenv|Exit)$`), []string{"cmd"}, "only cmd knows the environment and ends the process: take a value, return an error"},
	{"math/rand", regexp.MustCompile(`^[A-Z]`), []string{"cmd"}, "take random func() float64 as a value"},
	{"math/rand/v2", regexp.MustCompile(`^[A-Z]`), []string{"cmd"}, "take random func() float64 as a value"},
	{"net/http", regexp.MustCompile(`^(DefaultClient|DefaultTransport|Get|Head|Post|PostForm|Client|Transport)$`), []string{"internal/fetch", "cmd"}, "every outbound call goes through fetch's guarded transport: take an http.RoundTripper"},
	{"net", regexp.MustCompile(`^Dial`), []string{"internal/fetch", "cmd"}, "every outbound call goes through fetch's guarded transport"},
}

// exceptions lists packages that may use what is forbidden, each with its reason.
var exceptions = map[string]map[string]string{}

// forbiddenRule is rule 4: time, randomness, network, environment and the end of
// the process come in from cmd.
func forbiddenRule(tr *tree) []string {
	var out []string
	for _, f := range tr.files {
		if free(f) {
			continue
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				out = append(out, banned(tr, f, n)...)
			case *ast.CallExpr:
				id, ok := n.Fun.(*ast.Ident)
				if ok && id.Name == "panic" && exceptions[f.pkg]["panic"] == "" {
					if _, builtin := f.info.Uses[id].(*types.Builtin); builtin {
						out = append(out, tr.violation(n.Pos(), "rule 4: no panic: return an error; a programmer's mistake found at start goes to the list of exceptions with its reason"))
					}
				}
			}
			return true
		})
	}
	return out
}

// banned reports the use of a name of the standard library that the package of
// f must not use.
func banned(tr *tree, f *file, sel *ast.SelectorExpr) []string {
	var out []string
	from := f.imported(sel.X)
	for _, b := range bans {
		name := b.path + "." + sel.Sel.Name
		if from != b.path || !b.names.MatchString(sel.Sel.Name) || within(f.pkg, b.only...) || exceptions[f.pkg][name] != "" {
			continue
		}
		out = append(out, tr.violation(sel.Pos(), "rule 4: %s only in [%s]: %s", name, strings.Join(b.only, " "), b.fix))
	}
	return out
}

// moduleRule is rule 8: a module in go.mod says what it is for.
func moduleRule(tr *tree) []string {
	var out []string
	inRequire := false
	n := 0
	for line := range strings.Lines(tr.mod) {
		n++
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
			continue
		case fields[0] == "require" && strings.HasSuffix(strings.TrimSpace(line), "("):
			inRequire = true
			continue
		case fields[0] == ")":
			inRequire = false
		case fields[0] == "require":
			fields = fields[1:]
		case !inRequire:
			continue
		}
		if len(fields) >= 2 && (len(fields) < 4 || fields[2] != "//") {
			out = append(out, fmt.Sprintf("go.mod:%d: rule 8: %s has no comment: write `// what for; where only` behind it", n, fields[0]))
		}
	}
	return out
}
