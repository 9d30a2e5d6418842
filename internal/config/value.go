package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"khyber/internal/news"
)

// reader reads values of one file.
type reader struct {
	*report
	opts    Options
	secrets *[]string
	absent  string // what happens when a variable is not set; empty: the file is refused
	public  bool   // values of variables are no secrets here
}

// key is one key of feeds.yaml. Its tables drive the check for unknown keys,
// the reading, the JSON Schema and the annotated sample.
type key[T any] struct {
	name   string
	doc    string // what it means, for an editor; one or two sentences
	sample string // a value, as YAML
	form   form
	own    bool // has no default: it belongs to one source
	off    bool // a comment in the sample: few need it
	read   func(*T, value)
}

// names lists the names of keys.
func names[T any](keys []key[T]) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = k.name
	}
	return out
}

// value is the value of a key on its way to a field.
type value struct {
	reader
	key  string
	node news.Node
}

// fields checks that n is a map of known keys, each there once. what names the
// map in messages: `source "dawn"`.
func fields[T any](r reader, what string, keys []key[T], n news.Node) bool {
	if n.Kind != news.NodeMap {
		r.errorf(n.Position, "write key: value lines below it", "%s must be a map of keys", what)
		return false
	}
	known, first := names(keys), make(map[string]int)
	for _, p := range n.Pairs {
		if line := first[p.Key]; line > 0 {
			r.errorf(p.Position, "remove one", "key %q is there twice in %s, first in line %d", p.Key, what, line)
			continue
		}
		first[p.Key] = p.Line
		if !slices.Contains(known, p.Key) {
			r.errorf(p.Position, suggest(p.Key, known), "unknown key %q in %s", p.Key, what)
		}
	}
	return true
}

// fill reads every key that n has into dst.
func fill[T any](r reader, dst *T, keys []key[T], n news.Node) {
	for _, k := range keys {
		for _, p := range n.Pairs {
			if p.Key == k.name {
				k.read(dst, newValue(r, p))
				break
			}
		}
	}
}

// newValue is the value of a pair. One without a place of its own, because
// nothing is written, stands at its key.
func newValue(r reader, p news.Pair) value {
	if p.Value.Kind == news.NodeNone {
		p.Value.Position = p.Position
	}
	return value{reader: r, key: p.Key, node: p.Value}
}

// bad reports what is wrong with the value.
func (v value) bad(fix, format string, args ...any) {
	v.errorf(v.node.Position, fix, v.key+": "+format, args...)
}

// word returns a scalar as it is written.
func (v value) word() (string, bool) {
	s, ok := v.scalar()
	if strings.Contains(s, "${") {
		v.bad("write the value itself", "takes no ${NAME}")
		return "", false
	}
	return s, ok
}

func (v value) scalar() (string, bool) {
	switch {
	case v.node.Kind == news.NodeList || v.node.Kind == news.NodeMap:
		v.bad("", "takes one value, not a list or map")
	case v.node.Value == "":
		v.bad("write a value or remove the key", "has no value")
	default:
		return v.node.Value, true
	}
	return "", false
}

var variable = regexp.MustCompile(`\$\{([^}]*)(\}?)`)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// text returns a scalar with its variables expanded; hidden says that there
// were some.
func (v value) text() (s string, hidden, ok bool) {
	s, ok = v.scalar()
	if !ok || !strings.Contains(s, "${") {
		return s, false, ok
	}
	expanded := variable.ReplaceAllStringFunc(s, func(found string) string {
		name := strings.TrimSuffix(strings.TrimPrefix(found, "${"), "}")
		if !strings.HasSuffix(found, "}") || !variableName.MatchString(name) {
			v.bad("write ${NAME}, a name of letters, digits and _", "%s is not the name of a variable", found)
			ok = false
			return ""
		}
		set, there := v.lookup(name)
		ok = ok && there
		if !v.public {
			v.secret(set)
		}
		return set
	})
	return expanded, true, ok
}

const maxSecret = 64 << 10 // bytes of a file that holds a secret; a key or token is far below

// lookup returns the variable NAME, else what the file named by NAME_FILE
// holds: containers and systemd hand credentials out as files.
func (v value) lookup(name string) (string, bool) {
	if s, ok := v.opts.Getenv(name); ok && s != "" {
		return s, true
	}
	path, ok := v.opts.Getenv(name + "_FILE")
	if !ok || path == "" {
		fix := fmt.Sprintf("set %s, or %s_FILE to the file that holds it", name, name)
		if v.absent != "" {
			v.warnf(v.node.Position, fix, "%s: ${%s} is not set, so %s", v.key, name, v.absent)
		} else {
			v.bad(fix, "${%s} is not set", name)
		}
		return "", false
	}
	text, err := v.opts.ReadFile(path)
	if err == nil && len(text) > maxSecret {
		err = fmt.Errorf("it has more than %d bytes", maxSecret)
	}
	if err != nil {
		v.bad("", "the file of %s_FILE cannot be read: %v", name, cause(err))
		return "", false
	}
	return strings.TrimRight(string(text), "\r\n"), true
}

// cause returns what went wrong with a file, without the path that the message
// names already.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

const minSecret = 4 // bytes; a shorter value hidden in logs would hide half of every line

// secret remembers values that must not be shown, also as a URL carries them.
func (v value) secret(s string) {
	if len(s) < minSecret {
		return
	}
	*v.secrets = append(*v.secrets, s)
	for _, escaped := range []string{url.QueryEscape(s), url.PathEscape(s)} {
		if escaped != s {
			*v.secrets = append(*v.secrets, escaped)
		}
	}
}

// flag returns true or false.
func (v value) flag() bool {
	s, ok := v.word()
	if ok && s != "true" && s != "false" {
		v.bad("write true or false", "%q is neither true nor false", s)
	}
	return s == "true"
}

// oneOf returns a scalar that is one of the words.
func (v value) oneOf(words []string) string {
	s, ok := v.word()
	if !ok {
		return ""
	}
	if slices.Contains(words, s) {
		return s
	}
	v.bad(suggest(s, words), "%q is not known", s)
	return ""
}

// code returns a scalar that is in the set; like is a right one for the message
// and shape turns what was written into the form of the codes.
func (v value) code(set map[string]bool, what, like string, shape func(string) string) string {
	s, ok := v.word()
	if !ok || set[s] {
		return s
	}
	better := cmp.Or(otherCodes[s], otherCodes[shape(s)], shape(strings.SplitN(s, "-", 2)[0]))
	fix := fmt.Sprintf("write %s", better)
	if !set[better] {
		fix = fmt.Sprintf("write one like %s", like)
	}
	v.bad(fix, "%q is not %s", s, what)
	return ""
}

var number = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

// span returns a duration between two bounds.
func (v value) span(least, most time.Duration) time.Duration {
	s, ok := v.word()
	if !ok {
		return 0
	}
	d, err := ParseDuration(s)
	switch {
	case number.MatchString(s):
		v.bad("write "+s+"m", "%s has no unit", s)
	case err != nil:
		v.bad("write one like 90s, 15m, 1h30m or 2d", "%q is not a duration", s)
	case d < least:
		v.bad("write "+short(least)+" or more", "%s is too short", s)
	case d > most:
		v.bad("write "+short(most)+" or less", "%s is too long", s)
	default:
		return d
	}
	return 0
}

const day = 24 * time.Hour

// ParseDuration reads a duration of feeds.yaml or a flag: that of
// [time.ParseDuration], and days in front: "400d", "1d12h". It is never
// negative.
func ParseDuration(s string) (time.Duration, error) {
	rest, days := s, 0.0
	if n, after, ok := strings.Cut(s, "d"); ok && number.MatchString(n) {
		days, _ = strconv.ParseFloat(n, 64)
		rest = after
	}
	var d time.Duration
	var err error
	if rest != "" || s == "" {
		d, err = time.ParseDuration(rest)
	}
	if err != nil || d < 0 || strings.HasPrefix(rest, "+") {
		return 0, fmt.Errorf("%q is not a duration like 90s, 15m, 1h30m or 2d", s)
	}
	if total := days*float64(day) + float64(d); total < math.MaxInt64 {
		return time.Duration(days*float64(day)) + d, nil
	}
	return 0, fmt.Errorf("%q is longer than 290 years", s)
}

// short writes a duration as an editor would: 1m, not 1m0s.
func short(d time.Duration) string {
	if d >= day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	s := strings.TrimSuffix(d.String(), "m0s")
	if s != d.String() {
		s = strings.TrimSuffix(s+"m", "h0m")
		if !strings.HasSuffix(s, "m") {
			s += "h"
		}
	}
	return s
}

var sizeUnits = map[string]int64{
	"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

var sizeForm = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+)$`)

// ParseSize reads a number of bytes of feeds.yaml or a flag: "8MiB", "500 KB".
func ParseSize(s string) (int64, error) {
	m := sizeForm.FindStringSubmatch(s)
	if m == nil || sizeUnits[m[2]] == 0 {
		return 0, fmt.Errorf("%q is not a size like 512KiB or 8MiB", s)
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil || n*float64(sizeUnits[m[2]]) >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is too large a size", s)
	}
	return int64(n * float64(sizeUnits[m[2]])), nil
}

// size returns a number of bytes between two bounds.
func (v value) size(least, most int64) int64 {
	s, ok := v.word()
	if !ok {
		return 0
	}
	n, err := ParseSize(s)
	switch {
	case number.MatchString(s):
		v.bad("write one like 512KiB or 8MiB", "%s has no unit", s)
	case err != nil:
		v.bad("write one like 512KiB or 8MiB", "%q is not a size", s)
	case n < least || n > most:
		v.bad(fmt.Sprintf("write %dKiB to %dMiB", least>>10, most>>20), "%s is out of bounds", s)
	default:
		return n
	}
	return 0
}

func (v value) shown() string { return userinfo.ReplaceAllString(v.node.Value, "//"+hidden+"@") }

const maxURL = 2048 // bytes; what servers and proxies are known to take

// userinfo finds what no message may show: Problems are on the status page.
var userinfo = regexp.MustCompile(`//[^/]*@`)

// address returns an absolute URL of one of the schemes, and nil where it is
// none. The text is the expanded one; messages show what is written.
func (v value) address(text string, schemes ...string) *url.URL {
	shown := v.shown()
	u, err := url.Parse(text)
	switch {
	case strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c == 0x7f }):
		v.bad("write it without, or as %20", "%q has a space in it", shown)
	case len(text) > maxURL:
		v.bad("", "the address has more than %d bytes", maxURL)
	case err != nil:
		v.bad("write one like https://news.example.org/rss.xml", "%q is not an address", shown)
	case u.Scheme == "" || u.Host == "" && u.Opaque != "":
		v.bad("write "+schemes[len(schemes)-1]+"://"+strings.TrimLeft(shown, "/"), "%q has no scheme", shown)
	case !slices.Contains(schemes, u.Scheme):
		v.bad("write one of "+strings.Join(schemes, ", "), "%q has a scheme that is not asked", shown)
	case u.Hostname() == "":
		v.bad("write one like https://news.example.org/rss.xml", "%q has no host", shown)
	case u.Port() == "0" || len(u.Port()) > 5 || len(u.Port()) == 5 && u.Port() > "65535":
		v.bad("", "%q has a port that does not exist", shown)
	default:
		return u
	}
	return nil
}
