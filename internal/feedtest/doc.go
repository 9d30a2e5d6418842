// Package feedtest owns what tests need of a badly run internet: sources that
// misbehave, and documents that are invented, damaged or hostile. Only tests
// import it.
//
// A misbehaviour is an [http.Handler]. It is served in one of two ways: by a
// [Network], which is an http.RoundTripper without a socket and so runs inside a
// testing/synctest bubble, or by [Serve] on the loopback. Both keep a log of
// the requests. [Steps] and [Switch] script what happens from one poll to the
// next; [Cases] lists a handler for every outcome that a poll can have.
//
//	web := feedtest.NewNetwork()
//	herald := feedtest.Feed{Host: "herald.example", Items: 30}
//	web.Handle("herald.example", feedtest.Steps(
//		herald.Page(), feedtest.Status(503, "Retry-After", "120"), herald.Grown(3).Page()))
//	client := fetch.New(fetch.Options{Base: web, Now: time.Now})
//	… web.Requests()
//
// [Validate] is the W3C feed validator, as far as our own documents need it.
//
// [Feed] makes valid documents of invented items: the same values give the same
// bytes. [Hostile] makes those that have killed parsers. Nothing here sleeps:
// what hangs waits for the request's end, what drips waits for a channel.
package feedtest
