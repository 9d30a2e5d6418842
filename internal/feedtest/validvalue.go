package feedtest

import (
	"encoding/hex"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// languages are the codes of ISO 639-1, and those of ISO 639-2 that our region
// needs; those that only ISO 639-3 has are errors to the validator.
const languages = " aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu bal "

var (
	languageTag = regexp.MustCompile(`^([a-z]{2,3})(-[A-Z]{2})?$`)
	mimeType    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+_-]*/[A-Za-z0-9][A-Za-z0-9.+_-]*$`)
	mailAddress = regexp.MustCompile(`^[A-Za-z0-9_+.'-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)
	mailInText  = regexp.MustCompile(`\S@\S`)
	uriText     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:([A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+$`)
	tagURI      = regexp.MustCompile(`^tag:([a-z0-9.-]+|[a-z0-9._-]+@[a-z0-9.-]+),\d{4}(-\d\d(-\d\d)?)?:`)
	urn         = regexp.MustCompile(`^urn:[a-z0-9][a-z0-9-]{1,31}:.`)
	uuid        = regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	escape      = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	moment      = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`)
	wholeNumber = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)
	// fileAddress wants a host with a domain, and a path.
	fileAddress = regexp.MustCompile(`^https?://([A-Za-z0-9-]+\.)+[A-Za-z0-9][A-Za-z0-9-]*(:[0-9]+)?(/|$)`)
)

// uri wants an absolute http or https address that is ASCII and canonical enough
// for every reader.
func (v *validator) uri(where, s string) {
	u, err := url.Parse(s)
	switch {
	case s == "":
		v.say("InvalidLink", "%s is empty", where)
	case strings.ContainsFunc(s, func(r rune) bool { return r > '~' }):
		v.say("UriNotIri", "%s is %q", where, s)
	case err != nil || !uriText.MatchString(s) || u.Host == "":
		v.say("InvalidFullLink", "%s is %q", where, s)
	case u.Scheme != "http" && u.Scheme != "https":
		v.say("KhyberScheme", "%s is %q", where, s)
	case u.User != nil:
		v.say("KhyberUserinfo", "%s is %q", where, s)
	}
}

// id wants an IRI in its canonical form (RFC 4287 §4.2.6.1).
func (v *validator) id(where, s string) {
	switch {
	case strings.HasPrefix(s, "tag:"):
		if !tagURI.MatchString(s) || !uriText.MatchString(s) {
			v.say("InvalidTAG", "%s is %q", where, s)
		}
	case strings.HasPrefix(strings.ToLower(s), "urn:"):
		if !urn.MatchString(s) || !uriText.MatchString(s) || strings.HasPrefix(s, "urn:uuid:") && !uuid.MatchString(s) {
			v.say("InvalidURN", "%s is %q", where, s)
		}
	default:
		v.uri(where, s)
		if s != canonicalForm(s) {
			v.say("NonCanonicalURI", "%s is %q, want %q", where, s, canonicalForm(s))
		}
	}
}

// canonicalForm normalises by RFC 3986 §6.2.2 and §6.2.3.
func canonicalForm(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return s
	}
	end := len(rest)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		end = i
	}
	scheme, host, rest := strings.ToLower(scheme), strings.ToLower(rest[:end]), rest[end:]
	host = strings.TrimSuffix(strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[scheme]), ":")
	if !strings.HasPrefix(rest, "/") {
		rest = "/" + rest
	}
	path, tail := rest, ""
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		path, tail = rest[:i], rest[i:]
	}
	var kept []string
	parts := strings.Split(path, "/")[1:]
	for i, p := range parts {
		last := i == len(parts)-1
		switch {
		case p == ".." && len(kept) > 0:
			kept = kept[:len(kept)-1]
		case p != "." && p != "..":
			kept = append(kept, p)
			continue
		}
		if last {
			kept = append(kept, "")
		}
	}
	return scheme + "://" + host + escape.ReplaceAllStringFunc("/"+strings.Join(kept, "/")+tail, func(e string) string {
		b, _ := hex.DecodeString(e[1:]) // the expression lets nothing else through
		if c := b[0]; c == '-' || c == '.' || c == '_' || c == '~' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' && c < 0x80 {
			return string(c)
		}
		return strings.ToUpper(e)
	})
}

func (v *validator) language(where, s string) {
	m := languageTag.FindStringSubmatch(s)
	if m == nil || !strings.Contains(languages, " "+m[1]+" ") {
		v.say("InvalidLanguage", "%s is %q", where, s)
	}
}

func (v *validator) mediaType(where, s string) {
	if !mimeType.MatchString(s) {
		v.say("InvalidMIMEType", "%s is %q", where, s)
	}
}

// rfc3339 returns the date of Atom; zero when it is none.
func (v *validator) rfc3339(where, s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || !moment.MatchString(s) {
		v.say("InvalidRFC3339Date", "%s is %q", where, s)
		return time.Time{}
	}
	v.plausible(where, t)
	return t
}

// rfc822 wants the form that every reader knows: a weekday, a year of four
// digits, a numeric zone.
func (v *validator) rfc822(where, s string) {
	t, err := time.Parse(time.RFC1123Z, s)
	switch {
	case err != nil:
		if _, obsolete := time.Parse(time.RFC1123, s); obsolete == nil {
			v.say("ProblematicalRFC822Date", "%s is %q", where, s)
			return
		}
		v.say("InvalidRFC2822Date", "%s is %q", where, s)
	case t.Format("Mon") != s[:3]:
		v.say("IncorrectDOW", "%s is %q", where, s)
	default:
		v.plausible(where, t)
	}
}

func (v *validator) plausible(where string, t time.Time) {
	if t.Year() < 1990 || t.After(v.now) {
		v.say("ImplausibleDate", "%s is %s", where, t)
	}
}

var (
	endTag    = regexp.MustCompile(`</[A-Za-z]`)
	ampersand = regexp.MustCompile(`&(#?[\pL\pN_]+)`)
)

// entity says whether a text has what can be taken for a character reference:
// a name of HTML with or without its semicolon, or what is no word.
func entity(s string) bool {
	for _, m := range ampersand.FindAllStringSubmatch(s, -1) {
		odd := strings.ContainsFunc(m[1], func(r rune) bool { return !unicode.IsLetter(r) })
		if whole := "&" + m[1] + ";"; odd || html.UnescapeString(whole) != whole {
			return true
		}
	}
	return false
}

// plain wants a text that no reader takes for HTML, and that is not blank.
func (v *validator) plain(class, where, s string) {
	if endTag.MatchString(s) || entity(s) {
		v.say(class, "%s is %q", where, s)
	}
	v.notBlank(where, s)
}

func (v *validator) notBlank(where, s string) {
	if strings.TrimSpace(s) == "" {
		v.say("NotBlank", "%s", where)
	}
}

// name wants the name of a person or an outlet.
func (v *validator) personName(where, s string) {
	v.plain("ContainsHTML", where, s)
	if mailInText.MatchString(s) {
		v.say("ContainsEmail", "%s is %q", where, s)
	}
}

// htmlElements are those that our excerpts may have, with their attributes.
var htmlElements = map[string][]string{
	"p": nil, "br": nil, "a": {"href"}, "em": nil, "strong": nil, "b": nil, "i": nil, "blockquote": nil, "ul": nil, "ol": nil,
	"li": nil, "q": nil, "cite": nil, "code": nil, "pre": nil, "sup": nil, "sub": nil, "bdi": nil, "div": nil,
}

var (
	blocks    = []string{"p", "blockquote", "ul", "ol", "pre", "div"}
	htmlTag   = regexp.MustCompile(`^<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z-]+="[^"<>]*")*)\s*/?>`)
	attribute = regexp.MustCompile(`([a-zA-Z-]+)="([^"]*)"`)
	reference = regexp.MustCompile(`^&(#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z]+[0-9]*);`)
)

// html wants a fragment as a careful serialiser writes it: every tag known and
// closed, no block inside a paragraph, nothing that runs, styles or loads.
func (v *validator) html(where, s string) {
	var open []string
	for i := 0; i < len(s); {
		switch s[i] {
		case '&':
			if !reference.MatchString(s[i:]) {
				v.say("NotHtml", "%s has a bare & at %.20q", where, s[i:])
			}
			i++
		case '<':
			m := htmlTag.FindStringSubmatch(s[i:])
			if m == nil {
				v.say("NotHtml", "%s has %.40q", where, s[i:])
				return
			}
			i += len(m[0])
			open = v.htmlTag(where, open, m[1] != "", strings.ToLower(m[2]), m[3])
		default:
			i++
		}
	}
	if len(open) > 0 {
		v.say("NotHtml", "%s leaves %v open", where, open)
	}
}

// htmlTag looks at a tag and returns the elements that are open after it.
func (v *validator) htmlTag(where string, open []string, end bool, name, attrs string) []string {
	allowed, known := htmlElements[name]
	if !known {
		v.say("SecurityRisk", "%s has <%s>", where, name)
	}
	for _, a := range attribute.FindAllStringSubmatch(attrs, -1) {
		switch {
		case a[1] == "lang":
			v.language(where+", lang", a[2])
		case a[1] == "dir":
			if a[2] != "rtl" && a[2] != "ltr" && a[2] != "auto" {
				v.say("InvalidValue", "%s has dir=%s", where, a[2])
			}
		case a[1] == "style":
			v.say("DangerousStyleAttr", "%s has style=%q", where, a[2])
		case !slices.Contains(allowed, a[1]):
			v.say("SecurityRiskAttr", "%s has %s=%q", where, a[1], a[2])
		case strings.HasPrefix(a[2], "mailto:"):
		case !strings.Contains(a[2], "://"):
			v.say("ContainsRelRef", "%s has %s=%q", where, a[1], a[2])
		default:
			v.uri(where, strings.NewReplacer("&amp;", "&", "&#39;", "'").Replace(a[2]))
		}
	}
	switch {
	case end && (len(open) == 0 || open[len(open)-1] != name):
		v.say("NotHtml", "%s has </%s> inside %v", where, name, open)
	case end:
		return open[:len(open)-1]
	case name == "br":
	default:
		if slices.Contains(open, "p") && slices.Contains(blocks, name) {
			v.say("NotHtml", "%s has <%s> inside <p>", where, name)
		}
		return append(open, name)
	}
	return open
}
