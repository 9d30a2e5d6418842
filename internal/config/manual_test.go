package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

func TestSampleIsValidAsItStands(t *testing.T) {
	compare(t, "testdata/sample.yaml", string(Sample()))
	c, problems := loadSample(string(Sample()))
	if c == nil || len(problems) > 0 {
		t.Fatal(problems)
	}
	if len(c.Sources) != 1 || c.Sources[0].ID != "example-times" || len(c.Notify) != 1 || c.Site.BaseURL == "" {
		t.Errorf("the sample defines %+v", c)
	}
}

func loadSample(text string) (*Config, []any) {
	opts := Options{
		Getenv:   func(name string) (string, bool) { return "a value", true },
		ReadFile: func(string) ([]byte, error) { return []byte(text), nil },
		Glob:     func(string) ([]string, error) { return nil, nil },
	}
	c, problems := Load("feeds.yaml", opts)
	var out []any
	for _, p := range problems {
		if !strings.Contains(p.Text, "no file is named like") {
			out = append(out, p)
		}
	}
	return c, out
}

// TestEveryCommentedKeyOfTheSampleIsValid takes the comment sign off each in
// turn.
func TestEveryCommentedKeyOfTheSampleIsValid(t *testing.T) {
	off := regexp.MustCompile(`(?m)^( *)# ([a-z_]+: .*)$`)
	sample := string(Sample())
	places := off.FindAllStringSubmatchIndex(sample, -1)
	if len(places) < 15 {
		t.Fatalf("only %d keys are comments", len(places))
	}
	for _, p := range places {
		line := sample[p[0]:p[1]]
		text := sample[:p[3]] + sample[p[4]:]
		if c, problems := loadSample(text); c == nil || len(problems) > 0 {
			t.Errorf("%s: %v", strings.TrimSpace(line), problems)
		}
	}
}

func TestSampleShowsEveryKey(t *testing.T) {
	sample := string(Sample())
	var missing func(e entry)
	missing = func(e entry) {
		if !regexp.MustCompile(`(?m)^ *(# |- )*` + e.name + `:`).MatchString(sample) {
			t.Errorf("the sample does not show %s", e.name)
		}
		if e.doc == "" || e.inside == nil && (e.sample == "" || e.form == nil) {
			t.Errorf("%s has no words, sample or form", e.name)
		}
		for _, in := range e.inside {
			if e.name != "defaults" {
				missing(in)
			}
		}
	}
	for _, e := range manual() {
		missing(e)
	}
	for i, line := range strings.Split(sample, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "# ") && !strings.Contains(line, ": ") && utf8.RuneCountInString(line) > sampleWidth+2 {
			t.Errorf("line %d of the sample is too long: %s", i+1, line)
		}
	}
}

func TestSchemaAcceptsWhatLoadAccepts(t *testing.T) {
	schema := map[string]any{}
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	shipped, err := os.ReadFile("../../feeds.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"shipped": shipped, "sample": Sample()} {
		if err := validate(schema, schema, decoded(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSchemaKnowsTheKeysOfTopics asks package topic about each key that the
// schema has, and the schema about each key that the package lists.
func TestSchemaKnowsTheKeysOfTopics(t *testing.T) {
	defs := definitions()
	rule := defs["rule"].(form)["properties"].(form)
	for name := range rule {
		_, problems := loadText([]byte("topics:\n- id: a\n  include:\n  - name: n\n    any: [b]\n    " + name + ": c\n"))
		for _, p := range problems {
			if strings.Contains(p.Text, "unknown key") {
				t.Error(p)
			}
		}
	}
	var known, listed []string
	for _, e := range topicEntries() {
		known = append(known, e.name)
	}
	_, problems := loadText([]byte("topics:\n- {zzz: 1, id: a}\n"))
	for _, p := range problems {
		if list, ok := strings.CutPrefix(p.Fix, "it is one of "); ok {
			listed = strings.Split(list, ", ")
		}
	}
	if !slices.Equal(known, listed) {
		t.Errorf("got %v, want %v as in package topic", known, listed)
	}
}

func TestSchemaRefusesMistakes(t *testing.T) {
	schema := map[string]any{}
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"site: {titel: x}", "sources: [{id: a}]", "sources: [{id: A, url: \"https://a.example.org/\"}]", "defaults: {every: 15}",
		"defaults: {id: a}", "sources: {id: a}", "defaults: {kind: paper}", "defaults: {every: \"15\"}", "include: 5", "notify: [{}]",
		"topics: [{id: a, title: b}]",
		"topics: [{id: a, title: b, include: [{all: [b]}]}]", "topics: [{id: a, title: b, include: [{name: x, al: [b]}]}]",
		"topics: [{id: a, title: b, include: [{name: x, all: [{an: b}]}]}]", "source: []", "defaults: {disabled: 1}", "defaults: {lang: prs}", "sources: [{id: 16, url: \"https://a.example.org/\"}]",
	} {
		if err := validate(schema, schema, decoded(t, []byte(text))); err == nil {
			t.Errorf("the schema accepts %s", text)
		}
	}
}

func decoded(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	v = nil
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// validate knows the part of JSON Schema that Schema uses.
func validate(root, schema map[string]any, v any) error {
	rules := map[string]func(want any) error{
		"$ref": func(want any) error {
			def := root["$defs"].(map[string]any)[strings.TrimPrefix(want.(string), "#/$defs/")]
			return validate(root, def.(map[string]any), v)
		},
		"type":    func(want any) error { return validateType(want, v) },
		"anyOf":   func(want any) error { return validateAny(root, want.([]any), v) },
		"pattern": func(want any) error { return validatePattern(want.(string), v) },
		"enum": func(want any) error {
			if !slices.Contains(want.([]any), v) {
				return fmt.Errorf("%v is none of %v", v, want)
			}
			return nil
		},
		"minLength": func(any) error { return validatePattern(".", v) },
		"minimum": func(want any) error {
			if n, ok := v.(float64); ok && n < want.(float64) {
				return fmt.Errorf("%v is below %v", n, want)
			}
			return nil
		},
		"items": func(want any) (err error) {
			list, _ := v.([]any)
			for _, each := range list {
				err = errors.Join(err, validate(root, want.(map[string]any), each))
			}
			return err
		},
		"required": func(want any) error {
			for _, k := range want.([]any) {
				if m, ok := v.(map[string]any); ok && m[k.(string)] == nil {
					return fmt.Errorf("%v has no %s", v, k)
				}
			}
			return nil
		},
	}
	for word, want := range schema {
		if slices.Contains([]string{"$schema", "$defs", "title", "description", "properties", "additionalProperties"}, word) {
			continue
		}
		if rules[word] == nil {
			return fmt.Errorf("the test does not know %s", word)
		}
		if err := rules[word](want); err != nil {
			return err
		}
	}
	return validateProperties(root, schema, v)
}

func validatePattern(want string, v any) error {
	if s, ok := v.(string); ok && !regexp.MustCompile(want).MatchString(s) {
		return fmt.Errorf("%q does not match %s", s, want)
	}
	return nil
}

func validateType(want, v any) error {
	kinds := map[string]bool{}
	if s, ok := want.(string); ok {
		kinds[s] = true
	} else {
		for _, k := range want.([]any) {
			kinds[k.(string)] = true
		}
	}
	kind := "null"
	switch v := v.(type) {
	case string:
		kind = "string"
	case bool:
		kind = "boolean"
	case []any:
		kind = "array"
	case map[string]any:
		kind = "object"
	case float64:
		if kind = "number"; kinds["integer"] && v == float64(int(v)) {
			return nil
		}
	}
	if !kinds[kind] {
		return fmt.Errorf("%v is no %v", v, want)
	}
	return nil
}

func validateAny(root map[string]any, schemas []any, v any) error {
	var all error
	for _, s := range schemas {
		err := validate(root, s.(map[string]any), v)
		if err == nil {
			return nil
		}
		all = errors.Join(all, err)
	}
	return all
}

func validateProperties(root, schema map[string]any, v any) error {
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	properties, _ := schema["properties"].(map[string]any)
	for k, value := range m {
		if p, ok := properties[k].(map[string]any); ok {
			if err := validate(root, p, value); err != nil {
				return fmt.Errorf("%s: %w", k, err)
			}
			continue
		}
		switch more := schema["additionalProperties"].(type) {
		case bool:
			if !more {
				return fmt.Errorf("unknown key %s", k)
			}
		case map[string]any:
			if err := validate(root, more, value); err != nil {
				return fmt.Errorf("%s: %w", k, err)
			}
		}
	}
	return nil
}
