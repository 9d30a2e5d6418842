package parse

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// maxDiagnosis is how much of a document is looked at to say what it is.
const maxDiagnosis = 64 << 10

var (
	htmlRoot  = regexp.MustCompile(`(?i)^\s*(?:<!--.*?-->\s*|<\?[^>]*>\s*)*<(?:!doctype\s+html|html|head|body)\b`)
	htmlTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	challenge = regexp.MustCompile(`(?i)just a moment|cf-mitigated|cf-chl|_cf_chl|challenge-platform|captcha|attention required|ddos protection|checking your browser|enable javascript and cookies|incapsula|perimeterx|datadome|access denied`)
)

func isHTML(b []byte) bool { return htmlRoot.Match(b[:min(len(b), maxDiagnosis)]) }

// describeHTML says what a page of HTML is, for the person who wonders why
// there are no items.
func describeHTML(b []byte) string {
	b = b[:min(len(b), maxDiagnosis)]
	title := ""
	if m := htmlTitle.FindSubmatch(b); m != nil {
		title = rich{text: string(m[1]), kind: kindHTML}.line(80)
	}
	what := "HTML page"
	if challenge.Match(b) {
		what = "challenge page that wants a browser"
	}
	if bytes.Contains(bytes.ToLower(b), []byte("application/rss+xml")) || bytes.Contains(bytes.ToLower(b), []byte("application/atom+xml")) {
		what += " that links to a feed"
	}
	if strings.TrimSpace(title) == "" {
		return what + " without a title"
	}
	return fmt.Sprintf("%s %q", what, title)
}
