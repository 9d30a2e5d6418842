package topic

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"khyber/internal/news"
	"khyber/internal/text"
)

// Label is what a judge says of an item.
type Label string

// The labels. Borderline items count neither for nor against.
const (
	Yes        Label = "yes"
	No         Label = "no"
	Borderline Label = "borderline"
)

// Labelled is an item with its label: its text, or the id of an item that is
// kept.
type Labelled struct {
	Item  news.Item
	ID    news.ItemID // 0: the row has a text of its own
	Label Label
	Line  int // of the file
}

// ParseLabels reads a file of labels, one JSON object a line: title, summary,
// lang or item, and label yes, no or borderline (or y 1 or 0). A row without a
// label, or that cannot be read, is a Problem.
func ParseLabels(file string, data []byte) ([]Labelled, []news.Problem) {
	var rows []Labelled
	var problems []news.Problem
	line := 0
	for row := range bytes.Lines(data) {
		line++
		if len(bytes.TrimSpace(row)) == 0 {
			continue
		}
		l, err := parseLabel(row)
		if err != nil {
			problems = append(problems, news.Problem{
				Position: news.Position{File: file, Line: line, Column: 1}, Text: err.Error(),
				Fix: `write {"title": "…", "label": "yes"}; the labels are yes, no and borderline`,
			})
			continue
		}
		l.Line = line
		rows = append(rows, l)
	}
	return rows, problems
}

func parseLabel(row []byte) (Labelled, error) {
	var v struct {
		Title, Summary, Lang, Source, URL string
		Tags                              []string
		Item                              string
		Label                             Label
		Y                                 *int
	}
	if err := json.Unmarshal(row, &v); err != nil {
		return Labelled{}, fmt.Errorf("the row is no JSON object of the known form: %w", err)
	}
	l := Labelled{Label: v.Label, Item: news.Item{
		Title: v.Title, Summary: v.Summary, Lang: text.Primary(v.Lang), Source: v.Source, Link: v.URL, Tags: v.Tags,
	}}
	if v.Label == "" && v.Y != nil {
		switch *v.Y {
		case 0:
			l.Label = No
		case 1:
			l.Label = Yes
		}
	}
	if l.Label != Yes && l.Label != No && l.Label != Borderline {
		return l, errors.New("the row has no label")
	}
	if v.Title == "" && v.Summary == "" {
		id, err := news.ParseItemID(v.Item)
		if err != nil {
			return l, errors.New("the row has neither a title nor an item")
		}
		l.ID = id
	}
	return l, nil
}

// holdoutFrom of splitParts parts of the labels are kept aside.
const (
	splitParts  = 10
	holdoutFrom = 6
)

// Holdout says whether a labelled item is kept aside: it is counted, but never
// listed, so that a tuned number cannot pass for a blind one. The key is the id
// of the item (of the original, for a copy), or its title where it has none; see
// [SplitKey]. The split depends on nothing else.
func Holdout(topicID, key string) bool {
	sum := sha256.Sum256([]byte(topicID + "\x00" + key))
	return binary.BigEndian.Uint64(sum[:8])%splitParts >= holdoutFrom
}

// SplitKey returns the key of a row for [Holdout].
func (l *Labelled) SplitKey() string {
	if l.ID != 0 {
		return l.ID.String()
	}
	return text.Fold(l.Item.Title)
}

// Counts compares verdicts with labels.
type Counts struct {
	TP, FP, FN, TN int
	// Borderline items that are in and out.
	BorderIn, BorderOut int
}

// Add counts an item that is in, or is not, under its label.
func (c *Counts) Add(in bool, label Label) {
	switch {
	case label == Borderline && in:
		c.BorderIn++
	case label == Borderline:
		c.BorderOut++
	case label == Yes && in:
		c.TP++
	case label == Yes:
		c.FN++
	case in:
		c.FP++
	default:
		c.TN++
	}
}

// Rate is a share of n with its 95 % Wilson interval.
type Rate struct {
	Value, Low, High float64
	K, N             int
}

// Precision returns how many of those that are in belong there.
func (c *Counts) Precision() Rate { return Wilson(c.TP, c.TP+c.FP) }

// Recall returns how many of those that belong in are in.
func (c *Counts) Recall() Rate { return Wilson(c.TP, c.TP+c.FN) }

// Labels returns the number of labels that count.
func (c *Counts) Labels() int { return c.TP + c.FP + c.FN + c.TN }

// String returns "0.960 (0.902–0.984)".
func (r Rate) String() string { return fmt.Sprintf("%.3f (%.3f–%.3f)", r.Value, r.Low, r.High) }

// z of a 95 % interval.
const z = 1.96

// Wilson returns k of n with its 95 % interval. Of n = 0 it is 0 to 1.
func Wilson(k, n int) Rate {
	if n == 0 {
		return Rate{High: 1}
	}
	p, size := float64(k)/float64(n), float64(n)
	middle := p + z*z/(2*size)
	width := z * math.Sqrt(p*(1-p)/size+z*z/(4*size*size))
	all := 1 + z*z/size
	return Rate{Value: p, Low: max(0, (middle-width)/all), High: min(1, (middle+width)/all), K: k, N: n}
}

// maxVolumeChange is how many times more or fewer items a day a change may bring
// before it needs a yes.
const maxVolumeChange = 3

// Objections returns what speaks against publishing a change: precision or
// recall on the holdout below the interval of the live rules, or a volume that
// is more than three times higher or lower. Rates of live rules without labels,
// and a volume before of 0, object to nothing.
func Objections(live, changed Counts, before, after float64) []string {
	var all []string
	compare := func(what string, was, is Rate) {
		if was.N > 0 && is.Value < was.Low {
			all = append(all, fmt.Sprintf("%s falls from %s to %.3f", what, was, is.Value))
		}
	}
	compare("precision", live.Precision(), changed.Precision())
	compare("recall", live.Recall(), changed.Recall())
	if before > 0 && (after > maxVolumeChange*before || maxVolumeChange*after < before) {
		all = append(all, fmt.Sprintf("items a day change from %.1f to %.1f", before, after))
	}
	return all
}
