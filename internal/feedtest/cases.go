package feedtest

import (
	"net/http"

	"khyber/internal/news"
)

// Case is a source with the outcome that a poll of it must have.
type Case struct {
	Name    string
	Kind    news.Kind // of the poll
	Fetched news.Kind // of the request alone: what only a parser can tell is ok here
	Polls   int       // the Kind is that of this poll, counted from 1
	Where   Where
	Handler func() http.Handler // fresh: it may count requests
}

// Where says how a Case can be served.
type Where uint8

// Everywhere is the zero value.
const (
	Everywhere  Where = iota
	InNetwork         // a failure that a handler on a socket cannot cause
	OnSocket          // a limit that only a real connection has
	NeverEnding       // everywhere, but lasts until the timeout of the source
)

// Cases lists sources for every Kind that a poll can have. The documents have
// three items.
func Cases() []Case {
	doc := Feed{Host: "herald.example", Items: 3}
	page, body := doc.Page(), doc.Bytes()
	coded := func(unlabelled bool, codings ...string) func() http.Handler {
		p := page
		p.Codings, p.Unlabelled = codings, unlabelled
		return func() http.Handler { return p }
	}
	mislabelled := Page{Body: body, Type: page.Type, Header: http.Header{"Content-Encoding": {"gzip"}}}
	fixed := func(h http.Handler) func() http.Handler { return func() http.Handler { return h } }
	good := []Case{
		{Name: "plain", Handler: fixed(page)},
		{Name: "gzip", Handler: coded(false, "gzip")},
		{Name: "br", Handler: coded(false, "br")},
		{Name: "gzip twice", Handler: coded(false, "gzip", "gzip")},
		{Name: "gzip without a label", Handler: coded(true, "gzip")},
		{Name: "gzip label on plain bytes", Handler: fixed(mislabelled)},
		{Name: "br label on plain bytes", Handler: fixed(Page{Body: body, Header: http.Header{"Content-Encoding": {"br"}}})},
		{Name: "cookies", Handler: fixed(Cookies(page))},
		{Name: "chain of 10", Handler: fixed(Chain(http.StatusFound, 10, page))},
		{Name: "HTML label on a document", Handler: fixed(Page{Body: body, Type: "text/html"})},
		{Name: "cut after an item", Handler: fixed(Cut(body, len(body)*3/4))},
	}
	for i := range good {
		good[i].Kind, good[i].Fetched, good[i].Polls = news.KindOK, news.KindOK, 1
	}
	return append(good, failures(body, page)...)
}

func failures(body []byte, page Page) []Case {
	quiet := page
	quiet.On304 = http.Header{}
	var cases []Case
	add := func(kind, fetched news.Kind, where Where, name string, h http.Handler) {
		cases = append(cases, Case{Name: name, Kind: kind, Fetched: fetched, Polls: 1, Where: where, Handler: func() http.Handler { return h }})
	}
	failed := func(kind news.Kind, name string, h http.Handler) { add(kind, kind, Everywhere, name, h) }

	cases = append(
		cases,
		Case{Name: "304", Kind: news.KindUnchanged, Fetched: news.KindUnchanged, Polls: 2, Handler: func() http.Handler { return page }},
		Case{Name: "304 without validators", Kind: news.KindUnchanged, Fetched: news.KindUnchanged, Polls: 3, Handler: func() http.Handler { return quiet }},
		Case{Name: "same body, no validators", Kind: news.KindUnchanged, Fetched: news.KindOK, Polls: 2, Handler: func() http.Handler { return Page{Body: body} }},
	)
	add(news.KindTimeout, news.KindTimeout, NeverEnding, "hangs", Hang())
	add(news.KindTimeout, news.KindTimeout, NeverEnding, "stalls", Stall(body, 100))
	add(news.KindTimeout, news.KindTimeout, NeverEnding, "drips", Drip(body, nil))
	add(news.KindDNS, news.KindDNS, InNetwork, "no such host", NoHost())
	add(news.KindRefused, news.KindRefused, InNetwork, "nobody listens", Refused())
	failed(news.KindRefused, "reset", Reset())
	failed(news.KindRefused, "cut before the first byte", Cut(body, 0))
	add(news.KindTLS, news.KindTLS, InNetwork, "handshake", BadTLS())
	for _, code := range []int{202, 204, 205, 206, 226, 300, 304, 400, 401, 403, 404, 408, 425, 429, 451, 500, 502, 503, 504, 599} {
		failed(news.KindStatus, "status "+http.StatusText(code), Status(code))
	}
	failed(news.KindStatus, "challenge", Challenge(http.StatusForbidden))
	failed(news.KindStatus, "script challenge", HTML(http.StatusAccepted, "One moment"))
	failed(news.KindTooLarge, "gzip bomb", Page{Body: Bomb(9 << 20), Type: page.Type})
	failed(news.KindTooLarge, "gzip bomb in gzip", Page{Body: Encode("gzip", Bomb(70<<20)), Type: page.Type})
	failed(news.KindTooLarge, "endless", Endless())
	failed(news.KindTooLarge, "announces 1 GiB", Announce(1<<30))
	add(news.KindTooLarge, news.KindTooLarge, OnSocket, "header of 80 KiB", LongHeader(80<<10))
	failed(news.KindRedirect, "loop", Redirect(http.StatusFound, "/feed"))
	failed(news.KindRedirect, "chain of 11", Chain(http.StatusMovedPermanently, 11, page))
	failed(news.KindRedirect, "no Location", Redirect(http.StatusFound, ""))
	failed(news.KindRedirect, "bad Location", Redirect(http.StatusFound, "http://%zz/"))
	failed(news.KindRedirect, "to a file", Redirect(http.StatusFound, "file:///etc/passwd"))
	failed(news.KindPrivateAddress, "to loopback", Redirect(http.StatusFound, "http://127.0.0.1/"))
	failed(news.KindPrivateAddress, "to a mapped address", Redirect(http.StatusFound, "http://[64:ff9b::a9fe:a9fe]/"))
	failed(news.KindPrivateAddress, "to a database port", Redirect(http.StatusFound, "http://herald.example:6379/"))
	add(news.KindNotAFeed, news.KindOK, Everywhere, "HTML page", HTML(http.StatusOK, "Welcome"))
	add(news.KindNotAFeed, news.KindOK, Everywhere, "challenge with 200", Challenge(http.StatusOK))
	add(news.KindNotAFeed, news.KindOK, Everywhere, "empty body", Page{})
	add(news.KindNotAFeed, news.KindOK, Everywhere, "JSON of another kind", Page{Body: []byte(`{"error":"none"}`), Type: "application/json"})
	failed(news.KindNotAFeed, "gzip that is none", Page{Body: []byte("\x1f\x8b not gzip"), Type: page.Type})
	add(news.KindNotAFeed, news.KindOK, Everywhere, "cut before the first item", Cut(body, 60))
	failed(news.KindGone, "410", Status(http.StatusGone))
	return cases
}
