// Package fetch owns one HTTP GET done right: a conditional request for a
// source's document, its redirects, its coding, its limits, and what an answer
// asks of the next request. It is also the one way out of the program: hub
// callbacks and webhooks go through [Client.Transport], so that one guard judges
// every address at the moment it is connected to.
//
// It must not know what a document means (parse), when to ask again (poll), or
// what was stored (store): validators come in and go out as values.
//
// [Client.Get] follows redirects itself, because the client of net/http repeats
// validators and configured headers to every host and tells each where it came
// from. Requests carry no cookie, no Referer, no Range. Bodies are unpacked
// here, so that one limit holds for what came over the wire and one for what it
// unpacks to. No error text holds a path, a query or the value of a header.
//
// A source with a proxy leaves the look-up to that proxy: then only the scheme,
// the port and a host that is an address can be judged here.
//
// It implements RFC 9110 (conditional requests §13, redirection §15.4,
// Retry-After §10.2.3), RFC 9111 §4.2 (freshness) and RFC 8288 §3 (Link). It starts no
// goroutine of its own; those of net/http end with their connections.
package fetch
