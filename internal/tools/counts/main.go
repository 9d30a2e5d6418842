// Command counts makes a table of package story: in how many distinct headlines
// each word stands. It reads files of headlines, one a line, either plain or as
// JSON with a "title", packed by gzip or not, and writes counts only: no headline
// can be read from them, and rare words are left out.
//
//	go run ./internal/tools/counts -min 10 -o internal/story/tables/background.tsv.gz FILE…
//
// A new table gives story's tables a new number, and its thresholds must be
// measured again. Like every tool it knows nothing of the product: words are
// folded as they are read there.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"
)

// maxLine is in bytes: a headline with all that a JSON line has beside it.
const maxLine = 4 << 20

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "counts:", err)
		os.Exit(1)
	}
}

func run(args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("counts", flag.ContinueOnError)
	flags.SetOutput(stderr)
	least := flags.Int("min", 10, "leave out words in fewer headlines")
	out := flags.String("o", "", "the table to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || flags.NArg() == 0 {
		return errors.New("name the table with -o and at least one file of headlines")
	}
	t := table{seen: make(map[string]bool), of: make(map[string]int)}
	for _, path := range flags.Args() {
		if err := t.addFile(path); err != nil {
			return fmt.Errorf("count the words of %s: %w", path, err)
		}
	}
	packed, err := t.pack(*least)
	if err != nil {
		return fmt.Errorf("pack the table: %w", err)
	}
	if err := os.WriteFile(*out, packed, 0o644); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	fmt.Fprintf(stderr, "%d distinct headlines, %d words\n", len(t.seen), len(t.of))
	return nil
}

// table counts the distinct headlines that a word stands in.
type table struct {
	seen map[string]bool
	of   map[string]int
}

func (t *table) addFile(path string) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return err
		}
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		title, err := headline(lines.Bytes())
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		t.add(title)
	}
	return lines.Err()
}

// headline returns the title of a line of JSON, or the line itself.
func headline(line []byte) (string, error) {
	if !bytes.HasPrefix(line, []byte("{")) {
		return string(line), nil
	}
	var item struct{ Title string }
	err := json.Unmarshal(line, &item)
	return item.Title, err
}

// add counts the words of a headline that was not seen before.
func (t *table) add(title string) {
	words := split(title)
	key := strings.Join(words, " ")
	if key == "" || t.seen[key] {
		return
	}
	t.seen[key] = true
	slices.Sort(words)
	for _, w := range slices.Compact(words) {
		t.of[w]++
	}
}

// split returns the words of a text in lower case, without apostrophes and the
// 's of a genitive.
func split(s string) []string {
	s = strings.NewReplacer("’", "'", "‘", "'", "ʼ", "'").Replace(strings.ToLower(s))
	var out []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '\''
	}) {
		w = strings.TrimSuffix(strings.Trim(w, "'"), "'s")
		if w = strings.ReplaceAll(w, "'", ""); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// pack writes the table, most frequent words first, the number of headlines
// before all. The same headlines give the same bytes.
func (t *table) pack(least int) ([]byte, error) {
	words := make([]string, 0, len(t.of))
	for w, n := range t.of {
		if n >= least {
			words = append(words, w)
		}
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(cmp.Compare(t.of[b], t.of[a]), cmp.Compare(a, b)) })
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(z, "#\t%d\n", len(t.seen))
	for _, w := range words {
		fmt.Fprintf(z, "%s\t%d\n", w, t.of[w])
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
