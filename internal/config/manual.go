package config

import (
	"encoding/json"
	"maps"
	"strings"
)

// entry is what the JSON Schema and the annotated sample know of a key.
type entry struct {
	name, doc, sample string
	form              form
	off               bool    // shown as a comment in the sample
	unshown           bool    // not in the sample: it is there in another place
	inside            []entry // keys of the map that is its value
	list              bool    // the value is a list of such maps
	required          []string
}

func entries[T any](keys []key[T]) []entry {
	var out []entry
	for _, k := range keys {
		out = append(out, entry{name: k.name, doc: k.doc, sample: k.sample, form: k.form, off: k.off})
	}
	return out
}

// manual returns all that may stand in a file, from the tables that read it.
// Those of topics are here for their words only; package topic reads them.
func manual() []entry {
	out := entries(rootKeys())
	for i := range out {
		e := &out[i]
		switch e.name {
		case "site":
			e.inside = entries(siteKeys())
		case "defaults":
			e.inside = entries(defaultKeys())
			for j := range e.inside {
				in := &e.inside[j]
				in.unshown, in.off = in.name != "min_every" && in.name != "max_every", false
			}
		case "sources":
			e.inside, e.list, e.required = entries(sourceKeys()), true, []string{"id", "url"}
		case "topics":
			e.inside, e.list, e.required = topicEntries(), true, []string{"id", "title", "include"}
		case "notify":
			e.inside, e.list, e.required = entries(notifyKeys()), true, []string{"url"}
		}
	}
	return out
}

// topicEntries are the keys of a topic.
func topicEntries() []entry {
	words := listForm(textForm)
	conditions := form{"$ref": "#/$defs/condition"}
	return []entry{
		{name: "id", sample: "afpak-relations", form: idForm, doc: "Names the topic for good; it is in the address of its feed. Letters a-z, digits and -, at most 64."},
		{name: "title", sample: "Afghanistan–Pakistan relations", form: textForm, doc: "What readers see."},
		{name: "description", sample: "Politics, trade and the border between the two states.", form: textForm, doc: "One or two sentences on what it holds."},
		{name: "languages", sample: "[en, ur, ps, fa]", form: listForm(languageForm), off: true, doc: "Only items in these languages; those of unknown language pass."},
		{name: "sources", sample: "{only: [example-times]}", form: scopeForm(), off: true, doc: "Only these sources, or not these: ids, or publisher: country: kind: lang: with a value."},
		{name: "show_why", sample: "true", form: flagForm, off: true, doc: "Whether an entry says in its last line why it is there."},
		{name: "formerly", sample: "[afpak]", form: words, off: true, doc: "Earlier ids; their addresses lead here."},
		{name: "define", sample: "{sides: [$afghanistan, $pakistan]}", form: form{"type": "object", "additionalProperties": conditions}, off: true, doc: "Short names of this topic, used as ~name."},
		{
			name: "include", form: listForm(form{"$ref": "#/$defs/rule"}),
			sample: "- name: both sides in the headline\n  all: [$afghanistan, $pakistan]\n  in: title",
			doc:    "An item is taken if any of these rules holds. $name is an entry of the lexicon; words stand for themselves, word* for any ending, (a|b) for either.",
		},
		{
			name: "exclude", form: listForm(form{"$ref": "#/$defs/rule"}),
			sample: "- name: sport\n  any: [$sports]\n  in: lead",
			doc:    "An item that was taken is dropped if any of these rules holds, unless its unless holds.",
		},
		{
			name: "examples", form: form{"type": "object", "additionalProperties": false, "properties": form{"match": examplesForm(), "ignore": examplesForm()}},
			sample: "match: [\"Pakistan and Afghanistan resume talks\"]\nignore: [\"Pakistan beat Afghanistan by six wickets\"]",
			doc:    "Tests: \"title\" or \"title | summary\". The file is refused while one of them comes out wrong.",
		},
	}
}

func examplesForm() form { return listForm(form{"type": []string{"string", "object"}}) }

func scopeForm() form {
	return form{"type": "object", "additionalProperties": false, "properties": form{"only": listForm(textForm), "not": listForm(textForm)}}
}

// definitions are the recursive parts of the schema: conditions and rules.
func definitions() form {
	condition := form{"$ref": "#/$defs/condition"}
	list := form{"anyOf": []form{textForm, {"type": "number"}, {"type": "boolean"}, listForm(condition)}}
	keys := func() form {
		return form{
			"all": list, "any": list, "none": list, "near": list,
			"at_least": form{"type": "integer", "minimum": 1},
			"within":   patternForm(`^([0-9]+ words?|sentence)$`),
			"ordered":  flagForm, "always": flagForm,
			"in":    form{"anyOf": []form{wordsForm("title", "lead", "text", "tags", "url", "any"), textForm}},
			"reach": form{"type": "integer"},
			"score": listForm(form{
				"type": "object", "additionalProperties": false, "required": []string{"points", "for"},
				"properties": form{"points": form{"type": "integer"}, "for": condition},
			}),
			"matches": form{"type": "object", "required": []string{"re"}, "properties": form{"re": textForm, "in": textForm}},
		}
	}
	rule := keys()
	rule["name"] = textForm
	rule["unless"] = condition
	rule["languages"] = listForm(languageForm)
	rule["sources"] = scopeForm()
	return form{
		"condition": form{"anyOf": []form{
			textForm,
			{"type": "number"},
			{"type": "boolean"},
			listForm(condition),
			{"type": "object", "additionalProperties": false, "properties": keys()},
		}},
		"rule": form{"type": "object", "additionalProperties": false, "required": []string{"name"}, "properties": rule},
	}
}

// Schema returns the JSON Schema of feeds.yaml, for editors that complete and
// check while one types (draft 2020-12).
func Schema() []byte {
	root := object(manual(), nil)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "feeds.yaml of Khyber"
	root["$defs"] = definitions()
	out, _ := json.MarshalIndent(root, "", "  ") // maps, texts and lists always marshal
	return append(out, '\n')
}

func object(keys []entry, required []string) form {
	properties := form{}
	for _, e := range keys {
		f := form{}
		maps.Copy(f, e.form)
		if e.inside != nil {
			f = object(e.inside, e.required)
			if e.list {
				f = listForm(f)
			}
		}
		f["description"] = e.doc
		properties[e.name] = f
	}
	out := form{"type": "object", "additionalProperties": false, "properties": properties}
	if required != nil {
		out["required"] = required
	}
	return out
}

const sampleWidth = 96 // characters of a line of comment

// Sample returns a file that shows and explains every key. What few need is
// there as a comment.
func Sample() []byte {
	var b strings.Builder
	b.WriteString("# feeds.yaml: what is read and what is published. `khyber check` says what is wrong with it.\n")
	for _, e := range manual() {
		b.WriteString("\n")
		writeEntry(&b, e, "", "")
	}
	return []byte(b.String())
}

// writeEntry writes a key with its comment. lead stands in front of the key
// itself: the indentation, or the dash of a list's entry.
func writeEntry(b *strings.Builder, e entry, indent, lead string) {
	if e.unshown {
		return
	}
	for _, line := range wrap(e.doc, sampleWidth-len(indent)) {
		b.WriteString(indent + "# " + line + "\n")
	}
	off := ""
	if e.off {
		off = "# "
	}
	switch {
	case e.inside != nil:
		b.WriteString(lead + e.name + ":\n")
		for i, in := range e.inside {
			inner := indent + "  "
			first := inner
			if e.list {
				inner += "  "
				if first += "  "; i == 0 {
					first = indent + "  - "
				}
			}
			writeEntry(b, in, inner, first)
		}
	case strings.Contains(e.sample, "\n"):
		b.WriteString(lead + off + e.name + ":\n")
		for line := range strings.SplitSeq(e.sample, "\n") {
			b.WriteString(indent + off + "  " + line + "\n")
		}
	default:
		b.WriteString(lead + off + e.name + ": " + e.sample + "\n")
	}
}

// wrap breaks a text into lines of at most so many characters.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
