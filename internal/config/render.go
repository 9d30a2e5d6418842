package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"khyber/internal/news"
)

// pair is a key with its value as YAML.
type pair struct{ key, value string }

// plain matches what YAML reads as it stands, also inside { }.
var plain = regexp.MustCompile(`^[\pL\pN/$][\pL\pM\pN_./@+=&?%~;$()–-]*([ :][\pL\pM\pN_./@+=&?%~;$()–-]+)*$`)

// numeric matches what other readers of YAML take for a number.
var numeric = regexp.MustCompile(`^[0-9][0-9.:_]*(e[0-9]+|x[0-9a-f]+|o[0-7]+)?$`)

// quote writes a text as a YAML scalar, in quotes only where it needs them.
func quote(s string) string {
	if plain.MatchString(s) && !numeric.MatchString(s) && s != "null" && !strings.Contains(s, "${") {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteRune('\\')
			b.WriteRune(c)
		case unicode.IsControl(c) || c == '\u2028' || c == '\u2029' || c == '\ufeff':
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// pairs returns the keys that describe a source, less those whose value is what
// it would be anyway.
func pairs(s news.Source) []pair {
	out := []pair{{"id", quote(s.ID)}}
	text := func(key, value, otherwise string) {
		if value != "" && value != otherwise {
			out = append(out, pair{key, quote(value)})
		}
	}
	span := func(key string, d, otherwise time.Duration) {
		if d != 0 && d != otherwise {
			out = append(out, pair{key, short(d)})
		}
	}
	flag := func(key string, b bool) {
		if b {
			out = append(out, pair{key, "true"})
		}
	}
	text("name", s.Name, s.ID)
	text("url", s.URL, "")
	text("publisher", s.Publisher, Domain(s.URL))
	text("lang", s.Lang, "")
	text("country", s.Country, "")
	text("kind", string(s.Type), "")
	flag("allow_private_network", s.AllowPrivateNetwork)
	span("every", s.Timing.Every, 0)
	text("schedule", s.Timing.Schedule, "")
	if s.Timezone != nil {
		text("timezone", s.Timezone.String(), "")
	}
	span("min_every", s.Timing.MinEvery, min(defaultMinEvery, max(s.Timing.MaxEvery, minPrivateEvery)))
	span("max_every", s.Timing.MaxEvery, max(defaultMaxEvery, s.Timing.MinEvery))
	flag("ignore_hints", s.Timing.IgnoreHints)
	text("user_agent", s.UserAgent, "")
	if len(s.Headers) > 0 {
		var headers []string
		for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
			headers = append(headers, quote(name)+": "+quote(s.Headers[name]))
		}
		out = append(out, pair{"headers", "{" + strings.Join(headers, ", ") + "}"})
	}
	text("proxy", s.Proxy, "")
	if s.MaxBytes > 0 {
		out = append(out, pair{"max_bytes", sizeText(s.MaxBytes)})
	}
	span("timeout", s.Timeout, 0)
	span("host_gap", s.HostGap, 0)
	flag("disabled", s.Disabled)
	return out
}

// sizeText writes a number of bytes in the largest unit that leaves it whole.
func sizeText(n int64) string {
	for _, unit := range []string{"GiB", "MiB", "KiB"} {
		if n%sizeUnits[unit] == 0 {
			return strconv.FormatInt(n/sizeUnits[unit], 10) + unit
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}

// blockItem writes a source as an entry of a block list: lines without a break
// at the end, the dash indented by indent.
func blockItem(s NewSource, indent, lineBreak string) string {
	var lines []string
	for i, p := range pairs(s.Source) {
		lead := "  "
		if i == 0 {
			lead = "- "
		}
		lines = append(lines, indent+lead+p.key+": "+p.value)
	}
	for note := range strings.Lines(s.Note) {
		lines = append(lines, indent+"  # "+strings.TrimSpace(strings.Map(printable, note)))
	}
	return strings.Join(lines, lineBreak)
}

// printable keeps what comes from elsewhere from beginning a line of its own.
func printable(c rune) rune {
	if unicode.IsControl(c) {
		return ' '
	}
	return c
}

// flowItem writes a source as { }; such an entry has no place for a note.
func flowItem(s NewSource) string {
	var parts []string
	for _, p := range pairs(s.Source) {
		parts = append(parts, p.key+": "+p.value)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// Export writes sources as a file of their own, every key spelled out. Sources
// of Config.Revision keep their ${NAME}.
func Export(sources []news.Source) []byte {
	var b strings.Builder
	b.WriteString("sources:\n")
	for _, s := range sources {
		b.WriteString(blockItem(NewSource{Source: s}, "  ", "\n") + "\n")
	}
	return []byte(b.String())
}
