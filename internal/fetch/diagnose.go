package fetch

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"khyber/internal/news"
)

// Limits of looking at an answer that carries no document.
const (
	diagnosisBytes = 64 << 10
	diagnosisTime  = 5 * time.Second // the status is known already; its page is worth no more
	titleBytes     = 100             // of a page's title in a message
)

// failure reads a little of the answer to say what it was.
func (g *getter) failure(answer *http.Response) *Error {
	body := g.peekBody(answer)
	kind := news.KindStatus
	if answer.StatusCode == http.StatusGone {
		kind = news.KindGone
	}
	text := fmt.Sprintf("%d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
	if answer.StatusCode == http.StatusNotModified {
		text = "304 Not Modified, but the request was unconditional"
	}
	if page := g.page(answer.Header, body); page != "" {
		text += ": " + page
	}
	return &Error{Kind: kind, Text: strings.TrimSpace(text)}
}

// peekBody returns the beginning of the body, unpacked; whatever goes wrong
// with it, the status stands.
func (g *getter) peekBody(answer *http.Response) []byte {
	defer time.AfterFunc(diagnosisTime, g.cancel).Stop()
	w := &wire{r: answer.Body, limit: diagnosisBytes}
	body, _ := g.c.unpack(w, answer.Header, unpacking{unbound, answer.ContentLength, diagnosisBytes})
	g.resp.Wire = w.n
	return body
}

// challenges are words of pages that ask whether the reader is a browser.
var challenges = []string{
	"just a moment", "challenge-platform", "cf-chl", "captcha", "attention required",
	"enable javascript and cookies", "ddos-guard", "_incapsula_", "are you a robot", "awswafcookie", "verify you are human",
}

// page says what was sent instead of a document; empty when that adds nothing.
func (g *getter) page(h http.Header, body []byte) string {
	title := g.title(body)
	lower := bytes.ToLower(body)
	challenge := h.Get("Cf-Mitigated") != ""
	for _, words := range challenges {
		challenge = challenge || bytes.Contains(lower, []byte(words))
	}
	what := ""
	switch {
	case challenge:
		what = "challenge page, for browsers only"
	case title != "" || bytes.Contains(lower, []byte("<html")):
		what = "HTML page"
	}
	if title != "" {
		what += fmt.Sprintf(" %q", title)
	}
	return what
}

// title is that of an HTML page; empty too when it repeats something that must
// not be shown.
func (g *getter) title(body []byte) string {
	z := html.NewTokenizer(bytes.NewReader(body))
	z.SetMaxBuf(diagnosisBytes)
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken:
			name, _ := z.TagName()
			if atom.Lookup(name) != atom.Title || z.Next() != html.TextToken {
				continue
			}
			title := strings.Join(strings.Fields(strings.ToValidUTF8(string(z.Text()), "")), " ")
			if len(title) > titleBytes {
				title = strings.ToValidUTF8(title[:titleBytes], "") + "…"
			}
			if g.secret(title) {
				return ""
			}
			return title
		}
	}
}

// secret says whether a page repeats what the editor keeps for the source
// alone: some servers print the request they refuse.
func (g *getter) secret(text string) bool {
	if g.src.Private {
		return true
	}
	for _, value := range g.src.Headers {
		if value != "" && strings.Contains(text, value) {
			return true
		}
	}
	if g.own.User == nil {
		return false
	}
	password, _ := g.own.User.Password()
	return password != "" && strings.Contains(text, password)
}
