package parse

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"khyber/internal/news"
)

// schema says what kind of value a key of JSON Feed has. gofeed gives a whole
// document up for one value of another kind, so such a value becomes null, or
// the text of itself where a text is meant.
type schema struct {
	kind   byte // '"' '{' '[' or 0: any
	prose  bool // a text for people, which may be long
	fields map[string]*schema
	each   *schema
}

// jsonSchema describes JSON Feed 1 and 1.1.
var jsonSchema = newJSONSchema()

func newJSONSchema() *schema {
	text, prose := &schema{kind: '"'}, &schema{kind: '"', prose: true}
	author := &schema{kind: '{', fields: map[string]*schema{"name": text, "url": text, "avatar": text}}
	authors := &schema{kind: '[', each: author}
	file := &schema{kind: '{', fields: map[string]*schema{"url": text, "mime_type": text, "title": text}}
	item := &schema{kind: '{', fields: map[string]*schema{
		"url": text, "external_url": text, "title": text, "content_html": prose, "content_text": prose, "summary": prose,
		"image": text, "banner_image": text, "date_published": text, "date_modified": text, "language": text,
		"author": author, "authors": authors, "tags": {kind: '[', each: text}, "attachments": {kind: '[', each: file},
	}}
	return &schema{kind: '{', fields: map[string]*schema{
		"version": text, "title": text, "home_page_url": text, "feed_url": text, "description": text, "user_comment": text,
		"next_url": text, "icon": text, "favicon": text, "language": text, "author": author, "authors": authors,
		"items": {kind: '[', each: item},
		"hubs":  {kind: '[', each: &schema{kind: '{', fields: map[string]*schema{"url": text, "type": text}}},
	}}
}

// jsonShape is the prescan of a JSON document: limits, items, mending.
type jsonShape struct {
	b        []byte
	at       int
	depth    int
	tokens   int
	nonce    string
	edits    []edit
	asides   [][]byte      // texts that gofeed does not see, quoted
	items    []news.Reason // of each item: why it is not kept; empty: it is
	hasItems bool
	hubs     [2]int // where the value of hubs stands
	salvaged bool
	repairs  []string

	inItems   bool
	oversize  bool
	lastItem  int // behind the last whole item, or behind the [
	lastValue int // behind the last whole member of the document
	err       error
}

// prescanJSON reads a JSON document once. Its error is an *Error.
func prescanJSON(b []byte) (*jsonShape, error) {
	j := &jsonShape{b: b, nonce: nonce(b)}
	if !j.value(jsonSchema) {
		if j.err != nil {
			return nil, j.err
		}
		if err := j.salvage(); err != nil {
			return nil, err
		}
		return j, nil
	}
	if rest := bytes.TrimSpace(b[j.at:]); len(rest) > 0 {
		j.edits = append(j.edits, edit{j.at, len(b), ""})
		j.repair("text behind the end of the document was ignored")
	}
	return j, nil
}

// salvage closes the document behind what was whole.
func (j *jsonShape) salvage() error {
	at, closing := j.lastValue, "}"
	if j.inItems {
		at, closing = j.lastItem, "]}"
		j.items = append(j.items, news.RejectedDamaged)
		if len(j.items) == 1 {
			return noDocument("JSON that is cut off before the first item")
		}
	}
	if at == 0 {
		return noDocument("JSON that cannot be read")
	}
	for len(j.edits) > 0 && j.edits[len(j.edits)-1].end > at {
		j.edits = j.edits[:len(j.edits)-1]
	}
	j.edits = append(j.edits, edit{at, len(j.b), closing})
	j.salvaged = true
	j.repair("the document was cut off")
	return nil
}

// value reads one value and mends it; false: it is damaged, or err is set.
func (j *jsonShape) value(want *schema) bool {
	j.space()
	if j.tokens++; j.tokens > maxTokens {
		j.err = over("JSON tokens", j.tokens, maxTokens)
		return false
	}
	if j.at >= len(j.b) {
		return false
	}
	start, edits := j.at, len(j.edits)
	c := j.b[j.at]
	ok := false
	switch c {
	case '{', '[':
		if j.depth++; j.depth > maxDepth {
			j.err = over("JSON depth", j.depth, maxDepth)
			return false
		}
		ok = j.list(c, want)
		j.depth--
	case '"':
		ok = j.text()
	default:
		ok = j.scalar()
	}
	if ok {
		j.conform(want, c, start, edits)
	}
	if ok && c == '"' && want != nil && want.prose && j.at-start > minAsideField && len(j.edits) == edits {
		j.edits = append(j.edits, edit{start, j.at, `"` + j.nonce + strconv.Itoa(len(j.asides)) + `"`})
		j.asides = append(j.asides, j.b[start:j.at])
	}
	return ok
}

// prose finds a text that was put aside: gofeed reads each text four times over.
func (j *jsonShape) prose(text string) string {
	n, ok := strings.CutPrefix(text, j.nonce)
	if !ok {
		return text
	}
	i, err := strconv.Atoi(n)
	if err != nil || i < 0 || i >= len(j.asides) || json.Unmarshal(j.asides[i], &text) != nil {
		return ""
	}
	return text
}

// conform replaces a value of the wrong kind.
func (j *jsonShape) conform(want *schema, c byte, start, edits int) {
	value := j.b[start:j.at]
	if want == nil || want.kind == 0 || want.kind == c || string(value) == "null" {
		return
	}
	j.edits = j.edits[:edits]
	j.repair("a value of another kind than JSON Feed wants was changed")
	text := "null"
	if want.kind == '"' && c != '{' && c != '[' {
		text = strconv.Quote(string(value))
	}
	j.edits = append(j.edits, edit{start, j.at, text})
}

// list reads an object or an array. A comma too many is taken out.
func (j *jsonShape) list(open byte, want *schema) bool {
	j.at++
	comma := -1
	for {
		j.space()
		if j.at >= len(j.b) {
			return false
		}
		switch c := j.b[j.at]; {
		case c == open+2: // ] and } stand two behind [ and {
			if comma >= 0 {
				j.edits = append(j.edits, edit{comma, comma + 1, ""})
			}
			j.at++
			return true
		case c == ',' && comma < 0 && j.b[j.at-1] != open:
			comma = j.at
			j.at++
			continue
		}
		if !j.member(open, want) {
			return false
		}
		comma = -1
		j.space()
		if j.at < len(j.b) && j.b[j.at] == ',' {
			comma = j.at
			j.at++
		} else if j.at >= len(j.b) || j.b[j.at] != open+2 {
			return false
		}
	}
}

func (j *jsonShape) member(open byte, want *schema) bool {
	if open == '[' {
		var each *schema
		if want != nil {
			each = want.each
		}
		if want == jsonSchema.fields["items"] {
			return j.item(each)
		}
		return j.value(each)
	}
	key, ok := j.key()
	if !ok {
		return false
	}
	var field *schema
	if want != nil {
		field = want.fields[key]
	}
	top := want == jsonSchema
	if top && key == "items" {
		j.space()
		j.inItems, j.hasItems = true, j.at < len(j.b) && j.b[j.at] == '['
		j.lastItem = j.at + 1
	}
	start := j.at
	if !j.value(field) {
		return false
	}
	if top {
		j.inItems = false
		j.lastValue = j.at
		if key == "hubs" {
			j.hubs = [2]int{start, j.at}
		}
	}
	return true
}

func (j *jsonShape) key() (string, bool) {
	if j.b[j.at] != '"' {
		return "", false
	}
	start := j.at
	if !j.text() {
		return "", false
	}
	if j.tokens++; j.tokens > maxTokens {
		j.err = over("JSON tokens", j.tokens, maxTokens)
		return "", false
	}
	raw := j.b[start+1 : j.at-1]
	j.space()
	if j.at >= len(j.b) || j.b[j.at] != ':' {
		return "", false
	}
	j.at++
	return strings.ToLower(string(raw[:min(len(raw), 32)])), true
}

// item reads an element of items. One that is no object, or holds a text above
// the limit, becomes null and is counted.
func (j *jsonShape) item(want *schema) bool {
	if len(j.items) >= maxItems {
		j.err = over("items", len(j.items)+1, maxItems)
		return false
	}
	start, edits := j.at, len(j.edits)
	j.oversize = false
	if !j.value(want) {
		return false
	}
	reason := news.Reason("")
	switch {
	case j.oversize:
		reason = news.RejectedOversize
		j.edits = append(j.edits[:edits], edit{start, j.at, "null"})
	case j.b[start] != '{':
		reason = news.RejectedParser
	}
	j.items = append(j.items, reason)
	j.lastItem = j.at
	return true
}

// text reads a string. Raw line ends and unknown escapes in it are mended.
func (j *jsonShape) text() bool {
	start := j.at
	for i := j.at + 1; i < len(j.b); i++ {
		switch c := j.b[i]; {
		case c == '"':
			j.at = i + 1
			if i-start > maxFieldBytes {
				j.oversize = true
			}
			return true
		case c == '\\':
			if !goodEscape(j.b[i+1:]) {
				j.edits = append(j.edits, edit{i, i, `\`})
			}
			if i+1 < len(j.b) && j.b[i+1] != '\n' && j.b[i+1] != '\r' && j.b[i+1] != '\t' {
				i++
			}
		case c < ' ':
			q := strconv.Quote(string(rune(c)))
			j.edits = append(j.edits, edit{i, i + 1, q[1 : len(q)-1]})
		}
	}
	return false
}

func goodEscape(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	if b[0] != 'u' {
		return strings.IndexByte(`"\/bfnrt`, b[0]) >= 0
	}
	if len(b) < 5 {
		return false
	}
	_, err := strconv.ParseUint(string(b[1:5]), 16, 16)
	return err == nil
}

// scalar reads a number or a word. What JSON does not know becomes null.
func (j *jsonShape) scalar() bool {
	start := j.at
	for j.at < len(j.b) && strings.IndexByte(",:]}[{\" \t\r\n", j.b[j.at]) < 0 {
		j.at++
	}
	value := j.b[start:j.at]
	if len(value) == 0 {
		return false
	}
	if len(value) > 64 || !json.Valid(value) {
		j.edits = append(j.edits, edit{start, j.at, "null"})
		j.repair("a value that JSON does not know was dropped")
	}
	return true
}

func (j *jsonShape) repair(what string) {
	if !slices.Contains(j.repairs, what) {
		j.repairs = append(j.repairs, what)
	}
}

func (j *jsonShape) space() { j.at = skipSpace(j.b, j.at) }
