package config

// form is what the JSON Schema says of a value.
type form map[string]any

// env is how a value with a variable looks; such a value is not judged further.
const env = `\$\{[A-Za-z_][A-Za-z0-9_]*\}`

func patternForm(pattern string) form { return form{"type": "string", "pattern": pattern} }

func wordsForm(words ...string) form { return form{"enum": words} }

func listForm(of form) form { return form{"type": "array", "items": of} }

var (
	textForm      = form{"type": "string", "minLength": 1}
	flagForm      = form{"type": "boolean"}
	idForm        = patternForm(idPattern.String())
	publisherForm = patternForm(publisherPattern.String())
	languageForm  = patternForm(`^[a-z]{2}$`)
	countryForm   = patternForm(`^[A-Z]{2}$`)
	addressForm   = patternForm(`^https?://|` + env)
	proxyForm     = patternForm(`^(http|https|socks5)://|` + env)
	durationForm  = patternForm(`^([0-9.]+(d|h|m|s|ms))+$`)
	bytesForm     = patternForm(`^[0-9]+(\.[0-9]+)? ?(B|kB|KB|MB|GB|KiB|MiB|GiB|TiB)$`)
	headersForm   = form{"type": "object", "additionalProperties": textForm}
)
