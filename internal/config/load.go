package config

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"khyber/internal/lexicon"
	"khyber/internal/news"
	"khyber/internal/topic"
)

const maxIncludes = 8 // files inside each other; one level is usual

// loader reads a file and what it includes.
type loader struct {
	opts   Options
	report *report

	files   []news.File
	read    map[string]bool // files begun, by clean path
	within  []string        // files being read, each included by the one before
	secrets []string

	siteAt  news.Position
	site    Site
	sources []news.Source
	written []news.Source
	ids     map[string]news.Position
	urls    map[string]news.Position // by one spelling
	notify  []Notify
	told    []value // topics that notify names
	defs    []news.Node
	lexNode news.Node

	lexicon *lexicon.Lexicon
	set     *topic.Set
}

func newLoader(opts Options) *loader {
	return &loader{
		opts: opts.filled(), report: &report{},
		read: map[string]bool{}, ids: map[string]news.Position{}, urls: map[string]news.Position{},
	}
}

// section is one key of the file's top level.
type section struct {
	loader   *loader
	path     string
	defaults []news.Node // of the file, then of those that include it
	include  []value
}

// rootKeys are the keys of a file. Sources come after defaults in this order of
// reading, wherever they stand in the file.
func rootKeys() []key[section] {
	return []key[section]{
		{
			name: "site", read: (*section).readSite,
			doc: "Who publishes; shown in the topic feeds and in the User-Agent.",
		},
		{
			name: "defaults", read: (*section).readDefaults,
			doc: "Any key of a source but id, name and url: it holds for each source of this file and of those that it includes, where the source does not say otherwise.",
		},
		{
			name: "sources", read: (*section).readSources,
			doc: "The feeds that are polled.",
		},
		{
			name: "topics", read: (*section).readTopics,
			doc: "What is published: each topic is a filter and a feed of its own.",
		},
		{
			name: "lexicon", sample: "{taliban: {names: {en: [leadership in Kandahar]}}}", read: (*section).readLexicon,
			form: form{"type": "object", "additionalProperties": form{"type": "object"}},
			doc:  "Additions to the built-in lexicon of names and words, or changes to its entries.",
		},
		{
			name: "include", off: true, sample: "[topics/*.yaml]", read: func(s *section, v value) { s.include = v.list() },
			form: form{"anyOf": []form{textForm, listForm(textForm)}},
			doc:  "More files of the same form, named from this one's folder; * stands for any characters of a name.",
		},
		{
			name: "notify", read: (*section).readNotify,
			doc: "Where notices of trouble are sent, as POST requests that can be signed.",
		},
	}
}

func (l *loader) reader() reader {
	return reader{report: l.report, opts: l.opts, secrets: &l.secrets}
}

// file reads one file. at is where it is asked for.
func (l *loader) file(path string, at news.Position, defaults []news.Node) {
	path = filepath.Clean(path)
	switch {
	case slices.Contains(l.within, path):
		l.report.errorf(at, "", "include: %s includes itself", path)
		return
	case l.read[path]:
		l.report.errorf(at, "remove one", "include: %s is included twice", path)
		return
	case len(l.within) > maxIncludes:
		l.report.errorf(at, "", "include: more than %d files include each other", maxIncludes)
		return
	}
	text, err := l.opts.ReadFile(path)
	if err != nil {
		if at.Line == 0 {
			l.report.errorf(at, "", "the file cannot be read: %v", cause(err))
		} else {
			l.report.errorf(at, "", "include: %s cannot be read: %v", path, cause(err))
		}
		return
	}
	l.read[path] = true
	l.within = append(l.within, path)
	defer func() { l.within = l.within[:len(l.within)-1] }()
	l.files = append(l.files, news.File{Path: path, Text: text})
	root, ok := parseYAML(path, text, l.report)
	if !ok || root.Kind == news.NodeNone || !fields(l.reader(), "the file", rootKeys(), root) {
		return
	}
	s := &section{loader: l, path: path, defaults: defaults}
	fill(l.reader(), s, rootKeys(), root)
	for _, v := range s.include {
		s.includeFiles(v)
	}
}

// includeFiles reads what one entry of include: names.
func (s *section) includeFiles(v value) {
	pattern, ok := v.word()
	if !ok {
		return
	}
	found, err := included(s.path, pattern, s.loader.opts.Glob)
	if err != nil {
		v.bad("", "%q is no pattern of file names", v.node.Value)
	}
	if err == nil && len(found) == 0 {
		v.warnf(v.node.Position, "", "include: no file is named like %q", v.node.Value)
	}
	for _, path := range found {
		s.loader.file(path, v.node.Position, s.defaults)
	}
}

// included returns the files that a file's include: names. As in a shell, a
// pattern does not mean hidden files: editors leave some beside the one they
// have open.
func included(from, pattern string, glob func(string) ([]string, error)) ([]string, error) {
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(filepath.Dir(from), pattern)
	}
	if !strings.ContainsAny(pattern, `*?[`) {
		return []string{pattern}, nil
	}
	found, err := glob(pattern)
	return slices.DeleteFunc(found, func(path string) bool {
		return strings.HasPrefix(filepath.Base(path), ".") && !strings.HasPrefix(filepath.Base(pattern), ".")
	}), err
}

// list returns the values of a list; a single value counts as a list of one.
func (v value) list() []value {
	switch v.node.Kind {
	case news.NodeNone:
		return nil
	case news.NodeList:
		var out []value
		for _, n := range v.node.List {
			out = append(out, newValue(v.reader, news.Pair{Position: v.node.Position, Key: v.key, Value: n}))
		}
		return out
	default:
		return []value{v}
	}
}

// items returns the entries of a list that must be one.
func (v value) items() []news.Node {
	if v.node.Kind != news.NodeList && v.node.Kind != news.NodeNone {
		v.bad("begin each entry with a dash", "must be a list")
	}
	return v.node.List
}

func (s *section) readDefaults(v value) {
	if v.node.Kind == news.NodeNone {
		return
	}
	keys := defaultKeys()
	fields(v.reader, "defaults", keys, v.node)
	s.defaults = append([]news.Node{v.node}, s.defaults...)
	d := &draft{at: map[string]news.Position{}}
	fill(v.reader, d, keys, v.node)
	d.finish(v.reader)
}

func (s *section) readSources(v value) {
	for _, n := range v.items() {
		if n.Kind == news.NodeNone {
			n.Position = v.node.Position
		}
		s.readSource(v.reader, n)
	}
}

func (s *section) readSource(r reader, n news.Node) {
	what := "a source"
	if id := n.Get("id"); id.Value != "" {
		what = "source \"" + id.Value + "\""
	}
	keys := sourceKeys()
	if !fields(r, what, keys, n) {
		return
	}
	d := &draft{at: map[string]news.Position{}, own: n}
	r.absent = "this source is not polled"
	fill(r, d, keys, s.withDefaults(n))
	if n.Get("id").Position == (news.Position{}) {
		r.errorf(n.Position, "add id: and a name of letters a-z, digits and -", "a source has no id")
	}
	if n.Get("url").Position == (news.Position{}) {
		r.errorf(n.Position, "add url:", "%s has no url", what)
	}
	src, written := d.finish(r)
	s.loader.unique(src, d)
	s.loader.sources = append(s.loader.sources, src)
	s.loader.written = append(s.loader.written, written)
}

// withDefaults adds to a source's keys those of the defaults that it has not.
// every and schedule decide the same, so that one of them is enough to have
// neither from further away.
func (s *section) withDefaults(n news.Node) news.Node {
	has := make(map[string]bool)
	for _, level := range append([]news.Node{n}, s.defaults...) {
		var add []string
		for _, p := range level.Pairs {
			if has[p.Key] || level.Kind != news.NodeMap {
				continue
			}
			if p.Key == "id" || p.Key == "name" || p.Key == "url" {
				continue
			}
			add = append(add, p.Key)
			n.Pairs = append(n.Pairs, p)
		}
		for _, k := range add {
			has[k] = true
		}
		if has["every"] || has["schedule"] {
			has["every"], has["schedule"] = true, true
		}
	}
	return n
}

// unique reports an id or address that another source has. Two spellings of an
// address are one.
func (l *loader) unique(src news.Source, d *draft) {
	if first, again := l.ids[src.ID]; again && src.ID != "" {
		l.report.errorf(d.at["id"], "give one of them another", "id: %q is already the id of the source at %s", src.ID, first)
	} else {
		l.ids[src.ID] = d.at["id"]
	}
	spelling := oneSpelling(src.URL)
	if first, again := l.urls[spelling]; again && spelling != "" {
		l.report.errorf(d.at["url"], "remove one", "url: this address is already polled by the source at %s", first)
	} else {
		l.urls[spelling] = d.at["url"]
	}
}

// oneSpelling returns an address in the spelling that its other spellings
// share: scheme, case of the host, default port, fragment and the slash of an
// empty path make no other document (RFC 9110 §4.2.3).
func oneSpelling(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if port := u.Port(); port != "" && port != "80" && port != "443" {
		host += ":" + port
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return host + path
}

func (s *section) readTopics(v value) { s.loader.defs = append(s.loader.defs, v.items()...) }

// readLexicon keeps what a file adds to the lexicon; the pairs of all files
// make one map.
func (s *section) readLexicon(v value) {
	l := s.loader
	switch {
	case v.node.Kind == news.NodeNone:
	case l.lexNode.Kind == news.NodeMap && v.node.Kind == news.NodeMap:
		l.lexNode.Pairs = append(l.lexNode.Pairs, v.node.Pairs...)
	case v.node.Kind == news.NodeMap:
		l.lexNode = v.node
	default:
		v.bad("", "must be a map of entries")
	}
}

// topics hands lexicon and topics to those who know what they mean.
func (l *loader) topics() {
	lex, problems := lexicon.Load(l.lexNode)
	l.report.problems = append(l.report.problems, problems...)
	if lex == nil {
		return
	}
	set, problems := topic.Compile(l.defs, lex, l.sources)
	l.report.problems = append(l.report.problems, problems...)
	l.lexicon, l.set = lex, set
	if set == nil {
		return
	}
	var ids []string
	for _, t := range set.Topics() {
		ids = append(ids, t.ID)
	}
	for _, v := range l.told {
		if v.node.Value != "" && !slices.Contains(ids, v.node.Value) {
			v.bad(suggest(v.node.Value, ids), "there is no topic %q", v.node.Value)
		}
	}
}
