package config

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"khyber/internal/lexicon"
	"khyber/internal/news"
	"khyber/internal/topic"
)

// Options is the world as Load sees it. The zero value reads files of the disk,
// knows no variable and checks no schedule.
type Options struct {
	Getenv        func(name string) (string, bool)
	ReadFile      func(path string) ([]byte, error)
	Glob          func(pattern string) ([]string, error) // as [filepath.Glob]
	CheckSchedule func(spec string, zone *time.Location) error
}

func (o Options) filled() Options {
	if o.Getenv == nil {
		o.Getenv = func(string) (string, bool) { return "", false }
	}
	if o.ReadFile == nil {
		o.ReadFile = os.ReadFile
	}
	if o.Glob == nil {
		o.Glob = filepath.Glob
	}
	return o
}

// Config is what feeds.yaml and the files that it includes say. It never
// changes.
type Config struct {
	Site     Site
	Sources  []news.Source // in the order of the files, those of an included file after those of the including one
	Lexicon  *lexicon.Lexicon
	Set      *topic.Set
	Notify   []Notify
	Written  []news.Source // the Sources with ${NAME} as it is written, for an export
	Revision news.Config   // for the store; its Files are as they are written, its Sources those that are polled
	Secrets  []string      // what must stand in no log or message; longest first
}

// Site is who publishes.
type Site struct {
	Title   string
	BaseURL string // absolute, without a slash at its end; empty: not said
	Contact string
	Hub     Hub
}

// Hub says who may subscribe to topic feeds through WebSub.
type Hub struct {
	Off   bool
	Hosts []string // of callbacks; empty: all
}

// Notify is where notices are sent.
type Notify struct {
	URL                 Secret
	Secret              Secret   // signs them; empty: unsigned
	Topics              []string // whose news are told there too
	AllowPrivateNetwork bool     // the host and port of URL may be private
}

// Secret is a text that hides itself when it is printed, logged or marshalled.
type Secret string

const hidden = "(hidden)"

// String returns a stand-in.
func (s Secret) String() string { return hidden }

// MarshalText returns a stand-in.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue returns a stand-in.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// GoString returns a stand-in, for %#v.
func (s Secret) GoString() string { return hidden }

// Load reads the file and all that it includes. The Problems come sorted by
// place, all of them; the Config is nil when one of them is no warning.
func Load(path string, opts Options) (*Config, []news.Problem) { return load(path, opts, false) }

func load(path string, opts Options, mayBeBlank bool) (*Config, []news.Problem) {
	l := newLoader(opts)
	l.file(path, news.Position{File: path}, nil)
	if !mayBeBlank && len(l.report.problems) == 0 && len(l.files) == 1 && Blank(l.files[0].Text) {
		l.report.errorf(news.Position{File: path, Line: 1, Column: 1}, "khyber check --sample prints one to begin with", "the file says nothing")
	}
	l.topics()
	problems := l.report.sorted()
	if invalid(problems) {
		return nil, problems
	}
	return l.config(), problems
}

// Blank says whether a file has nothing but comments. Load refuses it: an editor
// that was cut off, or a full disk, leaves one behind, and a service must not give
// up all of its sources for it. To edits it is a beginning, so LoadFiles takes it.
func Blank(text []byte) bool {
	for line := range bytes.Lines(bytes.TrimPrefix(text, []byte(byteOrderMark))) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

// LoadFiles is Load of files that are in memory, the first one including the
// others: the last good ones of the store, or those of an Editor.
func LoadFiles(files []news.File, opts Options) (*Config, []news.Problem) {
	disk := opts.filled().ReadFile
	text := make(map[string][]byte)
	for _, f := range files {
		text[f.Path] = f.Text
	}
	opts.ReadFile = func(path string) ([]byte, error) {
		if t, ok := text[path]; ok {
			return t, nil
		}
		return disk(path) // a file that holds a secret
	}
	opts.Glob = func(pattern string) ([]string, error) {
		var found []string
		for _, path := range slices.Sorted(maps.Keys(text)) {
			ok, err := filepath.Match(pattern, path)
			if err != nil {
				return nil, err
			}
			if ok {
				found = append(found, path)
			}
		}
		return found, nil
	}
	if len(files) == 0 {
		return load("", opts, true)
	}
	return load(files[0].Path, opts, true)
}

// Hash is the same for the same files with the same texts.
func Hash(files []news.File) uint64 {
	h := sha256.New()
	var size [8]byte
	for _, f := range files {
		for _, part := range [][]byte{[]byte(f.Path), f.Text} {
			binary.BigEndian.PutUint64(size[:], uint64(len(part)))
			h.Write(size[:])
			h.Write(part)
		}
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// config puts together what was read.
func (l *loader) config() *Config {
	slices.SortFunc(l.secrets, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	return &Config{
		Site: l.site, Sources: l.sources, Written: l.written, Lexicon: l.lexicon, Set: l.set, Notify: l.notify,
		Secrets:  slices.Compact(l.secrets),
		Revision: news.Config{Hash: Hash(l.files), Files: l.files, Sources: l.sources, Topics: l.set.Topics()},
	}
}
